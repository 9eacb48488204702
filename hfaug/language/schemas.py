"""Columns as JSON: the schema that a model is held to, and what its answer is as a stored value."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
from datasets import ClassLabel, Features, LargeList, List, Value

from hfaug.errors import ParameterError

__all__ = ["ColumnType", "InvalidAnswerError", "column_features", "json_schema", "readable", "stored_values"]

ColumnType: TypeAlias = str | tuple[str, ...]
"""A column as an op writes it: the type of a value (``string``, ``int32``, ``float32``, ``bool``, ``date32``), such a
type with ``[]`` behind it for a list, or the names of classes."""

_MOST_ITEMS = 12
_WHOLE = re.compile(r"(u?)int(8|16|32|64)")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


class InvalidAnswerError(ValueError):
    """A document is not what the columns can hold."""


def column_features(columns: Sequence[tuple[str, ColumnType]], who: str) -> Features:
    """The features of columns as an op writes them.

    Raises:
        ParameterError: There are none, or there is no such type.

    >>> list(column_features([("text", "string"), ("tone", ("calm", "angry")), ("words", "string[]")], "Generate"))
    ['text', 'tone', 'words']
    """
    found = {name: _feature(name, kind, who) for name, kind in columns}
    if not found or len(found) < len(columns):
        raise ParameterError(f"{who}: columns must be one or more of different names, got {columns!r}; correct columns")
    return Features(found)


def _feature(name: str, kind: ColumnType, who: str) -> Any:
    if not isinstance(kind, str):
        if len(set(kind)) < max(1, len(kind)):
            raise ParameterError(
                f"{who}: the classes of {name!r} must be different names, got {kind!r}; correct columns"
            )
        return ClassLabel(names=list(kind))
    try:
        feature = List(Value(kind[:-2])) if kind.endswith("[]") else Value(kind)
        json_schema(Features({name: feature}), 1, who)
    except (ValueError, TypeError) as error:
        raise ParameterError(
            f"{who}: the type of {name!r} must be string, bool, date32, a whole number such as int32, float32 or "
            f"float64, one of these with [] for a list, or a list of classes, got {kind!r}; correct columns"
        ) from error
    return feature


def json_schema(features: Mapping[str, Any], longest: int, who: str) -> dict[str, Any]:
    """The JSON schema of an object with these columns. Classes go by their names.

    Args:
        features: Texts, numbers, truth values, dates, classes, and lists and structs of them.
        longest: Most characters of a text. Without a limit, small models run on till they are cut off.
        who: Name of the op, for errors.

    Raises:
        ParameterError: A column is nothing that can be written down, such as an image.

    >>> json_schema(Features({"stars": Value("uint8")}), 200, "Generate")["properties"]
    {'stars': {'type': 'integer', 'minimum': 0, 'maximum': 255}}
    """
    inner = {name: _schema(name, feature, longest, who) for name, feature in features.items()}
    return {"type": "object", "properties": inner, "required": list(inner), "additionalProperties": False}


def _schema(path: str, feature: Any, longest: int, who: str) -> dict[str, Any]:
    if isinstance(feature, ClassLabel):
        return {"enum": list(feature.names)}
    if isinstance(feature, (List, LargeList)):
        fixed = getattr(feature, "length", -1)
        bounds = {"maxItems": _MOST_ITEMS} if fixed < 0 else {"minItems": fixed, "maxItems": fixed}
        return {"type": "array", "items": _schema(f"{path}[]", feature.feature, longest, who), **bounds}
    if isinstance(feature, Mapping):
        inner = {name: _schema(f"{path}.{name}", field, longest, who) for name, field in feature.items()}
        return {"type": "object", "properties": inner, "required": list(inner), "additionalProperties": False}
    dtype = feature.dtype if isinstance(feature, Value) else ""
    if dtype in {"string", "large_string"}:
        return {"type": "string", "maxLength": longest}
    if dtype == "bool":
        return {"type": "boolean"}
    if dtype.startswith("float"):
        return {"type": "number"}
    if dtype in {"date32", "date64"}:
        return {"type": "string", "pattern": f"^{_DATE}$"}
    if whole := _WHOLE.fullmatch(dtype):
        bits = int(whole[2])
        low, high = (0, 2**bits - 1) if whole[1] else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        # Of 64 bits no JSON reader knows all: beyond 2**53 many round.
        return {"type": "integer", "minimum": max(low, -(2**53)), "maximum": min(high, 2**53)}
    raise ParameterError(
        f"{who}: a model can write texts, numbers, truth values, dates, classes, and lists and structs of them, "
        f"{path!r} is {feature}; leave the column out"
    )


def stored_values(document: str, features: Mapping[str, Any]) -> dict[str, Any]:
    """The values of columns as they are stored, from a JSON document; strict, whoever wrote it.

    Raises:
        InvalidAnswerError: It is not JSON, a column is missing or too many, or a value does not fit.

    >>> stored_values('{"tone": "angry"}', {"tone": ClassLabel(names=["calm", "angry"])})
    {'tone': 1}
    """
    try:
        found = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswerError(str(error)) from error
    return _struct(found, features)


def _struct(value: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(fields):
        raise InvalidAnswerError(f"must be an object with {', '.join(fields)}")
    return {name: _value(value[name], feature) for name, feature in fields.items()}


def _value(value: Any, feature: Any) -> Any:
    if isinstance(feature, ClassLabel):
        if value not in feature.names:
            raise InvalidAnswerError("must be a class")
        return feature.names.index(value)
    if isinstance(feature, (List, LargeList)):
        fixed = getattr(feature, "length", -1)
        if not isinstance(value, list) or (fixed >= 0 and len(value) != fixed):
            raise InvalidAnswerError("must be a list of its length")
        return [_value(item, feature.feature) for item in value]
    if isinstance(feature, Mapping):
        return _struct(value, feature)
    return _plain(value, feature)


def _plain(value: Any, feature: Any) -> Any:
    kinds: tuple[type, ...] = {"b": (bool,), "f": (int, float)}.get(feature.dtype[0], (int,))
    if "string" in feature.dtype or "date" in feature.dtype:
        kinds = (str,)
    if not isinstance(value, kinds) or (isinstance(value, bool) and kinds != (bool,)):
        raise InvalidAnswerError(f"must be {feature.dtype}")
    try:
        if "date" in feature.dtype:
            value = dt.date.fromisoformat(str(value))
        stored = pa.array([value], feature.pa_type)[0].as_py()  # no half surrogate pair, no number out of its range
    except (pa.ArrowException, ValueError, OverflowError, UnicodeError) as error:
        raise InvalidAnswerError(str(error)) from error
    if isinstance(stored, float) and not math.isfinite(stored):
        raise InvalidAnswerError("must be finite")
    return value.strip() if isinstance(value, str) else value


def readable(value: Any, feature: Any) -> Any:
    """A stored value as prompts show it: classes by name, dates as text; None for what no text can say, as an image.

    >>> readable([0, 1], List(ClassLabel(names=["calm", "angry"])))
    ['calm', 'angry']
    """
    if isinstance(feature, ClassLabel):
        return feature.names[value] if value is not None and 0 <= value < len(feature.names) else None
    if isinstance(feature, (List, LargeList)):
        return None if value is None else [readable(item, feature.feature) for item in value]
    if isinstance(feature, Mapping):
        return None if value is None else {name: readable(value[name], field) for name, field in feature.items()}
    if not isinstance(feature, Value) or "binary" in feature.dtype:
        return None
    return value if isinstance(value, (str, int, float, bool)) else (None if value is None else str(value))
