"""What an albumentations pipeline is, as canonical JSON, and the pipeline again from it."""

from __future__ import annotations

import enum
import functools
import importlib
import importlib.metadata
import json
import sys
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from hfaug.code import code_digest
from hfaug.errors import CompatibilityError, FingerprintError, MissingExtra, ParameterError
from hfaug.wrap.constructed import differences

__all__ = ["build", "label_fields", "library", "reach", "renew", "specify"]

_LIVE = {
    "_additional_targets", "_available_keys", "_key2func", "_init_args", "applied_in_replay", "check_each_transform",
    "deterministic", "invalid_args", "main_compose", "mask_interpolation", "params", "processors", "py_random",
    "random_generator", "replay_mode", "save_applied_params", "save_key", "seed", "strict", "_strict", "transforms",
}  # fmt: skip
"""What a transform holds besides its configuration: draws, bookkeeping, its place in a pipeline."""

_GIVEN = {"image", "images", "mask", "masks", "bboxes", "keypoints"}
_MOST_NUMBERS = 10_000


def specify(target: Any) -> str:
    """The configuration of a pipeline or transform as canonical JSON: equal for equal ones, before and after use.

    Raises:
        FingerprintError: A transform has no configuration from which it could be made again.
        ParameterError: A transform needs data that no row has.
    """
    pipeline = target if type(target).__name__ == "Compose" else _composed(target)
    leaves = list(_leaves(pipeline))
    for leaf in leaves:
        _check(leaf)
    spec = _config(pipeline)
    moving = [leaf for leaf in leaves if not _is_still(leaf)]
    known = {
        "pipeline": spec,
        "shifts": ["image"] if moving else [],
        "moves": [role for role, can in _CAN.items() if moving and all(map(can, moving))],
        "code": {leaf.get_class_fullname(): code_digest(type(leaf)) for leaf in leaves if not _is_own(type(leaf))},
    }
    text = json.dumps(known, sort_keys=True, separators=(",", ":"), allow_nan=False)
    again = build(text, boxes="bboxes" in pipeline.processors, points="keypoints" in pipeline.processors)
    _check_alike(pipeline, again)
    return text


def reach(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The contents whose places a specified pipeline changes, and the labels that it moves."""
    try:
        known = json.loads(text)
        return tuple(known["shifts"]), tuple(known["moves"])
    except (ValueError, KeyError, TypeError) as error:
        raise ParameterError(
            f"Albumentations: pipeline must be a text that hfaug.wrap made, got {text[:80]!r}"
        ) from error


@functools.cache
def library() -> str:
    """The installed library: its results can change with its version."""
    for name in ("albumentations", "albumentationsx"):
        try:
            return f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    return "albumentations"


def build(text: str, *, boxes: bool, points: bool, masks: int = 0, index: str = "index") -> Any:
    """The pipeline of a specification, fit for rows.

    Args:
        text: From `specify`.
        boxes: Whether it will get boxes, in corners and pixels.
        points: Whether it will get keypoints, as x and y.
        masks: How many masks it will get: ``mask``, ``mask_1``, ``mask_2`` ...
        index: The label field by which boxes are known again; of keypoints it ends with ``_points``.
    """
    known = json.loads(text)
    _import(known["code"])
    spec = _renamed(known["pipeline"])
    params = spec.get("bbox_params") or {}
    fields = [*(params.get("label_fields") or []), index]
    spec["bbox_params"] = {**params, "format": "pascal_voc", "label_fields": fields} if boxes else None
    points_of = {"format": "xy", "label_fields": [f"{index}_points"], "remove_invisible": False}
    spec["keypoint_params"] = points_of if points else None
    spec["additional_targets"] = {f"mask_{number}": "mask" for number in range(1, masks)}
    return _made(spec)


def label_fields(pipeline: Any, index: str) -> list[str]:
    """The label fields that the user's own pipeline names."""
    processor = pipeline.processors.get("bboxes")
    return [name for name in processor.params.label_fields if name != index] if processor else []


def renew(pipeline: Any, generator: np.random.Generator, python: Any) -> None:
    """Give a pipeline the draws of a row, and let it forget the labels of the rows before."""
    # One generator for all: `set_random_seed` would give each transform the same numbers, so that they draw alike.
    pipeline.set_random_state(generator, python)
    for processor in pipeline.processors.values():
        processor.label_manager = type(processor.label_manager)()


def _albumentations() -> Any:
    try:
        import albumentations
    except ImportError as error:
        raise MissingExtra(
            "albumentations: must be installed for this, is not; run: pip install albumentations"
        ) from error
    if not hasattr(albumentations.Compose, "set_random_state"):
        raise CompatibilityError(
            f"albumentations: must be of version 2, is {albumentations.__version__}; run: pip install -U albumentations"
        )
    return albumentations


def _composed(target: Any) -> Any:
    return _albumentations().Compose([target])


def _leaves(pipeline: Any) -> Iterator[Any]:
    for part in pipeline.transforms:
        if _holds_transforms(part):
            yield from _leaves(part)
        else:
            yield part


def _holds_transforms(part: Any) -> bool:
    """Whether a part is composed of others; what `ColorJitter` keeps under the name ``transforms`` are functions."""
    return hasattr(part, "transforms") and not hasattr(part, "apply")


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__name__}"


