"""Files that are cut off or damaged: the right pixels or a MediaError, never anything else."""

import warnings

import numpy as np
import pytest
from PIL import Image

from hfaug.errors import MediaError
from hfaug.media import decode_image, decode_mask, image_size
from tests.media.files import opened, oriented, photo, saved

PHOTO = photo(height=48, width=64)
FILES = {
    "jpeg": saved(PHOTO, "JPEG", quality=90, exif=oriented(1)),
    "jpeg progressive": saved(PHOTO, "JPEG", quality=90, progressive=True),
    "jpeg grey": saved(PHOTO[..., 0], "JPEG"),
    "jpeg cmyk": saved(Image.fromarray(PHOTO).convert("CMYK"), "JPEG"),
    "png": saved(PHOTO, "PNG"),
    "png palette": saved(Image.fromarray(PHOTO).quantize(50), "PNG", transparency=2),
    "png 16 bit": saved(PHOTO[..., 0].astype(np.uint16) * 257, "PNG"),
    "webp": saved(PHOTO, "WEBP"),
    "webp lossless": saved(PHOTO, "WEBP", lossless=True),
    "gif": saved(Image.fromarray(PHOTO).quantize(50), "GIF"),
    "bmp": saved(PHOTO, "BMP"),
    "tiff": saved(PHOTO, "TIFF", compression="tiff_lzw"),
    "avif": saved(PHOTO, "AVIF"),
    "jpeg 2000": saved(PHOTO, "JPEG2000"),
}
EXACT = ("png", "png palette", "png 16 bit", "gif", "bmp", "tiff", "webp lossless")


def decoded(content):
    """The pixels, or None when the file is refused; every other exception fails the test."""
    try:
        return decode_image(content).array
    except MediaError:
        return None


def by_pillow(content, like):
    """Pillow's pixels in the channels of an array, or None when Pillow refuses the file."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[like.shape[2]]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = opened(content)
            array = np.array(image) if image.mode.startswith("I;16") else np.array(image.convert(mode))
    except Exception:  # noqa: BLE001  # Pillow raises nearly anything
        return None
    return array if array.ndim == 3 else array[..., None]


@pytest.mark.parametrize("kind", FILES)
def test_cut_off(kind):
    """A file that is cut off anywhere is refused; where only its end mark is missing, it may be decoded rightly."""
    content = FILES[kind]
    whole = decode_image(content).array
    steps = {*range(0, len(content), max(1, len(content) // 150)), *range(len(content) - 20, len(content))}
    refused = 0
    for length in sorted(steps):
        array = decoded(content[:length])
        refused += array is None
        if array is not None:
            np.testing.assert_array_equal(array, whole, err_msg=f"cut at {length} of {len(content)}")
    assert refused >= 0.9 * len(steps) - 20


@pytest.mark.parametrize("kind", FILES)
def test_flipped_bits(kind):
    """Flipped bits give the pixels that Pillow gives, or a MediaError; never another exception, never a crash."""
    content = FILES[kind]
    draws = np.random.default_rng(7)
    for _ in range(250):
        damaged = bytearray(content)
        for place in draws.integers(0, len(content), draws.integers(1, 4)):
            damaged[place] ^= 1 << draws.integers(0, 8)
        array = decoded(bytes(damaged))
        if array is not None and (expected := by_pillow(bytes(damaged), array)) is not None:
            np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("kind", FILES)
def test_flipped_bits_in_the_size(kind):
    """The size of a damaged file is a size, the one that decoding gives, or a MediaError."""
    content = FILES[kind]
    draws = np.random.default_rng(11)
    for _ in range(250):
        damaged = bytearray(content)
        damaged[draws.integers(0, min(len(content), 600))] ^= 1 << draws.integers(0, 8)
        try:
            size = image_size(bytes(damaged))
        except MediaError:
            continue
        array = decoded(bytes(damaged))
        assert array is None or array.shape[:2] == size


@pytest.mark.parametrize("kind", EXACT)
def test_damaged_masks(kind):
    """A damaged mask has its labels or is refused."""
    content = FILES[kind]
    draws = np.random.default_rng(13)
    for _ in range(100):
        damaged = bytearray(content)
        damaged[draws.integers(0, len(content))] ^= 1 << draws.integers(0, 8)
        try:
            decode_mask(bytes(damaged))
        except MediaError:
            continue


@pytest.mark.parametrize("kind", ["jpeg", "jpeg progressive", "png"])
def test_bytes_after_the_end(kind):
    """Bytes after the end mark, as some cameras leave them, do no harm."""
    content = FILES[kind]
    np.testing.assert_array_equal(decode_image(content + b"\0" * 900).array, decode_image(content).array)


def test_half_a_jpeg_with_a_thumbnail():
    """The end mark of a thumbnail in the header is not taken for that of the photograph."""
    thumbnail = saved(PHOTO[:16, :16], "JPEG")
    assert thumbnail.endswith(b"\xff\xd9")
    content = saved(PHOTO, "JPEG", exif=oriented(1) + thumbnail)
    assert decoded(content) is not None
    assert decoded(content[: -len(content) // 4]) is None


def test_a_hole_in_the_middle():
    """A JPEG that lost its end but got padding instead is refused."""
    content = FILES["jpeg"]
    assert decoded(content[: len(content) // 2] + bytes(len(content) // 2)) is None
