"""Differential privacy: the account is that of Opacus, one image moves the weights no further than it may."""

import json
import math

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Dataset, Features, Image
from safetensors.torch import load_file

from hfaug.errors import ParameterError
from hfaug.fit import diffusion_model, gan_model, latents, lora_model, vae_model
from hfaug.fit.folder import ModelFolder
from hfaug.fit.images import read_images
from hfaug.fit.job import Batch
from hfaug.fit.loop import Loop
from hfaug.fit.privacy import Privacy, PrivateUpdates, plan_privacy
from tests.fit.conftest import TINY, fitted
from tests.house.source import ROOT

PROMISE = {"epsilon": 8.0, "delta": 1e-3}


def _lora(data):
    identity, pipe = lora_model._load(str(ROOT / "tests" / "models" / "digits-text-to-image"), None)
    settings = lora_model.Settings("a {{ label }}", "base", 2, 0.1)
    template = lora_model.PromptTemplate(settings.prompt, ("label",), "x")
    return lora_model.LoraJob(data, settings, pipe, identity, template)


MAKE = {
    "diffusion": lambda data: diffusion_model.DiffusionJob(data, diffusion_model.Settings((8, 16), 1, 0.1)),
    "vae": lambda data: vae_model.VAEJob(data, vae_model.Settings((8, 16), 1, 1)),
    "gan": lambda data: gan_model.GANJob(data, gan_model.Settings((8, 16), 1, 8, 1.0)),
    "lora": _lora,
}


# ---- the account


@pytest.mark.filterwarnings("ignore:Optimal order is")
@pytest.mark.parametrize(("epsilon", "delta", "batch", "steps"), [(3.0, 1e-5, 64, 200), (1.0, 1e-4, 100, 2000)])
def test_the_plan_is_that_of_opacus(epsilon, delta, batch, steps):
    from opacus.accountants import PRVAccountant, RDPAccountant
    from opacus.accountants.utils import get_noise_multiplier

    promise = plan_privacy(epsilon, delta, 1.0, batch, 2500, steps)
    planned = get_noise_multiplier(
        target_epsilon=epsilon, target_delta=delta, sample_rate=batch / 2500, steps=steps, accountant="rdp"
    )
    assert promise.noise == pytest.approx(planned, rel=0.01)
    account, finer = RDPAccountant(), PRVAccountant()
    account.history = finer.history = [(promise.noise, batch / 2500, steps)]
    assert promise.spent(steps) == pytest.approx(account.get_epsilon(delta), rel=1e-6)
    assert 0.98 * epsilon < promise.spent(steps) <= epsilon
    assert 0.6 * epsilon < finer.get_epsilon(delta) < epsilon


def test_more_steps_or_a_smaller_epsilon_need_more_noise():
    promise = plan_privacy(3.0, 1e-5, 1.0, 64, 2500, 200)
    assert 0 == promise.spent(0) < promise.spent(100) < promise.spent(200)
    assert plan_privacy(1.0, 1e-5, 1.0, 64, 2500, 200).noise > promise.noise
    assert plan_privacy(3.0, 1e-5, 1.0, 64, 2500, 2000).noise > promise.noise


def test_a_release_is_in_the_same_account():
    """Steps and release together spend what was asked for; each image is in the release for certain."""
    from opacus.accountants import RDPAccountant

    promise = plan_privacy(3.0, 1e-5, 1.0, 64, 2500, 200, releases=True)
    account = RDPAccountant()
    account.history = [(promise.noise, 64 / 2500, 200), (promise.release, 1.0, 1)]
    assert promise.spent(200) == pytest.approx(account.get_epsilon(1e-5), rel=1e-6)
    assert 2.9 < promise.spent(200) <= 3.0
    account.history = account.history[:1]
    assert promise.spent(199) < account.get_epsilon(1e-5) < 2.95
    assert promise.noise > plan_privacy(3.0, 1e-5, 1.0, 64, 2500, 200).noise


# ---- gradients


