"""The public names are those of ``hfaug.__all__``: all there, sorted, and none by accident."""

import ast
import importlib
import subprocess
import sys
from types import ModuleType

import pytest

import hfaug
from tests.house import source


def test_public_names_are_sorted_and_listed_once():
    assert hfaug.__all__ == sorted(set(hfaug.__all__))


@pytest.mark.parametrize("name", hfaug.__all__)
def test_public_name_can_be_had(name):
    assert getattr(hfaug, name) is not None
    assert name in dir(hfaug)


def test_type_checkers_see_the_same_names():
    """The imports under ``TYPE_CHECKING`` name what the table of lazy names does, from the same modules."""
    seen = {}
    for node in ast.walk(source.tree(source.ROOT / "hfaug" / "__init__.py")):
        if isinstance(node, ast.ImportFrom) and source.type_only(node):
            seen |= {alias.asname: f"{node.module}.{alias.name}" for alias in node.names}
    table = {name: f"hfaug.{module}.{name}" for name, module in hfaug._HOMES.items()}
    assert seen == table | {name: f"hfaug.{name}" for name in hfaug._MODULES}


def test_nothing_else_becomes_public():
    """What hfaug's own modules define is public only by standing in ``__all__``."""
    [getattr(hfaug, name) for name in hfaug.__all__]
    own = {
        name
        for name, value in vars(hfaug).items()
        if getattr(value, "__module__", "").startswith("hfaug") and not isinstance(value, ModuleType)
    }
    assert {name for name in own if not name.startswith("_")} <= set(hfaug.__all__)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'augmnet'"):
        hfaug.augmnet  # noqa: B018


@pytest.mark.parametrize("name", sorted(name for name, module in hfaug._HOMES.items() if name == module))
def test_function_wins_over_the_module_of_its_name(name):
    """Whoever imports ``hfaug.augment`` first, ``hfaug.augment`` stays the function."""
    code = f"import hfaug.{name}; import hfaug; from hfaug.{name} import {name} as f; assert hfaug.{name} is f"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(set(source.modules()) - {"hfaug.__main__"}))
def test_module_has_what_it_lists(name):
    """Each name in a module's ``__all__`` is there."""
    module = importlib.import_module(name)
    missing = [public for public in getattr(module, "__all__", []) if not hasattr(module, public)]
    assert not missing
