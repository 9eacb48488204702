"""Drop images that look nearly like another one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hfaug import provenance
from hfaug.backends import Seen, facts
from hfaug.errors import ParameterError
from hfaug.fields import Limit, ModelName
from hfaug.filters.base import DatasetFilter, origin_ranks
from hfaug.filters.pictures import embedded, looked_at, nearest

__all__ = ["NearDuplicateImages"]

_SLICE = 64
_TOGETHER = 256


@dataclasses.dataclass(frozen=True, kw_only=True)
class NearDuplicateImages(DatasetFilter):
    """Drop all but one of the images that look nearly alike. Time grows with the square of the rows that are compared.

    An original stays before a copy, a copy before a made row, then the smallest id, wherever it stands.

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

    def reasons(self, tables: Iterable[pa.Table]) -> list[str | None]:
        """One entry a row, in order."""
        ranks: list[tuple[int, str, int]] = []
        places: list[int] = []
        vectors: list[npt.NDArray[np.float32]] = []
        for table in tables:
            for start in range(0, table.num_rows, _SLICE):
                before, part = len(ranks), table.slice(start, _SLICE)
                ranks.extend(origin_ranks(part, before))
                images = {before + at: image for at, image in self._compared(part)}
                places.extend(images)
                vectors.append(embedded(list(images.values()), self.model, self.revision))
        found: list[str | None] = [None] * len(ranks)
        if places:
            space = np.concatenate([part for part in vectors if len(part)])
            order = sorted(range(len(places)), key=lambda at: ranks[places[at]])
            for at in _too_near(space, order, self.least_distance):
                found[places[at]] = "near duplicate"
        return found

    def _compared(self, table: pa.Table) -> Iterator[tuple[int, Seen]]:
        """The places and images of the rows that are compared."""
        lineage = [provenance.COLUMN] if provenance.has_lineage(table) else []
        for place, row in enumerate(table.select([self.image, *lineage]).to_pylist()):
            origin = row[provenance.COLUMN]["origin"] if lineage else "source"
            image = looked_at(row, self.image) if not self.origins or origin in self.origins else None
            if image is not None:
                yield place, image


def _too_near(space: npt.NDArray[np.float32], order: Sequence[int], least: float) -> Iterator[int]:
    """The vectors that lie too near to one before them which stays; looked for many at a time."""
    kept, count = np.empty_like(space), 0
    for start in range(0, len(order), _TOGETHER):
        places = order[start : start + _TOGETHER]
        block = space[places]
        fall = nearest(block, kept[:count]) < least
        among = 1 - block @ block.T < least
        stay: list[int] = []
        for at, place in enumerate(places):
            if fall[at] or among[at, stay].any():
                yield place
            else:
                stay.append(at)
        kept[count : count + len(stay)] = block[stay]
        count += len(stay)