@pytest.fixture(scope="module")
def images(some_digits):
    return read_images(some_digits, who="x", size=16)


@pytest.fixture
def updates(images):
    """A job with and without noise, on images of its own, and the phase that sees them."""

    def make(noise, limit=0.01, kind="diffusion"):
        torch.manual_seed(0)
        job = MAKE[kind](images)
        job.privacy = Privacy(1.0, 1e-5, limit, noise, 0.2, 10)
        job.parts = job.build()
        for part in job.parts:
            for weight in job.weights(part):  # networks begin with zeros, behind which gradients are none
                weight.data += 0.05 * torch.randn(weight.shape)
        (phase,) = (phase for phase in job.phases() if not phase.blind)
        return PrivateUpdates(job.privacy, job, "cpu"), phase

    return make


@pytest.fixture
def fixed_draws(monkeypatch):
    """Every image gets the same draws, alone or not."""
    monkeypatch.setattr(Batch, "normal", lambda _, shape: torch.linspace(-1, 1, math.prod(shape)).view(*shape).sin())
    monkeypatch.setattr(Batch, "uniform", lambda _, *shape: torch.full(shape, 0.37))


def _batch(private, numbers):
    data = private.job.data
    return torch.from_numpy(data.pixels(numbers)).float() / 127.5 - 1, torch.from_numpy(data.labels[numbers])


def _gradient(private, phase):
    """What the weights were given, as a sum over images."""
    found = torch.cat([weight.grad.flatten() for weight in private.job.weights(phase.part)])
    return found * private.privacy.share * len(private.job.data)


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.usefixtures("fixed_draws")
def test_each_image_has_the_gradient_that_it_has_alone(kind, updates):
    private, phase = updates(0.0, kind=kind)
    pixels, labels = _batch(private, np.array([3, 14, 15, 9]))
    gradients, losses = private.single(phase, pixels, labels)
    weights = private.job.weights(phase.part)
    for number in range(4):
        batch = Batch(pixels[number : number + 1], labels[number : number + 1], private.draws)
        loss = phase.losses(batch)["loss"]
        alone = torch.autograd.grad(loss, weights, allow_unused=True, materialize_grads=True)
        assert losses[number] == pytest.approx(loss.item(), rel=1e-4)
        whole = torch.cat([gradient.flatten() for gradient in alone])
        found = torch.cat([gradient[number].flatten() for gradient in gradients])
        assert whole.norm() > 1e-4
        assert (found - whole).norm() < 1e-3 * whole.norm()


@pytest.mark.parametrize("kind", MAKE)
@pytest.mark.usefixtures("fixed_draws")
def test_one_image_moves_the_weights_no_further_than_it_may(kind, updates, monkeypatch):
    """The sum over images changes by the limit at most when one is added; without noise, so that it can be seen."""
    private, phase = updates(0.0, kind=kind)
    found = []
    for count in (5, 6):
        private.gradients(phase, [_batch(private, np.arange(count))])
        found.append(_gradient(private, phase))
    assert 0.0099 < (found[1] - found[0]).norm() <= 0.01 * 1.001  # and it is as long as that, having been longer
    monkeypatch.setattr("hfaug.fit.privacy._HELD", 1)  # one at a time, and in parts of a batch
    private.gradients(phase, [_batch(private, np.arange(2)), _batch(private, np.arange(2, 6))])
    assert (_gradient(private, phase) - found[1]).norm() < 1e-3 * found[1].norm()


@pytest.mark.usefixtures("fixed_draws")
def test_an_image_that_breaks_the_loss_moves_nothing(updates):
    """If it made all weights broken, everybody would know that it was there."""
    private, phase = updates(0.0)
    pixels, labels = _batch(private, np.arange(3))
    private.gradients(phase, [(pixels[:2], labels[:2])])
    without = _gradient(private, phase)
    private.gradients(phase, [(torch.cat([pixels[:2], pixels[2:] * float("inf")]), labels)])
    assert (_gradient(private, phase) - without).norm() < 1e-3 * without.norm()


