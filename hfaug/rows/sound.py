"""A sound with its time labels, on its way through ops.

Changes wait until somebody looks at the samples or the row is written: gains multiply, stretches and shifts of pitch
are one pass of the engine, cuts and turns one copy. Labels move once, by the product of all maps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from hfaug import media
from hfaug.columns import feature_at, split_path
from hfaug.errors import add_context
from hfaug.moves import TimeMap
from hfaug.rows.flow import LONG, Heard, can_flow
from hfaug.rows.places.paths import read_path, write_path
from hfaug.rows.segments import clock_of, move_segments
from hfaug.rows.waves import Edit, Gain, Resample, Stretch, Take, WaveStep, apply_step, fuse_step

if TYPE_CHECKING:
    from hfaug.rows.batch import Batch
    from hfaug.rows.row import Row

__all__ = ["Sound"]

Samples = npt.NDArray[np.float32]
T = TypeVar("T")


class SoundSource:
    """The stored sound, decoded once for all copies of its row."""

    __slots__ = ("_clip", "_column", "_facts", "batch", "value")

    def __init__(self, batch: Batch, column: str, value: Any) -> None:
        self.batch = batch
        self._column = column
        self.value = value
        self._clip: media.Clip | None = None
        self._facts: tuple[int, int, int] | None = None

    @property
    def clip(self) -> media.Clip:
        """The decoded sound."""
        if self._clip is None:
            self._clip = self._told(self.batch.open_audio)
            self._clip.samples.flags.writeable = False
        return self._clip

    @property
    def facts(self) -> tuple[int, int, int]:
        """(samples of one channel, samples a second, channels), decoded only where the header does not tell cheaply."""
        if self._facts is None:
            known = None if self._clip is not None else self._told(self.batch.measure_audio)
            self._facts = known or (self.clip.samples.shape[1], self.clip.rate, self.clip.samples.shape[0])
        return self._facts

    def _told(self, read: Callable[[Any], T]) -> T:
        """Read the value; errors name the column and the file."""
        try:
            return read(self.value)
        except Exception as error:
            path = self.value.get("path") if isinstance(self.value, Mapping) else None
            add_context(error, f"column {self._column!r} with its labels" + (f", file {path!r}" if path else ""))
            raise


class TimeLabel(NamedTuple):
    """A time label, as it stood when it was met.

    Attributes:
        value: What was stored.
        duration_s: Length of the sound then.
        rate: Samples a second that it counts then.
        moves: Where its moments have gone since, in seconds; none before the first move.
    """

    value: Any
    duration_s: float
    rate: int
    moves: TimeMap | None = None

    def retimed(self, moves: TimeMap) -> TimeLabel:
        """The label after one more move."""
        return self._replace(moves=moves if self.moves is None else self.moves.then(moves))


class Sound:
    """Samples (channels, samples) float32 with their rate; decoded when first touched, encoded only when changed."""

    __slots__ = ("_base", "_count", "_labels", "_map", "_rate", "_said", "_source", "_todo", "column")

    def __init__(self, source: SoundSource, column: str) -> None:
        self._source = source
        self._base: Samples | None = None  # samples in place of the stored ones; the steps wait on top of them
        self._todo: list[WaveStep] = []
        self._count: int | None = None
        self._rate: int | None = None
        self._map: TimeMap | None = None
        self._labels: dict[tuple[str, str | None], TimeLabel] = {}
        self.column = column
        self._said = self._column_rate

    @classmethod
    def open(cls, row: Row, column: str) -> Sound:
        """The sound in a column of a row."""
        if row.values and column in row.values:
            return cls(SoundSource(row.batch, column, row.values[column]), column)
        kept = row.batch.sources
        if (column, row.index) not in kept:
            kept[column, row.index] = SoundSource(row.batch, column, row.batch.value(column, row.index))
        return cls(kept[column, row.index], column)

    # ---- what stands now

    @property
    def present(self) -> bool:
        """Whether the row holds a sound at all."""
        return self._source.value is not None

    @property
    def stored_bytes(self) -> bytes | None:
        """The file as it is stored; of a sound that came as numbers a file of these."""
        if self._is_file:
            return media.read_media(self._source.value)
        clip = self._source.clip
        return media.encode_audio(clip.samples, like=clip)

    @property
    def _is_file(self) -> bool:
        return isinstance(self._source.value, Mapping) and "bytes" in self._source.value

    @property
    def rate(self) -> int:
        """Samples a second, as it stands now."""
        return self._source.facts[1] if self._rate is None else self._rate

    @property
    def label_rate(self) -> int:
        """Samples a second that labels count: those that the column is decoded at where it says so, else the file's."""
        return self._said or self.rate

    @property
    def _column_rate(self) -> int | None:
        return getattr(self._source.batch.features.get(self.column), "sampling_rate", None)

    @property
    def count(self) -> int:
        """Samples of each channel, as it stands now."""
        return self._source.facts[0] if self._count is None else self._count

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._source.facts[2]

    @property
    def duration_s(self) -> float:
        """Length in seconds, as it stands now."""
        return self.count / self.rate

    @property
    def samples(self) -> Samples:
        """The samples as they stand now; what waited is done. Do not write into them."""
        samples = self._source.clip.samples if self._base is None else self._base
        before = samples
        for step in self._todo:
            samples = apply_step(samples, step)
        if samples is not before:
            self._base = samples
        self._todo = []
        return samples

    @property
    def columns(self) -> set[str]:
        """The columns of the labels that may change."""
        features = self._source.batch.features
        return {split_path(features, path)[0] for path, _ in self._labels}

    # ---- changes

    def put(self, samples: Samples) -> None:
        """Take other samples of the same rate in place of what stands now; time labels stay."""
        self._base, self._todo, self._count = samples, [], samples.shape[1]

    def gain(self, ratio: float) -> None:
        """Make every sample so many times as large."""
        fuse_step(self._todo, Gain(ratio))

    def edit(
        self,
        change: Callable[[Samples, int], Samples],
        flow: Callable[[Heard], Callable[[Samples], Samples]] | None = None,
    ) -> None:
        """Change the samples in their places, once somebody looks at them.

        Args:
            change: Gets samples and rate; returns the same object for no change.
            flow: Gets what is known of a long sound; returns what changes it block by block, alike.
        """
        self._todo.append(Edit(change, self.rate, flow))

    def shift_pitch(self, semitones: float) -> None:
        """Sound higher at the same length."""
        fuse_step(self._todo, Stretch(self.count, self.count, self.rate, semitones))

    def retime(self, moves: TimeMap, row: Row, *, pitch: bool = False) -> None:
        """Play other moments at other times; time labels follow.

        Args:
            moves: In seconds; its borders are put on samples.
            row: The row, whose labels of the op that is running are met.
            pitch: Whether the pitch follows a change of speed, as that of a tape does.
        """
        count, rate = self.count, self.rate
        on_samples = moves.on_samples(rate, count)
        length = round(on_samples.duration_s)
        whole = len(on_samples.pieces) == 1 and on_samples.pieces[0] == (0, count, 0, length)
        if on_samples.is_identity:
            return
        if whole and pitch:
            fuse_step(self._todo, Resample(count, length, (float(count), float(length))))
        elif whole:
            fuse_step(self._todo, Stretch(count, length, rate))
        else:
            fuse_step(self._todo, Take(on_samples, rate))
        self._meet(row)
        in_seconds = on_samples.scaled(1 / rate, 1 / rate)
        self._map = in_seconds if self._map is None else self._map.then(in_seconds)
        self._labels = {key: label.retimed(in_seconds) for key, label in self._labels.items()}
        self._count = length

    def resample(self, rate: int, row: Row) -> None:
        """Store the same sound with another number of samples a second."""
        self._meet(row)
        self._said = None  # the column says the new rate afterwards, or none
        if rate == self.rate:
            return
        before, count = self.rate, self.count
        length = max(1, round(count * rate / before)) if count else 0
        fuse_step(self._todo, Resample(count, length, (float(before), float(rate))))
        self._rate, self._count = rate, length

    def count_labels_at(self, rate: int | None, row: Row) -> None:
        """Let labels in samples count those of a rate, or of the file's without one."""
        self._meet(row)
        self._said = rate

    def _meet(self, row: Row) -> None:
        """Know of the time labels of the op that is running, as they stand before it moves them."""
        if row.roles is None:
            return
        units, kept = row.roles.binding.time_units, row.roles.binding.keep
        for path in row.roles.all("segments"):
            if path not in kept and (path, units) not in self._labels:
                label = self._opened(row, path)
                self._labels = {**self._labels, **({(path, units): label} if label else {})}

    def _opened(self, row: Row, path: str) -> TimeLabel | None:
        """A label that was not met before: one of the source follows all moves, one that an op wrote those to come."""
        is_written = row.values is not None and split_path(row.batch.features, path)[0] in row.values
        if is_written:
            return TimeLabel(read_path(row, path), self.duration_s, self.label_rate)
        if feature_at(row.batch.features, path) is None:
            return None
        count, rate, _ = self._source.facts
        return TimeLabel(read_path(row, path), count / rate, self._column_rate or rate, self._map)

    def fork(self) -> Sound:
        """A sound of its own that shares the decoded source."""
        twin = Sound(self._source, self.column)
        twin._base, twin._todo, twin._count, twin._rate = self._base, list(self._todo), self._count, self._rate
        twin._map, twin._labels, twin._said = self._map, self._labels, self._said
        return twin

    # ---- back to storage

    def settled(self, row: Row) -> dict[str, Any]:
        """The changed columns, in storage form."""
        changed = self._settled_media(row)
        return {**changed, **self._settled_labels(row)} if changed or any(map(self._recounts, self._labels)) else {}

    def _settled_media(self, row: Row) -> dict[str, Any]:
        """The sound, where it changed."""
        if not self._todo and self._base is None and not self._rate_changed:
            return {}
        if self._base is None and self._flows():
            return {self.column: row.batch.store_flow(self._source.value, self._todo, self.rate, self._source.facts)}
        samples = self.samples
        if self._base is None and not self._rate_changed:
            return {}
        like = self._source.clip
        if self._rate is not None and self._rate != like.rate:
            like = replace(like, rate=self._rate)
        return {self.column: row.batch.store_audio(samples, like, self._source.value)}

    @property
    def _rate_changed(self) -> bool:
        """Whether the same samples would sound otherwise: a change of speed and one of rate may cancel out."""
        return self._rate is not None and self._rate != self._source.facts[1]

    def _recounts(self, key: tuple[str, str | None]) -> bool:
        """Whether a label counts other samples than those that the column is decoded at."""
        return key[1] == "samples" and self._labels[key].rate != self.label_rate

    def _flows(self) -> bool:
        """Whether the sound is long, and all that is asked for can be done block by block."""
        return self._is_file and self.count > 0 and self._is_long() and can_flow(self._todo)

    def _is_long(self) -> bool:
        count, _, channels = self._source.facts
        return max(count, self.count) * channels > LONG

    def _settled_labels(self, row: Row) -> dict[str, Any]:
        """Time labels after all moves at once, from what stood before: it may be asked for again."""
        changed: dict[str, Any] = {}
        for (path, units), label in self._labels.items():
            if label.moves is not None or self._recounts((path, units)):
                moves = label.moves or TimeMap.identity(label.duration_s)
                value = move_segments(label.value, moves, path, clock_of(units, label.rate, self.label_rate))
                write_path(row, changed, path, value)
        return changed
