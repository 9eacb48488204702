"""Policies: made of the ops, chances and strengths that their papers list, and as good as any composition."""

from collections import Counter

import numpy as np
import pytest
from datasets import Dataset, Features, Image, List, Value

import hfaug
from hfaug.compose import Chain, OneOf, Sometimes
from hfaug.errors import UnboundColumnError
from hfaug.ops.image import AugMix, AutoAugment, RandAugment, TrivialAugment
from hfaug.ops.image.policies.found import FOUND
from hfaug.testing import storage
from tests.ops.drawing import streams
from tests.ops.image.painting import KINDS, applied, noise, photo

ALL = [RandAugment(), TrivialAugment(), AutoAugment(), AutoAugment(policy="cifar10"), AutoAugment(policy="svhn")]


def parts(op):
    """The ops of a policy that do the work."""
    return [part for part in op.walk() if not part.children()]


def ranges(op, name, field):
    """The ranges of all inner ops of a class."""
    return sorted({getattr(part, field) for part in parts(op) if type(part).__name__ == name})


def test_rand_augment_is_a_few_of_fourteen():
    """Thirteen ops with equal chances, and nothing as the fourteenth; as often as the count says."""
    (chain,) = RandAugment(count=3).children()
    assert isinstance(chain, Chain)
    assert len(chain.ops) == 3
    for slot in chain.ops:
        assert isinstance(slot, Sometimes)
        assert slot.chance == pytest.approx(13 / 14)
        assert isinstance(slot.op, OneOf)
        assert (len(slot.op.ops), slot.op.weights) == (13, ())


def test_rand_augment_has_the_strengths_of_its_magnitude():
    """At 10 the largest of AutoAugment's list, at 5 half of it, at 0 none; either way where there are two."""
    full, half, none = (RandAugment(magnitude=magnitude) for magnitude in (10, 5, 0))
    assert ranges(full, "Rotate", "degrees") == [(-30, -30), (30, 30)]
    assert ranges(half, "Rotate", "degrees") == [(-15, -15), (15, 15)]
    assert np.tan(np.radians(ranges(full, "Shear", "shear_x_degrees"))).tolist()[0] == pytest.approx([-0.3, -0.3])
    assert ranges(full, "Shift", "shift_x")[-1] == pytest.approx((150 / 331, 150 / 331))
    assert ranges(full, "ChangeBrightness", "factor") == [(pytest.approx(0.1), pytest.approx(0.1)), (1.9, 1.9)]
    assert ranges(full, "Posterize", "bits") == [(4, 4)]
    assert ranges(half, "Posterize", "bits") == [(6, 6)]
    assert ranges(half, "Solarize", "threshold") == [(0.5, 0.5)]
    still = [
        applied(part, photo()) is photo() for part in parts(none) if type(part).__name__ in {"Rotate", "Posterize"}
    ]
    assert all(still)


def test_rand_augment_goes_on_beyond_ten():
    """As far as each op can go."""
    op = RandAugment(magnitude=30)
    assert ranges(op, "Rotate", "degrees") == [(-90, -90), (90, 90)]
    assert ranges(op, "ChangeSaturation", "factor")[0] == (0, 0)
    assert ranges(op, "Posterize", "bits") == [(1, 1)]
    assert ranges(op, "Solarize", "threshold") == [(0, 0)]


def test_trivial_augment_has_the_wide_ranges():
    (slot,) = TrivialAugment().children()
    assert slot.chance == pytest.approx(13 / 14)
    assert len(slot.op.ops) == 13
    op = TrivialAugment()
    assert ranges(op, "Rotate", "degrees") == [(-135, 135)]
    assert np.tan(np.radians(ranges(op, "Shear", "shear_x_degrees")[0])) == pytest.approx([-0.99, 0.99])
    assert ranges(op, "Shift", "shift_y") == [(-32, 32), (0, 0)]
    assert ranges(op, "Posterize", "bits") == [(2, 8)]
    assert ranges(op, "ChangeContrast", "factor") == [(0.01, 2)]


@pytest.mark.parametrize("policy", ["imagenet", "cifar10", "svhn"])
def test_auto_augment_is_one_of_25_pairs(policy):
    (choice,) = AutoAugment(policy=policy).children()
    assert isinstance(choice, OneOf)
    assert len(choice.ops) == len(FOUND[policy]) == 25
    for pair in choice.ops:
        assert [type(part) for part in pair.ops] == [Sometimes, Sometimes]


def test_auto_augment_counts_levels_from_nought_to_nine():
    """The largest level is the end of the published range, the smallest its beginning."""
    op = AutoAugment(policy="cifar10")
    assert ranges(op, "Shift", "shift_y")[-1] == pytest.approx((150 / 331, 150 / 331))
    assert ranges(op, "ChangeSaturation", "factor")[0] == pytest.approx((0.1, 0.1))  # level 0: nearly grey
    assert ranges(op, "ChangeSaturation", "factor")[-1] == pytest.approx((1.9, 1.9))
    first = op.children()[0].ops[0].ops[1]
    assert (first.chance, first.op.factor) == (0.2, pytest.approx((1.3, 1.3)))


