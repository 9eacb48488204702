"""What is kept under inpainting is bit-identical, labels hold, and new objects come with their box and class."""

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Image, List, Value

import hfaug
from hfaug import media
from hfaug.backends import GeneratedImage, registry
from hfaug.errors import LabelError, ParameterError, RoleError
from hfaug.ops.image import AddObject, ControlToImage, ImageToImage, Inpaint
from hfaug.ops.image.diffusion.pixels import feathered
from hfaug.ops.image.diffusion.regions import colored, edges_of, grown
from tests.fakes import FakeImagePipeline

KINDS = ClassLabel(names=["cat", "dog"])
OBJECTS = {"bbox": List(List(Value("float32"))), "category": List(KINDS), "score": List(Value("float32"))}
BOUND = {"boxes": "objects.bbox", "box_format": "coco"}


class Painter(FakeImagePipeline):
    """Paints all in red, at another size than it is asked from."""

    def _one(self, request, seed, size):
        return GeneratedImage(np.full((48, 48, 3), (255, 0, 0), np.uint8))


def photo(number=0, size=(40, 60), form="JPEG"):
    array = np.random.default_rng(number).integers(0, 256, (*size, 3), np.uint8)
    like = media.Picture(array, format=form, lossless=form == "PNG")
    return {"bytes": media.encode_image(array, like=like), "path": None}


def disc(size=(40, 60), value=1):
    y, x = np.mgrid[: size[0], : size[1]]
    array = (((y - 20) ** 2 + (x - 25) ** 2 < 100) * value).astype(np.uint8)[..., None]
    return {"bytes": media.encode_mask(array, like=media.Picture(array, mode="L")), "path": None}


def pixels(value):
    return media.decode_image(value["bytes"]).array


def made(op, rows, fake=Painter):
    """The rows that come of an op, as stored, and what the model was asked for."""
    with registry.override("image_pipeline", fake):
        done = hfaug.augment(rows, op, keep=False).with_format("arrow")[:].to_pylist()
        return done, registry.image_pipeline(op.model, parts=op.parts).requests


@pytest.fixture
def masked():
    """Two photographs with a mask, one stored with loss and one without."""
    return Dataset.from_dict(
        {"image": [photo(0), photo(1, form="PNG")], "mask": [disc(), disc(value=7)], "label": [0, 1]},
        features=Features({"image": Image(), "mask": Image(), "label": KINDS}),
    )


@pytest.fixture
def boxed():
    """Photographs with two objects, with none, and without a list of objects."""
    objects = [
        {"bbox": [[5, 6, 10, 8], [30, 20, 12, 9]], "category": [0, 1], "score": [0.5, 1.0]},
        {"bbox": [], "category": [], "score": []},
        None,
    ]
    return Dataset.from_dict(
        {"image": [photo(0), photo(1, form="PNG"), photo(2)], "objects": objects, "name": ["a", "b", "c"]},
        features=Features({"image": Image(), "objects": OBJECTS, "name": Value("string")}),
    )


def test_the_object_is_kept_to_the_last_bit_and_the_rest_is_new(masked):
    done, requests = made(Inpaint(prompt="on a beach"), masked)
    inside = media.decode_mask(disc()["bytes"]).array[..., 0] > 0
    for before, after in zip(masked.with_format("arrow")[:].to_pylist(), done, strict=True):
        assert after["image"]["bytes"].startswith(b"\x89PNG")
        assert np.array_equal(pixels(after["image"])[inside], pixels(before["image"])[inside])
        assert (pixels(after["image"])[~inside] == (255, 0, 0)).all()
        assert after["mask"] == before["mask"]
        assert after["label"] == before["label"]
    assert np.array_equal(requests[0].mask > 0, ~inside)


def test_boxes_keep_what_is_in_them(boxed):
    done, _ = made(Inpaint(prompt="a beach").on(**BOUND), boxed.select([0]))
    before = boxed.with_format("arrow")[:].to_pylist()[0]
    inside = np.zeros((40, 60), bool)
    inside[6:14, 5:15] = inside[20:29, 30:42] = True
    assert np.array_equal(pixels(done[0]["image"])[inside], pixels(before["image"])[inside])
    assert (pixels(done[0]["image"])[~inside] == (255, 0, 0)).all()
    assert done[0]["objects"] == before["objects"]


