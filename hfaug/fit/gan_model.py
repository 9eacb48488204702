"""Fit a small GAN: R3GAN, which needs none of the tricks that older ones lived by."""

from __future__ import annotations

import dataclasses
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

__all__ = ["gan"]

_JUDGED = 5  # steps of the discriminator to one of the generator, under a promise of privacy


def gan(
    data: Dataset | DatasetDict,
    *,
    out: str | os.PathLike[str],
    image: str | None = None,
    label: str | None = None,
    split: str = "train",
    size: int = 32,
    channels: Sequence[int] = (64, 128, 192),
    blocks: int = 2,
    latent: int = 64,
    gamma: float = 1.0,
    license: str | None = None,  # noqa: A002 - the Hub's word
    **training: Any,
) -> Path:
    """Fit a class-conditional GAN to the images of a dataset; `image.sample` draws with it, in one step an image.

    R3GAN: the discriminator judges pairs of a real and a made image (which of the two looks more real), and the squares
    of its slopes at both are held down. With that alone the training settles, so it needs no normalisation, no special
    schedules and no augmentation. Here it is scaled down, and knows the class by projection.

    Under a promise of privacy (``epsilon``) the discriminator alone sees real images; its gradients are cut pair by
    pair. The generator is told nothing but verdicts on what it made, of classes drawn evenly, and moves in every fifth
    step, since a discriminator that learns from noisy gradients needs more of them.

    Args:
        data: A dataset, or several splits of which one is read.
        out: Folder of the model. If a training broke off in it, that training goes on.
        image: The image column, where there are several.
        label: The column of the class, where there are several.
        split: The split to learn from.
        size: Height and width in pixels, a multiple of 2 ** (levels - 1).
        channels: Width of both networks at each level, from the pixels down.
        blocks: Blocks a level.
        latent: Numbers that an image is drawn from.
        gamma: How strongly slopes are held down, above 0; raise it where the training does not settle.
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
    Source: Huang et al. 2024, arXiv:2501.05441 (R3GAN); Jolicoeur-Martineau 2018, arXiv:1807.00734 (pairs); Miyato and
        Koyama 2018, arXiv:1802.05637 (projection); Xie et al. 2018, arXiv:1802.06739 (privacy by the discriminator
        alone); Bie et al. 2023, arXiv:2302.02936 (more of its steps than of the generator's).
    """
    size, channels, blocks = check_levels("fit gan", size, channels, blocks)
    latent, gamma = canonical(latent, int, "fit gan", "latent"), canonical(gamma, float, "fit gan", "gamma")
    if gamma <= 0 or latent < 1:
        raise ParameterError(
            f"fit gan: gamma must be above 0 and latent 1 or more, were {gamma} and {latent}; change them"
        )
    settings = Settings(channels, blocks, latent, gamma)
    columns = {"image": image, "label": label, "split": split}
    chosen = {"clip": 10.0, "ema_decay": 0.999, **training}
    return fit(lambda images: GANJob(images, settings), data, "gan", out, size, columns, license, chosen)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What decides the networks and their losses; see `gan`."""

    channels: tuple[int, ...]
    blocks: int
    latent: int
    gamma: float


class GANJob(Job):
    """A GAN on its way to be fitted."""

    kind = "gan"
    averaged = "generator"

    def __init__(self, data: TrainingImages, chosen: Settings) -> None:
        super().__init__(data)
        self.chosen = chosen

    @property
    def settings(self) -> Mapping[str, Any]:
        return dataclasses.asdict(self.chosen)

    def build(self) -> dict[str, torch.nn.Module]:
        from hfaug.backends.sampling_gan import Discriminator, Generator

        data, chosen = self.data, self.chosen
        shape = (data.size, data.channels, len(data.classes), chosen.channels, chosen.blocks)
        return {"generator": Generator(*shape, chosen.latent), "discriminator": Discriminator(*shape)}

    def phases(self) -> Sequence[Phase]:
        if self.privacy is None:
            return (Phase("discriminator", self._judging), Phase("generator", self._making))
        blind = Phase("generator", self._making_blind, blind=True, every=_JUDGED)
        return (Phase("discriminator", self._judging), blind)

    def _judging(self, batch: Batch) -> dict[str, torch.Tensor]:
        import torch

        judge = self.parts["discriminator"]

        def verdicts(real: torch.Tensor, made: torch.Tensor) -> Any:
            on_real, on_made = judge(real, batch.labels), judge(made, batch.labels)
            return on_real.sum() + on_made.sum(), (on_real, on_made)

        made = self._made(batch).detach()
        made = made if self.privacy is None else made.clamp(-1, 1)  # as in `_making_blind`
        slopes, (on_real, on_made) = torch.func.grad(verdicts, argnums=(0, 1), has_aux=True)(batch.pixels, made)
        flat = sum((slope.float().square().sum((1, 2, 3)).mean() for slope in slopes), torch.zeros(()))
        judged = torch.nn.functional.softplus(on_made.float() - on_real.float()).mean()
        return {"loss": judged + self.chosen.gamma / 2 * flat, "judged": judged, "slopes": flat}

    def _making(self, batch: Batch) -> dict[str, torch.Tensor]:
        import torch

        judge = self.parts["discriminator"]
        on_real, on_made = judge(batch.pixels, batch.labels), judge(self._made(batch), batch.labels)
        return {"loss": torch.nn.functional.softplus(on_real.float() - on_made.float()).mean()}

    def _making_blind(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Without real images to compare with: verdicts mean something only as differences, so their mean is raised.

        Nothing would ever be good enough then, so what is brighter than white or darker than black is held back: no
        image of any data is.
        """
        made = self._made(batch)
        seen = made.clamp(-1, 1)
        judged = self.parts["discriminator"](seen, batch.labels).float().mean()
        beyond = (made - seen).float().square().mean()
        return {"loss": beyond - judged, "judged": judged, "beyond": beyond}

    def _made(self, batch: Batch) -> torch.Tensor:
        noise = batch.normal((len(batch.labels), self.chosen.latent))
        made: torch.Tensor = self.parts["generator"](noise, batch.labels)
        return made

    def optimizer(self, weights: Sequence[torch.nn.Parameter], rate: float) -> torch.optim.Optimizer:
        import torch

        return torch.optim.Adam(weights, lr=rate, betas=(0.0, 0.99))

    def pipeline(self) -> Any:
        from hfaug.backends.sampling_pipelines import GANPipeline

        network: Any = self.parts["generator"]
        return GANPipeline(network, self.labels())
