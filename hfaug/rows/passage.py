"""A text with the labels in it: spans, answers, or words with tags; and how they follow edits.

An edit that would make a label wrong (it crosses a label's border, or takes an answer away) is left out; the other
edits are made. A span whose whole text is deleted goes with its text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfaug.errors import LabelError
from hfaug.moves import (
    Arrangement,
    Edits,
    TokenMove,
    answer_spans,
    from_code_points,
    glued,
    joined,
    move_tag_ids,
    move_tags,
    move_tokens,
    to_code_points,
)
from hfaug.roles import Roles
from hfaug.rows.entities import read_entities
from hfaug.rows.words import class_names, complete, tag_names

if TYPE_CHECKING:
    from hfaug.rows.row import Row

__all__ = ["arrange_text", "edit_text", "has_labels", "label_spans", "movable_parts", "read_text"]

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


def edit_text(row: Row, roles: Roles, edits: Edits, *, spare: bool = False) -> None:
    """Edit the text of a row, in place, and everything that has a place in it.

    Args:
        row: The row.
        roles: Its columns.
        edits: The edits of its text.
        spare: Leave out edits that would change what a label covers; labels around the whole text spare nothing.
    """
    text = read_text(row, roles)
    if text is None or not edits:
        return
    if spare:
        edits = edits.sparing(_within(label_spans(row, roles, text), text))
    if roles.one("text") is None:
        _edit_words(row, roles, edits)
        return
    spans = {path: _read_spans(row, roles, path, text) for path in roles.all("spans")}
    answers = {path: _read_answers(row, roles, path, text) for path in roles.all("answers")}
    edits = _harmless(edits, [*_all(spans.values()), *_all(answers.values())], list(_all(answers.values())))
    if not edits:
        return
    after = edits.apply(text)
    changed: dict[str, Any] = {roles.all("text")[0]: after}
    for path, found in spans.items():
        changed[path] = _moved_spans(row[path], edits.spans(found), after, _unit(roles))
    for path, found in answers.items():
        changed[path] = _moved_answers(row[path], edits.spans(found), after, _unit(roles))
    row.add_values(changed)


def arrange_text(row: Row, roles: Roles, arrangement: Arrangement) -> None:
    """Rearrange the text of a row, in place, and everything that has a place in it.

    Args:
        row: The row.
        roles: Its columns.
        arrangement: The new order of some parts, made of `movable_parts`.
    """
    text = read_text(row, roles) or ""
    after = arrangement.apply(text)
    if after == text:
        return
    if roles.one("text") is None:
        _arrange_words(row, roles, arrangement)
        return
    changed: dict[str, Any] = {roles.all("text")[0]: after}
    for path in roles.all("spans"):
        moved = [arrangement.span(span) for span in _read_spans(row, roles, path, text)]
        changed[path] = _moved_spans(row[path], moved, after, _unit(roles))
    for path in roles.all("answers"):
        moved = [arrangement.span(span) for span in _read_answers(row, roles, path, text)]
        changed[path] = _moved_answers(row[path], moved, after, _unit(roles))
    row.add_values(changed)


def movable_parts(row: Row, roles: Roles, text: str, parts: Sequence[Span]) -> list[Span]:
    """The parts of a row's text that can change places: those that a label or a word of a list ties together are one.

    Args:
        row: The row.
        roles: Its columns.
        text: Its text as it stands.
        parts: What could change places if there were no labels.
    """
    words = joined(row[roles.all("tokens")[0]])[1] if roles.one("text") is None else []
    return glued(parts, [*label_spans(row, roles, text), *words])


def label_spans(row: Row, roles: Roles, text: str) -> list[Span]:
    """Where the labels of a row lie in its text: spans, answers, and entities of tagged words."""
    if roles.one("text") is None:
        return [(start, end) for start, end, _ in read_entities(row, row.batch.features, roles)[1]]
    spans = [_read_spans(row, roles, path, text) for path in roles.all("spans")]
    return _all([*spans, *(_read_answers(row, roles, path, text) for path in roles.all("answers"))])


def _within(spans: Sequence[Span], text: str) -> list[Span]:
    """The spans that do not cover all that a text says."""
    low, high = len(text) - len(text.lstrip()), len(text.rstrip())
    return [span for span in spans if not (span[0] <= low and span[1] >= high)]


def _unit(roles: Roles) -> str:
    """What counts the places of labels."""
    return roles.binding.offsets or "code_point"


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


def _read_spans(row: Row, roles: Roles, path: str, text: str) -> list[Span]:
    value = row[path]
    if not value:
        return []
    if isinstance(value, Mapping):
        pairs = list(zip(value["start"], value["end"], strict=True))
    else:
        pairs = [(item["start"], item["end"]) if isinstance(item, Mapping) else (item[0], item[1]) for item in value]
    return _in_code_points(pairs, path, text, _unit(roles))


def _in_code_points(pairs: Sequence[Span], path: str, text: str, unit: str) -> list[Span]:
    """Spans as they are stored, counted in code points."""
    if unit != "code_point":
        try:
            pairs = to_code_points(text, pairs, unit)
        except ValueError as error:
            raise LabelError(f"column {path!r}: {error}") from error
    for low, high in pairs:
        if low is None or high is None:
            raise LabelError(
                f"column {path!r}: spans must have a start and an end, got ({low}, {high}); fill them in, "
                "or drop the span"
            )
        if not 0 <= low <= high <= len(text):
            raise LabelError(
                f"column {path!r}: spans must lie in the text of {len(text)} code points, got ({low}, {high}); "
                'correct the row, or say .on(offsets="byte") or "utf16" if that is what counts them'
            )
    return list(pairs)


def _moved_spans(value: Any, moved: Sequence[Span | None], after: str, unit: str) -> Any:
    if not value:
        return value
    numbers = [number for number, span in enumerate(moved) if span is not None]
    kept = from_code_points(after, [span for span in moved if span is not None], unit)
    if isinstance(value, Mapping):
        fields = {name: [items[number] for number in numbers] for name, items in value.items()}
        return {**fields, "start": [start for start, _ in kept], "end": [end for _, end in kept]}
    pairs = list(zip(numbers, kept, strict=True))
    if isinstance(value[0], Mapping):
        return [{**value[number], "start": start, "end": end} for number, (start, end) in pairs]
    return [[start, end, *value[number][2:]] for number, (start, end) in pairs]


def _read_answers(row: Row, roles: Roles, path: str, text: str) -> list[Span]:
    value = row[path]
    if value is None:
        return []
    complete(value["text"], path, "answers")
    complete(value["answer_start"], path, "starts of answers")
    unit = _unit(roles)
    try:
        if unit != "code_point":
            starts = to_code_points(text, [(start, start) for start in value["answer_start"]], unit)
            value = {**value, "answer_start": [start for start, _ in starts]}
        return answer_spans(value, text)
    except ValueError as error:
        raise LabelError(f"column {path!r}: {error}") from error


def _moved_answers(value: Any, moved: Sequence[Span | None], after: str, unit: str) -> Any:
    """The answers at their new places; nobody takes one away."""
    if not value:
        return value
    spans = [span for span in moved if span is not None]
    starts = [start for start, _ in from_code_points(after, spans, unit)]
    return {**value, "text": [after[start:end] for start, end in spans], "answer_start": starts}


def _edit_words(row: Row, roles: Roles, edits: Edits) -> None:
    """Edit words with their tags; edits that would leave a word without a right tag are left out."""
    tokens, tags = row[roles.all("tokens")[0]], _tags(row, roles)
    named = [tag_names(value, class_names(row.batch.features, path), path) for path, value in tags.items()]
    try:
        move = move_tokens(tokens, edits, named)
    except ValueError as error:
        raise _unreadable(roles, tags, error) from error
    _put_words(row, roles, move)


def _arrange_words(row: Row, roles: Roles, arrangement: Arrangement) -> None:
    """Rearrange words with their tags; the parts hold whole words."""
    column = roles.all("tokens")[0]
    tokens = row[column]
    places = [arrangement.span(span) for span in joined(tokens)[1]]
    order = sorted(range(len(tokens)), key=lambda number: places[number] or (0, 0))
    _put_words(row, roles, TokenMove(tuple(tokens[n] for n in order), tuple((n,) for n in order), len(tokens)))


def _put_words(row: Row, roles: Roles, move: TokenMove) -> None:
    """Set words and tags after a move, unless a word would be without a tag."""
    tags = _tags(row, roles)
    moved: dict[str, Any] = {}
    try:
        for path, value in tags.items():
            names = class_names(row.batch.features, path)
            moved[path] = move_tags(value, move) if names is None else move_tag_ids(value, move, names)
    except ValueError as error:
        raise _unreadable(roles, tags, error) from error
    if all(value is not None for value in moved.values()):
        row.add_values({roles.all("tokens")[0]: list(move.tokens), **moved})


def _tags(row: Row, roles: Roles) -> dict[str, Any]:
    return {path: value for path in roles.all("tags") if (value := row[path]) is not None}


def _unreadable(roles: Roles, tags: Mapping[str, Any], error: ValueError) -> LabelError:
    column = roles.all("tokens")[0]
    return LabelError(f"column {column!r} with {', '.join(map(repr, tags)) or 'no tags'}: {error}")
