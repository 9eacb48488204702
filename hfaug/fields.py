"""Fields of ops and filters: one canonical form for equal values, declared limits, JSON and back.

Two users who write ``(-30, 30)`` and ``[-30.0, np.float64(30)]`` mean the same op. Each value is brought into the form
that its annotation asks for, so equal ops compare equal, hash equally and have equal digests, in any process.
"""

from __future__ import annotations

import functools
import math
import numbers
import os
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

import numpy as np

from hfaug.errors import ParameterError

__all__ = [
    "Angle",
    "Limit",
    "Model",
    "ModelName",
    "Natural",
    "Positive",
    "Range",
    "Rgb",
    "Share",
    "ShareRange",
    "Sounds",
    "canonical",
    "hints",
    "is_marked",
    "is_model",
    "published_model",
]


@dataclass(frozen=True)
class Limit:
    """The closed interval that a number, or each number of a tuple, must lie in.

    Args:
        low: Smallest allowed value.
        high: Largest allowed value.
        ordered: For a ``(low, high)`` field: the first number must not exceed the second.
        above: True leaves ``low`` itself out.
    """

    low: float = -math.inf
    high: float = math.inf
    ordered: bool = False
    above: bool = False

    def check(self, who: str, name: str, value: Any) -> None:
        """Raise ParameterError unless every number in `value` lies within the limits."""
        if value is None:
            return
        items = value if isinstance(value, tuple) else (value,)
        for item in items:
            if isinstance(item, tuple):
                self.check(who, name, item)
            elif not (self.low <= item <= self.high) or (self.above and item == self.low):
                raise ParameterError(f"{who}: {name} must lie {self}, got {_shown(value)}; change {name}")
        if self.ordered and len(items) == 2 and items[0] > items[1]:
            raise ParameterError(
                f"{who}: {name} must be (low, high) with low <= high, got {_shown(value)}; swap the two numbers"
            )

    def outside(self) -> list[float]:
        """Numbers just outside of the limits, for tests that try them."""
        below = [] if math.isinf(self.low) else [self.low if self.above else self.low - 1]
        return below + ([] if math.isinf(self.high) else [self.high + 1])

    def __str__(self) -> str:
        left = "above" if self.above else "from"
        low, high = _number(self.low), _number(self.high)
        if math.isinf(self.high):
            return f"{left} {low} up"
        return f"{left} {low} to {high}"


@dataclass(frozen=True)
class Model:
    """Marks a field that names a model: a Hub repo id, or a folder on this machine."""


@dataclass(frozen=True)
class Sounds:
    """Marks a field that holds sounds: a recipe names a folder for it, or a column of a dataset."""


ModelName = Annotated[str, Model()]
Share = Annotated[float, Limit(0, 1)]
ShareRange = Annotated[tuple[float, float], Limit(0, 1, ordered=True)]
Range = Annotated[tuple[float, float], Limit(ordered=True)]
Angle = Annotated[tuple[float, float], Limit(-360, 360, ordered=True)]
Positive = Annotated[float, Limit(0, above=True)]
Natural = Annotated[int, Limit(0)]
Rgb = Annotated[tuple[float, float, float], Limit(0, 255)]


def hints(cls: type) -> dict[str, Any]:
    """The resolved annotations of a class, `Annotated` kept."""
    return _hints(cls)


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)


def is_model(annotation: Any) -> bool:
    """Whether a field names a model."""
    return is_marked(annotation, Model)


def is_marked(annotation: Any, mark: type) -> bool:
    """Whether a field bears a mark, it or a part of a union."""
    parts = [annotation, *typing.get_args(annotation)]
    return any(isinstance(part, mark) or any(isinstance(x, mark) for x in typing.get_args(part)) for part in parts)


def published_model(name: str) -> str:
    """The name of a model as others may see it: of a folder the last part alone, so that no path of a machine gets out.

    >>> published_model("Helsinki-NLP/opus-mt-en-de"), published_model("/somewhere/models/mine")
    ('Helsinki-NLP/opus-mt-en-de', 'mine')
    """
    looks_local = name.startswith((".", "~", "/")) or os.path.isabs(name) or os.path.isdir(name)
    return os.path.basename(os.path.normpath(name)) if looks_local else name


