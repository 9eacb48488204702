"""Images that come in every shape: each is decoded as Pillow decodes it, or refused by name."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from hfaug.errors import MediaError
from hfaug.media import decode_image, image_size
from tests.media.files import chunk, opened, oriented, photo, png, saved

PHOTO = photo()
GREY = PHOTO[..., 1]
ALPHA = np.dstack([PHOTO, GREY])
DEEP = GREY.astype(np.uint16) * 257 + 3


def as_pillow(content, mode):
    """Upright pixels by Pillow alone."""
    image = ImageOps.exif_transpose(opened(content))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = np.array(image.convert(mode))
    return array if array.ndim == 3 else array[..., None]


def palette(colours=40, **options):
    """A palette image of the photograph."""
    return saved(Image.fromarray(PHOTO).quantize(colours), "PNG", **options)


KINDS = {
    "jpeg": (saved(PHOTO, "JPEG", quality=90), "JPEG", "RGB", "RGB"),
    "jpeg 4:4:4 progressive": (saved(PHOTO, "JPEG", subsampling=0, progressive=True), "JPEG", "RGB", "RGB"),
    "jpeg grey": (saved(GREY, "JPEG"), "JPEG", "L", "L"),
    "jpeg rgb colour space": (saved(PHOTO, "JPEG", keep_rgb=True), "JPEG", "RGB", "RGB"),
    "jpeg cmyk": (saved(Image.fromarray(PHOTO).convert("CMYK"), "JPEG"), "JPEG", "CMYK", "RGB"),
    "png": (saved(PHOTO, "PNG"), "PNG", "RGB", "RGB"),
    "png grey": (saved(GREY, "PNG"), "PNG", "L", "L"),
    "png 1 bit": (saved(Image.fromarray(GREY).convert("1"), "PNG"), "PNG", "1", "L"),
    "png alpha": (saved(ALPHA, "PNG"), "PNG", "RGBA", "RGBA"),
    "png grey alpha": (saved(Image.fromarray(ALPHA).convert("LA"), "PNG"), "PNG", "LA", "RGBA"),
    "png palette": (palette(), "PNG", "P", "RGB"),
    "png palette 4 bit": (palette(16), "PNG", "P", "RGB"),
    "png palette, one colour transparent": (palette(transparency=3), "PNG", "P", "RGBA"),
    "png palette, alpha table": (palette(transparency=bytes(range(40))), "PNG", "P", "RGBA"),
    "png grey, one value transparent": (saved(GREY, "PNG", transparency=int(GREY[0, 0])), "PNG", "L", "RGBA"),
    "png rgb, one colour transparent": (
        saved(PHOTO, "PNG", transparency=tuple(map(int, PHOTO[0, 0]))),
        "PNG",
        "RGB",
        "RGBA",
    ),
    "webp": (saved(PHOTO, "WEBP", quality=80), "WEBP", "RGB", "RGB"),
    "webp lossless alpha": (saved(ALPHA, "WEBP", lossless=True), "WEBP", "RGBA", "RGBA"),
    "gif": (saved(Image.fromarray(PHOTO).quantize(30), "GIF"), "GIF", "P", "RGB"),
    "bmp": (saved(PHOTO, "BMP"), "BMP", "RGB", "RGB"),
    "tiff": (saved(PHOTO, "TIFF"), "TIFF", "RGB", "RGB"),
    "tiff alpha": (saved(ALPHA, "TIFF", compression="tiff_lzw"), "TIFF", "RGBA", "RGBA"),
    "tiff cmyk": (saved(Image.fromarray(PHOTO).convert("CMYK"), "TIFF"), "TIFF", "CMYK", "RGB"),
    "jpeg 2000": (saved(PHOTO, "JPEG2000"), "JPEG2000", "RGB", "RGB"),
    "avif": (saved(PHOTO, "AVIF", quality=80), "AVIF", "RGB", "RGB"),
    "ppm": (saved(PHOTO, "PPM"), "PPM", "RGB", "RGB"),
    "tga": (saved(PHOTO, "TGA"), "TGA", "RGB", "RGB"),
    "ico": (saved(Image.fromarray(ALPHA).resize((48, 48)), "ICO", sizes=[(48, 48)]), "ICO", "RGBA", "RGBA"),
    "qoi": (saved(PHOTO, "QOI"), "QOI", "RGB", "RGB"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_decodes_as_pillow_does(kind):
    """Format, mode and every pixel are those of Pillow; the size is known from the header."""
    content, form, mode, colours = KINDS[kind]
    picture = decode_image(content)
    expected = as_pillow(content, colours)
    assert (picture.format, picture.mode, picture.oriented) == (form, mode, False)
    assert picture.array.dtype == np.uint8
    assert picture.array.flags.c_contiguous
    np.testing.assert_array_equal(picture.array, expected)
    assert image_size(content) == picture.size == expected.shape[:2]


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG2000"])
def test_sixteen_bit_grey_keeps_its_values(form):
    """No value of a 16-bit image is rounded."""
    picture = decode_image(saved(DEEP, form))
    assert (picture.array.dtype, picture.mode) == (np.uint16, "I;16")
    np.testing.assert_array_equal(picture.array[..., 0], DEEP)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_narrow_grey_png(bits):
    """Grey of 1, 2 and 4 bits is spread to 0..255."""
    lines = [bytes(np.random.default_rng(i).integers(0, 256, 3 * bits, dtype=np.uint8)) for i in range(5)]
    content = png(24, bits, 0, lines)
    np.testing.assert_array_equal(decode_image(content).array, as_pillow(content, "L"))


def test_sixteen_bit_colour_png():
    """16-bit RGB, RGBA, grey with alpha, and grey or RGB with a transparent value keep every value."""
    rgb = np.array([[[1, 500, 65535], [4, 5, 6]]], np.uint16)
    line = [rgb.astype(">u2").tobytes()]
    plain = decode_image(png(2, 16, 2, line))
    assert plain.mode == "RGB;16"
    np.testing.assert_array_equal(plain.array, rgb)
    keyed = decode_image(png(2, 16, 2, line, chunk(b"tRNS", np.array([4, 5, 6], ">u2").tobytes())))
    np.testing.assert_array_equal(keyed.array, np.dstack([rgb, [[65535, 0]]]))
    rgba = np.dstack([rgb, np.array([[7, 8]], np.uint16)])
    np.testing.assert_array_equal(decode_image(png(2, 16, 6, [rgba.astype(">u2").tobytes()])).array, rgba)
    grey_alpha = decode_image(png(2, 16, 4, [np.array([700, 9, 1000, 3], ">u2").tobytes()]))
    assert grey_alpha.mode == "LA;16"
    np.testing.assert_array_equal(grey_alpha.array, [[[700, 700, 700, 9], [1000, 1000, 1000, 3]]])
    grey = decode_image(png(2, 16, 0, [np.array([700, 9], ">u2").tobytes()], chunk(b"tRNS", b"\0\x09")))
    np.testing.assert_array_equal(grey.array, [[[700, 700, 700, 65535], [9, 9, 9, 0]]])


def test_interlaced_png():
    """The seven passes of an interlaced PNG are put together."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    lines = [line.tobytes() for top, left, down, right in passes for line in PHOTO[top::down, left::right]]
    head = struct.pack(">IIBBBBB", 120, 90, 8, 2, 0, 0, 1)
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines))
    chunks = chunk(b"IHDR", head), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    np.testing.assert_array_equal(decode_image(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).array, PHOTO)


