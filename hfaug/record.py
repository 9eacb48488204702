"""The run record: where the rows of a release come from and what was done to them.

The engine and the recipe fill it; a release measures the counts, writes it beside the data as ``.hfaug/run.json``
and makes the card from it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hfaug.errors import ReleaseError

__all__ = ["DETERMINISM", "SCHEMA", "Counts", "Effect", "Model", "ModelRun", "RunRecord", "Source", "Step"]

SCHEMA = 1

DETERMINISM = ("row", "request", "recorded")
"""How far a model's results repeat, the furthest first."""

Counts = Mapping[str, Mapping[str, Mapping[str, Mapping[str, int]]]]
"""Rows by config, split, origin and class; the class is ``""`` where a split has no class column."""

_FILES = 5  # files of a source that its title lists
_PASSING = ("created", "hfaug", "libraries", "ran")  # when and with what it was made, not what it is


@dataclass(frozen=True, kw_only=True)
class Source:
    """One dataset that rows were read from.

    Args:
        path: Hub repo id or folder, as given to ``load_dataset``.
        config: Config name, None for the default.
        revision: Commit, tag or branch that was read; None where there is none.
        licence: Hub identifier of its licence, None when nobody said.
        citation: How its makers want to be cited (BibTeX or a sentence).
        files: Files or folders that were read, where `path` names a builder such as ``csv`` and not a dataset.
        rows: Rows read, None when not counted.
    """

    path: str
    config: str | None = None
    revision: str | None = None
    licence: str | None = None
    citation: str | None = None
    files: tuple[str, ...] = ()
    rows: int | None = None

    @property
    def title(self) -> str:
        """The name for people.

        >>> Source(path="json", files=("mail.jsonl",)).title
        'mail.jsonl (json)'
        """
        if not self.files:
            return self.path
        more = f" and {len(self.files) - _FILES} more" if len(self.files) > _FILES else ""
        return f"{', '.join(self.files[:_FILES])}{more} ({self.path})"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One op, filter or generator and what it did.

    Args:
        op: Canonical JSON of the op, or its plain name.
        name: Name for people, ``image.rotate``; taken from ``op`` when empty.
        kind: ``augment``, ``synthesise``, ``filter`` or ``balance``.
        may_change: How the op could change what a row means, one sentence each.
        counts: Rows it made (a filter: rows it kept), by class.
        rejects: Rows it gave up or dropped, by reason.
        missing: Rows that it should have made and could not, in all the tries it had, by class.
        filters: Canonical JSON of the filters that made rows had to pass.
    """

    op: str
    name: str = ""
    kind: str = "augment"
    may_change: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    rejects: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    filters: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name for people.

        >>> Step(op='{"fields": {"degrees": [-30.0, 30.0]}, "op": "image.rotate"}').title
        'image.rotate'
        """
        if self.name:
            return self.name
        try:
            parsed = json.loads(self.op)
        except ValueError:
            return self.op
        if isinstance(parsed, dict):
            return str(parsed.get("op") or parsed.get("name") or self.op)
        return self.op


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model that rows were made with.

    Args:
        id: Hub repo id or folder.
        revision: Commit that was used.
        licence: Hub identifier of its licence, None when nobody said.
        determinism: ``row`` (the same row gives the same result), ``request`` (the same batch does) or ``recorded``
            (answers were kept).
    """

    id: str
    revision: str | None = None
    licence: str | None = None
    determinism: str = "row"


@dataclass(frozen=True, kw_only=True)
class ModelRun:
    """How a model ran, which may differ from one build to the next.

    Args:
        id: As in :class:`Model`.
        revision: As there, too.
        settings: What it ran with, as plain JSON values, and in how many ``units`` of work: runtime, device, dtype,
            padding, the limits of a batch, and how far its results repeat (``determinism``).
        events: What happened: batches halved for want of memory (``out_of_memory``); at an endpoint, answers ``bought``
            and ``reused`` from disk, requests ``sent``, ``tokens_in``, ``tokens_out`` and the ``cost``. Of units that
            were finished; what a process bought before it was killed shows as reused.
    """

    id: str
    revision: str | None = None
    settings: tuple[Mapping[str, Any], ...] = ()
    events: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What training with this data changed, measured with and without it on equal budgets.

    Args:
        metric: Name of the metric.
        without: Its mean without the generated rows.
        with_: Its mean with them.
        interval: Confidence interval of the difference (low, high).
        verdict: The sentence for the card; says "no effect shown" when that is so.
    """

    metric: str
    without: float
    with_: float
    interval: tuple[float, float]
    verdict: str


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """Everything a release has to say about itself.

    Args:
        name: Title of the dataset.
        version: Semantic version, ``1.2.0``; set by the release.
        created: ISO date of the build; no part of the release's identity.
        summary: One or two sentences on what the dataset is for.
        recipe: Text of the recipe file.
        sources: Datasets that were read.
        steps: Ops, filters and generators, in order.
        models: Models that were used.
        ran: How they ran; no part of the release's identity.
        counts: Rows by config, split, origin and class; measured by the release.
        effect: Measured effect on training, None when none was measured.
        rebuild: Command that rebuilds the dataset.
        hfaug: Version of hfaug.
        libraries: Versions of the libraries that decide bytes.

    >>> record = RunRecord(name="digits", sources=(Source(path="mnist", licence="cc-by-sa-3.0"),))
    >>> RunRecord.from_json(record.to_json()) == record
    True
    """

    name: str
    version: str = ""
    created: str = ""
    summary: str = ""
    recipe: str | None = None
    sources: tuple[Source, ...] = ()
    steps: tuple[Step, ...] = ()
    models: tuple[Model, ...] = ()
    ran: tuple[ModelRun, ...] = ()
    counts: Counts = field(default_factory=dict)
    effect: Effect | None = None
    rebuild: str | None = None
    hfaug: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipe_digest(self) -> str | None:
        """SHA-256 of the recipe text, None without a recipe."""
        return None if self.recipe is None else hashlib.sha256(self.recipe.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON values, with its schema number and the recipe's digest."""
        return {"schema": SCHEMA, "recipe_digest": self.recipe_digest, **dataclasses.asdict(self)}

    def to_json(self) -> str:
        """The record as text; the order of configs, splits and classes is kept."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"

    def identity(self) -> dict[str, Any]:
        """What makes two releases the same: all but the date and the versions it was built with."""
        return {key: value for key, value in self.to_dict().items() if key not in _PASSING}

    @classmethod
    def from_json(cls, text: str | bytes) -> RunRecord:
        """Read a record back.

        Raises:
            ReleaseError: The text is no run record, or one of a newer hfaug.
        """
        try:
            raw = dict(json.loads(text))
        except (ValueError, TypeError) as error:
            raise ReleaseError(f"run record: must be a JSON object, is not ({error}); restore the file") from error
        schema = raw.pop("schema", None)
        if schema != SCHEMA:
            raise ReleaseError(f"run record: schema must be {SCHEMA}, is {schema!r}; use the hfaug that wrote it")
        raw.pop("recipe_digest", None)
        try:
            return cls(**{key: _restore(key, value) for key, value in raw.items()})
        except TypeError as error:
            raise ReleaseError(
                f"run record: fields must be those of schema {SCHEMA} ({error}); restore the file"
            ) from error


_PARTS: dict[str, type[Source | Step | Model | ModelRun]] = {
    "sources": Source,
    "steps": Step,
    "models": Model,
    "ran": ModelRun,
}


def _restore(key: str, value: Any) -> Any:
    if key in _PARTS:
        return tuple(_PARTS[key](**_tuples(item)) for item in value)
    if key == "effect" and value is not None:
        return Effect(**_tuples(value))
    return value


def _tuples(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
