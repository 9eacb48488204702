"""The same four ops by albumentations and by hfaug, on equal terms: interpolation, border, codec and quality alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import albumentations as A  # noqa: N812  # its own documentation's name
import cv2
import numpy as np

import hfaug
from hfaug.moves import Warp
from hfaug.ops.image import Erase, Flip, JitterColor, Rotate
from hfaug.randomness import Stream, Streams, row_key
from tests.benchmarks.photos import QUALITY, SIDE, Pixels, decode, encode

__all__ = ["CHAIN", "bare_loop", "compose", "outputs_of_equal_draws"]

STRENGTH, HUE, HOLE = 0.2, 0.02, (0.1, 0.2)

CHAIN = hfaug.Chain(
    Flip(),
    Rotate(degrees=(-30, 30)),
    JitterColor(brightness=STRENGTH, contrast=STRENGTH, saturation=STRENGTH, hue=HUE),
    Erase(holes=(1, 1), area=(HOLE[0] ** 2, HOLE[1] ** 2), aspect=(1, 1)),
).on(jpeg_quality=QUALITY)


def compose() -> A.Compose:
    """Flip, rotation, colour jitter and one square hole, drawn anew for each image."""
    around = (1 - STRENGTH, 1 + STRENGTH)
    return A.Compose([
        A.HorizontalFlip(p=1),
        A.Rotate(limit=30, interpolation=cv2.INTER_LINEAR, border_mode=cv2.BORDER_CONSTANT, fill=0, p=1),
        A.ColorJitter(brightness=around, contrast=around, saturation=around, hue=(-HUE, HUE), p=1),
        A.CoarseDropout(num_holes_range=(1, 1), hole_height_range=HOLE, hole_width_range=HOLE, fill=0, p=1),
    ])  # fmt: skip


def bare_loop(images: tuple[bytes, ...], change: Callable[[Pixels], Pixels]) -> list[bytes]:
    """What nobody can be faster than with the same codec: decode, change, encode."""
    return [encode(change(decode(data))) for data in images]


class _Recorder:
    """A stream that remembers what was drawn from it."""

    def __init__(self, rng: Stream) -> None:
        self._rng = rng
        self.drawn: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._rng, name)

        def draw(*args: Any) -> Any:
            self.drawn.append(method(*args))
            return self.drawn[-1]

        return draw


def outputs_of_equal_draws(images: tuple[bytes, ...], ids: list[str]) -> tuple[list[bytes], list[bytes]]:
    """What albumentations makes of the images with the very draws that the chain makes for these rows.

    Returns:
        The outputs with all four ops, and those of flip and rotation alone.
    """
    whole, moved = [], []
    for data, name in zip(images, ids, strict=True):
        array = decode(data)
        steps = _steps(name, array)
        moved.append(encode(_run(steps[:2], array)))
        whole.append(encode(_run(steps, array)))
    return whole, moved


def _steps(name: str, array: Pixels) -> list[Callable[[Pixels], Pixels]]:
    _, rotate, jitter, erase = CHAIN.ops
    streams = [_Recorder(Streams([row_key(name)], digest=op.stream_digest)[0]) for op in (rotate, jitter, erase)]
    warp: Warp = rotate.warp((SIDE, SIDE), streams[0])
    jitter.color(None, streams[1])
    covered = erase.pixels(np.full_like(array, 1), streams[2]) == 0
    angle = math.degrees(math.atan2(warp.matrix[0, 1], warp.matrix[0, 0]))
    bright, contrast, saturation, hue = streams[1].drawn
    return [
        A.HorizontalFlip(p=1),
        A.Rotate(limit=(angle, angle), interpolation=cv2.INTER_LINEAR, border_mode=cv2.BORDER_CONSTANT, fill=0, p=1),
        A.ColorJitter(brightness=(bright,) * 2, contrast=(1, 1), saturation=(1, 1), hue=(0, 0), p=1),
        A.ColorJitter(brightness=(1, 1), contrast=(contrast,) * 2, saturation=(1, 1), hue=(0, 0), p=1),
        A.ColorJitter(brightness=(1, 1), contrast=(1, 1), saturation=(saturation,) * 2, hue=(0, 0), p=1),
        A.ColorJitter(brightness=(1, 1), contrast=(1, 1), saturation=(1, 1), hue=(hue,) * 2, p=1),
        lambda image: {"image": np.where(covered, 0, image).astype(np.uint8)},
    ]


def _run(steps: list[Callable[..., Any]], array: Pixels) -> Pixels:
    for step in steps:
        array = step(image=array)["image"]
    return array
