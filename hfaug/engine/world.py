"""How many processes work together, which one this is, and what share of the machine it may use."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Container, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hfaug.errors import WorldError

__all__ = ["World", "cores", "device", "launched", "thread_settings", "world"]

_log = logging.getLogger("hfaug")

SPAWN = ("HFAUG_RANK", "HFAUG_WORLD_SIZE", "HFAUG_LOCAL_RANK", "HFAUG_LOCAL_WORLD_SIZE")
"""What ``launch.spawn`` tells its children. Names of our own: RANK and its like would make torch wait for a group."""

_FAMILIES = {
    "hfaug": SPAWN,
    "torch": ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"),
    "Open MPI": (
        "OMPI_COMM_WORLD_RANK",
        "OMPI_COMM_WORLD_SIZE",
        "OMPI_COMM_WORLD_LOCAL_RANK",
        "OMPI_COMM_WORLD_LOCAL_SIZE",
    ),
    "MPI": ("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"),
}
"""Launcher -> its variables for rank, size, local rank and local size, the first that is set decides."""

_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
"""What numeric libraries read when they are loaded."""

_ACCELERATE = "accelerate launch --cpu starts one process, whatever --num_processes says"
_LAUNCH = "on CPUs `ACCELERATE_USE_CPU=true accelerate launch --multi_gpu --num_processes N -m hfaug ...`"
_WAYS_OUT = {
    True: f"start `hfaug build ... --processes N` without a launcher, or {_LAUNCH}",
    False: f"start one process without a launcher, or {_LAUNCH}",
}
"""What to do, of a command that can start processes itself and of one that cannot."""


@dataclass(frozen=True)
class World:
    """The processes of one run, seen from one of them.

    Attributes:
        rank: Number of this process, 0..size-1.
        size: Number of processes on all machines.
        local_rank: Number of this process on its machine.
        local_size: Number of processes on this machine.
        threads: How many cores each process may keep busy.
        launcher: Who started the processes: ``plain`` for one process that nobody launched.

    >>> World().is_main
    True
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    threads: int = 1
    launcher: str = "plain"

    def __post_init__(self) -> None:
        if not (0 <= self.rank < self.size and 0 <= self.local_rank < self.local_size <= self.size):
            raise WorldError(
                f"World: ranks must lie below their sizes, got rank {self.rank} of {self.size} and local rank "
                f"{self.local_rank} of {self.local_size}; look at RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_WORLD_SIZE."
            )

    @property
    def is_main(self) -> bool:
        """Whether this process shows progress and writes what is written once."""
        return self.rank == 0

    def device(self) -> str:
        """Where this process runs models: ``cuda:<local rank>``, or ``cpu``. Imports torch if it is installed."""
        return device(self)

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return f"rank {self.rank} of {self.size} ({self.launcher}, {threads} each)"


def world(expected: int | None = None, *, spawns: bool = True) -> World:
    """Find out which process of how many this is, check that all sources agree, and take this one's share of cores.

    One process that nobody launched needs neither torch nor Accelerate. Under a launcher that starts several,
    Accelerate's ``PartialState`` is built, when it is installed, and must count the same processes.

    Args:
        expected: Number of processes the user asked for; None when the launcher alone decides.
        spawns: Whether the command that asks can start several processes itself; it is about what errors say alone.

    Raises:
        WorldError: The environment, Accelerate and ``expected`` disagree, for example because a launcher quietly
            started one process, or because each of two processes would believe that it is alone.
    """
    found = _read(os.environ)
    _check_trap(found, expected, os.environ, spawns=spawns)
    if expected is not None and expected != found.size:
        raise WorldError(
            f"World: {expected} processes were asked for, {found.size} {'runs' if found.size == 1 else 'run'} "
            f"({found.launcher}). Note that {_ACCELERATE}; {_WAYS_OUT[spawns]}."
        )
    _share_cores(found)
    _check_state(found, spawns=spawns)
    if found.launcher == "hfaug":
        from hfaug.engine.launch import follow_parent

        follow_parent()
    _log.log(logging.INFO if found.is_main else logging.DEBUG, "hfaug: %s", found)
    return found


def launched() -> bool:
    """Whether a launcher started this process, so that it must not start others itself.

    >>> launched()
    False
    """
    return _family(os.environ) is not None or "ACCELERATE_MIXED_PRECISION" in os.environ


def device(world: World) -> str:
    """Where a process of this world runs models; see :meth:`World.device`."""
    if os.environ.get("ACCELERATE_USE_CPU", "").lower() in {"1", "true", "yes"} or find_spec("torch") is None:
        return "cpu"
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if not count:
        return "cpu"
    if world.local_size > count and world.local_rank == 0:
        _log.warning("hfaug: %d processes share %d GPUs of this machine", world.local_size, count)
    return f"cuda:{world.local_rank % count}"


def cores() -> int:
    """Cores this process may use: its affinity, or less where the container's share is smaller.

    >>> cores() >= 1
    True
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        allowed = min(allowed, max(1, round(int(quota) / int(period))))
    return max(1, allowed)


def thread_settings(threads: int, said: Container[str]) -> dict[str, str]:
    """Variables that keep libraries not loaded yet to a number of threads.

    Args:
        threads: How many.
        said: Variables the user set; they stay.

    >>> thread_settings(2, {"OMP_NUM_THREADS"})["RAYON_NUM_THREADS"]
    '2'
    """
    return {name: str(threads) for name in _THREADS if name not in said}


def _family(environment: Mapping[str, str]) -> str | None:
    """The launcher whose size variable is set; a rank without a size is nobody's and named by ``_read``."""
    return next((f for f, (rank, size, *_) in _FAMILIES.items() if rank in environment or size in environment), None)


