"""The ops of hfaug, by what they work on: ``hfaug.ops.image.Rotate``, ``hfaug.ops.text.SwapChars`` ..."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hfaug.ops import audio as audio
    from hfaug.ops import image as image
    from hfaug.ops import mix as mix
    from hfaug.ops import text as text
    from hfaug.ops import video as video

__all__ = ["audio", "image", "mix", "text", "video"]


def __getattr__(name: str) -> Any:
    """A family when it is first asked for: who wants one should not wait for the ops of all the others."""
    if name not in __all__:
        raise AttributeError(f"module 'hfaug.ops' has no attribute {name!r}")
    return importlib.import_module(f"hfaug.ops.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
