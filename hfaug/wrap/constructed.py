"""Transforms that keep their arguments as attributes: written down as class and arguments, made again from those."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from hfaug.code import code_digest
from hfaug.errors import FingerprintError

__all__ = ["differences", "parts", "rebuild", "specify"]

_FILES = ("path", "file", "folder", "directory")


def specify(transform: Any, *, library: str, live: Collection[str]) -> dict[str, Any]:
    """The class of a transform and the arguments that make it again, as plain data.

    Args:
        transform: An object of a class whose ``__init__`` keeps each argument under its own name, parts in
            ``transforms``.
        library: The package whose classes its version stands for; the code of others is digested.
        live: Attributes that are no configuration.

    Raises:
        FingerprintError: It cannot be made again by its arguments, or reads files.
    """
    spec = _spec(transform, library)
    for one, other in zip(parts(transform), parts(rebuild(spec)), strict=True):
        lost = differences(one, other, live)
        if lost:
            raise FingerprintError(
                f"wrap: {type(one).__name__} must be made again by arguments that it keeps under their names, "
                f"{', '.join(lost)} would be lost; take it out, or make a class of your own that keeps them"
            )
    return spec


def rebuild(spec: Mapping[str, Any]) -> Any:
    """A transform from its class and arguments.

    Raises:
        FingerprintError: The code of its class is no longer what was wrapped.
    """
    module, _, name = spec["class"].partition(":")
    cls = getattr(sys.modules.get(module) or importlib.import_module(module), name, None)
    if cls is None or ("code" in spec and code_digest(cls) != spec["code"]):
        raise FingerprintError(f"wrap: {spec['class']} must be the class that was wrapped, is another; wrap it again")
    made = {
        name: [rebuild(part) for part in value] if name == "transforms" else value
        for name, value in spec["arguments"].items()
    }
    return cls(**made)


def parts(transform: Any) -> Iterator[Any]:
    """A transform and all transforms inside it."""
    yield transform
    for part in getattr(transform, "transforms", ()):
        yield from parts(part)


def _spec(transform: Any, library: str) -> dict[str, Any]:
    cls = type(transform)
    if getattr(sys.modules.get(cls.__module__), cls.__name__, None) is not cls or cls.__module__ == "__main__":
        raise FingerprintError(
            f"wrap: the class of a transform must be defined at the top of a module, {cls.__qualname__} is not; move it"
        )
    kept = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    names = [name for name, of in inspect.signature(cls).parameters.items() if of.kind in kept]
    arguments = {
        name: [_spec(part, library) for part in transform.transforms]
        if name == "transforms"
        else _plain(getattr(transform, name), f"{cls.__name__}.{name}")
        for name in names
        if hasattr(transform, name)
    }
    spec = {"class": f"{cls.__module__}:{cls.__name__}", "arguments": arguments}
    return spec if cls.__module__.split(".")[0] == library else {**spec, "code": code_digest(cls)}


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_plain(item, where) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(item, where) for key, item in value.items()}
    reads_files = value is not None and any(word in where.lower() for word in _FILES)
    if not reads_files and (value is None or isinstance(value, (bool, int, float, str))):
        return value
    if callable(value):
        way_out = 'chain it: hfaug.Chain(hfaug.wrap(transform), hfaug.wrap(function, reads="..."))'
    else:
        way_out = "take the transform out, or write an op that holds what it needs as an asset"
    what = "names files, whose content can change" if reads_files else f"is {type(value).__name__}"
    raise FingerprintError(f"wrap: {where} must be a plain number or text, {what}; {way_out}")


def differences(one: Any, other: Any, live: Collection[str]) -> list[str]:
    """The attributes in which two transforms differ, beside the live ones."""
    held, made = vars(one), vars(other)
    names = {name for name in held.keys() | made.keys() if name not in live and name != "transforms"}
    return sorted(name for name in names if not _equal(held.get(name), made.get(name)))


def _equal(one: Any, other: Any) -> bool:
    """Whether two values of a configuration are alike; lists and tuples are, and caches of calls."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, functools._lru_cache_wrapper) and type(one) is type(other):  # noqa: SLF001 - its only name
        return True
    if type(one) is type(other) and "__eq__" not in {name for base in type(one).__mro__[:-1] for name in vars(base)}:
        if not hasattr(one, "__dict__"):
            return one is other
        return _equal(list(vars(one).items()), list(vars(other).items()))
    return bool(one == other)
