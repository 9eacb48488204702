"""Ops on text and the labels in it."""

from hfaug.ops.text.swap_chars import SwapChars

__all__ = ["SwapChars"]
