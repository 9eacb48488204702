"""Edits of a text, and the positions that move with it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from hfaug.errors import ParameterError
from hfaug.moves.fused_edits import fuse

__all__ = ["Edit", "Edits", "Span", "joined"]

Edit = tuple[int, int, str]
Span = tuple[int, int]


class Edits:
    """Changes to one text, each replacing the code points ``start`` to ``end`` (exclusive) by another text.

    An insertion has ``start == end``; a deletion has an empty replacement. Edits are given in order and do not overlap;
    they may touch, and insertions at one place are made in the order given. An edit that does nothing is left out.

    How a span follows (half-open, in code points):

    * an edit that ends at or before its start shifts it; one that starts at or after its end leaves it: text put in at
      a border stays outside;
    * an edit wholly inside resizes it, also one that replaces exactly all of it: the span then covers the replacement;
    * an edit that crosses one of its borders makes it ``None``: nobody knows where it now begins or ends;
    * a span of which nothing is left is ``None``;
    * an empty span stays behind text inserted at its place, and is ``None`` when an edit reaches over it on both sides.

    Spans are moved one by one, so nested, equal and overlapping ones do not disturb each other.

    Args:
        items: ``(start, end, replacement)`` of each edit.

    Raises:
        ParameterError: Edits overlap, are out of order or are inside out, or a replacement is no text.

    >>> edits = Edits([(0, 3, "One"), (8, 8, "big ")])
    >>> edits.apply("the red car"), edits.spans([(4, 7), (8, 11), (0, 3)])
    ('One red big car', [(4, 7), (12, 15), (0, 3)])
    """

    __slots__ = ("_table", "items")

    items: tuple[Edit, ...]

    def __init__(self, items: Iterable[Edit] = ()) -> None:
        kept = []
        last = 0
        for item in items:
            start, end, text = item
            if not last <= start <= end or text.__class__ is not str:
                raise self._refusal(item, last)
            if start != end or text:
                kept.append(item)
            last = end
        self.items = tuple(kept)
        self._table: tuple[list[int], list[int], list[int]] | None = None

    @staticmethod
    def _refusal(item: Edit, last: int) -> ParameterError:
        if item[2].__class__ is not str:
            return ParameterError(f"Edits: a replacement must be a str, is {item[2]!r}; give the text to put there.")
        return ParameterError(
            f"Edits: edits must be in order and not overlap, {item!r} follows one that ends at {last}; "
            "sort and thin them out."
        )

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Edit]:
        return iter(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Edits) and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return f"Edits({list(self.items)!r})"

    def apply(self, text: str) -> str:
        """The edited text; the very same one when there is nothing to do.

        Raises:
            ParameterError: An edit lies beyond the end of the text.
        """
        items = self.items
        if not items:
            return text
        if items[-1][1] > len(text):
            raise ParameterError(
                f"Edits: an edit must lie inside its text, {items[-1]!r} ends beyond its {len(text)} code points; "
                "apply edits to the text they were made for."
            )
        parts = []
        at = 0
        for start, end, replacement in items:
            parts.append(text[at:start])
            parts.append(replacement)
            at = end
        parts.append(text[at:])
        return "".join(parts)

    def _tables(self) -> tuple[list[int], list[int], list[int]]:
        """Starts, ends, and by how much everything behind the first ``k`` edits has moved."""
        if self._table is None:
            starts, ends, shifts = [], [], [0]
            shift = 0
            for start, end, replacement in self.items:
                starts.append(start)
                ends.append(end)
                shift += len(replacement) - (end - start)
                shifts.append(shift)
            self._table = starts, ends, shifts
        return self._table

    def touches(self, span: Span) -> bool:
        """Whether an edit changes the inside of a span, so that an op may spare what it must not touch.

        Text put in at a border does not touch. An empty span is touched by an edit that reaches over it.

        >>> edits = Edits([(4, 7, "blue")])
        >>> edits.touches((0, 4)), edits.touches((6, 9))
        (False, True)
        """
        starts, ends, _ = self._tables()
        return bisect_right(ends, span[0]) < bisect_left(starts, span[1])

    def sparing(self, spans: Iterable[Span]) -> Edits:
        """The edits that touch none of the given spans.

        >>> Edits([(0, 3, "One"), (4, 7, "blue")]).sparing([(5, 6)])
        Edits([(0, 3, 'One')])
        """
        kept = list(self.items)
        for low, high in spans:
            kept = [edit for edit in kept if edit[1] <= low or edit[0] >= high]
        return self if len(kept) == len(self.items) else Edits(kept)

    def span(self, span: Span) -> Span | None:
        """Where one span lies in the edited text, or None where it can no longer be right; the class has the rules."""
        items = self.items
        if not items:
            return span
        low, high = span
        starts, ends, shifts = self._table or self._tables()
        first, behind = bisect_right(ends, low), bisect_left(starts, high)
        if first >= behind:
            return low + shifts[first], high + shifts[first]
        if starts[first] < low or ends[behind - 1] > high or low == high:
            return None
        moved = low + shifts[first], high + shifts[behind]
        return moved if moved[0] < moved[1] else None

    def spans(self, spans: Iterable[Span]) -> list[Span | None]:
        """Where spans lie in the edited text; see `span`.

        Args:
            spans: Half-open ``(start, end)`` in code points of the text before.

        >>> Edits([(2, 5, "")]).spans([(0, 2), (2, 5), (3, 9), (1, 9), (5, 6), (3, 3)])
        [(0, 2), None, None, (1, 6), (2, 3), None]
        """
        span = self.span
        return [span((low, high)) for low, high in spans]

    def then(self, other: Edits) -> Edits:
        """Both edits as one, over the text before the first.

        The text is the same as after two steps, always. Edits that meet become one, so a span may be lost that two
        steps would keep, or the other way round; kept in both ways it holds the same of the old text. Labels of a chain
        are therefore best moved step by step.

        Args:
            other: Edits of the text that this one makes.

        >>> Edits([(0, 1, "ab")]).then(Edits([(1, 3, "x")]))
        Edits([(0, 2, 'ax')])
        """
        return Edits(fuse(self.items, other.items))


def joined(pieces: Sequence[str], separator: str = " ") -> tuple[str, list[Span]]:
    """Pieces as one text, and the span of each in it.

    >>> joined(["a", "bc"])
    ('a bc', [(0, 1), (2, 4)])
    """
    spans, at = [], 0
    for piece in pieces:
        spans.append((at, at + len(piece)))
        at += len(piece) + len(separator)
    return separator.join(pieces), spans
