"""What no op touches stays bit-identical: through augment, build, release and reload."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Audio, ClassLabel, Dataset, Features, Image, List, Value, load_dataset

import hfaug
from hfaug.ops.image import Rotate
from hfaug.ops.text import SwapChars
from hfaug.recipe import parse_recipe
from hfaug.recipe.build import build
from hfaug.release.of_recipe import release_build

FEATURES = Features(
    {
        "jpeg": Image(),
        "png": Image(),
        "webp": Image(),
        "wav": Audio(),
        "flac": Audio(),
        "text": Value("string"),
        "label": ClassLabel(names=["a", "b"]),
        "nested": {
            "words": List(Value("string")),
            "deep": List({"value": Value("float64"), "note": Value("large_string")}),
        },
    }
)
MEDIA = ("jpeg", "png", "webp", "wav", "flac")


def picture(form: str, number: int) -> bytes:
    """An encoded image."""
    from PIL import Image as Pillow

    pixels = np.random.default_rng(number).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    sink = io.BytesIO()
    Pillow.fromarray(pixels).save(sink, form, **({"quality": 83} if form == "JPEG" else {}))
    return sink.getvalue()


def sound(form: str, number: int) -> bytes:
    """An encoded sound."""
    import soundfile

    sink = io.BytesIO()
    soundfile.write(sink, np.random.default_rng(number).uniform(-0.5, 0.5, 800), 8000, format=form, subtype="PCM_16")
    return sink.getvalue()


@pytest.fixture
def rows() -> Dataset:
    """Six rows with every kind of column."""
    numbers = range(6)
    columns: dict[str, list[Any]] = {
        "jpeg": [{"bytes": picture("JPEG", n), "path": f"{n}.jpg"} for n in numbers],
        "png": [{"bytes": picture("PNG", n), "path": None} for n in numbers],
        "webp": [{"bytes": picture("WEBP", n), "path": None} for n in numbers],
        "wav": [{"bytes": sound("WAV", n), "path": None} for n in numbers],
        "flac": [{"bytes": sound("FLAC", n), "path": None} for n in numbers],
        "text": [f"a rather long line of text, number {n} é\u0301 👩‍🚀" for n in numbers],
        "label": [n % 2 for n in numbers],
        "nested": [
            {"words": ["x"] * n, "deep": [{"value": n / 3, "note": None}, {"value": None, "note": "n"}]}
            for n in numbers
        ],
    }
    schema = FEATURES.arrow_schema
    import pyarrow as pa

    return Dataset(pa.table([pa.array(columns[f.name], type=f.type) for f in schema], schema=schema))


def stored(data: Dataset) -> list[dict[str, Any]]:
    """Rows as they are stored, without what a reader may decode."""
    bare = Features(
        {name: type(f)(decode=False) if isinstance(f, (Image, Audio)) else f for name, f in data.features.items()}
    )
    return [dict(row) for row in data.cast(bare)]


def bytes_only(row: dict[str, Any]) -> dict[str, Any]:
    """A row with media by their bytes: where a file lay is no part of it."""
    return {name: row[name]["bytes"] if name in MEDIA else row[name] for name in FEATURES}


@pytest.mark.parametrize(
    ("op", "touched"),
    [(SwapChars(share=1).on(text="text"), {"text"}), (Rotate().on(image="jpeg", keep=("png", "webp")), {"jpeg"})],
)
def test_augment_leaves_everything_else_as_it_was(rows: Dataset, op: hfaug.Op, touched: set[str]) -> None:
    """Originals are equal in every column, copies in every column but the one that the op changes."""
    made = stored(hfaug.augment(rows, op, copies=2))
    before = [bytes_only(row) for row in stored(rows)]
    assert [bytes_only(row) for row in made[:6]] == before
    for number, row in enumerate(made[6:]):
        after, source = bytes_only(row), before[number // 2]
        assert {name for name in FEATURES if after[name] != source[name]} == touched


def test_build_release_and_reload_leave_originals_as_they_were(rows: Dataset, tmp_path: Path) -> None:
    """From a Parquet file through stages, a release and a plain reader: the same bytes."""
    rows.to_parquet(tmp_path / "rows.parquet")
    text = """
name: kept
source: {path: parquet, data_files: rows.parquet, license: cc0-1.0}
columns: {image: jpeg, keep: [png, webp]}
steps: [augment: {ops: image.rotate}]
"""
    release_build(build(parse_recipe(text, tmp_path), tmp_path / "work", progress=False), tmp_path / "out")
    back = stored(load_dataset(str(tmp_path / "out" / "v1.0.0"), split="train"))
    before = [bytes_only(row) for row in stored(rows)]
    assert [bytes_only(row) for row in back[:6]] == before
    for row, source in zip(back[6:], before, strict=True):
        after = bytes_only(row)
        assert {name for name in FEATURES if after[name] != source[name]} == {"jpeg"}
    assert all(str(tmp_path) not in str(row["jpeg"]["path"]) for row in back)
