"""Model runtimes behind small protocols: translators, language models, image pipelines, speech ...

Ops ask :mod:`hfaug.backends.registry` for a model by kind and name; the protocols say what they may rely on, and a
test or a user puts another runtime in their place with ``registry.override``. Nothing here knows rows, columns or ops,
and importing it imports no torch.
"""

from hfaug.backends.image_parts import Part, encoder_beside, part_facts
from hfaug.backends.language import (
    Candidate,
    Completion,
    Filled,
    LanguageModel,
    MaskedModel,
    MaskRequest,
    Message,
    Prompt,
)
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
from hfaug.backends.registry import (
    facts,
    image_classes,
    image_classifier,
    image_features,
    image_pipeline,
    image_sampler,
    language_model,
    masked_model,
    override,
    speaker,
    speech_quality,
    transcriber,
    translator,
    unload,
)
from hfaug.backends.runtimes import check_runtime
from hfaug.backends.sampling import ImageSampler
from hfaug.backends.speech import (
    Heard,
    Speaker,
    Speech,
    SpeechQuality,
    SpeechRequest,
    SpokenWord,
    Transcriber,
    Transcript,
)
from hfaug.backends.vision import ImageClassifier, ImageFeatures, Seen

__all__ = [
    "Backend",
    "Candidate",
    "Completion",
    "Determinism",
    "Filled",
    "GeneratedImage",
    "Halving",
    "Heard",
    "ImageClassifier",
    "ImageFeatures",
    "ImagePipeline",
    "ImageRequest",
    "ImageSampler",
    "LanguageModel",
    "MaskRequest",
    "MaskedModel",
    "Message",
    "Part",
    "Prompt",
    "Sampling",
    "Seen",
    "Speaker",
    "Speech",
    "SpeechQuality",
    "SpeechRequest",
    "SpokenWord",
    "Transcriber",
    "Transcript",
    "Translation",
    "Translator",
    "check_runtime",
    "encoder_beside",
    "facts",
    "image_classes",
    "image_classifier",
    "image_features",
    "image_pipeline",
    "image_sampler",
    "language_model",
    "masked_model",
    "override",
    "part_facts",
    "speaker",
    "speech_quality",
    "transcriber",
    "translator",
    "unload",
]