def test_sixteen_bit_colour_tiff():
    """A 16-bit RGB TIFF, which Pillow cuts to 8 bits, keeps every value."""
    cv2 = pytest.importorskip("cv2")
    values = PHOTO.astype(np.uint16) * 257 + 5
    content = cv2.imencode(".tiff", values[..., ::-1].copy())[1].tobytes()
    picture = decode_image(content)
    assert (picture.mode, picture.format, picture.lossless) == ("RGB;16", "TIFF", True)
    np.testing.assert_array_equal(picture.array, values)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(form, orientation):
    """Each EXIF orientation gives the pixels of ImageOps.exif_transpose."""
    content = saved(PHOTO, form, exif=oriented(orientation))
    picture = decode_image(content)
    np.testing.assert_array_equal(picture.array, as_pillow(content, "RGB"))
    assert picture.oriented is (orientation != 1)
    assert image_size(content) == picture.size == ((120, 90) if orientation >= 5 else (90, 120))


@pytest.mark.parametrize("orientation", [3, 6])
def test_orientation_of_other_modes(orientation):
    """Grey, alpha, palette and 16-bit pixels are turned as well."""
    for image in (GREY, ALPHA, DEEP, Image.fromarray(PHOTO).quantize(9)):
        content = saved(image, "PNG", exif=oriented(orientation))
        turned = np.array(ImageOps.exif_transpose(opened(content)))
        array = decode_image(content).array
        if not isinstance(image, np.ndarray):
            turned = as_pillow(content, "RGB")
        np.testing.assert_array_equal(array, turned if turned.ndim == 3 else turned[..., None])


@pytest.mark.parametrize("orientation", [0, 9, 200])
def test_senseless_orientation_is_none(orientation):
    """A value outside of 1..8 means nothing."""
    content = saved(PHOTO, "JPEG", exif=oriented(orientation))
    assert not decode_image(content).oriented
    assert image_size(content) == (90, 120)


def test_damaged_exif_is_none():
    """EXIF that cannot be read does not stop the image."""
    content = saved(PHOTO, "JPEG", exif=b"Exif\0\0MM\0\x2a\0\0\xff\xff\0\1")
    assert decode_image(content).size == (90, 120)


