"""`load_dataset` with augmentation: any dataset that `datasets` loads, or the one that a recipe describes."""

from __future__ import annotations

import dataclasses
import inspect
import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hfaug.augment import augment as augment_dataset
from hfaug.errors import MissingExtra, ParameterError
from hfaug.filters import Filter
from hfaug.op import Op
from hfaug.streaming import map_stream

if TYPE_CHECKING:
    from hfaug.recipe.schema import Augment

__all__ = ["load_dataset"]

logger = logging.getLogger("hfaug")

_NOT_TRAINING = ("test", "validation")
_RECIPES = (".hfaug", ".yaml", ".yml")


def load_dataset(
    path: str | os.PathLike[str],
    *args: Any,
    augment: Op | Any = None,
    copies: int | None = None,
    keep: bool | None = None,
    seed: int | None = None,
    splits: str | Sequence[str] | None = None,
    **kwargs: Any,
) -> Any:
    """Load a dataset as ``datasets.load_dataset`` does, and augment it.

    Args:
        path: What ``datasets.load_dataset`` takes; or a recipe file (``.hfaug``, ``.yaml``), whose dataset is loaded.
            The name ``hfaug`` with ``recipe=...`` loads a recipe that is given as text or as plain data.
        args: Passed on.
        augment: An op, or the steps of a recipe: a file, its text, ``{"ops": [...], "copies": 2}`` or a list of ops.
        copies: Copies of each row; 1 by default, or what the recipe says.
        keep: Whether the rows themselves stay; they do by default, or what the recipe says.
        seed: Another seed gives other draws.
        splits: Splits that are augmented; by default ``train``, or what the recipe says. Test and validation splits are
            only augmented when they are named here.
        kwargs: Passed on: ``split``, ``streaming``, ``revision``, ``num_proc`` ...

    Returns:
        A dataset, a dictionary of splits, or a stream of either.

    Raises:
        RecipeError: The recipe is wrong, or has a step that needs the whole dataset.
        LabelError: A label would not move; raised before any work on rows.

    >>> import hfaug
    >>> op = hfaug.ops.text.SwapChars()
    >>> files = "tests/data/mail/mail.jsonl"
    >>> ds = hfaug.load_dataset("json", data_files=files, split="train[:10]", augment=op, copies=2)
    >>> ds.num_rows
    30
    """
    import datasets

    named = {"copies": copies, "keep": keep, "seed": seed, "splits": splits}
    said = {name: value for name, value in named.items() if value is not None}
    path = os.fspath(path)
    if _is_recipe(path):
        if augment is not None:
            raise ParameterError(
                "load_dataset: a recipe says itself what is done, so augment must not be given; add it as a step"
            )
        return _load_recipe(path, args, {**kwargs, **said})
    if augment is None:
        if said and path != "augmentfolder":
            raise ParameterError(
                f"load_dataset: {next(iter(said))} must come with augment=..., got no augment; say what to do"
            )
        return datasets.load_dataset(path, *args, **kwargs, **said)
    steps = _steps(augment, kwargs)
    loaded = _loaded(path, args, kwargs)
    several = loaded if isinstance(loaded, list) else [loaded]  # one for each split of a list of splits
    done = [_augmented(one, steps, named, augment, kwargs.get("num_proc")) for one in several]
    return done if isinstance(loaded, list) else done[0]


