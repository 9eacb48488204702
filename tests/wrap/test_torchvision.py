"""torchvision pipelines: labels go along as torchvision itself would move them, and draws belong to rows."""

# ruff: noqa: NPY002 - users draw from the global generators

import json
import random
import sys

import numpy as np
import pytest
import torch
import torchvision
from datasets import ClassLabel, Image, List, Value
from datasets.fingerprint import Hasher
from torchvision import transforms as v1
from torchvision import tv_tensors
from torchvision.transforms import v2

import hfaug
from hfaug import media
from hfaug.errors import (
    CompatibilityError,
    FingerprintError,
    LabelError,
    MissingExtra,
    ParameterError,
    UnboundColumnError,
)
from hfaug.randomness import Streams, row_key
from hfaug.wrap import Torchvision, torchvision_specs
from tests.wrap import tensor_code
from tests.wrap.tables import BOX, LABELS, images, noise, once, pixels, png, stored


def objects(boxes):
    """Boxes with a class each."""
    feature = {"bbox": List(BOX), "category": List(ClassLabel(names=["a", "b", "c"]))}
    return feature, [{"bbox": some, "category": [at % 3 for at in range(len(some))]} for some in boxes]


class TestLabels:
    @pytest.mark.parametrize("more", [[], [v2.SanitizeBoundingBoxes(), v2.SanitizeKeyPoints()]])
    def test_a_flip_is_hfaugs_own_flip_in_all_its_parts(self, photos, more):
        """Image bytes, mask bytes, boxes and keypoints: two implementations, one convention of coordinates."""
        op = hfaug.wrap(v2.Compose([v2.RandomHorizontalFlip(p=1), *more]))
        theirs = once(photos, op.on(**LABELS), provenance=False)
        assert theirs == once(photos, hfaug.ops.image.Flip().on(**LABELS), provenance=False)

    def test_what_does_not_move_stays_digit_for_digit(self, photos):
        op = hfaug.wrap(v2.Compose([v2.RandomHorizontalFlip(p=0), v2.RandomRotation(0), v2.Resize((256, 256))]))
        assert once(photos, op.on(**LABELS), provenance=False) == stored(photos)

    def test_rows_come_out_as_from_torchvision_by_hand(self, photos):
        """The same pipeline, called as its documentation says after the same seed."""
        parts = [
            v2.RandomCrop(150),
            v2.RandomRotation(40),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(0.5, 0.5, 0.5, 0.2),
        ]
        pipeline = v2.Compose([*parts, v2.SanitizeBoundingBoxes(min_size=6)])
        arrays = [pixels(row["image"]) for row in stored(photos)]
        held = [row["objects"] for row in stored(photos)]
        columns = {"objects": (photos.features["objects"], held), "name": (Value("string"), list("abcd"))}
        masks = (Image(), [row["mask"] for row in stored(photos)])
        rows = images(arrays, mask=masks, **columns)
        op = hfaug.wrap(pipeline).on(boxes="objects.bbox", box_format="pascal_voc", id="name")
        dropped = 0
        for row, done in zip(stored(rows), stored(rows.map(op, batched=True)), strict=True):
            boxes = torch.tensor(row["objects"]["bbox"], dtype=torch.float64)
            sample = {
                "image": tv_tensors.Image(torch.from_numpy(pixels(row["image"]).transpose(2, 0, 1).copy())),
                "boxes": tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=(256, 256)),
                "labels": torch.tensor(row["objects"]["category"]),
                "mask": tv_tensors.Mask(torch.from_numpy(media.decode_mask(row["mask"]["bytes"]).array[..., 0].copy())),
            }
            with torch.random.fork_rng():
                torch.default_generator.manual_seed(
                    Streams([row_key(row["name"])], digest=op.stream_digest)[0].seed(64)
                )
                expected = pipeline(sample)
            assert (pixels(done["image"]) == expected["image"].numpy().transpose(1, 2, 0)).all()
            assert (media.decode_mask(done["mask"]["bytes"]).array[..., 0] == expected["mask"].numpy()).all()
            assert done["objects"]["category"] == expected["labels"].tolist()
            np.testing.assert_allclose(done["objects"]["bbox"], expected["boxes"].numpy().reshape(-1, 4), atol=1e-4)
            dropped += len(boxes) - len(expected["labels"])
        assert dropped > 0

    def test_sanitizing_drops_all_that_belongs_to_a_box_whatever_its_getter(self):
        boxes = [[0.0, 0, 2, 2], [5, 5, 25, 25], [3, 3, 5, 30]]
        rows = images([noise(40, 60, 3)], objects=objects([boxes]))
        for getter in ("default", None, tensor_code.eager, lambda sample: sample["annotations"]["labels"]):
            op = hfaug.wrap(v2.SanitizeBoundingBoxes(min_size=4, labels_getter=getter))
            (row,) = once(rows, op.on(boxes="objects.bbox", box_format="pascal_voc"))
            assert row["objects"] == {"bbox": [boxes[1]], "category": [1]}
            assert row["image"]["bytes"] == stored(rows)[0]["image"]["bytes"]

    @pytest.mark.parametrize("count", [0, 1, 3, 40])
    def test_a_mask_is_not_taken_for_those_of_the_boxes(self, count):
        """As many boxes as a mask has lines, or colours, or one; and none of them is left."""
        mask = noise(40, 60, 3)
        boxes = objects([[[1.0, 1, 2, 2]] * count])
        rows = images([noise(40, 60, 3)], mask=(Image(), [png(mask)]), objects=boxes)
        op = hfaug.wrap(v2.Compose([v2.SanitizeBoundingBoxes(min_size=4), v2.RandomVerticalFlip(p=1)]))
        (row,) = once(rows, op.on(boxes="objects.bbox", box_format="pascal_voc"))
        assert row["objects"]["bbox"] == []
        assert (media.decode_mask(row["mask"]["bytes"]).array == mask[::-1]).all()

    def test_boxes_that_have_left_the_image_are_dropped_without_sanitizing(self):
        rows = images([noise(40, 60, 3)], objects=objects([[[0.0, 0, 9, 9], [20, 10, 40, 30], [28, 18, 32, 22]]]))
        (row,) = once(rows, hfaug.wrap(v2.CenterCrop(10)).on(boxes="objects.bbox", box_format="pascal_voc"))
        assert row["objects"] == {"bbox": [[0, 0, 10, 10], [3, 3, 7, 7]], "category": [1, 2]}

    def test_one_box_a_row_and_a_row_without_boxes(self):
        box = List(Value("int64"), length=4)
        rows = images([noise(40, 60, 3)] * 3, box=(box, [[0, 0, 60, 40], [40, 30, 41, 31], None]))
        op = hfaug.wrap(v2.Compose([v2.RandomHorizontalFlip(p=1), v2.SanitizeBoundingBoxes(min_size=3)]))
        done = once(rows, op.on(boxes="box", box_format="pascal_voc"))
        assert [row["box"] for row in done] == [[0, 0, 60, 40], None, None]
        assert once(rows.remove_columns("box"), op)  # boxes are not asked for

    def test_other_formats_and_plain_tensors_inside_the_pipeline(self):
        rows = images([noise(40, 60, 3)], objects=objects([[[5.0, 5, 25, 35]]]))
        for more in (["CXCYWH"], ["XYWH"], ["CXCYWH", "XYXY"]):
            steps = [v2.ConvertBoundingBoxFormat(name) for name in more]
            op = hfaug.wrap(v2.Compose([*steps, v2.RandomHorizontalFlip(p=1), v2.ToPureTensor()]))
            (row,) = once(rows, op.on(boxes="objects.bbox", box_format="pascal_voc"))
            np.testing.assert_allclose(row["objects"]["bbox"], [[35, 5, 55, 35]], atol=1e-5)

    def test_colours_leave_labels_alone_and_need_no_binding(self, photos):
        op = hfaug.wrap(v2.Compose([v2.ColorJitter(0.5), v2.GaussianBlur(3), v2.RandomErasing(p=1)]))
        done, before = once(photos, op, provenance=False), stored(photos)
        assert all(a["image"] != b["image"] for a, b in zip(done, before, strict=True))
        assert [row | {"image": 0} for row in done] == [row | {"image": 0} for row in before]

    def test_a_pipeline_that_moves_wants_a_word_on_every_label(self, photos):
        with pytest.raises(UnboundColumnError, match=r"objects\.bbox"):
            hfaug.augment(photos, hfaug.wrap(v2.RandomHorizontalFlip()))

    @pytest.mark.parametrize(
        "make",
        [
            tensor_code.Speckle,
            v2.AutoAugment,
            v2.TrivialAugmentWide,
            lambda: v2.Compose([v2.RandomHorizontalFlip(), tensor_code.brighter]),
            lambda: v2.Lambda(tensor_code.brighter),
            v1.RandomHorizontalFlip,
            lambda: v1.Compose([v1.RandomRotation(20)]),
        ],
    )
    def test_labels_do_not_pass_through_what_nobody_knows(self, photos, make):
        op = hfaug.wrap(make())
        assert (op.shifts, op.moves) == (("image",), ())
        with pytest.raises(LabelError, match="must move with the image, and this op cannot"):
            op.on(**LABELS).features(photos.features)
        alone = photos.remove_columns(["objects", "keypoints", "mask"])
        done = once(alone, op, copies=4)
        assert {row["image"]["bytes"] for row in done} - {row["image"]["bytes"] for row in stored(alone)}

    def test_a_user_may_say_that_pixels_stay(self, photos):
        op = hfaug.wrap(v2.Compose([v2.ColorJitter(0.3), tensor_code.Speckle(), tensor_code.brighter]), shifts=())
        done, before = once(photos, op, provenance=False), stored(photos)
        assert all(a["image"] != b["image"] for a, b in zip(done, before, strict=True))
        assert [row | {"image": 0} for row in done] == [row | {"image": 0} for row in before]

    @pytest.mark.parametrize("make", [v2.RandomHorizontalFlip, v2.AutoAugment, lambda: v1.Pad(3)])
    def test_but_not_against_what_is_known(self, make):
        with pytest.raises(ParameterError, match=r"stay in their places, .* moves them"):
            hfaug.wrap(make(), shifts=())

    def test_keypoints_keep_their_places_and_lose_their_visibility(self):
        points = List(List(Value("float32"), length=3))
        rows = images([noise(40, 60, 3)], points=(points, [[[35, 15, 2], [10, 30, 1], [0, 0, 0]]]))
        op = hfaug.wrap(v2.Compose([v2.CenterCrop(20), v2.SanitizeKeyPoints()]))
        (row,) = once(rows, op.on(keypoints="points", keypoint_origin="corner"))
        assert row["points"] == [[15, 5, 2], [-10, 20, 0], [0, 0, 0]]

    def test_wide_label_maps_keep_their_values(self):
        """Instance numbers beyond 16 bits, which torch cannot warp as whole numbers."""
        mask = np.zeros((20, 30), np.int32)
        mask[5:9, 3:7] = 70_001
        like = media.Picture(mask[..., None], format="TIFF", mode="I")
        held = [{"bytes": media.encode_mask(mask, like=like), "path": None}]
        rows = images([noise(20, 30, 3)], mask=(Image(), held))
        (row,) = once(rows, hfaug.wrap(v2.RandomAffine(degrees=(90, 90))))
        assert set(np.unique(media.decode_mask(row["mask"]["bytes"]).array)) == {0, 70_001}

    def test_fused_warps_before_and_after_it_move_labels_too(self, photos):
        flip = hfaug.ops.image.Flip()
        op = hfaug.Chain(flip, hfaug.wrap(v2.RandomHorizontalFlip(p=1)), hfaug.ops.image.JitterColor())
        for row, before in zip(once(photos, op.on(**LABELS), provenance=False), stored(photos), strict=True):
            assert (row["objects"], row["keypoints"]) == (before["objects"], before["keypoints"])


