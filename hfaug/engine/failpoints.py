"""Named places in the code at which a test can kill the process, as a power cut would."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

__all__ = ["VARIABLE", "failpoint"]

VARIABLE = "HFAUG_FAILPOINT"
"""Environment variable that arms one failpoint: ``name`` or ``name:nth`` (1 = the first time it is reached)."""

_reached: Counter[str] = Counter()
_lock = threading.Lock()


def failpoint(name: str) -> None:
    """Kill this process without any clean-up if the environment asks for it here; otherwise do nothing.

    Args:
        name: What was or is about to be done, such as ``after_temp_write``.

    >>> failpoint("after_temp_write")
    """
    wanted, _, nth = os.environ.get(VARIABLE, "").partition(":")
    if wanted != name:
        return
    with _lock:
        _reached[name] += 1
        if _reached[name] == int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)