def canonical(value: Any, annotation: Any, who: str, name: str) -> Any:
    """Bring `value` into the form that `annotation` asks for.

    Args:
        value: What the user gave: Python or NumPy numbers, lists, tuples, mappings.
        annotation: ``bool``, ``int``, ``float``, ``str``, ``tuple[...]``, ``Literal``, unions, ``Annotated`` with a
            `Limit`, or a class.
        who: Name of the op, for errors.
        name: Name of the field, for errors.

    Returns:
        An immutable, hashable value.

    Raises:
        ParameterError: The value does not fit the annotation or its limits.

    >>> canonical([-30, np.float32(30)], Range, "Rotate", "degrees")
    (-30.0, 30.0)
    """
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        inner, *extras = typing.get_args(annotation)
        limits = [extra for extra in extras if isinstance(extra, Limit)]
        if typing.get_origin(inner) is tuple:
            value = _tuple(value, typing.get_args(inner), who, name, limits[0] if limits else None)
        else:
            value = canonical(value, inner, who, name)
        for limit in limits:
            limit.check(who, name, value)
        return value
    if origin in (Union, types.UnionType):
        return _first_fit(value, typing.get_args(annotation), who, name)
    if origin is Literal:
        choices = typing.get_args(annotation)
        for choice in choices:
            if value == choice and isinstance(value, type(choice)):
                return choice
        raise ParameterError(f"{who}: {name} must be one of {', '.join(map(repr, choices))}, got {_shown(value)}")
    if origin is tuple:
        return _tuple(value, typing.get_args(annotation), who, name)
    if isinstance(annotation, type):
        return _scalar(value, annotation, who, name)
    raise ParameterError(
        f"{who}: the annotation of {name} must be a number, string, tuple, Literal, union or class, "
        f"got {annotation!r}; change the class"
    )


def _first_fit(value: Any, options: Sequence[Any], who: str, name: str) -> Any:
    if value is None and type(None) in options:
        return None
    problems = []
    # An int that a union takes as int stays one: `int | float` must not depend on the order of its parts.
    exact = [option for option in options if isinstance(option, type) and type(value) is option]
    for option in [*exact, *options]:
        if option is type(None):
            continue
        try:
            return canonical(value, option, who, name)
        except ParameterError as error:
            problems.append(error)
    plain = [option for option in options if option in _KINDS]
    if len(plain) > 1 and not isinstance(value, tuple(plain)):
        kinds = dict.fromkeys(_kind(option) for option in plain if not (option is int and float in plain))
        raise ParameterError(f"{who}: {name} must be {' or '.join(kinds)}, got {_shown(value)}")
    raise problems[0]


def _tuple(value: Any, parts: Sequence[Any], who: str, name: str, limit: Limit | None = None) -> tuple[Any, ...]:
    if isinstance(value, Mapping):
        value = sorted(value.items())
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        what = "(low, high)" if limit is not None and limit.ordered else "a tuple"
        raise ParameterError(
            f"{who}: {name} must be {what}, got {_shown(value)}; write {_as_tuple(value, parts, limit)}"
        )
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(canonical(item, parts[0], who, name) for item in value)
    if len(value) != len(parts):
        raise ParameterError(f"{who}: {name} must hold {len(parts)} values, got {len(value)} in {_shown(value)}")
    return tuple(canonical(item, part, who, name) for item, part in zip(value, parts, strict=True))


def _scalar(value: Any, kind: type, who: str, name: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if kind is float and isinstance(value, numbers.Real) and not isinstance(value, bool):
        number = float(value)
        if not math.isfinite(number):
            raise ParameterError(f"{who}: {name} must be finite, got {value!r}")
        return number + 0.0  # -0.0 and 0.0 draw alike, so they must be one value
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if kind not in (int, float) and isinstance(value, kind):
        return value
    raise ParameterError(f"{who}: {name} must be {_kind(kind)}, got {_shown(value)}")


def _as_tuple(value: Any, parts: Sequence[Any], limit: Limit | None) -> str:
    """What somebody who gave one value may have meant: a range about zero, else the same value throughout."""
    if len(parts) == 2 and parts[1] is Ellipsis:
        return f"({_shown(value)},)"
    number: Any = value if isinstance(value, numbers.Real) and not isinstance(value, bool) else None
    if number is not None and limit is not None and limit.ordered and limit.low < 0 and number > 0:
        return f"({-number}, {number})"
    return f"({', '.join([_shown(value)] * len(parts))})" if number is not None else f"a tuple of {len(parts)} values"


_KINDS: dict[Any, str] = {float: "a number", int: "a whole number", str: "text", bool: "True or False"}


def _kind(kind: type) -> str:
    return _KINDS.get(kind, f"a {kind.__name__}")


def _number(value: float) -> str:
    return f"{value:g}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
