"""Whether a model gives a row the same bits whichever rows it shares a batch with: tried out on this machine.

A matrix product of few rows meets another kernel than one of many, and another kernel sums in another order. With the
number of rows a multiple of 8, 16 or 32 that leaves none over, most machines use one kernel for all of them; images
always go through in the same number. Models whose rows meet inside (experts that are filled up, norms over the batch)
are exact with none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug.backends.threads_each import one_thread_each

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["exact_multiple", "images_together", "rows_multiple"]

_MULTIPLES = (8, 16, 32)  # the first that is exact is taken
_WIDTH = 16
_TOGETHER = (8, 4, 2)
_PIXELS = 1 << 14  # images with more of them all together gain little, and take much memory


def exact_multiple(
    model: Any, scores: Callable[[Tensor, Tensor], Tensor], *, vocabulary: int, limit: int, left: bool = False
) -> int:
    """The multiple of rows with which this machine gives a row the same bits in any batch; 0 if there is none.

    Args:
        model: A model of transformers.
        scores: What the model makes of token ids and attention mask, both of shape (rows, width), a row each.
        vocabulary: How many tokens the model knows.
        limit: How many tokens it reads.
        left: Whether rows are padded on the left.
    """
    if model.device.type != "cpu" or model.dtype.itemsize < 4:
        return 0
    tries = (
        multiple for multiple in _MULTIPLES if _is_exact(scores, vocabulary, min(_WIDTH, limit), multiple, left=left)
    )
    return next(tries, 0)


def rows_multiple(multiple: int, beams: int) -> int:
    """Rows of a batch come in multiples of this, so that rows times beams come in multiples of what is exact.

    >>> rows_multiple(8, 1), rows_multiple(8, 4), rows_multiple(8, 3), rows_multiple(0, 4)
    (8, 2, 8, 1)
    """
    return multiple // math.gcd(multiple, beams) if multiple else 1


def images_together(draw: Callable[[Sequence[int]], npt.NDArray[Any]], size: tuple[int, int]) -> int:
    """How many images go through a model together on a thread, so that each has the same bits in any company.

    The smaller an image, the more of the time goes by between the layers, once for all that go through together.

    Args:
        draw: Draws images together, one for each seed: (images, height, width, channels).
        size: Height and width of an image in pixels.
    """
    fitting = (count for count in _TOGETHER if count * size[0] * size[1] <= _PIXELS)
    with one_thread_each():
        return next((count for count in fitting if _is_free_of_company(draw, count)), 1)


def _is_free_of_company(draw: Callable[[Sequence[int]], npt.NDArray[Any]], count: int) -> bool:
    """Whether images are the same at other places, among others; images that do not differ prove nothing."""
    together, half = draw(range(count)), count // 2
    strangers = [*range(count, count + half)]
    moved = draw([*strangers, *range(half)])
    others = draw([*range(half, count), *strangers])
    same = np.array_equal(together, np.concatenate([moved[half:], others[:half]]))
    return same and not np.array_equal(together[0], together[1])


def _is_exact(
    scores: Callable[[Tensor, Tensor], Tensor], vocabulary: int, width: int, multiple: int, *, left: bool
) -> bool:
    """Whether made-up rows get the same scores all together, and in parts, in another order, on one thread."""
    import torch

    every = 4 * multiple
    made = torch.Generator().manual_seed(0)
    ids = torch.randint(vocabulary, (every, width), generator=made)
    mask = (torch.arange(width) < torch.randint(1, width + 1, (every, 1), generator=made)).long()
    mask = mask.flip(1) if left else mask
    with torch.inference_mode():
        together = scores(ids, mask)
        with one_thread_each():  # other processes may have more or fewer cores
            rows = torch.arange(every).flip(0)
            parts = rows[:multiple], rows[multiple:]
            return all(torch.equal(scores(ids[part], mask[part]), together[part]) for part in parts)
