"""Checks of what an op is: its name, its pickle, its digests, its parameters, its documentation."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import pickle
import re
import typing
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import dill
import numpy as np
from datasets.fingerprint import Hasher

from hfaug import config
from hfaug.assets import Asset
from hfaug.config import Config
from hfaug.errors import ParameterError
from hfaug.fields import Limit, hints
from hfaug.media import Codec
from hfaug.op import Op
from hfaug.testing.case import Case, must

__all__ = ["check_docstring", "check_equality", "check_fingerprint", "check_limits", "check_name", "check_pickle"]

_MOST_BYTES = 20_000


def check_name(case: Case) -> None:
    """The op can be found by its name, and built again from its plain data."""
    op = case.op
    must(config.find(op.op_name()) is type(op), f"the name {op.op_name()!r} leads to another class")
    again = config.from_json(op.spec())
    must(again.stream_digest == op.stream_digest, f"the op built from {op.spec()} draws otherwise")


def check_pickle(case: Case) -> None:
    """A pickled op is small, and comes back equal, from pickle and dill."""
    op = case.op
    for library in (pickle, dill):
        data = library.dumps(op)
        again = library.loads(data)
        must(again == op and hash(again) == hash(op), f"{library.__name__} gives back another op: {again!r}")
        must(again.fingerprint == op.fingerprint, f"{library.__name__} gives back an op of another fingerprint")
        must(len(data) < _MOST_BYTES, f"{library.__name__} needs {len(data)} bytes; keep what is large in an asset")


def check_equality(case: Case) -> None:
    """Values that mean the same make the same op: 30 and 30.0, a list and a tuple, Python's and NumPy's numbers."""
    op = case.op
    for change in (_as_plain, _as_numpy):
        values = {name: change(getattr(op, name)) for name in _published(op)}
        twin = type(op)(**values, **_binding(op))
        must(twin == op and hash(twin) == hash(op), f"{values} makes another op than {op!r}")
        must(twin.stream_digest == op.stream_digest, f"{values} has other draws than {op!r}")
        must(Hasher.hash(twin) == Hasher.hash(op), f"{values} has another fingerprint than {op!r}")


def check_fingerprint(case: Case) -> None:
    """The fingerprint is the same after use; another version, field, codec or column changes it."""
    op = pickle.loads(pickle.dumps(case.op))  # noqa: S301 - an op that nobody used
    before, digest = Hasher.hash(op), op.stream_digest
    op(case.table)
    must(Hasher.hash(op) == before and op.stream_digest == digest, "it changes when the op is used")
    with _raised_version(type(op)):
        must(Hasher.hash(op) != before, "it is the same when the version is raised")
    codec = dataclasses.replace(op.binding.codec or Codec(), jpeg_quality=51)
    must(Hasher.hash(op.on(codec=codec)) != before, "it is the same with another JPEG quality")
    must(Hasher.hash(op.on(seed=987)) != before, "it is the same with another seed")
    for name, value in _others(op):
        changed: dict[str, Any] = {name: value}
        other = dataclasses.replace(op, **changed)
        must(Hasher.hash(other) != before, f"it is the same with {name}={value!r}")
        must(other.stream_digest != digest, f"the draws are the same with {name}={value!r}")


@contextlib.contextmanager
def _raised_version(cls: type[Op]) -> Iterator[None]:
    """The class with a higher version; afterwards with all that it had, and no more."""
    own = "version" in vars(cls)
    version = cls.version
    cls.version = version + 1
    try:
        yield
    finally:
        if own:
            cls.version = version
        else:
            del cls.version


def check_limits(case: Case) -> None:
    """A number outside of the limits of its field is refused, with the names of op and field and the value."""
    op = case.op
    for name, value in _outside(op):
        try:
            dataclasses.replace(op, **{name: value})
        except ParameterError as error:
            said = str(error)
            must(name in said, f"the error for {name}={value!r} does not name the field: {said}")
            must(_shows(said, value), f"the error for {name}={value!r} does not name the value: {said}")
            must(type(op).__name__ in said, f"the error for {name}={value!r} does not name the op: {said}")
        else:
            must(False, f"{name}={value!r} is accepted, although it is out of its limits")
    for name in _published(op):
        wrong: dict[str, Any] = {name: object()}
        try:
            dataclasses.replace(op, **wrong)
        except ParameterError as error:
            must(name in str(error), f"the error for a wrong {name} does not name the field: {error}")
        else:
            must(False, f"{name} takes anything")


def check_docstring(case: Case) -> None:
    """The docstring says what the op is for, every field, what moves, what is rejected, its source and its use."""
    cls = type(case.op)
    text = inspect.getdoc(cls) or ""
    must(cls.__doc__ and not text.startswith(f"{cls.__name__}("), "there is none")
    lines = text.splitlines()
    must(lines[0].endswith("."), f"the first line must be a sentence, is {lines[0]!r}")
    fields = [name for name in _published(case.op) if name not in {"ops", "op"} or cls.__module__ != "hfaug.compose"]
    for name in fields:
        must(re.search(rf"^ +{name}: \S", text, re.MULTILINE), f"Args must describe {name}")
    if cls.__module__ == "hfaug.compose":
        return
    for section in ("Moves", "Rejects", "Source") if isinstance(case.op, Op) else ("Drops", "Source"):
        must(re.search(rf"^{section}: \S", text, re.MULTILINE), f"a line '{section}: ...' must say so")
    must(">>> " in text, "an example must show how to use it")


# ---- fields


def _binding(op: Config) -> dict[str, Any]:
    return {"binding": op.binding} if isinstance(op, Op) else {}


def _published(op: Config) -> list[str]:
    """The fields that make an op what it is."""
    return [field.name for field in dataclasses.fields(op) if field.name != "binding"]


def _as_plain(value: Any) -> Any:
    """Lists for tuples, and whole numbers where they are whole."""
    if isinstance(value, tuple):
        return [_as_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_numpy(value: Any) -> Any:
    if isinstance(value, tuple) and value and all(isinstance(item, float) for item in value):
        return np.array(value)
    if isinstance(value, tuple):
        return tuple(_as_numpy(item) for item in value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return np.float64(value) if isinstance(value, float) else np.int32(value)


def _limit(annotation: Any) -> Limit | None:
    extras = typing.get_args(annotation)[1:] if typing.get_origin(annotation) is Annotated else ()
    return next((extra for extra in extras if isinstance(extra, Limit)), None)


def _outside(op: Op) -> Iterator[tuple[str, Any]]:
    """Every field with every number just outside of its limits, at every place of a tuple; and ranges turned round."""
    kinds = hints(type(op))
    for name in _published(op):
        value, limit = getattr(op, name), _limit(kinds[name])
        if limit is None or value is None:
            continue
        for number in limit.outside():
            whole = isinstance(value, int) or (
                isinstance(value, tuple) and any(isinstance(item, int) for item in value)
            )
            wrong = int(number) if whole else float(number)
            if isinstance(value, tuple):
                for place in range(len(value)):
                    yield name, (*value[:place], wrong, *value[place + 1 :])
            else:
                yield name, wrong
        if limit.ordered and isinstance(value, tuple) and value[0] < value[1]:
            yield name, (value[1], value[0])


def _shows(said: str, value: Any) -> bool:
    numbers = value if isinstance(value, tuple) else (value,)
    return all(f"{number:g}" in said or repr(number) in said for number in numbers)


def _others(op: Op) -> Iterator[tuple[str, Any]]:
    """Another allowed value for every field that has one to be found."""
    kinds = hints(type(op))
    for name in _published(op):
        for value in _alternatives(getattr(op, name), kinds[name]):
            try:
                other = dataclasses.replace(op, **{name: value})
            except ParameterError:
                continue
            if getattr(other, name) != getattr(op, name):
                yield name, value
                break


def _alternatives(value: Any, annotation: Any) -> list[Any]:
    if typing.get_origin(annotation) is Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is Literal:
        return list(typing.get_args(annotation))
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value / 2 + 0.01, value - 0.01, value + 1]
    if isinstance(value, str):
        return [f"{value}x", "de", "a"]
    if isinstance(value, Asset):
        return [Asset("0" * 32)]
    if isinstance(value, tuple):
        return [(*value[:-1], *last) for last in ([item] for item in _alternatives(value[-1], None))] if value else []
    return []
