"""The loaded models of this process: each is loaded once, when it is first asked for.

Ops hold the name of a model, never the model: so they stay small, equal and picklable, and every process loads its own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar, cast

from hfaug.backends.identity import identify
from hfaug.backends.loading import fork_error, pick_device, pick_dtype
from hfaug.backends.protocols import Backend, ImagePipeline, Translator
from hfaug.errors import ParameterError

__all__ = ["BackendFactory", "facts", "get", "image_pipeline", "override", "translator", "unload"]

T = TypeVar("T", bound=Backend)


class BackendFactory(Protocol):
    """Builds a backend in the place of the standard one."""

    def __call__(self, model: str, *, revision: str | None, dtype: str | None, device: str | None) -> Backend:
        """The backend for ``model``."""


# kind -> (module, function that loads, the file that every model of this kind has)
_LOADERS = {
    "translator": ("hfaug.backends.marian", "load", "config.json"),
    "image_pipeline": ("hfaug.backends.diffusion", "load", "model_index.json"),
}

_loaded: dict[tuple[str, ...], Backend] = {}
_overrides: dict[str, BackendFactory] = {}
_overridden: dict[tuple[str, ...], Backend] = {}
_lost: list[Backend] = []  # on the GPU of a parent process: of no use here, and not to be freed here either
_lock = threading.RLock()
_forked_with_torch = False


def translator(
    model: str, *, revision: str | None = None, dtype: str | None = None, device: str | None = None
) -> Translator:
    """The translator ``model``, loaded in this process once.

    Args:
        model: A name on the Hub or a local folder.
        revision: A branch, tag or commit; for a folder, the digest that its contents must have.
        dtype: ``float32``, ``bfloat16`` or ``float16``; None for float32 on a CPU and 16 bits on a GPU.
        device: ``cpu`` or ``cuda:N``; None for this process's GPU, or the CPU where there is none.

    Raises:
        MissingExtra: transformers or torch is not installed.
        ModelError: The model cannot be found, fetched or loaded.
    """
    return cast("Translator", get("translator", model, revision=revision, dtype=dtype, device=device))


def image_pipeline(
    model: str, *, revision: str | None = None, dtype: str | None = None, device: str | None = None
) -> ImagePipeline:
    """The image pipeline ``model``, loaded in this process once. Args and Raises as :func:`translator`."""
    return cast("ImagePipeline", get("image_pipeline", model, revision=revision, dtype=dtype, device=device))


def facts(kind: str, model: str, revision: str | None = None) -> dict[str, str | None]:
    """What is known of a model without loading it: ``id``, ``revision``, ``licence`` and ``determinism``.

    Args:
        kind: ``translator`` or ``image_pipeline``.
        model: A name on the Hub or a local folder.
        revision: A branch, tag or commit; for a folder, the digest that its contents must have.

    Raises:
        ModelError: There is no such model, or not in that revision.
    """
    if kind in _overrides:
        found = get(kind, model, revision=revision)
        return {
            "id": found.model_id,
            "revision": found.revision,
            "licence": found.licence,
            "determinism": found.determinism,
        }
    identity = identify(model, revision, entry=_entry(kind))
    device = pick_device()
    loaded = _loaded.get((kind, identity.source, identity.revision, pick_dtype(None, device), device))
    planned = "row" if device == "cpu" else "request"  # what a model that is loaded has tried out counts for more
    return {
        "id": identity.model_id,
        "revision": identity.revision,
        "licence": identity.licence,
        "determinism": loaded.determinism if loaded else planned,
    }


def get(
    kind: str, model: str, *, revision: str | None = None, dtype: str | None = None, device: str | None = None
) -> Backend:
    """The backend of ``kind`` for ``model``, loaded in this process once. Args and Raises as :func:`translator`."""
    _entry(kind)
    with _lock:
        if factory := _overrides.get(kind):
            key = (kind, model, str(revision), str(dtype), str(device))
            if key not in _overridden:
                _overridden[key] = factory(model, revision=revision, dtype=dtype, device=device)
            return _overridden[key]
        return _get_standard(kind, model, revision, dtype, device)


@contextlib.contextmanager
def override(kind: str, factory: BackendFactory) -> Iterator[None]:
    """Let ``factory`` build the backends of ``kind`` inside the ``with`` block: a fake in a test, another runtime.

    Holds for every thread of this process and for processes forked from it, not for ones that are started afresh.

    Args:
        kind: ``translator`` or ``image_pipeline``.
        factory: Called with ``model`` and the keywords ``revision``, ``dtype``, ``device``, once for each combination.
    """
    _entry(kind)
    with _lock:
        before = _overrides.get(kind)
        _overrides[kind] = factory
        kept = {key: _overridden.pop(key) for key in list(_overridden) if key[0] == kind}
    try:
        yield
    finally:
        with _lock:
            for key in [key for key in _overridden if key[0] == kind]:
                del _overridden[key]
            _overridden.update(kept)
            if before is None:
                del _overrides[kind]
            else:
                _overrides[kind] = before


def unload(kind: str | None = None) -> int:
    """Forget the loaded models of ``kind``, or all, to make room for others.

    Returns:
        How many were forgotten.
    """
    with _lock:
        keys = [key for key in _loaded if kind in {None, key[0]}]
        for key in keys:
            del _loaded[key]
    gc.collect()
    torch = sys.modules.get("torch")
    if keys and torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    return len(keys)


def _entry(kind: str) -> str:
    """The file that every model of this kind has."""
    if kind not in _LOADERS:
        raise ParameterError(f"kind: must be one of {', '.join(_LOADERS)}, was {kind!r}; choose one")
    return _LOADERS[kind][2]


def _get_standard(kind: str, model: str, revision: str | None, dtype: str | None, device: str | None) -> Backend:
    _stay_single_threaded()
    identity = identify(model, revision, entry=_entry(kind))
    module, name, _ = _LOADERS[kind]
    load: Any = getattr(importlib.import_module(module), name)
    device = pick_device(device)
    dtype = pick_dtype(dtype, device)
    if _lost and device.startswith("cuda"):
        raise fork_error(model)
    key = (kind, identity.source, identity.revision, dtype, device)
    if key not in _loaded:
        _loaded[key] = load(identity, dtype=dtype, device=device)
    return _loaded[key]


def _after_fork_in_child() -> None:
    """Let go of what a forked process cannot use: the parent's lock, and models on its GPU."""
    global _lock, _forked_with_torch  # noqa: PLW0603  # they belong to the process
    _lock = threading.RLock()
    _forked_with_torch = "torch" in sys.modules
    _lost.extend([_loaded.pop(key) for key in list(_loaded) if key[-1].startswith("cuda")])


def _stay_single_threaded() -> None:
    """In a process that was forked after torch was imported, use one thread.

    The pool of OpenMP threads does not survive a fork, and a child that enters it hangs for ever. One thread needs no
    pool, and makes the same bits.
    """
    global _forked_with_torch  # noqa: PLW0603
    if _forked_with_torch:
        import torch

        torch.set_num_threads(1)
        _forked_with_torch = False


os.register_at_fork(after_in_child=_after_fork_in_child)
