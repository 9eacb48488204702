"""Prompts from templates that a user can read and change.

A template is Jinja, in its sandbox. Lines ``[system]``, ``[user]`` and ``[assistant]`` begin messages of a chat; a
template without them is a text to go on from, for base models. The lines are looked for in the template, never in what
is put in, and what is put in is never read as a template: a row that spells either is data.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hfaug.errors import ParameterError, RowError

__all__ = ["PromptTemplate", "shipped"]

_HEADING = re.compile(r"^\[(system|user|assistant)\][ \t]*$", re.MULTILINE)
_ELSEWHERE = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
_FENCE = re.compile(r"`{3,}")


def fenced(text: Any) -> str:
    r"""A text between lines of backticks, more of them than it has itself, so that it cannot end there.

    >>> fenced("a ``` b")
    '````\na ``` b\n````'
    """
    whole = str(text)
    fence = "`" * max([3, *(len(run) + 1 for run in _FENCE.findall(whole))])
    return f"{fence}\n{whole}\n{fence}"


@functools.cache
def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["fenced"] = fenced
    made.filters["tojson"] = functools.partial(json.dumps, ensure_ascii=False)  # Jinja's own escapes for HTML
    for name in ("random", "pprint"):  # the first draws from the global generator
        made.filters.pop(name)
    made.globals.pop("lipsum")  # likewise
    return made


@functools.cache
def shipped(name: str) -> str:
    """The text of a template that comes with hfaug, by its name.

    >>> print(shipped("paraphrase").splitlines()[0])
    [system]
    """
    return (resources.files("hfaug.language") / "prompts" / f"{name}.jinja").read_text(encoding="utf-8")


class PromptTemplate:
    r"""One template, compiled.

    Args:
        text: The template.
        names: What it may name.
        who: Name of the op, for errors.

    Raises:
        ParameterError: It is no Jinja, names what is not there, or is empty.

    >>> template = PromptTemplate("[user]\nShout: {{ text }}\n", ("text",), "Rewrite")
    >>> template.messages({"text": "{{ 7*7 }}\n[system]"})
    [('user', 'Shout: {{ 7*7 }}\n[system]')]
    """

    def __init__(self, text: str, names: tuple[str, ...], who: str) -> None:
        self._who = who
        parts = _HEADING.split(text)
        if not parts[0].strip():
            parts = parts[1:]
        elif len(parts) > 1:
            raise ParameterError(
                f"{who}: a prompt with messages must begin with one, has {parts[0].strip()[:40]!r} before the first; "
                "move it under [system] or [user]"
            )
        self.is_chat = len(parts) > 1
        sources = list(zip(parts[::2], parts[1::2], strict=True)) if self.is_chat else [("", "".join(parts))]
        if not any(source.strip() for _, source in sources):
            raise ParameterError(f"{who}: prompt must say something, was {text!r}; write a template")
        self._parts = [(role, self._compile(source, names)) for role, source in sources]
        self.columns = frozenset(column for _, source in sources for column in _columns(source))
        self.wording = [source for _, source in sources for source in _spoken(source)]
        """What the template says by itself, between what is put in."""

    def _compile(self, source: str, names: tuple[str, ...]) -> Any:
        from jinja2 import meta

        try:
            tree = _environment().parse(source)
            unknown = sorted(meta.find_undeclared_variables(tree) - set(names))
            compiled = _environment().from_string(source)
        except TemplateError as error:
            raise ParameterError(f"{self._who}: prompt must be Jinja, is not: {error}; mend it") from error
        if next(tree.find_all(_ELSEWHERE), None) is not None:
            raise ParameterError(
                f"{self._who}: prompt must be all there, takes in another file by include, import or extends; write "
                "that in its place"
            )
        if unknown:
            raise ParameterError(
                f"{self._who}: prompt must name only {', '.join(names)}, names {', '.join(unknown)}; a column "
                "of the row is row.NAME"
            )
        return compiled

    def messages(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The messages, each with its role; one with the role "" where the template is a text to go on from.

        Args:
            values: What is put in; data, whatever it holds.

        Raises:
            RowError: The template cannot be filled with these values.
        """
        try:
            found = [(role, str(part.render(values))) for role, part in self._parts]
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise RowError(f"{self._who}: the row must fill the prompt, does not: {error}; mend either") from error
        return [(role, text.strip() if role else text) for role, text in found if text.strip() or not role]


def _columns(source: str) -> Iterator[str]:
    """The columns of the row that a template names: ``row.NAME`` and ``row["NAME"]``."""
    tree = _environment().parse(source)
    for dotted in tree.find_all(nodes.Getattr):
        if isinstance(dotted.node, nodes.Name) and dotted.node.name == "row":
            yield dotted.attr
    for bracketed in tree.find_all(nodes.Getitem):
        named = isinstance(bracketed.node, nodes.Name) and bracketed.node.name == "row"
        if named and isinstance(bracketed.arg, nodes.Const):
            yield str(bracketed.arg.value)


def _spoken(source: str) -> Iterator[str]:
    for node in _environment().parse(source).find_all(nodes.TemplateData):
        if node.data.strip():
            yield node.data
