"""Images of classes with diffusers: the generators that hfaug fits, and the published pipelines of the same kind.

All noise of an image comes from a generator of its own, started from its seed. On a CPU images go through the model on
one thread, always in the same number, beside others on other threads; see :mod:`hfaug.backends.diffusion` for why.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy.typing as npt

from hfaug.backends.exact import images_together
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.image_call import call_pipe, to_pixels
from hfaug.backends.loading import import_extra, loading, quiet, versions
from hfaug.backends.memory import in_parts, run_batches
from hfaug.backends.protocols import Determinism, Halving
from hfaug.backends.threads_each import Clones, all_noise_given, on_threads
from hfaug.errors import ModelError, ParameterError

__all__ = ["DiffusersSampler", "load"]

_GPU_BATCH = 64
_SHOWN = 20
_OWN = ("ClassConditionalPipeline", "GANPipeline", "VAEPipeline")
_OTHERS = ("DDPMPipeline", "DDIMPipeline", "DiTPipeline", "ConsistencyModelPipeline")


def load(identity: ModelIdentity, *, dtype: str, device: str) -> DiffusersSampler:
    """Load a pipeline that draws images of classes, or of no class, from the Hub or a folder.

    Raises:
        MissingExtra: diffusers or torch is not installed.
        ModelError: The files cannot be fetched or are no such pipeline.
    """
    torch, diffusers = import_extra("torch", "diffusion"), import_extra("diffusers", "diffusion")
    with loading(identity.model_id, identity.hub_revision), quiet("diffusers"):
        name = _class_name(identity)
        if name in _OWN:
            from hfaug.backends import sampling_pipelines as home
        elif name in _OTHERS:
            home = diffusers
        else:
            raise ModelError(
                f"{identity.model_id}: must be a pipeline that draws images of classes or of none "
                f"({', '.join((*_OWN, *_OTHERS))}), is {name}; for one that follows prompts take image.text_to_image"
            )
        pipe = getattr(home, name).from_pretrained(
            identity.source, revision=identity.hub_revision, torch_dtype=getattr(torch, dtype)
        )
        pipe.to(device)
        pipe.set_progress_bar_config(disable=True)
    return DiffusersSampler(identity, pipe)


def _class_name(identity: ModelIdentity) -> str:
    """The class of a pipeline, as its folder says."""
    path = Path(identity.source) / "model_index.json"
    if not identity.local:
        from huggingface_hub import hf_hub_download

        path = Path(hf_hub_download(identity.source, path.name, revision=identity.hub_revision))
    found = json.loads(path.read_text(encoding="utf-8"))["_class_name"]
    return str(found if isinstance(found, str) else found[-1])


class DiffusersSampler:
    """An :class:`~hfaug.backends.sampling.ImageSampler` that runs on diffusers. Get it from the registry."""

    def __init__(self, identity: ModelIdentity, pipe: Any) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self._pipe = pipe
        self._clones = Clones(pipe)
        self._on_cpu = pipe.device.type == "cpu"
        self._batch = 1 if self._on_cpu else _GPU_BATCH  # of the latest call
        self._accepted = set(inspect.signature(pipe.__call__).parameters)
        self.classes = _classes(pipe)
        self._together: dict[float | None, int] = {}  # by guidance, which doubles what goes through the model
        self.determinism: Determinism = "row" if self._on_cpu else "request"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Device, dtype and batch plan."""
        scheduler = getattr(self._pipe, "scheduler", None)
        return {
            "runtime": "diffusers",
            "versions": versions("diffusers", "torch"),
            "pipeline": type(self._pipe).__name__,
            **({} if scheduler is None else {"scheduler": type(scheduler).__name__}),
            "device": self._pipe.device.type,
            "dtype": str(self._pipe.dtype).removeprefix("torch."),
            "batch_rows": self._batch,
        }

    def sample(
        self,
        classes: Sequence[str | None],
        seeds: Sequence[int],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        batch_size: int | None = None,
    ) -> list[npt.NDArray[Any]]:
        """See :meth:`hfaug.backends.sampling.ImageSampler.sample`."""
        if len(seeds) != len(classes):
            raise ParameterError(
                f"{self.model_id}: each image needs one seed, {len(classes)} images had {len(seeds)}; give as many"
            )
        for name, value in {"batch_size": batch_size, "steps": steps}.items():
            if value is not None and value < 1:
                raise ParameterError(f"{self.model_id}: {name} must be 1 or more, was {value}; change it")
        options = self._options(steps, guidance)
        jobs = list(zip(self._numbers(classes), seeds, strict=True))
        run = self._run_on_threads if self._on_cpu else self._run_in_batches
        with quiet("diffusers"):
            return run(jobs, options, batch_size)

    def _numbers(self, classes: Sequence[str | None]) -> list[int | None]:
        known_here: set[str | None] = {*self.classes} or {None}
        strange = sorted({str(name) for name in classes if name not in known_here})
        if strange:
            known = f"among {_listed(self.classes)}" if self.classes else "None, since the model knows no classes"
            raise ParameterError(
                f"{self.model_id}: classes must be {known}, got {_listed(strange)}; ask for what it knows, or fit a "
                "model on the others"
            )
        return [None if name is None else self.classes[name] for name in classes]

    def _options(self, steps: int | None, guidance: float | None) -> dict[str, Any]:
        named = {"num_inference_steps": steps, "guidance_scale": guidance}
        options = {name: value for name, value in named.items() if value is not None}
        if unknown := options.keys() - self._accepted:
            raise ParameterError(
                f"{self.model_id}: settings must be ones that {type(self._pipe).__name__} has, it has no "
                f"{', '.join(sorted(unknown))}; leave them out"
            )
        return options

    def _run_on_threads(
        self, jobs: Sequence[_Job], options: Mapping[str, Any], at_once: int | None
    ) -> list[npt.NDArray[Any]]:
        def draw(rows: Sequence[int]) -> list[npt.NDArray[Any]]:
            with self._clones.borrowed() as pipe:
                return self._draw(pipe, [jobs[row] for row in rows], options)

        self._batch = self._on_each_thread(options.get("guidance_scale"))
        return on_threads(len(jobs), draw, self._in_plan, together=self._batch, at_once=at_once)

    def _on_each_thread(self, guidance: float | None) -> int:
        """How many images go through the model together on a CPU."""
        if guidance not in self._together:
            options = self._options(2 if "num_inference_steps" in self._accepted else None, guidance)
            number = next(iter(self.classes.values()), None)

            def draw(seeds: Sequence[int]) -> npt.NDArray[Any]:
                with self._clones.borrowed() as pipe:
                    return self._pixels(pipe, [(number, seed) for seed in seeds], options)

            height, width = draw([0]).shape[1:3]
            self._together[guidance] = images_together(draw, (height, width))
        return self._together[guidance]

    def _run_in_batches(
        self, jobs: Sequence[_Job], options: Mapping[str, Any], at_once: int | None
    ) -> list[npt.NDArray[Any]]:
        size = at_once or _GPU_BATCH
        return self._in_plan(
            in_parts(len(jobs), size), lambda rows: self._draw(self._pipe, [jobs[row] for row in rows], options)
        )

    def _in_plan(
        self, plan: Sequence[Sequence[int]], work: Callable[[Sequence[int]], list[npt.NDArray[Any]]]
    ) -> list[npt.NDArray[Any]]:
        found = run_batches(plan, work, on_halve=self.halvings.append)
        return [found[row] for row in range(len(found))]

    def _draw(self, pipe: Any, batch: Sequence[_Job], options: Mapping[str, Any]) -> list[npt.NDArray[Any]]:
        """Images, 8 bits."""
        return list(to_pixels(self._pixels(pipe, batch, options), self.model_id, self._pipe.dtype))

    def _pixels(self, pipe: Any, batch: Sequence[_Job], options: Mapping[str, Any]) -> npt.NDArray[Any]:
        """Pixels as the pipeline gives them, 0..1, (images, height, width, channels)."""
        asked: dict[str, Any] = {"batch_size": len(batch)}
        if self.classes:
            asked = {"class_labels": [number for number, _ in batch]}
        with all_noise_given(pipe, pipe.device, self.model_id):
            output = call_pipe(pipe, self.model_id, [seed for _, seed in batch], **asked, **options)
        found: npt.NDArray[Any] = output.images
        return found


_Job = tuple[int | None, int]


def _listed(names: Collection[str]) -> str:
    """Names as a message shows them: the first few of many."""
    shown = ", ".join(list(names)[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} ... ({len(names)} in all)"


def _classes(pipe: Any) -> dict[str, int]:
    """The classes of a pipeline by name; by number where it has no names, and none where it cannot be asked for one."""
    if labels := getattr(pipe, "labels", None):
        return dict(labels)
    if "class_labels" not in inspect.signature(pipe.__call__).parameters:
        return {}
    network = getattr(pipe, "transformer", None) or pipe.unet
    count = network.config.get("num_class_embeds") or network.config.get("num_embeds_ada_norm") or 0
    return {str(number): number for number in range(count)}
