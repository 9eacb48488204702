"""The callable again from its frozen text."""

from __future__ import annotations

import base64
import builtins
import functools
import importlib
import json
import sys
import types
from collections.abc import Callable
from typing import Any

from hfaug.code import code_digest
from hfaug.errors import FingerprintError
from hfaug.wrap.freezing import PYTHON, follow, originals

__all__ = ["Thawer", "thaw"]


@functools.lru_cache(maxsize=64)
def thaw(text: str) -> Callable[..., Any]:
    """The callable of `freeze`; made once a process.

    Raises:
        FingerprintError: Its code is no longer what was wrapped, or was compiled by another Python.

    >>> from hfaug.wrap.freezing import freeze
    >>> thaw(freeze(lambda text: text + "!"))("so")
    'so!'
    """
    made: Callable[..., Any] = Thawer().value(json.loads(text))
    return made


def _template() -> None:
    """Its code is the mould for others."""


class Thawer:
    """Turns JSON trees back into values."""

    def __init__(self) -> None:
        self._functions: dict[int, types.FunctionType] = {}

    def value(self, tree: Any) -> Any:
        """The value of a tree."""
        if not isinstance(tree, dict):
            return tree
        kind = next((kind for kind in _PLAIN if kind in tree), None)
        if kind is not None:
            return _PLAIN[kind](tree[kind])
        for holder in (list, tuple, set, frozenset):
            if holder.__name__ in tree:
                return holder(self.value(item) for item in tree[holder.__name__])
        if "dict" in tree:
            return {self.value(key): self.value(item) for key, item in tree["dict"]}
        if "again" in tree:
            return self._functions[tree["again"]]
        if "function" in tree:
            return self._function(tree)
        if "made" in tree:
            return self._made(tree)
        return self._code(tree["code"]) if "code" in tree else _found(tree)

    def _function(self, tree: dict[str, Any]) -> types.FunctionType:
        if tree["python"] != PYTHON:
            raise FingerprintError(
                f"wrap: code compiled by Python {tree['python']} must run under it, this is {PYTHON}; "
                "wrap the function again, or put it into a module and wrap it from there"
            )
        space: dict[str, Any] = {"__builtins__": builtins, "__name__": "hfaug.wrapped"}
        cells = tuple(types.CellType() for _ in tree["cells"])
        code = self._code(tree["code"]["code"])
        function = types.FunctionType(code, space, code.co_name, closure=cells)
        self._functions[tree["function"]] = function
        function.__defaults__ = self.value(tree["defaults"])
        function.__kwdefaults__ = self.value(tree["named_defaults"])
        for cell, held in zip(cells, tree["cells"], strict=True):
            cell.cell_contents = self.value(held)
        space.update({name: self.value(held) for name, held in tree["globals"].items()})
        return function

    def _code(self, tree: dict[str, Any]) -> types.CodeType:
        original = originals.get(json.dumps(tree, sort_keys=True))
        if original is not None:
            return original
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in tree.items()
        }
        fields["co_consts"] = tuple(self.value(value) for value in tree["co_consts"])
        for name in ("co_code", "co_exceptiontable"):
            if name in tree:
                fields[name] = base64.b64decode(tree[name])
        fields.update(co_filename="<wrapped>", co_linetable=_no_lines(len(fields["co_code"])))
        return _template.__code__.replace(co_nlocals=len(tree["co_varnames"]), **fields)

    def _made(self, tree: dict[str, Any]) -> Any:
        value = self.value(tree["made"])(*self.value(tree["arguments"]))
        state = self.value(tree["state"])
        if hasattr(value, "__setstate__"):
            if state is not None:
                value.__setstate__(state)
        elif state is not None:
            attributes, slots = state if isinstance(state, tuple) else (state, None)
            vars(value).update(attributes or {})
            for name, held in (slots or {}).items():
                setattr(value, name, held)
        if tree["items"]:
            value.extend([self.value(item) for item in tree["items"]])
        for key, item in tree["pairs"]:
            value[self.value(key)] = self.value(item)
        return value


def _no_lines(size: int) -> bytes:
    """The table of source lines for `size` bytes of code without any: what only moved in its file stays equal."""
    if sys.version_info >= (3, 11):  # one byte for up to 8 instructions of 2 bytes
        whole, rest = divmod(size // 2, 8)
        return b"\xff" * whole + bytes([0xF8 + rest - 1] if rest else [])
    whole, rest = divmod(size, 254)  # pairs: bytes of code, and -128 for no line
    return b"\xfe\x80" * whole + bytes([rest, 0x80] if rest else [])


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "float": float.fromhex,
    "bytes": base64.b64decode,
    "ellipsis": lambda _: Ellipsis,
    "module": importlib.import_module,
}


def _found(tree: dict[str, Any]) -> Any:
    """What can be imported, if its code is still that of the digest."""
    module, _, name = tree["name"].partition(":")
    found = follow(sys.modules.get(module) or importlib.import_module(module), name)
    source = found if isinstance(found, (types.FunctionType, type)) else getattr(found, "__wrapped__", found)
    if found is None or ("digest" in tree and code_digest(source) != tree["digest"]):
        raise FingerprintError(f"wrap: {tree['name']} must be the code that was wrapped, is not; wrap it again")
    return found
