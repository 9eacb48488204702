"""Noise of a model that comes from each row's own seed, wherever in the model it is drawn.

Models of speech draw inside their forward pass, from torch's global generator: VITS the length of each sound and the
latents, SpeechT5 the dropout that it never turns off, Bark its tokens. What they draw is caught here on its way into
torch (a `TorchFunctionMode`, which touches no other thread), so the global generator is neither used nor changed.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

__all__ = ["noise_of_rows", "still_generators"]


@contextlib.contextmanager
def still_generators() -> Iterator[None]:
    """Leave the global generators of Python, NumPy and torch as they were.

    Layers that could be skipped in training (VITS, Wav2Vec2) draw a number each time, even where it has no effect.
    """
    import torch

    state = random.getstate()
    numpy_state, torch_state = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 - the one they draw from
    try:
        yield
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)  # noqa: NPY002
        torch.set_rng_state(torch_state)


def noise_of_rows(seeds: Sequence[int]) -> Any:
    """A context in which all that torch draws comes from the rows' seeds.

    What has one entry a row (its first dimension) is drawn from each row's seed, in an order in which a row that is
    padded further begins with the same numbers. With one row, all that is drawn is drawn from its seed.

    Args:
        seeds: One number in [0, 2**63) a row.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    made: dict[str, Any] = {}  # torch's generators by device

    class OwnNoise(TorchFunctionMode):
        draws = 0

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            if func is torch.randn_like:
                like = args[0]
                return self.normal(tuple(like.shape), like.dtype, like.device)
            if func is torch.randn:
                shape = args[0] if len(args) == 1 and not isinstance(args[0], int) else args
                return self.normal(tuple(shape), kwargs.get("dtype"), kwargs.get("device"))
            if func in {torch.bernoulli, torch.multinomial} and kwargs.get("generator") is None:
                kwargs = {**kwargs, "generator": self.generator(args[0].device)}
            return func(*args, **kwargs)

        def normal(self, shape: tuple[int, ...], dtype: Any, device: Any) -> Any:
            """Normal numbers; (rows, channels, time) is drawn one time after another."""
            if shape[0] != len(seeds):
                raise RuntimeError(f"noise of rows: must have {len(seeds)} rows, shape is {shape}; mend the backend")
            self.draws += 1  # a stream for each draw: how much one takes depends on the padding
            turned = (*shape[:0:-1],)
            streams = [np.random.Philox(key=seed, counter=self.draws << 128) for seed in seeds]
            rows = [np.random.Generator(one).standard_normal(turned, dtype=np.float32).T for one in streams]
            numbers = torch.from_numpy(np.ascontiguousarray(np.stack(rows)))
            return numbers.to(device=device, dtype=dtype or torch.get_default_dtype())

        def generator(self, device: Any) -> Any:
            if len(seeds) != 1:
                raise RuntimeError("noise of rows: a model that draws tokens must get one row; mend the backend")
            if str(device) not in made:
                made[str(device)] = torch.Generator(device).manual_seed(seeds[0])
            return made[str(device)]

    return OwnNoise()
