"""What images go through torchvision pipelines, and which results cannot be stored."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

import hfaug
from hfaug import media
from hfaug.errors import ParameterError, RowError
from tests.wrap.tables import images, noise, once, pixels, stored


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3), (20, 30, 4), (1, 1), (1, 1, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_kind_of_image_is_moved(shape, dtype):
    array = noise(*shape, dtype=dtype)
    (row,) = once(images([array]), hfaug.wrap(v2.RandomVerticalFlip(p=1)))
    assert (pixels(row["image"]).reshape(shape) == array[::-1]).all()
    assert pixels(row["image"]).dtype == dtype


def test_16_bits_are_resampled_as_8_are():
    array = noise(20, 30, 3)
    op = hfaug.wrap(v2.RandomRotation((30, 30), interpolation=v2.InterpolationMode.BILINEAR))
    narrow, wide = (pixels(once(images([each]), op)[0]["image"]) for each in (array, array.astype(np.uint16) * 257))
    assert np.abs(wide / 257 - narrow).max() < 1


def test_colours_of_16_bits_change_as_those_of_8_do():
    array = noise(20, 30, 3)
    steps = [v2.ColorJitter((0.5, 0.5), (0.7, 0.7), 0, (0.2, 0.2)), v2.RandomInvert(p=1), v2.GaussianBlur(3, 1)]
    op = hfaug.wrap(v2.Compose([*steps, v2.RandomHorizontalFlip(p=1)]))
    narrow, wide = (pixels(once(images([each]), op)[0]["image"]) for each in (array, array.astype(np.uint16) * 257))
    assert np.abs(wide / 257 - narrow).max() < 5
    assert len(np.unique(wide)) > 256
    still = hfaug.wrap(v2.RandomInvert(p=0))
    exact = noise(20, 30, 4, dtype=np.uint16)
    assert (pixels(once(images([exact]), still)[0]["image"]) == exact).all()


@pytest.mark.parametrize("step", [v2.RandomPosterize(3), v2.RandomErasing(value=9), v2.Pad(3, fill=9)])
def test_what_speaks_of_8_bits_refuses_16(step):
    with pytest.raises(RowError, match=r"take 8 bits alone, the image has uint16"):
        once(images([noise(20, 30, 3, dtype=np.uint16)]), hfaug.wrap(v2.Compose([step, v2.RandomInvert()])))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparency_is_never_coloured_and_moves_along(dtype):
    array = noise(20, 30, 4, dtype=dtype)
    colours = [v2.ColorJitter(0.5), v2.RandomInvert(p=1), v2.GaussianBlur(3)]
    (row,) = once(images([array]), hfaug.wrap(v2.Compose(colours)))
    assert (pixels(row["image"])[..., 3] == array[..., 3]).all()
    (row,) = once(images([array]), hfaug.wrap(v2.Compose([v2.RandomHorizontalFlip(p=1), *colours])))
    assert (pixels(row["image"])[..., 3] == array[:, ::-1, 3]).all()


def test_transparency_is_resampled_as_smoothly_as_colours():
    array = np.repeat(noise(20, 30, 1), 4, axis=2)
    steps = [
        v2.Resize((33, 41)),
        v2.RandomPerspective(p=1),
        v2.RandomAffine(20, interpolation=2),
        v2.RandomResizedCrop(25),
    ]
    (row,) = once(images([array]), hfaug.wrap(v2.Compose([*steps, v2.RandomErasing(p=0)])))
    after = pixels(row["image"]).astype(int)
    assert np.abs(after[..., 3] - after[..., 0]).max() <= 1


def test_grey_stays_grey_and_may_become_colours():
    (row,) = once(images([noise(20, 30)]), hfaug.wrap(v2.ColorJitter(0.5, 0.5, 0.5, 0.3)))
    assert media.decode_image(row["image"]["bytes"]).mode == "L"
    (row,) = once(images([noise(20, 30)]), hfaug.wrap(v2.RGB()))
    assert media.decode_image(row["image"]["bytes"]).mode == "RGB"


@pytest.mark.parametrize(
    "last",
    [[v2.ToDtype(torch.float32, scale=True)], [v2.ToDtype(torch.float32), v2.Normalize([0.5] * 3, [0.5] * 3)]],
)
def test_results_that_cannot_be_stored_say_what_to_leave_out(photos, last):
    with pytest.raises(RowError, match="leave ToDtype and Normalize to the training loop") as caught:
        hfaug.augment(photos, hfaug.wrap(v2.Compose([v2.ToImage(), v2.RandomErasing(), *last])))
    assert "row" in "".join(caught.value.__notes__)


def test_what_comes_back_to_8_bits_is_taken(photos):
    floats, ints = (v2.ToDtype(kind, scale=True) for kind in (torch.float32, torch.uint8))
    op = hfaug.wrap(v2.Compose([v2.ToImage(), floats, v2.GaussianNoise(), ints, v2.ToPILImage()]))
    assert once(photos, op)[0]["image"]["bytes"] != stored(photos)[0]["image"]["bytes"]


@pytest.mark.parametrize(
    "make, way_out",
    [
        (lambda: v2.CutMix(num_classes=3), "hfaug.ops.mix"),
        (lambda: v2.FiveCrop(10), "random crop and copies"),
        (lambda: v2.Compose([v2.Pad(1), v2.UniformTemporalSubsample(3)]), "hfaug.ops.video"),
    ],
)
def test_what_does_not_make_one_image_of_one_is_refused(make, way_out):
    with pytest.raises(ParameterError, match=way_out):
        hfaug.wrap(make())
