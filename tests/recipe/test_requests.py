"""Requests of a generator: who asks for what has ids of its own; what cannot be asked is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from datasets import ClassLabel, Dataset, Features, Image, Value

from hfaug import provenance
from hfaug.errors import RecipeError
from hfaug.recipe import parse_recipe
from hfaug.recipe.asking import Class, Prompts
from hfaug.recipe.requests import known_classes, occurrence, request_rows

FEATURES = Features({"image": Image(), "label": ClassLabel(names=["red", "blue"]), "n": Value("int64")})
ASKED = Prompts(columns=("label",), prompt="a {size} {label} ball", slots={"size": ("small", "large")})
CLASSES = (("red",), ("blue",))
STEP = """
- synthesise:
    op: {image.text_to_image: {model: ./m, steps: 1}}
    requests: {column: label, count: 2, prompt: PROMPT, slots: {size: [small, large]}}
"""
START = "name: x\nsource: {path: imagefolder}\nsteps:"


def asked_for(asked: Prompts = ASKED, count: int = 2, again: int = 0, features: Features = FEATURES) -> Dataset:
    """So many requests of each class."""
    return request_rows("generator", asked, dict.fromkeys(CLASSES, range(count)), features, again)


def ids(asked: Prompts = ASKED, again: int = 0) -> list[str]:
    """The ids of its requests."""
    return [item["id"] for item in asked_for(asked, again=again)[provenance.COLUMN]]


def test_asking_for_more_leaves_the_earlier_ones_alone() -> None:
    """Ids follow from class and number, and prompts from ids."""
    more, few = asked_for(count=5), asked_for()
    prompts = {row[provenance.COLUMN]["id"]: row["prompt"] for row in more}
    assert all(prompts[row[provenance.COLUMN]["id"]] == row["prompt"] for row in few)


@pytest.mark.parametrize("other", [{"prompt": "{label}"}, {"slots": {"size": ("tiny",)}}])
def test_other_prompts_have_other_ids(other: dict[str, Any]) -> None:
    """Else two steps of one generator would make rows of equal names."""
    assert not set(ids()) & set(ids(dataclasses.replace(ASKED, **other)))


def test_a_step_that_asks_for_the_same_again_gets_other_samples() -> None:
    """By how often it was asked before, so that other steps between do not matter."""
    recipe = parse_recipe(START + (STEP + STEP.replace("PROMPT", '"{label}"') + STEP).replace("PROMPT", '"a {size}"'))
    assert [occurrence(recipe.steps, number) for number in range(3)] == [0, 0, 1]
    assert not set(ids()) & set(ids(again=1))


@pytest.mark.parametrize(
    "prompt, told",
    [
        ("red {", "must have its slots in braces"),
        ("red }", "must have its slots in braces"),
        ("a {colour}", "must have slots among label, size, has 'colour'"),
        ("a {label.__class__}", "has 'label.__class__'"),
        ("a {}", "has ''"),
        ("a {label:d}", "has 'label'"),
        ("a {label!r}", "has 'label'"),
    ],
)
def test_a_prompt_that_cannot_be_filled_is_refused_when_it_is_read(prompt: str, told: str) -> None:
    """With its line, before a source is loaded."""
    with pytest.raises(RecipeError, match=r"line 6, steps\[0\]\.synthesise\.requests\.prompt") as error:
        parse_recipe(START + STEP.replace("PROMPT", f'"{prompt}"'))
    assert told in str(error.value)


def test_plain_braces_are_written_twice() -> None:
    """As in Python."""
    assert asked_for(Prompts(("label",), "{{{label}}}"), count=1)["prompt"][:] == ["{red}", "{blue}"]


@pytest.mark.parametrize(
    "more, classes, told",
    [
        ({"columns": ("kind",)}, (), "requests.column: must be one of image, label, n, tone"),
        ({"columns": ("prompt",)}, (), "requests.column"),
        ({}, (("red",), ("red",)), "must name each class once, names red"),
        ({}, (("green",),), "must be among red, blue, got green"),
        ({"columns": ("tone",)}, (), "requests.classes: must be given where the column is not one ClassLabel"),
        ({"columns": ("label", "tone")}, (), "'label', 'tone' is not; list them"),
        ({"columns": ("n",)}, (("3",),), "requests.column: must be a column of classes or of texts, 'n' is"),
        ({"columns": ("label", "tone")}, (("red",),), "requests.classes: must name a class of each of label, tone"),
    ],
)
def test_what_does_not_fit_the_source_is_refused(more: dict[str, Any], classes: tuple[Class, ...], told: str) -> None:
    """In the words of the recipe."""
    features = Features({**FEATURES, "tone": Value("string"), "prompt": Value("string")})
    with pytest.raises(RecipeError, match="recipe, requests") as error:
        known_classes(dataclasses.replace(ASKED, **more), classes, features)
    assert told in str(error.value)


def test_a_column_of_numbers_is_no_column_of_classes() -> None:
    """Nobody can ask a model for the class 3.5."""
    with pytest.raises(RecipeError, match=r"requests\.column: must be a column of classes or of texts, 'n' is"):
        asked_for(Prompts(("n",), "x"))


def test_a_combination_of_classes_fills_a_slot_for_each_column() -> None:
    """And each row has a class of each."""
    features = Features({**FEATURES, "kind": Value("string")})
    wanted: dict[Class, range] = {("red", "small"): range(2), ("blue", "large"): range(1)}
    rows = request_rows("g", Prompts(("label", "kind"), "a {kind} {label} ball"), wanted, features)
    assert rows["prompt"][:] == ["a small red ball"] * 2 + ["a large blue ball"]
    assert (rows["label"][:], rows["kind"][:]) == ([0, 0, 1], ["small", "small", "large"])


def test_without_a_prompt_a_generator_reads_the_classes_alone() -> None:
    """Samplers that were trained on classes know no words."""
    assert set(asked_for(Prompts(("label",))).features) == {"label", provenance.COLUMN}


def test_ids_of_earlier_versions_stay() -> None:
    """So a recipe that was released before makes the same rows."""
    assert ids()[::3] == ["53469359f4ec71ddd973c7a8db454af3", "99005f88e85be3c1f77969e1e1eff9a7"]
