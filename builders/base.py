"""What hfaug's builders have in common: rows of another builder, with the steps of a recipe over them.

Prepared, a split holds the rows first and then their copies, as `hfaug.augment` gives them, and equal rows are
numbered. That takes two readings of the files: one for the ids, one for the copies. Streamed, each row is followed by
its copies, and equal rows get equal copies.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import xxhash
from datasets import (
    ArrowBasedBuilder,
    BuilderConfig,
    Dataset,
    DatasetInfo,
    Features,
    NamedSplit,
    ReadInstruction,
    SplitGenerator,
)

from hfaug.builders.embedding import embed
from hfaug.builders.parts import Part
from hfaug.builders.reading import Reader
from hfaug.builders.registry import check
from hfaug.builders.steps import Line, RowSteps, named_rows
from hfaug.errors import RowIdError

__all__ = ["RowBuilder", "RowConfig", "Shard"]

logger = logging.getLogger("hfaug")

_OWN = ("recipe", "copies", "keep", "seed", "splits")
"""Fields whose meaning is in the digest of the steps, whatever the words."""

_CHANGED = "-changed"
"""Tells `datasets` for a moment that a config of a README is no longer what the README says."""


@dataclasses.dataclass
class RowConfig(BuilderConfig):
    """What can be said about a recipe when it is loaded, in `load_dataset` or in the ``configs`` of a README.

    Args:
        recipe: The recipe: a file or its address, its text, or plain data.
        copies: Copies of each row, instead of what the recipe says.
        keep: Whether the rows themselves stay, instead of what the recipe says.
        seed: Another seed gives other draws.
        splits: Splits that are augmented, instead of what the recipe says.
        features: What the columns of the source are.
    """

    recipe: Any = None
    copies: int | None = None
    keep: bool | None = None
    seed: int | None = None
    splits: Any = None
    features: Features | None = None

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: Features | None = None) -> str:
        """The name of the cache folder, as far as it does not follow from the content of recipe and source."""
        rest = {name: value for name, value in config_kwargs.items() if name not in _OWN}
        found: str = super().create_config_id(rest, custom_features)
        return found if rest == config_kwargs else found + _CHANGED

    def row_steps(self, steps: Sequence[Any]) -> RowSteps:
        """Steps, with what this config says instead."""
        return RowSteps.of(steps, copies=self.copies, keep=self.keep, seed=self.seed, splits=self.splits)


@dataclasses.dataclass(frozen=True)
class Shard:
    """Rows to read, and the pass they are read for.

    Attributes:
        split: Name of their split.
        part: The rows of the source.
        line: Number of the pass; None without a recipe.
        ids: Id of each row, where they are known.
    """

    split: str
    part: Part
    line: int | None = None
    ids: pa.Array | None = None

    def __repr__(self) -> str:
        return f"Shard({self.split}, {self.part!r}, pass {self.line})"


@dataclasses.dataclass(frozen=True)
class Scanned:
    """The ids of a part, and whether its rows brought them along in their lineage."""

    ids: pa.Array
    named: bool


class RowBuilder(ArrowBasedBuilder):
    """Base of hfaug's builders; a subclass says in `open_rows` which builder's rows and which steps."""

    BUILDER_CONFIG_CLASS = RowConfig

    def __init__(self, cache_dir: str | None = None, **said: Any) -> None:
        check()
        self._asked_cache_dir = cache_dir
        self._lines: dict[str, list[Line]] = {}
        self._source_features: Features | None = None
        super().__init__(cache_dir=cache_dir, **said)

    def open_rows(self, config: Any) -> tuple[Reader, RowSteps | None]:
        """The rows of another builder, and the steps over them."""
        raise NotImplementedError

    def _create_builder_config(
        self,
        config_name: str | None = None,
        custom_features: Features | None = None,
        config_id: str | None = None,
        **said: Any,
    ) -> tuple[BuilderConfig, str]:
        """The config, and the name of its cache folder: with a digest over recipe, versions of the ops, and source."""
        config, name = super()._create_builder_config(config_name, custom_features, config_id, **said)
        self._reader, self._steps = self.open_rows(config)
        name = name.removesuffix(_CHANGED)
        parts = [self._reader.identity, "" if self._steps is None else self._steps.digest]
        return config, f"{name}-{xxhash.xxh3_64_hexdigest(repr(parts).encode())}"

    def _info(self) -> DatasetInfo:
        return DatasetInfo()

    def _make_split_generators_kwargs(self, prepare_split_kwargs: Mapping[str, Any]) -> dict[str, Any]:
        return {"num_proc": prepare_split_kwargs.get("num_proc")}

    def _split_generators(self, dl_manager: Any, num_proc: int | None = None) -> list[SplitGenerator]:
        parts = self._reader.parts(dl_manager)
        if self._steps is None:
            self.info.features = self._reader.known_features
            shards = {split: [Shard(split, part) for part in own] for split, own in parts.items()}
        else:
            self._plan(self._steps, parts, together=dl_manager.is_streaming)
            if dl_manager.is_streaming:
                shards = {split: [Shard(split, part, 0) for part in own] for split, own in parts.items()}
            else:
                shards = {split: self._named_shards(split, own, num_proc or 1) for split, own in parts.items()}
        return [SplitGenerator(name=split, gen_kwargs={"shards": own}) for split, own in shards.items()]

    def _plan(self, steps: RowSteps, parts: Mapping[str, list[Part]], *, together: bool) -> None:
        """Find out what will be done to which columns, before any row is touched."""
        from hfaug import provenance
        from hfaug.ids import with_lineage

        steps.check_splits(list(parts))
        self._source_features = self._reader.features(parts, streaming=together)
        before = with_lineage(self._source_features)
        after = before
        for split in parts:
            self._lines[split], after = steps.lines(split, before, together=together)
        self.info.features = Features(after)
        if not steps.provenance:
            self.info.features.pop(provenance.COLUMN)

    def _named_shards(self, split: str, parts: list[Part], processes: int) -> list[Shard]:
        """The shards of every pass in turn, with an id for every row."""
        ids = _numbered(self._scan(parts, processes), split, self._id_column)
        pieces = 1 if len(parts) >= processes or not parts else -(-processes // len(parts))
        named = [piece for part, own in zip(parts, ids, strict=True) for piece in _pieces(part, own, pieces)]
        return [Shard(split, part, line, own) for line in range(len(self._lines[split])) for part, own in named]

    @property
    def _id_column(self) -> str | None:
        return None if self._steps is None else self._steps.id_column

    def _scan(self, parts: list[Part], processes: int) -> list[Scanned]:
        """The ids of all rows, part by part."""
        if processes < 2 or len(parts) < 2:
            return [self._scan_part(part) for part in parts]
        from datasets.builder import Pool

        with Pool(min(processes, len(parts))) as pool:
            found: list[Scanned] = pool.map(self._scan_part, parts)
        return found

    def _scan_part(self, part: Part) -> Scanned:
        from hfaug import provenance

        ids: list[str] = []
        named = False
        for table in self._reader.tables(part, self._source_features):
            named = provenance.has_lineage(table)
            ids.extend(provenance.row_ids(table, None if named else self._id_column))
        return Scanned(pa.array(ids, pa.string()), named)

    def _as_dataset(self, split: Any = "train", in_memory: bool = False) -> Dataset:
        """A prepared split; one without rows too, which `datasets` alone would not read."""
        wanted = split if isinstance(split, ReadInstruction) else ReadInstruction.from_spec(str(split))
        sizes = {info.name: info.num_examples for info in self.info.splits.values()}
        if self.info.features is None or any(one.from_ < one.to for one in wanted.to_absolute(sizes)):
            return super()._as_dataset(split, in_memory)
        table = self.info.features.arrow_schema.empty_table()
        content = self._get_dataset_fingerprint(split)
        return Dataset(table, info=self.info.copy(), split=NamedSplit(str(split)), fingerprint=content)

    def _generate_tables(self, shards: list[Shard]) -> Iterator[tuple[Any, pa.Table]]:
        from datasets.builder import Key

        counts: Counter[str] = Counter()
        for number, shard in enumerate(shards):
            for batch, table in enumerate(self._rows(shard, counts)):
                yield Key(number, batch), table
        if counts:
            logger.warning("%s: rejected %d rows: %s", self.dataset_name, counts.total(), dict(sorted(counts.items())))

    def _rows(self, shard: Shard, counts: Counter[str]) -> Iterator[pa.Table]:
        from hfaug.ids import with_lineage

        if shard.line is None or self._steps is None or self._source_features is None:
            yield from self._reader.tables(shard.part)
            return
        line = self._lines[shard.split][shard.line]
        before = with_lineage(self._source_features)
        at = 0
        for table in self._reader.tables(shard.part, self._source_features):
            for start, stop in line.slices(table, before):
                rows = table.slice(start, stop - start)
                ids = None if shard.ids is None else shard.ids.slice(at, rows.num_rows)
                at += rows.num_rows
                if shard.ids is None:  # streamed: the bytes are wanted for the ids, so they are fetched once
                    rows = embed(rows, self._source_features, token=self.token, storage_options=self.storage_options)
                rows = line.run(named_rows(rows, ids, self._id_column, before), counts)
                if rows.num_rows:
                    yield self._steps.finished(rows)


def _numbered(scanned: Sequence[Scanned], split: str, id_column: str | None) -> list[pa.Array]:
    """The ids with equal ones told apart; those that a column gives have to differ."""
    from hfaug import provenance

    seen: dict[str, int] = {}
    found = []
    for part in scanned:
        before = part.ids.to_pylist()
        after = provenance.number_repeats(before, seen)
        if id_column is not None and not part.named and before != after:
            repeated = next(old for old, new in zip(before, after, strict=True) if old != new)
            raise RowIdError(
                f"recipe, columns.id: the ids in {id_column!r} must be unique, {repeated!r} stands in several rows of "
                f"split {split!r}; leave columns.id out to use the content, or correct the rows"
            )
        found.append(part.ids if before == after else pa.array(after, pa.string()))
    return found


def _pieces(part: Part, ids: pa.Array, count: int) -> Iterator[tuple[Part, pa.Array]]:
    """A part cut into ranges of rows, so that several processes can share one file."""
    size = max(1, -(-len(ids) // count))
    for start in range(0, len(ids), size):
        stop = min(start + size, len(ids))
        whole = start == 0 and stop == len(ids)
        piece = part if whole else dataclasses.replace(part, start=part.start + start, stop=part.start + stop)
        yield piece, ids.slice(start, stop - start)
