"""Streams: the random numbers of a row for an op."""

from __future__ import annotations

import math
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, repeat
from typing import TypeVar

import numpy as np
import xxhash

from hfaug.errors import ParameterError
from hfaug.randomness.numbers import FIRST, SEGMENT, Numbers, domain_digest, key_array
from hfaug.randomness.quantile import normal_quantile

__all__ = ["Stream", "Streams", "copy_key", "row_key"]

T = TypeVar("T")

_COPY_SEED = 0x636F7079  # keeps the keys of copies apart from those of ids that happen to have the same bytes
_INTEGER_LIMIT = 1 << 53


def row_key(row_id: str) -> int:
    """Turn a row id into the 64-bit key of the row's streams (XXH3 of its UTF-8 bytes).

    >>> row_key("a")
    16629034431890738719
    """
    return xxhash.xxh3_64_intdigest(row_id.encode("utf-8", "surrogatepass"))


def copy_key(key: int, copy: int) -> int:
    """Give copy number `copy` (0, 1, ...) of a row a key of its own: copies draw apart from each other and their row.

    Raises:
        ParameterError: `key` is not an unsigned 64-bit integer or `copy` is negative.

    >>> len({row_key("a"), copy_key(row_key("a"), 0), copy_key(row_key("a"), 1)})
    3
    """
    try:
        return xxhash.xxh3_64_intdigest(struct.pack("<QQ", key, copy), seed=_COPY_SEED)
    except struct.error as error:
        raise ParameterError(
            f"copy_key: key and copy must be integers from 0 to 2**64 - 1, were {key!r} and {copy!r}; "
            "use row_key(row_id)"
        ) from error


class Streams:
    """The streams of one op over one batch, computed together at the first draw (about 1 µs a row).

    The numbers of a row depend on its own key only, never on the batch it stands in.

    Args:
        keys: One key a row, from `row_key` or `copy_key`.
        digest: Stream digest of the op.
        occurrence: Which use of an equal op in its chain this is, from 0.
        epoch: Pass over the data, for draws that are fresh each time.
        seed: The user's seed.
        expected: How many numbers most rows will draw, even; it decides the speed, never the numbers.

    Raises:
        ParameterError: A key is not an unsigned 64-bit integer.

    >>> streams = Streams([row_key("a"), row_key("b")], digest="flip")
    >>> [round(stream.random(), 6) for stream in streams]
    [0.714925, 0.989821]
    >>> Streams([row_key("b")], digest="flip")[0].random() == streams[1].random()
    True
    """

    __slots__ = ("_numbers",)

    def __init__(
        self,
        keys: Sequence[int],
        *,
        digest: str,
        occurrence: int = 0,
        epoch: int = 0,
        seed: int = 0,
        expected: int = FIRST,
    ) -> None:
        domain = domain_digest(digest, occurrence, epoch, seed)
        self._numbers = Numbers(key_array(keys), domain, eager=True, first=expected)

    def __len__(self) -> int:
        return len(self._numbers.keys)

    def __getitem__(self, row: int) -> Stream:
        """The stream of a row, from its start."""
        return Stream(self._numbers, range(len(self))[row])

    def __iter__(self) -> Iterator[Stream]:
        """The streams in order; once one of them has drawn, those after it start with their first numbers at hand."""
        numbers, count = self._numbers, len(self)
        for first in range(0, count, SEGMENT):
            row, last = first, min(first + SEGMENT, count)
            while row < last and not numbers.table(first):
                yield Stream(numbers, row)
                row += 1
            width = numbers.first
            starts = range((row - first) * width, (last - first) * width, width)
            ends = range(starts.start + width, starts.stop + width, width)
            yield from map(Stream, repeat(numbers), range(row, last), repeat(numbers.table(first)), starts, ends)


