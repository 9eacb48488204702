"""Word lists under edits of their text.

A text op edits words as one text, joined by single spaces. Where an edit reaches, the new text is cut at white space
into words again, and each remembers which old words it is made of; the tags in `hfaug.moves.tags` follow from that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hfaug.errors import ParameterError, RowError
from hfaug.moves.chunks import OUTSIDE, groups, is_chunked
from hfaug.moves.edits import Edit, Edits, Span, joined

__all__ = ["Owners", "TokenMove", "move_tokens"]

Owners = tuple[int, ...]
_Piece = tuple[str, Owners, bool]  # text, the old words it comes from, whether it is one whole untouched word


@dataclass(frozen=True)
class TokenMove:
    """Where the words of a list went.

    Args:
        tokens: The words after the edits.
        owners: For each of them the numbers of the old words it is made of; none when it was put in.
        source_count: How many old words there were.
        left_out: How many edits were not made because a word would have had no right tag.
    """

    tokens: tuple[str, ...]
    owners: tuple[Owners, ...]
    source_count: int
    left_out: int = 0


def move_tokens(tokens: Sequence[str], edits: Edits, tags: Sequence[Sequence[str]] = ()) -> TokenMove:
    """The words after edits of their text.

    A word that no edit reaches stays as it is, white space inside it too. An edit may split a word, join several, put
    new ones in or take some out. Text of an edit that reaches into several words belongs to all of them.

    Args:
        tokens: Words before.
        edits: Edits of ``" ".join(tokens)``; `joined` gives that text with the span of each word.
        tags: The tags of the words, one list for each kind. Edits that would leave a word without a right tag (they mix
            an entity's words with others, or put a word in among plain tags) are left out, with those that meet them.

    Raises:
        ParameterError: An edit lies beyond the end of the words.
        RowError: There are not as many tags as words.

    >>> moved = move_tokens(["a", "red", "car"], Edits([(2, 5, "dark blue")]))
    >>> moved.tokens, moved.owners
    (('a', 'dark', 'blue', 'car'), ((0,), (1,), (1,), (2,)))
    """
    text, spans = joined(tokens)
    if edits and edits.items[-1][1] > len(text):
        raise ParameterError(
            f"move_tokens: edits must lie inside {len(text)} code points, one is {edits.items[-1]!r}; check it."
        )
    for kind in tags:
        if len(kind) != len(tokens):
            raise RowError(f"tags: there must be one a word, there are {len(kind)} for {len(tokens)}; correct the row.")
    kinds = [(groups(kind), is_chunked(kind) or OUTSIDE in kind) for kind in tags]
    words: list[str] = []
    owners: list[Owners] = []
    after = left_out = 0
    for first, behind, inside in _windows(spans, edits.items):
        words += tokens[after:first]
        owners += [(number,) for number in range(after, first)]
        cut = list(_cut(_pieces(text, spans, first, behind, inside)))
        after = behind
        if all(_has_tag(owned, kind, free=free) for _, owned in cut for kind, free in kinds):
            words += [word for word, _ in cut]
            owners += [owned for _, owned in cut]
        else:
            left_out += len(inside)
            after = first
    words += tokens[after:]
    owners += [(number,) for number in range(after, len(tokens))]
    return TokenMove(tuple(words), tuple(owners), len(tokens), left_out)


def _has_tag(owned: Owners, kind: Sequence[int | str], *, free: bool) -> bool:
    """Whether one tag serves all old words of a new one; one that was put in needs a tag for words outside."""
    return len({kind[owner] for owner in owned}) == 1 if owned else free


def _windows(spans: Sequence[Span], edits: Sequence[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """Stretches of words that edits reach or touch, each with its edits; between them nothing changes."""
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    window: tuple[int, int, list[Edit]] | None = None
    for edit in edits:
        first, behind = bisect_left(ends, edit[0]), bisect_right(starts, edit[1])
        if window is not None and (first < window[1] or not spans):
            window = (window[0], max(behind, window[1]), [*window[2], edit])
            continue
        if window is not None:
            yield window
        window = (first, behind, [edit])
    if window is not None:
        yield window


def _pieces(text: str, spans: Sequence[Span], first: int, behind: int, edits: Sequence[Edit]) -> Iterator[_Piece]:
    """The new text of a stretch of words, in pieces that come from one place each."""
    atoms: list[tuple[int, int, Owners]] = []
    for number in range(first, behind):
        if atoms:
            atoms.append((atoms[-1][1], spans[number][0], ()))
        atoms.append((*spans[number], (number,)))
    done, taken = 0, 0
    for low, high, owner in atoms:
        at, touched = max(low, done), done > low
        while taken < len(edits) and (edits[taken][0] < high or edits[taken][1] == low):
            start, end, replacement = edits[taken]
            if start > at:
                yield text[at:start], owner, False
            touched = touched or end > low
            inside = owner if low < start == end else ()
            yield replacement, inside or _reached(spans, first, behind, start, end), False
            at = done = end
            taken += 1
        if not touched:
            yield text[low:high], owner, bool(owner)
        elif at < high:
            yield text[at:high], owner, False
    for _, _, replacement in edits[taken:]:
        yield replacement, (), False


def _reached(spans: Sequence[Span], first: int, behind: int, start: int, end: int) -> Owners:
    """The words that a replaced stretch reaches into; none for an insertion between words."""
    return tuple(
        number
        for number in range(first, behind)
        if (spans[number][0] < end and spans[number][1] > start) and start < end
    )


def _cut(pieces: Iterator[_Piece]) -> Iterator[tuple[str, Owners]]:
    """Words from pieces: white space ends a word, except inside a whole untouched one."""
    word: list[str] | None = None
    owned: set[int] = set()
    for text, owners, whole in pieces:
        parts = [text] if whole else _split(text)
        for part in parts:
            if part is None:
                if word is not None:
                    yield "".join(word), tuple(sorted(owned))
                word, owned = None, set()
            else:
                word = [*(word or []), part]
                owned.update(owners)
    if word is not None:
        yield "".join(word), tuple(sorted(owned))


def _split(text: str) -> list[str | None]:
    """Words of a text, with None where white space stands before, between or after them."""
    if not text:
        return []
    words: list[str | None] = []
    for word in text.split():
        words += [word, None]
    if not words:
        return [None]
    if not text[-1].isspace():
        words.pop()
    return [None, *words] if text[0].isspace() else words
