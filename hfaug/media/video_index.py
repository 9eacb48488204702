"""When the frames of a video are shown, from its packets; where those do not say, from decoding it once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hfaug.errors import MediaError
from hfaug.media.counters import counts

__all__ = ["FrameIndex", "index_frames"]

PLAIN = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "ffv1", "prores", "gif", "huffyuv", "rawvideo")
"""Codecs whose packets are one frame each (of VP8 those that are shown)."""
_VP8_SHOWN = 0x10


@dataclass(frozen=True, slots=True, eq=False)
class FrameIndex:
    """The frames in the order in which they are shown.

    Args:
        ticks: When each begins, ascending, from the start of the file.
        keys: Which can be decoded without others.
        end: When the last one ends.
        origin: The tick of the file's start in the file's own count.
    """

    ticks: npt.NDArray[np.int64]
    keys: npt.NDArray[np.bool_]
    end: int
    origin: int


def index_frames(source: Any, stream: Any) -> FrameIndex:
    """The index of an opened stream, which is at its start and is left at its end.

    Raises:
        MediaError: There is no frame, or no saying when one is shown.
    """
    found = _from_packets(source, stream)
    if found is None:
        source.seek(0)
        found = _from_frames(source, stream)
    ticks, keys, lengths = (np.array(column) for column in zip(*sorted(found), strict=True))
    origin = min(int(ticks[0]), _start(source, stream, int(ticks[0])))
    rest = np.diff(ticks)
    usual = int(np.median(rest)) if len(rest) else max(1, int(lengths[-1]))
    end = int(ticks[-1]) + (int(lengths[-1]) or usual)
    if stream.duration and stream.start_time is not None and stream.start_time + stream.duration > ticks[-1]:
        # Lengths of packets are those of decoding; the end of the track is what is shown.
        end = stream.start_time + stream.duration
    return FrameIndex(ticks - origin, keys.astype(bool), int(end) - origin, origin)


def _start(source: Any, stream: Any, first: int) -> int:
    """The start of the file in ticks of the stream: that of its earliest track."""
    if source.format.name == "avi":  # its frames are numbered; what goes before is the delay of a decoder
        return first
    starts = [
        round(track.start_time * track.time_base / stream.time_base)
        for track in (*source.streams.audio, stream)
        if track.start_time is not None and track.time_base
    ]
    start = min(starts, default=first)
    # The lead-in of some sound codecs lies before zero, and is not heard.
    return min(first, max(start, 0))


def _from_packets(source: Any, stream: Any) -> list[tuple[int, bool, int]] | None:
    """(tick, key, length) of each packet; None where packets are not frames, or do not say when."""
    codec = stream.codec_context.codec.canonical_name
    if codec not in PLAIN or (codec == "mpeg4" and source.format.name == "avi"):
        return None
    found = []
    for packet in source.demux(stream):
        if not packet.size or packet.is_discard:
            continue
        if packet.is_corrupt:
            raise _cut_off()
        if codec == "vp8" and not bytes(packet)[0] & _VP8_SHOWN:
            continue
        if packet.pts is None:
            return None
        found.append((packet.pts, bool(packet.is_keyframe), packet.duration or 0))
    if len({tick for tick, _, _ in found}) != len(found):
        return None
    if not found:
        raise _empty()
    return found


def _from_frames(source: Any, stream: Any) -> list[tuple[int, bool, int]]:
    counts.add("video.decode")
    stream.codec_context.thread_count = 1
    found: list[tuple[int, bool, int]] = []
    for frame in source.decode(stream):
        if frame.pts is None:
            raise MediaError(
                f"video: must say when its frames are shown, the {source.format.name} does not; "
                "put it into a container such as MP4"
            )
        if not found or frame.pts > found[-1][0]:
            found.append((frame.pts, bool(frame.key_frame), frame.duration or 0))
    if not found:
        raise _empty()
    return found


def _empty() -> MediaError:
    return MediaError("video: must hold at least one frame, holds none; fetch the file again or drop the row")


def _cut_off() -> MediaError:
    return MediaError("video: must be a whole video file, is cut off or damaged; fetch the file again or drop the row")
