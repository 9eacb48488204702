"""Start N processes of ``hfaug`` on this machine, without torch or any launcher.

Exit code of the whole:

- 0 when rank 0 ended well and every other process ended well or was lost (killed, out of memory): the others claimed
  and finished the units of a lost process. A warning names it.
- The code of the first process that ended with an error of its own; then the run did fail.
- 128 + signal when rank 0 was lost, since what only rank 0 does after the last unit is not done, or when the run was
  told to stop by a signal. Running the command again goes on from the finished units.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import FrameType

from hfaug.engine.world import SPAWN, cores, thread_settings
from hfaug.errors import ParameterError

__all__ = ["follow_parent", "spawn", "stoppable"]

_log = logging.getLogger("hfaug")
_PARENT = "HFAUG_PARENT"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def spawn(processes: int, argv: Sequence[str], *, command: Sequence[str] = (sys.executable, "-m", "hfaug")) -> int:
    """Run a command line in several processes that share its work, and wait for them.

    Signals to stop go on to all of them; a second one ends them at once. When one process is lost, the others go on.

    Args:
        processes: How many, at least 1.
        argv: What follows the command, such as ``["build", "recipe.yaml"]``.
        command: The program.

    Returns:
        The exit code; the module's text says how it is made.
    """
    if processes < 1:
        raise ParameterError(f"spawn: processes must be at least 1, got {processes}; ask for one process or more.")
    children: list[subprocess.Popen[bytes]] = []
    with _forward(children) as stopped:
        for rank in range(processes):
            if stopped:
                break
            children.append(_start([*command, *argv], rank, processes))
        _wait(children)
    return _exit_code([child.returncode for child in children], stopped)


def follow_parent(period_s: float = 1.0) -> None:
    """End this process, as Ctrl-C would, when the process that spawned it is gone; does nothing when nobody did."""
    parent = os.environ.get(_PARENT)
    if parent is None or any(thread.name == "hfaug-parent" for thread in threading.enumerate()):
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(period_s)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="hfaug-parent", daemon=True).start()


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM leave through ``finally`` clauses, so that claims are given back; only in the main thread."""
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not ours:
        yield
        return

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _start(command: Sequence[str], rank: int, size: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, _PARENT: str(os.getpid())}
    environment.update(zip(SPAWN, map(str, (rank, size, rank, size)), strict=True))
    environment.update(thread_settings(max(1, cores() // size), os.environ))
    # In a session of its own: the terminal's Ctrl-C reaches this process alone, which passes it on once.
    return subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603


@contextlib.contextmanager
def _forward(children: Sequence[subprocess.Popen[bytes]]) -> Iterator[list[int]]:
    received: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        for child in children:
            if child.poll() is None:
                child.send_signal(number if len(received) == 1 else signal.SIGKILL)

    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    before = {number: signal.signal(number, forward) for number in _SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(children: Sequence[subprocess.Popen[bytes]]) -> None:
    running = dict(enumerate(children))
    while running:
        for rank, child in list(running.items()):
            if child.poll() is None:
                continue
            del running[rank]
            if child.returncode < 0 and running:
                name = signal.Signals(-child.returncode).name
                _log.warning("hfaug: rank %d was lost (%s); the others take over its units", rank, name)
        time.sleep(0.05)


def _exit_code(codes: Sequence[int], stopped: Sequence[int]) -> int:
    failed = [code for code in codes if code > 0]
    if stopped:
        return 128 + stopped[0]
    if failed:
        return failed[0]
    if codes[0] < 0:
        name = signal.Signals(-codes[0]).name
        _log.error("hfaug: rank 0 was lost (%s); run the command again, finished units are kept", name)
        return 128 - codes[0]
    return 0
