"""Functions over the rows of a stream as they are stored, whatever the stream was made of.

`datasets` hands a function of Arrow tables whatever types it guesses from Python examples, and tells it no features:
classes come without their names, images as plain structs, an empty column as nulls. What the stream promises is put
right here, so that a row has the same id and the same draws as in a dataset.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from datasets import Features, IterableDataset
from datasets.table import table_cast

from hfaug.errors import CallError
from hfaug.op import Op
from hfaug.rows import Form

__all__ = ["map_stream", "ops_of", "stream_features"]

_BATCH = 32

Function = Op | Callable[[pa.Table], pa.Table]


def stream_features(stream: IterableDataset, who: str) -> Features:
    """The features of a stream.

    Args:
        stream: Any.
        who: The call, for errors.

    Raises:
        CallError: Nobody knows them.
    """
    features = stream.features
    if features is None:
        raise CallError(
            f"{who}: the features of a stream must be known, these are not; say stream.cast(features) "
            "or load it with features=..."
        )
    return features


def map_stream(stream: IterableDataset, function: Function, features: Features) -> IterableDataset:
    """Apply a function to the stored rows of a stream, a few at a time; nothing is decoded for it.

    Args:
        stream: Its features must be known.
        function: An op, or a function of tables.
        features: What comes out.

    Raises:
        CallError: The features of the stream are not known.
    """
    stored = _Stored(function, stream_features(stream, "map_stream"))
    done = _arrow(stream, stored.features).map(stored, batched=True, batch_size=_BATCH, features=features)
    return done.with_format(None)


def ops_of(stream: IterableDataset) -> Iterator[Op]:
    """The ops that a stream will run, as far as `map_stream` has put them there."""
    waiting = [stream._ex_iterable]  # noqa: SLF001  # datasets has no public name for what a stream is made of
    while waiting:
        part = waiting.pop()
        function = getattr(part, "function", None)
        if isinstance(function, _Stored) and isinstance(function.function, Op):
            yield function.function
        inner = getattr(part, "ex_iterable", None)
        waiting.extend([] if inner is None else [inner])
        waiting.extend(getattr(part, "ex_iterables", ()))


def _arrow(stream: IterableDataset, features: Features) -> IterableDataset:
    """The stream as tables that can be put together."""
    made_of: Any = stream._ex_iterable  # noqa: SLF001  # see ops_of
    if made_of.iter_arrow:
        return stream.with_format("arrow")
    # Of Python examples datasets makes a table each, whose types differ wherever one has a null, and puts them together
    # before a function sees them. Features that it knew of would have it decode, and encode anew, on the way.
    info = stream.info.copy()
    info.features = None
    plain = IterableDataset(
        made_of,
        info=info,
        split=stream.split,
        distributed=stream._distributed,  # noqa: SLF001  # see ops_of
        token_per_repo_id=stream._token_per_repo_id,  # noqa: SLF001  # see ops_of
    )
    return plain.with_format("arrow").map(_Typed(features), batched=True, batch_size=1, features=features)


@dataclasses.dataclass(frozen=True)
class _Typed:
    """Brings tables into the types that the features promise."""

    features: Features

    def __call__(self, table: pa.Table) -> pa.Table:
        schema = self.features.arrow_schema
        return table.cast(schema) if table.schema.equals(schema) else table_cast(table, schema)


@dataclasses.dataclass(frozen=True)
class _Stored:
    """A function of the stored rows of a stream whose features are known."""

    function: Function
    features: Features

    def __call__(self, table: pa.Table) -> pa.Table:
        rows = _Typed(self.features)(table)
        if not isinstance(self.function, Op):
            return self.function(rows)
        done: pa.Table = self.function.run_form(Form(table=rows, columns=None, features=self.features, single=False))
        return done
