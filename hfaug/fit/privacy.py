"""Differential privacy: how much a model may tell about any one image, by clipped gradients and noise (DP-SGD).

The loss of each image is asked for alone, as a batch of one, for all at once (`torch.func.vmap`): so its gradient is of
that image by construction, whatever the loss is. Opacus keeps the account of epsilon. Which images a step sees and the
noise come from a generator that the operating system starts: a seed that is published, or kept in a checkpoint, would
let the noise be taken off again. So a private training is never the same twice. It is NumPy's, since of a seed torch
takes 32 bits on the CPU: few enough to try them all. The account is about real numbers; what the last bits of floats
could tell (Mironov 2012, doi:10.1145/2382196.2382264) is not guarded against.

What is told of the data without noise stays in the hidden folder, which a ``.gitignore`` keeps from repositories:
losses and the digest of the data. Their number, whether they have colours, and the names of classes count as known.
Everything that leaves it (checkpoints, averages, samples) follows from steps that a checkpoint has counted.
"""

from __future__ import annotations

import dataclasses
import secrets
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hfaug.backends.loading import import_extra
from hfaug.errors import ParameterError
from hfaug.fit.job import Batch, Job, Phase
from hfaug.fit.order import Numbers

if TYPE_CHECKING:
    import torch

__all__ = ["Privacy", "PrivateUpdates", "normal", "plan_privacy"]


_RELEASE = 0.25
"""The part of epsilon that a release at the end would take if it were alone; together they take less than the sum."""

_MOST_NOISE = 1e6

_HELD = 1 << 27
"""Numbers of single gradients that are held at once, at most: half a GB."""


@dataclasses.dataclass(frozen=True)
class Privacy:
    """What a training promises: (epsilon, delta) for adding or taking away one image.

    Args:
        epsilon: What is spent when all is done, at most.
        delta: The chance that the promise does not hold.
        max_grad_norm: The longest gradient of one image.
        noise: Deviation of the noise, as a multiple of ``max_grad_norm``.
        share: The chance of each image to be in a step.
        steps: How many steps there are: noise is made for them, so they cannot be raised later.
        release: Deviation of the noise of what is released at the end, as a multiple of what one image adds to it at
            most; None where nothing is.
    """

    epsilon: float
    delta: float
    max_grad_norm: float
    noise: float
    share: float
    steps: int
    release: float | None = None

    def spent(self, steps: int) -> float:
        """Epsilon after some steps; after all of them with the release."""
        history = [(self.noise, self.share, steps)] if steps else []
        if self.release is not None and steps == self.steps:
            history.append((self.release, 1.0, 1))
        return _epsilon(history, self.delta)


def _epsilon(history: Sequence[tuple[float, float, int]], delta: float) -> float:
    """What was spent by Gaussian mechanisms, each (noise, chance of an image to be in it, how many times)."""
    accountants = import_extra("opacus.accountants", "dp")
    account = accountants.RDPAccountant()
    account.history = list(history)
    orders = [*account.DEFAULT_ALPHAS, 128, 256, 512, 1024]  # without the last ones none is below about 0.2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a finer account would promise more; an upper bound it is in any case
        return float(account.get_epsilon(delta=delta, alphas=orders)) if history else 0.0


def plan_privacy(
    epsilon: float, delta: float, max_grad_norm: float, batch: int, images: int, steps: int, *, releases: bool = False
) -> Privacy:
    """The noise that a promise takes.

    Args:
        epsilon: What may be spent.
        delta: The chance that the promise does not hold.
        max_grad_norm: The longest gradient of one image.
        batch: Images a step, on average.
        images: How many there are.
        steps: How many updates.
        releases: Whether something is released at the end besides.

    Raises:
        MissingExtra: Opacus is not installed.
        ParameterError: A value is out of its limits.

    Source: Abadi et al. 2016, arXiv:1607.00133; Mironov et al. 2019, arXiv:1908.10530 (the account).
    """
    import_extra("opacus", "dp")
    if not (epsilon > 0 and 0 < delta < 1 / images and max_grad_norm > 0):
        raise ParameterError(
            f"fit: epsilon and max_grad_norm must be above 0, delta above 0 and below 1/{images} (one over the "
            f"images), were {epsilon}, {max_grad_norm} and {delta}; change them"
        )
    if batch > images:
        raise ParameterError(f"fit: batch_size must be at most the {images} images, was {batch}; lower it")
    plain = Privacy(epsilon, delta, max_grad_norm, 0.0, batch / images, steps)
    release = _least_noise(lambda noise: _epsilon([(noise, 1.0, 1)], delta), _RELEASE * epsilon) if releases else None
    planned = dataclasses.replace(plain, release=release)
    noise = _least_noise(lambda noise: dataclasses.replace(planned, noise=noise).spent(steps), epsilon)
    return dataclasses.replace(planned, noise=noise)


