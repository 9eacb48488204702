"""Swap named entities for others of their type."""

from __future__ import annotations

import dataclasses
import functools
from typing import ClassVar

from datasets import Dataset

from hfaug.assets import Asset
from hfaug.errors import CallError, LabelError, ParameterError
from hfaug.fields import Share
from hfaug.language.names import given_names, learnt_names, other_name, store_names
from hfaug.moves import Edits
from hfaug.op import Op, Reject
from hfaug.plan import Plan
from hfaug.randomness import Stream
from hfaug.rows import Row, edit_text, read_entities
from hfaug.rows.entities import each_entities, entity_types

__all__ = ["SwapEntities"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SwapEntities(Op):
    """Swap named entities for others of the same type, so that a model learns the place of a name and not the name.

    Learns its list from the training split, ``op.fit(ds)``, unless one is given by hand. Entities are words with BIO
    tags, or spans with a type field.

    Args:
        share: Chance of each entity, 0..1.
        given: Names by their type, such as ``{"location": ["Rome", "New York"]}``; then nothing is learnt.
        names: The learnt list.

    Moves: text, spans, answers, words with their tags.
    Rejects: nothing.
    Source: X. Dai, H. Adel, An Analysis of Simple Data Augmentation for Named Entity Recognition, arXiv:2010.11683.

    >>> import hfaug
    >>> from datasets import Dataset
    >>> words = [["in", "Rome"], ["in", "New", "York"]]
    >>> ds = Dataset.from_dict({"tokens": words, "tags": [["O", "B-loc"], ["O", "B-loc", "I-loc"]]})
    >>> op = hfaug.ops.text.SwapEntities(share=1).fit(ds)
    >>> hfaug.augment(ds, op, keep=False)["tokens"][:]
    [['in', 'New', 'York'], ['in', 'Rome']]
    """

    needs: ClassVar[tuple[str, ...]] = ("text",)
    shifts: ClassVar[tuple[str, ...]] = ("text",)
    moves: ClassVar[tuple[str, ...]] = ("spans", "answers", "tags")
    may_change: ClassVar[tuple[str, ...]] = ("facts", "agreement of case and gender")

    share: Share = 0.5
    given: tuple[tuple[str, tuple[str, ...]], ...] = ()
    names: Asset | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "given", given_names(self.given))

    @property
    def ready(self) -> bool:
        """Whether there is a list."""
        return bool(self.given) or self.names is not None

    def fit(self, dataset: Dataset) -> SwapEntities:
        """The op with the entities of the training split: words with tags, or text with typed spans.

        Raises:
            LabelError: There are no entities to learn from.
        """
        roles = Plan(self, dataset.features).leaves[0].roles
        assert roles is not None  # noqa: S101 - an op that needs text is planned with roles
        columns = [*roles.all("tokens"), *roles.all("tags"), *roles.all("text"), *roles.all("spans")]
        found: set[tuple[str, str]] = set()
        plain = dataset.with_format(None).select_columns(sorted({path.split(".")[0] for path in columns}))
        for text, entities in each_entities(plain, dataset.features, roles):
            found.update((kind, text[start:end]) for start, end, kind in entities)
        if not found:
            where = ", ".join(columns)
            raise LabelError(f"SwapEntities: must find entities, found none in {where}; bind tokens and tags, or spans")
        return dataclasses.replace(self, names=store_names(found))

    def plan(self, plan: Plan) -> None:
        """Make sure that the types are those of the data, where its classes say which there are."""
        super().plan(plan)
        roles = plan.leaves[-1].roles
        types = entity_types(plan.features, roles) if roles is not None else None
        unknown = [kind for kind, _ in self.given if types is not None and kind not in types]
        if unknown:
            raise ParameterError(
                f"SwapEntities: given must name types of the data ({', '.join(sorted(types or ()))}), {unknown[0]!r} "
                "is none; correct it"
            )

    @functools.cached_property
    def _known(self) -> dict[str, tuple[str, ...]]:  # sorted
        return dict(self.given) or learnt_names(self.names)

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Draw which entities are swapped, and for what."""
        if not self.ready:
            raise CallError("SwapEntities: must be fitted before use, is not; say op.fit(train_split)")
        roles = row.roles
        if roles is None or row.text is None:
            return row
        text, entities = read_entities(row, row.batch.features, roles)
        items: list[tuple[int, int, str]] = []
        for start, end, kind in sorted(entities):
            swap, pick = rng.random() < self.share, rng.random()
            other = other_name(self._known.get(kind, ()), text[start:end], pick) if swap else None
            if other is not None and (not items or start >= items[-1][1]):
                items.append((start, end, other))
        edit_text(row, roles, Edits(items))
        return row
