"""Frames to a video file, in the container and codec of their source; equal frames give equal bytes."""

from __future__ import annotations

import heapq
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import MediaError
from hfaug.media.codec import Codec
from hfaug.media.counters import counts
from hfaug.media.video import Film, av_library, open_container
from hfaug.media.video_index import FrameIndex
from hfaug.media.video_pixels import pixels_of, planes_of
from hfaug.media.video_sound import SoundTrack, open_tracks

__all__ = ["encode_video", "new_video", "without_sound"]

_CONTAINERS = ("mp4", "mov", "webm", "matroska", "avi", "mpegts")
_ENCODERS = {
    "h264": "libx264", "vp8": "libvpx", "vp9": "libvpx-vp9", "av1": "libsvtav1",
    "mpeg4": "mpeg4", "msmpeg4v3": "msmpeg4", "mjpeg": "mjpeg",
    "ffv1": "ffv1", "huffyuv": "huffyuv", "rawvideo": "rawvideo", "prores": "prores",
    "hevc": "libx264",  # libx265 gives other bytes from run to run, and writes past its memory at small sizes
}  # fmt: skip
_EVEN = ("libx264",)
"""Encoders that take no odd sizes with colours at half the resolution."""
_TICKS = {"mpeg4": 60_000, "msmpeg4": 60_000}
"""Most ticks a second that an encoder's time can be counted in."""
_STRAIGHT = ("avi", "mpegts")
"""Containers without a lead-in for sound: there FFmpeg would shift the frames by the delay of the sound's encoder."""
_VPX_SPEED = {"medium": 3, "slow": 2, "slower": 1, "veryslow": 0}
_AV1_SPEED = {"ultrafast": 10, "superfast": 10, "veryfast": 9, "fast": 7, "medium": 6, "slow": 5, "slower": 4}
_FULL = 2


def encode_video(
    frames: Iterable[Any],
    like: Film,
    *,
    starts_s: npt.NDArray[np.float64],
    duration_s: float,
    size: tuple[int, int],
    sound: SoundTrack | None = None,
    codec: Codec | None = None,
) -> bytes:
    """Encode frames as they come, so that few are held, with the sound of their source.

    HEVC becomes H.264 in the same container, since no encoder of it gives the same bytes twice. What else cannot be
    written in its own container and codec becomes H.264 in MP4 (GIF, FLV, WMV, MPEG-2, Theora ...). H.264 has no odd
    sizes at 4:2:0: those are written at 4:4:4, so that sizes and labels stay exact. One thread encodes, since other
    numbers of threads give other bytes. Subtitles, covers, chapters and tags are left behind.

    Args:
        frames: As many as `starts_s`: RGB arrays (height, width, 3), or frames of PyAV that were read of `like`.
        like: The source.
        starts_s: When each frame is first shown.
        duration_s: When the last one ends.
        size: (height, width) of the arrays.
        sound: What becomes of the sound; None leaves it out.
        codec: Settings; the defaults when left out.

    Raises:
        MediaError: The encoder is missing, or cannot hold such frames.
    """
    av = av_library()
    codec = codec or Codec()
    container, encoder = _writable(like)
    out = io.BytesIO()
    try:
        with av.open(out, "w", format=container, options=_how(container)) as target:
            clock = _Clock.of(like, container, encoder, starts_s, duration_s)
            writer = _Writer(target, like, encoder, container, size, codec, clock)
            tracks = open_tracks(target, like, container, sound)
            pictures = writer.packets(frames)
            for _, _, packet in heapq.merge(pictures, *tracks, key=lambda item: item[:2]):
                target.mux(packet)
    except av.error.FFmpegError as error:
        raise MediaError(
            f"video: must be {size[1]}x{size[0]} pixels that {encoder} can write as {container}, are not "
            f"({error.strerror}); change the size, or convert the source"
        ) from error
    counts.add("video.encode")
    return out.getvalue()


def new_video(
    frames: Sequence[npt.NDArray[Any]],
    *,
    fps: float,
    container: str = "mp4",
    codec: str = "h264",
    settings: Codec | None = None,
) -> bytes:
    """A video without a source: of frames that were drawn or generated.

    Args:
        frames: (height, width, 3) uint8 arrays of one size, at least one.
        fps: Frames a second.
        container: "mp4", "mov", "webm", "matroska", "avi" or "mpegts".
        codec: FFmpeg's name: "h264", "vp9", "ffv1" ...
        settings: Settings; the defaults when left out.

    Raises:
        MediaError: The encoder is missing, or cannot hold such frames.

    >>> data = new_video([np.zeros((16, 16, 3), np.uint8)] * 3, fps=10)
    >>> data == new_video([np.zeros((16, 16, 3), np.uint8)] * 3, fps=10)
    True
    """
    size = (int(frames[0].shape[0]), int(frames[0].shape[1]))
    rate = Fraction(fps).limit_denominator(1001)
    time_base = 1 / rate if container == "avi" else 1 / (rate * 512)
    ticks = np.arange(len(frames)) * round(1 / (rate * time_base))
    layout = {"mjpeg": "yuvj420p", "prores": "yuv422p10le", "huffyuv": "yuv422p", "ffv1": "yuv444p"}.get(
        codec, "yuv420p"
    )
    index = FrameIndex(ticks, np.ones(len(frames), bool), int(len(frames) / (rate * time_base)), 0)
    like = Film(b"", 0, container, codec, layout, size, 0, False, Fraction(1), time_base, index, rate, (), (2, 0, 2, 2))
    return encode_video(frames, like, starts_s=like.starts_s, duration_s=like.duration_s, size=size, codec=settings)


