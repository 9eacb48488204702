"""Stored frames to upright RGB and back, with the colour matrix and range that the file names.

FFmpeg's own scaler makes RGB that is a level too dark at the speed that is worth having, so video would fade with every
augmentation. One matrix product and one repetition of the colour planes are as fast, and right to half a level; and
what was only decoded and encoded again has the colour planes it had.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import MediaError
from hfaug.media.video import Film, av_library

__all__ = ["empty_frame", "pixels_of", "planes_of"]

Pixels = npt.NDArray[Any]
Colours = tuple[int, int, int, int]

_PLANAR = re.compile(r"(yuvj?4(44|22|20|40|11|10)p|gray)(|8|9le|10le|12le|14le|16le)")
_PACKED = {"nv12": "yuv420p", "nv21": "yuv420p", "p010le": "yuv420p10le", "yuyv422": "yuv422p", "uyvy422": "yuv422p"}
"""Layouts of the same numbers in another order, and that which is read."""
_WEIGHTS = {1: (0.2126, 0.0722), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
_BT601 = (0.299, 0.114)
"""Shares of red and blue in the brightness, by FFmpeg's number of the colour matrix; BT.601 where none is said."""
_NO_WEIGHTS = (8, 10, 11, 12, 13, 14, 15, 16, 17)
_FULL = 2


def pixels_of(film: Film, frame: Any) -> Pixels:
    """A decoded frame, upright: (height, width, 3) uint8, or uint16 where the file has more than 8 bits.

    Raises:
        MediaError: The frame is of another size than the first, transparent, or in a colour space that is not known.
    """
    if (frame.height, frame.width) != film.stored:
        raise MediaError(
            f"video: its frames must be of one size, change from {film.stored} to {(frame.height, frame.width)} "
            "(height, width); cut it there"
        )
    pixels = _rgb(frame, film.colours)
    if film.mirrored:
        pixels = pixels[:, ::-1]
    if film.turns:
        pixels = np.rot90(pixels, film.turns)
    return np.ascontiguousarray(pixels)


def planes_of(pixels: Pixels, pix_fmt: str, colours: Colours) -> Any:
    """A frame of an encoder's layout, made of RGB pixels; what `pixels_of` undoes.

    Args:
        pixels: (height, width, 3) uint8 or uint16.
        pix_fmt: FFmpeg's name of the layout.
        colours: The numbers of matrix and range, as `Film.colours` has them.
    """
    import cv2

    if not _PLANAR.fullmatch(pix_fmt):
        return _packed_rgb(pixels, pix_fmt)
    frame = empty_frame(pixels.shape[1], pixels.shape[0], pix_fmt)
    bits = frame.format.components[0].bits
    forward = _forward(colours[0], _is_full(pix_fmt, colours[1]), bits, 8 * pixels.dtype.itemsize)
    if len(frame.planes) == 1:
        _fill(frame.planes[0], _deepened(pixels, bits, forward[:1]), bits)
        return frame
    for plane, values in zip(frame.planes, cv2.split(_deepened(pixels, bits, forward)), strict=True):
        _fill(plane, _thinned(values, plane), bits)
    return frame


def empty_frame(width: int, height: int, pix_fmt: str) -> Any:
    """A frame to be filled."""
    return av_library().VideoFrame(width, height, pix_fmt)


def _deepened(pixels: Pixels, bits: int, matrix: Pixels) -> Pixels:
    """Matrix times pixels, in the type that the layout asks for."""
    import cv2

    if bits > 8 and pixels.dtype == np.uint8:
        pixels = pixels.astype(np.uint16)
    if bits == 8 and pixels.dtype == np.uint16:
        return np.asarray(cv2.transform(pixels, matrix).astype(np.uint8))
    done: Pixels = cv2.transform(pixels, matrix)
    return done


def _thinned(values: Pixels, plane: Any) -> Pixels:
    """The mean of the pixels that share a colour sample; at an odd border the last pixel counts twice."""
    import cv2

    height, width = values.shape
    if (plane.height, plane.width) == (height, width):
        return values
    down, right = (-height) % _step(height, plane.height), (-width) % _step(width, plane.width)
    if down or right:
        values = cv2.copyMakeBorder(values, 0, down, 0, right, cv2.BORDER_REPLICATE)
    done: Pixels = cv2.resize(values, (plane.width, plane.height), interpolation=cv2.INTER_AREA)
    return done


