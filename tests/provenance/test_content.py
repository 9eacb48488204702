"""Ids from content: one for each logical row, whatever holds it, and never another than last year's."""

import datetime as dt
import decimal
import math

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from datasets.table import embed_table_storage
from hypothesis import given, settings
from hypothesis import strategies as st

from hfaug.errors import RowIdError
from hfaug.provenance import COLUMN, content_ids, source_lineage
from tests.golden import row_ids as golden
from tests.provenance.layouts import LAYOUTS, large, viewed

MEDIA = golden.MEDIA


def ids(values, kind=None):
    return content_ids(pa.table({"x": pa.array(values, kind)}))


def one_id(value, kind=None):
    return ids([value], kind)[0]


# ---- what is equal


@pytest.mark.parametrize(
    "same",
    [
        [(1, kind) for kind in (pa.int8(), pa.uint8(), pa.int16(), pa.uint32(), pa.int64(), pa.uint64())],
        [(-1, pa.int8()), (-1, pa.int64())],
        [(0.5, kind) for kind in (pa.float16(), pa.float32(), pa.float64())],
        [(0.0, pa.float64()), (-0.0, pa.float32()), (-0.0, pa.float16())],
        [(math.nan, pa.float64()), (-math.nan, pa.float32()), (golden.ODD_NAN, pa.float64())],
        [("a", kind) for kind in (pa.string(), pa.large_string(), pa.string_view())],
        [(b"ab", kind) for kind in (pa.binary(), pa.binary(2), pa.large_binary(), pa.binary_view())],
        [(None, kind) for kind in (pa.null(), pa.string(), pa.int8(), pa.float16(), pa.timestamp("s"), MEDIA)],
        [
            ([1, 2], kind)
            for kind in (
                pa.list_(pa.int8()),
                pa.large_list(pa.int64()),
                pa.list_(pa.int32(), 2),
                pa.list_view(pa.int16()),
                pa.large_list_view(pa.uint64()),
            )
        ],
        [
            (decimal.Decimal("1.5"), kind)
            for kind in (pa.decimal32(5, 1), pa.decimal64(9, 2), pa.decimal128(9, 3), pa.decimal256(70, 60))
        ],
        [(1_700_000_000 * 1000**power, pa.timestamp(unit)) for power, unit in enumerate(("s", "ms", "us", "ns"))],
        [(-1500 * 1000**power, pa.timestamp(unit, "UTC")) for power, unit in enumerate(("ms", "us", "ns"))],
        [(5, pa.timestamp("s", "UTC")), (5, pa.timestamp("s", "Asia/Tokyo"))],
        [(60 * 1000**power, pa.duration(unit)) for power, unit in enumerate(("s", "ms", "us", "ns"))],
        [(dt.date(1969, 12, 31), pa.date32()), (dt.date(1969, 12, 31), pa.date64())],
        [(dt.time(1, 2), kind) for kind in (pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns"))],
        [
            ({"a": 1, "b": 2}, pa.struct({"a": pa.int8(), "b": pa.int8()})),
            ({"b": 2, "a": 1}, pa.struct({"b": pa.int64(), "a": pa.int64()})),
        ],
        [
            ([("a", 1), ("b", 2)], pa.map_(pa.string(), pa.int8())),
            ([("b", 2), ("a", 1)], pa.map_(pa.large_string(), pa.int64())),
        ],
    ],
    ids=str,
)
def test_one_value_has_one_id_in_every_type(same):
    assert len({one_id(value, kind) for value, kind in same}) == 1


def test_one_second_before_any_epoch_is_not_one_after():
    assert one_id(-1, pa.timestamp("ns")) != one_id(999_999_999, pa.timestamp("ns"))


def test_decimals_of_any_length_are_told_apart():
    """The default context of Python would round them to 28 digits."""
    numbers = [decimal.Decimal("1" * 60 + digit) for digit in "012"]
    assert len(set(ids(numbers, pa.decimal256(70, 0)))) == 3


# ---- what is not


def test_kinds_of_value_are_told_apart():
    """One character, many kinds."""
    different = [
        one_id(1),
        one_id(1.0),
        one_id(True),
        one_id("1"),
        one_id(b"1"),
        one_id(decimal.Decimal(1)),
        one_id([1]),
        one_id([[1]]),
        one_id({"x": 1}),
        one_id({"y": 1}),
        one_id([("x", 1)], pa.map_(pa.string(), pa.int64())),
        one_id([{"key": "x", "value": 1}]),
        one_id(1, pa.timestamp("s")),
        one_id(1, pa.timestamp("s", "UTC")),
        one_id(1, pa.date32()),
        one_id(1, pa.time32("s")),
        one_id(1, pa.duration("s")),
        one_id({"bytes": b"1", "path": None}, MEDIA),
        one_id({"bytes": b"1", "path": None, "more": None}),
        one_id(None),
        one_id(""),
        one_id([]),
        one_id({}, pa.struct([])),
        one_id([None]),
        one_id({"x": None}),
    ]
    assert len(set(different)) == len(different)


def test_no_two_rows_read_alike():
    """Values that run into each other when they are only put side by side."""
    rows = [
        {"a": "x", "b": "yz"},
        {"a": "xy", "b": "z"},
        {"a": "", "b": "xyz"},
        {"a": "xyz", "b": ""},
        {"a": "xyz", "b": None},
        {"a": None, "b": "xyz"},
    ]
    assert len(set(content_ids(pa.Table.from_pylist(rows)))) == len(rows)
    lists = [[["a"], ["b"]], [["a", "b"]], [["a", "b"], []], [[], ["a", "b"]], [["ab"]], [["a"], [], ["b"]]]
    assert len(set(ids(lists))) == len(lists)


def test_names_count():
    assert content_ids(pa.table({"a": [1], "b": [2]})) != content_ids(pa.table({"a": [2], "b": [1]}))
    assert content_ids(pa.table({"ab": [1], "c": [2]})) != content_ids(pa.table({"a": [1], "bc": [2]}))


def test_a_missing_column_is_not_a_null_one():
    assert content_ids(pa.table({"a": [1]})) != content_ids(pa.table({"a": [1], "b": pa.nulls(1)}))


def test_rows_of_any_number_are_equal_to_themselves_alone():
    """Around the sizes at which a table is cut into pieces."""
    table = pa.table(
        {"text": [str(row % 977) for row in range(5000)], "list": [[row % 7] * (row % 5) for row in range(5000)]}
    )
    found = content_ids(table)
    for row in (0, 1, 31, 32, 2047, 2048, 2049, 4095, 4096, 4999):
        assert content_ids(table.slice(row, 1)) == [found[row]]
    assert content_ids(table.slice(1234, 3000)) == found[1234:4234]
    assert content_ids(table.slice(0, 0)) == []


def test_large_rows_are_worked_on_a_few_at_a_time(monkeypatch):
    """A list of bytes-sized numbers grows twentyfold in the work: 40 MB must not be encoded at once."""
    from hfaug.provenance import content

    sizes = []
    real = content.encode
    monkeypatch.setattr(content, "encode", lambda array, name: sizes.append(array.nbytes) or real(array, name))
    pixels = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(40 << 20, np.uint8)), 1 << 20)
    small = pa.array([[0]] * 40, pa.list_(pa.uint8()))
    rows = pa.chunked_array([small, pixels.cast(small.type)])
    assert len(set(content_ids(pa.table({"x": rows})))) == 2
    assert max(sizes) <= 8 << 20


