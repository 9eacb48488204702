"""Uniform numbers by counter: Philox4x32-10, over whole arrays.

Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["philox", "uniforms"]

_WORD = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIERS = np.array([0xD2511F53, 0xCD9E8D57], np.uint64)
_ROUNDS = 10
_KEY_STEPS = np.arange(_ROUNDS, dtype=np.uint64)[:, None] * np.array([0x9E3779B9, 0xBB67AE85], np.uint64)


def philox(counter: npt.NDArray[np.uint64], key: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Compute Philox4x32-10 of many counters: each is four 32-bit words, and so is its result.

    Args:
        counter: Shape (4, ...), words held as uint64.
        key: Shape (2, ...), broadcast against the counter's shape.

    Returns:
        Shape (4, ...).

    >>> [hex(word) for word in philox(np.zeros((4, 1), np.uint64), np.zeros((2, 1), np.uint64))[:, 0]]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    tail = (1,) * (counter.ndim - 1)
    multipliers = _MULTIPLIERS.reshape(2, *tail)
    keys = (key + _KEY_STEPS.reshape(_ROUNDS, 2, *tail)) & _WORD
    even, odd = counter[0::2], counter[1::2]
    for round_key in keys:
        product = (even * multipliers)[::-1]
        even = product >> _HALF
        even ^= odd
        even ^= round_key
        odd = product & _WORD
    return np.stack([even, odd], axis=1).reshape(counter.shape)


def uniforms(keys: npt.NDArray[np.uint64], domain: bytes, start: int, count: int) -> npt.NDArray[np.float64]:
    """Compute numbers `start` to `start + count` of the streams of some keys, in [0, 1), multiples of 2**-53.

    Args:
        keys: One 64-bit key a stream.
        domain: At least 12 bytes, what the streams are for.
        start: Even.
        count: Even; two numbers come from one counter.

    Returns:
        Shape (keys, count).

    >>> uniforms(np.array([1, 2], np.uint64), b"twelve bytes", 0, 4).shape
    (2, 4)
    """
    counter = np.empty((4, len(keys), count // 2), np.uint64)
    counter[0] = np.arange(start // 2, (start + count) // 2, dtype=np.uint64)
    counter[1:] = np.frombuffer(domain, "<u4", count=3).reshape(3, 1, 1)
    words = philox(counter, np.stack([keys & _WORD, keys >> _HALF])[:, :, None])
    bits = (words[0::2] << np.uint64(21)) | (words[1::2] >> np.uint64(11))
    out = np.empty((len(keys), count))
    np.multiply(bits[0].view(np.int64), 2.0**-53, out=out[:, 0::2])
    np.multiply(bits[1].view(np.int64), 2.0**-53, out=out[:, 1::2])
    return out
