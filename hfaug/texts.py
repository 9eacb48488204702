"""The short way for texts without labels: a column at once, without an object a row, which costs as much as an op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from hfaug import provenance
from hfaug.lineage import Lineage
from hfaug.randomness import Streams, row_key

if TYPE_CHECKING:
    from hfaug.op import Op
    from hfaug.plan import Plan
    from hfaug.rows import ArrowBatch

__all__ = ["TextEditor", "edit_texts"]


class TextEditor(Protocol):
    """An op that makes one text of one, and neither looks at anything else nor changes it."""

    def refuses_some(self, texts: Sequence[str | None]) -> bool:
        """Whether some texts must go the long way, row by row, which can reject one."""

    def edit_column(self, texts: Sequence[str | None], streams: Streams, ids: Sequence[str]) -> list[str | None]:
        """The edited texts; a null stays one."""


def edit_texts(op: Op, batch: ArrowBatch, plan: Plan) -> pa.Table | None:
    """What an op makes of a table, where it does no more than edit the texts of one column; None where it does more.

    The result is that of the long way, row by row. Rows that bring their lineage go there, since each has its own past.
    """
    leaves = plan.editors
    if not leaves or provenance.COLUMN in batch.features:
        return None
    roles = leaves[0].roles
    assert roles is not None  # noqa: S101 - an op on text was planned with roles
    column = roles.all("text")[0]
    keys = list(map(row_key, batch.ids))
    texts: Sequence[Any] = batch.column(column)
    for leaf in leaves:
        editor: Any = leaf.op
        if editor.refuses_some(texts):
            return None
        texts = editor.edit_column(texts, leaf.streams(keys), batch.ids)
    lineage = None
    if plan.binding.provenance is not False:
        lineage = Lineage(op.lineage_op, batch, op.lineage_depth).of_changed()
    return batch.with_values(column, texts, plan.schema, lineage)