def test_a_table_without_columns_has_equal_rows():
    assert len(set(content_ids(pa.table({COLUMN: source_lineage(["a", "b"])})))) == 1


def test_a_column_of_the_same_name_that_is_no_lineage_counts():
    assert len(set(content_ids(pa.table({COLUMN: ["shop", "farm"]})))) == 2


def test_repeated_column_names_count_in_their_order():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    assert content_ids(table) != content_ids(table.select([1, 0]))


# ---- media


@pytest.mark.parametrize(
    "kind", [MEDIA, large(MEDIA), viewed(MEDIA), pa.struct({"path": pa.string(), "bytes": pa.binary()})]
)
def test_media_is_its_bytes(kind):
    same = [{"bytes": b"abc", "path": path} for path in ("a.jpg", "/else/b.png", "https://nowhere.invalid/x", None, "")]
    assert len(set(ids(same, kind))) == 1
    assert one_id({"bytes": b"abd", "path": "a.jpg"}, kind) != ids(same, kind)[0]


def test_a_struct_with_more_fields_is_no_media():
    rows = [{"bytes": b"abc", "path": path, "size": 3} for path in ("a", "b")]
    assert len(set(ids(rows))) == 2


@pytest.mark.parametrize("url", ["{path}", "file://{path}", "local://{path}"])
def test_media_without_bytes_is_the_file(tmp_path, url):
    """Names with blanks, brackets and percent signs too."""
    path = tmp_path / "a [1] 50%.bin"
    path.write_bytes(b"abc" * 1_000_000)
    stored = one_id({"bytes": b"abc" * 1_000_000, "path": None}, MEDIA)
    assert one_id({"bytes": None, "path": url.format(path=path)}, MEDIA) == stored
    assert one_id([{"bytes": None, "path": str(path)}], pa.list_(MEDIA)) == one_id(
        [{"bytes": b"abc" * 1_000_000, "path": None}], pa.list_(MEDIA)
    )


