"""Ops that hide parts of sounds and spectrograms."""

from hfaug.ops.audio.masks.mask_frequency import MaskFrequency
from hfaug.ops.audio.masks.mask_time import MaskTime
from hfaug.ops.audio.masks.spec_augment import SpecAugment

__all__ = ["MaskFrequency", "MaskTime", "SpecAugment"]