@pytest.mark.usefixtures("known_secret")
def test_an_image_that_breaks_the_loss_does_not_stop_the_training(some_digits, tmp_path, monkeypatch):
    """That it stopped would tell of it, too; nor is there a trace of it in what is released at the end."""
    seen = vae_model.VAEJob.seen

    def broken(self, numbers, *more):
        found = seen(self, numbers, *more)
        found[torch.from_numpy(numbers) < 20] = float("nan")
        return found

    monkeypatch.setattr(vae_model.VAEJob, "seen", broken)
    out = fitted("vae", some_digits, tmp_path / "m", **PROMISE)
    assert any(math.isnan(line["vae.loss"]) for line in ModelFolder(out, "x").lines())
    for path in out.rglob("*.safetensors"):
        assert all(weight.isfinite().all() for weight in load_file(path).values())


def test_names_of_classes_must_be_known_beforehand(some_digits, tmp_path):
    """Read off the rows, they would tell of a class that one image alone has."""
    rows = some_digits.add_column("kind", [f"a {label}" for label in some_digits["label"]])
    said = {**PROMISE, "label": "kind", "steps": 1}
    with pytest.raises(
        ParameterError, match=r"label must be a ClassLabel .*, 'kind' is not; .*ds\.cast_column\('kind'"
    ):
        fitted("gan", rows, tmp_path / "m", **said)
    rows = rows.cast_column("kind", ClassLabel(names=[f"a {digit}" for digit in range(12)]))
    assert "a 11" in (fitted("gan", rows, tmp_path / "m", **said) / "README.md").read_text()


@pytest.mark.usefixtures("fixed_draws")
def test_short_gradients_are_not_cut(updates):
    private, phase = updates(0.0, limit=1e6)
    pixels, labels = _batch(private, np.arange(4))
    private.gradients(phase, [(pixels, labels)])
    whole = [gradient.sum(0).flatten() for gradient in private.single(phase, pixels, labels)[0]]
    assert torch.allclose(_gradient(private, phase), torch.cat(whole), atol=1e-4)


def test_each_image_has_draws_of_its_own(updates):
    """The same image many times over: its losses differ."""
    private, phase = updates(0.0)
    _, losses = private.single(phase, *_batch(private, np.array([3] * 6)))
    assert len(set(losses.tolist())) == 6


def test_noise_is_as_strong_as_promised(updates):
    """With no image in a step there is noise alone, of the deviation that the account counts with."""
    private, phase = updates(2.0, limit=0.5)
    private.gradients(phase, [])
    drawn = _gradient(private, phase)
    assert drawn.std() == pytest.approx(2.0 * 0.5, rel=0.05)
    private.gradients(phase, [])
    assert not torch.equal(drawn, _gradient(private, phase))


def test_the_secret_is_too_long_to_be_tried_out(updates, monkeypatch):
    """Of the seed of a generator on the CPU torch takes 32 bits: whoever tries them all takes the noise off."""
    found = []
    for secret in (5, 5 + (1 << 32), 5 + (1 << 130)):
        monkeypatch.setattr("hfaug.fit.privacy.secrets.randbits", lambda bits, secret=secret: secret % (1 << bits))
        private, phase = updates(2.0)
        numbers, visits = private.draw()
        private.gradients(phase, [])
        found.append((numbers.tolist(), visits.tolist(), _gradient(private, phase).tolist()))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert all(mine != theirs for mine, theirs in zip(found[one], found[other], strict=True))


# ---- Gaussians over latents


def test_one_image_adds_no_more_than_one(images):
    """To all that is released together, whatever its latent is."""
    rng = torch.Generator().manual_seed(0)
    scale = torch.logspace(-2, 2, 60, dtype=torch.float64)[:, None]
    rows = torch.randn(60, 16, generator=rng, dtype=torch.float64) * scale
    whole = latents.image_sums(rows, images.labels, 10)
    lengths = []
    for number in range(60):
        rest = np.delete(np.arange(60), number)
        lengths.append(float((whole - latents.image_sums(rows[rest], images.labels[rest], 10)).norm()))
    assert max(lengths) <= 1 + 1e-9
    assert max(lengths) > 0.999  # so the noise is not larger than it must be


