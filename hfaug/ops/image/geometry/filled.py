"""What ops that may show more than the image share: how it goes on beyond its borders, and how it is sampled."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal

from hfaug.fields import Limit, Rgb
from hfaug.kinds import WarpOp
from hfaug.moves.areas import Interpolation

__all__ = ["FilledOp"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FilledOp(WarpOp):
    """A `WarpOp` whose result may show what lies beyond the image.

    Args:
        fill: RGB value outside the image, 0..255; grey images get its luma, alpha gets 0.
        mask_fill: Value of masks outside the image: 0, or the class that a loss ignores, often 255.
        border: What lies outside: ``constant`` (the fill), ``reflect`` (mirrored at the border) or ``edge``.
        interpolation: ``linear``, ``cubic``, ``lanczos`` or ``nearest``, for images; masks take the nearest value.
    """

    fill: Rgb = (0, 0, 0)
    mask_fill: Annotated[int, Limit(0)] = 0
    border: Literal["constant", "reflect", "edge"] = "constant"
    interpolation: Interpolation = "linear"

    @property
    def _style(self) -> dict[str, Any]:
        """As `hfaug.moves.Warp` and `Field` take it."""
        return {
            "fill": self.fill,
            "mask_fill": self.mask_fill,
            "border": self.border,
            "interpolation": self.interpolation,
        }
