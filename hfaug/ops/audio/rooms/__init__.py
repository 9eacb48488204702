"""Ops that put sounds into rooms."""

from hfaug.ops.audio.rooms.reverberate import Reverberate
from hfaug.ops.audio.rooms.simulate_room import SimulateRoom

__all__ = ["Reverberate", "SimulateRoom"]
