"""Tiny random models for ops that ask one, in a folder that every process of a test run knows."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

from tests import tiny_models

if "HFAUG_TEST_TINY" not in os.environ:
    os.environ["HFAUG_TEST_TINY"] = tempfile.mkdtemp(prefix="hfaug-tiny-")
    atexit.register(shutil.rmtree, os.environ["HFAUG_TEST_TINY"], ignore_errors=True)
FOLDER = Path(os.environ["HFAUG_TEST_TINY"])
CHAT, MASKED = FOLDER / "tiny-chat", FOLDER / "tiny-masked"


@functools.cache
def build():
    """Write the models, in the process that made the folder; returns where they lie.

    The chat model ends an answer after some dozen tokens: what a random one says has no end, so its end is made
    likelier.
    """
    if CHAT.exists():
        return CHAT, MASKED
    tiny_models.causal(CHAT, longest=2048)
    from safetensors.torch import load_file, save_file

    weights = load_file(CHAT / "model.safetensors")
    weights["lm_head.weight"][2] *= 3
    save_file(weights, CHAT / "model.safetensors", metadata={"format": "pt"})
    tiny_models.masked(MASKED)
    return CHAT, MASKED