def test_media_in_an_archive_is_the_member(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("a.jpg", b"abc")
    found = one_id({"bytes": None, "path": f"zip://a.jpg::{tmp_path / 'all.zip'}"}, MEDIA)
    assert found == one_id({"bytes": b"abc", "path": None}, MEDIA)


def test_media_that_is_not_there_is_named(tmp_path):
    for path in (str(tmp_path / "gone.jpg"), "nonsense://x", str(tmp_path)):
        with pytest.raises(RowIdError, match=r"content_ids: media of column 'x' .*; mend the path") as caught:
            one_id({"bytes": None, "path": path}, MEDIA)
        assert repr(path) in str(caught.value)


def test_ids_are_the_same_before_and_after_embedding(tmp_path):
    """As `push_to_hub` and `to_parquet` embed: path, bytes or null, in lists too."""
    (tmp_path / "a.png").write_bytes(b"first")
    images = [
        {"bytes": None, "path": str(tmp_path / "a.png")},
        {"bytes": b"second", "path": "elsewhere.png"},
        None,
    ]
    table = pa.table({"image": pa.array(images, MEDIA), "many": pa.array([images] * 3, pa.list_(MEDIA))})
    features = datasets.Features({"image": datasets.Image(), "many": datasets.List(datasets.Image())})
    table = table.cast(features.arrow_schema)
    embedded = embed_table_storage(table)
    assert embedded["image"].to_pylist()[0]["bytes"] == b"first"
    assert embedded["image"].to_pylist()[0]["path"] == "a.png"
    assert content_ids(embedded) == content_ids(table)


def test_media_is_hashed_where_it_lies():
    """A slice of a shared buffer, a null between, and no terminal byte read beyond the end."""
    array = pa.array([{"bytes": data, "path": "x"} for data in (b"aaa", None, b"", b"bbbb")], MEDIA)
    assert ids(array[3:])[0] == one_id({"bytes": b"bbbb", "path": None}, MEDIA)


def test_bytes_under_a_null_struct_do_not_count():
    """Arrow may leave anything there; so may Parquet readers."""
    fields = [pa.array([b"left over", b"x"]), pa.array(["p", "q"])]
    hidden = pa.StructArray.from_arrays(fields, ["bytes", "path"], mask=pa.array([True, False]))
    assert ids(hidden) == [one_id(None), one_id({"bytes": b"x", "path": None}, MEDIA)]
    plain = pa.StructArray.from_arrays([pa.array([1, 2])], ["a"], mask=pa.array([True, False]))
    assert ids(plain) == [one_id(None), one_id({"a": 2})]


def test_items_under_a_null_list_do_not_count():
    values = pa.array([1, 2, 3, 4])
    hidden = pa.ListArray.from_arrays(pa.array([0, 2, 4], pa.int32()), values, mask=pa.array([True, False]))
    assert ids(hidden) == [one_id(None), one_id([3, 4])]
    fixed = pa.FixedSizeListArray.from_arrays(values, 2, mask=pa.array([True, False]))
    assert ids(fixed) == [one_id(None), one_id([3, 4])]
    entries = pa.array([[("a", 1)], [("b", 2)]], pa.map_(pa.string(), pa.int64()))
    masked = pc.if_else(pa.array([False, True]), entries, pa.scalar(None, entries.type))
    assert ids(masked) == [one_id(None), ids(entries)[1]]


# ---- extension types, unions


def test_arrays_of_datasets_count_by_their_storage():
    features = datasets.Features({"x": datasets.Array2D((2, 2), "float32")})
    dataset = datasets.Dataset.from_dict({"x": [[[1, 2], [3, 4]], [[1, 2], [3, 5]]]}, features=features)
    assert content_ids(dataset.data.table) == ids([[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 5.0]]])


