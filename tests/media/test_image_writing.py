"""Images are written in the format of their source, the same bytes every time, and without loss where it had none."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from hfaug.errors import MediaError
from hfaug.media import Codec, Picture, decode_image, encode_image
from tests.media.files import opened, oriented, photo, saved

PHOTO = photo()
GREY = PHOTO[..., :1]
ALPHA = np.dstack([PHOTO, GREY])
DEEP = GREY.astype(np.uint16) * 257 + 3
DEEP_COLOUR = PHOTO.astype(np.uint16) * 257 + 3
PROFILES = {
    3: ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    1: bytes(16) + b"GRAY" + bytes(108),
}

LOSSLESS = {
    "PNG": ("PNG", (PHOTO, GREY, ALPHA, DEEP, DEEP_COLOUR)),
    "WEBP": ("WEBP", (PHOTO, ALPHA)),
    "TIFF": ("TIFF", (PHOTO, GREY, ALPHA, DEEP, DEEP_COLOUR)),
    "BMP": ("BMP", (PHOTO, GREY)),
    "JPEG2000": ("JPEG2000", (PHOTO, GREY, ALPHA)),
    "GIF": ("PNG", (PHOTO, GREY, ALPHA)),
    "PPM": ("PNG", (PHOTO, GREY)),
    "TGA": ("PNG", (PHOTO, ALPHA)),
    "HEIF": ("PNG", (PHOTO,)),
}


def difference(one, other):
    """Peak signal-to-noise ratio in dB."""
    return 10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2))


@pytest.mark.parametrize("form", LOSSLESS)
def test_lossless_formats_keep_every_value(form):
    """What has no loss comes back exactly, in its own format or, where that cannot hold it, as PNG."""
    written, arrays = LOSSLESS[form]
    for array in arrays:
        content = encode_image(array, like=Picture(array, format=form))
        picture = decode_image(content)
        assert picture.format == written
        assert picture.array.dtype == array.dtype
        np.testing.assert_array_equal(picture.array, array)


@pytest.mark.parametrize(
    ("form", "array"), [("BMP", ALPHA), ("BMP", DEEP), ("WEBP", DEEP), ("AVIF", DEEP), ("JPEG2000", DEEP)]
)
def test_what_a_format_cannot_hold_becomes_png(form, array):
    """Alpha in a BMP and 16 bits in most are not cut off."""
    picture = decode_image(encode_image(array, like=Picture(array, format=form)))
    assert picture.format == "PNG"
    np.testing.assert_array_equal(picture.array, array)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF"])
def test_lossy_formats_stay_close(form):
    """Lossy sources are written in their own lossy format, close to what was given."""
    source = decode_image(saved(PHOTO, form))
    picture = decode_image(encode_image(PHOTO, like=source))
    assert (picture.format, picture.lossless) == (form, False)
    assert difference(picture.array, PHOTO) > 33
    if form == "JPEG":
        grey = decode_image(encode_image(GREY, like=source))
        assert grey.mode == "L"
        assert difference(grey.array, GREY) > 40


def test_transparent_colours_survive_in_lossless_webp():
    """Colours under full transparency are pixels too."""
    array = ALPHA.copy()
    array[..., 3] = 0
    like = Picture(array, format="WEBP", lossless=True)
    np.testing.assert_array_equal(decode_image(encode_image(array, like=like)).array, array)


@pytest.mark.parametrize(("sampling", "factors"), [("4:4:4", (1, 1)), ("4:2:2", (2, 1)), ("4:2:0", (2, 2))])
def test_jpeg_settings_are_written(sampling, factors):
    """Quality and subsampling are those asked for, and the pixels those that Pillow writes with the same settings."""
    like = Picture(PHOTO, format="JPEG", lossless=False)
    content = encode_image(PHOTO, like=like, codec=Codec(jpeg_quality=83, jpeg_subsampling=sampling))
    image = opened(content)
    assert image.layer[0][1:3] == factors
    twin = opened(saved(PHOTO, "JPEG", quality=83, subsampling=sampling))
    assert image.quantization == twin.quantization
    np.testing.assert_array_equal(np.array(image), np.array(twin))


def test_quality_decides_size():
    """Better quality takes more bytes, in each lossy format."""
    for form, name in (("JPEG", "jpeg_quality"), ("WEBP", "webp_quality"), ("AVIF", "avif_quality")):
        like = Picture(PHOTO, format=form, lossless=False)
        low, high = (len(encode_image(PHOTO, like=like, codec=Codec(**{name: value}))) for value in (30, 90))
        assert low < high


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000", "GIF"])
def test_equal_pixels_give_equal_bytes(form):
    """Written twice, from a copy and from another memory order, the file is the same."""
    like = Picture(PHOTO, format=form, lossless=False, icc=PROFILES[3])
    first = encode_image(PHOTO, like=like)
    assert encode_image(PHOTO.copy(), like=like) == first
    assert encode_image(np.asfortranarray(PHOTO), like=like) == first
    assert encode_image(PHOTO[::-1, ::-1][::-1, ::-1], like=like) == first


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_profile_stays_while_it_fits(form):
    """The colour profile is written for pixels of its kind, and for no others."""
    for array, other in ((PHOTO, GREY), (GREY, PHOTO)):
        profile = PROFILES[array.shape[2]]
        like = Picture(array, format=form, lossless=form == "TIFF", icc=profile)
        assert opened(encode_image(array, like=like)).info.get("icc_profile") == profile
        assert "icc_profile" not in opened(encode_image(other, like=like)).info
    long = PROFILES[3] + bytes(150_000)
    content = encode_image(PHOTO, like=Picture(PHOTO, format=form, lossless=False, icc=long))
    assert decode_image(content).icc == long


def test_cmyk_becomes_rgb():
    """A CMYK JPEG is written as an RGB JPEG, without its profile for inks."""
    source = decode_image(
        saved(Image.fromarray(PHOTO).convert("CMYK"), "JPEG", icc_profile=bytes(16) + b"CMYK" + bytes(9))
    )
    assert source.icc
    written = opened(encode_image(source.array, like=source))
    assert (written.mode, written.format) == ("RGB", "JPEG")
    assert "icc_profile" not in written.info


def test_orientation_and_other_metadata_are_not_written():
    """A turned photograph has no orientation left, and no place or camera."""
    tags = Image.Exif()
    tags[0x0112], tags[0x0110] = 6, "camera"
    for form in ("JPEG", "PNG", "WEBP", "TIFF"):
        source = decode_image(saved(PHOTO, form, exif=tags.tobytes()))
        assert source.oriented
        content = encode_image(source.array, like=source)
        written = Image.open(io.BytesIO(content)).getexif()
        assert written.get(0x0112, 1) == 1
        assert 0x0110 not in written
        again = decode_image(content)
        assert again.size == source.size
        assert not again.oriented


@pytest.mark.parametrize("level", range(10))
def test_png_levels_change_bytes_only(level):
    """Each level gives the same pixels, for photographs, drawings and 16 bits."""
    drawn = np.kron(np.arange(12, dtype=np.uint8).reshape(3, 4), np.ones((20, 20), np.uint8))[..., None]
    for array in (PHOTO, ALPHA, DEEP, drawn):
        content = encode_image(array, like=Picture(array), codec=Codec(png_level=level))
        np.testing.assert_array_equal(decode_image(content).array, array)


def test_png_is_small_at_the_default_level():
    """Photographs and drawings full of text take at most 10 % more than with Pillow's default."""
    drawing = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(drawing)
    for i in range(20):
        draw.rectangle([i * 20, i * 9, i * 20 + 60, i * 12 + 40], fill=(i * 12, 255 - i * 12, i))
        draw.text((i * 3, i * 15), "the quick brown fox jumps over the lazy dog", fill="black")
    for array in (photo("astronaut", 0, 0, 256, 256), np.array(drawing)):
        assert len(encode_image(array, like=Picture(array))) < 1.1 * len(saved(array, "PNG"))


