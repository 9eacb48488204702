"""What is wrong with a call, said in the words of the op: unknown names, values without a name, names left out."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

from hfaug.errors import ParameterError

__all__ = ["asks", "check_fields", "nearest_field"]

P = ParamSpec("P")
T = TypeVar("T")

_CHANCE = frozenset({"p", "prob", "probability"})
_ELSEWHERE = {
    "always_apply": ("chance",),
    "angle": ("degrees",),
    "bbox": ("boxes",),
    "bboxes": ("boxes",),
    "box": ("boxes",),
    "cval": ("fill",),
    "keypoint": ("keypoints",),
    "limit": ("degrees", "factor"),
    "num_holes": ("holes",),
    "p": ("chance",),
    "prob": ("chance",),
    "ratio": ("aspect",),
    "sd": ("sigma",),
    "size": ("height", "width"),
    "std": ("sigma",),
    "value": ("fill",),
}
"""What other libraries call a field, and what it may be called here."""


def nearest_field(name: str, known: Iterable[str]) -> str:
    """The field that somebody meant, as words; all fields where none is near.

    >>> nearest_field("limit", ["degrees", "expand"]), nearest_field("size", ["height", "width"])
    ("did you mean 'degrees'?", "did you mean 'height' and 'width'?")
    >>> nearest_field("colour", ["degrees", "expand"])
    'its fields are degrees, expand'
    """
    fields = list(known)
    there = [field for field in _ELSEWHERE.get(name, ()) if field in fields]
    near = there or difflib.get_close_matches(name, fields, n=1, cutoff=0.6)
    if near:
        return f"did you mean {' and '.join(map(repr, near))}?"
    return f"its fields are {', '.join(sorted(fields)) or 'none'}"


def check_fields(cls: type, given: Collection[Any], said: Mapping[str, Any]) -> None:
    """Refuse a call of a class that its constructor would not take.

    Args:
        cls: A class of dataclass fields.
        given: Values without a name.
        said: Values by name.

    Raises:
        ParameterError: A name is unknown or missing, or a value has no name.
    """
    known, needed, takes_values = _signature(cls)
    who = cls.__name__
    if given and not takes_values:
        own = next((name for name in vars(cls).get("__annotations__", ()) if name in known), None)
        hint = f"write {who}({own}=...)" if own else "it has no fields of its own"
        raise ParameterError(f"{who}: fields must be given by name, got {_shown(given)}; {hint}")
    for name in said:
        if name not in known:
            if name in _CHANCE:
                raise ParameterError(f"{who}: must not have the field {name!r}; for a chance write .sometimes(chance)")
            fields = known - {"binding"}
            raise ParameterError(f"{who}: must not have the field {name!r}; {nearest_field(name, fields)}")
    missing = sorted(needed - set(said)) if not given else []
    if missing:
        raise ParameterError(f"{who}: must be given {', '.join(missing)}, got nothing; write {who}({missing[0]}=...)")


@functools.cache
def _signature(cls: type) -> tuple[frozenset[str], frozenset[str], bool]:
    """Names that the constructor takes, those that it must get, and whether it takes values without a name."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc] # of this class
    named = [one for one in parameters if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)]
    known = {one.name for one in named} | {field.name for field in dataclasses.fields(cls)}
    needed = {one.name for one in named if one.default is one.empty}
    by_place = any(one.kind in (one.VAR_POSITIONAL, one.POSITIONAL_OR_KEYWORD) for one in parameters)
    return frozenset(known), frozenset(needed), by_place


def asks(method: Callable[P, T]) -> Callable[P, T]:
    """Have a method refuse arguments that it does not take by a ParameterError that says which it does."""
    signature = inspect.signature(method)
    names = [name for name in signature.parameters if name != "self"]

    @functools.wraps(method)
    def checked(*given: P.args, **said: P.kwargs) -> T:
        try:
            signature.bind(*given, **said)
        except TypeError as error:
            unknown = next((name for name in said if name not in names), None)
            hint = f"write .{method.__name__}({', '.join(f'{name}=...' for name in names)})"
            told = f"must not have the argument {unknown!r}" if unknown else f"must get its arguments: {error}"
            raise ParameterError(f"{method.__name__}: {told}; {hint}") from error
        return method(*given, **said)

    return checked


def _shown(given: Collection[Any]) -> str:
    text = ", ".join(map(repr, given))
    return text if len(text) <= 80 else text[:77] + "..."
