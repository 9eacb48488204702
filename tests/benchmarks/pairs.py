"""hfaug's image ops beside what albumentations has for the same work, set to do as nearly the same as both can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import albumentations as A  # noqa: N812  # its own documentation's name
import cv2

from hfaug.kinds import ImageOp
from hfaug.ops import image as ops

__all__ = ["PAIRS", "Pair"]

_LINEAR: dict[str, Any] = {"interpolation": cv2.INTER_LINEAR, "p": 1}
_FILLED: dict[str, Any] = {**_LINEAR, "border_mode": cv2.BORDER_CONSTANT, "fill": 0}
_STILL: dict[str, Any] = {"brightness": (1, 1), "contrast": (1, 1), "saturation": (1, 1), "hue": (0, 0), "p": 1}
_SMOOTH: Any = {"downscale": cv2.INTER_AREA, "upscale": cv2.INTER_LINEAR}


@dataclass(frozen=True)
class Pair:
    """An op and its like.

    Args:
        op: hfaug's.
        other: That of albumentations.
        alike: Whether both do the same by definition, so that their outputs can be compared; else they draw a pattern,
            or mean something else by the same name.
    """

    op: ImageOp
    other: Any
    alike: bool = False


def _geometry() -> list[Pair]:
    return [
        Pair(ops.Flip(), A.HorizontalFlip(p=1), alike=True),
        Pair(ops.Flip(axis="vertical"), A.VerticalFlip(p=1), alike=True),
        Pair(ops.Transpose(), A.Transpose(p=1), alike=True),
        Pair(ops.QuarterTurn(turns=(1, 3)), A.RandomRotate90(p=1)),
        Pair(ops.Symmetry(), A.D4(p=1)),
        Pair(ops.Rotate(degrees=(17, 17)), A.Rotate(limit=(17, 17), **_FILLED), alike=True),
        Pair(
            ops.Affine(degrees=(8, 8), scale=(0.9, 0.9), shift_x=(0.05, 0.05), shift_y=(0, 0), shear_x_degrees=(0, 0)),
            A.Affine(rotate=(-8, -8), scale=(0.9, 0.9), translate_percent={"x": (0.05, 0.05), "y": (0, 0)}, **_FILLED),
        ),
        Pair(ops.Perspective(distortion=(0.05, 0.05)), A.Perspective(scale=(0.05, 0.05), **_FILLED)),
        Pair(ops.Crop(height=224, width=224), A.RandomCrop(224, 224, p=1)),
        Pair(ops.CenterCrop(height=224, width=224), A.CenterCrop(224, 224, p=1), alike=True),
        Pair(
            ops.RandomResizedCrop(height=224, width=224, area=(1, 1), aspect=(1, 1)),
            A.RandomResizedCrop((224, 224), scale=(1, 1), ratio=(1, 1), interpolation=cv2.INTER_AREA, p=1),
            alike=True,
        ),
        Pair(ops.Resize(height=384, width=384), A.Resize(384, 384, **_LINEAR), alike=True),
        Pair(ops.Pad(height=640, width=640), A.PadIfNeeded(640, 640, fill=0, border_mode=0, p=1), alike=True),
        Pair(ops.Elastic(), A.ElasticTransform(alpha=300, sigma=10, **_LINEAR)),
        Pair(ops.DistortGrid(), A.GridDistortion(**_LINEAR)),
        Pair(ops.DistortLens(), A.OpticalDistortion(**_LINEAR)),
    ]  # fmt: skip


def _colour() -> list[Pair]:
    return [
        Pair(ops.ChangeBrightness(), A.RandomBrightnessContrast(contrast_limit=0, p=1)),
        Pair(ops.ChangeContrast(), A.RandomBrightnessContrast(brightness_limit=0, p=1)),
        Pair(ops.ChangeSaturation(), A.ColorJitter(**{**_STILL, "saturation": (0.5, 1.5)})),
        Pair(ops.ShiftHue(), A.ColorJitter(**{**_STILL, "hue": (-0.05, 0.05)})),
        Pair(ops.JitterColor(), A.ColorJitter(p=1)),
        Pair(ops.ChangeGamma(), A.RandomGamma(p=1)),
        Pair(ops.ChangeTemperature(), A.PlanckianJitter(p=1)),
        Pair(ops.ShuffleChannels(), A.ChannelShuffle(p=1)),
        Pair(ops.DropChannels(), A.ChannelDropout(p=1)),
        Pair(ops.ShiftChannels(), A.RGBShift(p=1)),
        Pair(ops.ToGray(), A.ToGray(p=1), alike=True),
        Pair(ops.Invert(), A.InvertImg(p=1), alike=True),
        Pair(ops.Posterize(bits=(3, 3)), A.Posterize(num_bits=3, p=1), alike=True),
        Pair(ops.Solarize(threshold=(0.5, 0.5)), A.Solarize(threshold_range=(0.5, 0.5), p=1), alike=True),
        Pair(ops.Equalize(), A.Equalize(p=1), alike=True),
        Pair(ops.Clahe(), A.CLAHE(p=1)),
        Pair(ops.AutoContrast(), A.AutoContrast(p=1)),
        Pair(ops.Sepia(), A.ToSepia(p=1)),
        Pair(ops.ChangeTone(), A.RandomToneCurve(p=1)),
        Pair(ops.JitterLighting(), A.FancyPCA(p=1)),
        Pair(ops.ChangeIllumination(), A.Illumination(p=1)),
    ]


def _quality() -> list[Pair]:
    return [
        Pair(ops.Blur(sigma_px=(1.5, 1.5)), A.GaussianBlur(blur_limit=0, sigma_limit=(1.5, 1.5), p=1), alike=True),
        Pair(ops.BlurMotion(length_px=(6, 6)), A.MotionBlur(blur_limit=(7, 7), p=1)),
        Pair(ops.BlurMedian(side_px=(5, 5)), A.MedianBlur(blur_limit=(5, 5), p=1), alike=True),
        Pair(ops.Defocus(radius_px=(5, 5)), A.Defocus(radius=(5, 5), p=1)),
        Pair(ops.BlurZoom(scale=(1.08, 1.08)), A.ZoomBlur(max_factor=(1.08, 1.08), step_factor=(0.01, 0.01), p=1)),
        Pair(ops.BlurGlass(), A.GlassBlur(p=1)),
        Pair(ops.Sharpen(), A.UnsharpMask(p=1)),
        Pair(ops.ChangeSharpness(), A.Sharpen(p=1)),
        Pair(ops.Emboss(), A.Emboss(p=1)),
        Pair(ops.AddNoise(sigma=(0.05, 0.05)), A.GaussNoise(std_range=(0.05, 0.05), p=1)),
        Pair(ops.AddShotNoise(), A.ShotNoise(p=1)),
        Pair(ops.AddSaltPepper(share=(0.02, 0.02)), A.SaltAndPepper(amount=(0.02, 0.02), p=1)),
        Pair(ops.AddSpeckle(), A.MultiplicativeNoise(per_channel=True, elementwise=True, p=1)),
        Pair(ops.AddIsoNoise(), A.ISONoise(p=1)),
        Pair(ops.Compress(quality=(60, 60)), A.ImageCompression(quality_range=(60, 60), p=1), alike=True),
        Pair(ops.Downscale(scale=(0.25, 0.25)), A.Downscale(scale_range=(0.25, 0.25), interpolation_pair=_SMOOTH, p=1)),
        Pair(ops.AddChromaticAberration(), A.ChromaticAberration(p=1)),
    ]


def _weather() -> list[Pair]:
    return [
        Pair(ops.AddFog(), A.RandomFog(p=1)),
        Pair(ops.AddRain(), A.RandomRain(p=1)),
        Pair(ops.AddSnow(), A.RandomSnow(method="texture", p=1)),
        Pair(ops.AddShadow(), A.RandomShadow(p=1)),
        Pair(ops.AddSunFlare(), A.RandomSunFlare(p=1)),
        Pair(ops.Spatter(), A.Spatter(p=1)),
        Pair(ops.Erase(), A.CoarseDropout(num_holes_range=(1, 1), fill=0, p=1)),
        Pair(ops.GridMask(), A.GridDropout(p=1)),
    ]


PAIRS = (*_geometry(), *_colour(), *_quality(), *_weather())
"""Every op on images that has its like."""
