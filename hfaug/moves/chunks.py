"""Tags that mark stretches of words: BIO, its older relative IOB1, and BIOES and BILOU, which mark ends too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["OUTSIDE", "entities", "groups", "is_chunked", "marked"]

OUTSIDE = "O"
_OPENING, _CLOSING = "BSU", "ESLU"


def is_chunked(tags: Sequence[str]) -> bool:
    """Whether tags mark stretches of words (``B-PER``, ``I-PER``, ``O``), not every word for itself (``NOUN``).

    >>> is_chunked(["O", "B-PER"]), is_chunked(["NOUN", "O"])
    (True, False)
    """
    return any(len(tag) > 2 and tag[1] == "-" and tag[0] in "BIESLU" for tag in tags)


def entities(tags: Sequence[str]) -> list[int]:
    """The number of the entity each word belongs to, from 1; 0 outside.

    A continuation that continues nothing opens an entity, as in IOB1.

    >>> entities(["B-PER", "I-PER", "O", "B-LOC", "B-LOC"])
    [1, 1, 0, 2, 3]
    """
    numbers: list[int] = []
    number, kind, closed = 0, "", True
    for tag in tags:
        prefix, _, name = tag.partition("-")
        if prefix == OUTSIDE or not name:
            numbers.append(0)
            kind, closed = "", True
            continue
        if closed or name != kind or prefix in _OPENING:
            number += 1
        kind, closed = name, prefix in _CLOSING
        numbers.append(number)
    return numbers


def groups(tags: Sequence[str]) -> Sequence[int | str]:
    """What must be equal of two words for one tag to serve both: the entity, or a tag that stands for itself."""
    return entities(tags) if is_chunked(tags) else tags


def marked(numbers: Sequence[int], names: Mapping[int, str], letters: set[str]) -> list[str]:
    """Tags of entities, a valid sequence.

    Args:
        numbers: The entity of each word, as `entities` gives them.
        names: The kind of each entity.
        letters: The letters that the source uses; with ``S`` or ``E`` (``U`` or ``L``) ends are marked as well.

    >>> marked([1, 1, 0], {1: "PER"}, {"B", "I", "O"}), marked([1, 1, 0], {1: "PER"}, {"B", "E", "O"})
    (['B-PER', 'I-PER', 'O'], ['B-PER', 'E-PER', 'O'])
    """
    single, last = ("S", "E") if letters & {"S", "E"} else ("U", "L") if letters & {"U", "L"} else ("B", "I")
    tags = []
    for at, number in enumerate(numbers):
        if number == 0:
            tags.append(OUTSIDE)
            continue
        opens = at == 0 or numbers[at - 1] != number
        closes = at + 1 == len(numbers) or numbers[at + 1] != number
        letter = (single if closes else "B") if opens else (last if closes else "I")
        tags.append(f"{letter}-{names[number]}")
    return tags
