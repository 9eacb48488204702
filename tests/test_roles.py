"""Which column plays which role, and which labels are safe: doubt is an error that names columns and the way out."""

import albumentations
import pytest
from datasets import Array2D, Audio, ClassLabel, Features, Image, LargeList, List, Value

import hfaug
from hfaug import Chain
from hfaug.columns import feature_at, split_path
from hfaug.errors import LabelError, ParameterError, RoleError, UnboundColumnError
from hfaug.ops.audio import ChangeGain
from hfaug.ops.image import Crop, CropByIou, Erase, Flip, JitterColor
from hfaug.ops.mix import MixUp
from hfaug.ops.text import BackTranslate, SwapChars
from hfaug.plan import Plan

TEXT, WHOLE, NUMBER = Value("string"), Value("int32"), Value("float32")
TAG = ClassLabel(names=["O", "B-x", "I-x"])
BOXES = List(List(NUMBER, length=4))
COCO = {"box_format": "coco"}


def roles(op, **features):
    """The roles that the (last) op finds."""
    return dict(Plan(op, Features(features)).leaves[-1].roles.columns)


# ---- found by type and name


def test_the_one_image_is_found():
    assert roles(Flip(), picture=Image(), name=TEXT) == {"image": ("picture",)}


def test_of_two_images_the_one_called_image_is_taken():
    assert roles(JitterColor(), image=Image(), thumb=Image())["image"] == ("image",)


def test_two_images_are_doubt():
    with pytest.raises(RoleError, match=r"2 columns could be it: front, back; say .on\(image=...\)"):
        roles(JitterColor(), front=Image(), back=Image())


def test_a_kept_column_is_no_candidate():
    assert roles(Flip().on(keep="back"), front=Image(), back=Image())["image"] == ("front",)


def test_no_candidate_names_what_there_is():
    with pytest.raises(RoleError, match="no column can be it among text"):
        roles(Flip(), text=TEXT)


def test_one_number_a_row_is_no_place():
    with pytest.raises(RoleError, match=r"needs one boxes column, no column can be it among image, number"):
        roles(CropByIou(), image=Image(), number=WHOLE)


def test_masks_are_found_by_their_name():
    assert roles(Flip(), image=Image(), mask=Image(), segmentation=Image())["mask"] == ("mask", "segmentation")


def test_a_kept_mask_stays():
    assert "mask" not in roles(Flip().on(keep="mask"), image=Image(), mask=Image())


def test_the_context_of_answers_is_the_text():
    answers = {"text": List(TEXT), "answer_start": List(WHOLE)}
    found = roles(SwapChars(), context=TEXT, question=TEXT, answers=answers)
    assert (found["text"], found["answers"]) == (("context",), ("answers",))


def test_words_and_all_their_tags_are_found():
    found = roles(SwapChars(), id=TEXT, tokens=List(TEXT), pos_tags=List(TAG), ner_tags=List(TAG))
    assert (found["tokens"], found["tags"]) == (("tokens",), ("pos_tags", "ner_tags"))


def test_a_text_beside_words_is_doubt():
    with pytest.raises(RoleError, match="found a text in 'text' and words in 'tokens'"):
        roles(SwapChars(), text=TEXT, tokens=List(TEXT))


def test_text_and_words_cannot_both_change():
    with pytest.raises(LabelError, match="would no longer agree"):
        roles(SwapChars().on(text="text", tokens="tokens"), text=TEXT, tokens=List(TEXT))


def test_columns_of_nulls_may_be_anything():
    """A batch that holds nothing but nulls must not be refused, since the next one may hold an image."""
    op = Flip().on(boxes="objects.bbox", **COCO)
    assert roles(op, image=Value("null"), objects=Value("null"))["image"] == ("image",)


# ---- bound by hand


def test_a_bound_column_must_be_there():
    with pytest.raises(RoleError, match="'picture' is none of image"):
        roles(Flip().on(image="picture"), image=Image())


