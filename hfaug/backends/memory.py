"""Batches that do not fit into memory are halved, until they do."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from hfaug.backends.protocols import Halving
from hfaug.errors import ModelError

__all__ = ["in_parts", "is_out_of_memory", "run_batches"]

T = TypeVar("T")


def in_parts(count: int, size: int) -> list[range]:
    """Row numbers in parts of one size, of which the last may be smaller.

    >>> in_parts(5, 2)
    [range(0, 2), range(2, 4), range(4, 5)]
    """
    return [range(start, min(start + size, count)) for start in range(0, count, size)]


def run_batches(
    batches: Sequence[Sequence[int]],
    work: Callable[[Sequence[int]], Sequence[T]],
    *,
    cost: Callable[[Sequence[int]], int] = len,
    on_halve: Callable[[Halving], None] = lambda _: None,
) -> dict[int, T]:
    """Work through planned batches; one that does not fit into memory is halved, and so are later ones as costly.

    Args:
        batches: The plan: row numbers, batch by batch. A number may come again, to fill a batch up.
        work: The results of one batch, one for each row.
        cost: How much memory a batch takes, in any unit that grows with it.
        on_halve: Told of each batch that was not worked on as planned.

    Returns:
        The result of each row.

    Raises:
        ModelError: One row alone does not fit.

    >>> run_batches([[0, 1], [2]], lambda rows: [row * 10 for row in rows])
    {0: 0, 1: 10, 2: 20}
    """
    results: dict[int, T] = {}
    of = len({row for batch in batches for row in batch})
    fits: float = float("inf")  # costs above this did not fit, earlier in this call
    waiting = [list(batch) for batch in reversed(batches)]
    while waiting:
        batch = waiting.pop()
        done = _try_batch(batch, work) if cost(batch) <= fits or len(batch) == 1 else None
        if done is not None:
            results.update(zip(batch, done, strict=True))
            continue
        if len(batch) == 1:
            raise ModelError(
                f"hfaug: at least one row must fit into memory, row {batch[0]} of {of} did not; use a smaller model or "
                "output, a 16-bit dtype, or another device"
            )
        fits = min(fits, cost(batch) // 2)
        on_halve(Halving(rows=len(batch), of=of))
        middle = (len(batch) + 1) // 2
        waiting += [batch[middle:], batch[:middle]]
    return results


def _try_batch(batch: Sequence[int], work: Callable[[Sequence[int]], Sequence[T]]) -> Sequence[T] | None:
    """The results, or None if memory ran out; by then all that the attempt held has been let go."""
    with contextlib.suppress(MemoryError):
        try:
            return work(batch)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
    if (torch := sys.modules.get("torch")) is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    return None


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says that memory ran out."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    # The CPU allocator raises a plain RuntimeError, and so do CTranslate2 and some CUDA libraries.
    text = str(error).lower()
    return any(sign in text for sign in ("can't allocate memory", "out of memory", "cublas_status_alloc_failed"))
