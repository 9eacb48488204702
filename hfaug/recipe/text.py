"""YAML with places: plain data, and the line of each entry, so that an error can say where it is."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from hfaug.errors import RecipeError

__all__ = ["Node", "read_yaml"]


class Node:
    """A value of a recipe that knows where it stands.

    Args:
        value: A mapping of nodes, a list of nodes, or a scalar.
        place: ``steps[1].augment.copies``.
        line: Line of the file, from 1.
        folder: Where the file lies; relative paths in it begin there.
        code_from: Folder that ops of one's own are imported from; None where nothing may be imported.
    """

    __slots__ = ("code_from", "folder", "line", "place", "value")

    def __init__(self, value: Any, place: str, line: int, folder: Path, code_from: Path | None = None) -> None:
        self.value = value
        self.place = place
        self.line = line
        self.folder = folder
        self.code_from = code_from

    def error(self, must: str, fix: str = "") -> RecipeError:
        """An error at this place."""
        shown = repr(self.plain())
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        return RecipeError(
            f"recipe, line {self.line}, {self.place or 'file'}: {must}, got {shown}" + (f"; {fix}" if fix else "")
        )

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def mapping(self, keys: Collection[str], required: Collection[str] = ()) -> Mapping[str, Node]:
        """The value as a mapping with only some keys.

        Raises:
            RecipeError: It is none, a key is unknown (names the nearest), or one is missing.
        """
        if not isinstance(self.value, dict):
            raise self.error(f"must be a mapping with {', '.join(keys)}")
        for key, node in self.value.items():
            if key not in keys:
                near = difflib.get_close_matches(str(key), keys, n=1, cutoff=0.4)
                hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(keys)}"
                raise RecipeError(
                    f"recipe, line {node.line}, {self.place or 'file'}: must not have the key {key!r}; {hint}"
                )
        missing = [key for key in required if key not in self.value]
        if missing:
            raise self.error(f"must have the key {missing[0]!r}", "add it")
        found: Mapping[str, Node] = self.value
        return found

    def sequence(self) -> list[Node]:
        """The value as a list; one value counts as a list of it."""
        return self.value if isinstance(self.value, list) else [self]

    def text(self) -> str:
        """The value as text."""
        if not isinstance(self.value, str):
            raise self.error("must be text", "put it in quotes" if self.value is not None else "")
        return self.value

    def whole(self, low: int = 0) -> int:
        """The value as a whole number."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < low:
            raise self.error(f"must be a whole number from {low} up")
        return self.value

    def flag(self) -> bool:
        """The value as true or false."""
        if not isinstance(self.value, bool):
            raise self.error("must be true or false")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """The value as a list of texts; one text counts as a list of it."""
        return tuple(node.text() for node in self.sequence())


def read_yaml(text: str, folder: Path = Path(), *, own_code: bool = False) -> Node:
    """Parse YAML text.

    Args:
        text: The text.
        folder: Where relative paths in it begin.
        own_code: Whether ops of one's own may be imported from the folder.

    Raises:
        RecipeError: It is no YAML, a mapping has a key twice, or a value holds itself.

    >>> read_yaml("steps: [{augment: {copies: 2}}]").value["steps"].value[0].value["augment"].value["copies"].place
    'steps[0].augment.copies'
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise RecipeError(f"recipe: must be YAML, is not: {error}; mend the file") from error
    if root is None:
        raise RecipeError("recipe: must hold a recipe, is empty; start from `hfaug new recipe`")
    place = folder.resolve()
    try:
        return _convert(root, "", place, place if own_code else None)
    except RecursionError as error:
        raise RecipeError("recipe: must not hold itself, does by an anchor; write it out") from error


def _convert(node: yaml.Node, place: str, folder: Path, code: Path | None) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node)
            if not isinstance(key, str):
                raise RecipeError(
                    f"recipe, line {key_node.start_mark.line + 1}: keys must be text, got {key!r}; put it in quotes"
                )
            if key in found:
                raise RecipeError(
                    f"recipe, line {key_node.start_mark.line + 1}: the key {key!r} must stand once, stands twice"
                )
            found[key] = _convert(value_node, f"{place}.{key}" if place else key, folder, code)
        return Node(found, place, line, folder, code)
    if isinstance(node, yaml.SequenceNode):
        items = [_convert(item, f"{place}[{number}]", folder, code) for number, item in enumerate(node.value)]
        return Node(items, place, line, folder, code)
    return Node(_scalar(node), place, line, folder, code)


def _scalar(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except yaml.YAMLError as error:
        raise RecipeError(f"recipe, line {node.start_mark.line + 1}: {error}") from error
    finally:
        loader.dispose()
