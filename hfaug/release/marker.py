"""``.hfaug/release.json``: what a release wrote, in the release itself.

It makes a release recognisable (a command that is run again finds its own commit), checkable by anybody without the
data at hand, and tells the next release which files and card entries are hfaug's to change.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hfaug.errors import ReleaseError
from hfaug.record import Counts

__all__ = ["CARD", "MARKER", "RECIPE", "RECORD", "Marker"]

MARKER = ".hfaug/release.json"
RECORD = ".hfaug/run.json"
RECIPE = "recipe.yaml"
CARD = "README.md"

_SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Marker:
    """What one release wrote.

    Args:
        name: Title of the dataset.
        version: Semantic version.
        digest: SHA-256 over what makes the release what it is: data, recipe, extra files, licence, run record
            without dates.
        previous: Version it followed, None for the first.
        files: SHA-256 and size of every file it wrote, itself excepted.
        rows: Rows of every shard.
        counts: Rows by config, split, origin and class.
        features: Columns by config, as in the card's ``dataset_info``.
        card: Card entries it set, to tell them from entries a person wrote.
        summary: What changed since the version before, in one line.
        history: Earlier versions, newest first: ``version`` and ``summary``.
    """

    name: str
    version: str
    digest: str
    previous: str | None = None
    files: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)
    features: Mapping[str, Any] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""
    history: tuple[Mapping[str, str], ...] = ()

    def to_json(self) -> str:
        """The marker as text; the order of configs, splits and classes is kept."""
        fields = {"schema": _SCHEMA, **dataclasses.asdict(self)}
        return json.dumps(fields, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: bytes | str | None) -> Marker | None:
        """Read a marker; None when there is none.

        Raises:
            ReleaseError: There is one that this hfaug cannot read.
        """
        if text is None:
            return None
        try:
            raw = dict(json.loads(text))
            schema = raw.pop("schema", None)
            if schema != _SCHEMA:
                raise ReleaseError(f"{MARKER}: schema must be {_SCHEMA}, is {schema!r}; use the hfaug that wrote it")
            raw["files"] = {path: (entry[0], entry[1]) for path, entry in raw["files"].items()}
            raw["history"] = tuple(raw["history"])
            return cls(**raw)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise ReleaseError(
                f"{MARKER}: must be what hfaug wrote, is not ({error!r}); restore or delete it"
            ) from error
