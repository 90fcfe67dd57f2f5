"""Build the analysis-ready tables of an extract from its own tables, as they were
written.
"""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from linkage.catalogue.years import Years
from linkage.engine import Engine, Table, Value, columns, quote
from linkage.extract.analysis_layouts import (
    MAIN,
    MONTH,
    RECORDED,
    YEAR,
    ApprovedTables,
    Spells,
    analysis_rules,
    person_columns,
)
from linkage.extract.formats import Written
from linkage.extract.layout import PERSON, Field, Layout
from linkage.longitudinal.spells import merge_spells

Given = Mapping[
    str, Table
]  # the extract's tables by the catalogue's names, and "people"


def write_analysis(
    engine: Engine, analysis: Sequence[Layout], tables: Sequence[Written], folder: Path
) -> list[Written]:
    """Write every analysis-ready table from what was written: nothing else can get into
    them.

    Args:
        analysis: the tables to make.
        tables: the extract's tables, `people` first.
        folder: where Parquet goes, one file a table.
    """
    if not analysis:
        return []
    layouts = ApprovedTables.of([table.layout for table in tables])
    paths = {id(table.layout): table.parquet for table in tables}
    sources = {
        name: engine.read(paths[id(layout)]) for name, layout in layouts.tables.items()
    }
    sources["people"] = engine.read(tables[0].parquet)
    span = layouts.span()
    years = (
        _active_years(engine, layouts, sources, span)
        if span and any(layout.years for layout in analysis)
        else None
    )
    results = []
    for layout in analysis:
        if (
            layout.name == "analysis_person" or years is None
        ):  # the others are made of active years
            rows = _person(engine, layouts, sources)
        elif layout.name == "analysis_person_month":
            rows = _person_month(engine, layouts, years)
        else:
            rows = _person_year(engine, layouts, sources, years)
        sorted_rows = engine.sql(
            f"select * from {{rows}} order by {columns(layout.key)}", rows=rows
        )
        path = folder / f"{layout.name}.parquet"
        results.append(Written(layout, path, engine.write(sorted_rows, path)))
    if years:
        engine.drop(years)
    return results


def _person(engine: Engine, approved: ApprovedTables, sources: Given) -> Table:
    """People, each with the rows of the tables that have one row a person."""
    parts, joins, select = (
        {},
        [],
        [f"people.{quote(name)}" for name in sources["people"].columns],
    )
    of_table: dict[str, list[tuple[str, Field]]] = {}
    for table, column, field in person_columns(approved):
        of_table.setdefault(table, []).append((column, field))
    for number, part in enumerate(
        rule for rule in analysis_rules().person if rule.table in of_table
    ):
        # Of two rows of a year the last by all columns, so that the same rows give the
        # same table.
        order = [
            *([part.latest_by] if part.latest_by else []),
            *approved.tables[part.table].columns,
        ]
        terms = ", ".join(f"{quote(name)} desc nulls last" for name in order)
        alias, fields = f"part_{number}", of_table[part.table]
        parts[alias] = engine.sql(
            f"""
            with ranked as (select *, row_number() over (partition by {PERSON}
                order by {terms}) as place from {{rows}})
            select {columns([PERSON, *(column for column, _ in fields)])} from ranked
                where place = 1
            """,
            rows=sources[part.table],
        )
        joins.append(
            f"left join {{{alias}}} as {alias} on {alias}.{PERSON} = people.{PERSON}"
        )
        select += [
            f"{alias}.{quote(column)} as {quote(field.name)}"
            for column, field in fields
        ]
    return engine.sql(
        f"select {', '.join(select)} from {{people}} as people {' '.join(joins)}",
        params=None,
        store=False,
        people=sources["people"],
        **parts,
    )


