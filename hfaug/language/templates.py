"""Texts from templates, with a note of where each slot came to stand.

Templates and the words of their slots are written by whoever makes the dataset, and run in Jinja's sandbox. The values
of a row are data: they are put in as they are and never read as a template, whatever they look like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jinja2 import TemplateError, meta, nodes

from hfaug.errors import ParameterError, RowError
from hfaug.language.placed import FUNCTIONS, Placed, Unfilled, missing, new_environment, placed, places
from hfaug.randomness import Stream

__all__ = ["Filled", "Grammar", "Weighted"]

Weighted = tuple[str, float]
"""A word, or a template, and how likely it is beside the others."""

_KEEPING = {"upper", "lower", "title", "capitalize", "trim", "default", "d"}
"""Filters that keep the places in a text."""

_PASSING = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Block),
    *(nodes.If, nodes.For, nodes.CondExpr, nodes.Or, nodes.And),
)
"""Parts of templates that print what they hold as it is, or do not print it."""

_ERRORS = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What a template can run into."""


class Filled(NamedTuple):
    """A text made of a template.

    Attributes:
        text: The text.
        spans: Where the slots stand that were asked for: start, end, name of the slot; nested ones too.
    """

    text: str
    spans: tuple[tuple[int, int, str], ...]


class _Template(NamedTuple):
    """A template that was read.

    Attributes:
        render: Fills it.
        slots: The slots that it names.
        loose: What it names where the place of it can be lost.
    """

    render: Callable[..., str]
    slots: tuple[str, ...]
    loose: frozenset[str]


