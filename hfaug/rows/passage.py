"""A text with the labels in it: spans, answers, or words with tags; and how they follow edits.

An edit that would make a label wrong (it crosses a label's border, or takes an answer away) is left out; the other edits are made.
A span whose whole text is deleted goes with its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from datasets import ClassLabel, Value

from hfaug.errors import LabelError
from hfaug.moves import Edits, joined, move_tag_ids, move_tags, move_tokens
from hfaug.roles import Roles, feature_at

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["edit_text", "has_labels", "read_text"]

Span = tuple[int, int]


def has_labels(roles: Roles) -> bool:
    """Whether anything but the text itself has to follow an edit."""
    return bool(roles.all("tokens") and not roles.all("text")) or bool(roles.all("spans") or roles.all("answers"))


def read_text(row: Row, roles: Roles) -> str | None:
    """The text of a row as it stands; words are joined with single blanks. None where the row has none."""
    column = roles.one("text")
    if column is not None:
        found: str | None = row[column]
        return found
    tokens = row[roles.all("tokens")[0]]
    return None if tokens is None else joined(tokens)[0]


def edit_text(row: Row, roles: Roles, edits: Edits) -> None:
    """Edit the text of a row, in place, and everything that has a place in it."""
    text = read_text(row, roles)
    if text is None or not edits:
        return
    if roles.one("text") is None:
        _edit_words(row, roles, edits)
        return
    spans = {path: _read_spans(row, path, text) for path in roles.all("spans")}
    answers = {path: _read_answers(row, path, text) for path in roles.all("answers")}
    edits = _harmless(edits, [*_all(spans.values()), *_all(answers.values())], list(_all(answers.values())))
    if not edits:
        return
    after = edits.apply(text)
    changed: dict[str, Any] = {roles.all("text")[0]: after}
    for path, found in spans.items():
        changed[path] = _moved_spans(row[path], edits.spans(found))
    for path, found in answers.items():
        moved = [span for span in edits.spans(found) if span is not None]
        changed[path] = {**row[path], "text": [after[a:b] for a, b in moved], "answer_start": [a for a, _ in moved]}
    row.add_values(changed)


def _all(groups: Any) -> list[Span]:
    return [span for group in groups for span in group]


def _harmless(edits: Edits, borders: Sequence[Span], lasting: Sequence[Span]) -> Edits:
    """The edits that leave every span right and no lasting span empty."""
    kept = [edit for edit in edits if not any(_crosses(edit, span) for span in borders)]
    result = edits if len(kept) == len(edits) else Edits(kept)
    gone = [span for span, moved in zip(lasting, result.spans(lasting), strict=True) if moved is None]
    return result.sparing(gone) if gone else result


def _crosses(edit: tuple[int, int, str], span: Span) -> bool:
    """Whether an edit reaches over one border of a span, or over both with text that nobody can divide."""
    start, end, replacement = edit
    low, high = span
    if end <= low or start >= high:
        return False
    if low <= start and end <= high:
        return False
    return not (start <= low and high <= end and not replacement and low < high)


def _read_spans(row: Row, path: str, text: str) -> list[Span]:
    value = row[path] or []
    if isinstance(value, dict):
        pairs = list(zip(value["start"], value["end"], strict=True))
    else:
        pairs = [(item["start"], item["end"]) if isinstance(item, dict) else (item[0], item[1]) for item in value]
    for low, high in pairs:
        if not 0 <= low <= high <= len(text):
            raise LabelError(
                f"column {path!r}: spans must lie in the text of {len(text)} code points, got ({low}, {high}); "
                "correct the row (offsets in bytes or UTF-16 units must be converted first)"
            )
    return pairs


def _moved_spans(value: Any, moved: Sequence[Span | None]) -> Any:
    kept = [(i, span) for i, span in enumerate(moved) if span is not None]
    if isinstance(value, dict):
        fields = {name: [items[i] for i, _ in kept] for name, items in value.items()}
        return {**fields, "start": [span[0] for _, span in kept], "end": [span[1] for _, span in kept]}
    if not value:
        return value
    if isinstance(value[0], dict):
        return [{**value[i], "start": span[0], "end": span[1]} for i, span in kept]
    return [list(span) for _, span in kept]


def _read_answers(row: Row, path: str, text: str) -> list[Span]:
    value = row[path]
    spans = [(start, start + len(part)) for part, start in zip(value["text"], value["answer_start"], strict=True)]
    for (low, high), part in zip(spans, value["text"], strict=True):
        if text[low:high] != part:
            raise LabelError(
                f"column {path!r}: each answer must stand in the text at its answer_start, {part[:40]!r} is not at {low}; "
                "correct the row (offsets in bytes or UTF-16 units must be converted first)"
            )
    return spans


def _edit_words(row: Row, roles: Roles, edits: Edits) -> None:
    column = roles.all("tokens")[0]
    tokens = row[column]
    move = move_tokens(tokens, edits)
    changed: dict[str, Any] = {column: list(move.tokens)}
    for path in roles.all("tags"):
        tags = row[path]
        if len(tags) != len(tokens):
            raise LabelError(
                f"column {path!r}: must hold one tag a word, holds {len(tags)} for {len(tokens)} words; correct the row"
            )
        feature = feature_at(row.batch.features, path).feature
        if isinstance(feature, ClassLabel):
            changed[path] = move_tag_ids(tags, move, feature.names)
        elif isinstance(feature, Value) and feature.dtype in ("string", "large_string"):
            changed[path] = move_tags(tags, move)
        else:
            raise LabelError(
                f"column {path!r}: tags must be names or a ClassLabel, so that B- and I- are known, got {feature}; cast it"
            )
    row.add_values(changed)
