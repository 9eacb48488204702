"""The loaded models of this process: each is loaded once, when it is first asked for.

Ops hold the name of a model, never the model: so they stay small, equal and picklable, and every process loads its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeVar, cast

from hfaug.backends.identity import ModelIdentity, identify
from hfaug.backends.image_parts import LoadedPart, Part, find_part
from hfaug.backends.language import LanguageModel, MaskedModel
from hfaug.backends.loaders import ENTRIES, EXACT, HERE, LOADERS, UNSTORED, named_runtime, runtimes_of
from hfaug.backends.loading import fork_error, pick_device, pick_dtype
from hfaug.backends.protocols import Backend, ImagePipeline, Translator
from hfaug.backends.sampling import ImageSampler
from hfaug.backends.speech import Speaker, SpeechQuality, Transcriber
from hfaug.backends.vision import ImageClassifier, ImageFeatures

__all__ = [
    "BackendFactory",
    "facts",
    "forget_runtime",
    "get",
    "image_classes",
    "image_classifier",
    "image_features",
    "image_pipeline",
    "image_sampler",
    "language_model",
    "masked_model",
    "override",
    "speaker",
    "speech_quality",
    "transcriber",
    "translator",
    "unload",
]

T = TypeVar("T", bound=Backend)


class BackendFactory(Protocol):
    """Builds a backend in the place of the standard one."""

    def __call__(self, model: str, *, revision: str | None, dtype: str | None, device: str | None) -> Backend:
        """The backend for ``model``."""


_loaded: dict[tuple[str, ...], Backend] = {}
_overrides: dict[str, BackendFactory] = {}
_overridden: dict[tuple[str, ...], Backend] = {}
_lost: dict[tuple[str, ...], Backend] = {}  # a parent process's: of no use here, and not to be freed here either
_lock = threading.RLock()
_forked_with_torch = False


def translator(
    model: str,
    *,
    revision: str | None = None,
    runtime: str = HERE,
    dtype: str | None = None,
    device: str | None = None,
) -> Translator:
    """The translator ``model``, loaded in this process once.

    Args:
        model: A name on the Hub or a local folder; the name that an endpoint knows, where one is the runtime.
        revision: A branch, tag or commit; for a folder, the digest that its contents must have.
        runtime: What runs it: ``transformers``, ``ctranslate2``, ``inference`` or ``inference:PROVIDER`` for Hugging
            Face Inference Providers, or the address of an endpoint (``https://...``).
        dtype: ``float32``, ``bfloat16`` or ``float16``; None for what the variable ``HFAUG_DTYPE`` says, else for
            float32 on a CPU and 16 bits on a GPU. An endpoint decides this and the device by itself.
        device: ``cpu`` or ``cuda:N``; None for this process's GPU, or the CPU where there is none.

    Raises:
        MissingExtra: A package that the runtime needs is not installed.
        ModelError: The model cannot be found, fetched or loaded.
    """
    return cast("Translator", get("translator", model, revision=revision, runtime=runtime, dtype=dtype, device=device))


def language_model(
    model: str,
    *,
    revision: str | None = None,
    runtime: str = HERE,
    dtype: str | None = None,
    device: str | None = None,
) -> LanguageModel:
    """The language model ``model``, decoder alone or encoder and decoder, loaded in this process once.

    Args and Raises as :func:`translator`; the runtime is ``transformers``, ``vllm``, ``inference``,
    ``inference:PROVIDER`` or the address of an endpoint that speaks as OpenAI's does (``https://.../v1``).
    """
    found = get("language_model", model, revision=revision, runtime=runtime, dtype=dtype, device=device)
    return cast("LanguageModel", found)


def masked_model(
    model: str, *, revision: str | None = None, dtype: str | None = None, device: str | None = None
) -> MaskedModel:
    """The masked language model ``model``, loaded in this process once. Args and Raises as :func:`translator`."""
    return cast("MaskedModel", get("masked_model", model, revision=revision, dtype=dtype, device=device))


def image_pipeline(
    model: str,
    *,
    revision: str | None = None,
    parts: Sequence[Part] = (),
    dtype: str | None = None,
    device: str | None = None,
) -> ImagePipeline:
    """The image pipeline ``model``, loaded in this process once with what is laid over it.

    Args and Raises as :func:`translator`; ``parts`` are LoRA weights, learnt words and a ControlNet.
    """
    found = get("image_pipeline", model, revision=revision, parts=parts, dtype=dtype, device=device)
    return cast("ImagePipeline", found)


def image_sampler(
    model: str, *, revision: str | None = None, dtype: str | None = None, device: str | None = None
) -> ImageSampler:
    """The generator ``model`` of images, loaded in this process once. Args and Raises as :func:`translator`."""
    return cast("ImageSampler", get("image_sampler", model, revision=revision, dtype=dtype, device=device))


def image_classifier(
    model: str, *, revision: str | None = None, dtype: str | None = None, device: str | None = None
) -> ImageClassifier:
    """The image classifier ``model``, loaded in this process once. Args and Raises as :func:`translator`."""
    return cast("ImageClassifier", get("image_classifier", model, revision=revision, dtype=dtype, device=device))


def image_classes(model: str, *, revision: str | None = None) -> Sequence[str]:
    """The names of the classes of the image classifier ``model``, which is not loaded. Raises as :func:`translator`."""
    if "image_classifier" in _overrides:
        return image_classifier(model, revision=revision).classes
    seeing = importlib.import_module("hfaug.backends.seeing")
    return list(seeing.read_classes(_identified("image_classifier", model, revision, ())[0]))


def image_features(
    model: str, *, revision: str | None = None, dtype: str | None = None, device: str | None = None
) -> ImageFeatures:
    """The feature extractor ``model``, loaded in this process once. Args and Raises as :func:`translator`."""
    return cast("ImageFeatures", get("image_features", model, revision=revision, dtype=dtype, device=device))


def speaker(
    model: str,
    *,
    revision: str | None = None,
    runtime: str = HERE,
    dtype: str | None = None,
    device: str | None = None,
) -> Speaker:
    """The model ``model`` that speaks, loaded in this process once.

    Args and Raises as :func:`translator`; the runtime is ``transformers`` or ``espeak-ng``.
    """
    return cast("Speaker", get("speaker", model, revision=revision, runtime=runtime, dtype=dtype, device=device))


def transcriber(
    model: str,
    *,
    revision: str | None = None,
    runtime: str = HERE,
    dtype: str | None = None,
    device: str | None = None,
) -> Transcriber:
    """The model ``model`` that writes speech down, loaded in this process once.

    Args and Raises as :func:`translator`; the runtime is ``transformers`` or ``faster-whisper``.
    """
    found = get("transcriber", model, revision=revision, runtime=runtime, dtype=dtype, device=device)
    return cast("Transcriber", found)


def speech_quality(model: str, *, revision: str | None = None) -> SpeechQuality:
    """The judge of speech ``model``, loaded in this process once: a folder or Hub repository with DNSMOS's weights.

    Args and Raises as :func:`translator`.
    """
    found = get("speech_quality", model, revision=revision, dtype="float32", device="cpu")  # it needs no torch
    return cast("SpeechQuality", found)


def facts(
    kind: str, model: str, revision: str | None = None, *, runtime: str = HERE, parts: Sequence[Part] = ()
) -> dict[str, Any]:
    """What is known of a model without loading it: ``id``, ``revision``, ``licence`` and ``determinism``.

    Where it is loaded, also ``settings``, what it runs with, and ``events``, what happened to it in this process:
    numbers by name, such as ``out_of_memory`` or ``bought``.

    The ``determinism`` of a model that is not loaded is what models of its kind have on this machine. Few turn out
    otherwise when they are loaded and tried, as those with experts do; the record of a build takes what ran.

    Args:
        kind: A kind of model, as for :func:`override`.
        model: A name on the Hub or a local folder; the name that an endpoint knows, where one is the runtime.
        revision: A branch, tag or commit; for a folder, the digest that its contents must have.
        runtime: As for :func:`translator`.
        parts: As for :func:`image_pipeline`; each has facts of its own.

    Raises:
        ModelError: There is no such model, or not in that revision.
    """
    name = named_runtime(kind, runtime)
    if kind in _overrides or name in UNSTORED:  # to load one costs nothing, and asks nobody
        found = get(kind, model, revision=revision, runtime=runtime, parts=parts)
        return {
            "id": found.model_id,
            "revision": found.revision,
            "licence": found.licence,
            "determinism": found.determinism,
            **_run_of(found),
        }
    identity, _, named = _identified(kind, model, revision, parts)
    device = "cpu" if kind == "speech_quality" else pick_device()
    dtype = pick_dtype(None, device)
    loaded = _loaded.get((kind, runtime, *named, dtype, device))
    # what a model that is loaded has tried out counts for more
    planned = "row" if (device, dtype) == ("cpu", "float32") and name in EXACT else "request"
    return {
        "id": identity.model_id,
        "revision": identity.revision,
        "licence": identity.licence,
        "determinism": loaded.determinism if loaded else planned,
        **(_run_of(loaded) if loaded else {}),
    }


def _run_of(backend: Backend) -> dict[str, Any]:
    spending = getattr(backend, "spending", None)
    counted = getattr(backend, "counted", {})
    events = {"out_of_memory": len(backend.halvings), **counted, **(dataclasses.asdict(spending) if spending else {})}
    return {"settings": dict(backend.settings), "events": events}


def get(
    kind: str,
    model: str,
    *,
    revision: str | None = None,
    runtime: str = HERE,
    parts: Sequence[Part] = (),
    dtype: str | None = None,
    device: str | None = None,
) -> Backend:
    """The backend of ``kind`` for ``model``, loaded in this process once. Args and Raises as :func:`translator`."""
    name = named_runtime(kind, runtime)
    with _lock:
        if factory := _overrides.get(kind):
            key = (kind, runtime, model, str(revision), str(tuple(parts)), str(dtype), str(device))
            if key not in _overridden:
                _overridden[key] = factory(model, revision=revision, dtype=dtype, device=device)
            return _overridden[key]
        if name in UNSTORED:
            return _get_unstored(kind, name, model, revision, runtime)
        return _get_here(kind, model, revision, name, parts, dtype, device)


@contextlib.contextmanager
def override(kind: str, factory: BackendFactory) -> Iterator[None]:
    """Let ``factory`` build the backends of ``kind`` inside the ``with`` block: a fake in a test, another runtime.

    Holds for every thread of this process and for processes forked from it, not for ones that are started afresh.

    Args:
        kind: ``translator``, ``language_model``, ``masked_model``, ``image_pipeline``, ``image_sampler``,
            ``image_classifier``, ``image_features``, ``speaker``, ``transcriber`` or ``speech_quality``; whichever the
            runtime.
        factory: Called with ``model`` and the keywords ``revision``, ``dtype``, ``device``, once for each combination.
    """
    runtimes_of(kind)
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


def forget_runtime(runtime: str) -> None:
    """Forget what was loaded to run there, since it is to run otherwise."""
    with _lock:
        for key in [key for key in _loaded if key[1] == runtime]:
            del _loaded[key]


def _get_unstored(kind: str, way: str, model: str, revision: str | None, runtime: str) -> Backend:
    module, name = LOADERS[kind][way]
    key = (kind, runtime, model, str(revision), "", "")
    if key not in _loaded:
        _loaded[key] = getattr(importlib.import_module(module), name)(model, revision=revision, runtime=runtime)
    return _loaded[key]


def _get_here(
    kind: str, model: str, revision: str | None, runtime: str, parts: Sequence[Part], dtype: str | None,
    device: str | None,
) -> Backend:  # fmt: skip
    _stay_single_threaded()
    identity, laid_over, named = _identified(kind, model, revision, parts)
    module, name = LOADERS[kind][runtime]
    load: Any = getattr(importlib.import_module(module), name)
    device = pick_device(device)
    dtype = pick_dtype(dtype, device)
    if device.startswith("cuda") and any(key[-1].startswith("cuda") for key in _lost):
        raise fork_error(model)
    key = (kind, runtime, *named, dtype, device)
    if key not in _loaded:
        _loaded[key] = load(identity, dtype=dtype, device=device, **({"parts": laid_over} if laid_over else {}))
    return _loaded[key]


def _identified(
    kind: str, model: str, revision: str | None, parts: Sequence[Part]
) -> tuple[ModelIdentity, list[LoadedPart], list[str]]:
    """Which model and parts, and what the two go by."""
    identity = identify(model, revision, entry=ENTRIES.get(kind, "config.json"))
    found = [find_part(part) for part in parts]
    return identity, found, [identity.source, identity.revision, *map(str, found)]


def _after_fork_in_child() -> None:
    """Let go of what a forked process cannot use: the parent's lock, models on its GPU, threads, connections."""
    global _lock, _forked_with_torch  # noqa: PLW0603  # they belong to the process
    _lock = threading.RLock()
    _forked_with_torch = "torch" in sys.modules
    # neither the GPU, nor the threads of CTranslate2, nor an open connection can be shared with the parent
    useless = [key for key in _loaded if key[-1].startswith("cuda") or key[1] != HERE]
    _lost.update({key: _loaded.pop(key) for key in useless})


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
