"""What a kornia pipeline is, as canonical JSON, and the pipeline again from it."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hfaug.errors import CompatibilityError, MissingExtra, ParameterError
from hfaug.wrap.known import Known
from hfaug.wrap.layers import freeze_layers, module_attributes, thaw_layers

__all__ = ["STACKABLE", "build", "device", "gains_by_batches", "joined", "library", "signature", "specify", "stacks"]

_ALL = ("mask", "boxes", "keypoints")
_SOME = {"RandomElasticTransform": ("mask",), "RandomFisheye": (), "RandomThinPlateSpline": ()}
"""Transforms that are no matrix, and the labels that kornia moves with them."""
_STILL = ("kornia.color", "kornia.enhance", "kornia.filters")
"""Where modules live that leave pixels in their places."""
_REFUSED = {
    "Denormalize": "makes no image that could be stored; leave it to the training loop",
    "Normalize": "makes no image that could be stored; leave it to the training loop",
    **dict.fromkeys(("AutoAugment", "RandAugment", "TrivialAugment"), "holds weights; use hfaug's own policies"),
    "VideoSequential": "takes videos; wrap what is inside it",
}
STACKABLE = frozenset({
    "CenterCrop", "ColorJiggle", "ColorJitter", "LongestMaxSize", "PadTo", "RandomAffine", "RandomBrightness",
    "RandomContrast", "RandomCrop", "RandomGamma", "RandomGrayscale", "RandomHorizontalFlip", "RandomHue",
    "RandomInvert", "RandomPerspective", "RandomPosterize", "RandomRGBShift", "RandomResizedCrop", "RandomRotation",
    "RandomSaturation", "RandomShear", "RandomSolarize", "RandomTranslate", "RandomVerticalFlip", "Resize",
    "SmallestMaxSize",
})  # fmt: skip
"""Transforms whose parameters stand for one image each, and which draw nothing more while they compute."""
_LIVE = {
    "_lazy_matrix_args", "_output_image", "_params", "_transform_matrices", "_transform_matrix",
    "_transform_matrix_params", "_transform_matrix_params_snapshot", "device", "dtype", "input_dtype", "mask_dtype",
}  # fmt: skip
"""What the last call left behind, and where it computed."""


def specify(target: Any, shifts: Sequence[str] | None = None) -> str:
    """An augmentation or a container as canonical JSON: equal for equal ones, before and after use.

    Args:
        target: The augmentation or container.
        shifts: What the user says of modules that are not kornia's: empty or ``image``; by default ``image``.

    Raises:
        FingerprintError: It could not be made again from what it holds.
        ParameterError: A transform needs more than one image, or `shifts` denies what is known.
    """
    leaves = list(_leaves(target))
    found = [_moved(leaf) for leaf in leaves]
    moving = [moves for moves in found if moves is not None and moves != "unknown"]
    denied = [type(leaf).__name__ for leaf, moves in zip(leaves, found, strict=True) if isinstance(moves, tuple)]
    if shifts == () and denied:
        raise ParameterError(f"wrap: shifts=() says that pixels stay in their places, {denied[0]} moves them")
    unknown = "unknown" in found and shifts != ()
    known = Known(
        shifts=("image",) if moving or unknown else (),
        moves=() if unknown or not moving else tuple(role for role in _ALL if all(role in moves for moves in moving)),
        plain=all(isinstance(moves, tuple) for moves in found),
        sure="unknown" not in found,
        wide=True,
    )
    return known.text(freeze_layers(target, _attributes, _finish))


@functools.lru_cache(maxsize=32)
def build(text: str) -> Any:
    """The pipeline of a specification, in this process, as an ``AugmentationSequential``."""
    import torch

    kornia = _kornia()
    target = thaw_layers(Known.tree(text), _finish)
    container = kornia.augmentation.AugmentationSequential
    if type(target) is not container:
        inner = target.children() if type(target).__module__.startswith("torch.") else [target]
        target = container(*inner, data_keys=["input"])
    target = target.to(device())
    for part in target.modules():  # which drew where they stand now
        if hasattr(part, "set_rng_device_and_dtype"):
            part.set_rng_device_and_dtype(torch.device("cpu"), torch.float32)
    return target


@functools.lru_cache(maxsize=32)
def stacks(text: str) -> bool:
    """Whether images may go through a pipeline as one batch: all that is in it draws for each of them."""
    return all(type(leaf).__name__ in STACKABLE for leaf in _leaves(build(text)))


def device() -> Any:
    """The GPU, if this process can use one."""
    import torch

    # A process that was forked from one which used the GPU cannot.
    return torch.device("cuda" if torch.cuda.is_available() and not torch.cuda._is_in_bad_fork() else "cpu")  # noqa: SLF001


def gains_by_batches() -> bool:
    """Whether images should go through together: on a GPU. A CPU gains little, and alone their bytes are their own."""
    return bool(device().type != "cpu")


@functools.cache
def library() -> str:
    """The installed library: its results can change with its version."""
    try:
        return f"kornia {importlib.metadata.version('kornia')}"
    except importlib.metadata.PackageNotFoundError:
        return "kornia"


def signature(params: Any) -> Any:
    """What parameters of two images must agree in to be joined: the transforms, and what stands for a whole batch."""
    if _is_item(params):
        return params.name, signature(params.data)
    if isinstance(params, list):
        return tuple(signature(item) for item in params)
    if isinstance(params, Mapping):
        # Where the size changes, all or none must be changed.
        whole = {"output_size", *(["batch_prob"] if "output_size" in params else [])}
        return tuple((name, _shared(value, whole=name in whole)) for name, value in sorted(params.items()))
    return None


def joined(many: Sequence[Any]) -> Any:
    """The parameters of several images, of one signature, as those of a batch."""
    import torch

    first = many[0]
    if _is_item(first):
        return type(first)(first.name, joined([item.data for item in many]))
    if isinstance(first, list):
        return [joined(items) for items in zip(*many, strict=True)]
    if not isinstance(first, Mapping):
        return first
    held = {}
    for name, value in first.items():
        if name == "forward_input_shape":
            held[name] = torch.cat([torch.full_like(value[:1], len(many)), value[1:]])
        elif value.ndim and value.shape[0] == 1:
            held[name] = torch.cat([params[name] for params in many])
        else:
            held[name] = value
    return held


def _shared(value: Any, *, whole: bool) -> Any:
    """The shape of a parameter, and its values if they stand for the whole batch."""
    if whole or not value.ndim or value.shape[0] != 1:
        return tuple(value.shape), tuple(value.flatten().tolist())
    return tuple(value.shape), None


def _is_item(value: Any) -> bool:
    """Whether a value is kornia's pair of the name of a module and its parameters."""
    return isinstance(value, tuple) and hasattr(value, "data") and hasattr(value, "name")


