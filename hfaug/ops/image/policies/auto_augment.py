"""AutoAugment: pairs of ops that a search found."""

from __future__ import annotations

import dataclasses
from typing import Literal

from hfaug.compose import Chain, OneOf, Sometimes
from hfaug.fields import Rgb
from hfaug.op import Op
from hfaug.ops.image.policies.base import Policy
from hfaug.ops.image.policies.found import FOUND
from hfaug.ops.image.policies.space import ENHANCED, MOVES, either_way, enhanced, leveled, stretched

__all__ = ["AutoAugment"]

_LAST = 9  # levels are counted 0..9


@dataclasses.dataclass(frozen=True, kw_only=True)
class AutoAugment(Policy):
    """Apply one of the 25 pairs of ops that a search found best for a dataset, each op with its own chance.

    Args:
        policy: For which data it was found: ``imagenet`` (objects), ``cifar10`` (small objects), ``svhn`` (digits).
        fill: RGB value outside of a moved image, 0..255.

    Moves: image, mask, boxes, keypoints.
    Rejects: nothing.
    Source: E. Cubuk et al., AutoAugment, arXiv:1805.09501, its published policies.

    >>> import hfaug
    >>> hfaug.ops.image.AutoAugment(policy="svhn").policy
    'svhn'
    """

    policy: Literal["imagenet", "cifar10", "svhn"] = "imagenet"
    fill: Rgb = (128, 128, 128)

    def made_of(self) -> Op:
        """One of the pairs."""
        return OneOf(*(Chain(*(self._part(part) for part in pair.split("|"))) for pair in FOUND[self.policy]))

    def _part(self, part: str) -> Op:
        name, chance, *level = part.split()
        share = int(level[0]) / _LAST if level else 0.0
        if name in MOVES:
            op = either_way(name, MOVES[name] * share, self.fill)
        elif name in ENHANCED:
            factor = 0.1 + 1.8 * share
            op = enhanced(name, (factor, factor))
        else:
            op = (leveled(share) | stretched())[name]
        return Sometimes(op=op, chance=float(chance))
