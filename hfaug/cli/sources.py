"""Datasets that a command is given by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["load", "split_of"]

_BUILDERS = {".json": "json", ".jsonl": "json", ".csv": "csv", ".parquet": "parquet", ".arrow": "arrow", ".txt": "text"}
"""What reads a single file."""


def load(source: str, config: str | None, who: str) -> Any:
    """A dataset by name, folder or file.

    Args:
        source: A Hub repo, a folder, a file, or what ``save_to_disk`` wrote.
        config: Config of a dataset that has several.
        who: The command, for errors.

    Raises:
        CallError: There is none.
    """
    from datasets import load_dataset, load_from_disk

    from hfaug.errors import CallError

    path = Path(source)
    if not path.exists() and (source.startswith((".", "/", "~")) or path.suffix in _BUILDERS):
        raise CallError(f"{who}: {source!r} must be a Hub repo, a folder or a file, is not there; check the path")
    try:
        if any((path / name).is_file() for name in ("dataset_dict.json", "state.json")):
            return load_from_disk(source)
        if path.is_file() and path.suffix in _BUILDERS:
            return load_dataset(_BUILDERS[path.suffix], config, data_files=source)
        return load_dataset(source, config)
    except Exception as error:
        raise CallError(f"{who}: {source!r} must load as a dataset, did not: {error}") from error


def split_of(splits: Any, name: str, who: str) -> Any:
    """One split of several; a dataset without splits is what it is.

    Raises:
        ParameterError: There is none of that name.
    """
    from hfaug.errors import ParameterError

    if not hasattr(splits, "keys"):
        return splits
    if name not in splits:
        raise ParameterError(f"{who}: split must be among {', '.join(splits)}, got {name!r}; correct --split")
    return splits[name]
