"""The two small real models, loaded once."""

import pytest

from hfaug.backends import registry


@pytest.fixture(scope="session")
def translator(models_folder):
    return registry.translator(str(models_folder / "translate-en-de-fr"), device="cpu")


@pytest.fixture(scope="session")
def digits_pipeline(models_folder):
    return registry.image_pipeline(str(models_folder / "digits-text-to-image"), device="cpu")


@pytest.fixture
def threads():
    """Sets the number of threads torch may use, and puts the old one back."""
    import torch

    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)
