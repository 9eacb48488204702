"""Lose detail as files do."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from hfaug.errors import RowError
from hfaug.fields import Limit
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import on_colors
from hfaug.randomness import Stream

__all__ = ["Compress"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Compress(PixelOp):
    """Compress an image with losses and open it again, as uploads do. The file format of the row stays.

    Args:
        quality: Range of the quality, 1..100; lower is worse.
        format: ``jpeg`` shows blocks, ``webp`` smears.

    Moves: pixels only; every label stays. Images of 16 bits come back with 256 levels.
    Rejects: nothing; WebP cannot hold sides over 16383 pixels, which is an error.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.Compress(quality=(10, 40), format="webp").format
    'webp'
    """

    may_change: ClassVar[tuple[str, ...]] = ("fine detail",)

    quality: Annotated[tuple[int, int], Limit(1, 100, ordered=True)] = (30, 90)
    format: Literal["jpeg", "webp"] = "jpeg"

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the quality, write and read."""
        quality = rng.integers(self.quality[0], self.quality[1] + 1)
        return on_colors(array, lambda colors: self._through(colors, quality))

    def _through(self, colors: npt.NDArray[Any], quality: int) -> npt.NDArray[Any]:
        import cv2

        deep = colors.dtype == np.uint16
        plain = cv2.convertScaleAbs(colors, alpha=1 / 257).reshape(colors.shape) if deep else colors
        grey = colors.shape[2] == 1
        most = 65500 if self.format == "jpeg" else 16383
        if max(colors.shape[:2]) > most:
            raise RowError(
                f"Compress: {self.format} holds sides of up to {most} pixels, the image is {colors.shape[1]}x"
                f"{colors.shape[0]}; resize it first"
            )
        said = cv2.IMWRITE_JPEG_QUALITY if self.format == "jpeg" else cv2.IMWRITE_WEBP_QUALITY
        shown = plain if grey else cv2.cvtColor(plain, cv2.COLOR_RGB2BGR)
        _, data = cv2.imencode(f".{self.format}", shown, [said, quality])
        done = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB))
        return done.astype(np.uint16) * np.uint16(257) if deep else done
