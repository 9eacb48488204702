"""Sound that is too long for memory: samples in a file, played forwards, backwards, faster or slower in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from hfaug.media.video import Film, av_library, open_container

__all__ = ["Tape", "played"]

Samples = npt.NDArray[np.float32]
Piece = tuple[float, float, float, float]

_BLOCK = 1 << 14
_SLOWEST = 0.5
"""Of one time stretch of FFmpeg; slower ones are done in several."""


@dataclass(frozen=True, slots=True)
class Tape:
    """Samples of a track in a file, (samples, channels) float32.

    Args:
        file: Holds the samples.
        rate: Samples a second of one channel.
        layout: FFmpeg's name of the channels: "mono", "stereo" ...
        channels: Their number.
    """

    file: IO[bytes]
    rate: int
    layout: str
    channels: int

    @classmethod
    def of(cls, film: Film, index: int, file: IO[bytes]) -> Tape:
        """Decode a track; what lies before the start of the film is left out, a late start is filled with silence."""
        av = av_library()
        with open_container(film.data) as source:
            track = source.streams[index]
            track.codec_context.thread_count = 1
            rate, layout = track.codec_context.sample_rate, track.codec_context.layout
            even = av.AudioResampler("flt", layout, rate)
            tape = cls(file, rate, layout.name, len(layout.channels))
            start_s = float(film.index.origin * film.time_base)
            lead: int | None = None
            for frame in source.decode(track):
                if lead is None:
                    lead = round(((frame.time or 0.0) - start_s) * rate)
                    file.write(bytes(4 * tape.channels * max(0, lead)))
                    lead = max(0, -lead)
                for part in even.resample(frame):
                    samples = part.to_ndarray().reshape(-1, tape.channels)
                    file.write(samples[lead:].tobytes())
                    lead = max(0, lead - len(samples))
        return tape

    def read(self, start: int, count: int) -> Samples:
        """Samples from a place on, silence where there are none."""
        size = 4 * self.channels
        first = max(0, start)
        self.file.seek(first * size)
        held = np.frombuffer(self.file.read(max(0, start + count - first) * size), np.float32)
        held = held.reshape(-1, self.channels)
        if len(held) == count:
            return held
        samples = np.zeros((count, self.channels), np.float32)
        samples[first - start : first - start + len(held)] = held
        return samples

    def blocks(self, start: int, count: int, *, backwards: bool = False) -> Iterator[Samples]:
        """A stretch in blocks, the last sample first when it is played backwards."""
        for done in range(0, count, _BLOCK):
            size = min(_BLOCK, count - done)
            if backwards:
                yield np.ascontiguousarray(self.read(start + count - done - size, size)[::-1])
            else:
                yield self.read(start + done, size)


def played(tape: Tape, pieces: Sequence[Piece], duration_s: float) -> Iterator[Samples]:
    """The samples of the result in blocks: pieces of the tape in their new order, silence between them."""
    done, total = 0, round(duration_s * tape.rate)
    for start_s, stop_s, moved_start, moved_stop in sorted(pieces, key=lambda piece: min(piece[2:])):
        begin = round(min(moved_start, moved_stop) * tape.rate)
        end = min(total, round(max(moved_start, moved_stop) * tape.rate))
        yield from _silence(tape, begin - done)
        done = max(begin, done)
        start, count = round(start_s * tape.rate), round((stop_s - start_s) * tape.rate)
        blocks = tape.blocks(start, count, backwards=moved_stop < moved_start)
        if abs(count - (end - done)) > 1:
            blocks = _stretched(tape, blocks, (stop_s - start_s) / abs(moved_stop - moved_start))
        for block in _exactly(tape, blocks, end - done):
            done += len(block)
            yield block
    yield from _silence(tape, total - done)


def _silence(tape: Tape, count: int) -> Iterator[Samples]:
    for done in range(0, count, _BLOCK):
        yield np.zeros((min(_BLOCK, count - done), tape.channels), np.float32)


def _exactly(tape: Tape, blocks: Iterator[Samples], count: int) -> Iterator[Samples]:
    """Blocks of so many samples together: cut, or filled up with silence."""
    for block in blocks:
        if count <= 0:
            return
        yield block[:count]
        count -= len(block)
    yield from _silence(tape, count)


def _stretched(tape: Tape, blocks: Iterator[Samples], factor: float) -> Iterator[Samples]:
    """Samples played so many times as fast, at the same pitch."""
    av = av_library()
    graph = av.filter.Graph()
    graph.threads = 1
    chain: list[Any] = [
        graph.add_abuffer(sample_rate=tape.rate, format="flt", layout=tape.layout, time_base=Fraction(1, tape.rate))
    ]
    while factor < _SLOWEST:
        chain.append(graph.add("atempo", str(_SLOWEST)))
        factor /= _SLOWEST
    chain += [graph.add("atempo", f"{factor:.9f}"), graph.add("abuffersink")]
    graph.link_nodes(*chain).configure()
    done = 0
    for block in blocks:
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), "flt", tape.layout)
        frame.sample_rate, frame.pts, frame.time_base = tape.rate, done, Fraction(1, tape.rate)
        done += len(block)
        graph.push(frame)
        yield from _pulled(graph, tape.channels)
    graph.push(None)
    yield from _pulled(graph, tape.channels)


def _pulled(graph: Any, channels: int) -> Iterator[Samples]:
    av = av_library()
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        yield np.ascontiguousarray(frame.to_ndarray().reshape(-1, channels), np.float32)