def _loaded(path: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `datasets` loads; where it lacks a decoder that hfaug does not need, the error says the way round."""
    import datasets

    try:
        return datasets.load_dataset(path, *args, **kwargs)
    except Exception as error:
        if not _wants_torchcodec(error):
            raise
        raise MissingExtra(
            f"torchcodec: must be installed for `datasets` to read sounds and videos by {path!r}, is not; load the "
            "folder by 'augmentfolder', which needs no decoder, or install FFmpeg and run: pip install torchcodec"
        ) from error


def _wants_torchcodec(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ImportError) and "torchcodec" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_recipe(path: str) -> bool:
    return path == "hfaug" or (path.endswith(_RECIPES) and not os.path.isdir(path))


def _load_recipe(path: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Load what a recipe describes; nothing is looked for in the current folder."""
    import datasets

    if path != "hfaug":
        kwargs["recipe"] = path
    bound = inspect.signature(datasets.load_dataset).bind("hfaug", *args, **kwargs).arguments
    config = bound.pop("config_kwargs", {})
    if bound.get("data_files") is not None:
        return datasets.load_dataset(**bound, **config)
    if config.get("recipe") is None:
        raise ParameterError(
            "load_dataset: 'hfaug' must come with recipe=... or data_files=..., got neither; name the recipe"
        )
    if bound.get("data_dir") is not None or bound.get("revision") is not None:
        raise ParameterError(
            "load_dataset: data_dir and revision of a recipe are said in it, under source; leave them out"
        )
    return _built(bound, config)


def _built(said: dict[str, Any], config: dict[str, Any]) -> Any:
    """What ``datasets.load_dataset`` does with a builder, once it has found one."""
    from datasets.utils.info_utils import is_small_dataset

    from hfaug.builders.recipefile import RecipeFile
    from hfaug.builders.registry import VERSION_HASH

    given = {name: said.get(name) for name in ("cache_dir", "features", "token", "storage_options")}
    builder = RecipeFile(dataset_name="hfaug", config_name=said.get("name"), hash=VERSION_HASH, **given, **config)
    if said.get("streaming"):
        if said.get("num_proc") is not None:
            raise ParameterError(
                "load_dataset: num_proc must not be given with streaming=True; use a DataLoader's workers"
            )
        return builder.as_streaming_dataset(split=said.get("split"))
    more = ("download_config", "download_mode", "verification_mode", "num_proc", "storage_options")
    builder.download_and_prepare(**{name: said.get(name) for name in more})
    in_memory = said.get("keep_in_memory")
    if in_memory is None:
        in_memory = is_small_dataset(builder.info.dataset_size)
    return builder.as_dataset(split=said.get("split"), in_memory=in_memory)


def _steps(augment: Any, kwargs: dict[str, Any]) -> Sequence[Any]:
    from hfaug.builders.recipes import read_steps

    steps: Sequence[Any] = read_steps(augment, token=kwargs.get("token"), storage_options=kwargs.get("storage_options"))
    return steps


def _augmented(loaded: Any, steps: Sequence[Any], named: dict[str, Any], augment: Any, num_proc: int | None) -> Any:
    """Steps over a loaded dataset. Ops that learn and filters that compare can do so where all rows are at hand."""
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

    from hfaug import provenance
    from hfaug.builders.steps import RowSteps
    from hfaug.recipe.schema import FilterRows

    single = isinstance(loaded, (Dataset, IterableDataset))
    streaming = isinstance(loaded, (IterableDataset, IterableDatasetDict))
    name = str(getattr(loaded, "split", None) or "train")
    data = (IterableDatasetDict if streaming else DatasetDict)({name: loaded}) if single else loaded
    chosen = RowSteps.of(steps, **named, whole=not streaming)
    free = isinstance(augment, Op) and named["splits"] is None
    if not single and not free:
        chosen.check_splits(list(data))
    for step in chosen.steps:
        splits = _splits(name, step.splits, free) if single else None if free else step.splits
        data = (
            _filtered(data, step.filter, splits)
            if isinstance(step, FilterRows)
            else _copied(data, step, splits, num_proc)
        )
    if not chosen.provenance:
        data = data.remove_columns(provenance.COLUMN)
    return data[name] if single else data


def _splits(name: str, wanted: Sequence[str] | None, free: bool) -> list[str]:
    """The one split that was loaded, if it is among those that a step is for; or none.

    Args:
        name: What was loaded: ``train``, ``train[:10%]``, ``train+test``.
        wanted: What the step is for; None for all.
        free: Nobody has said so: all but test and validation splits.
    """
    bases = {part.split("[")[0].strip() for part in name.split("+")}
    meant = {base for base in bases if wanted is None or base in wanted or (free and base not in _NOT_TRAINING)}
    if meant and meant != bases:
        raise ParameterError(
            f"load_dataset: splits to augment must not be loaded as one with others, got split={name!r}; "
            "load them one by one"
        )
    if not meant:
        logger.info("hfaug.load_dataset: %s is left as it is; say splits=[...] to augment it", name)
    return [name] if meant else []


def _copied(data: Any, step: Augment, splits: Sequence[str] | None, num_proc: int | None) -> Any:
    return augment_dataset(data, step.op, copies=step.copies, keep=step.keep, splits=splits, num_proc=num_proc)


def _filtered(data: Any, chosen: Filter, splits: Sequence[str] | None) -> Any:
    """The rows that a filter keeps; in a stream the filter sees them as they are stored, a few at a time.

    One that learns does so from the train split for all splits, as in a build.
    """
    from datasets import Dataset, IterableDataset

    from hfaug import provenance

    train = data.get("train")
    if not chosen.ready and isinstance(train, Dataset) and provenance.has_lineage(train.features.arrow_schema):
        chosen = chosen.fit(train)
    found = {}
    for name, split in data.items():
        if splits is not None and name not in splits:
            found[name] = split
        elif isinstance(split, IterableDataset):
            if split.features is not None:
                chosen.check(split.features)
            found[name] = map_stream(split, _Keep(chosen), split.features)
        else:
            found[name] = chosen.of(split)
    return type(data)(found)


@dataclasses.dataclass(frozen=True)
class _Keep:
    """A filter as a function of a stream's rows."""

    filter: Filter

    def __call__(self, rows: pa.Table) -> pa.Table:
        return rows.filter(pa.array([reason is None for reason in self.filter.reasons([rows])], pa.bool_()))
