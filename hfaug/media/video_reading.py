"""The frames of a video in any order, with little memory: forwards they stream, backwards they wait in a file."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import MediaError
from hfaug.media.counters import counts
from hfaug.media.video import Film, damaged_video, open_container
from hfaug.media.video_pixels import empty_frame

__all__ = ["read_frames"]

_IN_MEMORY = 32 << 20
"""Bytes of waiting frames that are held in memory; more go to a file."""
_IN_FILE = 1 << 30
"""Bytes of waiting frames at all; a longer stretch without a key frame is decoded several times."""


def read_frames(film: Film, order: Sequence[int] | npt.NDArray[np.int64]) -> Iterator[Any]:
    """Decode frames, one of PyAV for each number asked for.

    Args:
        film: The video.
        order: Numbers of frames in the order in which they are wanted, repeated and left out at will.

    Raises:
        MediaError: A frame is missing or damaged.
    """
    numbers = np.asarray(order, dtype=np.int64)
    if not len(numbers):
        return
    counts.add("video.decode")
    with contextlib.ExitStack() as files:
        decoder = _Decoder(film, files)
        for start, stop, forwards in _runs(numbers):
            if forwards:
                yield from decoder.forwards(numbers[start:stop])
            else:
                yield from _backwards(film, decoder, numbers[start:stop])


def _runs(numbers: npt.NDArray[np.int64]) -> Iterator[tuple[int, int, bool]]:
    """Stretches that go one way: start, stop, and whether it is forwards. A stretch back is two frames at least."""
    steps = np.sign(np.diff(numbers))
    start = 0
    while start < len(numbers):
        stop = start + 1
        backwards = stop < len(numbers) and steps[start] < 0
        while stop < len(numbers) and (steps[stop - 1] < 0) == backwards:
            stop += 1
        yield start, stop, not backwards
        start = stop


def _backwards(film: Film, decoder: _Decoder, numbers: npt.NDArray[np.int64]) -> Iterator[Any]:
    """Falling numbers: each stretch from a key frame is decoded forwards, and given out from its end."""
    height, width = film.stored
    most = max(1, _IN_FILE // (height * width * 6))
    stop = len(numbers)
    start = 0
    while start < stop:
        key = decoder.key_before(int(numbers[start]))
        inside = int(np.searchsorted(-numbers, -key, side="right"))
        end = min(max(inside, start + 1), start + most)
        if (end - start) * height * width * 3 <= _IN_MEMORY:
            yield from list(decoder.forwards(numbers[start:end][::-1]))[::-1]
            start = end
            continue
        with tempfile.TemporaryFile() as file:
            shelf = _Shelf(file)
            for frame in decoder.forwards(numbers[start:end][::-1]):
                shelf.put(frame)
            for place in range(end - start - 1, -1, -1):
                yield shelf.take(place)
        start = end


class _Decoder:
    """An opened video that knows where it stands."""

    def __init__(self, film: Film, files: contextlib.ExitStack) -> None:
        self._film = film
        self._files = files
        self._keys = np.flatnonzero(film.index.keys)
        self._held: tuple[int, Any] | None = None
        self._start()

    def _start(self) -> None:
        """Open the file anew, since not every kind of file can be sent back to its start."""
        self._files.close()
        self._source = self._files.enter_context(open_container(self._film.data))
        self._stream = self._source.streams[self._film.stream]
        self._stream.codec_context.thread_count = 1
        self._stream.thread_type = "NONE"
        self._frames = self._decoded()
        self._next = 0  # the frame that comes next at the earliest
        self._held, self._sought = None, False

    def key_before(self, number: int) -> int:
        """The last frame up to a number that can be decoded without others."""
        place = int(np.searchsorted(self._keys, number, side="right")) - 1
        return int(self._keys[place]) if place >= 0 else 0

    def forwards(self, numbers: Sequence[int] | npt.NDArray[np.int64]) -> Iterator[Any]:
        """Frames of rising numbers."""
        for number in map(int, numbers):
            yield self._frame(number)

    def _frame(self, number: int) -> Any:
        if self._held is not None and self._held[0] == number:
            return self._held[1]
        key = self.key_before(number)
        if number < self._next or key > self._next:
            self._seek(key)
        found = self._read_up_to(number)
        if found is None and self._sought:
            self._start()
            found = self._read_up_to(number)
        if found is None:
            raise damaged_video(f"frame {number} is missing")
        if found.is_corrupt:
            raise damaged_video(f"frame {number} is damaged")
        counts.add("video.frames")
        self._held = (number, found)
        return found

    def _read_up_to(self, number: int) -> Any:
        for place, frame in self._frames:
            self._next = place + 1
            if place == number:
                return frame
            if place > number:
                break
        return None

    def _seek(self, key: int) -> None:
        if not key:
            self._start()
            return
        index = self._film.index
        self._sought = True
        self._source.seek(int(index.ticks[key]) + index.origin, stream=self._stream, backward=True)
        self._frames = self._decoded()
        self._next, self._held = key, None

    def _decoded(self) -> Iterator[tuple[int, Any]]:
        """Decoded frames with their numbers; what stands before the place sought is passed over."""
        index = self._film.index
        for frame in self._source.decode(self._stream):
            if frame.pts is None:
                continue
            tick = frame.pts - index.origin
            place = int(np.searchsorted(index.ticks, tick))
            if place < len(index.ticks) and index.ticks[place] == tick:
                yield place, frame


class _Shelf:
    """Frames that wait in a file, to be taken in any order."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._kind: tuple[int, int, str] | None = None
        self._widths: list[int] = []
        self._facts: list[tuple[int, int]] = []

    def put(self, frame: Any) -> None:
        kind = (frame.width, frame.height, frame.format.name)
        if self._kind is None:
            self._kind = kind
            twin = empty_frame(*kind)
            self._widths = [min(a.line_size, b.line_size) for a, b in zip(frame.planes, twin.planes, strict=True)]
        if kind != self._kind:
            raise MediaError("video: its frames must be of one size and layout, are not; cut it where they change")
        self._facts.append((frame.colorspace, frame.color_range))
        for plane, width in zip(frame.planes, self._widths, strict=True):
            self._file.write(_lines(plane)[:, :width].tobytes())

    def take(self, place: int) -> Any:
        assert self._kind is not None  # noqa: S101 - something was put before
        frame = empty_frame(*self._kind)
        frame.colorspace, frame.color_range = self._facts[place]
        planes = [(_lines(plane), width) for plane, width in zip(frame.planes, self._widths, strict=True)]
        self._file.seek(place * sum(len(lines) * width for lines, width in planes))
        for lines, width in planes:
            data = self._file.read(len(lines) * width)
            lines[:, :width] = np.frombuffer(data, np.uint8).reshape(-1, width)
        return frame


def _lines(plane: Any) -> npt.NDArray[np.uint8]:
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height]
