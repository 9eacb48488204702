"""What a torchvision pipeline is, as canonical JSON, and the pipeline again from it."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hfaug.errors import CompatibilityError, MissingExtra, ParameterError
from hfaug.wrap.known import Known
from hfaug.wrap.layers import freeze_layers, module_attributes, thaw_layers

__all__ = ["NUMBERS", "Kinds", "asks_for_boxes", "build", "corners", "kinds", "library", "specify"]

NUMBERS = "labels"
"""The key of the numbers by which boxes are known again; torchvision looks for labels under it."""

HOME = "torchvision.transforms"

_CONTAINERS = {"Compose", "RandomApply", "RandomChoice", "RandomOrder"}
_NEUTRAL = {"ConvertBoundingBoxFormat", "Identity", "SetClampingMode", "ToImage", "ToPureTensor"}
_COLOURS = {
    "ColorJitter", "ConvertImageDtype", "GaussianBlur", "GaussianNoise", "Grayscale", "JPEG", "LinearTransformation",
    "Normalize", "PILToTensor", "RGB", "RandomAdjustSharpness", "RandomAutocontrast", "RandomChannelPermutation",
    "RandomEqualize", "RandomErasing", "RandomGrayscale", "RandomInvert", "RandomPhotometricDistort", "RandomPosterize",
    "RandomSolarize", "ToDtype", "ToPILImage", "ToTensor",
}  # fmt: skip
"""Pixels stay in their places."""
_SCALE_FREE = _COLOURS & {
    "ColorJitter", "GaussianBlur", "GaussianNoise", "Grayscale", "RGB", "RandomAdjustSharpness", "RandomAutocontrast",
    "RandomChannelPermutation", "RandomGrayscale", "RandomInvert", "RandomPhotometricDistort",
}  # fmt: skip
"""They do the same to numbers 0..1 as to levels."""
_PLACES = {
    "CenterCrop", "ClampBoundingBoxes", "ClampKeyPoints", "ElasticTransform", "Pad", "RandomAffine", "RandomCrop",
    "RandomHorizontalFlip", "RandomIoUCrop", "RandomPerspective", "RandomResize", "RandomResizedCrop",
    "RandomRotation", "RandomShortestSize", "RandomVerticalFlip", "RandomZoomOut", "Resize", "SanitizeBoundingBoxes",
    "SanitizeKeyPoints", "ScaleJitter",
}  # fmt: skip
"""Places change, and boxes, masks and keypoints with them."""
_POLICIES = {"AugMix", "AutoAugment", "RandAugment", "TrivialAugmentWide"}
"""Places change, and torchvision gives them no labels."""
_REFUSED = {
    "CutMix": "mixes rows; use hfaug.ops.mix",
    "MixUp": "mixes rows; use hfaug.ops.mix",
    "FiveCrop": "makes several images of one; use a random crop and copies",
    "TenCrop": "makes several images of one; use a random crop and copies",
    "UniformTemporalSubsample": "takes videos apart; use hfaug.ops.video",
}


class Kinds(NamedTuple):
    """Our own kinds of tensors beside torchvision's."""

    points: Any
    """Keypoints that count from the corner of the first pixel, as boxes do."""
    alpha: Any
    """Transparency: moved like colours, and not touched by what changes those."""


def specify(target: Any, shifts: Sequence[str] | None = None) -> str:
    """A transform or pipeline as canonical JSON: equal for equal ones, before and after use.

    Args:
        target: The transform or pipeline.
        shifts: What the user says of transforms that are not torchvision's: empty or ``image``; by default ``image``.

    Raises:
        FingerprintError: It could not be made again from what it holds.
        ParameterError: A transform needs more than one row, or `shifts` denies what is known.
    """
    leaves = [(_known_name(leaf), leaf) for leaf in _leaves(target)]
    for name, _ in leaves:
        if name in _REFUSED:
            raise ParameterError(f"wrap: a transform must make one image of one, {name} {_REFUSED[name]}")
    moving = [name for name, leaf in leaves if name in _PLACES and _has_labels(leaf)]
    strange = [name for name, _ in leaves if name not in _COLOURS | _NEUTRAL and name not in moving]
    denied = [name for name, _ in leaves if name in _PLACES | _POLICIES]
    if shifts == () and denied:
        raise ParameterError(f"wrap: shifts=() says that pixels stay in their places, {denied[0]} moves them")
    unknown = strange and shifts != ()
    known = Known(
        shifts=("image",) if moving or unknown else (),
        moves=_movable() if moving and not unknown else (),
        plain=not strange and all(name in _PLACES | _NEUTRAL for name, _ in leaves),
        sure=not strange and all(_has_labels(leaf) for _, leaf in leaves),
        wide=not strange
        and all(name in _PLACES | _NEUTRAL | _SCALE_FREE and _fills_black(leaf) for name, leaf in leaves),
    )
    return known.text(freeze_layers(target, _attributes, _finish))


@functools.lru_cache(maxsize=32)
def build(text: str) -> Any:
    """The pipeline of a specification, in this process."""
    _torchvision()
    return thaw_layers(Known.tree(text), _finish)