def test_every_pixel_that_a_box_touches_is_kept():
    """Also those of an object that is smaller than a pixel, whose box would otherwise be left without it."""
    rows = Dataset.from_dict(
        {"image": [photo()], "box": [[[10.7, 5.6, 13.4, 8.2], [30.1, 20.2, 30.4, 20.5]]]},
        features=Features({"image": Image(), "box": List(List(Value("float32")))}),
    )
    (done,), (request,) = made(Inpaint().on(boxes="box", box_format="xyxy"), rows)
    kept = np.zeros((40, 60), bool)
    kept[5:9, 10:14] = kept[20, 30] = True
    assert np.array_equal(request.mask == 0, kept)
    before = pixels(rows.with_format("arrow")[:].to_pylist()[0]["image"])
    assert np.array_equal(pixels(done["image"])[kept], before[kept])


def test_rows_without_an_object_are_rejected(boxed):
    assert len(made(Inpaint().on(**BOUND), boxed)[0]) == 1


def test_mask_values_say_what_an_object_is(masked):
    """What has other values is drawn anew, and the mask would name what is gone."""
    op = Inpaint(mask_values=(7,))
    with pytest.raises(LabelError, match=r"mask in 'mask' must move with the image.*\.on\(keep="):
        op.features(masked.features)
    assert len(made(op.on(mask="mask", keep="mask"), masked)[0]) == 1


def test_objects_that_the_mask_lacks_are_kept_by_their_boxes(masked):
    """One box is around the disc of the mask and adds nothing to it, the other one would be left without its object."""
    rows = masked.add_column("box", [[[12.0, 8, 38, 32], [45, 2, 55, 12]]] * 2)
    _, requests = made(Inpaint().on(boxes="box", box_format="xyxy", mask="mask"), rows)
    kept = media.decode_mask(disc()["bytes"]).array[..., 0] > 0
    kept[2:12, 45:55] = True
    assert np.array_equal(requests[0].mask == 0, kept)


def test_margins_and_feathers_stay_on_their_side(masked):
    row = masked.select([1])
    (plain,), (wide,), (soft,) = (made(op, row)[0] for op in (Inpaint(), Inpaint(grow_px=4), Inpaint(feather_px=6)))
    before, inside = (
        pixels(row.with_format("arrow")[0]["image"].to_pylist()[0]),
        media.decode_mask(disc()["bytes"]).array[..., 0] > 0,
    )
    kept = (pixels(wide["image"]) == before).all(axis=2)
    assert inside.sum() < kept.sum()
    assert np.array_equal(kept, grown(inside, 4))
    assert np.array_equal(pixels(soft["image"])[inside], before[inside])
    mixed = (pixels(soft["image"]) != pixels(plain["image"])).any(axis=2)
    assert mixed.sum() > 100
    assert not mixed[grown(inside, 7) == 0].any()


def test_objects_drawn_anew_break_their_labels(masked, boxed):
    op = Inpaint(region="objects", prompt="a dog")
    with pytest.raises(LabelError, match=r"mask in 'mask' must move with the image.*\.on\(keep="):
        op.features(masked.features)
    with pytest.raises(LabelError, match=r"boxes in 'objects.bbox' must move"):
        op.on(**BOUND).features(boxed.features)
    (first, _), _ = made(op.on(mask="mask", keep="mask"), masked)
    inside = media.decode_mask(disc()["bytes"]).array[..., 0] > 0
    assert (pixels(first["image"])[inside] == (255, 0, 0)).all()
    assert np.array_equal(
        pixels(first["image"])[~inside], pixels(masked.with_format("arrow")[:].to_pylist()[0]["image"])[~inside]
    )


def test_inpainting_needs_objects(masked):
    with pytest.raises(RoleError, match="Inpaint: needs objects, none are bound"):
        Inpaint().features(masked.remove_columns("mask").features)


def test_kept_pixels_stay_through_a_chain(masked):
    """An op behind that changes nothing here must not store with loss what was kept."""
    chain = hfaug.Chain(Inpaint(), hfaug.ops.image.Flip().sometimes(0))
    done, _ = made_chain(chain, masked)
    inside = media.decode_mask(disc()["bytes"]).array[..., 0] > 0
    assert np.array_equal(
        pixels(done[0]["image"])[inside], pixels(masked.with_format("arrow")[:].to_pylist()[0]["image"])[inside]
    )


def made_chain(chain, rows):
    with registry.override("image_pipeline", Painter):
        return hfaug.augment(rows, chain, keep=False).with_format("arrow")[:].to_pylist(), None


