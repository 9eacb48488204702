"""Tags of words under edits: named entities in BIO and its relatives, and plain tags such as parts of speech."""

from __future__ import annotations

from collections.abc import Sequence

from hfaug.errors import RowError
from hfaug.moves.chunks import OUTSIDE, entities, is_chunked, marked
from hfaug.moves.tokens import Owners, TokenMove

__all__ = ["move_tag_ids", "move_tags"]


def move_tags(tags: Sequence[str], move: TokenMove) -> list[str] | None:
    """Tags of the words after edits, or None where a word cannot be tagged.

    Marks of stretches are written anew, so the result is a valid sequence: a continuation whose beginning was deleted
    becomes the beginning. BIOES and BILOU stay what they are; IOB1 comes out as BIO. A word put in between two words of
    one entity belongs to it; elsewhere it is outside. A word made of words with different tags has no right tag, nor
    has a word put in among plain tags. When `move_tokens` was told of these tags, it lets neither happen.

    Args:
        tags: One tag for each old word.
        move: Where the words went, from `move_tokens`.

    Raises:
        RowError: There are not as many tags as there were words.

    >>> from hfaug.moves import Edits, move_tokens
    >>> move_tags(["B-PER", "I-PER", "O"], move_tokens(["Ada", "Lovelace", "wrote"], Edits([(0, 4, "")])))
    ['B-PER', 'O']
    """
    if len(tags) != move.source_count:
        raise RowError(
            f"tags: there must be one a word, there are {len(tags)} for {move.source_count}; correct the row."
        )
    owners = move.owners
    if len(owners) == len(tags) and all(owned == (number,) for number, owned in enumerate(owners)):
        return list(tags)
    if not is_chunked(tags):
        return _plain(tags, owners)
    numbers = entities(tags)
    moved: list[int | None] = []
    for owned in owners:
        found = {numbers[owner] for owner in owned}
        if len(found) > 1:
            return None
        moved.append(found.pop() if found else None)
    names = {number: tag.partition("-")[2] for number, tag in zip(numbers, tags, strict=True)}
    return marked(_filled(moved), names, {tag[0] for tag in tags})


def _plain(tags: Sequence[str], owners: Sequence[Owners]) -> list[str] | None:
    outside = {OUTSIDE} if OUTSIDE in tags else set()
    moved = []
    for owned in owners:
        found = {tags[owner] for owner in owned} or outside
        if len(found) != 1:
            return None
        moved.append(next(iter(found)))
    return moved


def _filled(numbers: Sequence[int | None]) -> list[int]:
    """Entities of words that were put in: the one around them, or none."""
    ahead: list[int] = []
    following = 0
    for number in reversed(numbers):
        following = following if number is None else number
        ahead.append(following)
    filled: list[int] = []
    for number, following in zip(numbers, reversed(ahead), strict=True):
        before = filled[-1] if filled else 0
        filled.append(number if number is not None else before if before == following else 0)
    return filled


def move_tag_ids(ids: Sequence[int], move: TokenMove, names: Sequence[str]) -> list[int] | None:
    """Tags that are numbers of a class list, as `move_tags`; None also where a tag is needed that the list lacks.

    Args:
        ids: One class number for each old word.
        move: See `move_tags`.
        names: The class names by number.

    Raises:
        RowError: A number has no name, or there are not as many as there were words.

    >>> from hfaug.moves import Edits, move_tokens
    >>> move = move_tokens(["Ada", "Lovelace", "wrote"], Edits([(0, 4, "")]))
    >>> move_tag_ids([1, 2, 0], move, ["O", "B-PER", "I-PER"])
    [1, 0]
    """
    wrong = [number for number in ids if not 0 <= number < len(names)]
    if wrong:
        raise RowError(
            f"tags: each must be the number of one of {len(names)} classes, one is {wrong[0]}; give untagged words "
            "a class such as O, by ds.map, or leave their rows out, by ds.filter."
        )
    moved = move_tags([names[number] for number in ids], move)
    if moved is None:
        return None
    numbers = {name: number for number, name in enumerate(names)}
    return [numbers[tag] for tag in moved] if all(tag in numbers for tag in moved) else None
