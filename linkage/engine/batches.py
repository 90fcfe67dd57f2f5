"""A worker's rows in pieces of bounded size that hold whole groups, for a function in
Python.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

Work = Callable[[pa.Table], pa.Table]
"""What is made of the rows of some groups, each of them whole. Workers import it, or
what it is a `partial` of.
"""

BATCH_ROWS = 100_000
"""Rows that a function in Python is given at once: some tens of megabytes. A group of
more comes whole all the same.
"""


def work_in_batches(
    batches: Iterable[pa.RecordBatch],
    work: Work,
    by: str,
    schema: pa.Schema,
    batch_rows: int,
) -> Iterator[pa.RecordBatch]:
    """What `work` makes of rows that come in the order of their groups.

    Args:
        by: the column whose equal values are a group; no NULL.
        schema: of what is made.
        batch_rows: rows from which on a piece ends with the group before the last.
    """
    backlog: list[pa.RecordBatch] = []
    for batch in batches:
        backlog.append(batch)
        if sum(chunk.num_rows for chunk in backlog) >= batch_rows:
            table = pa.Table.from_batches(backlog)
            begins = pc.index(table[by], table[by][-1]).as_py()
            if begins:
                yield from _made(work, table.slice(0, begins), schema)
                backlog = table.slice(begins).to_batches()
    if backlog:
        yield from _made(work, pa.Table.from_batches(backlog), schema)


def sorted_by(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """Rows in the order of some columns."""
    return rows.sort_by([(name, "ascending") for name in names])


def _made(work: Work, rows: pa.Table, schema: pa.Schema) -> list[pa.RecordBatch]:
    output: list[pa.RecordBatch] = (
        work(rows).select(schema.names).cast(schema).to_batches()
    )
    return output