def test_an_object_is_added_with_its_box_and_class(boxed):
    op = AddObject(prompt="a {{ object }} beside {{ name }}", area=(0.05, 0.1)).on(**BOUND)
    done, requests = made(op, boxed)
    assert len(done) == 2  # the row without a list of objects is left out
    for before, after in zip(boxed.with_format("arrow")[:].to_pylist(), done, strict=False):
        old, new = before["objects"], after["objects"]
        assert new["bbox"][:-1] == old["bbox"]
        assert new["category"][:-1] == old["category"]
        assert new["score"] == [*old["score"], None]
        x, y, width, height = map(int, new["bbox"][-1])
        box = np.zeros((40, 60), bool)
        box[y : y + height, x : x + width] = True
        assert 0.03 < box.mean() < 0.13
        assert (pixels(after["image"])[box] == (255, 0, 0)).all()
        assert np.array_equal(pixels(after["image"])[~box], pixels(before["image"])[~box])
        for left, top, wide, tall in old["bbox"]:
            assert not box[int(top) : int(top + tall), int(left) : int(left + wide)].any()
    named = [KINDS.names[row["objects"]["category"][-1]] for row in done]
    assert [request.prompt for request in requests] == [
        f"a {name} beside {place}" for name, place in zip(named, "ab", strict=True)
    ]


def test_a_new_object_is_drawn_the_whole_way(boxed):
    """Some families would else go a part of it, and keep what was there."""
    _, requests = made(AddObject().on(**BOUND), boxed)
    assert [request.strength for request in requests] == [1.0, 1.0]


@pytest.mark.parametrize("kind", [ImageToImage, Inpaint])
def test_less_than_one_step_is_refused_before_any_work(kind):
    with pytest.raises(ParameterError, match=r"steps times strength must be 1 or more, 4 times 0\.1 is not"):
        kind(steps=4, strength=(0.1, 1.0))
    assert kind(steps=10, strength=(0.1, 1.0)).steps == 10


def test_objects_are_of_the_classes_asked_for_and_of_one_column(boxed):
    done, _ = made(AddObject(classes=("dog",)).on(**BOUND), boxed)
    assert [row["objects"]["category"][-1] for row in done] == [1, 1]
    with pytest.raises(ParameterError, match="classes must be among cat, dog, got cow"):
        AddObject(classes=("cow",)).on(**BOUND).features(boxed.features)
    plain = boxed.cast(Features({**boxed.features, "objects": {**OBJECTS, "category": List(Value("int64"))}}))
    with pytest.raises(RoleError, match="needs one column of classes beside the boxes, they are in none of"):
        AddObject().on(**BOUND).features(plain.features)


def test_a_list_of_structs_takes_objects_too(boxed):
    rows = Dataset.from_dict(
        {"image": [photo(0)], "objects": [[{"bbox": [5, 6, 15, 14], "kind": 0, "area": 80.0}]]},
        features=Features(
            {"image": Image(), "objects": List({"bbox": List(Value("int32")), "kind": KINDS, "area": Value("float32")})}
        ),
    )
    bound = AddObject().on(boxes="objects.bbox", box_format="xyxy", areas="objects.area")
    (row,), _ = made(bound, rows)
    assert row["objects"][0] == {"bbox": [5, 6, 15, 14], "kind": 0, "area": 80.0}
    x1, y1, x2, y2 = row["objects"][1]["bbox"]
    assert row["objects"][1]["area"] == (x2 - x1) * (y2 - y1)


def test_an_image_that_is_full_takes_no_object(boxed):
    full = boxed.select([0]).map(lambda row: {"objects": {"bbox": [[0, 0, 60, 40]], "category": [0], "score": [1.0]}})
    assert made(AddObject().on(**BOUND), full)[0] == []


def test_masks_of_objects_refuse_a_new_one(masked):
    rows = masked.add_column("box", [[[1, 2, 3, 4]]] * 2).add_column("kind", [[0], [1]])
    rows = rows.cast(Features({**rows.features, "kind": List(KINDS)}))
    with pytest.raises(LabelError, match="mask in 'mask' must move"):
        AddObject().on(boxes="box", box_format="coco", box_labels="kind").features(rows.features)


