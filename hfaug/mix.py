"""Ops that mix a row with a partner out of a pool."""

from __future__ import annotations

import dataclasses
import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import pyarrow as pa
import xxhash
from datasets import ClassLabel, Dataset, Features, List, Value
from typing_extensions import Self

from hfaug import provenance
from hfaug.assets import Asset
from hfaug.errors import CallError, LabelError, RoleError
from hfaug.groups import object_groups
from hfaug.media.codec import Codec
from hfaug.op import Op, Reject
from hfaug.randomness import Stream, row_key
from hfaug.roles import Roles
from hfaug.rows import ArrowBatch, Row

__all__ = ["MixOp", "save_pool"]

MixT = TypeVar("MixT", bound="MixOp")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MixOp(Op):
    """An op that mixes a row with partners: ``mix(row, partner, rng)``. Classes become weights in a new column.

    A partner is the next row after a drawn point on the ring of id hashes, so it depends on the pool's rows and not on
    their order; a row is never its own partner. `hfaug.augment` takes the pool from the split that it augments. An op
    with several partners (`partners`) writes ``mix_many(row, partners, rng)`` instead.

    Where a class column is, its weights are the shares of the rows. A dataset of objects needs none: their classes stay
    with them.

    Args:
        pool: The rows to choose partners from.
    """

    partners: ClassVar[int] = 1
    """How many rows are mixed into one, besides itself."""
    weighs: ClassVar[bool] = True
    """Whether the class of the row becomes the weights of several."""

    pool: Asset | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a pool."""
        return self.pool is not None

    def fit(self, dataset: Dataset) -> Self:
        """The op with a dataset as its pool.

        Args:
            dataset: Rows of the training split, and no others.
        """
        return dataclasses.replace(self, pool=save_pool(dataset, self.binding.id))

    def mix(self, row: Row, partner: Row, rng: Stream) -> tuple[Row, float] | Reject:
        """Mix two rows; returns the row and the share of its own label, 0..1."""
        raise NotImplementedError(f"{type(self).__name__} must define mix(row, partner, rng) or mix_many")

    def mix_many(self, row: Row, partners: Sequence[Row], rng: Stream) -> tuple[Row, Sequence[float]] | Reject:
        """Mix a row with its partners; returns the row, and the shares of its own label and those of the partners."""
        mixed = self.mix(row, partners[0], rng)
        return mixed if isinstance(mixed, Reject) else (mixed[0], (mixed[1], 1 - mixed[1]))

    def adds(self, features: Features, roles: Roles) -> Features:
        """One column of class weights, named after the class column, where classes are weighed."""
        _check_objects(type(self).__name__, features, roles, self.moves)
        if not self.weighs or _has_no_class(features, roles):
            return Features({})
        column, feature = _label(type(self).__name__, features, roles)
        return Features({f"{column}_weights": List(Value("float32"), length=feature.num_classes)})

    def untouched(self, row: Row) -> dict[str, Any]:
        """All weight on the row's own class."""
        return {_weights_column(row): _weights(row)}

    def apply(self, row: Row, rng: Stream) -> Row | Reject:
        """Find the partners, mix, and weigh the classes."""
        if self.pool is None:
            raise CallError(
                f"{type(self).__name__}: needs a pool of partners, has none; use hfaug.augment(ds, op), "
                "or op.fit(train_split) before map"
            )
        points = [rng.integers(0, 2**53) << 11 for _ in range(self.partners)]
        partners = _Pool.of(self.pool, row).partners(row, points)
        if not partners:
            return Reject("no other row to mix with")
        for partner in partners:
            partner.roles = row.roles
        mixed = self.mix_many(row, partners, rng)
        if isinstance(mixed, Reject):
            return mixed
        result, shares = mixed
        if self.weighs and row.roles is not None and not _has_no_class(row.batch.features, row.roles):
            each = zip(*(_weights(one) for one in (row, *partners)), strict=True)
            weights = [sum(share * weight for share, weight in zip(shares, some, strict=True)) for some in each]
            result = result.replace({_weights_column(row): weights})
        result.parents = (*row.parents, *dict.fromkeys(partner.id for partner in partners))
        return result


def _check_objects(who: str, features: Features, roles: Roles, moves: Sequence[str]) -> None:
    """Make sure that what belongs to two images can stand in one row."""
    groups = object_groups(features, roles.columns, roles.binding)
    in_groups = {path for group in groups for path in group.paths}
    kept = set(roles.binding.keep)
    whole = [path for path in roles.all("keypoints") if path not in in_groups | kept]
    single = [path for group in groups if group.is_single for path in sorted(group.paths - kept)]
    if whole and "keypoints" in moves:
        raise LabelError(
            f"{who}: keypoints in {', '.join(whole)} must belong to objects, so that those of two images can stand in "
            "one row; put them into a struct with the boxes of their objects, or say .on(box_labels=...)"
        )
    if single and "boxes" in moves:
        raise LabelError(
            f"{who}: {', '.join(single)} must be a list of objects, so that those of two images can stand in one row, "
            "holds one; make it a list"
        )


