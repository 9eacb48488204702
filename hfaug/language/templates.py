"""Texts from templates, with a note of where each slot came to stand.

Templates and the words of their slots are written by whoever makes the dataset, and run in Jinja's sandbox. The values
of a row are data: they are put in as they are and never read as a template, whatever they look like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hfaug.errors import ParameterError, RowError
from hfaug.randomness import Stream

__all__ = ["RESERVED", "Filled", "Grammar", "Weighted"]

Span = tuple[int, int]
Weighted = tuple[str, float]
"""A word, or a template, and how likely it is beside the others."""

_OPEN, _NUMBER, _CLOSE = "\ufdd0", "\ufdd1", "\ufdd2"
RESERVED = re.compile(f"[{_OPEN}-{_CLOSE}]")
"""Code points that Unicode keeps for use inside programs; they mark slots while a text is made."""

_MARKS = re.compile(f"{_OPEN}([0-9a-f]+){_NUMBER}|{_CLOSE}")


class Filled(NamedTuple):
    """A text made of a template.

    Attributes:
        text: The text.
        spans: Where the slots stand that were asked for: start, end, name of the slot; nested ones too.
    """

    text: str
    spans: tuple[tuple[int, int, str], ...]


class _Slot(str):
    """What stands in a slot, and which. A change of case keeps that; any other change makes a plain text of it."""

    __slots__ = ("name",)
    name: str

    @classmethod
    def of(cls, text: str, name: str) -> _Slot:
        made = cls(text)
        made.name = name
        return made

    def _kept(self, text: str) -> _Slot:
        return _Slot.of(text, self.name)

    def lower(self) -> _Slot:
        return self._kept(super().lower())

    def upper(self) -> _Slot:
        return self._kept(super().upper())

    def title(self) -> _Slot:
        return self._kept(super().title())

    def capitalize(self) -> _Slot:
        return self._kept(super().capitalize())


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, finalize=_finalized)
    made.filters.pop("random")  # draws from the global generator, as lipsum does
    made.filters["capitalize"] = lambda text: text.capitalize()
    made.filters["title"] = lambda text: text.title()
    made.globals.pop("lipsum")
    return made


def _finalized(value: Any) -> Any:
    return f"{_OPEN}{value.name.encode().hex()}{_NUMBER}{value}{_CLOSE}" if isinstance(value, _Slot) else value


class Grammar:
    """Templates with slots, checked once: every slot is known, and none holds itself.

    Args:
        templates: The templates.
        slots: The words of each slot; those that hold ``{{`` or ``{%`` are templates themselves.
        learnt: Words of more slots that come from a dataset: data, never templates.
        who: Name of the op, for errors.

    Raises:
        ParameterError: A template cannot be read, or slots hold each other.
    """

    def __init__(
        self,
        templates: Sequence[str],
        slots: Mapping[str, Sequence[Weighted]],
        learnt: Mapping[str, Sequence[str]],
        who: str,
    ) -> None:
        self._who = who
        self._data = frozenset(learnt)
        self._slots: Mapping[str, Sequence[Weighted]] = {
            **slots, **{name: [(word, 1.0) for word in words] for name, words in learnt.items()}
        }  # fmt: skip
        self._environment = _environment()
        self._compiled: dict[str, Any] = {}
        self._needed: dict[str, list[str]] = {}
        self.names: frozenset[str] = frozenset()
        for text in templates:
            self._visit(text, ())

    def _visit(self, text: str, inside: tuple[str, ...]) -> None:
        """Compile a template and those in its slots."""
        names = self._read(text)
        self.names |= names - set(self._slots)
        for name in sorted(names & set(self._slots)):
            if name in inside:
                raise ParameterError(
                    f"{self._who}: no slot may hold itself, {' > '.join((*inside, name))} does; break the circle"
                )
            for word, _ in self._slots[name]:
                if self._is_template(word, name):
                    self._visit(word, (*inside, name))

    def _read(self, text: str) -> frozenset[str]:
        if RESERVED.search(text):
            raise ParameterError(f"{self._who}: a template must not hold U+FDD0 to U+FDD2, {text!r} does; remove them")
        try:
            tree = self._environment.parse(text)
            self._compiled[text] = self._environment.from_string(text)
        except TemplateError as error:
            raise ParameterError(f"{self._who}: a template must be Jinja, {text!r} is not: {error}; mend it") from error
        drawn = set(re.findall(r"""\bdraw\(\s*["'](\w+)["']\s*\)""", text))
        unknown = sorted(drawn - set(self._slots))
        if unknown:
            raise ParameterError(
                f"{self._who}: draw() must name a slot, {unknown[0]!r} is none in {text!r}; correct it"
            )
        named = meta.find_undeclared_variables(tree) - {"draw"}
        self._needed[text] = sorted(named & set(self._slots))
        return frozenset(named | drawn)

    def fill(self, template: str, values: Mapping[str, Any], rng: Stream, marked: Sequence[str]) -> Filled:
        """The text of a template.

        A slot is drawn once for a text, however often it is named; ``{{ draw("name") }}`` draws another time.

        Args:
            template: One of those that were given.
            values: The values of the row, by the names in `names`; data, whatever they hold.
            rng: Where the draws come from; each slot has its own, so one more slot leaves the others as they are.
            marked: The slots and values to note the places of.

        Raises:
            RowError: The template cannot be filled with these values.
        """
        return _unmarked(self._rendered(template, values, _Drawing(rng, self._slots, frozenset(marked), {}, {})))

    def _rendered(self, template: str, values: Mapping[str, Any], drawing: _Drawing) -> str:
        def slot(name: str) -> Any:
            return drawing.fixed(name, lambda: another(name))

        def another(name: str) -> Any:
            word = drawing.word(name)
            text = self._rendered(word, values, drawing) if self._is_template(word, name) else word
            return drawing.mark(text, name)

        given = {name: drawing.mark(value, name) for name, value in values.items()}
        slots = {name: slot(name) for name in self._needed[template]}
        try:
            return str(self._compiled[template].render(**given, **slots, draw=another))
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise RowError(f"{self._who}: the row must fill {template!r}, does not: {error}; mend either") from error

    def _is_template(self, word: str, slot: str) -> bool:
        return slot not in self._data and ("{{" in word or "{%" in word)


class _Drawing(NamedTuple):
    """The draws of one text."""

    rng: Stream
    slots: Mapping[str, Sequence[Weighted]]
    marked: frozenset[str]
    known: dict[str, Any]
    counts: dict[str, int]

    def fixed(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self.known:
            self.known[name] = make()
        return self.known[name]

    def word(self, name: str) -> str:
        number = self.counts.get(name, 0)
        self.counts[name] = number + 1
        words = self.slots[name]
        total = sum(weight for _, weight in words)
        rng = self.rng.child(f"{name} {number}")
        return rng.choice([word for word, _ in words], p=[weight / total for _, weight in words])

    def mark(self, value: Any, name: str) -> Any:
        return _Slot.of(value, name) if name in self.marked and isinstance(value, str) else value


def _unmarked(text: str) -> Filled:
    """The text without marks, and what they say; white space around the text goes."""
    pieces: list[str] = []
    spans: list[tuple[int, int, str]] = []
    opened: list[tuple[int, str]] = []
    at = length = 0
    for mark in _MARKS.finditer(text):
        pieces.append(text[at : mark.start()])
        length += mark.start() - at
        at = mark.end()
        if mark[1] is not None:
            opened.append((length, bytes.fromhex(mark[1]).decode()))
        elif opened:
            start, name = opened.pop()
            spans.append((start, length, name))
    whole = "".join([*pieces, text[at:]])
    bare = whole.strip()
    shift = len(whole) - len(whole.lstrip())
    return Filled(bare, tuple(sorted(_trimmed(spans, shift, len(bare)))))


def _trimmed(spans: Sequence[tuple[int, int, str]], shift: int, length: int) -> Iterator[tuple[int, int, str]]:
    for start, end, name in spans:
        low, high = max(0, start - shift), min(length, end - shift)
        if low < high:
            yield low, high, name
