"""Bring stages to their end: alone, or together with any number of processes that do the same.

Every process runs the same plan. Whichever unit is free is claimed by whoever comes first; a stage is finished when all
its units are there. No process waits for another except by looking at the store, and none gathers what others made.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from hfaug.engine.claims import ClaimRecord, claim_records
from hfaug.engine.failures import noting, storing
from hfaug.engine.launch import stoppable
from hfaug.engine.stagerun import StageRun
from hfaug.engine.stages import Combination, Deferred, Node, Stage
from hfaug.engine.store import Store, open_store
from hfaug.engine.units import DamagedUnitError
from hfaug.engine.views import View
from hfaug.engine.workers import Worker, read_events
from hfaug.engine.world import World
from hfaug.errors import ParameterError, StageError

if TYPE_CHECKING:
    import datasets

__all__ = ["Engine", "RunReport", "StageReport", "ToldError", "run"]

_log = logging.getLogger("hfaug")
_PATIENCE_S = 15.0


@dataclass(frozen=True)
class StageReport:
    """One finished stage.

    Attributes:
        name: Name of its folder below ``stages/``: the step's name and the stage's hash.
        rows: Rows in it.
        units: Units in it.
        counts: What its step counted, over all units; the same in every run.
        computed: Numbers of the units this process computed now.
        found: How many units were there when this process came.
        seconds: How long this process worked on it.
    """

    name: str
    rows: int
    units: int
    counts: dict[str, int]
    computed: tuple[int, ...]
    found: int
    seconds: float


@dataclass(frozen=True)
class RunReport:
    """What a run made.

    Attributes:
        views: The rows of the targets, in their order.
        names: The targets' names, when they were given as a mapping.
        stages: Every stage the targets needed, in the order in which they were finished.
        world: Which process of how many this was.
        root: Where the stages are.
        events: What happened to this process on the way, such as out-of-memory; differs from run to run.
    """

    views: tuple[View, ...]
    names: tuple[str, ...]
    stages: tuple[StageReport, ...]
    world: World
    root: Store
    events: dict[str, float] = field(default_factory=dict)

    @property
    def view(self) -> View:
        """The rows of the only target."""
        (view,) = self.views
        return view

    def __getitem__(self, name: str) -> View:
        return self.views[self.names.index(name)]

    def claims(self, stage: str) -> list[ClaimRecord]:
        """Who worked on what in a stage, ever: more than one claim on a unit means that a process was lost.

        Args:
            stage: Name of the stage's folder, as in :class:`StageReport`.
        """
        return list(claim_records(self.root, f"stages/{stage}"))

    def happened(self, stage: str) -> Mapping[str, float]:
        """What happened in a stage to any process, ever, by name; an attempt at a unit that was lost counts too.

        Args:
            stage: Name of the stage's folder, as in :class:`StageReport`.
        """
        return read_events(self.root, stage)


class Engine:
    """One process at work below a root. A context manager; leaving it gives back everything claimed.

    Args:
        root: A folder, or an address fsspec can write to.
        world: Which process of how many this is; one alone by default.
        progress: Whether the main process shows how far it is.
        lease_s: After so many seconds without a sign of life from this process others may take over what it claimed.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | Store,
        world: World | None = None,
        *,
        progress: bool = True,
        lease_s: float = 60.0,
    ) -> None:
        self.store, self.world = open_store(root), world or World()
        self._shown = progress and self.world.is_main
        self._lease_s = lease_s
        self._started: Worker | None = None
        self._views: dict[int, View] = {}
        self._decided: dict[int, Node] = {}
        self._features: dict[int, Any] = {}
        self._runs: dict[int, StageRun] = {}
        self._by_name: dict[str, StageRun] = {}
        self._order: list[StageRun] = []
        self._nodes: list[Node] = []  # kept alive: the tables above know them by id

    def __enter__(self) -> Engine:  # noqa: PYI034, Self needs Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stage in self._by_name.values():
            stage.close_bar()
        if self._started is None:
            return
        if kind is not None and issubclass(kind, Exception) and not isinstance(error, ToldError):
            self._started.fail(*self._place(), error if error is not None else kind())
        self._started.end("failed" if kind is not None else "ended")
        if kind is None:
            with contextlib.suppress(OSError):
                self._started.forgive()

    def finish(self, *nodes: Node) -> tuple[View, ...]:
        """Bring nodes and all they need to their end, together with the other processes.

        Args:
            nodes: Stages or combinations of stages.

        Returns:
            Their rows.

        Raises:
            StageError: The store refuses, a step's rows do not have its features, or another process failed.
        """
        self._nodes.extend(nodes)
        for node in nodes:
            self._foresee(node)
        pause, waited, spoken = 0.0, 0.0, _PATIENCE_S
        while True:
            try:
                views = [self._view(node) for node in nodes]
                if all(view is not None for view in views):
                    return tuple(view for view in views if view is not None)
                self._listen()
                worked = any(stage.step_once() for stage in self._unfinished())
            except DamagedUnitError as damage:
                self._mend(damage)
                worked = True
            if worked:
                pause, waited, spoken = 0.0, 0.0, _PATIENCE_S
                continue
            pause = min(max(pause * 1.5, self.store.poll_s[0]), self.store.poll_s[1])
            self._worker().wait(pause)
            waited += pause
            if waited >= spoken:
                self._speak()
                spoken *= 2

    @property
    def stages(self) -> tuple[StageReport, ...]:
        """The stages finished so far."""
        return tuple(_report(stage) for stage in self._order)

    @property
    def events(self) -> dict[str, float]:
        """What happened on the way."""
        stages = self._started.events.values() if self._started is not None else ()
        return dict(sum(stages, Counter()))

    def _worker(self) -> Worker:
        if self._started is None:
            worker = Worker(self.store, self.world, lease_s=self._lease_s)
            with storing("Run", self.store.where("workers")):
                worker.start()
            self._started = worker
        return self._started

    def _foresee(self, node: Node) -> datasets.Features | None:
        """Ask every step for its features, as far as they can be known, so that errors come before any work."""
        if not isinstance(node, Stage | Combination | Deferred):
            raise ParameterError(
                f"Engine: a node must be a Stage, Concat, Take, Pick or Deferred, got {type(node).__name__}; "
                "put a step into a Stage."
            )
        if id(node) not in self._features:
            inputs = [self._foresee(each) for each in node.inputs]
            known = [each for each in inputs if each is not None]
            text = f"stage {node.step.name}" if isinstance(node, Stage) else type(node).__name__
            with noting(f"{text}, checking its features"):
                self._features[id(node)] = node.features(known) if len(known) == len(inputs) else None
        return self._features[id(node)]

    def _view(self, node: Node) -> View | None:
        """The node's rows if they are there; else None, with every stage that can be worked on listed as a run."""
        while id(node) not in self._views:
            if id(node) in self._decided:
                node = self._decided[id(node)]
                continue
            inputs = [self._view(each) for each in node.inputs]
            ready = [view for view in inputs if view is not None]
            if len(ready) < len(inputs):
                return None
            if isinstance(node, Deferred):
                self._decided[id(node)] = node.decide(*ready)
                self._foresee(self._decided[id(node)])
                continue
            view = node.view(ready) if isinstance(node, Combination) else self._stage(cast("Stage", node), ready).view
            if view is None:
                return None
            self._views[id(node)] = view
        return self._views[id(node)]

    def _stage(self, node: Stage, inputs: Sequence[View]) -> StageRun:
        if id(node) not in self._runs:
            name = node.folder(inputs)
            if name not in self._by_name:
                self._by_name[name] = StageRun(node, inputs, self.store, self._worker, shown=self._shown)
            self._runs[id(node)] = self._by_name[name]
        stage = self._runs[id(node)]
        if stage.view is not None and stage not in self._order:
            self._order.append(stage)
        return stage

    def _unfinished(self) -> list[StageRun]:
        """Stages that can be worked on; one whose input is being mended has to wait."""
        mending = {stage.key for stage in self._by_name.values() if stage.view is None}
        return [s for s in self._by_name.values() if s.view is None and not _needs(s.inputs, mending)]

    def _mend(self, damage: DamagedUnitError) -> None:
        stage = self._by_name.get(damage.folder.rpartition("/")[2])
        if stage is None or not damage.removed:
            raise damage
        self._views.clear()
        stage.reopen()

    def _listen(self) -> None:
        failure = self._started.failure if self._started is not None else None
        if failure is not None:
            place = f"stage {failure.stage!r}, {failure.unit}" if failure.stage else "no stage"
            raise ToldError(
                f"Run: every process must get on, {failure.who} stopped at {place}: {failure.error}; "
                "mend that and run again, finished units are kept."
            )

    def _place(self) -> tuple[str, str]:
        """Where this process was when it failed."""
        for stage in self._by_name.values():
            if stage.at:
                return stage.name, stage.at
        return "", ""

    def _speak(self) -> None:
        for stage in self._unfinished():
            _log.log(logging.INFO if self._shown else logging.DEBUG, "hfaug: %s", stage.waiting_for())


