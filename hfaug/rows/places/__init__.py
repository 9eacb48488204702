"""Labels that name places in an image. Each knows how it is stored, follows moves, and can be written back.

| file | subject |
| --- | --- |
| `label.py` | what every label can do |
| `boxes.py`, `oriented.py` | boxes, upright and askew |
| `polygons.py`, `runs.py`, `figures.py` | outlines; masks of single objects, as run lengths or images |
| `masks.py` | label maps of the whole image |
| `points.py` | keypoints |
| `objects.py` | what is one value an object drops together |
| `opening.py` | a row's labels by their roles |
| `raster.py` | figures on the grid of pixels |
| `paths.py` | columns and fields |
"""

from hfaug.rows.places.boxes import BoxLabel
from hfaug.rows.places.figures import FigureLabel, MaskListLabel
from hfaug.rows.places.label import ObjectLabel, PlaceLabel, fuse
from hfaug.rows.places.masks import MaskLabel
from hfaug.rows.places.objects import Objects, gather, put_objects, write_labels
from hfaug.rows.places.opening import groups_of, open_labels
from hfaug.rows.places.oriented import OrientedLabel, box_corners
from hfaug.rows.places.paths import read_path, write_path
from hfaug.rows.places.points import PointLabel
from hfaug.rows.places.polygons import PolygonLabel, read_rings
from hfaug.rows.places.runs import RunLabel, run_items

__all__ = [
    "BoxLabel",
    "FigureLabel",
    "MaskLabel",
    "MaskListLabel",
    "ObjectLabel",
    "Objects",
    "OrientedLabel",
    "PlaceLabel",
    "PointLabel",
    "PolygonLabel",
    "RunLabel",
    "box_corners",
    "fuse",
    "gather",
    "groups_of",
    "open_labels",
    "put_objects",
    "read_path",
    "read_rings",
    "run_items",
    "write_labels",
    "write_path",
]
