"""Fitting small generators: what is learnt is saved, loaded and drawn from; a broken-off training goes on exactly."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset
from safetensors.torch import load_file

import hfaug
from hfaug import media
from hfaug.backends import registry
from hfaug.errors import ModelError, ParameterError, RoleError
from hfaug.fit.folder import ModelFolder
from hfaug.fit.images import read_images
from hfaug.fit.latents import class_gaussians
from tests.fit.conftest import TINY, fitted
from tests.house.source import ROOT


def weights(folder):
    """Every weight of a model, by file."""
    return {str(path.relative_to(folder)): load_file(path) for path in sorted(folder.rglob("*.safetensors"))}


def same(some, others):
    return some.keys() == others.keys() and all(
        torch.equal(some[name][key], others[name][key]) for name in some for key in some[name]
    )


def test_a_fitted_model_draws_labelled_rows(model, some_digits):
    """The folder is all that the op needs; images have the form of those it learnt from."""
    asked = hfaug.with_ids(some_digits.select_columns(["label"]).select(range(6)))
    made = asked.map(hfaug.ops.image.Sample(model=str(model)), batched=True, load_from_cache_file=False)
    assert made["label"] == asked["label"]
    assert {row["origin"] for row in made["provenance"]} == {"synthetic"}
    assert {(*image.size, image.mode) for image in made["image"]} == {(16, 16, "L")}
    assert len({image.tobytes() for image in made["image"]}) == 6


def test_the_folder_is_a_pipeline_of_diffusers(model):
    """Its class loads it, and it says which classes it knows."""
    from hfaug.backends import sampling_pipelines

    index = json.loads((model / "model_index.json").read_text())
    pipe = getattr(sampling_pipelines, index["_class_name"]).from_pretrained(model)
    assert pipe.labels == {str(digit): digit for digit in range(10)}
    (image,) = pipe([3], generator=torch.Generator().manual_seed(0)).images
    assert image.size == (16, 16)


def test_the_card_says_what_was_learnt(model, some_digits):
    card = (model / "README.md").read_text()
    assert "library_name: diffusers" in card
    assert f"from** 60 images, digest `{read_images(some_digits, who='x', size=16).digest}`" in card
    assert "licence unknown" in card
    assert "| step |" in card


def test_samples_are_drawn_on_the_way(model):
    sheet = media.decode_image((model / "samples" / "step-000004.png").read_bytes()).array
    assert sheet.shape == (10 * 18 - 2, 8 * 18 - 2, 1)


@pytest.mark.parametrize("kind", TINY)
def test_a_broken_off_training_ends_with_the_weights_of_a_whole_one(kind, some_digits, tmp_path):
    """Stopped after two steps of four: the same weights, the same log, to the last bit."""
    whole = fitted(kind, some_digits, tmp_path / "whole")
    fitted(kind, some_digits, tmp_path / "part", steps=2)
    part = fitted(kind, some_digits, tmp_path / "part", steps=4)
    assert same(weights(whole), weights(part))
    logs = [[line | {"seconds_a_step": 0} for line in ModelFolder(folder, "x").lines()] for folder in (whole, part)]
    assert logs[0] == logs[1]
    assert [line["step"] for line in logs[0]] == [1, 2, 3, 4]


KILLED = """
import sys
from datasets import load_from_disk
from hfaug import fit
from hfaug.fit.folder import ModelFolder
if sys.argv[3] == "slowly":
    import time
    log = ModelFolder.log
    ModelFolder.log = lambda self, line: (log(self, line), time.sleep(0.3))
fit.diffusion(load_from_disk(sys.argv[1]), out=sys.argv[2], size=16, channels=(8, 16), layers=1, steps=6, batch_size=8,
              sample_every=0, checkpoint_every=2, log_every=1)
