"""Ops on sound and the time labels in it."""

from hfaug.ops.audio.add_noise import AddNoise
from hfaug.ops.audio.change_gain import ChangeGain
from hfaug.ops.audio.speak import Speak
from hfaug.ops.audio.transcribe import Transcribe

__all__ = ["AddNoise", "ChangeGain", "Speak", "Transcribe"]