class TestDraws:
    def test_rows_come_out_alike_in_any_order_batch_and_process(self, photos):
        steps = [
            v2.RandomCrop(99),
            v2.RandomRotation(30),
            v2.ColorJitter(0.3, 0.3, 0.3, 0.1),
            v2.RandomHorizontalFlip(),
        ]
        op = hfaug.wrap(v2.Compose(steps)).on(**LABELS)
        whole = once(photos, op, copies=3)
        parts = once(photos.select([2, 0, 3, 1]), op, copies=3, num_proc=2)
        by_id = {row["provenance"]["id"]: row for row in whole}
        assert len(by_id) == 12
        assert {row["provenance"]["id"]: row for row in parts} == by_id
        assert len({row["image"]["bytes"] for row in whole}) == 12

    def test_another_seed_draws_otherwise(self, photos):
        op = hfaug.wrap(v2.GaussianNoise())
        assert once(photos, op)[0]["image"] != once(photos, op, seed=1)[0]["image"]

    def test_what_the_process_has_is_left_alone(self, photos):
        """Generators, and the number of threads; that number changes no byte."""

        def states():
            numpys = np.random.get_state()[1].tolist()
            return random.getstate(), numpys, torch.get_rng_state().tolist(), torch.get_num_threads()

        op = hfaug.wrap(v2.Compose([v2.RandomResizedCrop(99), v2.ColorJitter(0, 0.9)])).on(**LABELS)
        found = []
        threads = torch.get_num_threads()
        for count in (1, 2):
            torch.set_num_threads(count)
            torch.manual_seed(count)
            before = states()
            found.append(once(photos, op))
            assert states() == before
        torch.set_num_threads(threads)
        assert found[0] == found[1]

    def test_images_of_a_list_share_a_draw_or_have_their_own(self):
        array = png(noise(32, 32, 3))
        rows = images([noise(4, 4)], images=(List(Image()), [[array] * 3])).remove_columns("image")
        for how, different in (("shared", 1), ("each", 3)):
            op = hfaug.wrap(v2.RandomRotation(90)).on(image="images", images=how)
            assert len({item["bytes"] for item in once(rows, op)[0]["images"]}) == different


