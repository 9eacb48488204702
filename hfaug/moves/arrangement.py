"""Parts of a text that change places, and the positions that move with them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from hfaug.errors import ParameterError
from hfaug.moves.edits import Span

__all__ = ["Arrangement", "arranged", "glued"]


class Arrangement:
    """Another order of some parts of a text; what stands between them keeps its place.

    Every code point of the text is found again, so positions never get lost: a span that lies within one part, or
    between two, moves with it; a span around all parts stays.

    Args:
        parts: Half-open ``(start, end)`` in order, without overlap.
        order: Which part comes to the place of each: a permutation of their numbers.

    Raises:
        ParameterError: The parts overlap or are out of order, or the order is no permutation of them.

    >>> arrangement = Arrangement([(0, 3), (5, 9)], [1, 0])
    >>> arrangement.apply("one, four!"), arrangement.span((5, 9)), arrangement.span((0, 9)), arrangement.span((2, 6))
    ('four, one!', (0, 4), (0, 9), None)
    """

    __slots__ = ("_places", "_starts", "order", "parts")

    def __init__(self, parts: Sequence[Span], order: Sequence[int]) -> None:
        borders = [place for part in parts for place in part]
        if borders != sorted(borders) or sorted(order) != list(range(len(parts))):
            raise ParameterError(
                f"Arrangement: parts must be in order and not overlap, and order must number each once, got "
                f"{list(parts)} and {list(order)}; check both."
            )
        self.parts = tuple(parts)
        self.order = tuple(order)
        self._starts = borders
        self._places = self._targets()

    def _targets(self) -> list[int]:
        """By how much each stretch moves: the text before the parts, then parts and gaps by turns."""
        shifts = [0] * (2 * len(self.parts) + 1)
        at = self.parts[0][0] if self.parts else 0
        for place, number in enumerate(self.order):
            start, end = self.parts[number]
            shifts[2 * number + 1] = at - start
            at += end - start
            gap = self.parts[place][1]
            shifts[2 * place + 2] = at - gap
            at += (self.parts[place + 1][0] - gap) if place + 1 < len(self.parts) else 0
        return shifts

    def apply(self, text: str) -> str:
        """The rearranged text; the very same one when all parts keep their places."""
        return arranged(text, self.parts, self.order)

    def span(self, span: Span) -> Span | None:
        """Where a span lies in the rearranged text; None where it lies across the border of a part.

        An empty span at the border of a part belongs to the part that begins there.
        """
        low, high = span
        if not self.parts or (low <= self.parts[0][0] and high >= self.parts[-1][1]):
            return span
        stretch = bisect_right(self._starts, low)
        last = bisect_right(self._starts, high - 1) if high > low else stretch
        if stretch != last:
            return None
        return low + self._places[stretch], high + self._places[stretch]


def arranged(text: str, parts: Sequence[Span], order: Sequence[int]) -> str:
    """A text with its parts in another order; the very same one when all keep their places.

    Args:
        text: The text.
        parts: As of `Arrangement`.
        order: Likewise.

    >>> arranged("one, four!", [(0, 3), (5, 9)], [1, 0])
    'four, one!'
    """
    pieces: list[str] = []
    at = 0
    for place, number in enumerate(order):
        if place != number:
            start, end = parts[place]
            pieces += (text[at:start], text[slice(*parts[number])])
            at = end
    return "".join((*pieces, text[at:])) if pieces else text


def glued(parts: Iterable[Span], together: Iterable[Span]) -> list[Span]:
    """Parts that can change places without tearing a span apart.

    A part grows over the spans that reach into it, and parts that share a span become one. A span around all parts
    binds nothing, since it stays where it is.

    Args:
        parts: Half-open, in order, without overlap.
        together: Spans that must stay whole, in any order.

    >>> glued([(0, 3), (4, 7), (8, 11)], [(4, 9), (0, 11)])
    [(0, 3), (4, 11)]
    """
    found = list(parts)
    before: list[Span] = []
    spans = sorted(span for span in together if span[0] < span[1])
    while found and found != before:  # a part that has grown may reach into a span that it did not touch before
        before = list(found)
        first, last = found[0][0], found[-1][1]
        for low, high in spans:
            if not (low <= first and high >= last):
                _glue(found, low, high)
    return found


def _glue(parts: list[Span], low: int, high: int) -> None:
    """Make the parts that a span reaches into one part that holds it, in place."""
    inside = [number for number, (start, end) in enumerate(parts) if start < high and end > low]
    if inside:
        start, end = parts[inside[0]][0], parts[inside[-1]][1]
        parts[inside[0] : inside[-1] + 1] = [(min(start, low), max(end, high))]
