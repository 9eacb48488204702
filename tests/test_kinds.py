"""Kinds of ops: the shortcuts that they take give what the long way gives, and wrong results are named."""

import dataclasses
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset, Features, Image, List

import hfaug
from hfaug import media
from hfaug.errors import RowError
from hfaug.kinds import PixelOp, WaveOp
from hfaug.ops.image import Erase, JitterColor, Rotate
from hfaug.ops.text import DeleteWords, SwapChars
from tests.told import told


def pictures(*sizes):
    """One row with a list of images."""
    values = []
    for number, size in enumerate(sizes):
        array = np.random.default_rng(number).integers(0, 256, (*size, 3)).astype(np.uint8)
        values.append({"bytes": media.encode_image(array, like=media.Picture(array)), "path": None})
    features = Features({"images": List(Image())})
    return Dataset(pa.Table.from_pydict({"images": [values]}, schema=features.arrow_schema))


def stored(dataset):
    return dataset.with_format("arrow")[:].to_pylist()


@pytest.mark.parametrize("op", [Rotate(), JitterColor(), Erase(holes=(2, 5))], ids=lambda op: type(op).__name__)
def test_images_of_a_list_share_a_draw_unless_each_gets_its_own(op):
    """The same image, three times: what happens to it tells the draw."""
    (row,) = stored(pictures((24, 24)))
    features = Features({"images": List(Image())})
    thrice = Dataset(pa.Table.from_pydict({"images": [row["images"] * 3]}, schema=features.arrow_schema))
    for how, different in ((None, 1), ("shared", 1), ("each", 3)):
        bound = op.on(image="images", **({"images": how} if how else {}))
        (done,) = stored(hfaug.augment(thrice, bound, keep=False))
        assert len({item["bytes"] for item in done["images"]}) == different


def test_images_of_several_columns_share_a_draw_too():
    (row,) = stored(pictures((24, 24)))
    features = Features({"left": Image(), "right": Image()})
    both = Dataset(pa.Table.from_pydict({"left": row["images"], "right": row["images"]}, schema=features.arrow_schema))
    (done,) = stored(hfaug.augment(both, Rotate().on(image=["left", "right"]), keep=False))
    assert done["left"]["bytes"] == done["right"]["bytes"] != row["images"][0]["bytes"]


@pytest.mark.parametrize("op", [SwapChars(share=0.5), DeleteWords(share=0.3)], ids=lambda op: type(op).__name__)
def test_a_text_changes_alike_with_labels_and_without(op):
    """Without labels an op on text takes a shorter way; a span that no edit crosses must make no difference."""
    texts = [f"several words of row {number} that follow each other" for number in range(60)]
    plain = Dataset.from_dict({"id": [str(number) for number in range(60)], "text": texts})
    labelled = plain.add_column("spans", [[[0, 0]]] * 60)
    short = plain.map(op.on(id="id", text="text"), batched=True)["text"][:]
    long = labelled.map(op.on(id="id", text="text", spans="spans"), batched=True)["text"][:]
    assert short == long != texts


def test_a_text_that_an_op_before_it_set_is_the_one_that_is_edited():
    """Also when the op before it set another column only."""
    loud = hfaug.wrap(str.upper, reads="text")
    count = hfaug.wrap(lambda row: {"n": 1}, reads="row")
    rows = Dataset.from_dict({"text": ["some longer words", None], "n": [0, 0]})
    done = stored(hfaug.augment(rows, hfaug.Chain(count, loud, SwapChars(share=1)), keep=False, provenance=False))
    assert done[0]["text"].isupper()
    assert sorted(done[0]["text"]) == sorted("SOME LONGER WORDS")
    assert [row["n"] for row in done] == [1, 1]
    assert done[1]["text"] is None


def test_an_error_names_op_and_row(speech):
    with pytest.raises(ZeroDivisionError) as raised:
        Dataset.from_dict({"text": ["a"], "name": ["row 7"]}).map(Fails().on(id="name", text="text"), batched=True)
    assert "in Fails, row 'row 7'" in told(raised.value)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fails(SwapChars):
    """Fails on every text."""

    def edits(self, text, rng):
        raise ZeroDivisionError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Crops(PixelOp):
    """Changes the size, which no op on pixels may."""

    may_change: ClassVar = ()

    def pixels(self, array, rng):
        return array[1:]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shortens(WaveOp):
    """Changes the length, which no op on waves may."""

    def wave(self, samples, rate, rng):
        return samples[:, 1:]


def test_results_of_another_shape_are_named(digits, speech):
    with pytest.raises(RowError, match=r"Crops: pixels must return uint8 of shape \(28, 28, 1\)"):
        hfaug.augment(digits.select([0]), Crops())
    with pytest.raises(RowError, match="Shortens: wave must return samples of shape"):
        hfaug.augment(speech.select([0]), Shortens())
