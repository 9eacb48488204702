"""Objects that were decoded elsewhere, and back."""

import io

import numpy as np
import PIL
import pytest
from PIL import Image, ImageCms

from hfaug.errors import MediaError
from hfaug.media import (
    Clip,
    clip_from,
    clip_to_dict,
    decode_image,
    decode_mask,
    encode_audio,
    mask_from,
    mask_to_pil,
    picture_from,
    picture_to_pil,
)
from tests.media.files import oriented, photo, saved, tone

PHOTO = photo()
LABELS = (PHOTO[..., 0] // 16).astype(np.uint8)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "I;16"])
def test_pillow_images(mode):
    """Every mode becomes the pixels that decoding the file gives, and a Pillow image again."""
    image = Image.fromarray(PHOTO).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        image = Image.fromarray(np.array(image).astype(np.uint16) * 200)
    picture = picture_from(image)
    if mode == "YCbCr" and int(PIL.__version__.partition(".")[0]) < 13:
        pytest.skip("Pillow before 13 cannot read the TIFF of this kind that it writes")
    form = "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"
    np.testing.assert_array_equal(picture.array, decode_image(saved(image, form)).array)
    assert (picture.mode, picture.format) == (mode, "PNG")
    back = picture_to_pil(picture.array, picture)
    assert back.size == image.size
    assert back.format is None
    np.testing.assert_array_equal(picture_from(back).array, picture.array)


def test_opened_files_keep_their_format():
    """An image that Pillow has opened says what it was, and is turned upright."""
    opened = Image.open(io.BytesIO(saved(PHOTO, "JPEG", exif=oriented(6))))
    picture = picture_from(opened)
    assert (picture.format, picture.oriented, picture.size) == ("JPEG", True, (120, 90))


def test_colour_profile_stays_with_its_channels():
    """The profile goes along with RGB and is left behind by grey."""
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = picture_from(Image.open(io.BytesIO(saved(PHOTO, "PNG", icc_profile=icc))))
    assert picture_to_pil(picture.array, picture).info["icc_profile"] == icc
    assert "icc_profile" not in picture_to_pil(picture.array[..., :1], picture).info


def test_image_arrays():
    """Arrays of 8 and 16 bits are pictures that do not share memory with what came in."""
    for array in (PHOTO, PHOTO[..., 0], np.dstack([PHOTO, LABELS]), PHOTO.astype(np.uint16)):
        picture = picture_from(array)
        assert picture.array.ndim == 3
        np.testing.assert_array_equal(picture.array.squeeze(), array)
        assert not np.shares_memory(picture.array, array)


@pytest.mark.parametrize(
    "value", ["photo.jpg", None, [[1, 2]], {"bytes": b""}, np.zeros((3, 3)), np.zeros((2, 2, 2), np.uint8)]
)
def test_no_image_is_refused(value):
    """What is neither image nor array is named."""
    with pytest.raises(MediaError, match=r"^image: "):
        picture_from(value)


def test_refused_pillow_images():
    """Animated, damaged and 32-bit images are refused as their files would be."""
    frames = [Image.fromarray(PHOTO), Image.fromarray(PHOTO[::-1].copy())]
    animated = Image.open(io.BytesIO(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])))
    cut = Image.open(io.BytesIO(saved(PHOTO, "PNG")[:3000]))
    wide = Image.fromarray(LABELS).convert("I")
    for image, message in ((animated, "animated"), (cut, "cut off or damaged"), (wide, "as a mask")):
        with pytest.raises(MediaError, match=message):
            picture_from(image)
    with pytest.raises(MediaError, match="cut off or damaged"):
        mask_from(Image.open(io.BytesIO(saved(LABELS, "PNG")[:300])))


