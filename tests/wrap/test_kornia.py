"""kornia pipelines: labels go along as kornia itself would move them, and draws belong to rows."""

import json
import random
import sys

import numpy as np
import pytest
import torch
from datasets import ClassLabel, Image, List, Value
from datasets.fingerprint import Hasher

import hfaug
from hfaug import media
from hfaug.errors import CompatibilityError, FingerprintError, LabelError, MissingExtra, ParameterError, RowError
from hfaug.randomness import Streams, row_key
from hfaug.wrap import kornia_specs
from tests.wrap.tables import BOX, LABELS, images, noise, once, pixels, png, stored

kornia = pytest.importorskip("kornia", reason="it wants Python 3.11")

import kornia.augmentation as K  # noqa: E402, N812 - as in its documentation

from tests.wrap import kornias  # noqa: E402
from tests.wrap.kornias import NAMES, made  # noqa: E402


class TestLabels:
    def test_a_flip_is_hfaugs_own_flip_in_all_its_parts(self, photos):
        """Image bytes, mask bytes, boxes and keypoints: two implementations, one convention of coordinates."""
        ours = once(photos, hfaug.ops.image.Flip().on(**LABELS), provenance=False)
        flip = K.RandomHorizontalFlip(p=1)
        for target in (
            flip,
            torch.nn.Sequential(flip),
            K.AugmentationSequential(flip, data_keys=["input", "bbox_xyxy"]),
        ):
            assert once(photos, hfaug.wrap(target).on(**LABELS), provenance=False) == ours

    def test_what_does_not_move_stays_digit_for_digit(self, photos):
        op = hfaug.wrap(torch.nn.Sequential(K.RandomHorizontalFlip(p=0), K.RandomAffine(0.0, p=1), K.PadTo((256, 256))))
        assert once(photos, op.on(**LABELS), provenance=False) == stored(photos)

    def test_rows_come_out_as_from_kornia_by_hand(self, photos):
        """The same pipeline, called as its documentation says after the same seed."""
        parts = K.RandomCrop((150, 150)), K.RandomRotation(40.0, p=1), K.RandomHorizontalFlip(), K.ColorJiggle(0.2, p=1)
        pipeline = K.AugmentationSequential(*parts, data_keys=["input", "mask", "bbox_xyxy", "keypoints"])
        arrays = [pixels(row["image"]) for row in stored(photos)]
        held = [row["objects"] for row in stored(photos)]
        rows = images(
            arrays,
            mask=(Image(), [row["mask"] for row in stored(photos)]),
            objects=(photos.features["objects"], held),
            keypoints=(photos.features["keypoints"], [row["keypoints"] for row in stored(photos)]),
            name=(Value("string"), list("abcd")),
        )
        op = hfaug.wrap(pipeline).on(**LABELS, id="name")
        dropped = 0
        for row, done in zip(stored(rows), stored(rows.map(op, batched=True)), strict=True):
            boxes = torch.tensor([row["objects"]["bbox"]])
            mask = media.decode_mask(row["mask"]["bytes"]).array[..., 0]
            image = torch.from_numpy(pixels(row["image"]).transpose(2, 0, 1).copy())[None] / 255
            points = torch.tensor([row["keypoints"]])
            with torch.random.fork_rng():
                torch.default_generator.manual_seed(
                    Streams([row_key(row["name"])], digest=op.stream_digest)[0].seed(64)
                )
                expected = pipeline(image, torch.from_numpy(mask.copy())[None, None].float(), boxes, points)
            levels = (expected[0][0].permute(1, 2, 0).numpy().clip(0, 1) * 255).round()
            assert (pixels(done["image"]) == levels).all()
            assert (media.decode_mask(done["mask"]["bytes"]).array[..., 0] == expected[1][0, 0].numpy()).all()
            np.testing.assert_allclose(done["keypoints"], expected[3][0], atol=1e-3)
            # kornia moves the middles of the outermost pixels, hfaug the border of the box.
            theirs = expected[2][0].numpy().clip(0, 150)
            near = [at for at, box in enumerate(theirs) if (box[2:] - box[:2]).min() > 1]
            kept = [row["objects"]["category"][at] for at in near]
            assert [number for number in done["objects"]["category"] if number in kept] == kept
            if len(near) == len(done["objects"]["bbox"]):
                np.testing.assert_allclose(done["objects"]["bbox"], theirs[near], atol=1.5)
            dropped += boxes.shape[1] - len(done["objects"]["bbox"])
        assert dropped > 0

    def test_boxes_that_have_left_the_image_are_dropped_with_all_that_belongs_to_them(self):
        feature = {"bbox": List(BOX), "category": List(ClassLabel(names=["a", "b", "c"]))}
        held = [{"bbox": [[0.0, 0, 9, 9], [20, 10, 40, 30], [28, 18, 32, 22]], "category": [0, 1, 2]}]
        rows = images([noise(40, 60, 3)], objects=(feature, held))
        (row,) = once(rows, hfaug.wrap(K.CenterCrop((10, 10))).on(boxes="objects.bbox", box_format="pascal_voc"))
        assert row["objects"]["category"] == [1, 2]
        np.testing.assert_allclose(row["objects"]["bbox"], [[0, 0, 10, 10], [3, 3, 7, 7]], atol=1e-4)

    def test_one_box_a_row_and_a_row_without_boxes(self):
        box = List(Value("int64"), length=4)
        rows = images([noise(40, 60, 3)] * 3, box=(box, [[0, 0, 20, 20], [40, 30, 50, 40], None]))
        op = hfaug.wrap(K.RandomCrop((40, 30), p=1)).on(boxes="box", box_format="pascal_voc")
        for row in once(rows, op, copies=5):
            assert row["box"] is None or row["box"][2] <= 30

    def test_keypoints_keep_their_places_and_lose_their_visibility(self):
        points = List(List(Value("float32"), length=3))
        rows = images([noise(40, 60, 3)], points=(points, [[[35, 15, 2], [10, 30, 1], [0, 0, 0]]]))
        op = hfaug.wrap(K.CenterCrop((20, 20))).on(keypoints="points", keypoint_origin="corner")
        np.testing.assert_allclose(once(rows, op)[0]["points"], [[15, 5, 2], [-10, 20, 0], [0, 0, 0]], atol=1e-4)

    def test_wide_label_maps_keep_their_values_up_to_what_floats_hold(self):
        for number in (70_001, 2**24):
            mask = np.zeros((20, 30), np.int32)
            mask[5:9, 3:7] = number
            like = media.Picture(mask[..., None], format="TIFF", mode="I")
            held = [{"bytes": media.encode_mask(mask, like=like), "path": None}]
            rows = images([noise(20, 30, 3)], mask=(Image(), held))
            op = hfaug.wrap(K.RandomRotation((90.0, 90.0), p=1))
            if number == 70_001:
                assert set(np.unique(media.decode_mask(once(rows, op)[0]["mask"]["bytes"]).array)) == {0, number}
            else:
                with pytest.raises(RowError, match=r"must be below 16777216, one is 16777216"):
                    once(rows, op)

    def test_colours_leave_labels_alone_and_need_no_binding(self, photos):
        parts = K.RandomGamma((0.5, 0.8), p=1), kornia.filters.MedianBlur((3, 3)), kornias.Halve(p=1)
        done, before = once(photos, hfaug.wrap(K.ImageSequential(*parts)), provenance=False), stored(photos)
        assert all(a["image"] != b["image"] for a, b in zip(done, before, strict=True))
        assert [row | {"image": 0} for row in done] == [row | {"image": 0} for row in before]

    @pytest.mark.parametrize(
        "make, moves",
        [
            (lambda: K.AugmentationSequential(K.RandomAffine(9.0), kornias.Shift()), ()),
            (lambda: torch.nn.Sequential(K.RandomAffine(9.0), K.RandomElasticTransform()), ("mask",)),
            (lambda: K.ImageSequential(K.RandomThinPlateSpline(), K.RandomCrop((9, 9))), ()),
            (lambda: K.PatchSequential(K.RandomGamma(), grid_size=(2, 2), patchwise_apply=False), ()),
        ],
    )
    def test_labels_do_not_pass_through_what_nobody_knows(self, photos, make, moves):
        op = hfaug.wrap(make())
        assert (op.shifts, op.moves) == (("image",), moves)
        with pytest.raises(LabelError, match="must move with the image, and this op cannot"):
            op.on(**LABELS).features(photos.features)

    def test_a_user_may_say_that_pixels_stay_but_not_against_what_is_known(self, photos):
        done = once(photos, hfaug.wrap(K.ImageSequential(kornias.Shift()), shifts=()), provenance=False)
        assert [row | {"image": 0} for row in done] == [row | {"image": 0} for row in stored(photos)]
        with pytest.raises(ParameterError, match="RandomAffine moves them"):
            hfaug.wrap(K.RandomAffine(9.0), shifts=())


