"""Faults on request: which request fails, how, and whether the server had done its work by then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """An answer in place of the right one; status None drops the connection without any."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Rule:
    """Which requests a fault strikes.

    Args:
        route: Name of the route, None for every one.
        fault: What happens; None lets the request pass, for rules that only act.
        after: Whether the server does its work first, so that only the answer is lost.
        nth: The first request that is struck, from 1.
        times: How many are struck from there on.
        method: HTTP method, None for every one.
        token: Only requests with this token, None for all.
        action: Called just before the fault, as somebody else's work in between.
    """

    route: str | None
    fault: Fault | None
    after: bool = False
    nth: int = 1
    times: float = 1
    method: str | None = None
    token: str | None = None
    action: Callable[[], object] | None = None
    seen: int = 0

    def strikes(self, route: str, method: str, token: str | None) -> bool:
        """Count a request and tell whether it is struck."""
        if self.route not in {None, route} or self.method not in {None, method} or self.token not in {None, token}:
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self.struck = 0

    def add(self, rule: Rule) -> Rule:
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()
            self.struck = 0

    def take(self, route: str, method: str, token: str | None) -> Rule | None:
        """The first rule that strikes this request; every rule counts it."""
        with self._lock:
            struck = [rule for rule in self._rules if rule.strikes(route, method, token)]
            self.struck += bool(struck)
        return struck[0] if struck else None
