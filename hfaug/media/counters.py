"""Exact counts of decodes and encodes in this process, so that tests and reports need no stopwatch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Lock

__all__ = ["Counts", "counts"]


class Counts(Mapping[str, int]):
    """Named counters that are exact under threads; a name never counted reads 0.

    The names in use: ``image.decode``, ``image.decode.reduced`` (those of them at a share of their size),
    ``image.encode``, ``image.decode.mask``, ``image.encode.mask``,
    ``audio.decode``, ``audio.encode`` and ``audio.clipped`` (samples that had to be cut to the range of the written
    format); ``video.decode`` (passes over a file), ``video.encode``, the ``video.frames`` given out and written
    (``video.frames.encode``), and ``video.sound`` (tracks encoded anew). Each process has its own; a forked worker
    starts with a copy of its parent's.

    >>> tally = Counts()
    >>> tally.add("image.decode")
    >>> tally["image.decode"], tally["image.encode"]
    (1, 0)
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: dict[str, int] = {}

    def add(self, name: str, number: int = 1) -> None:
        """Add to one counter."""
        with self._lock:
            self._values[name] = self._values.get(name, 0) + number

    def reset(self) -> None:
        """Set all counters back to zero."""
        with self._lock:
            self._values.clear()

    def snapshot(self) -> dict[str, int]:
        """All counters at one moment, as a dict of its own."""
        with self._lock:
            return dict(self._values)

    def __getitem__(self, name: str) -> int:
        with self._lock:
            return self._values.get(name, 0)

    def __iter__(self) -> Iterator[str]:
        return iter(self.snapshot())

    def __len__(self) -> int:
        return len(self.snapshot())

    def __repr__(self) -> str:
        return f"Counts({self.snapshot()})"


counts = Counts()
