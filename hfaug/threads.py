"""OpenCV's threads where several processes work: forks that do no harm, and one thread for each worker.

OpenCV keeps a pool of threads. A fork copies the pool without its threads: a child that asks for another number of them
hangs or crashes. So the pool is put away before a fork, and each side may have one of its own afterwards.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

__all__ = ["hold_threads"]

_SETTING = "OPENCV_FOR_THREADS_NUM"

_forking = threading.local()
_held_in = 0


def hold_threads() -> None:
    """In a worker process let OpenCV use one thread, since the other workers use the other cores.

    What a user set stays, before the first call and after it. Elsewhere, and when called again, this does nothing.
    """
    global _held_in  # noqa: PLW0603  # once a process
    if _held_in == os.getpid():
        return
    _held_in = os.getpid()
    if not _is_worker():
        return
    cv2 = _opencv()
    if cv2 is None:
        os.environ.setdefault(_SETTING, "1")  # read when it is loaded
    elif cv2.getNumThreads() == cv2.getNumberOfCPUs():
        cv2.setNumThreads(1)


def _is_worker() -> bool:
    """Whether `multiprocessing` started this process, or the kin of it that `datasets` uses."""
    known = (sys.modules.get(name) for name in ("multiprocessing", "multiprocess"))
    return any(module is not None and module.parent_process() is not None for module in known)


def _opencv() -> Any:
    """OpenCV, if it is loaded: nothing here loads it."""
    cv2 = sys.modules.get("cv2")
    return cv2 if hasattr(cv2, "setNumThreads") and hasattr(cv2, "getNumberOfCPUs") else None


def _put_away() -> None:
    cv2 = _opencv()
    _forking.threads = cv2.getNumThreads() if cv2 is not None else 1
    if _forking.threads > 1:
        cv2.setNumThreads(1)


def _bring_back() -> None:
    if _forking.threads > 1:
        sys.modules["cv2"].setNumThreads(_forking.threads)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_put_away, after_in_parent=_bring_back, after_in_child=_bring_back)
