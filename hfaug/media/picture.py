"""The decoded image and what is needed to write it back in the format it came in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

__all__ = ["Picture", "Pixels"]

Pixels = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels as they are looked at (orientation applied), with the facts of the source that encoding needs.

    Args:
        array: Shape (height, width, channels). uint8, or uint16 where the source has 16 bits. Channels: 1 grey, 3 RGB,
            4 RGBA. A mask may also be int32 or float32, and holds label values, not colours.
        format: The source's format by Pillow's name: "JPEG", "PNG", "WEBP" ...
        mode: The source's pixel mode by Pillow's name: "L", "RGB", "P", "LA", "CMYK", "1", "I;16" ...; colour of 16
            bits, which Pillow has no name for, is "RGB;16" or "RGBA;16".
        oriented: An EXIF orientation was applied to the pixels; it is never written back.
        lossless: The source holds exact pixels, so it is written back without loss.
        icc: The source's colour profile.
        palette: Of a palette mask: the RGB triples of its indices.
        transparency: Of a palette mask: the alpha of its first indices.

    >>> import numpy as np
    >>> picture = Picture(np.zeros((2, 3, 4), np.uint8))
    >>> picture.size, picture.channels
    ((2, 3), 4)
    """

    array: Pixels
    format: str = "PNG"
    mode: str = "RGB"
    oriented: bool = False
    lossless: bool = True
    icc: bytes | None = None
    palette: bytes | None = None
    transparency: bytes | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return int(self.array.shape[0]), int(self.array.shape[1])

    @property
    def channels(self) -> int:
        """1 grey, 3 RGB, 4 RGBA."""
        return int(self.array.shape[2])