def test_orientation_where_others_hide_it():
    """XMP, text chunks of ImageMagick and EXIF after the pixels count, as they do for Pillow."""
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    profile = oriented(8)
    text = b"Raw profile type exif\0" + f"\nexif\n{len(profile):8}\n{profile.hex()}\n".encode()
    line = [GREY[y].tobytes() for y in range(90)]
    international = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    files = {
        "jpeg xmp": saved(PHOTO, "JPEG", xmp=xmp),
        "png xmp": png(120, 8, 0, line, international),
        "png raw profile": png(120, 8, 0, line, chunk(b"tEXt", text)),
        "png late exif": png(120, 8, 0, line, after=chunk(b"eXIf", profile[6:])),
        "webp xmp": saved(PHOTO, "WEBP", xmp=xmp),
    }
    for name, content in files.items():
        picture = decode_image(content)
        assert picture.oriented, name
        assert image_size(content) == (120, 90), name
        np.testing.assert_array_equal(picture.array, as_pillow(content, picture.mode), err_msg=name)


def test_phone_jpeg_with_a_second_picture():
    """A JPEG that carries further pictures (MPO) is the first of them."""
    content = saved(PHOTO, "MPO", save_all=True, append_images=[Image.fromarray(PHOTO[:40, :40])])
    picture = decode_image(content)
    assert (picture.format, picture.size) == ("JPEG", (90, 120))


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_several_frames_are_refused(form):
    """Animated and many-page files are refused by name, and not cut to their first frame."""
    frames = [Image.fromarray(PHOTO), Image.fromarray(PHOTO[::-1].copy())]
    content = saved(frames[0], form, save_all=True, append_images=frames[1:])
    with pytest.raises(MediaError, match=rf"animated or many-page {form}; split it into frames.*video"):
        decode_image(content)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_one_frame_is_a_picture(form):
    """An animation of one frame is a picture."""
    assert decode_image(saved(PHOTO, form, save_all=True)).size == (90, 120)


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"hello world", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"%PDF-1.7", b"<svg/>"],
)
def test_no_image_is_refused(content):
    """What is no image is named so, for pixels and for the size."""
    for function in (decode_image, image_size):
        with pytest.raises(MediaError, match=r"^image: must be "):
            function(content)


def test_no_bytes_are_refused():
    """A path or None is no file content."""
    for value in ("photo.jpg", None, 3):
        with pytest.raises(MediaError, match="must be the bytes of a file, is "):
            decode_image(value)
    assert decode_image(bytearray(KINDS["png"][0])).size == decode_image(memoryview(KINDS["png"][0])).size


def test_encapsulated_postscript_is_refused():
    """No other program is started to look at a file."""
    with pytest.raises(MediaError, match="must be an image file"):
        decode_image(saved(PHOTO, "EPS"))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_thirty_two_bits_are_refused(mode):
    """Values of 32 bits are no colours, and the message says what they may be."""
    content = saved(Image.fromarray(GREY).convert(mode), "TIFF")
    with pytest.raises(MediaError, match="bind the column as a mask"):
        decode_image(content)


def test_sixteen_bit_colour_elsewhere_is_refused():
    """16-bit colour that could only be cut to 8 bits is refused."""
    cv2 = pytest.importorskip("cv2")
    ppm = b"P6\n2 1\n65535\n" + np.arange(6, dtype=">u2").tobytes()
    jpeg_2000 = cv2.imencode(".jp2", PHOTO.astype(np.uint16) * 257)[1].tobytes()
    for content in (ppm, jpeg_2000):
        with pytest.raises(MediaError, match="must have 8 bits a sample, or 16 in PNG and TIFF"):
            decode_image(content)


def test_huge_claims_are_refused():
    """A header that claims more pixels than any memory holds is not believed."""
    huge = png(1, 8, 0, [b"\0"]).replace(b"\0\0\0\1\0\0\0\1", b"\0\1\0\0\0\1\0\0", 1)
    with pytest.raises(MediaError, match="must have 1"):
        decode_image(huge)


def test_profile_and_exactness_are_kept():
    """The colour profile and whether the source was exact are handed on to the encoder."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    long = icc + bytes(150_000)  # more than one segment of a JPEG
    for form, lossless in (("JPEG", False), ("PNG", True), ("WEBP", False), ("TIFF", True)):
        for profile in (icc, long):
            picture = decode_image(saved(PHOTO, form, icc_profile=profile))
            assert (picture.icc, picture.lossless) == (profile, lossless)
    assert decode_image(saved(PHOTO, "WEBP", lossless=True)).lossless
    assert not decode_image(saved(PHOTO, "TIFF", compression="jpeg")).lossless
    assert not decode_image(saved(PHOTO, "JPEG2000")).lossless


def test_the_name_of_the_file_plays_no_part(tmp_path):
    """A PNG under the name of a JPEG is a PNG."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(KINDS["png"][0])
    assert decode_image(path.read_bytes()).format == "PNG"


def test_decoding_changes_no_global_state():
    """Limits and random generators of other libraries are as before."""
    before = Image.MAX_IMAGE_PIXELS, np.random.get_state()[1].tolist()  # noqa: NPY002
    decode_image(KINDS["gif"][0])
    assert (Image.MAX_IMAGE_PIXELS, np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_pixels_belong_to_the_caller():
    """Two decodes share nothing."""
    content = KINDS["png"][0]
    first = decode_image(content)
    first.array[:] = 0
    assert decode_image(content).array.any()
    assert io.BytesIO(content).read() == content