def _least_noise(spent: Callable[[float], float], epsilon: float) -> float:
    """The least noise, to a thousandth, that spends no more than epsilon."""
    low, high = 0.0, 1.0
    while spent(high) > epsilon:
        low, high = high, 2 * high
        if high > _MOST_NOISE:
            raise ParameterError("fit: epsilon must be within reach of some noise, was too small; raise it, or delta")
    while high - low > 1e-3 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if spent(middle) <= epsilon else (middle, high)
    return high


def normal(secret: np.random.Generator, like: torch.Tensor) -> torch.Tensor:
    """Noise of the shape of a tensor, where that is."""
    import torch

    return torch.from_numpy(secret.standard_normal(tuple(like.shape), np.float32)).to(like)


class PrivateUpdates:
    """Updates under a promise.

    Args:
        privacy: The promise.
        job: What is trained.
        device: Where it is trained.
    """

    def __init__(self, privacy: Privacy, job: Job, device: Any) -> None:
        import torch

        self.privacy, self.job = privacy, job
        self.secret = np.random.default_rng(secrets.randbits(256))
        self.draws = torch.Generator(device).manual_seed(secrets.randbits(63))  # of losses: nothing rests on them

    def draw(self) -> tuple[Numbers, Numbers]:
        """The images of a step, each by chance, so sometimes more and sometimes fewer; and numbers to augment them by.

        These numbers stand for how often an image was seen before, which nothing here may depend on.
        """
        numbers = np.flatnonzero(self.secret.random(len(self.job.data)) < self.privacy.share)
        return numbers, self.secret.integers(2**62, size=len(numbers))

    def release(self) -> dict[str, torch.Tensor]:
        """What the model takes from the data besides gradients; once a training."""
        if self.privacy.release is None:
            raise RuntimeError(f"the account has no release for {self.job.kind}")
        return self.job.release(self.privacy.release, self.secret)

    def gradients(self, phase: Phase, micros: Sequence[tuple[Any, Any]]) -> dict[str, torch.Tensor]:
        """Give each weight the sum of clipped gradients and noise, over the images that a step has on average.

        Args:
            phase: What is changed, for what.
            micros: Pixels and labels of a step, in parts.

        Returns:
            Losses, for the hidden log.
        """
        import torch

        weights, limit = self.job.weights(phase.part), self.privacy.max_grad_norm
        sums, told = [torch.zeros_like(weight) for weight in weights], torch.zeros((), device=self.draws.device)
        at_once = max(1, _HELD // sum(weight.numel() for weight in weights))
        count = sum(len(labels) for _, labels in micros)
        parts = [pair for micro in micros for pair in zip(*(held.split(at_once) for held in micro), strict=True)]
        for pixels, labels in parts:
            gradients, losses = self.single(phase, pixels, labels)
            for gradient in gradients:
                gradient.nan_to_num_(0.0, 0.0, 0.0)  # or one image could break the weights, for all to see
            squares = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients])
            factors = (limit / (squares.sum(0).sqrt() + 1e-6)).clamp(max=1.0)
            for total, gradient in zip(sums, gradients, strict=True):
                total.add_(torch.einsum("i,i...->...", factors, gradient))
            told += losses.sum() / count
        for weight, total in zip(weights, sums, strict=True):
            noise = normal(self.secret, total) * self.privacy.noise * limit
            weight.grad = (total + noise) / (self.privacy.share * len(self.job.data))
        return {f"{phase.part}.loss": told}

    def single(
        self, phase: Phase, pixels: torch.Tensor, labels: torch.Tensor
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """The gradient of each image alone, for each weight (images, ...), and its loss, (images,)."""
        import torch
        from torch.nn.attention import SDPBackend, sdpa_kernel

        network, trained = self.job.parts[phase.part], {id(weight) for weight in self.job.weights(phase.part)}
        alone = _alone(network, phase, self.draws)
        weights = {
            f"network.{name}": weight.detach() for name, weight in network.named_parameters() if id(weight) in trained
        }

        def loss(given: dict[str, torch.Tensor], image: torch.Tensor, label: torch.Tensor) -> Any:
            return torch.func.functional_call(alone, given, (image, label))

        each = torch.func.vmap(torch.func.grad_and_value(loss), in_dims=(None, 0, 0), randomness="different")
        with sdpa_kernel(SDPBackend.MATH):  # the only attention that knows of single images within a batch
            gradients, losses = each(weights, pixels, labels)
        return list(gradients.values()), losses


def _alone(network: torch.nn.Module, phase: Phase, draws: torch.Generator) -> torch.nn.Module:
    """The loss of one image as a network, whose weights functorch can give it."""
    import torch

    class Alone(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, image: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
            return phase.losses(Batch(image[None], label[None], draws))["loss"]

    return Alone()
