"""What loads a model of a kind, on each runtime that can run it."""

from __future__ import annotations

from hfaug.backends.runtimes import check_runtime, is_remote
from hfaug.errors import ParameterError

__all__ = ["ENTRIES", "EXACT", "HERE", "LOADERS", "UNSTORED", "named_runtime", "runtimes_of"]

HERE = "transformers"  # what runs a model unless another runtime is asked for
# kind -> runtime -> (module, function that loads)
LOADERS = {
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
ENTRIES = {
    "image_pipeline": "model_index.json",
    "image_sampler": "model_index.json",
    "speech_quality": "sig_bak_ovr.onnx",
}
"""The file that every model of a kind has, where not config.json."""
UNSTORED = ("remote", "espeak-ng")  # runtimes whose models lie in no folder: to load one costs next to nothing
EXACT = (HERE, "faster-whisper")  # runtimes that are planned to be exact by row, on a CPU


def runtimes_of(kind: str) -> dict[str, tuple[str, str]]:
    """What can run models of a kind."""
    if kind not in LOADERS:
        raise ParameterError(f"kind: must be one of {', '.join(LOADERS)}, was {kind!r}; choose one")
    return LOADERS[kind]


def named_runtime(kind: str, runtime: str) -> str:
    """The name under which ``runtime`` stands among the loaders: each address of an endpoint is ``remote``."""
    known = runtimes_of(kind)
    check_runtime(runtime, kind)
    name = "remote" if is_remote(runtime) else runtime
    if name not in known or runtime == "remote":
        ways = [way for way in known if way != "remote"]
        ways += ["inference", "inference:PROVIDER", "the address of an endpoint"] if "remote" in known else []
        raise ParameterError(f"runtime: must be one of {', '.join(ways)} for a {kind}, was {runtime!r}; choose one")
    return name
