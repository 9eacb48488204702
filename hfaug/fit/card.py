"""The card of a fitted generator."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import yaml

from hfaug.fit.folder import ModelFolder
from hfaug.fit.job import Job
from hfaug.fit.privacy import Privacy
from hfaug.fit.training import Training

__all__ = ["card"]

_SHOWN = 8
"""Lines of the log that the card shows."""


def card(job: Job, training: Training, folder: ModelFolder, licence: str | None) -> str:
    """The card of a model, as Markdown with its metadata in front.

    Under a promise of privacy it leaves out what was not made private: losses, the data's digest, counts of classes.

    Args:
        job: What was fitted, with its images.
        training: How.
        folder: Where, with its log.
        licence: Licence of the data; None where nobody said it.
    """
    import hfaug

    meta: dict[str, Any] = {} if licence is None else {"license": licence}
    meta |= {"library_name": "diffusers", **job.meta}
    data, private = job.data, job.privacy
    said = {**job.settings, **training.decisive}
    op = said.pop("augment")
    settings = ", ".join(f"{name} {value}" for name, value in said.items())
    counts = [f"{name} ({count})" for name, count in data.counts.items()] if private is None else data.classes
    digest = "" if private is not None else f", digest `{data.digest}`"
    learnt = f"{len(data)} images{digest}, licence {licence or 'unknown: nobody said it'}. Classes: {', '.join(counts)}"
    parts = [
        "\n".join(["---", yaml.safe_dump(meta, sort_keys=False).strip(), "---"]),
        f"# A {job.kind} model of {len(data.classes)} classes",
        f"Draws images of {data.size}x{data.size} pixels, {data.channels} channel(s), by class.",
        f"Fitted with hfaug {hfaug.__version__}: {settings}, {training.steps} steps.",
        f"**Learnt from** {learnt}.",
        "" if op is None else f"**Augmented**: each image was seen through `{json.dumps(op)}`; samples look like that.",
        _warning() if private is None else _promise(private),
        _curve(folder.lines()) if private is None else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _warning() -> str:
    return "What it draws may resemble what it learnt from; check for copies before you publish samples."


def _promise(privacy: Privacy) -> str:
    released = (
        ""
        if privacy.release is None
        else " What is known of the latents of each class was released once, at the end, "
        f"by a Gaussian mechanism with noise {privacy.release:.4g}; the same account holds it."
    )
    return (
        f"**Differential privacy**: ({privacy.epsilon!r}, {privacy.delta!r})-DP for adding or taking "
        "away one image, by DP-SGD (account: Opacus, Renyi): gradients of single images cut to "
        f"{privacy.max_grad_norm:g}, noise {privacy.noise:.4g} times that, each image in a step with chance "
        f"{privacy.share:.4g}, {privacy.steps} steps.{released} The number of images, whether they have colours, and "
        "the names of the classes count as known. The seed draws the first weights, and for what sees no image; images "
        "and noise were drawn by one that nobody keeps."
    )


def _curve(lines: Sequence[dict[str, Any]]) -> str:
    """Losses from the first line of the log to the last, as a table."""
    losses = [name for name in (lines[0] if lines else {}) if name.endswith("loss")]
    if not losses:
        return ""
    shown = [*lines[:: -(-len(lines) // _SHOWN)], lines[-1]]
    rows = {line["step"]: " | ".join(f"{line[name]:.4g}" for name in losses) for line in shown}
    head = [f"| step | {' | '.join(losses)} |", f"|{' --- |' * (len(losses) + 1)}"]
    return "\n".join([*head, *(f"| {step} | {told} |" for step, told in rows.items())])
