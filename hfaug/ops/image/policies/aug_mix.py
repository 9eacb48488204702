"""AugMix: mixtures of short chains of ops."""

from __future__ import annotations

import dataclasses
import functools
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Limit, Rgb
from hfaug.kinds import ImageOp, PixelOp
from hfaug.ops.image.color import Posterize, Solarize
from hfaug.ops.image.planes import on_colors, rounded
from hfaug.ops.image.policies.canvas import Canvas
from hfaug.ops.image.policies.space import ENHANCED, MOVES, enhanced, moved, stretched
from hfaug.randomness import Stream

__all__ = ["AugMix"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AugMix(PixelOp):
    """Mix an image with several changed versions of itself: far from it in pixels, near to it in meaning.

    Args:
        severity: How strong each change is at most, 0.1..10, where 10 is the largest of AutoAugment's list.
        width: How many versions are mixed, from 1 up.
        depth: Range of the number of ops that make a version, from 1 up.
        alpha: How even the mixtures are (of the Dirichlet and Beta distributions), above 0.
        geometric: Whether versions may be turned, slanted and shifted. Ghosts of what is in the image then lie beside
            it, so that no label of a place can be right: rows with such labels are refused. Without, they stay.
        enhance: Whether versions may change colour, contrast, brightness and sharpness too, which the paper keeps for
            its tests.
        fill: RGB value outside of a moved version, 0..255.

    Moves: pixels only.
    Rejects: nothing.
    Source: D. Hendrycks et al., AugMix, arXiv:1912.02781.

    >>> import hfaug
    >>> hfaug.ops.image.AugMix(severity=1, geometric=False).severity
    1.0
    """

    may_change: ClassVar[tuple[str, ...]] = ("colour",)
    shifts: ClassVar[tuple[str, ...]] = ("image",)

    severity: Annotated[float, Limit(0.1, 10)] = 3
    width: Annotated[int, Limit(1, 100)] = 3
    depth: Annotated[tuple[int, int], Limit(1, 100, ordered=True)] = (1, 3)
    alpha: Annotated[float, Limit(0, above=True)] = 1
    geometric: bool = True
    enhance: bool = False
    fill: Rgb = (128, 128, 128)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.geometric:
            object.__setattr__(self, "shifts", ())  # of this one, not of its class

    @functools.cached_property
    def _ops(self) -> tuple[ImageOp, ...]:
        share = self.severity / 10
        found = [*(stretched()[name] for name in ("auto_contrast", "equalize"))]
        found += [Posterize(bits=(max(1, 4 - int(4 * share)), 4)), Solarize(threshold=(1 - share, 1))]
        if self.geometric:
            steps = {**MOVES, "translate_x": 1 / 3, "translate_y": 1 / 3}
            found += [moved(name, (-step * share, step * share), self.fill) for name, step in steps.items()]
        if self.enhance:
            found += [enhanced(name, (1 - 0.9 * share, 1 + 0.9 * share)) for name in ENHANCED]
        return tuple(op for op in found if isinstance(op, ImageOp))

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the weights, then each version."""
        drawn = rng.generator()
        weights = drawn.dirichlet([self.alpha] * self.width)
        share = float(drawn.beta(self.alpha, self.alpha))
        versions = [self._version(array, rng.child(number)) for number in range(self.width)]
        if not array.size:
            return array
        mixed = array[:, :, :3] * np.float32(1 - share)
        for weight, version in zip(weights, versions, strict=True):
            mixed += version[:, :, :3] * np.float32(share * weight)
        return on_colors(array, lambda colors: rounded(mixed, colors))

    def _version(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        canvas = Canvas(array)
        for step in range(rng.integers(self.depth[0], self.depth[1] + 1)):
            rng.choice(self._ops).change(canvas, rng.child(step))
        return canvas.array