def _read(environment: Mapping[str, str]) -> World:
    family = _family(environment)
    if family is None:
        return World(threads=_threads(1, environment))
    names = _FAMILIES[family]
    missing = [name for name in names[:2] if name not in environment]
    if missing:
        raise WorldError(
            f"World: a launcher must set both {names[0]} and {names[1]}, {missing[0]} is missing; "
            f"set it, or unset the other to run one process."
        )
    rank, size = (_number(name, environment) for name in names[:2])
    local_rank = _number(names[2], environment) if names[2] in environment else rank
    # Without a word on this machine's share all processes count as its own: too few threads cost less than too many.
    local_size = _number(names[3], environment) if names[3] in environment else size
    launcher = "hfaug" if family == "hfaug" else "launched" if family == "torch" else family
    return World(rank, size, local_rank, local_size, _threads(local_size, environment), launcher)


def _number(name: str, environment: Mapping[str, str]) -> int:
    try:
        return int(environment[name])
    except ValueError:
        raise WorldError(
            f"World: {name} must be a whole number, got {environment[name]!r}; look at the launcher's settings."
        ) from None


def _threads(local_size: int, environment: Mapping[str, str]) -> int:
    share = max(1, cores() // local_size)
    asked = environment.get("OMP_NUM_THREADS", "")
    if not asked.isdigit() or int(asked) < 1 or _is_default(environment):
        return share
    return min(share, int(asked)) if local_size > 1 else int(asked)


def _is_default(environment: Mapping[str, str]) -> bool:
    """Launchers write OMP_NUM_THREADS=1 when the user said nothing; that leaves most cores idle."""
    by_launcher = "TORCHELASTIC_RUN_ID" in environment or "ACCELERATE_MIXED_PRECISION" in environment
    return by_launcher and environment.get("OMP_NUM_THREADS") == "1"


def _check_trap(found: World, expected: int | None, environment: Mapping[str, str], *, spawns: bool) -> None:
    """Accelerate's one-process launcher announces an address for the others although it starts no others."""
    alone = found.size == 1 and _family(environment) is None
    if alone and expected != 1 and "ACCELERATE_MIXED_PRECISION" in environment and "MASTER_ADDR" in environment:
        one = ", or say --processes 1" if spawns else ""
        raise WorldError(
            f"World: accelerate was asked for several processes and started one ({_ACCELERATE}); "
            f"{_WAYS_OUT[spawns]}{one}."
        )


def _check_state(found: World, *, spawns: bool) -> None:
    # Processes of our own share files, not a process group: Accelerate rightly sees each of them alone.
    state = _partial_state(found, spawns=spawns) if found.launcher != "hfaug" else None
    if state is not None and (state.num_processes, state.process_index) != (found.size, found.rank):
        raise WorldError(
            f"World: environment and Accelerate must agree, the environment says rank {found.rank} of {found.size}, "
            f"PartialState says {state.process_index} of {state.num_processes}; build no PartialState before "
            f"engine.world(), and {_WAYS_OUT[spawns]}."
        )


def _partial_state(found: World, *, spawns: bool) -> Any:
    """Accelerate's view: the one that exists, else a new one where a launcher prepared a process group."""
    loaded = sys.modules.get("accelerate.state")
    if loaded is not None and loaded.PartialState._shared_state:  # noqa: SLF001
        return loaded.PartialState()
    if found.size == 1 or "MASTER_ADDR" not in os.environ:
        return None
    if find_spec("torch") is None or find_spec("accelerate") is None:
        return None
    import torch
    from accelerate import PartialState

    on_cpu = device(found) == "cpu"
    if not on_cpu and found.local_size > torch.cuda.device_count():
        shared = ", or let `hfaug build ... --processes N` share the GPUs" if spawns else ""
        raise WorldError(
            f"World: a launcher must start at most one process per GPU, it started {found.local_size} on a machine "
            f"with {torch.cuda.device_count()}; start fewer{shared}."
        )
    torch.set_num_threads(found.threads)
    state = PartialState(cpu=on_cpu)
    _leave_group_at_exit(state)
    return state


def _leave_group_at_exit(state: Any) -> None:
    import atexit

    atexit.register(state.destroy_process_group)


def _share_cores(found: World) -> None:
    """Hold libraries, loaded or not, to this process's share: two that use all cores each run many times slower."""
    if found.threads >= (os.cpu_count() or 1):
        return
    said = {name for name in os.environ if name != "OMP_NUM_THREADS" or not _is_default(os.environ)}
    os.environ.update(thread_settings(found.threads, said))
    for name, limit in (("torch", "set_num_threads"), ("cv2", "setNumThreads"), ("pyarrow", "set_cpu_count")):
        if sys.modules.get(name) is not None:  # None forbids its import
            getattr(sys.modules[name], limit)(found.threads)
    if find_spec("threadpoolctl") is not None:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        threadpool_limits(found.threads)
