"""The ops of hfaug, by what they work on: ``hfaug.ops.image.Rotate``, ``hfaug.ops.text.SwapChars`` ..."""

from hfaug.ops import audio, image, mix, text, video

__all__ = ["audio", "image", "mix", "text", "video"]
