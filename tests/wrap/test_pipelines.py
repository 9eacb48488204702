"""albumentations pipelines: labels go along as albumentations itself would move them, and draws belong to rows."""

# ruff: noqa: NPY002 - users draw from the global generators

import json
import random

import albumentations as A  # noqa: N812 - as in its documentation
import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, Features, Image, List, Value
from datasets.fingerprint import Hasher

import hfaug
from hfaug import media
from hfaug.errors import FingerprintError, LabelError, ParameterError, RowError, UnboundColumnError
from hfaug.randomness import Streams, row_key
from tests.told import told
from tests.wrap import user_code
from tests.wrap.tables import LABELS, images, once, pixels, png, stored


class TestLabels:
    def test_a_flip_is_hfaugs_own_flip_in_all_its_parts(self, photos):
        """Image bytes, mask bytes, boxes and keypoints: two implementations, one convention of coordinates."""
        theirs = once(photos, hfaug.wrap(A.HorizontalFlip(p=1)).on(**LABELS), provenance=False)
        ours = once(photos, hfaug.ops.image.Flip().on(**LABELS), provenance=False)
        assert theirs == ours

    def test_what_does_not_move_stays_digit_for_digit(self, photos):
        """Albumentations keeps boxes as shares in 32 bits; hfaug takes that back."""
        op = hfaug.wrap(A.Compose([A.HorizontalFlip(p=0), A.Rotate(p=0)], bbox_params=A.BboxParams("coco")))
        assert once(photos, op.on(**LABELS), provenance=False) == stored(photos)

    def test_rows_come_out_as_from_albumentations_by_hand(self, photos):
        """The same pipeline, called as its documentation says with the same generators."""
        parts = [A.RandomCrop(150, 150), A.Rotate((-40, 40), p=1), A.HorizontalFlip()]
        kept = {"min_visibility": 0.2, "min_area": 30}
        op = hfaug.wrap(A.Compose(parts, bbox_params=A.BboxParams("yolo", **kept))).on(**LABELS, id="name")
        named = photos.add_column("name", ["a", "b", "c", "d"])
        byhand = A.Compose(
            parts,
            bbox_params=A.BboxParams("pascal_voc", label_fields=["n"], **kept),
            keypoint_params=A.KeypointParams("xy", remove_invisible=False),
        )
        dropped = 0
        for row, done in zip(stored(named), stored(named.map(op, batched=True)), strict=True):
            rng = Streams([row_key(row["name"])], digest=op.stream_digest)[0]
            byhand.set_random_state(rng.generator(), random.Random(rng.seed(64)))
            boxes = row["objects"]["bbox"]
            expected = byhand(
                image=pixels(row["image"]),
                mask=media.decode_mask(row["mask"]["bytes"]).array[..., 0],
                bboxes=np.array(boxes),
                n=list(range(len(boxes))),
                keypoints=np.array(row["keypoints"]),
            )
            kept_boxes = [round(number) for number in expected["n"]]
            dropped += len(boxes) - len(kept_boxes)
            assert done["objects"]["category"] == [row["objects"]["category"][number] for number in kept_boxes]
            np.testing.assert_allclose(done["objects"]["bbox"], expected["bboxes"].reshape(-1, 4), atol=1e-3)
            np.testing.assert_allclose(done["keypoints"], expected["keypoints"], atol=1e-3)
            assert (media.decode_mask(done["mask"]["bytes"]).array[..., 0] == expected["mask"]).all()
            assert pixels(done["image"]).shape == (150, 150, 3)
        assert dropped > 0

    def test_pixel_transforms_leave_labels_alone_and_need_no_binding(self, photos):
        with pytest.warns(UserWarning, match="no transform to process it"):  # by albumentations, when it is made
            pipeline = A.Compose([A.RandomBrightnessContrast(p=1)], bbox_params=A.BboxParams("coco"))
        op = hfaug.wrap(pipeline)
        done, before = once(photos, op, provenance=False), stored(photos)
        assert all(a["image"] != b["image"] for a, b in zip(done, before, strict=True))
        assert [row | {"image": 0} for row in done] == [row | {"image": 0} for row in before]

    def test_a_pipeline_that_moves_wants_a_word_on_every_label(self, photos):
        with pytest.raises(UnboundColumnError, match=r"objects\.bbox"):
            hfaug.augment(photos, hfaug.wrap(A.HorizontalFlip()))

    def test_labels_that_a_transform_cannot_move_are_refused_before_any_work(self, photos):
        op = hfaug.wrap(A.Compose([A.HorizontalFlip(), user_code.Transpose()]))
        assert op.moves == ("mask",)
        with pytest.raises(LabelError, match=r"boxes in 'objects.bbox' must move"):
            op.on(**LABELS).features(photos.features)
        alone = photos.remove_columns(["objects", "keypoints"])
        for row in once(alone, op):
            moved = media.decode_mask(row["mask"]["bytes"])
            assert moved.size == media.image_size(row["image"]["bytes"])

    def test_label_fields_of_the_pipeline_are_found_beside_the_boxes(self, photos):
        """A transform may look at classes: this one erases objects of one class."""
        hole = A.ConstrainedCoarseDropout(
            num_holes_range=(9, 9), hole_height_range=(0.9, 0.9), hole_width_range=(0.9, 0.9), bbox_labels=[2], p=1
        )
        params = A.BboxParams("coco", label_fields=["category"])
        op = hfaug.wrap(A.Compose([hole], bbox_params=params)).on(**LABELS)
        changed = [
            not (pixels(a["image"]) == pixels(b["image"])).all()
            for a, b in zip(once(photos, op), stored(photos), strict=True)
        ]
        assert changed == [2 in row["objects"]["category"] for row in stored(photos)]

    def test_a_label_field_that_is_not_there_is_named(self, photos):
        params = A.BboxParams("coco", label_fields=["class_labels"])
        op = hfaug.wrap(A.Compose([A.HorizontalFlip()], bbox_params=params)).on(**LABELS)
        with pytest.raises(LabelError, match=r"'class_labels' .* found objects.category"):
            hfaug.augment(photos, op)

    def test_keypoints_keep_their_places_and_lose_their_visibility(self):
        points = List(List(Value("float32"), length=3))
        rows = images([np.zeros((40, 60, 3), np.uint8)], points=(points, [[[50, 5, 2], [10, 30, 1], [0, 0, 0]]]))
        op = hfaug.wrap(A.Crop(x_min=0, y_min=20, x_max=30, y_max=40, p=1))
        (row,) = once(rows, op.on(keypoints="points", keypoint_origin="corner"))
        assert row["points"] == [[50, -15, 0], [10, 10, 1], [0, 0, 0]]

    def test_one_box_a_row_and_a_row_without_boxes(self):
        box = List(Value("int64"), length=4)
        rows = images([np.zeros((40, 60, 3), np.uint8)] * 3, box=(box, [[0, 0, 20, 20], [40, 30, 50, 40], None]))
        op = hfaug.wrap(A.Crop(x_min=0, y_min=0, x_max=30, y_max=30, p=1)).on(boxes="box", box_format="pascal_voc")
        assert [row["box"] for row in once(rows, op)] == [[0, 0, 20, 20], None, None]

    def test_wide_label_maps_keep_their_values(self):
        """Instance numbers beyond 16 bits, which OpenCV cannot warp as whole numbers."""
        mask = np.zeros((20, 30), np.int32)
        mask[5:9, 3:7] = 70_001
        like = media.Picture(mask[..., None], format="TIFF", mode="I")
        features = Features({"image": Image(), "mask": Image()})
        held = {
            "image": [png(np.zeros((20, 30, 3), np.uint8))],
            "mask": [{"bytes": media.encode_mask(mask, like=like)}],
        }
        rows = Dataset(pa.Table.from_pydict(held, schema=features.arrow_schema))
        (row,) = once(rows, hfaug.wrap(A.Affine(rotate=(90, 90), p=1)))
        assert set(np.unique(media.decode_mask(row["mask"]["bytes"]).array)) == {0, 70_001}

    def test_fused_warps_before_and_after_it_move_labels_too(self, photos):
        """Crop to the left half, flip within albumentations, flip back: labels as after the crop alone."""
        flip = hfaug.ops.image.Flip()
        op = hfaug.Chain(flip, hfaug.wrap(A.HorizontalFlip(p=1)), hfaug.ops.image.JitterColor())
        done = once(photos, op.on(**LABELS), provenance=False)
        for row, before in zip(done, stored(photos), strict=True):
            assert row["objects"] == before["objects"]
            assert row["keypoints"] == before["keypoints"]


