"""The pace at which an endpoint is asked, shared by the threads of a process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

__all__ = ["Pace", "run_size"]


class Pace:
    """Spreads requests evenly over the minute.

    Args:
        requests_per_minute: Limit of this process; None for none.
        tokens_per_minute: Limit of this process; None for none.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        requests_per_minute: float | None,
        tokens_per_minute: float | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_request = 60 / requests_per_minute if requests_per_minute else 0.0
        self._per_token = 60 / tokens_per_minute if tokens_per_minute else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._next_request = self._next_token = self._held_until = 0.0

    def wait(self, tokens: int, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait until a request may go out.

        Args:
            tokens: About how many it takes, answer included.
            sleep: Waits for seconds.
        """
        with self._lock:
            start = max(self._clock(), self._next_request, self._next_token)
            self._next_request = start + self._per_request
            self._next_token = start + self._per_token * tokens
        while (left := max(start, self._held_until) - self._clock()) > 0:
            sleep(left)

    def correct(self, guessed: int, counted: int) -> None:
        """A request took another number of tokens than was guessed for it."""
        with self._lock:
            self._next_token += self._per_token * (counted - guessed)

    def hold(self, seconds: float) -> None:
        """Let no request out for a while: the endpoint asked for it."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)


def run_size() -> int:
    """How many processes share the limits of a run."""
    said = os.environ.get("WORLD_SIZE") or os.environ.get("HFAUG_WORLD_SIZE") or "1"
    return max(1, int(said)) if said.isdigit() else 1
