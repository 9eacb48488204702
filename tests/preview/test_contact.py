"""Contact sheets: what a finished dataset tells about itself."""

import json

import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict, Features, Value, concatenate_datasets

import hfaug
from hfaug import provenance
from hfaug.errors import CallError
from hfaug.ops.image import Erase, Flip, JitterColor, Rotate
from hfaug.preview import contact_sheet, sheet_files

PLACES = {"boxes": "objects.bbox", "box_format": "pascal_voc", "keypoints": "keypoints", "keypoint_origin": "corner"}


def strips(sheet):
    return [strip for section in sheet.sections for strip in section.strips]


def heads(cells):
    return [(cell.title, cell.notes[0].text if cell.notes else "") for cell in cells]


def test_copies_stand_beside_their_originals(digits):
    made = hfaug.augment(digits.select(range(0, 300, 30)), Flip(axis="vertical"), copies=1)
    shown = strips(contact_sheet(made, rows=5))
    assert len(shown) == 5
    for original, copy in shown:
        assert np.array_equal(copy.panels[0].pixels, original.panels[0].pixels[::-1])
        assert heads([copy]) == [("copy 0", "image.flip")]


def test_the_order_of_the_rows_does_not_matter(digits):
    made = hfaug.augment(digits.select(range(4)), Rotate(), copies=2).shuffle(seed=1)
    for original, *copies in strips(contact_sheet(made)):
        assert original.title == "original"
        assert len(copies) == 2


def test_copies_of_copies_belong_to_one_family(digits):
    made = hfaug.augment(digits.select([0]), hfaug.Chain(Rotate(), Erase()))
    twice = hfaug.augment(made, JitterColor())
    (cells,) = strips(contact_sheet(twice))
    assert heads(cells) == [
        ("original", "label: 0"),
        ("copy 0", "image.rotate + image.erase"),
        ("copy 0", "image.jitter_color"),
        ("copy 0", "image.rotate + image.erase, image.jitter_color"),
    ]


def test_labels_are_drawn_as_the_lineage_says_they_were_read(photos):
    """A released dataset does not say in its features what its boxes are; the steps of its rows do."""
    made = hfaug.augment(photos, hfaug.Chain(Rotate(), JitterColor()).on(**PLACES))
    for cells in strips(contact_sheet(made)):
        assert all(cell.panels[0].boxes and cell.panels[0].points and cell.panels[0].masks for cell in cells)


def test_originals_that_are_gone_are_said_to_be(digits):
    sheet = contact_sheet(hfaug.augment(digits, Flip(), keep=False), rows=2)
    assert "not part of the dataset" in sheet.sections[0].notes[-1]
    assert [cell.title for cell in strips(sheet)[0]] == ["copy 0"]


def synthetic(count):
    """Rows as a generator leaves them."""
    features = Features({"text": Value("string"), provenance.COLUMN: provenance.feature()})
    requests = [{"request": {"class": "a", "number": number, "prompt": f"say <{number}>"}} for number in range(count)]
    steps = [json.dumps([request, {"op": "text.write", "fields": {}}]) for request in requests]
    ids, parents = [f"r{number}/x.0" for number in range(count)], [[f"r{number}"] for number in range(count)]
    lineage = provenance.lineage(ids, parents, "synthetic", steps)
    texts = pa.array([f"text {number}" for number in range(count)])
    return Dataset(pa.table([texts, lineage], schema=features.arrow_schema))


def test_generated_rows_say_what_was_asked_for():
    sheet = contact_sheet(synthetic(30), rows=3, copies=2)
    assert [len(cells) for cells in strips(sheet)] == [3, 3, 3]
    assert heads(strips(sheet)[0])[0] == ("synthetic", "text.write: say <0>")
    assert sheet.sections[0].notes == ("30 rows: 30 synthetic",)


def test_both_kinds_share_the_sheet():
    texts = Dataset.from_dict({"text": [f"one {n} two" for n in range(9)]})
    both = concatenate_datasets([hfaug.augment(texts, hfaug.ops.text.SwapChars(share=1)), synthetic(30)])
    titles = [cells[0].title for cells in strips(contact_sheet(both, rows=6))]
    assert titles == ["original"] * 4 + ["synthetic"] * 2


def test_of_splits_the_one_with_generated_rows_is_shown(digits):
    splits = hfaug.augment(DatasetDict(test=digits.select([0]), train=digits.select([1, 2])), Flip())
    assert contact_sheet(splits).sections[0].notes == ("4 rows: 2 source, 2 augmented",)


def test_a_dataset_of_which_nothing_is_known_is_shown_as_it_is(mails):
    sheet = contact_sheet(mails, rows=2)
    assert [len(cells) for cells in strips(sheet)] == [1, 1]
    assert contact_sheet(mails.select([])).html


def test_the_files_of_a_release_are_the_same_each_time(digits):
    made = hfaug.augment(digits.select(range(6)), Rotate())
    one, two = sheet_files(made), sheet_files(DatasetDict(train=made))
    assert one == two
    assert set(one) == {"preview.png", "preview.html"}


def test_streams_are_refused(mails):
    with pytest.raises(CallError, match="must be stored rows"):
        contact_sheet(mails.to_iterable_dataset())
