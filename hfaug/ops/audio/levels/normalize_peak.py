"""Bring the loudest sample to a level."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Annotated

import numpy as np

from hfaug.fields import Limit
from hfaug.kinds import FlowOp, Samples
from hfaug.randomness import Stream
from hfaug.rows import Heard

__all__ = ["NormalizePeak"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class NormalizePeak(FlowOp):
    """Bring the loudest sample of a sound to one level, so that recordings differ less. Silence stays silent.

    Args:
        peak_db: Range of the level of the loudest sample, in dB below full scale, at most 0.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, Normalize.

    >>> import hfaug
    >>> hfaug.ops.audio.NormalizePeak(peak_db=(-1, -1)).peak_db
    (-1.0, -1.0)
    """

    peak_db: Annotated[tuple[float, float], Limit(-120, 0, ordered=True)] = (-3, 0)

    def flow(self, heard: Heard, rng: Stream) -> Callable[[Samples], Samples]:
        """Draw the level."""
        level = 10 ** (rng.uniform(*self.peak_db) / 20)
        ratio = np.float32(level / heard.peak) if heard.peak else None
        return lambda block: block if ratio is None else block * ratio
