"""Boxes that fit the outline of their object, and fit it again after a move.

A box that turns with its image grows: the upright box around its corners holds more than the object. Where an outline
or a mask stands beside it, that tells how far the object reaches. Not every box means the extent of the outline (some
hold what is hidden, too, or a margin), so only one that fitted before the move is fitted again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hfaug.rows.places.boxes import BoxLabel
from hfaug.rows.places.figures import FigureLabel
from hfaug.rows.places.polygons import PolygonLabel

if TYPE_CHECKING:
    from hfaug.rows.places.label import Numbers, ObjectLabel

__all__ = ["fitted"]

_FITS_PX = 1.5
"""By how much each side of a box may differ from the outline that it fits: as much as rounding makes of both."""
_PIXEL_EDGE = 0.5
"""How far a mask may end from where its object does."""


def fitted(labels: Sequence[ObjectLabel]) -> list[ObjectLabel]:
    """The labels of a group of objects, whose boxes reach no further than what they fitted before a move.

    Args:
        labels: The open labels of one group.
    """
    outlines: list[PolygonLabel | FigureLabel] = [one for one in labels if isinstance(one, PolygonLabel)]
    outlines += [one for one in labels if isinstance(one, FigureLabel)]
    moved = next((one for one in outlines if one.is_moved), None)
    if moved is None:
        return list(labels)
    return [_fitted(one, moved) if isinstance(one, BoxLabel) and one.is_moved else one for one in labels]


def _fitted(label: BoxLabel, outline: PolygonLabel | FigureLabel) -> BoxLabel:
    if len(outline.extents) != len(label.before):
        return label  # which is told to the user where counts are checked
    off = np.abs(outline.before - label.before).max(axis=1)[label.kept]
    grown = np.maximum(_girth(label.boxes) / np.maximum(_girth(label.before[label.kept]), 1e-9), 1.0)
    slack = off * grown + (_PIXEL_EDGE if isinstance(outline, FigureLabel) else 0.0)
    limits = outline.extents[label.kept] + slack[:, None] * np.array([-1.0, -1.0, 1.0, 1.0])
    fits = (off <= _FITS_PX) & np.isfinite(limits).all(axis=1)
    return label.within({int(label.kept[n]): limits[n].tolist() for n in np.flatnonzero(fits).tolist()})


def _girth(boxes: Numbers) -> Numbers:
    """Width and height together, which say by how much a box was enlarged, turned or not."""
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).sum(axis=1))
