"""Images of a pipeline beside each other on a CPU, some on each thread, so that none depends on the others.

The convolutions of torch sum in another order with another number of threads or images, and schedulers keep state as
they work. So each thread computes on itself alone, always on equally many images, and with a clone of the pipeline that
shares the weights and nothing else.
"""

from __future__ import annotations

import contextlib
import copy
import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from hfaug.backends.memory import in_parts
from hfaug.errors import ModelError

__all__ = ["Clones", "all_noise_given", "on_threads", "one_thread_each"]

_CHUNK = 8  # images a thread that are handed to the pool at once: waiting for the last of them costs little
T = TypeVar("T")
R = TypeVar("R")


_turn = threading.Lock()
_mine = threading.local()
"""Whether this thread has the turn, or works for the one that has."""
_outside: int | None = None
"""How many threads this process may use, while some call lets each compute on itself alone."""


@contextlib.contextmanager
def one_thread_each() -> Iterator[int]:
    """Let this thread and those of `on_threads` each compute on itself alone; yields how many this process may use.

    Calls of several threads wait for each other, since the libraries below torch have one setting for all threads: what
    one call puts back would reach into the other. The first of them uses all threads anyway. A call within a call is
    allowed, and changes nothing.
    """
    global _outside  # noqa: PLW0603  # the setting is one of the process
    import torch

    if (inside := getattr(_mine, "threads", None)) is not None:
        yield inside
        return
    meanwhile = _outside  # a thread that starts during another's call is told 1 by torch, and that for good
    with _turn:
        threads = _outside = torch.get_num_threads() if meanwhile is None else meanwhile
        torch.set_num_threads(1)
        _mine.threads = threads
        try:
            yield threads
        finally:
            del _mine.threads
            torch.set_num_threads(threads)
            _outside = None


def _after_fork_in_child() -> None:
    """Whose turn it was stayed behind in the parent process."""
    global _turn, _mine, _outside
    _turn, _mine, _outside = threading.Lock(), threading.local(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def on_threads(
    count: int,
    draw: Callable[[Sequence[int]], list[T]],
    run: Callable[[Sequence[Sequence[int]], Callable[[Sequence[int]], list[T]]], R],
    *,
    together: int,
    at_once: int | None = None,
) -> R:
    """Draw some images beside each other.

    Args:
        count: How many.
        draw: Draws images by their numbers, as many as go together.
        run: Works through a plan of numbers, chunk by chunk, with what draws a chunk.
        together: How many go through the model together on each thread. Where fewer are left, the last is repeated.
        at_once: How many at most, in steps of ``together``; as many as there are threads for when left out.
    """
    with one_thread_each() as threads:
        most = threads if at_once is None else max(1, at_once // together)
        workers = max(1, min(threads, most, math.ceil(count / together)))
        size = workers * max(_CHUNK, together)
        with ThreadPoolExecutor(workers, "hfaug-images", _compute_alone) as pool:

            def chunk(rows: Sequence[int]) -> list[T]:
                parts = [rows[part.start : part.stop] for part in in_parts(len(rows), together)]
                filled = [[*part, *[part[-1]] * (together - len(part))] for part in parts]
                return [image for part in pool.map(draw, filled) for image in part][: len(rows)]

            return run(in_parts(count, size), chunk)


def _compute_alone() -> None:
    """Tell a thread of the pool before its first work.

    One that nobody tells takes as many as there are cores for what oneDNN and MKL do, until it splits some work.
    """
    import torch

    torch.set_num_threads(1)
    _mine.threads = 1


class Clones:
    """Clones of a pipeline, each for one thread at a time.

    Args:
        pipe: A pipeline of diffusers.
    """

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._idle: list[Any] = []

    @contextlib.contextmanager
    def borrowed(self) -> Iterator[Any]:
        """A clone that no other thread uses meanwhile."""
        try:
            pipe = self._idle.pop()
        except IndexError:
            pipe = _clone(self._pipe)
        try:
            yield pipe
        finally:
            self._idle.append(pipe)


def _clone(pipe: Any) -> Any:
    """The same weights, but a scheduler and tokenizers of its own, which keep state."""
    import torch

    clone = copy.copy(pipe)
    for name, part in pipe.components.items():
        if part is not None and not isinstance(part, torch.nn.Module):
            setattr(clone, name, copy.deepcopy(part))
    return clone


@contextlib.contextmanager
def all_noise_given(pipe: Any, device: Any, who: str) -> Iterator[None]:
    """See that a pipeline draws from the generators that it is given, and from no other.

    Args:
        pipe: The pipeline.
        device: Where it draws.
        who: The model, for errors.

    Raises:
        ModelError: It drew from torch's global generator.
    """
    before = _global_noise(device)
    yield
    if not before.equal(_global_noise(device)):
        raise ModelError(
            f"{who}: all noise must come from the seed of an image, {type(pipe).__name__} draws some elsewhere with "
            f"{type(pipe.scheduler).__name__}; save it with a scheduler that draws none, such as DDIMScheduler"
        )


def _global_noise(device: Any) -> Any:
    """The state of the generator that belongs to no image."""
    import torch

    on_gpu = torch.device(device).type == "cuda" and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return torch.cuda.get_rng_state(device) if on_gpu else torch.random.get_rng_state()