class TestImages:
    @pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3), (20, 30, 4), (1, 1), (1, 1, 4)])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_every_kind_of_image_is_moved(self, shape, dtype):
        array = noise(*shape, dtype=dtype)
        (row,) = once(images([array]), hfaug.wrap(K.RandomVerticalFlip(p=1)))
        assert (pixels(row["image"]).reshape(shape) == array[::-1]).all()
        assert pixels(row["image"]).dtype == dtype

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_colours_of_8_and_16_bits(self, dtype):
        array = noise(20, 30, 3, dtype=dtype)
        (row,) = once(images([array]), hfaug.wrap(K.RandomInvert(p=1)))
        assert (pixels(row["image"]) == np.iinfo(dtype).max - array).all()

    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
    def test_transparency_is_never_coloured_and_moves_along(self, dtype):
        array = noise(20, 30, 4, dtype=dtype)
        (row,) = once(images([array]), hfaug.wrap(torch.nn.Sequential(K.RandomHorizontalFlip(p=1), K.RandomGamma(p=1))))
        assert (pixels(row["image"])[..., 3] == array[:, ::-1, 3]).all()

    def test_grey_is_refused_by_what_wants_colours(self):
        assert once(images([noise(20, 30)]), hfaug.wrap(K.RandomGamma((0.5, 0.7), p=1)))
        with pytest.raises(RowError, match="every transform must take an image of its 1 channels, one does not"):
            once(images([noise(20, 30)]), hfaug.wrap(K.RandomHue((0.1, 0.2), p=1)))

    def test_numbers_that_are_no_image_are_refused(self):
        with pytest.raises(RowError, match="gave 2 channels of finite numbers"):
            once(images([noise(20, 30, 3)]), hfaug.wrap(kornias.Pairs(p=1.0)))
        with pytest.raises(RowError, match="numbers that are not finite"):
            once(images([noise(20, 30, 3)]), hfaug.wrap(kornias.Divide(p=1.0)))

    @pytest.mark.parametrize(
        "make, way_out",
        [
            (lambda: K.Normalize(torch.tensor([0.5] * 3), torch.tensor([0.5] * 3)), "training loop"),
            (K.RandomMixUpV2, "hfaug.ops.mix"),
            (lambda: K.AugmentationSequential(K.RandomMosaic()), "hfaug.ops.mix"),
            (lambda: K.VideoSequential(K.RandomGamma()), "wrap what is inside it"),
            (lambda: K.RandomRotation3D((1.0, 1.0, 1.0)), "volumes"),
            (lambda: K.auto.RandAugment(2, 10), "hfaug's own policies"),
        ],
    )
    def test_what_does_not_make_one_image_of_one_is_refused(self, make, way_out):
        with pytest.raises(ParameterError, match=way_out):
            hfaug.wrap(make())


