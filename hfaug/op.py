"""What an op is.

An op is a frozen dataclass that draws a change for one row and says how content moves. `op(batch)` is a function for
`Dataset.map`: it knows its columns from the features, draws from streams that are keyed by row, and passes on what it
does not touch.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
from datasets import Features
from typing_extensions import Self

from hfaug.binding import Binding
from hfaug.calls import asks
from hfaug.config import Config
from hfaug.errors import CallError, ParameterError, add_context
from hfaug.lineage import Lineage
from hfaug.media.codec import Codec
from hfaug.plan import Leaf, Plan, Run
from hfaug.randomness import Stream
from hfaug.roles import Roles, resolve
from hfaug.rows import ArrowBatch, Batch, Form, ObjectBatch, Row, read_form
from hfaug.texts import edit_texts

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["BatchOp", "Op", "Reject", "RowOp"]

logger = logging.getLogger("hfaug")

_MEDIA_ROWS = 12
"""Rows whose decoded media are held together: enough to share their streams. With more, the memory of decoded images
goes back to the system and comes anew with every slice, which costs a light op on photographs a fifth of its speed."""

_DEFERRED_ROWS = 64
"""Rows of media that wait together for what was asked of them. Nothing of them is decoded, and streams are shared."""
_MEDIA = ("image", "audio", "video")


@dataclasses.dataclass(frozen=True)
class Reject:
    """What an op returns for a row that it cannot change well.

    Args:
        reason: A short, constant text; rejects are counted by it.
    """

    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Op(Config):
    """Base of all ops.

    Class attributes say what an op is to the layers around it: `needs` are the roles it cannot do without, `shifts` the
    contents whose positions it changes, `moves` the labels it carries along, `may_change` the ways in which it could
    change what a label means, `origin` what its rows are.
    """

    binding: Binding = dataclasses.field(default=Binding(), repr=False)

    needs: ClassVar[tuple[str, ...]] = ()
    also: ClassVar[tuple[str, ...]] = ()
    """What does in place of a missing need: an op on images may take a video."""
    shifts: ClassVar[tuple[str, ...]] = ()
    moves: ClassVar[tuple[str, ...]] = ()
    may_change: ClassVar[tuple[str, ...]] = ()
    origin: ClassVar[str] = "augmented"
    whole_batch: ClassVar[bool] = False
    unit_rows: ClassVar[int] = 200
    """Rows of a unit of the engine at most: fewer where a row takes long, since a crash costs a unit."""
    expected_draws: ClassVar[int] = 16
    """How many uniform numbers most rows draw, even: they are computed for a batch at once. It is about speed alone."""
    flags_rejects: ClassVar[bool] = False
    """Whether rejected copies are handed on, flagged, to a caller that counts and drops them."""

    def _extra(self) -> dict[str, Any]:
        said = self.binding.to_json()
        return {"binding": said} if said else {}

    # ---- what an op is made of

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Change one row."""
        raise NotImplementedError(f"{type(self).__name__} must define apply(row, rng)")

    def adds(self, features: Features, roles: Roles) -> Features:
        """The columns this op adds to the given features; none by default."""
        return Features({})

    def untouched(self, row: Row) -> dict[str, Any]:
        """Values of the added columns for a row that this op did not touch; nulls by default."""
        return {}

    def children(self) -> tuple[Op, ...]:
        """The ops inside a composed op."""
        return ()

    def models(self) -> tuple[dict[str, Any], ...]:
        """Its models, each ``{"id", "revision", "licence", "determinism"}``; loaded: ``settings``, ``events``."""
        return ()

    def model_digest(self) -> str:
        """What the results follow from besides the fingerprint: the revisions of all models, empty without models."""
        return json.dumps([[model["id"], model["revision"]] for part in self.walk() for model in part.models()])

    @property
    def keeps_size(self) -> bool:
        """Whether images are as high and wide afterwards, so that columns which say so stay right."""
        return False

    @property
    def defers(self) -> bool:
        """Whether nothing is decoded while it runs: what it does to media waits until the row is written."""
        parts = self.children()
        return bool(parts) and all(part.defers for part in parts)

    def editors(self) -> tuple[Op, ...]:
        """The ops on text, in order, where this op does no more than these do; else none (see `hfaug.texts`)."""
        return ()

    @property
    def ready(self) -> bool:
        """Whether the op has all that it needs from a dataset; False means that `fit` comes first."""
        return all(child.ready for child in self.children())

    def fit(self, dataset: Dataset) -> Self:
        """The op with what it learns from a dataset: a list, a pool of partners. Give it the training split alone.

        `hfaug.augment` and recipes fit by themselves what is not ready, on the split that they augment.
        """
        return self

    def walk(self) -> Iterator[Op]:
        """This op and every op inside it."""
        yield self
        for child in self.children():
            yield from child.walk()

    # ---- composing

    def on(self, **said: Any) -> Self:
        """An equal op that knows its columns, formats, id, seed or codec.

        Args:
            said: See `hfaug.binding.Binding`; ``jpeg_quality`` and the other codec settings are taken too.

        >>> from hfaug.ops.image import Flip
        >>> Flip().on(image="img", boxes="objects.bbox", box_format="coco").binding.boxes
        ('objects.bbox',)
        """
        settings = {field.name for field in dataclasses.fields(Codec)} & set(said)
        if settings:
            base = self.binding.codec or Codec()
            said["codec"] = dataclasses.replace(base, **{name: said.pop(name) for name in settings})
        return dataclasses.replace(self, binding=self.binding.merged(Binding.of(**said)))

    @asks
    def times(self, copies: int, *, keep: bool = False) -> Op:
        """An op that makes several copies of a row, each with draws of its own; needs ``batched=True`` in `map`.

        Args:
            copies: How many, from 1 up.
            keep: Keep the row itself before its copies.
        """
        from hfaug.compose import Times

        return Times(op=self, copies=copies, keep=keep, binding=self.binding)

    @asks
    def sometimes(self, chance: float) -> Op:
        """An op that is applied to a share of the rows.

        Args:
            chance: 0..1.
        """
        from hfaug.compose import Sometimes

        return Sometimes(op=self, chance=chance, binding=self.binding)

    # ---- running

    def plan(self, plan: Plan) -> None:
        """Resolve roles and features for this op."""
        with plan.bound(self):
            roles = resolve(
                plan.features,
                plan.binding,
                who=type(self).__name__,
                needs=self.needs,
                shifts=self.shifts if self.keeps_size else (*self.shifts, "size"),
                moves=self.moves,
                also=self.also,
            )
            plan.add(self, roles, self.adds(plan.features, roles))

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change rows in order; rejected ones pass through."""
        leaf = run.leaf(self)
        results = []
        for row, rng in zip(rows, run.streams(leaf, rows), strict=True):
            results.append(row if row.rejected is not None else self._guarded(row, rng, leaf))
        return results

    def _guarded(self, row: Row, rng: Stream, leaf: Leaf) -> Row:
        row.roles = leaf.roles
        try:
            result = self.apply(row, rng)
        except Exception as error:
            add_context(error, f"in {type(self).__name__}, row {row.id!r}")
            raise
        return _judged(self, row, result)

    def features(self, features: Features) -> Features:
        """The features of the result; pure, and the same for every split and form.

        Raises:
            RoleError: A column is missing or in doubt.
            LabelError: A label would not move.
        """
        return self._plan(features).features.copy()

    def _plan(self, features: Features) -> Plan:
        cached = self.__dict__.get("_planned")
        if cached is None or list(cached.source.items()) != list(features.items()):
            cached = Plan(self, Features(features))
            self.__dict__["_planned"] = cached
        planned: Plan = cached
        return planned

    def __call__(self, batch: Any, *_ignored: Any) -> Any:
        """Change a batch or a row, in any form in which `datasets` hands it over; indices and rank are ignored."""
        return self.run_form(read_form(batch, type(self).__name__, self.binding.id))

    def run_form(self, form: Form, rejects: Counter[str] | None = None) -> Any:
        """Change rows whose features are known: a table gives a table, decoded columns give decoded columns.

        Args:
            form: The rows.
            rejects: Counts the rejected rows by reason; without it they are logged.
        """
        opened, plan = _open(form, self.binding), self._plan(form.features)
        if isinstance(opened, ArrowBatch) and (edited := edit_texts(self, opened, plan)) is not None:
            return edited
        counted: Counter[str] = Counter() if rejects is None else rejects
        rows = self._run_chunks(opened, plan, counted)
        if rejects is None and counted:
            logger.info("%s: rejected %s", type(self).__name__, dict(counted))
        if form.single and len(rows) != 1:
            raise CallError(
                f"{type(self).__name__}: makes {len(rows)} rows of one, which map can only take in batches; "
                "map with batched=True"
            )
        result = opened.collect(rows, plan.schema, self._lineage(opened, rows, plan))
        if form.single and isinstance(opened, ObjectBatch):
            return {name: values[0] for name, values in result.items()}
        return result

    def run_table(self, table: pa.Table, features: Features) -> tuple[pa.Table, dict[str, int]]:
        """Change the rows of a table; returns the result and the number of rejected rows by reason."""
        rejects: Counter[str] = Counter()
        form = Form(table=table, columns=None, features=features, single=False)
        return self.run_form(form, rejects), dict(sorted(rejects.items()))

    def _run_chunks(self, batch: Batch, plan: Plan, rejects: Counter[str]) -> list[Row]:
        """Run a batch in slices, so that few decoded media are held; the result does not depend on the slices."""
        whole = any(op.whole_batch for op in self.walk())
        held = {role for leaf in plan.leaves if leaf.roles is not None for role in _MEDIA if leaf.roles.all(role)}
        step = _DEFERRED_ROWS if self.defers else _MEDIA_ROWS
        step = max(1, len(batch)) if whole or not held else 1 if "video" in held else step
        done: list[Row] = []
        for start in range(0, len(batch), step):
            done.extend(self._run_rows(batch.rows(start, min(start + step, len(batch))), plan, rejects))
            batch.sources.clear()
        return done

    def _close(self, row: Row) -> None:
        """Decode and encode what a row's ops asked for; most media errors come up here, so the row is named here."""
        try:
            row.close()
        except Exception as error:
            who, place = type(self.lineage_op).__name__, row.index + 1
            add_context(error, f"in {who}, row {row.id!r}, number {place} of its batch")
            raise

    def _run_rows(self, rows: list[Row], plan: Plan, rejects: Counter[str]) -> list[Row]:
        run, results = Run(plan), []
        fills = any(leaf.adds for leaf in plan.leaves)
        for row in self.run(rows, run):
            if row.rejected is not None:
                rejects[row.rejected[1]] += 1
                if row.is_copy and not self.flags_rejects:
                    continue
                row.drop_changes()
            plan.recount(row)
            if row.copy or row.holds_contents:
                self._close(row)
            if fills:
                row.add_values(run.fill(row))
            results.append(row)
        return results

    # ---- lineage

    @property
    def lineage_op(self) -> Op:
        """The op that the lineage names."""
        return self

    @property
    def lineage_depth(self) -> int:
        """How many numbers of a copy's path count copies of `lineage_op`, and not copies that are made inside of it."""
        return 0

    def _lineage(self, batch: Batch, rows: Sequence[Row], plan: Plan) -> Any:
        if plan.binding.provenance is False:
            return None
        return Lineage(self.lineage_op, batch, self.lineage_depth).of(rows)

    def origin_of(self, origin: str) -> str:
        """What a row of some origin is after this op: synthetic once, synthetic for ever."""
        return "synthetic" if "synthetic" in {origin, *(op.origin for op in self.walk())} else "augmented"


