"""A move of the plane, and everything that lies on it: image, masks, points and boxes by one and the same matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from hfaug.errors import ParameterError
from hfaug.moves import matrices, pixels, plane
from hfaug.moves.areas import Interpolation, stretched
from hfaug.moves.checks import check_array, check_image, check_mask_fill, checked_fill, checked_matrix, checked_size
from hfaug.moves.outlines import Rings, as_rings, seen_outlines
from hfaug.moves.pixels import Array, Border, Lines
from hfaug.moves.plane import EXACT_PX, Matrix, Size, WholeMove
from hfaug.moves.polygons import visible_boxes
from hfaug.moves.resampling import resample_image, resample_mask
from hfaug.moves.styles import shared_style, style_of

if TYPE_CHECKING:
    from hfaug.moves.field import Field, Move

__all__ = ["Warp"]

Floats = NDArray[np.float64]

_KEPT = 256  # moves of the whole image, which are few: some for each size of images
_STILL = WholeMove()
_NO_LINES: Lines = np.empty((0, 3))
_NO_LINES.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Warp:
    """How an image is moved, and its labels with it.

    Args:
        matrix: 3x3, source to destination, of continuous ``(x, y, 1)``; affine or perspective, invertible.
        source: ``(height, width)`` of the image to be moved, in pixels.
        size: ``(height, width)`` of the result; that of the source when left out.
        fill: RGB value outside the source, 0..255. Grey images get its luma, alpha gets 0 (see-through), 16 bits the
            same share of white.
        border: What lies outside the source: ``constant`` (the fill), ``reflect`` (mirrored at the border line) or
            ``edge``.
        interpolation: ``linear``, ``cubic``, ``lanczos`` or ``nearest``, for images. Masks always take the nearest
            value.
        mask_fill: Value of masks outside the source, for the border ``constant``.
        clips: Kx3 lines ``a*x + b*y + c >= 0`` of the destination beyond which is fill: what earlier steps of a fused
            chain cut away. Made by `then`.

    Raises:
        ParameterError: The matrix cannot be inverted, the horizon crosses the image, a size is empty, a name is
            unknown.

    >>> turn = Warp(matrices.rotation(90, about=(10, 10)), (20, 20))
    >>> turn.points([[20, 0]]).tolist(), turn.is_exact
    ([[0.0, 0.0]], True)
    """

    matrix: Matrix
    source: Size
    size: Size = (0, 0)
    fill: tuple[float, float, float] = (0.0, 0.0, 0.0)
    border: Border = "constant"
    interpolation: Interpolation = "linear"
    mask_fill: int = 0
    clips: Lines = field(default_factory=lambda: _NO_LINES)

    def __post_init__(self) -> None:
        source = checked_size("Warp", "source", self.source)
        size = source if tuple(self.size) == (0, 0) else checked_size("Warp", "size", self.size)
        fill = checked_fill("Warp", self.fill, self.border, self.interpolation)
        clips = self.clips if self.clips is _NO_LINES else np.array(self.clips, dtype=np.float64).reshape(-1, 3)
        matrix = checked_matrix(np.array(self.matrix, dtype=np.float64), source, fused=len(clips) > 0)
        matrix.setflags(write=False)
        clips.setflags(write=False)
        vars(self).update(matrix=matrix, source=source, size=size, fill=fill, clips=clips)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Warp) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        style = (self.source, self.size, self.fill, self.border, self.interpolation, self.mask_fill)
        return (*style, self.matrix.tobytes(), self.clips.tobytes())

    # ---- common moves

    @classmethod
    def identity(cls, size: Size) -> Warp:
        """Nothing moves."""
        return cls(matrices.identity(), size)

    @classmethod
    def flip(cls, size: Size, axis: Literal["horizontal", "vertical"] = "horizontal") -> Warp:
        """Swap left and right (``horizontal``) or top and bottom (``vertical``)."""
        return _flipped(checked_size("Warp", "source", size), axis)

    @classmethod
    def quarter_turns(cls, size: Size, turns: int) -> Warp:
        """Turn counter-clockwise by quarter turns; the sides of the image swap with an odd number."""
        return _turned(checked_size("Warp", "source", size), turns % 4)

    @classmethod
    def crop(cls, size: Size, top: float, left: float, height: int, width: int, **style: Any) -> Warp:
        """Keep a window. Where it reaches outside the image it pads, so this is padding too.

        Args:
            size: ``(height, width)`` of the image.
            top: First row of the window, in pixels; negative pads.
            left: First column of the window, in pixels; negative pads.
            height: Rows of the window.
            width: Columns of the window.
            **style: ``fill``, ``border``, ``interpolation`` and ``mask_fill``.

        >>> Warp.crop((4, 4), top=-1, left=0, height=6, width=4).image(np.ones((4, 4), np.uint8))[:, 0].tolist()
        [0, 1, 1, 1, 1, 0]
        """
        return cls(matrices.translation(-left, -top), size, checked_size("Warp", "size", (height, width)), **style)

    @classmethod
    def resize(cls, size: Size, after: Size, **style: Any) -> Warp:
        """Stretch the whole image to another size."""
        fill = tuple(style.pop("fill", (0.0, 0.0, 0.0)))
        return _resized(checked_size("Warp", "source", size), checked_size("Warp", "size", after), fill, **style)

    # ---- what it is

    @cached_property
    def _whole(self) -> WholeMove | None:
        return plane.whole_pixels(self.matrix, self.source)

    @cached_property
    def _meant(self) -> Matrix:
        """The matrix without the rounding of products."""
        return self.matrix if self._whole is None else self._whole.matrix

    @property
    def is_exact(self) -> bool:
        """Whether whole pixels move (flips, quarter turns, crops, pads): then no value is computed, only copied."""
        return self._whole is not None

    @property
    def is_identity(self) -> bool:
        """Whether nothing moves and nothing is cut: `image` then returns the very array it was given."""
        return self.size == self.source and self._whole == _STILL and not len(self.clips)

    @property
    def mirrors(self) -> bool:
        """Whether left and right swap as in a mirror, so that a left hand becomes a right one."""
        return plane.determinant(self.matrix) < 0

    @cached_property
    def _is_affine(self) -> bool:
        return plane.is_affine(self.matrix)

    @cached_property
    def _inverse(self) -> Matrix:
        return plane.inverse(self.matrix)

    @cached_property
    def _needs_only_source(self) -> bool:
        return plane.lies_within(self._inverse, self.size, self.source)

    @property
    def shows_outside(self) -> bool:
        """Whether a pixel of the result may come from outside the source; otherwise fill and border never show."""
        return len(self.clips) > 0 or not self._needs_only_source

    @cached_property
    def keeps(self) -> bool:
        """Whether the whole source stays inside the destination."""
        return not len(self.clips) and plane.lies_within(self.matrix, self.source, self.size)

    # ---- fusing

    @overload
    def then(self, other: Warp, *, positions_only: bool = False) -> Warp | None: ...

    @overload
    def then(self, other: Field, *, positions_only: bool = False) -> Field | None: ...

    def then(self, other: Move, *, positions_only: bool = False) -> Move | None:
        """Both moves as one, or None when one resampling cannot do the work of the two.

        Fill, border and interpolation must agree where they show at all (a flip shows none of them). What this warp
        cuts away stays cut away: the border of the image between the two remains as clip lines, beyond which is fill.
        Mirrored and stretched borders cannot be cut like that; with them the moves fuse only if nothing is cut, and
        what lies outside is then continued from the source.

        Args:
            other: The next move, of images of this one's ``size``.
            positions_only: For points and boxes, which know no fill: always fuses. The result is not for pixels.

        Raises:
            ParameterError: The other warp is for images of another size than this one makes.

        >>> there, back = (Warp(matrices.rotation(angle, about=(10, 10)), (20, 20)) for angle in (20, -20))
        >>> there.then(back).boxes([[6, 6, 14, 14]])[0].round(6).tolist()
        [[6.0, 6.0, 14.0, 14.0]]
        """
        if not isinstance(other, Warp):
            return other.after(self, positions_only=positions_only)
        return self._fused(other, positions_only=positions_only)

    def _fused(self, other: Warp, *, positions_only: bool) -> Warp | None:
        if other.source != self.size:
            raise ParameterError(
                f"Warp.then: the next warp must take images of {self.size}, takes {other.source}; make it for those."
            )
        if self.is_identity or other.is_identity:
            return other if self.is_identity else self
        style = style_of(self) if positions_only else shared_style(self, other)
        cuts = not self.keeps and not other._needs_only_source
        if style is None or (cuts and style[1] != "constant" and not positions_only):
            return None
        frames = [other.clips, plane.multiply(self.clips, other._inverse)]
        # A perspective may throw what was cut behind the horizon, so its lines stay although they are out of sight.
        if cuts or not (other._is_affine or self.keeps):
            frames.append(plane.multiply(plane.frame(self.size), other._inverse))
        lines = np.concatenate(frames)
        length = np.sqrt(lines[:, :1] ** 2 + lines[:, 1:2] ** 2)
        lines /= np.where(length > 0, length, 1.0)
        return Warp(plane.multiply(other.matrix, self.matrix), self.source, other.size, *style, clips=lines)

    # ---- pixels

    def image(self, array: Array) -> Array:
        """The moved image, of the type and channels of the given one.

        Args:
            array: uint8 or uint16, ``(height, width)`` or ``(height, width, 1..4)``: grey, grey and alpha, RGB, RGB and
                alpha.

        Returns:
            A new array; the very same one when nothing moves.

        Raises:
            RowError: The array has another size than the warp was made for, or another type.
        """
        check_image("Warp", array, self.source)
        if self.is_identity:
            return array
        fill = pixels.image_fill(array, self.fill)
        if self._whole is not None:
            pixels.counts["slice"] += 1
            moved = pixels.slice_exact(array, self._whole, self.size, border=self.border, fill=fill)
        else:
            pixels.counts["warp"] += 1
            style: dict[str, Any] = {"interpolation": self.interpolation, "border": self.border, "fill": fill}
            found = stretched(array, self.matrix, self.size, **style)
            moved = self._resampled(array, style) if found is None else found
        return pixels.paint_outside(moved, self.clips, fill) if len(self.clips) else moved

    def _resampled(self, array: Array, style: dict[str, Any]) -> Array:
        return resample_image(array, self.matrix, self.size, covered=self._needs_only_source, **style)

    def mask(self, array: Array, fill: int | None = None) -> Array:
        """The moved mask: every pixel takes the value of the nearest one, so no new class or instance appears.

        With the borders ``reflect`` and ``edge`` the mask is continued as the image is.

        Args:
            array: Any integer, boolean or float type, ``(height, width)`` or ``(height, width, channels)``.
            fill: Value outside the source, for the border ``constant``; ``mask_fill`` when left out.

        Returns:
            A new array; the very same one when nothing moves.

        Raises:
            ParameterError: The mask's type cannot hold the fill.
            RowError: The mask has another size than the warp was made for.
        """
        check_array("Warp", array, self.source, "mask")
        fill = self.mask_fill if fill is None else fill
        check_mask_fill("Warp", array.dtype, fill)
        if self.is_identity:
            return array
        style: dict[str, Any] = {"border": self.border, "fill": [fill] * (array.shape[2] if array.ndim == 3 else 1)}
        if self._whole is not None:
            pixels.counts["slice.mask"] += 1
            moved = pixels.slice_exact(array, self._whole, self.size, **style)
        else:
            pixels.counts["warp.mask"] += 1
            moved = resample_mask(array, self.matrix, self.size, covered=self._needs_only_source, **style)
        return pixels.paint_outside(moved, self.clips, style["fill"]) if len(self.clips) else moved

    # ---- positions

    def points(self, points: Any) -> Floats:
        """Moved points, also those that leave the image (see `visible`).

        Args:
            points: Nx2 ``(x, y)`` in continuous pixels.

        Returns:
            Nx2; not-a-number for a point behind the horizon of a perspective.
        """
        moved = self._homogeneous(np.asarray(points, dtype=np.float64).reshape(-1, 2))
        depth = np.where(moved[:, 2:] > 0, moved[:, 2:], np.nan)
        return np.asarray(moved[:, :2] / depth)

    def visible(self, points: Any) -> NDArray[np.bool_]:
        """Which points are still to be seen: inside the result or on its border, and cut away by no step.

        Args:
            points: Nx2 ``(x, y)`` of the *source*, in continuous pixels.
        """
        moved = self._homogeneous(np.asarray(points, dtype=np.float64).reshape(-1, 2))
        slack = EXACT_PX * np.abs(moved[:, 2:])
        return np.asarray((plane.sides(moved, self._lines) >= -slack).all(axis=1))

    def boxes(self, boxes: Any) -> tuple[Floats, Floats]:
        """The upright box around what is still to be seen of each moved box, and how much of it that is.

        A box is moved as the four-cornered figure it is, cut once by the border of the result (and by what earlier
        fused steps cut away), and only then enclosed. A box without area is measured by its length; one that is a point
        counts 1 where it is to be seen.

        Args:
            boxes: Nx4 ``(x0, y0, x1, y1)`` in continuous pixels.

        Returns:
            Nx4 boxes, and N shares 0..1: the visible area over the area of the whole moved figure. Where the share is 0
            nothing is left, and the box is all zeros.

        >>> moved, share = Warp.crop((10, 10), top=0, left=4, height=10, width=6).boxes([[2, 0, 6, 4], [0, 0, 3, 3]])
        >>> moved.tolist(), share.tolist()
        ([[0.0, 0.0, 2.0, 4.0], [0.0, 0.0, 0.0, 0.0]], [0.5, 0.0])
        """
        given = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
        if self.is_identity or not len(given):
            return given.copy(), np.ones(len(given))
        corners = self._homogeneous(given[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2))
        moved, shares = visible_boxes(corners, self._lines, self._inverse)
        height, width = self.size
        return moved.clip(0.0, [width, height, width, height]), shares

    def outlines(self, rings: Sequence[Any]) -> tuple[Rings, Floats]:
        """Outlines of any shape after the move, as far as they are still to be seen; see `hfaug.moves.Motion`.

        Args:
            rings: N outlines, each Kx2 ``(x, y)`` in continuous pixels; closed, the first point not repeated.

        Returns:
            N rings, (0, 2) where nothing is left, and N shares 0..1: the visible area over that of the whole ring.

        >>> rings, shares = Warp.crop((9, 9), 0, 0, 9, 2).outlines([[(0, 0), (4, 0), (0, 4)], [(3, 3), (4, 3), (3, 4)]])
        >>> rings[0].tolist(), shares.tolist()
        ([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 4.0]], [0.75, 0.0])
        """
        given = as_rings(rings)
        if self.is_identity:
            return given, np.ones(len(given))
        return seen_outlines(given, self._meant, self._lines, self._inverse)

    def _homogeneous(self, points: Floats) -> Floats:
        return plane.carry(self._meant, points)

    @cached_property
    def _lines(self) -> Lines:
        """The lines within which something is to be seen; those of a perspective begin with its horizon."""
        lines = np.concatenate([plane.frame(self.size), self.clips])
        return lines if self._is_affine else np.concatenate([[[0.0, 0.0, 1.0]], lines])


@lru_cache(maxsize=_KEPT)
def _flipped(size: Size, axis: Literal["horizontal", "vertical"]) -> Warp:
    return Warp(matrices.flip(size, axis), size)


@lru_cache(maxsize=_KEPT)
def _turned(size: Size, turns: int) -> Warp:
    matrix, after = matrices.quarter_turns(size, turns)
    return Warp(matrix, size, after)


@lru_cache(maxsize=_KEPT)
def _resized(size: Size, after: Size, fill: tuple[float, float, float], **style: Any) -> Warp:
    return Warp(matrices.scaling(after[1] / size[1], after[0] / size[0]), size, after, fill, **style)
