"""Pillow at arm's length: open by content, read orientation and exactness, turn its images into pixels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from hfaug.errors import MediaError
from hfaug.media import headers
from hfaug.media.picture import Picture, Pixels

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "check_size",
    "check_still",
    "deep_bits",
    "is_lossless",
    "is_unsigned",
    "load",
    "mirrored",
    "open_image",
    "orientation_of",
    "size_of",
    "to_picture",
    "upright",
]

# What may be opened: formats of still pictures that are decoded in this process. Pillow would hand EPS to another
# program.
READABLE = (
    "AVIF",
    "BMP",
    "DIB",
    "GIF",
    "HEIF",
    "ICO",
    "JPEG",
    "JPEG2000",
    "PCX",
    "PNG",
    "PPM",
    "QOI",
    "TGA",
    "TIFF",
    "WEBP",
)
# A header may claim any size; past this the claim is taken for damage before memory is asked for.
MAX_PIXELS = 1 << 28
EXACT = ("BMP", "DIB", "GIF", "ICO", "PCX", "PNG", "PPM", "QOI", "TGA")
# TIFF compressions that lose: JPEG in its several kinds, WebP, JPEG XL.
LOSSY_TIFF = ("jpeg", "webp", "jxl")
COLOURS = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB", "RGBX": "RGB", "CMYK": "RGB", "YCbCr": "RGB", "LAB": "RGB"}
COLOURS |= {"HSV": "RGB", "RGBA": "RGBA", "RGBa": "RGBA", "LA": "RGBA", "La": "RGBA", "PA": "RGBA"}
BITS_PER_SAMPLE, SAMPLE_FORMAT = 258, 339


def open_image(data: bytes) -> Image.Image:
    """Open a still picture by its content, header only.

    Raises:
        MediaError: It is no image, an animated one, or its header is damaged or claims too much.
    """
    from PIL import Image, UnidentifiedImageError

    Image.init()
    try:
        image = Image.open(io.BytesIO(data), formats=[name for name in READABLE if name in Image.OPEN])
        check_still(image)
    except UnidentifiedImageError as error:
        raise MediaError(
            f"image: must be an image file of a kind that Pillow reads, starts with {data[:8]!r}; "
            "convert it to PNG, or fetch the file again"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaError(f"image: must fit in memory: {error}; tile the image, or raise Pillow's limit") from error
    except (MediaError, MemoryError):
        raise
    except Exception as error:
        raise headers.damaged("image") from error
    check_size(image.height, image.width, str(image.format))
    return image


def check_still(image: Image.Image) -> None:
    """Refuse an image of several frames or pages; the further pictures of a phone's JPEG are no frames."""
    if image.format not in ("JPEG", "MPO", None) and getattr(image, "n_frames", 1) > 1:
        raise headers.animated(str(image.format))


def check_size(height: int, width: int, form: str) -> None:
    """Refuse a size that can only be damage, or that no memory holds."""
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise MediaError(
            f"image: must have 1..{MAX_PIXELS} pixels, the {form} header says {height} x {width}; "
            "fetch the file again, or tile the image"
        )


def orientation_of(image: Image.Image) -> int:
    """The orientation 1..8 that Pillow would apply."""
    try:
        return headers.valid_orientation(image.getexif().get(headers.EXIF_ORIENTATION))
    except Exception:  # noqa: BLE001  # damaged metadata, however they fail, say nothing about the orientation
        return 1


def size_of(image: Image.Image) -> tuple[int, int]:
    """(height, width) of an image that is opened and not loaded, upright."""
    # Of a TIFF, Pillow tells the upright size at once; of all others it turns nothing by itself.
    turned = image.format != "TIFF" and orientation_of(image) >= 5
    return (image.width, image.height) if turned else (image.height, image.width)


def load(image: Image.Image) -> tuple[int, bool]:
    """Load the pixels; the orientation that is still to be applied, and whether there is or was one."""
    before = orientation_of(image)
    image.load()
    after = orientation_of(image)
    return after, (before, after) != (1, 1)


