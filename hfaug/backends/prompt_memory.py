"""What prompts become inside a pipeline, kept for the next image of the same prompt."""

from __future__ import annotations

import inspect
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from hfaug.backends.image_families import embeddings_of
from hfaug.backends.protocols import ImageRequest

__all__ = ["PromptMemory", "is_cut"]

_REMEMBERED = 64  # prompts: up to 6 MB each on a GPU for those that T5 reads


class PromptMemory:
    """The embeddings of the latest prompts, so that many images of one prompt encode it once.

    Args:
        pipe: A pipeline; those of other tasks that share its parts encode alike.
    """

    def __init__(self, pipe: Any) -> None:
        self._names = embeddings_of(pipe)
        self._known: OrderedDict[tuple[str, str | None, bool], tuple[Any, ...]] = OrderedDict()
        self._negative: dict[str | None, dict[str, Any]] = {}  # that of the latest call: most prompts share one
        self._lock = threading.Lock()

    def inputs(self, pipe: Any, requests: Sequence[ImageRequest], *, guided: bool) -> dict[str, Any]:
        """What the pipeline is called with, for these requests.

        Args:
            pipe: The pipeline that is called.
            requests: What to draw.
            guided: Whether the negative prompts act, so that they are encoded too.
        """
        accepted = inspect.signature(pipe.__call__).parameters
        if "prompt" not in accepted:
            return {}
        if not self._names:
            negative = [request.negative_prompt or "" for request in requests]
            prompts: dict[str, Any] = {"prompt": [request.prompt for request in requests]}
            return {**prompts, "negative_prompt": negative} if any(negative) else prompts
        import torch

        with self._lock:
            rows = [self._encode(pipe, request, guided) for request in requests]
        columns = zip(self._names, zip(*rows, strict=True), strict=True)
        return {name: torch.cat(parts) for name, parts in columns if name in accepted and parts[0] is not None}

    def _encode(self, pipe: Any, request: ImageRequest, guided: bool) -> tuple[Any, ...]:
        key = (request.prompt, request.negative_prompt, guided)
        if key not in self._known:
            said = {
                "prompt": [request.prompt],
                "negative_prompt": None if request.negative_prompt is None else [request.negative_prompt],
                "device": getattr(pipe, "_execution_device", pipe.device),
                "num_images_per_prompt": 1,
                "do_classifier_free_guidance": guided,
                **(self._negative.get(request.negative_prompt, {}) if guided else {}),
            }
            asked = inspect.signature(pipe.encode_prompt).parameters
            more = {
                name: None for name, one in asked.items() if one.default is inspect.Parameter.empty and name not in said
            }  # second and third prompts that are the first one's where nothing is said
            found = pipe.encode_prompt(**{name: said[name] for name in said if name in asked}, **more)
            self._known[key] = found
            if guided:
                pairs = zip(self._names, found, strict=True)
                self._negative = {request.negative_prompt: {n: one for n, one in pairs if n.startswith("negative_")}}
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def is_cut(pipe: Any, prompt: str) -> bool:
    """Whether each of the pipeline's text encoders reads the prompt's beginning only."""
    tokenizers = [part for name, part in pipe.components.items() if name.startswith("tokenizer") and part is not None]
    longest = inspect.signature(pipe.__call__).parameters.get("max_sequence_length")
    lengths = [
        (len(tokenizer(prompt)["input_ids"]), _limit(tokenizer, None if longest is None else longest.default))
        for tokenizer in tokenizers
    ]
    return bool(lengths) and all(length > limit for length, limit in lengths)


def _limit(tokenizer: Any, longest: int | None) -> int:
    """How many tokens are read: those that a tokenizer knows of, of T5 those that the pipeline takes."""
    limit = int(tokenizer.model_max_length)
    return min(limit, longest) if longest is not None and "T5" in type(tokenizer).__name__ else limit