def _active_years(
    engine: Engine, approved: ApprovedTables, sources: Given, span: Years
) -> Table:
    """Months and days of each activity by tax year.

    Returns:
        AE_ID, tax_year, and for each activity <name>_bits (bit 0 is April, bit 11
        March) and <name>_days; a row where there is any; stored.
    """
    names = [activity.name for activity, _ in approved.activities()]
    if not names:  # sums of a tax year may be all that was approved
        query = (
            f"select {PERSON}, cast(null as bigint) as {YEAR} from {{people}} "
            "where false"
        )
        return engine.sql(query, people=sources["people"], store=True)
    parts = {
        f"spells_{number}_{place}": _spells(engine, number, spells, approved, sources)
        for number, (_, spell_groups) in enumerate(approved.activities())
        for place, spells in enumerate(spell_groups)
    }
    union = " union all ".join(f"select * from {{{name}}}" for name in parts)
    spells = engine.sql(union, params=None, store=True, **parts)
    periods = merge_spells(engine, spells, by=[PERSON, "activity"])
    wide = ",\n               ".join(
        f"cast(coalesce(max(case when activity = {number} then {kind} end), 0) as "
        f"integer) as {quote(f'{name}_{kind}')}"
        for number, name in enumerate(names)
        for kind in ("bits", "days")
    )
    active = engine.sql(
        f"""
        with in_year as (
            select s.{PERSON}, s.activity, y.{YEAR},
                   greatest(year(s.start_date) * 12 + month(s.start_date) - 1
                       - y.first_month, 0) as first_bit,
                   least(year(s.end_date) * 12 + month(s.end_date) - 1 - y.first_month,
                       11) as last_bit,
                   greatest(
                       date_diff('day', greatest(s.start_date, y.year_start),
                           least(s.end_date, y.year_end)) + 1, 0
                   ) as days
            from {{periods}} as s
            join {{years}} as y on s.start_date <= y.year_end
                and s.end_date >= y.month_start
        ),
        by_activity as (
            select {PERSON}, activity, {YEAR},
                   bit_or(case when first_bit <= last_bit
                               then (1 << cast(last_bit + 1 as integer))
                                   - (1 << cast(first_bit as integer))
                               else 0 end) as bits,
                   sum(days) as days
            from in_year group by {PERSON}, activity, {YEAR}
        )
        select {PERSON}, {YEAR},
               {wide}
        from by_activity group by {PERSON}, {YEAR}
        """,
        periods=periods,
        years=_tax_years(engine, span),
        store=True,
    )
    engine.drop(spells, periods)
    return active


def _spells(
    engine: Engine,
    number: int,
    spells: Spells,
    approved: ApprovedTables,
    sources: Given,
) -> Table:
    """AE_ID, activity, start_date, end_date of a table's rows."""
    day = {
        name: f"r.{quote(name)}"
        for name in (spells.start, spells.end)
        if name and approved.has(spells.table, name)
    }
    start, end = day.get(spells.start or ""), day.get(spells.end or "")
    by_year = spells.academic_year or spells.tax_year
    if by_year:
        # A study year is September to July; a tax year's last days, in April, are no
        # month of their own.
        year = f"r.{quote(by_year)} // 100"
        first, last = ((9, 1), (7, 31)) if spells.academic_year else ((4, 6), (3, 31))
        of_year = [
            f"make_date(cast({year} as integer), {first[0]}, {first[1]})",
            f"make_date(cast({year} + 1 as integer), {last[0]}, {last[1]})",
        ]
        start = (
            f"greatest(coalesce({start}, {of_year[0]}), {of_year[0]})"
            if start
            else of_year[0]
        )
        end = (
            f"least(coalesce({end}, {of_year[1]}), {of_year[1]})" if end else of_year[1]
        )
        known = f"r.{quote(by_year)} is not null"
    else:
        end = f"coalesce({end}, $until)"
        known = f"{start} is not null"
    params: dict[str, Value] = {"until": _until(approved, spells.table)}
    conditions = [known]
    for column, values in spells.where.items():
        names = [f"code_{len(params) + place}" for place in range(len(values))]
        params |= dict(zip(names, values, strict=True))
        conditions.append(
            f"cast(r.{quote(column)} as varchar) in "
            f"({', '.join(f'${name}' for name in names)})"
        )
    return engine.sql(
        f"""
        with dated as (
            select r.{PERSON}, {start} as start_date, {end} as end_date
                from {{rows}} as r
            where {" and ".join(conditions)}
        )
        select {PERSON}, {number} as activity, start_date, end_date from dated
            where start_date <= end_date
        """,
        params=params,
        rows=sources[spells.table],
    )


def _until(approved: ApprovedTables, table: str) -> datetime.date:
    years = approved.tables[table].years
    return years.last_day if years else datetime.date(9999, 12, 31)


