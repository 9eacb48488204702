"""Warps of images that were decoded at a share of their size."""

from __future__ import annotations

import math

import numpy as np

from hfaug.moves import plane
from hfaug.moves.areas import AREA_BELOW, average_areas
from hfaug.moves.matrices import scaling, translation
from hfaug.moves.pixels import Array
from hfaug.moves.plane import multiply
from hfaug.moves.warp import Warp

__all__ = ["reduction_of", "warp_reduced"]

_LARGEST = {8: 1 / 16, 4: 1 / 8, 2: 1 / 2}
"""Largest scale of a warp at which to reduce by a factor. A quarter costs a tenth less than a half and loses 5 dB where
much of it is to be seen, so it is kept for what shrinks twice as much."""

_ROUNDING = 1e-6


def reduction_of(move: object) -> int:
    """By what factor, 1, 2, 4 or 8, an image may be reduced before a move, and hardly a pixel of the result shows it.

    More than 1 only for an affine warp that shrinks as much in every direction, and computes values at all.

    >>> reduction_of(Warp.resize((100, 100), (30, 50))), reduction_of(Warp.flip((100, 100)))
    (2, 1)
    """
    if not isinstance(move, Warp) or move.interpolation == "nearest" or move.is_exact:
        return 1
    (a, b, _), (c, d, _), last = move.matrix.tolist()
    # Most moves shrink less: done before more is computed.
    if last != [0.0, 0.0, 1.0] or max(a, b, c, d, -a, -b, -c, -d) > _LARGEST[2] + _ROUNDING:
        return 1
    _, most = _scales(move)
    return next((factor for factor, scale in _LARGEST.items() if most <= scale + _ROUNDING), 1)


def warp_reduced(warp: Warp, array: Array, factor: int, left: float, top: float) -> Array:
    """What a warp makes of an image, from the reduced image.

    Args:
        warp: The warp of the whole image.
        array: The reduced image.
        factor: Pixels of the whole image along each side of one of the reduced.
        left: Where the left edge of the whole image lies in the reduced one, in its pixels.
        top: Likewise the upper edge.
    """
    size = array.shape[0], array.shape[1]
    lines = warp.clips
    if warp.border == "constant" and warp.shows_outside and (size[0] * factor, size[1] * factor) != warp.source:
        # The last pixels reach beyond the whole image; there is fill.
        edges = multiply(plane.frame(warp.source), plane.inverse(warp.matrix))
        lines = np.concatenate([lines, edges / np.sqrt(edges[:, :1] ** 2 + edges[:, 1:2] ** 2)])
    # Windows seldom begin at whole pixels here. Areas are averaged after the move, not before: that blurs less.
    least, _ = _scales(warp)
    times = max(1, math.ceil(AREA_BELOW / (least * factor) - _ROUNDING))
    matrix = multiply(multiply(scaling(times), warp.matrix), multiply(scaling(factor), translation(-left, -top)))
    after = warp.size[0] * times, warp.size[1] * times
    style = (warp.fill, warp.border, warp.interpolation, warp.mask_fill)
    large = Warp(matrix, size, after, *style, clips=multiply(lines, scaling(1 / times))).image(array)
    return large if times == 1 else average_areas(large, warp.size)


def _scales(warp: Warp) -> tuple[float, float]:
    """The smallest and the largest scale of an affine warp, over all directions."""
    (a, b, _), (c, d, _), _ = warp.matrix.tolist()
    least = plane.least_scale(a, b, c, d)
    return least, abs(a * d - b * c) / least