def _how(container: str) -> dict[str, str]:
    """Options of a new file: nothing in it that names a program or a time."""
    plain = {"fflags": "+bitexact"}
    return {**plain, "avoid_negative_ts": "disabled"} if container in _STRAIGHT else plain


def without_sound(film: Film) -> bytes | None:
    """The file with its frames as they are stored, and no sound; None where its container cannot be written."""
    if film.container not in _CONTAINERS:
        return None
    av = av_library()
    out = io.BytesIO()
    with (
        open_container(film.data) as source,
        av.open(out, "w", format=film.container, options=_how(film.container)) as target,
    ):
        track = source.streams[film.stream]
        copy = target.add_stream_from_template(track)
        decode_at = iter(_decoding_ticks(film))
        for packet in source.demux(track):
            if packet.size:
                packet.pts, packet.dts = packet.pts - film.index.origin, next(decode_at)
                packet.stream = copy
                target.mux(packet)
    return out.getvalue()


def _decoding_ticks(film: Film) -> list[int]:
    """When each packet is decoded, which not every container says: in order, and none after it is shown."""
    with open_container(film.data) as source:
        shown = [packet.pts for packet in source.demux(source.streams[film.stream]) if packet.size]
    ordered = sorted(shown)
    late = max(early - at for early, at in zip(ordered, shown, strict=True))
    return [tick - late - film.index.origin for tick in ordered]


def _writable(like: Film) -> tuple[str, str]:
    """Container and encoder for a source."""
    if like.container in _CONTAINERS and like.codec in _ENCODERS:
        return like.container, _ENCODERS[like.codec]
    return "mp4", "libx264"


class _Clock:
    """When frames are shown, in whole ticks."""

    def __init__(self, time_base: Fraction, ticks: npt.NDArray[np.int64], end: int) -> None:
        self.time_base = time_base
        self.ticks = ticks
        self.lengths = np.maximum(1, np.diff(ticks, append=max(end, int(ticks[-1]) + 1)))

    @classmethod
    def of(cls, like: Film, container: str, encoder: str, starts_s: npt.NDArray[np.float64], end_s: float) -> _Clock:
        """The ticks of the source where they fit, else finer ones; in AVI a tick is a frame."""
        time_base = like.time_base
        exact = starts_s / float(time_base)
        if container == "avi":
            time_base = _frame_length(starts_s, end_s, like)
        elif np.abs(exact - np.rint(exact)).max() > 1e-3:
            time_base = Fraction(1, 90_000)
        most = _TICKS.get(encoder, time_base.denominator)
        time_base = time_base if time_base.denominator <= most else Fraction(1, most)
        ticks = np.rint(starts_s / float(time_base)).astype(np.int64)
        for place in np.flatnonzero(np.diff(ticks) <= 0):  # rounding must not bring two frames to one moment
            ticks[place + 1] = ticks[place] + 1
        return cls(time_base, ticks, round(end_s / float(time_base)))

    @property
    def rate(self) -> Fraction:
        """Frames a second, on average."""
        return Fraction(len(self.ticks)) / (int(self.lengths.sum()) * self.time_base)


def _frame_length(starts_s: npt.NDArray[np.float64], duration_s: float, like: Film) -> Fraction:
    """The shortest time between two frames."""
    steps = np.diff(starts_s, append=duration_s)
    ticks = steps / float(like.time_base)
    if np.abs(ticks - np.rint(ticks)).max() < 1e-3:
        return like.time_base * int(np.gcd.reduce(np.rint(ticks).astype(np.int64)))
    return 1 / Fraction(1 / float(steps.min())).limit_denominator(1001)


