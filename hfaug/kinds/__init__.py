"""The kinds of ops. Each asks for one small function, and the library moves the rest."""

from hfaug.kinds.images import ColorOp, CurveOp, ImageOp, ImageStats, PixelOp, Pixels, Size, WarpOp
from hfaug.kinds.sounds import FlowOp, GainOp, Samples, SoundOp, TimeOp, WaveOp
from hfaug.kinds.texts import ArrangeOp, EditOp, TextOp
from hfaug.kinds.videos import RetimeOp
from hfaug.kinds.wordnets import WordnetOp

__all__ = [
    "ArrangeOp",
    "ColorOp",
    "CurveOp",
    "EditOp",
    "FlowOp",
    "GainOp",
    "ImageOp",
    "ImageStats",
    "PixelOp",
    "Pixels",
    "RetimeOp",
    "Samples",
    "Size",
    "SoundOp",
    "TextOp",
    "TimeOp",
    "WarpOp",
    "WaveOp",
    "WordnetOp",
]
