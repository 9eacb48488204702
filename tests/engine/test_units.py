"""Units: how rows are cut, what they weigh, and files that prove themselves."""

import datetime as dt
import decimal

import numpy as np
import pyarrow as pa
import pytest
from datasets import Dataset, Features, List, Value
from hypothesis import given
from hypothesis import strategies as st

from hfaug.engine import LocalStore, UnitRule
from hfaug.engine.units import check_body, pack, plan_ranges, read_info, row_bytes
from hfaug.errors import ParameterError


def slow_plan(sizes, rule):
    """The rule, row by row."""
    ranges, first, held = [], 0, 0
    for row, size in enumerate(sizes):
        if row > first and (row - first == rule.rows or held + size > rule.bytes):
            ranges.append((first, row))
            first, held = row, 0
        held += size
    return [*ranges, (first, len(sizes))] if sizes else ranges


@given(
    st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=6),
    st.builds(UnitRule, rows=st.integers(1, 12), bytes=st.integers(1, 90)),
)
def test_planned_ranges_follow_the_rule_however_the_sizes_come(pieces, rule):
    """Against the rule written out row by row."""
    flat = [size for piece in pieces for size in piece]
    assert plan_ranges([np.array(piece, dtype=np.int64) for piece in pieces], rule) == slow_plan(flat, rule)


def test_a_row_beyond_the_limit_is_a_unit_of_its_own():
    assert plan_ranges([np.array([1, 1, 1000, 1])], UnitRule(rows=10, bytes=10)) == [(0, 2), (2, 3), (3, 4)]


@pytest.mark.parametrize("limits", [{"rows": 0}, {"bytes": 0}, {"rows": -1}])
def test_a_rule_must_allow_a_row(limits):
    with pytest.raises(ParameterError, match="must be at least 1"):
        UnitRule(**limits)