def _is_own(cls: type) -> bool:
    return cls.__module__.split(".")[0] == "albumentations"


def _is_still(transform: Any) -> bool:
    """Whether pixels stay in their places."""
    return isinstance(transform, _albumentations().ImageOnlyTransform)


def _reaches(transform: Any, target: str) -> bool:
    """Whether a transform that moves pixels says that it moves this label too."""
    targets = getattr(transform, "_targets", None)
    if targets is None:  # a user's own: what it does is what it defines
        return target == "MASK" or hasattr(transform, f"apply_to_{target.lower()}")
    names = {one.name for one in (targets if isinstance(targets, tuple) else (targets,))}
    return target in names


_CAN = {
    "mask": lambda transform: _reaches(transform, "MASK"),
    "boxes": lambda transform: _reaches(transform, "BBOXES"),
    "keypoints": lambda transform: _reaches(transform, "KEYPOINTS"),
}


def _check(transform: Any) -> None:
    """Refuse a transform that no other process could make, or that needs what no row has."""
    cls = type(transform)
    if not _is_own(cls) and getattr(sys.modules.get(cls.__module__), cls.__name__, None) is not cls:
        raise FingerprintError(
            f"wrap: the class of a transform must be defined at the top of a module, {cls.__qualname__} is not; move it"
        )
    missing = sorted(set(transform.targets_as_params) - _GIVEN)
    if missing:
        raise ParameterError(
            f"wrap: a transform must do with image, mask, bboxes and keypoints, {type(transform).__name__} needs "
            f"{', '.join(missing)}; write an op of your own (hfaug new)"
        )


def _config(pipeline: Any) -> dict[str, Any]:
    try:
        spec = pipeline.to_dict()["transform"]
    except (NotImplementedError, ValueError, AttributeError) as error:
        raise FingerprintError(
            f"wrap: every transform must have a configuration that names all it does, one has none ({error}); take it "
            'out, and chain what it does: hfaug.Chain(hfaug.wrap(pipeline), hfaug.wrap(function, reads="pixels"))'
        ) from error
    if "bboxes" in pipeline.processors:  # left out by to_dict
        params = pipeline.processors["bboxes"].params
        spec["bbox_params"]["filter_invalid_bboxes"] = bool(getattr(params, "filter_invalid_bboxes", False))
    spec.pop("seed", None)  # draws belong to rows
    spec.pop("additional_targets", None)
    plain: dict[str, Any] = _plain(spec, "pipeline")
    return plain


def _plain(value: Any, where: str) -> Any:
    """A value as JSON knows it."""
    if isinstance(value, enum.Enum):
        return _plain(value.value, where)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype != object and value.size <= _MOST_NUMBERS:
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item, where) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(item, f"{where}.{key}") for key, item in value.items()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise FingerprintError(
        f"wrap: {where} must be plain numbers and texts, is {type(value).__name__}; take the transform out, or make it "
        "a class with plain arguments"
    )


def _class(name: str) -> Any:
    """The class of a user's transform; None where its module no longer has it."""
    module, _, cls = name.rpartition(".")
    return getattr(sys.modules.get(module) or importlib.import_module(module), cls, None)


def _renamed(spec: Any) -> Any:
    """A configuration with the names by which classes are registered here: spawned workers rename the main module."""
    if isinstance(spec, list):
        return [_renamed(part) for part in spec]
    if not isinstance(spec, dict):
        return spec
    named = {key: _renamed(value) for key, value in spec.items()}
    if "." in named.get("__class_fullname__", ""):
        named["__class_fullname__"] = _name(_class(named["__class_fullname__"]))
    return named


def _import(code: Mapping[str, str]) -> None:
    """Have the classes of the user's own transforms defined, and make sure that they are those of the specification."""
    for name, digest in code.items():
        held = _class(name)
        if held is None or code_digest(held) != digest:
            raise FingerprintError(
                f"wrap: {name} must be the class that was wrapped, is another; wrap the pipeline again"
            )


def _made(spec: dict[str, Any]) -> Any:
    albumentations = _albumentations()
    with warnings.catch_warnings():
        # The saved arguments name some that the class does not take; nothing is lost by that, `_check_alike` looks.
        warnings.simplefilter("ignore")
        return albumentations.from_dict({"transform": spec})


def _check_alike(one: Any, other: Any) -> None:
    """Make sure that a pipeline was made again as it is."""
    for left, right in zip(_all(one), _all(other), strict=True):
        lost = differences(left, right, _LIVE)
        if lost:
            raise FingerprintError(
                f"wrap: {type(left).__name__} must be made again by the arguments it saves, {', '.join(lost)} would be "
                "lost; take it out, or save them under the names of its arguments"
            )


def _all(pipeline: Any) -> Iterator[Any]:
    for part in pipeline.transforms:
        yield part
        if _holds_transforms(part):
            yield from _all(part)
