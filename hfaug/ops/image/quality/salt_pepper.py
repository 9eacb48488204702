"""Turn single pixels white or black."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hfaug.fields import Share, ShareRange
from hfaug.kinds import PixelOp
from hfaug.ops.image.planes import top_level
from hfaug.ops.image.quality.grain import draws
from hfaug.randomness import Stream

__all__ = ["AddSaltPepper"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddSaltPepper(PixelOp):
    """Turn some pixels white or black, as broken sensors and cables do.

    Args:
        share: Range of the share of the pixels that are hit, 0..1.
        salt: The share of these that turn white; the others turn black.

    Moves: pixels only; every label stays.
    Rejects: nothing.
    Source: folklore.

    >>> import hfaug
    >>> hfaug.ops.image.AddSaltPepper(salt=1).salt
    1.0
    """

    each_frame: ClassVar[bool] = True

    share: ShareRange = (0.005, 0.03)
    salt: Share = 0.5

    def pixels(self, array: npt.NDArray[Any], rng: Stream) -> npt.NDArray[Any]:
        """Draw the share, then for each pixel whether it is hit."""
        share = rng.uniform(*self.share)
        drawn = draws(rng, array.shape[:2]).reshape(-1)
        hit = np.flatnonzero(drawn < round(share * 65536))
        if not hit.size:
            return array
        done = array.copy()
        white = drawn[hit] < share * self.salt * 65536
        done.reshape(-1, array.shape[2])[hit, : min(3, array.shape[2])] = np.where(white, top_level(array), 0)[:, None]
        return done