"""


def test_a_killed_training_ends_with_the_weights_of_a_whole_one(some_digits, tmp_path):
    """kill -9 in the middle of a step, in a process of its own."""
    some_digits.save_to_disk(tmp_path / "data")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def begin(out, pace):
        words = [sys.executable, "-c", KILLED, str(tmp_path / "data"), str(tmp_path / out), pace]
        return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    folder = ModelFolder(tmp_path / "part", "x")
    with begin("part", "slowly") as killed:
        limit = time.monotonic() + 200
        while not (folder.lines() and folder.lines()[-1]["step"] >= 3):
            assert killed.poll() is None, killed.stdout.read().decode()
            assert time.monotonic() < limit
            time.sleep(0.02)
        killed.send_signal(signal.SIGKILL)
    assert folder.steps()[-1] in {2, 4}
    assert not (tmp_path / "part" / "model_index.json").exists()
    for out in ("part", "whole"):
        with begin(out, "fast") as done:
            said = done.communicate()[0].decode()
        assert done.returncode == 0, said
    assert same(weights(tmp_path / "part"), weights(tmp_path / "whole"))


def test_parts_of_a_batch_and_settings_that_decide_nothing(some_digits, tmp_path):
    """Checkpoints, log and samples may change on the way; what decides the weights may not."""
    said = {"accumulate": 2, "augment": hfaug.ops.image.Flip()}
    out = fitted("gan", some_digits, tmp_path / "m", **said)
    fitted(
        "gan",
        some_digits,
        tmp_path / "m",
        accumulate=2,
        augment=hfaug.ops.image.Flip(),
        steps=5,
        checkpoint_every=1,
        keep=1,
    )
    assert ModelFolder(out, "x").steps() == [5]
    with pytest.raises(ParameterError, match=r"holds another: seed was 0, is 1; choose another folder"):
        fitted("gan", some_digits, out, **said, seed=1)
    with pytest.raises(ParameterError, match=r"steps must be at least what is done, .* is at step 5, steps was 4"):
        fitted("gan", some_digits, out, **said)
    with pytest.raises(ParameterError, match="holds another: kind was 'gan', is 'vae'"):
        fitted("vae", some_digits, out)


def test_the_model_has_the_average_of_the_weights(some_digits, tmp_path):
    """With a share of 0 the average is the newest weights; with 0.99 it is neither these nor the first."""
    moved = {}
    for decay in (0.0, 0.99):
        out = fitted("vae", some_digits, tmp_path / str(decay), ema_decay=decay)
        newest = ModelFolder(out, "x").load(4, "cpu")["parts"]["vae"]
        saved = load_file(out / "vae" / "diffusion_pytorch_model.safetensors")
        moved[decay] = max(float((newest[name] - saved[name]).abs().max()) for name in saved)
    assert moved[0.0] < 1e-7
    assert moved[0.99] > 1e-6


def test_a_disk_that_is_full_keeps_what_was_saved(some_digits, tmp_path, monkeypatch):
    """The error says so; with room again the training goes on."""
    fitted("gan", some_digits, tmp_path / "m", steps=2)
    replace = os.replace

    def no_room(source, target):
        if target.name == "step-000004.pt":
            raise OSError(28, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("hfaug.fit.folder.os.replace", no_room)
        with pytest.raises(ModelError, match=r"checkpoint of step 4 .* No space left on device; .* step 2 is kept"):
            fitted("gan", some_digits, tmp_path / "m")
    whole = fitted("gan", some_digits, tmp_path / "whole")
    assert same(weights(fitted("gan", some_digits, tmp_path / "m")), weights(whole))
    assert not list((tmp_path / "m" / ".training").glob(".*.part"))


def test_memory_that_runs_out_says_what_to_do(some_digits, tmp_path, monkeypatch):
    from hfaug.fit.gan_model import GANJob

    def too_much(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(GANJob, "_made", too_much)
    with pytest.raises(ModelError, match="4 images at once must fit into memory, did not; raise accumulate"):
        fitted("gan", some_digits, tmp_path / "m", accumulate=2)


def test_a_training_that_was_killed_before_it_began_can_begin(some_digits, tmp_path):
    """Of all that is written first only the hidden folder was there."""
    (tmp_path / "m" / ".training").mkdir(parents=True)
    assert (fitted("gan", some_digits, tmp_path / "m") / "model_index.json").is_file()


def test_a_folder_of_something_else_is_left_alone(some_digits, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ParameterError, match="holds something else; choose another folder"):
        fitted("vae", some_digits, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("log_every", [1, 100])
def test_broken_weights_are_never_saved(log_every, some_digits, tmp_path, monkeypatch):
    """Whether or not the step's losses are logged; what was saved before is whole."""
    from hfaug.fit.vae_model import VAEJob

    losses, steps = VAEJob._losses, []

    def breaking(self, batch):
        steps.append(0)
        found = losses(self, batch)
        return {name: value * (float("nan") if len(steps) == 3 else 1) for name, value in found.items()}

    monkeypatch.setattr(VAEJob, "_losses", breaking)
    with pytest.raises(
        ParameterError, match=r"must be numbers, .* at step [34]; lower learning_rate, .*step 2 is kept"
    ):
        fitted("vae", some_digits, tmp_path / "m", log_every=log_every)
    assert ModelFolder(tmp_path / "m", "x").steps() == [2]
    state = ModelFolder(tmp_path / "m", "x").load(2, "cpu")
    assert all(weight.isfinite().all() for weight in state["parts"]["vae"].values())
    assert not (tmp_path / "m" / "model_index.json").exists()


