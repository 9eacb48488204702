"""Ops that make an image from nothing: what must hold where their column is there already."""

from __future__ import annotations

import dataclasses

from hfaug.plan import Plan
from hfaug.roles import resolve

__all__ = ["check_replaced"]


def check_replaced(plan: Plan, column: str, who: str) -> None:
    """Make sure that no label names places in an image that is replaced.

    Args:
        plan: What is known of the rows so far.
        column: The image column that the op writes; nothing is replaced where there is none yet.
        who: Name of the op, for errors.

    Raises:
        LabelError: There is such a label.
    """
    if column in plan.features:
        bound = dataclasses.replace(plan.binding, image=(column,))
        resolve(plan.features, bound, who=who, needs=("image",), shifts=("image", "size"), moves=())