def _step(whole: int, part: int) -> int:
    """How many pixels share a colour sample along one side."""
    return next(step for step in (1, 2, 4) if -(-whole // step) == part)


def _rgb(frame: Any, colours: Colours) -> Pixels:
    import cv2

    frame = frame.reformat(format=_PACKED[frame.format.name], threads=1) if frame.format.name in _PACKED else frame
    form = frame.format
    if not _PLANAR.fullmatch(form.name):
        return _unpacked_rgb(frame)
    bits = form.components[0].bits
    backward = _backward(colours[0], _is_full(form.name, colours[1]), bits)
    planes = [_read(plane, bits) for plane in frame.planes]
    if len(planes) == 1:
        grey = np.hstack([backward[:, :1], backward[:, 3:] + backward[:, 1:3].sum(1, keepdims=True) * (1 << bits - 1)])
        return np.asarray(cv2.transform(planes[0], grey))
    luma, *chroma = planes
    return np.asarray(cv2.transform(cv2.merge([luma, *(_spread(plane, luma.shape) for plane in chroma)]), backward))


def _spread(plane: Pixels, shape: tuple[int, ...]) -> Pixels:
    """Each colour sample repeated for the pixels that share it."""
    import cv2

    if plane.shape == shape:
        return plane
    steps = [_step(whole, part) for whole, part in zip(shape, plane.shape, strict=True)]
    size = (plane.shape[1] * steps[1], plane.shape[0] * steps[0])
    spread: Pixels = cv2.resize(plane, size, interpolation=cv2.INTER_NEAREST)
    return spread[: shape[0], : shape[1]]


# ---- RGB in other layouts


def _unpacked_rgb(frame: Any) -> Pixels:
    form = frame.format
    alpha = form.has_palette or any(part.is_alpha for part in form.components)
    deep = any(part.bits > 8 for part in form.components)
    if not (form.is_rgb or form.has_palette):
        raise MediaError(f"video: frames of {form.name} cannot be read; convert it to yuv420p first")
    name = ("rgba64le" if alpha else "rgb48le") if deep else ("rgba" if alpha else "rgb24")
    array: Pixels = frame.reformat(format=name, threads=1).to_ndarray()
    if alpha and (array[..., 3] != np.iinfo(array.dtype).max).any():
        raise MediaError("video: must be without transparency, is not; flatten it first")
    return array[..., :3]


def _packed_rgb(pixels: Pixels, pix_fmt: str) -> Any:
    name = "rgb48le" if pixels.dtype == np.uint16 else "rgb24"
    frame = av_library().VideoFrame.from_ndarray(np.ascontiguousarray(pixels), name)
    return frame.reformat(format=pix_fmt, threads=1)


# ---- planes


def _read(plane: Any, bits: int) -> Pixels:
    """The numbers of a plane, without the ends of its lines; a view."""
    kind = np.uint16 if bits > 8 else np.uint8
    lines: Pixels = np.frombuffer(plane, kind).reshape(-1, plane.line_size // kind().itemsize)
    return lines[: plane.height, : plane.width]


def _fill(plane: Any, values: Pixels, bits: int) -> None:
    _read(plane, bits)[:] = values


def _is_full(pix_fmt: str, said: int) -> bool:
    return pix_fmt.startswith("yuvj") or said == _FULL


@functools.lru_cache(16)
def _forward(matrix: int, full: bool, bits: int, depth: int) -> npt.NDArray[np.float64]:
    """(3, 4): brightness and colour of RGB of `depth` bits, in numbers of `bits` bits."""
    if matrix in _NO_WEIGHTS:
        raise MediaError(
            f"video: its colour matrix must be BT.601, BT.709 or BT.2020, is FFmpeg's {matrix}; convert it"
        )
    red, blue = _WEIGHTS.get(matrix, _BT601)
    green = 1 - red - blue
    shares = np.array(
        [
            [red, green, blue],
            [-red / (2 - 2 * blue), -green / (2 - 2 * blue), 0.5],
            [0.5, -green / (2 - 2 * red), -blue / (2 - 2 * red)],
        ]
    )
    top, step = (1 << bits) - 1, 1 << (bits - 8)
    spans = np.array([top, top, top] if full else [219 * step, 224 * step, 224 * step])
    offsets = np.array([0 if full else 16 * step, 1 << (bits - 1), 1 << (bits - 1)])
    return np.hstack([shares * spans[:, None] / ((1 << depth) - 1), offsets[:, None]])


@functools.lru_cache(16)
def _backward(matrix: int, full: bool, bits: int) -> npt.NDArray[np.float64]:
    """(3, 4): RGB of 8 bits, or of 16 for more, of brightness and colour."""
    forward = _forward(matrix, full, bits, 16 if bits > 8 else 8)
    inverse = np.linalg.inv(forward[:, :3])
    return np.hstack([inverse, -inverse @ forward[:, 3:]])
