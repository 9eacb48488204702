"""What stands in the text of a wrapped pipeline beside its configuration."""

from __future__ import annotations

import functools
import json
from typing import Any, NamedTuple

from hfaug.errors import ParameterError

__all__ = ["Known"]


class Known(NamedTuple):
    """What is known of a wrapped pipeline, besides its configuration.

    Attributes:
        shifts: The contents whose places it changes.
        moves: The labels that it moves along.
        plain: Whether it does nothing else to pixels than to move them.
        sure: Whether all its transforms are known.
        wide: Whether images of 16 bits come out right as numbers 0..1.
    """

    shifts: tuple[str, ...]
    moves: tuple[str, ...]
    plain: bool
    sure: bool
    wide: bool = False

    def text(self, tree: Any) -> str:
        """All of it with the configuration, as canonical JSON."""
        return json.dumps({**self._asdict(), "pipeline": tree}, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @staticmethod
    def tree(text: str) -> Any:
        """The configuration out of a text."""
        return json.loads(text)["pipeline"]

    @staticmethod
    @functools.lru_cache(maxsize=64)
    def of(text: str, who: str) -> Known:
        """What a text says, for an op named `who`.

        Raises:
            ParameterError: No `hfaug.wrap` made it.
        """
        try:
            said = json.loads(text)
            flags = {name: bool(said[name]) for name in ("plain", "sure", "wide")}
            return Known(shifts=tuple(said["shifts"]), moves=tuple(said["moves"]), **flags)
        except (ValueError, KeyError, TypeError) as error:
            raise ParameterError(f"{who}: pipeline must be a text that hfaug.wrap made, got {text[:80]!r}") from error
