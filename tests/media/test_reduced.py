"""JPEG at a share of its size: sides rounded up, upright, and the picture where it belongs."""

import io

import numpy as np
import pytest
from PIL import Image

from hfaug import media
from hfaug.errors import MediaError
from hfaug.media import counts, decode_image, decode_reduced


def photo(height, width):
    y, x = np.mgrid[:height, :width]
    planes = [np.sin(x * 0.05 + c) + np.cos(y * 0.04 * (c + 1)) for c in range(3)]
    return ((np.stack(planes, axis=-1) + 2) * 63).astype(np.uint8)


def jpeg(array, **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "JPEG", quality=95, **options)
    return file.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return {"exif": exif}


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("size", [(64, 96), (61, 83), (8, 8), (1, 1), (1, 50), (17, 9)])
def test_sides_are_rounded_up(size, factor):
    found = decode_reduced(jpeg(photo(*size)), factor)
    assert found.picture.size == tuple(-(-side // factor) for side in size)
    assert (found.left, found.top, found.factor) == (0, 0, factor)
    assert (found.picture.format, found.picture.mode, found.picture.lossless) == ("JPEG", "RGB", False)


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_means_of_the_upright_picture(orientation, factor):
    """Each pixel is the mean of those it stands for, wherever the first one begins."""
    data = jpeg(photo(101, 83), **turned(orientation), subsampling="4:4:4")
    whole, found = decode_image(data), decode_reduced(data, factor)
    assert found.picture.oriented == (orientation != 1)
    height, width = found.picture.size
    full = whole.array.astype(float)
    for row in range(1, height - 1):
        for column in range(1, width - 1):
            y, x = (row - found.top) * factor, (column - found.left) * factor
            assert y == round(y)
            assert x == round(x)
            mean = full[int(y) : int(y) + factor, int(x) : int(x) + factor].mean((0, 1))
            assert np.abs(found.picture.array[row, column] - mean).max() < 6


def test_grey_stays_grey():
    found = decode_reduced(jpeg(photo(40, 40)[..., 0]), 2)
    assert found.picture.array.shape == (20, 20, 1)
    assert found.picture.mode == "L"


def test_counted_apart():
    counts.reset()
    decode_reduced(jpeg(photo(40, 40)), 2)
    decode_image(jpeg(photo(40, 40)))
    assert (counts["image.decode"], counts["image.decode.reduced"]) == (2, 1)


def test_other_files_are_left_alone():
    """PNG, CMYK: None, to be decoded as they are; nothing is counted."""
    counts.reset()
    like = media.Picture(photo(9, 9))
    assert decode_reduced(media.encode_image(photo(9, 9), like=like), 2) is None
    file = io.BytesIO()
    Image.fromarray(photo(9, 9)).convert("CMYK").save(file, "JPEG")
    assert decode_reduced(file.getvalue(), 2) is None
    assert counts["image.decode"] == 0


def test_cut_files_are_left_to_the_whole_decoder():
    """It says what is wrong with them."""
    data = jpeg(photo(64, 64))[:-200]
    assert decode_reduced(data, 2) is None
    with pytest.raises(MediaError, match="cut off or damaged"):
        decode_image(data)


def test_the_profile_is_kept():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert decode_reduced(jpeg(photo(16, 16), icc_profile=profile), 2).picture.icc == profile
