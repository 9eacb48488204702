"""Tiny fits: a few steps of networks of a few thousand weights."""

import pytest
import torch

from hfaug import fit

TINY = {
    "diffusion": {"size": 16, "channels": (8, 16), "layers": 1},
    "vae": {"size": 16, "channels": (8, 16), "latent_channels": 1},
    "gan": {"size": 16, "channels": (8, 16), "blocks": 1, "latent": 8},
}
QUICK = {"steps": 4, "batch_size": 8, "sample_every": 0, "checkpoint_every": 2, "log_every": 1}


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Networks this small are no work for two threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fitted(kind, data, out, **more):
    """Fit a tiny generator."""
    return getattr(fit, kind)(data, out=out, **{**TINY[kind], **QUICK, **more})


@pytest.fixture(scope="session")
def some_digits(digits):
    """60 digits of all classes, in mixed order."""
    return digits.shuffle(seed=2).select(range(60))


@pytest.fixture(scope="session", params=TINY)
def model(request, some_digits, tmp_path_factory):
    """A fitted folder of each kind."""
    return fitted(request.param, some_digits, tmp_path_factory.mktemp("fit") / request.param, sample_every=4)
