"""Where a row comes from: its id, and the lineage column `provenance`.

An id is the bound id column, else `provenance.id`, else the content. Two characters have a meaning in ids: equal rows
are numbered ``id~1``, ``id~2``, and copy 0 of an op is ``id/digest.0``. So the root of an id, the row it all began
with, is what stands before the first of them; in ids taken from a column both are percent-encoded.
"""

from hfaug.provenance.column import (
    COLUMN,
    ORIGINS,
    REJECTED,
    append_step,
    arrow_type,
    changed_lineage,
    feature,
    has_lineage,
    lineage,
    source_lineage,
    step_json,
)
from hfaug.provenance.content import content_ids
from hfaug.provenance.ids import bound_ids, number_repeats, row_ids
from hfaug.provenance.leaks import check_leaks, roots, roots_by_split

__all__ = [
    "COLUMN",
    "ORIGINS",
    "REJECTED",
    "append_step",
    "arrow_type",
    "bound_ids",
    "changed_lineage",
    "check_leaks",
    "content_ids",
    "feature",
    "has_lineage",
    "lineage",
    "number_repeats",
    "roots",
    "roots_by_split",
    "row_ids",
    "source_lineage",
    "step_json",
]
