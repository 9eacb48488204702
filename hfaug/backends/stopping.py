"""Texts that end an answer, looked for row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["StopTexts", "cut_at"]


class StopTexts:
    """A stopping criterion: a row is done when its new text holds one of the texts.

    Only the end of the new text is decoded at each step, as many tokens as the longest text has bytes.

    Args:
        tokenizer: A tokenizer of transformers.
        texts: What ends an answer; none of them empty.
        start: How many tokens of each row are the prompt.
        rows: How many rows the batch has.
    """

    def __init__(self, tokenizer: Any, texts: Sequence[str], start: int, rows: int) -> None:
        self._tokenizer, self._texts, self._start = tokenizer, tuple(texts), start
        self._reach = max(len(text.encode()) for text in texts) + 1  # the first decoded token may lose its space
        self.ended_at: list[int | None] = [None] * rows
        """How many new tokens each row had when it came to one of the texts."""

    def __call__(self, input_ids: Tensor, scores: Any, **_: Any) -> Tensor:
        """Which rows are done, bool, shape (rows,)."""
        import torch

        count = input_ids.shape[1] - self._start
        going = [row for row, end in enumerate(self.ended_at) if end is None]
        tails = input_ids[going, max(self._start, input_ids.shape[1] - self._reach) :].tolist()
        decoded = self._tokenizer.batch_decode(tails, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        for row, tail in zip(going, decoded, strict=True):
            if any(text in tail for text in self._texts):
                self.ended_at[row] = count
        return torch.tensor([end is not None for end in self.ended_at], device=input_ids.device)


def cut_at(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text up to the first of the stops, and whether there was one.

    >>> cut_at("one, two. three", (".", ","))
    ('one', True)
    """
    places = [place for place in map(text.find, stops) if place >= 0]
    return (text[: min(places)], True) if places else (text, False)
