"""What the header of an image says, without decoding: size, orientation, profile, whether the file is whole."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from hfaug.errors import MediaError

__all__ = [
    "EXIF_ORIENTATION",
    "JPEG_MAGIC",
    "PNG_MAGIC",
    "Header",
    "animated",
    "damaged",
    "jpeg_header",
    "png_header",
    "valid_orientation",
    "webp_is_lossless",
]

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
JPEG_MAGIC = b"\xff\xd8\xff"
JPEG_END = b"\xff\xd9"
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
EXIF_ORIENTATION = 0x0112
MAX_PROFILE = 1 << 24
PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 4, 6: 4}


@dataclass(frozen=True, slots=True)
class Header:
    """The facts of a JPEG or PNG that choose how it is decoded.

    Args:
        height: Rows as stored, before the orientation is applied.
        width: Columns as stored.
        channels: Components of a JPEG; of a PNG 1, 3 or 4, after its palette and transparency are looked up.
        bits: Bits a sample.
        kind: SOF marker of a JPEG, colour type of a PNG.
        whole: The end marker is there.
        orientation: EXIF orientation 1..8.
        icc: The colour profile.
        key: The tRNS chunk of a PNG: which values are transparent.
    """

    height: int
    width: int
    channels: int
    bits: int
    kind: int
    whole: bool
    orientation: int
    icc: bytes | None
    key: bytes | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) after the orientation is applied."""
        return (self.width, self.height) if self.orientation >= 5 else (self.height, self.width)


def jpeg_header(data: bytes) -> Header:
    """Walk the segments of a JPEG up to its first scan.

    Raises:
        MediaError: There is no frame header or no scan.
    """
    exif, xmp, frame, kind, scan = b"", None, b"", 0, 0
    profile: dict[int, bytes] = {}
    for marker, start, end in _segments(data):
        if marker == 0xDA:
            scan = end
            break
        if marker == 0xE1 and data.startswith(b"Exif\0\0", start):
            exif += data[start + 6 if exif else start : end]
        elif marker == 0xE1 and data.startswith(XMP_PREFIX, start):
            xmp = data[start + len(XMP_PREFIX) : end]
        elif marker == 0xE2 and data.startswith(b"ICC_PROFILE\0", start) and end - start > 14:
            profile[data[start + 12]] = data[start + 14 : end]
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and not frame:
            kind, frame = marker, data[start:end]
    if not scan or len(frame) < 6:
        raise damaged("JPEG")
    bits, height, width, channels = struct.unpack(">BHHB", frame[:6])
    return Header(
        height,
        width,
        channels,
        bits,
        kind,
        whole=data.endswith(JPEG_END) or data.rfind(JPEG_END, scan) >= 0,
        orientation=_orientation(exif or None, xmp),
        icc=b"".join(profile[i] for i in sorted(profile)) or None,
    )


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment of a JPEG; stops at the end of the data or of its sense."""
    pos = data.find(b"\xff", 2)
    while pos >= 0 and pos + 4 <= len(data):
        marker = data[pos + 1]
        if marker == 0xFF:
            pos += 1
            continue
        end = pos + 2
        # TEM, RSTn and SOI stand alone, FF00 is a data byte; every other marker carries a length.
        if marker not in (0x00, 0x01) and not 0xD0 <= marker <= 0xD8:
            end += int.from_bytes(data[pos + 2 : pos + 4], "big")
            if marker == 0xD9 or end < pos + 4 or end > len(data):
                return
            yield marker, pos + 4, end
        pos = data.find(b"\xff", end)


def png_header(data: bytes) -> Header:
    """Walk the chunks of a PNG to its end: orientation and text may follow the pixels.

    Raises:
        MediaError: The file is animated or has no header chunk.
    """
    header, name = b"", b""
    exif, xmp, icc, key = None, None, None, None
    for name, body in _chunks(data):
        if name == b"IHDR":
            header = bytes(body)
        elif name == b"tRNS":
            key = bytes(body)
        elif name == b"acTL" and int.from_bytes(body[:4], "big") > 1:
            raise animated("PNG")
        elif name == b"eXIf":
            exif = b"Exif\0\0" + bytes(body)
        elif name == b"iCCP":
            icc = _inflate(bytes(body).partition(b"\0")[2][1:])
        elif name in (b"tEXt", b"zTXt", b"iTXt"):
            keyword, text = _png_text(name, bytes(body))
            if keyword == b"Raw profile type exif" and exif is None:
                exif = _raw_profile(text)
            elif keyword == b"XML:com.adobe.xmp":
                xmp = text
    if len(header) != 13 or header[9] not in PNG_CHANNELS:
        raise damaged("PNG")
    width, height, bits, kind = struct.unpack(">IIBB", header[:10])
    channels = 4 if key is not None else PNG_CHANNELS[kind]
    return Header(height, width, channels, bits, kind, name == b"IEND", _orientation(exif, xmp), icc, key)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """(name, body) of each chunk of a PNG; stops where a chunk is not whole."""
    view, name = memoryview(data), b""
    pos = len(PNG_MAGIC)
    while name != b"IEND" and pos + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", view, pos)
        if pos + 12 + length > len(data):
            return
        yield name, view[pos + 8 : pos + 8 + length]
        pos += 12 + length


def _png_text(name: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Keyword and text of a tEXt, zTXt or iTXt chunk."""
    keyword, _, rest = body.partition(b"\0")
    if name == b"zTXt":
        return keyword, _inflate(rest[1:]) or b""
    if name == b"iTXt":
        text = rest[2:].split(b"\0", 2)[-1]
        return keyword, (_inflate(text) or b"") if rest[:1] == b"\1" else text
    return keyword, rest


