"""Image bytes to pixels, with nothing mangled on the way."""

from __future__ import annotations

import numpy as np

from hfaug.errors import MediaError
from hfaug.media import headers, pillow
from hfaug.media.counters import counts
from hfaug.media.headers import Header
from hfaug.media.picture import Picture, Pixels
from hfaug.media.sources import checked_bytes

__all__ = ["decode_image", "decode_png", "image_size", "is_plain_jpeg"]

# Baseline, extended and progressive Huffman coding; the rest is rare and left to Pillow.
PLAIN_JPEG = (0xC0, 0xC1, 0xC2)
PNG_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}


def decode_image(data: bytes) -> Picture:
    """Decode one still image to its pixels as a viewer shows them.

    JPEG and PNG go through OpenCV, all else through Pillow; the pixels are those that Pillow gives. The orientation
    (EXIF, else XMP) is applied. A palette becomes RGB, or RGBA with transparency; grey with alpha becomes RGBA; one
    bit becomes 0 and 255; CMYK becomes RGB as Pillow converts it, without its profile; 16 bits stay 16 bits.

    Args:
        data: The file's bytes; the name of the file plays no part.

    Returns:
        The picture: array (height, width, 1 | 3 | 4), uint8 or uint16, owned by the caller.

    Raises:
        MediaError: The bytes are empty, no image, cut off, damaged, animated or many-page, or hold samples that
            neither 8 nor 16 bits can hold. A JPEG with flipped bits cannot always be told from a sound one.

    >>> from hfaug.media import encode_image
    >>> data = encode_image(np.zeros((4, 6, 3), np.uint8), like=Picture(np.zeros((1, 1, 3), np.uint8)))
    >>> picture = decode_image(data)
    >>> picture.array.shape, picture.format, picture.size
    ((4, 6, 3), 'PNG', (4, 6))
    """
    data = checked_bytes(data, "image")
    picture = None
    if data.startswith(headers.JPEG_MAGIC):
        header = headers.jpeg_header(data)
        if is_plain_jpeg(header):
            picture = _decode_opencv(data, header, "JPEG", "L" if header.channels == 1 else "RGB")
    elif data.startswith(headers.PNG_MAGIC):
        picture = decode_png(data, headers.png_header(data))
    picture = picture or _decode_pillow(data)
    counts.add("image.decode")
    return picture


def is_plain_jpeg(header: Header) -> bool:
    """Whether OpenCV decodes a JPEG to the pixels that Pillow gives."""
    return header.whole and header.kind in PLAIN_JPEG and header.channels in (1, 3) and header.bits == 8


def image_size(data: bytes) -> tuple[int, int]:
    """(height, width) that `decode_image` would give, from the header alone.

    Raises:
        MediaError: The bytes are empty, no image, animated or many-page, or their header is damaged.

    >>> from hfaug.media import encode_image
    >>> image_size(encode_image(np.zeros((4, 6, 3), np.uint8), like=Picture(np.zeros((1, 1, 3), np.uint8))))
    (4, 6)
    """
    data = checked_bytes(data, "image")
    if data.startswith(headers.JPEG_MAGIC):
        return headers.jpeg_header(data).size
    if data.startswith(headers.PNG_MAGIC):
        return headers.png_header(data).size
    return pillow.size_of(pillow.open_image(data))


def decode_png(data: bytes, header: Header) -> Picture | None:
    """Decode a PNG through OpenCV; None where Pillow has to judge or to look up a transparent value."""
    if not header.whole or (header.key is not None and header.kind == 0 and header.bits < 16):
        return None
    mode = PNG_MODES[header.kind]
    if header.bits == 16:
        mode = "I;16" if mode == "L" else f"{mode};16"
    elif header.bits == 1 and mode == "L":
        mode = "1"
    return _decode_opencv(data, header, "PNG", mode)


def _decode_opencv(data: bytes, header: Header, form: str, mode: str) -> Picture:
    """Decode a JPEG or PNG of a plain kind."""
    import cv2

    pillow.check_size(header.height, header.width, form)
    # Only "unchanged" keeps alpha; the others also promise RGB order. None of them may turn the image by itself.
    colour = cv2.IMREAD_GRAYSCALE if header.kind == 0 or header.channels == 1 else cv2.IMREAD_COLOR_RGB
    flags = colour | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    if header.channels == 4 and header.kind != 0:
        flags = cv2.IMREAD_UNCHANGED
    try:
        array: Pixels | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise headers.damaged(form) from error
    if array is None:
        raise headers.damaged(form)
    if flags == cv2.IMREAD_UNCHANGED and array.ndim == 3 and array.shape[2] == 4:
        array = cv2.cvtColor(array, cv2.COLOR_BGRA2RGBA)
    array = array if array.ndim == 3 else array[..., None]
    if header.kind == 0 and header.key is not None:
        array = _with_key(array, header.key)
    if array.shape != (header.height, header.width, header.channels):
        raise headers.damaged(form)
    array = pillow.upright(array, header.orientation)
    return Picture(array, form, mode, header.orientation != 1, form != "JPEG", header.icc)


def _with_key(grey: Pixels, key: bytes) -> Pixels:
    """RGBA of a 16-bit grey image of which one value is declared transparent."""
    alpha = np.where(grey == int.from_bytes(key[:2], "big"), 0, 0xFFFF).astype(grey.dtype)
    return np.concatenate([grey, grey, grey, alpha], axis=2)


def _decode_pillow(data: bytes) -> Picture:
    """Decode any other kind."""
    image = pillow.open_image(data)
    form = "JPEG" if image.format == "MPO" else str(image.format)
    try:
        if bits := pillow.deep_bits(data, image):
            return _decode_deep(data, pillow.orientation_of(image), bits, form)
        return pillow.to_picture(image, lossless=pillow.is_lossless(data, image))
    except (MediaError, MemoryError):
        raise
    except Exception as error:  # decoders raise nearly anything on damaged data
        raise headers.damaged(form) from error


def _decode_deep(data: bytes, orientation: int, bits: int, form: str) -> Picture:
    """Decode 16-bit colour that Pillow would cut to 8 bits."""
    import cv2

    array: Pixels | None = None
    if form == "TIFF" and bits == 16:
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.ndim != 3 or array.shape[2] not in (3, 4) or array.dtype != np.uint16:
        raise MediaError(
            f"image: must have 8 bits a sample, or 16 in PNG and TIFF, is a {form} of {bits}; "
            "convert it to PNG or TIFF first"
        )
    array = cv2.cvtColor(array, cv2.COLOR_BGRA2RGBA if array.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    mode = "RGBA;16" if array.shape[2] == 4 else "RGB;16"
    return Picture(pillow.upright(array, orientation), form, mode, orientation != 1)