class TestIdentity:
    def pipeline(self, chance=0.5):
        return v2.Compose(
            [v2.RandomHorizontalFlip(p=chance), v2.RandomChoice([v2.RandomErasing(), v2.GaussianBlur(3)])]
        )

    def test_equal_pipelines_make_equal_ops_before_and_after_use(self, photos):
        pipeline = self.pipeline()
        op = hfaug.wrap(pipeline)
        before = Hasher.hash(op)
        once(photos, op.on(**LABELS))
        pipeline(torch.zeros(3, 9, 9))
        assert op == hfaug.wrap(pipeline) == hfaug.wrap(self.pipeline())
        assert Hasher.hash(op) == before == Hasher.hash(hfaug.wrap(self.pipeline()))

    def test_other_pipelines_make_other_ops(self):
        makes = [
            self.pipeline(),
            self.pipeline(0.4),
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(),
            v2.Pad(3),
            v2.Pad(3, fill={tv_tensors.Image: 127, "others": 0}),
            v2.RandomAffine(3, interpolation=v2.InterpolationMode.BILINEAR),
            v2.Lambda(tensor_code.brighter),
            v2.Lambda(lambda image: image),
            v2.Lambda(lambda image: image + 1),
        ]
        ops = [hfaug.wrap(make) for make in makes]
        assert len({Hasher.hash(op) for op in ops}) == len({op.stream_digest for op in ops}) == len(ops)

    def test_every_transform_of_v2_is_known(self):
        """A new one must be given its place, or labels are refused for it without need."""
        named = {
            *torchvision_specs._CONTAINERS, *torchvision_specs._NEUTRAL, *torchvision_specs._COLOURS,
            *torchvision_specs._PLACES, *torchvision_specs._POLICIES, *torchvision_specs._REFUSED,
        }  # fmt: skip
        kinds = {name for name, held in vars(v2).items() if isinstance(held, type) and issubclass(held, v2.Transform)}
        assert kinds - named == {"Lambda", "Transform"}

    def test_the_version_of_the_library_stands_in_the_lineage(self, photos):
        (step,) = json.loads(once(photos, hfaug.wrap(v2.GaussianBlur(3)))[0]["provenance"]["steps"])
        assert step["library"] == f"torchvision {torchvision.__version__.partition('+')[0]}"

    def test_an_edited_transform_of_the_user_makes_another_op(self, monkeypatch):
        before = hfaug.wrap(tensor_code.Speckle())
        monkeypatch.setattr(tensor_code.Speckle, "transform", lambda self, inpt, params: inpt)
        assert hfaug.wrap(tensor_code.Speckle()) != before

    @pytest.mark.parametrize(
        "make, match",
        [
            (tensor_code.Seeded, "generator .* draw from torch's global generator"),
            (tensor_code.Learned, "holds the model or tensor Learned"),
            (lambda: v2.Compose([v2.Lambda(iter([]).__next__)]), "used up as it is read"),
            (lambda: v2.LinearTransformation(torch.zeros(300, 300), torch.zeros(300)), "more than 20000 bytes"),
        ],
    )
    def test_what_no_other_process_could_make_is_refused(self, make, match):
        with pytest.raises(FingerprintError, match=match):
            hfaug.wrap(make())

    def test_a_class_inside_a_function_is_refused(self):
        class Local(v2.Transform):
            """Nobody else can find it."""

        with pytest.raises(FingerprintError, match="put it into a module"):
            hfaug.wrap(Local())

    def test_arguments_for_callables_are_refused(self):
        with pytest.raises(ParameterError, match="for callables"):
            hfaug.wrap(v2.Pad(1), reads="pixels")
        with pytest.raises(ParameterError, match=r'must be \(\) or "image"'):
            hfaug.wrap(v2.Pad(1), shifts="audio")
        with pytest.raises(ParameterError, match="got the class Pad; make one of it"):
            hfaug.wrap(v2.Pad)

    def test_a_text_that_wrap_did_not_make_is_refused(self):
        with pytest.raises(ParameterError, match=r"hfaug\.wrap made"):
            Torchvision(pipeline="{}")


class TestInstallation:
    def test_a_missing_package_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "torchvision", None)
        with pytest.raises(MissingExtra, match="pip install torchvision"):
            torchvision_specs._torchvision()

    def test_one_that_does_not_fit_torch_is_named(self, monkeypatch, tmp_path):
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            monkeypatch.delitem(sys.modules, name)
        (tmp_path / "torchvision").mkdir()
        broken = 'raise RuntimeError("operator torchvision::nms does not exist")'
        (tmp_path / "torchvision" / "__init__.py").write_text(broken, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(CompatibilityError, match=r"does not \(operator .* install both from the same place"):
            torchvision_specs._torchvision()
