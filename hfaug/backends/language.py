"""What an op may rely on where a language model writes or fills text, whichever runtime does the work.

As for every backend, an op hands over all prompts of a unit in one call, with one seed each, and gets the answers in
their order. What a prompt holds is data: a special token, a chat marker or a mask that a text spells out is the letters
of its name, never the token.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, get_args, runtime_checkable

from hfaug.backends.protocols import TOO_LONG, TRUNCATED, Backend, Sampling
from hfaug.errors import ParameterError

__all__ = [
    "FILTERED",
    "INVALID",
    "Candidate",
    "Completion",
    "Filled",
    "Finish",
    "LanguageModel",
    "MaskRequest",
    "MaskedModel",
    "Message",
    "Prompt",
    "TextRole",
]

TextRole: TypeAlias = Literal["system", "user", "assistant"]
"""Who says a message of a chat."""

FILTERED = "filtered"
"""An endpoint's own filter refused the prompt or the answer."""

INVALID = "invalid"
"""The answer is not JSON that the schema allows. Only from an endpoint: a model that runs here is held to it."""

Finish: TypeAlias = Literal["stop", "length", "too_long", "filtered", "invalid"]
"""Why an answer ends where it does.

``stop``: the model ended it, or came to a stop text, or to the end of the JSON document. ``length``: it came to
``max_new_tokens``, so its end is missing. ``too_long``: the prompt and ``max_new_tokens`` together are more than the
model reads, so it was not asked. ``filtered`` and ``invalid`` are :data:`FILTERED` and :data:`INVALID`.
"""

_FLAGS: Mapping[Finish, str | None] = {
    "stop": None,
    "length": TRUNCATED,
    "too_long": TOO_LONG,
    "filtered": FILTERED,
    "invalid": INVALID,
}


@dataclasses.dataclass(frozen=True)
class Message:
    """One message of a chat.

    Args:
        role: Who says it: ``system``, ``user`` or ``assistant``.
        content: What is said; data, whatever markup it spells.

    Raises:
        ParameterError: There is no such role.

    >>> Message("user", "Say it in other words: the film was long.").role
    'user'
    """

    role: TextRole
    content: str

    def __post_init__(self) -> None:
        if self.role not in get_args(TextRole):
            raise ParameterError(f"Message: role must be system, user or assistant, was {self.role!r}; choose one")


Prompt: TypeAlias = str | tuple[Message, ...]
"""A text to go on from, or a chat to answer. A chat that ends with a message of the assistant is gone on from there."""


@dataclasses.dataclass(frozen=True)
class Completion:
    """One answer of a language model.

    Args:
        text: The new text alone, without the prompt and the stop text; empty unless it ends by ``stop``, ``length`` or
            ``invalid``.
        finish: Why it ends, see :data:`Finish`.
        prompt_tokens: How many tokens the prompt has, by the model's own count.
        new_tokens: How many tokens were made, the one that ends the answer included.

    >>> Completion("", "too_long", 9000).flag
    'too_long'
    """

    text: str
    finish: Finish = "stop"
    prompt_tokens: int = 0
    new_tokens: int = 0

    @property
    def flag(self) -> str | None:
        """What is wrong with it, as an op rejects it: None if nothing is."""
        return _FLAGS[self.finish]


@runtime_checkable
class LanguageModel(Backend, Protocol):
    """Writes text: answers chats and goes on from texts."""

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        seeds: Sequence[int] | None = None,
        sampling: Sampling = ...,
        max_new_tokens: int = 256,
        stop: Sequence[str] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> list[Completion]:
        """Answer each prompt; the answers are in the order of the prompts.

        Equal prompts with equal seeds (equal prompts, where nothing is drawn) are answered once.

        Args:
            prompts: Any number of chats and texts.
            seeds: One number in [0, 2**63) a prompt; needed where ``sampling.draws``, of no effect elsewhere.
            sampling: How tokens are chosen.
            max_new_tokens: The longest answer, in tokens; 1 or more.
            stop: Texts that end an answer where they come up; they are left out of it.
            schema: A JSON schema. An answer that ends by ``stop`` is then one JSON document that parses and is valid.

        Raises:
            ParameterError: Seeds and prompts are not equally many, the model takes no chats, or the schema cannot be
                held to.
            ModelError: The model cannot be run; a remote one did not answer, however often it was asked.
        """


@dataclasses.dataclass(frozen=True)
class MaskRequest:
    """One text with places to fill from its context.

    Args:
        text: The text.
        places: Half-open spans ``(start, end)`` of code points that one word each is wanted for, in order and apart;
            an empty one, ``(n, n)``, asks for a word to put in there. All are hidden at once: to fill places one by
            one, make a request of each.

    Raises:
        ParameterError: The places are out of order, touch, or lie outside the text.

    >>> MaskRequest("The film was long.", ((4, 8),)).text[4:8]
    'film'
    """

    text: str
    places: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        bounds = [0, *(bound for place in self.places for bound in place), len(self.text)]
        touching = any(a[1] == b[0] for a, b in zip(self.places, self.places[1:], strict=False))
        if not self.places or bounds != sorted(bounds) or touching:
            raise ParameterError(
                f"MaskRequest: places must be spans inside a text of {len(self.text)} characters, in order and apart, "
                f"were {self.places}; correct them"
            )


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One word for a place.

    Args:
        text: The word as it would stand there, without the spaces around it.
        probability: How likely the model finds it there, in (0, 1].
    """

    text: str
    probability: float


@dataclasses.dataclass(frozen=True)
class Filled:
    """The words for the places of one text.

    Args:
        candidates: For each place the likeliest whole words, the likeliest first; empty where the text was too long.
        flags: :data:`~hfaug.backends.protocols.TOO_LONG` if the text is longer than the model reads.
    """

    candidates: tuple[tuple[Candidate, ...], ...]
    flags: tuple[str, ...] = ()


@runtime_checkable
class MaskedModel(Backend, Protocol):
    """Knows which words fit into a place, by what stands before and behind it."""

    def fill(self, requests: Sequence[MaskRequest], *, top_k: int = 50) -> list[Filled]:
        """Find words for the places of each text; the answers are in the order of the requests.

        Nothing is drawn here: an op draws among the candidates with its row's stream.

        Args:
            requests: Any number of texts of any length.
            top_k: Candidates for each place, at most; fewer if fewer tokens are whole words.

        Raises:
            ParameterError: ``top_k`` is below 1.
        """
