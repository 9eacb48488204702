"""A sound with its time labels, on its way through ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug import media

if TYPE_CHECKING:
    from hfaug.rows.batch import Batch
    from hfaug.rows.row import Row

__all__ = ["Sound"]

Samples = npt.NDArray[np.float32]


class _Source:
    """The stored sound, decoded once for all copies of its row."""

    __slots__ = ("_clip", "batch", "value")

    def __init__(self, batch: Batch, value: Any) -> None:
        self.batch = batch
        self.value = value
        self._clip: media.Clip | None = None

    @property
    def clip(self) -> media.Clip:
        if self._clip is None:
            self._clip = self.batch.open_audio(self.value)
        return self._clip


class Sound:
    """Samples (channels, samples) float32 with their rate; decoded when first touched, encoded only when changed."""

    __slots__ = ("_samples", "_source", "column")

    def __init__(self, source: _Source, column: str) -> None:
        self._source = source
        self._samples: Samples | None = None
        self.column = column

    @classmethod
    def open(cls, row: Row, column: str) -> Sound:
        """The sound in a column of a row."""
        if row.values and column in row.values:
            return cls(_Source(row.batch, row.values[column]), column)
        kept = row.batch.sources
        if (column, row.index) not in kept:
            kept[column, row.index] = _Source(row.batch, row.batch.value(column, row.index))
        return cls(kept[column, row.index], column)

    @property
    def present(self) -> bool:
        """Whether the row holds a sound at all."""
        return self._source.value is not None

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self._source.clip.rate

    @property
    def samples(self) -> Samples:
        """The samples as they stand now."""
        return self._source.clip.samples if self._samples is None else self._samples

    def put(self, samples: Samples) -> None:
        """Take other samples of the same rate."""
        self._samples = samples

    def wave(self, change: Callable[[Samples, int], Samples]) -> None:
        """Change the samples in place of time."""
        before = self.samples
        after = change(before, self.rate)
        if after is not before:
            self._samples = after

    def fork(self) -> Sound:
        """A sound of its own that shares the decoded source."""
        twin = Sound(self._source, self.column)
        twin._samples = self._samples
        return twin

    def settled(self, row: Row) -> dict[str, Any]:
        """The changed column, in storage form."""
        if self._samples is None:
            return {}
        return {self.column: row.batch.store_audio(self._samples, self._source.clip)}
