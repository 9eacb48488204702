"""The uniform numbers behind a batch of streams: computed for many rows together when many rows want them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xxhash

from hfaug.errors import ParameterError
from hfaug.randomness.philox import uniforms

__all__ = ["FIRST", "SEGMENT", "Numbers", "domain_digest", "key_array"]

FIRST = 16  # numbers computed at a row's first draw where nobody knows better; later levels double what it has
SEGMENT = 1024  # rows computed together: the work arrays stay in the processor's cache
_MOST_SHARED = 512  # beyond these a row computes its own: tables for all rows would be large and mostly unread
_LEVELS = 64  # more than any stream can reach
_SHARING_BREAK_EVEN = 1600  # numbers that a table yields in the time of one call for a single row (measured)
_KEPT_CHILDREN = 64


def domain_digest(*parts: str | int | bytes) -> bytes:
    """Digest what a stream is for, 16 bytes; each part tells its type and length, so no two lists of parts read alike.

    >>> domain_digest("a", 1) == domain_digest("a", "1")
    False
    """
    hasher = xxhash.xxh3_128()
    for part in parts:
        if isinstance(part, str):
            tag, data = b"s", part.encode("utf-8", "surrogatepass")
        else:
            tag, data = (b"b", part) if isinstance(part, bytes) else (b"i", b"%d" % part)
        hasher.update(b"%b%d:%b" % (tag, len(data), data))
    return hasher.digest()


class Numbers:
    """Numbers of each row of a batch for one purpose, in levels: by default 0-15, 16-31, 32-63, 64-127 and so on.

    A row's numbers are a pure function of its key and the domain. The batch decides only what is computed together.

    Args:
        keys: One 64-bit key a row.
        domain: What the numbers are for, from `domain_digest`.
        eager: Whether one row that asks is a sign that all will.
        first: Numbers in level 0, even: as many as most rows will draw.

    >>> keys, domain = key_array([1, 2]), domain_digest("x")
    >>> alone, together = Numbers(keys[1:], domain).level(0, 0), Numbers(keys, domain).level(1, 0)
    >>> alone[1:], together[1:], alone[0] == together[0][16:]
    ((0, 16), (16, 32), True)
    """

    __slots__ = ("_children", "_eager", "_misses", "_tables", "domain", "first", "keys")

    def __init__(self, keys: npt.NDArray[np.uint64], domain: bytes, *, eager: bool = False, first: int = FIRST) -> None:
        self.keys = keys
        self.domain = domain
        self.first = first
        self._eager = eager
        # Flat lists, row after row: a list for each row would be one more object for the garbage collector to follow.
        self._tables: dict[int, list[float]] = {}
        self._misses: dict[int, int] = {}
        self._children: dict[str | int, Numbers] = {}

    def table(self, row: int) -> Sequence[float]:
        """Level 0 of the rows that are computed together with a row, one after another; empty if it is not computed."""
        return self._tables.get(row // SEGMENT * _LEVELS, ())

    def level(self, row: int, level: int) -> tuple[Sequence[float], int, int]:
        """The numbers of one row in one level: a list, and from where to where in it they stand."""
        segment = row // SEGMENT
        which = segment * _LEVELS + level
        count = self.first << level - 1 if level else self.first
        table = self._tables.get(which)
        if table is None:
            start = count if level else 0
            keys = self.keys[segment * SEGMENT : (segment + 1) * SEGMENT]
            if not self._worth_sharing(start, which, len(keys) * count):
                return uniforms(self.keys[row : row + 1], self.domain, start, count)[0].tolist(), 0, count
            table = self._tables[which] = uniforms(keys, self.domain, start, count).ravel().tolist()
        at = row % SEGMENT * count
        return table, at, at + count

    def _worth_sharing(self, start: int, which: int, table_size: int) -> bool:
        """Rent, then buy: single rows first, a table once they have cost as much, so at most twice the best cost."""
        if start == 0 and self._eager:
            return True
        misses = self._misses[which] = self._misses.get(which, 0) + 1
        return start < _MOST_SHARED and misses * _SHARING_BREAK_EVEN > table_size

    def child(self, name: str | int) -> Numbers:
        """The numbers of the same rows for a purpose within this one."""
        child = self._children.get(name)
        if child is None:
            child = Numbers(self.keys, domain_digest(self.domain, name))
            if len(self._children) < _KEPT_CHILDREN:
                self._children[name] = child
        return child


def key_array(keys: Sequence[int]) -> npt.NDArray[np.uint64]:
    """Check keys and put them into an array.

    Raises:
        ParameterError: One is not an unsigned 64-bit integer.

    >>> key_array([3])
    array([3], dtype=uint64)
    """
    if isinstance(keys, np.ndarray):
        keys = keys.tolist()  # NumPy would wrap negative numbers of an array, and refuses those of a list
    try:
        return np.array(keys, dtype=np.uint64).reshape(len(keys))
    except (OverflowError, TypeError, ValueError) as error:
        raise ParameterError(
            f"Streams: keys must be integers from 0 to 2**64 - 1, {error}; make them with row_key(row_id)"
        ) from error
