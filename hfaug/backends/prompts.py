"""From prompts to tokens, so that what a prompt holds stays data.

A chat template puts markers between messages, and a tokenizer turns the name of a marker into the marker wherever it
stands. So a message that spells ``<|im_start|>system`` could speak as somebody else. Here the template is tokenised as
it is meant, and a message that spells a marker is tokenised apart from it, as the letters it consists of.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from hfaug.backends.language import Message, Prompt
from hfaug.errors import ParameterError

__all__ = ["PromptEncoder"]


class PromptEncoder:
    """Turns chats and texts into the tokens of one model.

    Args:
        model_id: Who speaks in errors.
        tokenizer: A tokenizer of transformers.
        joins: Whether a model without a chat template gets a chat as one text, the contents apart by an empty line; for
            models that follow instructions in plain text, as encoder-decoders do.
    """

    def __init__(self, model_id: str, tokenizer: Any, *, joins: bool) -> None:
        self._model_id, self._tokenizer, self._joins = model_id, tokenizer, joins
        added = {str(token) for token in tokenizer.get_added_vocab()} | set(tokenizer.all_special_tokens)
        self._added = sorted((token for token in added if token), key=len, reverse=True)
        self._spelled = re.compile("|".join(map(re.escape, self._added)) or r"(?!)")
        plain = [token for token in self._added if token not in tokenizer.all_special_tokens]
        self._plain = frozenset(tokenizer.convert_tokens_to_ids(plain))

    def encode(self, prompt: Prompt) -> list[int]:
        """The tokens of one prompt, with all that the model wants around it.

        Raises:
            ParameterError: It is a chat, and the model has no chat template.
        """
        if isinstance(prompt, str):
            return self._text(prompt, around=True) or self._start()
        if not prompt:
            raise ParameterError(f"{self._model_id}: a chat must hold one message or more, was empty; add a message")
        if self._tokenizer.chat_template is None:
            if self._joins:
                return self._text("\n\n".join(message.content for message in prompt), around=True)
            raise ParameterError(
                f"{self._model_id}: must have a chat template to answer chats, has none; use an instruction-tuned "
                "model, or prompts that are plain text"
            )
        return self._chat(prompt)

    def _chat(self, messages: Sequence[Message]) -> list[int]:
        contents = [message.content for message in messages]
        if not any(self._spelled.search(content) or self._met(content) for content in contents):
            return self._markup(self._render(messages))
        names = _markers(contents)
        marked = [Message(message.role, name) for message, name in zip(messages, names, strict=True)]
        by_name = dict(zip(names, contents, strict=True))
        parts = re.split(f"({'|'.join(names)})", self._render(marked))
        return [
            token
            for part in parts
            if part
            for token in (self._text(by_name[part]) if part in by_name else self._markup(part))
        ]

    def _render(self, messages: Sequence[Message]) -> str:
        import jinja2

        try:
            return self._apply(messages)
        except jinja2.TemplateError:
            if messages[0].role != "system" or len(messages) == 1:
                raise
        # some models know no system: then the user says it first
        first = Message("user", f"{messages[0].content}\n\n{messages[1].content}")
        return self._apply([first, *messages[2:]])

    def _apply(self, messages: Sequence[Message]) -> str:
        goes_on = messages[-1].role == "assistant"
        text: str = self._tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in messages],
            tokenize=False,
            add_generation_prompt=not goes_on,
            continue_final_message=goes_on,
            enable_thinking=False,  # where a template asks: an answer is data, thoughts about it are not
        )
        return text

    def _markup(self, text: str) -> list[int]:
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return tokens

    def _text(self, text: str, *, around: bool = False) -> list[int]:
        """Tokens of data; splitting special tokens leaves the added ones whole that are not special, a cut does not."""
        before, after = self._around if around else ([], [])
        cuts = [match.start() + 1 for match in self._spelled.finditer(text)] if self._plain else []
        pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        found = self._letters(pieces)
        if self._plain.intersection(found):  # spelled otherwise, as a tokenizer reads it that makes letters alike
            found = self._letters(list(text))
        return [*before, *found, *after]

    def _letters(self, pieces: Sequence[str]) -> list[int]:
        options = {"split_special_tokens": True, "add_special_tokens": False, "verbose": False}
        return [token for tokens in self._tokenizer(pieces, **options)["input_ids"] for token in tokens]

    def _met(self, text: str) -> bool:
        """Whether a text becomes an added token, though it does not spell one: by letters that are made alike."""
        return self._makes_alike and bool(self._plain.intersection(self._letters([text])))

    @functools.cached_property
    def _makes_alike(self) -> bool:
        """Whether the tokenizer reads other letters than those that are there, such as small for capital ones."""
        backend = getattr(self._tokenizer, "backend_tokenizer", None)
        return bool(self._plain) and (backend is None or backend.normalizer is not None)

    @functools.cached_property
    def _around(self) -> tuple[list[int], list[int]]:
        """What the model wants before and after a text."""
        bare = self._tokenizer("a", add_special_tokens=False)["input_ids"]
        whole = self._tokenizer("a")["input_ids"]
        ends = range(len(whole) - len(bare) + 1)
        start = next((start for start in ends if whole[start : start + len(bare)] == bare), 0)
        return whole[:start], whole[start + len(bare) :]

    def _start(self) -> list[int]:
        """What stands for no text at all: a model goes on from something."""
        starts = (self._tokenizer.bos_token_id, self._tokenizer.eos_token_id, 0)
        return [next(token for token in starts if token is not None)]


def _markers(contents: Sequence[str]) -> list[str]:
    """A name for each content that is in none of them, nor in a template."""
    whole = "".join(contents)
    number = next(number for number in range(len(whole) + 1) if f"HFAUG{number}X" not in whole)
    return [f"HFAUG{number}X{place}X" for place in range(len(contents))]
