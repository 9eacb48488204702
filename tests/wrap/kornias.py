"""Every augmentation of kornia that makes one image of one, ready to be tried; and some of a user's own."""

import inspect

import kornia.augmentation as K  # noqa: N812 - as in its documentation
import torch

ARGUMENTS = {
    "CenterCrop": ((20, 30),),
    "LongestMaxSize": (40,),
    "PadTo": ((80, 90),),
    "RandomAffine": (30.0, (0.1, 0.1), (0.8, 1.2), 10.0),
    "RandomCrop": ((20, 30),),
    "RandomFisheye": (torch.tensor([-0.3, 0.3]), torch.tensor([-0.3, 0.3]), torch.tensor([0.9, 1.0])),
    "RandomGaussianBlur": ((3, 3), (0.1, 2.0)),
    "RandomMotionBlur": (3, 10.0, 0.5),
    "RandomPosterize": ((3.0, 6.0),),
    "RandomResizedCrop": ((20, 30),),
    "RandomRotation": (30.0,),
    "RandomRotation90": ((-1, 1),),
    "RandomShear": (10.0,),
    "RandomTranslate": ((0.1, 0.2), (0.1, 0.2)),
    "Resize": ((20, 30),),
    "SmallestMaxSize": (30,),
    "ColorJiggle": (0.2, 0.2, 0.2, 0.1),
    "ColorJitter": (0.2, 0.2, 0.2, 0.1),
    "RandomBrightness": ((0.7, 1.3),),
    "RandomContrast": ((0.7, 1.3),),
    "RandomGamma": ((0.7, 1.3),),
    "RandomHue": ((-0.2, 0.2),),
    "RandomSaturation": ((0.7, 1.3),),
}


def made(name, **more):
    kind = getattr(K, name)
    always = {"p": 1.0} if "p" in inspect.signature(kind).parameters else {}
    return kind(*ARGUMENTS.get(name, ()), **always, **more)


def single():
    """The names of all augmentations that make one image of one, and can be stored."""
    for name in K.__all__:
        kind = getattr(K, name)
        bases = {base.__name__ for base in getattr(kind, "__mro__", ())}
        if "AugmentationBase2D" in bases and "Base" not in name and name not in {"Denormalize", "Normalize"}:
            yield name


NAMES = [name for name in single() if name != "RandomDissolving"]  # which fetches a model


class Halve(K.IntensityAugmentationBase2D):
    """A transform of colours on kornia's base."""

    def apply_transform(self, input, params, flags, transform=None):  # noqa: A002 - as kornia calls it
        return input / 2


class Divide(K.IntensityAugmentationBase2D):
    """A transform of colours that divides by zero."""

    def apply_transform(self, input, params, flags, transform=None):  # noqa: A002 - as kornia calls it
        return input / 0


class Pairs(K.IntensityAugmentationBase2D):
    """A transform that leaves out the third colour."""

    def apply_transform(self, input, params, flags, transform=None):  # noqa: A002 - as kornia calls it
        return input[:, :2]


class Shift(torch.nn.Module):
    """A module that moves pixels, and does not say so."""

    def forward(self, image):
        return image.roll(5, dims=-1)
