"""Ops on sound and the time labels in it."""

from hfaug.ops.audio.add_noise import AddNoise
from hfaug.ops.audio.change_gain import ChangeGain

__all__ = ["AddNoise", "ChangeGain"]