class _Writer:
    """The moving picture of a new file."""

    def __init__(
        self, target: Any, like: Film, encoder: str, container: str, size: tuple[int, int], codec: Codec, clock: _Clock
    ) -> None:
        self._like, self._size, self._clock = like, size, clock
        pix_fmt = _layout(encoder, like, size)
        if encoder == "libsvtav1":
            os.environ.setdefault("SVT_LOG", "0")  # the one way to keep this library from printing
        stream = target.add_stream(
            encoder, rate=clock.rate.limit_denominator(1 << 16), options=_options(encoder, codec)
        )
        context = stream.codec_context
        stream.height, stream.width = size
        stream.pix_fmt = pix_fmt
        context.time_base = clock.time_base
        stream.time_base = clock.time_base
        context.thread_count = 1
        if container == "avi":
            context.max_b_frames = 0
        matrix, span, transfer, primaries = like.colours
        self._colours = (matrix, _FULL if pix_fmt.startswith("yuvj") else span, transfer, primaries)
        context.colorspace, context.color_range = matrix, self._colours[1]
        context.color_trc, context.color_primaries = transfer, primaries
        if like.aspect != 1:
            context.sample_aspect_ratio = like.aspect
        self._stream, self._pix_fmt = stream, pix_fmt

    def packets(self, frames: Iterable[Any]) -> Iterator[tuple[float, int, Any]]:
        """(time, 0, packet), in the order in which they are to be written."""
        lengths = dict(zip(self._clock.ticks.tolist(), self._clock.lengths.tolist(), strict=True))
        for tick, item in zip(self._clock.ticks.tolist(), frames, strict=True):
            frame = self._frame(item)
            frame.pts, frame.time_base = tick, self._clock.time_base
            frame.pict_type = 0  # or the encoder would repeat the source's choice of key frames
            counts.add("video.frames.encode")
            yield from self._timed(self._stream.encode(frame), lengths)
        yield from self._timed(self._stream.encode(None), lengths)

    def _timed(self, packets: Iterable[Any], lengths: dict[int, int]) -> Iterator[tuple[float, int, Any]]:
        for packet in packets:
            packet.duration = lengths.get(packet.pts, 0)
            yield float(packet.dts * packet.time_base), 0, packet

    def _frame(self, item: Any) -> Any:
        if isinstance(item, np.ndarray):
            return planes_of(item, self._pix_fmt, self._colours)
        if item.format.name == self._pix_fmt and not self._like.turns and not self._like.mirrored:
            return item
        return planes_of(pixels_of(self._like, item), self._pix_fmt, self._colours)


def _layout(encoder: str, like: Film, size: tuple[int, int]) -> str:
    """The source's layout of pixels if the encoder has it, else the nearest that holds as much."""
    av = av_library()
    try:
        known = {form.name: form for form in av.Codec(encoder, "w").video_formats or ()}
    except ValueError as error:
        raise MediaError(
            f"video: {encoder} must be among the encoders of PyAV, is not; install a PyAV wheel, or convert the source"
        ) from error
    source = av.VideoFormat(like.pix_fmt, *size[::-1])
    bits = max(part.bits for part in source.components)
    odd = encoder in _EVEN and any(side % 2 for side in size)
    wanted = like.pix_fmt
    if odd and not source.is_rgb:
        wanted = wanted.replace("420", "444").replace("422", "444") if wanted.startswith("yuv") else "yuv444p"
    full = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p"}
    deep = "10le" if bits > 8 else ""
    likely = [wanted, full.get(wanted, wanted)]
    likely += [f"yuv{part}p{deep}" for part in (("444",) if odd else ("420", "422", "444"))]
    if encoder == "mjpeg":
        likely = ["yuvj420p", *likely] if "420" in wanted or wanted not in known else likely
    found = next((name for name in likely if name in known), None if known else wanted)
    if found is None:
        raise MediaError(
            f"video: {encoder} must be able to write {bits} bits at {size[1]}x{size[0]}, is not; convert the source"
        )
    return found


def _options(encoder: str, codec: Codec) -> dict[str, str]:
    """Quality and speed as each encoder says them."""
    crf, preset = codec.video_crf, codec.video_preset
    common = {"flags": "+bitexact", "threads": "1"}
    if encoder == "libx264":  # its macroblock tree reads memory that nobody wrote: other bytes from run to run
        return {**common, "crf": str(crf), "preset": preset, "mbtree": "0"}
    wide = str(round(crf * 63 / 51))
    if encoder in ("libvpx", "libvpx-vp9"):
        speed = str(_VPX_SPEED.get(preset, 5))
        rate = "0" if encoder == "libvpx-vp9" else "200M"  # VP8 takes its quality only below some rate
        return {**common, "crf": wide, "b": rate, "deadline": "good", "cpu-used": speed}
    if encoder == "libsvtav1":
        return {**common, "crf": wide, "preset": str(_AV1_SPEED.get(preset, 8)), "svtav1-params": "lp=1"}
    if encoder in ("mpeg4", "msmpeg4", "mjpeg"):
        scale = min(31, max(1, round(3 * 2 ** ((crf - 18) / 6))))
        return {**common, "flags": "+bitexact+qscale", "global_quality": str(118 * scale)}
    return common
