"""Where the rows of a recipe come from, when the recipe itself may lie in a folder, in a Hub repo or nowhere."""

from __future__ import annotations

import contextlib
import contextvars
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hfaug.errors import RecipeError

if TYPE_CHECKING:
    from hfaug.recipe.schema import SourceSpec

__all__ = ["open_source", "opening"]

_OPEN: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("recipes that are being opened", default=())


@contextlib.contextmanager
def opening(file: str) -> Iterator[None]:
    """Note which recipe file is being opened, so that one that leads back to itself is found out.

    Raises:
        RecipeError: It is being opened already.
    """
    before = _OPEN.get()
    if file in before:
        raise RecipeError(
            f"recipe, source: must be data, leads back to the recipe {file} itself; name the data's own folder"
        )
    token = _OPEN.set((*before, file))
    try:
        yield
    finally:
        _OPEN.reset(token)


def open_source(spec: SourceSpec, base: str, **said: Any) -> Any:
    """The builder of a recipe's source.

    Args:
        spec: What the recipe says.
        base: The folder that relative paths begin at, or its address: ``hf://datasets/ada/toy@main``.
        said: For the builder: ``cache_dir``, ``token``, ``storage_options``, ``features``.

    Raises:
        RecipeError: There is no such source, or a recipe from elsewhere names files of this machine.
    """
    from datasets import DownloadConfig, load_dataset_builder

    from hfaug.recipe.sources import source_arguments

    settings = DownloadConfig(token=said.get("token"), storage_options=dict(said.get("storage_options") or {}))
    try:
        if "://" in base:
            path, arguments = _remote_arguments(spec, base, settings)
        else:
            path, arguments = source_arguments(spec, Path(base))
        return load_dataset_builder(
            path, **arguments, **{name: value for name, value in said.items() if value is not None}
        )
    except RecipeError:
        raise
    except Exception as error:
        raise RecipeError(
            f"recipe, source: {spec.path!r} must load by datasets.load_dataset, did not: {error}"
        ) from error


def _remote_arguments(spec: SourceSpec, base: str, settings: Any) -> tuple[str, dict[str, Any]]:
    """What to call `load_dataset_builder` with for a recipe that lies elsewhere: its files lie there too."""
    from hfaug.recipe.sources import is_builder, is_relative, source_arguments

    if not is_relative(spec.path) and not is_builder(spec.path):
        if spec.path.startswith(("/", "~", "file:")):
            raise _foreign(spec.path, base)
        return source_arguments(spec, Path())
    path, folder, files = spec.path, spec.data_dir, spec.data_files
    if is_relative(path):  # a folder beside the recipe: what is in it says which builder reads it
        path, folder = "augmentfolder", posixpath.join(spec.path, folder or "")
    address = None if folder is None else _address(folder, base)
    if files is not None:
        found: Any = _addresses(files, address or base)
    elif address is not None:
        found = _found(address, settings)
    else:
        raise RecipeError(f"recipe, source: {path} must be given data_files or data_dir, got neither; name the files")
    return path, {"data_files": found, **({} if spec.name is None else {"name": spec.name})}


def _found(address: str, settings: Any) -> Any:
    """The data files below an address, by split."""
    from datasets.data_files import DataFilesDict, get_data_patterns

    patterns = get_data_patterns(address, download_config=settings)
    return DataFilesDict.from_patterns(patterns, base_path=address, download_config=settings)


def _addresses(files: Any, base: str) -> Any:
    if isinstance(files, Mapping):
        return {split: _addresses(item, base) for split, item in files.items()}
    if isinstance(files, list):
        return [_addresses(item, base) for item in files]
    return _address(str(files), base)


def _address(path: str, base: str) -> str:
    """The address of a relative path; it must not lead out of the repo."""
    if "://" in path and not path.startswith(("file:", "local:")):
        return path
    if "://" in path or path.startswith(("/", "~")):
        raise _foreign(path, base)
    scheme, host, folder = urlsplit(base)[:3]
    root = "/".join(folder.split("/")[:3]) if scheme == "hf" else ""
    joined = posixpath.normpath(posixpath.join(folder or "/", path))
    if scheme == "hf" and not (joined == root or joined.startswith(root + "/")):
        raise _foreign(path, base)
    return f"{scheme}://{host}{joined}"


def _foreign(path: str, base: str) -> RecipeError:
    return RecipeError(
        f"recipe, source: a recipe at {base} must name files beside it or on the Hub, names {path!r}; copy the recipe "
        "to this machine if you trust it"
    )
