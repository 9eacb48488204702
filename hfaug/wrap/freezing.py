"""A callable as plain data: equal for equal callables in any process, and enough to make it again there.

What can be imported goes by its name, with a digest of its code where the code is the user's own. The rest (lambdas,
functions of a notebook or script) goes by its compiled code and by the values that it holds. Whatever has a state of
its own is refused: its state would decide the result, and no other process has it.
"""

from __future__ import annotations

import base64
import copyreg
import dis
import functools
import io
import json
import os
import sys
import sysconfig
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hfaug.code import code_digest
from hfaug.errors import FingerprintError

__all__ = ["PYTHON", "Freezer", "follow", "freeze", "locate", "originals"]

MOST_BYTES = 20_000
"""What a frozen callable may weigh: its text stands in the lineage of every row that it changes."""

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

originals: dict[str, types.CodeType] = {}
"""Frozen code of this process by its text: it still knows the lines that an error is reported with."""

_RANDOM = (np.random.Generator, np.random.BitGenerator, np.random.RandomState)
_CODE_FIELDS = ("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_stacksize", "co_flags", "co_name")
_NAMES = ("co_names", "co_varnames", "co_freevars", "co_cellvars")
_NOT_PLAIN = 0x20 | 0x80 | 0x200  # generator, coroutine, asynchronous generator: a call of these gives no result


def freeze(function: Any) -> str:
    """The callable as JSON text.

    Raises:
        FingerprintError: It holds a live object, or too much.

    >>> freeze(len)
    '{"name":"builtins:len"}'
    >>> shift = 3
    >>> freeze(lambda text: text * shift) == freeze(lambda text: text * shift)
    True
    """
    if isinstance(function, type) or not callable(function):
        raise FingerprintError(
            f"wrap: a function or a callable object is needed, got {_shown(function)}; "
            f"{'make an object of the class' if isinstance(function, type) else 'give what can be called'}"
        )
    text = json.dumps(Freezer(_named(function)).tree(function), sort_keys=True, separators=(",", ":"), allow_nan=False)
    if len(text) > MOST_BYTES:
        raise FingerprintError(
            f"wrap: {_named(function)} must hold at most {MOST_BYTES} bytes of code and values, holds {len(text)}; "
            "have it read large data from a file, or put it and the data into a module"
        )
    return text


def locate(value: Any) -> str | None:
    """Where a function, class or built-in can be imported from, as ``module:qualified.name``; None where it cannot."""
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, (type, types.ModuleType)):  # ``random.choice`` is a method, too
        home, short = type(owner).__module__, getattr(value, "__name__", "")
        return f"{home}:{short}" if getattr(sys.modules.get(home), short, None) == value else None
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module in {"__main__", "__mp_main__"}:
        return None
    return f"{module}:{name}" if follow(sys.modules.get(module), name) == value else None


def follow(value: Any, path: str) -> Any:
    """What a dotted path of attributes leads to; None where it ends before."""
    for part in path.split("."):
        value = getattr(value, part, None)
    return value


@functools.cache
def is_installed(module: str) -> bool:
    """Whether a module belongs to Python or to an installed package, so that its version stands for its code."""
    top = module.partition(".")[0]
    if top == "hfaug" or top in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(top), "__file__", None)
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    if file is None or any(file.startswith(os.path.join(folder, "")) for folder in folders):
        return file is not None
    # pip can put packages elsewhere (`--target`, `--user`); what it has put there lies beside its record.
    records = Path(file).parent.parent.glob("*.dist-info/RECORD")
    return any(f"\n{top}/__init__.py," in f"\n{record.read_text(encoding='utf-8')}" for record in records)


def _named(value: Any) -> str:
    return getattr(value, "__qualname__", None) or type(value).__qualname__


def _shown(value: Any) -> str:
    return repr(value)[:80]


