"""JPEG decoded straight to a half, a quarter or an eighth of its size: most of the work is then never done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hfaug.errors import MediaError
from hfaug.media import headers, pillow
from hfaug.media.counters import counts
from hfaug.media.headers import Header
from hfaug.media.images import is_plain_jpeg
from hfaug.media.picture import Picture, Pixels
from hfaug.media.sources import checked_bytes

__all__ = ["Reduced", "decode_reduced"]


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """A picture whose pixels each stand for several of the source, and where the source lies in it.

    Args:
        picture: The pixels, upright. Their sides are rounded up, so the last ones may reach beyond the source.
        factor: Pixels of the source along each side of one pixel: 2, 4 or 8.
        left: Where the left edge of the source lies in it, in its own pixels, 0..1: above 0 where it was turned.
        top: Likewise the upper edge.
    """

    picture: Picture
    factor: int
    left: float
    top: float


def decode_reduced(data: bytes, factor: int) -> Reduced | None:
    """Decode a JPEG at a share of its size, by the scaled transform of its own blocks.

    Counted as ``image.decode`` and as ``image.decode.reduced``.

    Args:
        data: The file's bytes.
        factor: 2, 4 or 8.

    Returns:
        None for what is no plain JPEG of 8 bits: decode it as it is.

    Raises:
        MediaError: The file is damaged.
    """
    data = checked_bytes(data, "image")
    if not data.startswith(headers.JPEG_MAGIC):
        return None
    header = headers.jpeg_header(data)
    if not is_plain_jpeg(header):
        return None
    array = pillow.upright(_decoded(data, header, factor), header.orientation)
    counts.add("image.decode")
    counts.add("image.decode.reduced")
    mode = "L" if header.channels == 1 else "RGB"
    picture = Picture(array, "JPEG", mode, header.orientation != 1, lossless=False, icc=header.icc)
    across, down = pillow.mirrored(header.orientation)
    height, width = header.size
    # A side that is no multiple ends within its last pixel; mirrored, it begins within its first.
    return Reduced(
        picture,
        factor,
        left=picture.size[1] - width / factor if across else 0.0,
        top=picture.size[0] - height / factor if down else 0.0,
    )


def _decoded(data: bytes, header: Header, factor: int) -> Pixels:
    import cv2

    pillow.check_size(header.height, header.width, "JPEG")
    colour = header.channels != 1
    kinds = {
        2: (cv2.IMREAD_REDUCED_GRAYSCALE_2, cv2.IMREAD_REDUCED_COLOR_2),
        4: (cv2.IMREAD_REDUCED_GRAYSCALE_4, cv2.IMREAD_REDUCED_COLOR_4),
        8: (cv2.IMREAD_REDUCED_GRAYSCALE_8, cv2.IMREAD_REDUCED_COLOR_8),
    }
    try:
        flags = kinds[factor][colour] | cv2.IMREAD_IGNORE_ORIENTATION
        found: Pixels | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise headers.damaged("JPEG") from error
    expected = (-(-header.height // factor), -(-header.width // factor), header.channels)
    if found is None:
        raise headers.damaged("JPEG")
    array: Pixels = cv2.cvtColor(found, cv2.COLOR_BGR2RGB) if colour else found[..., None]
    if array.shape != expected:
        raise MediaError(
            f"image: a JPEG at 1/{factor} of its size must be of {expected}, OpenCV made {array.shape}; "
            "install a newer opencv-python-headless"
        )
    return array
