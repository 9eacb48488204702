"""Every op of the catalog, ready to be tried, and some compositions of them."""

import importlib.util
import inspect
from pathlib import Path

import albumentations
import numpy as np
from datasets import ClassLabel, Dataset, Features, Image, List, Value
from torchvision.transforms import v2

from hfaug import Chain, OneOf, wrap
from hfaug.catalog import all_classes
from hfaug.media import Picture, encode_image
from hfaug.op import Op
from hfaug.ops.audio import AddNoise, ChangeGain, Crop, Shift, ShiftPitch, StretchTime, gather_sounds
from hfaug.ops.image import Erase, Flip, JitterColor, Rotate
from hfaug.ops.mix import MixUp
from hfaug.ops.text import DeleteWords, SwapChars
from hfaug.ops.video import ChangeSpeed, DropFrames, Loop, Reverse, Trim
from hfaug.testing import Case, cases
from hfaug.testing.samples import sample
from tests import lexicons, tiny_chat, tiny_sampler, tiny_speech

lexicons.install()

MODELS = Path(__file__).parents[1] / "models"
DIGITS = str(MODELS / "digits-text-to-image")

DRAWN = {"model": str(tiny_chat.CHAT), "temperature": 1, "top_p": 1, "max_new_tokens": 128}
BUILDERS = {
    "audio.reverberate": lambda cls: cls(responses=gather_sounds(sample("sounds").rows)),
    "audio.speak": lambda cls: cls(
        model=str(tiny_speech.kept("voices")), voices=("0", "1", "2"), speed=(0.8, 1.2), voice_column="voice"
    ),
    "audio.transcribe": lambda cls: cls(model=str(tiny_speech.kept("ctc")), words="spoken"),
    "image.add_object": lambda cls: cls(model=DIGITS, steps=2).on(boxes="objects.bbox", box_format="coco"),
    "image.control_to_image": lambda cls: cls(
        model=str(tiny_chat.FOLDER / "sd"), controlnet=str(tiny_chat.FOLDER / "controlnet"), prompt="a thing", steps=2
    ),
    "image.image_to_image": lambda cls: cls(model=DIGITS, steps=2, strength=(0.5, 1)),
    "image.inpaint": lambda cls: cls(model=DIGITS, steps=2),
    "image.sample": lambda cls: cls(model=str(tiny_sampler.SAMPLER)),
    "image.text_to_image": lambda cls: cls(model=DIGITS, steps=2),
    "image.vary": lambda cls: cls(
        model=str(tiny_chat.FOLDER / "sd"), adapter=str(tiny_chat.FOLDER / "sd-ip" / "ip-adapter.safetensors"), steps=2
    ),
    "text.back_translate": lambda cls: cls(
        model=str(MODELS / "translate-en-de-fr"), pivots=("de", "fr"), temperature=1, top_k=10
    ),
    "text.ask_questions": lambda cls: cls(**DRAWN, longest=4),
    "text.fill": lambda cls: cls(**DRAWN, task="classify", column="tone", type=("calm", "angry")),
    "text.generate": lambda cls: cls(
        **DRAWN, columns={"said": "string", "tone": ["calm", "angry"]}, shots=0, longest=8
    ),
    "text.rewrite": lambda cls: cls(**DRAWN, length=(0, 1000), check_language=False),
    "text.substitute_masked": lambda cls: cls(model=str(tiny_chat.MASKED), share=0.5, floor=0),
    "text.eda": lambda cls: cls(lexicon="tiny-en:1", share=0.3),
    "text.insert_synonyms": lambda cls: cls(lexicon="tiny-en:1", share=0.3),
    "text.replace_synonyms": lambda cls: cls(lexicon="tiny-en:1", share=0.8),
}
"""Ops that need more than their defaults. A model op is a fixture of this repository."""


def noise(height, width):
    """Pixels of no meaning."""
    return np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)


SHORT = Dataset.from_dict({"text": ["Good morning.", "I like tea. It rains.", "Where are you?"], "label": [0, 1, 0]})
PROMPTS = Dataset.from_dict({"prompt": ["a red zero", "a blue seven", "a green four"], "seen": [1, 2, 3]})
BOXED = Dataset.from_dict(
    {
        "image": [{"bytes": encode_image(noise(24, n), like=Picture(noise(1, 1))), "path": None} for n in (20, 21, 22)],
        "objects": [{"bbox": [[2, 3, 4, 5]] * row, "category": [1] * row, "id": [7] * row} for row in range(3)],
        "name": ["a", "b", "c"],
    },
    features=Features(
        {
            "image": Image(),
            "objects": {
                "bbox": List(List(Value("float32"), length=4)), "category": List(ClassLabel(names=["cat", "dog"])),
                "id": List(Value("int32")),
            },
            "name": Value("string"),
        }
    ),
)  # fmt: skip
CLASSES = Dataset.from_dict({"label": [0, 1, 0, None], "seen": [1, 2, 3, 4]}).cast_column(
    "label", ClassLabel(names=list(tiny_sampler.CLASSES))
)
ROWS = {
    "image.sample": CLASSES,
    "text.back_translate": SHORT, "image.text_to_image": PROMPTS, "text.generate": PROMPTS, "text.rewrite": SHORT,
    "text.fill": SHORT, "text.ask_questions": SHORT, "audio.speak": SHORT,
}  # fmt: skip
"""Few and short rows for ops that ask models: enough for two batches."""

OWN = {"image.add_object": BOXED}
"""Rows for ops that no built-in sample fits: with boxes and no other places."""