@pytest.mark.parametrize("op", ALL, ids=repr)
def test_ops_are_met_as_often_as_they_should(op):
    """Rows that stay as they are: one in fourteen of each slot, or the pairs that were not drawn."""
    pictures = [hfaug.media.encode_image(photo()[:40, :40], like=hfaug.media.Picture(photo(), "PNG")) for _ in range(1)]
    features = Features({"image": Image(), "number": Value("int64")})
    rows = Dataset.from_dict({"image": [{"bytes": pictures[0], "path": None}] * 500, "number": range(500)}, features)
    done = op.on(id="number", keep=()).on(provenance=False)(storage(rows.cast_column("number", Value("int64"))))
    found = Counter(row["bytes"] for row in done["image"].to_pylist())
    kept = found[pictures[0]] / 500
    assert len(found) > (15 if isinstance(op, AutoAugment) else 20)
    assert kept < 0.3


@pytest.mark.parametrize("op", [RandAugment(count=3), TrivialAugment(), AutoAugment(policy="svhn")], ids=repr)
def test_labels_move_along(op, photos):
    """A box about a bright square on grey stays about it, whatever was drawn."""
    picture = np.full((64, 64, 3), 90, np.uint8)
    picture[24:40, 20:36] = (255, 255, 0)
    data = hfaug.media.encode_image(picture, like=hfaug.media.Picture(picture, "PNG"))
    features = Features({"image": Image(), "boxes": List(List(Value("float32"), length=4)), "n": Value("int64")})
    rows = Dataset.from_dict(
        {"image": [{"bytes": data, "path": None}] * 60, "boxes": [[[20, 24, 36, 40]]] * 60, "n": range(60)}, features
    )
    bound = op.on(image="image", boxes="boxes", box_format="pascal_voc", id="n")
    moved = 0
    for row in bound(storage(rows)).to_pylist():
        image = hfaug.media.decode_image(row["image"]["bytes"]).array.astype(int)
        inside = abs(image - image[0, 0]).sum(axis=2)
        for left, top, right, bottom in row["boxes"]:
            moved += [left, top, right, bottom] != [20, 24, 36, 40]
            middle = image[int((top + bottom) / 2), int((left + right) / 2)]
            assert inside.max() == 0 or (right - left) * (bottom - top) < 60 or (middle != image[0, 0]).any()
    assert moved > 5


def test_aug_mix_stays_near_its_image():
    """The mixture is between the image and its versions; more severity is farther away."""
    far = []
    for severity in (0.1, 3, 10):
        op = AugMix(severity=severity, geometric=False, enhance=True)
        far.append(np.mean([abs(applied(op, photo(), rng).astype(float) - photo()).mean() for rng in streams(20)]))
    assert far == sorted(far)
    assert far[1] < 45


@pytest.mark.parametrize("channels,kind", KINDS)
def test_aug_mix_mixes_what_its_chains_make(channels, kind):
    """With one version of one op that does nothing, the image itself comes back."""
    array = noise((20, 30, channels), kind)
    op = AugMix(width=1, depth=(1, 1), severity=0.1, geometric=False)
    for rng in streams(20):
        done = applied(op, array, rng)
        drawn = rng.generator()
        drawn.dirichlet([1.0])
        share = drawn.beta(1, 1)
        version = op._version(array, rng.child(0))
        wanted = array[:, :, :3] * (1 - share) + version[:, :, :3] * share
        assert abs(done[:, :, :3] - wanted).max() <= 0.51 + np.iinfo(kind).max * 1e-6


def test_aug_mix_refuses_labels_of_places_unless_it_moves_nothing():
    features = Features({"image": Image(), "boxes": List(List(Value("float32"), length=4))})
    with pytest.raises(UnboundColumnError, match="boxes"):
        AugMix().features(features)
    assert AugMix(geometric=False).features(features)
    assert AugMix.shifts == ("image",)


def test_policies_are_plain_data():
    for op in (*ALL, AugMix(enhance=True)):
        assert hfaug.config.from_json(op.spec()) == op
        assert set(op.spec()["fields"]) <= {
            "alpha", "count", "depth", "enhance", "fill", "geometric", "magnitude", "policy", "severity", "width",
        }  # fmt: skip


def test_steps_that_take_each_other_back_leave_a_hole():
    """There and back by as much is one slice of the source, which is read-only, with the lost part filled."""
    from hfaug.ops.image import Shift

    there, back = (Shift(shift_x=(step, step), shift_y=(0, 0), unit="pixels", fill=(9, 9, 9)) for step in (10, -10))
    data = hfaug.media.encode_image(photo(), like=hfaug.media.Picture(photo(), "PNG"))
    rows = Dataset.from_dict({"image": [{"bytes": data, "path": None}]}, Features({"image": Image()}))
    (row,) = Chain(there, back)(storage(rows)).to_pylist()
    done = hfaug.media.decode_image(row["image"]["bytes"]).array
    assert (done[:, :-10] == photo()[:, :-10]).all()
    assert (done[:, -10:] == 9).all()
