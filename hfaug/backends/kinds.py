"""The kinds of models: what loads each, in which runtime, and what there is to know of them before they are loaded."""

from __future__ import annotations

__all__ = ["ENTRIES", "EXACT", "HERE", "LOADERS", "UNSTORED"]

HERE = "transformers"
"""What runs a model unless another runtime is asked for."""

LOADERS: dict[str, dict[str, tuple[str, str]]] = {
    "translator": {
        HERE: ("hfaug.backends.marian", "load"),
        "ctranslate2": ("hfaug.backends.ct2", "load"),
        "remote": ("hfaug.backends.remote", "load_translator"),
    },
    "language_model": {
        HERE: ("hfaug.backends.lm", "load"),
        "vllm": ("hfaug.backends.lm_vllm", "load"),
        "remote": ("hfaug.backends.remote", "load_language_model"),
    },
    "masked_model": {HERE: ("hfaug.backends.masked", "load")},
    "image_pipeline": {HERE: ("hfaug.backends.diffusion", "load")},
    "image_sampler": {HERE: ("hfaug.backends.sampling_here", "load")},
    "image_classifier": {HERE: ("hfaug.backends.seeing", "load_classifier")},
    "image_features": {HERE: ("hfaug.backends.seeing", "load_features")},
    "speaker": {HERE: ("hfaug.backends.speaking", "load"), "espeak-ng": ("hfaug.backends.espeak", "load")},
    "transcriber": {
        HERE: ("hfaug.backends.transcribing", "load"),
        "faster-whisper": ("hfaug.backends.whisper_ct2", "load"),
    },
    "speech_quality": {HERE: ("hfaug.backends.dnsmos", "load")},
}
"""Kind -> runtime -> (module, function that loads)."""

ENTRIES = {
    "image_pipeline": "model_index.json",
    "image_sampler": "model_index.json",
    "speech_quality": "sig_bak_ovr.onnx",
}
"""The file that every model of a kind has, where not config.json."""

UNSTORED = ("remote", "espeak-ng")
"""Runtimes whose models lie in no folder: to load one costs next to nothing."""

EXACT = (HERE, "faster-whisper")
"""Runtimes that are planned to be exact by row, on a CPU."""
