"""Ops on text and the labels in it."""

from hfaug.ops.text.back_translate import BackTranslate
from hfaug.ops.text.delete_words import DeleteWords
from hfaug.ops.text.swap_chars import SwapChars
from hfaug.ops.text.swap_entities import SwapEntities

__all__ = ["BackTranslate", "DeleteWords", "SwapChars", "SwapEntities"]
