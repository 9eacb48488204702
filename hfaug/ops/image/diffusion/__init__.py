"""Ops on images that a diffusion pipeline draws."""

from hfaug.ops.image.diffusion.add_object import AddObject
from hfaug.ops.image.diffusion.control_to_image import ControlToImage
from hfaug.ops.image.diffusion.image_to_image import ImageToImage
from hfaug.ops.image.diffusion.inpaint import Inpaint
from hfaug.ops.image.diffusion.vary import Vary

__all__ = ["AddObject", "ControlToImage", "ImageToImage", "Inpaint", "Vary"]