def _has_no_class(features: Features, roles: Roles) -> bool:
    """Whether a dataset is about objects, and has no class of the whole image."""
    classes = [name for name, feature in features.items() if isinstance(feature, ClassLabel)]
    free = [name for name in classes if name not in roles.binding.keep]
    return not roles.all("label") and not free and bool(object_groups(features, roles.columns, roles.binding))


def _label(who: str, features: Features, roles: Roles) -> tuple[str, ClassLabel]:
    column = roles.one("label")
    feature = features.get(column) if column else None
    if column is None or not isinstance(feature, ClassLabel):
        raise RoleError(
            f"{who}: needs one class column (ClassLabel), found {column or 'none'}; "
            'say .on(label="...") or ds.class_encode_column("...") first'
        )
    return column, feature


def _class_column(row: Row) -> str:
    assert row.roles is not None  # noqa: S101 - ops only run after their roles were resolved
    return row.roles.all("label")[0]


def _weights_column(row: Row) -> str:
    return f"{_class_column(row)}_weights"


def _weights(row: Row) -> list[float]:
    """What a row that was mixed before weighs, else all weight on its own class."""
    column, weighed = _class_column(row), _weights_column(row)
    if weighed in row.batch.features or (row.values and weighed in row.values):
        held: list[float] | None = row[weighed]
        if held is not None:
            return held
    weights = [0.0] * row.batch.features[column].num_classes
    label = row[column]
    if label is not None and label >= 0:
        weights[label] = 1.0
    return weights


def save_pool(dataset: Dataset, id_column: str | None = None) -> Asset:
    """Store the rows of a dataset, media included, as an asset: known by the digest of its rows in the order of ids.

    Both the id and the content of a row count: a bound id, or one of the lineage, stays when the content is changed.
    """
    known = [str(dataset.features)]
    arrow = dataset.with_format("arrow")
    for table in arrow.iter(1000):
        ids = provenance.row_ids(table, id_column)
        known += [f"{row_id} {content}" for row_id, content in zip(ids, provenance.content_ids(table), strict=True)]
    digest = xxhash.xxh3_128_hexdigest("\n".join(sorted(known)).encode())
    schema = dataset.features.arrow_schema

    def batches() -> Any:
        from datasets.table import embed_table_storage

        for table in arrow.iter(1000):
            yield from embed_table_storage(table.cast(schema)).to_batches()

    return Asset.write(schema, batches(), digest)


def _root(row_id: str) -> str:
    """The id of the source row that a row goes back to; equal rows share it."""
    return re.split("[/~]", row_id, maxsplit=1)[0]


_KEPT_POOLS = 8


class _Pool:
    """An opened pool; a process keeps the few that it used last."""

    _open: ClassVar[dict[tuple[str, str | None], _Pool]] = {}

    def __init__(self, asset: Asset, id_column: str | None) -> None:
        table = asset.table()
        self._features = Features.from_arrow_schema(table.schema)
        self._table = table
        ids: list[str] = []
        for start in range(0, table.num_rows, 1000):
            ids.extend(provenance.row_ids(table.slice(start, 1000), id_column))
        ring = sorted((row_key(row_id), row_id, index) for index, row_id in enumerate(ids))
        self._points = [point for point, _, _ in ring]
        self._ring = ring

    @classmethod
    def of(cls, asset: Asset, row: Row) -> _Pool:
        assert row.roles is not None  # noqa: S101 - ops only run after their roles were resolved
        id_column = row.roles.binding.id
        key = (asset.digest, id_column)
        pool = cls._open.pop(key, None) or cls(asset, id_column)
        cls._open[key] = pool
        while len(cls._open) > _KEPT_POOLS:
            cls._open.pop(next(iter(cls._open)))
        return pool

    def partners(self, row: Row, points: Sequence[int]) -> list[Row]:
        """For each point the first row from there on that is not the row itself, and where possible no other's."""
        found: list[Row] = []
        taken: set[str] = set()
        own = _root(row.id)
        for point in points:
            place = self._next(point, {own, *taken})
            place = self._next(point, {own}) if place is None else place
            if place is not None:
                _, row_id, index = self._ring[place]
                taken.add(_root(row_id))
                found.append(self._opened(row_id, index, row.batch.codec))
        return found

    def _next(self, point: int, without: set[str]) -> int | None:
        """The place of the first row from a point on whose source is none of some."""
        start = bisect_right(self._points, point)
        count = len(self._ring)
        places = ((start + step) % count for step in range(count))
        return next((place for place in places if _root(self._ring[place][1]) not in without), None)

    def _opened(self, row_id: str, index: int, codec: Codec) -> Row:
        """A row of the pool; its id is known, so that its content need not be hashed."""
        table: pa.Table = self._table.slice(index, 1)
        return ArrowBatch(table, self._features, codec, None, ids=(row_id,)).rows(0, 1)[0]
