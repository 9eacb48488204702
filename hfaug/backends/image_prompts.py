"""Images as prompts: an IP-Adapter over a pipeline with the encoder it was taught with, and what images become in it.

Pipelines that are made to draw images like others take them as they are; these need no adapter.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import xxhash

from hfaug.backends.image_call import resized
from hfaug.backends.image_families import varies
from hfaug.backends.image_parts import LoadedPart, able
from hfaug.backends.loading import import_extra
from hfaug.backends.protocols import ImageRequest, Pixels
from hfaug.errors import ModelError

__all__ = ["ImagePrompts", "add_adapter"]

_REMEMBERED = 64  # images: up to 1 MB each
_MISFITS = (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)
"""What diffusers raises of weights that were made for another model."""


def add_adapter(pipe: Any, parts: Sequence[LoadedPart], who: str) -> None:
    """Lay the IP-Adapter among some parts over a pipeline, with its image encoder.

    diffusers would take the encoder from wherever the repository stands today, or from none.

    Args:
        pipe: The pipeline.
        parts: What is laid over it.
        who: The pipeline's name, for errors.

    Raises:
        ModelError: The pipeline takes none, or adapter, encoder and pipeline are not made for each other.
    """
    kinds = {part.part.kind: part for part in parts}
    if "ip_adapter" not in kinds:
        return
    adapter, encoder = kinds["ip_adapter"], kinds["image_encoder"]
    load = able(pipe, "load_ip_adapter", who)
    net, reader = _encoder(encoder, pipe.dtype)
    pipe.register_modules(image_encoder=net, feature_extractor=pipe.feature_extractor or reader)
    folder, _, file = adapter.file.rpartition("/")
    identity = adapter.identity
    try:
        load(identity.source, subfolder=folder, weight_name=file, revision=identity.hub_revision)
    except _MISFITS as error:
        raise ModelError(
            f"{adapter.part.name}: must be an IP-Adapter for the family of {who}, {type(pipe).__name__} cannot take "
            f"it; choose the one for this family"
        ) from error
    pipe.set_ip_adapter_scale(adapter.part.scale)
    pipe.prepare_ip_adapter_image_embeds = _one_each(pipe.prepare_ip_adapter_image_embeds)
    try:
        _try(pipe)
    except _MISFITS as error:
        raise ModelError(
            f"{encoder.part.name}: must be the image encoder that {adapter.part.name} was taught with, is another; "
            "name the one that its card tells"
        ) from error


def _one_each(prepare: Callable[..., Any]) -> Callable[..., Any]:
    """Let each image of a batch follow its own image prompt, where pipelines give all of them to each."""

    @functools.wraps(prepare)
    def prepared(ip_adapter_image: Any, ip_adapter_image_embeds: Any, *args: Any, **more: Any) -> Any:
        if ip_adapter_image_embeds is not None:
            return ip_adapter_image_embeds
        return prepare(ip_adapter_image, None, *args, **more)

    return prepared


def _encoder(encoder: LoadedPart, dtype: Any) -> tuple[Any, Any]:
    """An image encoder, and what tells which range of pixels it was taught with."""
    transformers = import_extra("transformers", "diffusion")
    where = {"subfolder": str(PurePosixPath(encoder.file).parent), "revision": encoder.identity.hub_revision}
    where = {name: value for name, value in where.items() if value not in {None, "."}}
    config, _ = transformers.PreTrainedConfig.get_config_dict(encoder.identity.source, **where)
    kind = str(config.get("model_type"))
    if kind not in {"clip", "clip_vision_model", "siglip", "siglip_vision_model"}:
        raise ModelError(f"{encoder.part.name}: must be an image encoder of CLIP or SigLIP, is {kind}; name one")
    if kind.startswith("siglip"):
        net = transformers.SiglipVisionModel.from_pretrained(encoder.identity.source, dtype=dtype, **where)
        side = {"height": net.config.image_size, "width": net.config.image_size}
        return net, transformers.SiglipImageProcessor(size=side)
    net = transformers.CLIPVisionModelWithProjection.from_pretrained(encoder.identity.source, dtype=dtype, **where)
    return net, transformers.CLIPImageProcessor(size=net.config.image_size, crop_size=net.config.image_size)


def _try(pipe: Any) -> None:
    """Send an image the whole way into the model, which fails where the sizes of the parts differ."""
    import torch

    with torch.inference_mode():
        found = ImagePrompts(pipe).embedded(pipe, np.zeros((8, 8, 3), np.uint8), guided=False)
        model = pipe.transformer if getattr(pipe, "unet", None) is None else pipe.unet
        if hasattr(model, "image_proj"):  # Stable Diffusion 3 projects anew in each step
            model.image_proj(found[0], torch.zeros(1, dtype=found[0].dtype, device=found[0].device))
        else:
            model.encoder_hid_proj(found)


class ImagePrompts:
    """What a pipeline is given of images that others are to be like; equal images are encoded once.

    Args:
        pipe: The pipeline.

    Attributes:
        needed: Whether it draws with image prompts, and only with them.
    """

    def __init__(self, pipe: Any) -> None:
        self._whole = varies(type(pipe).__name__)
        self.needed = self._whole or _has_adapter(pipe)
        self._known: OrderedDict[tuple[bytes, bool], list[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def inputs(self, pipe: Any, requests: Sequence[ImageRequest], *, guided: bool) -> dict[str, Any]:
        """What the pipeline is called with, for these requests.

        Args:
            pipe: The pipeline that is called, or a clone of it.
            requests: What to draw.
            guided: Whether each image is also drawn for no prompt, to be led away from it.
        """
        images = [request.like for request in requests if request.like is not None]
        if not images:
            return {}
        if self._whole:
            return {"image": _tensor(pipe, images)}
        import torch

        with self._lock:
            rows = [self.embedded(pipe, image, guided=guided) for image in images]
        # those for no prompt first, then the others, as diffusers takes them apart
        halves = [[one.split(1) for one in adapters] for adapters in zip(*rows, strict=True)]
        found = [torch.cat([part for half in zip(*adapter, strict=True) for part in half]) for adapter in halves]
        accepted = inspect.signature(pipe.__call__).parameters
        given: dict[str, Any] = {"ip_adapter_image_embeds": found if _takes_lists(pipe) else found[0]}
        if "negative_ip_adapter_image_embeds" in accepted:  # else a black image is encoded for each call, of no effect
            given["negative_ip_adapter_image_embeds"] = [torch.zeros_like(one) for one in found]
        return given

    def embedded(self, pipe: Any, image: Pixels, *, guided: bool) -> list[Any]:
        """What each adapter makes of an image: of nothing and of it where guided, else of it alone."""
        key = (xxhash.xxh3_128(np.ascontiguousarray(image).data).digest() + str(image.shape).encode(), guided)
        if key not in self._known:
            said = {
                "ip_adapter_image": _tensor(pipe, [image]),
                "ip_adapter_image_embeds": None,
                "device": getattr(pipe, "_execution_device", pipe.device),
                "num_images_per_prompt": 1,
                "do_classifier_free_guidance": guided,
            }
            asked = inspect.signature(pipe.prepare_ip_adapter_image_embeds).parameters
            found = pipe.prepare_ip_adapter_image_embeds(**{name: said[name] for name in said if name in asked})
            self._known[key] = found if isinstance(found, list) else [found]
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def _has_adapter(pipe: Any) -> bool:
    models = (getattr(pipe, name, None) for name in ("unet", "transformer"))
    layers = (getattr(model, "attn_processors", {}).values() for model in models if model is not None)
    return any("IPAdapter" in type(layer).__name__ for some in layers for layer in some)


def _takes_lists(pipe: Any) -> bool:
    """Whether a pipeline takes several adapters, with a tensor for each."""
    return not hasattr(getattr(pipe, "transformer", None), "image_proj")


def _tensor(pipe: Any, images: Sequence[Pixels]) -> Any:
    """Images as encoders take them: squares, with all that they show.

    The classes of transformers for this would cut off the ends of long images, and compute otherwise where torchvision
    is installed.
    """
    import torch

    side, reader = int(pipe.image_encoder.config.image_size), pipe.feature_extractor
    mean, std = (np.array(values, np.float32) for values in (reader.image_mean, reader.image_std))
    squares = np.stack([resized(image, (side, side)) for image in images])
    ready = (squares.astype(np.float32) / np.float32(255) - mean) / std
    return torch.from_numpy(np.ascontiguousarray(ready.transpose(0, 3, 1, 2)))