def _raw_profile(text: bytes) -> bytes | None:
    """The EXIF bytes that some programs write into a PNG as lines of hexadecimal text."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return None


def _inflate(packed: bytes) -> bytes | None:
    """Inflate metadata up to a limit, so that a small file cannot ask for all memory; None when it is damaged."""
    engine = zlib.decompressobj()
    try:
        plain = engine.decompress(packed, MAX_PROFILE)
    except zlib.error:
        return None
    return plain if engine.eof else None


def _orientation(exif: bytes | None, xmp: bytes | None) -> int:
    """The orientation that Pillow, and so `datasets`, applies: of EXIF, else of XMP, else 1."""
    found = None
    if exif is not None:
        from PIL import Image

        tags = Image.Exif()
        try:
            tags.load(exif)
            found = tags.get(EXIF_ORIENTATION)
        except Exception:  # noqa: BLE001  # damaged metadata, however they fail, say nothing about the orientation
            found = None
    if found is None and xmp is not None and (match := XMP_ORIENTATION.search(xmp)):
        found = int(match[1])
    return valid_orientation(found)


def valid_orientation(tag: object) -> int:
    """The tag's value where it is an orientation, 1 where it is not.

    >>> valid_orientation(6), valid_orientation(0), valid_orientation(None)
    (6, 1, 1)
    """
    return tag if isinstance(tag, int) and 1 <= tag <= 8 else 1


def webp_is_lossless(data: bytes) -> bool:
    """Whether the still picture in a WebP file is stored without loss (VP8L)."""
    pos = 12
    while pos + 8 <= len(data):
        name = data[pos : pos + 4]
        if name in (b"VP8L", b"VP8 "):
            return name == b"VP8L"
        pos += 8 + (int.from_bytes(data[pos + 4 : pos + 8], "little") + 1) // 2 * 2
    return False


def animated(form: str) -> MediaError:
    """The refusal of a file with several frames or pages."""
    return MediaError(
        f"image: must be one still picture, is an animated or many-page {form}; "
        "split it into frames, one a row, or treat it as a video"
    )


def damaged(form: str) -> MediaError:
    """The refusal of a file that starts well and is not whole or not sound."""
    return MediaError(
        f"image: must be a whole {form} file, is cut off or damaged; fetch the file again or drop the row"
    )
