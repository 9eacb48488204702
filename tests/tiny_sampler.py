"""A tiny random generator of images by class, for tests of the op that asks one."""

import functools

from tests.tiny_chat import FOLDER

SAMPLER = FOLDER / "tiny-sampler"
CLASSES = ("ham", "spam", "cat", "dog")


@functools.cache
def build():
    """Write the model, in the process that made the folder; returns where it lies."""
    if not SAMPLER.exists():
        import torch

        from hfaug.backends.sampling_gan import Generator
        from hfaug.backends.sampling_pipelines import GANPipeline

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = Generator(16, 3, len(CLASSES), (8, 16), 1, 8)
        GANPipeline(network, dict(enumerate(CLASSES))).save_pretrained(SAMPLER)
    return SAMPLER
