"""Fill templates."""

from __future__ import annotations

import dataclasses
import functools
from typing import Annotated, ClassVar, Literal

from datasets import ClassLabel, Dataset, Features

from hfaug.assets import Asset
from hfaug.errors import CallError, ParameterError
from hfaug.fields import Limit
from hfaug.language.labelled import Shape, can_be_placed, class_name
from hfaug.language.placed import Unfilled
from hfaug.language.slots import learn_words, learnt_words, weighted_words
from hfaug.language.templates import Grammar
from hfaug.op import Op, Reject
from hfaug.plan import Plan
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["FillTemplates"]

_Words = tuple[str | tuple[str, float], ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FillTemplates(Op):
    """Write texts from templates with slots, with their labels: the class, and where each slot came to stand.

    Templates are Jinja's, in its sandbox: ``{{ city }}`` is a slot or a column, ``{{ draw("city") }}`` another draw of
    the slot. Words of slots may be templates too; what a row holds is data, never a template. A column that is null
    can be met by ``{{ name or "nobody" }}``, ``default`` or ``is none``.

    Places of entities are kept by the filters ``upper``, ``lower``, ``title``, ``capitalize`` and ``trim``.

    Args:
        templates: The templates.
        weights: How likely each is, one number a template; equal by default.
        slots: The words of each slot, ``{"city": ["Rome", ["Oslo", 2]]}``; a number after a word makes it likelier.
        learn: Columns whose values become slots of that name, learnt by ``op.fit(ds)``.
        labels: The class of each template. Where the row has the column, a template of its class is drawn.
        entities: Slots or columns whose places are noted, with their type: ``{"city": "location"}``.
        form: ``text`` adds a text (and spans), ``words`` words with BIO tags.
        column: The text column to add, when it is not words; columns beside it are ``spans``, ``tokens``, ``tags``.
        label_column: The class column.
        lists: The learnt words.

    Moves: nothing; labels are made with the text.
    Rejects: rows without a value that their template prints, of a class that has no template, or where another filter
        or a sum such as ``name ~ "!"`` loses the place of an entity.
    Source: M. T. Ribeiro et al., Beyond Accuracy: Behavioral Testing of NLP Models with CheckList, arXiv:2005.04118.

    >>> import hfaug
    >>> from datasets import Dataset
    >>> slots, kinds = {"city": ["Rome"], "place": ["in {{ city }}", "at home"]}, {"city": "location"}
    >>> op = hfaug.ops.text.FillTemplates(templates=("I am {{ place }}.",), slots=slots, entities=kinds)
    >>> rows = Dataset.from_dict({"number": [1, 2, 3, 4]}).map(op, batched=True)
    >>> sorted(set(rows["text"])), [span["start"] for row in rows["spans"] for span in row]
    (['I am at home.', 'I am in Rome.'], [8, 8])
    """

    origin: ClassVar[str] = "synthetic"
    may_change: ClassVar[tuple[str, ...]] = ("whether a text sounds as people write",)

    templates: tuple[str, ...] = ("{{ prompt }}",)
    weights: Annotated[tuple[float, ...], Limit(0)] = ()
    slots: tuple[tuple[str, _Words], ...] = ()
    learn: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    entities: tuple[tuple[str, str], ...] = ()
    form: Literal["text", "words"] = "text"
    column: str = "text"
    label_column: str = "label"
    lists: Asset | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, given in (("weights", self.weights), ("labels", self.labels)):
            if given and len(given) != len(self.templates):
                raise ParameterError(f"FillTemplates: {name} must be one a template, got {given}; correct {name}")
        if not self.templates or (self.weights and sum(self.weights) <= 0):
            raise ParameterError(f"FillTemplates: a template must be there to draw, got {self.templates}; add one")
        grammar = self._grammar  # templates are read when the op is made, so that errors come early
        for name, _ in self.entities:
            if not grammar.knows(name):
                raise ParameterError(
                    f"FillTemplates: entities must be slots, or columns that a template names, {name!r} is neither; "
                    "correct it"
                )

    @functools.cached_property
    def _grammar(self) -> Grammar:
        learnt = {**{name: [] for name in self.learn}, **learnt_words(self.lists)}
        return Grammar(self.templates, weighted_words(self.slots), learnt, "FillTemplates")

    @property
    def ready(self) -> bool:
        """Whether the words to learn are there."""
        return not self.learn or self.lists is not None

    def fit(self, dataset: Dataset) -> FillTemplates:
        """The op with the words of the columns to learn from."""
        plain = dataset.with_format(None).select_columns(list(self.learn))
        return dataclasses.replace(self, lists=learn_words({name: plain[name] for name in self.learn}))

    def plan(self, plan: Plan) -> None:
        """Make sure that every slot is known before any work."""
        unknown = self._grammar.unknown(list(plan.features))
        if unknown:
            raise ParameterError(
                f"FillTemplates: what templates name must be a slot or one of the columns {', '.join(plan.features)}, "
                f"{', '.join(unknown)} is neither; list its words under slots"
            )
        for name, _ in self.entities:
            if name in self._grammar.names and not can_be_placed(plan.features[name]):
                said = f"{name!r} is {plan.features[name]}; make it one, or leave it out"
                raise ParameterError(f"FillTemplates: columns among entities must hold texts or numbers, {said}")
        super().plan(plan)

    def adds(self, features: Features, roles: Roles) -> Features:
        """The text or its words, with the places of entities, and the class."""
        added = self._shape.features()
        if self.labels and self.label_column not in features:
            added[self.label_column] = ClassLabel(names=self._classes)
        return Features(added)

    @functools.cached_property
    def _shape(self) -> Shape:
        return Shape(self.column, self.form == "words", self.entities)

    @functools.cached_property
    def _classes(self) -> list[str]:
        return sorted(set(self.labels))

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Draw a template of the row's class, and fill it."""
        if not self.ready:
            raise CallError("FillTemplates: must be fitted before use, is not; say op.fit(train_split)")
        features = row.batch.features
        weights = self.weights or (1.0,) * len(self.templates)
        labelled = self.labels and self.label_column in features
        if labelled:
            own = class_name(row[self.label_column], features[self.label_column])
            weights = tuple(weight * (label == own) for weight, label in zip(weights, self.labels, strict=True))
        if not sum(weights):
            return Reject("no template of its class")
        drawn = rng.choice(range(len(weights)), p=[weight / sum(weights) for weight in weights])
        values = {name: class_name(row[name], features[name]) for name in self._grammar.names if name in features}
        try:
            filled = self._grammar.fill(self.templates[drawn], values, rng, [name for name, _ in self.entities])
        except Unfilled as reason:
            return Reject(str(reason))
        made = self._shape.values(filled)
        if self.labels and not labelled:
            made[self.label_column] = self._classes.index(self.labels[drawn])
        return row.replace(made)
