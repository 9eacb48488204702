"""Run lengths: masks of single objects as COCO writes them, column by column, plain or as short texts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat

import numpy as np
import numpy.typing as npt

from hfaug.errors import MediaError

__all__ = ["decode_runs", "encode_runs", "pack_counts", "unpack_counts"]

Mask = npt.NDArray[np.bool_]

_FIRST = 48  # the character of 0; each carries 5 bits, the lowest first, and whether more follow
_MORE, _SIGN, _BITS = 0x20, 0x10, 0x1F


def decode_runs(counts: str | bytes | Sequence[int], size: tuple[int, int]) -> Mask:
    """The mask behind run lengths.

    Args:
        counts: Lengths of runs of background and object by turns, background first, down the columns; or COCO's short
            text of them.
        size: (height, width) in pixels.

    Returns:
        (height, width) bool.

    Raises:
        MediaError: They are no run lengths of such a mask.

    >>> decode_runs([1, 2, 3], (2, 3)).astype(int).tolist()
    [[0, 1, 0], [1, 0, 0]]
    """
    numbers = unpack_counts(counts) if isinstance(counts, (str, bytes)) else counts
    runs = np.asarray(numbers, dtype=np.int64).ravel()
    height, width = size
    if (runs.size and (runs.min() < 0 or runs.sum() != height * width)) or (not runs.size and height * width):
        raise MediaError(
            f"rle: runs must be of 0 pixels up and fill the {height}x{width} (height x width) pixels of the mask, add "
            f"up to {int(runs.sum())}; correct the row"
        )
    inside = np.arange(len(runs)) % 2 == 1
    return np.ascontiguousarray(np.repeat(inside, runs).reshape(width, height).T)


def encode_runs(mask: npt.NDArray[np.generic]) -> list[int]:
    """The run lengths of a mask, background first; the inverse of `decode_runs`.

    Args:
        mask: (height, width); what is not 0 is the object.

    >>> encode_runs(np.array([[0, 1, 0], [1, 0, 0]]))
    [1, 2, 3]
    """
    flat = np.asarray(mask != 0).ravel(order="F")
    if not flat.size:
        return []
    ends = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs: list[int] = np.diff(ends, prepend=0, append=flat.size).tolist()
    return [0, *runs] if flat[0] else runs


def pack_counts(counts: Sequence[int]) -> str:
    """Run lengths as COCO's short text: from the fourth on, the differences to the run before the last.

    >>> pack_counts([1, 2, 3, 40])
    '123V1'
    """
    earlier = chain(repeat(0, 3), counts[1:])
    return "".join(_written(count - before) for count, before in zip(counts, earlier, strict=False))


def _written(value: int) -> str:
    text = ""
    while True:
        part, value = value & _BITS, value >> 5
        done = value == (-1 if part & _SIGN else 0)
        text += chr(_FIRST + (part if done else part | _MORE))
        if done:
            return text


def unpack_counts(text: str | bytes) -> list[int]:
    """The run lengths in COCO's short text.

    Raises:
        MediaError: It is no such text.

    >>> unpack_counts("123V1")
    [1, 2, 3, 40]
    """
    letters = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    counts: list[int] = []
    value = shift = 0
    for letter in letters:
        part = letter - _FIRST
        if not 0 <= part < 2 * _MORE:
            raise MediaError(f"rle: counts must be COCO's text of run lengths, is {text[:40]!r}; correct the row")
        value |= (part & _BITS) << shift
        shift += 5
        if part & _MORE:
            continue
        if part & _SIGN:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise MediaError(f"rle: counts must be COCO's text of run lengths, ends within one: {text[-40:]!r}")
    return counts
