"""Ops on colours and levels."""

from hfaug.ops.image.color.brightness import ChangeBrightness, ChangeContrast
from hfaug.ops.image.color.channels import DropChannels, ShiftChannels, ShuffleChannels
from hfaug.ops.image.color.clahe import Clahe
from hfaug.ops.image.color.histogram import AutoContrast, Equalize
from hfaug.ops.image.color.illumination import ChangeIllumination
from hfaug.ops.image.color.levels import Invert, Posterize, Solarize
from hfaug.ops.image.color.lighting import JitterLighting
from hfaug.ops.image.color.saturation import ChangeSaturation, ShiftHue, ToGray
from hfaug.ops.image.color.sepia import Sepia
from hfaug.ops.image.color.temperature import ChangeTemperature
from hfaug.ops.image.color.tone import ChangeGamma, ChangeTone

__all__ = [
    "AutoContrast",
    "ChangeBrightness",
    "ChangeContrast",
    "ChangeGamma",
    "ChangeIllumination",
    "ChangeSaturation",
    "ChangeTemperature",
    "ChangeTone",
    "Clahe",
    "DropChannels",
    "Equalize",
    "Invert",
    "JitterLighting",
    "Posterize",
    "Sepia",
    "ShiftChannels",
    "ShiftHue",
    "ShuffleChannels",
    "Solarize",
    "ToGray",
]
