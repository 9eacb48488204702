"""Objects in mixed images: what the picture shows is what every label says, for each op that puts images together."""

import functools

import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, Features, Image, List, Value

import hfaug
from hfaug.errors import LabelError, RoleError
from hfaug.ops.image import Erase, Flip, Rotate
from hfaug.ops.mix import CopyPaste, CutMix, MixUp, Mosaic
from tests.contract import figures
from tests.ops.mix.painted import (
    BOUND,
    FEATURES,
    OBJECT,
    colour,
    near,
    numbers_of,
    outline,
    painted,
    pixels,
    run_mask,
    seen,
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")

SIZES = [(40, 50), (60, 30), (25, 64), (48, 48)]
OPS = {
    "cut": (CutMix(alpha=1), [(40, 50)]),
    "cut, other sizes": (CutMix(alpha=1), SIZES),
    "mosaic": (Mosaic(height=70, width=90), SIZES),
    "small mosaic": (Mosaic(height=9, width=14, center=(0, 1)), SIZES),
    "paste": (CopyPaste(mirror=0.5), SIZES),
    "paste all": (CopyPaste(share=1, scale=(1, 1), mirror=0), [(40, 50)]),
    "paste softly": (CopyPaste(feather_px=3), SIZES),
    "turn, cut, mirror": (hfaug.Chain(Rotate(degrees=(-30, 30)), CutMix(), Flip()), SIZES),
    "paste, mosaic": (hfaug.Chain(CopyPaste(), Mosaic(height=64, width=64)), SIZES),
}


@functools.cache
def mixed(name):
    op, sizes = OPS[name]
    made = hfaug.augment(painted(sizes=sizes), op.on(**BOUND), keep=False, copies=25)
    return made.with_format("arrow")[:].to_pylist()


@pytest.mark.parametrize("name", OPS)
def test_every_label_lies_over_the_pixels_of_its_object(name):
    """What is of an object's own colour lies in its mask, its outline and its box; nothing is to be seen without."""
    for row in mixed(name):
        picture = pixels(row)
        found = {}
        for item in row["objects"]:
            found.setdefault(item["category"], []).append(item)
        for category in range(18):
            shown = seen(picture, category)
            if category not in found:
                assert shown.sum() <= 2, f"{category} is to be seen and has no labels"
                continue
            masks = np.any([run_mask(item) for item in found[category]], axis=0)
            drawn = np.any([outline(item, picture.shape[:2]) for item in found[category]], axis=0)
            assert not (shown & ~near(masks)).any()
            assert not (shown & ~near(drawn)).any()
            if "softly" not in name and ", mosaic" not in name:  # resampling blends the pixels along edges alone
                inner = ~near(~masks, 3 if "," in name else 2, outside=True)
                assert (shown | ~inner).all()
            if len(found[category]) == 1 and "," not in name:  # a cut outline may fill its turned or cut box in part
                (item,) = found[category]
                x, y, width, height = item["bbox"]
                rows, columns = np.nonzero(run_mask(item))
                extent = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
                assert np.abs(np.array([x, y, x + width, y + height]) - extent).max() <= 1.5


@pytest.mark.parametrize("name", OPS)
def test_masks_outlines_and_areas_agree(name):
    for row in mixed(name):
        for item in row["objects"]:
            mask = run_mask(item)
            drawn = outline(item, mask.shape)
            assert mask.any()
            assert not (mask & ~near(drawn)).any() or not drawn.any()
            assert not (drawn & ~near(mask)).any()
            if min(mask.any(axis=0).sum(), mask.any(axis=1).sum()) > 6:
                assert figures.overlap(mask, drawn) > (0.65 if "," in name else 0.75)  # twice resampled
            assert item["rle"]["size"] == list(pixels(row).shape[:2])
            assert item["area"] == pytest.approx(mask.sum(), rel=0.25, abs=8)


@pytest.mark.parametrize("name", OPS)
def test_numbers_of_the_instance_mask_are_those_of_the_objects(name):
    """No two objects share one, objects that are gone have none, and each lies where its mask is."""
    for row in mixed(name):
        numbers = numbers_of(row)
        named = [item["number"] for item in row["objects"]]
        assert len(set(named)) == len(named)
        assert set(np.unique(numbers).tolist()) <= {0, *named}
        for item in row["objects"]:
            assert (near(run_mask(item)) | (numbers != item["number"])).all()


@pytest.mark.parametrize("name", ["cut", "paste all"])
def test_whole_pixels_are_exchanged_exactly(name):
    """Without resampling, masks, boxes and areas are those of the pixels, to the last one."""
    count = 0
    for row in mixed(name):
        picture = pixels(row)
        for item in row["objects"]:
            shown = seen(picture, item["category"])
            if [other["category"] for other in row["objects"]].count(item["category"]) > 1:
                continue
            assert (run_mask(item) == shown).all()
            assert (outline(item, picture.shape[:2]) == shown).all()
            rows, columns = np.nonzero(shown)
            x, y, width, height = item["bbox"]
            extent = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert np.allclose([x, y, x + width, y + height], extent, atol=1e-9)
            assert item["area"] == pytest.approx(shown.sum())
            count += 1
    assert count > 200


def test_points_under_something_are_hidden():
    """2 becomes 1 where something else lies over a point, 0 where its place is cut off."""
    marks = {0: 0, 1: 0, 2: 0}
    for row in mixed("cut"):
        picture = pixels(row)
        for item in row["objects"]:
            x, y, mark = item["keypoints"]
            around = {(int(y - hair), int(x - hair)) for hair in (0.01, -0.01)}
            inside = [at for at in around if 0 <= at[0] < picture.shape[0] and 0 <= at[1] < picture.shape[1]]
            shown = {bool((picture[at] == colour(item["category"])).all()) for at in inside}
            assert (mark == 2) in (shown or {False})
            marks[mark] += 1
    assert min(marks.values()) > 3


def test_objects_of_both_stay_in_a_blend():
    rows = painted()
    made = hfaug.augment(rows, MixUp(alpha=1).on(**BOUND, keep="instance_mask"), keep=False).with_format("arrow")[:]
    before = {row["label"]: row["objects"] for row in rows.with_format("arrow")[:].to_pylist()}
    ids = [row["provenance"]["parents"][0] for row in made.to_pylist()]
    for row in made.to_pylist():
        partner = ids.index(row["provenance"]["parents"][1])
        both = before[row["label"]] + before[partner]
        assert [item["category"] for item in row["objects"]] == [item["category"] for item in both]
        assert [item["bbox"] for item in row["objects"]] == [item["bbox"] for item in both]
        assert sum(row["label_weights"]) == pytest.approx(1)


def test_weights_are_the_areas_that_are_seen():
    """Each class by the pixels of its image, which the picture tells."""
    for row in mixed("cut"):
        own, other = (row["label_weights"][label] for label in _two(row))
        assert own + other == pytest.approx(1, abs=1e-6)
    for row in mixed("mosaic"):
        assert sum(row["label_weights"]) == pytest.approx(1, abs=1e-6)
        assert sum(weight > 0 for weight in row["label_weights"]) >= 3
    assert "label_weights" not in mixed("paste")[0]


def _two(row):
    ranked = np.argsort(row["label_weights"])[::-1]
    return ranked[0], ranked[1]


def test_thresholds_hold_for_what_is_covered():
    """Objects of which less is left than asked for are gone from pasted and cut images."""
    rows = painted()
    for op in (CutMix(alpha=1), CopyPaste(share=1)):
        few = hfaug.augment(rows, op.on(**BOUND, min_visibility=0.6), keep=False, copies=20)
        many = hfaug.augment(rows, op.on(**BOUND), keep=False, copies=20)
        count = [sum(map(len, made.with_format("arrow")[:]["objects"].to_pylist())) for made in (few, many)]
        assert count[0] < count[1]
        whole = {
            item["category"]: item["area"]
            for row in rows.with_format("arrow")[:].to_pylist()
            for item in row["objects"]
        }
        if isinstance(op, CutMix):
            for row in few.with_format("arrow")[:].to_pylist():
                assert all(item["area"] >= 0.6 * whole[item["category"]] - 1e-6 for item in row["objects"])


# ---- other forms, and what cannot be mixed


def boxes_alone(**more):
    """The same rows with boxes in columns of their own."""
    table = painted().with_format("arrow")[:].to_pylist()

    features = Features(
        {"image": Image(), "boxes": List(List(Value("int64"), length=4)), "kinds": List(ClassLabel(num_classes=64))}
    )
    rows = {
        "image": [row["image"] for row in table],
        "boxes": [[item["bbox"] for item in row["objects"]] for row in table],
        "kinds": [[item["category"] for item in row["objects"]] for row in table],
    }
    rows.update(more)

    return Dataset(pa.Table.from_pydict(rows, schema=features.arrow_schema))


@pytest.mark.parametrize(
    "op", [CutMix(), CopyPaste(), Mosaic(height=80, width=80), MixUp()], ids=lambda op: type(op).__name__
)
def test_boxes_in_columns_of_their_own_need_no_class_of_the_image(op):
    rows = boxes_alone()
    made = hfaug.augment(rows, op.on(boxes="boxes", box_format="coco", box_labels="kinds"), keep=False, copies=5)
    assert "label_weights" not in made.features
    for row in made.with_format("arrow")[:].to_pylist():
        assert len(row["boxes"]) == len(row["kinds"])
        for (x, y, width, height), kind in zip(row["boxes"], row["kinds"], strict=True):
            if width * height > 60 and not isinstance(op, MixUp):
                assert seen(pixels(row), kind)[y : y + height, x : x + width].any()


def test_unknown_labels_stay_unknown():
    """Nothing is made of a null, and a partner of which nothing is known is not mixed in."""
    rows = boxes_alone()
    nulls = boxes_alone(boxes=[None, *rows.with_format("arrow")[:]["boxes"].to_pylist()[1:]])
    op = CutMix(alpha=1).on(boxes="boxes", box_format="coco", box_labels="kinds")
    made = hfaug.augment(nulls, op, keep=False, copies=30).with_format("arrow")[:].to_pylist()
    assert all(row["boxes"] is None for row in made if row["provenance"]["parents"][0] == _first(nulls))
    assert all(row["provenance"]["parents"][1] != _first(nulls) for row in made if row["boxes"] is not None)


def _first(rows):
    return hfaug.with_ids(rows).with_format("arrow")[:]["provenance"][0].as_py()["id"]


def test_what_cannot_stand_in_one_row_is_refused():

    number = Value("float32")
    image = {"image": Image(), "label": ClassLabel(num_classes=2)}
    points = Features({**image, "points": List(List(number, length=2))})
    with pytest.raises(LabelError, match="keypoints in points must belong to objects"):
        CutMix().on(keypoints="points", keypoint_origin="corner").features(points)
    single = Features({**image, "box": List(number, length=4)})
    with pytest.raises(LabelError, match="box must be a list of objects"):
        Mosaic().on(boxes="box", box_format="coco").features(single)
    with pytest.raises(RoleError, match="needs objects to copy, none are bound"):
        CopyPaste().features(Features(image))
    two = Features({"image": Image(), "a": ClassLabel(num_classes=2), "b": ClassLabel(num_classes=2)})
    with pytest.raises(RoleError, match="needs one class column"):
        CutMix().features(two)


def test_covered_objects_drop_when_that_is_asked_for():
    """An eraser leaves labels be; with a bound share they drop as far as they are covered, by the same rectangles."""
    rows = painted()
    op = Erase(holes=(1, 3), area=(0.05, 0.5), fill=(255, 255, 255))
    kept = hfaug.augment(rows, op.on(**BOUND), keep=False, copies=20).with_format("arrow")[:].to_pylist()
    fewer = hfaug.augment(rows, op.on(**BOUND, min_visibility=0.5), keep=False, copies=20)
    whole = {
        item["category"]: item["area"] for row in rows.with_format("arrow")[:].to_pylist() for item in row["objects"]
    }
    dropped = 0
    assert all(len(row["objects"]) == 3 for row in kept)
    for row in fewer.with_format("arrow")[:].to_pylist():
        left = {item["category"]: item for item in row["objects"]}
        for category in range(3 * row["label"], 3 * row["label"] + 3):
            share = seen(pixels(row), category).sum() / whole[category]
            assert (category in left) == (share >= 0.5)
            dropped += category not in left
            if category in left:
                assert left[category]["area"] == whole[category]
        assert set(np.unique(numbers_of(row)).tolist()) == {0, *(item["number"] for item in row["objects"])}
    assert dropped > 20


def test_partners_are_written_with_the_codec_of_the_run():
    """Whatever an earlier run of the process, with other settings, has opened."""
    rows = painted(sizes=[(40, 50)])

    def made(**settings):
        table = hfaug.augment(rows, CopyPaste(share=1).on(**BOUND, **settings), keep=False, seed=3)
        return table.with_format("arrow")[:].drop(["provenance"]).to_pylist()

    first = made()
    assert made(png_level=9) != first
    assert made() == first


@pytest.mark.parametrize("name", ["mosaic", "cut", "paste all"])
def test_points_without_visibility_are_refused_where_images_meet(name):
    """One that is cut off would lie in another image, and nothing could say that it is not there."""
    features = {**FEATURES, "objects": List({**OBJECT, "keypoints": List(Value("float64"), length=2)})}
    stored = painted().with_format("arrow")[:].to_pylist()
    short = [[{**item, "keypoints": item["keypoints"][:2]} for item in row["objects"]] for row in stored]
    table = [{**row, "objects": objects} for row, objects in zip(stored, short, strict=True)]
    rows = Dataset(pa.Table.from_pylist(table, schema=Features(features).arrow_schema))
    with pytest.raises(LabelError, match="keypoints must have a visibility"):
        hfaug.augment(rows, OPS[name][0].on(**{**BOUND, "keypoint_format": "points"}), keep=False)