class Grammar:
    """Templates with slots, checked once: every slot is known, and none holds itself.

    Args:
        templates: The templates.
        slots: The words of each slot; those that hold ``{{`` or ``{%`` are templates themselves.
        learnt: Words of more slots that come from a dataset: data, never templates.
        who: Name of the op, for errors.

    Attributes:
        names: What templates name that is no slot.
        used: The slots that templates name, and those that are named in slots so used.

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
        self._environment = new_environment()
        self._read: dict[str, _Template] = {}
        self.names: frozenset[str] = frozenset()
        self.used: frozenset[str] = frozenset()
        for text in templates:
            self._visit(text, ())

    def knows(self, name: str) -> bool:
        """Whether a name is that of a slot, or stands in a template."""
        return name in self._slots or name in self.names

    def unknown(self, columns: Sequence[str]) -> list[str]:
        """What templates name that is no slot, none of these columns and no function."""
        return sorted(self.names - set(columns) - set(FUNCTIONS))

    def _visit(self, text: str, inside: tuple[str, ...]) -> None:
        """Compile a template and those in its slots."""
        names = self._names(text)
        self.names |= names - set(self._slots)
        self.used |= names & set(self._slots)
        for name in sorted(names & set(self._slots)):
            if name in inside:
                raise ParameterError(
                    f"{self._who}: no slot may hold itself, {' > '.join((*inside, name))} does; break the circle"
                )
            for word, _ in self._slots[name]:
                if self._is_template(word, name):
                    self._visit(word, (*inside, name))

    def _names(self, text: str) -> frozenset[str]:
        """Read a template; the slots and columns that it names."""
        try:
            tree = self._environment.parse(text)
            render = self._environment.from_string(text).render
        except TemplateError as error:
            raise ParameterError(f"{self._who}: a template must be Jinja, {text!r} is not: {error}; mend it") from error
        drawn = self._drawn(tree, text)
        named = meta.find_undeclared_variables(tree) - {"draw"}
        self._read[text] = _Template(render, tuple(sorted(named & set(self._slots))), frozenset(_loose(tree, False)))
        return frozenset(named | drawn)

    def _drawn(self, tree: nodes.Template, text: str) -> set[str]:
        """The slots that a template draws from anew; they are known before it runs, so that no circle is."""
        found = {call.node: _drawn_by(call) for call in tree.find_all(nodes.Call)}
        for name in tree.find_all(nodes.Name):
            if name.name == "self":
                raise ParameterError(f"{self._who}: self is Jinja's own in {text!r}; rename the slot or column")
            if name.name == "draw" and found.get(name) not in self._slots:
                raise ParameterError(
                    f"{self._who}: draw() must name a slot, in quotes, is not or names {found.get(name)!r} in "
                    f"{text!r}; correct it, and call no slot or column draw"
                )
        return {slot for name, slot in found.items() if isinstance(name, nodes.Name) and slot and name.name == "draw"}

    def fill(self, template: str, values: Mapping[str, Any], rng: Stream, marked: Sequence[str]) -> Filled:
        """The text of a template, without white space around it.

        A slot is drawn once for a text, however often it is named; ``{{ draw("name") }}`` draws another time.

        Args:
            template: One of those that were given.
            values: The values of the row, by the names in `names`; data, whatever they hold.
            rng: Where the draws come from; each slot has its own, so one more slot leaves the others as they are.
            marked: The slots and values to note the places of.

        Raises:
            Unfilled: A value is not there that the template prints, or the place of one is lost.
            RowError: The template cannot be filled with these values.
        """
        given = {
            name: missing(f"no value for {name}") if value is None else placed(value, name) if name in marked else value
            for name, value in values.items()
        }
        text = self._rendered(template, given, _Drawing(rng, self._slots, frozenset(marked), {}, {})).strip()
        return Filled("".join(text), tuple(sorted(text.spans)) if isinstance(text, Placed) else ())

    def _rendered(self, template: str, values: Mapping[str, Any], drawing: _Drawing) -> str:
        seen: dict[str, set[str]] = {name: places(value) for name, value in values.items()}

        def another(name: str) -> Any:
            word = drawing.word(name)
            text = self._rendered(word, values, drawing) if self._is_template(word, name) else word
            return noted(name, placed(text, name) if name in drawing.marked else text)

        def noted(name: str, value: Any) -> Any:
            seen.setdefault(name, set()).update(places(value))
            return value

        render, slots, loose = self._read[template]
        drawn = {name: noted(name, drawing.fixed(name, another)) for name in slots}
        try:
            text = render({**FUNCTIONS, **values, **drawn, "draw": another})
        except RowError:
            raise  # of a template in a slot
        except _ERRORS as error:
            raise RowError(f"{self._who}: the row must fill {template!r}, does not: {error}; mend either") from error
        lost = set().union(*(seen.get(name, ()) for name in loose)) - places(text)
        if lost:
            raise Unfilled(f"place of {min(lost)} lost")
        return text

    def _is_template(self, word: str, slot: str) -> bool:
        return slot not in self._data and ("{{" in word or "{%" in word)


class _Drawing(NamedTuple):
    """The draws of one text."""

    rng: Stream
    slots: Mapping[str, Sequence[Weighted]]
    marked: frozenset[str]
    known: dict[str, Any]
    counts: dict[str, int]

    def fixed(self, name: str, make: Callable[[str], Any]) -> Any:
        if name not in self.known:
            try:
                self.known[name] = make(name)
            except Unfilled as reason:
                self.known[name] = missing(str(reason))  # matters only if the template prints it
        return self.known[name]

    def word(self, name: str) -> str:
        number = self.counts.get(name, 0)
        self.counts[name] = number + 1
        words = self.slots[name]
        total = sum(weight for _, weight in words)
        rng = self.rng.child(f"{name} {number}")
        return rng.choice([word for word, _ in words], p=[weight / total for _, weight in words])


def _drawn_by(call: nodes.Call) -> str | None:
    """The slot of ``draw("slot")``; None for any other call."""
    plain = len(call.args) == 1 and not (call.kwargs or call.dyn_args or call.dyn_kwargs)
    value = call.args[0].value if plain and isinstance(call.args[0], nodes.Const) else None
    return value if isinstance(value, str) else None


def _loose(node: nodes.Node, within: bool) -> Iterator[str]:
    """What is named where its place can be lost: behind most filters, within a block that is kept for later, in sums.

    Args:
        node: A part of a template.
        within: Whether it stands in such a part itself.
    """
    if isinstance(node, (nodes.Test, nodes.Compare, nodes.Not)):
        return  # asks, and prints nothing of it
    if isinstance(node, nodes.Name):
        yield from [node.name] if within else ()
        return
    slot = _drawn_by(node) if isinstance(node, nodes.Call) else None
    if slot is not None:
        yield from [slot] if within else ()
    keeps = isinstance(node, _PASSING) or (isinstance(node, nodes.Filter) and node.name in _KEEPING) or slot
    for child in node.iter_child_nodes(exclude=("test",)):
        yield from _loose(child, within or not keeps)
