"""Ops on the frequencies of sounds."""

from hfaug.ops.audio.filters.absorb_air import AbsorbAir
from hfaug.ops.audio.filters.band_pass import BandPass
from hfaug.ops.audio.filters.band_stop import BandStop
from hfaug.ops.audio.filters.equalize import Equalize
from hfaug.ops.audio.filters.high_pass import HighPass
from hfaug.ops.audio.filters.low_pass import LowPass
from hfaug.ops.audio.filters.telephone import Telephone

__all__ = ["AbsorbAir", "BandPass", "BandStop", "Equalize", "HighPass", "LowPass", "Telephone"]