def _kornia() -> Any:
    try:
        import kornia.augmentation
    except ImportError as error:
        raise MissingExtra("kornia: must be installed for this, is not; run: pip install kornia") from error
    except RuntimeError as error:
        raise CompatibilityError(
            f"kornia: must fit the installed torch, does not ({error}); install both anew"
        ) from error
    version = tuple(int(part) for part in kornia.__version__.split(".")[:2])
    if version < (0, 9):
        raise CompatibilityError(
            f"kornia: must be of version 0.9 or newer, is {kornia.__version__}, which moves some labels wrongly; "
            "run: pip install -U kornia"
        )
    return kornia


def _leaves(part: Any) -> Iterator[Any]:
    """The transforms of a pipeline; a container that does more than to chain its parts counts as one."""
    import torch

    kinds = _kornia().augmentation
    if type(part) in {torch.nn.Sequential, kinds.ImageSequential, kinds.AugmentationSequential}:
        for each in part.children():
            yield from _leaves(each)
    else:
        yield part


def _moved(leaf: Any) -> tuple[str, ...] | str | None:
    """The labels that move with a transform; None if pixels stay in their places, ``unknown`` if nobody can say."""
    kinds = _kornia().augmentation
    name, home = type(leaf).__name__, type(leaf).__module__
    own = home.startswith("kornia.")
    if isinstance(leaf, kinds.MixAugmentationBaseV2):
        raise ParameterError(f"wrap: a transform must make one image of one, {name} mixes rows; use hfaug.ops.mix")
    if own and (name in _REFUSED or isinstance(leaf, kinds.AugmentationBase3D)):
        raise ParameterError(f"wrap: {name} {_REFUSED.get(name, 'takes volumes; use one of its kind for images')}")
    if isinstance(leaf, kinds.IntensityAugmentationBase2D) or home.startswith(_STILL):
        return None
    if own and isinstance(leaf, kinds.GeometricAugmentationBase2D):
        return _ALL
    return _SOME.get(name, "unknown") if own else "unknown"


def _attributes(layer: Any) -> Mapping[str, Any]:
    """What a module is made of; its samplers follow from that."""
    from kornia.augmentation.random_generator.base import RandomGeneratorBase

    held = module_attributes(layer)
    if not any(base.__module__.startswith("kornia.") for base in type(layer).__mro__):
        return held
    made = isinstance(layer, RandomGeneratorBase)
    return {name: value for name, value in held.items() if name not in _LIVE and not (made and _is_sampler(value))}


def _is_sampler(value: Any) -> bool:
    from torch.distributions import Distribution

    if isinstance(value, dict):
        return bool(value) and all(map(_is_sampler, value.values()))
    return isinstance(value, Distribution)


def _finish(layer: Any) -> None:
    """Set a module up as its class does: nothing drawn yet, samplers on the CPU."""
    import torch
    from kornia.augmentation.base import _BasicAugmentationBase
    from kornia.augmentation.container.base import BasicSequentialBase, TransformMatrixMinIn
    from kornia.augmentation.random_generator.base import RandomGeneratorBase

    state = vars(layer)
    if isinstance(layer, RandomGeneratorBase):
        layer.make_samplers(torch.device("cpu"), torch.float32)
    if isinstance(layer, (RandomGeneratorBase, _BasicAugmentationBase)):
        state.update(device=torch.device("cpu"), dtype=torch.float32)
    if isinstance(layer, _BasicAugmentationBase):
        state["_params"] = {}
    if isinstance(layer, BasicSequentialBase):
        state["_params"] = None
    if isinstance(layer, TransformMatrixMinIn):
        state.update(_transform_matrix=None, _transform_matrices=[])
    if hasattr(type(layer), "_output_image") or "ImageModule" in {base.__name__ for base in type(layer).__mro__}:
        state["_output_image"] = None
