"""Ops on the level of sounds."""

from hfaug.ops.audio.levels.change_gain import ChangeGain

__all__ = ["ChangeGain"]