class TestDraws:
    def test_rows_come_out_alike_in_any_order_batch_and_process(self, photos):
        steps = K.RandomCrop((99, 99)), K.RandomRotation(30.0), K.ColorJiggle(0.2, 0.2, p=1), K.RandomGaussianNoise()
        op = hfaug.wrap(K.AugmentationSequential(*steps, random_apply=3)).on(**LABELS)
        whole = once(photos, op, copies=3)
        parts = once(photos.select([2, 0, 3, 1]), op, copies=3, num_proc=2)
        by_id = {row["provenance"]["id"]: row for row in whole}
        assert len(by_id) == 12
        assert {row["provenance"]["id"]: row for row in parts} == by_id
        assert len({row["image"]["bytes"] for row in whole}) == 12

    def test_another_seed_draws_otherwise(self, photos):
        op = hfaug.wrap(K.RandomGaussianNoise(p=1))
        assert once(photos, op)[0]["image"] != once(photos, op, seed=1)[0]["image"]

    def test_what_the_process_has_is_left_alone(self, photos):
        """Generators, the number of threads, and the pipeline that was wrapped."""

        def states():
            return random.getstate(), torch.get_rng_state().tolist(), torch.get_num_threads(), pipeline._params

        pipeline = K.AugmentationSequential(K.RandomAffine(9.0, p=1), K.RandomGaussianNoise(p=1))
        before = states()
        once(photos, hfaug.wrap(pipeline).on(**LABELS))
        assert states() == before

    def test_images_of_a_list_share_a_draw_or_have_their_own(self):
        array = png(noise(32, 32, 3))
        rows = images([noise(4, 4)], images=(List(Image()), [[array] * 3])).remove_columns("image")
        for how, different in (("shared", 1), ("each", 3)):
            op = hfaug.wrap(K.RandomRotation(90.0, p=1)).on(image="images", images=how)
            assert len({item["bytes"] for item in once(rows, op)[0]["images"]}) == different


