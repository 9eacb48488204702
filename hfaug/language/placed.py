"""Texts that know where the slots in them stand, and the sandbox of Jinja in which they are made."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

__all__ = ["FUNCTIONS", "Placed", "Unfilled", "missing", "new_environment", "placed", "places"]

Span = tuple[int, int, str]


class Unfilled(Exception):  # noqa: N818 - a row that an op rejects, and no error
    """A template cannot be filled with the values of a row; says why in few words."""


class Placed(str):  # noqa: SLOT000 - the sandbox makes bare ones, which take `spans` from the class
    """A text with the places of the slots in it: start, end, name.

    It goes through Jinja as a text does. Joined, trimmed or in another case it keeps its places; whatever else is made
    of it is a plain text.
    """

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, text: str, spans: Iterable[Span]) -> Placed:
        """A text with places."""
        made = cls(text)
        made.spans = tuple(spans)
        return made

    def __str__(self) -> str:
        return self

    def _changed(self, change: Callable[[str], str]) -> Placed:
        """What changes letter by letter, to as many letters or others: a place moves as what is before it grows."""
        plain = "".join(self)
        ends = {end: len(change(plain[:end])) for span in self.spans for end in span[:2]}
        return Placed.of(change(plain), [(ends[start], ends[end], name) for start, end, name in self.spans])

    def lower(self) -> Placed:
        """In small letters."""
        return self._changed(str.lower)

    def upper(self) -> Placed:
        """In capitals."""
        return self._changed(str.upper)

    def title(self) -> Placed:
        """Each word with a capital."""
        return self._changed(str.title)

    def capitalize(self) -> Placed:
        """The first letter a capital."""
        return self._changed(str.capitalize)

    def strip(self, chars: str | None = None, /) -> Placed:
        """Without blanks, or other characters, at both ends; a place of which nothing is left is gone."""
        plain = "".join(self)
        bare, before = plain.strip(chars), len(plain) - len(plain.lstrip(chars))
        cut = [(max(0, start - before), min(len(bare), end - before), name) for start, end, name in self.spans]
        return Placed.of(bare, [span for span in cut if span[0] < span[1]])


class _Whole(int):
    """A whole number whose place is noted when it is printed; what is reckoned from it is a plain one."""

    name: str


class _Real(float):
    """The same for other numbers."""

    name: str


def placed(value: Any, name: str) -> Any:
    """A text or number as the slot of some name; with places inside it, it keeps them."""
    if isinstance(value, str):
        inner = value.spans if isinstance(value, Placed) else ()
        return Placed.of(value, [*inner, (0, len(value), name)] if value else inner)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        made = (_Whole if isinstance(value, int) else _Real)(value)
        made.name = name
        return made
    return value


def places(value: Any) -> set[str]:
    """The names of the slots that stand in a value."""
    if isinstance(value, Placed):
        return {name for _, _, name in value.spans}
    return {value.name} if isinstance(value, (_Whole, _Real)) else set()


class _Missing(Undefined):
    """A value that is not there: `or`, `default` and `is none` see that, anything else gives the row up."""

    __slots__ = ()
    __str__ = Undefined._fail_with_undefined_error  # noqa: SLF001 - the hook of this base


def missing(reason: str) -> Any:
    """What stands for a value that is not there.

    >>> bool(missing("no value for city"))
    False
    """
    return _Missing(hint=reason, exc=Unfilled)  # type: ignore[arg-type]


def _joined(parts: Iterable[str]) -> str:
    """What Jinja makes of the parts of a template, or of a block."""
    texts, spans, at = list(parts), [], 0
    for text in texts:
        if isinstance(text, Placed):
            spans += [(at + start, at + end, name) for start, end, name in text.spans]
        at += len(text)
    return Placed.of("".join(texts), spans) if spans else "".join(texts)


_PRINTABLE = (str, bool, int, float, decimal.Decimal, dt.date, dt.time, dt.timedelta, Undefined)


def _printed(value: Any) -> Any:
    """What is printed of a value; the text of other objects tells where they lie in memory, or how Python writes."""
    if isinstance(value, (_Whole, _Real)):
        text = str(value)
        return Placed.of(text, [(0, len(text), value.name)])
    if value is None:
        raise Unfilled("no value in a field")
    if not isinstance(value, _PRINTABLE):
        raise TypeError(f"only texts and numbers can be printed, not a {type(value).__name__}")
    return value


class _Environment(ImmutableSandboxedEnvironment):
    concat = staticmethod(_joined)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of a struct before a method of Python's mappings."""
        return obj[attribute] if isinstance(obj, dict) and attribute in obj else super().getattr(obj, attribute)


def new_environment() -> _Environment:
    """Jinja's sandbox without what draws from a global generator, and without names that a column could have."""
    made = _Environment(undefined=StrictUndefined, autoescape=False, finalize=_printed)
    made.filters.pop("random")
    made.filters["capitalize"] = lambda text: str(text).capitalize()
    made.filters["title"] = lambda text: str(text).title()
    made.tests["none"] = lambda value: value is None or isinstance(value, _Missing)
    made.globals.clear()
    return made


FUNCTIONS: Mapping[str, Any] = MappingProxyType(
    {name: function for name, function in ImmutableSandboxedEnvironment().globals.items() if name != "lipsum"}
)
"""Jinja's own functions; a slot or column of the same name comes first."""
