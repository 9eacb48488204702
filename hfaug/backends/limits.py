"""How many tokens a model reads, which its files say in several places, if at all."""

from __future__ import annotations

from typing import Any

__all__ = ["read_limit"]

_NO_LIMIT = 100_000_000  # above this a tokenizer means that it knows no limit


def read_limit(config: Any, tokenizer: Any, default: int) -> int:
    """How many tokens a model reads, the lowest of what its configuration and its tokenizer say.

    Args:
        config: A configuration of transformers.
        tokenizer: A tokenizer of transformers.
        default: Where neither says anything.
    """
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    limits = [getattr(text, "max_position_embeddings", None), tokenizer.model_max_length]
    known = [limit for limit in limits if isinstance(limit, int) and 0 < limit < _NO_LIMIT]
    return min(known, default=default)