@pytest.mark.parametrize("kind", ["1", "L", "P", "RGB", "I", "F", "I;16"])
def test_pillow_masks(kind):
    """Labels, palette and mode stay, there and back."""
    image = Image.fromarray(LABELS)
    if kind == "P":
        image.putpalette(bytes(range(48)))
        image.info["transparency"] = b"\0\xff"
    elif kind == "I;16":
        image = Image.fromarray(LABELS.astype(np.uint16) * 900)
    else:
        image = image.convert(kind)
    mask = mask_from(image)
    np.testing.assert_array_equal(mask.array.squeeze(), np.array(image))
    back = mask_to_pil(mask.array, mask)
    assert back.mode == kind
    np.testing.assert_array_equal(np.array(back), np.array(image))
    if kind == "P":
        assert back.getpalette()[:48] == list(range(48))
        assert back.info["transparency"] == b"\0\xff"


def test_mask_arrays():
    """Arrays of labels are masks; 64-bit ones are refused by type."""
    for dtype in (bool, np.uint8, np.uint16, np.int32, np.float32):
        np.testing.assert_array_equal(mask_from((LABELS % 2).astype(dtype)).array[..., 0], LABELS % 2)
    for value in (LABELS.astype(np.int64), LABELS.ravel(), "mask.png"):
        with pytest.raises(MediaError, match=r"^mask: "):
            mask_from(value)


def test_sixteen_bit_colour_has_no_pillow_image():
    """Pillow cannot hold it, and the error says so."""
    deep = PHOTO.astype(np.uint16)
    with pytest.raises(MediaError, match="Pillow holds no colour of 16 bits"):
        picture_to_pil(deep, picture_from(deep))


class Decoder:
    """The part of torchcodec's AudioDecoder that is used."""

    def __init__(self, data, rate):
        self.data, self.sample_rate = data, rate

    def get_all_samples(self):
        return self

    def __getitem__(self, key):
        raise AssertionError("the mono mean of `array` is not what was asked for")


@pytest.mark.parametrize("channels", [1, 2])
def test_sound(channels):
    """Mappings and decoders become clips that own their samples, and mappings again."""
    samples = tone(100, channels)
    for value in ({"array": samples, "sampling_rate": 8000, "path": None}, Decoder(samples, 8000.0)):
        clip = clip_from(value)
        assert (clip.rate, clip.channels, clip.duration_s) == (8000, channels, 0.0125)
        np.testing.assert_array_equal(clip.samples, samples)
        assert not np.shares_memory(clip.samples, samples)
        back = clip_to_dict(clip.samples, clip)
        assert back["sampling_rate"] == 8000
        assert back["array"].shape == ((100,) if channels == 1 else (channels, 100))


def test_decoder_with_torch():
    """A decoder hands out tensors."""
    torch = pytest.importorskip("torch")
    samples = tone(100, 2)
    np.testing.assert_array_equal(clip_from(Decoder(torch.from_numpy(samples), 8000)).samples, samples)


def test_other_sound_arrays():
    """(n,) is one channel, lists and float64 are taken, and what is written loses nothing."""
    clip = clip_from({"array": [0.25, 0.1], "sampling_rate": 8000})
    assert clip.samples.shape == (1, 2)
    assert isinstance(clip, Clip)
    assert clip_from({"array": np.zeros((2, 0)), "sampling_rate": 1}).samples.shape == (2, 0)
    content = encode_audio(clip.samples, like=clip)
    assert (
        clip_from({"array": np.frombuffer(content[-8:], "<f4"), "sampling_rate": 8000}).samples.tolist()
        == clip.samples.tolist()
    )


@pytest.mark.parametrize(
    "value",
    [
        "a.wav",
        None,
        {"bytes": b""},
        {"array": [1, 2], "sampling_rate": 8000},
        {"array": [0.0, float("nan")], "sampling_rate": 8},
    ],
)
def test_no_sound_is_refused(value):
    """What is neither mapping nor decoder, whole numbers and NaN are named."""
    with pytest.raises(MediaError, match=r"^audio: "):
        clip_from(value)


def test_mask_of_a_file_and_of_its_image_agree():
    """Decoding a mask file here or letting Pillow open it is the same."""
    image = Image.fromarray(LABELS)
    image.putpalette(bytes(range(48)))
    content = saved(image, "PNG")
    here, there = decode_mask(content), mask_from(Image.open(io.BytesIO(content)))
    np.testing.assert_array_equal(here.array, there.array)
    assert here.palette == there.palette
