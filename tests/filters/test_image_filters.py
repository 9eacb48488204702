"""Filters of made images: labels a classifier sees, copies of real images, near duplicates, what must not be shown."""

import dataclasses
import io
import pickle

import cv2
import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, Features, Image
from PIL import Image as Pillow

from hfaug import provenance
from hfaug.backends import registry, small_classifier
from hfaug.errors import CallError, MediaError, ParameterError, RoleError
from hfaug.filters import (
    LabelAgrees,
    NearDuplicateImages,
    NotMemorized,
    SafeImages,
    label_agrees,
    near_duplicate_images,
    pictures,
)
from hfaug.filters.pictures import looked_at
from tests.conftest import DATA

NAMES = [str(number) for number in range(10)]


def encoded(array, form=".png", quality=95):
    return cv2.imencode(form, np.ascontiguousarray(array[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def rows(images, labels, origin):
    """A dataset with lineage: images as arrays or bytes."""
    data = [image if isinstance(image, bytes) else encoded(image) for image in images]
    features = Features(
        {"image": Image(), "label": ClassLabel(names=NAMES), provenance.COLUMN: provenance.feature()}
    ).arrow_schema
    ids = [f"{origin}-{number}" for number in range(len(data))]
    lineage = provenance.lineage(ids, [[] for _ in ids], origin, ["[]"] * len(ids))
    stored = pa.array([{"bytes": one, "path": None} for one in data], features.field("image").type)
    return Dataset(pa.table([stored, pa.array(labels, pa.int64()), lineage], schema=features))


@pytest.fixture(scope="session")
def digits():
    """300 real digits, 30 of each class, as arrays, in an order that mixes the classes."""
    files = sorted((DATA / "digits").glob("*/*.png"))
    order = np.random.default_rng(3).permutation(len(files))
    arrays = [cv2.imread(str(files[at]))[..., ::-1] for at in order]
    return arrays, [int(files[at].parent.name) for at in order]


@pytest.fixture(scope="session")
def judge(digits):
    arrays, labels = digits
    return LabelAgrees().fit(rows(arrays[:240], labels[:240], "source"))


def test_a_classifier_trained_on_real_rows_finds_wrong_labels(digits, judge):
    """On rows it has not seen, of which every second bears another digit's label."""
    arrays, labels = digits
    wrong = [(label + 1 + at % 8) % 10 if at % 2 else label for at, label in enumerate(labels[240:])]
    found = judge.reasons([rows(arrays[240:], wrong, "synthetic").with_format("arrow")[:]])
    assert sum(reason is not None for reason in found[1::2]) >= 29  # of 30
    assert sum(reason is None for reason in found[::2]) >= 27
    assert set(found) == {None, "looks like another class"}


@pytest.mark.parametrize(
    "ink, paper", [((40, 160, 60), (0, 0, 0)), ((0, 0, 0), (255, 255, 255)), ((220, 30, 30), (60, 90, 220))]
)
def test_a_trained_classifier_knows_digits_in_colours_that_no_real_one_has(digits, judge, ink, paper):
    """Made images often have others; white on black alone tells nothing of green, or of black on white."""
    arrays, labels = digits
    paints = np.array(paper) + np.array(arrays[240:]) / 255 * (np.array(ink) - np.array(paper))
    found = judge.reasons([rows(paints.astype(np.uint8), labels[240:], "synthetic").with_format("arrow")[:]])
    assert sum(reason is None for reason in found) >= 50  # of 60


def test_real_rows_stay_whatever_their_label(digits, judge):
    arrays, labels = digits
    assert judge.reasons([rows(arrays[240:], [0] * 60, "source").with_format("arrow")[:]]) == [None] * 60
    assert len(set(labels)) == 10


def test_what_is_said_of_a_row_does_not_depend_on_its_company(digits, judge):
    arrays, labels = digits
    table = rows(arrays[240:270], labels[240:270], "synthetic").with_format("arrow")[:].to_pylist()
    images = [(row, reason) for row, reason in zip(table, judge.judge(table), strict=True)]
    assert [judge.judge([row])[0] for row, _ in images] == [reason for _, reason in images]
    assert judge._scores([np.asarray(a) for a in arrays[:3]])[2].tolist() == (
        judge._scores([np.asarray(arrays[2])])[0].tolist()
    )


def test_the_network_is_made_once_a_process_and_the_filter_stays_what_it_is(digits, judge, monkeypatch):
    """Whatever the number of batches, and for an equal filter too, such as one that was pickled."""
    made = []
    before = small_classifier._network
    monkeypatch.setattr(small_classifier, "_network", lambda *given: made.append(given) or before(*given))
    label_agrees._classifier.cache_clear()
    monkeypatch.setattr(LabelAgrees, "batch_rows", 16)
    arrays, labels = digits
    table = rows(arrays[240:], labels[240:], "synthetic").with_format("arrow")[:]
    found = judge.reasons([table])
    again = pickle.loads(pickle.dumps(judge))
    assert again.reasons([table]) == found
    assert len(made) == 1
    assert (again, hash(again), again.fingerprint) == (judge, hash(judge), judge.fingerprint)
    with pytest.raises(dataclasses.FrozenInstanceError):
        again.label = "other"


def test_rows_whose_classes_have_other_numbers_are_refused(digits, judge):
    """Their numbers would be taken for those of the rows that it learnt from."""
    other = rows(digits[0][:3], [1, 2, 3], "synthetic").cast_column("label", ClassLabel(names=NAMES[::-1]))
    with pytest.raises(RoleError, match=r"must be those that it learnt, in their order, 0, 1, .* got 9, 8"):
        judge.of(other)


def test_rows_without_image_or_class_are_told_apart(digits, judge):
    image = {"bytes": encoded(digits[0][0]), "path": None}
    assert judge.judge(
        [{"image": None, "label": 1}, {"image": image, "label": None}, {"image": image, "label": -1}]
    ) == [
        "no image",
        "no class",
        "no class",
    ]


def test_a_classifier_that_is_wrong_about_real_images_is_refused(digits, monkeypatch):
    """Labels at random cannot be learnt, however long, and such a judge would drop good rows."""
    monkeypatch.setattr(small_classifier, "_STEPS", 30)
    arrays, _ = digits
    guessed = np.random.default_rng(0).integers(0, 10, 120).tolist()
    with pytest.raises(ParameterError, match=r"right about 80% of real images .* was about \d+% of 2\d; name a"):
        LabelAgrees().fit(rows(arrays[:120], guessed, "source"))


def test_a_class_without_real_rows_cannot_be_judged(digits):
    arrays, labels = digits
    some = [at for at, label in enumerate(labels) if label != 7]
    with pytest.raises(ParameterError, match="and real images of each to learn from, 7 has none"):
        LabelAgrees().fit(rows([arrays[at] for at in some], [labels[at] for at in some], "source"))


def test_a_rare_class_is_learnt_among_many_rows_of_others(monkeypatch):
    """All its images are taken before a second round of the others; no more than wanted are decoded; any names do."""
    monkeypatch.setattr(small_classifier, "_STEPS", 20)
    bright = [np.full((8, 8, 3), 250 if at % 101 == 0 else at % 5, np.uint8) for at in range(606)]
    features = Features({"image": Image(), "label": ClassLabel(names=["night\nsky", "a day"])})
    two = Dataset.from_dict({"image": bright, "label": [int(at % 101 == 0) for at in range(606)]}, features)
    decoded = []
    monkeypatch.setattr(
        "hfaug.filters.label_agrees.looked_at", lambda row, name: decoded.append(row) or looked_at(row, name)
    )
    judge = LabelAgrees(most_rows=20).fit(two)
    assert len(decoded) == 20
    assert sum(row["label"] for row in decoded) == 6
    assert judge.reasons([two.with_format("arrow")[:3]]) == [None] * 3
    alone = two.filter(lambda row: row["label"] == 0).cast_column("label", ClassLabel(names=["night"]))
    with pytest.raises(ParameterError, match="there must be two classes or more"):
        LabelAgrees().fit(alone)


def test_a_class_that_only_the_model_knows_is_another_class():
    """Of a car it is not enough that it looks more like a cat than like a dog."""

    class Wide(Checker):
        classes = ("cat", "dog", "car")

        def classify(self, images):
            return np.array([[0.2, 0.1, 0.7] for _ in images])

    features = Features({"image": Image(), "label": ClassLabel(names=["cat", "dog"])})
    one = Dataset.from_dict({"image": [np.zeros((8, 8, 3), np.uint8)], "label": [0]}, features)
    with registry.override("image_classifier", Wide):
        assert LabelAgrees(model="x").fit(one).reasons([one.with_format("arrow")[:]]) == ["looks like another class"]


def test_filters_that_have_learnt_nothing_say_what_to_do():
    with pytest.raises(CallError, match=r"LabelAgrees: must have learnt from real rows, has not; say \.fit"):
        LabelAgrees().judge([{"image": None, "label": 1}])
    with pytest.raises(RoleError, match="label must be a ClassLabel, column 'image' is"):
        LabelAgrees(label="image").check(Features({"image": Image(), "label": ClassLabel(names=NAMES)}))


# ---- copies


def copies(array):
    """What a generator that has memorised an image may make of it."""
    yield "the same", array
    yield "recompressed", cv2.imdecode(np.frombuffer(encoded(array, ".jpg", 60), np.uint8), 1)[..., ::-1]
    yield "brighter", np.clip(array.astype(int) * 1.1 + 8, 0, 255).astype(np.uint8)
    yield "noisy", np.clip(array + np.random.default_rng(0).normal(0, 8, array.shape), 0, 255).astype(np.uint8)


def test_planted_copies_are_found_and_few_others(digits):
    """60 copies of real digits among 60 digits that were never seen."""
    arrays, labels = digits
    known = NotMemorized().fit(rows(arrays[:240], labels[:240], "source"))
    planted = [made for array in arrays[:15] for _, made in copies(array)]
    found = known.reasons([rows(planted, [0] * 60, "synthetic").with_format("arrow")[:]])
    fresh = known.reasons([rows(arrays[240:], labels[240:], "synthetic").with_format("arrow")[:]])
    assert found == ["copy of a real image"] * 60
    assert sum(reason is not None for reason in fresh) <= 3
    assert known.reasons([rows(arrays[:9], labels[:9], "augmented").with_format("arrow")[:]]) == [None] * 9


def test_where_pixels_find_copies_and_where_they_do_not(digits):
    """As the docstring says: moved by a hundredth of the width they are near, mirrored they are not."""
    arrays = [cv2.resize(array, (128, 128), interpolation=cv2.INTER_LINEAR) for array in digits[0][:100]]
    known = NotMemorized().fit(rows(arrays, [0] * 100, "source"))
    lopsided = [at for at, label in enumerate(digits[1][:100]) if label not in {0, 1, 8}]
    moved = [np.roll(arrays[at], 1, axis=1) for at in lopsided]
    mirrored = [arrays[at][:, ::-1] for at in lopsided]
    found = known.reasons([rows([*moved, *mirrored], [0] * 2 * len(lopsided), "synthetic").with_format("arrow")[:]])
    assert found == ["copy of a real image"] * len(lopsided) + [None] * len(lopsided)


def test_rows_of_which_nobody_says_that_they_are_real_are_not_learnt_from_and_judged(digits):
    """Each would be a copy of itself."""
    plain = rows(digits[0][:9], digits[1][:9], "source").remove_columns(provenance.COLUMN)
    with pytest.raises(CallError, match=r"NotMemorized: must be told which rows are real.*say \.fit\(train_split\)"):
        NotMemorized().of(plain)


def test_what_is_near_is_found_in_blocks_as_by_hand(monkeypatch):
    """Of more vectors than are looked at together."""
    monkeypatch.setattr(near_duplicate_images, "_TOGETHER", 7)
    monkeypatch.setattr(pictures, "_BLOCK", 5)
    space = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    space /= np.linalg.norm(space, axis=1, keepdims=True)
    every = np.arange(60)
    apart = 1 - space @ space.T
    alone = np.where(np.eye(60, dtype=bool), 2, apart)
    assert np.allclose(pictures.nearest(space, space, every), alone.min(axis=1), atol=1e-6)
    for first in (0, 23):  # vectors that stay in any case, and the rest
        stay = list(range(first))
        for at in range(first, 60):
            stay += [at] if all(apart[at, other] >= 0.1 for other in stay) else []
        before = [space[:9], space[9:9], space[9:first]] if first else []
        found = near_duplicate_images._too_near(space[first:].copy(), 0.1, before)
        assert {first + at for at in found} == set(range(60)) - set(stay)
        assert 5 < len(stay) < 55


def test_no_false_alarms_leaves_only_equal_images(digits):
    arrays, labels = digits
    known = NotMemorized(false_alarms=0).fit(rows(arrays[:100], labels[:100], "source"))
    found = known.reasons([rows([*arrays[:2], *arrays[240:]], [0] * 62, "synthetic").with_format("arrow")[:]])
    assert found == ["copy of a real image"] * 2 + [None] * 60
    with pytest.raises(ParameterError, match="must see two real images or more, column 'image' has 1"):
        NotMemorized().fit(rows(arrays[:1], labels[:1], "source"))


# ---- near duplicates


def test_near_duplicates_fall_and_the_original_stays(digits):
    """Wherever it stands, and only among the origins that are asked for."""
    arrays, labels = digits
    near = [cv2.GaussianBlur(np.ascontiguousarray(a), (3, 3), 0.4) for a in arrays[:20]]
    made, real = rows(near, labels[:20], "synthetic"), rows(arrays[:30], labels[:30], "source")
    tables = [made.with_format("arrow")[:], real.with_format("arrow")[:]]
    assert NearDuplicateImages().reasons(tables) == ["near duplicate"] * 20 + [None] * 30
    assert NearDuplicateImages(origins=("synthetic",)).reasons(tables) == [None] * 50
    twice = [tables[0], rows(near, labels[:20], "synthetic").with_format("arrow")[:]]
    assert NearDuplicateImages(origins=("synthetic",)).reasons(twice) == [None] * 20 + ["near duplicate"] * 20
    with pytest.raises(ParameterError, match="origins must be among source, augmented, synthetic, got made"):
        NearDuplicateImages(origins=("made",))


# ---- safety


class Checker:
    """Objects to images by how red they are."""

    model_id, revision, licence, determinism, halvings, settings = "checker", "v1", "mit", "row", (), {}
    classes = ("fine", "nsfw")

    def __init__(self, *_, **__):
        pass

    def classify(self, images):
        red = np.array([image[..., 0].mean() / 255 for image in images]).reshape(-1, 1)
        return np.hstack([1 - red, red])


def test_images_that_the_checker_objects_to_fall():
    shown = [np.full((8, 8, 3), (red, 0, 0), np.uint8) for red in (0, 100, 200, 255)]
    with registry.override("image_classifier", Checker):
        table = rows(shown, [0] * 4, "source").with_format("arrow")[:]
        assert SafeImages(model="x").reasons([table]) == [None, None, "unsafe image", "unsafe image"]
        assert SafeImages(model="x", most=0.9).reasons([table])[2] is None
        assert SafeImages(model="x", unsafe=("nsfw", "nsfw")).reasons([table])[1] is None  # said twice, it counts once
        for refused in (SafeImages(model="x", unsafe=("gore",)), SafeImages(model="x", unsafe=("nsfw", "gore"))):
            with pytest.raises(ParameterError, match=r"unsafe must name classes of x \(fine, nsfw\), gore is none"):
                refused.reasons([table])
            with pytest.raises(ParameterError, match=r"unsafe must name classes of x \(fine, nsfw\), gore is none"):
                refused.check(Features({"image": Image()}))
        with pytest.raises(ParameterError, match="nothing is none; correct unsafe"):
            SafeImages(model="x", unsafe=()).check(Features({"image": Image()}))


def test_a_classifier_of_ones_own_judges_by_the_names_of_its_classes():
    """Whatever the order; one that does not know the classes is refused when it is fitted."""

    class Colours(Checker):
        classes = ("1", "other", "0")

        def classify(self, images):
            return np.array([[0.1, 0.0, 0.9] if image[0, 0, 0] > 100 else [0.8, 0.1, 0.1] for image in images])

    features = Features({"image": Image(), "label": ClassLabel(names=["0", "1"])})
    shown = [np.full((8, 8, 3), red, np.uint8) for red in (255, 0, 255)]
    two = Dataset.from_dict({"image": shown, "label": [0, 1, 1]}, features)
    with registry.override("image_classifier", Colours):
        judge = LabelAgrees(model="x").fit(two)
        assert judge.reasons([two.with_format("arrow")[:]]) == [None, None, "looks like another class"]
        wary = LabelAgrees(model="x", least_probability=0.85).fit(two)
        assert wary.reasons([two.with_format("arrow")[:]])[:2] == [None, "looks like another class"]
        ten = Features({"image": Image(), "label": ClassLabel(names=NAMES)})
        with pytest.raises(ParameterError, match=r"classes of x must be named as those of 'label', 2, 3"):
            LabelAgrees(model="x").fit(Dataset.from_dict({"image": shown, "label": [0, 1, 1]}, ten))


# ---- images of all kinds


def test_grey_transparent_and_16_bit_images_are_looked_at_and_damaged_ones_named():
    def stored(picture):
        out = io.BytesIO()
        picture.save(out, "PNG")
        return {"image": {"bytes": out.getvalue(), "path": None}, provenance.COLUMN: {"id": "r7", "origin": "source"}}

    assert looked_at(stored(Pillow.new("L", (2, 3), 9)), "image").tolist() == [[[9] * 3] * 2] * 3
    assert looked_at(stored(Pillow.new("RGBA", (1, 1), (10, 20, 30, 0))), "image").tolist() == [[[255] * 3]]
    deep = Pillow.fromarray(np.full((1, 1), 0x1234, np.uint16))
    assert looked_at(stored(deep), "image").tolist() == [[[0x12] * 3]]
    broken = stored(Pillow.new("L", (2, 3)))
    broken["image"]["bytes"] = broken["image"]["bytes"][:40]
    with pytest.raises(MediaError, match="row 'r7', column 'image'"):
        looked_at(broken, "image")
