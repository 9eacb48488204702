"""What a fitting is given: images, classes and numbers that it can use, or an error that says what to do."""

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, DatasetDict

from hfaug import media
from hfaug.errors import CallError, ParameterError, RoleError, RowError
from hfaug.fit.images import read_images
from tests.fit.conftest import fitted


@pytest.mark.parametrize(
    ("said", "error", "told"),
    [
        ({"size": 17}, ParameterError, "size must be a multiple of 2 for 2 levels"),
        ({"channels": (8, 12)}, ParameterError, "channels must be multiples of 8"),
        ({"stepps": 5}, ParameterError, "must not have the field 'stepps'; did you mean 'steps'"),
        ({"steps": 0}, ParameterError, "steps must be 1 or more, was 0"),
        ({"steps": 2.5}, ParameterError, r"steps must be a whole number, got 2\.5"),
        ({"size": 16.0}, ParameterError, r"fit diffusion: size must be a whole number, got 16\.0"),
        ({"size": True}, ParameterError, "size must be a whole number, got True"),
        ({"channels": 8}, ParameterError, r"channels must be a tuple, got 8; write \(8,\)"),
        ({"channels": (8, 16.0)}, ParameterError, r"channels must be a whole number, got 16\.0"),
        ({"layers": 1.5}, ParameterError, r"blocks must be a whole number, got 1\.5"),
        ({"free_share": "some"}, ParameterError, "free_share must be a number, got 'some'"),
        ({"learning_rate": "fast"}, ParameterError, "learning_rate must be a number, got 'fast'"),
        ({"seed": -1}, ParameterError, "seed must be 0 or more, was -1"),
        ({"balanced": 2}, ParameterError, "balanced must be"),
        ({"layers": 0}, ParameterError, "each level must have 1 block or more, had 0"),
        ({"batch_size": 9, "accumulate": 2}, ParameterError, "multiple of processes x accumulate"),
        ({"free_share": 1.5}, ParameterError, "free_share must be from 0"),
        ({"image": "label"}, RoleError, "image cannot be read from 'label'"),
        ({"label": "class"}, RoleError, r"'class' is none of image, label; correct label=\.\.\.$"),
    ],
)
def test_what_does_not_fit_is_refused(said, error, told, some_digits, tmp_path):
    with pytest.raises(error, match=told):
        fitted("diffusion", some_digits, tmp_path / "m", **said)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("kind", "said", "told"),
    [
        ("vae", {"latent_channels": 1.0}, "latent_channels must be a whole number"),
        ("gan", {"latent": "8"}, "latent must be a whole number"),
        ("gan", {"gamma": None}, "gamma must be a number"),
    ],
)
def test_what_another_kind_takes_is_checked_too(kind, said, told, some_digits, tmp_path):
    with pytest.raises(ParameterError, match=told):
        fitted(kind, some_digits, tmp_path / "m", **said)


def test_classes_are_read_without_the_images(some_digits, monkeypatch):
    """All images of a large dataset do not fit into one table."""
    read, whole = Dataset.__getitem__, []

    def noting(self, key):
        if isinstance(key, slice):
            whole.append(self.column_names)
        return read(self, key)

    monkeypatch.setattr(Dataset, "__getitem__", noting)
    assert len(read_images(some_digits, who="x", size=8)) == 60
    assert whole == [["label"]]


def test_rows_must_have_images_and_classes(some_digits, tmp_path):
    cases = [
        (some_digits.select([]), CallError, "the dataset has no rows"),
        (some_digits.map(lambda row: {"label": -1 if row["label"] == 3 else row["label"]}), CallError, "have none in"),
        (some_digits.remove_columns("image"), RoleError, r"needs one image column.*; say image=\.\.\.$"),
        (some_digits.to_iterable_dataset(), CallError, "got IterableDataset; load it without streaming"),
        (DatasetDict(test=some_digits), ParameterError, "split must be among test, got 'train'"),
    ]
    for data, error, told in cases:
        with pytest.raises(error, match=told):
            fitted("vae", data, tmp_path / "m")


# ---- images


def test_images_are_squares_of_one_kind(photos, some_digits):
    """Photographs stay colour, digits grey; names of texts are classes, sorted."""
    rows = photos.select_columns(["image"]).add_column("kind", ["b", "a", "b", "c"])
    found = read_images(rows, who="fit", size=24, label="kind")
    assert (found.channels, found.classes, found.labels.tolist()) == (3, ("a", "b", "c"), [1, 0, 1, 2])
    assert found.counts == {"a": 1, "b": 2, "c": 1}
    whole = media.decode_image(photos.with_format("arrow")[:]["image"][0].as_py()["bytes"]).array
    assert abs(found.pixels(np.array([0])).mean() - whole.mean()) < 1
    grey = read_images(some_digits, who="fit", size=28)
    assert np.array_equal(grey.pixels(np.array([5]))[0, 0], np.asarray(some_digits[5]["image"]))


def test_images_that_are_not_held_are_decoded_alike(some_digits, monkeypatch):
    held = read_images(some_digits, who="fit", size=20)
    monkeypatch.setattr("hfaug.fit.images._HELD_BYTES", 0)
    free = read_images(some_digits, who="fit", size=20)
    numbers = np.array([7, 3, 59])
    assert free.held is None
    assert np.array_equal(free.pixels(numbers), held.pixels(numbers))
    assert free.digest == held.digest


@pytest.mark.parametrize("held", [1 << 31, 0])
def test_images_that_would_be_mangled_are_refused(held, monkeypatch):
    """Before the training begins, whether all pixels are held or not, and wherever the image stands."""
    import cv2
    from datasets import Features, Image

    def stored(array):
        return {"bytes": cv2.imencode(".png", array)[1].tobytes(), "path": None}

    monkeypatch.setattr("hfaug.fit.images._HELD_BYTES", held)
    features = Features({"image": Image(), "label": ClassLabel(names=["a"])})
    sound = stored(np.zeros((8, 8, 3), np.uint8))
    for image, told in [
        (stored(np.full((8, 8, 4), 100, np.uint8)), "image 1: must have no transparent pixels"),
        (stored(np.zeros((8, 8, 3), np.uint16)), "image 1: must have 8 bits"),
        ({"bytes": sound["bytes"][:40], "path": None}, "image"),
        (None, "image 1: must be there, is null"),
    ]:
        rows = {"image": [sound, image], "label": [0, 0]}
        with pytest.raises(RowError, match=told):
            read_images(Dataset.from_dict(rows, features=features), who="fit", size=8)
