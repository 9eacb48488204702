"""Sounds that a recipe names for an op: ``sounds: ../noises``, or the column of a dataset."""

from __future__ import annotations

from typing import Any

from hfaug.assets import Asset
from hfaug.errors import HfaugError, RecipeError
from hfaug.ops.audio import gather_sounds
from hfaug.recipe.text import Node

__all__ = ["gathered"]

_DATASET = ("path", "name", "data_dir", "data_files", "split", "revision")


def gathered(node: Node) -> Asset:
    """The sounds of a folder, which begins at the recipe's own, or of a dataset.

    Args:
        node: The path of a folder; or a mapping with what ``datasets.load_dataset`` takes (``path``, ``name``,
            ``data_dir``, ``data_files``, ``split``, which is ``train`` when left out, ``revision``) and the ``column``.

    Raises:
        RecipeError: There is no such folder or dataset, it holds no sound, or one is damaged or silent.
    """
    from hfaug.recipe.schema import SourceSpec  # the schema reads ops
    from hfaug.recipe.sources import load_splits

    if node.value is None:
        raise node.error("must be a folder of sounds, or a dataset with its column")
    column = None
    if isinstance(node.value, str):
        source = node.folder / node.value
    else:
        said = node.mapping((*_DATASET, "column"), ("path",))
        given: dict[str, Any] = {
            key: value.plain() if key == "data_files" else value.text() for key, value in said.items()
        }
        column = given.pop("column", None)
        source = next(iter(load_splits(SourceSpec(**{"split": "train", **given}), node.folder, node.place).values()))
    try:
        return gather_sounds(source, column)
    except HfaugError as error:
        raise RecipeError(f"recipe, line {node.line}, {node.place}: {error}") from error
