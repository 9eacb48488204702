"""Requests of a generator: who asks for what has ids of its own; what cannot be asked is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from datasets import ClassLabel, Features, Image, Value

from hfaug import provenance
from hfaug.errors import RecipeError
from hfaug.recipe import parse_recipe
from hfaug.recipe.requests import occurrence, request_rows
from hfaug.recipe.schema import Requests

FEATURES = Features({"image": Image(), "label": ClassLabel(names=["red", "blue"]), "n": Value("int64")})
ASKED = Requests(column="label", prompt="a {size} {label} ball", count=2, slots={"size": ("small", "large")})
STEP = """
- synthesise:
    op: {image.text_to_image: {model: ./m, steps: 1}}
    requests: {column: label, count: 2, prompt: PROMPT, slots: {size: [small, large]}}
"""
START = "name: x\nsource: {path: imagefolder}\nsteps:"


def ids(asked: Requests = ASKED, again: int = 0) -> list[str]:
    """The ids of its requests."""
    return [item["id"] for item in request_rows("generator", asked, FEATURES, again)[provenance.COLUMN]]


def test_asking_for_more_leaves_the_earlier_ones_alone() -> None:
    """Ids follow from class and number, and prompts from ids."""
    more = request_rows("generator", dataclasses.replace(ASKED, count=5), FEATURES)
    few = request_rows("generator", ASKED, FEATURES)
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
    asked = Requests(column="label", prompt="{{{label}}}", count=1)
    assert request_rows("g", asked, FEATURES)["prompt"][:] == ["{red}", "{blue}"]


@pytest.mark.parametrize(
    "more, told",
    [
        ({"column": "kind"}, "requests.column: must be one of image, label, n"),
        ({"column": "prompt"}, "requests.column"),
        ({"column": "n", "classes": ("red",), "prompt": "x"}, "must be a column of classes or of texts"),
        ({"classes": ("red", "red")}, "must name each class once, names red"),
        ({"classes": ("green",)}, "must be among red, blue, got green"),
    ],
)
def test_what_does_not_fit_the_source_is_refused(more: dict[str, Any], told: str) -> None:
    """In the words of the recipe."""
    with pytest.raises(RecipeError, match="recipe, requests") as error:
        request_rows("generator", dataclasses.replace(ASKED, **more), Features({**FEATURES, "prompt": Value("string")}))
    assert told in str(error.value)
