"""Rows in a form that can be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from hfaug import media, provenance


def rows_of(data: Any) -> list[dict[str, Any]]:
    """The rows of a dataset or stream in their order, media as their bytes."""
    tables: Iterable[Any] = data.with_format("arrow").iter(100)
    return [{name: _held(value) for name, value in row.items()} for table in tables for row in table.to_pylist()]


def _held(value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"bytes", "path"}:
        return hashlib.sha256(media.read_media(value) or b"").hexdigest()
    if isinstance(value, Mapping):
        return {name: _held(item) for name, item in value.items()}
    return [_held(item) for item in value] if isinstance(value, list) else value


def digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """One digest over sorted (id, row)."""
    found = sorted((row[provenance.COLUMN]["id"], json.dumps(row, sort_keys=True, default=str)) for row in rows)
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def origins(rows: Iterable[Mapping[str, Any]]) -> str:
    """A letter for each row: s of the source, a augmented."""
    return "".join(row[provenance.COLUMN]["origin"][0] for row in rows)