def test_one_process_has_one_precision(some_digits, tmp_path):
    """Accelerate keeps the first one it is asked for; the error says which."""
    fitted("gan", some_digits, tmp_path / "m")
    with pytest.raises(ParameterError, match=r"mixed_precision must stay 'no', .*, was 'bf16'; say 'no', or"):
        fitted("gan", some_digits, tmp_path / "other", mixed_precision="bf16")


# ---- what is drawn


def test_a_class_of_few_images_has_a_shape_of_its_own():
    """Its mean, and a covariance between its own and that of all."""
    rng = np.random.default_rng(0)
    many = rng.normal(0, [1, 1, 3], (500, 3))
    few = rng.normal([5, 5, 5], [2, 1, 1], (4, 3))
    points = torch.tensor(np.concatenate([many, few]))
    means, factors = class_gaussians(points, [0] * 500 + [1] * 4, 3, torch.zeros(3))
    covariances = factors @ factors.mT
    assert np.allclose(means[1], few.mean(0))
    assert np.allclose(means[2], points.mean(0))  # a class without images
    assert np.allclose(covariances[0].diagonal(), [1, 1, 9], rtol=0.2)
    own = torch.tensor(np.cov(few.T, bias=True)).diagonal()
    assert ((covariances[1].diagonal() - own) * (covariances[0].diagonal() - covariances[1].diagonal()) >= -1e-3).all()


def test_an_image_depends_on_its_class_and_seed_alone(model):
    """Alone, in parts, in another order, with one thread and with three."""
    backend = registry.image_sampler(str(model), device="cpu")
    names, seeds = ["1", "7", "1", "0", "9"], [5, 6, 7, 8, 9]
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        together = backend.sample(names, seeds)
        torch.set_num_threads(1)
        alone = [backend.sample([name], [seed])[0] for name, seed in zip(names, seeds, strict=True)]
    finally:
        torch.set_num_threads(before)
    back = backend.sample(names[::-1], seeds[::-1])[::-1]
    assert backend.determinism == "row"
    for one, two, three in zip(together, alone, back, strict=True):
        assert np.array_equal(one, two)
        assert np.array_equal(one, three)
    assert not np.array_equal(together[0], together[2])


def test_classes_are_matched_by_name(model, some_digits):
    """A dataset may number its classes otherwise; one that the model does not know is named."""
    backend = registry.image_sampler(str(model))
    names = [str(digit) for digit in range(9, -1, -1)]
    asked = hfaug.with_ids(Dataset.from_dict({"label": [9, 2]}).cast_column("label", ClassLabel(names=names)))
    op = hfaug.ops.image.Sample(model=str(model))
    made = asked.map(op, batched=True, load_from_cache_file=False)
    assert [asked.features["label"].int2str(label) for label in made["label"]] == ["0", "7"]
    with pytest.raises(ParameterError, match=r"classes must be among 0, 1, .*, got cat; ask for what it knows"):
        backend.sample(["0", "cat"], [1, 2])
    with pytest.raises(RoleError, match=r"needs the column that names the class, since .* knows 10 classes"):
        op(hfaug.with_ids(Dataset.from_dict({"number": [1]})).with_format("arrow")[:])


@pytest.mark.parametrize("kind", TINY)
def test_a_class_without_images_is_not_drawn(kind, some_digits, tmp_path):
    """Nothing was learnt of it: what came out would be anything, under its name."""
    data = some_digits.filter(lambda label: label != 3, input_columns="label")
    backend = registry.image_sampler(str(fitted(kind, data, tmp_path / "m", sample_every=4)), device="cpu")
    assert backend.classes == {str(digit): digit for digit in range(10) if digit != 3}
    with pytest.raises(ParameterError, match=r"classes must be among 0, 1, 2, 4, .*, got 3"):
        backend.sample(["3"], [0])


def test_rows_without_a_class_are_rejected(model):
    rows = Dataset.from_dict({"label": [1, None, -1]}).cast_column("label", ClassLabel(names=["0", "1"]))
    table = hfaug.with_ids(rows).with_format("arrow")[:]
    _, rejects = hfaug.ops.image.Sample(model=str(model)).run_table(table, hfaug.with_ids(rows).features)
    assert rejects == {"no class": 2}
