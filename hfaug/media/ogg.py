"""Ogg pages: whether a file is sound, and a serial number that does not depend on the clock."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from hfaug.errors import MediaError

__all__ = ["MAGIC", "check_pages", "with_serial"]

MAGIC = b"OggS"
HEAD = 27
LAST_PAGE = 0x04
SERIAL, CHECKSUM = 14, 22
REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def check_pages(data: bytes) -> None:
    """Refuse an Ogg file with a page that is cut off or damaged: readers skip such a page, and later times are wrong.

    Raises:
        MediaError: A page is not whole, or its checksum is wrong.
    """
    end, flags = 0, 0
    for start, length in _pages(data):
        page = data[start : start + length]
        if len(page) < length or int.from_bytes(page[CHECKSUM : CHECKSUM + 4], "little") != _checksum(page):
            raise _damaged()
        end, flags = start + length, page[5]
    if end < len(data) and not flags & LAST_PAGE:
        raise _damaged()


def with_serial(data: bytes, serial: int = 1) -> bytes:
    """The same stream under a fixed serial number: writers draw one at random, so equal sound gives other bytes."""
    out = bytearray(data)
    for start, length in _pages(data):
        out[start + SERIAL : start + SERIAL + 4] = serial.to_bytes(4, "little")
        checksum = _checksum(bytes(out[start : start + length]))
        out[start + CHECKSUM : start + CHECKSUM + 4] = checksum.to_bytes(4, "little")
    return bytes(out)


def _pages(data: bytes) -> Iterator[tuple[int, int]]:
    """(start, length) of each page; the last one may claim more than is there."""
    pos = 0
    while data.startswith(MAGIC, pos) and pos + HEAD <= len(data):
        count = data[pos + HEAD - 1]
        length = HEAD + count + sum(data[pos + HEAD : pos + HEAD + count])
        yield pos, length
        pos += length


def _checksum(page: bytes) -> int:
    """The checksum of a page: the polynomial of `zlib.crc32` with the bits of bytes and result the other way round."""
    blank = page[:CHECKSUM] + bytes(4) + page[CHECKSUM + 4 :]
    value = zlib.crc32(blank.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{value:032b}"[::-1], 2)


def _damaged() -> MediaError:
    return MediaError(
        "audio: must be a whole OGG file, a page is cut off or damaged; fetch the file again or drop the row"
    )
