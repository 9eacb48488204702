"""Bring a side of an image to a length."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from hfaug.errors import ParameterError
from hfaug.fields import Limit
from hfaug.kinds import Size, WarpOp
from hfaug.moves import Warp
from hfaug.moves.areas import Interpolation
from hfaug.ops.image.geometry.canvas import Side
from hfaug.randomness import Stream

__all__ = ["ResizeLongest", "ResizeShortest"]

Sides = Annotated[tuple[int, ...], Limit(1)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ResizeLongest(WarpOp):
    """Bring the longest side to a length, keeping the shape, so that every image fits into one square.

    Args:
        side: Length of the longest side in pixels; of several, one is drawn.
        enlarge: Whether smaller images are enlarged, too.
        interpolation: ``linear``, ``cubic``, ``lanczos`` or ``nearest``; areas are averaged where it shrinks.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.ResizeLongest(side=(480, 640)).side
    (480, 640)
    """

    side: Side | Sides = 640
    enlarge: bool = True
    interpolation: Interpolation = "linear"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_sides("ResizeLongest", self.side)

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the length."""
        scale = _drawn(self.side, rng) / max(size)
        return _scaled(size, scale if self.enlarge else min(scale, 1.0), self.interpolation)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ResizeShortest(WarpOp):
    """Bring the shortest side to a length, keeping the shape, so that a square can be cut out of every image.

    Args:
        side: Length of the shortest side in pixels; of several, one is drawn, as detectors are trained.
        longest: Most pixels of the longest side; the shortest then gets shorter.
        enlarge: Whether smaller images are enlarged, too.
        interpolation: ``linear``, ``cubic``, ``lanczos`` or ``nearest``; areas are averaged where it shrinks.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: folklore; several sides: K. He et al., Mask R-CNN, arXiv:1703.06870.

    >>> import hfaug
    >>> hfaug.ops.image.ResizeShortest(side=(640, 672, 704, 736, 768, 800), longest=1333).longest
    1333
    """

    side: Side | Sides = 256
    longest: Side | None = None
    enlarge: bool = True
    interpolation: Interpolation = "linear"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_sides("ResizeShortest", self.side)

    def warp(self, size: Size, rng: Stream) -> Warp:
        """Draw the length."""
        scale = _drawn(self.side, rng) / min(size)
        if self.longest is not None:
            scale = min(scale, self.longest / max(size))
        return _scaled(size, scale if self.enlarge else min(scale, 1.0), self.interpolation)


def _check_sides(who: str, side: int | tuple[int, ...]) -> None:
    if side == ():
        raise ParameterError(f"{who}: side must be one length or several, is empty; give (640,) or the like")


def _drawn(side: int | tuple[int, ...], rng: Stream) -> int:
    return rng.choice(side if isinstance(side, tuple) else (side,))


def _scaled(size: Size, scale: float, interpolation: Interpolation) -> Warp:
    height, width = (max(1, round(side * scale)) for side in size)
    return Warp.resize(size, (height, width), interpolation=interpolation)
