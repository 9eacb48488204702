"""One process at work: it shows that it lives, sees whether others do, and hears when one of them failed.

Every process rewrites one small file, ``workers/<token>.json``, every few seconds. Claims name the token, so a process
that holds many claims beats once for all of them. Whether a beat is old is judged by how long *this* process has seen
it unchanged, on its own monotonic clock: the clocks of two machines are never compared.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import platform
import re
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hfaug.engine.store import Store
from hfaug.engine.world import World

__all__ = ["Failure", "Who", "Worker", "read_events"]

_log = logging.getLogger("hfaug")


@dataclass(frozen=True)
class Who:
    """Which process did something.

    Attributes:
        token: Unique to one run of one process.
        machine: Equal for processes that can see each other's process ids; empty when that cannot be known.
        started: When the process began, in the system's own ticks; tells a reused process id apart.
    """

    token: str
    rank: int
    size: int
    host: str
    pid: int
    machine: str = ""
    started: str = ""

    @classmethod
    def me(cls, world: World) -> Who:
        """This process."""
        host, pid = platform.node() or "host", os.getpid()
        name = re.sub(r"[^A-Za-z0-9_-]", "-", host.split(".")[0])[:32]
        token = f"{world.rank}-{name}-{pid}-{uuid.uuid4().hex[:12]}"
        return cls(token, world.rank, world.size, host, pid, _machine(), _process(pid)[1])

    def is_gone(self) -> bool:
        """Whether the process certainly ended; False when it runs or when that cannot be seen from here."""
        if not self.machine or self.machine != _machine():
            return False
        state, started = _process(self.pid)
        return state in ("", "Z", "X") or (bool(self.started) and started != self.started)

    def __str__(self) -> str:
        return f"rank {self.rank} (process {self.pid} on {self.host})"


@dataclass(frozen=True)
class Failure:
    """What stopped another process, as it left it for the others.

    Attributes:
        who: The process, for people.
        stage: Name of the stage folder; empty outside of any.
        unit: What it was doing there.
        error: Type and message.
    """

    who: str
    stage: str
    unit: str
    error: str


@dataclass
class _Seen:
    content: bytes
    since: float


class Worker:
    """This process among those that work below one root.

    Args:
        store: The root.
        world: Which of how many processes this is.
        lease_s: After so many seconds without a sign of life others may redo what this process claimed; it shows one
            six times as often.
    """

    def __init__(self, store: Store, world: World, *, lease_s: float = 60.0) -> None:
        self.store, self.world, self.lease_s = store, world, lease_s
        self.who = Who.me(world)
        self.units: Counter[str] = Counter()
        self.events: dict[str, Counter[str]] = {}
        self.failure: Failure | None = None
        self._beat = 0
        self._state = "working"
        self._known: set[str] = set()
        self._seen: dict[str, _Seen] = {}
        self._stop, self._heard = threading.Event(), threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="hfaug-heartbeat", daemon=True)

    def start(self) -> None:
        """Show up. Failures of earlier runs are remembered as old, so that they stop nobody now."""
        self._known = self.store.list("failed")
        self._write()
        self._thread.start()

    def end(self, state: str) -> None:
        """Leave; everything still claimed is free for others at once.

        Args:
            state: ``ended`` or ``failed``.
        """
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self.lease_s)
        self._state = state
        try:
            self._write()
        except Exception as error:  # noqa: BLE001, an error that led here must not be hidden by this one
            _log.warning("hfaug: %s could not say that it %s: %s", self.who, state, error)

    def fail(self, stage: str, unit: str, error: BaseException) -> None:
        """Tell the others to stop."""
        failure = Failure(str(self.who), stage, unit, f"{type(error).__name__}: {error}")
        try:
            self.store.put(f"failed/{self.who.token}.json", json.dumps(asdict(failure)).encode())
        except Exception as problem:  # noqa: BLE001, the error itself must not be hidden by this one
            _log.warning("hfaug: %s could not tell the others that it failed: %s", self.who, problem)

    def note(self, stage: str, events: Mapping[str, float]) -> None:
        """Keep what happened while this process worked on a stage; it is on record when this returns.

        Args:
            stage: Name of the stage folder.
            events: See :class:`hfaug.engine.UnitResult`.
        """
        if events:
            with self._writing:  # the heartbeat reads them
                self.events.setdefault(stage, Counter()).update(events)
            self._write()

    def forgive(self) -> None:
        """Remove what failures left behind, after a run in which nothing failed."""
        for name in self.store.list("failed"):
            self.store.remove(f"failed/{name}")

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the moment at which another process fails."""
        self._heard.wait(seconds)

    def is_dead(self, token: str) -> bool:
        """Whether the process with this token ended, or has shown no sign of life for ``lease_s`` seconds."""
        if token == self.who.token:
            return False
        try:
            content = self.store.read(f"workers/{token}.json") if token else b""
        except FileNotFoundError:
            content = b""
        now, seen = time.monotonic(), self._seen.get(token)
        if seen is None or seen.content != content:
            seen = self._seen[token] = _Seen(content, now)
        ended, lease_s = _last_words(content)
        return ended or now - seen.since > (lease_s or self.lease_s)

    def summary(self) -> dict[str, Any]:
        """What this process says about itself in its file."""
        return {
            **asdict(self.who),
            "beat": self._beat,
            "lease_s": self.lease_s,
            "state": self._state,
            "units": dict(self.units),
            "events": self.events,
        }

    def _write(self) -> None:
        with self._writing:
            self._beat += 1
            self.store.put(f"workers/{self.who.token}.json", json.dumps(self.summary()).encode())

    def _run(self) -> None:
        period = self.lease_s / 6
        tick = min(period, max(0.25, self.store.poll_s[1] / 2))
        beaten, quiet = time.monotonic(), False
        while not self._stop.wait(tick):
            try:
                if time.monotonic() - beaten >= period:
                    self._write()
                    beaten = time.monotonic()
                self._listen()
                quiet = False
            except Exception as error:  # noqa: BLE001, a missed beat must not end the work; the lease forgives
                if not quiet:
                    _log.warning("hfaug: %s could not show that it lives: %s", self.who, error)
                quiet = True

    def _listen(self) -> None:
        for name in sorted(self.store.list("failed") - self._known):
            self._known.add(name)
            failure = _parse_failure(self.store.read(f"failed/{name}"))
            if name != f"{self.who.token}.json" and self.failure is None:
                self.failure = failure
                self._heard.set()


