"""Whether two texts are one edit apart, on DuckDB: for most pairs told without a distance.

A distance fills a table of letters by letters for each pair. Texts of one length that are one edit apart differ in one
letter, which is counted; others differ in length by one, and where their first letters differ the longer is the
shorter with a letter before it. What is left is few. Spark's names for both functions are in functions.py.
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
"""


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection within_one_edit(a, b) and within_one_edit_or_swap(a, b): NULL where a side is NULL."""
    connection.execute(_MACROS)
