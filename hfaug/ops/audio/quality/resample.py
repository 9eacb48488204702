"""Store a sound at another sampling rate."""

from __future__ import annotations

import dataclasses
from typing import Annotated, ClassVar

from datasets import Audio

from hfaug.errors import ParameterError
from hfaug.fields import Limit
from hfaug.kinds import SoundOp
from hfaug.op import Reject
from hfaug.plan import Plan
from hfaug.randomness import Stream
from hfaug.rows import Row, Sound

__all__ = ["Resample"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resample(SoundOp):
    """Store a sound at another sampling rate, filtered as it must be; file and column say the new rate.

    A column whose sounds may come to have several rates (several ``rates_hz``, some of the rows alone, copies beside
    their sources) says none afterwards, so that `datasets` does not resample what it reads.

    Args:
        rates_hz: The sampling rates to choose from, in Hz.

    Moves: samples; sampling rate and number of samples; segments counted in samples. Times in seconds stay.
    Rejects: nothing.
    Source: soxr; audiomentations, Resample.

    >>> import hfaug
    >>> hfaug.ops.audio.Resample(rates_hz=(8000, 16000)).rates_hz
    (8000, 16000)
    """

    version: ClassVar[int] = 2
    shifts: ClassVar[tuple[str, ...]] = ("rate",)
    moves: ClassVar[tuple[str, ...]] = ("segments",)

    rates_hz: Annotated[tuple[int, ...], Limit(1, 768_000)] = (8_000, 16_000, 24_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.rates_hz:
            raise ParameterError("Resample: rates_hz must name at least one rate, got (); write rates_hz=(16000,)")

    def plan(self, plan: Plan) -> None:
        """Resolve roles and features; a column that says a sampling rate says the new one, or none where it varies."""
        super().plan(plan)
        roles = plan.leaves[-1].roles
        column = roles.one("audio") if roles is not None else None
        said = plan.features[column] if column is not None else None
        if column is not None and isinstance(said, Audio) and said.sampling_rate is not None:
            rate = self.rates_hz[0] if len(set(self.rates_hz)) == 1 else None
            plan.turn(column, dataclasses.replace(said, sampling_rate=rate))

    def change(self, sound: Sound, row: Row, rng: Stream) -> Reject | None:
        """Draw the rate."""
        sound.resample(rng.choice(self.rates_hz), row)
        return None
