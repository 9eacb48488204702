"""How a pipeline is put on its device, and how many images go through it at once.

Settings of a run, for what decides how fast images come and never what an op is::

    HFAUG_IMAGE_BATCH=8      images of the model's own size that a GPU draws at once, instead of what is found
    HFAUG_COMPILE=1          compile the repeated blocks of the model: slow at first, then faster
    HFAUG_OFFLOAD=1          keep the weights in the memory of the machine and load them as they are needed

All of them stand in the record of the run, since 16-bit results may depend on them in their last digits.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

from hfaug.errors import ParameterError

__all__ = ["MOST_ROWS", "RunSettings", "find_rows", "rows_at", "run_settings", "settle_on"]

MOST_ROWS = 32
"""More at once make no GPU faster."""
_USABLE = 0.9  # of the memory; the rest is for what CUDA itself and fragments take


@dataclasses.dataclass(frozen=True)
class RunSettings:
    """What the environment says.

    Args:
        rows: Images at once; None to find out.
        compiles: Whether repeated blocks are compiled.
        offloads: Whether weights wait in the memory of the machine.
    """

    rows: int | None = None
    compiles: bool = False
    offloads: bool = False


def run_settings() -> RunSettings:
    """Read the environment.

    Raises:
        ParameterError: A variable holds something else than it can.
    """
    rows = os.environ.get("HFAUG_IMAGE_BATCH") or None
    if rows is not None and (not rows.isdigit() or int(rows) < 1):
        raise ParameterError(f"HFAUG_IMAGE_BATCH: must be a whole number from 1 up, was {rows!r}; change it")
    return RunSettings(None if rows is None else int(rows), _switch("HFAUG_COMPILE"), _switch("HFAUG_OFFLOAD"))


def _switch(name: str) -> bool:
    said = os.environ.get(name) or "0"
    if said not in {"0", "1"}:
        raise ParameterError(f"{name}: must be 0 or 1, was {said!r}; change it")
    return said == "1"


def settle_on(pipe: Any, device: str, settings: RunSettings) -> None:
    """Put a pipeline on its device; on a GPU as the settings say.

    Raises:
        ParameterError: The model has no repeated blocks to compile.
    """
    on_gpu = not device.startswith("cpu")
    if on_gpu and settings.offloads:
        pipe.enable_group_offload(onload_device=_device(device), offload_type="leaf_level", use_stream=True)
    else:
        pipe.to(device)
    if not (on_gpu and settings.compiles):
        return
    model = getattr(pipe, "unet", None) or getattr(pipe, "transformer", None)
    try:
        model.compile_repeated_blocks(fullgraph=True)  # type: ignore[union-attr]
    except (AttributeError, ValueError) as error:
        raise ParameterError(
            f"HFAUG_COMPILE: must be 0 for {type(pipe).__name__}, which has no repeated blocks; unset it"
        ) from error


def _device(device: str) -> Any:
    import torch

    return torch.device(device)


def find_rows(peak: Callable[[int], int], total: int) -> int:
    """How many images at once fit into memory, from what one and two of them take.

    It follows from the model and the card alone, never from what is free at the moment, and it is a power of two, so
    that a few bytes more or less change nothing: a run that is taken up again draws in the same batches.

    Args:
        peak: The most memory that was in use while so many images were drawn, in bytes, the weights included.
        total: The memory of the card, in bytes.

    >>> find_rows(lambda rows: 4_000 + rows * 1_000, 16_000)
    8
    """
    one = peak(1)
    each = max(1, peak(2) - one)
    room = int((total * _USABLE - (one - each)) // each)
    rows = 1
    while rows * 2 <= min(room, MOST_ROWS):
        rows *= 2
    return rows


def rows_at(rows: int, own: tuple[int, int] | None, size: tuple[int, int] | None) -> int:
    """How many images of a size take as much as so many of the model's own size.

    >>> rows_at(8, (512, 512), (1024, 512)), rows_at(8, (512, 512), None)
    (4, 8)
    """
    if own is None or size is None:
        return rows
    return max(1, min(MOST_ROWS, rows * own[0] * own[1] // (size[0] * size[1])))
