"""Recipes in every form in which they can be given: a file or its address, its text, plain data, an op."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from hfaug.errors import RecipeError, add_context

if TYPE_CHECKING:
    from hfaug.recipe import Recipe
    from hfaug.recipe.schema import Augment, Balance, FilterRows, Synthesise

    Step = Augment | Balance | FilterRows | Synthesise

__all__ = ["folder_of", "read_recipe", "read_steps", "read_text"]

T = TypeVar("T")

_KINDS = ("augment", "synthesise", "filter", "balance")
_AROUND = ("columns", "seed")
_ENDINGS = (".yaml", ".yml", ".hfaug")


def read_steps(given: Any, *, token: Any = None, storage_options: Any = None) -> tuple[Step, ...]:
    """The steps of a recipe for data that are named elsewhere; what a whole recipe says of its source is not looked at.

    Args:
        given: A recipe file, its address or text; one step as a mapping, ``{"ops": [...], "copies": 2}``; a list of
            ops; a list of steps, ``[{"augment": {...}}, {"filter": {...}}]``; a mapping with ``steps``; or an op.
        token: For files on the Hub.
        storage_options: For files on other stores.

    Raises:
        RecipeError: Something in it is wrong; names the place.

    >>> [step.copies for step in read_steps({"ops": ["text.swap_chars"], "copies": 2})]
    [2]
    >>> [step.op.op_name() for step in read_steps([{"text.swap_chars": {"share": 0.1}}, "text.delete_words"])]
    ['chain']
    """
    from hfaug.op import Op
    from hfaug.recipe.schema import Augment, Balance, FilterRows, Recipe, Synthesise

    if isinstance(given, Op):
        return (Augment(given),)
    if isinstance(given, Recipe):
        return given.steps
    if (
        isinstance(given, (list, tuple))
        and given
        and all(isinstance(i, (Augment, Balance, FilterRows, Synthesise)) for i in given)
    ):
        return tuple(given)
    if isinstance(given, (str, os.PathLike)):
        text, where = read_text(given, token=token, storage_options=storage_options)
        return _named(lambda: _parsed(_whole(_load(text)), "." if where is None else folder_of(where)), where)
    return _inline(lambda: _parsed(_whole(given), "."))


def read_recipe(given: Any, *, token: Any = None, storage_options: Any = None) -> tuple[Recipe, str | None]:
    """A whole recipe, source included.

    Args:
        given: A recipe file, its address or text; or the same as a mapping.
        token: For files on the Hub.
        storage_options: For files on other stores.

    Returns:
        The recipe and its file, beside which relative paths are meant; without a file they begin in the current folder.

    Raises:
        RecipeError: Something in it is wrong; names the place.
    """
    from hfaug.recipe import Recipe, parse_recipe

    if isinstance(given, Recipe):
        return given, None
    if isinstance(given, (str, os.PathLike)):
        text, where = read_text(given, token=token, storage_options=storage_options)
        return _named(lambda: parse_recipe(text, "." if where is None else folder_of(where)), where), where
    if not isinstance(given, Mapping):
        raise RecipeError(
            f"recipe: must be a file, its text or a mapping, got {type(given).__name__}; see `hfaug new recipe`"
        )
    return _inline(lambda: parse_recipe(_dumped(given))), None


def read_text(given: Any, *, token: Any = None, storage_options: Any = None) -> tuple[str, str | None]:
    """The text of a recipe, and the file it stands in; text itself is handed back without a file.

    Raises:
        RecipeError: The file cannot be read.
    """
    from datasets import DownloadConfig
    from datasets.utils.file_utils import xopen

    said = os.fspath(given)
    if not _is_file(given, said):
        return said, None
    settings = DownloadConfig(token=token, storage_options=dict(storage_options or {}))
    try:
        with xopen(said, "r", encoding="utf-8", download_config=settings) as file:
            return file.read(), said if "://" in said else os.path.abspath(said)
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"recipe: {said} must be a readable text file, is not ({error}); check the path") from error


def folder_of(file: str) -> str:
    """The folder or address that relative paths of a recipe file begin at.

    >>> folder_of("hf://datasets/ada/toy@main/train.hfaug"), folder_of("/data/train.hfaug")
    ('hf://datasets/ada/toy@main', '/data')
    """
    return file.rpartition("/")[0] if "://" in file else os.path.dirname(os.path.abspath(file))


def _is_file(given: Any, said: str) -> bool:
    """Whether text is the name of a file, rather than a recipe."""
    if not isinstance(given, str):
        return True
    return "\n" not in said and (said.endswith(_ENDINGS) or os.path.isfile(said))


def _load(text: str) -> Any:
    """Text as plain data where it is a short form, else as it is: then errors can name its lines."""
    import yaml

    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return text  # read again by the recipe's own reader, which says what is wrong
    return text if isinstance(data, Mapping) and {"name", "source"} <= data.keys() else data


def _whole(given: Any) -> str:
    """The text of a whole recipe around the steps that were given."""
    if isinstance(given, str):
        return given
    around = {"name": "inline", "source": {"path": "augmentfolder"}}
    if isinstance(given, Mapping) and given.keys() & {"steps", "source", "name"}:
        return _dumped({**around, **given})
    if isinstance(given, Mapping):
        outer = {key: given[key] for key in _AROUND if key in given}
        step = {key: value for key, value in given.items() if key not in _AROUND}
        return _dumped({**around, **outer, "steps": [step if step.keys() & set(_KINDS) else {"augment": step}]})
    if isinstance(given, Sequence) and given:
        steps = all(isinstance(item, Mapping) and item.keys() <= set(_KINDS) for item in given)
        return _dumped({**around, "steps": given if steps else [{"augment": {"ops": given}}]})
    raise RecipeError(
        "recipe: must be a file, its text, a mapping such as {'ops': [...], 'copies': 2} or a list of ops, "
        f"got {given!r:.80}; see `hfaug ops` for their names"
    )


def _parsed(text: str, folder: str) -> tuple[Step, ...]:
    from hfaug.recipe import parse_recipe

    return parse_recipe(text, folder).steps


def _dumped(given: Any) -> str:
    import yaml

    try:
        text: str = yaml.safe_dump(_plain(given), sort_keys=False, allow_unicode=True)
    except yaml.representer.RepresenterError as error:
        raise RecipeError(
            f"recipe: must be plain data (text, numbers, lists, mappings), is not: {error.args[-1]!r}"
        ) from error
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _named(read: Callable[[], T], where: str | None) -> T:
    """What `read` gives; its errors say which file it was about."""
    try:
        return read()
    except RecipeError as error:
        if where is not None:
            add_context(error, f"in {where}")
        raise


def _inline(read: Callable[[], T]) -> T:
    """What `read` gives; its errors name no lines, since plain data have none."""
    try:
        return read()
    except RecipeError as error:
        raise RecipeError(re.sub(r"line \d+, ", "", str(error))) from error.__cause__
