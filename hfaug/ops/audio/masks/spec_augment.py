"""Mask times and frequencies of a spectrogram."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hfaug.errors import RowError
from hfaug.fields import Limit, ShareRange
from hfaug.op import Reject, RowOp
from hfaug.randomness import Stream
from hfaug.rows import Row

__all__ = ["SpecAugment"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpecAugment(RowOp):
    """Mask times and frequencies of a spectrogram that stands in a column of numbers: log-mel features and the like.

    Where `time_warp` is above 0, a drawn moment goes to another one first, and what is before and behind it is
    stretched: time labels then refuse.

    Args:
        time_warp: Range of how far a moment goes, either way, as a share 0..0.4 of the time; in the paper 80 frames.
        time_masks: Range of how many stretches of time, from 0 up.
        time_share: Range of the share 0..1 of the time that each takes.
        frequency_masks: Range of how many bands of frequencies, from 0 up.
        frequency_share: Range of the share 0..1 of the frequencies that each takes.
        layout: What comes first: ``time`` (frames of bins) or ``frequency`` (bins of frames, as Whisper has them).
        fill: What masked values become: the ``mean`` of the spectrogram, its ``minimum``, or ``zero``.
            What is infinite or no number does not count.

    Moves: values only; every time label stays, or is refused where time is warped.
    Rejects: nothing.
    Source: D. Park et al., SpecAugment, arXiv:1904.08779.

    >>> import hfaug
    >>> hfaug.ops.audio.SpecAugment(layout="frequency").fill
    'mean'
    """

    needs: ClassVar[tuple[str, ...]] = ("spectrogram",)

    time_warp: Annotated[tuple[float, float], Limit(0, 0.4, ordered=True)] = (0, 0)
    time_masks: Annotated[tuple[int, int], Limit(0, ordered=True)] = (1, 2)
    time_share: ShareRange = (0, 0.1)
    frequency_masks: Annotated[tuple[int, int], Limit(0, ordered=True)] = (1, 2)
    frequency_share: ShareRange = (0, 0.25)
    layout: Literal["time", "frequency"] = "time"
    fill: Literal["mean", "minimum", "zero"] = "mean"

    @property
    def shifts(self) -> tuple[str, ...]:  # type: ignore[override]
        """The spectrogram where time is warped."""
        return ("spectrogram",) if self.time_warp[1] else ()

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Draw the masks."""
        column = row.column("spectrogram")
        value = row[column]
        if value is None:
            return row
        try:
            values = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            values = np.empty(0)
        if values.ndim < 2 and len(value):
            raise RowError(f"row {row.id!r}: a spectrogram must be a full table of numbers, is none; correct the row")
        if np.isnan(values).any() and any(one is None for one in np.asarray(value, dtype=object).flat):
            raise RowError(f"row {row.id!r}: a spectrogram must have no nulls, has some; correct the row")
        masked = self._masked(values, rng) if values.size else values
        if masked is values:
            return row
        as_array = isinstance(value, np.ndarray)
        return row.replace({column: masked.astype(value.dtype) if as_array else masked.tolist()})

    def _masked(self, values: npt.NDArray[np.float64], rng: Stream) -> npt.NDArray[Any]:
        """A copy with masks; the very same where none covers anything."""
        time, frequency = (-2, -1) if self.layout == "time" else (-1, -2)
        finite = np.isfinite(values)
        known = values if finite.all() else values[finite]
        fill = 0.0 if self.fill == "zero" or not known.size else known.mean() if self.fill == "mean" else known.min()
        warped = self._warped(values, time, rng)
        done, covered = warped.copy(), warped is not values
        for axis, masks, share in (
            (time, self.time_masks, self.time_share),
            (frequency, self.frequency_masks, self.frequency_share),
        ):
            for _ in range(rng.integers(masks[0], masks[1] + 1)):
                size, place = round(rng.uniform(*share) * values.shape[axis]), rng.random()
                start = round(place * (values.shape[axis] - size))
                covered = covered or size > 0
                np.moveaxis(done, axis, 0)[start : start + size] = fill
        return done if covered else values

    def _warped(self, values: npt.NDArray[np.float64], axis: int, rng: Stream) -> npt.NDArray[np.float64]:
        """The spectrogram with a moment at another one; the very same where none is drawn to go far enough."""
        count = values.shape[axis]
        if not self.time_warp[1] or count < 3:
            return values
        far, place, side = rng.uniform(*self.time_warp) * (count - 1), rng.random(), rng.choice((-1, 1))
        point = far + place * (count - 1 - 2 * far)
        sources = np.interp(np.arange(count), (0, point + side * far, count - 1), (0, point, count - 1))
        low = np.minimum(sources.astype(np.int64), count - 2)
        share = (sources - low)[:, None]
        frames = np.moveaxis(values, axis, -2)
        before, behind = frames[..., low, :], frames[..., low + 1, :]
        nearest = np.where(share < 0.5, before, behind)  # what is infinite has no mean with another
        with np.errstate(invalid="ignore"):
            mixed = before + share * (behind - before)
        return np.moveaxis(np.where(np.isfinite(mixed), mixed, nearest), -2, axis) if far else values
