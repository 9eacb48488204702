"""What a generator is asked for, as rows: a class, a prompt, and an id that does not depend on anything else."""

from __future__ import annotations

import itertools
import json
import string
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import xxhash
from datasets import ClassLabel, Dataset, Features, Value

from hfaug import provenance
from hfaug.errors import RecipeError
from hfaug.randomness import Streams, row_key
from hfaug.recipe.schema import Requests

__all__ = ["request_rows"]


def request_rows(step: str, asked: Requests, features: Features) -> Dataset:
    """One row for each wanted sample.

    A request's id follows from the step, the class and its number within the class, so asking for more later leaves the
    earlier ones as they are.

    Args:
        step: Digest of the generator.
        asked: What the recipe says.
        features: The features of the dataset that the samples join; says which classes there are.

    Returns:
        Columns: the class column, ``prompt``, and the lineage.

    Raises:
        RecipeError: A class or a slot is unknown.
    """
    feature = features.get(asked.column)
    if feature is None:
        raise RecipeError(f"recipe, requests.column: must be one of {', '.join(features)}, got {asked.column!r}")
    classes = _classes(asked, feature)
    _check_slots(asked)
    pairs = list(itertools.product(classes, range(asked.count)))
    ids = [xxhash.xxh3_128_hexdigest(json.dumps([step, name, number]).encode()) for name, number in pairs]
    streams = Streams([row_key(value) for value in ids], digest="requests")
    prompts = []
    for (name, _), rng in zip(pairs, streams, strict=True):
        slots = {slot: rng.choice(words) for slot, words in asked.slots.items()}
        prompts.append(asked.prompt.format(**slots, **{asked.column: name}))
    values = [feature.str2int(name) if isinstance(feature, ClassLabel) else name for name, _ in pairs]
    steps = [
        json.dumps([{"request": {"class": name, "number": number, "prompt": prompt}}], ensure_ascii=False)
        for (name, number), prompt in zip(pairs, prompts, strict=True)
    ]
    schema = Features(
        {asked.column: feature, "prompt": Value("string"), provenance.COLUMN: provenance.feature()}
    ).arrow_schema
    lineage = provenance.lineage(ids, [[] for _ in ids], "source", steps)
    return Dataset(pa.table([pa.array(values, schema.field(0).type), pa.array(prompts), lineage], schema=schema))


def _classes(asked: Requests, feature: Any) -> Sequence[str]:
    names = feature.names if isinstance(feature, ClassLabel) else None
    if not asked.classes:
        if names is None:
            raise RecipeError(
                f"recipe, requests.classes: must be given where {asked.column!r} is no ClassLabel; list them"
            )
        return list(names)
    unknown = [name for name in asked.classes if names is not None and name not in names]
    if unknown:
        raise RecipeError(f"recipe, requests.classes: must be among {', '.join(names or ())}, got {', '.join(unknown)}")
    return asked.classes


def _check_slots(asked: Requests) -> None:
    wanted = {field for _, field, _, _ in string.Formatter().parse(asked.prompt) if field is not None}
    known = {*asked.slots, asked.column}
    if wanted - known:
        raise RecipeError(
            f"recipe, requests.prompt: slots must be among {', '.join(sorted(known))}, "
            f"got {', '.join(sorted(wanted - known))}; "
            "list their words under slots"
        )
    empty = [slot for slot, words in asked.slots.items() if not words]
    if empty:
        raise RecipeError(f"recipe, requests.slots.{empty[0]}: must list at least one word, lists none")
