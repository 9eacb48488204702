"""Which model it is, to the byte: its name, its revision, its licence.

A model on the Hub is named by its commit. A local folder has no commit, so its revision is a digest of what is in it:
a copy in another place is the same model, an edited file makes another one.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from pathlib import Path

import xxhash

from hfaug.backends.loading import loading
from hfaug.errors import ModelError

__all__ = ["ModelIdentity", "content_digest", "file_identity", "identify"]

# Files that change nothing about what a model computes.
_IDLE_SUFFIXES = {".md", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".lock", ".metadata"}
_IDLE_NAMES = {"license", "notice", "licence"}
_CHUNK = 1 << 22

_known_files: dict[tuple[str, int, int], bytes] = {}


@dataclasses.dataclass(frozen=True)
class ModelIdentity:
    """Which model it is.

    Args:
        model_id: The name on the Hub, or the name of a local folder without the path to it.
        revision: The commit on the Hub; ``xxh3:`` and 32 hexadecimal digits of the contents for a local folder.
        licence: The licence of the model card, None without one. ``license_name`` where the card says ``other``.
        source: What ``from_pretrained`` takes: the name on the Hub, or the folder.
        local: Whether it is a local folder.
    """

    model_id: str
    revision: str
    licence: str | None
    source: str
    local: bool

    @property
    def hub_revision(self) -> str | None:
        """What ``from_pretrained`` takes as revision."""
        return None if self.local else self.revision


def identify(
    model: str | os.PathLike[str], revision: str | None = None, *, entry: str = "config.json"
) -> ModelIdentity:
    """Say which model this is, without loading it.

    Args:
        model: A name on the Hub or a local folder.
        revision: A branch, tag or commit on the Hub. For a local folder, the digest that its contents must have.
        entry: The file that every model of this kind has.

    Raises:
        ModelError: There is no such model, or not in that revision.
    """
    name = os.fspath(model)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _identify_folder(folder.resolve(), revision, entry)
    if folder.is_absolute() or name.startswith((".", "~")) or name.count("/") > 1:
        raise ModelError(f"{name}: must be an existing folder or a name on the Hub, is no folder; check the path")
    return _identify_on_hub(name, revision, entry)


def content_digest(folder: str | os.PathLike[str]) -> str:
    """Digest of what a model folder computes with: every file but cards, licences, pictures and hidden files.

    Read once a process, and again when a file's size or time of change differs.

    Returns:
        ``xxh3:`` and 32 hexadecimal digits.
    """
    root = Path(folder)
    digest = xxhash.xxh3_128()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        parts = path.relative_to(root).parts
        idle = path.suffix.lower() in _IDLE_SUFFIXES or path.stem.lower() in _IDLE_NAMES
        if idle or any(part.startswith(".") for part in parts):
            continue
        name = "/".join(parts).encode()
        digest.update(len(name).to_bytes(4, "little") + name + _file_digest(path))
    return f"xxh3:{digest.hexdigest()}"


def file_identity(path: Path) -> ModelIdentity:
    """Say which model a single file of weights is: by its name and its contents; its source is the folder."""
    folder = path.resolve().parent
    return ModelIdentity(path.name, f"xxh3:{_file_digest(path).hex()}", None, str(folder), local=True)


def _file_digest(path: Path) -> bytes:
    state = path.stat()
    key = (str(path), state.st_size, state.st_mtime_ns)
    known = _known_files.get(key)
    if known is None:
        digest = xxhash.xxh3_128()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        known = _known_files[key] = digest.digest()
    return known


def _identify_folder(folder: Path, revision: str | None, entry: str) -> ModelIdentity:
    if not (folder / entry).is_file():
        raise ModelError(f"{folder.name}: must hold {entry} to be a model of this kind, holds none; check the folder")
    digest = content_digest(folder)
    if revision is not None and revision != digest:
        raise ModelError(
            f"{folder.name}: must have the contents {revision!r}, has {digest}; leave the revision out or put the "
            "right files there (a folder has no branches and tags)"
        )
    card = folder / "README.md"
    return ModelIdentity(folder.name, digest, _licence(card if card.is_file() else None), str(folder), local=True)


@functools.lru_cache(maxsize=64)  # a branch may move on the Hub, but never within a process
def _identify_on_hub(name: str, revision: str | None, entry: str) -> ModelIdentity:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

    with loading(name, revision):
        found = Path(hf_hub_download(name, entry, revision=revision))
        commit = found.parents[entry.count("/")].name
        try:
            card: Path | None = Path(hf_hub_download(name, "README.md", revision=commit))
        except (EntryNotFoundError, HfHubHTTPError):  # no card, or offline and never fetched
            card = None
    return ModelIdentity(name, commit, _licence(card), name, local=False)


def _licence(card: Path | None) -> str | None:
    if card is None:
        return None
    from huggingface_hub import metadata_load

    data = metadata_load(card) or {}
    licence = data.get("license")
    if licence == "other":
        licence = data.get("license_name") or licence
    return None if licence is None else str(licence)
