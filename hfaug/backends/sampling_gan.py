"""The networks of the GAN that hfaug fits: R3GAN's, scaled down. Heavy, as :mod:`hfaug.backends.sampling_pipelines` is.

Residual blocks of a 1x1, a grouped 3x3 and a 1x1 convolution, without any normalisation; the last of each block starts
at zero, so that every block starts as the identity. Huang et al. 2024, arXiv:2501.05441.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn
from torch.nn import functional

__all__ = ["Discriminator", "Generator"]

_SLOPE = 0.2
_GROUP = 16  # channels of a group of the 3x3 convolutions
_EMBEDDING = 64


class _Block(nn.Module):
    """A residual block that keeps the shape."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        inner = 2 * width
        self.widen = _scaled(nn.Conv2d(width, inner, 1), blocks)
        self.look = _scaled(nn.Conv2d(inner, inner, 3, padding=1, groups=max(1, inner // _GROUP)), blocks)
        self.narrow = nn.Conv2d(inner, width, 1, bias=False)
        nn.init.zeros_(self.narrow.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.leaky_relu(self.widen(x), _SLOPE)
        added: torch.Tensor = self.narrow(functional.leaky_relu(self.look(y), _SLOPE))
        return x + added


def _scaled(layer: nn.Conv2d, blocks: int) -> nn.Conv2d:
    """He's starting weights, smaller the more blocks there are: Fixup (Zhang et al. 2019, arXiv:1901.09321)."""
    nn.init.kaiming_normal_(layer.weight, a=_SLOPE)
    with torch.no_grad():
        layer.weight.mul_(blocks**-0.25)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class Generator(ModelMixin, ConfigMixin):
    """Noise and a class to an image.

    Args:
        size: Height and width in pixels.
        channels: 1 grey, 3 RGB.
        classes: How many there are.
        widths: Width at each level, from the pixels down to the smallest.
        blocks: Blocks a level.
        latent: Numbers that an image is drawn from.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self, size: int, channels: int, classes: int, widths: Sequence[int], blocks: int = 2, latent: int = 64
    ) -> None:
        super().__init__()
        side, deep = size >> (len(widths) - 1), widths[-1]
        every = blocks * len(widths)
        self.embedding = nn.Embedding(classes, _EMBEDDING)
        self.basis = nn.Parameter(torch.randn(deep, side, side))
        self.weigh = nn.Linear(latent + _EMBEDDING, deep)
        down = list(widths)[::-1]
        self.levels = nn.ModuleList(
            nn.Sequential(_changed(before, width), *(_Block(width, every) for _ in range(blocks)))
            for before, width in zip([deep, *down], down, strict=False)
        )
        self.paint = nn.Conv2d(widths[0], channels, 1)

    def forward(self, noise: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Images in about -1..1.

        Args:
            noise: (images, latent).
            labels: (images,).
        """
        # Noise of a fixed length: what matters is its direction, and no image is an outlier of it.
        told = torch.cat([functional.normalize(noise) * math.sqrt(noise.shape[1]), self.embedding(labels)], 1)
        x = self.basis * self.weigh(told)[:, :, None, None]
        for number, level in enumerate(self.levels):
            x = level(x if number == 0 else _larger(x))
        painted: torch.Tensor = self.paint(x)
        return painted


class Discriminator(nn.Module):
    """An image and a class to a number: how real it looks, as a projection on the class.

    Args as :class:`Generator`.
    Source: Miyato and Koyama 2018, arXiv:1802.05637 (projection).
    """

    def __init__(self, size: int, channels: int, classes: int, widths: Sequence[int], blocks: int = 2) -> None:
        super().__init__()
        side, every = size >> (len(widths) - 1), blocks * len(widths)
        self.read = nn.Conv2d(channels, widths[0], 1)
        self.levels = nn.ModuleList(
            nn.Sequential(*(_Block(width, every) for _ in range(blocks)), _changed(width, after))
            for width, after in zip(widths, [*widths[1:], widths[-1]], strict=True)
        )
        self.gather = nn.Conv2d(widths[-1], widths[-1], side, groups=widths[-1], bias=False)
        self.judge = nn.Linear(widths[-1], _EMBEDDING)
        self.embedding = nn.Embedding(classes, _EMBEDDING)

    def forward(self, pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        x = self.read(pixels)
        for number, level in enumerate(self.levels):
            x = level(x if number == 0 else functional.avg_pool2d(x, 2))
        x = self.judge(self.gather(x).flatten(1))
        judged: torch.Tensor = (x * self.embedding(labels)).sum(1) / math.sqrt(_EMBEDDING)
        return judged


def _changed(width: int, after: int) -> nn.Module:
    return nn.Conv2d(width, after, 1, bias=False) if after != width else nn.Identity()


def _larger(x: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
