"""Examples of a dataset for prompts: learnt once, drawn for each row."""

from __future__ import annotations

import functools
import json
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from datasets import ClassLabel, Dataset, Features

from hfaug import provenance
from hfaug.assets import Asset
from hfaug.errors import ParameterError, RoleError
from hfaug.language.schemas import json_schema, readable
from hfaug.randomness import Stream, row_key

__all__ = ["draw_examples", "learn_examples", "learnt_features"]

_log = logging.getLogger("hfaug")
_MOST = 200
"""Rows of a class that are kept: more hardly make a prompt differ more, and a release carries them along."""


def learn_examples(dataset: Dataset, wanted: Features, who: str) -> Asset:
    """What prompts can show of a dataset: up to 200 rows of each class. Which ones follows from what they hold alone.

    Args:
        dataset: The training split.
        wanted: The columns to write, or none for all that a model can write down; columns of classes come along.
        who: Name of the op, for errors.

    Raises:
        RoleError: A column is missing or of another type, or there is nothing to learn.
    """
    wrong = [name for name, feature in wanted.items() if dataset.features.get(name) != feature]
    if wrong:
        raise RoleError(
            f"{who}: columns to write must be those of the dataset where it gives examples, {wrong[0]!r} is "
            f"{dataset.features.get(wrong[0])} there and {wanted[wrong[0]]} here; correct columns, or set shots=0"
        )
    names = [
        name
        for name, feature in dataset.features.items()
        if name != provenance.COLUMN
        and _writable(name, feature, who)
        and (not wanted or name in wanted or _is_class(feature))
    ]
    left = [name for name in dataset.features if name not in {*names, *wanted, provenance.COLUMN}]
    if left and not wanted:
        _log.warning("hfaug: %s leaves out what a model cannot write: %s; say columns to choose", who, ", ".join(left))
    if not names or not len(dataset):
        raise RoleError(
            f"{who}: must find texts to learn from, found none in {', '.join(dataset.features)}; give others"
        )
    kept = Features({name: dataset.features[name] for name in names})
    table: pa.Table = dataset.with_format("arrow")[:].select(names).cast(kept.arrow_schema)
    classes = [name for name in names if _is_class(kept[name])]
    counts: Counter[Any] = Counter()
    places = []
    ids = provenance.content_ids(table)
    order = sorted(range(len(ids)), key=lambda place: (row_key(ids[place]), ids[place]))
    keys = list(zip(*(table[name].to_pylist() for name in classes), strict=True)) if classes else [()] * len(ids)
    for place in order:
        counts[keys[place]] += 1
        if counts[keys[place]] <= _MOST:
            places.append(place)
    return Asset.save(table.take(places).replace_schema_metadata(kept.arrow_schema.metadata))


def _is_class(feature: Any) -> bool:
    return isinstance(feature, ClassLabel)


def _writable(name: str, feature: Any, who: str) -> bool:
    try:
        json_schema({name: feature}, 1, who)
    except ParameterError:
        return False
    return True


def learnt_features(examples: Asset) -> Features:
    """The columns of learnt examples."""
    return Features.from_arrow_schema(examples.table().schema)


def draw_examples(examples: Asset, given: Mapping[str, Any], shots: int, rng: Stream) -> list[dict[str, Any]]:
    """Rows of the examples, readable, in the order drawn.

    Args:
        examples: What `learn_examples` kept.
        given: Readable values that the rows must have; columns that the examples lack do not count.
        shots: How many; fewer where there are fewer.
        rng: Where the draws come from.
    """
    rows = _matching(examples, json.dumps(dict(given), sort_keys=True, default=str))
    count = min(shots, len(rows))
    chosen = rng.sample(len(rows), count)
    return [rows[chosen[place]] for place in rng.permutation(count)]


@functools.lru_cache(maxsize=256)
def _matching(examples: Asset, given: str) -> tuple[dict[str, Any], ...]:
    wanted = json.loads(given)
    rows = _readable(examples)
    names = [name for name in wanted if rows and name in rows[0]]
    return tuple(row for row in rows if all(row[name] == wanted[name] for name in names))


@functools.lru_cache(maxsize=8)
def _readable(examples: Asset) -> tuple[dict[str, Any], ...]:
    features = learnt_features(examples)
    return tuple(
        {name: readable(row[name], feature) for name, feature in features.items()}
        for row in examples.table().to_pylist()
    )
