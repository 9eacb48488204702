"""Augmenters with the protocol of imgaug: labels go along as far as they take them, and draws belong to rows."""

# ruff: noqa: NPY002 - users draw from the global generators

import json

import numpy as np
import pytest
from datasets import ClassLabel, List, Value
from datasets.fingerprint import Hasher

import hfaug
from hfaug.errors import FingerprintError, LabelError, ParameterError, RowError
from tests.wrap import augmenters
from tests.wrap.tables import LABELS, images, once, pixels, stored

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3)).astype(np.uint8)


def with_boxes(boxes):
    feature = {"bbox": List(List(Value("float64"), length=4)), "category": List(ClassLabel(names=["a", "b", "c"]))}
    return images([IMAGE], objects=(feature, [{"bbox": boxes, "category": list(range(len(boxes)))}]))


BOUND = {"boxes": "objects.bbox", "box_format": "pascal_voc"}


def test_a_flip_is_hfaugs_own_flip_in_all_its_parts(photos):
    """Image bytes, mask bytes, boxes and keypoints."""
    theirs = once(photos, hfaug.wrap(augmenters.Flip(chance=1)).on(**LABELS), provenance=False)
    assert theirs == once(photos, hfaug.ops.image.Flip().on(**LABELS), provenance=False)
    assert once(photos, hfaug.wrap(augmenters.Flip(chance=0)).on(**LABELS), provenance=False) == stored(photos)


def test_generators_begin_anew_for_each_row_and_nothing_is_remembered(photos):
    """In any order, batch and process; an object that counts its calls starts from the beginning."""
    op = hfaug.wrap(augmenters.Flip(grow=3)).on(**LABELS)
    whole = {row["provenance"]["id"]: row for row in once(photos, op, copies=6)}
    parts = once(photos.select([2, 0, 3, 1]), op, copies=6, num_proc=2)
    assert {row["provenance"]["id"]: row for row in parts} == whole
    assert {pixels(row["image"]).shape for row in whole.values()} == {(256, 259, 3)}
    firsts = {tuple(row["keypoints"][0]) for row in whole.values()}
    assert len(firsts) == 2 * 4  # flipped or not, in each of the photographs


def test_global_generators_are_seeded_by_the_row_and_left_alone(photos):
    op = hfaug.wrap(augmenters.Noise(), shifts=())
    np.random.seed(1)
    before = np.random.get_state()[1].tolist()
    first = once(photos, op, provenance=False)
    assert np.random.get_state()[1].tolist() == before
    np.random.seed(5)
    assert once(photos.select([1]), op, provenance=False) == [first[1]]
    assert first != once(photos, op, provenance=False, seed=1)
    assert [row | {"image": 0} for row in first] == [row | {"image": 0} for row in stored(photos)]


def test_labels_that_it_does_not_take_are_refused(photos):
    assert hfaug.wrap(augmenters.Shift()).moves == ("boxes",)
    for augmenter in (augmenters.Noise(), augmenters.Shift()):
        with pytest.raises(LabelError, match="mask in 'mask' must move"):
            hfaug.augment(photos, hfaug.wrap(augmenter).on(**LABELS))


def test_boxes_that_have_left_the_image_are_dropped_with_all_that_belongs_to_them():
    rows = with_boxes([[0, 0, 9, 9], [20, 10, 45, 30], [40, 18, 60, 22]])
    (row,) = once(rows, hfaug.wrap(augmenters.Shift(25)).on(**BOUND))
    assert row["objects"] == {"bbox": [[25, 0, 34, 9], [45, 10, 60, 30]], "category": [0, 1]}


def test_boxes_that_do_not_come_back_are_an_error():
    with pytest.raises(RowError, match="bounding_boxes must all come back, 1 of 2 did"):
        once(with_boxes([[0, 0, 9, 9], [5, 5, 8, 8]]), hfaug.wrap(augmenters.Shift(1, loses=True)).on(**BOUND))


def test_results_that_cannot_be_stored_are_refused():
    with pytest.raises(RowError, match="must return uint8"):
        once(images([IMAGE]), hfaug.wrap(augmenters.Floats()))


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 4), (1, 1, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_kind_of_image_goes_through(shape, dtype):
    array = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    (row,) = once(images([array]), hfaug.wrap(augmenters.Flip(chance=1)))
    assert (pixels(row["image"]).reshape(shape) == array[:, ::-1]).all()


def test_what_it_is_does_not_follow_from_its_generator_or_from_its_use():
    augmenter = augmenters.Flip(0.3)
    op = hfaug.wrap(augmenter)
    augmenter.random_state.random()
    assert hfaug.wrap(augmenter) == op == hfaug.wrap(augmenters.Flip(0.3))
    others = [
        op,
        hfaug.wrap(augmenters.Flip(0.4)),
        hfaug.wrap(augmenters.Noise()),
        hfaug.wrap(augmenters.Noise(), shifts=()),
    ]
    assert len({Hasher.hash(each) for each in others}) == len({each.stream_digest for each in others}) == 4


def test_what_it_is_stands_in_the_lineage():
    (step,) = json.loads(once(images([IMAGE]), hfaug.wrap(augmenters.Noise(7)))[0]["provenance"]["steps"])
    assert '["scale",7]' in step["fields"]["pipeline"]


def test_a_generator_that_nobody_can_seed_is_refused():
    with pytest.raises(FingerprintError, match=r"method seed_\(seed\)"):
        hfaug.wrap(augmenters.Stubborn())


def test_arguments_for_callables():
    """They are refused, but for ``reads``: then it is a callable like any other."""
    with pytest.raises(ParameterError, match="for callables"):
        hfaug.wrap(augmenters.Noise(), draws=False)
    with pytest.raises(ParameterError, match=r'must be \(\) or "image"'):
        hfaug.wrap(augmenters.Noise(), shifts="text")
    assert once(images([IMAGE]), hfaug.wrap(augmenters.Noise().augment_image, reads="pixels"))
