"""Ops and filters as a recipe writes them: ``image.rotate``, or ``image.rotate: {degrees: [-10, 10]}``.

Those from outside hfaug go by the name that a lineage has for them: ``my_ops:Zoom``.
"""

from __future__ import annotations

import dataclasses
import typing
from pathlib import Path
from typing import Any

from hfaug.calls import nearest_field
from hfaug.catalog import all_classes, lookup
from hfaug.compose import Chain
from hfaug.config import Config
from hfaug.errors import ParameterError, RecipeError
from hfaug.fields import Sounds, hints, is_marked, is_model
from hfaug.filters import Filter
from hfaug.op import Op
from hfaug.recipe.gathered import gathered
from hfaug.recipe.own import find_own
from hfaug.recipe.text import Node

__all__ = ["read_filter", "read_op", "read_ops"]


def read_ops(node: Node) -> Op:
    """One op, or a list of ops as a chain."""
    ops = [read_op(item) for item in node.sequence()]
    if not ops:
        raise node.error("must name at least one op")
    return ops[0] if len(ops) == 1 else Chain(*ops)


def read_op(node: Node) -> Op:
    """One op.

    Raises:
        RecipeError: There is no such op or field (names the nearest), or a value is out of its limits.
    """
    found = _read(node)
    if not isinstance(found, Op):
        raise node.error("must be an op", "write filters under `filter:`")
    return found


def read_filter(node: Node) -> Filter:
    """One filter."""
    found = _read(node)
    if not isinstance(found, Filter):
        raise node.error("must be a filter", "write ops under `augment:`")
    return found


def _read(node: Node) -> Config:
    name, fields = _name_and_fields(node)
    try:
        cls = find_own(name, node.code_from) if ":" in name else lookup(name)
    except ParameterError as error:
        raise RecipeError(f"recipe, line {node.line}, {node.place}: {error}") from error
    known = {field.name for field in dataclasses.fields(cls) if field.name != "binding"}
    values: dict[str, Any] = {}
    for key, value in fields.items():
        if key not in known:
            raise RecipeError(
                f"recipe, line {value.line}, {node.place}: {name} must not have the field {key!r}; "
                f"{nearest_field(key, known)}"
            )
        values[key] = gathered(value) if key in _sound_fields(cls) else _value(value, key in _op_fields(cls))
        if key in _model_fields(cls):
            values[key] = _beside_recipe(values[key], value.folder)
    try:
        return cls(**values)
    except (ParameterError, TypeError) as error:
        raise RecipeError(f"recipe, line {node.line}, {node.place}: {error}") from error


def _name_and_fields(node: Node) -> tuple[str, dict[str, Node]]:
    if isinstance(node.value, str):
        return node.value, {}
    if isinstance(node.value, dict) and len(node.value) == 1:
        ((name, inner),) = node.value.items()
        if inner.value is None:
            return name, {}
        if isinstance(inner.value, dict):
            return name, inner.value
        raise inner.error(f"the fields of {name} must be a mapping")
    raise node.error("must be the name of an op, or one name with its fields", f"such as {next(iter(all_classes()))}")


def _value(node: Node, holds_ops: bool) -> Any:
    if not holds_ops:
        return node.plain()
    if isinstance(node.value, list):
        return tuple(read_op(item) for item in node.value)
    return read_op(node)


def _model_fields(cls: type[Config]) -> frozenset[str]:
    """The fields that name models."""
    return frozenset(name for name, annotation in hints(cls).items() if _names_models(annotation))


def _names_models(annotation: Any) -> bool:
    return is_model(annotation) or any(_names_models(part) for part in typing.get_args(annotation))


def _beside_recipe(value: Any, folder: Path) -> Any:
    """The names of models, of which ``./`` and ``../`` begin at the recipe's folder."""
    if isinstance(value, str):
        return str(folder / value) if value.startswith(("./", "../")) else value
    if isinstance(value, dict):
        return {_beside_recipe(name, folder): held for name, held in value.items()}
    return [_beside_recipe(item, folder) for item in value] if isinstance(value, list) else value


def _sound_fields(cls: type[Config]) -> frozenset[str]:
    """The fields that hold sounds."""
    return frozenset(name for name, annotation in hints(cls).items() if is_marked(annotation, Sounds))


def _op_fields(cls: type[Config]) -> frozenset[str]:
    """The fields that hold ops."""
    found = set()
    for name, annotation in hints(cls).items():
        parts = [annotation, *typing.get_args(annotation)]
        if any(isinstance(part, type) and issubclass(part, Op) for part in parts):
            found.add(name)
    return frozenset(found)