class TestDraws:
    def test_transforms_of_one_pipeline_draw_apart_from_each_other(self):
        """Albumentations' own `set_random_seed` gives each transform the same numbers."""
        corner = np.zeros((8, 8, 3), np.uint8)
        corner[0, 0] = 255
        rows = images([corner] * 80, name=(Value("string"), [str(n) for n in range(80)]))
        op = hfaug.wrap(A.Compose([A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5)])).on(id="name")
        places = [tuple(np.argwhere(pixels(row["image"])[..., 0])[0]) for row in once(rows, op)]
        counts = [places.count(place) for place in [(0, 0), (0, 7), (7, 0), (7, 7)]]
        assert sum(counts) == 80
        assert min(counts) > 8

    def test_rows_come_out_alike_in_any_order_batch_and_process(self, photos):
        op = hfaug.wrap(A.Compose([A.RandomCrop(99, 99), A.GaussNoise(p=1), A.HorizontalFlip()])).on(**LABELS)
        whole = once(photos, op, copies=3)
        parts = once(photos.select([2, 0, 3, 1]), op, copies=3, num_proc=2)
        by_id = {row["provenance"]["id"]: row for row in whole}
        assert len(by_id) == 12
        assert {row["provenance"]["id"]: row for row in parts} == by_id
        assert len({row["image"]["bytes"] for row in whole}) == 12

    def test_another_seed_draws_otherwise(self, photos):
        op = hfaug.wrap(A.GaussNoise(p=1))
        assert once(photos, op)[0]["image"] != once(photos, op, seed=1)[0]["image"]

    def test_the_users_generators_are_left_alone(self, photos):
        """Those of the process, and those of the pipeline that was wrapped."""
        pipeline = A.Compose([A.GaussNoise(p=1), user_code.Speckle(p=1)], seed=7)
        random.seed(1)
        np.random.seed(1)
        before = random.getstate(), np.random.get_state()[1].tolist(), pipeline.random_generator.bit_generator.state
        once(photos, hfaug.wrap(pipeline))
        after = random.getstate(), np.random.get_state()[1].tolist(), pipeline.random_generator.bit_generator.state
        assert before == after

    def test_transforms_that_draw_from_the_global_generators_are_repeatable(self, photos):
        op = hfaug.wrap(A.Compose([user_code.Speckle(p=1)]))
        first = once(photos, op, provenance=False)
        np.random.seed(5)
        assert once(photos.select([1]), op, provenance=False) == [first[1]]

    def test_images_of_a_list_share_a_draw_or_have_their_own(self):
        array = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
        features = Features({"images": List(Image())})
        rows = Dataset(pa.Table.from_pydict({"images": [[png(array)] * 3]}, schema=features.arrow_schema))
        for how, different in (("shared", 1), ("each", 3)):
            op = hfaug.wrap(A.Rotate((-90, 90), p=1)).on(image="images", images=how)
            assert len({item["bytes"] for item in once(rows, op)[0]["images"]}) == different


