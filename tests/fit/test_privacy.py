"""Differential privacy: the account is that of Opacus, one image moves the weights no further than it may."""

import json

import pytest
import torch

from hfaug.errors import ParameterError
from hfaug.fit.diffusion_model import DiffusionJob, Settings
from hfaug.fit.folder import ModelFolder
from hfaug.fit.images import read_images
from hfaug.fit.privacy import Privacy, PrivateUpdates, plan_privacy
from tests.fit.conftest import fitted


def test_noise_is_made_for_the_steps():
    """More steps or a smaller epsilon need more noise; at the end what was asked for is spent, by any account."""
    from opacus.accountants import PRVAccountant

    promise = plan_privacy(3.0, 1e-5, 1.0, 64, 2500, 200)
    assert 2.9 < promise.spent(200) <= 3.0
    assert 0 == promise.spent(0) < promise.spent(100) < promise.spent(200)
    assert plan_privacy(1.0, 1e-5, 1.0, 64, 2500, 200).noise > promise.noise
    assert plan_privacy(3.0, 1e-5, 1.0, 64, 2500, 2000).noise > promise.noise
    other = PRVAccountant()
    other.history = [(promise.noise, promise.share, 200)]
    assert 0.6 * 3 < other.get_epsilon(1e-5) < 3.0


pytestmark = pytest.mark.filterwarnings("ignore:Full backward hook", "ignore:In CPU autocast")


@pytest.fixture
def updates(some_digits):
    """A job with and without noise, on images of its own."""

    def make(noise, limit=0.01):
        torch.manual_seed(0)
        job = DiffusionJob(read_images(some_digits, who="x", size=16), Settings((8, 16), 1, 0.1))
        job.parts = job.build()
        return PrivateUpdates(Privacy(1.0, 1e-5, limit, noise, 0.2, 10), job, "cpu")

    return make


def _batch(private, numbers):
    data = private.job.data
    return torch.from_numpy(data.pixels(numbers)).float() / 127.5 - 1, torch.from_numpy(data.labels[numbers])


def _gradient(private):
    return torch.cat([weight.grad.flatten() for weight in private.job.weights("unet")])


def test_one_image_moves_the_weights_no_further_than_it_may(updates):
    """The sum over images changes by the limit at most when one is added; without noise, so that it can be seen."""
    private, found = updates(0.0), []
    numbers = private.draw()[0][:6]
    assert len(numbers) == 6
    for count in (5, 6):
        private.secret.manual_seed(1)
        drawn = [_batch(private, numbers[place : place + 1]) for place in range(count)]
        private.gradients(drawn)
        found.append(_gradient(private) * private.privacy.share * 60)
    assert 0 < (found[1] - found[0]).norm() <= 0.01 * 1.001
    assert found[1].norm() <= 6 * 0.01 * 1.001


def test_images_of_one_batch_are_cut_one_by_one(updates):
    """All at once, and in two parts with the same draws: each image's gradient is its own."""
    private = updates(0.0, limit=1e6)  # nothing is cut: then it is the plain gradient
    pixels, labels = _batch(private, private.draw()[0][:4])
    private.secret.manual_seed(3)
    private.gradients([(pixels, labels)])
    summed = _gradient(private) * private.privacy.share * 60
    private.secret.manual_seed(3)
    from hfaug.fit.job import Batch

    for weight in private.job.weights("unet"):
        weight.grad = None
    (private.phase.losses(Batch(pixels, labels, private.secret))["loss"] * 4).backward()
    assert torch.allclose(summed, _gradient(private), atol=1e-4 * float(summed.abs().max()))


def test_noise_is_as_strong_as_promised(updates):
    """With no image in a step there is noise alone, of the deviation that the account counts with."""
    private = updates(2.0, limit=0.5)
    private.gradients([])
    drawn = _gradient(private) * private.privacy.share * 60
    assert drawn.std() == pytest.approx(2.0 * 0.5, rel=0.05)
    private.gradients([])
    assert not torch.equal(drawn, _gradient(private) * private.privacy.share * 60)


def test_a_private_model_tells_what_it_promises(some_digits, tmp_path):
    """Its card has epsilon and delta and nothing that was not made private; steps cannot be raised; it goes on."""
    said = {"epsilon": 8.0, "delta": 1e-3, "batch_size": 12, "sample_every": 1, "checkpoint_every": 100}
    out = fitted("diffusion", some_digits, tmp_path / "m", **said)
    card = (out / "README.md").read_text()
    assert "0.001)-DP for adding or taking away one image" in card
    assert "digest" not in card
    assert "loss" not in card
    assert "Classes: 0, 1, 2" in card
    run = json.loads((out / ".training" / "run.json").read_text())
    assert run["noise"] > 0
    assert ModelFolder(out, "x").steps() == [3, 4]  # each picture is of a step that was counted
    with pytest.raises(ParameterError, match="holds another: noise was"):
        fitted("diffusion", some_digits, tmp_path / "m", **said, steps=8)
    fitted("diffusion", some_digits, tmp_path / "m", **said)


@pytest.mark.parametrize(
    ("kind", "said", "told"),
    [
        ("gan", {"epsilon": 1.0, "delta": 1e-3}, "only diffusion models can promise one"),
        ("diffusion", {"epsilon": 1.0}, "delta must be given beside epsilon"),
        ("diffusion", {"delta": 1e-3}, "epsilon must be given beside delta"),
        ("diffusion", {"epsilon": 1.0, "delta": 0.1}, "delta above 0 and below 1/60"),
        ("diffusion", {"epsilon": 0.0, "delta": 1e-3}, "epsilon and max_grad_norm must be above 0"),
        ("diffusion", {"epsilon": 1.0, "delta": 1e-3, "mixed_precision": "bf16"}, "'no' beside epsilon"),
        ("diffusion", {"epsilon": 1.0, "delta": 1e-3, "batch_size": 61}, "at most the 60 images"),
    ],
)
def test_what_cannot_be_promised_is_refused(kind, said, told, some_digits, tmp_path):
    with pytest.raises(ParameterError, match=told):
        fitted(kind, some_digits, tmp_path / "m", **said)
