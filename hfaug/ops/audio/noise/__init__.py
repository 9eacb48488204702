"""Ops that add noise and other sounds."""

from hfaug.ops.audio.noise.add_noise import AddNoise

__all__ = ["AddNoise"]
