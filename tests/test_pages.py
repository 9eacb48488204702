"""Pages of ops: every field is explained, every snippet is a recipe that parses, every text is escaped."""

import dataclasses
from typing import Annotated, Literal

import pytest
import yaml

from hfaug import pages
from hfaug.catalog import FAMILIES, all_classes, lookup
from hfaug.fields import Angle, Limit, Positive, Share
from hfaug.recipe import parse_recipe
from hfaug.recipe.schema import Augment, FilterRows

PAGES = {page.name: page for page in pages.all_pages()}


def test_there_is_a_page_for_each_op():
    assert set(PAGES) == set(all_classes())


def test_bases_are_no_ops():
    assert not {"filter.filter", "filter.row_filter", "filter.dataset_filter"} & set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_every_field_is_explained(name):
    page = PAGES[name]
    fields = {field.name for field in dataclasses.fields(lookup(name))} - {"binding"}
    assert {field.name for field in page.fields} == fields
    assert [field.name for field in page.fields if not field.about or "value" in field.kind.split()] == []
    assert page.line.endswith(".")


@pytest.mark.parametrize("name", PAGES)
def test_the_snippet_is_a_recipe_with_the_defaults(name):
    """It parses, and gives the op with the fields as they are by default."""
    recipe = parse_recipe(f"name: x\nsource: {{path: text}}\n{PAGES[name].recipe}")
    (step,) = recipe.steps
    made = step.filter if isinstance(step, FilterRows) else step.op
    assert type(made) is lookup(name)
    for field in dataclasses.fields(made):
        if field.default is not dataclasses.MISSING and field.name not in {"ops", "op"}:
            assert getattr(made, field.name) == getattr(type(made)(**_given(made)), field.name)
    assert not isinstance(step, Augment) or step.copies == 2


@pytest.mark.parametrize(
    "name", ["image.image_to_image", "image.inpaint", "image.add_object", "image.control_to_image", "image.vary"]
)
def test_what_is_drawn_from_images_is_no_synthesis_from_requests(name):
    assert "augment" in yaml.safe_load(PAGES[name].recipe)["steps"][0]


def _given(made):
    """What the snippet had to say."""
    return {name: getattr(made, name) for name in ("ops", "op") if hasattr(made, name)}


@pytest.mark.parametrize("name", PAGES)
def test_the_default_can_be_written_in_a_recipe(name):
    cls = lookup(name)
    for field in PAGES[name].fields:
        if field.default not in (None, "none"):
            value = yaml.safe_load(field.default)
            wanted = getattr(cls, field.name)
            assert value == (list(wanted) if isinstance(wanted, tuple) else wanted)


@pytest.mark.parametrize(
    "annotation, said",
    [
        (Share, "number from 0 to 1"),
        (Positive, "number above 0"),
        (Angle, "(low, high) from -360 to 360"),
        (Annotated[int, Limit(1)], "whole number from 1 up"),
        (Annotated[int | None, Limit(1)], "whole number from 1 up or nothing"),
        (Literal["a", "b"], "one of a, b"),
        (tuple[str, ...], "list of texts"),
        (Annotated[tuple[float, float, float], Limit(0, 255)], "3 numbers from 0 to 255"),
        (bool, "true or false"),
        (tuple[str | tuple[str, float], ...], "list of texts or (text, number) pairs"),
    ],
)
def test_kinds_are_said_in_words(annotation, said):
    assert pages._kind(annotation) == said


def test_a_page_fits_a_terminal():
    """All but what cannot be broken, such as the name of a model."""
    for page in PAGES.values():
        assert [line for line in page.text.splitlines() if len(line) > 80 and " " in line.strip()[:60]] == []


def test_sections_may_go_on_over_lines():
    """A `Source:` of two lines is read whole, and the example is not part of it."""
    source = PAGES["image.jitter_color"].sections["Source"]
    assert source.endswith("arXiv:1312.5402.")
    assert ">>>" not in source


def test_fields_of_bases_are_explained_there():
    about = {field.name: field.about for field in PAGES["image.jitter_color"].fields}
    assert not about["clip"].startswith("See")


def test_what_is_learnt_cannot_be_written():
    (pool,) = (field for field in PAGES["mix.mix_up"].fields if field.name == "pool")
    assert pool.given == "learnt from the dataset"
    assert "pool" not in PAGES["mix.mix_up"].recipe


def test_the_table_is_whole_and_sorted_by_family():
    lines = pages.op_table().splitlines()[2:]
    assert all(line.replace("\\|", "").count("|") == 5 for line in lines)
    families = [line.split("`")[1].partition(".")[0] for line in lines if "." in line.split("`")[1]]
    assert list(dict.fromkeys(families)) == [family for family in FAMILIES if family in families]
