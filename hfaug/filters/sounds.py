"""The sounds of rows, as filters hear them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hfaug import media
from hfaug.backends import Heard
from hfaug.errors import add_context
from hfaug.filters.base import row_name

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
            add_context(error, row_name(row, column, place))
            raise
        found.append(None if clip is None else Heard(clip.samples.mean(axis=0), clip.rate))
    return found
