"""Let a language model fill a column from the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from datasets import Features

from hfaug import provenance
from hfaug.errors import ParameterError
from hfaug.fields import Limit
from hfaug.language.judging import copies
from hfaug.language.schemas import InvalidAnswerError, column_features, json_schema, stored_values
from hfaug.op import Reject
from hfaug.ops.text.models.answers import Judge
from hfaug.ops.text.models.prompted import PromptedOp
from hfaug.ops.text.models.showing import row_values
from hfaug.plan import Plan
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["Fill"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fill(PromptedOp):
    """Let a language model fill a column from the other columns: a summary, a title, a description, a class.

    Rows that have a value already keep it. What the model writes is JSON that is held to the type of the column and
    checked.

    Args:
        task: Which of the prompts that come with hfaug: ``summarise``, ``entitle``, ``describe`` (a sentence or two
            from the fields, as captions are) or ``classify``.
        column: The column to fill; added where there is none.
        type: What it holds: ``string``, ``int32``, ``float32``, ``bool``, ``date32``, one of these with ``[]`` for a
            list, or the names of classes.
        reads: Columns that the prompt shows; all that can be written down when left out.
        prompt: A prompt of your own, in Jinja, instead of the one that ``print(Fill().wording)`` shows.
        longest: Most characters of a text.
        forbid: Words that a text must not hold unless a column has them.
        model: A language model: Hub repo id, folder, or the name that an endpoint knows.
        revision: Tag or commit of a Hub model; none for a folder.
        runtime: What runs it, as in `Rewrite`.
        temperature: 0 takes the likeliest words; above 0 they are drawn by the row, which gives others each time.
        top_k: Tokens to draw among, 0 for all; of no effect at temperature 0, as the next.
        top_p: Share of the probability to draw from, above 0 to 1.
        max_new_tokens: Longest answer, in tokens.

    Moves: nothing.
    Rejects: rows with nothing to read; answers that are cut off, no JSON of the type, empty, copies of a column or
        of the prompt, refusals, loops or with a forbidden word.
    Source: S. Wang et al., Want To Reduce Labeling Cost? GPT-3 Can Help, arXiv:2108.13487.

    >>> import hfaug
    >>> hfaug.ops.text.Fill(task="classify", column="tone", type=("calm", "angry")).type
    ('calm', 'angry')
    """

    shows: ClassVar[tuple[str, ...]] = ("column", "fields", "classes", "row")
    may_change: ClassVar[tuple[str, ...]] = ("whether a value is right",)

    task: Literal["summarise", "entitle", "describe", "classify"] = "summarise"
    column: str = "summary"
    type: str | tuple[str, ...] = "string"
    reads: tuple[str, ...] = ()
    longest: Annotated[int, Limit(1)] = 600
    forbid: tuple[str, ...] = ()
    temperature: Annotated[float, Limit(0)] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        column_features([(self.column, self.type)], "Fill")

    @property
    def shipped_prompt(self) -> str:
        """The prompt that comes with hfaug."""
        return self.task

    def plan(self, plan: Plan) -> None:
        """Make sure that the columns to read are there, before any work."""
        unknown = sorted(set(self.reads) - set(plan.features))
        if unknown or self.column in self.reads:
            raise ParameterError(
                f"Fill: reads must be among {', '.join(plan.features)} and not the column to fill, got {self.reads}; "
                "correct reads"
            )
        super().plan(plan)

    def adds(self, features: Features, roles: Roles) -> Features:
        """The column to fill."""
        return column_features([(self.column, self.type)], "Fill")

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Ask for all rows at once that have no value yet."""
        kind = self.adds(Features({}), Roles({}, self.binding))
        fields = {place: self._fields(row) for place, row in enumerate(rows) if not self._filled(row)}
        results: list[Row | Reject] = [
            Reject("nothing to read") if fields.get(place) == {} else row for place, row in enumerate(rows)
        ]
        named = {"column": self.column, "classes": [] if isinstance(self.type, str) else list(self.type)}
        columns = sorted(self.template().columns)
        shown = {
            place: {**named, "fields": list(some.items()), "row": row_values(rows[place], columns)}
            for place, some in fields.items()
            if some
        }
        schema = json_schema(kind, self.longest, "Fill")
        return self.answered(
            results, shown, rngs, lambda place, text: self._result(rows[place], text, kind, fields[place]), schema
        )

    def _filled(self, row: Row) -> bool:
        known = self.column in row.batch.features or (row.values is not None and self.column in row.values)
        return known and row[self.column] is not None

    def _fields(self, row: Row) -> dict[str, Any]:
        """What the prompt shows of a row."""
        names = self.reads or [name for name in row.batch.features if name not in {self.column, provenance.COLUMN}]
        return {name: value for name, value in row_values(row, names).items() if value not in (None, "", [])}

    def _result(self, row: Row, answer: str, kind: Features, shown: dict[str, Any]) -> Row | Reject:
        try:
            value = stored_values(answer, kind)[self.column]
        except InvalidAnswerError:
            return Reject("invalid")
        if self.type == "string":
            if any(copies(value, str(part)) for part in shown.values()):
                return Reject("copy of a column")
            judge = Judge(forbidden=self.forbid, wording=self.template().wording)
            if reason := judge.reason(value, "\n".join(str(part) for part in shown.values())):
                return Reject(reason)
        return row.replace({self.column: value})
