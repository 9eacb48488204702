"""Ops and filters from outside hfaug, by the name that a lineage has for them: ``module:Class``.

Importing a module runs it. A recipe may come from anywhere, so it only gets what the program has imported already,
unless the user named the recipe's file to a command that imports from beside it.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from hfaug.config import Config
from hfaug.errors import ParameterError

__all__ = ["find_own"]


def find_own(name: str, code_from: Path | None) -> type[Config]:
    """The class of a name with a colon.

    Args:
        name: ``module:Class``; a notebook's or script's own is ``__main__:Class``.
        code_from: Folder to import the module from before anything else; None imports nothing.

    Raises:
        ParameterError: It is no op or filter from outside hfaug, or would have to be imported and must not.

    >>> find_own("my_ops:Zoom", None)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
      ...
    hfaug.errors.ParameterError: my_ops:Zoom: my_ops must be imported before a recipe may use it, is not; in Python ...
    """
    module, _, qualname = name.partition(":")
    if module.partition(".")[0] == "hfaug":
        raise ParameterError(f"{name}: must be named as `hfaug ops` lists it; names with a colon are for your own")
    found: Any = _imported(name, module, code_from)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if not (isinstance(found, type) and issubclass(found, Config)):
        raise ParameterError(
            f"{name}: must be the class of an op or filter in {module}, is {_kind(found)}; check the spelling"
        )
    # A module also holds what it imported; only its own classes are its word.
    if found.op_name() != name:
        raise ParameterError(f"{name}: must be named where it is written, is {found.op_name()}; say that")
    return found


def _imported(name: str, module: str, code_from: Path | None) -> Any:
    if module in sys.modules:
        return sys.modules[module]
    if code_from is None:
        raise ParameterError(
            f"{name}: {module} must be imported before a recipe may use it, is not; in Python say `import {module}` "
            "first, and on the command line name the recipe's file, which imports it from the file's folder"
        )
    folder = str(code_from)
    importlib.invalidate_caches()
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise ParameterError(
            f"{name}: {module} must be a module in {folder} or an installed one, is neither; check the spelling, or "
            "put it beside the recipe"
        ) from error
    finally:
        # At the end it stays: for what the module imports later, where nothing installed must be hidden by it.
        sys.path.remove(folder)
        if folder not in sys.path:
            sys.path.append(folder)


def _kind(found: Any) -> str:
    return "missing" if found is None else f"{type(found).__name__} {getattr(found, '__name__', '')}".strip()
