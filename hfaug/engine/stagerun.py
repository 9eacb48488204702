"""One stage in one process: plan its units, claim and compute them one by one, and close the stage when all are there.

A stage's folder::

    manifest.json     the units, as the step planned them; written once
    unit-00000.arrow  one file per finished unit
    alike-*.json      what all its units must be made with, if anything
    index.json        rows, digests and counts of all units: the stage is finished when this is there
    claims/           who worked on what
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hfaug.engine.alike import Alike
from hfaug.engine.claims import Claim, Claims, Held, drop_claims
from hfaug.engine.failpoints import failpoint
from hfaug.engine.failures import noting, storing
from hfaug.engine.progress import Progress
from hfaug.engine.stages import Stage
from hfaug.engine.store import Store
from hfaug.engine.units import (
    FORMAT,
    DamagedUnitError,
    UnitInfo,
    UnitResult,
    pack,
    read_info,
    rejects,
    unit_name,
    unit_number,
)
from hfaug.engine.views import StageView, View, discard
from hfaug.engine.workers import Worker
from hfaug.errors import StageError

if TYPE_CHECKING:
    import datasets

__all__ = ["StageRun"]

_log = logging.getLogger("hfaug")


class StageRun:
    """What this process knows of a stage and does in it.

    Args:
        stage: What to compute.
        inputs: Its inputs, finished.
        store: Where.
        worker: Returns this process's worker; called when something must be done, so reading needs no right to write.
        shown: Whether to show progress.
    """

    def __init__(
        self, stage: Stage, inputs: Sequence[View], store: Store, worker: Callable[[], Worker], *, shown: bool
    ) -> None:
        self.step, self.inputs, self.key = stage.step, inputs, stage.key(inputs)
        self.name = stage.folder(inputs)
        self.folder = f"stages/{self.name}"
        self.computed: list[int] = []
        self.found = 0
        self.seconds = 0.0
        self.holders: dict[str, str] = {}
        self.at = ""
        self.view: StageView | None = None
        self._store, self._get_worker, self._shown = store, worker, shown
        self._alike = Alike(store, self.folder)
        self._rejected = 0
        self._counted: set[int] = set()
        self._specs: list[dict[str, Any]] = []
        self._done: set[int] = set()
        self._queue: deque[int] = deque()
        self._bar: Progress | None = None
        self._looked, self._look_cost = 0.0, 0.0
        self.features: datasets.Features = self.step.features([view.features for view in inputs])
        self._index = self._read_index()
        self._planned = False
        self.reopen()

    def reopen(self) -> None:
        """Look at what is there, as after a unit turned out damaged; the stage is finished if nothing is missing."""
        self.view = None
        if self._index is None:
            return
        sizes = self._store.sizes(self.folder)
        for info in self._index:
            size = sizes.get(f"{unit_name(info.unit)}.arrow")
            if size is not None and size != info.size:
                damage = discard(
                    self._store, self.folder, info.unit, f"it must have {info.size:,} bytes and has {size:,}"
                )
                if not damage.removed:
                    raise damage
        names = self._store.list(self.folder)
        self._done = {number for name in names if (number := unit_number(name)) is not None}
        if len(self._done) >= len(self._index):
            self._finish(self._index)

    def step_once(self) -> bool:
        """Do the next thing there is to do here.

        Returns:
            False when everything left is in the hands of other processes.
        """
        began = time.monotonic()
        worked = self._step()
        self.seconds += time.monotonic() - began
        self.at = ""  # after an error it stays, to be told
        return worked

    def _step(self) -> bool:
        if not self._planned and not self._plan():
            return False
        taken = self._next()
        if taken is None:
            return self._close()
        self._compute(*taken)
        return True

    def waiting_for(self) -> str:
        """What is missing and who has it, for people."""
        total = len(self._specs)
        left = [f"{key} ({owner})" for key, owner in sorted(self.holders.items())[:8]]
        more = f" and {len(self.holders) - 8} more" if len(self.holders) > 8 else ""
        return f"stage {self.name}: {len(self._done)} of {total} units are there; waiting for {', '.join(left)}{more}"

    @cached_property
    def _worker(self) -> Worker:
        return self._get_worker()

    @cached_property
    def _claims(self) -> Claims:
        return Claims(self._store, self.folder, self._worker)

    def _take(self, key: str, path: str) -> Claim | None:
        """The claim on something; None when it is done or somebody else is at it."""
        with self._storing(key):
            taken = self._claims.take(key, lambda: self._store.exists(path))
        if isinstance(taken, Held):
            self.holders[key] = taken.owner
            return None
        self.holders.pop(key, None)
        return taken

    # ---- the plan

    def _plan(self) -> bool:
        path = f"{self.folder}/manifest.json"
        manifest = self._read_json("manifest")
        if manifest is None:
            claim = self._take("manifest", path)
            if claim is None:
                return False
            self.at = "planning its units"
            with noting(f"stage {self.name}, {self.at}"):
                specs = self.step.units(self.inputs)
            fields = {"format": FORMAT, "stage": self.step.name, "hash": self.key, "digest": self.step.digest}
            rule = {"rows": self.step.rule.rows, "bytes": self.step.rule.bytes}
            lists = {"inputs": [view.key for view in self.inputs], "features": self.features.to_dict(), "units": specs}
            failpoint("before_manifest")
            with self._storing("manifest"):
                self._store.write_new(path, [_json({**fields, "rule": rule, **lists})], attempt=claim.attempt)
            failpoint("after_manifest")
            manifest = self._read_json("manifest")
            if manifest is None:
                return False
        self._specs, self._planned = manifest["units"], True
        self._check_features(manifest["features"])
        self._look()
        self.found = len(self._done)
        self._counted = set(self._done)
        self._bar = Progress(self.name, len(self._specs), len(self._done), shown=self._shown)
        return True

    def _check_features(self, written: dict[str, Any]) -> None:
        from datasets import Features

        if Features.from_dict(written) != self.features:
            raise StageError(
                f"Stage {self.name!r}: its features must be those it was planned with, the step now says "
                f"{list(self.features)} and the manifest {list(written)} (or other types); a step's digest must change "
                f"with its features. Remove {self._store.where(self.folder)} and run again."
            )

    # ---- the units

    def _look(self) -> None:
        """See which units are there, and queue the others: first every size-th, then what others left, from the end."""
        began = time.monotonic()
        names = self._store.list(self.folder)
        self._done = {number for name in names if (number := unit_number(name)) is not None}
        missing = [number for number in range(len(self._specs)) if number not in self._done]
        rank, size = self._worker.world.rank, self._worker.world.size
        mine = [number for number in missing if number % size == rank]
        self._queue = deque([*mine, *reversed([number for number in missing if number % size != rank])])
        self._count_rejects()
        self._looked = time.monotonic()
        self._look_cost = self._looked - began

    def _next(self) -> tuple[int, Claim] | None:
        if not self._queue or time.monotonic() - self._looked > max(2.0, 50 * self._look_cost):
            self._look()
        self._show()
        while self._queue:
            number = self._queue.popleft()
            claim = self._take(unit_name(number), self._path(number))
            if claim is not None:
                return number, claim
        return None

    def _compute(self, number: int, claim: Claim) -> None:
        spec, self.at = self._specs[number], f"unit {number}"
        try:
            told = f": {json.dumps(spec)[:200]}" if spec else ""  # the one unit of a whole step needs no words
            with noting(f"stage {self.name}, {self.at}{told}"):
                result = self.step.run(spec, self.inputs)
                table = self._conform(result.table, number)
        except DamagedUnitError:
            self._queue.appendleft(number)  # the claim stays: it is done once the input is mended
            raise
        failpoint("after_run")
        self._publish(number, claim, table, result)

    def _publish(self, number: int, claim: Claim, table: pa.Table, result: UnitResult) -> None:
        parts, info = pack(number, table, result.counts)
        if self._index is not None and info.xxh3 != self._index[number].xxh3:
            raise StageError(
                f"Stage {self.name!r} unit {number}: computed again it must be what it was, its digest is {info.xxh3} "
                f"and was {self._index[number].xxh3}; other versions or another machine made the rest of it. "
                f"Remove {self._store.where(self.folder)} and what was made from it, and run again."
            )
        with self._storing(f"unit {number}"):
            self._alike.check(result.made_with, self._worker.who.token)
            self._worker.note(self.name, result.events)
            won = self._store.write_new(self._path(number), parts, attempt=claim.attempt)
        self._done.add(number)
        if won:
            self.computed.append(number)
            self._rejected += rejects(result.counts)
            self._counted.add(number)
            self._worker.units[self.name] += 1
        self._show()

    def _conform(self, table: pa.Table, number: int) -> pa.Table:
        """The table with the step's schema; names in any order, types exactly."""
        schema: pa.Schema = self.features.arrow_schema
        found = {name: table.schema.field(name).type for name in table.schema.names}
        wanted = {name: schema.field(name).type for name in schema.names}
        if found != wanted or len(table.schema.names) != len(wanted):
            wrong = [
                f"{name}: {found.get(name, 'missing')} for {wanted.get(name, 'no such column')}"
                for name in sorted({*found, *wanted})
                if found.get(name) != wanted.get(name)
            ]
            raise StageError(
                f"Stage {self.name!r} unit {number}: the rows must have the step's features, got {'; '.join(wrong)}; "
                "make features() and run() of the step agree."
            )
        return pa.Table.from_arrays([table[name] for name in schema.names], schema=schema)

    def _count_rejects(self) -> None:
        """Add up what other processes rejected, where somebody watches and looking is cheap."""
        if self._bar is None or not self._bar.watched or self._store.lanes > 1:
            return
        for number in self._done - self._counted:
            with contextlib.suppress(OSError, TypeError, ValueError):
                self._rejected += rejects(read_info(self._store, self._path(number)).counts)
            self._counted.add(number)

    def _show(self) -> None:
        if self._bar is not None:
            self._bar.update(len(self._done), self._rejected)

    # ---- the end

    def _close(self) -> bool:
        if len(self._done) < len(self._specs):
            return False
        infos = self._index or self._read_index()
        if infos is None:
            claim = self._take("index", f"{self.folder}/index.json")
            if claim is None:
                return False
            infos = self._collect()
            if infos is None:
                return True
            failpoint("before_index")
            fields = {"format": FORMAT, "rows": sum(info.rows for info in infos), "features": self.features.to_dict()}
            data = _json({**fields, "units": [info.fields() for info in infos]})
            with self._storing("index"):
                self._store.write_new(f"{self.folder}/index.json", [data], attempt=claim.attempt)
            failpoint("after_index")
            self._store.clean(self.folder)
            self._store.clean(f"{self.folder}/claims")
            infos = self._read_index() or infos
        self._index = infos
        self._finish(infos)
        return True

    def _collect(self) -> list[UnitInfo] | None:
        """The trailers of all units; None when one is damaged and was removed."""

        def info(number: int) -> UnitInfo | None:
            try:
                return read_info(self._store, self._path(number))
            except FileNotFoundError:
                return None
            except (TypeError, ValueError) as error:
                damage = discard(self._store, self.folder, number, str(error))
                if not damage.removed:
                    raise damage from error
                return None

        numbers = range(len(self._specs))
        if self._store.lanes == 1:
            found = [info(number) for number in numbers]
        else:
            with ThreadPoolExecutor(self._store.lanes) as pool:
                found = list(pool.map(info, numbers))
        missing = [number for number, each in enumerate(found) if each is None]
        for number in missing:
            self._claims.drop(unit_name(number))
        if missing:
            self._look()
            return None
        return [each for each in found if each is not None]

    def _read_index(self) -> list[UnitInfo] | None:
        index = self._read_json("index")
        if index is None:
            return None
        return [UnitInfo(**fields) for fields in index["units"]]

    def _finish(self, infos: Sequence[UnitInfo]) -> None:
        self.view = StageView(self._store, self.folder, self.key, self.features, infos)
        self.holders.clear()
        if not self._planned:
            self.found = len(infos)
        if self._bar is not None:
            self._show()
            self._bar.close()
        counts = self.view.counts
        text = f", {rejects(counts)} rejected" if rejects(counts) else ""
        if self._shown:
            _log.info(
                "hfaug: stage %s is there: %d rows in %d units (%d computed by this process)%s",
                self.name, self.view.num_rows, len(infos), len(self.computed), text,
            )  # fmt: skip

    def close_bar(self) -> None:
        """Stop showing progress, as when the run fails."""
        if self._bar is not None:
            self._bar.close()

    # ---- small things

    def _path(self, number: int) -> str:
        return f"{self.folder}/{unit_name(number)}.arrow"

    def _read_json(self, name: str) -> dict[str, Any] | None:
        path = f"{self.folder}/{name}.json"
        with self._storing(name):
            try:
                value: dict[str, Any] = json.loads(self._store.read(path))
                return value
            except FileNotFoundError:
                return None
            except ValueError:
                _log.warning("hfaug: %s is damaged; it is removed and made again", self._store.where(path))
                self._store.remove(path)
                drop_claims(self._store, self.folder, name)
                return None

    @contextlib.contextmanager
    def _storing(self, what: str) -> Iterator[None]:
        kept = f"{len(self._done)} finished units are kept"
        with storing(f"Stage {self.name!r} {what}", self._store.where(self.folder), kept):
            yield


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
