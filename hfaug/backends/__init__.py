"""Model runtimes behind small protocols: a translator, an image pipeline.

Ops ask :mod:`hfaug.backends.registry` for a model by kind and name; the protocols say what they may rely on, and a
test or a user puts another runtime in their place with ``registry.override``. Nothing here knows rows, columns or ops,
and importing it imports no torch.
"""

from hfaug.backends.protocols import (
    Backend,
    Determinism,
    GeneratedImage,
    Halving,
    ImagePipeline,
    ImageRequest,
    Sampling,
    Translation,
    Translator,
)
from hfaug.backends.registry import facts, image_pipeline, override, translator, unload

__all__ = [
    "Backend",
    "Determinism",
    "GeneratedImage",
    "Halving",
    "ImagePipeline",
    "ImageRequest",
    "Sampling",
    "Translation",
    "Translator",
    "facts",
    "image_pipeline",
    "override",
    "translator",
    "unload",
]
