"""Images with diffusers: from text, from images and into parts of them, by any pipeline that its AutoPipelines know.

All noise of an image comes from a generator of its own, started from its seed. On a CPU an image then depends on its
request and seed alone, to the last bit, because images go through the model on one thread, and always in the same
number: the convolutions sum in another order when the batch or the number of threads is another one. Small images drawn
from text alone go through some together, where this machine gives them the same bits in any company (see
:mod:`hfaug.backends.exact`); others by themselves, since their sizes and strengths differ, or as they fill the machine
anyway. Every thread draws such images beside the others.

On a GPU, requests of one size and strength share batches. Their plan follows from the call and from what the card
holds in all, never from what is free.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.backends.exact import images_together
from hfaug.backends.identity import ModelIdentity
from hfaug.backends.image_call import Call, Job, call_pipe, to_pixels
from hfaug.backends.image_families import (
    check_negative,
    check_prompt,
    defaults_of,
    embeddings_of,
    own_size,
    varies,
)
from hfaug.backends.image_memory import RunSettings, find_rows, rows_at, run_settings, settle_on
from hfaug.backends.image_parts import LoadedPart, add_parts, load_controlnet
from hfaug.backends.image_prompts import ImagePrompts, add_adapter
from hfaug.backends.image_tasks import Tasks
from hfaug.backends.loading import import_extra, loading, quiet, versions
from hfaug.backends.memory import run_batches
from hfaug.backends.prompt_memory import PromptMemory, is_cut
from hfaug.backends.protocols import Determinism, GeneratedImage, Halving, ImageRequest
from hfaug.backends.threads_each import all_noise_given, on_threads
from hfaug.errors import ModelError, ParameterError

__all__ = ["DiffusersPipeline", "load"]

logger = logging.getLogger("hfaug")

_Draw = Callable[[Sequence[int]], list[GeneratedImage]]


def load(identity: ModelIdentity, *, dtype: str, device: str, parts: Sequence[LoadedPart] = ()) -> DiffusersPipeline:
    """Load an image pipeline from the Hub or a folder, with what is laid over it.

    Raises:
        MissingExtra: diffusers, transformers or torch is not installed, or peft for LoRA weights.
        ModelError: The files cannot be fetched, are no such pipeline, or the pipeline takes no such part.
    """
    torch = import_extra("torch", "diffusion")
    for package in ("diffusers", "transformers"):
        import_extra(package, "diffusion")
    settings, number = run_settings(), getattr(torch, dtype)
    with loading(identity.model_id, identity.hub_revision), quiet("diffusers", "transformers"):
        said = {"revision": identity.hub_revision, "torch_dtype": number, **load_controlnet(parts, number)}
        pipe = _pipeline(identity, said)
        add_parts(pipe, parts, identity.model_id)
        add_adapter(pipe, parts, identity.model_id)
        settle_on(pipe, device, settings)
        pipe.set_progress_bar_config(disable=True)
    return DiffusersPipeline(identity, pipe, device, settings)


def _pipeline(identity: ModelIdentity, said: dict[str, Any]) -> Any:
    """The pipeline of a folder or repository: one that draws from text, or like other images."""
    import diffusers

    try:
        return diffusers.AutoPipelineForText2Image.from_pretrained(identity.source, **said)
    except ValueError as error:
        if "can't find a pipeline" not in str(error):
            raise
        config = diffusers.DiffusionPipeline.load_config(identity.source, revision=identity.hub_revision)
        kind = str(config.get("_class_name"))
        if varies(kind) and "controlnet" not in said:
            return getattr(diffusers, kind).from_pretrained(identity.source, **said)
        raise ModelError(
            f"{identity.model_id}: must be a pipeline of diffusers that draws from text"
            f"{' with a ControlNet' if 'controlnet' in said else ''}, is {kind}; choose another model"
        ) from error


class DiffusersPipeline:
    """An :class:`~hfaug.backends.protocols.ImagePipeline` that runs on diffusers. Get it from the registry."""

    def __init__(
        self, identity: ModelIdentity, pipe: Any, device: str | None = None, settings: RunSettings | None = None
    ) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self.counted: dict[str, int] = {"prompts_cut": 0}
        self._pipe = pipe
        self._tasks = Tasks(pipe, identity.model_id)
        self._run = settings or RunSettings()
        self._device = device or str(pipe.device)
        self._on_cpu = self._device == "cpu"
        self._defaults = defaults_of(pipe, identity.source)
        self._prompts = PromptMemory(pipe)
        self._together: dict[Any, int] = {}  # by size, and by guidance, which doubles what goes through the model
        self._batch = 1  # images that went through together on each thread of a CPU, in the latest call
        self._likes = ImagePrompts(pipe)
        self.determinism: Determinism = "row" if self._on_cpu else "request"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Device, dtype, batch plan, and what the family is drawn with where nobody says."""
        said = {"steps": self._defaults.steps, "guidance": self._defaults.guidance}
        switched = {"compiled": self._run.compiles, "offloaded": self._run.offloads}
        return {
            "runtime": "diffusers",
            "versions": versions("diffusers", "torch"),
            "pipeline": type(self._pipe).__name__,
            "scheduler": type(self._pipe.scheduler).__name__,
            "device": self._device.partition(":")[0],
            "dtype": str(self._pipe.dtype).removeprefix("torch."),
            "batch_rows": self._batch if self._on_cpu else self._rows,
            **{name: value for name, value in said.items() if value is not None},
            **{name: on for name, on in switched.items() if on and not self._on_cpu},
        }

    def generate(
        self,
        requests: Sequence[ImageRequest],
        seeds: Sequence[int],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        height: int | None = None,
        width: int | None = None,
        control_scale: float | None = None,
        batch_size: int | None = None,
        on_done: Callable[[int, GeneratedImage], None] | None = None,
    ) -> list[GeneratedImage]:
        """See :meth:`hfaug.backends.protocols.ImagePipeline.generate`."""
        if len(seeds) != len(requests):
            raise ParameterError(
                f"{self.model_id}: each image needs one seed, {len(requests)} requests had {len(seeds)}; give as many"
            )
        if batch_size is not None and batch_size < 1:
            raise ParameterError(f"{self.model_id}: batch_size must be 1 or more, was {batch_size}; change it")
        if not requests:
            return []
        sizes = {"height": height, "width": width}
        how = {"steps": steps, "guidance": guidance, "control_scale": control_scale, **sizes}
        board = _Board(requests, seeds, on_done)
        with quiet("diffusers", "transformers"):
            call = self._call(requests, how)
            run = self._run_on_threads if self._on_cpu else self._run_in_batches
            with call.tiled():
                run(call, board, batch_size)
        return self._checked(board.images())

    def _call(self, requests: Sequence[ImageRequest], how: Mapping[str, Any]) -> Call:
        """How these requests are drawn; they must be of one kind."""
        kinds = {(one.task, one.control is not None, one.like is not None) for one in requests}
        if len(kinds) > 1:
            raise ParameterError(f"{self.model_id}: requests of a call must be of one kind, are of {len(kinds)}; split")
        task, controlled, like = next(iter(kinds))
        if controlled != (self._pipe.components.get("controlnet") is not None):
            raise ParameterError(
                f"{self.model_id}: a ControlNet must be loaded where requests have a control, and nowhere else, "
                f"{'none is' if controlled else 'one is'}; change either"
            )
        if like != self._likes.needed:
            raise ParameterError(
                f"{self.model_id}: an IP-Adapter, or a model made for it, must be loaded where images are drawn like "
                f"others, and nowhere else, {'neither is' if like else 'one is'}; change either"
            )
        call = Call(self._tasks.of(task), self.model_id, self._defaults, **how)
        if any(request.negative_prompt for request in requests):
            check_negative(call.pipe, call.scale, self.model_id)
        if any(request.prompt for request in requests):
            check_prompt(call.pipe, self.model_id)
        return call

    def _checked(self, images: list[GeneratedImage]) -> list[GeneratedImage]:
        """Count the prompts that were cut, and say so the first time."""
        cut = sum(image.prompt_cut for image in images)
        if cut and not self.counted["prompts_cut"]:
            logger.warning(
                "%s: %d of %d prompts are longer than the model reads, what stands beyond has no effect; the record of "
                "a build counts them all", self.model_id, cut, len(images),
            )  # fmt: skip
        self.counted["prompts_cut"] += cut
        return images

    def _run_on_threads(self, call: Call, board: _Board, at_once: int | None) -> None:
        clones = self._tasks.clones(board.jobs[0][0].task)

        def draw(rows: Sequence[int]) -> list[GeneratedImage]:
            with clones.borrowed() as pipe:
                return self._draw(pipe, call, [board.jobs[row] for row in rows])

        self._batch = self._on_each_thread(call, board.jobs[0][0])
        on_threads(
            len(board.jobs),
            draw,
            lambda plan, draw_some: self._in_plan(call, board, plan, draw_some),
            together=self._batch,
            at_once=at_once,
        )

    def _on_each_thread(self, call: Call, request: ImageRequest) -> int:
        """How many images of a call go through the model together on a CPU."""
        size = call.size(request) or own_size(call.pipe)
        if size is None or request.guide is not None or not embeddings_of(call.pipe):
            return 1  # what encodes its prompts itself may fill them up to the longest of those that go together
        if (size, call.guided) not in self._together:
            short, made = dataclasses.replace(call, steps=2), ImageRequest("")

            def draw(seeds: Sequence[int]) -> npt.NDArray[Any]:
                with self._tasks.clones("text").borrowed() as pipe:
                    found: npt.NDArray[Any] = self._output(pipe, short, [(made, seed) for seed in seeds]).images
                    return found

            self._together[size, call.guided] = images_together(draw, size)
        return self._together[size, call.guided]

    def _run_in_batches(self, call: Call, board: _Board, at_once: int | None) -> None:
        groups: dict[Any, list[int]] = {}
        for row, (request, _) in enumerate(board.jobs):
            groups.setdefault((call.size(request), call.way(request)), []).append(row)
        plan = []
        for (size, _), rows in groups.items():
            most = at_once or rows_at(self._rows, own_size(call.pipe), size)
            batches = [rows[start : start + most] for start in range(0, len(rows), most)]
            if len(batches) > 1 or self._run.compiles:
                # the shapes of a long call stay the same to its end, for compiled and tuned kernels
                batches[-1] = batches[-1] + [rows[-1]] * (most - len(batches[-1]))
            plan += batches
        self._in_plan(call, board, plan, lambda rows: self._draw(call.pipe, call, [board.jobs[row] for row in rows]))

    def _in_plan(self, call: Call, board: _Board, plan: Sequence[Sequence[int]], draw: _Draw) -> None:
        def work(rows: Sequence[int]) -> list[GeneratedImage]:
            with all_noise_given(call.pipe, self._device, self.model_id):
                images = draw(rows)
            for row, image in zip(rows, images, strict=True):
                board.put(row, image)
            return images

        run_batches(plan, work, on_halve=self.halvings.append)

    @functools.cached_property
    def _rows(self) -> int:
        """How many images of the model's own size go through it at once on a GPU."""
        if self._run.rows is not None:
            return self._run.rows
        import torch

        device = torch.device(self._device)
        with quiet("diffusers", "transformers"):
            return find_rows(self._peak, torch.cuda.get_device_properties(device).total_memory)

    def _peak(self, rows: int) -> int:
        """The most memory in use while so many images of the model's own size are drawn, in two steps each."""
        import torch

        blank = np.zeros((*(own_size(self._pipe) or (512, 512)), 3), np.uint8)
        controlled = self._pipe.components.get("controlnet") is not None
        image, mask = (blank, blank[..., 0] + np.uint8(1)) if self._tasks.only_inpaints else (None, None)
        control, like = blank if controlled else None, blank if self._likes.needed else None
        request = ImageRequest("", None, image, mask, control, like=like)
        call = self._call([request], {"steps": 2})
        torch.cuda.reset_peak_memory_stats(self._device)
        halved: list[Halving] = []
        run_batches(
            [list(range(rows))],
            lambda some: self._draw(call.pipe, call, [(request, seed) for seed in some]),
            on_halve=halved.append,
        )
        return sys.maxsize if halved else int(torch.cuda.max_memory_allocated(self._device))

    def _draw(self, pipe: Any, call: Call, batch: Sequence[Job]) -> list[GeneratedImage]:
        """Draw one batch."""
        requests = [request for request, _ in batch]
        output = self._output(pipe, call, batch)
        call.check(output.images, requests[0])
        pixels = to_pixels(output.images, self.model_id, self._pipe.dtype)
        flagged = getattr(output, "nsfw_content_detected", None) or [False] * len(batch)
        cut = [is_cut(pipe, request.prompt) for request in requests]
        return [
            GeneratedImage(image, flagged=bool(flag), prompt_cut=short)
            for image, flag, short in zip(pixels, flagged, cut, strict=True)
        ]

    def _output(self, pipe: Any, call: Call, batch: Sequence[Job]) -> Any:
        """What the pipeline gives for one batch."""
        import torch

        requests = [request for request, _ in batch]
        with torch.inference_mode():
            prompts = self._prompts.inputs(pipe, requests, guided=call.guided)
            likes = self._likes.inputs(pipe, requests, guided=call.guided)
        said = {**prompts, **likes, **call.inputs(requests)}
        return call_pipe(pipe, self.model_id, [seed for _, seed in batch], **said)


