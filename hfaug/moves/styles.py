"""How moves fill and sample, and whether two of them do alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hfaug.moves.areas import Interpolation
from hfaug.moves.pixels import Border

if TYPE_CHECKING:
    from hfaug.moves.field import Move

__all__ = ["Style", "shared_style", "style_of"]

Style: TypeAlias = tuple[tuple[float, float, float], Border, Interpolation, int]
"""Fill, border, interpolation, and fill of masks."""


def style_of(move: Move) -> Style:
    """How a move fills and samples."""
    return move.fill, move.border, move.interpolation, move.mask_fill


def shared_style(first: Move, second: Move) -> Style | None:
    """Fill, border and interpolation that serve both moves, where each counts only if it shows."""
    shown = [move for move in (first, second) if move.shows_outside] or [first]
    if len({(move.border, move.border == "constant" and (move.fill, move.mask_fill)) for move in shown}) > 1:
        return None
    sampled = [move for move in (first, second) if not move.is_exact] or [first]
    if len({move.interpolation for move in sampled}) > 1:
        return None
    return shown[0].fill, shown[0].border, sampled[0].interpolation, shown[0].mask_fill
