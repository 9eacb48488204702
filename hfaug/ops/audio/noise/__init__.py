"""Ops that add noise and other sounds."""

from hfaug.ops.audio.noise.add_background import AddBackground
from hfaug.ops.audio.noise.add_color_noise import AddColorNoise
from hfaug.ops.audio.noise.add_noise import AddNoise
from hfaug.ops.audio.noise.add_short_noises import AddShortNoises
from hfaug.ops.audio.noise.gathering import gather_sounds

__all__ = ["AddBackground", "AddColorNoise", "AddNoise", "AddShortNoises", "gather_sounds"]
