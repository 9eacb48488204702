"""The same rows in other clothes: every layout that Arrow has for them."""

import pyarrow as pa
import pyarrow.compute as pc

from hfaug.provenance import COLUMN, source_lineage


def large(kind):
    """The same type with 64-bit offsets throughout."""
    return rebuilt(kind, {"string": pa.large_string(), "binary": pa.large_binary()}, pa.large_list)


def viewed(kind):
    """The same type in view layouts throughout; lists stay, Arrow cannot cast them."""
    return rebuilt(kind, {"string": pa.string_view(), "binary": pa.binary_view()}, pa.list_)


def rebuilt(kind, leaves, list_type):
    if pa.types.is_list(kind):
        return list_type(rebuilt(kind.value_type, leaves, list_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, rebuilt(field.type, leaves, list_type)) for field in kind])
    return leaves.get(str(kind), kind)


def recast(table, change):
    return pa.table({name: pa.array(table[name].to_pylist(), change(table[name].type)) for name in table.column_names})


def sliced(table):
    """Between strangers, at an offset that is no multiple of eight."""
    whole = pa.concat_tables([table] * 3).combine_chunks()
    return whole.slice(table.num_rows, table.num_rows)


def chunked(table):
    return pa.concat_tables([table.slice(row, 1) for row in range(table.num_rows)])


def where_possible(table, encode):
    """Encode each column that Arrow can encode that way."""

    def changed(column):
        try:
            return encode(column)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            return column

    return pa.table({name: changed(table[name].combine_chunks()) for name in table.column_names})


def dictionary(table):
    """With a null among the entries, and an offset."""
    return where_possible(
        table, lambda column: pa.concat_arrays([column[:1], column]).dictionary_encode("encode").slice(1)
    )


def run_ends(table):
    return where_possible(table, pc.run_end_encode)


def reversed_order(table):
    return table.select(table.column_names[::-1])


def with_lineage(table):
    return table.append_column(COLUMN, source_lineage([f"row {row}" for row in range(table.num_rows)]))


LAYOUTS = [
    sliced,
    chunked,
    dictionary,
    run_ends,
    reversed_order,
    with_lineage,
    lambda table: recast(table, large),
    lambda table: recast(table, viewed),
    lambda table: pa.Table.from_batches(table.to_batches(max_chunksize=2), table.schema),
    lambda table: sliced(chunked(recast(table, large))),
]
