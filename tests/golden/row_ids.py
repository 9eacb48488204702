"""Odd rows whose ids must never change: a changed id is a changed draw in every dataset built so far.

`python -m tests.golden.row_ids` writes the ids to `row_ids.json`. Do that only with a new version of the encoding.
"""

import datetime as dt
import decimal
import json
import math
import struct
import zoneinfo
from pathlib import Path

import numpy as np
import pyarrow as pa

PATH = Path(__file__).with_suffix(".json")

ODD_NAN = struct.unpack("<d", bytes([1, 0, 0, 0, 0, 0, 0xF8, 0xFF]))[0]
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
MEDIA = pa.struct({"bytes": pa.binary(), "path": pa.string()})
BOXES = pa.list_(pa.struct({"bbox": pa.list_(pa.float32(), 4), "label": pa.int64()}))


def column(values, kind, name="x"):
    return pa.table({name: pa.array(values, kind)})


def tables():
    """All rows, in tables by kind."""
    return leaves() | nested() | whole_rows()


def leaves():
    """Single values."""
    return {
        "texts": column(
            ["", "a", "A", "a\0", "\0", "ä", "a\u0308", "👩\u200d👧", "\r\n", None, "1", "null"], pa.string()
        ),
        "numbers": column([0, 1, -1, 2**63 - 1, -(2**63), None], pa.int64()),
        "large numbers": column([2**63, 2**64 - 1, 1], pa.uint64()),
        "floats": column([0.0, -0.0, 1.0, math.nan, ODD_NAN, math.inf, -math.inf, 5e-324, 0.1, None], pa.float64()),
        "truths": column([True, False, None], pa.bool_()),
        "nothing": column([None], pa.null()),
        "bytes": column([b"", b"a", b"\0", b"\xff\xfe", None], pa.binary()),
        "decimals": column(
            [None if text is None else decimal.Decimal(text) for text in ("0", "1.10", "-1.1", "120", "0.00001", None)],
            pa.decimal128(20, 5),
        ),
        "dates": column([dt.date(1970, 1, 1), dt.date(1, 1, 1), dt.date(9999, 12, 31)], pa.date32()),
        "times": column([dt.time(0), dt.time(23, 59, 59, 999_999)], pa.time64("us")),
        "clocks": column([dt.datetime(1969, 12, 31, 23, 59, 59, 999_999), None], pa.timestamp("us")),  # noqa: DTZ001
        "instants": column([dt.datetime(2024, 3, 31, 3, tzinfo=BERLIN)], pa.timestamp("ms", "Europe/Berlin")),
        "durations": column([dt.timedelta(microseconds=-1), dt.timedelta(days=9)], pa.duration("us")),
        "intervals": column([pa.MonthDayNano([1, -2, 3]), None], pa.month_day_nano_interval()),
    }


def nested():
    """Values made of values."""
    return {
        "lists": column([[], [None], [""], ["a", "b"], ["ab"], None], pa.list_(pa.string())),
        "number lists": column([[], [0], [0, 0], [None, 1], None], pa.list_(pa.int32())),
        "nested lists": column(
            [[], [[]], [[], []], [["a"], ["b"]], [["a", "b"]], [None]], pa.list_(pa.list_(pa.string()))
        ),
        "fixed lists": column([[1.0, 2.0], [math.nan, None], None], pa.list_(pa.float32(), 2)),
        "structs": column(
            [{"a": None, "b": ""}, {"a": 1, "b": None}, {"a": 0, "b": "b"}, None],
            pa.struct({"a": pa.int64(), "b": pa.string()}),
        ),
        "no fields": column([{}, None], pa.struct([])),
        "boxes": column([[], [{"bbox": [0, 0, 1, 1], "label": 3}, {"bbox": None, "label": None}], [None], None], BOXES),
        "maps": column([[], [("a", 1), ("b", None)], None], pa.map_(pa.string(), pa.int64())),
        "media": column(
            [
                {"bytes": b"\xff\xd8", "path": "a.jpg"},
                {"bytes": b"", "path": "b.jpg"},
                {"bytes": None, "path": None},
                None,
            ],
            MEDIA,
        ),
        "media lists": column([[{"bytes": b"1", "path": None}, None], []], pa.list_(MEDIA)),
    }


def whole_rows():
    """Rows of several columns."""
    return {
        "columns": pa.table({"text": ["a", None], "label": [1, 0], "score": [0.5, None], "tags": [["x"], []]}),
        "other names": pa.table({"text ": ["a"], "Label": [1], "": [0.5], "ä": [["x"]]}),
        "wide": pa.table({f"c{number}": np.arange(2) * number for number in range(100)}),
    }


def ids_by_name(ids_of):
    """Ids of all rows: name of the table -> ids."""
    return {name: ids_of(table) for name, table in tables().items()}


if __name__ == "__main__":
    from hfaug.provenance import content_ids

    PATH.write_text(json.dumps(ids_by_name(content_ids), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
