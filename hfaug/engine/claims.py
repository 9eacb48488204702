"""Who works on what: claims are files created exclusively, numbered per unit, never changed and never removed.

Claim ``unit-00012.1`` is the first on unit 12. It holds as long as the process that made it shows signs of life. When
that process ended, or has been silent for its lease, ``unit-00012.2`` may be created: creation is exclusive, so two
that take over never both win. What is left is the record of who computed what, and how often.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hfaug.engine.failpoints import failpoint
from hfaug.engine.store import Store
from hfaug.engine.units import unit_number
from hfaug.engine.workers import Worker

__all__ = ["Claim", "ClaimRecord", "Claims", "claim_records"]

FOLDER = "claims"


@dataclass(frozen=True)
class Claim:
    """The right to do one thing, held by this process.

    Attributes:
        key: What, such as ``unit-00012``.
        attempt: 1 for the first claim on it, 2 for the one that took over from the first, ...
    """

    key: str
    attempt: int


@dataclass(frozen=True)
class Held:
    """Somebody else is at it.

    Attributes:
        key: What.
        owner: Who, for people.
    """

    key: str
    owner: str


@dataclass(frozen=True)
class ClaimRecord:
    """One line of the record of who worked on what."""

    key: str
    attempt: int
    token: str
    rank: int
    host: str
    pid: int


class Claims:
    """The claims of one stage.

    Args:
        store: Where the stage lives.
        folder: The stage's folder.
        worker: This process.
    """

    def __init__(self, store: Store, folder: str, worker: Worker) -> None:
        self._store, self._folder, self._worker = store, f"{folder}/{FOLDER}", worker
        self._highest: dict[str, int] = {}
        self._owners: dict[tuple[str, int], ClaimRecord] = {}

    def take(self, key: str, is_done: Callable[[], bool]) -> Claim | Held | None:
        """Claim one thing, from nobody or from a process that died.

        Args:
            key: What, such as ``unit-00012``.
            is_done: Asked before taking over: the dead process may have finished the work before it died.

        Returns:
            The claim; who holds it; or None when the work is done.
        """
        while True:
            highest = self._highest.get(key, 0)
            if highest:
                owner = self._owner(key, highest)
                if owner.token == self._worker.who.token:
                    return Claim(key, highest)
                if not self._worker.is_dead(owner.token or f"{key}.{highest}"):
                    return Held(key, f"rank {owner.rank} (process {owner.pid} on {owner.host})")
                if is_done():
                    return None
            self._highest[key] = highest + 1
            if self._store.create_exclusive(self._path(key, highest + 1), self._mine(key, highest + 1)):
                failpoint("after_claim")
                return Claim(key, highest + 1)

    def drop(self, key: str) -> None:
        """Forget every claim on a thing whose published result turned out damaged, so that it can be done again."""
        drop_claims(self._store, self._folder.rpartition("/")[0], key)
        self._highest.pop(key, None)
        self._owners = {at: owner for at, owner in self._owners.items() if at[0] != key}

    def _path(self, key: str, attempt: int) -> str:
        return f"{self._folder}/{key}.{attempt}"

    def _mine(self, key: str, attempt: int) -> bytes:
        who = self._worker.who
        fields = {"token": who.token, "rank": who.rank, "host": who.host, "pid": who.pid}
        return json.dumps({"key": key, "attempt": attempt, **fields}).encode()

    def _owner(self, key: str, attempt: int) -> ClaimRecord:
        owner = self._owners.get((key, attempt)) or _parse(key, attempt, self._read(key, attempt))
        if owner.token:  # one without a name may still be being written
            self._owners[key, attempt] = owner
        return owner

    def _read(self, key: str, attempt: int) -> bytes:
        try:
            return self._store.read(self._path(key, attempt))
        except FileNotFoundError:
            return b""


def claim_records(store: Store, folder: str) -> Iterator[ClaimRecord]:
    """Every claim ever made in a stage's folder, by key and attempt."""
    names = (name.rpartition(".") for name in store.list(f"{folder}/{FOLDER}"))
    for key, attempt in sorted((key, int(number)) for key, _, number in names if number.isdigit()):
        yield _parse(key, attempt, store.read(f"{folder}/{FOLDER}/{key}.{attempt}"))


def finishers(stages: Iterable[Iterable[ClaimRecord]]) -> tuple[Counter[int], int]:
    """Units by the rank that finished them, and how many had to be begun more than once.

    Args:
        stages: The claims of each stage. Only claims on units count: a plan and an index are claimed too.
    """
    finished: Counter[int] = Counter()
    twice = 0
    for records in stages:
        last = {record.key: record for record in records if unit_number(f"{record.key}.arrow") is not None}
        finished.update(record.rank for record in last.values())
        twice += sum(record.attempt > 1 for record in last.values())
    return finished, twice


def drop_claims(store: Store, folder: str, key: str) -> None:
    """Remove the claims on one thing."""
    for name in store.list(f"{folder}/{FOLDER}"):
        if name.rpartition(".")[0] == key:
            store.remove(f"{folder}/{FOLDER}/{name}")


def _parse(key: str, attempt: int, data: bytes) -> ClaimRecord:
    """A claim without a readable name is that of a process that died while it wrote it."""
    try:
        record: dict[str, Any] = json.loads(data)
        return ClaimRecord(key, attempt, record["token"], record["rank"], record["host"], record["pid"])
    except (KeyError, TypeError, ValueError):
        return ClaimRecord(key, attempt, "", -1, "?", -1)
