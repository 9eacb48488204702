"""What a generator is asked for, as rows: a class, a prompt, and an id that does not depend on anything else."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import xxhash
from datasets import ClassLabel, Dataset, Features, Value

from hfaug import provenance
from hfaug.columns import is_string
from hfaug.errors import RecipeError
from hfaug.randomness import Stream, Streams, row_key
from hfaug.recipe.asking import Class, Prompts
from hfaug.recipe.schema import asking_of

__all__ = ["check_classes", "known_classes", "occurrence", "request_rows"]

_OWN = ("prompt", provenance.COLUMN)
"""Columns that the requests themselves have."""


def occurrence(steps: Sequence[Any], number: int) -> int:
    """How many steps before one ask the same generator for the same: theirs must be other samples.

    Args:
        steps: The steps of a recipe.
        number: Place of a step that asks a generator, among them.
    """
    asked = _asked_by(steps[number])
    return sum(_asked_by(step) == asked for step in steps[:number])


def _asked_by(step: Any) -> list[Any] | None:
    asking = asking_of(step)
    return None if asking is None else _identity(asking.op.fingerprint, asking.prompts)


def _identity(generator: str, asked: Prompts) -> list[Any]:
    """What a request is, but for its class and number."""
    column = asked.columns[0] if len(asked.columns) == 1 else list(asked.columns)
    return [generator, column, asked.prompt, {name: list(words) for name, words in asked.slots.items()}]


def request_rows(
    generator: str, asked: Prompts, wanted: Mapping[Class, range], features: Features, again: int = 0
) -> Dataset:
    """One row for each wanted sample.

    A request's id follows from the generator, the prompt with its slots, the class and its number within the class, so
    asking for more later leaves the earlier ones as they are.

    Args:
        generator: Fingerprint of the generator.
        asked: How it is told what to make.
        wanted: The numbers of the samples of each class; see `known_classes`.
        features: The features of the dataset that the samples join.
        again: How many steps before ask for the same; see `occurrence`.

    Returns:
        Columns: those of the classes, ``prompt`` where there is one, and the lineage.

    Raises:
        RecipeError: A column is no column of classes or of texts.
    """
    kinds = _kinds(asked, features)
    pairs = [(names, number) for names, numbers in wanted.items() for number in numbers]
    step = [*_identity(generator, asked), again]
    said = [(names[0] if len(names) == 1 else list(names), number) for names, number in pairs]
    ids = [xxhash.xxh3_128_hexdigest(_dumped([step, *one])) for one in said]
    prompts = [_prompt(asked, names, rng) for (names, _), rng in zip(pairs, _streams(ids), strict=True)]
    steps = [_step(*one, prompt) for one, prompt in zip(said, prompts, strict=True)]
    named = dict(zip(asked.columns, kinds, strict=True))
    told = {} if asked.prompt is None else {"prompt": Value("string")}
    schema = Features({**named, **told, provenance.COLUMN: provenance.feature()}).arrow_schema
    labels = [_labels(name, [names[at] for names, _ in pairs], kind) for at, (name, kind) in enumerate(named.items())]
    lineage = provenance.lineage(ids, [[] for _ in ids], "source", steps)
    return Dataset(pa.table([*labels, *([pa.array(prompts, pa.string())] if told else []), lineage], schema=schema))


def known_classes(asked: Prompts, classes: Sequence[Class], features: Features) -> list[Class]:
    """The classes that samples are asked of.

    Args:
        asked: How the generator is told what to make.
        classes: What the recipe lists; when it lists nothing, every class of the one column.
        features: The features of the dataset that the samples join; say which classes there are.

    Raises:
        RecipeError: A column or a class is unknown, or named twice, or nobody says which classes there are.
    """
    kinds = _kinds(asked, features)
    if classes:
        check_classes("recipe, requests", asked, classes, features)
        return list(classes)
    if len(kinds) > 1 or not isinstance(kinds[0], ClassLabel):
        raise RecipeError(
            "recipe, requests.classes: must be given where the column is not one ClassLabel, "
            f"{', '.join(map(repr, asked.columns))} is not; list them"
        )
    return [(name,) for name in kinds[0].names]


def check_classes(who: str, asked: Prompts, classes: Sequence[Class], features: Features) -> None:
    """Make sure that what is asked for are classes of the columns, each of them once.

    Args:
        who: Who speaks in errors.
        asked: How the generator is told what to make.
        classes: What is asked for.
        features: The features of the dataset that the samples join.

    Raises:
        RecipeError: They are not.
    """
    kinds = _kinds(asked, features)
    if any(len(names) != len(kinds) for names in classes):
        raise RecipeError(
            f"{who}.classes: must name a class of each of {', '.join(asked.columns)}, "
            f"got {list(map(list, classes))}; list one for each column"
        )
    for at, kind in enumerate(kinds):
        unknown = [names[at] for names in classes if isinstance(kind, ClassLabel) and names[at] not in kind.names]
        if unknown:
            raise RecipeError(
                f"{who}.classes: must be among {', '.join(kind.names)}, got {', '.join(unknown)}; correct them"
            )
    repeated = [" ".join(names) for names in dict.fromkeys(classes) if list(classes).count(names) > 1]
    if repeated:
        raise RecipeError(
            f"{who}.classes: must name each class once, names {', '.join(repeated)} several times; ask for more rows "
            "of it instead"
        )


def _kinds(asked: Prompts, features: Features) -> list[Any]:
    """The features of the class columns."""
    wrong = [name for name in asked.columns if name not in features or name in _OWN]
    if wrong:
        names = ", ".join(name for name in features if name not in _OWN)
        raise RecipeError(f"recipe, requests.column: must be one of {names}, got {wrong[0]!r}; correct column")
    for name in asked.columns:
        if not (isinstance(features[name], ClassLabel) or is_string(features[name])):
            raise RecipeError(
                f"recipe, requests.column: must be a column of classes or of texts, {name!r} is {features[name]}; "
                "name it under source.encode to make classes of its values"
            )
    return [features[name] for name in asked.columns]


def _labels(column: str, names: Sequence[str], feature: Any) -> pa.Array:
    values = [feature.str2int(name) if isinstance(feature, ClassLabel) else name for name in names]
    return pa.array(values, Features({column: feature}).arrow_schema.field(0).type)


def _streams(ids: Sequence[str]) -> Streams:
    return Streams([row_key(value) for value in ids], digest="requests")


def _prompt(asked: Prompts, names: Class, rng: Stream) -> str | None:
    if asked.prompt is None:
        return None
    slots = {slot: rng.choice(words) for slot, words in asked.slots.items()}
    words = {**slots, **dict(zip(asked.columns, names, strict=True))}
    parts = string.Formatter().parse(asked.prompt)
    return "".join(text + ("" if slot is None else words[slot]) for text, slot, *_ in parts)


def _step(names: str | list[str], number: int, prompt: str | None) -> str:
    """What the lineage says of a request."""
    told = {} if prompt is None else {"prompt": prompt}
    return json.dumps([{"request": {"class": names, "number": number, **told}}], ensure_ascii=False)


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()
