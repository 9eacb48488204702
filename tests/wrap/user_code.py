"""What a user has: functions, callable objects and transforms in a module of their own."""

# ruff: noqa: NPY002 - users draw from the global generators

import random

import albumentations
import numpy as np
from albumentations.core.type_definitions import Targets
from audiomentations.core.transforms_interface import BaseWaveformTransform

from hfaug import Reject
from hfaug.randomness import Stream

STRENGTH = 5.0
HUGE = np.zeros(13_000_000)
rng = np.random.default_rng(0)


def shout(text, rng: Stream):
    """Capitals, half of the time."""
    return text.upper() if rng.random() < 0.5 else text


def noisy(pixels, rng):
    """Pixels with noise, out of NumPy's generator."""
    noise = rng.normal(0, STRENGTH, pixels.shape)
    return np.clip(pixels + noise, 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)


def softer(samples, rate):
    """Samples at a drawn gain, out of the global generators."""
    assert rate > 0
    return samples * np.float32(random.uniform(0.1, 0.9) * np.random.uniform(0.9, 1.0))


def long_enough(text):
    """A rejection of short texts."""
    return text if len(text) > 3 else Reject("too short")


def from_module_generator(text):
    """Draws from a generator that lives in the module."""
    return text * int(rng.integers(1, 3))


def with_huge_table(text):
    """Reads 100 MB that stand in the module."""
    return text + str(HUGE[0])


class Suffix:
    """A callable object with a plain state."""

    def __init__(self, suffix):
        self.suffix = suffix

    def __call__(self, text):
        return text + self.suffix

    def twice(self, text):
        return text + 2 * self.suffix


class Speckle(albumentations.ImageOnlyTransform):
    """A transform of a user's that draws from the global generators, as it should not."""

    def __init__(self, level=30, p=0.5):
        super().__init__(p=p)
        self.level = level

    def apply(self, img, **params):
        return np.where(np.random.random(img.shape[:2])[..., None] < 0.1, self.level, img).astype(img.dtype)


class Forgetful(albumentations.ImageOnlyTransform):
    """A transform that does not keep what it was given."""

    def __init__(self, level=30, p=0.5):
        super().__init__(p=p)
        self._table = np.full(256, level, np.uint8)

    def apply(self, img, **params):
        return self._table[img]


class Transpose(albumentations.DualTransform):
    """A transform that moves images and masks, and knows of no boxes."""

    _targets = (Targets.IMAGE, Targets.MASK)

    def apply(self, img, **params):
        return np.ascontiguousarray(np.swapaxes(img, 0, 1))


class Crackle(BaseWaveformTransform):
    """A transform of sounds."""

    supports_multichannel = True

    def __init__(self, share=0.01, p=1.0):
        super().__init__(p)
        self.share = share

    def apply(self, samples, sample_rate):
        return np.where(np.random.random(samples.shape) < self.share, 0, samples).astype(np.float32)
