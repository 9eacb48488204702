"""Ops on weather and light."""

from hfaug.ops.image.weather.fog import AddFog
from hfaug.ops.image.weather.rain import AddRain
from hfaug.ops.image.weather.shadow import AddShadow
from hfaug.ops.image.weather.snow import AddSnow
from hfaug.ops.image.weather.spatter import Spatter
from hfaug.ops.image.weather.sun_flare import AddSunFlare

__all__ = [
    "AddFog",
    "AddRain",
    "AddShadow",
    "AddSnow",
    "AddSunFlare",
    "Spatter",
]
