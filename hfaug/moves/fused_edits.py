"""Two passes of edits over a text as one pass."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["fuse"]

Edit = tuple[int, int, str]
Placed = tuple[int, int, int, Edit]  # where it lies in the text between the passes, which pass, the edit


def _placed(first: Sequence[Edit], second: Sequence[Edit]) -> list[Placed]:
    """All edits by their place in the text that the first pass makes."""
    placed: list[Placed] = [(start, end, 1, (start, end, text)) for start, end, text in second]
    shift = 0
    for start, end, text in first:
        placed.append((start + shift, start + shift + len(text), 0, (start, end, text)))
        shift += len(text) - (end - start)
    placed.sort(key=lambda item: item[:3])
    return placed


def fuse(first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """Edits that do to a text what ``first`` and then ``second`` do.

    Args:
        first: Sorted, non-overlapping ``(start, end, replacement)`` over the text.
        second: The same over the text that ``first`` makes.

    >>> fuse([(0, 0, "ab")], [(0, 1, ""), (5, 6, "x")])
    [(0, 0, 'b'), (3, 4, 'x')]
    """
    fused: list[Edit] = []
    shift = 0
    group: list[Placed] = []
    low = high = 0
    for item in _placed(first, second):
        start, end = item[:2]
        if group and start < high and (start < end or start > low):
            group.append(item)
            high = max(high, end)
            continue
        shift = _close(group, low, high, shift, fused)
        group, low, high = [item], start, end
    _close(group, low, high, shift, fused)
    return fused


def _close(group: Sequence[Placed], low: int, high: int, shift: int, fused: list[Edit]) -> int:
    """Write a group of edits that overlap between the passes as one edit; returns the first pass's shift behind it."""
    if not group:
        return shift
    behind = shift
    # What the group keeps of the old text is replaced by the second pass, so any filler of the right length will do.
    between = ["\0"] * (high - low)
    for start, end, which, (old_start, old_end, text) in group:
        if which == 0:
            between[start - low : end - low] = text
            behind += len(text) - (old_end - old_start)
    pieces, at = [], 0
    for start, end, which, (_, _, text) in group:
        if which == 1:
            pieces += [*between[at : start - low], text]
            at = end - low
    fused.append((low - shift, high - behind, "".join(pieces + between[at:])))
    return behind
