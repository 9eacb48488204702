"""Files for the tests, made by libraries other than the code under test: Pillow, libsndfile, `struct`."""

import io
import struct
import zlib

import numpy as np
import soundfile
from PIL import Image
from skimage import data


def photo(name="chelsea", top=60, left=100, height=90, width=120):
    """A crop of one of scikit-image's photographs, (height, width, 3) uint8."""
    return np.ascontiguousarray(getattr(data, name)()[top : top + height, left : left + width, :3])


def saved(image, form, **options):
    """The bytes of an image, or of an array, as Pillow writes them."""
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def opened(content):
    """The image as Pillow reads it, loaded."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def chunk(name, body):
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, bits, kind, lines, before=b"", after=b""):
    """A PNG from packed lines, with further chunks before and after its pixels."""
    head = struct.pack(">IIBBBBB", width, len(lines), bits, kind, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines))
    parts = chunk(b"IHDR", head), before, chunk(b"IDAT", pixels), after, chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def oriented(orientation):
    """EXIF bytes that say this orientation and nothing else."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def tone(frames=4000, channels=1, rate=16000, seed=0):
    """A tone with a little noise, (channels, frames) float32 within full scale."""
    noise = np.random.default_rng(seed).normal(0, 0.01, (channels, frames))
    pitch = np.arange(1, channels + 1)[:, None] * 220
    return (0.5 * np.sin(2 * np.pi * pitch * np.arange(frames) / rate) + noise).astype(np.float32)


def sound(samples, form="WAV", subtype="PCM_16", rate=16000):
    """The bytes of a sound as libsndfile writes it."""
    out = io.BytesIO()
    soundfile.write(out, np.asarray(samples).T, rate, format=form, subtype=subtype)
    return out.getvalue()


def heard(content, dtype="float32"):
    """(channels, frames) and rate as libsndfile reads them."""
    with soundfile.SoundFile(io.BytesIO(content)) as file:
        return file.read(dtype=dtype, always_2d=True).T, file.samplerate
