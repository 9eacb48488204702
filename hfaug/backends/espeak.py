"""Speech by eSpeak NG: small, robotic, a hundred languages, no GPU, no weights.

eSpeak NG is GPL-3.0. It is a program that the user has installed, never a dependency: it is called as a process, and so
is the library that the wheel `espeakng-loader` carries, by a child of its own (see `espeak_child.py`). A text's sound
depends on text, voice and speed alone; nothing is drawn.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import shutil
import struct
import subprocess  # the words of a command are checked, and no shell reads them
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from hfaug.backends.protocols import Determinism, Halving
from hfaug.backends.speech import NO_SPEECH, Speech, SpeechRequest
from hfaug.errors import MissingExtra, ModelError, ParameterError

__all__ = ["USUAL_WPM", "EspeakSpeaker", "load"]

USUAL_WPM = 175
"""Words a minute that eSpeak NG speaks at speed 1."""
_LIMITS_WPM = (80, 450)  # what it is made for; below 80 it speaks at 80
_RATE = 22050
_AT_ONCE = 4  # processes at a time
_CHILD = Path(__file__).with_name("espeak_child.py")


def load(model: str, *, revision: str | None, runtime: str) -> EspeakSpeaker:  # noqa: ARG001 - as all are loaded
    """Find the engine.

    Raises:
        MissingExtra: Neither the program nor the wheel is installed.
        ModelError: Another version is installed than the revision asks for.
    """
    program = shutil.which("espeak-ng")
    if program is None and importlib.util.find_spec("espeakng_loader") is None:
        raise MissingExtra(
            "espeak-ng: must be installed to speak with it, is not; run `apt install espeak-ng`, `brew install "
            "espeak-ng` or `pip install espeakng-loader` (it is GPL-3.0, so hfaug does not bring it)"
        )
    speaker = EspeakSpeaker(program)
    if revision not in {None, speaker.revision}:
        raise ModelError(f"espeak-ng: must be version {revision}, is {speaker.revision}; install that one")
    return speaker


class EspeakSpeaker:
    """A :class:`~hfaug.backends.speech.Speaker` that runs eSpeak NG. Get it from the registry."""

    determinism: Determinism = "row"
    model_id = "espeak-ng"
    licence = "gpl-3.0"

    def __init__(self, program: str | None) -> None:
        self._program = program
        self.halvings: list[Halving] = []
        self._voices: set[str] = set()
        if program is None:
            answer = json.loads(self._child({"ask": "about"}))
            self.revision, self._voices = answer["version"], set(answer["voices"])
        else:
            said = _run([program, "--version"]).decode(errors="replace")
            found = re.search(r"(\d+\.\d+(?:\.\d+)*\S*)", said)
            self.revision = found[1] if found else "unknown"

    @property
    def settings(self) -> Mapping[str, Any]:
        """How it is called."""
        return {"runtime": "espeak-ng", "device": "cpu", "called": "program" if self._program else "library"}

    def speak(
        self, requests: Sequence[SpeechRequest], seeds: Sequence[int], *, voices_folder: str | None = None
    ) -> list[Speech]:
        """See :meth:`hfaug.backends.speech.Speaker.speak`; the seeds have no effect."""
        for voice in {request.voice for request in requests}:
            self._check(voice)
        low, high = _LIMITS_WPM
        for speed in {request.speed for request in requests}:
            if not low <= round(speed * USUAL_WPM) <= high:
                raise ParameterError(
                    f"espeak-ng: speed must be from {low / USUAL_WPM:.2f} to {high / USUAL_WPM:.2f} ({low} to {high} "
                    f"words a minute), was {speed:g}; change speed"
                )
        can = [row for row, request in enumerate(requests) if any(map(str.isalnum, request.text))]
        jobs = [
            {
                "text": requests[row].text.replace("\0", " ").replace("[[", "[ ["),  # else phonemes
                "voice": requests[row].voice or "en",
                "wpm": round(requests[row].speed * USUAL_WPM),
            }
            for row in can
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            made = dict(zip(can, pool.map(self._one, jobs), strict=True))
        silent = Speech(np.zeros(0, np.float32), _RATE, (NO_SPEECH,))
        return [made.get(row, silent) for row in range(len(requests))]

    def _one(self, job: Mapping[str, Any]) -> Speech:
        if self._program is None:
            data = self._child(job)
        else:
            voice, wpm = str(job["voice"]), str(job["wpm"])
            command = [self._program, "-b", "1", "-v", voice, "-s", wpm, "--stdin", "--stdout"]
            data = _run(command, job["text"].encode("utf-8", "replace"))
        rate, samples = _samples(data)
        return Speech(samples, rate, () if samples.size else (NO_SPEECH,))

    def _child(self, job: Mapping[str, Any]) -> bytes:
        wheel = importlib.import_module("espeakng_loader")
        where = {"library": wheel.get_library_path(), "data": wheel.get_data_path()}
        return _run([sys.executable, "-I", "-S", str(_CHILD)], json.dumps({**job, **where}).encode())

    def _check(self, voice: str | None) -> None:
        """Refuse a voice that the engine would quietly take for another one."""
        if voice is None or voice in self._voices:
            return
        name = voice.partition("+")[0]
        if self._program is not None and re.fullmatch(r"[\w-]+(\+[\w-]+)?", voice):
            done = subprocess.run([self._program, "-v", voice, "-q", "a"], capture_output=True, check=False)  # noqa: S603
            if done.returncode == 0:
                self._voices.add(voice)
                return
        elif self._program is None and name in self._voices and re.fullmatch(r"[\w-]+", voice[len(name) + 1 :]):
            return
        raise ParameterError(
            f"espeak-ng: voice must be one that `espeak-ng --voices` lists, such as en-us, de or en+f3, was {voice!r}; "
            "correct voices"
        )


def _run(command: Sequence[str], given: bytes = b"") -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise ModelError(f"espeak-ng: must speak, stopped with {done.returncode} ({said[-1:]}); try it by hand")
    return done.stdout


def _samples(data: bytes) -> tuple[int, Any]:
    """Rate and samples of a WAV from a pipe, whose header cannot say how long it is."""
    if len(data) < 44 or data[:4] != b"RIFF":
        return _RATE, np.zeros(0, np.float32)
    (rate,) = struct.unpack_from("<I", data, 24)
    body = data[44 : len(data) - len(data) % 2]
    return int(rate), np.frombuffer(body, "<i2").astype(np.float32) / 32768
