"""What the calls of hfaug are given by hand: the wrong thing is refused at once, with the right one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

from hfaug.errors import ParameterError
from hfaug.fields import Limit, canonical
from hfaug.op import Op

__all__ = ["check_dataset", "check_num_proc", "check_op"]

_Processes = Annotated[int, Limit(1)]


def check_op(op: Any, who: str) -> None:
    """See that an op is one.

    Args:
        op: What was given.
        who: The call, for errors.

    Raises:
        ParameterError: It is something else; says how to make an op of it.
    """
    if isinstance(op, Op):
        return
    if isinstance(op, type) and issubclass(op, Op):
        told = f"the class {op.__name__}; did you mean {op.__name__}()?"
    elif isinstance(op, Sequence) and not isinstance(op, str):
        told = f"a {type(op).__name__}; write hfaug.Chain(first, second) for ops one after another"
    elif isinstance(op, str):
        told = f"{op!r}; ops of hfaug are in hfaug.ops, such as hfaug.ops.image.Flip()"
    elif callable(op):
        name = getattr(op, "__name__", type(op).__name__)
        told = f"{name}, which is no op; make it one with hfaug.wrap(...)"
    else:
        told = f"{type(op).__name__}; give an op such as hfaug.ops.image.Flip()"
    raise ParameterError(f"{who}: op must be an op, got {told}")


def check_dataset(dataset: Any, who: str) -> None:
    """See that a dataset is one, or a stream, or a dictionary of either.

    Args:
        dataset: What was given.
        who: The call, for errors.

    Raises:
        ParameterError: It is something else; says how to come by a dataset.
    """
    if isinstance(dataset, (Dataset, DatasetDict, IterableDataset, IterableDatasetDict)):
        return
    if isinstance(dataset, str):
        told = f"{dataset!r}; load it first, with datasets.load_dataset({dataset!r})"
    elif isinstance(dataset, dict):
        told = "a dict; make a dataset of columns with Dataset.from_dict(...), of splits with DatasetDict(...)"
    else:
        told = f"{type(dataset).__name__}; make a dataset of rows with Dataset.from_list([{{...}}, ...])"
    raise ParameterError(f"{who}: dataset must be a dataset, got {told}")


def check_num_proc(num_proc: Any, who: str) -> None:
    """See that a number of processes is one, or None.

    Raises:
        ParameterError: It is no whole number from 1 up.
    """
    if num_proc is not None:
        canonical(num_proc, _Processes, who, "num_proc")
