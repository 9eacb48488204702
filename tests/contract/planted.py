"""Ops with one bug each, of the kinds that are easily made: `test_planted.py` shows which check finds which."""

import dataclasses
import json
import random
from typing import ClassVar

import numpy as np
import xxhash
from datasets import Features, Value

from hfaug.kinds import EditOp, PixelOp
from hfaug.moves import Edits
from hfaug.op import BatchOp, RowOp
from hfaug.ops.image import Rotate
from hfaug.ops.text import SwapChars
from hfaug.randomness import Streams
from hfaug.rows import edit_text


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Shout(EditOp):
    """Draw a place and put a mark there; `rng` is what the bugs below get wrong."""

    def edits(self, text, rng):
        at = rng.integers(0, len(text) + 1)
        return Edits([(at, at, "!")])


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Keyed(RowOp):
    """An op whose stream is made from the wrong thing."""

    needs: ClassVar = ("text",)
    shifts: ClassVar = ("text",)
    moves: ClassVar = ("spans", "answers", "tags")

    def key(self, row):
        raise NotImplementedError

    def apply(self, row, rng):
        if row.text is None:
            return row
        own = Streams([self.key(row)], digest=self.stream_digest)[0]
        edit_text(row, row.roles, _Shout().edits(row.text, own))
        return row


class IndexKeyed(_Keyed):
    """Draws by where the row stands."""

    def key(self, row):
        return row.index


class BatchKeyed(_Keyed):
    """Draws by the batch that the row stands in."""

    def key(self, row):
        return xxhash.xxh3_64_intdigest("".join(row.batch.ids))


class CopyBlind(_Keyed):
    """Draws by the id of the source, alike for all copies."""

    def key(self, row):
        return xxhash.xxh3_64_intdigest(f"{row.id}{row.roles.binding.seed}")


class GlobalDraw(EditOp):
    """Draws from the global generator."""

    def edits(self, text, rng):
        at = random.randint(0, len(text))
        return Edits([(at, at, "!")])


class GlobalSeed(EditOp):
    """Seeds the global generator by the row, which spoils it for everybody else."""

    def edits(self, text, rng):
        np.random.seed(rng.seed(32))  # noqa: NPY002
        at = int(np.random.randint(0, len(text) + 1))  # noqa: NPY002
        return Edits([(at, at, "!")])


class NeighbourBound(BatchOp):
    """Looks at the other rows of the batch."""

    needs: ClassVar = ("text",)
    shifts: ClassVar = ("text",)

    def apply_batch(self, rows, rngs):
        return [row if row.text is None else row.with_text(f"{row.text} ({len(rows)})") for row in rows]


class OffByOneSpan(SwapChars):
    """Puts a word in front, and forgets its blank when it moves the spans."""

    def apply(self, row, rng):
        text, spans = row.text, row["spans"]
        if text is None or spans is None:
            return row
        moved = [{**span, "start": span["start"] + 3, "end": span["end"] + 3} for span in spans]
        return row.replace(text=f"Oh, {text}", spans=moved)


class LostColumn(SwapChars):
    """Forgets a column that it does not know."""

    def plan(self, plan):
        super().plan(plan)
        plan.features.pop("raw", None)


class ColumnTurned(SwapChars):
    """Passes a column on as another type."""

    def plan(self, plan):
        super().plan(plan)
        plan.features["remark"] = Value("string")


class Undeclared(RowOp):
    """Writes a column that `features` does not name."""

    needs: ClassVar = ("text",)

    def apply(self, row, rng):
        return row.replace(length=len(row.text or ""))


class Unfilled(RowOp):
    """Promises a column of whole numbers and writes text."""

    needs: ClassVar = ("text",)

    def adds(self, features, roles):
        return Features({"length": Value("int32")})

    def apply(self, row, rng):
        return row.replace(length="long")


class NullFilled(RowOp):
    """Makes something of nothing."""

    needs: ClassVar = ("text",)
    shifts: ClassVar = ("text",)

    def apply(self, row, rng):
        return row.with_text(f"{row.text}.")


class Careless(PixelOp):
    """Writes into the pixels that it is handed, which copies of the row share."""

    def pixels(self, array, rng):
        array[:1] = 0
        return array.copy()


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoVersion(SwapChars):
    """Leaves its version out of the fingerprint, so that old rows come out of the cache."""

    @property
    def canonical_json(self):
        whole = json.loads(super().canonical_json)
        return json.dumps({name: whole[name] for name in ("op", "fields")}, sort_keys=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Remembers(SwapChars):
    """Lets what it saw into its pickle."""

    def edits(self, text, rng):
        self.__dict__["seen"] = self.__dict__.get("seen", 0) + 1
        return super().edits(text, rng)

    @property
    def canonical_json(self):
        return json.dumps({**json.loads(super().canonical_json), "seen": self.__dict__.get("seen", 0)}, sort_keys=True)


@dataclasses.dataclass(frozen=True, kw_only=True)
class RawFields(Rotate):
    """Takes its fields as they come, so that 30 and 30.0 are two ops."""

    def __post_init__(self):
        object.__setattr__(
            self, "degrees", tuple(value.item() if hasattr(value, "item") else value for value in self.degrees)
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unlimited(SwapChars):
    """Says that a share lies in 0..1, and does not check it."""

    def __post_init__(self):
        pass


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shared(SwapChars):
    """Draws one number for all its uses, whatever the fields say."""

    @property
    def stream_digest(self):
        return "0" * 32
