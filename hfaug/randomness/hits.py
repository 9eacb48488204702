"""Which of many things are hit, each with the same small chance."""

from __future__ import annotations

import functools
import math

from hfaug.randomness.streams import Stream

__all__ = ["hits"]


@functools.lru_cache(maxsize=256)
def _scale(share: float) -> float:
    return 1 / math.log1p(-share)


def hits(rng: Stream, count: int, share: float) -> list[int]:
    """Numbers of `range(count)`, each with the chance `share`, in order.

    The gap to the next hit is drawn (it is geometrically distributed), so this takes one uniform a hit and one more,
    not one a thing.

    Args:
        rng: Where the draws come from.
        count: How many things there are.
        share: 0..1.

    >>> from hfaug.randomness import Streams
    >>> hits(Streams([1], digest="x")[0], 4, 1.0), hits(Streams([1], digest="x")[0], 4, 0.0)
    ([0, 1, 2, 3], [])
    """
    if not 0 < share < 1:
        return list(range(count)) if share else []
    scale, draw, log = _scale(share), rng.random, math.log
    found: list[int] = []
    at = 0
    while True:
        gap = log(1 - draw()) * scale
        if not gap < count - at:  # or not a number, which an infinite scale makes of the smallest draw
            return found
        at += int(gap)
        found.append(at)
        at += 1
