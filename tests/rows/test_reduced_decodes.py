"""Images that become small are decoded small: how often, for which ops, and how near to the whole decode."""

import io

import numpy as np
import pyarrow as pa
import pytest
from datasets import Features
from datasets import Image as ImageFeature
from PIL import Image
from skimage import data as skimage_data

from hfaug import Chain, media, moves
from hfaug.media import decode_image
from hfaug.ops.image import Erase, Flip, JitterColor, Letterbox, RandomResizedCrop, Resize, Rotate
from hfaug.rows.source import ImageSource

FEATURES = Features({"image": ImageFeature()})
WORK = ("image.decode", "image.decode.reduced", "image.encode", "image.color", "warp", "slice")
SMALL = Resize(height=60, width=60)


def jpeg(array, orientation=1, **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(array).save(file, "JPEG", quality=92, exif=exif, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def photo():
    """A photograph of 512x512."""
    return skimage_data.astronaut()


def run(op, *files):
    """The results of an op, and the work it did."""
    rows = [{"image": {"bytes": data, "path": None}} for data in files]
    media.counts.reset()
    moves.counts.clear()
    done = op(pa.Table.from_pylist(rows, schema=FEATURES.arrow_schema))
    found = {**media.counts.snapshot(), **moves.counts}
    return [row["bytes"] for row in done["image"].to_pylist()], tuple(found.get(name, 0) for name in WORK)


CASES = {
    "made small": (SMALL, (1, 1, 1, 0, 1, 0)),
    "made half as large": (Resize(height=256, width=256), (1, 1, 1, 0, 0, 0)),
    "made a little smaller": (Resize(height=300, width=300), (1, 0, 1, 0, 1, 0)),
    "made small at last": (Chain(Flip(), Rotate(degrees=(5, 5)), SMALL), (1, 1, 1, 0, 1, 0)),
    "made small and coloured": (Chain(SMALL, JitterColor(), Erase()), (1, 1, 1, 1, 1, 0)),
    "coloured first": (Chain(JitterColor(), SMALL), (1, 0, 1, 1, 1, 0)),
    "covered first": (Chain(Erase(), SMALL), (1, 0, 1, 0, 1, 0)),
    "narrow": (Resize(height=512, width=32), (1, 0, 1, 0, 1, 0)),
    "nearest": (Resize(height=64, width=64, interpolation="nearest"), (1, 0, 1, 0, 1, 0)),
    "four copies": (SMALL.times(4), (1, 1, 4, 0, 4, 0)),
    "four copies, kept": (SMALL.times(4, keep=True), (1, 1, 4, 0, 4, 0)),
    "small and coloured copies": (Chain(SMALL, JitterColor().times(3)), (1, 1, 3, 3, 3, 0)),
    "fitted in": (Letterbox(height=96, width=128), (1, 1, 1, 0, 1, 0)),
}


@pytest.mark.parametrize("op, expected", CASES.values(), ids=CASES)
def test_work(photo, op, expected):
    """Decodes, reduced ones among them, encodes, colour passes, warps, slices."""
    _, found = run(op, jpeg(photo))
    assert found == expected


def test_copies_of_different_need_do_not_depend_on_each_other(photo):
    """A copy looks the same whatever the copies beside it need; equal needs share a decode."""
    op = RandomResizedCrop(height=130, width=130, area=(0.1, 1))
    one, _ = run(op.times(1), jpeg(photo))
    many, (decodes, reduced, *_) = run(op.times(12), jpeg(photo))
    assert many[0] == one[0]
    assert (decodes, reduced) == (2, 1)


def psnr(a, b):
    return 10 * np.log10(255**2 / max(((a.astype(float) - b.astype(float)) ** 2).mean(), 1e-9))


class _Whole:
    """A batch that decodes alone."""

    def open_image(self, value):
        return decode_image(value)

    def open_reduced(self, value, factor):
        return media.decode_reduced(value, factor)

    def measure_image(self, value):
        return media.image_size(value)


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
@pytest.mark.parametrize("side", [220, 200, 150, 100, 64, 48, 32])
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_near_to_the_whole_decode(name, side, orientation):
    """Above 34 dB, odd sides and turned photographs included; where bilinear sampling of all pixels has 20 to 35."""
    array = getattr(skimage_data, name)()[:-3, :-5]
    data = jpeg(array, orientation)
    source = ImageSource(_Whole(), "image", data)
    height, width = source.size
    scale = side / max(height, width)
    warp = moves.Warp.resize(source.size, (round(height * scale), round(width * scale)))
    small = source.shrunk(warp)
    assert psnr(small, warp.image(decode_image(data).array)) > 34


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_random_windows(photo, subsampling):
    """Windows at any place, as training takes them."""
    rng = np.random.default_rng(0)
    data = jpeg(photo, subsampling=subsampling)
    whole = decode_image(data).array
    found = []
    for _ in range(40):
        height, width = rng.integers(200, 513, 2).tolist()
        top, left = int(rng.integers(0, 513 - height)), int(rng.integers(0, 513 - width))
        warp = moves.Warp.crop((512, 512), top, left, height, width).then(moves.Warp.resize((height, width), (96, 96)))
        found.append(psnr(ImageSource(_Whole(), "image", data).shrunk(warp), warp.image(whole)))
    assert min(found) > 33
    assert np.mean(found) > 38


def test_the_format_and_profile_stay(photo):
    """What is written needs facts of the source alone, not its pixels."""
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (done,), work = run(SMALL, jpeg(photo, icc_profile=profile))
    assert work[:2] == (1, 1)
    image = Image.open(io.BytesIO(done))
    assert (image.format, image.mode, image.info["icc_profile"]) == ("JPEG", "RGB", profile)


def test_other_formats_are_decoded_whole(photo):
    data = media.encode_image(photo, like=media.Picture(photo))
    _, work = run(SMALL, data)
    assert work == (1, 0, 1, 0, 1, 0)