def test_places_refuse_an_image_drawn_from_itself(masked, boxed):
    with pytest.raises(LabelError, match="mask in 'mask' must move"):
        ImageToImage().features(masked.features)
    with pytest.raises(LabelError, match=r"boxes in 'objects.bbox' must move"):
        ImageToImage().on(**BOUND).features(boxed.features)
    done, requests = made(ImageToImage(strength=(0.2, 0.4)), masked.remove_columns("mask"))
    assert [row["label"] for row in done] == [0, 1]
    assert (pixels(done[1]["image"]) == (255, 0, 0)).all()
    assert pixels(done[0]["image"]).shape == (40, 60, 3)
    assert done[0]["image"]["bytes"].startswith(b"\xff\xd8")  # nothing is kept that a JPEG would spoil
    assert len({request.strength for request in requests}) == 2
    assert all(0.2 <= request.strength <= 0.4 for request in requests)


def test_lists_of_images_are_refused():
    rows = Dataset.from_dict({"image": [[photo()]]}, features=Features({"image": List(Image())}))
    with pytest.raises(RoleError, match="needs one image a row, 'image' holds lists"):
        ImageToImage().features(rows.features)


@pytest.fixture
def net(tmp_path):
    """What goes for a ControlNet where no model is loaded."""
    (tmp_path / "config.json").write_text("{}")
    return str(tmp_path)


@pytest.mark.parametrize("control", ["edges", "mask"])
def test_a_control_follows_the_image_or_its_mask_and_labels_stay(masked, control, net):
    done, requests = made(ControlToImage(prompt="a {{ label }}", control=control, controlnet=net), masked)
    for row, before, request in zip(done, masked.with_format("arrow")[:].to_pylist(), requests, strict=True):
        assert row["mask"] == before["mask"]
        assert row["label"] == before["label"]
        mask = media.decode_mask(before["mask"]["bytes"])
        if control == "edges":  # they are traced at the size that is drawn at
            assert np.array_equal(request.control, pixels(before["image"]))
            assert np.array_equal(request.trace(request.control), edges_of(pixels(before["image"]), (100, 200)))
        else:
            assert np.array_equal(request.control, colored(mask))
            assert request.trace is None
        assert request.label_map == (control == "mask")


def test_a_control_can_be_a_column(masked, net):
    depth = np.random.default_rng(0).integers(0, 65536, (40, 60, 1), np.uint16)
    value = {"bytes": media.encode_image(depth, like=media.Picture(depth)), "path": None}
    rows = masked.add_column("depth", [value, None], feature=Image())
    done, requests = made(ControlToImage(prompt="a", control="column", column="depth", controlnet=net), rows)
    assert len(done) == 1
    assert np.array_equal(requests[0].control[..., 1], ((depth[..., 0] + 128.0) // 257).astype(np.uint8))
    for column, match in (("label", "must be an image, 'label' is none"), ("nothing", "'nothing' is none")):
        with pytest.raises(RoleError, match=match):
            ControlToImage(prompt="a", control="column", column=column).features(rows.features)
    with pytest.raises(ParameterError, match="column must be given for control='column' and for nothing else"):
        ControlToImage(prompt="a", column="depth")
    with pytest.raises(RoleError, match="ControlToImage: needs a mask, none is bound"):
        ControlToImage(prompt="a", control="mask").features(rows.remove_columns("mask").features)


def test_masks_have_the_colours_of_their_palette():
    values = np.array([[[0], [1]], [[2], [15]]], np.uint8)
    picture = media.Picture(values, mode="L")
    voc = [[0, 0, 0], [128, 0, 0], [0, 128, 0], [192, 128, 128]]  # background, aeroplane, bicycle, person
    assert colored(picture).reshape(-1, 3).tolist() == voc
    own = media.Picture(values % 3, mode="P", palette=bytes(range(9)))
    assert colored(own).reshape(-1, 3).tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 1, 2]]
    assert colored(own, [(9, 9, 9)] * 3).reshape(-1, 3).tolist() == [[9, 9, 9]] * 4
    with pytest.raises(LabelError, match="each value must have a colour, 15 is beyond the 3 there are"):
        colored(picture, [(9, 9, 9)] * 3)


def test_feathers_grow_from_the_edge_inwards():
    source, drawn = np.zeros((1, 8, 3), np.uint8), np.full((1, 8, 3), 200, np.uint8)
    region = np.array([[False, False, True, True, True, True, True, True]])
    mixed = feathered(source, drawn, region, 3)[0, :, 0].tolist()
    assert mixed == [0, 0, 50, 100, 150, 200, 200, 200]
    assert feathered(source, drawn, region, 0)[0, :, 0].tolist() == [0, 0, *[200] * 6]