class Stream:
    """The random numbers of one row for one op. Made by `Streams`.

    >>> rng = Streams([row_key("a")], digest="flip")[0]
    >>> round(rng.uniform(-30, 30), 3), rng.integers(0, 10), rng.choice("abc")
    (12.895, 1, 'a')
    """

    __slots__ = ("_end", "_level", "_next", "_numbers", "_row", "_values")

    def __init__(self, numbers: Numbers, row: int, values: Sequence[float] = (), start: int = 0, end: int = 0) -> None:
        self._numbers = numbers
        self._row = row
        self._values = values  # of all rows together; those of this one stand from start to end
        self._next = start
        self._end = end
        self._level = 1 if end else 0

    def random(self) -> float:
        """Draw a float in [0, 1), a multiple of 2**-53. Takes one uniform.

        >>> 0 <= Streams([1], digest="x")[0].random() < 1
        True
        """
        at = self._next
        if at == self._end:
            self._values, at, self._end = self._numbers.level(self._row, self._level)
            self._level += 1
        self._next = at + 1
        return self._values[at]

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Draw a float from `low` up to `high` (which rounding may reach). Takes one uniform.

        Raises:
            ParameterError: `low` is above `high`, or one is not finite.

        >>> Streams([1], digest="x")[0].uniform(5, 5)
        5.0
        """
        span = high - low
        if not 0.0 <= span < math.inf:
            raise ParameterError(
                f"Stream.uniform: low and high must be finite and low <= high, were {low!r} and {high!r}; "
                "swap or mend them"
            )
        return low + span * self.random()

    def integers(self, low: int, high: int) -> int:
        """Draw an integer from `low` to `high - 1`. Takes one uniform.

        Multiply and floor on 53 bits: for a range of n values the chances differ by less than n * 2**-53 of each other.

        Raises:
            ParameterError: The range is empty or holds more than 2**53 values.

        >>> Streams([1], digest="x")[0].integers(3, 4)
        3
        """
        size = high - low
        if not 0 < size <= _INTEGER_LIMIT:
            raise ParameterError(
                f"Stream.integers: high - low must be from 1 to 2**53, was {size!r} (low {low!r}, high {high!r}); "
                "check that there is something to choose from"
            )
        return low + int(self.random() * size)

    def normal(self, mean: float = 0.0, sd: float = 1.0) -> float:
        """Draw from the normal distribution by its inverse distribution function. Takes one uniform.

        Args:
            mean: Mean.
            sd: Standard deviation, >= 0.

        Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Appl. Statist. 37, 1988.

        Raises:
            ParameterError: `sd` is negative, or one is not finite.

        >>> Streams([1], digest="x")[0].normal(5, 0)
        5.0
        """
        if not (0.0 <= sd < math.inf and -math.inf < mean < math.inf):
            raise ParameterError(
                f"Stream.normal: mean and sd must be finite and sd >= 0, were {mean!r} and {sd!r}; mend them"
            )
        return mean + sd * normal_quantile(self.random())

    def choice(self, seq: Sequence[T], p: Sequence[float] | None = None) -> T:
        """Draw one item, with equal chances or those of `p`. Takes one uniform.

        Args:
            seq: What to choose from.
            p: One chance an item, each >= 0, sum 1 (within 1e-6).

        Raises:
            ParameterError: `seq` is empty, or `p` does not fit it.

        >>> Streams([1], digest="x")[0].choice(["cat", "dog"], p=[0, 1])
        'dog'
        """
        if p is None:
            if not len(seq):
                raise ParameterError(
                    "Stream.choice: must have something to choose from, was given nothing; check the sequence"
                )
            return seq[int(self.random() * len(seq))]
        sums = list(accumulate(p))
        if len(sums) != len(seq) or not sums or not min(p) >= 0 or not abs(sums[-1] - 1) <= 1e-6:
            raise ParameterError(
                f"Stream.choice: p must hold one chance >= 0 for each of the {len(seq)} items and sum to 1, was {p!r}; "
                "mend p"
            )
        return seq[bisect_right(sums, self.random() * sums[-1])]

    def sample(self, n: int, k: int) -> list[int]:
        """Draw `k` different numbers of range(n), ascending. Takes k uniforms.

        Source: Bentley and Floyd, "Programming pearls: a sample of brilliance", CACM 30, 1987.

        Raises:
            ParameterError: `k` is negative or above `n`.

        >>> Streams([1], digest="x")[0].sample(3, 3)
        [0, 1, 2]
        """
        if not 0 <= k <= n <= _INTEGER_LIMIT:
            raise ParameterError(
                f"Stream.sample: k must be from 0 to n (and n at most 2**53), was k={k!r} of n={n!r}; ask for fewer"
            )
        chosen: set[int] = set()
        for last in range(n - k, n):
            number = int(self.random() * (last + 1))
            chosen.add(last if number in chosen else number)
        return sorted(chosen)

    def permutation(self, n: int) -> list[int]:
        """Draw an order of range(n), by Fisher and Yates' shuffle. Takes max(n - 1, 0) uniforms.

        Raises:
            ParameterError: `n` is negative.

        >>> sorted(Streams([1], digest="x")[0].permutation(4))
        [0, 1, 2, 3]
        """
        if n < 0:
            raise ParameterError(f"Stream.permutation: n must be >= 0, was {n!r}; give the number of items")
        order = list(range(n))
        for last in range(n - 1, 0, -1):
            other = int(self.random() * (last + 1))
            order[last], order[other] = order[other], order[last]
        return order

    def child(self, name: str | int) -> Stream:
        """Give an independent stream, named within this one; equal names give equal streams, whatever was drawn before.

        >>> rng = Streams([1], digest="x")[0]
        >>> rng.child("mask").random() == rng.child("mask").random() != rng.child("crop").random()
        True
        """
        return Stream(self._numbers.child(name), self._row)

    def frame(self, number: int) -> Stream:
        """Give the stream of one frame of a video: single numbers as drawn here from now on, arrays and children anew.

        So noise differs from frame to frame, and its strength does not.

        >>> first, second = (Streams([1], digest="x")[0].frame(number) for number in (0, 1))
        >>> first.random() == second.random(), first.generator().random() == second.generator().random()
        (True, False)
        """
        return _FrameStream(self, number)

    def generator(self) -> np.random.Generator:
        """Give a NumPy generator for arrays of numbers; the same at each call, whatever was drawn before.

        >>> rng = Streams([1], digest="x")[0]
        >>> rng.generator().normal(size=(2, 3)).shape
        (2, 3)
        """
        domain = int.from_bytes(self._numbers.domain, "little")
        key = int(self._numbers.keys[self._row])
        return np.random.Generator(np.random.Philox(key=key, counter=domain << 128))

    def seed(self, bits: int = 63) -> int:
        """Give a seed for another library's generator; the same at each call, whatever was drawn before.

        Args:
            bits: Length, 1..64.

        Raises:
            ParameterError: `bits` is out of its range.

        >>> Streams([1], digest="x")[0].seed(32) < 2**32
        True
        """
        if not 1 <= bits <= 64:
            raise ParameterError(f"Stream.seed: bits must be from 1 to 64, was {bits!r}; 63 fits a signed integer")
        key = int(self._numbers.keys[self._row])
        return xxhash.xxh3_64_intdigest(struct.pack("<Q", key) + self._numbers.domain) >> (64 - bits)


class _FrameStream(Stream):
    """See `Stream.frame`."""

    __slots__ = ("_own",)

    def __init__(self, clip: Stream, number: int) -> None:
        super().__init__(clip._numbers, clip._row, clip._values, clip._next, clip._end)  # noqa: SLF001 - of this file
        self._level = clip._level  # noqa: SLF001 - likewise
        self._own = clip.child(number)

    def child(self, name: str | int) -> Stream:
        return self._own.child(name)

    def generator(self) -> np.random.Generator:
        return self._own.generator()

    def seed(self, bits: int = 63) -> int:
        return self._own.seed(bits)
