"""Gaussians over latents, one a class: fitted as they are, or released with noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hfaug.fit.privacy import normal

if TYPE_CHECKING:
    import torch

__all__ = ["class_gaussians", "plain_gaussians", "private_gaussians"]

_PARTS = 3  # counts, sums and squares: each has an equal share of what an image may add
_LEAST = 0.01


def class_gaussians(centres: Any, labels: Any, classes: int, spread: Any) -> tuple[Any, Any]:
    """Mean and Cholesky factor of one Gaussian a class.

    The covariance of a class is joined with that of all classes about their own means, which counts as many images as
    there are dimensions: the mean of what an inverse Wishart prior of that strength leaves. A class without images has
    the mean of all.

    Args:
        centres: float32, (images, dimensions).
        labels: (images,).
        classes: How many there are.
        spread: Variances to add, (dimensions,).

    Returns:
        (classes, dimensions) and (classes, dimensions, dimensions).
    """
    import torch

    centres, labels = centres.double(), torch.as_tensor(labels)
    width = centres.shape[1]
    means = torch.stack(
        [centres[labels == c].mean(0) if (labels == c).any() else centres.mean(0) for c in range(classes)]
    )
    apart = centres - means[labels]
    shared = apart.T @ apart / len(centres)
    factors = []
    for number in range(classes):
        own = apart[labels == number]
        joined = (own.T @ own + width * shared) / (len(own) + width) + torch.diag(spread.double() + 1e-6)
        factors.append(torch.linalg.cholesky(joined))
    return means.float(), torch.stack(factors).float()


def plain_gaussians(like: torch.Tensor) -> dict[str, torch.Tensor]:
    """Standard normal ones, of which nothing was learnt from data.

    Args:
        like: (classes, dimensions).
    """
    import torch

    return {"mean": torch.zeros_like(like), "factor": torch.eye(like.shape[1]).expand(len(like), -1, -1)}


def private_gaussians(
    latents: torch.Tensor, labels: Any, classes: int, noise: float, secret: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean of each class and the variances that all have together, by one Gaussian mechanism.

    What each image adds is cut to lengths that follow from the number of dimensions alone: those usual in a standard
    normal distribution, to which latents are drawn in training. Means are then drawn towards zero, by as much of their
    length as is likely to be noise, so that a class of few images is about the middle of all.

    Args:
        latents: One of each image, drawn and not the centre, so that the variances are whole, (images, dimensions).
        labels: (images,).
        classes: How many there are.
        noise: Deviation of the noise, as a multiple of what one image adds at most.
        secret: Where it comes from.

    Returns:
        (classes, dimensions) and Cholesky factors, (classes, dimensions, dimensions).

    Source: Dwork and Roth 2014, doi:10.1561/0400000042, section 3.5.3 (the mechanism); James and Stein 1961 (means).
    """
    import torch

    width, unit = latents.shape[1], math.sqrt(_PARTS)
    sums = image_sums(latents, labels, classes)
    told = sums + noise * normal(secret, sums)
    counts, totals, squares = torch.split(unit * told, [classes, classes * width, width])
    counts = counts.clamp_min(1.0)[:, None]
    means = totals.view(classes, width) * math.sqrt(width) / counts
    doubt = noise * unit * math.sqrt(width) / counts
    means = means * (1 - doubt.square() / means.square().mean(1, keepdim=True).clamp_min(1e-12)).clamp_min(0.0)
    between = (counts * means.square()).sum(0) / counts.sum()
    within = (squares * math.sqrt(3 * width) / len(latents) - between).clamp(_LEAST, 1.0)
    return means, torch.diag(within.sqrt()).expand(classes, width, width).clone()


def image_sums(latents: torch.Tensor, labels: Any, classes: int) -> torch.Tensor:
    """Counts and sums of each class, and sums of squares of all, in units of which one image adds one at most.

    Args as :func:`private_gaussians`.

    Returns:
        (classes + classes * dimensions + dimensions,).

    >>> import torch
    >>> image_sums(torch.full((1, 4), 99.0), [1], 2).norm().item() <= 1.000001
    True
    """
    import torch

    width = latents.shape[1]
    own = torch.nn.functional.one_hot(torch.as_tensor(labels), classes).to(latents.dtype)
    near = _cut(latents, math.sqrt(width))
    squares = _cut(latents.square(), math.sqrt(3 * width))  # of a standard normal distribution that is their length
    parts = [own.sum(0), (own.T @ near).flatten() / math.sqrt(width), squares.sum(0) / math.sqrt(3 * width)]
    return torch.cat(parts) / math.sqrt(_PARTS)


def _cut(rows: torch.Tensor, limit: float) -> torch.Tensor:
    """Rows of a length of at most so much; what is no number adds nothing, or all would see it."""
    kept: torch.Tensor = rows * (limit / rows.norm(dim=1, keepdim=True).clamp_min(1e-12)).clamp(max=1.0)
    return kept.nan_to_num(0.0)