def test_a_faulty_profile_does_no_harm():
    """A profile that an encoder would find fault with is handed on as it came."""
    for form in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        faulty = bytes(16) + b"RGB " + bytes(7)
        content = encode_image(PHOTO, like=Picture(PHOTO, format=form, icc=faulty))
        assert decode_image(content).icc == faulty


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3)])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "JPEG2000"])
def test_tiny_images(shape, form):
    """A single pixel, a line and a column go there and back."""
    for channels in (1, 3):
        array = np.full((*shape, channels), 200, np.uint8)
        picture = decode_image(encode_image(array, like=Picture(array, format=form)))
        assert picture.size == shape
        assert np.abs(picture.array.astype(int) - 200).max() <= 2


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros(4, np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        "pixels",
    ],
)
def test_no_pixels_are_refused(array):
    """What is no image is refused with what was given."""
    with pytest.raises(MediaError, match=r"^image: "):
        encode_image(array, like=Picture(PHOTO))


def test_jpeg_refuses_what_it_cannot_hold():
    """Alpha and 16 bits do not vanish into a JPEG."""
    for array in (ALPHA, DEEP):
        with pytest.raises(MediaError, match="a JPEG holds grey or RGB of 8 bits"):
            encode_image(array, like=Picture(PHOTO, format="JPEG", lossless=False))


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_too_long_sides_are_refused(form):
    """A format's limit on the side is a clear error."""
    with pytest.raises(MediaError, match=r"JPEG holds|WEBP cannot hold"):
        encode_image(np.zeros((1, 70_000, 3), np.uint8), like=Picture(PHOTO, format=form))


def test_the_array_is_not_written_to():
    """Encoding leaves its input alone, a read-only one too."""
    array = PHOTO.copy()
    array.flags.writeable = False
    for form in ("JPEG", "PNG", "WEBP", "TIFF"):
        encode_image(array, like=Picture(array, format=form))
    np.testing.assert_array_equal(array, PHOTO)


def test_greyscale_without_channel_axis():
    """(height, width) means one channel."""
    content = encode_image(GREY[..., 0], like=Picture(GREY))
    assert decode_image(content).array.shape == GREY.shape


def test_turned_photograph_keeps_its_place():
    """A source with orientation, decoded and written, shows what a viewer saw."""
    source = decode_image(saved(PHOTO, "PNG", exif=oriented(5)))
    again = decode_image(encode_image(source.array, like=source))
    np.testing.assert_array_equal(again.array, PHOTO.transpose(1, 0, 2))
