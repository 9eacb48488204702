"""Counts are measured: by split, origin and class, whatever the columns look like."""

from __future__ import annotations

from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

import hfaug
from hfaug.classes import class_column
from hfaug.release.card import op_text
from hfaug.release.counts import count_data, count_rows, totals
from hfaug.release.derive import library_versions, record_from_data
from tests.release.conftest import mails, rows


def test_rows_by_origin_and_class():
    """Origins in their order, classes in that of the features."""
    assert count_rows(rows(5, copies=2)) == {"source": {"ham": 3, "spam": 2}, "augmented": {"ham": 6, "spam": 4}}
    assert list(count_data({"default": mails()})["default"]) == ["train", "test"]


def test_rows_without_lineage_or_class():
    """Everything is a source row; without a class column the class is empty."""
    assert count_rows(Dataset.from_dict({"n": [1, 2]})) == {"source": {"": 2}}
    assert count_rows(Dataset.from_dict({"n": []})) == {}
    assert count_rows(rows(1).select([])) == {}


def test_missing_labels_have_a_class_of_their_own():
    """Null and -1 are no class."""
    features = Features({"label": ClassLabel(names=["a", "b"])})
    data = Dataset.from_dict({"label": [0, None, -1, 1]}, features=features)
    assert count_rows(data) == {"source": {"a": 1, "b": 1, "(none)": 2}}


def test_a_column_called_provenance_that_is_none():
    """A user's own column of that name is not read."""
    assert count_rows(Dataset.from_dict({"provenance": ["shop", "field"]})) == {"source": {"": 2}}


def test_which_column_is_the_class():
    """One ClassLabel, or of several the one called label."""
    one = ClassLabel(names=["x"])
    assert class_column(Features({"fine": one, "label": one})) == "label"
    assert class_column(Features({"fine": one, "coarse": one})) == "fine"
    assert class_column(Features({"n": Value("int64")})) is None


def test_totals():
    """Classes summed up."""
    assert totals({"source": {"a": 1, "b": 2}}) == {"source": 3}


def test_a_record_read_off_the_rows():
    """Each op once over all its copies, with counts by class; models by revision; synthetic rows by their kind."""
    steps = '[{"fields":{},"models":["ada/m@c0ffee"],"op":"image.text_to_image","output":1,"version":1}]'
    made = rows(3).map(lambda row: {"provenance": {**row["provenance"], "origin": "synthetic", "steps": steps}})
    record = record_from_data("mails", {"default": DatasetDict(train=rows(4, copies=3), made=made)})
    assert [(step.title, step.kind, dict(step.counts)) for step in record.steps] == [
        ("text.swap_chars", "augment", {"ham": 6, "spam": 6}),
        ("image.text_to_image", "synthesise", {"ham": 2, "spam": 1}),
    ]
    assert [(model.id, model.revision) for model in record.models] == [("ada/m", "c0ffee")]


def test_a_record_of_real_rows():
    """What `augment` writes is understood: copies of a chain, and rejects with their reasons."""
    features = Features({"text": Value("string"), "label": ClassLabel(names=["ham", "spam"])})
    texts = ["a", *(f"some longer words in mail {number}" for number in range(7))]
    data = Dataset.from_dict({"text": texts, "label": [0, 1] * 4}, features=features)
    op = hfaug.Chain(hfaug.ops.text.SwapChars(), hfaug.ops.text.DeleteWords())
    made = hfaug.augment(data, op, copies=2)
    (step,) = record_from_data("mails", {"default": DatasetDict(train=made)}).steps
    assert step.title == "chain"
    assert sum(step.counts.values()) == len(made) - len(data)
    assert step.may_change
    assert op_text(step.op).startswith("chain(text.swap_chars(")


def test_libraries_that_could_have_decided_bytes():
    """Text needs no codec; model libraries are named when models were used."""
    data = {"default": mails()}
    assert set(library_versions(data, models=False)) == {"datasets", "pyarrow"}
    assert {"torch", "transformers"} <= set(library_versions(data, models=True))