def test_a_bound_column_must_fit():
    with pytest.raises(RoleError, match="image cannot be read from 'name'"):
        roles(Flip().on(image="name"), image=Image(), name=TEXT)


@pytest.mark.parametrize("role", ["text", "tokens", "audio"])
def test_roles_of_one_column(role):
    op = ChangeGain() if role == "audio" else SwapChars()
    feature = {"text": TEXT, "tokens": List(TEXT), "audio": Audio()}[role]
    with pytest.raises(RoleError, match=f"{role} must be one column, got a, b"):
        roles(op.on(**{role: ("a", "b")}), a=feature, b=feature)


def test_fields_of_structs_are_refused_where_they_cannot_be_written():
    with pytest.raises(RoleError, match=r"flatten the column with ds.flatten\(\)"):
        roles(SwapChars().on(text="doc.text"), doc={"text": TEXT})


def test_names_with_dots_are_columns():
    assert roles(Flip().on(image="sample.image"), **{"sample.image": Image()})["image"] == ("sample.image",)
    assert split_path({"a.b": 1}, "a.b") == ("a.b", "")
    assert feature_at(Features({"a.b": WHOLE, "a": {"b": TEXT}}), "a.b") == WHOLE


# ---- labels


UNSAFE = {
    "boxes": {"boxes": BOXES},
    "boxes of any number": {"bboxes": List(List(NUMBER))},
    "one box": {"where": List(NUMBER, length=4)},
    "fixed boxes": {"boxes": Array2D(shape=(3, 4), dtype="float32")},
    "boxes in a struct": {"objects": {"bbox": BOXES}},
    "boxes in a list of structs": {"objects": [{"bbox": List(NUMBER, length=4)}]},
    "four numbers by name": {"x_min": NUMBER},
    "keypoints": {"landmarks": List(NUMBER)},
    "polygons": {"polygon": List(List(NUMBER))},
    "polygons as text": {"polygons": TEXT},
    "run lengths": {"rle": TEXT},
    "run lengths in a struct": {"segmentation": {"size": List(WHOLE), "counts": TEXT}},
    "another image": {"depth": Image()},
}


@pytest.mark.parametrize("column", UNSAFE.values(), ids=UNSAFE)
def test_what_may_hold_places_in_an_image_needs_a_verdict(column):
    """A moving op stops before any work; an op that moves nothing does not care; `keep` is a verdict."""
    name = next(iter(column))
    with pytest.raises(UnboundColumnError, match=rf"column '{name}.*on\(keep=\"{name}"):
        roles(Flip(), image=Image(), **column)
    assert roles(JitterColor(), image=Image(), **column)["image"] == ("image",)
    assert roles(Flip().on(keep=name), image=Image(), **column)["image"] == ("image",)


UNSAFE_IN_TEXTS = {
    "spans": {"spans": [{"start": WHOLE, "end": WHOLE}]},
    "offsets": {"offset_mapping": List(List(WHOLE))},
    "a start": {"start": WHOLE},
    "whole numbers": {"ids": List(WHOLE)},
    "tags of words": {"tokens": List(TEXT), "ner_tags": List(TAG)},
    "entities": {"entities": [{"begin": WHOLE, "type": TEXT}]},
}


@pytest.mark.parametrize("column", UNSAFE_IN_TEXTS.values(), ids=UNSAFE_IN_TEXTS)
def test_what_may_hold_places_in_a_text_needs_a_verdict(column):
    op = SwapChars().on(text="text")
    with pytest.raises(UnboundColumnError, match="may hold positions in the text"):
        roles(op, text=TEXT, **column)
    assert roles(op.on(keep=tuple(column)), text=TEXT, **column)["text"] == ("text",)


def test_lists_beside_words_need_a_verdict():
    """Parts of speech beside words would be left behind."""
    with pytest.raises(UnboundColumnError, match="column 'upos'"):
        roles(SwapChars(), tokens=List(TEXT), tags=List(TAG), upos=List(TAG))


