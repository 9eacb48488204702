"""Splits in parts: rows that can be read without the others, and so by another process."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from datasets import ReadInstruction

from hfaug.errors import RecipeError

__all__ = ["Part", "base_name", "divided", "select"]

_FOLDER_ARGUMENTS = {"files", "metadata_files", "add_metadata", "add_labels"}
"""What `datasets` hands to the generator of a folder of images, sounds and the like: tuples, which it never divides."""

_FILES = 64
"""Files of a folder in one part."""


@dataclasses.dataclass(frozen=True)
class Part:
    """Rows of a split that can be read without the others.

    Attributes:
        arguments: What the other builder's generator is called with.
        start: The first row of these.
        stop: The row after the last; None for all.
    """

    arguments: Mapping[str, Any]
    start: int = 0
    stop: int | None = None

    def __repr__(self) -> str:
        return f"Part({str(next(iter(self.arguments.values()), ''))[:80]}, rows {self.start}:{self.stop})"


def divided(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The arguments of a generator, divided as finely as they can be."""
    from datasets.utils.sharding import _number_of_shards_in_gen_kwargs, _split_gen_kwargs

    if arguments.keys() == _FOLDER_ARGUMENTS:
        yield from _divided_folder(**arguments)
        return
    try:
        count = _number_of_shards_in_gen_kwargs(dict(arguments))
    except RuntimeError:  # lists of several lengths: only the builder knows what belongs together
        yield dict(arguments)
        return
    yield from _split_gen_kwargs(dict(arguments), max_num_jobs=count)


def _divided_folder(files: Any, metadata_files: Any, add_metadata: bool, add_labels: bool) -> Iterator[dict[str, Any]]:
    """Folders by some files at a time, or by metadata file; in an order that is the same in every process."""
    common = {"add_metadata": add_metadata, "add_labels": add_labels}
    if add_metadata:
        for metadata_file in sorted(metadata_files, key=lambda names: [str(name or "") for name in names]):
            yield {"files": (), "metadata_files": (metadata_file,), **common}
        return
    plain = [entry for entry in files if isinstance(entry[2], str)]
    for start in range(0, len(plain), _FILES):
        yield {"files": tuple(plain[start : start + _FILES]), "metadata_files": (), **common}
    for _archive, folder, inner in (entry for entry in files if not isinstance(entry[2], str)):
        # Without the archive's name `datasets` takes the class from the file's folder, and not from the archive's.
        yield {"files": ((None, folder, inner),), "metadata_files": (), **common}


def base_name(split: str) -> str:
    """The name that what is selected goes by.

    >>> base_name("train[:10%]+test"), base_name("validation")
    ('train', 'validation')
    """
    return re.split(r"[+\[]", split, maxsplit=1)[0].strip() or "train"


def select(parts: Mapping[str, list[Part]], split: str, count: Callable[[Part], int] | None) -> list[Part]:
    """The parts that a split instruction asks for.

    Args:
        parts: Those of all splits.
        split: ``train``, ``train+test``, ``train[:10%]``.
        count: Counts the rows of a part; None where that would need all of a stream.

    Raises:
        RecipeError: There is no such split, or it cannot be cut.
    """
    names = [name.split("[")[0].strip() for name in split.split("+")]
    unknown = [name for name in names if name not in parts]
    if unknown:
        raise RecipeError(f"recipe, source.split: must be among {', '.join(parts)}, got {unknown[0]!r}; correct split")
    if "[" not in split:
        return [part for name in names for part in parts[name]]
    if count is None:
        raise RecipeError(
            f"recipe, source.split: must be a whole split when streaming, got {split!r}; load without streaming=True, "
            "or release the dataset with `hfaug build` and stream that"
        )
    sizes = {name: [count(part) for part in parts[name]] for name in dict.fromkeys(names)}
    try:
        wanted = ReadInstruction.from_spec(split).to_absolute({name: sum(own) for name, own in sizes.items()})
    except (AssertionError, ValueError) as error:
        raise RecipeError(
            f"recipe, source.split: must be a split as datasets knows it, got {split!r}: {error}"
        ) from error
    found: list[Part] = []
    for one in wanted:
        found.extend(_between(parts[one.splitname], sizes[one.splitname], one.from_ or 0, one.to))
    return found


def _between(parts: list[Part], sizes: list[int], low: int, high: int | None) -> Iterator[Part]:
    """The rows from one to another of a split, as parts."""
    at = 0
    for part, size in zip(parts, sizes, strict=True):
        start, stop = max(low - at, 0), size if high is None else min(high - at, size)
        at += size
        if start < stop:
            yield part if (start, stop) == (0, size) else dataclasses.replace(part, start=start, stop=stop)
