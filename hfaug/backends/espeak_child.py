"""Run by `espeak.py` as a process of its own: one job as JSON in, a WAV or JSON out. Imports nothing of hfaug.

It calls the library that the user's `espeakng-loader` carries; one text a process, so that no text hears another.
"""

from __future__ import annotations

import ctypes
import json
import struct
import sys
from typing import Any

_SYNCHRONOUS, _UTF8, _RATE, _LANGUAGE_AND_VARIANT = 2, 1, 1, 2


class _Voice(ctypes.Structure):
    """Of the library's header; its languages hold zeros, so they come as an address."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("unused", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


def main() -> None:
    """Do one job."""
    job: dict[str, Any] = json.loads(sys.stdin.buffer.read())
    engine = ctypes.CDLL(job["library"])
    rate = engine.espeak_Initialize(_SYNCHRONOUS, 0, job["data"].encode(), 0)
    if rate <= 0:
        sys.exit("the library must start, did not")
    if job.get("ask") == "about":
        engine.espeak_Info.restype = ctypes.c_char_p
        about = {"version": engine.espeak_Info(None).decode().split()[0], "voices": _voices(engine)}
        sys.stdout.write(json.dumps(about))
        return
    name = job["voice"].encode()
    kept = ctypes.create_string_buffer(name)
    wanted = _Voice(languages=ctypes.addressof(kept))
    # as the program does: a name of a voice, or else a language
    if engine.espeak_SetVoiceByName(name) and engine.espeak_SetVoiceByProperties(ctypes.byref(wanted)):
        sys.exit(f"the voice {job['voice']!r} must be one it has, is none")
    engine.espeak_SetParameter(_RATE, job["wpm"], 0)
    sys.stdout.buffer.write(_wave(_spoken(engine, job["text"]), rate))


def _spoken(engine: Any, text: str) -> bytes:
    found = bytearray()

    def take(wave: Any, count: int, _events: Any) -> int:
        if count > 0 and wave:
            found.extend(ctypes.string_at(wave, 2 * count))
        return 0

    called = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)(take)
    engine.espeak_SetSynthCallback(called)
    data = text.encode("utf-8", "replace") + b"\0"
    engine.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 1, 0, _UTF8, None, None)
    engine.espeak_Synchronize()
    return bytes(found)


def _wave(samples: bytes, rate: int) -> bytes:
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return head + struct.pack("<4sI", b"data", len(samples)) + samples


def _voices(engine: Any) -> list[str]:
    """Names and languages of all voices."""
    engine.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    listed = engine.espeak_ListVoices(None)
    found: set[str] = set()
    place = 0
    while listed[place]:
        voice = listed[place].contents
        found.add(voice.name.decode())
        at = voice.languages
        while ctypes.string_at(at, 1) != b"\0":  # (priority, name, 0) for each language, and a 0 at the end
            name = ctypes.string_at(at + 1)
            found.add(name.decode())
            at += len(name) + 2
        place += 1
    return sorted(found)


if __name__ == "__main__":
    main()
