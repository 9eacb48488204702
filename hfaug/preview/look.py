"""Which column of a dataset is shown as what: by its role where one is known, else by its type."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datasets import ClassLabel, Features, Image, LargeList, List, Value, Video

from hfaug import provenance
from hfaug.binding import ROLES, Binding
from hfaug.columns import is_sound
from hfaug.errors import RoleError
from hfaug.roles import feature_at, is_spectrogram, resolve

__all__ = ["Look", "class_names", "value_at"]

_TEXTS = ("text", "context", "sentence", "content", "document", "prompt")
"""Names that a text to be read has, the likeliest first."""

_MOST_DETAILS = 5


@dataclass(frozen=True)
class Look:
    """Columns by what they are shown as.

    Args:
        features: All columns.
        binding: Formats of boxes and keypoints.
        roles: Role -> columns.
        details: Columns whose values stand in the caption.
    """

    features: Features
    binding: Binding
    roles: Mapping[str, tuple[str, ...]]
    details: tuple[str, ...]

    def all(self, role: str) -> tuple[str, ...]:
        """The columns of a role."""
        return self.roles.get(role, ())

    @classmethod
    def of(cls, features: Features, bindings: Iterable[Binding] = ()) -> Look:
        """What a dataset looks like.

        Args:
            features: Its columns.
            bindings: What ops said about the columns; later ones win.
        """
        binding = Binding()
        for said in bindings:
            binding = binding.merged(_present(said, features))
        try:
            found = resolve(features, binding, who="preview", needs=(), shifts=(), moves=())
        except RoleError:  # the columns are no longer what the op met; what their types say is shown
            binding = Binding()
            found = resolve(features, binding, who="preview", needs=(), shifts=(), moves=())
        roles = dict(found.columns)
        taken = {path.split(".")[0] for paths in roles.values() for path in paths} | {provenance.COLUMN}
        free = {name: feature for name, feature in features.items() if name not in taken}
        _add(roles, "image", [name for name, feature in free.items() if _holds(feature, Image)])
        _add(roles, "video", [name for name, feature in free.items() if _holds(feature, Video)])
        _add(roles, "audio", [name for name, feature in free.items() if is_sound(feature)])
        _add(roles, "spectrogram", [name for name, feature in free.items() if is_spectrogram(name, feature)])
        _add(roles, "text", _readable(free, roles))
        if "text" in roles and "audio" not in roles:
            _add(roles, "spans", [name for name, feature in free.items() if _marks_places(feature)])
        return cls(features, binding, roles, _details(features, roles))


def _present(binding: Binding, features: Features) -> Binding:
    """A binding without the columns that are not there."""
    here: dict[str, Any] = {
        role: tuple(path for path in getattr(binding, role) if feature_at(features, path) is not None)
        for role in (*ROLES, "box_labels", "mask_ids", "keep")
    }
    return dataclasses.replace(binding, **here, id=None, seed=None, codec=None)


def _add(roles: dict[str, tuple[str, ...]], role: str, found: Sequence[str]) -> None:
    if found and role not in roles:
        roles[role] = tuple(found)


def _readable(free: Mapping[str, Any], roles: Mapping[str, Any]) -> list[str]:
    """The text to be read, where that is what the rows are about."""
    texts = [name for name, feature in free.items() if _is_text(feature)]
    named = [name for name in _TEXTS if name in texts]
    if any(role in roles for role in ("image", "audio", "video", "spectrogram", "tokens")):
        return []
    if "answers" in roles:
        return named[:1] or texts[:1]
    return named[:1] or (texts if len(texts) <= 2 else texts[:1])


def _details(features: Features, roles: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The class first, then other plain values."""
    shown = {path for role, paths in roles.items() if role not in ("label", "prompt") for path in paths} | {"id"}
    plain = [name for name, held in features.items() if isinstance(held, (Value, ClassLabel)) and name not in shown]
    weights = [f"{name}_weights" for name in plain if f"{name}_weights" in features]
    first = [name for name in plain if isinstance(features[name], ClassLabel) or name in roles.get("label", ())]
    ordered = dict.fromkeys([*first, *weights, *plain])
    return tuple(ordered)[: max(_MOST_DETAILS, len(first) + len(weights))]


def _is_text(feature: Any) -> bool:
    return isinstance(feature, Value) and feature.dtype in ("string", "large_string")


def _marks_places(feature: Any) -> bool:
    """Whether a column holds places in a text, as ops that write texts note them: a start and an end, in characters."""
    item = feature.feature if isinstance(feature, (List, LargeList)) else None
    ends = [item.get(name) for name in ("start", "end")] if isinstance(item, Mapping) else [None]
    return all(isinstance(end, Value) and end.dtype.startswith("int") for end in ends)


def _holds(feature: Any, kind: type) -> bool:
    while isinstance(feature, (List, LargeList)):
        feature = feature.feature
    return isinstance(feature, kind)


def class_names(features: Features, path: str) -> Sequence[str]:
    """Names of the classes in a column or ``column.field``, or in a field of its structs; nothing without classes."""
    feature = feature_at(features, path)
    while isinstance(feature, (List, LargeList)):
        feature = feature.feature
    if isinstance(feature, Mapping):
        found = (class_names(features, f"{path}.{name}") for name in feature)
        return next((names for names in found if names), ())
    return feature.names if isinstance(feature, ClassLabel) else ()


def value_at(row: Mapping[str, Any], path: str) -> Any:
    """The value of a column or ``column.field`` of a row; through a list of structs it is the list of that field."""
    top, _, field = path.partition(".")
    value = row.get(top)
    if not field or value is None:
        return value
    return value.get(field) if isinstance(value, Mapping) else [item[field] for item in value]
