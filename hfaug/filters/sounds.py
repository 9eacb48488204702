"""The sounds of rows, as filters hear them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hfaug import media, provenance
from hfaug.backends import Heard
from hfaug.errors import add_context

__all__ = ["heard"]


def heard(rows: Sequence[Mapping[str, Any]], column: str) -> list[Heard | None]:
    """The sounds in a column, channels averaged; None where there is none.

    Args:
        rows: The rows, their sounds as they are stored or decoded.
        column: The column of the sounds.

    Raises:
        MediaError: One is no sound; the error names the row.
    """
    found: list[Heard | None] = []
    for place, row in enumerate(rows):
        try:
            clip = media.clip_of(row[column])
        except Exception as error:
            add_context(error, _named(row, place, column))
            raise
        found.append(None if clip is None else Heard(clip.samples.mean(axis=0), clip.rate))
    return found


def _named(row: Mapping[str, Any], place: int, column: str) -> str:
    """What finds a row again: its id where it has one, its place, and the file."""
    lineage, value = row.get(provenance.COLUMN), row[column]
    name = f" {lineage['id']!r}" if isinstance(lineage, Mapping) and "id" in lineage else ""
    path = value.get("path") if isinstance(value, Mapping) else None
    return f"row{name}, number {place + 1} of its batch, column {column!r}" + (f", file {path!r}" if path else "")
