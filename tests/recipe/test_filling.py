"""`hfaug.generate_missing`: from Python what a recipe does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

import hfaug
from hfaug import provenance
from hfaug.errors import ParameterError, RecipeError, RoleError
from tests.recipe.inventing import Even, Invent

FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=["cat", "dog"])})
PETS = Dataset.from_dict({"text": ["real 1", "real 3", "real 5", "real 7"], "label": [0, 0, 0, 1]}, FEATURES)


def filled(work: Path, **more: object) -> Dataset:
    """Pets, as many dogs as cats unless told otherwise."""
    told = {"prompt": "a {label}", "filters": [Even()], "work": work, "progress": False, **more}
    return hfaug.generate_missing(PETS, "label", Invent(), **told)  # type: ignore[arg-type]


def test_the_rows_stay_and_the_missing_ones_follow(tmp_path: Path) -> None:
    """As many as the largest class has, all through the filter, all with their lineage."""
    found = filled(tmp_path)
    assert found.select(range(4)).remove_columns(provenance.COLUMN)[:] == PETS[:]
    assert found["label"][:] == [0, 0, 0, 1, 1, 1]
    assert all(row["text"].startswith("a dog ") and int(row["text"][-1]) % 2 == 0 for row in found.select(range(4, 6)))
    assert [item["origin"] for item in found[provenance.COLUMN]] == ["source"] * 4 + ["synthetic"] * 2


def test_what_is_still_missing_is_told_every_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Also by a call that finds everything done."""
    for _ in range(2):
        caplog.clear()
        found = hfaug.generate_missing(
            PETS, "label", Invent(refused=1), prompt="a {label}", work=tmp_path, progress=False
        )
        assert len(found) == 4
        assert caplog.text.count("generate_missing: the tries are used up, still missing: 2 of dog; raise tries") == 1


def test_a_second_call_makes_nothing_anew_and_more_are_added_to_what_is_there(tmp_path: Path) -> None:
    """A request's id follows from its class and number."""
    few, again, more = filled(tmp_path), filled(tmp_path), filled(tmp_path, target=9)
    assert few[:] == again[:]
    assert Counter(more["label"]) == {0: 9, 1: 9}
    assert set(few["text"][4:]) <= set(more["text"])


def test_targets_are_numbers_by_class_too(tmp_path: Path) -> None:
    """Classes that are not named stay as they are."""
    assert Counter(filled(tmp_path, target={"dog": 4})["label"]) == {0: 3, 1: 4}
    assert filled(tmp_path, target={"dog": 1})[:] == hfaug.with_ids(PETS)[:]


def test_numbers_by_class_name_classes_by_numbers_too_and_combinations_by_tuples(tmp_path: Path) -> None:
    """As those of `hfaug.balance`."""
    assert Counter(filled(tmp_path, target={1: 4})["label"]) == {0: 3, 1: 4}
    toned = PETS.add_column("tone", ["low", "low", "high", "low"])
    told = {"prompt": "a {tone} {label}", "filters": Even(), "work": tmp_path, "tries": 9, "progress": False}
    found = hfaug.generate_missing(
        toned, ["label", "tone"], Invent(), target={("dog", "high"): 2, (0, "low"): 3}, **told
    )
    assert Counter(zip(found["label"], found["tone"], strict=True)) == {
        (0, "low"): 3, (0, "high"): 1, (1, "low"): 1, (1, "high"): 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong, told",
    [
        ({"tries": 0}, "tries must be a whole number from 1 up, got 0"),
        ({"tries": True}, "tries must be a whole number from 1 up, got True"),
        ({"target": True}, "target must be 'most', 'least', a number"),
        ({"filters": [Even]}, r"filters must be filters, such as .* got <class .*Even"),
        ({"filters": "filter.exact_duplicates"}, "filters must be filters, .* got 'filter.exact_duplicates'"),
        ({"slots": {"size": "small"}, "prompt": "a {size} {label}"}, "a slot must list words.*got 'size': 'small'"),
        ({"slots": {"size": []}, "prompt": "a {size} {label}"}, r"a slot must list words.*got 'size': \[\]"),
        ({"slots": {"size": [1]}, "prompt": "a {size} {label}"}, r"a slot must list words.*got 'size': \[1\]"),
        ({"slots": {"label": ["x"]}}, "not be called as the class column"),
        ({"slots": {"size": ["small"]}, "prompt": None}, "slots must come with a prompt"),
        ({"target": "lots"}, "target must be 'most', 'least', a number"),
        ({"target": {"dog": -1}}, "target must be 'most', 'least', a number"),
        ({"target": {("dog", "high"): 2}}, "target must name classes of 'label'"),
        ({"target": {7: 2}}, "target must name classes of 'label'.*7 is none"),
        ({"classes": "cow"}, "classes: must be among cat, dog, got cow"),
        ({"classes": [["dog", "high"]]}, "classes: must name a class of each of label"),
    ],
)
def test_targets_and_classes_are_checked_before_any_work(wrong: dict[str, object], told: str, tmp_path: Path) -> None:
    """Also of a dataset without rows."""
    with pytest.raises((ParameterError, RecipeError), match=told):
        filled(tmp_path, **wrong)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ParameterError, match="dataset must be stored rows of one split, got DatasetDict; name a split"):
        hfaug.generate_missing(DatasetDict(train=PETS), "label", Invent())  # type: ignore[arg-type]


def test_what_cannot_be_done_is_refused(tmp_path: Path) -> None:
    """In the words of the call."""
    with pytest.raises(RoleError, match="generate_missing: column must be one of text, label, got 'kind'"):
        hfaug.generate_missing(PETS, "kind", Invent())
    with pytest.raises(RecipeError, match="generate_missing: prompt must have slots among label, has 'colour'"):
        filled(tmp_path, prompt="a {colour}")
    with pytest.raises(ParameterError, match=r"generate_missing: target must name classes of 'label'.*'cow' is none"):
        filled(tmp_path, target={"cow": 2})
    with pytest.raises(RoleError, match="prompt"):
        filled(tmp_path, prompt=None)
    assert not list(tmp_path.iterdir())
