"""How far a stage is: a bar where somebody watches, a line per stage in the log where nobody does."""

from __future__ import annotations

import logging
import sys
from typing import Any

__all__ = ["Progress"]

_log = logging.getLogger("hfaug")


class Progress:
    """The units of one stage that are done.

    Args:
        name: The stage.
        total: Its units.
        done: Those that were there before.
        shown: Whether this process shows anything.
    """

    def __init__(self, name: str, total: int, done: int, *, shown: bool) -> None:
        self._bar: Any = None
        self.watched = shown and sys.stderr.isatty()
        if self.watched:
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=done, desc=name, unit="unit", dynamic_ncols=True)
        elif shown:
            _log.info("hfaug: stage %s: %d of %d units to do", name, total - done, total)

    def update(self, done: int, rejected: int) -> None:
        """Say how many units are done, whoever did them, and how many rows were rejected in those this process did."""
        if self._bar is not None:
            if rejected:
                self._bar.set_postfix(rejected=rejected, refresh=False)
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
