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
from datasets import ClassLabel, Dataset, DatasetDict
from safetensors.torch import load_file

import hfaug
from hfaug import media
from hfaug.backends import registry
from hfaug.errors import CallError, ModelError, ParameterError, RoleError, RowError
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


@pytest.mark.parametrize(
    ("said", "error", "told"),
    [
        ({"size": 17}, ParameterError, "size must be a multiple of 2 for 2 levels"),
        ({"channels": (8, 12)}, ParameterError, "channels must be multiples of 8"),
        ({"stepps": 5}, ParameterError, "must not have the field 'stepps'; did you mean 'steps'"),
        ({"steps": 0}, ParameterError, "steps must be 1 or more, was 0"),
        ({"steps": 2.5}, ParameterError, r"steps must be a whole number, got 2\.5"),
        ({"size": 16.0}, ParameterError, r"fit diffusion: size must be a whole number, got 16\.0"),
        ({"size": True}, ParameterError, "size must be a whole number, got True"),
        ({"channels": 8}, ParameterError, r"channels must be a tuple, got 8; write \(8,\)"),
        ({"channels": (8, 16.0)}, ParameterError, r"channels must be a whole number, got 16\.0"),
        ({"layers": 1.5}, ParameterError, r"blocks must be a whole number, got 1\.5"),
        ({"free_share": "some"}, ParameterError, "free_share must be a number, got 'some'"),
        ({"learning_rate": "fast"}, ParameterError, "learning_rate must be a number, got 'fast'"),
        ({"seed": -1}, ParameterError, "seed must be 0 or more, was -1"),
        ({"balanced": 2}, ParameterError, "balanced must be"),
        ({"layers": 0}, ParameterError, "each level must have 1 block or more, had 0"),
        ({"batch_size": 9, "accumulate": 2}, ParameterError, "multiple of processes x accumulate"),
        ({"free_share": 1.5}, ParameterError, "free_share must be from 0"),
        ({"image": "label"}, RoleError, "image cannot be read from 'label'"),
        ({"label": "class"}, RoleError, "'class' is none of image, label"),
    ],
)
def test_what_does_not_fit_is_refused(said, error, told, some_digits, tmp_path):
    with pytest.raises(error, match=told):
        fitted("diffusion", some_digits, tmp_path / "m", **said)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("kind", "said", "told"),
    [
        ("vae", {"latent_channels": 1.0}, "latent_channels must be a whole number"),
        ("gan", {"latent": "8"}, "latent must be a whole number"),
        ("gan", {"gamma": None}, "gamma must be a number"),
    ],
)
def test_what_another_kind_takes_is_checked_too(kind, said, told, some_digits, tmp_path):
    with pytest.raises(ParameterError, match=told):
        fitted(kind, some_digits, tmp_path / "m", **said)


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


def test_classes_are_read_without_the_images(some_digits, monkeypatch):
    """All images of a large dataset do not fit into one table."""
    read, whole = Dataset.__getitem__, []

    def noting(self, key):
        if isinstance(key, slice):
            whole.append(self.column_names)
        return read(self, key)

    monkeypatch.setattr(Dataset, "__getitem__", noting)
    assert len(read_images(some_digits, who="x", size=8)) == 60
    assert whole == [["label"]]


def test_rows_must_have_images_and_classes(some_digits, tmp_path):
    cases = [
        (some_digits.select([]), CallError, "the dataset has no rows"),
        (some_digits.map(lambda row: {"label": -1 if row["label"] == 3 else row["label"]}), CallError, "have none in"),
        (some_digits.remove_columns("image"), RoleError, "needs one image column"),
        (some_digits.to_iterable_dataset(), CallError, "got IterableDataset; load it without streaming"),
        (DatasetDict(test=some_digits), ParameterError, "split must be among test, got 'train'"),
    ]
    for data, error, told in cases:
        with pytest.raises(error, match=told):
            fitted("vae", data, tmp_path / "m")


# ---- images


def test_images_are_squares_of_one_kind(photos, some_digits):
    """Photographs stay colour, digits grey; names of texts are classes, sorted."""
    rows = photos.select_columns(["image"]).add_column("kind", ["b", "a", "b", "c"])
    found = read_images(rows, who="fit", size=24, label="kind")
    assert (found.channels, found.classes, found.labels.tolist()) == (3, ("a", "b", "c"), [1, 0, 1, 2])
    assert found.counts == {"a": 1, "b": 2, "c": 1}
    whole = media.decode_image(photos.with_format("arrow")[:]["image"][0].as_py()["bytes"]).array
    assert abs(found.pixels(np.array([0])).mean() - whole.mean()) < 1
    grey = read_images(some_digits, who="fit", size=28)
    assert np.array_equal(grey.pixels(np.array([5]))[0, 0], np.asarray(some_digits[5]["image"]))


def test_images_that_are_not_held_are_decoded_alike(some_digits, monkeypatch):
    held = read_images(some_digits, who="fit", size=20)
    monkeypatch.setattr("hfaug.fit.images._HELD_BYTES", 0)
    free = read_images(some_digits, who="fit", size=20)
    numbers = np.array([7, 3, 59])
    assert free.held is None
    assert np.array_equal(free.pixels(numbers), held.pixels(numbers))
    assert free.digest == held.digest


@pytest.mark.parametrize("held", [1 << 31, 0])
def test_images_that_would_be_mangled_are_refused(held, monkeypatch):
    """Before the training begins, whether all pixels are held or not, and wherever the image stands."""
    import cv2
    from datasets import Features, Image

    def stored(array):
        return {"bytes": cv2.imencode(".png", array)[1].tobytes(), "path": None}

    monkeypatch.setattr("hfaug.fit.images._HELD_BYTES", held)
    features = Features({"image": Image(), "label": ClassLabel(names=["a"])})
    sound = stored(np.zeros((8, 8, 3), np.uint8))
    for image, told in [
        (stored(np.full((8, 8, 4), 100, np.uint8)), "image 1: must have no transparent pixels"),
        (stored(np.zeros((8, 8, 3), np.uint16)), "image 1: must have 8 bits"),
        ({"bytes": sound["bytes"][:40], "path": None}, "image"),
        (None, "image 1: must be there, is null"),
    ]:
        rows = {"image": [sound, image], "label": [0, 0]}
        with pytest.raises(RowError, match=told):
            read_images(Dataset.from_dict(rows, features=features), who="fit", size=8)


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
