"""The lineage column: one struct of `id`, `parents`, `origin` and `steps`.

Nothing in it is ever null and `steps` is JSON text, so its schema is the same in every chunk of every dataset, whatever
the ops. Constant parts cost nothing a row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hfaug.errors import ParameterError

__all__ = [
    "COLUMN",
    "ORIGINS",
    "REJECTED",
    "append_step",
    "arrow_type",
    "changed_lineage",
    "feature",
    "has_lineage",
    "lineage",
    "source_lineage",
    "step_json",
]

COLUMN = "provenance"
ORIGINS = ("source", "augmented", "synthetic")
REJECTED = "rejected"
"""In place of an origin: a copy that failed, on its way to whoever counts and drops it. No finished dataset has one."""

_FIELDS = ("id", "parents", "origin", "steps")


def feature() -> dict[str, Any]:
    """Give the `datasets` feature of the lineage column.

    >>> import datasets
    >>> datasets.Features({COLUMN: feature()}).arrow_schema.field(COLUMN).type == arrow_type()
    True
    """
    from datasets import List, Value

    text = Value("string")
    return {"id": text, "parents": List(text), "origin": text, "steps": text}


def arrow_type() -> pa.DataType:
    """Give the Arrow type of the lineage column.

    >>> arrow_type().field("parents").type
    ListType(list<item: string>)
    """
    text = pa.string()
    return pa.struct([("id", text), ("parents", pa.list_(text)), ("origin", text), ("steps", text)])


def has_lineage(table: pa.Table | pa.Schema) -> bool:
    """Tell whether a table has the lineage column; one of the same name with other content is the user's own.

    >>> has_lineage(pa.table({COLUMN: source_lineage(["a"])})), has_lineage(pa.table({COLUMN: ["shop"]}))
    (True, False)
    """
    schema = table if isinstance(table, pa.Schema) else table.schema
    if COLUMN not in schema.names:
        return False
    kind = schema.field(COLUMN).type
    return pa.types.is_struct(kind) and {field.name for field in kind} == set(_FIELDS)


def source_lineage(ids: Sequence[str]) -> pa.StructArray:
    """Build the lineage of rows that come from the source as they are.

    >>> source_lineage(["a"]).to_pylist()
    [{'id': 'a', 'parents': [], 'origin': 'source', 'steps': '[]'}]
    """
    return lineage(ids, None, "source", "[]")


def lineage(
    ids: Sequence[str],
    parents: Sequence[Sequence[str]] | None,
    origins: str | Sequence[str],
    steps: str | Sequence[str],
) -> pa.StructArray:
    """Build the lineage of rows.

    Args:
        ids: Id of each row.
        parents: Ids of the rows that each was made from; None when no row has any.
        origins: One of `ORIGINS` (or `REJECTED`) for each row, or one for all.
        steps: What was done, a JSON list for each row, or one for all (see `append_step`).

    Returns:
        One struct a row, of `arrow_type`, without nulls.

    Raises:
        ParameterError: Lengths differ, an id is missing, an origin is unknown or steps are not a JSON list.

    >>> lineage(["a/f00d.0"], [["a"]], "augmented", append_step("[]", "{}")).to_pylist()
    [{'id': 'a/f00d.0', 'parents': ['a'], 'origin': 'augmented', 'steps': '[{}]'}]
    """
    for origin in {origins} if isinstance(origins, str) else set(origins):
        if origin not in ORIGINS and origin != REJECTED:
            raise ParameterError(f"lineage: origins must be among {ORIGINS}, was {origin!r}; use one of them")
    for text in {steps} if isinstance(steps, str) else set(steps):
        _check_steps(text, "lineage")
    count = len(ids)
    columns = [
        _texts(list(ids), count, "ids"),
        _parent_lists(parents, count),
        _texts(origins, count, "origins"),
        _texts(steps, count, "steps"),
    ]
    return pa.StructArray.from_arrays(columns, fields=list(arrow_type()))


def changed_lineage(sources: Sequence[str], suffix: str, origin: str, steps: str) -> pa.StructArray:
    """Build the lineage of rows that each were made from one row by the same steps: `lineage` without a loop.

    Args:
        sources: Id of the row that each was made from.
        suffix: What the id of the new row ends with.
        origin: One of `ORIGINS`.
        steps: What was done, a JSON list.

    >>> changed_lineage(["a"], "/f00d", "augmented", "[{}]").to_pylist()
    [{'id': 'a/f00d', 'parents': ['a'], 'origin': 'augmented', 'steps': '[{}]'}]
    """
    parents = pa.array(sources, pa.string())
    ids = pc.binary_join_element_wise(parents, pa.scalar(suffix), pa.scalar(""))
    lists = pa.ListArray.from_arrays(np.arange(len(sources) + 1, dtype=np.int32), parents)
    constants = [_texts(text, len(sources), "") for text in (origin, steps)]
    return pa.StructArray.from_arrays([ids, lists, *constants], fields=list(arrow_type()))


def _texts(values: str | Sequence[str], count: int, what: str) -> pa.Array:
    if isinstance(values, str):
        return pa.repeat(pa.scalar(values, pa.string()), count)
    array = pa.array(values, pa.string())
    if len(array) != count or array.null_count:
        raise ParameterError(
            f"lineage: {what} must be one string for each of {count} rows, "
            f"was {len(array)} of which {array.null_count} are missing; give each row its own"
        )
    return array


def _parent_lists(parents: Sequence[Sequence[str]] | None, count: int) -> pa.Array:
    if parents is None:
        return pa.ListArray.from_arrays(np.zeros(count + 1, np.int32), pa.array([], pa.string()))
    if len(parents) != count or any(isinstance(some, str) for some in parents):
        raise ParameterError(
            f"lineage: parents must be one list of ids for each of {count} rows, was {parents!r:.200}; "
            "give each row a list, [] if it has none"
        )
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(np.fromiter(map(len, parents), np.int32, count), out=offsets[1:])
    flat = list(chain.from_iterable(parents))
    return pa.ListArray.from_arrays(offsets, _texts(flat, len(flat), "parents"))


def step_json(
    op: str | Mapping[str, Any],
    *,
    version: int,
    copy: int | Sequence[int] | None = None,
    seed: int = 0,
    epoch: int = 0,
    models: Mapping[str, str] | None = None,
    **notes: Any,
) -> str:
    """Write down one step of a row's making, so that it can be replayed: canonical JSON, keys sorted.

    Args:
        op: The op's canonical JSON, or the same as a mapping.
        version: The op's version.
        copy: Which copy of the row this is, from 0, or the path of copies of copies; None where the row was changed.
        seed: The user's seed.
        epoch: Pass over the data.
        models: Revision of each model that was asked.
        notes: Anything else that JSON can hold, such as `rejected` with its reason.

    Raises:
        ParameterError: JSON cannot hold a part.

    >>> step_json({"op": "image.rotate", "degrees": [-30, 30]}, version=1, copy=0)
    '{"copy":0,"op":{"degrees":[-30,30],"op":"image.rotate"},"seed":0,"version":1}'
    """
    try:
        canonical = json.loads(op) if isinstance(op, str) else dict(op)
        step = {**notes, "op": canonical, "version": version, "seed": seed, "copy": copy}
        step.update(epoch=epoch or None, models=models or None)
        said = {key: value for key, value in step.items() if value is not None}
        return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"step_json: op and notes must be JSON, {error}; op was {op!r}, notes were {notes!r}; leave that part out"
        ) from error


def append_step(steps: str, step: str) -> str:
    """Add a step (see `step_json`) to the steps of a row, both JSON text.

    Raises:
        ParameterError: `steps` is not a JSON list or `step` not a JSON object.

    >>> append_step('[{"op":"a"}]', '{"op":"b"}')
    '[{"op":"a"},{"op":"b"}]'
    """
    _check_steps(steps, "append_step")
    if not (step.startswith("{") and step.endswith("}")):
        raise ParameterError(f"append_step: step must be a JSON object, was {step!r}; make it with step_json")
    return f"[{step}]" if steps == "[]" else f"{steps[:-1]},{step}]"


def _check_steps(steps: str, who: str) -> None:
    if not (isinstance(steps, str) and steps.startswith("[") and steps.endswith("]")):
        raise ParameterError(f"{who}: steps must be a JSON list, was {steps!r}; begin with '[]' and use append_step")
