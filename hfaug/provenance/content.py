"""Row ids from content: equal rows get equal ids, however Arrow happens to store them.

The id of a row is the XXH3-128 of its *logical values*. What does not count: the order of columns and struct fields,
chunks, slices and offsets, dictionary and run-end encoding, large and view types, fixed or variable sizes of lists and
bytes, the width of integers and floats, the unit and zone of a timestamp, the scale of a decimal, the entry order of a
map, an extension type over its storage. Widths are storage because CSV, JSON and Python lists do not keep them. So an
id survives saving, Parquet, streaming, a trip through Python and every cast that keeps the value.

What counts: names, null against empty, and the kind of a value (the integer 1, the float 1.0, true, "1" and its bytes
are five values). All NaN are one, -0.0 is 0.0.

Media, which is any struct of exactly ``bytes: binary`` and ``path: string``, is its bytes. The path counts for nothing,
but if there are no bytes, those of the file it names are read: an id is the same before and after embedding. Neither
bytes nor path is null, as `datasets` embeds it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import xxhash

from hfaug.provenance.column import COLUMN, has_lineage
from hfaug.provenance.encoding import encode, join, names_digest

__all__ = ["content_ids"]

_PIECE_ROWS = 2048
_PIECE_BYTES = 8 << 20  # a list of one-byte integers grows about twentyfold while it is encoded
_SAMPLE_ROWS = 32


def content_ids(table: pa.Table) -> list[str]:
    """Compute the id of each row from its values: 32 hexadecimal digits, equal for equal rows.

    Args:
        table: Rows as stored, not decoded. The lineage column does not count.

    Raises:
        RowIdError: A column has a type without a plain value (a union), or a media file cannot be read.

    >>> content_ids(pa.table({"text": ["hello"], "label": pa.array([1], pa.int8())}))
    ['4facda205126907a7ac36b2d693e0114']
    >>> content_ids(pa.table({"label": [1], "text": pa.array(["hello"]).dictionary_encode()}))
    ['4facda205126907a7ac36b2d693e0114']
    """
    if has_lineage(table):
        table = table.drop_columns([COLUMN])
    table = table.select(sorted(range(table.num_columns), key=table.column_names.__getitem__))
    names = table.column_names
    prefix = names_digest(names)
    if not names:
        return [xxhash.xxh3_128_hexdigest(prefix)] * table.num_rows
    ids: list[str] = []
    for batch in _pieces(table):
        columns = [encode(column, name) for name, column in zip(names, batch.columns, strict=True)]
        ids.extend(map(xxhash.xxh3_128_hexdigest, join(prefix, columns)))
    return ids


def _pieces(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """The rows in batches of a good size: large chunks cut, small ones put together."""
    start = 0
    while start < table.num_rows:
        sample = table.slice(start, _SAMPLE_ROWS)  # asking the size of a table of many chunks takes longer than its ids
        step = min(_PIECE_ROWS, max(1, sample.num_rows * _PIECE_BYTES // max(sample.nbytes, 1)))
        for batch in table.slice(start, step).combine_chunks().to_batches():
            yield from _halves(batch)
        start += step


def _halves(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch that is small enough, or its halves, which may be."""
    if batch.num_rows < 2 or batch.nbytes <= _PIECE_BYTES:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _halves(batch.slice(0, half))
    yield from _halves(batch.slice(half))
