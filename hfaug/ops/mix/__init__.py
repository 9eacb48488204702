"""Ops that mix rows."""

from hfaug.ops.mix.mix_up import MixUp

__all__ = ["MixUp"]
