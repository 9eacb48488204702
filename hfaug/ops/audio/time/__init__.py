"""Ops on the time and the pitch of sounds."""

from hfaug.ops.audio.time.change_speed import ChangeSpeed
from hfaug.ops.audio.time.crop import Crop
from hfaug.ops.audio.time.loop import Loop
from hfaug.ops.audio.time.pad import Pad
from hfaug.ops.audio.time.reverse import Reverse
from hfaug.ops.audio.time.shift import Shift
from hfaug.ops.audio.time.shift_pitch import ShiftPitch
from hfaug.ops.audio.time.stretch_time import StretchTime
from hfaug.ops.audio.time.trim import Trim

__all__ = ["ChangeSpeed", "Crop", "Loop", "Pad", "Reverse", "Shift", "ShiftPitch", "StretchTime", "Trim"]
