"""A digest of what code does, for ops and callables whose source lies outside hfaug.

`datasets` hashes an importable class or function by its name alone, so an edited one would get the old rows from the
cache. Compiled code is read rather than source text, since a class typed into an interpreter has no source file.
"""

from __future__ import annotations

import functools
import re
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xxhash

__all__ = ["code_digest"]

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))
_EMPTY = types.CellType()
_SKIPPED = {
    "__abstractmethods__", "__annotate_func__", "__annotations_cache__", "__dataclass_fields__", "__dict__", "__doc__",
    "__firstlineno__", "__module__", "__static_attributes__", "__weakref__", "_abc_impl",
}  # fmt: skip
"""What a class holds that says nothing about what it does, or says it differently in each version of Python."""


def code_digest(value: Any) -> str:
    """Digest a class or function with everything of its own package that it names; empty for classes of hfaug.

    Followed are bases, methods, defaults, closures, and the functions, classes and constants of the same package that
    the code names. Other packages count by name, live objects by their type.

    >>> code_digest(lambda x: x + 1) == code_digest(lambda x: x + 1) != code_digest(lambda x: x + 2)
    True
    """
    home = _home(value)
    if home == "hfaug" and isinstance(value, type):
        return ""
    return xxhash.xxh3_128_hexdigest(_Reader(home).text(value).encode("utf-8", "surrogatepass"))


def _home(value: Any) -> str:
    return str(getattr(value, "__module__", None) or "").split(".")[0]


class _Reader:
    """Turns code into text that is equal for equal code, in any process."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._seen: dict[int, int] = {}

    def text(self, value: Any) -> str:
        """The text of any value that code can hold."""
        if isinstance(value, _PLAIN):
            return repr(value)
        if isinstance(value, (tuple, list)):
            return f"{type(value).__name__}({','.join(map(self.text, value))})"
        if isinstance(value, (set, frozenset)):
            return f"set({','.join(sorted(map(self.text, value)))})"
        if isinstance(value, Mapping):
            return f"map({','.join(f'{self.text(key)}:{self.text(item)}' for key, item in value.items())})"
        if isinstance(value, types.CodeType):
            return self._code(value)
        if isinstance(value, re.Pattern):
            return f"re({value.pattern!r},{value.flags})"
        if isinstance(value, np.ndarray) and value.dtype != object:
            return f"array({value.dtype},{value.shape},{xxhash.xxh3_128_hexdigest(value.tobytes())})"
        return self._object(value)

    def _object(self, value: Any) -> str:
        if isinstance(value, (staticmethod, classmethod)):
            return f"{type(value).__name__}({self.text(value.__func__)})"
        if isinstance(value, property):
            return f"property({','.join(map(self.text, (value.fget, value.fset, value.fdel)))})"
        if isinstance(value, functools.cached_property):
            return f"cached({self.text(value.func)})"
        if isinstance(value, functools.partial):
            return f"partial({self.text(value.func)},{self.text(value.args)},{self.text(value.keywords)})"
        if isinstance(value, types.MethodType):
            return f"method({self.text(value.__func__)},{type(value.__self__).__qualname__})"
        if isinstance(value, (types.FunctionType, type)):
            return self._definition(value)
        if isinstance(value, types.ModuleType):
            return f"module({value.__name__})"
        canonical = getattr(value, "canonical_json", None)
        return canonical if isinstance(canonical, str) else f"object({_name(type(value))})"

    def _definition(self, value: Any) -> str:
        if _home(value) != self._home:
            return f"name({_name(value)})"
        if id(value) in self._seen:
            return f"again({self._seen[id(value)]})"
        self._seen[id(value)] = len(self._seen)
        return "".join(self._class(value) if isinstance(value, type) else self._function(value))

    def _class(self, cls: type) -> Iterator[str]:
        yield f"class {cls.__qualname__}"
        for base in cls.__bases__:
            yield f"({self.text(base)})"
        for key in sorted(vars(cls).keys() - _SKIPPED):
            yield f"\n{key}={self.text(vars(cls)[key])}"

    def _function(self, function: types.FunctionType) -> Iterator[str]:
        yield f"def {self._code(function.__code__)}"
        yield f"{self.text(function.__defaults__)}{self.text(function.__kwdefaults__)}"
        for cell in function.__closure__ or ():
            yield f"\n^{self.text(cell.cell_contents) if cell != _EMPTY else ''}"
        for name in sorted(_names(function.__code__) & function.__globals__.keys()):
            yield f"\n{name}={self.text(function.__globals__[name])}"

    def _code(self, code: types.CodeType) -> str:
        consts = self.text(code.co_consts)
        return f"{code.co_code.hex()}|{consts}|{code.co_names}|{code.co_varnames}|{code.co_freevars}"


def _names(code: types.CodeType) -> set[str]:
    """Every name that a function or one inside it looks up."""
    inner = (item for item in code.co_consts if isinstance(item, types.CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _name(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"
