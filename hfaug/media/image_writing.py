"""Pixels to image bytes in the source's own format, the same bytes every time."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np

from hfaug.errors import MediaError
from hfaug.media.codec import Codec
from hfaug.media.counters import counts
from hfaug.media.picture import Picture, Pixels

__all__ = ["checked_pixels", "encode_image", "write_pillow", "write_png"]

PREDICTOR = 317  # a TIFF tag
PNG_HEADER = 33  # signature and first chunk, in bytes
PROFILE_PART = 65_519  # what one segment of a JPEG holds of a profile, in bytes
MAX_PROFILE = 255 * PROFILE_PART
PILLOW_WRITES = ("AVIF", "BMP", "JPEG2000", "TIFF", "WEBP")


def encode_image(array: Pixels, *, like: Picture, codec: Codec | None = None) -> bytes:
    """Encode pixels in the format of their source; equal arrays and settings give equal bytes.

    JPEG is written at ``codec.jpeg_quality``; PNG, BMP, TIFF and JPEG 2000 without loss; WebP like its source, without
    loss or at ``codec.webp_quality``; AVIF at ``codec.avif_quality``. Whatever these cannot hold (16 bits or alpha in
    most) and every other format becomes a PNG: a GIF's palette, for one, cannot hold new colours. Orientation is never
    written; a colour profile stays while it fits the channels; other metadata (place, camera, comments) are left
    behind.

    Args:
        array: Shape (height, width, 1 | 3 | 4) or (height, width), uint8 or uint16.
        like: The decoded source; its pixels are not looked at.
        codec: Settings; the defaults when left out.

    Raises:
        MediaError: The array is no image, or the source is a JPEG and the array has alpha or 16 bits.

    >>> source = Picture(np.zeros((1, 1, 3), np.uint8), format="JPEG", lossless=False)
    >>> encode_image(np.zeros((8, 8, 3), np.uint8), like=source)[:3].hex()
    'ffd8ff'
    """
    codec = codec or Codec()
    array = checked_pixels(array)
    space = b"GRAY" if array.shape[2] == 1 else b"RGB "
    icc = like.icc if like.icc and like.icc[16:20] == space and len(like.icc) <= MAX_PROFILE else None
    if like.format == "JPEG":
        data = _write_jpeg(array, codec, icc)
    elif like.format == "TIFF" and array.dtype == np.uint16:
        data = _write_opencv(".tiff", array, [])
    elif like.format not in PILLOW_WRITES or array.dtype == np.uint16 or (like.format, array.shape[2]) == ("BMP", 4):
        data = write_png(array, png_options(array, codec.png_level), icc)
    else:
        data = write_pillow(array, like.format, {**_options(like, codec), **({"icc_profile": icc} if icc else {})})
    counts.add("image.encode")
    return data


def checked_pixels(array: Pixels) -> Pixels:
    """The array in (height, width, channels) order, contiguous; refuses what is no image."""
    array = np.asarray(array)
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or array.dtype not in (np.uint8, np.uint16):
        raise MediaError(
            "image: an array must have shape (height, width, 1 | 3 | 4) and type uint8 or uint16, "
            f"has {array.shape} and {array.dtype}; return such an array"
        )
    if not array.size:
        raise MediaError(f"image: must have at least one pixel, has shape {array.shape}; reject such rows instead")
    return np.ascontiguousarray(array)


def _write_jpeg(array: Pixels, codec: Codec, icc: bytes | None) -> bytes:
    """JPEG through OpenCV."""
    import cv2

    if array.shape[2] == 4 or array.dtype != np.uint8 or max(array.shape) > 65500:
        raise MediaError(
            "image: a JPEG holds grey or RGB of 8 bits and up to 65500 pixels a side, "
            f"was given {array.shape} {array.dtype}; drop alpha, convert, or make the source PNG"
        )
    sampling = {
        "4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
        "4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
        "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    }[codec.jpeg_subsampling]
    options = [cv2.IMWRITE_JPEG_QUALITY, codec.jpeg_quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    data = _write_opencv(".jpg", array, options)
    return data if icc is None else _with_profile_jpeg(data, icc)


def png_options(array: Pixels, level: int, *, labels: bool = False) -> list[int]:
    """Filter and strategy of a PNG, from measurements on photographs, charts and label maps.

    At level 1 what helps depends on the content. Photographs: the average filter with run-length coding, half the time
    of all filters with matching and 7 % smaller. Drawings, screens and text, where neighbours are equal: no filter and
    matching, as fast and half the size. Label maps: the difference to the line above, and runs.
    """
    import cv2

    if level != 1:
        strategy = cv2.IMWRITE_PNG_STRATEGY_FILTERED if level >= 6 else cv2.IMWRITE_PNG_STRATEGY_DEFAULT
        chosen = level, strategy, cv2.IMWRITE_PNG_ALL_FILTERS
    elif labels:
        chosen = 1, cv2.IMWRITE_PNG_STRATEGY_RLE, cv2.IMWRITE_PNG_FILTER_UP
    elif _is_drawn(array):
        chosen = 3, cv2.IMWRITE_PNG_STRATEGY_DEFAULT, cv2.IMWRITE_PNG_FILTER_NONE
    else:
        chosen = 1, cv2.IMWRITE_PNG_STRATEGY_RLE, cv2.IMWRITE_PNG_FILTER_AVG
    # OpenCV resets strategy and filter when it reads the level, so the level comes first.
    names = cv2.IMWRITE_PNG_COMPRESSION, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_FILTER
    return [value for pair in zip(names, chosen, strict=True) for value in pair]


def _is_drawn(array: Pixels) -> bool:
    """Whether most pixels equal their left neighbour, judged by every eighth line."""
    lines = array[::8]
    return lines.shape[1] > 1 and bool((lines[:, 1:] == lines[:, :-1]).mean() > 0.5)


def write_png(array: Pixels, options: list[int], icc: bytes | None = None) -> bytes:
    """PNG through OpenCV."""
    data = _write_opencv(".png", array, options)
    return data if icc is None else _with_profile_png(data, icc)


def _with_profile_jpeg(data: bytes, icc: bytes) -> bytes:
    """The JPEG with a colour profile behind its first segment, in as many segments as it takes."""
    place = 4 + int.from_bytes(data[4:6], "big")
    parts = [icc[start : start + PROFILE_PART] for start in range(0, len(icc), PROFILE_PART)]
    segments = b"".join(
        b"\xff\xe2" + struct.pack(">H12sBB", len(part) + 16, b"ICC_PROFILE\0", number, len(parts)) + part
        for number, part in enumerate(parts, 1)
    )
    return data[:place] + segments + data[place:]


def _with_profile_png(data: bytes, icc: bytes) -> bytes:
    """The PNG with a colour profile behind its header; libpng itself refuses profiles that it finds fault with."""
    body = b"iCCPicc\0\0" + zlib.compress(icc)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:PNG_HEADER] + chunk + data[PNG_HEADER:]


def _write_opencv(suffix: str, array: Pixels, options: list[int]) -> bytes:
    """Encode through OpenCV, which wants BGR order."""
    import cv2

    if array.shape[2] > 1:
        array = cv2.cvtColor(array, cv2.COLOR_RGB2BGR if array.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    try:
        done, data = cv2.imencode(suffix, array, options)
    except cv2.error as error:
        raise _not_written(suffix, array) from error
    if not done:
        raise _not_written(suffix, array)
    return bytes(data)


def _options(like: Picture, codec: Codec) -> dict[str, Any]:
    """Settings of the formats that Pillow writes."""
    if like.format == "WEBP" and like.lossless:
        # Effort 0 is three times faster than 1 for 5 % more bytes; "exact" keeps colours under full transparency.
        return {"lossless": True, "quality": 20, "method": 0, "exact": True}
    if like.format == "WEBP":
        return {"quality": codec.webp_quality, "method": 2}  # half the time of Pillow's default for 2 % more bytes
    if like.format == "AVIF":
        return {"quality": codec.avif_quality, "speed": 8, "max_threads": 1}
    if like.format == "TIFF":
        return {"compression": "tiff_lzw", "tiffinfo": {PREDICTOR: 2}}
    return {}


def write_pillow(array: Any, form: str, options: dict[str, Any]) -> bytes:
    """Encode an array, or a ready Pillow image, through Pillow."""
    from PIL import Image

    out = io.BytesIO()
    try:
        if isinstance(array, np.ndarray):
            array = Image.fromarray(array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array)
        array.save(out, format=form, **options)
    except Exception as error:
        raise _not_written(form, array) from error
    return out.getvalue()


def _not_written(form: str, content: Any) -> MediaError:
    """The refusal of content that an encoder does not take."""
    facts = getattr(content, "shape", None) or getattr(content, "size", None)
    return MediaError(f"image: {form} cannot hold an image of {facts}; make it smaller, or make the source PNG")
