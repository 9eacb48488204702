"""Ops and filters of one's own in recipes: by module and class, and imported only where the user named the file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from datasets import Dataset, load_dataset

import hfaug
from hfaug.errors import RecipeError
from hfaug.recipe import load_recipe, parse_recipe
from hfaug.recipe.build import build

CODE = '''
import dataclasses
import hfaug
from hfaug.filters import RowFilter
from hfaug.moves import Edits
from hfaug.wrap.functions import *

@dataclasses.dataclass(frozen=True, kw_only=True)
class Shout(hfaug.EditOp):
    """Write the first letters in capitals."""

    letters: int = 1

    def edits(self, text, rng):
        return Edits([(0, self.letters, text[:self.letters].upper())])

@dataclasses.dataclass(frozen=True, kw_only=True)
class DropShort(RowFilter):
    """Drop short texts."""

    def needs(self):
        return ("text",)

    def reason(self, row):
        return None if len(row["text"]) > 2 else "short"

from hfaug.ops.text import SwapChars
'''
RECIPE = """
name: own
source: {path: json, data_files: rows.jsonl, license: mit}
steps:
  - augment: {ops: [MODULE:Shout: {letters: 2}], keep: false}
  - filter: MODULE:DropShort
"""


@pytest.fixture
def module(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A module beside a recipe; each test's has a name of its own, since modules stay."""
    name = f"own_{abs(hash(request.node.nodeid))}"
    (tmp_path / f"{name}.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "rows.jsonl").write_text('{"text": "abc"}\n{"text": "de"}\n', encoding="utf-8")
    (tmp_path / "recipe.yaml").write_text(RECIPE.replace("MODULE", name), encoding="utf-8")
    path = list(sys.path)
    yield name
    sys.path[:] = path
    sys.modules.pop(name, None)


def test_a_file_that_the_user_names_imports_from_beside_it(module: str, tmp_path: Path) -> None:
    """Op and filter run, and the folder hides nothing that is installed."""
    before = sys.path[0]
    recipe = load_recipe(tmp_path / "recipe.yaml", own_code=True)
    assert sys.path[0] == before
    result = build(recipe, tmp_path / "work", progress=False)
    assert result.splits["train"]["text"][:] == ["ABc"]
    assert result.record.steps[0].title == f"{module}:Shout"
    assert result.record.steps[1].rejects == {"short": 1}


def test_an_edited_class_is_computed_anew(module: str, tmp_path: Path) -> None:
    """Its code is in the digest of its stages."""
    build(load_recipe(tmp_path / "recipe.yaml", own_code=True), tmp_path / "work", progress=False)
    del sys.modules[module]
    (tmp_path / f"{module}.py").write_text(CODE.replace(".upper()", '.upper() + "!"'), encoding="utf-8")
    again = build(load_recipe(tmp_path / "recipe.yaml", own_code=True), tmp_path / "work", progress=False)
    assert again.splits["train"]["text"][:] == ["AB!c", "DE!"]


READERS: dict[str, Callable[[Path, str], object]] = {
    "load_recipe": lambda folder, _: load_recipe(folder / "recipe.yaml"),
    "parse_recipe": lambda folder, _: parse_recipe((folder / "recipe.yaml").read_text(), folder),
    "found by load_dataset": lambda folder, _: load_dataset(str(folder / "found"), cache_dir=str(folder / "cache")),
    "hfaug.load_dataset": lambda folder, _: hfaug.load_dataset(str(folder / "recipe.yaml")),
    "augment": lambda folder, own: hfaug.load_dataset(
        "json", data_files=str(folder / "rows.jsonl"), augment={"ops": f"{own}:Shout"}, cache_dir=str(folder / "cache")
    ),
    "augmentfolder": lambda folder, own: load_dataset(
        "augmentfolder",
        data_files=str(folder / "rows.jsonl"),
        recipe={"ops": [f"{own}:Shout"]},
        cache_dir=str(folder / "cache"),
    ),
}


@pytest.mark.parametrize("reader", READERS)
def test_loading_imports_nothing_of_a_recipe(
    reader: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even from the current folder; once the program itself has imported the module, the recipe may use it."""
    found = tmp_path / "found"
    found.mkdir()
    text = RECIPE.replace("MODULE", module).replace("rows.jsonl", "../rows.jsonl")
    (found / "train.hfaug").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(RecipeError, match="must be imported before a recipe may use it"):
        READERS[reader](tmp_path, module)
    assert module not in sys.modules
    __import__(module)
    assert READERS[reader](tmp_path, module) is not None


def test_ops_of_the_program_itself_work_where_datasets_are_loaded(module: str, tmp_path: Path) -> None:
    """By the name that their lineage has."""
    sys.path.append(str(tmp_path))
    own = __import__(module)
    ds = load_dataset(
        "augmentfolder", data_files=str(tmp_path / "rows.jsonl"), recipe={"ops": [own.Shout.op_name()]},
        cache_dir=str(tmp_path / "cache"),
    )  # fmt: skip
    rows = Dataset.from_dict({"text": ["abc", "de"]})
    assert ds["train"]["text"][:] == hfaug.augment(rows, own.Shout())["text"][:] == ["abc", "de", "Abc", "De"]


@pytest.mark.parametrize(
    "name, told",
    [
        ("MODULE:Shot", "must be the class of an op or filter in MODULE, is missing"),
        ("MODULE:dataclasses", "is module dataclasses"),
        ("MODULE:SwapChars", "must be named where it is written, is text.swap_chars"),
        ("MODULE:", "must be the class of an op or filter"),
        ("no_such_module_at_all:Shout", "must be a module in"),
        ("hfaug.wrap.functions:Wrapped", "must be named as `hfaug ops` lists it"),
    ],
)
def test_a_wrong_name_is_told_with_its_place(name: str, told: str, module: str, tmp_path: Path) -> None:
    """What is hfaug's own has one name, and what makes ops of any code is not to be had by name."""
    text = f"name: x\nsource: {{path: json}}\nsteps:\n- augment: {{ops: ['{name.replace('MODULE', module)}']}}"
    with pytest.raises(RecipeError, match=r"line 4, steps\[0\]\.augment\.ops\[0\]") as error:
        parse_recipe(text, tmp_path, own_code=True)
    assert told.replace("MODULE", module) in str(error.value)


def test_fields_of_own_ops_are_checked_as_those_of_others(module: str, tmp_path: Path) -> None:
    """With the nearest name."""
    (tmp_path / "recipe.yaml").write_text(RECIPE.replace("MODULE", module).replace("letters", "leters"))
    with pytest.raises(RecipeError, match="did you mean 'letters'"):
        load_recipe(tmp_path / "recipe.yaml", own_code=True)


def test_an_error_in_the_module_is_shown_as_it_is(module: str, tmp_path: Path) -> None:
    """A package that it misses is not taken for the module itself."""
    (tmp_path / f"{module}.py").write_text("import no_such_package_at_all")
    with pytest.raises(ModuleNotFoundError, match="no_such_package_at_all"):
        load_recipe(tmp_path / "recipe.yaml", own_code=True)
