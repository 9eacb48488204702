"""Drop images that look nearly like another one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from datasets import Features, List, Value

from hfaug import provenance
from hfaug.backends import Seen, facts
from hfaug.errors import ParameterError
from hfaug.fields import Limit, ModelName
from hfaug.filters.base import RANK, DatasetFilter, ranks, with_ranks
from hfaug.filters.pictures import embedded, looked_at, nearest

__all__ = ["NearDuplicateImages"]

_TOGETHER = 1024


@dataclasses.dataclass(frozen=True, kw_only=True)
class NearDuplicateImages(DatasetFilter):
    """Drop all but one of the images that look nearly alike. Time grows with the square of the rows that are compared.

    An original stays before a copy, a copy before a made row, then the smallest id, wherever it stands.

    Without a model, pixels are compared. Of copies of MNIST's digits, at the default distance, all fell as JPEG of
    quality 50 and 10 % lighter or darker, nine in ten moved by 1/128 of their width, hardly any moved by 1/64, one in
    six cut by 5 %, and none mirrored or in another colour; of digits that are no copies 0.2 %, beside 3,000 others.

    Args:
        least_distance: Images that lie nearer than this to one that stays fall, 0..2: 1 less the cosine of their
            vectors.
        origins: Only rows of these origins are compared, such as ``synthetic``; all when empty. Augmented copies
            often look nearly like their originals: leave them out where you want them.
        image: The image column.
        model: A feature extractor of transformers, such as DINOv2: Hub repo id or folder; none compares pixels.
        revision: Tag or commit of a Hub model; none for a folder.

    Drops: ``near duplicate``.
    Source: folklore; SSCD compares descriptors so, E. Pizzi et al., arXiv:2202.10261.

    >>> from hfaug.filters import NearDuplicateImages
    >>> NearDuplicateImages(origins=("synthetic",)).least_distance
    0.01
    """

    version: ClassVar[int] = 2
    batch_rows: ClassVar[int] = 64

    least_distance: Annotated[float, Limit(0, 2)] = 0.01
    origins: tuple[str, ...] = ()
    image: str = "image"
    model: ModelName | None = None
    revision: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = sorted(set(self.origins) - set(provenance.ORIGINS))
        if unknown:
            raise ParameterError(
                f"{type(self).__name__}: origins must be among {', '.join(provenance.ORIGINS)}, "
                f"got {', '.join(unknown)}; correct them"
            )

    def needs(self) -> Sequence[str]:
        """The images."""
        return (self.image,)

    def models(self) -> tuple[dict[str, Any], ...]:
        """The feature extractor, if there is one."""
        return () if self.model is None else (facts("image_features", self.model, self.revision),)

    def extracts(self, features: Features) -> Features:
        """Where each image lies; null where it is not compared."""
        return Features({**RANK, "vector": List(Value("float32"))})

    def extract(self, rows: pa.Table) -> pa.Table:
        """Where each image lies; null where it is not compared."""
        images = dict(self._compared(rows))
        found = dict(zip(images, embedded(list(images.values()), self.model, self.revision), strict=True))
        vectors = [found.get(place) for place in range(rows.num_rows)]
        return with_ranks(rows, vector=pa.array(vectors, pa.list_(pa.float32())))

    def compare(self, rows: Iterable[pa.Table], before: Iterable[pa.Table] = ()) -> list[str | None]:
        """One entry a row, in order."""
        order: list[tuple[int, str, int]] = []
        lies: list[npt.NDArray[np.bool_]] = []
        parts: list[npt.NDArray[np.float32]] = []
        for table in rows:
            order.extend(ranks(table, len(order)))
            lies.append(table["vector"].is_valid().to_numpy())
            parts.append(_vectors(table))
        found: list[str | None] = [None] * len(order)
        places = np.flatnonzero(np.concatenate(lies)) if lies else np.zeros(0, np.intp)
        if len(places):
            turns = sorted(range(len(places)), key=lambda at: order[places[at]])
            space = np.concatenate([part for part in parts if len(part)])[turns]
            for at in _too_near(space, self.least_distance, [_vectors(table) for table in before]):
                found[places[turns[at]]] = "near duplicate"
        return found

    def _compared(self, table: pa.Table) -> Iterator[tuple[int, Seen]]:
        """The places and images of the rows that are compared."""
        lineage = [provenance.COLUMN] if provenance.has_lineage(table) else []
        for place, row in enumerate(table.select([self.image, *lineage]).to_pylist()):
            origin = row[provenance.COLUMN]["origin"] if lineage else "source"
            image = looked_at(row, self.image) if not self.origins or origin in self.origins else None
            if image is not None:
                yield place, image


def _vectors(table: pa.Table) -> npt.NDArray[np.float32]:
    """The vectors of the rows that are compared, shape (rows, features)."""
    held = table["vector"].combine_chunks().drop_null()
    return np.asarray(held.flatten()).reshape(len(held), -1) if len(held) else np.zeros((0, 0), np.float32)


def _too_near(
    space: npt.NDArray[np.float32], least: float, before: Sequence[npt.NDArray[np.float32]] = ()
) -> Iterator[int]:
    """The vectors that lie too near to one before them which stays; looked for many at a time.

    Args:
        space: The vectors, shape (rows, features), those first that rather stay; written over.
        least: The distance that is not too near.
        before: Vectors of which all stay.
    """
    count = 0
    for start in range(0, len(space), _TOGETHER):
        block = space[start : start + _TOGETHER].copy()
        fall = np.zeros(len(block), np.bool_)
        for others in (*(part for part in before if len(part)), space[:count]):
            fall |= nearest(block, others) < least
        among = np.maximum(1 - block @ block.T, 0) < least
        stay: list[int] = []
        for at in range(len(block)):
            if fall[at] or among[at, stay].any():
                yield start + at
            else:
                stay.append(at)
        space[count : count + len(stay)] = block[stay]  # what stays is kept in front, where all has been looked at
        count += len(stay)
