"""How positions move: one change to the content, and every label with it.

`Warp` (a matrix) and `Field` (a dense map) move images with their masks, boxes, outlines and key points, `Edits` texts
with their spans, tags and answers, `TimeMap` sounds and videos with their time labels. Labels are moved by the same
mathematics as the content, once, however many steps were fused.
"""

from __future__ import annotations

from hfaug.moves.answers import answer_spans, move_answers
from hfaug.moves.arrangement import Arrangement, arranged, glued
from hfaug.moves.bend import Bend
from hfaug.moves.boxes import box_format, check_boxes, clip_boxes, from_xyxy, to_xyxy, wrong_boxes
from hfaug.moves.edits import Edits, joined
from hfaug.moves.field import Field, Move
from hfaug.moves.frames import FrameTimes, Retiming
from hfaug.moves.keypoints import from_points, to_points
from hfaug.moves.matrices import (
    centre,
    compose,
    flip,
    identity,
    perspective,
    quarter_turns,
    rotation,
    scaling,
    shear,
    translation,
)
from hfaug.moves.motion import Motion, Path, follow
from hfaug.moves.offsets import from_code_points, to_code_points
from hfaug.moves.pixels import counts
from hfaug.moves.reducing import reduction_of, warp_reduced
from hfaug.moves.tags import move_tag_ids, move_tags
from hfaug.moves.timemap import TimeMap
from hfaug.moves.tokens import TokenMove, move_tokens
from hfaug.moves.warp import Warp

__all__ = [
    "Arrangement",
    "Bend",
    "Edits",
    "Field",
    "FrameTimes",
    "Motion",
    "Move",
    "Path",
    "Retiming",
    "TimeMap",
    "TokenMove",
    "Warp",
    "answer_spans",
    "arranged",
    "box_format",
    "centre",
    "check_boxes",
    "clip_boxes",
    "compose",
    "counts",
    "flip",
    "follow",
    "from_code_points",
    "from_points",
    "from_xyxy",
    "glued",
    "identity",
    "joined",
    "move_answers",
    "move_tag_ids",
    "move_tags",
    "move_tokens",
    "perspective",
    "quarter_turns",
    "reduction_of",
    "rotation",
    "scaling",
    "shear",
    "to_code_points",
    "to_points",
    "to_xyxy",
    "translation",
    "warp_reduced",
    "wrong_boxes",
]
