"""A text with the labels in it: spans, answers, or words with tags; and how they follow edits.

An edit that would make a label wrong (it crosses a label's border, or takes an answer away) is left out; the other
edits are made. A span whose whole text is deleted goes with its text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfaug.errors import LabelError
from hfaug.moves import Edits, answer_spans, joined, move_tag_ids, move_tags, move_tokens
from hfaug.roles import Roles
from hfaug.rows.words import class_names, complete, tag_names

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
    complete(tokens, roles.all("tokens")[0], "words")
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
        changed[path] = _moved_answers(row[path], edits.spans(found), after)
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
    value = row[path]
    if not value:
        return []
    if isinstance(value, Mapping):
        pairs = list(zip(value["start"], value["end"], strict=True))
    else:
        pairs = [(item["start"], item["end"]) if isinstance(item, Mapping) else (item[0], item[1]) for item in value]
    for low, high in pairs:
        if low is None or high is None:
            raise LabelError(
                f"column {path!r}: spans must have a start and an end, got ({low}, {high}); fill them in, "
                "or drop the span"
            )
        if not 0 <= low <= high <= len(text):
            raise LabelError(
                f"column {path!r}: spans must lie in the text of {len(text)} code points, got ({low}, {high}); "
                "correct the row (offsets in bytes or UTF-16 units must be converted first)"
            )
    return pairs


def _moved_spans(value: Any, moved: Sequence[Span | None]) -> Any:
    kept = [(number, span) for number, span in enumerate(moved) if span is not None]
    if not value:
        return value
    if isinstance(value, Mapping):
        fields = {name: [items[number] for number, _ in kept] for name, items in value.items()}
        return {**fields, "start": [start for _, (start, _) in kept], "end": [end for _, (_, end) in kept]}
    if isinstance(value[0], Mapping):
        return [{**value[number], "start": start, "end": end} for number, (start, end) in kept]
    return [[start, end, *value[number][2:]] for number, (start, end) in kept]


def _read_answers(row: Row, path: str, text: str) -> list[Span]:
    value = row[path]
    if value is None:
        return []
    complete(value["text"], path, "answers")
    complete(value["answer_start"], path, "starts of answers")
    try:
        return answer_spans(value, text)
    except ValueError as error:
        raise LabelError(f"column {path!r}: {error}") from error


def _moved_answers(value: Any, moved: Sequence[Span | None], after: str) -> Any:
    """The answers at their new places; `_harmless` saw to it that none is lost."""
    spans = [span for span in moved if span is not None]
    return {**value, "text": [after[a:b] for a, b in spans], "answer_start": [a for a, _ in spans]} if value else value


def _edit_words(row: Row, roles: Roles, edits: Edits) -> None:
    """Edit words with their tags; edits that would leave a word without a right tag are left out."""
    column = roles.all("tokens")[0]
    tokens = row[column]
    tags = {path: value for path in roles.all("tags") if (value := row[path]) is not None}
    names = {path: class_names(row.batch.features, path) for path in tags}
    named = [tag_names(value, names[path], path) for path, value in tags.items()]
    try:
        move = move_tokens(tokens, edits, named)
        moved = {
            path: move_tags(value, move) if names[path] is None else move_tag_ids(value, move, names[path] or ())
            for path, value in tags.items()
        }
    except ValueError as error:
        raise LabelError(f"column {column!r} with {', '.join(map(repr, tags)) or 'no tags'}: {error}") from error
    if all(value is not None for value in moved.values()):
        row.add_values({column: list(move.tokens), **moved})
