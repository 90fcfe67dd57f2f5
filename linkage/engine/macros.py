"""SQL functions of ours that DuckDB does not have; their Spark renderings are in
functions.py.

within_one_edit(a, b), within_one_edit_or_swap(a, b): whether two texts differ by at
most one edit, without computing a distance for most pairs; NULL where a side is.

barrier(x): x itself. Spark's planner copies an expression into every condition that
reads its column: a filter on a sum of weights became a Java method too long to be
compiled. It does not copy what may change from row to row.
"""

import duckdb

_MACROS = """
    create macro within_one_edit(a, b) as
        case when a = b then true
             when length(a) = length(b) then hamming(a, b) <= 1
             when abs(length(a) - length(b)) > 1 then false
             when ascii(a) = ascii(b) then levenshtein(a, b) <= 1
             else suffix(a, b) or suffix(b, a)
        end;

    create macro within_one_edit_or_swap(a, b) as
        case when a = b then true
             when length(a) <> length(b) then within_one_edit(a, b)
             when hamming(a, b) <= 1 then true
             when hamming(a, b) > 2 then false
             else damerau_levenshtein(a, b) <= 1
        end;

    create macro barrier(x) as x;
"""


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the functions on a connection."""
    connection.execute(_MACROS)
