"""Fade from one gain to another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Annotated

import numpy as np

from hfaug.fields import Limit, Range
from hfaug.kinds import FlowOp, Samples
from hfaug.randomness import Stream
from hfaug.rows import Heard

__all__ = ["FadeGain"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FadeGain(FlowOp):
    """Fade from one gain to another somewhere in a sound, as when a speaker walks past a microphone.

    Args:
        gain_db: Range of both gains, in dB; below 0 is softer.
        fade_s: Range of how long the fade takes, in seconds, from 0 up.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, GainTransition; its mask has as many steps as the fade, which may reach beyond the sound.

    >>> import hfaug
    >>> hfaug.ops.audio.FadeGain(fade_s=(1, 2)).fade_s
    (1.0, 2.0)
    """

    gain_db: Range = (-24, 6)
    fade_s: Annotated[tuple[float, float], Limit(0, ordered=True)] = (0.2, 6)

    def flow(self, heard: Heard, rng: Stream) -> Callable[[Samples], Samples]:
        """Draw both gains, the fade, and the moment of its middle."""
        before, after = rng.uniform(*self.gain_db), rng.uniform(*self.gain_db)
        half = max(rng.uniform(*self.fade_s) * heard.rate, 1.0) / 2
        middle = rng.random() * heard.count
        start = 0

        def fade(block: Samples) -> Samples:
            nonlocal start
            places = np.arange(start, start + block.shape[1])
            start += block.shape[1]
            gains = np.interp(places, (middle - half, middle + half), (before, after))
            return block * (10 ** (gains / 20)).astype(np.float32)

        return fade
