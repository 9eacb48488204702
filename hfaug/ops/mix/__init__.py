"""Ops that mix rows."""

from hfaug.ops.mix.copy_paste import CopyPaste
from hfaug.ops.mix.cut_mix import CutMix
from hfaug.ops.mix.mix_clips import MixClips
from hfaug.ops.mix.mix_up import MixUp
from hfaug.ops.mix.mosaic import Mosaic

__all__ = ["CopyPaste", "CutMix", "MixClips", "MixUp", "Mosaic"]