def test_harmless_columns_pass():
    """Classes, names, numbers and vectors are no places."""
    harmless = {"label": TAG, "name": TEXT, "score": NUMBER, "embedding": List(NUMBER), "nothing": Value("null")}
    assert roles(Flip(), image=Image(), **harmless)
    assert roles(SwapChars().on(text="text"), text=TEXT, spend=NUMBER, labels=List(TAG), **harmless)


def test_weights_of_mixing_are_no_places():
    """Two class weights look like a point."""
    assert roles(Flip(), image=Image(), label=TAG, label_weights=List(NUMBER, length=2))
    assert Chain(MixUp(), Flip()).features(Features({"image": Image(), "label": ClassLabel(num_classes=4)}))


def test_a_label_that_an_op_cannot_move_is_refused():
    with pytest.raises(LabelError, match="spans in 'spans' must move with the text, and this op cannot"):
        roles(BackTranslate().on(spans="spans"), text=TEXT, spans=[{"start": WHOLE, "end": WHOLE}])
    with pytest.raises(LabelError, match="mask in 'mask' must move"):
        MixUp().features(Features({"image": Image(), "mask": Image(), "label": TAG}))


def test_the_form_of_boxes_and_keypoints_must_be_said():
    with pytest.raises(LabelError, match="box format of boxes must be known"):
        roles(Flip().on(boxes="boxes"), image=Image(), boxes=BOXES)
    with pytest.raises(LabelError, match="origin of points must be known"):
        roles(Flip().on(keypoints="points"), image=Image(), points=List(List(NUMBER)))
    assert roles(Erase().on(boxes="boxes"), image=Image(), boxes=BOXES)["boxes"] == ("boxes",)


def test_what_lies_beside_boxes_must_be_said():
    """Classes in a column of their own would no longer fit when a box drops out."""
    features = {"image": Image(), "boxes": BOXES, "classes": List(TAG)}
    op = Flip().on(boxes="boxes", **COCO)
    with pytest.raises(UnboundColumnError, match=r'say .on\(box_labels="classes"\)'):
        roles(op, **features)
    assert roles(op.on(box_labels="classes"), **features)
    assert roles(op.on(keep="classes"), **features)
    assert roles(Flip().on(boxes="o.bbox", **COCO), image=Image(), o={"bbox": BOXES, "c": List(TAG)}, words=List(TEXT))


def test_two_boxes_of_one_struct_are_refused():
    """Each drops out for itself, so what lies beside them cannot follow both."""
    objects = {"bbox": BOXES, "visible_bbox": BOXES, "category": List(TAG)}
    with pytest.raises(LabelError, match="drop out apart from each other"):
        roles(Flip().on(boxes=("objects.bbox", "objects.visible_bbox"), **COCO), image=Image(), objects=objects)


def test_labels_of_several_images_are_refused():
    with pytest.raises(LabelError, match="must belong to one image"):
        roles(Flip().on(image=("a", "b"), boxes="boxes", **COCO), a=Image(), b=Image(), boxes=BOXES)


def test_tags_without_names_are_refused():
    with pytest.raises(LabelError, match="must be names or a ClassLabel"):
        roles(SwapChars(), tokens=List(TEXT), tags=LargeList(WHOLE))


def test_a_places_struct_may_bear_a_suspicious_name():
    """The struct around bound boxes is known; its other fields are looked at one by one."""
    held = {"xyxy": BOXES, "class": List(TAG)}
    assert roles(Flip().on(boxes="boxes.xyxy", **COCO), image=Image(), boxes=held)
    with pytest.raises(UnboundColumnError, match=r"'boxes.mask'"):
        roles(Flip().on(boxes="boxes.xyxy", **COCO), image=Image(), boxes={**held, "mask": List(Image())})


