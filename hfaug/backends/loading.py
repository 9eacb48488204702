"""Where a model runs, in which number format, and what is said when it cannot be loaded."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from types import ModuleType
from typing import Any

from hfaug.errors import HfaugError, MissingExtra, ModelError, ParameterError, WorldError

__all__ = ["import_extra", "loading", "pick_device", "pick_dtype", "quiet", "versions"]


def import_extra(package: str, extra: str) -> ModuleType:
    """The module of an optional package.

    Raises:
        MissingExtra: The package is not installed; says the pip line.
    """
    import importlib

    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:  # a package that is there, but lacks one of its own needs
            raise
        raise MissingExtra.for_extra(extra, package) from error


@functools.cache
def versions(*packages: str) -> str:
    """Which versions of packages are installed, for the settings of a run."""
    return ", ".join(f"{package} {version(package)}" for package in packages)


def torch_settings(model: Any, **more: Any) -> dict[str, Any]:
    """What decides the results of a model that transformers runs, for the settings of a run.

    Args:
        model: A model of transformers.
        **more: What else does, such as the limits of a batch.
    """
    return {
        "runtime": "transformers",
        "versions": versions("transformers", "torch"),
        "device": model.device.type,
        "dtype": str(model.dtype).removeprefix("torch."),
        **more,
    }


def pick_device(device: str | None = None) -> str:
    """The device of this process: the given one, else this process's GPU (also for ``cuda``), else the CPU.

    Raises:
        ParameterError: Neither a CPU nor a CUDA device; results were never compared on others.
        WorldError: More processes than GPUs on this machine.
        MissingExtra: torch is not installed.
    """
    if device not in {None, "cuda"}:
        if not re.fullmatch(r"cpu|cuda:\d+", str(device)):
            raise ParameterError(f"device: must be 'cpu', 'cuda' or 'cuda:N', was {device!r}; choose one")
        return str(device)
    torch = import_extra("torch", "all")
    on_cpu = os.environ.get("ACCELERATE_USE_CPU", "").lower() in {"1", "true", "yes"}
    if device is None and (on_cpu or not torch.cuda.is_available()):
        return "cpu"
    rank, count = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if rank >= count:
        raise WorldError(
            f"hfaug: each process of a machine needs a GPU of its own, process {rank} found {count} GPU(s); start at "
            f"most {count} process(es) here, or set ACCELERATE_USE_CPU=true"
        )
    return f"cuda:{rank}"


def pick_dtype(dtype: str | None, device: str) -> str:
    """The number format by name: the given one, else that of ``HFAUG_DTYPE``, else float32, or 16 bits on a GPU.

    Of 16-bit formats it is the fastest that the GPU has.

    Raises:
        ParameterError: No such format.
    """
    known = ("float32", "bfloat16", "float16")
    dtype = dtype or os.environ.get("HFAUG_DTYPE") or None
    if dtype is not None:
        if dtype not in known:
            raise ParameterError(f"dtype: must be one of {', '.join(known)}, was {dtype!r}; choose one")
        return dtype
    if not device.startswith("cuda"):
        return "float32"
    import torch

    return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"


@contextlib.contextmanager
def quiet(*packages: str) -> Iterator[None]:
    """Keep the progress bars and the advice of ``packages`` (transformers, diffusers) off the screen, then restore."""
    import importlib

    logs = [importlib.import_module(f"{package}.utils.logging") for package in packages]
    before = [(log, log.get_verbosity(), log.is_progress_bar_enabled()) for log in logs]
    try:
        for log in logs:
            log.set_verbosity_error()
            log.disable_progress_bar()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the Hub client warns where the environment forbids its bars
            for log, verbosity, bars in before:
                log.set_verbosity(verbosity)
                if bars:
                    log.enable_progress_bar()


@contextlib.contextmanager
def loading(model: str, revision: str | None = None) -> Iterator[None]:
    """Turn what the libraries raise while they fetch and load ``model`` into one error that says what to do.

    Raises:
        ModelError: The model cannot be found, fetched or read.
        WorldError: CUDA cannot be used in this process because it was forked.
    """
    try:
        yield
    except HfaugError:
        raise
    except Exception as error:
        if "forked subprocess" in str(error):
            raise fork_error(model) from error
        raise ModelError(f"{model}: {_advice(error, revision)}") from error


def fork_error(model: str) -> WorldError:
    """The error for a GPU that is wanted in a forked process."""
    return WorldError(
        f"{model}: a GPU can be used in a process that was started afresh, this one was forked after CUDA was in use; "
        "run with num_proc=1, or `hfaug build --processes N`, or multiprocess.set_start_method('spawn') beforehand"
    )


def _advice(error: BaseException, revision: str | None) -> str:
    """What must hold, what was found, what to do, from the most telling error of the chain of causes."""
    from huggingface_hub import errors as hub

    chain = _causes(error)
    at = f" at revision {revision!r}" if revision else ""
    named: tuple[tuple[type[BaseException], str], ...] = (
        (hub.GatedRepoError, "must be open to you, is gated; accept its terms on the Hub, then `hf auth login`"),
        (hub.RevisionNotFoundError, f"must have the revision asked for, has no {revision!r}; see its tags on the Hub"),
        (hub.RepositoryNotFoundError, "must be a model on the Hub or a folder, is none (or private: `hf auth login`)"),
        (hub.LocalEntryNotFoundError, f"must be in the cache{at} or the Hub in reach, neither was; go online once"),
        (hub.OfflineModeIsEnabled, f"must be in the cache{at} while offline, was not; unset HF_HUB_OFFLINE once"),
        (hub.EntryNotFoundError, f"must hold the files of a model{at}, lacks one: {{}}; check the name"),
        (hub.HFValidationError, "must be a name as on the Hub or an existing folder, is neither; check it"),
        (hub.HfHubHTTPError, f"must be fetched from the Hub{at}, which answered: {{}}; try again later"),
        (MemoryError, "must fit into memory, did not; use a smaller model or a 16-bit dtype"),
    )
    for kind, text in named:
        for cause in chain:
            if isinstance(cause, kind):
                return text.format(_first_line(cause))
    return f"must be a model that can be loaded{at}, was not: {_first_line(chain[0])}; check its files and its kind"


def _causes(error: BaseException) -> list[BaseException]:
    """The error, what caused it, what caused that, and so on."""
    chain: list[Any] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    return chain


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
