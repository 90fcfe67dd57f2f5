"""Columns that next to nobody fills: they are none of a person's, whatever they are called."""

from collections.abc import Collection, Sequence

from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.engine import Engine, Table, one, quote

_LOOKED_AT = 5_000  # rows that show of most columns that they are filled
_SHARE = 0.01  # of the rows, below which a column is empty but for the lines that a program writes into it
_AT_ONCE = 100  # columns in one query: what a query costs grows faster than they do
_LINES = 10  # such lines at most: of a million rows, one in a hundred are people whom a number may link


def filled(engine: Engine, file: PersonFile, told: Collection[str] = ()) -> list[str]:
    """A file's columns but those that are known in ten rows at most, and in fewer than one in a hundred.

    A survey tool writes RecipientFirstName, empty, beside the answer to "What is your first name?".

    Args:
        told: columns that the analyst has named, filled or not.
    """
    step = max(1, file.rows // _LOOKED_AT)
    some = engine.sql(f"select * from {{t}} where {quote(PLACE)} % {step} = 0", t=file.table)
    empty = [name for name in file.header if name not in told]
    for rows in (some, file.table) if step > 1 else (file.table,):
        parts = [empty[first : first + _AT_ONCE] for first in range(0, len(empty), _AT_ONCE)]
        empty = [name for part in parts for name in _empty(engine, rows, part)]
    return [name for name in file.header if name not in empty]


def _empty(engine: Engine, rows: Table, asked: Sequence[str]) -> list[str]:
    counts = ", ".join(
        f"count(nullif(trim(cast({quote(name)} as varchar)), '')) as known_{n}" for n, name in enumerate(asked)
    )
    found = one(engine, engine.sql(f"select count(*) as row_count, {counts} from {{t}}", t=rows))
    most = min(_SHARE * found["row_count"], _LINES + 1)
    return [name for n, name in enumerate(asked) if found[f"known_{n}"] < most]
