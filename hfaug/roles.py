"""Which column plays which role: inferred from `Features`, or bound by hand. Doubt is an error that names columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from datasets import ClassLabel, Features, Image, Value

from hfaug.binding import ROLES, Binding
from hfaug.columns import (
    SPLIT,
    feature_at,
    holds_numbers,
    holds_points,
    is_answers,
    is_image,
    is_json,
    is_lineage,
    is_masks,
    is_null,
    is_number,
    is_pairs,
    is_runs,
    is_sound,
    is_string,
    is_table,
    is_tags,
    is_texts,
    is_timed,
    is_video,
    is_words,
    split_path,
)
from hfaug.errors import RoleError
from hfaug.frames import frame_columns, frame_features
from hfaug.labels import NAMES_OF_WORDS, check_labels
from hfaug.measures import MEASURES

__all__ = ["Roles", "feature_at", "is_spectrogram", "resolve"]

_MASK = re.compile(r"mask|seg|label_?map|annotation", re.IGNORECASE)
_TAGS = re.compile(r"tag|label", re.IGNORECASE)
_MEASURED = tuple(role for roles in MEASURES.values() for role in roles)
_DEEP = (
    "masks",
    "boxes",
    "polygons",
    "rle",
    "areas",
    "keypoints",
    "keypoint_counts",
    *_MEASURED,
    "box_labels",
    "mask_ids",
)
"""What may be a field of a struct."""
_OUTLINES = ("polygons", "rle")
_SPOKEN = re.compile(
    r"^(raw_|normali[sz]ed_|clean_)?(text|transcript(ion)?|sentence|utterance|spoken(_text)?)$", re.IGNORECASE
)
"""What a text beside a sound is called when it says what is heard."""
_SPECTROGRAM = re.compile(r"^(input_features|features|fbank|mfcc)$|spectrogram|(^|_)mel(_|s$|$)", re.IGNORECASE)
_SINGLE = {"text", "tokens", "audio", "spectrogram", "prompt"}
"""Roles of one column."""


@dataclass(frozen=True)
class Roles:
    """The columns of each role that an op met with, and how to read them."""

    columns: Mapping[str, tuple[str, ...]]
    binding: Binding

    def one(self, role: str) -> str | None:
        """The column of a role that has at most one."""
        found = self.columns.get(role, ())
        return found[0] if found else None

    def all(self, role: str) -> tuple[str, ...]:
        """Every column of a role."""
        return self.columns.get(role, ())


def resolve(
    features: Features,
    binding: Binding,
    *,
    who: str,
    needs: Iterable[str],
    shifts: Iterable[str],
    moves: Iterable[str],
    also: Iterable[str] = (),
) -> Roles:
    """Find the columns for an op, and make sure that every label it could break will move.

    Args:
        features: The dataset's features.
        binding: What the user said.
        who: Name of the op, for errors.
        needs: Roles that the op cannot do without.
        shifts: Contents whose positions change; ``size`` where that of an image may, ``speech`` where what is said
            is lost.
        moves: Labels that the op moves.
        also: What does in place of an image that is missing: ``video``.

    Raises:
        RoleError: A needed role is missing or in doubt.
        LabelError: A bound label would not move.
        UnboundColumnError: A column may hold positions and nobody said what it is.
    """
    needs, also = tuple(needs), tuple(also)
    columns = {role: getattr(binding, role) for role in ROLES if getattr(binding, role)}
    if "image" in needs and "video" in also and (film := _film(features, binding, columns, who)):
        columns["video"] = (film,)
    elif "image" in needs and "video" not in also:
        columns.pop("video", None)
    if "video" in needs and "video" not in columns:
        columns["video"] = (_only(features, binding, "video", columns, who),)
    in_frames = "video" in columns and "image" not in columns
    if in_frames:
        features = frame_features(features, frame_columns(features, columns, binding), who)
    _check_bound(features, binding, columns, who)
    _infer(features, binding, columns)
    for role in needs:
        if role == "image" and in_frames:
            continue
        if role not in columns and not (role == "text" and _is_in_words(features, binding, columns, who)):
            columns[role] = (_only(features, binding, role, columns, who),)
    shifts = frozenset(shifts)
    if "speech" in shifts and "transcript" not in columns:
        _take(columns, "transcript", [n for n, f in features.items() if is_string(f) and _SPOKEN.search(n)], many=True)
    check_labels(features, binding, columns, shifts, frozenset(moves), who)
    return Roles(columns, binding)


def _film(features: Features, binding: Binding, columns: Mapping[str, tuple[str, ...]], who: str) -> str | None:
    """The video that an op on images is for, where nobody bound an image or a video; both side by side are doubt."""
    if "image" in columns or "video" in columns:
        return None
    taken = {path for paths in columns.values() for path in paths} | set(binding.keep)
    films = [name for name, feature in features.items() if name not in taken and is_video(feature)]
    images = [name for name, feature in features.items() if name not in taken and is_image(feature)]
    if films and images:
        raise RoleError(
            f"{who}: needs one image or video column, found images in {', '.join(images)} and videos in "
            f"{', '.join(films)}; say .on(image=...), .on(video=...), or both for columns that belong together"
        )
    if len(films) > 1:
        raise RoleError(
            f"{who}: needs one video column, {len(films)} columns could be it: {', '.join(films)}; say .on(video=...)"
        )
    return films[0] if films else None


def _check_bound(features: Features, binding: Binding, columns: Mapping[str, tuple[str, ...]], who: str) -> None:
    named = [*((role, path) for role, paths in columns.items() for path in paths)]
    named += [(name, path) for name in ("box_labels", "mask_ids", "keep") for path in getattr(binding, name)]
    if binding.id:
        named.append(("id", binding.id))
    for role, path in named:
        found = feature_at(features, path)
        if found is None:
            raise RoleError(
                f"{who}: {role} must be a column, {path!r} is none of {', '.join(features)}; correct .on({role}=...)"
            )
        field = split_path(features, path)[1]
        if role != "keep" and (field if role not in _DEEP else "." in field):
            raise RoleError(
                f"{who}: {role} cannot lie as deep as {path!r}; flatten the column with ds.flatten(), "
                "or move the field to a column of its own"
            )
        wanted = _FITS.get(role)
        if wanted and not is_null(found) and not wanted(found):
            way_out = SPLIT if role in _OUTLINES and (is_json(found) or is_texts(found)) else f"correct .on({role}=...)"
            way_out = f"{_may_be_files(Features({path: found}))}{way_out}" if role == "audio" else way_out
            raise RoleError(f"{who}: {role} cannot be read from {path!r}, which is {found}; {way_out}")
    for role in _SINGLE & columns.keys():
        if len(columns[role]) > 1:
            raise RoleError(f"{who}: {role} must be one column, got {', '.join(columns[role])}; use one op for each")


def _infer(features: Features, binding: Binding, columns: dict[str, tuple[str, ...]]) -> None:
    """Roles that the type alone decides; a label that only its name suggests is left to `check_labels`."""
    taken = {path for paths in columns.values() for path in paths} | set(binding.keep)
    free = {name: feature for name, feature in features.items() if name not in taken and not is_lineage(feature)}
    if "answers" not in columns:
        _take(columns, "answers", [name for name, feature in free.items() if is_answers(feature)])
    if "tokens" not in columns and "text" not in columns:
        _take(
            columns,
            "tokens",
            [name for name, feature in free.items() if is_words(feature) and NAMES_OF_WORDS.search(name)],
        )
    if "tokens" in columns and "tags" not in columns:
        tags = [name for name, feature in free.items() if is_tags(feature) and _TAGS.search(name)]
        _take(columns, "tags", [name for name in tags if name not in columns["tokens"]], many=True)
    if "mask" not in columns:
        _take(columns, "mask", [n for n, f in free.items() if isinstance(f, Image) and _MASK.search(n)], many=True)
    if "label" not in columns:
        _take(columns, "label", [n for n, f in free.items() if isinstance(f, ClassLabel)])


def _is_in_words(features: Features, binding: Binding, columns: Mapping[str, tuple[str, ...]], who: str) -> bool:
    """Whether the text is stored as words; a text beside words that nobody spoke of is doubt."""
    if "tokens" not in columns:
        return False
    if not binding.tokens and is_string(features.get("text")):
        raise RoleError(
            f"{who}: needs one text, found a text in 'text' and words in {columns['tokens'][0]!r}; "
            f'say .on(text="text") or .on(tokens={columns["tokens"][0]!r}), and drop the other column'
        )
    return True


def _take(columns: dict[str, tuple[str, ...]], role: str, found: list[str], *, many: bool = False) -> None:
    if found and (many or len(found) == 1):
        columns[role] = tuple(found)


def _only(features: Features, binding: Binding, role: str, columns: Mapping[str, tuple[str, ...]], who: str) -> str:
    """The one column that can play a needed role."""
    taken = {path for paths in columns.values() for path in paths} | set(binding.keep)
    found: list[str] = [name for name, feature in features.items() if name not in taken and _FITS[role](feature)]
    if role == "spectrogram":
        found = [name for name in found if is_spectrogram(name, features[name])]
    if role in found or (not found and is_null(features.get(role))):
        return role
    if role == "text" and "context" in found and "answers" in columns:
        return "context"
    if len(found) == 1:
        return found[0]
    have = (
        f"{len(found)} columns could be it: {', '.join(found)}"
        if found
        else f"no column can be it among {', '.join(features)}"
    )
    files = "" if role != "audio" else _may_be_files(features)
    raise RoleError(f"{who}: needs one {role} column, {have}; {files}say .on({role}=...)")


def is_spectrogram(name: str, feature: Any) -> bool:
    """Whether a column is a table of numbers and bears a name that spectrograms have."""
    return is_table(feature) and bool(_SPECTROGRAM.search(name))


def _may_be_files(features: Features) -> str:
    """How paths and bytes become sounds."""
    plain = [name for name, feature in features.items() if getattr(feature, "dtype", "") in ("string", "binary")]
    return (
        f"if {plain[0]!r} holds files or their paths, ds.cast_column({plain[0]!r}, Audio()) first, or " if plain else ""
    )


_FITS = {
    "image": is_image,
    "mask": lambda feature: isinstance(feature, Image),
    "masks": is_masks,
    "boxes": holds_points,
    "polygons": holds_points,
    "rle": is_runs,
    "areas": holds_numbers,
    "keypoints": holds_points,
    "keypoint_counts": holds_numbers,
    **dict.fromkeys(_MEASURED, is_number),
    "text": is_string,
    "spans": is_pairs,
    "answers": is_answers,
    "tokens": is_words,
    "tags": is_tags,
    "audio": is_sound,
    "spectrogram": is_table,
    "segments": is_timed,
    "transcript": is_string,
    "video": is_video,
    "label": lambda feature: isinstance(feature, (ClassLabel, Value)),
    "prompt": is_string,
}
