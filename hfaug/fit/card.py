"""The card of a fitted generator."""

from __future__ import annotations

from typing import Any

import yaml

from hfaug.fit.folder import ModelFolder
from hfaug.fit.job import Job
from hfaug.fit.training import Training

__all__ = ["card"]


def card(job: Job, training: Training, folder: ModelFolder, licence: str | None) -> str:
    """The card of a model, as Markdown with its metadata in front.

    Args:
        job: What was fitted, with its images.
        training: How.
        folder: Where, with its log.
        licence: Licence of the data; None where nobody said it.
    """
    import hfaug

    meta: dict[str, Any] = {} if licence is None else {"license": licence}
    meta |= {"library_name": "diffusers", **job.meta}
    lines = [line for line in folder.lines() if any(name.endswith("loss") for name in line)]
    shown = lines[:: max(1, len(lines) // 8)] + (lines[-1:] if lines else [])
    losses = [name for name in (lines[0] if lines else {}) if name.endswith("loss")]
    table = [f"| step | {' | '.join(losses)} |", f"|{' --- |' * (len(losses) + 1)}"]
    table += [f"| {line['step']} | {' | '.join(f'{line[name]:.4g}' for name in losses)} |" for line in shown]
    counts = ", ".join(f"{name} ({count})" for name, count in job.data.counts.items())
    said = licence or "unknown: nobody said it"
    settings = ", ".join(f"{name} {value}" for name, value in {**job.settings, **training.decisive}.items())
    return "\n".join(
        [
            "---",
            yaml.safe_dump(meta, sort_keys=False).strip(),
            "---",
            "",
            f"# A {job.kind} model of {len(job.data.classes)} classes",
            "",
            f"Draws images of {job.data.size}x{job.data.size} pixels, {job.data.channels} channel(s), by class.",
            f"Fitted with hfaug {hfaug.__version__}: {settings}, {training.steps} steps.",
            "",
            f"**Learnt from** {len(job.data)} images, digest `{job.data.digest}`, licence {said}. Classes: {counts}.",
            "",
            "What it draws may resemble what it learnt from; check for copies before you publish samples.",
            "",
            *dict.fromkeys(table),
            "",
        ]
    )
