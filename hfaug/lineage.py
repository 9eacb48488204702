"""The lineage that an op writes for its rows: where each came from, and what was done to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import xxhash

from hfaug import provenance
from hfaug.rows import KEPT, Batch, Row

if TYPE_CHECKING:
    from hfaug.op import Op

__all__ = ["REJECTED", "Lineage", "id_digest", "unused"]

OpT = TypeVar("OpT", bound="Op")

REJECTED = "rejected"
"""The origin of a flagged copy on its way to a caller that counts and drops it; no stored row has it."""


_SILENT = {"codec", "id", "keep", "provenance"}
"""What a binding says that leaves the draws and their places alone."""


def _short_digest(op: Op, depth: int) -> str:
    """What tells the copies of one op from those of another in their ids: its draws, what it was bound to, how deep."""
    said = [
        {name: value for name, value in part.binding.to_json().items() if name not in _SILENT} for part in op.walk()
    ]
    if not any(said) and not depth:
        return op.stream_digest[:12]
    text = json.dumps([op.stream_digest, said, depth], sort_keys=True)
    return xxhash.xxh3_128_hexdigest(text.encode())[:12]


def id_digest(op: Op) -> str:
    """What stands in the ids of an op's copies, between the id of their source and their number.

    Args:
        op: What runs: an op's ``times(...)``, of any number, or a wrapper that numbers copies.
    """
    return _short_digest(op.lineage_op, op.lineage_depth)


def unused(op: OpT, taken: Callable[[str], bool]) -> OpT:
    """An op that makes copies which are not there yet.

    It is the op itself, unless an equal one has been over the same rows. Then it is the op in its next pass: of another
    epoch, so that it draws anew, and its copies have ids of their own that tell which pass they are of.

    Args:
        op: What makes the copies.
        taken: Whether there may be copies whose ids hold a digest (see `id_digest`).
    """
    epoch = op.binding.epoch or 0
    while taken(id_digest(op.times(1))):
        epoch += 1
        op = op.on(epoch=epoch)
    return op


class Lineage:
    """Writes the lineage column of one batch."""

    def __init__(self, op: Op, batch: Batch, depth: int = 0) -> None:
        self._batch = batch
        self._short = _short_digest(op, depth)
        models = [f"{model['id']}@{model['revision']}" for part in op.walk() for model in part.models()]
        self._step = {**json.loads(op.published_json), **({"models": models} if models else {})}
        self._origins = {origin: op.origin_of(origin) for origin in provenance.ORIGINS}
        self._joined: dict[Any, str] = {}
        self._suffixes: dict[tuple[int, ...], str] = {}
        self._has = provenance.COLUMN in batch.features

    def of(self, rows: Sequence[Row]) -> Any:
        """The lineage of rows, in their order."""
        if not self._has and all(row.copy == () and row.rejected is None and not row.parents for row in rows):
            return self._changed([self._batch.ids[row.index] for row in rows])
        entries = [self._entry(row) for row in rows]
        ids, parents, origins, steps = zip(*entries, strict=True) if entries else ((), (), (), ())
        return provenance.lineage(ids, parents, origins, steps)

    def of_changed(self) -> Any:
        """The lineage of one changed row for each row of the batch, which brings none itself."""
        return self._changed(self._batch.ids)

    def _changed(self, sources: Sequence[str]) -> Any:
        """The common case, without a loop over what is equal for all."""
        steps = self._steps("[]", (), None)
        return provenance.changed_lineage(sources, self._suffix(()), self._origins["source"], steps)

    def _entry(self, row: Row) -> tuple[str, Sequence[str], str, str]:
        source = self._batch.ids[row.index]
        origin, earlier, parents = self._before(row.index)
        if row.original:
            return source, parents, origin, earlier
        steps = self._steps(earlier, row.copy, row.rejected)
        if row.rejected is not None:
            if row.is_copy:
                return source + self._suffix(row.copy), [source], REJECTED, steps
            return source, parents, origin, steps
        return source + self._suffix(row.copy), [source, *row.parents], self._origins[origin], steps

    def _before(self, index: int) -> tuple[str, str, list[str]]:
        """The lineage that a row came with."""
        if not self._has:
            return "source", "[]", []
        value = self._batch.value(provenance.COLUMN, index)
        return value["origin"], value["steps"], value["parents"]

    def _suffix(self, copy: tuple[int, ...]) -> str:
        if copy not in self._suffixes:
            path = "".join(".k" if number == KEPT else f".{number}" for number in copy)
            self._suffixes[copy] = f"/{self._short}{path}"
        return self._suffixes[copy]

    def _steps(self, earlier: str, copy: tuple[int, ...], rejected: tuple[str, str] | None) -> str:
        key = (earlier, copy, rejected)
        if key not in self._joined:
            step = {**self._step, "copy": list(copy)}
            if rejected is not None:
                step["rejected"] = {"op": rejected[0], "reason": rejected[1]}
            text = json.dumps(step, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            self._joined[key] = provenance.append_step(earlier, text)
        return self._joined[key]
