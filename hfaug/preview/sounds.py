"""Sounds as they are shown: the waveform over the spectrogram, on scales shared by a strip so that gain can be seen."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hfaug import media
from hfaug.media import Clip
from hfaug.preview.fonts import INK, PAPER, tint
from hfaug.preview.texts import Span

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Scale", "SoundPanel", "table_picture"]

_WAVE, _BANDS = 56, 96  # pixels of height
_CELL = 3  # pixels of one number of a table
_MOST_S = 30.0
_WINDOW_S = 0.025
_RANGE_DB = 70.0
_FLOOR = 1e-7
_COLOURS = np.array([(8, 8, 32), (72, 22, 110), (168, 50, 120), (240, 116, 90), (252, 240, 180)], np.float64)


@dataclass(frozen=True)
class Scale:
    """What the sounds of a strip are drawn against.

    Args:
        peak: Largest absolute sample.
        duration_s: Length of the longest.
    """

    peak: float
    duration_s: float

    @classmethod
    def over(cls, clips: Sequence[Clip]) -> Scale:
        """The scale that holds all these clips."""
        peak = max((float(np.abs(clip.samples).max()) for clip in clips if clip.samples.size), default=1.0)
        longest = max((min(clip.duration_s, _MOST_S) for clip in clips), default=1.0)
        return cls(peak or 1.0, longest or 1.0)


@dataclass(frozen=True, eq=False)
class SoundPanel:
    """A sound with its time labels.

    Args:
        clip: The sound.
        scale: What it is drawn against.
        segments: Time labels; their places are milliseconds.
    """

    clip: Clip
    scale: Scale
    segments: Sequence[Span] = ()

    @property
    def caption(self) -> str:
        """Length, rate and level in words."""
        samples = self.clip.samples
        peak = float(np.abs(samples).max()) if samples.size else 0.0
        level = f"peak {20 * np.log10(peak):.1f} dB" if peak > 0 else "silent"
        return f"{self.clip.duration_s:.2f} s, {self.clip.rate / 1000:g} kHz, {level}"

    @property
    def wav(self) -> str:
        """The first half minute as a data URI."""
        start = self.clip.samples[:, : int(_MOST_S * self.clip.rate)]
        data = media.encode_audio(start, like=Clip(start[:, :0], self.clip.rate, channels=start.shape[0]))
        return "data:audio/wav;base64," + base64.b64encode(data).decode()

    def picture(self, width: int) -> Image.Image:
        """Waveform over spectrogram; the time runs over `width` pixels."""
        from PIL import Image

        mono = self.clip.samples.mean(axis=0) if self.clip.samples.size else np.zeros(0, np.float32)
        mono = mono[: int(_MOST_S * self.clip.rate)]
        drawn = round(width * len(mono) / self.clip.rate / self.scale.duration_s) if len(mono) else 0
        drawn = min(width, max(drawn, 1 if len(mono) else 0))
        canvas = np.full((_WAVE + _BANDS, width, 3), PAPER, np.uint8)
        canvas[_WAVE // 2, :] = (200, 205, 212)
        if drawn:
            _draw_wave(canvas[:_WAVE, :drawn], mono / self.scale.peak)
            canvas[_WAVE:, :drawn] = _spectrogram(mono, self.clip.rate, drawn, self.scale.peak)
        image = Image.fromarray(canvas)
        self._draw_segments(image, width)
        return image

    def _draw_segments(self, image: Any, width: int) -> None:
        from PIL import ImageDraw

        pen = ImageDraw.Draw(image)
        for segment in self.segments:
            colour = tint(segment.name)
            left, right = (at / 1000 / self.scale.duration_s * width for at in (segment.start, segment.end))
            pen.rectangle((left, _WAVE - 5, max(right, left + 1), _WAVE), fill=colour)
            pen.line((left, 0, left, _WAVE), fill=colour)


def _draw_wave(canvas: npt.NDArray[np.uint8], samples: npt.NDArray[Any]) -> None:
    """Fill each column between the smallest and the largest of its samples."""
    height, width = canvas.shape[:2]
    edges = np.linspace(0, len(samples), width + 1).astype(int)
    for column in range(width):
        part = samples[edges[column] : max(edges[column + 1], edges[column] + 1)]
        if not len(part):
            continue
        low, high = (round((1 - float(value)) * (height - 1) / 2) for value in (part.max(), part.min()))
        canvas[max(low, 0) : min(high, height - 1) + 1, column] = INK


def _spectrogram(samples: npt.NDArray[Any], rate: int, width: int, peak: float) -> npt.NDArray[np.uint8]:
    """Levels of short stretches, low tones at the bottom, (height, width, 3)."""
    size = max(16, 1 << round(np.log2(_WINDOW_S * rate)))
    window = np.hanning(size)
    padded = np.pad(samples, size // 2)
    starts = np.linspace(0, max(0, len(padded) - size), width).astype(int)
    frames = np.stack([padded[start : start + size] for start in starts]) if len(padded) >= size else None
    if frames is None:
        return np.zeros((_BANDS, width, 3), np.uint8)
    levels = np.abs(np.fft.rfft(frames * window, axis=1)).T / (window.sum() / 2) / peak
    decibels = 20 * np.log10(np.maximum(levels, _FLOOR))
    rows = np.linspace(decibels.shape[0] - 1, 0, _BANDS)
    return _coloured(1 + decibels[np.rint(rows).astype(int)] / _RANGE_DB)


def _coloured(levels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Levels 0..1 as colours, (height, width, 3)."""
    shown, places = np.clip(levels, 0, 1) * (len(_COLOURS) - 1), np.arange(len(_COLOURS))
    bands = [np.interp(shown, places, _COLOURS[:, channel]) for channel in range(3)]
    done: npt.NDArray[np.uint8] = np.stack(bands, axis=2).astype(np.uint8)
    return done


def table_picture(value: Any) -> npt.NDArray[np.uint8]:
    """A spectrogram that a column holds, (height, width, 3): low frequencies at the bottom, time along the longer side.

    Args:
        value: Frames of bins, or bins of frames; of several the first.
    """
    values = np.asarray(value, dtype=np.float64)
    while values.ndim > 2:
        values = values[0]
    values = values.T if values.shape[0] > values.shape[1] else values
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 1.0)
    levels = np.nan_to_num((values - low) / (high - low or 1.0), nan=0.0, posinf=1.0, neginf=0.0)
    return np.repeat(np.repeat(_coloured(levels[::-1]), _CELL, axis=0), _CELL, axis=1)
