"""Columns that say how large or how long a medium is hold what it is after a change, and stay where nothing changed."""

import pytest
from datasets import Dataset, Features, Image, List, Value, Video

import hfaug
from hfaug.errors import UnboundColumnError
from hfaug.ops.image import Flip, JitterColor, QuarterTurn, Resize, Rotate, Scale
from hfaug.ops.mix import CutMix, Mosaic
from hfaug.ops.video import ChangeFps, Reverse, Trim
from tests.films import HEIGHT, WIDTH, film
from tests.rows.test_labels_in_rows import NUMBER, SIZE, WHOLE, changed

SIDES = {"width": "width", "height": "height"}


def sides(op, *rows, kind=WHOLE, **said):
    return [(row["width"], row["height"]) for row in changed(op.on(**SIDES, **said), dict.fromkeys(SIDES, kind), *rows)]


def test_the_size_of_an_image_is_rewritten():
    stored = {"width": SIZE[1], "height": SIZE[0]}
    op = Resize(height=10, width=30)
    assert sides(op, stored, {"width": None, "height": None}) == [(30, 10), (None, None)]
    assert sides(op, stored, kind=NUMBER) == [(30.0, 10.0)]
    assert sides(Flip(), stored) == [(SIZE[1], SIZE[0])]


def test_whoever_of_a_chain_was_told_rewrites_at_the_end():
    op = hfaug.Chain(Resize(height=10, width=30).on(**SIDES), JitterColor())
    (after,) = changed(op, dict.fromkeys(SIDES, WHOLE), {"width": 40, "height": 20})
    assert (after["width"], after["height"]) == (30, 10)


def test_a_field_of_a_struct_is_rewritten():
    op = Resize(height=10, width=30).on(width="info.width")
    (after,) = changed(op, {"info": {"width": WHOLE, "name": Value("string")}}, {"info": {"width": 40, "name": "a"}})
    assert after["info"] == {"width": 30, "name": "a"}


def test_images_put_together_have_the_size_of_the_whole():
    from tests.ops.mix.painted import BOUND, painted

    rows = painted()
    rows = rows.add_column("width", [1] * len(rows)).add_column("height", [1] * len(rows))
    row = hfaug.augment(rows, Mosaic(height=64, width=48).on(**BOUND, **SIDES), keep=False)[0]
    assert (row["width"], row["height"]) == row["image"].size == (48, 64)


CLIP = {"width": WHOLE, "height": WHOLE, "fps": NUMBER, "num_frames": WHOLE, "duration": Value("float64")}
STORED = {"width": WIDTH, "height": HEIGHT, "fps": 10.0, "num_frames": 20, "duration": 2.0}


def clip_after(op):
    rows = Dataset.from_list(
        [{"video": {"bytes": film(20, 10), "path": None}, **STORED}], features=Features({"video": Video(), **CLIP})
    )
    (after,) = hfaug.augment(rows, op, keep=False).remove_columns(["video", "provenance"])
    return after


@pytest.mark.parametrize(
    "op,expected",
    [
        (ChangeFps(fps=(5, 5)), {"fps": 5.0, "num_frames": 10}),
        (Reverse(), {}),
        (Resize(height=24, width=32), {"width": 32, "height": 24}),
    ],
    ids=["fps", "reverse", "resize"],
)
def test_measures_of_a_video_are_rewritten(op, expected):
    bound = op.on(**{name: name for name in CLIP})
    assert clip_after(bound) == pytest.approx({**STORED, **expected})


def test_a_trimmed_video_is_shorter_and_as_fast():
    after = clip_after(Trim(length=(0.5, 0.5)).on(**{name: name for name in CLIP}))
    assert after["duration"] == pytest.approx(1.0, abs=1e-3)
    assert (after["fps"], after["width"]) == (10.0, WIDTH)
    assert 10 <= after["num_frames"] <= 11


@pytest.mark.parametrize("name", ["fps", "num_frames", "frame_count", "duration_s"])
def test_what_measures_time_needs_a_verdict_where_time_changes(name):
    features = Features({"video": Video(), name: WHOLE})
    with pytest.raises(hfaug.errors.UnboundColumnError, match=f"column '{name}' may measure the time"):
        Trim().features(features)
    assert name in Flip().features(features)
    assert name in Trim().on(keep=name).features(features)


def test_sizes_of_boxes_are_none_of_the_image():
    features = {"objects": [{"x": NUMBER, "y": NUMBER, "width": NUMBER, "height": NUMBER}], "ids": List(WHOLE)}
    with pytest.raises(hfaug.errors.UnboundColumnError, match=r"'objects.x' may hold positions"):
        changed(Flip(), features, {"objects": [], "ids": []})


def test_ops_that_keep_the_size_ask_for_nothing():
    """A flip leaves width and height right; a turn that grows the canvas does not."""
    features = Features({"image": Image(), **dict.fromkeys(SIDES, WHOLE)})
    assert all(op.keeps_size for op in (Flip(), Rotate(), Scale(), CutMix()))
    assert Flip().features(features)["width"] == WHOLE
    assert Rotate().features(features)["width"] == WHOLE
    for op in (Resize(), Rotate(expand=True), QuarterTurn()):
        with pytest.raises(UnboundColumnError, match="'width' may measure"):
            op.features(features)
