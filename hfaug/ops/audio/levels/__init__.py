"""Ops on the level of sounds."""

from hfaug.ops.audio.levels.change_gain import ChangeGain
from hfaug.ops.audio.levels.clip import Clip
from hfaug.ops.audio.levels.compress_dynamics import CompressDynamics
from hfaug.ops.audio.levels.fade_gain import FadeGain
from hfaug.ops.audio.levels.invert_polarity import InvertPolarity
from hfaug.ops.audio.levels.limit import Limit
from hfaug.ops.audio.levels.normalize_loudness import NormalizeLoudness
from hfaug.ops.audio.levels.normalize_peak import NormalizePeak

__all__ = [
    "ChangeGain",
    "Clip",
    "CompressDynamics",
    "FadeGain",
    "InvertPolarity",
    "Limit",
    "NormalizeLoudness",
    "NormalizePeak",
]
