"""Images as they are shown: masks laid over them, boxes and keypoints drawn in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.media import Picture
from hfaug.preview.fonts import PAPER, drawable, font, tint

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

__all__ = ["Box", "Outline", "PicturePanel", "Point", "as_rgb"]

_MOST_HEIGHT = 256
_MASK_SHARE = 0.45
_SHADES = ((255, 255, 255), (214, 214, 214))  # of the chequerboard behind what is transparent
_CHEQUER = 8


@dataclass(frozen=True)
class Box:
    """A box to draw, in continuous pixels."""

    corners: tuple[float, float, float, float]
    name: str = ""
    colour: int | str = 0


@dataclass(frozen=True)
class Point:
    """A keypoint to draw, in continuous pixels."""

    x: float
    y: float
    number: int
    visible: bool = True


@dataclass(frozen=True, eq=False)
class Outline:
    """A line around an object, in continuous pixels; `front` marks its first side, as the front of a turned box."""

    rings: tuple[npt.NDArray[np.float64], ...]
    name: str = ""
    colour: int | str = 0
    front: bool = False


@dataclass(frozen=True, eq=False)
class PicturePanel:
    """An image with the labels that lie on it.

    Args:
        pixels: (height, width, 3) uint8.
        masks: Label maps of the same size, (height, width) or (height, width, 3); 0 is background.
        boxes: Boxes.
        points: Keypoints.
        outlines: Outlines of objects.
    """

    pixels: npt.NDArray[np.uint8]
    masks: Sequence[npt.NDArray[Any]] = ()
    boxes: Sequence[Box] = ()
    points: Sequence[Point] = ()
    outlines: Sequence[Outline] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the image itself."""
        return int(self.pixels.shape[0]), int(self.pixels.shape[1])

    def picture(self, width: int) -> Image.Image:
        """The image, scaled to fit; small ones by whole numbers, so that each pixel can be seen."""
        from PIL import Image, ImageDraw

        pixels = self.pixels
        for mask in self.masks:
            pixels = _covered(pixels, mask)
        factor = min(width / pixels.shape[1], _MOST_HEIGHT / pixels.shape[0])
        if factor >= 1:
            factor = int(factor)
        size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
        how = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS
        image = Image.fromarray(pixels).resize(size, how)
        pen = ImageDraw.Draw(image)
        for outline in self.outlines:
            _draw_outline(pen, outline, factor, size)
        for box in self.boxes:
            _draw_box(pen, box, factor, size)
        for point in self.points:
            _draw_point(pen, point, factor)
        return image


def as_rgb(picture: Picture) -> npt.NDArray[np.uint8]:
    """The pixels as (height, width, 3) uint8; what is transparent stands before a chequerboard."""
    array = picture.array
    if array.dtype == np.uint16:
        array = (array // 257).astype(np.uint8)
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    if array.shape[2] == 4:
        rows, columns = np.indices(array.shape[:2]) // _CHEQUER
        behind = np.array(_SHADES)[(rows + columns) % 2]
        share = array[..., 3:] / 255
        array = np.rint(array[..., :3] * share + behind * (1 - share)).astype(np.uint8)
    return np.ascontiguousarray(array)


def _covered(pixels: npt.NDArray[np.uint8], mask: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The pixels under a translucent mask, each label in its colour."""
    if mask.shape[:2] != pixels.shape[:2]:
        return pixels
    inside: npt.NDArray[np.bool_]
    if mask.ndim == 3:
        colours, inside = mask.astype(np.float64), (mask != 0).any(axis=2)
    else:
        values, places = np.unique(mask, return_inverse=True)
        table = np.array([tint(int(value) - 1) for value in values], np.float64)
        colours, inside = table[places.reshape(mask.shape)], mask != 0
    mixed = pixels * (1 - _MASK_SHARE) + colours * _MASK_SHARE
    covered: npt.NDArray[np.uint8] = np.where(inside[..., None], np.rint(mixed), pixels).astype(np.uint8)
    return covered


def _draw_box(pen: ImageDraw.ImageDraw, box: Box, factor: float, size: tuple[int, int]) -> None:
    left, top, right, bottom = (value * factor for value in box.corners)
    colour = tint(box.colour)
    # Continuous coordinates: a box over a whole image ends where its last pixel does.
    pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), outline=colour, width=2)
    _draw_name(pen, box.name, (left, top), colour, size)


def _draw_name(
    pen: ImageDraw.ImageDraw,
    text: str,
    corner: tuple[float, float],
    colour: tuple[int, int, int],
    size: tuple[int, int],
) -> None:
    """A name above a corner, or below it where there is no room."""
    name = drawable(text)
    if not name:
        return
    left, top = corner
    letters = font(11)
    wide, high = letters.getlength(name) + 6, 14
    x = min(max(0.0, left), max(0.0, size[0] - wide))
    y = top - high if top >= high else max(0.0, top)
    pen.rectangle((x, y, x + wide, y + high), fill=colour)
    pen.text((x + 3, y), name, fill=PAPER, font=letters)


def _draw_outline(pen: ImageDraw.ImageDraw, outline: Outline, factor: float, size: tuple[int, int]) -> None:
    colour = tint(outline.colour)
    for ring in outline.rings:
        if len(ring):
            points = [(float(x) * factor, float(y) * factor) for x, y in ring]
            pen.line([*points, points[0]], fill=colour, width=2)
            if outline.front and len(points) > 1:
                pen.line(points[:2], fill=PAPER, width=2)
    corners = [ring.min(axis=0) * factor for ring in outline.rings if len(ring)]
    if corners:
        left, top = np.min(corners, axis=0).tolist()
        _draw_name(pen, outline.name, (left, top), colour, size)


def _draw_point(pen: ImageDraw.ImageDraw, point: Point, factor: float) -> None:
    x, y, radius = point.x * factor, point.y * factor, 3.5
    around = (x - radius, y - radius, x + radius, y + radius)
    if point.visible:
        pen.ellipse(around, fill=tint(point.number), outline=PAPER)
    else:
        pen.ellipse(around, outline=tint(point.number))