def is_lossless(data: bytes, image: Image.Image) -> bool:
    """Whether the source surely holds exact pixels."""
    if image.format == "WEBP":
        return headers.webp_is_lossless(data)
    if image.format == "TIFF":
        return not any(name in str(image.info.get("compression", "")) for name in LOSSY_TIFF)
    return image.format in EXACT


def deep_bits(data: bytes, image: Image.Image) -> int:
    """Bits a sample where Pillow would quietly cut them to 8 (or 64 to 32), else 0."""
    if image.format == "TIFF":
        bits = max(_tiff_bits(image))
        fits = image.mode.startswith("I;16") or (image.mode in ("I", "F") and bits <= 32)
        return bits if bits > 8 and not fits else 0
    if image.format == "PPM":
        return 16 if _ppm_top(image) > 255 else 0
    if image.format == "JPEG2000" and not image.mode.startswith("I;16"):
        start = data.find(b"\xff\x4f\xff\x51")  # start of the code stream and its size marker
        bits = (data[start + 42] & 0x7F) + 1 if 0 <= start < len(data) - 42 else 0
        return bits if bits > 8 else 0
    return 0


def _ppm_top(image: Image.Image) -> int:
    """The value of white in a PPM; Pillow tells it only to its own decoder, and only when it is not 255."""
    tiles = getattr(image, "tile", None) or [(None, None, None, None)]
    settings = tiles[0][3]
    top = settings[-1] if isinstance(settings, tuple) else None
    return top if isinstance(top, int) else 255


def is_unsigned(image: Image.Image) -> bool:
    """Whether a TIFF says that its values have no sign, which Pillow overlooks at 32 bits."""
    return image.format == "TIFF" and getattr(image, "tag_v2", {}).get(SAMPLE_FORMAT, (1,))[0] == 1


def _tiff_bits(image: Image.Image) -> tuple[int, ...]:
    """Bits of each sample of a TIFF."""
    bits = getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, (1,))
    return bits if isinstance(bits, tuple) else (bits,)


def to_picture(image: Image.Image, *, lossless: bool = True) -> Picture:
    """The picture in a Pillow image, upright.

    Raises:
        MediaError: The image is animated, or its samples are neither of 8 nor of 16 bits.
    """
    check_still(image)
    orientation, oriented = load(image)
    form = "JPEG" if image.format == "MPO" else image.format or "PNG"
    array = upright(_colours(image, form), orientation)
    icc = image.info.get("icc_profile")
    return Picture(array, form, image.mode, oriented, lossless, icc if isinstance(icc, bytes) else None)


def _colours(image: Image.Image, form: str) -> Pixels:
    """Grey, RGB or RGBA pixels of a loaded image."""
    if image.mode.startswith("I;16"):
        return np.array(image).astype(np.uint16, copy=False)[..., None]
    if image.mode not in COLOURS:
        raise MediaError(
            f"image: must have 8 or 16 bits a sample, is a {form} of mode {image.mode}; "
            "convert it, or bind the column as a mask if its values are labels"
        )
    mode = "RGBA" if image.has_transparency_data else COLOURS[image.mode]
    array = np.array(image if image.mode == mode else image.convert(mode))
    return array if array.ndim == 3 else array[..., None]


def mirrored(orientation: int) -> tuple[bool, bool]:
    """Whether a picture is mirrored across and down, after its axes were swapped, to stand upright."""
    return orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)


def upright(array: Pixels, orientation: int) -> Pixels:
    """Turn stored pixels upright, as EXIF orientation 1..8 says; OpenCV copies them three times faster than NumPy."""
    import cv2

    if orientation == 1:
        return np.ascontiguousarray(array)
    channels = array.shape[2]
    if orientation >= 5:
        array = cv2.transpose(array)
    across, down = mirrored(orientation)
    if down or across:
        array = cv2.flip(array, -1 if down and across else int(across))
    return array.reshape(*array.shape[:2], channels)
