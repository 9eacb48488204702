"""Long sounds through their steps block by block, so that memory does not grow with their length."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.rows.waves import Edit, Resample, Stretch, Take, WaveStep, apply_step, stretched

__all__ = ["LONG", "Heard", "can_flow", "flowing"]

Samples = npt.NDArray[np.float32]
Blocks = Iterator[Samples]

LONG = 1 << 25
"""Samples of all channels from which on a sound flows: 35 minutes of 16 kHz, and 134 MB as decoded."""

_BLOCK = 1 << 16
_STRETCH_S, _OVERLAP_S, _FADE_S = 30.0, 0.5, 0.05


@dataclass
class Heard:
    """What an op may ask about a whole sound without holding it.

    Attributes:
        rate: Samples a second.
        count: Samples of each channel.
        channels: Number of channels.
        blocks: Gives the sound from its start, block by block.
    """

    rate: int
    count: int
    channels: int
    blocks: Callable[[], Blocks]
    _known: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, samples: Samples, rate: int) -> Heard:
        """A sound that is held."""
        return cls(rate, samples.shape[1], samples.shape[0], lambda: iter([samples]))

    @property
    def power(self) -> float:
        """Mean square of all samples."""
        return self._measured()["power"]

    @property
    def peak(self) -> float:
        """Height of the highest sample."""
        return self._measured()["peak"]

    def _measured(self) -> dict[str, float]:
        if not self._known:
            total, peak = 0.0, 0.0
            for block in self.blocks():
                total += float(np.sum(np.square(block, dtype=np.float64)))
                peak = max(peak, float(np.abs(block).max(initial=0.0)))
            self._known = {"power": total / max(1, self.count * self.channels), "peak": peak}
        return self._known


def can_flow(todo: Sequence[WaveStep]) -> bool:
    """Whether all steps work block by block."""
    return all(_flows(step) for step in todo)


def _flows(step: WaveStep) -> bool:
    if isinstance(step, Edit):
        return step.flow is not None
    if not isinstance(step, Take):
        return True
    last = 0.0
    for start, stop, at, end in sorted(step.map.pieces, key=lambda piece: piece[2]):
        if start < last or stop - start != end - at:
            return False
        last = stop
    return True


def flowing(blocks: Callable[[], Blocks], todo: Sequence[WaveStep], facts: tuple[int, int, int]) -> Blocks:
    """A sound with some steps done to it.

    Args:
        blocks: Gives the stored sound from its start, each time it is called.
        todo: The steps.
        facts: Samples of each channel, rate and channels of the stored sound.
    """
    if not todo:
        return blocks()
    *before, step = todo
    count, _, channels = facts

    def upstream() -> Blocks:
        return flowing(blocks, before, facts)

    if isinstance(step, Edit) and step.flow is not None:
        count = next((_length(each) for each in reversed(before) if _length(each) is not None), None) or count
        change = step.flow(Heard(step.rate, count, channels, upstream))
        return (change(block) for block in upstream())
    if isinstance(step, Take):
        return _taken(upstream(), step, channels)
    if isinstance(step, Resample):
        return _resampled(upstream(), step, channels)
    if isinstance(step, Stretch):
        return _stretched(upstream(), step)
    return (apply_step(block, step) for block in upstream())


def _length(step: WaveStep) -> int | None:
    if isinstance(step, Take):
        return round(step.map.duration_s)
    return step.length if isinstance(step, (Stretch, Resample)) else None


def _taken(blocks: Blocks, step: Take, channels: int) -> Blocks:
    """Stretches of the sound in their order, with silence between."""
    reader, done = _Reader(blocks), 0
    for start, stop, at, _ in sorted(step.map.pieces, key=lambda piece: piece[2]):
        yield from _silence(channels, round(at) - done)
        reader.skip(round(start))
        for low in range(round(start), round(stop), _BLOCK):
            yield reader.take(min(_BLOCK, round(stop) - low))
        done = round(at + stop - start)
    yield from _silence(channels, round(step.map.duration_s) - done)


def _silence(channels: int, count: int) -> Blocks:
    for start in range(0, count, _BLOCK):
        yield np.zeros((channels, min(_BLOCK, count - start)), np.float32)


class _Reader:
    """Samples out of blocks, as many at a time as asked for."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._held: list[Samples] = []
        self._at = 0

    def take(self, count: int) -> Samples:
        """The next samples; fewer at the end."""
        there = sum(block.shape[1] for block in self._held)
        while there < count and (block := next(self._blocks, None)) is not None:
            self._held.append(block)
            there += block.shape[1]
        whole: Any = np.concatenate(self._held, axis=1) if len(self._held) != 1 else self._held[0]
        self._held = [whole[:, count:]]
        self._at += min(count, whole.shape[1])
        return np.asarray(whole[:, :count])

    def skip(self, place: int) -> None:
        """Go on to a place."""
        while self._at < place and self.take(min(_BLOCK, place - self._at)).shape[1]:
            pass


def _resampled(blocks: Blocks, step: Resample, channels: int) -> Blocks:
    import soxr

    stream = soxr.ResampleStream(*step.rates, channels, dtype="float32")
    left, held = step.length, next(blocks)
    for block in blocks:
        out = stream.resample_chunk(np.ascontiguousarray(held.T)).T[:, :left]
        left, held = left - out.shape[1], block
        yield out
    out = stream.resample_chunk(np.ascontiguousarray(held.T), last=True).T[:, :left]
    yield out
    yield from _silence(channels, left - out.shape[1])


def _stretched(blocks: Blocks, step: Stretch) -> Blocks:
    """Half-minutes stretched by themselves, with a little of what is before and behind, faded into each other."""
    reader, ratio = _Reader(blocks), step.length / step.count
    size, more = round(_STRETCH_S * step.rate), round(_OVERLAP_S * step.rate)
    fade = round(_FADE_S * step.rate * min(ratio, 1.0))
    lead: Samples | None = None  # of the source, before the part
    tail: Samples | None = None  # of the result, behind the part before
    part = reader.take(size + more)
    for first in range(0, step.count, size):
        last = min(first + size, step.count)
        ahead = part[:, last - first :]
        held = part if lead is None else np.concatenate([lead, part], axis=1)
        start = first - (0 if lead is None else lead.shape[1])
        low, high = round(start * ratio), round((start + held.shape[1]) * ratio)
        out = stretched(held, high - low, step.rate, step.semitones)[:, round(first * ratio) - low :]
        length = round(last * ratio) - round(first * ratio)
        body = out[:, :length].copy()
        if tail is not None:
            ramp = np.linspace(0, 1, min(fade, tail.shape[1], length), dtype=np.float32)
            body[:, : len(ramp)] = body[:, : len(ramp)] * ramp + tail[:, : len(ramp)] * (1 - ramp)
        yield body
        tail, lead = out[:, length : length + fade], part[:, max(0, last - first - more) : last - first]
        part = np.concatenate([ahead, reader.take(size)], axis=1)