def _open(form: Form, binding: Binding) -> Batch:
    codec = binding.codec or Codec()
    if form.table is not None:
        return ArrowBatch(form.table, form.features, codec, binding.id)
    return ObjectBatch(form.columns or {}, form.features, codec, binding.id)


def _judged(op: Op, row: Row, result: Any) -> Row:
    if isinstance(result, Row):
        if (result.batch, result.index, result.copy) != (row.batch, row.index, row.copy):
            said = f"returned {result.id!r} for {row.id!r}; mend the op"
            raise ParameterError(f"{type(op).__name__}: must return each row in its own place, {said}")
        return result
    if isinstance(result, Reject):
        row.rejected = (op.op_name(), result.reason)
        return row
    raise ParameterError(
        f"{type(op).__name__}: must return a row or Reject(reason), returned {type(result).__name__}; mend apply"
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class RowOp(Op):
    """An op that changes a row as it likes: ``apply(row, rng)`` returns a row or `Reject`."""

    @abstractmethod
    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Change one row."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchOp(Op):
    """An op that is better at many rows at once, as models are.

    ``apply_batch(rows, rngs)`` returns a row or `Reject` for each.
    """

    whole_batch: ClassVar[bool] = True
    unit_rows: ClassVar[int] = 32

    @abstractmethod
    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Change many rows; a result must depend on its own row and stream only."""

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change rows in order; rejected ones pass through."""
        leaf = run.leaf(self)
        streams = run.streams(leaf, rows)
        live, results = [index for index, row in enumerate(rows) if row.rejected is None], list(rows)
        if not live:
            return results
        for index in live:
            rows[index].roles = leaf.roles
        try:
            changed = self.apply_batch([rows[i] for i in live], [streams[i] for i in live])
        except Exception as error:
            add_context(error, f"in {type(self).__name__}, rows {rows[live[0]].id!r} to {rows[live[-1]].id!r}")
            raise
        if len(changed) != len(live):
            raise ParameterError(
                f"{type(self).__name__}: apply_batch must return one result a row, returned {len(changed)} "
                f"for {len(live)}; mend the op"
            )
        for index, result in zip(live, changed, strict=True):
            results[index] = _judged(self, rows[index], result)
        return results
