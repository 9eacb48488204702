"""Drop made images that copy a real one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from datasets import Dataset

from hfaug.backends import facts
from hfaug.errors import ParameterError
from hfaug.fields import Limit, ModelName
from hfaug.filters.learning import LearningFilter, real_rows
from hfaug.filters.pictures import embedded, looked_at, nearest

__all__ = ["NotMemorized"]

_CALIBRATED = 2000  # real images of which the nearest other real one is looked up
_SAME = 1e-4  # distance below which two real images are one: repeats say nothing of how near others lie


@dataclasses.dataclass(frozen=True, kw_only=True)
class NotMemorized(LearningFilter):
    """Keep synthetic images that lie no nearer to a real image than real images lie to each other.

    A generator that has memorised its training data gives it away. How near is too near, the real images say: of the
    distances from each to its nearest other, the limit leaves the share `false_alarms` below it, and about this share
    of good images falls too.

    Without a model, pixels are compared, and copies that were changed in place are found, others are not. Of MNIST's
    digits, at a share of 0.01, all fell as JPEG of quality 50 and 10 % lighter or darker; moved by 1/128 of their width
    all, by 1/64 one in five, by 1/28 none; cut by 5 % a half at most; mirrored or in another colour none; and 0.9 % of
    digits that are no copies. For the rest name a model, and try it on copies that you make.

    Args:
        image: The image column.
        false_alarms: Share of real images that would be taken for copies of each other, 0..1; at 0 none.
        model: A feature extractor of transformers, such as DINOv2: Hub repo id or folder; none compares pixels.
        revision: Tag or commit of a Hub model; none for a folder.
        learnt: The real images and the limit.

    Drops: ``copy of a real image``.
    Source: the distance to the closest record; for images, N. Carlini et al., arXiv:2301.13188.

    >>> from datasets import Dataset, Features, Image
    >>> from hfaug.filters import NotMemorized
    >>> noise = [np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8) for seed in range(9)]
    >>> shown = Dataset.from_dict({"image": noise}, Features({"image": Image()}))
    >>> real, made = shown.select(range(6)), shown.select(range(5, 9))
    >>> len(NotMemorized().fit(real).of(made))
    3
    """

    version: ClassVar[int] = 2
    judges: ClassVar[tuple[str, ...]] = ("synthetic",)

    image: str = "image"
    false_alarms: Annotated[float, Limit(0, 0.5)] = 0.01
    model: ModelName | None = None
    revision: str | None = None

    def needs(self) -> Sequence[str]:
        """The images."""
        return (self.image,)

    def models(self) -> tuple[dict[str, Any], ...]:
        """The feature extractor, if there is one."""
        return () if self.model is None else (facts("image_features", self.model, self.revision),)

    def learn(self, rows: Dataset) -> pa.Table:
        """Where the real images lie, and the limit.

        Raises:
            ParameterError: There are fewer than two.
        """
        parts = [self._embedded(some)[1].astype(np.float16) for some in real_rows(rows, [self.image])]
        parts = [part for part in parts if len(part)]
        found = np.concatenate(parts) if parts else np.zeros((0, 1), np.float16)
        if len(found) < 2:
            raise ParameterError(
                f"{type(self).__name__}: must see two real images or more, column {self.image!r} has {len(found)}; "
                "fit it on the training split"
            )
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(found.ravel(), pa.float16()), found.shape[1])
        limit = self._limit(found)
        return pa.table({"vector": vectors}).replace_schema_metadata({"limit": repr(limit)})

    def judge_made(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each row None to keep it, else why not."""
        found: list[str | None] = [None] * len(rows)
        places, vectors = self._embedded(rows)
        if not len(vectors):
            return found
        known = self.known()
        flat = known["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        distances = nearest(vectors, flat.reshape(known.num_rows, -1))
        for place, distance in zip(places, distances, strict=True):
            if distance <= float(known.schema.metadata[b"limit"]):
                found[place] = "copy of a real image"
        return found

    def _embedded(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[int], npt.NDArray[np.float32]]:
        """The places of the rows that have an image, and where these lie."""
        images = {place: image for place, row in enumerate(rows) if (image := looked_at(row, self.image)) is not None}
        return list(images), embedded(list(images.values()), self.model, self.revision)

    def _limit(self, real: npt.NDArray[np.float16]) -> float:
        """The distance from which an image is no copy."""
        every = np.random.default_rng(0).permutation(len(real))[:_CALIBRATED]
        distances = nearest(real[every].astype(np.float32), real, itself=every)
        apart = distances[distances > _SAME]
        if not len(apart):
            return _SAME
        # Few images say little of a small share: below one of them, the limit goes to 0 with it.
        share = min(1.0, self.false_alarms * len(apart))
        return max(_SAME, share * float(np.quantile(apart, self.false_alarms, method="lower")))
