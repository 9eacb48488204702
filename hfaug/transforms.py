"""audiomentations inside ops: its signal code, our parameters and streams."""

from __future__ import annotations

import dataclasses
import functools
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from hfaug.errors import MissingExtra
from hfaug.kinds import Samples, WaveOp
from hfaug.randomness import Stream, isolated_globals, seed_globals

__all__ = ["TransformOp"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TransformOp(WaveOp):
    """An op that is one of audiomentations' transforms: it gets drawn parameters, and a seed where it draws itself.

    `transform` names the class, `draws` says whether it also uses the global generators while it works.
    """

    transform: ClassVar[str] = ""
    draws: ClassVar[bool] = False

    @abstractmethod
    def parameters(self, samples: Samples, rate: int, rng: Stream) -> Mapping[str, Any] | None:
        """Draw the transform's own parameters; None leaves the sound as it is."""

    def wave(self, samples: Samples, rate: int, rng: Stream) -> Samples:
        """Apply the transform."""
        drawn = self.parameters(samples, rate, rng)
        if drawn is None or samples.shape[1] == 0:
            return samples
        transform = _new(self.transform)
        transform.parameters = {"should_apply": True, **drawn}
        if not self.draws:
            return np.asarray(transform.apply(samples, rate), dtype=np.float32)
        with isolated_globals():
            seed_globals(rng.seed(32))
            return np.asarray(transform.apply(samples, rate), dtype=np.float32)


def _new(name: str) -> Any:
    return _class(name)(p=1.0)


@functools.cache
def _class(name: str) -> Any:
    try:
        import audiomentations
    except ImportError as error:
        raise MissingExtra.for_extra("audio", "audiomentations") from error
    return getattr(audiomentations, name)
