"""Distort a sound softly."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from hfaug.fields import ShareRange
from hfaug.kinds import Samples
from hfaug.randomness import Stream
from hfaug.transforms import TransformOp

__all__ = ["Distort"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Distort(TransformOp):
    """Bend the wave over, as tubes and overdriven amplifiers do: harmonics come in, the loudness stays.

    Args:
        amount: Range of how much is bent over, as a share 0..1.

    Moves: samples only; every time label stays.
    Rejects: nothing.
    Source: audiomentations, TanhDistortion.

    >>> import hfaug
    >>> hfaug.ops.audio.Distort(amount=(0.2, 0.4)).amount
    (0.2, 0.4)
    """

    transform: ClassVar[str] = "TanhDistortion"

    amount: ShareRange = (0.01, 0.7)

    def parameters(self, samples: Samples, rate: int, rng: Stream) -> Mapping[str, Any] | None:
        """Draw the amount."""
        drawn = {"distortion_amount": rng.uniform(*self.amount)}
        return drawn if samples.any() else None