class ToldError(StageError):
    """Another process failed; this one stops because of it and need not tell anybody."""


def run(
    targets: Node | Sequence[Node] | Mapping[str, Node],
    root: str | os.PathLike[str] | Store,
    world: World | None = None,
    *,
    progress: bool = True,
    lease_s: float = 60.0,
) -> RunReport:
    """Compute what is missing of some stages and all they need; call it with the same targets in every process.

    Whatever is killed and whenever, calling it again goes on from the finished units, with as many processes as are
    there then, to the same bytes.

    Args:
        targets: A node, several, or several by name.
        root: A folder, or an address fsspec can write to; shared by all processes.
        world: Which process of how many this is, from ``engine.world()``; one alone by default.
        progress: Whether the main process shows how far it is: a bar on a terminal, elsewhere lines in the log
            ``hfaug``.
        lease_s: After so many seconds without a sign of life a process of another machine counts as lost. One of this
            machine is known to be lost at once.

    Returns:
        The rows of the targets, and what was done.

    Raises:
        StageError: The store refuses, a step's rows do not have its features, or another process failed.

    >>> import pyarrow as pa, tempfile
    >>> from datasets import Dataset
    >>> from hfaug.engine import MapStep, RowsStep, Stage, run
    >>> numbers = Stage(RowsStep("numbers", "v1", lambda: Dataset.from_dict({"n": [1, 2, 3]})))
    >>> double = MapStep("double", "v1", lambda t: pa.table({"n": [2 * n for n in t["n"].to_pylist()]}))
    >>> with tempfile.TemporaryDirectory() as root:
    ...     run(Stage(double, (numbers,)), root, progress=False).view.read()["n"].to_pylist()
    [2, 4, 6]
    """
    names, nodes = _named(targets)
    began = time.monotonic()
    with stoppable(), Engine(root, world, progress=progress, lease_s=lease_s) as engine:
        views = engine.finish(*nodes)
    _log.debug("hfaug: run of %s ended after %.1f s", engine.world, time.monotonic() - began)
    return RunReport(views, names, engine.stages, engine.world, engine.store, engine.events)


def _named(targets: Node | Sequence[Node] | Mapping[str, Node]) -> tuple[tuple[str, ...], tuple[Node, ...]]:
    if isinstance(targets, Mapping):
        return tuple(targets), tuple(targets.values())
    return (), (targets,) if isinstance(targets, Node) else tuple(targets)


def _needs(inputs: Sequence[View], keys: set[str]) -> bool:
    """Whether a view, or one it looks through, belongs to one of some stages."""
    for view in inputs:
        inner = [getattr(view, name) for name in ("source", "picks") if hasattr(view, name)]
        if view.key in keys or _needs([*inner, *getattr(view, "parts", ())], keys):
            return True
    return False


def _report(stage: StageRun) -> StageReport:
    rows, units = (stage.view.num_rows, len(stage.view.units)) if stage.view is not None else (0, 0)
    counts = stage.view.counts if stage.view is not None else {}
    return StageReport(stage.name, rows, units, counts, tuple(stage.computed), stage.found, stage.seconds)
