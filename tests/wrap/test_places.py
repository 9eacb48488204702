"""Where labels go in wrapped pipelines, seen in the pixels: a dot is where its keypoint, its box and its mask are."""

import importlib.util

import numpy as np
import pytest
from datasets import Image, List, Value
from torchvision.transforms import v2

import hfaug
from hfaug import media
from tests.wrap.tables import images, once, pixels, png

HEIGHT, WIDTH, ROWS, RADIUS = 101, 151, 12, 9.0
PLACES = np.random.default_rng(0).uniform([40, 40], [WIDTH - 40, HEIGHT - 40], (ROWS, 2))

TORCHVISION = [
    v2.RandomHorizontalFlip(p=1),
    v2.RandomVerticalFlip(p=1),
    v2.Resize((201, 401)),
    v2.Resize((51, 61)),
    v2.CenterCrop((90, 140)),
    v2.RandomCrop((90, 140)),
    v2.RandomCrop(160, pad_if_needed=True),
    v2.RandomResizedCrop(80, scale=(0.8, 1)),
    v2.Pad((3, 5, 7, 9)),
    v2.RandomZoomOut(p=1, side_range=(1, 2)),
    v2.RandomIoUCrop(min_scale=0.8),
    v2.RandomRotation(40, interpolation=v2.InterpolationMode.BILINEAR),
    v2.RandomAffine(30, (0.1, 0.1), (0.8, 1.2), 10, interpolation=v2.InterpolationMode.BILINEAR),
    v2.RandomPerspective(0.3, p=1),
    v2.ScaleJitter((120, 160), scale_range=(0.7, 1.5)),
    v2.RandomShortestSize([80, 120]),
    v2.RandomResize(80, 120),
]


def kornias():
    """Those of kornia, where it is installed."""
    if importlib.util.find_spec("kornia") is None:
        return []
    import kornia.augmentation as K  # noqa: N812 - as in its documentation

    return [
        K.RandomHorizontalFlip(p=1),
        K.RandomVerticalFlip(p=1),
        K.Resize((201, 401)),
        K.Resize((51, 61)),
        K.LongestMaxSize(90),
        K.SmallestMaxSize(70),
        K.CenterCrop((90, 140)),
        K.RandomCrop((90, 140)),
        K.RandomCrop((90, 140), cropping_mode="resample"),
        K.RandomCrop((120, 170), padding=20),
        K.RandomResizedCrop((80, 90), scale=(0.8, 1)),
        K.PadTo((160, 170)),
        K.RandomRotation(40.0, p=1),
        K.RandomRotation90((-1, 2), p=1),
        K.RandomAffine(30.0, (0.1, 0.1), (0.8, 1.2), 10.0, p=1),
        K.RandomShear(10.0, p=1),
        K.RandomTranslate((0.1, 0.2), (0.1, 0.2), p=1),
        K.RandomPerspective(0.3, p=1),
        K.ImageSequential(K.RandomRotation(20.0, p=1), K.ImageSequential(K.RandomHorizontalFlip())),
    ]


def dots():
    """White discs with soft edges on black, each with its mask, box and middle."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    away = [np.hypot(x - place[0], y - place[1]) for place in PLACES]
    arrays = [
        ((RADIUS + 0.5 - each).clip(0, 1)[..., None].repeat(3, 2) * 255).round().astype(np.uint8) for each in away
    ]
    boxes = np.concatenate([PLACES - RADIUS, PLACES + RADIUS], axis=1)
    return images(
        arrays,
        mask=(Image(), [png((each < RADIUS).astype(np.uint8) * 200) for each in away]),
        boxes=(List(List(Value("float64"), length=4)), [[box] for box in boxes.tolist()]),
        points=(List(List(Value("float64"), length=2)), [[place] for place in PLACES.tolist()]),
    )


def middle(weights):
    y, x = np.mgrid[: weights.shape[0], : weights.shape[1]] + 0.5
    return np.array([(x * weights).sum(), (y * weights).sum()]) / weights.sum()


@pytest.mark.parametrize(
    "transform", [*TORCHVISION, *kornias()], ids=lambda made: f"{type(made).__module__[:2]}-{type(made).__name__}"
)
def test_labels_lie_where_the_dot_is(transform):
    """The whole dot in sight: middle of image and mask at the keypoint, and inside a box that is not much larger."""
    op = hfaug.wrap(transform)
    assert op.moves == ("mask", "boxes", "keypoints")
    seen = 0
    rows = once(dots(), op.on(boxes="boxes", box_format="pascal_voc", keypoints="points", keypoint_origin="corner"))
    for row in rows:
        image = pixels(row["image"])[..., 0].astype(float)
        mask = media.decode_mask(row["mask"]["bytes"]).array[..., 0]
        assert mask.shape == image.shape
        assert set(np.unique(mask)) <= {0, 200}
        border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
        if border.max() > 10 or image.sum() == 0:
            continue
        seen += 1
        (point,), (box,) = row["points"], np.array(row["boxes"])
        np.testing.assert_allclose(middle(image), point, atol=0.5)
        # Nearest-neighbour sampling of torchvision takes the pixel up and left of the place that is asked for.
        np.testing.assert_allclose(middle(mask == 200), point, atol=0.4 + 0.5 * max(1, image.shape[1] / WIDTH))
        inside = np.argwhere(image > 127)
        dot = np.concatenate([inside.min(axis=0)[::-1], inside.max(axis=0)[::-1] + 1])
        assert (box[:2] <= dot[:2] + 1.0).all()
        assert (box[2:] >= dot[2:] - 1.0).all()
        # A turned square needs up to 1.42 times the room of the disc in it; slants and perspective, some more.
        assert ((box[2:] - box[:2]) <= 2.0 * (dot[2:] - dot[:2]) + 2).all()
    assert seen >= ROWS // 3


def test_dense_fields_of_torchvision_are_followed_nearly():
    """It looks fields up by whole pixels, and takes their inverse to be their opposite."""
    op = hfaug.wrap(v2.ElasticTransform(alpha=60.0, sigma=8.0))
    rows = once(dots(), op.on(boxes="boxes", box_format="pascal_voc", keypoints="points", keypoint_origin="corner"))
    apart = np.array([np.array(row["points"][0]) - middle(pixels(row["image"])[..., 0]) for row in rows])
    assert np.abs(apart).max() < 2
    assert np.abs(apart.mean(axis=0)).max() < 0.5
