"""Draw images of classes with a generator that was fitted to images like them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from datasets import ClassLabel, Features, Image

from hfaug import media
from hfaug.backends import facts, image_sampler
from hfaug.classes import classes_of
from hfaug.errors import RoleError
from hfaug.fields import Limit, ModelName
from hfaug.op import BatchOp, Reject
from hfaug.ops.image.replacing import check_replaced
from hfaug.plan import Plan
from hfaug.randomness import Stream
from hfaug.roles import Roles
from hfaug.rows import Row

__all__ = ["Sample"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample(BatchOp):
    """Draw an image for each row of requests, of the class that its label names.

    The model is one that `hfaug fit` made, or a pipeline of diffusers that draws by class or without one: DiT, DDPM,
    DDIM, consistency models. Its classes and those of the label are matched by name. A model without classes takes rows
    without a label. All noise of an image comes from the row's own stream.

    Args:
        model: Hub repo id or folder.
        revision: Tag or commit of a Hub model; none for a folder.
        column: The image column to add.
        steps: Denoising steps, from 1 up; the model's own number when left out, as for guidance.
        guidance: How closely the image follows its class, from 0 up; 1 draws as the classes are.
        format: ``png`` is lossless, ``jpeg`` is small.

    Moves: nothing.
    Rejects: rows without a class.
    Source: W. Peebles and S. Xie, Scalable Diffusion Models with Transformers, arXiv:2212.09748 (DiT); for a fitted
    model, its card.

    >>> import hfaug
    >>> hfaug.ops.image.Sample(model="facebook/DiT-XL-2-256", steps=25, guidance=4).guidance
    4.0
    """

    origin: ClassVar[str] = "synthetic"
    unit_rows: ClassVar[int] = 32
    may_change: ClassVar[tuple[str, ...]] = ("whether the image shows what its class says",)

    model: ModelName = "facebook/DiT-XL-2-256"
    revision: str | None = None
    column: str = "image"
    steps: Annotated[int | None, Limit(1)] = None
    guidance: Annotated[float | None, Limit(0)] = None
    format: Literal["png", "jpeg"] = "png"

    def plan(self, plan: Plan) -> None:
        """Make sure that no label names places in an image that is replaced."""
        with plan.bound(self):
            check_replaced(plan, self.column, "Sample")
        super().plan(plan)

    def adds(self, features: Features, roles: Roles) -> Features:
        """The image column."""
        return Features({self.column: Image()})

    def models(self) -> tuple[dict[str, str | None], ...]:
        """The generator."""
        return (facts("image_sampler", self.model, self.revision),)

    def apply_batch(self, rows: Sequence[Row], rngs: Sequence[Stream]) -> Sequence[Row | Reject]:
        """Draw the images of all rows."""
        backend = image_sampler(self.model, revision=self.revision)
        label = rows[0].roles.one("label") if rows[0].roles else None
        if backend.classes and label is None:
            raise RoleError(
                f"Sample: needs the column that names the class, since {backend.model_id} knows "
                f"{len(backend.classes)} classes, found none among {', '.join(rows[0].batch.features)}; say "
                ".on(label=...)"
            )
        if label is not None and not backend.classes:
            raise RoleError(
                f"Sample: {backend.model_id} knows no classes, so its images cannot be of those in {label!r}; take a "
                f"model that knows them, or say .on(keep={label!r}) where all that it draws is of one class"
            )
        names: list[Any] = [None] * len(rows)
        if label is not None:
            feature = rows[0].batch.features[label]
            names = classes_of([row[label] for row in rows], feature)
            told = isinstance(feature, ClassLabel)
            names = [feature.int2str(name) if told and name is not None else name for name in names]
        asked = [place for place, name in enumerate(names) if label is None or name is not None]
        images = backend.sample(
            [None if label is None else str(names[place]) for place in asked],
            [rngs[place].seed() for place in asked],
            steps=self.steps,
            guidance=self.guidance,
        )
        results: list[Row | Reject] = [Reject("no class")] * len(rows)
        for place, image in zip(asked, images, strict=True):
            results[place] = rows[place].replace({self.column: self._stored(image, rows[place])})
        return results

    def _stored(self, array: Any, row: Row) -> Any:
        mode = "L" if array.shape[2] == 1 else "RGB"
        like = media.Picture(array, format=self.format.upper(), mode=mode, lossless=self.format == "png")
        return row.batch.store_image(array, like)
