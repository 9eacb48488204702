"""Fit a small variational autoencoder, with one Gaussian a class over its latents."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from datasets import Dataset, DatasetDict

from hfaug.errors import ParameterError
from hfaug.fields import canonical
from hfaug.fit.fitting import fit
from hfaug.fit.images import TrainingImages
from hfaug.fit.job import Batch, Job, Phase, check_levels
from hfaug.fit.latents import class_gaussians, plain_gaussians, private_gaussians
from hfaug.fit.privacy import normal
from hfaug.fit.sheets import draw_samples

if TYPE_CHECKING:
    import torch

    from hfaug.fit.order import Numbers

__all__ = ["vae"]

_LARGEST = 1024  # numbers of a latent: a Gaussian has the square of it
_ENCODED = 256  # images that are encoded at once for the Gaussians
_SAMPLED = 4096  # images of which the Gaussians of sheets are: all of a large dataset take longer than the training


def vae(
    data: Dataset | DatasetDict,
    *,
    out: str | os.PathLike[str],
    image: str | None = None,
    label: str | None = None,
    split: str = "train",
    size: int = 32,
    channels: Sequence[int] = (32, 64, 64),
    layers: int = 1,
    latent_channels: int = 4,
    license: str | None = None,  # noqa: A002 - the Hub's word
    **training: Any,
) -> Path:
    """Fit a variational autoencoder to the images of a dataset; `image.sample` draws with it, in one step an image.

    An ``AutoencoderKL``, whose noise at the pixels is as large as its errors are, so that there is no weight to set
    between the two halves of its loss. When it is trained, one Gaussian a class is laid over the latents of its images:
    mean and full covariance, the latter joined with that of all classes, which counts as much as one image a dimension
    does, so that a class of 30 images has a shape too. Pictures are soft; of the three kinds this one is the cheapest.

    Under a promise of privacy (``epsilon``) the noise at the pixels is as large as the errors of each image by itself.
    The Gaussians are released once, with noise: a mean for each class, and the variances that all have together. What
    is drawn on the way is of a standard normal distribution, and of no class.

    Args:
        data: A dataset, or several splits of which one is read.
        out: Folder of the model. If a training broke off in it, that training goes on.
        image: The image column, where there are several.
        label: The column of the class, where there are several.
        split: The split to learn from.
        size: Height and width in pixels, a multiple of 2 ** (levels - 1).
        channels: Width of the network at each level.
        layers: Blocks a level.
        latent_channels: Numbers at each place of a latent; a latent has 1,024 numbers at most.
        license: Licence of the data, for the card.
        **training: See :class:`hfaug.fit.Training`.

    Returns:
        The folder.

    Raises:
        MissingExtra: torch, diffusers or Accelerate is not installed.
        ParameterError: An argument is out of its limits, or the folder holds something else.
        RoleError: A column is missing or in doubt.
        CallError: There are no images, or some have no class.
        ModelError: A batch does not fit into memory, or the disk is full.
    Source: Kingma and Welling 2014, arXiv:1312.6114; Rybkin et al. 2021, arXiv:2006.13202 (noise as large as the
        errors); Ghosh et al. 2020, arXiv:1903.12436 (a density laid over the latents afterwards).
    """
    size, channels, layers = check_levels("fit vae", size, channels, layers)
    latent_channels = canonical(latent_channels, int, "fit vae", "latent_channels")
    side = size >> (len(channels) - 1)
    if latent_channels < 1 or latent_channels * side * side > _LARGEST:
        raise ParameterError(
            f"fit vae: a latent must have 1 to {_LARGEST} numbers, latent_channels x {side} x {side} was "
            f"{latent_channels * side * side}; change latent_channels, or give more levels in channels"
        )
    settings = Settings(channels, layers, latent_channels)
    columns = {"image": image, "label": label, "split": split}
    chosen = {"learning_rate": 5e-4, "ema_decay": 0.999, **training}
    return fit(lambda images: VAEJob(images, settings), data, "vae", out, size, columns, license, chosen)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What decides the network; see `vae`."""

    channels: tuple[int, ...]
    layers: int
    latent_channels: int


