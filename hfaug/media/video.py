"""A video file and what its frames are: sizes, times, colours, sound. Nothing is decoded for it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import MediaError, MissingExtra
from hfaug.media.sources import checked_bytes
from hfaug.media.video_index import FrameIndex, index_frames
from hfaug.media.video_whole import check_whole_video

__all__ = ["Film", "av_library", "damaged_video", "open_container", "video_info"]

CONTAINERS = {"avi": "avi", "mpegts": "mpegts", "gif": "gif"}
ALPHA_CODECS = ("vp8", "vp9")  # their transparency is a second stream that the decoder leaves out


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A video file with the facts that reading and writing need.

    Args:
        data: The bytes of the file.
        stream: Number of the track that is looked at.
        container: "mp4", "mov", "webm", "matroska", "avi", "mpegts", or the name of another that can only be read.
        codec: FFmpeg's name: "h264", "vp9", "mpeg4" ...
        pix_fmt: Layout of the stored pixels: "yuv420p", "yuv420p10le" ...
        stored: (height, width) as stored.
        turns: Quarter turns, counter-clockwise, that set a stored frame upright, after `mirrored`.
        mirrored: Left and right of a stored frame are swapped.
        aspect: Width over height of one upright pixel.
        time_base: Seconds of one tick.
        index: When each frame is shown, and which can be decoded without others.
        fps: Frames a second, on average.
        sounds: The codec of each sound track.
        colours: FFmpeg's numbers of matrix, range, transfer and primaries.
    """

    data: bytes
    stream: int
    container: str
    codec: str
    pix_fmt: str
    stored: tuple[int, int]
    turns: int
    mirrored: bool
    aspect: Fraction
    time_base: Fraction
    index: FrameIndex
    fps: Fraction
    sounds: tuple[str, ...]
    colours: tuple[int, int, int, int]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) as it is looked at."""
        return (self.stored[1], self.stored[0]) if self.turns % 2 else self.stored

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self.index.ticks)

    @property
    def starts_s(self) -> npt.NDArray[np.float64]:
        """When each frame is first shown, in seconds from the start of the file."""
        return self.index.ticks.astype(np.float64) * float(self.time_base)

    @property
    def duration_s(self) -> float:
        """When the last frame ends."""
        return float(self.index.end * self.time_base)


def video_info(data: bytes) -> Film:
    """What a video file holds, from its headers and the list of its packets.

    Raises:
        MediaError: The bytes are empty, no video, cut off, without a single frame, interlaced or transparent.
        MissingExtra: PyAV is not installed.
    """
    data = checked_bytes(data, "video")
    check_whole_video(data)
    with open_container(data) as source:
        stream = _film_stream(source)
        context = stream.codec_context
        if context is None or context.format is None or not context.width or not context.height:
            raise damaged_video("holds frames of an unknown kind")
        index = index_frames(source, stream)
        container = _container(data, source.format.name)
        if stream.metadata.get("alpha_mode") == "1" and context.codec.canonical_name in ALPHA_CODECS:
            raise MediaError("video: must be without transparency, is not; flatten it first")
        turns, mirrored = _orientation(data, stream)
        aspect = stream.sample_aspect_ratio or Fraction(1)
        return Film(
            data,
            stream.index,
            container,
            context.codec.canonical_name,
            context.format.name,
            (context.height, context.width),
            turns,
            mirrored,
            1 / aspect if turns % 2 else aspect,
            Fraction(stream.time_base),
            index,
            Fraction(stream.average_rate or stream.guessed_rate or 0),
            tuple(sound.codec_context.codec.canonical_name for sound in source.streams.audio if sound.codec_context),
            (context.colorspace, context.color_range, context.color_trc, context.color_primaries),
        )


def av_library() -> Any:
    """PyAV, which brings FFmpeg's libraries along."""
    try:
        import av
    except ImportError as error:
        raise MissingExtra.for_extra("video", "av") from error
    return av


def damaged_video(what: str) -> MediaError:
    """The error for a video that cannot be trusted."""
    return MediaError(f"video: must be a whole video file, {what}; fetch the file again or drop the row")


@contextlib.contextmanager
def open_container(data: bytes) -> Iterator[Any]:
    """The file, opened for reading; what goes wrong while it is read is a MediaError."""
    av = av_library()
    try:
        with av.open(io.BytesIO(data), "r", metadata_errors="replace") as source:
            yield source
    except MediaError:
        raise
    except (av.error.FFmpegError, EOFError, ValueError, ArithmeticError) as error:  # senseless numbers in headers
        raise damaged_video(f"is none, is cut off or damaged ({_plain(error)})") from error


def _plain(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _film_stream(source: Any) -> Any:
    """The moving picture of a file; a cover that comes with a sound is none."""
    av = av_library()
    cover = av.stream.Disposition.attached_pic
    films = [stream for stream in source.streams.video if not stream.disposition & cover]
    if not films:
        held = ", ".join(sorted({stream.type for stream in source.streams}))
        raise MediaError(f"video: must hold moving pictures, holds {f'{held} alone' if held else 'none'}; drop the row")
    return max(films, key=lambda stream: (bool(stream.disposition & av.stream.Disposition.default), -stream.index))


def _container(data: bytes, name: str) -> str:
    """The kind of file, where FFmpeg's name stands for several."""
    if name.startswith("mov"):
        return "mov" if data[8:12] == b"qt  " or data[4:8] != b"ftyp" else "mp4"
    if name.startswith("matroska"):
        return "webm" if b"webm" in data[:64] else "matroska"
    return CONTAINERS.get(name, name.split(",", maxsplit=1)[0])


def _orientation(data: bytes, stream: Any) -> tuple[int, bool]:
    """Quarter turns and mirroring of the display matrix, which stands with the first frame."""
    with open_container(data) as source:
        twin = source.streams[stream.index]
        twin.codec_context.thread_count = 1
        frame = next(source.decode(twin), None)
    if frame is None:
        raise damaged_video("holds frames that cannot be decoded")
    if frame.interlaced_frame:
        raise MediaError("video: must be progressive, is interlaced; deinterlace it first")
    av = av_library()
    found = frame.side_data.get(av.sidedata.sidedata.Type.DISPLAYMATRIX)
    if found is None:
        return 0, False
    a, b, _, c, d, *_ = np.frombuffer(bytes(found), "<i4").tolist()
    axes = tuple(int(np.sign(value)) if abs(value) > 2 else 0 for value in (a, b, c, d))
    known = _AXES.get(axes)
    if known is None:
        raise MediaError(
            "video: must be shown upright, turned by quarters or mirrored, its display matrix does something else; "
            "convert it first"
        )
    return known


_AXES: dict[tuple[int, ...], tuple[int, bool]] = {
    (1, 0, 0, 1): (0, False),
    (0, -1, 1, 0): (1, False),
    (-1, 0, 0, -1): (2, False),
    (0, 1, -1, 0): (3, False),
    (-1, 0, 0, 1): (0, True),
    (0, 1, 1, 0): (1, True),
    (1, 0, 0, -1): (2, True),
    (0, -1, -1, 0): (3, True),
}
"""x' = a x + c y, y' = b x + d y, y down: what sets the frame upright."""
