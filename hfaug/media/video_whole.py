"""Whether a video file is whole, by the lengths it states itself: a player shows half a file without a word."""

from __future__ import annotations

import struct

from hfaug.errors import MediaError

__all__ = ["check_whole_video"]

_EBML = b"\x1aE\xdf\xa3"
_SEGMENT = 0x18538067


def check_whole_video(data: bytes) -> None:
    """Refuse an MP4, MOV, AVI, Matroska or WebM file that is cut off; files of other kinds pass.

    Raises:
        MediaError: The file is shorter than it says.
    """
    try:
        stated = _stated_length(data)
    except (struct.error, IndexError):
        stated = len(data) + 1
    if stated > len(data):
        raise MediaError(
            f"video: must be a whole file, ends after {len(data)} bytes within a part that goes on to {stated}; "
            "fetch the file again or drop the row"
        )


def _stated_length(data: bytes) -> int:
    """Bytes that the file should have at least; 0 where it does not say."""
    if data[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return _boxes_end(data)
    if data.startswith(b"RIFF"):
        return _riff_end(data)
    if data.startswith(_EBML):
        return _ebml_end(data)
    return 0


def _boxes_end(data: bytes) -> int:
    """The end of the last box of an MP4 or MOV."""
    pos, moov = 0, False
    while pos < len(data):
        size, name = struct.unpack_from(">I4s", data, pos)
        moov = moov or name == b"moov"
        if size == 0:  # up to the end of the file
            return len(data) if moov else len(data) + 1
        if size == 1:
            size = struct.unpack_from(">Q", data, pos + 8)[0]
        if size < 8:
            raise IndexError(pos)
        pos += size
    return int(pos) if moov else max(int(pos), len(data) + 1)


def _riff_end(data: bytes) -> int:
    """The end of the last RIFF of an AVI, which has several when it is large."""
    pos = 0
    while data.startswith(b"RIFF", pos):
        size = struct.unpack_from("<I", data, pos + 4)[0]
        if not size:
            return 0
        pos += 8 + size + size % 2
    return int(pos)


def _ebml_end(data: bytes) -> int:
    """The end of the segment of a Matroska or WebM; 0 where it was written as a stream."""
    pos = 0
    while pos < len(data):
        name, pos = _number(data, pos, keep_mark=True)
        size, after = _number(data, pos, keep_mark=False)
        if size == (1 << (7 * (after - pos))) - 1:
            return 0
        if name == _SEGMENT:
            return after + size
        pos = after + size
    return pos + 1


def _number(data: bytes, pos: int, *, keep_mark: bool) -> tuple[int, int]:
    """A number whose first byte tells its length, and the place behind it."""
    first = data[pos]
    length = 9 - first.bit_length()
    if length > 8 or pos + length > len(data):
        raise IndexError(pos)
    value = int.from_bytes(data[pos : pos + length], "big")
    return (value if keep_mark else value & ((1 << (7 * length)) - 1)), pos + length
