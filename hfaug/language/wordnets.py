"""Where wordnets lie on this machine, and what stands for the content of one.

A wordnet is known by id and version, but anybody can add one of any name; so what it holds enters fingerprints. To
read all of it takes a second or two: that is done once, and noted beside the database.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import sqlite3
import tempfile
from importlib import metadata
from pathlib import Path

import xxhash

__all__ = ["LEXICON", "database", "how_to_fetch", "lexicon_digest", "readers"]

LEXICON = re.compile(r"[\w.-]+:[\w.+-]+")
"""Id and version."""

_RELATIONS = """
    SELECT t.type, a.id, b.id FROM {0}_relations r JOIN relation_types t ON t.rowid = r.type_rowid
    JOIN {0}s a ON a.rowid = r.source_rowid JOIN {0}s b ON b.rowid = r.target_rowid
    WHERE r.lexicon_rowid = ? ORDER BY r.rowid
"""

_CONTENT = (
    "SELECT language FROM lexicons WHERE rowid = ?",
    """
    SELECT e.id, e.pos, f.form, f.rank FROM forms f JOIN entries e ON e.rowid = f.entry_rowid
    WHERE e.lexicon_rowid = ? ORDER BY e.rowid, f.rowid
    """,
    "SELECT id, pos FROM synsets WHERE lexicon_rowid = ? ORDER BY rowid",
    """
    SELECT s.id, e.id, s.entry_rank, y.id, s.synset_rank FROM senses s JOIN entries e ON e.rowid = s.entry_rowid
    JOIN synsets y ON y.rowid = s.synset_rowid WHERE s.lexicon_rowid = ? ORDER BY s.rowid
    """,
    _RELATIONS.format("sense"),
    _RELATIONS.format("synset"),
)
"""All that synonyms and opposites follow from, in the order in which it was added, without numbers of the database."""

_READ = 1
"""Raised when `_CONTENT` changes, so that older notes are not believed."""


def database() -> Path:
    """The file in which `wn` keeps all wordnets: in ``$HFAUG_WORDNET``, else where `wn` itself looks."""
    folder = os.environ.get("HFAUG_WORDNET") or os.environ.get("WN_DATA_DIR") or "~/.wn_data"
    return Path(folder).expanduser() / "wn.db"


def how_to_fetch(name: str) -> str:
    """The command that fetches a wordnet to where it is looked for."""
    folder = os.environ.get("HFAUG_WORDNET")
    return f"python -m wn {f'--dir {folder} ' if folder else ''}download {name}"


def readers() -> str:
    """The libraries that read wordnets and inflect what they find, with their versions."""
    return ", ".join(f"{library} {_version(library)}" for library in ("wn", "lemminflect"))


@functools.cache
def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def lexicon_digest(name: str) -> str | None:
    """32 hex digits over the content of a wordnet, equal on every machine; None where there is none of that name."""
    path = database()
    try:
        state = path.stat()
    except OSError:
        return None
    return _digest(str(path), state.st_size, state.st_mtime_ns, name)


@functools.lru_cache(maxsize=64)
def _digest(path: str, size: int, changed_ns: int, name: str) -> str | None:
    """What is noted beside the database as it is now, else what is read."""
    note = Path(path).with_name(f"hfaug-{name.replace(':', '-')}.json")
    known = {"name": name, "size": size, "changed_ns": changed_ns, "read": _READ}
    with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
        found = json.loads(note.read_text(encoding="utf-8"))
        digest = found.pop("digest", None)
        if found == known and isinstance(digest, str):
            return digest
    digest = _read(path, name)
    if digest is not None:
        with contextlib.suppress(OSError):  # a folder that cannot be written to; then each process reads
            _write(note, json.dumps({**known, "digest": digest}))
    return digest


def _read(path: str, name: str) -> str | None:
    content = xxhash.xxh3_128()
    try:
        with contextlib.closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as opened:
            row = opened.execute("SELECT rowid FROM lexicons WHERE id || ':' || version = ?", (name,)).fetchone()
            if row is None:
                return None
            for query in _CONTENT:
                for found in opened.execute(query, row):
                    content.update(repr(found).encode())
    except sqlite3.Error:
        return None  # no database of `wn`; it says more when it is opened
    return content.hexdigest()


def _write(file: Path, text: str) -> None:
    """At once, so that no other process reads half of it."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
