"""Images by diffusion: through the engine, against the bare pipeline in a loop at its best batch and row by row.

Every row has a prompt of its own, so that nobody gains by encoding fewer. The bare loop keeps its images in memory; the
engine's are encoded as PNG, written as units, and can be resumed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import datasets
import torch

from hfaug.engine import RowsStep, Stage, run
from hfaug.ops.image import ImageToImage, Sample, TextToImage
from hfaug.recipe.steps import op_stage
from tests.benchmarks import environment
from tests.benchmarks.engines import Drawer, Sampler
from tests.benchmarks.report import Line, at_least
from tests.benchmarks.timing import Case, interleave

ROWS, FEW, ROUNDS, STEPS = 32, 4, 3, 4
BATCHES = (1, 4, 8, 16)
LIKE_BARE, OVER_NAIVE = at_least(0.97), at_least(2)

_COLOURS = ("red", "green", "blue", "yellow", "orange", "purple", "pink", "brown")


def measure() -> list[Line]:
    """Text to image, image to image, and images of classes, on all cores."""
    with environment.all_cores() as cores:
        before = torch.get_num_threads()
        torch.set_num_threads(cores)
        try:
            return [*_measured(cores), *_of_classes(cores)]
        finally:
            torch.set_num_threads(before)


def _measured(cores: int) -> list[Line]:
    engine = Drawer(STEPS)
    prompts = [f"a {_COLOURS[n % 8]} {n % 10} on a {_COLOURS[n // 8 % 8]} background" for n in range(ROWS)]
    rows = datasets.Dataset.from_dict({"prompt": prompts})
    text = TextToImage(model=Drawer.folder, steps=STEPS)
    best = _best_batch(engine, prompts)
    cases = [
        Case("bare", lambda: _bare(engine, prompts, best), ROWS),
        Case("op", lambda: _through_engine(text, rows), ROWS),
        Case("naive", lambda: rows.select(range(FEW)).map(_one_by_one(engine), new_fingerprint=_fresh()), FEW),
    ]
    times = interleave(cases, ROUNDS)
    note = f"{STEPS} steps of a small model in float32 on {cores} cores"
    lines = [
        Line(
            "diffusion",
            f"bare loop at its best batch ({best}) / engine",
            times.ratio("bare", "op"),
            LIKE_BARE,
            note=note,
        ),
        Line("diffusion", "a map of one prompt a row / engine", times.ratio("naive", "op"), OVER_NAIVE, note=note),
    ]
    return [*lines, *_from_images(engine, rows)]


def _from_images(engine: Drawer, rows: datasets.Dataset) -> list[Line]:
    """Drawing from images takes its share of the steps."""
    drawn = rows.map(TextToImage(model=Drawer.folder, steps=2), batched=True)
    varied = ImageToImage(model=Drawer.folder, steps=STEPS, strength=(0.5, 0.5)).on(image="image")
    plain = TextToImage(model=Drawer.folder, steps=STEPS, column="again")
    cases = [
        Case("half", lambda: _through_engine(varied, drawn), ROWS),
        Case("whole", lambda: _through_engine(plain, drawn), ROWS),
    ]
    times = interleave(cases, ROUNDS)
    return [Line("diffusion", "text to image / image to image at strength 0.5", times.ratio("whole", "half"))]


def _of_classes(cores: int) -> list[Line]:
    """A model such as `hfaug fit diffusion` makes, with random weights."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Sampler(folder, STEPS)
        classes = [number % Sampler.classes for number in range(ROWS)]
        rows = datasets.Dataset.from_dict({"label": classes}).cast_column("label", engine.feature)
        op = Sample(model=folder, steps=STEPS)
        best = _best_batch(engine, classes)
        cases = [
            Case("bare", lambda: _bare(engine, classes, best), ROWS),
            Case("op", lambda: _through_engine(op, rows), ROWS),
            Case("naive", lambda: _bare(engine, classes, 1), ROWS),
        ]
        times = interleave(cases, ROUNDS)
    note = f"{STEPS} steps at 32x32 in float32 on {cores} cores"
    like_bare, over_naive = f"bare sampler at its best batch ({best}) / engine", "a loop of one image a call / engine"
    return [
        Line("diffusion", like_bare, times.ratio("bare", "op"), LIKE_BARE, note=note),
        Line("diffusion", over_naive, times.ratio("naive", "op"), note=note),
    ]


def _best_batch(engine: Drawer | Sampler, rows: Sequence[Any]) -> int:
    """The batch at which the bare loop is fastest here."""
    cases = [Case(str(size), lambda size=size: _bare(engine, rows, size)) for size in BATCHES]
    times = interleave(cases, 2)
    return min(BATCHES, key=lambda size: min(times.wall[str(size)]))


def _bare(engine: Drawer | Sampler, rows: Sequence[Any], size: int) -> None:
    for start in range(0, len(rows), size):
        engine.draw(rows[start : start + size])


def _through_engine(op: Any, rows: datasets.Dataset) -> None:
    """All rows as a stage of a build: units, files, a record."""
    source = Stage(RowsStep("requests", _fresh(), lambda: rows))
    with tempfile.TemporaryDirectory() as folder:
        done = run(op_stage("draw", op, source, rows.features), folder, progress=False)
        assert len(done.view) == len(rows)


def _one_by_one(engine: Drawer) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {"image": engine.draw([row["prompt"]])[0]}


def _fresh() -> str:
    """A name that was never used, so that nothing is taken from a cache."""
    import secrets

    return secrets.token_hex(8)
