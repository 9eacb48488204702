"""hfaug's names in the tables of `datasets`.

`datasets` has no way in for builders of others, but it looks names and file extensions up in plain tables of its own.
They are private, so each use is preceded by a check that they still are what they were: a version of `datasets` that
has changed them turns hfaug's builders off, and nothing else.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import logging
from typing import Any

import datasets

from hfaug.errors import CompatibilityError

__all__ = ["EXTENSION", "NAMES", "VERSION_HASH", "check", "register"]

logger = logging.getLogger("hfaug")

EXTENSION = ".hfaug"
"""What the name of a recipe file ends with, so that `load_dataset` knows it."""

NAMES = {"augmentfolder": "hfaug.builders.augmentfolder", "hfaug": "hfaug.builders.recipefile"}
"""What `load_dataset` is asked for -> the module that holds the builder."""

_VERSION = 1
"""Raised when the builders give other rows for the same files and recipe."""

VERSION_HASH = hashlib.sha256(f"hfaug.builders {_VERSION}".encode()).hexdigest()
"""Last part of the cache folder; `datasets` itself takes a hash of the source there."""

_TABLES: dict[str, tuple[type, str | None, type | None]] = {
    "_PACKAGED_DATASETS_MODULES": (dict, "imagefolder", tuple),
    "_EXTENSION_TO_MODULE": (dict, ".csv", tuple),
    "_MODULE_TO_EXTENSIONS": (dict, "imagefolder", list),
    "_MODULE_TO_METADATA_FILE_NAMES": (dict, "imagefolder", list),
    "_MODULE_TO_METADATA_EXTENSIONS": (dict, "imagefolder", list),
    "_ALL_EXTENSIONS": (list, None, None),
    "_ALL_ALLOWED_EXTENSIONS": (list, None, None),
}
"""Table of `datasets.packaged_modules` -> its type, an entry that it must have, and the type of that."""

_SHARED = [name for name in _TABLES if name != "_ALL_EXTENSIONS"]
"""Tables that `datasets.load` looks things up in: they must be the very objects that are changed here."""

_CALLED: dict[str, set[str]] = {
    "builder:ArrowBasedBuilder._generate_tables": set(),
    "builder:BuilderConfig.create_config_id": {"config_kwargs", "custom_features"},
    "builder:DatasetBuilder._as_dataset": {"split", "in_memory"},
    "builder:DatasetBuilder._create_builder_config": {"config_name", "custom_features", "config_id"},
    "builder:DatasetBuilder._get_dataset_fingerprint": {"split"},
    "builder:DatasetBuilder._make_split_generators_kwargs": {"prepare_split_kwargs"},
    "builder:DatasetBuilder._relative_data_dir": set(),
    "builder:DatasetBuilder._split_generators": {"dl_manager"},
    "builder:Key": {"original_shard_id", "item_or_batch_id"},
    "builder:Pool": {"processes"},
    "data_files:DataFilesDict.from_patterns": {"base_path", "download_config"},
    "data_files:get_data_patterns": {"download_config"},
    "load:import_main_class": {"module_path"},
    "load:infer_module_for_data_files": {"data_files", "path", "download_config"},
    "utils.file_utils:xopen": {"download_config"},
    "utils.sharding:_number_of_shards_in_gen_kwargs": {"gen_kwargs"},
    "utils.sharding:_split_gen_kwargs": {"gen_kwargs", "max_num_jobs"},
}
"""What the builders call or fill in, by its module -> arguments that it must take."""


def register() -> None:
    """Let `load_dataset` find hfaug's builders. `import hfaug` does it; doing it again changes nothing.

    Nothing is raised where `datasets` has changed: that is logged, and said again by whoever uses a builder.
    """
    change = _change()
    tables: Any = _module("packaged_modules")
    if change is not None:
        logger.warning("%s", change)
        names = getattr(tables, "_PACKAGED_DATASETS_MODULES", None)
        if isinstance(names, dict):  # the names still lead to the builders, and these raise what is wrong
            names.update({name: (module, VERSION_HASH) for name, module in NAMES.items()})
        return
    for name, module in NAMES.items():
        tables._PACKAGED_DATASETS_MODULES[name] = (module, VERSION_HASH)
        tables._MODULE_TO_EXTENSIONS[name] = [EXTENSION]
        tables._MODULE_TO_METADATA_FILE_NAMES[name] = []
        tables._MODULE_TO_METADATA_EXTENSIONS[name] = []
    tables._EXTENSION_TO_MODULE[EXTENSION] = ("hfaug", {})
    for extensions in (tables._ALL_EXTENSIONS, tables._ALL_ALLOWED_EXTENSIONS):
        if EXTENSION not in extensions:
            extensions.append(EXTENSION)


def check() -> None:
    """Raise what stands in the way of hfaug's builders, if anything does.

    Raises:
        CompatibilityError: This version of `datasets` has changed what they are built on.

    >>> check()
    """
    change = _change()
    if change is not None:
        raise CompatibilityError(change)


def _change() -> str | None:
    """What has changed in `datasets`, as a message."""
    what = _changed_table() or _changed_call()
    if what is None:
        return None
    return (
        f"hfaug.builders: datasets {datasets.__version__} has changed datasets.{what}, so hfaug's builders "
        "(augmentfolder, *.hfaug) are off; everything else works. Install a version of datasets that this hfaug was "
        "tested with, or a newer hfaug"
    )


def _module(name: str) -> Any:
    """A module of `datasets`, or None."""
    try:
        return importlib.import_module(f"datasets.{name}")
    except ImportError:
        return None


def _changed_table() -> str | None:
    tables, load = _module("packaged_modules"), _module("load")
    for name, (kind, entry, entry_kind) in _TABLES.items():
        table: Any = getattr(tables, name, None)
        found = table.get(entry) if isinstance(table, dict) else None
        if not isinstance(table, kind) or not isinstance(found, entry_kind or type(None)):
            return f"packaged_modules.{name}"
    for name in _SHARED:
        if getattr(load, name, None) is not getattr(tables, name):
            return f"load.{name}"
    return None


def _changed_call() -> str | None:
    for place, wanted in _CALLED.items():
        home, names = place.split(":")
        found: Any = _module(home)
        for name in names.split("."):
            found = getattr(found, name, None)
        if not callable(found) or not _takes(found, wanted):
            return place.replace(":", ".")
    return None


def _takes(function: Any, wanted: set[str]) -> bool:
    try:
        return wanted <= inspect.signature(function).parameters.keys()
    except (TypeError, ValueError):
        return False
