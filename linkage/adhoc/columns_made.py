"""Columns that are made of others of a file: looked up for each distinct value, which is worked on once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from linkage.adhoc.person_file import PersonFile
from linkage.engine import Engine, quote, rows

Texts = Mapping[str, Sequence[str | None]]
"""A value to what it becomes, one text for each new column."""


def counted(engine: Engine, file: PersonFile, column: str) -> dict[str, int]:
    """A column's distinct values as trimmed text, to the rows that hold them, in the order of the values."""
    found = engine.sql(
        f"""
        with texts as (select {_text(column)} as value from {{t}})
        select value, count(*) as held from texts where value <> '' group by value order by value
        """,
        t=file.table,
    )
    return {row["value"]: int(row["held"]) for row in rows(engine, found)}


def looked_up(
    engine: Engine, file: PersonFile, column: str, texts: Texts, made: Sequence[str]
) -> tuple[PersonFile, list[str]]:
    """The file with new columns, and their names; the column itself where it holds already what it becomes.

    Args:
        texts: what each distinct value of the column becomes; any other becomes NULL.
        made: what the new columns hold, for their names.
    """
    if len(made) == 1 and all(new == value for value, (new, *_) in texts.items()) and _is_trimmed(engine, file, column):
        return file, [column]
    names = [_free(file, f"{what} of {column}") for what in made]
    values = list(texts)
    table = pa.table(
        {
            "value": pa.array(values, pa.string()),
            **{f"m{n}": pa.array([texts[value][n] for value in values], pa.string()) for n in range(len(made))},
        }
    )
    new = ", ".join(f"m.m{n} as {quote(name)}" for n, name in enumerate(names))
    joined = engine.sql(
        f"select t.*, {new} from {{t}} as t left join {{m}} as m on {_text(column, 't')} = m.value",
        t=file.table,
        m=engine.from_arrow(table),
        store=True,
    )
    return replace(file, table=joined), names


def _is_trimmed(engine: Engine, file: PersonFile, column: str) -> bool:
    """Whether a column is text without blanks around it, and NULL where nothing is known."""
    if not pa.types.is_string(file.types.get(column, pa.null())):
        return False
    name = quote(column)
    others = engine.sql(f"select 1 as one from {{t}} where {name} <> trim({name}) or {name} = '' limit 1", t=file.table)
    return engine.count(others) == 0


def expressed(engine: Engine, file: PersonFile, expression: str, made: str) -> tuple[PersonFile, str]:
    """The file with a column that SQL over its columns gives, and its name."""
    name = _free(file, made)
    table = engine.sql(f"select t.*, {expression} as {quote(name)} from {{t}} as t", t=file.table, store=True)
    return replace(file, table=table), name


def as_text(column: str) -> str:
    """A column as trimmed text, '' where it is not known: an expression for `expressed`."""
    return f"coalesce({_text(column)}, '')"


def _text(column: str, alias: str = "") -> str:
    return f"trim(cast({alias and alias + '.'}{quote(column)} as varchar))"


def _free(file: PersonFile, name: str) -> str:
    while name in file.table.columns:
        name += "'"
    return name
