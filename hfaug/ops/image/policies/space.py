"""The ops of the published policies, at the strengths of their papers.

A strength is a share: 0 is the weakest, 1 the strongest of AutoAugment's list. Turns, slants and shifts go either way
with equal chances; slants are about the centre of the image.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from hfaug.compose import OneOf
from hfaug.fields import Range, Rgb
from hfaug.op import Op
from hfaug.ops.image.color import (
    AutoContrast,
    ChangeBrightness,
    ChangeContrast,
    ChangeSaturation,
    Equalize,
    Invert,
    Posterize,
    Solarize,
)
from hfaug.ops.image.geometry import Rotate, Shear, Shift
from hfaug.ops.image.quality import ChangeSharpness

__all__ = ["ENHANCED", "MOVES", "either_way", "enhanced", "leveled", "moved", "slant", "stretched"]

_MOVERS: dict[str, Callable[[Range, Rgb], Op]] = {
    "shear_x": lambda degrees, fill: Shear(shear_x_degrees=degrees, shear_y_degrees=(0, 0), fill=fill),
    "shear_y": lambda degrees, fill: Shear(shear_x_degrees=(0, 0), shear_y_degrees=degrees, fill=fill),
    "translate_x": lambda share, fill: Shift(shift_x=share, shift_y=(0, 0), fill=fill),
    "translate_y": lambda share, fill: Shift(shift_x=(0, 0), shift_y=share, fill=fill),
    "rotate": lambda degrees, fill: Rotate(degrees=degrees, fill=fill),
}

MOVES: dict[str, float] = {
    "shear_x": 0.3,
    "shear_y": 0.3,
    "translate_x": 150 / 331,
    "translate_y": 150 / 331,
    "rotate": 30,
}
"""What moves an image, and its largest step: slants as a ratio, shifts as a share of the side, turns in degrees."""

_ENHANCERS: dict[str, Callable[[Range], Op]] = {
    "brightness": lambda factor: ChangeBrightness(factor=factor),
    "color": lambda factor: ChangeSaturation(factor=factor),
    "contrast": lambda factor: ChangeContrast(factor=factor, about="mean"),
    "sharpness": lambda factor: ChangeSharpness(factor=factor),
}

ENHANCED = tuple(_ENHANCERS)
"""What changes an image by a factor, where 1 changes nothing."""


def slant(ratio: float) -> float:
    """The angle of a slant in degrees."""
    return math.degrees(math.atan(ratio))


def moved(name: str, steps: Range, fill: Rgb) -> Op:
    """An op that moves an image by a step between two.

    Args:
        name: One of `MOVES`.
        steps: In the unit of `MOVES`.
        fill: RGB value outside of the image.
    """
    low, high = map(slant, steps) if name.startswith("shear") else steps
    return _MOVERS[name]((low, high), fill)


def either_way(name: str, step: float, fill: Rgb) -> Op:
    """An op that moves an image by just one step, to either side."""
    return OneOf(moved(name, (step, step), fill), moved(name, (-step, -step), fill))


def enhanced(name: str, factors: Range) -> Op:
    """An op that changes an image by a factor between two, one of `ENHANCED`."""
    return _ENHANCERS[name](factors)


def leveled(share: float) -> dict[str, Op]:
    """Posterise and solarise, at one strength each."""
    bits, threshold = max(1, 8 - round(4 * share)), max(0.0, 1 - share)
    return {"posterize": Posterize(bits=(bits, bits)), "solarize": Solarize(threshold=(threshold, threshold))}


def stretched() -> dict[str, Op]:
    """What has no strength."""
    return {"auto_contrast": AutoContrast(cutoff=(0, 0)), "equalize": Equalize(), "invert": Invert()}
