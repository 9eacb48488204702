"""Mixing: partners out of a pool, weights of the classes, and a pool that is known by what it holds."""

import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, Features, Image, Value, concatenate_datasets

from hfaug import Chain, media
from hfaug.augment import augment, with_ids
from hfaug.errors import CallError, RoleError
from hfaug.ops.image import Flip
from hfaug.ops.mix import MixUp
from hfaug.testing import results, storage
from hfaug.testing.runs import quiet

CLASSES = ClassLabel(names=["a", "b", "c"])


@pytest.fixture(autouse=True)
def no_bars():
    """Without progress bars."""
    with quiet():
        yield


def colours(*levels, labels=None):
    """Grey squares of one level each, as PNG, with classes."""
    values = []
    for level in levels:
        array = np.full((4, 4, 1), level or 0, np.uint8)
        data = media.encode_image(array, like=media.Picture(array, mode="L"), codec=media.Codec())
        values.append(None if level is None else {"bytes": data, "path": None})
    labels = labels or [i % 3 for i in range(len(levels))]
    schema = Features({"image": Image(), "label": CLASSES}).arrow_schema
    return Dataset(pa.table({"image": values, "label": labels}, schema=schema))


def level(row):
    """The level of a grey square."""
    return int(media.decode_image(row["image"]["bytes"]).array[0, 0, 0])


ROWS = colours(0, 40, 90, 150, 220)


def test_pixels_and_weights_are_mixed_alike():
    """Each result is the blend that its weights and its partner say."""
    op = MixUp(alpha=1).fit(ROWS)
    rows = storage(ROWS)
    by_id = dict(zip([i.split("/")[0] for i in results(op(rows))], rows.to_pylist(), strict=True))
    for row in op(rows).to_pylist():
        own, partner = (by_id[name] for name in row["provenance"]["parents"])
        assert own is not partner
        assert row["label"] == own["label"]
        assert sum(row["label_weights"]) == pytest.approx(1)
        if own["label"] != partner["label"]:
            share = row["label_weights"][own["label"]]
            assert level(row) == pytest.approx(share * level(own) + (1 - share) * level(partner), abs=0.51)


def test_mixing_twice_weighs_three_rows():
    """The second mix takes the weights of the first for its own."""
    rows = colours(10, 20, 30, labels=[0, 1, 2])
    op = Chain(MixUp(alpha=5), MixUp(alpha=5)).fit(rows)
    found = [row for seed in range(8) for row in op.on(seed=seed)(storage(rows)).to_pylist()]
    assert all(sum(row["label_weights"]) == pytest.approx(1) for row in found)
    assert any(min(row["label_weights"]) > 0 for row in found)
    assert all(len(row["provenance"]["parents"]) == 3 for row in found)


def test_rows_that_are_not_mixed_weigh_their_class():
    done = augment(ROWS, MixUp(), copies=1)
    weights = storage(done)["label_weights"].to_pylist()[: len(ROWS)]
    assert weights == [[float(i == label) for i in range(3)] for label in ROWS["label"]]


def test_equal_rows_are_no_partners():
    """A row is not mixed with itself, not under another number either."""
    twins = with_ids(concatenate_datasets([colours(5, 5, labels=[0, 0]), colours(5)]))
    done = storage(twins.map(MixUp().fit(twins), batched=True)).to_pylist()
    assert all('"no other row to mix with"' in row["provenance"]["steps"] for row in done)


def test_rows_without_images_are_rejected():
    rows = colours(5, None, 200)
    done = augment(rows, MixUp(), copies=4, keep=False)
    assert 0 < len(done) < 12
    assert all(value is not None for value in storage(done)["image"].to_pylist())


def test_a_pool_is_known_by_its_rows_and_not_by_their_order():
    assert MixUp().fit(ROWS) == MixUp().fit(ROWS.shuffle(seed=1))
    assert MixUp().fit(ROWS) != MixUp().fit(ROWS.select(range(4)))


def test_a_pool_changes_with_its_content():
    """Ids of a column, or of a lineage, stay when an image is exchanged; the pool must not."""
    names = ["x", "y", "z"]
    old, new = (
        colours(*levels).add_column("name", names, feature=Value("string")) for levels in ((1, 2, 3), (1, 2, 99))
    )
    op = MixUp().on(id="name")
    assert op.fit(old).pool != op.fit(new).pool


def test_a_pool_holds_its_images(tmp_path):
    """A file that is gone later does not matter: the pool took its bytes."""
    path = tmp_path / "image.png"
    path.write_bytes(storage(ROWS)["image"][0].as_py()["bytes"])
    values = [{"bytes": None, "path": str(path)}, storage(ROWS)["image"][1].as_py()]
    rows = Dataset(pa.table({"image": values, "label": [0, 1]}, schema=ROWS.features.arrow_schema))
    op = MixUp().fit(rows)
    path.unlink()
    assert op(storage(ROWS.select([1]))).num_rows == 1
    assert str(tmp_path) not in str(op.pool.table()["image"].to_pylist())


def test_without_a_pool_or_classes_there_is_nothing_to_mix():
    with pytest.raises(CallError, match="needs a pool of partners"):
        MixUp()(storage(ROWS))
    with pytest.raises(RoleError, match=r"needs one class column \(ClassLabel\), found label"):
        MixUp().on(label="label").features(Features({"image": Image(), "label": Value("string")}))


def test_the_order_of_ops_does_not_matter_to_the_columns():
    """A flip before or behind the mix: the same promise, the same weights column."""
    before, behind = (Chain(*ops).fit(ROWS) for ops in ((Flip(), MixUp()), (MixUp(), Flip())))
    assert before.features(ROWS.features) == behind.features(ROWS.features)
    assert behind(storage(ROWS)).column_names == ["image", "label", "label_weights", "provenance"]
