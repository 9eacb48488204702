"""Images that go through an op each time they are seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash
from datasets import ClassLabel, Features, Image, Value

from hfaug import media, provenance
from hfaug.errors import ParameterError
from hfaug.fit.images import Pixels, TrainingImages
from hfaug.mix import MixOp
from hfaug.op import Op
from hfaug.rows import Form

__all__ = ["Augmenter"]

_ID = "hfaug_number"  # of numbers, since a text could be taken for something to change


class Augmenter:
    """Lets images go through an op before they are brought to the size of the training.

    The op sees an image as it is stored, as in a recipe: a length in pixels means the same there, and what is cut out
    or turned has not lost its details yet. Its draws follow from the number of the image, how often that was seen
    before, and the seed; so it does not matter which process sees it, beside which others, or after which restart.

    Args:
        op: Gives one image for one image, of the same class.
        data: The images; an op that must be fitted first is fitted to them.
        who: Who asks, for errors.
        seed: Draws otherwise.
        alone: Whether an image must not have anything of others in it, as under a promise of privacy.

    Raises:
        ParameterError: The op does something else to a row.
        RoleError: It needs other columns.
    """

    def __init__(self, op: Op, data: TrainingImages, who: str, seed: int, *, alone: bool) -> None:
        self.data, self.who, self.seed = data, who, seed
        if alone and not (op.ready and not any(isinstance(part, MixOp) for part in op.walk())):
            raise ParameterError(
                f"{who}: augment must make each image of that image alone beside epsilon, {op.op_name()} takes "
                "something from others; leave it out"
            )
        fitted = op if op.ready else op.fit(data.rows.cast_column(data.column, Image()))
        self.op = fitted.on(id=_ID, provenance=False)
        classes = ClassLabel(names=list(data.classes))
        self.features = Features({data.column: Image(), data.label: classes, _ID: Value("int64")})
        more = set(self.op.features(self.features)) - {*self.features, provenance.COLUMN}
        if more:
            raise self._wrong(f"would add {', '.join(sorted(more))}")
        self.pixels(np.array([0]), np.array([0]))

    @property
    def facts(self) -> dict[str, Any]:
        """What decides what comes out, besides the fields of the op."""
        return {"augment_digest": self.op.fingerprint, "augment_models": self.op.model_digest()}

    def pixels(self, numbers: npt.NDArray[np.int64], visits: Sequence[int] | npt.NDArray[np.int64]) -> Pixels:
        """Images by number, (images, channels, size, size).

        Args:
            numbers: Which.
            visits: How often each was seen before.
        """
        labels = self.data.labels[numbers].tolist()
        keys = (f"{number} {visit} {self.seed}" for number, visit in zip(numbers, visits, strict=True))
        names = [xxhash.xxh3_64_intdigest(key.encode()) >> 1 for key in keys]
        columns = {self.data.column: self.data.whole(numbers), self.data.label: labels, _ID: names}
        done = self.op.run_form(Form(table=None, columns=columns, features=self.features, single=False))
        if done[_ID] != names:
            raise self._wrong("makes more or fewer of it")
        if done[self.data.label] != labels:
            raise self._wrong("changes the class")
        return self.data.squares([self._image(image) for image in done[self.data.column]])

    def _image(self, value: Any) -> Pixels:
        array: Pixels = media.picture_from(value).array
        if array.shape[2] > self.data.channels:
            raise self._wrong(f"gives {array.shape[2]} channels where the data has {self.data.channels}")
        return array

    def _wrong(self, told: str) -> ParameterError:
        return ParameterError(
            f"{self.who}: augment must give one image of the same kind and class for each, {self.op.op_name()} {told}; "
            "change it"
        )
