"""What belongs to objects and to media, and would be wrong when they change, is asked for or refused."""

import pytest
from datasets import Image, Json, List, Video

from hfaug.errors import LabelError, RoleError, UnboundColumnError
from hfaug.ops.image import Flip, JitterColor, Resize
from hfaug.ops.video import Trim
from tests.test_roles import BOXES, COCO, NUMBER, TEXT, WHOLE, roles


def test_counts_are_no_points():
    """Bound as points, one whole number an object would be moved like a coordinate."""
    objects = {"bbox": BOXES, "num_keypoints": List(WHOLE)}
    said = {"boxes": "objects.bbox", "keypoints": "objects.num_keypoints", "keypoint_origin": "corner", **COCO}
    for form in ("points", "coco"):
        with pytest.raises(LabelError, match=r"are one whole number of each; .*keypoint_counts=\"objects."):
            roles(Flip().on(keypoint_format=form, **said), image=Image(), objects=objects)


def test_counts_of_points_need_points():
    objects = {"bbox": BOXES, "num_keypoints": List(WHOLE)}
    with pytest.raises(LabelError, match="must stand beside the keypoints of objects"):
        roles(
            Flip().on(boxes="objects.bbox", keypoint_counts="objects.num_keypoints", **COCO),
            image=Image(), objects=objects,
        )  # fmt: skip


def test_a_number_of_objects_needs_a_verdict():
    """It stays as it is when some of the objects drop out."""
    features = {"image": Image(), "objects": {"bbox": BOXES, "count": WHOLE, "source": TEXT}}
    op = Flip().on(boxes="objects.bbox", **COCO)
    with pytest.raises(UnboundColumnError, match=r"'objects.count' may count the objects .*keep=\"objects.count\""):
        roles(op, **features)
    assert roles(op.on(keep="objects.count"), **features)["boxes"] == ("objects.bbox",)


@pytest.mark.parametrize("name", ["width", "image_height", "img_width"])
def test_the_size_of_an_image_needs_a_verdict(name):
    with pytest.raises(UnboundColumnError, match=rf"column '{name}' may measure the image.*=\"{name}\""):
        roles(Resize(), image=Image(), **{name: WHOLE})
    assert "image" in roles(Resize().on(keep=name), image=Image(), **{name: WHOLE})
    assert "image" in roles(JitterColor(), image=Image(), **{name: WHOLE})


def test_a_size_in_a_list_cannot_be_bound():
    with pytest.raises(UnboundColumnError, match="make it two columns, width and height"):
        roles(Resize(), image=Image(), size=List(WHOLE))


def test_measures_belong_to_one_image():
    with pytest.raises(LabelError, match="must belong to one image"):
        roles(Flip().on(image="images", width="width"), images=List(Image()), width=WHOLE)


@pytest.mark.parametrize("feature", [List(Json()), List(TEXT)], ids=["JSON", "texts"])
def test_outlines_and_run_lengths_in_one_field_are_told_how_to_part(feature):
    """As COCO stores them: polygons for single objects, run lengths for crowds."""
    features = {"image": Image(), "objects": {"bbox": BOXES, "segmentation": feature}}
    op = Flip().on(boxes="objects.bbox", **COCO)
    with pytest.raises(UnboundColumnError, match="read the JSON and make two fields of it"):
        roles(op, **features)
    with pytest.raises(RoleError, match="read the JSON and make two fields of it"):
        roles(op.on(polygons="objects.segmentation"), **features)
    assert roles(op.on(keep="objects.segmentation"), **features)


def test_values_of_objects_in_frames_are_no_values_of_frames():
    """Boxes drop one by one, and what is bound as one value a frame would not."""
    features = {"video": Video(), "boxes": List(BOXES), "track_ids": List(List(WHOLE))}
    op = Flip().on(boxes="boxes", **COCO)
    with pytest.raises(UnboundColumnError, match=r"box_labels=\"track_ids\""):
        roles(op, **features)
    with pytest.raises(UnboundColumnError, match=r"box_labels=\"track_ids\"\) if it holds a value for each object"):
        roles(Trim().on(boxes="boxes", **COCO), **features)
    with pytest.raises(LabelError, match=r"come apart .*say .on\(box_labels=\"track_ids\"\)"):
        roles(op.on(frame_labels="track_ids"), **features)
    assert roles(op.on(box_labels="track_ids"), **features)["boxes"] == ("boxes",)
    embedded = {**features, "track_ids": List(List(NUMBER, length=16))}
    assert roles(op.on(frame_labels="track_ids"), **embedded)["frame_labels"] == ("track_ids",)
