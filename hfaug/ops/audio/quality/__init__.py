"""Ops that make sounds worse, as machines do."""

from hfaug.ops.audio.quality.alias import Alias
from hfaug.ops.audio.quality.compress import Compress
from hfaug.ops.audio.quality.crush_bits import CrushBits
from hfaug.ops.audio.quality.distort import Distort
from hfaug.ops.audio.quality.resample import Resample

__all__ = ["Alias", "Compress", "CrushBits", "Distort", "Resample"]
