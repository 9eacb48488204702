"""A generator and filters for recipes of tests: quick, and wrong as often as they are told to be."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from datasets import Dataset, Features, Image, Value

from hfaug.assets import Asset
from hfaug.errors import ParameterError
from hfaug.filters import DatasetFilter, LearningFilter, RowFilter
from hfaug.filters.learning import real_rows
from hfaug.op import BatchOp, Reject
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row


@dataclasses.dataclass(frozen=True, kw_only=True)
class Invent(BatchOp):
    """Write a number after the prompt; reject some.

    Args:
        refused: Share of the requests that are rejected.
        numbers: How many different numbers there are.
    """

    needs: ClassVar[tuple[str, ...]] = ("prompt",)
    origin: ClassVar[str] = "synthetic"
    unit_rows: ClassVar[int] = 7

    refused: float = 0.0
    numbers: int = 1_000_000

    def adds(self, features: Features, roles: Roles) -> Features:
        """A text."""
        return Features({"text": Value("string")})

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Write all of them."""
        return [
            Reject("no idea")
            if rng.random() < self.refused
            else row.replace({"text": f"{row['prompt']} {rng.integers(0, self.numbers)}"})
            for row, rng in zip(rows, rngs, strict=True)
        ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draw(BatchOp):
    """Draw one of a few pictures of noise, a little otherwise each time.

    Args:
        pictures: How many there are.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    origin: ClassVar[str] = "synthetic"
    unit_rows: ClassVar[int] = 5

    pictures: int = 12

    def adds(self, features: Features, roles: Roles) -> Features:
        """An image."""
        return Features({"image": Image()})

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Draw all of them."""
        return [row.replace({"image": self._drawn(rng)}) for row, rng in zip(rows, rngs, strict=True)]

    def _drawn(self, rng: Stream) -> dict[str, Any]:
        image = noise(rng.integers(0, self.pictures))
        image[0, 0] = rng.integers(0, 256)
        return {"bytes": cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))[1].tobytes(), "path": None}


def noise(number: int) -> npt.NDArray[np.uint8]:
    """One of many pictures, none like another."""
    return np.random.default_rng(number).integers(0, 256, (16, 16, 3), dtype=np.uint8)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Even(RowFilter):
    """Keep texts that end in an even digit."""

    def reason(self, row: Mapping[str, Any]) -> str | None:
        """Why not."""
        return None if int(row["text"][-1]) % 2 == 0 else "odd"


@dataclasses.dataclass(frozen=True, kw_only=True)
class NewEndings(LearningFilter):
    """Keep texts whose last digit no real row has; learnt from these."""

    judges: ClassVar[tuple[str, ...]] = ("synthetic",)

    def learn(self, rows: Dataset) -> pa.Table:
        """The endings."""
        return pa.table({"end": sorted({row["text"][-1] for some in real_rows(rows, ["text"]) for row in some})})

    def judge_made(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """Why not."""
        known = set(self.known()["end"].to_pylist())
        return ["known ending" if row["text"][-1] in known else None for row in rows]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unteachable(NewEndings):
    """Learns nothing."""

    def learn(self, rows: Dataset) -> pa.Table:
        """Nothing."""
        raise ParameterError("nothing here can be learnt")


@dataclasses.dataclass(frozen=True, kw_only=True)
class FirstOfEach(DatasetFilter):
    """Keep one row of each text: the one with the smallest id. It compares the rows as they are."""

    def compare(self, rows: Iterable[pa.Table], before: Iterable[pa.Table] = ()) -> list[str | None]:
        """One entry a row."""
        best = {text: "" for table in before for text in table["text"].to_pylist()}
        judged = [row for table in rows for row in table.to_pylist()]
        for row in judged:
            best[row["text"]] = min(best.get(row["text"], "~"), row["provenance"]["id"])
        return [None if best[row["text"]] == row["provenance"]["id"] else "again" for row in judged]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RareEndings(DatasetFilter):
    """Keep few texts of each last digit, as many as real rows have it; learnt from these, and counted over all."""

    learnt: Asset | None = None

    @property
    def ready(self) -> bool:
        """Whether it has learnt."""
        return self.learnt is not None

    def learn(self, rows: Dataset) -> pa.Table:
        """The endings of the real rows."""
        return pa.table({"end": [row["text"][-1] for some in real_rows(rows, ["text"]) for row in some]})

    def knowing(self, learnt: pa.Table) -> RareEndings:
        """The filter with the endings."""
        return dataclasses.replace(self, learnt=Asset.save(learnt))

    def extracts(self, features: Features) -> Features:
        """How often real rows have the ending, and the ending."""
        return Features({"most": Value("int64"), "end": Value("string")})

    def extract(self, rows: pa.Table) -> pa.Table:
        """How often real rows have the ending, and the ending."""
        assert self.learnt is not None
        known = self.learnt.table()["end"].to_pylist()
        ends = [text[-1] for text in rows["text"].to_pylist()]
        return pa.table({"most": pa.array(map(known.count, ends), pa.int64()), "end": pa.array(ends, pa.string())})

    def compare(self, rows: Iterable[pa.Table], before: Iterable[pa.Table] = ()) -> list[str | None]:
        """One entry a row."""
        seen = Counter[str]()
        found: list[str | None] = []
        for row in [row for table in rows for row in table.to_pylist()]:
            seen[row["end"]] += 1
            found.append(None if seen[row["end"]] <= row["most"] else "common ending")
        return found
