"""YAML with places: every error names the line, the place and the nearest right word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hfaug.errors import RecipeError
from hfaug.recipe import parse_recipe
from hfaug.recipe.text import read_yaml

START = "name: x\nsource: {path: json}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("name: [", "must be YAML"),
        ("name: x\n", "must have the key 'source'"),
        ("name: x\nname: y\nsource: {path: a}", "line 2: the key 'name' must stand once"),
        ("name: 7\nsource: {path: a}", "line 1, name: must be text, got 7"),
        ("1: x", "keys must be text"),
        (START + "step: []", "line 3, file: must not have the key 'step'; did you mean 'steps'?"),
        (START + "steps:\n- augmentt: {ops: image.flip}", "did you mean 'augment'?"),
        (START + "steps:\n- augment: {ops: image.flip, copie: 2}", "did you mean 'copies'?"),
        (
            START + "steps:\n- augment: {ops: image.flip, copies: 0}",
            "steps[0].augment.copies: must be a whole number from 1 up",
        ),
        (START + "steps:\n- augment: {ops: image.flip, copies: true}", "must be a whole number from 1 up, got True"),
        (START + "steps:\n- augment: {ops: image.rotat}", "did you mean image.rotate"),
        (START + "steps:\n- augment: {ops: [image.rotate: {degree: [1, 2]}]}", "did you mean 'degrees'?"),
        (START + "steps:\n- augment: {ops: [image.rotate: {degrees: [5, 2]}]}", "low <= high, got (5.0, 2.0)"),
        (START + "steps:\n- augment: {ops: []}", "must name at least one op"),
        (START + "steps:\n- augment: {ops: filter.exact_duplicates}", "must be an op"),
        (START + "steps:\n- filter: image.flip", "must be a filter"),
        (START + "steps:\n- augment: {ops: image.flip}\n  filter: x", "write each step as an item of its own"),
        (START + "steps:\n- balance: {column: a, target: some}", "must be most"),
        (START + "columns: {box_format: weird}\nsteps:\n- augment: {ops: image.flip}", "line 3, columns: "),
        (START + "columns: {picture: a}\nsteps:\n- augment: {ops: image.flip}", "picture"),
        (START + "seed: -1", "seed: must be a whole number from 0 up"),
        (START + "release: {too: x}", "did you mean 'to'?"),
        (START + "version: one", "line 3, version: version: must look like 1.2.0"),
        (START + "version: 1.0", "line 3, version: must be text"),
        (START + "release: {to: bad repo/name/x}", "line 3, release.to: release: target must be a repo id"),
        (START + "release: {license: foo-lic}", "line 3, release.license: licence: must be a licence identifier"),
        ("name: x\nsource: {path: a, license: apache2}", "such as 'apache-2.0'"),
        ("name: ''\nsource: {path: a}", "line 1, name: must be a name on one line"),
        ('name: "a\\nb"\nsource: {path: a}', "line 1, name: must be a name on one line"),
        (START + "release: {card: {langauge: en}}", "release.card: release: card must have fields of a card"),
        (START + "release: {card: {langauge: en}}", "did you mean 'language'?"),
        (START + "release: {card: {license: mit}}", "must not set 'license'"),
        (START + "columns: [a]", "line 3, columns: must be a mapping of roles to columns, got ['a']"),
        (START + "steps: &a [*a]", "must not hold itself"),
    ],
)
def test_a_wrong_recipe_is_refused_with_its_place(text: str, told: str) -> None:
    """The message says where and what is wrong, and what would be right."""
    with pytest.raises(RecipeError) as error:
        parse_recipe(text)
    assert told in str(error.value)


def test_places_are_kept_through_lists_and_mappings() -> None:
    """A node knows its path and line."""
    node = read_yaml("a:\n  - b\n  - c: 1\n").value["a"].value[1].value["c"]
    assert (node.place, node.line) == ("a[1].c", 3)


def test_ops_may_be_written_short_and_long() -> None:
    """A name, a name with fields, and composed ops all read as ops; a list of them is a chain."""
    recipe = parse_recipe(
        START
        + """
steps:
  - augment:
      ops:
        - image.flip
        - image.rotate: {degrees: [-5, 5]}
        - one_of: {ops: [image.erase, {image.flip: {axis: vertical}}], weights: [1, 2]}
        - sometimes: {op: image.jitter_color, chance: 0.2}
"""
    )
    chain = recipe.steps[0].op  # type: ignore[union-attr]
    assert [type(op).__name__ for op in chain.children()] == ["Flip", "Rotate", "OneOf", "Sometimes"]
    assert chain.children()[2].weights == (1.0, 2.0)


def test_a_model_folder_begins_at_the_recipe_and_stays_private(tmp_path: object) -> None:
    """Relative model folders are found from the recipe file, and only their last name is published."""
    text = START + "steps:\n- augment: {ops: [text.back_translate: {model: ../models/mine}]}"
    op = parse_recipe(text, str(tmp_path)).steps[0].op  # type: ignore[union-attr]
    assert op.model.startswith(str(tmp_path))
    assert json.loads(op.published_json)["fields"]["model"] == "mine"
    assert str(tmp_path) not in op.published_json


def test_folders_of_what_is_laid_over_a_model_begin_at_the_recipe(tmp_path: Path) -> None:
    """One name, a list of them, or names with strengths."""
    fields = (
        "textual_inversion: [./word.bin, org/word], lora: {../lora: 0.5, org/style: 1}",
        "textual_inversion: ./word.bin, lora: ../lora",
    )
    for said in fields:
        text = START + f"steps:\n- augment: {{ops: [image.control_to_image: {{prompt: a, controlnet: ./net, {said}}}]}}"
        op = parse_recipe(text, tmp_path).steps[0].op  # type: ignore[union-attr]
        assert op.controlnet == str(tmp_path / "net")
        assert op.textual_inversion[0] == str(tmp_path / "word.bin")
        assert dict(op.lora)[f"{tmp_path}/../lora"] == (0.5 if "style" in said else 1)
        assert {*op.textual_inversion[1:], *dict(op.lora)} - {f"{tmp_path}/../lora"} <= {"org/word", "org/style"}
        assert str(tmp_path) not in op.published_json


def test_a_source_may_be_of_unknown_licence_and_columns_empty() -> None:
    """As datasets of the Hub are; a release then has to state one."""
    recipe = parse_recipe("name: x\nsource: {path: a, license: unknown}\ncolumns:\n")
    assert (recipe.source.license, recipe.columns) == ("unknown", {})