WITHOUT_ROWS = (
    "audio.transcribe", "image.add_object", "image.control_to_image", "image.image_to_image", "image.inpaint",
    "image.vary", "text.substitute_masked",
)  # fmt: skip
"""Other ops that ask models."""


def dotted(text, rng):
    """A user's function on texts."""
    return text if rng.random() < 0.5 else text.replace(" ", " . ")


def darker(pixels, rng):
    """A user's function on pixels."""
    return (pixels * rng.uniform(0.3, 0.9)).astype(pixels.dtype)


def louder(samples):
    """A user's function on samples that draws from the global generator."""
    return samples * np.float32(np.random.uniform(0.5, 1))  # noqa: NPY002


COMPOSED = {
    "chain of images": Chain(Rotate(), JitterColor(), Flip(), Rotate(degrees=(10, 40)), Erase()),
    "chain of texts": Chain(SwapChars(share=0.5), DeleteWords(share=0.3), SwapChars(share=0.5)),
    "chain of sounds": Chain(ChangeGain(), StretchTime(), ShiftPitch(), Crop(), AddNoise(), Shift(), AddNoise()),
    "chain of videos": Chain(Trim(), Rotate(), Reverse(), Loop(), DropFrames(), ChangeSpeed(), JitterColor()),
    "chain that mixes": Chain(Flip(), MixUp(), JitterColor()),
    "one of": OneOf(Flip(), Rotate(), JitterColor(), weights=(1, 2, 3)),
    "one of with copies": OneOf(SwapChars(share=1).times(2), DeleteWords(share=0.5)),
    "sometimes": Rotate().sometimes(0.5),
    "times": SwapChars(share=1).times(3),
    "times, kept": Chain(Rotate(), Erase()).times(2, keep=True),
    "times in a chain": Chain(Flip().sometimes(0.5), Rotate().times(2, keep=True).sometimes(0.7), JitterColor()),
    "wrapped function": wrap(dotted, reads="text"),
    "wrapped pixels": wrap(darker, reads="pixels"),
    "wrapped samples": wrap(louder, reads="samples"),
    "wrapped pipeline": wrap(
        albumentations.Compose([albumentations.HorizontalFlip(p=0.5), albumentations.Rotate(p=1)])
    ),
    "wrapped torchvision": wrap(
        v2.Compose([v2.RandomRotation(20), v2.RandomZoomOut(), v2.ColorJitter(0.4), v2.SanitizeBoundingBoxes()])
    ),
    "wrapped torchvision in a chain": Chain(Rotate(), wrap(v2.RandomHorizontalFlip()), JitterColor()),
    "wrapped pipeline in a chain": Chain(Rotate(), wrap(albumentations.VerticalFlip(p=0.5)), JitterColor()),
}


if importlib.util.find_spec("kornia"):  # it wants Python 3.11
    from kornia.augmentation import AugmentationSequential, RandomAffine, RandomGamma, RandomVerticalFlip

    COMPOSED |= {
        "wrapped kornia": wrap(AugmentationSequential(RandomAffine(20.0), RandomGamma(), random_apply=True)),
        "wrapped kornia in a chain": Chain(Rotate(), wrap(RandomVerticalFlip()), JitterColor()),
    }


def _concrete(cls):
    return cls.__module__ != "hfaug.compose" and not inspect.isabstract(cls)


OPS = {name: cls for name, cls in all_classes().items() if issubclass(cls, Op) and _concrete(cls)}
OTHERS = {name: cls for name, cls in all_classes().items() if not issubclass(cls, Op) and _concrete(cls)}
"""Filters: they have names, pickles, digests and limits like ops."""


def build(name):
    """An op of the catalog with its defaults, or as `BUILDERS` says."""
    return BUILDERS.get(name, lambda cls: cls())(OPS[name])


def asks_models(op):
    """Whether an op runs a model, which takes its time."""
    return any(part.op_name() in {*ROWS, *WITHOUT_ROWS} for part in op.walk())


ON_VIDEO = {"image.erase", "image.flip", "image.jitter_color", "image.rotate", "chain of images", "times, kept"}
"""Ops on images that are tried on videos too: all go through the same few lines, and encoding takes its time."""


def _fits(name, case):
    return case.sample != "videos" or name in ON_VIDEO or "video" in case.op.needs or name.startswith("chain of videos")


def _cases():
    for name in OPS:
        for case in [case for case in cases(build(name), OWN.get(name)) if _fits(name, case)]:
            if name not in ROWS or case.sample in {"plain", "requests"}:  # others are bound to columns of theirs
                yield case.name, Case(case.op, ROWS.get(name, case.rows), case.odd, case.sample)
    for name, op in COMPOSED.items():
        for case in [case for case in cases(op) if _fits(name, case)]:
            yield f"{name}-{case.sample}", case


CASES = dict(_cases())
"""An op with each kind of rows that it takes, by name."""


def is_first(name):
    """Whether a case is the first of its op, with the most labels."""
    return next(other for other in CASES if other.rpartition("-")[0] == name.rpartition("-")[0]) == name


def _kind(op):
    """The class that says how an op works: the nearest above it that leaves a method to be written."""
    modules = ("hfaug.kinds", "hfaug.wrap")
    return next(cls for cls in type(op).__mro__ if cls.__module__.count(".") == 1 or cls.__module__.startswith(modules))


def _representatives():
    met = set()
    for name, case in CASES.items():
        known = (_kind(case.op), case.sample)
        if case.op.op_name() not in OPS or known not in met:
            met.add(known)
            yield name


REPRESENTATIVES = set(_representatives())
"""One case for each kind of op and rows, and every composition: for what is too long to be tried on all."""