def test_released_gaussians_are_those_of_the_data():
    """With many images; with hardly any, their mean is that of all, which is about zero."""
    rng, secret = torch.Generator().manual_seed(0), np.random.default_rng(1)
    centres = torch.tensor([[0.8, -0.5, 0.0, 0.2], [-0.8, 0.5, 0.0, -0.2]])
    labels = np.arange(20000) % 2
    rows = centres[labels] + 0.5 * torch.randn(20000, 4, generator=rng)
    means, factors = latents.private_gaussians(rows, labels, 3, 5.0, secret)
    assert torch.allclose(means[:2], centres, atol=0.05)
    assert torch.allclose(factors[0].diagonal(), torch.full((4,), 0.5), atol=0.05)
    assert means[2].norm() < 8  # of no image at all, and still a number
    few, _ = latents.private_gaussians(rows[:20], labels[:20], 2, 50.0, secret)
    assert few.norm() < 100


# ---- whole trainings


def _leaving(out):
    """All that a user may publish, and the checkpoints: what does not, is the log and what the data was."""
    files = {}
    for path in sorted(out.rglob("*")):
        if path.suffix == ".pt":
            state = ModelFolder(out, "x").load(int(path.stem.removeprefix("step-")), "cpu")
            files[path.name] = _plain(state)
        elif path.is_file() and path.name not in {"run.json", "log.jsonl"}:
            files[str(path.relative_to(out))] = path.read_bytes()
    return files


def _plain(state):
    """A checkpoint as values that can be compared."""
    if isinstance(state, dict):
        return {name: _plain(value) for name, value in state.items()}
    if isinstance(state, (list, tuple)):
        return [_plain(value) for value in state]
    return state.numpy().tobytes() if isinstance(state, torch.Tensor) else state


@pytest.fixture
def small_sheets(monkeypatch):
    """Two images in place of eighty."""
    monkeypatch.setattr("hfaug.fit.sheets.COLUMNS", 1)
    monkeypatch.setattr("hfaug.fit.sheets.MOST_CLASSES", 2)


@pytest.fixture
def known_secret(monkeypatch):
    """The noise of two trainings is the same, so that they can be compared."""
    monkeypatch.setattr("hfaug.fit.privacy.secrets.randbits", lambda _: 5)


@pytest.mark.parametrize("kind", TINY)
@pytest.mark.usefixtures("known_secret", "small_sheets")
def test_nothing_of_the_data_leaves_but_by_the_ways_that_are_counted(kind, some_digits, tmp_path, monkeypatch):
    """With gradients and sums of the data taken away, other images of other classes give the same bytes."""
    rng = np.random.default_rng(0)
    noise = [Image().encode_example(rng.integers(0, 256, (16, 16), np.uint8)) for _ in range(60)]
    features = Features({"image": Image(), "label": ClassLabel(names=[str(digit) for digit in range(10)])})
    others = Dataset.from_dict({"image": noise, "label": rng.integers(0, 3, 60)}, features=features)
    steps = 5 if kind == "gan" else 3  # the generator moves in the fifth
    said = {**PROMISE, "sample_every": 2, "checkpoint_every": 1, "keep": 4, "steps": steps}
    open_ways = [
        _leaving(fitted(kind, data, tmp_path / f"open-{n}", **said)) for n, data in enumerate((some_digits, others))
    ]
    assert open_ways[0].keys() == open_ways[1].keys()
    single = PrivateUpdates.single

    def nothing(self, *given):
        gradients, losses = single(self, *given)
        return [torch.zeros_like(gradient) for gradient in gradients], losses

    monkeypatch.setattr(PrivateUpdates, "single", nothing)
    monkeypatch.setattr(
        latents, "image_sums", lambda rows, _, classes: torch.zeros(classes + (classes + 1) * rows.shape[1])
    )
    closed = [
        _leaving(fitted(kind, data, tmp_path / f"closed-{n}", **said)) for n, data in enumerate((some_digits, others))
    ]
    assert closed[0] == closed[1]
    assert any(name.endswith(".png") for name in closed[0])
    changed = {name for name in open_ways[0] if open_ways[0][name] != open_ways[1][name]}
    assert changed >= {name for name in closed[0] if name.endswith((".safetensors", ".pt"))} - {"step-000001.pt"}