class Freezer:
    """Turns values into JSON trees; `who` is the callable, for errors."""

    draws_instead = "take a parameter `rng`, which gets a generator of the row"
    """What to do where a generator is held."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._functions: dict[int, int] = {}
        self._open: set[int] = set()
        self._left = MOST_BYTES

    def tree(self, value: Any) -> Any:
        """The tree of any value that a callable may hold."""
        if value is None or type(value) in {bool, int, str}:
            return self.weighed(value, 8 if not isinstance(value, str) else len(value))
        if type(value) is float:
            return {"float": value.hex()}
        if type(value) is bytes:
            return {"bytes": base64.b64encode(self.weighed(value, len(value))).decode()}
        if isinstance(value, types.CodeType):
            return {"code": self._code(value)}
        if value is Ellipsis:
            return {"ellipsis": True}
        if isinstance(value, types.ModuleType):
            return {"module": value.__name__}
        self.refuse_live(value)
        self.weighed(value, sys.getsizeof(value) // 16)  # an array need not be looked at to be too large
        if id(value) in self._open:
            raise self.refusal(f"{_shown(value)}, which holds itself", "take it out")
        self._open.add(id(value))
        try:
            return self.compound(value)
        finally:
            self._open.discard(id(value))

    def compound(self, value: Any) -> Any:
        """The tree of a value that holds others."""
        if type(value) in {list, tuple}:
            return {type(value).__name__: [self.tree(item) for item in value]}
        if type(value) in {set, frozenset}:
            items = [self.tree(item) for item in value]
            return {type(value).__name__: sorted(items, key=lambda item: json.dumps(item, sort_keys=True))}
        if type(value) is dict:
            return {"dict": [[self.tree(key), self.tree(item)] for key, item in value.items()]}
        place = locate(value)
        if place is not None:
            return self._place(value, place)
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, type):
            raise self.refusal(f"the class {value.__qualname__}, which cannot be imported", "put it into a module")
        return self._reduced(value)

    def _place(self, value: Any, place: str) -> Any:
        module = place.partition(":")[0]
        if is_installed(module):
            return {"name": place}
        source = value if isinstance(value, (types.FunctionType, type)) else getattr(value, "__wrapped__", None)
        if source is None:
            raise self.refusal(f"{place}, whose code cannot be read", "wrap a function that calls it")
        for function in _functions(source):
            for name, held in _globals(function):
                self.refuse_live(held, f"{name} = ")
        return {"name": place, "digest": code_digest(source)}

    def _function(self, function: types.FunctionType) -> Any:
        if id(function) in self._functions:
            return {"again": self._functions[id(function)]}
        self._functions[id(function)] = number = len(self._functions)
        self._open.discard(id(function))  # a function may call itself
        if function.__code__.co_flags & _NOT_PLAIN:
            raise self.refusal(f"{_named(function)}, which is asynchronous or a generator", "return the result")
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        if len(cells) < len(function.__closure__ or ()):
            raise self.refusal("a variable that has no value yet", "wrap it where all it uses is defined")
        return {
            "function": number,
            "code": self.tree(function.__code__),
            "defaults": self.tree(function.__defaults__),
            "named_defaults": self.tree(function.__kwdefaults__),
            "cells": [self.tree(value) for value in cells],
            "globals": {name: self.tree(value) for name, value in _globals(function)},
            "python": PYTHON,
        }

    def _code(self, code: types.CodeType) -> dict[str, Any]:
        for instruction in dis.get_instructions(code):
            if instruction.opname in {"STORE_GLOBAL", "DELETE_GLOBAL"}:
                raise self.refusal(f"code that sets the global {instruction.argval}", "return what it makes instead")
        tree: dict[str, Any] = {name: getattr(code, name) for name in _CODE_FIELDS}
        tree.update({name: list(getattr(code, name)) for name in _NAMES})
        tree["co_code"] = base64.b64encode(self.weighed(code.co_code, len(code.co_code))).decode()
        tree["co_consts"] = [self.tree(value) for value in code.co_consts]
        if hasattr(code, "co_exceptiontable"):
            tree["co_exceptiontable"] = base64.b64encode(code.co_exceptiontable).decode()
        originals[json.dumps(tree, sort_keys=True)] = code
        return tree

    def _reduced(self, value: Any) -> Any:
        """An object by what it would be pickled as."""
        try:
            known = copyreg.dispatch_table.get(type(value))
            reduced = known(value) if known else value.__reduce_ex__(4)
        except Exception as error:
            raise self.refusal(f"{_shown(value)}, which is a live object", "make it inside the function") from error
        if isinstance(reduced, str):
            return {"name": f"{value.__module__}:{reduced}"}
        make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        return {
            "made": self.tree(make),
            "arguments": self.tree(tuple(arguments)),
            "state": self.tree(state),
            "items": [self.tree(item) for item in items or ()],
            "pairs": [[self.tree(key), self.tree(item)] for key, item in pairs or ()],
        }

    def refuse_live(self, value: Any, name: str = "") -> None:
        """Refuse what has a state that the results would follow from."""
        kind = f"{name}{_shown(value)}"
        if isinstance(value, _RANDOM) or type(value).__module__ == "random" or _is_torch(value, "Generator"):
            raise self.refusal(f"the random generator {kind}", self.draws_instead)
        if _is_torch(value, "nn.Module") or _is_torch(value, "Tensor"):
            raise self.refusal(
                f"the model or tensor {type(value).__name__}",
                "write a BatchOp that loads it by name and revision (see hfaug.backends)",
            )
        if isinstance(value, io.IOBase) or (hasattr(value, "__next__") and not isinstance(value, type)):
            raise self.refusal(f"{kind}, which is used up as it is read", "open or make it inside the function")

    def weighed(self, value: Any, size: int) -> Any:
        """The value, once its size is counted against the most that may be held."""
        self._left -= size
        if self._left < 0:
            raise self.refusal(
                f"more than {MOST_BYTES} bytes", "have it read large data from a file, or put both into a module"
            )
        return value

    def refusal(self, held: str, way_out: str) -> FingerprintError:
        """The error about something that is held."""
        return FingerprintError(f"wrap: {self._who} must be the same in every process, holds {held}; {way_out}")


def _is_filled(cell: types.CellType) -> bool:
    return cell != types.CellType()


def _is_torch(value: Any, name: str) -> bool:
    """Whether a value is of a class of torch; torch is not imported for it."""
    found = follow(sys.modules.get("torch"), name)
    return isinstance(found, type) and isinstance(value, found)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            yield from _codes(value)


def _globals(function: types.FunctionType) -> list[tuple[str, Any]]:
    """The globals that a function reads, by name; built-ins need no mention."""
    names = {
        instruction.argval
        for code in _codes(function.__code__)
        for instruction in dis.get_instructions(code)
        if instruction.opname in {"LOAD_GLOBAL", "LOAD_NAME"}
    }
    return [(name, function.__globals__[name]) for name in sorted(names) if name in function.__globals__]


def _functions(value: Any) -> Iterator[types.FunctionType]:
    """The functions behind an importable name: itself, or the methods of a class."""
    if isinstance(value, types.FunctionType):
        yield value
    elif isinstance(value, type):
        yield from (held for held in vars(value).values() if isinstance(held, types.FunctionType))
