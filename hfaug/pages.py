"""Pages and a table of ops and filters, made from their classes and docstrings, so that they cannot lag behind."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
import textwrap
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

import yaml

from hfaug.assets import Asset
from hfaug.catalog import FAMILIES, all_classes, lookup
from hfaug.config import Config
from hfaug.fields import Limit, Sounds, hints, is_marked
from hfaug.filters import Filter
from hfaug.op import Op

__all__ = ["FAMILY_ORDER", "FieldPage", "OpPage", "about_family", "all_pages", "op_page", "op_table"]

COMPOSED = "composing"
FAMILY_ORDER = (*FAMILIES, COMPOSED)
"""Families in the order in which they are shown."""

_ABOUT = {
    "image": "images and the labels in them",
    "text": "texts and the labels in them",
    "audio": "sounds and the time labels in them",
    "video": "the time of videos and the labels in it; ops on images change their frames, one draw for all of them",
    "mix": "two rows into one",
    "filter": "filters: keep a row, or say why not",
    COMPOSED: "ops made of ops",
}
_SECTION = re.compile(r"(Args|Raises|Moves|Rejects|Drops|Source|Attributes|Returns):\s*(.*)")
_ENTRY = re.compile(r"(\w+): (.*)")
_NAMES = {float: "number", int: "whole number", str: "text", bool: "true or false", type(None): "nothing"}
_SOME_OP = "image.rotate"


@dataclass(frozen=True)
class FieldPage:
    """One field of an op: what it is, what it may be, and what it is by default.

    Args:
        name: Its name.
        kind: What it takes, limits with it.
        default: As a recipe writes it; None where it must be given, or is learnt.
        about: What the docstring says.
        learnt: Whether it comes from a dataset and cannot be written.
    """

    name: str
    kind: str
    default: str | None
    about: str
    learnt: bool = False

    @property
    def given(self) -> str:
        """Where its value comes from."""
        if self.learnt:
            return "learnt from the dataset"
        return "must be given" if self.default is None else f"default {self.default}"


@dataclass(frozen=True)
class OpPage:
    """All that is to be known of an op or filter.

    Args:
        name: Name in recipes.
        family: ``image``, ``text`` ...
        line: What and why, in a line.
        about: The rest of the description.
        fields: Its fields.
        sections: ``Moves``, ``Rejects``, ``Drops``, ``Source``, as the docstring says.
        may_change: Ways in which it could change what a label means.
        home: Where the class is.
        recipe: A step of a recipe with it.
    """

    name: str
    family: str
    line: str
    about: str
    fields: tuple[FieldPage, ...]
    sections: Mapping[str, str]
    may_change: tuple[str, ...]
    home: str
    recipe: str

    @property
    def text(self) -> str:
        """The page for a terminal of 80 columns."""
        lines = [f"{self.name}  ({self.home})", "", *_wrapped(self.line), *_wrapped(self.about)]
        if self.fields:
            lines += ["", "Fields"]
        for field in self.fields:
            lines += [*_wrapped(f"{field.name}: {field.kind}; {field.given}", 2), *_wrapped(field.about, 6)]
        lines.append("")
        for name, text in self.sections.items():
            lines += _wrapped(f"{name}: {text}")
        if self.may_change:
            lines += _wrapped(f"May change: {'; '.join(self.may_change)}.")
        lines += ["", "In a recipe", "", *(f"  {line}" for line in self.recipe.splitlines())]
        return "\n".join(line for line, before in zip(lines, ["x", *lines], strict=False) if line or before)


def _wrapped(text: str, indent: int = 0) -> list[str]:
    return textwrap.wrap(text, 80, initial_indent=" " * indent, subsequent_indent=" " * indent, break_long_words=False)


def all_pages() -> list[OpPage]:
    """The pages of all ops and filters, by family."""
    pages = [op_page(name) for name in all_classes()]
    return sorted(pages, key=lambda page: (FAMILY_ORDER.index(page.family), page.name))


def op_page(name: str) -> OpPage:
    """The page of an op or filter.

    Args:
        name: As in a recipe.

    Raises:
        ParameterError: There is none; names the nearest.

    >>> page = op_page("image.rotate")
    >>> page.home, page.fields[0].name
    ('hfaug.ops.image.Rotate', 'degrees')
    """
    cls = lookup(name)
    line, about, sections = _read_doc(cls)
    return OpPage(
        name=name,
        family=name.partition(".")[0] if "." in name else COMPOSED,
        line=line,
        about=about,
        fields=tuple(_fields(cls)),
        sections=sections,
        may_change=getattr(cls, "may_change", ()),
        home=f"{FAMILIES.get(name.partition('.')[0], 'hfaug')}.{cls.__name__}",
        recipe=_recipe(name, cls),
    )


def op_table() -> str:
    """All ops and filters as a Markdown table for the README.

    >>> op_table().splitlines()[0]
    '| op | what it does | moves | may change |'
    """
    lines = ["| op | what it does | moves | may change |", "| --- | --- | --- | --- |"]
    for page in all_pages():
        moves = page.sections.get("Moves", "").rstrip(".") or "–"
        cells = [f"`{page.name}`", page.line, moves, "; ".join(page.may_change) or "–"]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def about_family(family: str) -> str:
    """What the ops of a family work on."""
    return _ABOUT.get(family, "")


# ---- docstrings


def _read_doc(cls: type[Config]) -> tuple[str, str, dict[str, str]]:
    """First line, description, and the sections of one line or more."""
    said: dict[str, list[str]] = {"": []}
    place = ""
    for line in inspect.cleandoc(cls.__doc__ or "").splitlines():
        if line.startswith(">>>"):
            break
        match = _SECTION.match(line)
        if match:
            place = match[1]
            said[place] = [match[2]]
        elif line.startswith(" ") or place == "" or not line:
            said[place].append(line)
        else:
            said[place].append(f" {line}")
    first, _, rest = "\n".join(said.pop("")).strip().partition("\n\n")
    told = {name: _joined(lines) for name, lines in said.items() if name not in ("Args", "Raises", "Returns")}
    return _joined(first.splitlines()), _joined(rest.splitlines()), {name: text for name, text in told.items() if text}


def _joined(lines: Iterable[str]) -> str:
    return " ".join(line.strip() for line in lines if line.strip()).replace("``", "`")


def _field_docs(cls: type[Config]) -> dict[str, str]:
    """What the docstrings of a class and its bases say of each field."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        doc = inspect.cleandoc(base.__dict__.get("__doc__") or "")
        _, _, after = doc.partition("Args:\n")
        name = ""
        for line in after.splitlines():
            if not line.startswith("    "):
                break
            match = _ENTRY.match(line.strip()) if not line.startswith("     ") else None
            if match:
                name = match[1]
                found[name] = match[2] if not match[2].startswith("See `") else found.get(name, match[2])
            elif name:
                found[name] += f" {line.strip()}"
    return found


