"""Answers of question answering (text and where it starts) under edits of their context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hfaug.errors import RowError
from hfaug.moves.edits import Edits, Span

__all__ = ["answer_spans", "move_answers"]


def answer_spans(answers: Mapping[str, Any], context: str) -> list[Span]:
    """Where the answers lie in their context, in code points.

    Args:
        answers: ``{"text": [...], "answer_start": [...]}``, as in SQuAD.
        context: The text they are taken from.

    Raises:
        RowError: The lists differ in length, or an answer is not found at its offset.

    >>> answer_spans({"text": ["red"], "answer_start": [2]}, "a red car")
    [(2, 5)]
    """
    texts, starts = answers["text"], answers["answer_start"]
    if len(texts) != len(starts):
        raise RowError(
            f"answers: text and answer_start must be equally long, are {len(texts)} and {len(starts)}; correct the row."
        )
    spans = []
    for text, start in zip(texts, starts, strict=True):
        if start < 0 or context[start : start + len(text)] != text:
            stands = context[max(start, 0) :][: len(text)]
            raise RowError(
                f"answers: an answer must be found at its offset, at {start} stands {stands!r}, not {text!r}; "
                'correct the row, or say .on(offsets="byte") or "utf16" if that is what counts them.'
            )
        spans.append((start, start + len(text)))
    return spans


def move_answers(answers: Mapping[str, Any], edits: Edits, before: str, after: str) -> dict[str, Any] | None:
    """The answers after edits of their context, each found at its new offset; None when all are lost.

    An answer takes its new text from the edited context. One whose borders are crossed by an edit is left out; a row
    with no answers to begin with (unanswerable) keeps none. Other lists of the same length, one entry an answer, are
    thinned alike.

    Args:
        answers: ``{"text": [...], "answer_start": [...]}``.
        edits: Edits of the context.
        before: The context before.
        after: The context after, ``edits.apply(before)``.

    Raises:
        RowError: The answers do not fit the context before.

    >>> edits = Edits([(0, 1, "the"), (2, 3, "R")])
    >>> move_answers({"text": ["red"], "answer_start": [2]}, edits, "a red car", "the Red car")
    {'text': ['Red'], 'answer_start': [4]}
    """
    moved = edits.spans(answer_spans(answers, before))
    kept = [number for number, span in enumerate(moved) if span is not None]
    if moved and not kept:
        return None
    spans = [span for span in moved if span is not None]
    result: dict[str, Any] = {}
    for name, values in answers.items():
        parallel = isinstance(values, Sequence) and not isinstance(values, str) and len(values) == len(moved)
        result[name] = [values[number] for number in kept] if parallel else values
    result["text"] = [after[start:end] for start, end in spans]
    result["answer_start"] = [start for start, _ in spans]
    return result
