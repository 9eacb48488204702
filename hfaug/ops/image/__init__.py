"""Ops on images and the labels in them."""

from hfaug.ops.image.erase import Erase
from hfaug.ops.image.flip import Flip
from hfaug.ops.image.jitter_color import JitterColor
from hfaug.ops.image.rotate import Rotate
from hfaug.ops.image.text_to_image import TextToImage

__all__ = ["Erase", "Flip", "JitterColor", "Rotate", "TextToImage"]
