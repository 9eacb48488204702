"""Ops on sound and the time labels in it."""

from hfaug.ops.audio.levels import ChangeGain
from hfaug.ops.audio.noise import AddNoise
from hfaug.ops.audio.time import ChangeSpeed, Crop, Loop, Pad, Reverse, Shift, ShiftPitch, StretchTime, Trim

__all__ = [
    "AddNoise",
    "ChangeGain",
    "ChangeSpeed",
    "Crop",
    "Loop",
    "Pad",
    "Reverse",
    "Shift",
    "ShiftPitch",
    "StretchTime",
    "Trim",
]
