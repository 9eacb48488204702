"""Models of transformers that look at images: classifiers, and feature extractors such as DINOv2, ViT, ResNet or CLIP.

On a CPU each image goes through alone, on one thread, beside others on other threads; so what is said of it depends on
it alone: convolutions sum in another order with another number of threads or images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.backends.identity import ModelIdentity
from hfaug.backends.loading import import_extra, loading, quiet, torch_settings
from hfaug.backends.memory import in_parts, run_batches
from hfaug.backends.protocols import Determinism, Halving
from hfaug.backends.threads_each import on_threads
from hfaug.backends.vision import Seen

__all__ = ["TransformersClassifier", "TransformersFeatures", "load_classifier", "load_features", "read_classes"]

_GPU_BATCH = 64


def load_classifier(identity: ModelIdentity, *, dtype: str, device: str) -> TransformersClassifier:
    """Load an image classifier from the Hub or a folder.

    Raises:
        MissingExtra: transformers or torch is not installed.
        ModelError: The files cannot be fetched or are no image classifier.
    """
    return TransformersClassifier(identity, *_loaded("AutoModelForImageClassification", identity, dtype, device))


def load_features(identity: ModelIdentity, *, dtype: str, device: str) -> TransformersFeatures:
    """Load a feature extractor from the Hub or a folder. Raises as `load_classifier`."""
    return TransformersFeatures(identity, *_loaded("AutoModel", identity, dtype, device))


def _loaded(auto: str, identity: ModelIdentity, dtype: str, device: str) -> tuple[Any, Any]:
    torch, transformers = import_extra("torch", "lm"), import_extra("transformers", "lm")
    with loading(identity.model_id, identity.hub_revision), quiet("transformers"):
        names = {"revision": identity.hub_revision}
        model = getattr(transformers, auto).from_pretrained(identity.source, dtype=getattr(torch, dtype), **names)
        # left to itself it would compute other pixels where torchvision is installed
        processor = transformers.AutoImageProcessor.from_pretrained(identity.source, backend="pil", **names)
    return model.to(device).eval().requires_grad_(requires_grad=False), processor


def read_classes(identity: ModelIdentity) -> Sequence[str]:
    """The names of the classes of an image classifier, from its config alone. Raises as `load_classifier`."""
    transformers = import_extra("transformers", "lm")
    with loading(identity.model_id, identity.hub_revision), quiet("transformers"):
        return _classes(transformers.AutoConfig.from_pretrained(identity.source, revision=identity.hub_revision))


def _classes(config: Any) -> list[str]:
    return [config.id2label[number] for number in range(len(config.id2label))]


class _Seeing:
    """What both have in common. Get one from the registry."""

    def __init__(self, identity: ModelIdentity, model: Any, processor: Any) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self._model, self._processor = model, processor
        self._on_cpu = model.device.type == "cpu"
        self.determinism: Determinism = "row" if self._on_cpu and model.dtype.itemsize >= 4 else "request"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Device, dtype and batch plan."""
        return torch_settings(self._model, batch_rows=1 if self._on_cpu else _GPU_BATCH)

    def _over(self, images: Sequence[Seen], look: Callable[[Any], Any]) -> npt.NDArray[np.float32]:
        """What a function makes of the pixel values of all images, one row each."""
        import torch

        def work(rows: Sequence[int]) -> list[npt.NDArray[np.float32]]:
            with torch.inference_mode():
                pixels = self._processor([images[row] for row in rows], return_tensors="pt")["pixel_values"]
                found = look(pixels.to(self._model.device, self._model.dtype))
            return list(found.float().cpu().numpy())

        def in_plan(plan: Sequence[Sequence[int]], some: _Look) -> dict[int, npt.NDArray[np.float32]]:
            return run_batches(plan, some, on_halve=self.halvings.append)

        with quiet("transformers"):
            if self._on_cpu:
                done = on_threads(len(images), work, in_plan, together=1)
            else:
                done = in_plan(in_parts(len(images), _GPU_BATCH), work)
        return np.stack([done[row] for row in range(len(images))]) if images else np.zeros((0, 0), np.float32)


_Look = Callable[[Sequence[int]], list[npt.NDArray[np.float32]]]


class TransformersClassifier(_Seeing):
    """A :class:`~hfaug.backends.vision.ImageClassifier` that runs on transformers."""

    @property
    def classes(self) -> Sequence[str]:
        """The names of the classes, in the order of the scores."""
        return _classes(self._model.config)

    def classify(self, images: Sequence[Seen]) -> npt.NDArray[np.float32]:
        """See :meth:`hfaug.backends.vision.ImageClassifier.classify`."""
        return self._over(images, lambda pixels: self._model(pixel_values=pixels).logits.float().softmax(-1))


class TransformersFeatures(_Seeing):
    """A :class:`~hfaug.backends.vision.ImageFeatures` that runs on transformers."""

    def embed(self, images: Sequence[Seen]) -> npt.NDArray[np.float32]:
        """See :meth:`hfaug.backends.vision.ImageFeatures.embed`.

        The mean over the patches of an image, since the heads of many models are not in their files; of models of
        images and texts, such as CLIP, the vector that they compare.
        """
        return self._over(images, self._embedded)

    def _embedded(self, pixels: Any) -> Any:
        if hasattr(self._model, "get_image_features"):
            found = self._model.get_image_features(pixel_values=pixels)
            return getattr(found, "pooler_output", found)
        states = self._model(pixel_values=pixels).last_hidden_state
        return states.mean(dim=(2, 3)) if states.dim() == 4 else states.mean(dim=1)
