"""From a dataset to the folder of a fitted generator: what is the same for every kind."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Dataset, DatasetDict

from hfaug.backends.loading import import_extra, quiet
from hfaug.calls import check_fields
from hfaug.engine import world
from hfaug.errors import ParameterError
from hfaug.fit.augmenting import Augmenter
from hfaug.fit.card import card
from hfaug.fit.folder import HIDDEN, ModelFolder
from hfaug.fit.images import TrainingImages, read_images
from hfaug.fit.job import Job
from hfaug.fit.loop import Loop
from hfaug.fit.privacy import plan_privacy
from hfaug.fit.training import Training

__all__ = ["fit"]


def fit(
    make: Callable[[TrainingImages], Job],
    data: Dataset | DatasetDict,
    kind: str,
    out: str | os.PathLike[str],
    size: int,
    columns: Mapping[str, Any],
    licence: str | None,
    training: Mapping[str, Any],
) -> Path:
    """Fit a generator and save it.

    Args:
        make: The job, from the images.
        data: A dataset, or several splits.
        kind: What is fitted, for errors and the card.
        out: Folder of the model.
        size: Height and width in pixels.
        columns: ``image``, ``label`` and ``split``.
        licence: Licence of the data.
        training: Fields of :class:`hfaug.fit.Training`.

    Returns:
        The folder.
    """
    check_fields(Training, (), training)
    chosen = Training(**training)
    for package in ("torch", "diffusers", "accelerate"):
        import_extra(package, "fit")
    folder = ModelFolder(out, f"fit {kind}")
    images = read_images(data, who=f"fit {kind}", size=size, **columns)
    job = make(images)
    _promise(job, chosen)
    promised = {} if job.privacy is None else dataclasses.asdict(job.privacy)
    if chosen.augment is not None:
        job.augmenter = Augmenter(chosen.augment, images, f"fit {kind}", chosen.seed, alone=job.privacy is not None)
    facts = {"kind": kind, "size": size, "data": images.digest, **job.settings, **chosen.decisive, **promised}
    facts |= {} if job.augmenter is None else job.augmenter.facts
    folder.check(facts)
    world(spawns=False)
    with quiet("diffusers"):
        loop = Loop(job, folder, chosen)
        if loop.accelerator.is_main_process:
            folder.begin(facts)
        loop.accelerator.wait_for_everyone()
        loop.run()
        if loop.accelerator.is_main_process:
            with loop.averaged():
                folder.publish(job.entry, lambda path: _write(job, path, card(job, chosen, folder, licence)))
        loop.accelerator.wait_for_everyone()
    return folder.path


def _promise(job: Job, chosen: Training) -> None:
    """Give a job its promise of privacy, if one is asked for."""
    if chosen.epsilon is None or chosen.delta is None or chosen.max_grad_norm is None:
        return
    label = job.data.label
    if not isinstance(job.data.rows.features[label], ClassLabel):
        raise ParameterError(
            f"fit {job.kind}: label must be a ClassLabel beside epsilon, since the names of its classes are told, "
            f"{label!r} is not; name all that there may be: ds.cast_column({label!r}, ClassLabel(names=[...]))"
        )
    images, steps = len(job.data), chosen.steps
    job.privacy = plan_privacy(
        chosen.epsilon, chosen.delta, chosen.max_grad_norm, chosen.batch_size, images, steps, releases=job.releases
    )


def _write(job: Job, path: Path, text: str) -> None:
    job.write(path)
    (path / "README.md").write_text(text, encoding="utf-8")
    (path / ".gitignore").write_text(f"{HIDDEN}/\n", encoding="utf-8")  # the Hub's client heeds it, too
