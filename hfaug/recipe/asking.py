"""What a recipe says of rows that a generator is to make: of which classes, told how, and what they must pass."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from hfaug.filters import Filter
from hfaug.op import Op
from hfaug.recipe.ops import read_filter, read_op
from hfaug.recipe.text import Node

__all__ = [
    "Class",
    "Generate",
    "Prompts",
    "prompt_fault",
    "read_classes",
    "read_filters",
    "read_generate",
    "read_prompts",
]

Class = tuple[str, ...]
"""What is asked for: the name of a class, or one of each column where a combination is asked for."""

_PROMPTS = ("prompt", "slots", "classes")


@dataclasses.dataclass(frozen=True)
class Prompts:
    """How a generator is told what to make.

    Args:
        columns: The class columns; every made row has a class of each.
        prompt: A text with the columns and slots in braces; None for a generator that reads the classes alone.
        slots: Words of which one is drawn for each row, by the name of their slot.
    """

    columns: tuple[str, ...]
    prompt: str | None = None
    slots: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Generate:
    """Fill what is missing with made rows, in rounds, until enough of them pass.

    Args:
        op: The generator.
        prompts: How it is told what to make.
        classes: Which classes are filled; all that are known when empty.
        filters: What a made row must pass to count.
        tries: Requests for each missing row, at most.
    """

    op: Op
    prompts: Prompts
    classes: tuple[Class, ...] = ()
    filters: tuple[Filter, ...] = ()
    tries: int = 5


def read_generate(node: Node, columns: tuple[str, ...], bound: Any) -> Generate:
    """The ``generate`` of a balance step.

    Args:
        node: Where it stands.
        columns: The class columns of the step.
        bound: What an op is handed through.
    """
    fields = node.mapping(("op", *_PROMPTS, "filters", "tries"), ("op",))
    return Generate(
        op=bound(read_op(fields["op"])),
        prompts=read_prompts(fields, columns),
        classes=read_classes(fields, columns),
        filters=read_filters(fields),
        tries=fields["tries"].whole(1) if "tries" in fields else 5,
    )


def read_filters(fields: Mapping[str, Node]) -> tuple[Filter, ...]:
    """The filters that made rows must pass."""
    return tuple(read_filter(node) for node in fields["filters"].sequence()) if "filters" in fields else ()


def read_prompts(fields: Mapping[str, Node], columns: tuple[str, ...]) -> Prompts:
    """Prompt and slots.

    Raises:
        RecipeError: The prompt cannot be filled from the columns and slots.
    """
    slots = _slots(fields["slots"]) if "slots" in fields else {}
    for column in columns:
        if column in slots:
            raise fields["slots"].error(f"must not have the slot {column!r}, which the class fills", "rename it")
    if "prompt" not in fields:
        if slots:
            raise fields["slots"].error("must stand beside a prompt, in which they are filled", "add prompt")
        return Prompts(columns)
    return Prompts(columns, _prompt(fields["prompt"], {*slots, *columns}), slots)


def read_classes(fields: Mapping[str, Node], columns: tuple[str, ...]) -> tuple[Class, ...]:
    """The classes that are asked for: names, or lists of one name for each column."""
    if "classes" not in fields:
        return ()
    found: list[Class] = []
    for item in fields["classes"].sequence():
        names = item.texts()
        if len(names) != len(columns):
            raise item.error(f"must name a class of each of {', '.join(columns)}", "such as [cat, black]")
        found.append(names)
    return tuple(found)


def _slots(node: Node) -> dict[str, tuple[str, ...]]:
    if not isinstance(node.value, dict):
        raise node.error("must be a mapping of lists of words")
    slots = {key: tuple(str(item.plain()) for item in value.sequence()) for key, value in node.value.items()}
    for key, words in slots.items():
        if not words:
            raise node.value[key].error("must list at least one word")
    return slots


def _prompt(node: Node, known_slots: AbstractSet[str]) -> str:
    prompt = node.text()
    if fault := prompt_fault(prompt, known_slots):
        raise node.error(*fault)
    return prompt


def prompt_fault(prompt: str, known_slots: AbstractSet[str]) -> tuple[str, str] | None:
    """Why a prompt could not be filled, whatever the words, and what to do; None where it could.

    >>> prompt_fault("a {colour} {label}", {"label"})
    ("must have slots among label, has 'colour'", 'list their words under slots; write {{ and }} for plain braces')
    """
    try:
        slots = {name: part for _, name, *part in string.Formatter().parse(prompt) if name is not None}
    except ValueError as error:
        return f"must have its slots in braces, has not ({error})", "write {{ and }} for plain braces"
    wrong = sorted(name for name, (form, as_) in slots.items() if name not in known_slots or form or as_)
    if not wrong:
        return None
    return (
        f"must have slots among {', '.join(sorted(known_slots))}, has {', '.join(map(repr, wrong))}",
        "list their words under slots; write {{ and }} for plain braces",
    )