class TestIdentity:
    def pipeline(self, p=0.5, **more):
        return A.Compose([A.HorizontalFlip(p=p), A.OneOf([A.GaussNoise(), A.Blur()])], **more)

    def test_equal_pipelines_make_equal_ops_before_and_after_use(self, photos):
        pipeline = self.pipeline()
        op = hfaug.wrap(pipeline)
        before = Hasher.hash(op)
        once(photos, op.on(**LABELS))
        pipeline(image=np.zeros((9, 9, 3), np.uint8))
        assert op == hfaug.wrap(pipeline) == hfaug.wrap(self.pipeline()) == hfaug.wrap(self.pipeline(seed=3))
        assert Hasher.hash(op) == before == Hasher.hash(hfaug.wrap(self.pipeline(seed=3)))

    def test_other_pipelines_make_other_ops(self):
        ops = [
            hfaug.wrap(self.pipeline()),
            hfaug.wrap(self.pipeline(p=0.4)),
            hfaug.wrap(self.pipeline(bbox_params=A.BboxParams("coco", min_visibility=0.1))),
            hfaug.wrap(self.pipeline(bbox_params=A.BboxParams("coco", filter_invalid_bboxes=True))),
            hfaug.wrap(A.HorizontalFlip()),
        ]
        assert len({Hasher.hash(op) for op in ops}) == len({op.stream_digest for op in ops}) == len(ops)

    def test_a_transform_is_the_pipeline_of_it_alone(self):
        assert hfaug.wrap(A.GaussNoise(p=1)) == hfaug.wrap(A.Compose([A.GaussNoise(p=1)]))

    def test_the_version_of_the_library_stands_in_the_lineage(self, photos):
        (step,) = json.loads(once(photos, hfaug.wrap(A.Blur(p=1)))[0]["provenance"]["steps"])
        assert step["library"] == f"albumentations {A.__version__}"

    def test_an_edited_transform_of_the_user_makes_another_op(self, monkeypatch):
        before = hfaug.wrap(user_code.Speckle())
        monkeypatch.setattr(user_code.Speckle, "apply", lambda self, img, **params: img)
        assert hfaug.wrap(user_code.Speckle()) != before

    @pytest.mark.parametrize(
        "make, error, match",
        [
            (lambda: A.Lambda(image=user_code.noisy), FingerprintError, "chain what it does"),
            (A.HistogramMatching, ParameterError, "HistogramMatching needs hm_metadata"),
            (lambda: user_code.Forgetful(level=7), FingerprintError, "Forgetful .* _table would be lost"),
            (A.Mosaic, ParameterError, "Mosaic needs mosaic_metadata"),
        ],
    )
    def test_what_no_other_process_could_make_is_refused(self, make, error, match):
        with pytest.raises(error, match=match):
            hfaug.wrap(A.Compose([make()]))

    def test_a_class_inside_a_function_is_refused(self):
        class Local(A.ImageOnlyTransform):
            """Nobody else can find it."""

        with pytest.raises(FingerprintError, match="top of a module"):
            hfaug.wrap(Local())

    def test_arguments_for_callables_are_refused(self):
        with pytest.raises(ParameterError, match="for callables"):
            hfaug.wrap(A.Blur(), reads="pixels")


def test_results_that_cannot_be_stored_say_what_to_leave_out(photos):
    with pytest.raises(RowError, match="Normalize") as caught:
        hfaug.augment(photos, hfaug.wrap(A.Normalize()))
    assert "row" in told(caught.value)


def test_grey_images_stay_grey():
    grey = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)
    (row,) = once(images([grey]), hfaug.wrap(A.Rotate((90, 90), p=1)))
    assert media.decode_image(row["image"]["bytes"]).mode == "L"


def test_boxes_that_stick_out_by_rounding_are_taken(photos):
    """As far as hfaug takes them: 0.05 pixels."""
    category = ClassLabel(names=["x"])
    objects = {"bbox": List(List(Value("float32"), length=4)), "category": List(category)}
    held = [{"bbox": [[-0.03, 0, 10, 20.04]], "category": [0]}]
    rows = images([np.zeros((20, 30, 3), np.uint8)], objects=(objects, held))
    op = hfaug.wrap(A.HorizontalFlip(p=1)).on(boxes="objects.bbox", box_format="pascal_voc")
    np.testing.assert_allclose(once(rows, op)[0]["objects"]["bbox"], [[20, 0, 30, 20]], atol=1e-4)
