"""What an op may rely on where speech is made, written down or judged; see :mod:`hfaug.backends.protocols`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hfaug.backends.protocols import Backend

__all__ = [
    "NO_SPEECH",
    "Heard",
    "Speaker",
    "Speech",
    "SpeechQuality",
    "SpeechRequest",
    "SpokenWord",
    "Transcriber",
    "Transcript",
]

NO_SPEECH = "no_speech"
"""Nothing of the text can be said: it holds no letter that the model knows."""


@dataclasses.dataclass(frozen=True)
class SpeechRequest:
    """One text to say.

    Args:
        text: What is said.
        voice: Who says it, by a name that the model knows; None for its own voice.
        speed: How fast, as a multiple of the model's own speed.
    """

    text: str
    voice: str | None = None
    speed: float = 1.0


@dataclasses.dataclass(frozen=True, eq=False)
class Speech:
    """One spoken text.

    Args:
        samples: float32, (n,), full scale is -1..1.
        rate: Samples a second.
        flags: What is wrong with it: ``too_long``, ``truncated`` (see :mod:`hfaug.backends.protocols`) or
            :data:`NO_SPEECH`. There may be no samples then.
    """

    samples: npt.NDArray[np.float32]
    rate: int
    flags: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class Heard:
    """One sound to listen to.

    Args:
        samples: float32, (n,), one channel, full scale is -1..1.
        rate: Samples a second; a model takes any, and resamples where it must.
    """

    samples: npt.NDArray[np.float32]
    rate: int


@dataclasses.dataclass(frozen=True)
class SpokenWord:
    """One word of a transcript.

    Args:
        word: The word.
        start_s: When it begins, in seconds.
        end_s: When it ends.
    """

    word: str
    start_s: float
    end_s: float


@dataclasses.dataclass(frozen=True)
class Transcript:
    """What was heard.

    Args:
        text: All words; empty where none was heard.
        words: Each with its time, where that was asked for.
        flags: What is wrong with it.
    """

    text: str
    words: tuple[SpokenWord, ...] = ()
    flags: tuple[str, ...] = ()


@runtime_checkable
class Speaker(Backend, Protocol):
    """Says texts."""

    def speak(
        self, requests: Sequence[SpeechRequest], seeds: Sequence[int], *, voices_folder: str | None = None
    ) -> list[Speech]:
        """Say each text; the answers are in the order of the requests.

        Args:
            requests: What to say.
            seeds: One number in [0, 2**63) a request; everything that is drawn comes from it.
            voices_folder: A folder with a vector ``NAME.npy`` for each voice, for models that are told voices so.

        Raises:
            ParameterError: The model has no such voice, or no speed, or seeds and requests are not equally many.
        """


@runtime_checkable
class Transcriber(Backend, Protocol):
    """Writes speech down."""

    def transcribe(
        self, sounds: Sequence[Heard], *, language: str | None = None, words: bool = False
    ) -> list[Transcript]:
        """Write down what is said in each sound; the answers are in the order of the sounds.

        Args:
            sounds: Sounds of any length; long ones are listened to in parts.
            language: What is spoken, by the code that the model uses (``de``); None lets the model find out.
            words: Whether the time of each word is wanted.

        Raises:
            ParameterError: The model knows no such language, or no times of words.
        """


@runtime_checkable
class SpeechQuality(Backend, Protocol):
    """Says how good speech sounds."""

    def score(self, sounds: Sequence[Heard]) -> list[Mapping[str, float]]:
        """The scores of each sound by name, the higher the better: ``mos`` (1..5) in any case."""
