"""Columns that are made of others of a file: looked up for each distinct value, which is worked on once."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.engine import Engine, Table, one, quote

Texts = Mapping[str, Sequence[str | None]]
"""A value to what it becomes, one text for each new column."""


_MOSTLY = 0.9  # of known values have a form
_REMEMBERED = 200_000  # distinct values of a column; more of them are counted again and not held in memory


def counted(engine: Engine, file: PersonFile, column: str) -> dict[str, int]:
    """A column's distinct values as trimmed text, to the rows that hold them, in the order of the values."""
    if column in file.values:
        return file.values[column]
    found = engine.sql(
        f"""
        with raw_values as (
            select {quote(column)} as raw, count(*) as held
            from {{t}}
            where {quote(column)} is not null
            group by {quote(column)}
        ),
        texts as (select {_trimmed("raw")} as value, cast(raw as varchar) as raw, held from raw_values)
        select value, cast(sum(held) as bigint) as held, bool_and(value = raw and value <> '') as is_clean
        from texts
        group by value
        order by value
        """,
        t=file.table,
    )
    table = engine.arrow(found)
    values = dict(zip(table["value"].to_pylist(), table["held"].to_pylist(), strict=True))
    values.pop("", None)
    if len(values) <= _REMEMBERED:
        file.values[column] = values
    if False not in table["is_clean"].to_pylist() and pa.types.is_string(file.types.get(column, pa.null())):
        file.clean.add(column)
    return values


def looked_up(
    engine: Engine, file: PersonFile, column: str, texts: Texts, made: Sequence[str]
) -> tuple[PersonFile, list[str]]:
    """The file with new columns, and their names; the column itself where it holds already what it becomes.

    Args:
        texts: what each distinct value of the column becomes; any other becomes NULL.
        made: what the new columns hold, for their names.
    """
    if len(made) == 1 and column in file.clean and all(new == value for value, (new, *_) in texts.items()):
        return file, [column]
    names = [free_name(file, f"{what} of {column}") for what in made]
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
    )
    known = file.values.get(column)
    counts = {name: _become(known, texts, n) for n, name in enumerate(names)} if known is not None else {}
    clean = [name for n, name in enumerate(names) if all(_is_trimmed(new[n]) for new in texts.values())]
    return file.with_columns(joined, counts, clean), names


def each_value(
    engine: Engine, held: Sequence[tuple[PersonFile, str]], made: str, become: Callable[[str], str | None]
) -> list[tuple[PersonFile, str]]:
    """Files, each with a column, and what each value of these becomes in their stead."""
    result = []
    for file, column in held:
        texts = {value: (become(value),) for value in counted(engine, file, column)}
        new, (name,) = looked_up(engine, file, column, texts, [made])
        result.append((new, name))
    return result


def _is_trimmed(text: str | None) -> bool:
    """Whether a text is as `counted` tells it: without blanks around it; and NULL where there is none."""
    return text is None or (text != "" and text == text.strip(" "))


def _trimmed(value: str) -> str:
    """A SQL expression: a value as text without blanks around it."""
    return f"trim(cast({value} as varchar))"


def _become(known: Mapping[str, int], texts: Texts, place: int) -> dict[str, int]:
    """The counts of a new column, from those of the column that it was made of."""
    made = Counter[str]()
    for value, rows_of in known.items():
        if new := (texts[value][place] or "").strip(" ") if value in texts else "":
            made[new] += rows_of
    return dict(sorted(made.items()))


def expressed(engine: Engine, file: PersonFile, expression: str, made: str) -> tuple[PersonFile, str]:
    """The file with a column that SQL over its columns gives, and its name."""
    name = free_name(file, made)
    table = engine.sql(f"select t.*, {expression} as {quote(name)} from {{t}} as t", t=file.table)
    return file.with_columns(table), name


def beside(
    engine: Engine, file: PersonFile, made: Table, columns: Mapping[str, str]
) -> tuple[PersonFile, dict[str, str]]:
    """The file with columns of a table that has a row for each of its rows, and what these are called now.

    Args:
        made: PLACE and the columns.
        columns: of the table, and what they hold, for their names.
    """
    names = {column: free_name(file, what) for column, what in columns.items()}
    new = ", ".join(f"m.{quote(column)} as {quote(name)}" for column, name in names.items())
    joined = engine.sql(
        f"select t.*, {new} from {{t}} as t join {{m}} as m on m.{quote(PLACE)} = t.{quote(PLACE)}",
        t=file.table,
        m=made,
    )
    return file.with_columns(joined), names


def is_mostly(engine: Engine, table: Table, column: str, form: str) -> bool:
    """Whether nearly all known values of a column have a form, a regular expression."""
    share = f"avg(case when regexp_matches({quote(column)}, $form) then 1.0 else 0.0 end)"
    known = f"filter (where {quote(column)} is not null)"
    found = one(engine, engine.sql(f"select {share} {known} as share from {{t}}", params={"form": form}, t=table))
    return float(found["share"] or 0) >= _MOSTLY


def as_text(column: str) -> str:
    """A column as trimmed text, '' where it is not known: an expression for `expressed`."""
    return f"coalesce({_text(column)}, '')"


def _text(column: str, alias: str = "") -> str:
    return _trimmed(f"{alias and alias + '.'}{quote(column)}")


def free_name(file: PersonFile, name: str) -> str:
    """The name, or one like it that no column of the file has, in whatever case: an engine tells no cases apart."""
    taken = {*map(str.lower, file.table.columns)}
    while name.lower() in taken:
        name += "'"
    return name
