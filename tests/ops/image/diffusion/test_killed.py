"""Builds of every op that draws from images: the same bytes by any number of processes, and after kill -9."""

import hashlib
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Image, List, Value

from hfaug import media, provenance
from hfaug.recipe import load_recipe
from hfaug.recipe.build import build
from tests import tiny_diffusion
from tests.recipe.test_build import run_ranks

ROWS = 72
OPS = {
    "image_to_image": ("label", "{model: ./sd, steps: 4, prompt: 'a {{ label }}'}"),
    "vary": ("label", "{model: ./sd, steps: 2, adapter: ./sd-ip/ip-adapter.safetensors, scale: 0.7}"),
    "control_to_image": ("mask", "{model: ./sd, steps: 2, prompt: a thing, controlnet: ./controlnet}"),
    "inpaint": ("mask", "{model: ./sd, steps: 2, prompt: '{{ place }}', attributes: {place: [sand, snow]}}"),
    "add_object": ("objects", "{model: ./sd, steps: 2, area: [0.1, 0.2]}"),
}
"""What each op is tried on, beside the image, and how."""
KILLED = """
import os, signal, sys
from hfaug.backends import diffusion
from hfaug.recipe import load_recipe
from hfaug.recipe.build import build
put, drawn = diffusion._Board.put, []
def killing(self, row, image):
    put(self, row, image)
    drawn.append(row)
    if len(drawn) == 40:
        os.kill(os.getpid(), signal.SIGKILL)
diffusion._Board.put = killing
build(load_recipe("recipe.yaml"), "killed", progress=False)
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A tiny pipeline with all that is laid over it."""
    folder = tmp_path_factory.mktemp("killed")
    tiny_diffusion.build("sd", folder)
    tiny_diffusion.controlnet(folder)
    tiny_diffusion.ip_adapter("sd", folder)
    return folder


def stored(array, form="PNG"):
    like = media.Picture(array, format=form, lossless=form == "PNG")
    return {"bytes": media.encode_image(array, like=like), "path": None}


def rows(column):
    """Small images, every other one a JPEG, with a mask or boxes."""
    rng = np.random.default_rng(0)
    disc = np.zeros((16, 24, 1), np.uint8)
    disc[4:10, 6:14] = 1
    columns = {
        "image": [stored(rng.integers(0, 256, (16, 24, 3), np.uint8), ("PNG", "JPEG")[n % 2]) for n in range(ROWS)],
        "label": [n % 2 for n in range(ROWS)],
        "mask": [stored(np.roll(disc, n % 8, axis=1)) for n in range(ROWS)],
        "objects": [{"bbox": [[n % 8, 2, 5, 5]], "category": [n % 2]} for n in range(ROWS)],
    }
    kinds = ClassLabel(names=["cat", "dog"])
    boxes = {"bbox": List(List(Value("float32"), length=4)), "category": List(kinds)}
    features = {"image": Image(), "label": kinds, "mask": Image(), "objects": boxes}
    kept = list(dict.fromkeys(["image", "label", column]))
    return Dataset.from_dict({n: columns[n] for n in kept}, features=Features({n: features[n] for n in kept}))


def content(data):
    """One digest over all rows in their order, the bytes of images and the lineage among them."""
    digest = hashlib.sha256()
    for row in data.with_format("arrow")[:].to_pylist():
        digest.update(json.dumps(row, sort_keys=True, default=bytes.hex).encode())
    return digest.hexdigest()


def units(folder):
    """What was published of the stage that draws: when, by the path."""
    paths = [path for path in folder.rglob("*") if path.is_file() and "augment" in str(path.relative_to(folder))]
    return {path: path.stat().st_mtime_ns for path in paths if path.suffix == ".arrow"}


@pytest.mark.slow
@pytest.mark.parametrize("name", OPS)
def test_a_build_gives_the_same_bytes_by_any_processes_and_after_a_kill(name, models, tmp_path):
    column, fields = OPS[name]
    for path in models.iterdir():
        (tmp_path / path.name).symlink_to(path)
    rows(column).to_parquet(tmp_path / "rows.parquet")
    (tmp_path / "recipe.yaml").write_text(
        "name: drawn\nsource: {path: parquet, data_files: rows.parquet}\n"
        + ("columns: {boxes: objects.bbox, box_format: coco}\n" if column == "objects" else "")
        + f"steps:\n- augment: {{ops: [image.{name}: {fields}]}}\n"
    )
    recipe = load_recipe(tmp_path / "recipe.yaml")
    alone = build(recipe, tmp_path / "alone", progress=False).splits["train"]
    origins = [entry["origin"] for entry in alone[provenance.COLUMN]]
    assert origins.count("synthetic") == ROWS
    expected = content(alone)
    for count in (2, 3):
        assert run_ranks(tmp_path, count) == [0] * count
        assert content(build(recipe, tmp_path / "shared", progress=False).splits["train"]) == expected
        (tmp_path / "shared").rename(tmp_path / f"by{count}")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=tmp_path, env=dict(os.environ), check=False, timeout=300
    )
    assert killed.returncode == -signal.SIGKILL
    before = units(tmp_path / "killed")
    again = build(recipe, tmp_path / "killed", progress=False)
    assert content(again.splits["train"]) == expected
    after = units(tmp_path / "killed")
    assert before
    assert set(before) < set(after)
    assert all(after[path] == when for path, when in before.items())  # what was drawn is not drawn again
