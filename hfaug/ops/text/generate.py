"""Let a language model write new rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from datasets import Dataset, Features

from hfaug import provenance
from hfaug.assets import Asset
from hfaug.columns import is_string
from hfaug.errors import CallError
from hfaug.fields import Limit, Natural, Share
from hfaug.language.schemas import InvalidAnswerError, column_features, json_schema, stored_values
from hfaug.op import Reject
from hfaug.ops.text.models.answers import Judge
from hfaug.ops.text.models.examples import draw_examples, learn_examples, learnt_features
from hfaug.ops.text.models.prompted import PromptedOp
from hfaug.ops.text.models.showing import class_names, row_values
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["Generate"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Generate(PromptedOp):
    """Let a language model write a new row for each row of requests: for a class, or from a list of columns alone.

    What the model writes is JSON that is held to the columns and checked. ``op.fit(ds)`` learns columns and examples
    from a dataset, as `synthesise` steps do by themselves; of a request, columns that the dataset has too (its
    class) stand in the prompt, and the examples are of the same class.

    Args:
        columns: Columns to write, ``{"text": "string", "stars": "int8", "tone": ["calm", "angry"], "words":
            "string[]"}``; those of the dataset when left out.
        shots: Examples in each prompt, drawn by the row; 0 needs no dataset.
        attributes: What makes rows differ, ``{"length": ["one sentence", "a page"]}``; one of each is drawn for each
            row.
        prompt: A prompt of your own, in Jinja, instead of the one that ``print(Generate().wording)`` shows.
        longest: Most characters of a text.
        max_similarity: A text that shares more with an example is a copy of it, 0..1 (shared runs of three characters).
        forbid: Words that must not occur.
        forbid_classes: Reject a text that holds the name of a class of the row.
        language: Language that texts must be in; any when left out.
        examples: The learnt columns and examples.
        model: A language model: Hub repo id, folder, or the name that an endpoint knows.
        revision: Tag or commit of a Hub model; none for a folder.
        runtime: What runs it, as in `Rewrite`.
        temperature: 0 takes the likeliest words; above 0 they are drawn by the row, which gives others each time.
        top_k: Tokens to draw among, 0 for all; of no effect at temperature 0, as the next.
        top_p: Share of the probability to draw from, above 0 to 1.
        max_new_tokens: Longest answer, in tokens.

    Moves: nothing.
    Rejects: requests without a prompt; answers that are cut off, no JSON of these columns, empty, copies of an
        example or of the prompt, refusals, loops, with a forbidden word or in another language.
    Source: T. Schick, H. Schütze, Generating Datasets with Pretrained Language Models, arXiv:2104.07540; Y. Yu et
        al., Large Language Model as Attributed Training Data Generator, arXiv:2306.15895.

    >>> import hfaug
    >>> hfaug.ops.text.Generate(columns={"text": "string", "stars": "int8"}, shots=0).columns
    (('stars', 'int8'), ('text', 'string'))
    """

    needs: ClassVar[tuple[str, ...]] = ("prompt",)
    origin: ClassVar[str] = "synthetic"
    shows: ClassVar[tuple[str, ...]] = ("prompt", "fields", "given", "examples", "attributes", "row")
    may_change: ClassVar[tuple[str, ...]] = ("whether a text is of its class", "facts")

    columns: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    shots: Natural = 3
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    longest: Annotated[int, Limit(1)] = 1000
    max_similarity: Share = 0.9
    forbid: tuple[str, ...] = ()
    forbid_classes: bool = False
    language: str | None = None
    examples: Asset | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.columns:
            column_features(self.columns, "Generate")

    @property
    def shipped_prompt(self) -> str:
        """The prompt that comes with hfaug."""
        return "generate"

    @property
    def ready(self) -> bool:
        """Whether columns and examples are known."""
        return self.examples is not None or bool(self.columns and not self.shots)

    def fit(self, dataset: Dataset) -> Generate:
        """The op with the columns and examples of a dataset. Give it the training split alone.

        Raises:
            RoleError: The dataset does not have the columns to write, or none that a model can write.
        """
        wanted = column_features(self.columns, "Generate") if self.columns else Features({})
        return dataclasses.replace(self, examples=learn_examples(dataset, wanted, "Generate"))

    def adds(self, features: Features, roles: Roles) -> Features:
        """The columns to write: those given, or those of the dataset that the request lacks; none before `fit`."""
        if self.columns:
            return column_features(self.columns, "Generate")
        known = learnt_features(self.examples) if self.examples is not None else Features({})
        found = {name: kind for name, kind in known.items() if name not in features}
        if known and not found:
            raise CallError(f"Generate: requests must lack a column to write, have {', '.join(features)}; drop some")
        return Features(found)

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Ask for all rows at once."""
        if not self.ready:
            raise CallError(
                "Generate: must be fitted before use, is not; say op.fit(train_split), or columns and shots=0"
            )
        written = self.adds(rows[0].batch.features, Roles({}, self.binding))
        shown = {
            place: self._show(row, rngs[place], written)
            for place, row in enumerate(rows)
            if (row[row.column("prompt")] or "").strip()
        }
        bare: list[Row | Reject] = [Reject("no prompt")] * len(rows)
        schema = json_schema(written, self.longest, "Generate")
        return self.answered(
            bare, shown, rngs, lambda place, text: self._result(rows[place], text, shown[place], written), schema
        )

    def _show(self, row: Row, rng: Stream, written: Features) -> dict[str, Any]:
        """What the prompt of a row shows."""
        names = [name for name in row.batch.features if name not in {row.column("prompt"), *written, provenance.COLUMN}]
        given = {name: value for name, value in row_values(row, names).items() if value is not None}
        examples: list[dict[str, Any]] = []
        if self.examples is not None and self.shots:
            given = {name: value for name, value in given.items() if name in learnt_features(self.examples)}
            examples = draw_examples(self.examples, given, self.shots, rng.child("examples"))
        return {
            "prompt": row[row.column("prompt")],
            "fields": list(written),
            "given": list(given.items()),
            "examples": [{name: example[name] for name in written} for example in examples],
            "attributes": [(name, rng.child(f"attribute {name}").choice(words)) for name, words in self.attributes],
            "row": row_values(row, sorted(self.template().columns)),
        }

    def _result(self, row: Row, answer: str, shown: dict[str, Any], written: Features) -> Row | Reject:
        try:
            values = stored_values(answer, written)
        except InvalidAnswerError:
            return Reject("invalid")
        forbidden = (*self.forbid, *(class_names(row) if self.forbid_classes else ()))
        for name in [name for name, kind in written.items() if is_string(kind)]:
            judge = Judge(
                like_example=self.max_similarity,
                language=self.language,
                forbidden=forbidden,
                wording=(*self.template().wording, shown["prompt"]),
                examples=[example[name] or "" for example in shown["examples"]],
            )
            if reason := judge.reason(values[name], ""):
                return Reject(reason)
        return row.replace(values)