def test_json_and_uuid_count_by_their_storage():
    text = pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None]))
    assert ids(text) == ids(['{"a": 1}', None])
    number = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0123456789abcdef"], pa.binary(16)))
    assert ids(number) == ids([b"0123456789abcdef"])


def test_unions_are_refused_by_name():
    union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])])
    with pytest.raises(RowIdError, match=r"column 'x' must hold values that have one plain form.*union.*; bind an id"):
        ids(union)


def test_fields_of_structs_are_named_in_errors(tmp_path):
    with pytest.raises(RowIdError, match=r"column 'x\.photo'"):
        one_id({"photo": {"bytes": None, "path": str(tmp_path / "gone")}}, pa.struct({"photo": MEDIA}))


# ---- properties


LEAVES = {
    pa.int16(): st.integers(-(2**15), 2**15 - 1),
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
    pa.string(): st.text(max_size=3),
    pa.binary(): st.binary(max_size=3),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.decimal128(8, 3): st.decimals(-99, 99, places=3),
}


def leaf_columns():
    return st.sampled_from(list(LEAVES)).map(lambda kind: (kind, st.none() | LEAVES[kind]))


def nested(inner):
    """Lists and structs of what is given: a type with the strategy of its values."""
    lists = inner.map(lambda pair: (pa.list_(pair[0]), st.none() | st.lists(pair[1], max_size=3)))
    structs = st.lists(inner, min_size=1, max_size=3).map(
        lambda pairs: (
            pa.struct([(f"f{at}", kind) for at, (kind, _) in enumerate(pairs)]),
            st.none() | st.fixed_dictionaries({f"f{at}": values for at, (_, values) in enumerate(pairs)}),
        )
    )
    return lists | structs


@st.composite
def columns(draw):
    kind, values = draw(st.recursive(leaf_columns(), nested, max_leaves=4))
    return pa.array(draw(st.lists(values, min_size=1, max_size=6)), kind)


def plain(value):
    """A reference: equal results for equal logical values of one type."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value + 0.0
    if isinstance(value, list):
        return ("list", *map(plain, value))
    return ("struct", *((name, plain(value[name])) for name in sorted(value))) if isinstance(value, dict) else value


@settings(max_examples=150, deadline=None)
@given(columns())
def test_ids_are_equal_when_values_are(array):
    """Both ways, against plain Python values."""
    found, values = ids(array), [plain(value) for value in array.to_pylist()]
    for left in range(len(array)):
        for right in range(len(array)):
            assert (found[left] == found[right]) == (values[left] == values[right])


@settings(max_examples=100, deadline=None)
@given(columns())
def test_layouts_do_not_count(array):
    table = pa.table({"x": array, "row": range(len(array))})
    expected = content_ids(table)
    for dress in LAYOUTS:
        assert content_ids(dress(table)) == expected
