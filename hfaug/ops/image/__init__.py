"""Ops on images and the labels in them."""

from hfaug.ops.image.erase import Erase
from hfaug.ops.image.flip import Flip
from hfaug.ops.image.jitter_color import JitterColor
from hfaug.ops.image.rotate import Rotate

__all__ = ["Erase", "Flip", "JitterColor", "Rotate"]
