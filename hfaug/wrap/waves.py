"""audiomentations pipelines as ops: their transforms, our streams."""

from __future__ import annotations

import dataclasses
import functools
import importlib.metadata
import json
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from hfaug.errors import ParameterError, RowError
from hfaug.op import Reject
from hfaug.plan import Run
from hfaug.randomness import Stream, isolated_globals, seed_globals
from hfaug.rows import Row
from hfaug.wrap import constructed
from hfaug.wrap.wrapped import Wrapped

__all__ = ["Audiomentations"]

LIBRARY = "audiomentations"

_LIVE = {"parameters"}

_MOVING = {
    "AdjustDuration", "ApplyImpulseResponse", "RepeatPart", "Resample", "Reverse", "RoomSimulator", "Shift",
    "TimeStretch", "Trim",
}  # fmt: skip
"""Its transforms after which a moment of the sound stands at another time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Audiomentations(Wrapped):
    """An audiomentations transform or pipeline. Made by `hfaug.wrap`.

    Its draws come from the global generators, seeded by the row and given back as they were.

    Args:
        pipeline: Its configuration, canonical JSON.

    Moves: samples alone. Where it moves them in time, a sound with time labels is refused.
    Rejects: nothing.
    Source: https://github.com/iver56/audiomentations

    >>> import audiomentations
    >>> import hfaug
    >>> hfaug.wrap(audiomentations.Gain(p=1)).shifts, hfaug.wrap(audiomentations.Reverse(p=1)).shifts
    ((), ('audio',))
    """

    needs: ClassVar[tuple[str, ...]] = ("audio",)

    def _reach(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        try:
            return tuple(json.loads(self.pipeline)["shifts"]), ()
        except (ValueError, KeyError, TypeError) as error:
            raise ParameterError(
                f"Audiomentations: pipeline must be a text that hfaug.wrap made, got {self.pipeline[:80]!r}"
            ) from error

    def _extra(self) -> dict[str, Any]:
        return {**super()._extra(), "library": f"{LIBRARY} {_version()}"}

    def run(self, rows: Sequence[Row], run: Run) -> list[Row]:
        """Change rows in order; the process's own random state is the same afterwards."""
        with isolated_globals():
            return super().run(rows, run)

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Send the sound through the pipeline."""
        sound = row.sound
        if sound is None or not sound.samples.size:
            return row
        before = sound.samples
        given = before[0] if len(before) == 1 else before
        seed_globals(rng.seed(64))
        after = np.asarray(_built(self.pipeline)(samples=given.copy(), sample_rate=sound.rate), dtype=np.float32)
        after = after[None] if after.ndim == 1 else after
        if not self.shifts and after.shape[1] != before.shape[1]:
            raise RowError(
                f"Audiomentations: samples must keep their number {before.shape[1]}, became {after.shape[1]}; "
                'say hfaug.wrap(..., shifts="audio") if the pipeline moves them in time'
            )
        if not np.array_equal(after, before):
            sound.put(after)
        return row


def specify(target: Any, shifts: Sequence[str] | None = None) -> str:
    """A transform or pipeline as canonical JSON.

    Args:
        target: The transform or pipeline.
        shifts: What the user says of it: empty or ``audio``; by default what its transforms are known to do.

    Raises:
        FingerprintError: It has no configuration from which it could be made again.
    """
    spec = constructed.specify(target, library=LIBRARY, live=_LIVE)
    if shifts is None:
        names = {type(part).__name__ for part in constructed.parts(target) if not hasattr(part, "transforms")}
        foreign = any(type(part).__module__.split(".")[0] != LIBRARY for part in constructed.parts(target))
        shifts = ["audio"] if foreign or names & _MOVING else []
    known = {"pipeline": spec, "shifts": list(shifts)}
    return json.dumps(known, sort_keys=True, separators=(",", ":"), allow_nan=False)


@functools.lru_cache(maxsize=32)
def _built(pipeline: str) -> Any:
    """The pipeline of this process."""
    return constructed.rebuild(json.loads(pipeline)["pipeline"])


@functools.cache
def _version() -> str:
    try:
        return importlib.metadata.version(LIBRARY)
    except importlib.metadata.PackageNotFoundError:
        return "?"
