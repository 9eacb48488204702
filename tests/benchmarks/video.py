"""Video: a chain of ops on every frame, through `map`, against a bare PyAV loop with equal settings."""

from __future__ import annotations

import dataclasses
import functools
import io
from fractions import Fraction
from typing import Any, ClassVar

import av
import cv2
import datasets
import numpy as np
import pyarrow as pa

import hfaug
from hfaug import media
from hfaug.kinds import ColorOp
from hfaug.ops.image import Flip, Rotate
from hfaug.ops.video import Reverse
from tests.benchmarks.photos import on_disk
from tests.benchmarks.report import Line, at_most
from tests.benchmarks.timing import Case, interleave

FILMS, FRAMES, FPS, ROUNDS = 4, 75, 25, 7
SIZE = (360, 640)
NEAR_LOOP = at_most(1.15)
DEGREES, BRIGHTNESS = 8.0, 1.1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Brighten(ColorOp):
    """The same brightness on both sides."""

    reads_image: ClassVar[bool] = False

    def color(self, stats: Any, rng: Any) -> Any:
        return np.eye(3, 4) * BRIGHTNESS


def measure() -> list[Line]:
    """Three-second films of 640x360, H.264; the cost of a frame, decoding and encoding included."""
    films, rows = _films(), _stored()
    op = hfaug.Chain(Rotate(degrees=(DEGREES, DEGREES)), Flip(), Brighten())
    cases = [
        Case("loop", lambda: [_loop(data) for data in films], FILMS * FRAMES),
        Case("map", lambda: rows.map(op, batched=True), FILMS * FRAMES),
        Case("reverse loop", lambda: [_reversed(data) for data in films], FILMS * FRAMES),
        Case("reverse", lambda: rows.map(Reverse(), batched=True), FILMS * FRAMES),
    ]
    times = interleave(cases, ROUNDS)
    return [
        Line(
            "video",
            "rotate, flip and brighten: map / decode + op + encode by PyAV",
            times.ratio("map", "loop"),
            NEAR_LOOP,
        ),
        Line("video", "reverse: map / decode all + encode by PyAV", times.ratio("reverse", "reverse loop"), NEAR_LOOP),
    ]


def _loop(data: bytes) -> bytes:
    """What somebody writes who knows PyAV and OpenCV: one pass, the chain by hand."""
    height, width = SIZE
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), DEGREES, 1)
    levels = (np.arange(256) * BRIGHTNESS).clip(0, 255).astype(np.uint8)

    def changed(frame: Any) -> Any:
        pixels = cv2.warpAffine(frame.to_ndarray(format="rgb24"), turn, (width, height))
        return av.VideoFrame.from_ndarray(cv2.LUT(cv2.flip(pixels, 1), levels), "rgb24")

    with av.open(io.BytesIO(data)) as source:
        source.streams.video[0].codec_context.thread_count = 1
        return _encoded(changed(frame) for frame in source.decode(video=0))


def _reversed(data: bytes) -> bytes:
    with av.open(io.BytesIO(data)) as source:
        source.streams.video[0].codec_context.thread_count = 1
        frames = list(source.decode(video=0))[::-1]
    for frame in frames:
        frame.pict_type = 0
    return _encoded(frames)


def _encoded(frames: Any) -> bytes:
    """With the settings that hfaug uses."""
    out, codec = io.BytesIO(), media.Codec()
    options = {"crf": str(codec.video_crf), "preset": codec.video_preset, "mbtree": "0", "threads": "1"}
    with av.open(out, "w", format="mp4") as target:
        track = target.add_stream("libx264", rate=FPS, options=options)
        track.height, track.width, track.pix_fmt = *SIZE, "yuv420p"
        track.codec_context.thread_count = 1
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            target.mux(track.encode(frame))
        target.mux(track.encode())
    return out.getvalue()


@functools.cache
def _films() -> tuple[bytes, ...]:
    """A photograph that is panned over, each film another part of it."""
    from skimage import data

    photo = cv2.resize(data.astronaut(), (SIZE[1] * 2, SIZE[0] * 2))
    height, width = SIZE
    made = []
    for number in range(FILMS):
        views = [photo[number * 90 :, 4 * k :][:height, :width] for k in range(FRAMES)]
        made.append(media.new_video([np.ascontiguousarray(view) for view in views], fps=FPS))
    return tuple(made)


def _stored() -> datasets.Dataset:
    features = datasets.Features({"video": datasets.Video()})
    films = [{"bytes": data, "path": None} for data in _films()]
    return on_disk(datasets.Dataset(pa.Table.from_pydict({"video": films}, schema=features.arrow_schema)))
