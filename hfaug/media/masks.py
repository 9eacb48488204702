"""Label maps: images whose values name classes and must come back exactly as they were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hfaug.errors import MediaError
from hfaug.media import headers, pillow
from hfaug.media.codec import Codec
from hfaug.media.counters import counts
from hfaug.media.image_writing import checked_pixels, png_options, write_pillow, write_png
from hfaug.media.images import decode_png
from hfaug.media.picture import Picture, Pixels
from hfaug.media.sources import checked_bytes

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["decode_mask", "encode_mask", "labels_of"]

WIDE = {"I": np.int32, "F": np.float32}
NARROW = ("1", "L", "P", "RGB", "RGBA")


def decode_mask(data: bytes) -> Picture:
    """Decode a label map to its values: palette indices stay indices, 16 and 32 bits stay as wide, one bit is 0 or 1.

    Returns:
        The picture: array (height, width, 1) of uint8, uint16, int32 or float32, or (height, width, 3 | 4) of uint8 or
        uint16 where the file holds colours. The orientation is applied, as for the image that the mask belongs to.

    Raises:
        MediaError: As `decode_image`, and where the format is lossy, so that its values are not the labels drawn.

    >>> data = encode_mask(np.array([[0, 7]], np.uint8), like=Picture(np.zeros((1, 1, 1), np.uint8)))
    >>> decode_mask(data).array[..., 0].tolist()
    [[0, 7]]
    """
    data = checked_bytes(data, "mask")
    picture = None
    if data.startswith(headers.PNG_MAGIC):
        header = headers.png_header(data)
        if header.kind != 3 and header.bits >= 8:
            # A value declared transparent is still that label.
            picture = decode_png(data, replace(header, key=None, channels=headers.PNG_CHANNELS[header.kind]))
    picture = picture or _decode_pillow(data)
    counts.add("image.decode.mask")
    return picture


def _decode_pillow(data: bytes) -> Picture:
    """Decode through Pillow, which hands out palette indices."""
    image = pillow.open_image(data)
    form = str(image.format)
    if not pillow.is_lossless(data, image):
        raise MediaError(
            f"mask: must be stored without loss, is a {form}, which may be lossy and then holds other labels than were "
            "drawn; store masks as PNG"
        )
    if bits := pillow.deep_bits(data, image):
        raise MediaError(f"mask: must have values that Pillow keeps, is a {form} of {bits} bits; store it as PNG")
    try:
        picture = labels_of(image)
    except (MediaError, MemoryError):
        raise
    except Exception as error:  # decoders raise nearly anything on damaged data
        raise headers.damaged(form) from error
    if picture.mode == "I" and picture.array.min() < 0 and pillow.is_unsigned(image):
        raise MediaError("mask: labels must fit in 31 bits, are unsigned and larger; number them anew")
    return picture


def labels_of(image: Image.Image) -> Picture:
    """The label values in a Pillow image, with their palette.

    Raises:
        MediaError: The image is animated or its mode holds no labels.
    """
    pillow.check_still(image)
    orientation, oriented = pillow.load(image)
    form, mode = image.format or "PNG", image.mode
    if mode not in NARROW and mode not in WIDE and not mode.startswith("I;16"):
        raise MediaError(f"mask: must hold labels (mode 1, L, P, I, F or RGB), is a {form} of mode {mode}; convert it")
    array = np.array(image)
    array = array.astype(WIDE.get(mode, np.uint16 if mode.startswith("I;16") else np.uint8), copy=False)
    array = pillow.upright(array if array.ndim == 3 else array[..., None], orientation)
    palette = alpha = None
    if mode == "P":
        palette, alpha = bytes(image.getpalette("RGB") or b""), image.info.get("transparency")
        if isinstance(alpha, int):
            alpha = b"\xff" * alpha + b"\0"
    return Picture(array, form, mode, oriented, palette=palette, transparency=alpha)


def encode_mask(array: Pixels, *, like: Picture, codec: Codec | None = None) -> bytes:
    """Encode a label map without loss: as PNG, with its source's palette or single bits; 32-bit values as TIFF.

    Args:
        array: Labels of shape (height, width, channels) or (height, width); bool, uint8, uint16, int32 or float32.
        like: The decoded source; its pixels are not looked at.
        codec: Settings; the defaults when left out.

    Raises:
        MediaError: The array is no label map.

    >>> encode_mask(np.zeros((2, 2), np.int32), like=Picture(np.zeros((1, 1, 1), np.int32), "TIFF", "I"))[:2]
    b'II'
    """
    codec = codec or Codec()
    array = np.asarray(array)
    array = array[..., None] if array.ndim == 2 else array
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    if array.dtype in (np.int32, np.float32) and array.ndim == 3 and array.shape[2] == 1 and array.size:
        data = write_pillow(array, "TIFF", {"compression": "tiff_lzw"})
    else:
        array = checked_pixels(array)
        narrow = array.dtype == np.uint8 and array.shape[2] == 1
        if narrow and like.palette is not None:
            data = _write_indices(array, like.palette, like.transparency, codec)
        elif narrow and like.mode == "1" and array.max() <= 1:
            data = write_pillow(array.astype(bool), "PNG", {"compress_level": codec.png_level})
        else:
            data = write_png(array, png_options(array, codec.png_level, labels=True))
    counts.add("image.encode.mask")
    return data


def _write_indices(array: Pixels, palette: bytes, alpha: bytes | None, codec: Codec) -> bytes:
    """A palette PNG of these very indices."""
    from PIL import Image

    image = Image.fromarray(array[..., 0])
    # An index past the palette would make the file invalid, so the palette grows by black entries.
    entries = max(len(palette) // 3, int(array.max()) + 1)
    image.putpalette(palette.ljust(3 * entries, b"\0"))
    options: dict[str, Any] = {"compress_level": codec.png_level}
    return write_pillow(image, "PNG", options if alpha is None else {**options, "transparency": alpha})
