"""Global random states: lent to code that has no generator argument, and given back unchanged."""

from __future__ import annotations

import contextlib
import os
import random
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from hfaug.errors import CallError

__all__ = ["isolated_globals", "seed_globals"]


class _Isolation:
    """Who may touch the global states now: one thread of the process, re-entrantly."""

    def __init__(self) -> None:
        self.reset()
        # A fork while another thread works inside would leave the child a lock that nobody releases.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.reset)

    def reset(self) -> None:
        self.lock = threading.RLock()
        self.owner: int | None = None


_isolation = _Isolation()


@contextlib.contextmanager
def isolated_globals() -> Iterator[None]:
    """Run a block that may seed and use the global generators of `random`, NumPy and torch; they are the same after it.

    One thread at a time is inside; a block within a block is allowed. The states come back on errors too. torch is not
    imported for this: if it is, its CPU state is kept, and the CUDA states once CUDA is initialised. When torch or CUDA
    starts inside the block, its generators are left as a fresh start would have left them.

    >>> state = random.getstate()
    >>> with isolated_globals():
    ...     seed_globals(7)
    ...     first = random.random()
    >>> random.getstate() == state
    True
    """
    lock = _isolation.lock
    with lock:
        outer = _isolation.owner
        _isolation.owner = threading.get_ident()
        python, legacy, torch = random.getstate(), np.random.get_state(legacy=False), _torch_states()  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)  # noqa: NPY002
            _restore_torch(torch)
            _isolation.owner = outer


def seed_globals(seed: int) -> None:
    """Seed the global generators of `random`, NumPy and, if imported, torch, inside `isolated_globals`.

    Args:
        seed: Any integer; its low 64 bits count.

    Raises:
        CallError: This thread is not inside `isolated_globals`, so the caller's own random state would be lost.

    >>> with isolated_globals():
    ...     seed_globals(7)
    ...     first = random.random(), np.random.random()
    ...     seed_globals(7)
    ...     first == (random.random(), np.random.random())
    True
    """
    if _isolation.owner != threading.get_ident():
        raise CallError(
            "seed_globals: must run inside isolated_globals, ran outside; "
            "write `with isolated_globals(): seed_globals(seed)`"
        )
    seed &= 0xFFFFFFFFFFFFFFFF
    random.seed(seed)
    np.random.seed([seed & 0xFFFFFFFF, seed >> 32])  # noqa: NPY002
    torch = sys.modules.get("torch")
    if torch is not None:
        # Not torch.manual_seed: without CUDA it stores a stack trace at every call.
        for generator in (torch.default_generator, *_cuda_generators(torch)):
            generator.manual_seed(seed)


def _cuda_generators(torch: Any) -> tuple[Any, ...]:
    return tuple(torch.cuda.default_generators) if torch.cuda.is_initialized() else ()


def _torch_states() -> tuple[int, Any, list[Any]] | None:
    """Initial seed, CPU state and CUDA states."""
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    return torch.initial_seed(), torch.get_rng_state(), [generator.get_state() for generator in _cuda_generators(torch)]


def _restore_torch(states: tuple[int, Any, list[Any]] | None) -> None:
    torch = sys.modules.get("torch")
    if torch is None:
        return
    fresh = torch.Generator()
    initial, cpu, cuda = states or (fresh.initial_seed(), fresh.get_state(), [])
    torch.set_rng_state(cpu)
    for number, generator in enumerate(_cuda_generators(torch)):
        if number < len(cuda):
            generator.set_state(cuda[number])
        else:
            generator.manual_seed(initial)
