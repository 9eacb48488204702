"""Which texts go through a model together: a pure function of their lengths.

A text is padded to the bucket of its own length and shares a batch with texts of that bucket only. So the shapes that a
row meets depend on the row: padding a row further changes the order in which a matrix product is summed, and with it
the last bits of the result.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections import defaultdict
from collections.abc import Sequence

__all__ = ["Batch", "bucket", "plan_batches"]

# Multiples of 16, the widest vector of float32 on a CPU; wider steps where a few more columns cost little.
_EDGES = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192)


@dataclasses.dataclass(frozen=True)
class Batch:
    """Texts that go through the model together.

    Args:
        rows: Their numbers.
        width: The length in tokens that each is padded to.
    """

    rows: tuple[int, ...]
    width: int


def bucket(length: int, limit: int) -> int:
    """The width in tokens that a text of ``length`` tokens is padded to, at most ``limit``.

    >>> bucket(17, limit=512), bucket(500, limit=500)
    (32, 500)
    """
    place = bisect.bisect_left(_EDGES, length)
    return min(_EDGES[place] if place < len(_EDGES) else length, limit)


def plan_batches(
    lengths: Sequence[int], *, budget: int, most: int, multiple: int, limit: int, more: int = 0
) -> list[Batch]:
    """Sort texts by length and cut them into batches.

    Args:
        lengths: Tokens of each text.
        budget: Padded tokens in a batch, about.
        most: Texts in a batch, at most.
        multiple: A full batch holds a multiple of this many texts.
        limit: The longest that the model reads, in tokens.
        more: Tokens that come to each text while it is worked on, which count for the budget.

    >>> plan_batches([5, 40, 6], budget=4096, most=64, multiple=16, limit=512)
    [Batch(rows=(0, 2), width=16), Batch(rows=(1,), width=48)]
    """
    by_width: defaultdict[int, list[int]] = defaultdict(list)
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        by_width[bucket(lengths[row], limit)].append(row)
    batches = []
    for width, rows in by_width.items():
        size = max(multiple, min(most, budget // (width + more)) // multiple * multiple)
        batches += [Batch(tuple(rows[start : start + size]), width) for start in range(0, len(rows), size)]
    return batches