def test_what_stands_beside_answers_is_looked_at():
    """An end that nobody moves would be wrong."""
    answers = {"text": List(TEXT), "answer_start": List(WHOLE), "answer_end": List(WHOLE)}
    with pytest.raises(UnboundColumnError, match=r"'answers.answer_end'"):
        roles(SwapChars(), context=TEXT, answers=answers)


# ---- objects in images

CATEGORY = ClassLabel(names=["a", "b"])
COCO_OBJECTS = {
    "bbox": BOXES,
    "category": List(CATEGORY),
    "area": List(NUMBER),
    "id": List(WHOLE),
    "segmentation": List(List(List(NUMBER))),
}
RUNS = {"size": List(WHOLE), "counts": TEXT}
LAYOUTS = {
    "cppe-5": (
        {
            "image_id": WHOLE,
            "image": Image(),
            "width": WHOLE,
            "objects": {k: v for k, v in COCO_OBJECTS.items() if k != "segmentation"},
        },
        {"boxes": "objects.bbox", "box_format": "coco", "areas": "objects.area", "width": "width"},
    ),
    "COCO": (
        {"image": Image(), "objects": COCO_OBJECTS},
        {"boxes": "objects.bbox", "box_format": "coco", "areas": "objects.area", "polygons": "objects.segmentation"},
    ),
    "COCO, a list of structs": (
        {
            "image": Image(),
            "objects": [{"bbox": List(NUMBER, length=4), "area": NUMBER, "iscrowd": WHOLE, "segmentation": RUNS}],
        },
        {"boxes": "objects.bbox", "box_format": "coco", "areas": "objects.area", "rle": "objects.segmentation"},
    ),
    "people": (
        {"image": Image(), "objects": {"bbox": BOXES, "keypoints": List(List(NUMBER, length=51))}},
        {
            "boxes": "objects.bbox",
            "box_format": "coco",
            "keypoints": "objects.keypoints",
            "keypoint_origin": "corner",
            "keypoint_format": "coco",
        },
    ),
    "DOTA": (
        {"image": Image(), "objects": {"bboxes": List(List(NUMBER, length=8)), "category": List(CATEGORY)}},
        {"boxes": "objects.bboxes", "box_format": "corners"},
    ),
    "askew by four corners": (
        {"image": Image(), "objects": {"poly": List(List(NUMBER, length=8)), "category": List(CATEGORY)}},
        {"boxes": "objects.poly", "box_format": "corners"},
    ),
    "askew by an angle": (
        {"image": Image(), "objects": {"obb": List(List(NUMBER, length=5)), "category": List(CATEGORY)}},
        {"boxes": "objects.obb", "box_format": "cxcywha", "angle_units": "degrees"},
    ),
    "people and how many of their points were marked": (
        {
            "image": Image(),
            "objects": {"bbox": BOXES, "keypoints": List(List(NUMBER, length=51)), "num_keypoints": List(WHOLE)},
        },
        {
            "boxes": "objects.bbox",
            "box_format": "coco",
            "keypoints": "objects.keypoints",
            "keypoint_origin": "corner",
            "keypoint_format": "coco",
            "keypoint_counts": "objects.num_keypoints",
        },
    ),
    "masks in lists": ({"image": Image(), "masks": List(Image())}, {"masks": "masks"}),
    "outlines alone": (
        {"image": Image(), "polygons": List(List(NUMBER))},
        {"polygons": "polygons", "polygon_units": "pixels"},
    ),
}


@pytest.mark.parametrize("features,said", LAYOUTS.values(), ids=LAYOUTS)
def test_usual_layouts_are_told_how_to_bind_them(features, said):
    """The error says the very words, and with these the op is ready."""
    with pytest.raises(UnboundColumnError) as raised:
        roles(Crop(), **features)
    words = ", ".join(f'{name}="{value}"' for name, value in said.items())
    assert f"bind what the names suggest with .on({words})" in str(raised.value)
    found = roles(Crop().on(**said), **features)
    assert all(found[role] == (path,) for role, path in said.items() if role in found)


