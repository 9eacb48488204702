"""hfaug's names in the tables of `datasets`, and what happens when `datasets` changes them."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets import load_dataset, packaged_modules

import hfaug
from hfaug.builders import registry
from hfaug.errors import CompatibilityError


def test_registering_again_changes_nothing() -> None:
    before = copy.deepcopy({name: getattr(packaged_modules, name) for name in registry._TABLES})
    registry.register()
    assert {name: getattr(packaged_modules, name) for name in registry._TABLES} == before
    assert packaged_modules._EXTENSION_TO_MODULE[".hfaug"] == ("hfaug", {})
    assert packaged_modules._ALL_EXTENSIONS.count(".hfaug") == 1


def test_datasets_knows_the_names_after_importing_hfaug() -> None:
    """One import is enough, in any process; and it loads none of the builders."""
    code = (
        "import sys, hfaug; from datasets import load; "
        "print([name for name in ('augmentfolder', 'hfaug') if name in load._PACKAGED_DATASETS_MODULES], "
        "'hfaug.builders.base' in sys.modules, 'hfaug.recipe' in sys.modules, 'hfaug.op' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['augmentfolder', 'hfaug'] False False False"


def test_each_module_holds_the_builder_that_datasets_will_find() -> None:
    """`datasets` takes the first builder class that a module defines."""
    found = {name: datasets.load.import_main_class(module).__name__ for name, module in registry.NAMES.items()}
    assert found == {"augmentfolder": "AugmentFolder", "hfaug": "RecipeFile"}


@pytest.mark.parametrize("name", sorted(registry._TABLES))
@pytest.mark.parametrize("change", ["gone", "another type", "another entry"])
def test_a_changed_table_turns_the_builders_off_and_nothing_else(
    name: str, change: str, pictures: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Using a builder says what has changed; registering says it too and goes on; other loaders work."""
    kind, entry, _ = registry._TABLES[name]
    if change == "gone":
        monkeypatch.delattr(packaged_modules, name)
    elif change == "another type":
        monkeypatch.setattr(packaged_modules, name, () if kind is list else [])
    elif entry is not None:
        monkeypatch.setitem(getattr(packaged_modules, name), entry, None)
    else:
        return
    registry.register()
    message = f"datasets {datasets.__version__} has changed datasets.packaged_modules.{name}"
    assert message in caplog.text
    with pytest.raises(CompatibilityError, match=r"builders .* are off; everything else works"):
        registry.check()
    if name == "_PACKAGED_DATASETS_MODULES":
        return  # `datasets` itself finds no builder any more
    with pytest.raises(CompatibilityError, match=name):
        load_dataset("augmentfolder", data_dir=str(pictures))
    if change == "another type":
        plain = load_dataset("imagefolder", data_dir=str(pictures), split="test")
        assert hfaug.augment(plain, hfaug.ops.image.Flip()).num_rows == 12


def test_a_copied_table_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `datasets.load` no longer looks into the table that is changed here, changing it would do nothing."""
    monkeypatch.setattr(datasets.load, "_EXTENSION_TO_MODULE", dict(packaged_modules._EXTENSION_TO_MODULE))
    with pytest.raises(CompatibilityError, match=r"load\._EXTENSION_TO_MODULE"):
        registry.check()


@pytest.mark.parametrize("place", sorted(registry._CALLED))
def test_a_changed_function_is_noticed(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them, gone or with other arguments."""
    home, _, names = place.partition(":")
    owner: Any = registry._module(home)
    *path, last = names.split(".")
    for name in path:
        owner = getattr(owner, name)
    if registry._CALLED[place]:
        monkeypatch.setattr(owner, last, lambda *_: None)
        with pytest.raises(CompatibilityError, match=re.escape(names)):
            registry.check()
    monkeypatch.setattr(owner, last, None)
    with pytest.raises(CompatibilityError, match=re.escape(names)):
        registry.check()


def test_hfaug_imports_and_works_where_datasets_has_changed(data_folder: Path) -> None:
    """In a fresh process: the import says it once, ops run, the builders name what is wrong."""
    code = f"""
from datasets import Dataset, load_dataset, packaged_modules
del packaged_modules._MODULE_TO_EXTENSIONS
import hfaug
print(hfaug.augment(Dataset.from_dict({{"text": ["some words"]}}), hfaug.ops.text.SwapChars()).num_rows)
for path in ("augmentfolder", "hfaug"):
    try:
        hfaug.load_dataset(path, data_files={str(data_folder / "mail" / "mail.jsonl")!r})
    except hfaug.errors.CompatibilityError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, *said = done.stdout.splitlines()
    assert first == "2"
    assert len(said) == 2
    assert all("has changed datasets.packaged_modules._MODULE_TO_EXTENSIONS" in line for line in said)
    assert "builders (augmentfolder, *.hfaug) are off" in done.stderr