@functools.lru_cache(maxsize=32)
def asks_for_boxes(text: str) -> bool:
    """Whether a pipeline fails on a sample without boxes, so that it must get an empty list of them."""
    return any(_known_name(leaf) in {"RandomIoUCrop", "SanitizeBoundingBoxes"} for leaf in _leaves(build(text)))


@functools.cache
def library() -> str:
    """The installed library: its results can change with its version."""
    try:
        return f"torchvision {importlib.metadata.version('torchvision')}"
    except importlib.metadata.PackageNotFoundError:
        return "torchvision"


def corners(boxes: Any) -> Any:
    """Boxes of any format as (n, 4) x1, y1, x2, y2."""
    from torchvision.transforms.v2 import functional

    return functional.convert_bounding_box_format(boxes, new_format="XYXY").double().numpy()


@functools.cache
def kinds() -> Kinds:
    """Our kinds of tensors, made known to torchvision."""
    from torchvision import tv_tensors
    from torchvision.transforms.v2 import functional

    class Points(tv_tensors.KeyPoints):
        """torchvision flips about middles of pixels, and resizes and turns about their corners."""

    class Alpha(tv_tensors.Mask):
        """Resampled as smoothly as the colours."""

    def flip(points: Any, axis: int) -> Any:
        moved = points.as_subclass(_tensor()).clone()
        moved[..., axis] = points.canvas_size[1 - axis] - moved[..., axis]
        return tv_tensors.wrap(moved, like=points)

    def bend(points: Any, displacement: Any, **_more: Any) -> Any:
        plain = points.as_subclass(_tensor())  # they are looked up by the pixel that they lie in, whose middle is given
        moved = functional.elastic_keypoints(plain, points.canvas_size, displacement) + plain - plain.floor()
        return tv_tensors.wrap(moved, like=points)

    def smooth(name: str) -> Any:
        kernel = getattr(functional, f"{name}_image")
        return lambda alpha, *args, **more: tv_tensors.wrap(
            kernel(alpha.as_subclass(_tensor()), *args, **more), like=alpha
        )

    functional.register_kernel(functional.horizontal_flip, Points)(functools.partial(flip, axis=0))
    functional.register_kernel(functional.vertical_flip, Points)(functools.partial(flip, axis=1))
    functional.register_kernel(functional.elastic, Points)(bend)
    for name in ("affine", "elastic", "perspective", "resize", "resized_crop", "rotate"):
        functional.register_kernel(getattr(functional, name), Alpha)(smooth(name))
    return Kinds(Points, Alpha)


def _tensor() -> Any:
    import torch

    return torch.Tensor


def _torchvision() -> Any:
    try:
        import torchvision.transforms.v2
    except ImportError as error:
        raise MissingExtra("torchvision: must be installed for this, is not; run: pip install torchvision") from error
    except RuntimeError as error:
        raise CompatibilityError(
            f"torchvision: must fit the installed torch, does not ({error}); install both from the same place "
            "(https://pytorch.org/get-started/locally)"
        ) from error
    return torchvision


def _leaves(part: Any) -> Iterator[Any]:
    import torch

    if isinstance(part, (torch.nn.Sequential, torch.nn.ModuleList)):
        inner: Any = part.children()
    elif _known_name(part) in _CONTAINERS:
        inner = part.transforms
    else:
        yield part
        return
    for each in inner:
        yield from _leaves(each)


def _known_name(leaf: Any) -> str:
    """The name of a transform of torchvision; empty for others, whatever they derive from."""
    cls = type(leaf)
    return cls.__name__ if cls.__module__.startswith(HOME) else ""


def _has_labels(leaf: Any) -> bool:
    """Whether a transform is of v2: those of v1 know of images alone."""
    return type(leaf).__module__.startswith(f"{HOME}.v2")


def _fills_black(leaf: Any) -> bool:
    """Whether what a transform fills in is 0, which is black on every scale."""
    return not any(np.any(value) for value in getattr(leaf, "_fill", {}).values() if value is not None)


def _movable() -> tuple[str, ...]:
    """The labels that the installed version moves."""
    tensors = _torchvision().tv_tensors
    return ("mask", "boxes", "keypoints") if hasattr(tensors, "KeyPoints") else ("mask", "boxes")


def _attributes(layer: Any) -> Mapping[str, Any]:
    """What a transform is made of; by which numbers boxes are known again is our own business."""
    getters = {"labels_getter", "_labels_getter"} if _known_name(layer).startswith("Sanitize") else set()
    return {name: value for name, value in module_attributes(layer).items() if name not in getters}


def _finish(layer: Any) -> None:
    if _known_name(layer) == "SanitizeBoundingBoxes":
        vars(layer).update(labels_getter=_numbers, _labels_getter=_numbers)
    elif _known_name(layer) in {"SanitizeKeyPoints", "ToPureTensor"}:
        # Points keep their places in their lists; and a tensor that forgets what it is could not be read back.
        vars(layer)["forward"] = _unchanged


def _numbers(sample: Any) -> Any:
    return sample[NUMBERS]


def _unchanged(sample: Any) -> Any:
    return sample
