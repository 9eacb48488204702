"""What a generator is asked for, as rows: a class, a prompt, and an id that does not depend on anything else."""

from __future__ import annotations

import itertools
import json
import string
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import xxhash
from datasets import ClassLabel, Dataset, Features, Value

from hfaug import provenance
from hfaug.errors import RecipeError
from hfaug.randomness import Streams, row_key
from hfaug.recipe.schema import Requests, Synthesise

__all__ = ["occurrence", "request_rows"]

_OWN = ("prompt", provenance.COLUMN)
"""Columns that the requests themselves have."""


def occurrence(steps: Sequence[Any], number: int) -> int:
    """How many steps before one ask the same generator for the same: theirs must be other samples.

    Args:
        steps: The steps of a recipe.
        number: Place of a step that synthesises among them.
    """
    asked = _identity(steps[number].op.fingerprint, steps[number].requests)
    earlier = (step for step in steps[:number] if isinstance(step, Synthesise))
    return sum(_identity(step.op.fingerprint, step.requests) == asked for step in earlier)


def _identity(generator: str, asked: Requests) -> list[Any]:
    """What a request is, but for its class and number."""
    return [generator, asked.column, asked.prompt, {name: list(words) for name, words in asked.slots.items()}]


def request_rows(generator: str, asked: Requests, features: Features, again: int = 0) -> Dataset:
    """One row for each wanted sample.

    A request's id follows from the generator, the prompt with its slots, the class and its number within the class, so
    asking for more later leaves the earlier ones as they are.

    Args:
        generator: Fingerprint of the generator.
        asked: What the recipe says.
        features: The features of the dataset that the samples join; says which classes there are.
        again: How many steps before ask for the same; see `occurrence`.

    Returns:
        Columns: the class column, ``prompt``, and the lineage.

    Raises:
        RecipeError: The column or a class is unknown.
    """
    feature = features.get(asked.column)
    if feature is None or asked.column in _OWN:
        names = ", ".join(name for name in features if name not in _OWN)
        raise RecipeError(f"recipe, requests.column: must be one of {names}, got {asked.column!r}; correct column")
    classes = _classes(asked, feature)
    pairs = list(itertools.product(classes, range(asked.count)))
    step = [*_identity(generator, asked), again]
    ids = [xxhash.xxh3_128_hexdigest(_dumped([step, name, number])) for name, number in pairs]
    streams = Streams([row_key(value) for value in ids], digest="requests")
    prompts = []
    for (name, _), rng in zip(pairs, streams, strict=True):
        slots = {slot: rng.choice(words) for slot, words in asked.slots.items()}
        prompts.append(_filled(asked.prompt, {**slots, asked.column: name}))
    values = [feature.str2int(name) if isinstance(feature, ClassLabel) else name for name, _ in pairs]
    steps = [
        json.dumps([{"request": {"class": name, "number": number, "prompt": prompt}}], ensure_ascii=False)
        for (name, number), prompt in zip(pairs, prompts, strict=True)
    ]
    schema = Features(
        {asked.column: feature, "prompt": Value("string"), provenance.COLUMN: provenance.feature()}
    ).arrow_schema
    lineage = provenance.lineage(ids, [[] for _ in ids], "source", steps)
    try:
        labels = pa.array(values, schema.field(0).type)
    except pa.ArrowException as error:
        raise RecipeError(
            f"recipe, requests.column: must be a column of classes or of texts, {asked.column!r} is {feature}; "
            "name it under source.encode to make classes of its values"
        ) from error
    return Dataset(pa.table([labels, pa.array(prompts), lineage], schema=schema))


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
    repeated = [name for name in dict.fromkeys(asked.classes) if asked.classes.count(name) > 1]
    if repeated:
        raise RecipeError(
            f"recipe, requests.classes: must name each class once, names {', '.join(repeated)} several times; "
            "raise count"
        )
    return asked.classes


def _filled(prompt: str, words: Mapping[str, str]) -> str:
    parts = string.Formatter().parse(prompt)
    return "".join(text + ("" if slot is None else words[slot]) for text, slot, *_ in parts)


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()
