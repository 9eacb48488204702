"""The sound tracks of a video: copied packet by packet, or cut, turned round and stretched along with the frames."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hfaug.media.counters import counts
from hfaug.media.video import Film, av_library, open_container
from hfaug.media.video_tape import Tape, played

__all__ = ["SoundTrack", "open_tracks"]

Timed = tuple[float, int, Any]

_ENCODERS = {"aac": "aac", "opus": "libopus", "mp3": "libmp3lame", "flac": "flac", "ac3": "ac3"}
_USUAL = {"webm": "libopus", "matroska": "libopus", "avi": "libmp3lame"}
_STRAIGHT = ("avi", "mpegts")
_OPUS_RATES = (48_000, 24_000, 16_000, 12_000, 8_000)


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """What becomes of the sound.

    Args:
        pieces: (start, end, moved start, moved end) in seconds, as `hfaug.moves.TimeMap` has them; a piece whose moved
            end lies first is played backwards. None keeps the sound as it is: its packets are copied.
        duration_s: Length of the result.
    """

    pieces: Sequence[tuple[float, float, float, float]] | None = None
    duration_s: float = 0.0


def open_tracks(target: Any, like: Film, container: str, sound: SoundTrack | None) -> list[Iterator[Timed]]:
    """Add the sound tracks to a new file; what they hold comes as (time, number, packet), in order of time.

    Tracks are copied where nothing moves and the container stays. Else they are decoded to a temporary file, moved
    there, and encoded in their own codec, or in one that the container is known for. A stretch keeps the pitch.
    """
    if sound is None or not like.sounds:
        return []
    tracks: list[Iterator[Timed]] = []
    with open_container(like.data) as source:
        for number, track in enumerate(source.streams.audio, start=1):
            if track.codec_context is None:
                continue
            if sound.pieces is None and container == like.container:
                tracks.append(_copied(like, track.index, number, target.add_stream_from_template(track)))
            else:
                moved = _moved(like, track.index, number, _added(target, track, container), sound)
                tracks.append(_without_lead(moved) if container in _STRAIGHT else moved)
    return tracks


def _copied(like: Film, index: int, number: int, out: Any) -> Iterator[Timed]:
    """The packets as they are."""
    with open_container(like.data) as source:
        track = source.streams[index]
        shift = round(like.index.origin * like.time_base / track.time_base)
        for packet in source.demux(track):
            if not packet.size or packet.pts is None:
                continue
            packet.pts -= shift
            packet.dts = packet.pts if packet.dts is None else packet.dts - shift
            at = float(packet.dts * packet.time_base)
            packet.stream = out
            yield at, number, packet


def _added(target: Any, track: Any, container: str) -> Any:
    """A track for sound that is encoded anew."""
    context = track.codec_context
    name = context.codec.canonical_name
    encoder = _ENCODERS.get(name) or (
        name if name.startswith("pcm_") and container in ("avi", "mov", "matroska") else ""
    )
    if not encoder or container == "webm":
        encoder = _USUAL.get(container, "aac")
    rate = context.sample_rate
    if encoder == "libopus" and rate not in _OPUS_RATES:
        rate = _OPUS_RATES[0]
    out = target.add_stream(encoder, rate=rate, layout=context.layout.name, options={"flags": "+bitexact"})
    out.codec_context.thread_count = 1
    if context.bit_rate and not encoder.startswith(("pcm_", "flac")):
        out.codec_context.bit_rate = context.bit_rate
    return out


def _moved(like: Film, index: int, number: int, out: Any, sound: SoundTrack) -> Iterator[Timed]:
    """The samples after the move, encoded."""
    av = av_library()
    counts.add("video.sound")
    with tempfile.TemporaryFile() as file:
        tape = Tape.of(like, index, file)
        duration_s = sound.duration_s or like.duration_s
        pieces = [(0.0, duration_s, 0.0, duration_s)] if sound.pieces is None else sound.pieces
        done = 0
        for block in played(tape, pieces, duration_s):
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), "flt", tape.layout)
            frame.sample_rate, frame.pts, frame.time_base = tape.rate, done, Fraction(1, tape.rate)
            done += len(block)
            yield from _numbered(out.encode(frame), number)
        yield from _numbered(out.encode(None), number)


def _without_lead(packets: Iterator[Timed]) -> Iterator[Timed]:
    """Without the packets that a container with no place for an encoder's delay would play as silence."""
    for at, number, packet in packets:
        if packet.pts + (packet.duration or 0) > 0:
            yield at, number, packet


def _numbered(packets: Any, number: int) -> Iterator[Timed]:
    for packet in packets:
        yield float(packet.dts * packet.time_base), number, packet
