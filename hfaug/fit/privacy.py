"""Differential privacy: how much a model may tell about any one image, by clipped gradients and noise (DP-SGD).

Opacus takes the gradient of each image by itself and keeps the account of epsilon. Which images a step sees and the
noise come from a generator that the operating system starts: a seed that is published, or kept in a checkpoint, would
let the noise be taken off again. So a private training is never the same twice.

What is told of the data without noise stays in the hidden folder: losses, the digest of the data, counts of classes.
Everything that leaves it (checkpoints, averages, samples) follows from steps that a checkpoint has counted.
"""

from __future__ import annotations

import dataclasses
import secrets
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hfaug.backends.loading import import_extra
from hfaug.errors import ParameterError
from hfaug.fit.job import Batch, Job
from hfaug.fit.order import Numbers

if TYPE_CHECKING:
    import torch

__all__ = ["Privacy", "PrivateUpdates", "plan_privacy"]


@dataclasses.dataclass(frozen=True)
class Privacy:
    """What a training promises: (epsilon, delta) for adding or taking away one image.

    Args:
        epsilon: What is spent when all steps are done, at most.
        delta: The chance that the promise does not hold.
        max_grad_norm: The longest gradient of one image.
        noise: Deviation of the noise, as a multiple of ``max_grad_norm``.
        share: The chance of each image to be in a step.
        steps: How many steps there are: noise is made for them, so they cannot be raised later.
    """

    epsilon: float
    delta: float
    max_grad_norm: float
    noise: float
    share: float
    steps: int

    def spent(self, steps: int) -> float:
        """Epsilon after some steps."""
        accountants = import_extra("opacus.accountants", "dp")
        account = accountants.RDPAccountant()
        account.history = [(self.noise, self.share, steps)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a finer account would promise more; an upper bound it is in any case
            return float(account.get_epsilon(delta=self.delta)) if steps else 0.0


def plan_privacy(epsilon: float, delta: float, max_grad_norm: float, batch: int, images: int, steps: int) -> Privacy:
    """The noise that a promise takes.

    Raises:
        MissingExtra: Opacus is not installed.
        ParameterError: A value is out of its limits.

    Source: Abadi et al. 2016, arXiv:1607.00133; Mironov et al. 2019, arXiv:1908.10530 (the account).
    """
    import_extra("opacus", "dp")
    from opacus.accountants.utils import get_noise_multiplier

    if not (epsilon > 0 and 0 < delta < 1 / images and max_grad_norm > 0):
        raise ParameterError(
            f"fit: epsilon and max_grad_norm must be above 0, delta above 0 and below 1/{images} (one over the "
            f"images), were {epsilon}, {max_grad_norm} and {delta}; change them"
        )
    if batch > images:
        raise ParameterError(f"fit: batch_size must be at most the {images} images, was {batch}; lower it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in `Privacy.spent`
        noise = get_noise_multiplier(
            target_epsilon=epsilon, target_delta=delta, sample_rate=batch / images, steps=steps, accountant="rdp"
        )
    return Privacy(epsilon, delta, max_grad_norm, float(noise), batch / images, steps)


class PrivateUpdates:
    """The updates of one network under a promise.

    Args:
        privacy: The promise.
        job: What is trained; its loss must be a mean over images that have nothing to do with each other.
        device: Where it is trained.
    """

    def __init__(self, privacy: Privacy, job: Job, device: Any) -> None:
        import torch
        from opacus import GradSampleModule

        self.privacy, self.job = privacy, job
        (self.phase,) = job.phases()
        # Opacus's own rule for convolutions (1.6) gives wrong gradients where a layer's input lies in memory in another
        # order than usual, channels last as after attention; what functorch derives is right. The hooks stay on the
        # network as long as this lives.
        self._hooked = GradSampleModule(job.parts[self.phase.part], force_functorch=True)
        self.secret = torch.Generator(device).manual_seed(secrets.randbits(63))

    def draw(self) -> tuple[Numbers, Numbers]:
        """The images of a step, each by chance, so sometimes more and sometimes fewer; and numbers to augment them by.

        These numbers stand for how often an image was seen before, which nothing here may depend on.
        """
        import torch

        device = self.secret.device
        drawn = torch.rand(len(self.job.data), generator=self.secret, device=device)
        numbers = (drawn < self.privacy.share).nonzero()[:, 0]
        visits = torch.randint(2**62, numbers.shape, generator=self.secret, device=device)
        return numbers.cpu().numpy(), visits.cpu().numpy()

    def gradients(self, micros: Sequence[tuple[Any, Any]]) -> dict[str, torch.Tensor]:
        """Give each weight the sum of clipped gradients and noise, over the images that a step has on average.

        Args:
            micros: Pixels and labels of a step, in parts.

        Returns:
            Losses, for the hidden log.
        """
        import torch

        weights, limit = self.job.weights(self.phase.part), self.privacy.max_grad_norm
        sums = [torch.zeros_like(weight) for weight in weights]
        told = torch.zeros((), device=self.secret.device)
        count = sum(len(labels) for _, labels in micros)
        for pixels, labels in micros:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch tells of the hooks of the first layer, whose input needs none
                loss = self.phase.losses(Batch(pixels, labels, self.secret))["loss"]
                loss.backward()  # type: ignore[no-untyped-call]
            told += loss.detach() * len(labels) / count
            self._add(sums, weights, limit)
        for weight, total in zip(weights, sums, strict=True):
            noise = torch.randn(total.shape, generator=self.secret, device=total.device)
            weight.grad = (total + noise * self.privacy.noise * limit) / (self.privacy.share * len(self.job.data))
        return {f"{self.phase.part}.loss": told}

    def _add(self, sums: Sequence[torch.Tensor], weights: Sequence[Any], limit: float) -> None:
        """Add the gradient of each image, cut to its limit."""
        import torch

        squares = torch.stack([weight.grad_sample.flatten(1).square().sum(1) for weight in weights])
        factors = (limit / (squares.sum(0).sqrt() + 1e-6)).clamp(max=1.0)
        for total, weight in zip(sums, weights, strict=True):
            total.add_(torch.einsum("i,i...->...", factors, weight.grad_sample))
            weight.grad_sample, weight.grad = None, None
