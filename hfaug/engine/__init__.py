"""Resumable work in one process or many: stages of small units, claimed, computed, published and never lost.

A run may be killed anywhere. Called again, with any number of processes, it goes on from the units that are there and
ends with the same bytes. Processes meet only in the store, a folder or an object store.
"""

from hfaug.engine.claims import ClaimRecord
from hfaug.engine.combined import ConcatView, PickView, TakeView
from hfaug.engine.failpoints import failpoint
from hfaug.engine.launch import spawn
from hfaug.engine.run import Engine, RunReport, StageReport, run
from hfaug.engine.stages import Concat, Deferred, Node, Pick, Stage, Step, Take
from hfaug.engine.steps import MapStep, RowsStep, WholeStep, copy_step
from hfaug.engine.store import FsspecStore, LocalStore, Store, open_store
from hfaug.engine.units import UnitResult, UnitRule
from hfaug.engine.views import StageView, View
from hfaug.engine.world import World, device, launched, world

__all__ = [
    "ClaimRecord",
    "Concat",
    "ConcatView",
    "Deferred",
    "Engine",
    "FsspecStore",
    "LocalStore",
    "MapStep",
    "Node",
    "Pick",
    "PickView",
    "RowsStep",
    "RunReport",
    "Stage",
    "StageReport",
    "StageView",
    "Step",
    "Store",
    "Take",
    "TakeView",
    "UnitResult",
    "UnitRule",
    "View",
    "WholeStep",
    "World",
    "copy_step",
    "device",
    "failpoint",
    "launched",
    "open_store",
    "run",
    "spawn",
    "world",
]
