"""Nothing made from one source row may stand in two splits."""

import pyarrow as pa
import pytest

from hfaug.errors import LeakError
from hfaug.provenance import COLUMN, check_leaks, lineage, roots, roots_by_split, source_lineage


def rows(ids, parents=None, origin="augmented"):
    return pa.table({COLUMN: lineage(ids, parents, origin, "[]")})


SOURCE = pa.table({COLUMN: source_lineage(["a", "b"])})
OTHERS = pa.table({COLUMN: source_lineage(["c", "d"])})


class TestRoots:
    def test_of_sources_copies_copies_of_copies_and_equal_rows(self):
        assert roots(SOURCE) == {"a", "b"}
        assert roots(rows(["a/f00d.0", "a/f00d.0/beef.1.2", "b~3", "c~1/f00d.0"])) == {"a", "b", "c"}

    def test_of_all_parents(self):
        assert roots(rows(["a/f00d.0", "n"], [["a", "b/beef.0"], ["c~1"]])) == {"a", "b", "c", "n"}

    def test_of_many_tables_read_one_at_a_time(self):
        assert roots(table for table in (SOURCE, OTHERS, SOURCE.slice(0, 0))) == {"a", "b", "c", "d"}
        assert roots([]) == set()

    def test_without_lineage_the_ids_themselves(self):
        table = pa.table({"name": ["x/1", "y"]})
        assert roots(table, "name") == {"x%2F1", "y"}
        assert len(roots(table)) == 2

    def test_by_split(self):
        assert roots_by_split({"train": SOURCE, "test": [OTHERS]}) == {"train": {"a", "b"}, "test": {"c", "d"}}


class TestCheckLeaks:
    def test_clean_splits_pass(self):
        check_leaks({"train": [SOURCE, rows(["a/f00d.0"], [["a", "b"]])], "test": OTHERS, "validation": []})
        check_leaks({"train": SOURCE})
        check_leaks({})

    @pytest.mark.parametrize(
        "leak",
        [
            SOURCE.slice(1),
            rows(["b/f00d.0"], [["b"]]),
            rows(["b~1"]),
            rows(["b/f00d.0/beef.0"], [["b/f00d.0"]]),
            rows(["x/f00d.0"], [["x", "b"]]),
            rows(["x/f00d.0"], [["x", "b~2/f00d.1"]]),
        ],
        ids=["the row", "a copy", "an equal row", "a copy of a copy", "a mix", "a mix with a copy"],
    )
    def test_each_way_to_leak_is_found(self, leak):
        with pytest.raises(LeakError, match=r"found 1 in 'train' and 'test' \(b\); remove"):
            check_leaks({"train": SOURCE, "test": [OTHERS, leak]})

    def test_all_pairs_are_named_with_counts_and_some_rows(self):
        many = pa.table({COLUMN: source_lineage([f"r{number}" for number in range(9)])})
        with pytest.raises(LeakError) as caught:
            check_leaks({"train": many, "test": many.slice(2), "validation": many.slice(8)})
        message = str(caught.value)
        assert "7 in 'train' and 'test' (r2, r3, r4, ...)" in message
        assert "1 in 'train' and 'validation' (r8)" in message
        assert "1 in 'test' and 'validation' (r8)" in message

    def test_equal_rows_of_plain_splits_are_found_by_content(self):
        with pytest.raises(LeakError, match="found 1 in"):
            check_leaks({"train": pa.table({"x": [1, 2, 2]}), "test": pa.table({"x": [2]})})

    def test_a_bound_column_ties_a_plain_split_to_one_with_lineage(self):
        with pytest.raises(LeakError, match=r"\(b\)"):
            check_leaks({"train": SOURCE, "test": pa.table({"name": ["b", "e"]})}, "name")
