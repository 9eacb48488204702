"""MixUp: shares of a Beta distribution, pixels blended by them, partners of any size and kind."""

import numpy as np
import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, Features, Image
from scipy import stats

import hfaug
from hfaug import media
from hfaug.ops.mix import MixUp


def rows(arrays, *, modes=None):
    """Images with a class of their own each."""
    kinds = modes or [{1: "L", 3: "RGB", 4: "RGBA"}[array.shape[2]] for array in arrays]
    encoded = [
        {"bytes": media.encode_image(array, like=media.Picture(array, mode=mode)), "path": None}
        for array, mode in zip(arrays, kinds, strict=True)
    ]
    features = Features({"image": Image(), "label": ClassLabel(num_classes=len(arrays))})
    columns = {"image": encoded, "label": list(range(len(arrays)))}
    return Dataset(pa.Table.from_pydict(columns, schema=features.arrow_schema))


def mixed(dataset, copies=1, **fields):
    made = hfaug.augment(dataset, MixUp(**fields), keep=False, copies=copies)
    return made.with_format("arrow")[:].to_pylist()


def pixels(row):
    return media.decode_image(row["image"]["bytes"]).array


def levels(*values, size=(3, 4), channels=1, dtype=np.uint8):
    return [np.full((*size, channels), value, dtype) for value in values]


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_shares_are_beta_distributed(alpha):
    """As the paper says: Beta(alpha, alpha), seen in the weights of the row's own class."""
    shares = [row["label_weights"][row["label"]] for row in mixed(rows(levels(10, 200)), copies=400, alpha=alpha)]
    assert len(shares) == 800
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 1e-4


def test_pixels_are_blended_by_the_share():
    """To the nearest level."""
    for row in mixed(rows(levels(10, 250)), copies=30, alpha=1):
        own, other = ((10, 250), (250, 10))[row["label"]]
        expected = row["label_weights"][row["label"]] * own + (1 - row["label_weights"][row["label"]]) * other
        assert abs(int(pixels(row)[0, 0, 0]) - expected) <= 0.5 + 1e-4


def test_weights_are_those_of_the_two_classes_and_sum_to_one():
    for row in mixed(rows(levels(0, 1, 2, 3)), copies=10, alpha=1):
        assert sum(row["label_weights"]) == pytest.approx(1, abs=1e-6)
        assert 1 <= sum(weight > 0 for weight in row["label_weights"]) <= 2
        assert row["label_weights"][row["label"]] >= 0


@pytest.mark.parametrize("sizes", [((4, 6), (8, 12)), ((8, 12), (4, 6)), ((5, 40), (40, 5)), ((1, 1), (7, 7))])
def test_a_partner_of_another_size_is_scaled_to_the_row(sizes):
    arrays = [levels(100, size=size)[0] for size in sizes]
    for row in mixed(rows(arrays)):
        assert pixels(row).shape == arrays[row["label"]].shape
        assert (pixels(row) == 100).all()  # a flat image stays flat at any size


@pytest.mark.parametrize(
    "own, other, expected",
    [
        (levels(80, channels=1), levels(80, channels=3), [80]),
        (levels(80, channels=3), levels(80, channels=1), [80, 80, 80]),
        (levels(80, channels=3), levels(80, channels=4), [80, 80, 80]),
        (levels(255, channels=4), levels(255, channels=3), [255] * 4),
        (levels(255, channels=4), levels(255, channels=1), [255] * 4),
    ],
)
def test_a_partner_of_other_channels_becomes_like_the_row(own, other, expected):
    """Grey by its luma; what has no alpha is opaque."""
    first = mixed(rows([*own, *other]))[0]
    assert pixels(first)[0, 0].tolist() == expected


def test_sixteen_bits_and_eight_mean_the_same_white():
    deep, shallow = levels(65535, dtype=np.uint16)[0], levels(255)[0]
    first, second = mixed(rows([deep, shallow], modes=["I;16", "L"]))
    assert (pixels(first) == 65535).all()
    assert (pixels(second) == 255).all()


def test_partners_are_every_other_row_in_the_end():
    """Which one is drawn anew for each copy."""
    made = mixed(rows(levels(*range(0, 250, 50))), copies=60)
    ids = {row["provenance"]["parents"][0]: row["label"] for row in made}
    for label in range(5):
        partners = {ids[row["provenance"]["parents"][1]] for row in made if row["label"] == label}
        assert partners == set(range(5)) - {label}


def test_a_row_alone_cannot_be_mixed(caplog):
    assert mixed(rows(levels(7))) == []
    assert "no other row to mix with" in caplog.text
