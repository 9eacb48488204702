"""Models: back-translation and text to image, against their engines driven alone and against one call a row."""

from __future__ import annotations

import importlib
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import datasets
import pyarrow as pa

from hfaug.op import Op
from tests.benchmarks import environment
from tests.benchmarks.photos import on_disk
from tests.benchmarks.report import Line, at_least
from tests.benchmarks.sentences import sentences
from tests.benchmarks.timing import Case, interleave

ROWS, FEW, ROUNDS, STEPS = 32, 4, 3, 4
LIKE_ENGINE, OVER_NAIVE = at_least(0.95), at_least(4)

_COLOURS = ("red", "green", "blue", "yellow", "orange", "purple", "pink", "brown")


def measure() -> list[Line]:
    """Both kinds; one that is not there says so."""
    return [*_translating(), *_drawing()]


def _translating() -> list[Line]:
    op = _op("hfaug.ops.text.back_translate", "BackTranslate")
    if op is None:
        return [Line("models", "back-translation", None, LIKE_ENGINE, note="hfaug has no BackTranslate yet")]
    from tests.benchmarks.engines import Translator

    engine, texts = Translator(), sentences(ROWS)
    rows, few = _stored("text", texts), _stored("text", texts[:FEW])
    ours = op(model=Translator.folder, pivots=("de",))
    cases = [
        Case("engine", lambda: engine.there_and_back(texts), ROWS),
        Case("op", lambda: rows.map(ours, batched=True), ROWS),
        Case("naive", lambda: _naive(few, lambda row: {"text": engine.there_and_back([row["text"]])[0]}), FEW),
    ]
    return _lines("back-translation", cases)


def _drawing() -> list[Line]:
    op = _op("hfaug.ops.image.text_to_image", "TextToImage")
    if op is None:
        return [Line("models", "text to image", None, LIKE_ENGINE, note="hfaug has no TextToImage yet")]
    from tests.benchmarks.engines import Drawer

    engine = Drawer(STEPS)
    prompts = [f"a {_COLOURS[number % 8]} {number % 10} on a white background" for number in range(ROWS // 2)]
    rows, few = _stored("prompt", prompts), _stored("prompt", prompts[:FEW])
    ours = op(model=Drawer.folder, steps=STEPS)
    cases = [
        Case("engine", lambda: engine.draw(prompts), len(prompts)),
        Case("op", lambda: rows.map(ours, batched=True), len(prompts)),
        Case("naive", lambda: _naive(few, lambda row: {"image": engine.draw([row["prompt"]])[0]}), FEW),
    ]
    return _lines("text to image", cases)


def _lines(name: str, cases: Sequence[Case]) -> list[Line]:
    environment.settle()
    times = interleave(cases, ROUNDS)
    return [
        Line("models", f"{name}: engine alone on the whole list / map", times.ratio("engine", "op"), LIKE_ENGINE),
        Line("models", f"{name}: a map of one row a call / map", times.ratio("naive", "op"), OVER_NAIVE),
    ]


def _naive(rows: datasets.Dataset, change: Callable[[dict[str, Any]], dict[str, Any]]) -> datasets.Dataset:
    """One call of the engine a row; hashing the model in the function, which takes a fixed time, is left out."""
    return rows.map(change, new_fingerprint=secrets.token_hex(8))


def _op(module: str, name: str) -> type[Op] | None:
    """The op, where this version has it."""
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("hfaug"):
            raise
        return None


def _stored(column: str, values: Sequence[str]) -> datasets.Dataset:
    return on_disk(datasets.Dataset(pa.table({column: list(values)})))