class VAEJob(Job):
    """A variational autoencoder on its way to be fitted."""

    kind = "vae"
    averaged = "vae"
    releases = True

    def __init__(self, data: TrainingImages, chosen: Settings) -> None:
        super().__init__(data)
        self.chosen = chosen

    @property
    def settings(self) -> Mapping[str, Any]:
        return dataclasses.asdict(self.chosen)

    def build(self) -> dict[str, torch.nn.Module]:
        from diffusers import AutoencoderKL

        levels = len(self.chosen.channels)
        return {
            "vae": AutoencoderKL(
                in_channels=self.data.channels,
                out_channels=self.data.channels,
                sample_size=self.data.size,
                block_out_channels=self.chosen.channels,
                layers_per_block=self.chosen.layers,
                down_block_types=("DownEncoderBlock2D",) * levels,
                up_block_types=("UpDecoderBlock2D",) * levels,
                latent_channels=self.chosen.latent_channels,
                norm_num_groups=math.gcd(32, *self.chosen.channels),
                scaling_factor=1.0,
            )
        }

    def phases(self) -> Sequence[Phase]:
        return (Phase("vae", self._losses),)

    def _losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        network: Any = self.parts["vae"]
        latents = network.encode(batch.pixels).latent_dist
        drawn = latents.mean + latents.std * batch.normal(latents.mean.shape)
        found = network.decode(drawn).sample
        error = (found.float() - batch.pixels).square().mean()
        divergence = latents.kl().float().mean() / batch.pixels[0].numel()
        # The likelihood under noise of the best size is half the logarithm of the mean square error.
        return {"loss": 0.5 * error.clamp_min(1e-8).log() + divergence, "error": error, "divergence": divergence}

    def optimizer(self, weights: Sequence[torch.nn.Parameter], rate: float) -> torch.optim.Optimizer:
        import torch

        return torch.optim.AdamW(weights, lr=rate, betas=(0.9, 0.99), weight_decay=0.01)

    def pipeline(self) -> Any:
        return self._pipeline(np.arange(len(self.data)))

    def draw(self) -> npt.NDArray[np.uint8]:
        some = np.random.default_rng(0).permutation(len(self.data))[:_SAMPLED]
        return draw_samples(self._pipeline(np.sort(some)))

    def _pipeline(self, numbers: Numbers) -> Any:
        """The pipeline with Gaussians over some of the images, or with what was released of them."""
        from hfaug.backends.sampling_pipelines import LatentPrior, VAEPipeline

        network: Any = self.parts["vae"]
        side = self.data.size >> (len(self.chosen.channels) - 1)
        prior = LatentPrior(len(self.data.classes), [self.chosen.latent_channels, side, side])
        if self.privacy is None:
            first, labels = np.zeros_like(numbers), self.data.labels[numbers]
            means, spread = self._latents(numbers, first, lambda found: (found.mean, found.var))
            found = class_gaussians(means, labels, len(self.data.classes), spread.mean(0))
            prior.load_state_dict(dict(zip(("mean", "factor"), found, strict=True)))
        else:
            prior.load_state_dict(self.released or plain_gaussians(prior.mean))
        return VAEPipeline(network, prior.to(network.device), self.labels())

    def release(self, noise: float, secret: np.random.Generator) -> dict[str, torch.Tensor]:
        def drawn(found: Any) -> tuple[torch.Tensor]:
            return (found.mean + found.std * normal(secret, found.mean),)

        visits = secret.integers(2**62, size=len(self.data))
        (latents,) = self._latents(np.arange(len(visits)), visits, drawn)
        means, factors = private_gaussians(latents, self.data.labels, len(self.data.classes), noise, secret)
        return {"mean": means, "factor": factors}

    def _latents(
        self, numbers: Numbers, visits: Numbers, told: Callable[[Any], Sequence[torch.Tensor]]
    ) -> list[torch.Tensor]:
        """What is asked of each image's distribution of latents, each (images, dimensions)."""
        import torch

        network: Any = self.parts["vae"]
        found = []
        with torch.inference_mode():
            for start in range(0, len(numbers), _ENCODED):
                part = slice(start, start + _ENCODED)
                pixels = self.seen(numbers[part], visits[part], network.device)
                found.append(told(network.encode(pixels).latent_dist))
        return [torch.cat(some).float().flatten(1).cpu() for some in zip(*found, strict=True)]
