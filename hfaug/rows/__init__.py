"""Rows: Arrow batch -> rows -> Arrow batch; decoded on first touch, encoded when changed, the rest moved untouched."""

from hfaug.rows.batch import ArrowBatch, Batch, ObjectBatch
from hfaug.rows.colors import LUMA, Color, Curve, apply_color, replaced, table_curve
from hfaug.rows.entities import read_entities
from hfaug.rows.flow import Heard
from hfaug.rows.footage import Footage
from hfaug.rows.forms import Form, read_form
from hfaug.rows.passage import arrange_text, edit_text, has_labels, movable_parts
from hfaug.rows.row import KEPT, Row
from hfaug.rows.scene import Scene
from hfaug.rows.segments import clock_of, move_segments, segment_times
from hfaug.rows.sound import Sound
from hfaug.rows.waves import resampled

__all__ = [
    "KEPT",
    "LUMA",
    "ArrowBatch",
    "Batch",
    "Color",
    "Curve",
    "Footage",
    "Form",
    "Heard",
    "ObjectBatch",
    "Row",
    "Scene",
    "Sound",
    "apply_color",
    "arrange_text",
    "clock_of",
    "edit_text",
    "has_labels",
    "movable_parts",
    "move_segments",
    "read_entities",
    "read_form",
    "replaced",
    "resampled",
    "segment_times",
    "table_curve",
]
