"""Analysis-ready tables written part by part of the people, so that memory does not grow with them.

Pseudonyms are spread evenly, so their first letters cut the people into parts of one size, and the extract's tables lie
sorted by them, so a part reads little of each. Within a part people are numbers, in the order of their pseudonyms: what
is joined, grouped and sorted are numbers, and pseudonyms are put in as the rows are written.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from linkage.engine import Engine, Table, columns, quote
from linkage.extract.analysis_layouts import Held
from linkage.extract.analysis_rows import active_years, analysis_rows
from linkage.extract.formats import Written
from linkage.extract.layout import PERSON, Layout

PART_PEOPLE = 100_000
_DIGITS = sorted("abcdefghijklmnopqrstuvwxyz234567")
_STARTS = [first + second for first in _DIGITS for second in _DIGITS]
_AFTER_ALL = "{"  # follows z


def write_analysis(
    engine: Engine, analysis: Sequence[Layout], written: Sequence[Written], folder: Path
) -> list[Written]:
    """Every analysis-ready table, of what was written: nothing else can get into them.

    Args:
        analysis: the tables to make.
        written: the extract's tables, `people` first.
        folder: where Parquet goes: one file a table, or a folder of files, one for each part of the people.
    """
    if not analysis:
        return []
    held = Held.of([one.layout for one in written])
    read = {name: _rows_of(engine, written, layout) for name, layout in held.tables.items()}
    read["people"] = _rows_of(engine, written, written[0].layout)
    rows = dict.fromkeys((layout.name for layout in analysis), 0)
    cuts = bounds(1 if engine.is_distributed else -(-written[0].rows // PART_PEOPLE))
    for number, (first, end) in enumerate(cuts):
        names = None if engine.is_distributed else _names(engine, read["people"], first, end)
        given = {name: _numbered(engine, table, names) for name, table in read.items()} if names else read
        for layout, table in _tables(engine, analysis, held, given):
            name = f"{layout.name}.parquet"
            path = folder / name if len(cuts) == 1 else folder / name / f"{number:03}.parquet"
            rows[layout.name] += engine.write(_in_order(engine, layout, table, names), path)
        if names:
            engine.drop(names)
    return [Written(layout, folder / f"{layout.name}.parquet", rows[layout.name]) for layout in analysis]


def _rows_of(engine: Engine, written: Sequence[Written], layout: Layout) -> Table:
    return engine.read(next(one.parquet for one in written if one.layout is layout))


def bounds(parts: int) -> list[tuple[str, str]]:
    """The first letters of each part's pseudonyms, and those of the next part's."""
    parts = max(1, min(parts, len(_STARTS)))
    starts = [_STARTS[number * len(_STARTS) // parts] for number in range(parts)]
    return list(zip(starts, [*starts[1:], _AFTER_ALL], strict=True))


def _names(engine: Engine, people: Table, first: str, end: str) -> Table:
    """number, AE_ID of a part's people, in order; stored."""
    return engine.sql(
        f"""
        select cast(row_number() over (order by {PERSON}) as integer) as number, {PERSON}
        from {{people}} where {PERSON} >= $first and {PERSON} < $end
        """,
        params={"first": first, "end": end},
        store=True,
        people=people,
    )


def _numbered(engine: Engine, rows: Table, names: Table) -> Table:
    """A part's rows of a table, with the person's number as AE_ID."""
    others = ", ".join(f"held.{quote(name)}" for name in rows.columns if name != PERSON)
    return engine.sql(
        f"""
        select names.number as {PERSON}{", " if others else ""}{others}
        from {{rows}} as held join {{names}} as names on names.{PERSON} = held.{PERSON}
        """,
        rows=rows,
        names=names,
    )


def _tables(
    engine: Engine, analysis: Sequence[Layout], held: Held, given: Mapping[str, Table]
) -> Iterator[tuple[Layout, Table]]:
    span = held.span()
    by_year = any(layout.years for layout in analysis)
    years = active_years(engine, held, given, span) if by_year and span else None
    for layout in analysis:
        yield layout, analysis_rows(engine, layout, held, given, years)
    if years:
        engine.drop(years)


def _in_order(engine: Engine, layout: Layout, rows: Table, names: Table | None) -> Table:
    """Rows sorted by their key, with pseudonyms for numbers."""
    if names is None:
        return engine.sql(f"select * from {{rows}} order by {columns(layout.key)}", rows=rows)
    listed = columns([name for name in layout.columns if name != PERSON], "told")
    return engine.sql(
        f"""
        select names.{PERSON}, {listed}
        from {{rows}} as told join {{names}} as names on names.number = told.{PERSON}
        order by {columns(["number", *layout.key[1:]])}
        """,
        rows=rows,
        names=names,
    )
