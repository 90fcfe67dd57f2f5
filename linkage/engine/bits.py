"""How alike two Bloom filters are, on DuckDB. Spark's name for it is in functions.py."""

import duckdb

_MACRO = """
    create macro dice_of_bits(a, b) as
        case when length(a) = length(b)
             then cast(2 * bit_count(cast(try(unhex(a)) as bit) & cast(try(unhex(b)) as bit)) as double)
                  / greatest(bit_count(cast(try(unhex(a)) as bit)) + bit_count(cast(try(unhex(b)) as bit)), 1)
        end;
"""


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection dice_of_bits(a, b): Dice's coefficient of hexadecimals, NULL where one is longer."""
    connection.execute(_MACRO)
