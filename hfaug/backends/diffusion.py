"""Text to image with diffusers: any pipeline that ``AutoPipelineForText2Image`` loads.

All noise of an image comes from a generator of its own, started from its seed. On a CPU an image then depends on its
prompt and seed alone, to the last bit, because it goes through the model by itself and on one thread: the convolutions
sum in another order when the batch or the number of threads is another one. Several images are drawn beside each other,
one on each thread, which costs about as much as one batch on all of them.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.backends.identity import ModelIdentity
from hfaug.backends.loading import import_extra, loading, quiet, versions
from hfaug.backends.memory import run_batches
from hfaug.backends.protocols import Determinism, GeneratedImage, Halving, ImageRequest
from hfaug.errors import ModelError, ParameterError

__all__ = ["DiffusersPipeline", "load"]

_GPU_BATCH = 8
_CHUNK = 8  # images a thread that are handed to the pool at once: waiting for the last of them costs little
_REMEMBERED_PROMPTS = 256
# What `encode_prompt` of a family returns, by the names under which the pipeline takes it back. Families that are not
# listed encode their prompts themselves.
_PAIR = ("prompt_embeds", "negative_prompt_embeds")
_EMBEDDINGS = {
    "StableDiffusionPipeline": _PAIR,
    "StableDiffusionXLPipeline": (*_PAIR, "pooled_prompt_embeds", "negative_pooled_prompt_embeds"),
}


def load(identity: ModelIdentity, *, dtype: str, device: str) -> DiffusersPipeline:
    """Load a text-to-image pipeline from the Hub or a folder.

    Raises:
        MissingExtra: diffusers, transformers or torch is not installed.
        ModelError: The files cannot be fetched or are no text-to-image pipeline.
    """
    torch, diffusers = import_extra("torch", "diffusion"), import_extra("diffusers", "diffusion")
    import_extra("transformers", "diffusion")
    with loading(identity.model_id, identity.hub_revision), quiet("diffusers", "transformers"):
        pipe = diffusers.AutoPipelineForText2Image.from_pretrained(
            identity.source, revision=identity.hub_revision, torch_dtype=getattr(torch, dtype)
        )
        pipe.to(device)
        pipe.set_progress_bar_config(disable=True)
    return DiffusersPipeline(identity, pipe)


class DiffusersPipeline:
    """An :class:`~hfaug.backends.protocols.ImagePipeline` that runs on diffusers. Get it from the registry."""

    def __init__(self, identity: ModelIdentity, pipe: Any) -> None:
        self.model_id, self.revision, self.licence = identity.model_id, identity.revision, identity.licence
        self.halvings: list[Halving] = []
        self._pipe = pipe
        self._idle: list[Any] = []
        self._on_cpu = pipe.device.type == "cpu"
        self._accepted = set(inspect.signature(pipe.__call__).parameters)
        self._prompts = _PromptMemory(_EMBEDDINGS.get(type(pipe).__name__, ()))
        self.determinism: Determinism = "row" if self._on_cpu else "request"

    @property
    def settings(self) -> Mapping[str, Any]:
        """Device, dtype and batch plan."""
        return {
            "runtime": "diffusers",
            "versions": versions("diffusers", "torch"),
            "pipeline": type(self._pipe).__name__,
            "scheduler": type(self._pipe.scheduler).__name__,
            "device": self._pipe.device.type,
            "dtype": str(self._pipe.dtype).removeprefix("torch."),
            "batch_rows": 1 if self._on_cpu else _GPU_BATCH,
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
        batch_size: int | None = None,
    ) -> list[GeneratedImage]:
        """See :meth:`hfaug.backends.protocols.ImagePipeline.generate`."""
        if len(seeds) != len(requests):
            raise ParameterError(
                f"{self.model_id}: each image needs one seed, {len(requests)} requests had {len(seeds)}; give as many"
            )
        _check_counts(self.model_id, batch_size=batch_size, steps=steps, height=height, width=width)
        options = self._options(steps, guidance, height, width)
        wanted = list(zip(requests, seeds, strict=True))
        jobs = list(dict.fromkeys(wanted))
        run = self._run_on_threads if self._on_cpu else self._run_in_batches
        with quiet("diffusers", "transformers"):
            done = dict(zip(jobs, run(jobs, options, batch_size), strict=True))
        return [done[job] for job in wanted]

    def _options(
        self, steps: int | None, guidance: float | None, height: int | None, width: int | None
    ) -> dict[str, Any]:
        named = {"num_inference_steps": steps, "guidance_scale": guidance, "height": height, "width": width}
        options = {name: value for name, value in named.items() if value is not None}
        if unknown := options.keys() - self._accepted:
            raise ParameterError(
                f"{self.model_id}: settings must be ones that {type(self._pipe).__name__} has, it has no "
                f"{', '.join(sorted(unknown))}; leave them out"
            )
        if (height is None) != (width is None):  # pipelines would use neither
            raise ParameterError(
                f"{self.model_id}: height and width must be given together, were {height} and {width}; give both"
            )
        return options

    def _run_on_threads(
        self, jobs: Sequence[_Job], options: Mapping[str, Any], at_once: int | None
    ) -> list[GeneratedImage]:
        with _one_thread_each() as threads:
            workers = max(1, min(threads, at_once or threads, len(jobs)))

            def draw(row: int) -> GeneratedImage:
                with self._borrowed() as pipe:
                    return self._draw(pipe, [jobs[row]], options)[0]

            with ThreadPoolExecutor(workers, "hfaug-diffusion") as pool:
                found = self._in_plan(len(jobs), workers * _CHUNK, lambda rows: list(pool.map(draw, rows)))
        return found

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[Any]:
        """A clone of the pipeline that no other thread uses meanwhile."""
        try:
            pipe = self._idle.pop()
        except IndexError:
            pipe = _clone(self._pipe)
        try:
            yield pipe
        finally:
            self._idle.append(pipe)

    def _run_in_batches(
        self, jobs: Sequence[_Job], options: Mapping[str, Any], at_once: int | None
    ) -> list[GeneratedImage]:
        size = at_once or _GPU_BATCH

        def draw(rows: Sequence[int]) -> list[GeneratedImage]:
            return self._draw(self._pipe, [jobs[row] for row in rows], options)

        return self._in_plan(len(jobs), size, draw, fill=len(jobs) > size)

    def _in_plan(
        self, count: int, size: int, work: Callable[[Sequence[int]], list[GeneratedImage]], *, fill: bool = False
    ) -> list[GeneratedImage]:
        plan = [list(range(start, min(start + size, count))) for start in range(0, count, size)]
        if fill:  # the shapes of a long call stay the same to its end, for compiled and tuned kernels
            plan[-1] += [count - 1] * (size - len(plan[-1]))
        found = run_batches(plan, work, on_halve=self.halvings.append)
        return [found[row] for row in range(count)]

    def _draw(self, pipe: Any, batch: Sequence[_Job], options: Mapping[str, Any]) -> list[GeneratedImage]:
        """Draw one batch."""
        import torch

        requests = [request for request, _ in batch]
        generators = [torch.Generator("cpu").manual_seed(seed) for _, seed in batch]
        with torch.inference_mode():
            prompts = self._prompts.inputs(pipe, requests)
            try:
                output = pipe(**prompts, **options, generator=generators, output_type="np")
            except ValueError as error:
                raise ParameterError(
                    f"{self.model_id}: settings must suit {type(pipe).__name__}, which said: {error}; change them"
                ) from error
        size = output.images.shape[1:3]
        if size != (options.get("height", size[0]), options.get("width", size[1])):
            raise ParameterError(
                f"{self.model_id}: height and width must suit {type(pipe).__name__}, which drew {size[0]}x{size[1]} "
                f"instead of {options['height']}x{options['width']}; choose a size that it can draw"
            )
        flagged = getattr(output, "nsfw_content_detected", None) or [False] * len(batch)
        cut = [_is_cut(pipe, request.prompt) for request in requests]
        return [
            GeneratedImage(self._to_pixels(image), flagged=bool(flag), prompt_cut=short)
            for image, flag, short in zip(output.images, flagged, cut, strict=True)
        ]

    def _to_pixels(self, image: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.uint8]:
        if not np.isfinite(image).all():
            raise ModelError(
                f"{self.model_id}: pixels must be numbers, in {self._pipe.dtype} they overflowed; load it with "
                "dtype='bfloat16' or 'float32'"
            )
        return (image * 255).round().astype(np.uint8)


_Job = tuple[ImageRequest, int]


def _check_counts(who: str, **counts: int | None) -> None:
    for name, value in counts.items():
        if value is not None and value < 1:
            raise ParameterError(f"{who}: {name} must be 1 or more, was {value}; change it")


class _PromptMemory:
    """The embeddings of the latest prompts, so that many images of one prompt encode it once.

    Args:
        names: What ``encode_prompt`` returns; empty if the pipeline is to encode its prompts itself.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._known: OrderedDict[ImageRequest, tuple[Any, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def inputs(self, pipe: Any, requests: Sequence[ImageRequest]) -> dict[str, Any]:
        """What the pipeline is called with, for these requests."""
        if not self._names:
            negative = [request.negative_prompt or "" for request in requests]
            prompts: dict[str, Any] = {"prompt": [request.prompt for request in requests]}
            return {**prompts, "negative_prompt": negative} if any(negative) else prompts
        import torch

        with self._lock:
            rows = [self._encode(pipe, request) for request in requests]
        return {name: torch.cat(parts) for name, parts in zip(self._names, zip(*rows, strict=True), strict=True)}

    def _encode(self, pipe: Any, request: ImageRequest) -> tuple[Any, ...]:
        if request not in self._known:
            self._known[request] = pipe.encode_prompt(
                prompt=[request.prompt],
                negative_prompt=[request.negative_prompt or ""],
                device=pipe.device,
                num_images_per_prompt=1,
                do_classifier_free_guidance=True,
            )
            if len(self._known) > _REMEMBERED_PROMPTS:
                self._known.popitem(last=False)
        return self._known[request]


@contextlib.contextmanager
def _one_thread_each() -> Iterator[int]:
    """Let each thread that starts inside compute on itself alone; yields how many threads this process may use."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)


def _clone(pipe: Any) -> Any:
    """A pipeline for another thread: the same weights, but a scheduler and tokenizers of its own, which keep state."""
    import torch

    clone = copy.copy(pipe)
    for name, part in pipe.components.items():
        if part is not None and not isinstance(part, torch.nn.Module):
            setattr(clone, name, copy.deepcopy(part))
    return clone


def _is_cut(pipe: Any, prompt: str) -> bool:
    """Whether each of the pipeline's text encoders reads the prompt's beginning only."""
    tokenizers = [part for name, part in pipe.components.items() if name.startswith("tokenizer") and part is not None]
    lengths = [(len(tokenizer(prompt)["input_ids"]), tokenizer.model_max_length) for tokenizer in tokenizers]
    return bool(lengths) and all(length > limit for length, limit in lengths)