class TestIdentity:
    def pipeline(self, chance=0.5):
        chain = K.ImageSequential(K.RandomGamma(), kornia.enhance.Invert(), random_apply=1)
        return K.AugmentationSequential(K.RandomHorizontalFlip(p=chance), chain, data_keys=["input", "mask"])

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.filterwarnings("ignore:Default grid_sample")
    def test_every_augmentation_is_the_same_before_and_after_use_and_made_again(self, name):
        augmentation = made(name)
        op = hfaug.wrap(augmentation)
        image = torch.rand(1, 3, 40, 60)
        again = kornia_specs.build(op.pipeline)
        results = []
        for pipeline in (augmentation, again):
            torch.manual_seed(3)
            results.append(pipeline(image))
        assert torch.equal(*results)
        assert hfaug.wrap(augmentation) == op == hfaug.wrap(made(name))

    @pytest.mark.parametrize("name", NAMES)
    def test_every_augmentation_is_known(self, name):
        assert hfaug.wrap(made(name)).shifts == ("image",) or not hfaug.wrap(made(name)).shifts
        assert json.loads(hfaug.wrap(made(name)).pipeline)["sure"]

    def test_equal_pipelines_make_equal_ops_before_and_after_use(self, photos):
        pipeline = self.pipeline()
        op = hfaug.wrap(pipeline)
        before = Hasher.hash(op)
        once(photos, op.on(**LABELS))
        pipeline(torch.rand(1, 3, 9, 9), torch.rand(1, 1, 9, 9))
        assert op == hfaug.wrap(pipeline) == hfaug.wrap(self.pipeline())
        assert Hasher.hash(op) == before == Hasher.hash(hfaug.wrap(self.pipeline()))

    def test_other_pipelines_make_other_ops(self):
        makes = [
            self.pipeline(),
            self.pipeline(0.4),
            K.RandomHorizontalFlip(),
            K.RandomVerticalFlip(),
            K.RandomAffine(9.0),
            K.RandomAffine(9.0, resample="nearest"),
            K.RandomAffine((-9.0, 8.0)),
            torch.nn.Sequential(K.RandomHorizontalFlip()),
        ]
        ops = [hfaug.wrap(make) for make in makes]
        assert len({Hasher.hash(op) for op in ops}) == len({op.stream_digest for op in ops}) == len(ops)

    def test_the_version_of_the_library_stands_in_the_lineage(self, photos):
        (step,) = json.loads(once(photos, hfaug.wrap(K.RandomGamma()))[0]["provenance"]["steps"])
        assert step["library"] == f"kornia {kornia.__version__}"

    def test_an_edited_transform_of_the_user_makes_another_op(self, monkeypatch):
        before = hfaug.wrap(kornias.Halve())
        monkeypatch.setattr(kornias.Halve, "apply_transform", lambda self, image, *rest, **more: image / 3)
        assert hfaug.wrap(kornias.Halve()) != before

    def test_weights_and_hooks_are_refused(self):
        with pytest.raises(FingerprintError, match="holds the model or tensor Conv2d"):
            hfaug.wrap(K.AugmentationSequential(K.RandomAffine(9.0), torch.nn.Conv2d(3, 3, 1)))
        hooked = K.RandomAffine(9.0)
        hooked.register_forward_hook(print)
        with pytest.raises(FingerprintError, match="holds the model or tensor RandomAffine"):
            hfaug.wrap(hooked)

    def test_arguments_for_callables_are_refused(self):
        with pytest.raises(ParameterError, match="for callables"):
            hfaug.wrap(K.RandomGamma(), draws=False)


class TestInstallation:
    def test_a_missing_package_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "kornia", None)
        with pytest.raises(MissingExtra, match="pip install kornia"):
            kornia_specs._kornia()

    def test_one_that_does_not_fit_torch_is_named(self, monkeypatch, tmp_path):
        for name in [name for name in sys.modules if name.partition(".")[0] == "kornia"]:
            monkeypatch.delitem(sys.modules, name)
        (tmp_path / "kornia").mkdir()
        (tmp_path / "kornia" / "__init__.py").write_text('raise RuntimeError("no such operator")', encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(CompatibilityError, match="no such operator"):
            kornia_specs._kornia()
