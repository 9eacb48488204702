"""What a user says about the dataset, kept apart from what the op does: columns, formats, id, seed, codec.

`op.on(image="img", boxes="objects.bbox", box_format="coco")` returns an equal op with another binding. A binding on a
composed op reaches the ops inside it; what they say themselves wins.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Annotated, Any, Literal, TypeAlias

from hfaug.errors import ParameterError
from hfaug.fields import Limit, canonical, hints
from hfaug.media.codec import Codec
from hfaug.moves import box_format

__all__ = ["ROLES", "Binding"]

Columns: TypeAlias = tuple[str, ...]

ROLES = (
    "image", "mask", "boxes", "keypoints",
    "text", "spans", "answers", "tokens", "tags",
    "audio", "segments",
    "label", "prompt",
)  # fmt: skip
"""What a column can be to an op."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Binding:
    """Columns, formats, id, seed and codec for one use of an op.

    Args:
        image: The image column, or columns of equal treatment.
        mask: Label maps of the image's size; moved with nearest-neighbour sampling.
        boxes: Columns or dotted paths (``objects.bbox``) of lists of 4 numbers.
        keypoints: Columns or dotted paths of lists of 2 (x, y) or 3 (x, y, visibility) numbers.
        text: The text column.
        spans: Lists of ``{"start", "end", ...}`` or ``[start, end]``, in ``offsets`` of the text.
        answers: SQuAD's ``{"text": [...], "answer_start": [...]}``.
        tokens: A list of words in place of a text.
        tags: One tag a token: BIO names or class ids.
        audio: The sound column.
        segments: Lists of ``{"start", "end", ...}`` or ``[start, end]`` in seconds.
        label: The class column.
        prompt: The text that a generator works from.
        box_format: Order of the 4 numbers: ``xyxy``, ``xywh``, ``cxcywh``, or ``coco``, ``pascal_voc``, ``yolo``.
        box_units: ``pixels`` (the default) or ``relative`` (shares of width and height).
        box_labels: Columns that hold one value a box, dropped with it; fields beside the boxes in one struct drop by
            themselves.
        keypoint_origin: ``corner`` (0, 0 is the corner of the first pixel) or ``centre`` (its centre).
        images: Whether the images of a list ``shared`` one draw or ``each`` gets its own.
        offsets: What counts the places of spans and answers: ``code_point`` (the default), ``byte`` (of UTF-8) or
            ``utf16`` (as JavaScript, Java and Windows count).
        keep: Columns that could hold positions and need not move.
        id: The column that names a row; without one the content does.
        seed: Another seed gives other draws.
        epoch: Set by `hfaug.online`.
        codec: How changed media are encoded.
        provenance: False leaves the lineage column out.
    """

    image: Columns = ()
    mask: Columns = ()
    boxes: Columns = ()
    keypoints: Columns = ()
    text: Columns = ()
    spans: Columns = ()
    answers: Columns = ()
    tokens: Columns = ()
    tags: Columns = ()
    audio: Columns = ()
    segments: Columns = ()
    label: Columns = ()
    prompt: Columns = ()
    box_format: Literal["xyxy", "xywh", "cxcywh"] | None = None
    box_units: Literal["pixels", "relative"] | None = None
    box_labels: Columns = ()
    keypoint_origin: Literal["corner", "centre"] | None = None
    images: Literal["shared", "each"] | None = None
    offsets: Literal["code_point", "byte", "utf16"] | None = None
    keep: Columns = ()
    id: str | None = None
    seed: Annotated[int, Limit(0, 2**63 - 1)] | None = None
    epoch: Annotated[int, Limit(0, 2**63 - 1)] | None = None
    codec: Codec | None = None
    provenance: bool | None = None

    def __post_init__(self) -> None:
        kinds = hints(type(self))
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if kinds[field.name] == Columns and isinstance(value, str):
                value = (value,)
            object.__setattr__(self, field.name, canonical(value, kinds[field.name], "on", field.name))

    def merged(self, inner: Binding) -> Binding:
        """This binding with everything that `inner` says itself laid over it; `keep` adds up."""
        said = {
            f.name: getattr(inner, f.name) for f in dataclasses.fields(inner) if getattr(inner, f.name) != f.default
        }
        if "keep" in said:
            said["keep"] = tuple(dict.fromkeys([*self.keep, *inner.keep]))
        return dataclasses.replace(self, **said) if said else self

    @classmethod
    def of(cls, **said: Any) -> Binding:
        """A binding from what a user wrote, with the format aliases resolved.

        >>> Binding.of(boxes="objects.bbox", box_format="yolo").box_units
        'relative'
        """
        names = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(said) - names)
        if unknown:
            raise ParameterError(f"on: must get only {', '.join(sorted(names))}; got {', '.join(unknown)}; remove it")
        if "box_format" in said:
            said["box_format"], said["box_units"] = box_format(said["box_format"], said.get("box_units"))
        return cls(**said)

    def to_json(self) -> dict[str, Any]:
        """What is said, as plain data."""
        return dict(self._said)

    @functools.cached_property
    def _said(self) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                value = dataclasses.asdict(value) if isinstance(value, Codec) else value
                result[field.name] = list(value) if isinstance(value, tuple) else value
        return result

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Binding:
        """The binding of `to_json`."""
        if "codec" in said:
            said = {**said, "codec": Codec(**said["codec"])}
        return cls(**said)