def read_events(store: Store, stage: str) -> Counter[str]:
    """What happened to all the processes that ever worked on a stage.

    Args:
        store: The root.
        stage: Name of the stage folder.
    """
    found: Counter[str] = Counter()
    for name in sorted(store.list("workers")):
        with contextlib.suppress(ValueError, FileNotFoundError):  # cut off by a crash, or gone
            found.update(json.loads(store.read(f"workers/{name}")).get("events", {}).get(stage, {}))
    return found


def _parse_failure(data: bytes) -> Failure:
    try:
        return Failure(**json.loads(data))
    except (TypeError, ValueError):
        return Failure("another process", "", "", data.decode(errors="replace"))


def _last_words(content: bytes) -> tuple[bool, float | None]:
    """Whether a process certainly ended, and the lease it promised to keep; neither is known from a broken file."""
    try:
        record: Mapping[str, Any] = json.loads(content)
        who = Who(**{name: record[name] for name in Who.__dataclass_fields__})
        return record["state"] != "working" or who.is_gone(), float(record["lease_s"])
    except (KeyError, TypeError, ValueError):
        return False, None


@functools.cache
def _machine() -> str:
    """Boot and process-id namespace: two containers on one host may share a name, but not their process ids."""
    if not sys.platform.startswith("linux"):
        return platform.node()
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _process(pid: int) -> tuple[str, str]:
    """State letter and start of a process; an empty state when there is none."""
    if sys.platform.startswith("linux"):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return "", ""
        except OSError:
            return "R", ""
        return fields[0], fields[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "", ""
    except PermissionError:
        pass
    return "R", ""
