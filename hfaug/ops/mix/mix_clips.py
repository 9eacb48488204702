"""Mix two sounds and their classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from hfaug.fields import Positive
from hfaug.mix import MixOp
from hfaug.moves import TimeMap
from hfaug.op import Reject
from hfaug.randomness import Stream
from hfaug.rows import Row, Sound, clock_of, move_segments, resampled

__all__ = ["MixClips"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MixClips(MixOp):
    """Blend a sound with that of another row, and their classes likewise, so that a model is even between classes.

    The class stays in its column; the shares go to a new column ``<label>_weights``, one number a class. The partner is
    heard from the start at the sound's sampling rate; what is longer is cut off, what lacks is silence. Its time labels
    join those of the row.

    Args:
        alpha: Both parameters of the Beta distribution of the share, above 0; small values keep one of the two sounds
            nearly alone.
        pool: See `MixOp`.

    Moves: samples; class weights; segments of both.
    Rejects: rows without a sound or another row to mix with, and partners without segments where the row has some.
    Source: H. Zhang et al., mixup: Beyond Empirical Risk Minimization, arXiv:1710.09412.

    >>> import hfaug
    >>> hfaug.ops.mix.MixClips(alpha=0.4).alpha
    0.4
    """

    needs: ClassVar[tuple[str, ...]] = ("audio",)
    shifts: ClassVar[tuple[str, ...]] = ("audio", "speech")
    moves: ClassVar[tuple[str, ...]] = ("segments",)
    may_change: ClassVar[tuple[str, ...]] = ("the class: two are blended",)

    alpha: Positive = 0.2

    def mix(self, row: Row, partner: Row, rng: Stream) -> tuple[Row, float] | Reject:
        """Draw the share and blend."""
        own, theirs = row.sound, partner.sound
        if own is None or theirs is None or not (own.count and theirs.count):
            return Reject("no sound to mix")
        paths = [path for path in row.roles.all("segments") if path not in row.roles.binding.keep] if row.roles else []
        if any((row[path] is None) != (partner[path] is None) for path in paths):
            return Reject("a partner without segments")
        share = float(rng.generator().beta(self.alpha, self.alpha))
        joined = {path: _joined(row, partner, path) for path in paths}
        samples = own.samples
        blended = share * samples + (1 - share) * _like(theirs, own)
        return row.with_samples(np.asarray(blended, dtype=np.float32)).replace(joined), share


def _like(sound: Sound, other: Sound) -> Any:
    """The samples of a sound with the rate, channels and length of another one."""
    samples = sound.samples
    if sound.rate != other.rate:
        samples = resampled(samples, round(sound.count * other.rate / sound.rate), sound.rate, other.rate)
    if samples.shape[0] != other.channels:
        samples = np.repeat(samples.mean(axis=0, keepdims=True), other.channels, axis=0)
    lacking = max(0, other.count - samples.shape[1])
    return np.pad(samples[:, : other.count], ((0, 0), (0, lacking)))


def _joined(row: Row, partner: Row, path: str) -> Any:
    """The segments of a row, and those of its partner that are heard in it."""
    own, sound, other = row[path], row.sound, partner.sound
    if own is None or sound is None or other is None or row.roles is None:
        return own
    clock = clock_of(row.roles.binding.time_units, other.label_rate, sound.label_rate)
    heard = move_segments(partner[path], TimeMap.crop(other.duration_s, 0.0, sound.duration_s), path, clock)
    if isinstance(own, Mapping):
        return {name: [*own[name], *heard[name]] for name in own}
    return [*own, *heard]