def _tax_years(engine: Engine, span: Years) -> Table:
    """tax_year, year_start, year_end (its days), month_start, first_month (months since
    year 0): April.
    """
    numbers = range(span.first // 100, span.last // 100 + 1)
    return engine.from_arrow(
        pa.table(
            {
                YEAR: pa.array(
                    [year * 100 + (year + 1) % 100 for year in numbers], pa.int64()
                ),
                "year_start": pa.array(
                    [datetime.date(year, 4, 6) for year in numbers], pa.date32()
                ),
                "month_start": pa.array(
                    [datetime.date(year, 4, 1) for year in numbers], pa.date32()
                ),
                "year_end": pa.array(
                    [datetime.date(year + 1, 4, 5) for year in numbers], pa.date32()
                ),
                "first_month": pa.array(
                    [year * 12 + 3 for year in numbers], pa.int64()
                ),
            }
        )
    )


def _person_year(
    engine: Engine, approved: ApprovedTables, sources: Given, active: Table
) -> Table:
    """Every person in every year: a figure is empty where its table was not approved
    for the year, else 0 at least.
    """
    span = approved.span()
    if span is None:
        raise ValueError("no table is by year")
    sides: dict[str, Table] = {}
    joins, select = (
        [],
        [
            f"people.{PERSON}",
            f"years.{YEAR}",
            f"recorded.{PERSON} is not null as {RECORDED}",
        ],
    )
    params: dict[str, Value] = {}

    def is_approved(tables: Sequence[str], number: int) -> str:
        """The condition that a year is one of those that any of the tables was approved
        for.
        """
        conditions = []
        for place, table in enumerate(tables):
            own, first, last = (
                approved.tables[table].years or span,
                f"first_{number}_{place}",
                f"last_{number}_{place}",
            )
            params[first], params[last] = own.first, own.last
            conditions.append(f"years.{YEAR} between ${first} and ${last}")
        return f"({' or '.join(conditions)})"

    for number, measure in enumerate(approved.measures()):
        alias = f"measure_{number}"
        year, column = quote(measure.year), quote(measure.column)
        order = quote(measure.largest) if measure.largest else column
        figure = f"sum({column})" if measure.sum else f"arg_max({column}, {order})"
        rows = f"{{rows}} where {column} is not null"
        sides[alias] = engine.sql(
            f"select {PERSON}, {year} as {YEAR}, {figure} as figure from {rows} group "
            f"by {PERSON}, {year}",
            rows=sources[measure.table],
        )
        joins.append(
            f"left join {{{alias}}} as {alias} on {alias}.{PERSON} = people.{PERSON} "
            f"and {alias}.{YEAR} = years.{YEAR}"
        )
        value = (
            f"cast(coalesce({alias}.figure, 0) as bigint)"
            if measure.sum
            else f"{alias}.figure"
        )
        select.append(
            f"case when {is_approved([measure.table], number)} then {value} end as "
            f"{quote(measure.name)}"
        )
    for place, (activity, spells) in enumerate(approved.activities()):
        number = len(approved.measures()) + place
        condition = is_approved([s.table for s in spells], number)
        bits, days = quote(f"{activity.name}_bits"), quote(f"{activity.name}_days")
        select.append(
            f"case when {condition} then cast(bit_count(coalesce(active.{bits}, 0)) as "
            "bigint) end"
            f" as {quote(f'{activity.name}_months')}"
        )
        if activity.days:
            select.append(
                f"case when {condition} then cast(coalesce(active.{days}, 0) as "
                "bigint) end"
                f" as {quote(f'{activity.name}_days')}"
            )
    select_text = ",\n               ".join(select)
    return engine.sql(
        f"""
        select {select_text}
        from {{people}} as people
        cross join {{years}} as years
        left join {{recorded}} as recorded on recorded.{PERSON} = people.{PERSON}
        left join {{active}} as active on active.{PERSON} = people.{PERSON}
            and active.{YEAR} = years.{YEAR}
        {" ".join(joins)}
        """,
        params=params,
        store=False,
        people=sources["people"],
        years=_tax_years(engine, span),
        recorded=_recorded(engine, sources),
        active=active,
        **sides,
    )


def _recorded(engine: Engine, sources: Given) -> Table:
    """Everyone with a row by tax or benefit key."""
    tables = [
        table
        for name, table in sources.items()
        if name != "people" and "EDUKEY" in table.columns
    ]
    by_alias = {f"table_{number}": table for number, table in enumerate(tables)}
    rows = " union all ".join(
        f"select {PERSON} from {{{name}}} where EDUKEY is not null" for name in by_alias
    )
    if not by_alias:
        return engine.sql(
            f"select {PERSON} from {{people}} where false", people=sources["people"]
        )
    return engine.sql(
        f"select distinct {PERSON} from ({rows}) as of_any",
        params=None,
        store=False,
        **by_alias,
    )


def _person_month(engine: Engine, approved: ApprovedTables, active: Table) -> Table:
    """A row for each month of which any activity has a day."""
    activities = [activity for activity, _ in approved.activities()]
    bits = {
        activity.name: f"a.{quote(f'{activity.name}_bits')}" for activity in activities
    }
    conditions = {
        name: f"({column} >> m.number) & 1 = 1" for name, column in bits.items()
    }
    main = " ".join(f"when {conditions[name]} then '{name}'" for name in conditions)
    flags = ", ".join(
        f"{condition} as {quote(name)}" for name, condition in conditions.items()
    )
    months = engine.from_arrow(
        pa.table(
            {
                "number": pa.array(range(12), pa.int32()),
                "ahead": pa.array([4, 5, 6, 7, 8, 9, 10, 11, 12, 101, 102, 103]),
            }
        )
    )
    return engine.sql(
        f"""
        select a.{PERSON}, cast(a.{YEAR} // 100 * 100 + m.ahead as bigint) as {MONTH},
            case {main} end as {MAIN},
               {flags}
        from {{active}} as a
        join {{months}} as m on (({" | ".join(bits.values())}) >> m.number) & 1 = 1
        """,
        params=None,
        active=active,
        months=months,
    )
