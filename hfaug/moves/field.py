"""A dense move of an image, and everything that lies on it: each pixel of the result shows a place of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hfaug.errors import ParameterError
from hfaug.moves import maps, pixels
from hfaug.moves.areas import Interpolation
from hfaug.moves.bend import Bend
from hfaug.moves.checks import check_array, check_image, check_mask_fill, checked_fill
from hfaug.moves.motion import Motion, follow
from hfaug.moves.outlines import Rings
from hfaug.moves.pixels import Array, Border
from hfaug.moves.plane import Size
from hfaug.moves.remapping import remap_image, remap_mask
from hfaug.moves.styles import shared_style, style_of
from hfaug.moves.warp import Warp

__all__ = ["Field", "Move"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Field:
    """A dense move: bends, and what was fused with them, in one resampling.

    Args:
        steps: Bends, and warps between them, the first one made first. `Field.bend` makes one of a displacement alone.
        fill: See `Warp`.
        border: See `Warp`.
        interpolation: See `Warp`.
        mask_fill: See `Warp`.

    Raises:
        ParameterError: There is no step, one takes images of another size than the one before makes, a name is unknown.

    >>> wave = np.zeros((2, 2, 2))
    >>> picture = np.ones((4, 4), np.uint8)
    >>> Field.bend((4, 4), wave).image(picture) is picture
    True
    """

    steps: tuple[Warp | Bend, ...]
    fill: tuple[float, float, float] = (0.0, 0.0, 0.0)
    border: Border = "constant"
    interpolation: Interpolation = "linear"
    mask_fill: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "fill", checked_fill("Field", self.fill, self.border, self.interpolation))
        sizes = [(before.size, after.source) for before, after in zip(self.steps, self.steps[1:], strict=False)]
        if not self.steps or any(made != taken for made, taken in sizes):
            raise ParameterError(
                f"Field: each step must take images of the size that the one before makes, they are {sizes}; mend it."
            )

    @classmethod
    def bend(cls, size: Size, nodes: Any, **style: Any) -> Field:
        """A field of a smooth displacement, weakened as a whole where it would fold the picture.

        Args:
            size: ``(height, width)`` of the image; it stays.
            nodes: RxCx2 displacements ``(x, y)`` in pixels, at a regular grid from corner to corner of the image,
                bilinear in between: there the result shows what lay so far off in the source.
            **style: ``fill``, ``border``, ``interpolation`` and ``mask_fill``.

        >>> Field.bend((8, 8), np.full((2, 2, 2), 1.0)).points([[4, 4]]).tolist()
        [[3.0, 3.0]]
        """
        return cls((Bend(size, nodes),), **style)

    # ---- what it is

    @property
    def source(self) -> Size:
        """``(height, width)`` of the image to be moved."""
        return self.steps[0].source

    @property
    def size(self) -> Size:
        """``(height, width)`` of the result."""
        return self.steps[-1].size

    @cached_property
    def _motion(self) -> Motion:
        return follow(self.steps)

    @property
    def is_identity(self) -> bool:
        """Whether nothing moves: `image` then returns the very array it was given."""
        return self._motion.is_identity

    @property
    def is_exact(self) -> bool:
        """Whether no value is computed."""
        return self.is_identity

    @property
    def mirrors(self) -> bool:
        """Whether left and right swap."""
        return self._motion.mirrors

    @cached_property
    def shows_outside(self) -> bool:
        """Whether a pixel of the result may come from outside the source."""
        return any(step.shows_outside for step in self.steps)  # pessimistic: a later crop may hide it

    # ---- fusing

    def then(self, other: Move, *, positions_only: bool = False) -> Field | None:
        """Both moves as one resampling, or None when fill, border or interpolation differ where they show.

        A field after a field fuses as well as a warp does. What leaves the image between two steps stays away: it is
        fill, or the continuation of the image as it stood there.

        Args:
            other: The next move, of images of this one's ``size``.
            positions_only: For points and boxes, which know no style: always fuses. The result is not for pixels.

        Raises:
            ParameterError: The other move is for images of another size.
        """
        return _joined(self, other, positions_only=positions_only)

    def after(self, other: Warp, *, positions_only: bool = False) -> Field | None:
        """A warp and then this field; see `then`."""
        return _joined(other, self, positions_only=positions_only)

    # ---- pixels

    @property
    def shown(self) -> NDArray[np.float32]:
        """(height, width, 2): the point ``(x, y)`` of the source that each pixel of the result shows at its centre.

        In continuous pixels; far outside where what a step cut away would be.
        """
        return self._places + np.float32(0.5)

    @cached_property
    def _places(self) -> NDArray[np.float32]:
        """The same in OpenCV's coordinates, in which a pixel's centre is a whole number."""
        shown = maps.shown_map(self.steps, self.border)
        shown -= np.float32(0.5)
        return shown

    def image(self, array: Array) -> Array:
        """The moved image; see `Warp.image`."""
        check_image("Field", array, self.source)
        if self.is_identity:
            return array
        pixels.counts["warp"] += 1
        return remap_image(
            array,
            self._places,
            shrinks=maps.linear_part(self.steps),
            interpolation=self.interpolation,
            border=self.border,
            fill=pixels.image_fill(array, self.fill),
            outside=self.shows_outside,
        )

    def mask(self, array: Array, fill: int | None = None) -> Array:
        """The moved mask, each pixel the nearest one; see `Warp.mask`."""
        check_array("Field", array, self.source, "mask")
        fill = self.mask_fill if fill is None else fill
        check_mask_fill("Field", array.dtype, fill)
        if self.is_identity:
            return array
        pixels.counts["warp.mask"] += 1
        values = [fill] * (array.shape[2] if array.ndim == 3 else 1)
        return remap_mask(array, self._places, border=self.border, fill=values, outside=self.shows_outside)

    # ---- positions

    def points(self, points: Any) -> Floats:
        """See `hfaug.moves.Motion.points`; off by less than a millionth of a pixel."""
        return self._motion.points(points)

    def visible(self, points: Any) -> NDArray[np.bool_]:
        """See `hfaug.moves.Motion.visible`."""
        return self._motion.visible(points)

    def boxes(self, boxes: Any) -> tuple[Floats, Floats]:
        """See `hfaug.moves.Motion.boxes`; off by at most a seventh of a pixel, where edges bend."""
        return self._motion.boxes(boxes)

    def outlines(self, rings: Sequence[Any]) -> tuple[Rings, Floats]:
        """See `hfaug.moves.Motion.outlines`."""
        return self._motion.outlines(rings)


Move: TypeAlias = Warp | Field
"""What a `WarpOp` may draw: a motion that moves pixels, too."""


def _joined(first: Move, second: Move, *, positions_only: bool) -> Field | None:
    if second.source != first.size:
        raise ParameterError(
            f"Field.then: the next move must take images of {first.size}, takes {second.source}; make it for those."
        )
    style = style_of(first) if positions_only else shared_style(first, second)
    if style is None:
        return None
    steps: list[Warp | Bend] = []
    for move in (first, second):
        for step in move.steps if isinstance(move, Field) else (move,):
            last = steps[-1] if steps else None
            joined = last.then(step) if isinstance(last, Warp) and isinstance(step, Warp) else None
            if joined is not None:
                steps[-1] = joined
            elif last is None or not step.is_identity:
                steps.append(step)
    return Field(tuple(steps[1:] if len(steps) > 1 and steps[0].is_identity else steps), *style)
