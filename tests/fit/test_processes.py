"""Several processes: fitting under a launcher, and drawing the same images however many there are."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from safetensors.torch import load_file

from hfaug import ops
from hfaug.fit.folder import ModelFolder
from tests.fit.conftest import fitted
from tests.house.source import ROOT

FIT = """
import sys
from datasets import load_from_disk
from hfaug import fit, ops
fit.gan(load_from_disk(sys.argv[1]), out=sys.argv[2], size=16, channels=(8, 16), blocks=1, latent=8, steps=3,
        batch_size=8, sample_every=3, checkpoint_every=2, log_every=1, balanced=True,
        augment=ops.image.Rotate(degrees=(-20, 20)))
"""


def _environment(**more):
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true", **more}


def _port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


@pytest.mark.slow
def test_two_processes_share_a_batch(some_digits, tmp_path):
    """Each sees half of it, changed alike; the mean of their gradients is what one process finds in two parts."""
    some_digits.save_to_disk(tmp_path / "data")
    (tmp_path / "job.py").write_text(FIT)
    port = _port()
    told = []
    for rank in range(2):
        group = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
        group |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        words = [sys.executable, str(tmp_path / "job.py"), str(tmp_path / "data"), str(tmp_path / "m")]
        told.append(
            subprocess.Popen(words, env=_environment(**group), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        )
    for process in told:
        with process:
            said = process.communicate(timeout=300)[0].decode()
        assert process.returncode == 0, said
    said = {"balanced": True, "augment": ops.image.Rotate(degrees=(-20, 20))}
    alone = fitted("gan", some_digits, tmp_path / "alone", steps=3, accumulate=2, **said)
    lines = [ModelFolder(folder, "x").lines() for folder in (tmp_path / "m", alone)]
    assert [line["step"] for line in lines[0]] == [1, 2, 3]
    for one, other in zip(*lines, strict=True):
        assert {**one, "seconds_a_step": 0} == pytest.approx({**other, "seconds_a_step": 0}, rel=1e-3)
    file = "generator_network/diffusion_pytorch_model.safetensors"
    shared, whole = load_file(tmp_path / "m" / file), load_file(alone / file)
    assert max(float((shared[name] - whole[name]).abs().max()) for name in whole) < 1e-5


RECIPE = """
name: more-digits
version: 1.0.0
source: {{path: imagefolder, data_dir: {data}, license: cc-by-sa-3.0}}
steps:
  - synthesise:
      op: {{image.sample: {{model: {model}}}}}
      requests: {{column: label, count: 5}}
release: {{license: cc-by-sa-3.0}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("model", ["diffusion"], indirect=True)
def test_two_processes_draw_the_same_bytes_as_one(model, data_folder, tmp_path):
    """In a recipe, whose requests have no prompt."""
    from hfaug.recipe import load_recipe
    from hfaug.recipe.build import build

    (tmp_path / "r.yaml").write_text(RECIPE.format(data=data_folder / "digits", model=model))
    found = []
    for count in (1, 2):
        words = ["build", str(tmp_path / "r.yaml"), "--work", str(tmp_path / str(count)), "--processes", str(count)]
        words += ["--quiet", "--out", str(tmp_path / "out")]
        done = subprocess.run(
            [sys.executable, "-m", "hfaug", *words], env=_environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        rows = build(load_recipe(str(tmp_path / "r.yaml")), str(tmp_path / str(count))).splits["train"]
        made = [row for row in rows.with_format("arrow")[:].to_pylist() if row["provenance"]["origin"] == "synthetic"]
        found.append({row["provenance"]["id"]: (row["label"], row["image"]["bytes"]) for row in made})
    assert found[0] == found[1]
    assert len(found[0]) == 50
    assert np.bincount([label for label, _ in found[0].values()]).tolist() == [5] * 10
