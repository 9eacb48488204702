"""Whether a sound file is whole, by the lengths it states itself: the library reads half a file without a word."""

from __future__ import annotations

import struct

from hfaug.errors import MediaError
from hfaug.media import ogg

__all__ = ["check_whole"]

W64_MAGIC = b"riff\x2e\x91\xcf\x11"
UNKNOWN_AU = 0xFFFFFFFF
UNKNOWN_CAF = 0xFFFFFFFFFFFFFFFF


def check_whole(data: bytes) -> None:
    """Refuse an Ogg, AIFF, RF64, W64, AU or CAF file that is cut off; files of other kinds pass.

    Raises:
        MediaError: The file is shorter than it says.
    """
    if data.startswith(ogg.MAGIC):
        ogg.check_pages(data)
        return
    stated = _stated_length(data)
    if stated > len(data):
        raise MediaError(
            f"audio: must be a whole file, holds {len(data)} of {stated} bytes; fetch the file again or drop the row"
        )


def _stated_length(data: bytes) -> int:
    """Bytes that the file should have at least; 0 where it does not say."""
    try:
        if data.startswith(b"FORM"):
            return 8 + int(struct.unpack_from(">I", data, 4)[0])
        if data.startswith(b"RF64"):
            return 8 + int(struct.unpack_from("<Q", data, 20)[0])
        if data.startswith(W64_MAGIC):
            return int(struct.unpack_from("<Q", data, 16)[0])
        if data.startswith(b".snd"):
            offset, size = struct.unpack_from(">II", data, 4)
            return 0 if size == UNKNOWN_AU else int(offset + size)
        if data.startswith(b"caff"):
            return _caf_length(data)
    except struct.error:
        return len(data) + 1
    return 0


def _caf_length(data: bytes) -> int:
    """The end of the last chunk of a CAF file."""
    pos = 8
    while pos < len(data):
        name, size = struct.unpack_from(">4sQ", data, pos)
        if name == b"data" and size == UNKNOWN_CAF:
            return 0
        pos += 12 + size
    return int(pos)
