"""Ids from a bound column, from lineage, from content; and equal rows told apart."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfaug.errors import RoleError, RowIdError
from hfaug.provenance import COLUMN, bound_ids, content_ids, lineage, number_repeats, roots, row_ids, source_lineage

TABLE = pa.table({"text": ["x", "y"], "file": ["a", "b"], "number": pa.array([7, 2**64 - 1], pa.uint64())})


class TestWhereIdsComeFrom:
    def test_from_content_when_there_is_nothing_else(self):
        assert row_ids(TABLE) == content_ids(TABLE)

    def test_from_lineage_when_there_is_one(self):
        table = TABLE.append_column(COLUMN, source_lineage(["one", "two"]))
        assert row_ids(table) == ["one", "two"]
        assert row_ids(pa.concat_tables([table, table])) == ["one", "two"] * 2

    def test_from_the_bound_column_before_all(self):
        table = TABLE.append_column(COLUMN, source_lineage(["one", "two"]))
        assert row_ids(table, "file") == ["a", "b"]
        assert row_ids(table, "number") == ["7", str(2**64 - 1)]

    def test_an_empty_table_has_none(self):
        empty = TABLE.append_column(COLUMN, source_lineage(["one", "two"])).slice(0, 0)
        for table in (empty, empty.drop_columns([COLUMN]), empty.schema.empty_table()):
            assert row_ids(table) == row_ids(table, "file") == []

    @pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())])
    def test_from_strings_of_any_layout(self, kind):
        assert row_ids(TABLE.set_column(1, "file", TABLE["file"].cast(kind)), "file") == ["a", "b"]

    def test_lineage_of_any_layout(self):
        kind = pa.struct(
            [
                ("steps", pa.large_string()),
                ("origin", pa.large_string()),
                ("id", pa.dictionary(pa.int32(), pa.string())),
                ("parents", pa.large_list(pa.large_string())),
            ]
        )
        rows = [{"id": "one", "parents": [], "origin": "source", "steps": "[]"}]
        assert row_ids(pa.table({COLUMN: pa.array(rows, kind)})) == ["one"]


class TestRefusals:
    def test_a_column_that_is_not_there(self):
        with pytest.raises(RoleError, match=r"'fil' must be a column, was not among \['text', 'file', 'number'\]"):
            row_ids(TABLE, "fil")

    @pytest.mark.parametrize("values", [[0.5, 1.5], [True, False], [["a"], ["b"]], [b"a", b"b"]])
    def test_a_column_of_another_kind(self, values):
        with pytest.raises(RoleError, match="must hold strings or integers, was"):
            row_ids(pa.table({"x": values}), "x")

    @pytest.mark.parametrize("values", [["a", "b", "a"], [1, 2, 1]])
    def test_a_value_that_two_rows_have(self, values):
        with pytest.raises(RowIdError, match=f"rows 0 and 2 are both '{values[0]}'"):
            row_ids(pa.table({"x": values}), "x")
        assert row_ids(pa.table({"x": values}), "x", unique=False) == [str(value) for value in values]

    @pytest.mark.parametrize("values", [["a", None], ["a", ""], [1, None]])
    def test_a_row_without_a_value(self, values):
        with pytest.raises(RowIdError, match=f"'x' must name every row, row 1 has {values[1]!r}"):
            row_ids(pa.table({"x": values}), "x")

    @pytest.mark.parametrize("value", [None, {"id": None, "parents": [], "origin": "source", "steps": "[]"}])
    def test_a_row_whose_lineage_has_no_id(self, value):
        good = {"id": "a", "parents": [], "origin": "source", "steps": "[]"}
        table = pa.table({COLUMN: pa.array([good, value])})
        with pytest.raises(RowIdError, match=r"provenance\.id must name every row, row 1 has None"):
            row_ids(table)


class TestBoundIds:
    def test_values_of_rows_and_of_columns_give_the_same_ids(self):
        """Decoded rows are Python objects, stored ones are Arrow."""
        for values in (["a/1", "b~2", "c%2F", "ä 👍"], [0, -1, 2**63 - 1]):
            assert bound_ids(values, "x") == row_ids(pa.table({"x": values}), "x")

    @given(st.lists(st.text(min_size=1), unique=True))
    def test_different_values_give_different_ids_that_are_their_own_roots(self, values):
        """A path or a tilde in a name must not make it look like a copy of something."""
        ids = bound_ids(values, "x")
        assert len(set(ids)) == len(values)
        assert roots(pa.table({COLUMN: source_lineage(ids)})) == set(ids)


class TestNumberRepeats:
    def test_the_first_keeps_its_id(self):
        assert number_repeats(["a", "b", "a", "a", "b"], {}) == ["a", "b", "a~1", "a~2", "b~1"]

    @given(st.lists(st.sampled_from(["a", "b", "a~1", "a~1~1", "b~2"]), max_size=30), st.integers(1, 7))
    def test_batches_of_any_size_give_the_same_ids_and_all_are_different(self, ids, size):
        seen = {}
        parts = [number_repeats(ids[start : start + size], seen) for start in range(0, len(ids), size)]
        joined = [name for part in parts for name in part]
        assert joined == number_repeats(ids, {})
        assert len(set(joined)) == len(ids)

    def test_ids_that_were_numbered_before_keep_their_numbers(self):
        """A dataset is numbered once; what is numbered passes through again."""
        once = number_repeats(["a", "a", "a"], {})
        assert number_repeats(once, {}) == once

    def test_many_equal_rows_take_no_search(self):
        """The count goes on from where it was."""
        assert number_repeats(["a"] * 100_000, {})[-1] == "a~99999"

    def test_the_root_of_a_numbered_id_is_the_plain_one(self):
        ids = number_repeats(["a", "a"], {})
        table = pa.table(
            {COLUMN: lineage([f"{name}/f00d.0" for name in ids], [[name] for name in ids], "augmented", "[]")}
        )
        assert roots(table) == {"a"}