# ---- fields


def _fields(cls: type[Config]) -> Iterable[FieldPage]:
    kinds, docs = hints(cls), _field_docs(cls)
    for field in _ordered(cls):
        heard = is_marked(kinds[field.name], Sounds)
        learnt = _mentions(kinds[field.name], Asset) and not heard
        known = not learnt and field.default is not dataclasses.MISSING
        default = _yaml(_written(field.default)) if known else None
        kind = (
            "sounds: a folder, or a dataset and its column" if heard else "data" if learnt else _kind(kinds[field.name])
        )
        yield FieldPage(field.name, kind, default, docs.get(field.name, "").replace("``", "`"), learnt)


def _ordered(cls: type[Config]) -> list[dataclasses.Field[Any]]:
    """The fields that a user may set: the op's own first, then those that it has from its bases."""
    fields = [field for field in dataclasses.fields(cls) if field.name != "binding"]
    return sorted(fields, key=lambda field: field.name not in inspect.get_annotations(cls))


def _mentions(annotation: Any, kind: type) -> bool:
    if typing.get_origin(annotation) is Annotated:
        annotation = typing.get_args(annotation)[0]
    parts = [annotation, *typing.get_args(annotation)]
    return any(isinstance(part, type) and issubclass(part, kind) for part in parts)


