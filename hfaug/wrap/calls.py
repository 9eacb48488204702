"""How a wrapped callable is called: what it is given besides the content, and where its random numbers come from."""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from hfaug.errors import ParameterError, RowError
from hfaug.randomness import Stream, isolated_globals, seed_globals
from hfaug.wrap.freezing import freeze
from hfaug.wrap.thawing import thaw

__all__ = ["Call", "describe"]

GENERATORS = ("rng", "generator")
RATES = ("rate", "sample_rate")


def describe(function: Any) -> str:
    """A callable with what it asks for, as JSON text.

    Raises:
        FingerprintError: The callable cannot be the same in every process.

    >>> json.loads(describe(lambda text, rng: text))["rng"]
    ['rng', 'Generator']
    """
    frozen = freeze(function)
    asked: dict[str, Any] = {}
    for name, parameter in _parameters(function).items():
        if name in GENERATORS:
            asked["rng"] = [name, _kind(parameter.annotation)]
        elif name in RATES:
            asked["rate"] = name
    return json.dumps({"function": frozen, **asked}, sort_keys=True, separators=(",", ":"))


def _parameters(function: Any) -> dict[str, inspect.Parameter]:
    try:
        found = inspect.signature(function).parameters
    except ValueError:  # built-in code may have none to show
        return {}
    named = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    return {name: parameter for name, parameter in found.items() if parameter.kind in named}


def _kind(annotation: Any) -> str:
    """Which of `_MAKERS` an annotation asks for; NumPy's generator without one, as the name means in most libraries."""
    plain = isinstance(annotation, type)
    words = re.findall(r"\w+", f"{annotation.__module__}.{annotation.__qualname__}" if plain else str(annotation))
    return "torch" if "torch" in words else next((word for word in words if word in _MAKERS), "Generator")


def _torch_generator(rng: Stream) -> Any:
    import torch

    return torch.Generator().manual_seed(rng.seed(63))


_MAKERS: dict[str, Callable[[Stream], Any]] = {
    "Stream": lambda rng: rng,
    "Generator": Stream.generator,
    "RandomState": lambda rng: np.random.RandomState(rng.seed(32)),
    "Random": lambda rng: random.Random(rng.seed(64)),
    "torch": _torch_generator,
}


class Call:
    """A described callable of this process.

    Args:
        text: From `describe`.
        draws: Whether it may draw from the global generators, if it takes no generator.
    """

    def __init__(self, text: str, *, draws: bool) -> None:
        try:
            asked = json.loads(text)
            frozen, rng, self._rate = asked["function"], asked.get("rng", ("", "")), asked.get("rate")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ParameterError(f"wrap: function must be a text that hfaug.wrap made, got {text[:80]!r}") from error
        self.function = thaw(frozen)
        self._name: str = rng[0]
        self._kind: str = rng[1]
        self._seeds = draws and not self._name

    @classmethod
    def of(cls, text: str, *, draws: bool) -> Call:
        """The call of this process; made once."""
        return _call(text, draws)

    @contextlib.contextmanager
    def isolated(self) -> Iterator[None]:
        """A batch: the global generators are lent to a callable that may use them, else watched."""
        if self._name:
            yield
            return
        with isolated_globals():
            before = None if self._seeds else _states()
            yield
            if before is not None and before != _states():
                raise RowError(
                    f"wrap: {self.function!r} must draw nothing, as draws=False said, and drew from the global "
                    "generators; leave draws=False out"
                )

    def __call__(self, content: Any, rng: Stream, rate: int | None = None) -> Any:
        """The result for one content."""
        more: dict[str, Any] = {}
        if self._name:
            more[self._name] = _MAKERS[self._kind](rng)
        elif self._seeds:
            seed_globals(rng.seed(64))
        if self._rate is not None and rate is not None:
            more[self._rate] = rate
        return self.function(content, **more)


@functools.lru_cache(maxsize=64)
def _call(text: str, draws: bool) -> Call:
    return Call(text, draws=draws)


def _states() -> tuple[Any, ...]:
    """The global generators of Python, NumPy and torch, to be compared."""
    legacy: Any = np.random.get_state(legacy=False)  # noqa: NPY002 - the global one is meant
    torch = sys.modules.get("torch")
    drawn = (legacy["state"]["key"].tobytes(), legacy["state"]["pos"], legacy["has_gauss"])
    return random.getstate(), drawn, torch.get_rng_state().numpy().tobytes() if torch else b""
