"""Change the gain of a sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from hfaug.fields import Range
from hfaug.kinds import Samples
from hfaug.randomness import Stream
from hfaug.transforms import TransformOp

__all__ = ["ChangeGain"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChangeGain(TransformOp):
    """Make a sound louder or softer, as distance and microphones do.

    Integer formats clip what leaves -1..1 when written.

    Args:
        gain_db: Range of the gain, in dB; below 0 is softer.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, Gain.

    >>> import hfaug
    >>> hfaug.ops.audio.ChangeGain(gain_db=(-6, 6)).gain_db
    (-6.0, 6.0)
    """

    transform: ClassVar[str] = "Gain"

    gain_db: Range = (-12, 6)

    def parameters(self, samples: Samples, rate: int, rng: Stream) -> Mapping[str, Any]:
        """Draw the gain."""
        return {"amplitude_ratio": 10 ** (rng.uniform(*self.gain_db) / 20)}