class _Board:
    """What is to be drawn and what is done; equal requests with equal seeds are drawn once.

    Args:
        requests: What to draw.
        seeds: One each.
        on_done: Told of each image by its place.

    Attributes:
        jobs: What differs.
    """

    def __init__(
        self,
        requests: Sequence[ImageRequest],
        seeds: Sequence[int],
        on_done: Callable[[int, GeneratedImage], None] | None,
    ) -> None:
        places: dict[Any, list[int]] = {}
        for place, (request, seed) in enumerate(zip(requests, seeds, strict=True)):
            pixels = tuple(map(id, (request.image, request.mask, request.control, request.like)))
            places.setdefault((request, seed, pixels), []).append(place)
        self.jobs: list[Job] = [(requests[found[0]], seeds[found[0]]) for found in places.values()]
        self._places = list(places.values())
        self._done: dict[int, GeneratedImage] = {}
        self._on_done = on_done

    def put(self, row: int, image: GeneratedImage) -> None:
        """Take the image of a job; one that is there already was drawn to fill a batch up."""
        for place in self._places[row]:
            if place not in self._done:
                self._done[place] = image
                if self._on_done is not None:
                    self._on_done(place, image)

    def images(self) -> list[GeneratedImage]:
        """All images, in the order of their requests."""
        return [self._done[place] for place in range(len(self._done))]