def _kind(annotation: Any) -> str:
    """What a field takes, in words."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        limits = [part for part in parts[1:] if isinstance(part, Limit)]
        bounds = "".join(_bounds(limit) for limit in limits)
        if any(limit.ordered for limit in limits):
            return f"(low, high){bounds}"
        kind, last, rest = _kind(parts[0]).partition(" or nothing")
        return f"{kind}{bounds}{last}{rest}"
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(part) for part in parts)
    if origin is Literal:
        return "one of " + ", ".join(map(str, parts))
    if origin is tuple:
        if typing.get_origin(parts[0]) is tuple and Ellipsis not in typing.get_args(parts[0]):
            return f"mapping of names to {_plural(_kind(typing.get_args(parts[0])[1]))}"
        if Ellipsis not in parts and len(set(parts)) > 1:
            return f"({', '.join(map(_kind, parts))})"
        inner = _plural(_kind(parts[0]))
        return f"list of {inner}" if parts[1] is Ellipsis else f"{len(parts)} {inner}"
    if isinstance(annotation, type) and issubclass(annotation, Op):
        return "op"
    return _NAMES.get(annotation, "value")


def _bounds(limit: Limit) -> str:
    if limit.low == -math.inf and limit.high == math.inf:
        return ""
    return f" {limit}".removesuffix(" up" if limit.above else "")


def _plural(kind: str) -> str:
    if kind.startswith("list of "):
        return kind.replace("list", "lists", 1)
    if " or " in kind:
        return " or ".join(map(_plural, kind.split(" or ")))
    first, blank, rest = kind.partition(" from ")
    return f"{first} pairs{blank}{rest}" if first.startswith("(") else f"{first}s{blank}{rest}"


def _written(value: Any) -> Any:
    """A value as YAML would hold it."""
    if isinstance(value, (tuple, list)):
        return [_written(item) for item in value]
    return value


def _yaml(value: Any) -> str:
    if value is None:
        return "none"
    return yaml.safe_dump(value, default_flow_style=True, width=1000).strip().removesuffix("...").strip()


# ---- recipes


def _recipe(name: str, cls: type[Config]) -> str:
    """A step of a recipe that uses the op with all of its fields."""
    values: dict[str, Any] = {}
    kinds = hints(cls)
    for field in _ordered(cls):
        kind = kinds[field.name]
        if _mentions(kind, Asset):
            continue
        if _holds_ops(kind):
            values[field.name] = ["image.flip", _SOME_OP]
        elif _mentions(kind, Op):
            values[field.name] = _SOME_OP
        elif field.default is not dataclasses.MISSING:
            values[field.name] = _written(field.default)
    said: Any = {name: {key: value for key, value in values.items() if value not in (None, [])}} if values else name
    if issubclass(cls, Filter):
        step: Any = {"filter": said}
    elif getattr(cls, "origin", "") == "synthetic" and not getattr(cls, "takes", ()):  # what is made from nothing
        asked = {"column": "label", "prompt": "a photo of {label}", "count": 100}
        step = {"synthesise": {"op": said, "requests": asked}}
    else:
        step = {"augment": {"ops": [said], "copies": 2}}
    return _block({"steps": [step]})


def _holds_ops(annotation: Any) -> bool:
    parts: Sequence[Any] = typing.get_args(annotation)
    return typing.get_origin(annotation) is tuple and _mentions(parts[0], Op)


class _Dumper(yaml.SafeDumper):
    """YAML as a person writes it: items of a list under their key, and short lists on a line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


def _short_list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    plain = all(not isinstance(item, (dict, list)) for item in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=plain)


_Dumper.add_representer(list, _short_list)


def _block(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
