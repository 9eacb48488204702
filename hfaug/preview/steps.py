"""What was done to a row, in words: from an op, or from the steps that its lineage holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hfaug.binding import Binding
from hfaug.errors import ParameterError

__all__ = ["bindings_in", "op_line", "op_name", "read_steps"]

_MOST = 300


def read_steps(text: str) -> list[Mapping[str, Any]]:
    """The steps of a row, those that only tell of a rejected change left out.

    >>> read_steps('[{"op":"image.flip"},{"op":"image.erase","rejected":{"reason":"small"}}]')
    [{'op': 'image.flip'}]
    """
    return [step for step in json.loads(text) if "rejected" not in step]


def op_name(spec: Mapping[str, Any]) -> str:
    """An op by its name, a composed one by those of its parts.

    >>> op_name({"op": "chain", "fields": {"ops": [{"op": "image.flip"}, {"op": "image.rotate"}]}})
    'image.flip + image.rotate'
    """
    if "request" in spec:
        return "request"
    name = str(spec.get("op", "?"))
    fields = spec.get("fields", spec)
    parts = [op_name(part) for part in _parts(fields)]
    if name == "chain":
        return " + ".join(parts)
    if name == "one_of":
        return " or ".join(parts)
    if name in ("times", "sometimes"):
        return parts[0] if name == "times" else f"sometimes {parts[0]}"
    return name.rpartition(":")[2]


def _parts(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for value in fields.values():
        yield from (item for item in (value if isinstance(value, (list, tuple)) else [value]) if _is_op(item))


def _is_op(value: Any) -> bool:
    return isinstance(value, Mapping) and "op" in value


def _is_asset(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"asset"}


def op_line(spec: Mapping[str, Any]) -> str:
    """An op with its fields, on a line.

    >>> op_line({"op": "image.rotate", "degrees": [-30.0, 30.0]})
    'image.rotate(degrees=(-30, 30))'
    """
    text = _said(spec)
    return text if len(text) <= _MOST else text[: _MOST - 1] + "…"


def _said(value: Any) -> str:
    if _is_op(value):
        fields = value.get("fields", {key: item for key, item in value.items() if key != "op"})
        shown = {key: item for key, item in fields.items() if item is not None and not _is_asset(item)}
        inner = ", ".join(f"{key}={_said(item)}" for key, item in shown.items())
        return f"{str(value['op']).rpartition(':')[2]}({inner})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_said(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(map(_said, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, float):
        return f"{value:g}"
    return repr(value)


def bindings_in(steps: Sequence[Mapping[str, Any]]) -> Iterator[Binding]:
    """What the ops of some steps said about columns and formats, outer ops first."""
    for step in steps:
        if isinstance(step.get("binding"), Mapping):
            try:
                yield Binding.from_json(dict(step["binding"]))
            except (ParameterError, TypeError):
                continue  # written by a version that knew other words; the rows are shown without it
        yield from bindings_in(list(_parts(step.get("fields", {}))))
