"""RandAugment and TrivialAugment: any op of a list."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from hfaug.compose import Chain, OneOf, Sometimes
from hfaug.fields import Limit, Rgb
from hfaug.op import Op
from hfaug.ops.image.color import Posterize, Solarize
from hfaug.ops.image.geometry import Shift
from hfaug.ops.image.policies.base import Policy
from hfaug.ops.image.policies.space import ENHANCED, MOVES, either_way, enhanced, leveled, moved, stretched

__all__ = ["RandAugment", "TrivialAugment"]

_WIDEST_PX = 32


@dataclasses.dataclass(frozen=True, kw_only=True)
class RandAugment(Policy):
    """Apply a few ops, drawn from fourteen, all at one strength: two numbers to tune instead of a search.

    The fourteen: nothing, automatic contrast, equalise, rotate, solarise, posterise, colour, contrast, brightness,
    sharpness, and shear and translate along either axis.

    Args:
        count: How many ops one after the other (N of the paper), from 1 up.
        magnitude: Their strength (M of the paper), 0..30, where 10 is the largest of AutoAugment's list; what cannot go
            further stays there. Another library that counts 31 steps to that strength calls it 30.
        fill: RGB value outside of a moved image, 0..255.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: E. Cubuk et al., RandAugment, arXiv:1909.13719. Factors go either way from 1, as is usual since.

    >>> import hfaug
    >>> hfaug.ops.image.RandAugment(count=1, magnitude=5).magnitude
    5.0
    """

    count: Annotated[int, Limit(1, 100)] = 2
    magnitude: Annotated[float, Limit(0, 30)] = 9
    fill: Rgb = (128, 128, 128)

    def made_of(self) -> Op:
        """One op of the list for each of the count; one of fourteen is none."""
        share = self.magnitude / 10
        ops = {name: either_way(name, step * share, self.fill) for name, step in MOVES.items()}
        for name in ENHANCED:
            factors = 1 + 0.9 * share, max(0.0, 1 - 0.9 * share)
            ops[name] = OneOf(*(enhanced(name, (factor, factor)) for factor in factors))
        plain = stretched()
        ops |= leveled(share) | {name: plain[name] for name in ("auto_contrast", "equalize")}
        slot = Sometimes(op=OneOf(*ops.values()), chance=len(ops) / (len(ops) + 1))
        return Chain(*[slot] * self.count)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrivialAugment(Policy):
    """Apply one op, drawn from the fourteen of RandAugment, at any strength: nothing to tune.

    Args:
        fill: RGB value outside of a moved image, 0..255.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: S. Müller, F. Hutter, TrivialAugment, arXiv:2103.10158, its wide ranges. Shifts are up to 32 pixels.

    >>> import hfaug
    >>> op = hfaug.ops.image.TrivialAugment(fill=(0, 0, 0))
    """

    fill: Rgb = (128, 128, 128)

    def made_of(self) -> Op:
        """One op of the list; one of fourteen is none."""
        ways = (-_WIDEST_PX, _WIDEST_PX)
        ops: list[Op] = [
            *(moved(name, (-step, step), self.fill) for name, step in (("shear_x", 0.99), ("shear_y", 0.99))),
            Shift(shift_x=ways, shift_y=(0, 0), unit="pixels", fill=self.fill),
            Shift(shift_x=(0, 0), shift_y=ways, unit="pixels", fill=self.fill),
            moved("rotate", (-135, 135), self.fill),
            *(enhanced(name, (0.01, 2)) for name in ENHANCED),
            Posterize(bits=(2, 8)),
            Solarize(threshold=(0, 1)),
            *(stretched()[name] for name in ("auto_contrast", "equalize")),
        ]
        return Sometimes(op=OneOf(*ops), chance=len(ops) / (len(ops) + 1))
