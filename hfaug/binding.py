"""What a user says about the dataset, kept apart from what the op does: columns, formats, id, seed, codec.

`op.on(image="img", boxes="objects.bbox", box_format="coco")` returns an equal op with another binding. A binding on a
composed op reaches the ops inside it; what they say themselves wins.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Annotated, Any, Literal, TypeAlias

from hfaug.calls import nearest_field
from hfaug.errors import ParameterError
from hfaug.fields import Limit, Share, canonical, hints
from hfaug.media.codec import Codec
from hfaug.moves import box_format
from hfaug.moves.boxes import FORMATS

__all__ = ["ORIENTED", "ROLES", "Binding"]

Columns: TypeAlias = tuple[str, ...]

ROLES = (
    "image", "mask", "masks", "boxes", "polygons", "rle", "areas", "keypoints", "keypoint_counts",
    "width", "height", "fps", "num_frames", "duration", "num_samples", "sampling_rate",
    "text", "spans", "answers", "tokens", "tags",
    "audio", "spectrogram", "segments", "transcript", "video", "frame_labels",
    "label", "prompt",
)  # fmt: skip
"""What a column can be to an op."""

_TURNED: dict[str, tuple[str, str | None]] = {
    "cxcywha": ("cxcywha", "pixels"),
    "corners": ("corners", None),
    "dota": ("corners", "pixels"),
    "yolo_obb": ("corners", "relative"),
}
"""Names of formats of boxes that may stand askew: the order of the numbers, and the unit where the name says it."""

ORIENTED = frozenset({"cxcywha", "corners"})
"""Orders of numbers of boxes that may stand askew."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Binding:
    """Columns, formats, id, seed and codec for one use of an op.

    Args:
        image: The image column, or columns of equal treatment.
        mask: Label maps of the image's size, of classes or of instances; moved with nearest-neighbour sampling.
        masks: Lists of masks of the image's size, one an object; what is not 0 is the object.
        boxes: Columns or dotted paths (``objects.bbox``) of lists of 4 numbers; of 5 or 8 where boxes stand askew. One
            that fits its outline or mask (within 1.5 pixels) fits it after a move; else it is around the moved box.
        polygons: Outlines of objects: of each a list of rings ``[x, y, x, y, ...]`` or ``[[x, y], ...]``, or one ring.
        rle: Masks of objects as COCO's run lengths, ``{"size", "counts"}``, or the counts alone.
        areas: Areas of objects in square pixels; they change as their objects grow, shrink and are cut.
        keypoints: Columns or dotted paths of lists of 2 (x, y) or 3 (x, y, visibility) numbers. A point that leaves the
            image gets visibility 0; one without visibility keeps its coordinates, outside of the image.
        keypoint_counts: How many keypoints of each object have a visibility above 0; counted again after a move.
        width: The width of the image or video in pixels, rewritten when that changes.
        height: Likewise its height.
        fps: Frames a second of the video, rewritten when that changes.
        num_frames: Likewise the number of its frames.
        duration: Likewise its length in seconds, or that of the sound.
        num_samples: How many samples the sound has in each channel, rewritten when that changes.
        sampling_rate: Likewise its samples a second.
        text: The text column.
        spans: Lists of ``{"start", "end", ...}`` or ``[start, end]``, in ``offsets`` of the text.
        answers: SQuAD's ``{"text": [...], "answer_start": [...]}``.
        tokens: A list of words in place of a text.
        tags: One tag a token: BIO names or class ids.
        audio: The sound column.
        spectrogram: The column of a spectrogram: a table of numbers, such as log-mel features.
        segments: Stretches of time: lists of ``{"start", "end", ...}``, ``{"start", "duration", ...}`` (as RTTM has
            them), ``{"timestamp": [start, end], ...}``, ``[start, end]``, or of moments, ``{"time", ...}``; or a struct
            of lists of the same fields. In ``time_units``.
        transcript: What is said in the sound; an op that would cut or garble the speech refuses.
        video: The video column, or columns of equal treatment. Its ``boxes``, ``masks``, ``keypoints`` ... are those of
            its frames: lists with one value a frame, each as it would be for one image.
        frame_labels: Columns of lists with any one value a frame of the video.
        label: The class column.
        prompt: The text that a generator works from.
        box_format: Order of the 4 numbers: ``xyxy``, ``xywh``, ``cxcywh``, or ``coco``, ``pascal_voc``, ``yolo``. Of
            boxes that stand askew: ``cxcywha`` (centre, size, angle), ``corners`` (four x, y), ``dota``, ``yolo_obb``.
        box_units: ``pixels`` (the default) or ``relative`` (shares of width and height).
        box_labels: Columns that hold one value an object, dropped with it; fields beside the boxes in one struct drop
            by themselves.
        angle_units: Of ``cxcywha``: ``degrees`` or ``radians``, by which the side ``w`` is turned clockwise.
        polygon_units: ``pixels`` or ``relative``; those of the boxes when left out.
        keypoint_origin: ``corner`` (0, 0 is the corner of the first pixel) or ``center`` (its centre).
        keypoint_format: ``points`` (the default) or ``coco``: all points of an object in one list, x, y, visibility by
            turns.
        keypoint_swaps: Pairs of places (from 0) in the list of an object's points that change places in a mirror, as
            left and right eye do.
        mask_ids: Lists of the objects' values in an instance mask; pixels of an object that drops become 0.
        min_area: Square pixels, from 0 up; an object that was moved and has less drops.
        min_visibility: Share 0..1 of an object that must still be to be seen; with less it drops.
        clip_boxes: True cuts boxes that stick out of their image, which are an error otherwise.
        images: Whether the images of a list ``shared`` one draw or ``each`` gets its own.
        time_units: Of segments: ``seconds`` (the default), ``milliseconds`` or ``samples``.
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
    masks: Columns = ()
    boxes: Columns = ()
    polygons: Columns = ()
    rle: Columns = ()
    areas: Columns = ()
    keypoints: Columns = ()
    keypoint_counts: Columns = ()
    width: Columns = ()
    height: Columns = ()
    fps: Columns = ()
    num_frames: Columns = ()
    duration: Columns = ()
    num_samples: Columns = ()
    sampling_rate: Columns = ()
    text: Columns = ()
    spans: Columns = ()
    answers: Columns = ()
    tokens: Columns = ()
    tags: Columns = ()
    audio: Columns = ()
    spectrogram: Columns = ()
    segments: Columns = ()
    transcript: Columns = ()
    video: Columns = ()
    frame_labels: Columns = ()
    label: Columns = ()
    prompt: Columns = ()
    box_format: Literal["xyxy", "xywh", "cxcywh", "cxcywha", "corners"] | None = None
    box_units: Literal["pixels", "relative"] | None = None
    box_labels: Columns = ()
    angle_units: Literal["degrees", "radians"] | None = None
    polygon_units: Literal["pixels", "relative"] | None = None
    keypoint_origin: Literal["corner", "center"] | None = None
    keypoint_format: Literal["points", "coco"] | None = None
    keypoint_swaps: Annotated[tuple[tuple[int, int], ...], Limit(0)] = ()
    mask_ids: Columns = ()
    min_area: Annotated[float, Limit(0)] | None = None
    min_visibility: Share | None = None
    clip_boxes: bool | None = None
    images: Literal["shared", "each"] | None = None
    time_units: Literal["seconds", "milliseconds", "samples"] | None = None
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
        swapped = [place for pair in self.keypoint_swaps for place in pair]
        if len(set(swapped)) < len(swapped):
            raise ParameterError(
                f"on: keypoint_swaps must be pairs of different places, each in one pair, got {self.keypoint_swaps}; "
                "correct them"
            )

    def merged(self, inner: Binding) -> Binding:
        """This binding with everything that `inner` says itself laid over it; `keep` adds up."""
        said = {
            f.name: getattr(inner, f.name) for f in dataclasses.fields(inner) if getattr(inner, f.name) != f.default
        }
        if "keep" in said:
            said["keep"] = tuple(dict.fromkeys([*self.keep, *inner.keep]))
        return dataclasses.replace(self, **said) if said else self

    @property
    def outline_units(self) -> str | None:
        """The units of polygons; None when nobody said."""
        return self.polygon_units or self.box_units

    @classmethod
    def of(cls, **said: Any) -> Binding:
        """A binding from what a user wrote, with the format aliases resolved.

        >>> Binding.of(boxes="objects.bbox", box_format="yolo").box_units
        'relative'
        """
        names = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(said) - names)
        if unknown:
            raise ParameterError(f"on: must not have {unknown[0]!r}; {nearest_field(unknown[0], names)}")
        if "box_format" in said:
            said["box_format"], said["box_units"] = _format(said["box_format"], said.get("box_units"))
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


def _format(name: Any, units: Any) -> tuple[str, str]:
    """The order of a box's numbers and their unit behind the name of a format."""
    if name in FORMATS:
        return box_format(name, units)
    if name not in _TURNED:
        raise ParameterError(
            f"on: box_format must be one of {', '.join([*FORMATS, *_TURNED])}, got {name!r}; give one of them"
        )
    order, implied = _TURNED[name]
    if implied and units not in (None, implied):
        raise ParameterError(
            f"on: {name} boxes must be in {implied} units, got box_units={units!r}; leave it out, or give "
            'box_format="corners"'
        )
    return order, implied or units or "pixels"
