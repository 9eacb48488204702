"""What must stand before `datasets`, OpenCV or torch are imported: equal terms for every case, and no network."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


@contextlib.contextmanager
def prepared() -> Iterator[str]:
    """A folder for everything that is written, under settings that child processes inherit."""
    folder = tempfile.mkdtemp(prefix="hfaug-bench-")
    os.environ |= {
        "HF_HOME": folder,
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "HFAUG_HOME": os.path.join(folder, "hfaug"),
        "NO_ALBUMENTATIONS_UPDATE": "1",
        "TMPDIR": folder,
        "TOKENIZERS_PARALLELISM": "false",
        "TRANSFORMERS_VERBOSITY": "error",
        **dict.fromkeys(_THREADS, "1"),
    }
    tempfile.tempdir = folder
    warnings.simplefilter("ignore")  # of the libraries compared with
    try:
        yield folder
    finally:
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)


def settle() -> None:
    """One thread for the libraries that keep a pool of their own, and no result taken from a cache."""
    import cv2
    import datasets

    cv2.setNumThreads(1)
    datasets.disable_caching()
    datasets.disable_progress_bars()
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


@contextlib.contextmanager
def one_core() -> Iterator[int | None]:
    """Hold this process to one core, where the system can; gives its number."""
    if not hasattr(os, "sched_setaffinity"):
        yield None
        return
    before = os.sched_getaffinity(0)
    core = max(before)
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def all_cores() -> Iterator[int]:
    """Let this process and its children use every core again; gives their number."""
    if not hasattr(os, "sched_setaffinity"):
        yield os.cpu_count() or 1
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield len(os.sched_getaffinity(0))
    finally:
        os.sched_setaffinity(0, before)