COLUMNS = {
    "text": pa.array(["abc", None, "", "ü" * 10]),
    "large": pa.array(["abc", None, "", "x"], pa.large_string()),
    "view": pa.array(["abc", None, "", "x"], pa.string_view()),
    "media": pa.array(
        [{"bytes": b"1" * 50, "path": "a"}, None, {"bytes": None, "path": None}, {"bytes": b"", "path": ""}]
    ),
    "nested": pa.array([[["a"], ["bb", "c"]], None, [], [[None]]], pa.list_(pa.list_(pa.string()))),
    "large_list": pa.array([[1, 2], None, [], [3]], pa.large_list(pa.int16())),
    "fixed": pa.array([[1, 2], None, [3, 4], [5, 6]], pa.list_(pa.int32(), 2)),
    "map": pa.array([[("a", 1)], None, [], [("b", 2), ("c", 3)]], pa.map_(pa.string(), pa.int64())),
    "flag": pa.array([True, None, False, True]),
    "day": pa.array([dt.date(2020, 1, 1)] * 4),
    "money": pa.array([decimal.Decimal("1.5")] * 4),
    "dictionary": pa.array(["a", "b", "a", None]).dictionary_encode(),
    "nothing": pa.nulls(4),
    "empty_struct": pa.array([{}] * 4, pa.struct([])),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_rows_of_any_type_can_be_weighed_sliced_and_chunked(name):
    """The weight of a slice is the slice of the weights."""
    whole = pa.table({"x": COLUMNS[name]})
    weights = row_bytes(whole)
    assert weights.dtype == np.int64
    assert len(weights) == 4
    assert weights.min() >= 0
    chunked = pa.concat_tables([whole.slice(0, 1), whole.slice(1, 3)])
    if name != "view":  # lengths of views cannot be asked for: a mean is taken
        assert row_bytes(chunked).tolist() == weights.tolist()
        assert row_bytes(whole.slice(1, 2)).tolist() == weights[1:3].tolist()


def test_long_rows_weigh_what_they_hold():
    table = pa.table({"media": COLUMNS["media"], "text": COLUMNS["text"]})
    weights = row_bytes(table)
    assert weights[0] - weights[2] == 50 + len("a") + len("abc")


def test_weights_of_nested_rows():
    assert row_bytes(pa.table({"x": COLUMNS["nested"]})).tolist() == [4 + 2 * 4 + 3 * 4 + 4, 4, 4, 4 + 4 + 4]


def rows(count):
    return pa.table({"id": [f"r{n}" for n in range(count)], "data": [b"x" * (n % 3000) for n in range(count)]})


def test_a_unit_file_is_a_dataset_file(tmp_path):
    """`datasets` maps it as one of its own, and the trailer does not disturb."""
    parts, info = pack(3, rows(2500), {"b": 2, "a": 1})
    LocalStore(tmp_path).write_new("unit.arrow", parts)
    assert Dataset.from_file(str(tmp_path / "unit.arrow")).data.table.equals(rows(2500))
    assert info == read_info(LocalStore(tmp_path), "unit.arrow")
    assert (info.unit, info.rows, info.counts) == (3, 2500, {"a": 1, "b": 2})
    assert sum(block[0] for block in info.blocks) == 2500
    assert max(block[1] for block in info.blocks) <= 1 << 20


def test_equal_rows_give_equal_bytes_however_they_are_chunked():
    whole = rows(3000)
    parts = [b"".join(pack(0, table, {"n": 1})[0]) for table in (
        whole,
        pa.concat_tables([whole.slice(0, 7), whole.slice(7, 1100), whole.slice(1107)]),
        pa.concat_tables([rows(5000).slice(0, 3000)]),
    )]  # fmt: skip
    assert parts[0] == parts[1] == parts[2]


@pytest.mark.parametrize("name", [name for name in COLUMNS if name not in ("view", "dictionary")])
def test_equal_rows_of_any_type_give_equal_bytes_and_nothing_from_behind_a_slice(name):
    """Arrow would write what lies behind a slice; a removed row must not be found in the file."""
    column = COLUMNS[name]
    whole, long = pa.table({"x": column}), pa.table({"x": pa.concat_arrays([column, column])})
    chunked = pa.concat_tables([whole.slice(0, 1), whole.slice(1)])
    packed = [b"".join(pack(0, table, {})[0]) for table in (whole, chunked, long.slice(4), long.slice(0, 4))]
    assert len(set(packed)) == 1
    secret = pa.table({"x": ["open", "SECRET"]}).slice(0, 1)
    assert b"SECRET" not in b"".join(pack(0, secret, {})[0])


def test_a_unit_without_rows_has_its_columns(tmp_path):
    features = Features({"a": Value("string"), "b": List(Value("int32"))})
    parts, info = pack(0, features.arrow_schema.empty_table(), {})
    LocalStore(tmp_path).write_new("u.arrow", parts)
    assert info.rows == 0
    assert Dataset.from_file(str(tmp_path / "u.arrow")).features == features


def test_a_trailer_longer_than_the_first_look_is_read(tmp_path):
    store = LocalStore(tmp_path)
    parts, info = pack(0, rows(5), {f"rejected:{'x' * 100}{n}": n for n in range(1000)})
    store.write_new("u.arrow", parts)
    assert read_info(store, "u.arrow") == info


def is_damaged(store, data, info):
    try:
        assert read_info(store, "u.arrow") == info
        check_body(pa.py_buffer(data), info, whole=True)
    except ValueError as error:
        return any(words in str(error) for words in ("it must be", "does not match", "cut off", "longer than"))
    return False


@given(st.data())
def test_any_cut_and_any_flipped_bit_is_found(data):
    """Whatever happens to a file, its trailer or its digest tells."""
    parts, info = pack(0, rows(40), {"a": 1})
    whole = b"".join(parts)
    position = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        broken = whole[:position]
    else:
        broken = bytearray(whole)
        broken[position] ^= 1 << data.draw(st.integers(0, 7))
        broken = bytes(broken)
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = LocalStore(folder)
        store.write_new("u.arrow", [broken])
        assert is_damaged(store, broken, info)