def test_an_area_beside_objects_that_move_needs_a_verdict():
    """It would be wrong for a box that is cut; elsewhere it is a number like any other."""
    features = {"image": Image(), "objects": {"bbox": BOXES, "area": List(NUMBER)}}
    op = Flip().on(boxes="objects.bbox", **COCO)
    with pytest.raises(UnboundColumnError, match=r"'objects.area'"):
        roles(op, **features)
    assert roles(op.on(keep="objects.area"), **features)
    assert roles(op.on(areas="objects.area"), **features)["areas"] == ("objects.area",)
    assert roles(Flip(), image=Image(), area=NUMBER, house={"area": NUMBER})


def test_areas_need_objects():
    with pytest.raises(LabelError, match=r"areas in objects.area must belong to objects"):
        roles(Flip().on(areas="objects.area"), image=Image(), objects={"area": List(NUMBER)})


def test_objects_that_would_drop_apart_are_refused():
    features = {"image": Image(), "objects": {"bbox": BOXES}, "outlines": List(List(NUMBER))}
    op = Flip().on(boxes="objects.bbox", polygons="outlines", **COCO)
    with pytest.raises(LabelError, match=r"say .on\(box_labels=\['outlines'\]\)"):
        roles(op, **features)
    assert roles(op.on(box_labels="outlines"), **features)


def test_units_that_change_the_meaning_must_be_said():
    with pytest.raises(LabelError, match=r"say .on\(polygon_units=\"pixels\"\) or"):
        roles(Flip().on(polygons="p"), image=Image(), p=List(List(NUMBER)))
    with pytest.raises(LabelError, match=r"say .on\(angle_units=\"degrees\"\) or"):
        roles(Flip().on(boxes="b", box_format="cxcywha"), image=Image(), b=List(List(NUMBER)))


def test_formats_of_askew_boxes_have_units():
    assert Flip().on(box_format="dota").binding.box_units == "pixels"
    assert Flip().on(box_format="yolo_obb").binding.box_units == "relative"
    for name, units in (("dota", "relative"), ("cxcywha", "relative")):
        with pytest.raises(ParameterError, match=f"{name} boxes must be in pixels units"):
            Flip().on(box_format=name, box_units=units)
    with pytest.raises(ParameterError, match=r"box_format must be one of xyxy.*dota"):
        Flip().on(box_format="cocco")


def test_other_libraries_move_upright_boxes_and_name_no_mirror():
    """What they cannot do right is refused before anything runs."""
    pipeline = hfaug.wrap(albumentations.HorizontalFlip(p=1))
    with pytest.raises(LabelError, match="may stand askew, and this op moves upright ones only"):
        roles(pipeline.on(boxes="b", box_format="dota"), image=Image(), b=List(List(NUMBER, length=8)))
    said = {"keypoints": "p", "keypoint_origin": "corner", "keypoint_swaps": ((0, 1),)}
    with pytest.raises(LabelError, match="does not tell whether it mirrored"):
        roles(pipeline.on(**said), image=Image(), p=List(List(NUMBER, length=2)))
    with pytest.raises(LabelError, match="polygons in 'p' must move with the image, and this op cannot"):
        roles(pipeline.on(polygons="p", polygon_units="pixels"), image=Image(), p=List(List(NUMBER)))


def test_numbers_of_an_instance_mask_need_objects_and_one_mask():
    objects = {"bbox": BOXES, "number": List(WHOLE)}
    op = Flip().on(boxes="objects.bbox", mask_ids="objects.number", **COCO)
    assert roles(op, image=Image(), mask=Image(), objects=objects)["mask"] == ("mask",)
    with pytest.raises(LabelError, match="mask_ids must hold one number an object of the one instance mask"):
        roles(op, image=Image(), mask=Image(), mask2=Image(), objects=objects)
    with pytest.raises(LabelError, match="stand beside no objects"):
        roles(Flip().on(mask_ids="numbers"), image=Image(), mask=Image(), numbers=List(WHOLE))
