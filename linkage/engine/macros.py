"""What our queries call and DuckDB does not have; Spark's names for it are in functions.py.

**Whether two texts are one edit apart**, for most pairs told without a distance: that fills a table of letters by
letters for each pair. Texts of one length that are one edit apart differ in one letter, which is counted; others differ
in length by one, and where their first letters differ the longer is the shorter with a letter before it. What is left
is few.

**How alike two Bloom filters are**, as Dice's coefficient of hexadecimals; NULL where one is longer.

**That an expression is worked out where it stands.** Spark's planner puts a condition below the columns that it reads,
and all that those are made of in their place: a filter on a sum of weights became a method of Java so long that Java
never compiled it, and worked the same levels out over and over. A column that may be another each time it leaves alone.
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

    create macro dice_of_bits(a, b) as
        case when length(a) = length(b)
             then cast(2 * bit_count(cast(try(unhex(a)) as bit) & cast(try(unhex(b)) as bit)) as double)
                  / greatest(bit_count(cast(try(unhex(a)) as bit)) + bit_count(cast(try(unhex(b)) as bit)), 1)
        end;

    create macro worked_out(x) as x;
"""


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection within_one_edit(a, b), within_one_edit_or_swap(a, b), dice_of_bits(a, b) and worked_out(x).

    The first three are NULL where a side is.
    """
    connection.execute(_MACROS)