@pytest.mark.parametrize("kind", TINY)
@pytest.mark.usefixtures("small_sheets")
def test_a_private_model_tells_what_it_promises(kind, some_digits, tmp_path):
    """Its card has epsilon and delta and nothing that was not made private; steps cannot be raised; it goes on."""
    said = {**PROMISE, "batch_size": 12, "sample_every": 1, "checkpoint_every": 100}
    out = fitted(kind, some_digits, tmp_path / "m", **said)
    card = (out / "README.md").read_text()
    assert "(8.0, 0.001)-DP for adding or taking away one image" in card  # and not rounded down from 7.996
    assert (out / ".gitignore").read_text() == ".training/\n"
    assert "digest" not in card
    assert "loss" not in card
    assert "Classes: 0, 1, 2" in card
    assert ("released once" in card) is (kind == "vae")
    run = json.loads((out / ".training" / "run.json").read_text())
    assert run["noise"] > 0
    assert ModelFolder(out, "x").steps() == [3, 4]  # each picture is of a step that was counted
    with pytest.raises(ParameterError, match="holds another: noise was"):
        fitted(kind, some_digits, tmp_path / "m", **said, steps=8)


@pytest.mark.parametrize("kind", TINY)
def test_a_private_training_that_breaks_off_keeps_its_count(kind, some_digits, tmp_path, monkeypatch):
    """It goes on at the step that was saved, and what is released at the end is released once."""
    update, steps = Loop._update, []

    def noting(self):
        steps.append(self.step)
        if len(steps) == 4:
            raise KeyboardInterrupt
        return update(self)

    monkeypatch.setattr(Loop, "_update", noting)
    with pytest.raises(KeyboardInterrupt):
        fitted(kind, some_digits, tmp_path / "m", **PROMISE)
    out = fitted(kind, some_digits, tmp_path / "m", **PROMISE)
    assert steps == [0, 1, 2, 3, 2, 3]  # the third was not saved, so nobody has seen it
    before = {path: load_file(path) for path in out.rglob("*.safetensors")}
    fitted(kind, some_digits, tmp_path / "m", **PROMISE)
    assert len(steps) == 6
    for path, weights in before.items():
        again = load_file(path)
        assert all(torch.equal(weights[name], again[name]) for name in weights)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"epsilon": 1.0}, "delta must be given beside epsilon"),
        ({"delta": 1e-3}, "epsilon must be given beside delta"),
        ({"max_grad_norm": 0.5}, "epsilon must be given beside max_grad_norm"),
        ({"epsilon": 1.0, "delta": 1e-3, "max_grad_norm": 0.0}, "max_grad_norm must be above 0"),
        ({"epsilon": 1.0, "delta": 0.1}, "delta above 0 and below 1/60"),
        ({"epsilon": 0.0, "delta": 1e-3}, "epsilon and max_grad_norm must be above 0"),
        ({"epsilon": 1e-3, "delta": 1e-9}, "epsilon must be within reach of some noise"),
        ({"epsilon": 1.0, "delta": 1e-3, "mixed_precision": "bf16"}, "'no' beside epsilon"),
        ({"epsilon": 1.0, "delta": 1e-3, "batch_size": 61}, "at most the 60 images"),
    ],
)
def test_what_cannot_be_promised_is_refused(said, told, some_digits, tmp_path):
    with pytest.raises(ParameterError, match=told):
        fitted("vae", some_digits, tmp_path / "m", **said)
