"""Ops on what lenses, sensors and files do to pixels."""

from hfaug.ops.image.quality.aberration import AddChromaticAberration
from hfaug.ops.image.quality.blur import Blur, BlurMedian
from hfaug.ops.image.quality.blur_glass import BlurGlass
from hfaug.ops.image.quality.blur_kernel import BlurMotion, Defocus
from hfaug.ops.image.quality.blur_zoom import BlurZoom
from hfaug.ops.image.quality.compress import Compress
from hfaug.ops.image.quality.downscale import Downscale
from hfaug.ops.image.quality.emboss import Emboss
from hfaug.ops.image.quality.noise import AddNoise, AddSpeckle
from hfaug.ops.image.quality.noise_light import AddIsoNoise, AddShotNoise
from hfaug.ops.image.quality.salt_pepper import AddSaltPepper
from hfaug.ops.image.quality.sharpen import Sharpen
from hfaug.ops.image.quality.sharpness import ChangeSharpness

__all__ = [
    "AddChromaticAberration",
    "AddIsoNoise",
    "AddNoise",
    "AddSaltPepper",
    "AddShotNoise",
    "AddSpeckle",
    "Blur",
    "BlurGlass",
    "BlurMedian",
    "BlurMotion",
    "BlurZoom",
    "ChangeSharpness",
    "Compress",
    "Defocus",
    "Downscale",
    "Emboss",
    "Sharpen",
]
