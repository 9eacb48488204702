"""`wrap`: an op out of what a user has already: a pipeline of another library, an augmenter, or a plain callable."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from datasets import Features

from hfaug.errors import ParameterError
from hfaug.op import Op
from hfaug.wrap import imgaug, kornia_specs, specs, torchvision_specs, waves
from hfaug.wrap.calls import describe
from hfaug.wrap.functions import PixelFunction, RowFunction, SampleFunction, TextFunction
from hfaug.wrap.imgaug import Imgaug
from hfaug.wrap.kornia import Kornia
from hfaug.wrap.pipelines import Albumentations
from hfaug.wrap.torchvision import Torchvision
from hfaug.wrap.waves import Audiomentations

__all__ = [
    "Albumentations",
    "Audiomentations",
    "Imgaug",
    "Kornia",
    "PixelFunction",
    "RowFunction",
    "SampleFunction",
    "TextFunction",
    "Torchvision",
    "wrap",
]

Reads = Literal["text", "pixels", "samples", "row"]
_SHIFTS = {"text": ("text",), "pixels": ("image",), "samples": ("audio",), "row": ("image", "text", "audio")}
_LIBRARIES = {
    "albumentations": "albumentations.core",
    "audiomentations": "audiomentations.core",
    "kornia": "kornia.",
    "torchvision": "torchvision.transforms",
}


def wrap(
    target: Any,
    *,
    reads: Reads | None = None,
    shifts: str | Sequence[str] | None = None,
    adds: Mapping[str, Any] | None = None,
    draws: bool = True,
) -> Op:
    """Make an op of a pipeline or function that you have already, with all that hfaug's own ops promise.

    What it does is written down once: a pipeline by its configuration, an importable function by its name and a digest
    of its code, a lambda or a function of a notebook by its compiled code and the values it holds. So equal ones are
    equal, in every process, before and after use. Whatever has a state of its own is refused: generators, open files,
    models.

    Labels go along or are refused. Boxes, masks and keypoints of the row go through transforms that are known to move
    them, stay where pixels stay, and are an error before any work where nobody knows: for transforms of your own, and
    for those that their library gives no labels. See `Albumentations`, `Torchvision`, `Kornia`, `Imgaug`.

    Random numbers belong to rows. A function with a parameter ``rng`` or ``generator`` gets a generator of the row:
    NumPy's, or what the annotation says (`hfaug.randomness.Stream`, ``random.Random``, ``torch.Generator``). Others may
    use the global generators, which are seeded by the row and are afterwards as they were before. A pipeline's own seed
    is not used; ``op.on(seed=...)`` gives other draws.

    Args:
        target: A transform or ``Compose`` of albumentations, of torchvision v2 or of audiomentations; an augmentation
            or container of kornia; an object with the protocol of imgaug (``augment_image(image)``, or a call with
            ``image=``); or a callable.
        reads: What a callable gets and gives back: ``text`` (str), ``pixels`` (a (height, width, channels) array),
            ``samples`` (a (channels, samples) float32 array; and ``rate``, if it takes that), or ``row`` (a mapping of
            stored values by column; it gives back those that changed). All but pixels may give `hfaug.Reject`.
        shifts: Contents whose places a callable changes: ``text``, ``image``, ``audio``. Labels in them cannot follow,
            so rows with such labels are refused. By default a text is taken to change its places, pixels, samples and
            rows are not; ``shifts=()`` says of a text function that every character stays in its place. Of a pipeline,
            ``shifts=()`` says that transforms that hfaug does not know leave pixels or samples in their places.
        adds: Features of the columns that a callable on rows adds.
        draws: False says that a callable draws nothing, which saves 20 µs a row; it is an error if it does.

    Returns:
        The op: bind it, chain it, map it, like any other.

    Raises:
        FingerprintError: The target holds something live, or cannot be made again in another process.
        ParameterError: The target is none of these, or the arguments do not fit it.

    >>> import albumentations as A
    >>> flips = A.Compose([A.HorizontalFlip(), A.RandomBrightnessContrast()], bbox_params=A.BboxParams("coco"))
    >>> op = wrap(flips).on(boxes="objects.bbox", box_format="coco")
    >>> op.moves
    ('mask', 'boxes', 'keypoints')

    >>> from torchvision.transforms import v2
    >>> wrap(v2.Compose([v2.RandomResizedCrop(224), v2.ColorJitter(0.3), v2.SanitizeBoundingBoxes()])).moves
    ('mask', 'boxes', 'keypoints')

    >>> def shout(text, rng):
    ...     return text.upper() if rng.random() < 0.5 else text
    >>> wrap(shout, reads="text", shifts=()).moves
    ('spans', 'answers', 'tags')
    """
    if isinstance(target, Op):
        return target
    if isinstance(target, type) and reads is None:
        raise ParameterError(
            f"wrap: needs a transform or a callable, got the class {target.__qualname__}; make one of it"
        )
    said = None if shifts is None else ((shifts,) if isinstance(shifts, str) else tuple(shifts))
    library = _library(target)
    if library is None and reads is None and imgaug.is_augmenter(target):
        library = "the protocol of imgaug"
    if library is None:
        return _function(target, reads, said, adds, draws=draws)
    if reads is not None or adds is not None or not draws or (said is not None and library == "albumentations"):
        raise ParameterError(
            f"wrap: reads, shifts, adds and draws are for callables, got them for {type(target).__name__} "
            f"of {library}; leave them out"
        )
    content = "audio" if library == "audiomentations" else "image"
    if said not in {None, (), (content,)}:
        raise ParameterError(f'wrap: shifts of {type(target).__name__} must be () or "{content}", got {said!r}')
    if library == "albumentations":
        return Albumentations(pipeline=specs.specify(target))
    if library == "audiomentations":
        return Audiomentations(pipeline=waves.specify(target, said))
    if library == "torchvision":
        return Torchvision(pipeline=torchvision_specs.specify(target, said))
    if library == "kornia":
        return Kornia(pipeline=kornia_specs.specify(target, said))
    return Imgaug(pipeline=imgaug.specify(target, said))


def _library(target: Any) -> str | None:
    """The library that an object is of, by the modules of its bases; nothing is imported for it."""
    if isinstance(target, type):
        return None
    homes = [base.__module__ for base in type(target).__mro__]
    found = next((name for name, home in _LIBRARIES.items() if any(each.startswith(home) for each in homes)), None)
    if found is None and type(target).__module__ == "torch.nn.modules.container":
        return next(filter(None, map(_library, target.children())), None)
    return found


def _function(
    target: Any, reads: Reads | None, shifts: tuple[str, ...] | None, adds: Mapping[str, Any] | None, *, draws: bool
) -> Op:
    if reads not in _SHIFTS:
        raise ParameterError(
            f"wrap: reads must say what the callable gets: {', '.join(_SHIFTS)}; got {reads!r} for "
            f"{getattr(target, '__qualname__', type(target).__name__)}"
        )
    unknown = sorted(set(shifts or ()) - set(_SHIFTS[reads]))
    if unknown:
        raise ParameterError(
            f'wrap: shifts of reads="{reads}" must be among {", ".join(_SHIFTS[reads])}, got {", ".join(unknown)}'
        )
    if adds is not None and reads != "row":
        raise ParameterError(f'wrap: adds is for reads="row", got it for reads="{reads}"; leave it out')
    call: dict[str, Any] = {"function": describe(target), "draws": draws}
    if reads == "row":
        columns = json.dumps(Features(adds or {}).to_dict(), sort_keys=True)
        call.update(shifted=shifts or (), columns=columns)
        return RowFunction(**call)
    if reads == "text":
        return TextFunction(**call, still=shifts == ())
    kinds: dict[str, Callable[..., Op]] = {"pixels": PixelFunction, "samples": SampleFunction}
    return kinds[reads](**call, still=not shifts)
