"""Dense ids in the order of a text key, the same on every engine, without sorting all
rows in one place.
"""

from linkage.engine import Engine, Table, one, quote

_GROUP = 1_000_000  # rows that may be sorted in one place
_LONGEST_PREFIX = 12


def numbered(engine: Engine, table: Table, key: str, name: str, *, first: int) -> Table:
    """The rows of a table with a number from `first` on, in the order of a text key
    without NULL.

    Args:
        table: rows to number; pass the key and little else, since all columns are
            sorted.
        key: the column to order by (bytewise).
        name: the column that takes the number.

    Returns:
        The table's columns, `name` BIGINT and `repeated` BOOLEAN (an earlier row has
        the same key), stored.
    """
    column, part = quote(key), f"left({quote(key)}, {_prefix(engine, table, key)})"
    return engine.sql(
        f"""
        with placed as (
            select *, {part} as id_part,
                   row_number() over (partition by {part} order by {column})
                       as id_place,
                   coalesce(lag({column}) over (partition by {part} order by {column})
                       = {column}, false) as repeated
            from {{keyed}}
        ),
        parts as (
            select {part} as id_part, count(*) as part_rows from {{keyed}}
                group by {part}
        ),
        offsets as (
            select id_part, sum(part_rows) over (order by id_part rows between unbounded
                preceding and current row)
                            - part_rows as rows_before
            from parts
        )
        select {", ".join("placed." + quote(c) for c in table.columns)},
               cast($first - 1 + offsets.rows_before + placed.id_place as bigint)
                   as {quote(name)},
               placed.repeated
        from placed
        join offsets on placed.id_part = offsets.id_part
        """,
        keyed=table,
        params={"first": first},
        store=True,
    )


def _prefix(engine: Engine, table: Table, key: str) -> int:
    """How many first characters of the key part its rows into groups of a size that one
    place can sort.

    Keys of one source begin alike (provider numbers, years), so no fixed number would
    do.
    """
    length = 0
    while length < _LONGEST_PREFIX:
        largest = engine.sql(
            f"""
            with parts as (select count(*) as part_rows from {{keyed}}
                group by left({quote(key)}, {length}))
            select max(part_rows) as largest from parts
            """,
            keyed=table,
        )
        if (one(engine, largest)["largest"] or 0) <= _GROUP:
            break
        length += 2
    return length
