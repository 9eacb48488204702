"""The pace at which an endpoint is asked, shared by the threads of a process."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable

__all__ = ["Pace", "run_size"]

_FIRST_GAP_S = 0.05
_EASE = 0.97
"""What each answer makes of the gap between requests that a busy endpoint made twice as long."""


class Pace:
    """Spreads requests evenly over the minute, and goes slower while the endpoint is too busy.

    Each request that is put off doubles the gap between requests, up to the wait that was asked for: one request in
    that time is what the endpoint takes for sure. Each answer makes the gap a little shorter again.

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
        self.clock = clock
        self._lock = threading.Lock()
        self._draw = random.Random()  # when a request goes out changes no answer
        self._next_request = self._next_token = self._gap = 0.0
        self._slowed = self.served = clock()

    def wait(self, tokens: int, sleep: Callable[[float], None] = time.sleep) -> float:
        """Wait until a request may go out; those that wait go out one after the other, also after a hold.

        Args:
            tokens: About how many it takes, answer included.
            sleep: Waits for seconds.

        Returns:
            When it went out.
        """
        while True:
            with self._lock:
                now = self.clock()
                left = max(self._next_request, self._next_token) - now
                if left <= 0:
                    gap = self._gap * self._draw.uniform(1, 1.25)  # so that processes do not keep step
                    self._next_request = now + max(self._per_request, gap)
                    self._next_token = now + self._per_token * tokens
                    return now
            sleep(left)

    def serve(self, guessed: int, counted: int) -> None:
        """A request was answered, and took another number of tokens than was guessed for it."""
        with self._lock:
            self._next_token += self._per_token * (counted - guessed)
            self._gap = self._gap * _EASE if self._gap * _EASE > _FIRST_GAP_S / 4 else 0.0
            self.served = self.clock()

    def hold(self, seconds: float, sent: float) -> None:
        """Let no request out for a while, and then fewer: one that went out at ``sent`` was put off for so long."""
        with self._lock:
            now = self.clock()
            self._next_request = max(self._next_request, now + seconds)
            if sent >= self._slowed:  # of several that were under way together one counts
                self._gap = max(self._gap, min(seconds, max(_FIRST_GAP_S, 2 * self._gap)))
                self._slowed = now


def run_size() -> int:
    """How many processes share the limits of a run."""
    said = os.environ.get("WORLD_SIZE") or os.environ.get("HFAUG_WORLD_SIZE") or "1"
    return max(1, int(said)) if said.isdigit() else 1
