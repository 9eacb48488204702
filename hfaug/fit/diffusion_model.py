"""Fit a small diffusion model: a U-Net that denoises pixels, and knows the classes."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets import Dataset, DatasetDict

from hfaug.errors import ParameterError
from hfaug.fields import canonical
from hfaug.fit.fitting import fit
from hfaug.fit.images import TrainingImages
from hfaug.fit.job import Batch, Job, Phase, check_levels

if TYPE_CHECKING:
    import torch

__all__ = ["diffusion"]

_ATTENTION_SIDE = 16  # a level this small or smaller also attends: larger ones would cost more than they give
_HEAD = 32


def diffusion(
    data: Dataset | DatasetDict,
    *,
    out: str | os.PathLike[str],
    image: str | None = None,
    label: str | None = None,
    split: str = "train",
    size: int = 32,
    channels: Sequence[int] = (64, 128, 192),
    layers: int = 2,
    free_share: float = 0.1,
    license: str | None = None,  # noqa: A002 - the Hub's word
    **training: Any,
) -> Path:
    """Fit a class-conditional diffusion model to the images of a dataset; `image.sample` draws with it.

    A ``UNet2DModel`` predicts the velocity between image and noise. That choice goes with noise that reaches full
    strength at the last step (zero signal): there the noise itself would be nothing to predict, and without it a model
    cannot draw very dark or bright images, for in training it never starts from nothing. The class is left out for
    ``free_share`` of the images, so that drawing can be guided towards it.

    Args:
        data: A dataset, or several splits of which one is read.
        out: Folder of the model. If a training broke off in it, that training goes on.
        image: The image column, where there are several.
        label: The column of the class, where there are several.
        split: The split to learn from. Give it training rows alone: what it draws may resemble them.
        size: Height and width in pixels, a multiple of 2 ** (levels - 1).
        channels: Width of the network at each level, each half as large as the one before.
        layers: Blocks a level.
        free_share: Share of images shown without their class, 0..1.
        license: Licence of the data, for the card.
        **training: See :class:`hfaug.fit.Training`; ``steps``, ``batch_size``, ``mixed_precision`` among them.

    Returns:
        The folder.

    Raises:
        MissingExtra: torch, diffusers or Accelerate is not installed.
        ParameterError: An argument is out of its limits, or the folder holds something else.
        RoleError: A column is missing or in doubt.
        CallError: There are no images, or some have no class.
        ModelError: A batch does not fit into memory, or the disk is full.
    Source: Ho et al. 2020, arXiv:2006.11239; Salimans and Ho 2022, arXiv:2202.00512 (velocity); Lin et al. 2023,
        arXiv:2305.08891 (zero signal); Nichol and Dhariwal 2021, arXiv:2102.09672 (cosine schedule).
    """
    size, channels, layers = check_levels("fit diffusion", size, channels, layers)
    free_share = canonical(free_share, float, "fit diffusion", "free_share")
    if not 0 <= free_share < 1:
        raise ParameterError(f"fit diffusion: free_share must be from 0 to below 1, was {free_share}; change it")
    settings = Settings(channels, layers, free_share)
    columns = {"image": image, "label": label, "split": split}
    return fit(lambda images: DiffusionJob(images, settings), data, "diffusion", out, size, columns, license, training)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What decides the network and its loss; see `diffusion`."""

    channels: tuple[int, ...]
    layers: int
    free_share: float


class DiffusionJob(Job):
    """A diffusion model on its way to be fitted."""

    kind = "diffusion"
    averaged = "unet"

    def __init__(self, data: TrainingImages, chosen: Settings) -> None:
        super().__init__(data)
        self.chosen = chosen
        self.scheduler = _scheduler()

    @property
    def settings(self) -> Mapping[str, Any]:
        return dataclasses.asdict(self.chosen)

    def build(self) -> dict[str, torch.nn.Module]:
        from diffusers import UNet2DModel

        attends = [self.data.size >> level <= _ATTENTION_SIDE for level in range(len(self.chosen.channels))]
        return {
            "unet": UNet2DModel(
                sample_size=self.data.size,
                in_channels=self.data.channels,
                out_channels=self.data.channels,
                block_out_channels=self.chosen.channels,
                layers_per_block=self.chosen.layers,
                down_block_types=tuple("AttnDownBlock2D" if here else "DownBlock2D" for here in attends),
                up_block_types=tuple("AttnUpBlock2D" if here else "UpBlock2D" for here in reversed(attends)),
                attention_head_dim=math.gcd(_HEAD, *self.chosen.channels),
                norm_num_groups=math.gcd(32, *self.chosen.channels),
                num_class_embeds=len(self.data.classes) + 1,
            )
        }

    def phases(self) -> Sequence[Phase]:
        return (Phase("unet", self._losses),)

    def _losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        import torch

        count = len(batch.labels)
        noise = batch.normal(batch.pixels.shape)
        times = (batch.uniform(count) * self.scheduler.config.num_train_timesteps).long()
        free = batch.uniform(count) < self.chosen.free_share
        labels = torch.where(free, torch.full_like(batch.labels, len(self.data.classes)), batch.labels)
        noisy = self.scheduler.add_noise(batch.pixels, noise, times)
        wanted = self.scheduler.get_velocity(batch.pixels, noise, times)
        found = self.parts["unet"](noisy, times, class_labels=labels).sample
        return {"loss": torch.nn.functional.mse_loss(found.float(), wanted)}

    def optimizer(self, weights: Sequence[torch.nn.Parameter], rate: float) -> torch.optim.Optimizer:
        import torch

        return torch.optim.AdamW(weights, lr=rate, betas=(0.9, 0.99), weight_decay=0.01)

    def pipeline(self) -> Any:
        from hfaug.backends.sampling_pipelines import ClassConditionalPipeline

        return ClassConditionalPipeline(self.parts["unet"], _scheduler(), self.labels())


def _scheduler() -> Any:
    from diffusers import DDIMScheduler

    return DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=True,
        set_alpha_to_one=True,
    )
