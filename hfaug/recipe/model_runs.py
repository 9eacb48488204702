"""What models ran with in a build and what happened to them: events of the units, read back for the run record."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hfaug.filters import Filter
from hfaug.op import Op
from hfaug.record import ModelRun

__all__ = ["held_settings", "model_events", "model_runs"]

_RAN = "ran"
_ROW_ALIKE = ("device", "dtype")
_Id = tuple[str, str | None]
"""Name and revision of a model: two folders may have one name."""


def model_events(parts: Sequence[Op | Filter], before: Mapping[str, float] | None = None) -> dict[str, float]:
    """What happened to the models of ops and filters in this process, by names that `model_runs` reads.

    Args:
        parts: Each of them by itself, as `Op.walk` gives those of a composed op.
        before: What this gave before a unit was worked on; what comes back is then what happened in the unit, and one
            more name for each model, which says how it ran.
    """
    models = _loaded(parts)
    found = {
        _key(name, model_id): number for model_id, model in models.items() for name, number in model["events"].items()
    }
    if before is None:
        return found
    found = {key: number - before.get(key, 0) for key, number in found.items()}
    ran = {
        _key(_RAN, model_id, {"determinism": m["determinism"], **m["settings"]}): 1 for model_id, m in models.items()
    }
    return {key: number for key, number in found.items() if number} | ran


def held_settings(parts: Sequence[Op | Filter]) -> dict[str, dict[str, Any]]:
    """What the units of a stage must have been made with alike, for each model that ran in this process.

    A model whose results follow from a row alone does so on one kind of device, in one number format; of others the
    whole plan of the batches counts, and the versions. Answers that are recorded are what they are.

    Args:
        parts: As for `model_events`.
    """
    return {
        "@".join(filter(None, model_id)): {
            "determinism": model["determinism"],
            **{name: model["settings"].get(name) for name in names},
        }
        for model_id, model in _loaded(parts).items()
        if (names := _ROW_ALIKE if model["determinism"] == "row" else tuple(model["settings"]))
        and model["determinism"] != "recorded"
    }


def model_runs(events: Iterable[Mapping[str, float]]) -> tuple[ModelRun, ...]:
    """How each model ran, in the order of their names.

    Args:
        events: What happened in each stage, see :meth:`hfaug.engine.RunReport.happened`.

    >>> ran = '["ran", ["opus", "7f3a"], {"determinism": "row", "dtype": "float32"}]'
    >>> run, = model_runs([{ran: 3, '["out_of_memory", ["opus", "7f3a"]]': 1}])
    >>> run.settings, run.events
    (({'determinism': 'row', 'dtype': 'float32', 'units': 3},), {'out_of_memory': 1})
    """
    settings: defaultdict[_Id, Counter[str]] = defaultdict(Counter)
    happened: defaultdict[_Id, Counter[str]] = defaultdict(Counter)
    for stage in events:
        for key, number in stage.items():
            if not key.startswith("["):
                continue
            name, said, *more = json.loads(key)
            model_id: _Id = (said[0], said[1]) if isinstance(said, list) else (said, None)  # as once was written
            kept, what = (settings, json.dumps(more[0], sort_keys=True)) if name == _RAN else (happened, name)
            kept[model_id].update({what: number})
    return tuple(
        ModelRun(
            id=found[0],
            revision=found[1],
            settings=tuple({**json.loads(text), "units": units} for text, units in sorted(settings[found].items())),
            events=dict(sorted(happened[found].items())),
        )
        for found in sorted({*settings, *happened}, key=str)
    )


def _loaded(parts: Sequence[Op | Filter]) -> dict[_Id, Mapping[str, Any]]:
    """What is known of the models that this process has loaded."""
    models: list[Mapping[str, Any]] = [model for part in parts for model in part.models()]
    return {(str(model["id"]), model["revision"]): model for model in models if "events" in model}


def _key(name: str, model_id: _Id, *more: Any) -> str:
    return json.dumps([name, model_id, *more], sort_keys=True)
