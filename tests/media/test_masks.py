"""Label maps come back exactly, whatever they are stored in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hfaug.errors import MediaError
from hfaug.media import Codec, Picture, decode_mask, encode_mask
from tests.media.files import chunk, opened, oriented, photo, png, saved

LABELS = (np.add.outer(np.arange(60) // 7, np.arange(80) // 9) % 21).astype(np.uint8)
COLOURS = bytes(np.random.default_rng(0).integers(0, 256, 21 * 3, dtype=np.uint8))


def palette_image(labels=LABELS, colours=COLOURS):
    """A palette image of these very indices."""
    image = Image.fromarray(labels)
    image.putpalette(colours)
    return image


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "TIFF"])
def test_palette_indices_stay(form):
    """Indices, not colours, are the labels; the palette is written back."""
    content = saved(palette_image(), form, **({"optimize": False} if form == "GIF" else {}))
    mask = decode_mask(content)
    assert (mask.format, mask.mode, mask.array.dtype) == (form, "P", np.uint8)
    np.testing.assert_array_equal(mask.array[..., 0], LABELS)
    moved = mask.array[::-1].copy()
    written = opened(encode_mask(moved, like=mask))
    assert (written.format, written.mode) == ("PNG", "P")
    np.testing.assert_array_equal(np.array(written), LABELS[::-1])
    assert bytes(written.getpalette())[: len(COLOURS)] == COLOURS


@pytest.mark.parametrize("transparency", [0, 5, bytes([255, 0, 128])])
def test_palette_transparency_stays(transparency):
    """What was transparent is so again, and the labels do not change."""
    mask = decode_mask(saved(palette_image(), "PNG", transparency=transparency))
    np.testing.assert_array_equal(mask.array[..., 0], LABELS)
    written = opened(encode_mask(mask.array, like=mask))
    source = opened(saved(palette_image(), "PNG", transparency=transparency))
    np.testing.assert_array_equal(np.array(written.convert("RGBA")), np.array(source.convert("RGBA")))


def test_a_new_label_past_the_palette():
    """A label that the palette has no colour for (an ignore index, say) makes a valid file with that label."""
    mask = decode_mask(saved(palette_image(), "PNG"))
    array = mask.array.copy()
    array[:3] = 255
    again = decode_mask(encode_mask(array, like=mask))
    np.testing.assert_array_equal(again.array, array)
    assert again.palette[: len(COLOURS)] == COLOURS


@pytest.mark.parametrize(
    ("dtype", "form"),
    [(np.uint8, "PNG"), (np.uint16, "PNG"), (np.uint16, "TIFF"), (np.int32, "TIFF"), (np.float32, "TIFF")],
)
def test_values_stay(dtype, form):
    """8, 16 and 32 bits hold their values both ways."""
    values = LABELS.astype(dtype) * (1 if dtype is np.uint8 else 1500)
    mask = decode_mask(saved(values, form))
    assert mask.array.dtype == dtype
    np.testing.assert_array_equal(mask.array[..., 0], values)
    again = decode_mask(encode_mask(mask.array, like=mask))
    assert again.array.dtype == dtype
    np.testing.assert_array_equal(again.array, mask.array)


def test_large_and_negative_ids():
    """Instance ids use all 32 bits."""
    ids = np.array([[0, -1, 2**31 - 1], [-(2**31), 70_000, 5]], np.int32)
    mask = decode_mask(saved(ids, "TIFF"))
    np.testing.assert_array_equal(decode_mask(encode_mask(mask.array, like=mask)).array[..., 0], ids)


def test_unsigned_ids_over_the_signed_range_are_refused():
    """Unsigned ids that 32 signed bits cannot hold do not turn negative."""
    cv2 = pytest.importorskip("cv2")
    small = cv2.imencode(".tiff", np.array([[7, 9]], np.int32))[1].tobytes()
    np.testing.assert_array_equal(decode_mask(small).array[..., 0], [[7, 9]])
    signed = saved(np.array([[7, -2]], np.int32), "TIFF")
    content = signed.replace(b"S\x01\x03\x00\x01\x00\x00\x00\x02", b"S\x01\x03\x00\x01\x00\x00\x00\x01")
    assert (opened(signed).tag_v2[339], opened(content).tag_v2[339]) == ((2,), (1,))
    np.testing.assert_array_equal(decode_mask(signed).array[..., 0], [[7, -2]])
    with pytest.raises(MediaError, match="unsigned"):
        decode_mask(content)


def test_single_bits():
    """A mask of single bits holds 0 and 1, and is written as single bits again."""
    bits = LABELS > 9
    mask = decode_mask(saved(Image.fromarray(bits), "PNG"))
    assert mask.mode == "1"
    np.testing.assert_array_equal(mask.array[..., 0], bits)
    assert set(np.unique(mask.array)) == {0, 1}
    content = encode_mask(mask.array, like=mask)
    assert opened(content).mode == "1"
    np.testing.assert_array_equal(decode_mask(content).array, mask.array)
    np.testing.assert_array_equal(decode_mask(encode_mask(bits, like=mask)).array, mask.array)


def test_other_values_in_a_mask_of_single_bits():
    """A value that one bit cannot hold widens the file instead of being cut."""
    mask = decode_mask(saved(Image.fromarray(LABELS > 9), "PNG"))
    array = mask.array.copy()
    array[0] = 7
    np.testing.assert_array_equal(decode_mask(encode_mask(array, like=mask)).array, array)


def test_colour_coded_masks():
    """Labels that are colours stay so, in 8 and 16 bits, with alpha or without."""
    rgb = np.array([(0, 0, 0), (128, 0, 0), (0, 128, 0)], np.uint8)[LABELS % 3]
    for array in (rgb, np.dstack([rgb, LABELS]), rgb.astype(np.uint16) * 300):
        if array.dtype == np.uint16:
            content = png(80, 16, 2, [line.tobytes() for line in array.astype(">u2")])
        else:
            content = saved(array, "PNG")
        mask = decode_mask(content)
        np.testing.assert_array_equal(mask.array, array)
        np.testing.assert_array_equal(decode_mask(encode_mask(mask.array, like=mask)).array, array)


def test_a_transparent_value_is_a_label():
    """Grey and RGB values that a file declares transparent keep their label, in one and three channels."""
    mask = decode_mask(saved(LABELS, "PNG", transparency=3))
    np.testing.assert_array_equal(mask.array[..., 0], LABELS)
    wide = png(2, 16, 0, [np.array([700, 9], ">u2").tobytes()], chunk(b"tRNS", b"\0\x09"))
    np.testing.assert_array_equal(decode_mask(wide).array[..., 0], [[700, 9]])
    colour = png(2, 8, 2, [bytes([1, 2, 3, 4, 5, 6])], chunk(b"tRNS", bytes([0, 1, 0, 2, 0, 3])))
    np.testing.assert_array_equal(decode_mask(colour).array, [[[1, 2, 3], [4, 5, 6]]])


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_as_for_the_image(orientation):
    """A mask with an orientation lies as its image does."""
    turned = {1: LABELS, 3: LABELS[::-1, ::-1], 6: LABELS.T[:, ::-1], 8: LABELS.T[::-1]}[orientation]
    for image in (LABELS, palette_image()):
        mask = decode_mask(saved(image, "PNG", exif=oriented(orientation)))
        np.testing.assert_array_equal(mask.array[..., 0], turned)
        assert mask.oriented is (orientation != 1)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF", "JPEG2000"])
def test_lossy_masks_are_refused(form):
    """A mask that went through a lossy codec holds invented labels."""
    with pytest.raises(MediaError, match=f"mask: must be stored without loss, is a {form}.*store masks as PNG"):
        decode_mask(saved(Image.fromarray(LABELS).convert("RGB"), form))


def test_lossless_webp_masks_are_read():
    """WebP without loss is exact."""
    rgb = np.dstack([LABELS] * 3)
    np.testing.assert_array_equal(decode_mask(saved(rgb, "WEBP", lossless=True)).array, rgb)


def test_odd_masks_are_refused():
    """Inks, animations, and 16-bit colour TIFF are no label maps that could be kept."""
    cv2 = pytest.importorskip("cv2")
    deep = cv2.imencode(".tiff", photo().astype(np.uint16))[1].tobytes()
    inks = saved(Image.fromarray(photo()).convert("CMYK"), "TIFF")
    frames = saved(palette_image(), "GIF", save_all=True, append_images=[palette_image(LABELS[::-1].copy())])
    for content, message in ((deep, "of 16 bits"), (inks, "mode CMYK"), (frames, "animated")):
        with pytest.raises(MediaError, match=message):
            decode_mask(content)
    for content in (b"", b"text", saved(LABELS, "PNG")[:-30]):
        with pytest.raises(MediaError):
            decode_mask(content)


@pytest.mark.parametrize(
    "array", [np.zeros((3, 3), np.int64), np.zeros((0, 3), np.uint8), np.zeros((3, 3, 2), np.uint8)]
)
def test_no_labels_are_refused(array):
    """What is no label map is refused with what was given."""
    with pytest.raises(MediaError, match=r"^image: "):
        encode_mask(array, like=Picture(LABELS[..., None]))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.sampled_from(["uint8", "uint16", "int32", "palette", "bits"]),
    st.integers(0, 2**31 - 1),
    st.integers(0, 9),
)
def test_any_labels_come_back(height, width, kind, seed, level):
    """Written and read, every label map is the same, of any kind, size and level."""
    draws = np.random.default_rng(seed)
    top = {"uint8": 256, "uint16": 65536, "int32": 2**31, "palette": 256, "bits": 2}[kind]
    array = draws.integers(0, top, (height, width, 1)).astype(kind if kind in ("uint16", "int32") else np.uint8)
    like = {
        "palette": Picture(array, mode="P", palette=COLOURS),
        "bits": Picture(array, mode="1"),
    }.get(kind, Picture(array, mode="L"))
    again = decode_mask(encode_mask(array, like=like, codec=Codec(png_level=level)))
    assert again.array.dtype == array.dtype
    np.testing.assert_array_equal(again.array, array)
    assert encode_mask(array, like=like) == encode_mask(array.copy(), like=like)
