"""Ops on sound and the time labels in it."""

from hfaug.ops.audio.filters import AbsorbAir, BandPass, BandStop, Equalize, HighPass, LowPass, Telephone
from hfaug.ops.audio.levels import (
    ChangeGain,
    Clip,
    CompressDynamics,
    FadeGain,
    InvertPolarity,
    Limit,
    NormalizeLoudness,
    NormalizePeak,
)
from hfaug.ops.audio.masks import MaskFrequency, MaskTime, SpecAugment
from hfaug.ops.audio.noise import AddBackground, AddColorNoise, AddNoise, AddShortNoises
from hfaug.ops.audio.noise import gather_sounds as gather_sounds
from hfaug.ops.audio.quality import Alias, Compress, CrushBits, Distort, Resample
from hfaug.ops.audio.rooms import Reverberate, SimulateRoom
from hfaug.ops.audio.speak import Speak
from hfaug.ops.audio.time import ChangeSpeed, Crop, Loop, Pad, Reverse, Shift, ShiftPitch, StretchTime, Trim
from hfaug.ops.audio.transcribe import Transcribe

__all__ = [
    "AbsorbAir",
    "AddBackground",
    "AddColorNoise",
    "AddNoise",
    "AddShortNoises",
    "Alias",
    "BandPass",
    "BandStop",
    "ChangeGain",
    "ChangeSpeed",
    "Clip",
    "Compress",
    "CompressDynamics",
    "Crop",
    "CrushBits",
    "Distort",
    "Equalize",
    "FadeGain",
    "HighPass",
    "InvertPolarity",
    "Limit",
    "Loop",
    "LowPass",
    "MaskFrequency",
    "MaskTime",
    "NormalizeLoudness",
    "NormalizePeak",
    "Pad",
    "Resample",
    "Reverberate",
    "Reverse",
    "Shift",
    "ShiftPitch",
    "SimulateRoom",
    "Speak",
    "SpecAugment",
    "StretchTime",
    "Telephone",
    "Transcribe",
    "Trim",
]
