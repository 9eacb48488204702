"""Where things are in an image: moves of the whole plane, and dense fields."""

from hfaug.ops.image.geometry.affine import Affine
from hfaug.ops.image.geometry.crop import CenterCrop, Crop
from hfaug.ops.image.geometry.crop_around_boxes import CropAroundBoxes
from hfaug.ops.image.geometry.crop_by_iou import CropByIou
from hfaug.ops.image.geometry.distort import DistortGrid, DistortLens
from hfaug.ops.image.geometry.elastic import Elastic
from hfaug.ops.image.geometry.flip import Flip
from hfaug.ops.image.geometry.pad import Letterbox, Pad
from hfaug.ops.image.geometry.perspective import Perspective
from hfaug.ops.image.geometry.resize import Resize
from hfaug.ops.image.geometry.resize_sides import ResizeLongest, ResizeShortest
from hfaug.ops.image.geometry.resized_crop import RandomResizedCrop
from hfaug.ops.image.geometry.rotate import Rotate
from hfaug.ops.image.geometry.scale import Scale
from hfaug.ops.image.geometry.shear import Shear
from hfaug.ops.image.geometry.shift import Shift
from hfaug.ops.image.geometry.symmetry import QuarterTurn, Symmetry, Transpose

__all__ = [
    "Affine",
    "CenterCrop",
    "Crop",
    "CropAroundBoxes",
    "CropByIou",
    "DistortGrid",
    "DistortLens",
    "Elastic",
    "Flip",
    "Letterbox",
    "Pad",
    "Perspective",
    "QuarterTurn",
    "RandomResizedCrop",
    "Resize",
    "ResizeLongest",
    "ResizeShortest",
    "Rotate",
    "Scale",
    "Shear",
    "Shift",
    "Symmetry",
    "Transpose",
]
