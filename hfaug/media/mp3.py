"""The length of an MP3, counted frame by frame: a reader guesses it where the file does not state it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from hfaug.errors import MediaError

__all__ = ["with_length"]

# kbit/s of layer III by its index: MPEG-1, then MPEG-2 and 2.5. Index 0 is free, 15 is none.
BITRATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
MPEG_1 = 3
MONO = 3
HAS_COUNT = 1
DECODER_DELAY = 529  # samples
# Index of a bitrate whose frame has room for the tag at every sampling rate.
ROOMY = 8
TAG_BEHIND = 36  # the farthest that the tag stands from the start of its frame, in bytes


class _Frame(NamedTuple):
    """The header of one frame."""

    version: int
    rate: int
    length: int
    mono: bool


def with_length(data: bytes) -> bytes:
    """The file as it is where it states its length; else with a first frame that does. Files that are no MP3 pass.

    Raises:
        MediaError: The file ends within a frame, or holds another number of frames than it states.
    """
    start = _after_id3(data)
    first = _frame(data, start)
    if first is None:
        return data
    frames, end = 0, start
    for pos, frame in _frames(data, start, first):
        frames, end = frames + 1, pos + frame.length
    if end > len(data):
        raise _damaged("its last frame is cut off")
    tag = data.find(b"Xing", start, start + TAG_BEHIND + 4), data.find(b"Info", start, start + TAG_BEHIND + 4)
    if max(tag) < 0:
        return _tag(data[start : start + 4], first, frames) + data[start:]
    flags, stated = struct.unpack_from(">II", data.ljust(max(tag) + 12, b"\0"), max(tag) + 4)
    # The frame of the tag itself is no sound; some writers count it all the same.
    if flags & HAS_COUNT and abs(frames - 1 - stated) > 1:
        raise _damaged(f"states {stated} frames and holds {frames - 1}")
    return data


def _after_id3(data: bytes) -> int:
    """Where the sound starts, behind the tags that may stand first."""
    pos = 0
    while data.startswith(b"ID3", pos) and len(data) >= pos + 10:
        size = 0
        for byte in data[pos + 6 : pos + 10]:
            size = size << 7 | byte & 0x7F
        pos += 10 + size + (10 if data[pos + 5] & 0x10 else 0)
    return pos


def _frame(data: bytes, pos: int) -> _Frame | None:
    """The frame of layer III that starts here, or None."""
    if pos + 4 > len(data) or data[pos] != 0xFF or data[pos + 1] & 0xE6 != 0xE2:
        return None
    version, index, rate = data[pos + 1] >> 3 & 3, data[pos + 2] >> 4, data[pos + 2] >> 2 & 3
    if version not in RATES or rate == 3 or index in (0, 15):
        return None
    return _Frame(
        version,
        RATES[version][rate],
        _length(version, index, RATES[version][rate], data[pos + 2] >> 1 & 1),
        data[pos + 3] >> 6 == MONO,
    )


def _length(version: int, index: int, rate: int, padding: int) -> int:
    """Bytes of a frame."""
    slots, bitrates = (144, BITRATES[0]) if version == MPEG_1 else (72, BITRATES[1])
    return slots * bitrates[index] * 1000 // rate + padding


def _frames(data: bytes, pos: int, first: _Frame) -> Iterator[tuple[int, _Frame]]:
    """(start, frame) of each frame of the first one's kind; looks for the next where something else stands between."""
    while pos < len(data):
        frame = _frame(data, pos)
        if frame is not None and (frame.version, frame.rate) == (first.version, first.rate):
            yield pos, frame
            pos += frame.length
            continue
        pos = data.find(b"\xff", pos + 1)
        # Between frames and behind the last, chance makes headers: only one with another behind it is believed.
        while pos >= 0 and not ((found := _frame(data, pos)) and _frame(data, pos + found.length)):
            pos = data.find(b"\xff", pos + 1)
        if pos < 0:
            return


def _tag(header: bytes, first: _Frame, frames: int) -> bytes:
    """Two frames without sound, of which the first states the number of frames behind it.

    A reader that knows the length leaves out the delay that every decoder has. The second frame is there to be left out
    in its place, so that no sample moves.
    """
    mpeg_1 = first.version == MPEG_1
    side = {(True, True): 17, (True, False): 32, (False, True): 9, (False, False): 17}[mpeg_1, first.mono]
    delay = (1152 if mpeg_1 else 576) - DECODER_DELAY
    told = struct.pack(">II", HAS_COUNT, frames + 1) + b"LAME3.100".ljust(21, b"\0")
    told += (delay << 12 | DECODER_DELAY).to_bytes(3, "big")
    return _silence(header, first, ROOMY, bytes(side) + b"Info" + told) + _silence(header, first, 1, b"")


def _silence(header: bytes, first: _Frame, index: int, content: bytes) -> bytes:
    """A frame of a bitrate, of the kind of another frame, without a checksum."""
    head = bytes((header[0], header[1] | 1, index << 4 | header[2] & 0x0C, header[3]))
    return (head + content).ljust(_length(first.version, index, first.rate, 0), b"\0")


def _damaged(fact: str) -> MediaError:
    return MediaError(f"audio: must be a whole MP3 file, {fact}; fetch the file again or drop the row")
