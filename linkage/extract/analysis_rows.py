"""The rows of analysis-ready tables, from the extract's own tables: of all its people, or of a part of them.

A person is whatever stands in AE_ID: the pseudonym, or the number that stands for it within a part (analysis_parts.py).
"""

import datetime
from collections.abc import Mapping, Sequence

import pyarrow as pa

from linkage.catalogue.years import Years
from linkage.engine import Engine, Table, Value, columns, quote
from linkage.extract.analysis_layouts import MAIN, MONTH, RECORDED, YEAR, Held, outcome_columns, person_columns
from linkage.extract.analysis_rules import Activity, Spells, analysis_rules
from linkage.extract.layout import PERSON, Layout

Given = Mapping[str, Table]  # the extract's tables by the catalogue's names, and "people"


def analysis_rows(engine: Engine, layout: Layout, held: Held, given: Given, years: Table | None) -> Table:
    """A table's rows, in no order.

    Args:
        given: the extract's tables, by the catalogue's names; and `people`.
        years: as `active_years` makes it, for the tables by year and month.
    """
    if layout.name == "analysis_person":
        return _person(engine, held, given)
    if layout.name == "analysis_outcomes":
        return _outcomes(engine, held, given)
    if years is None:
        raise ValueError(f"{layout.name} is made of active years")
    if layout.name == "analysis_person_month":
        return _person_month(engine, held, years)
    return _person_year(engine, held, given, years)


def _person(engine: Engine, held: Held, given: Given) -> Table:
    """People, and beside each the rows of the tables that say something once of a person."""
    parts, joins = {}, []
    told = list(person_columns(held))
    of_table = {table: [column for t, column, _ in told if t == table] for table, _, _ in told}
    for number, part in enumerate(analysis_rules().person):
        if part.table not in of_table:
            continue
        names = held.tables[part.table].columns
        # Of two rows of a year the last by all columns, so that the same rows give the same table.
        order = ", ".join(f"{quote(name)} desc nulls last" for name in names)
        last, held_year = (f"max({quote(year)})", f"held.{quote(year)}") if (year := part.latest_by) else ("1", "1")
        alias = f"part_{number}"
        parts[alias] = engine.sql(
            f"""
            with latest as (
                select {PERSON}, {last} as last from {{rows}} group by {PERSON}
            ),
            of_latest as (
                select held.* from {{rows}} as held join latest
                    on latest.{PERSON} = held.{PERSON} and latest.last is not distinct from {held_year}
            ),
            ranked as (
                select *, row_number() over (partition by {PERSON} order by {order}) as place from of_latest
            )
            select {columns([PERSON, *of_table[part.table]])} from ranked where place = 1
            """,
            rows=given[part.table],
        )
        joins.append(f"left join {{{alias}}} as {alias} on {alias}.{PERSON} = people.{PERSON}")
    aliases = {part.table: f"part_{number}" for number, part in enumerate(analysis_rules().person)}
    listed = [f"people.{quote(name)}" for name in given["people"].columns]
    listed += [f"{aliases[t]}.{quote(c)} as {quote(field.name)}" for t, c, field in told]
    return engine.sql(
        f"""
        select {", ".join(listed)}
        from {{people}} as people
        {" ".join(joins)}
        """,
        params=None,
        store=False,
        people=given["people"],
        **parts,
    )


def _outcomes(engine: Engine, held: Held, given: Given) -> Table:
    rules = analysis_rules().outcomes
    by = columns([PERSON, *rules.by])
    aside = ",\n               ".join(
        f"max(case when {quote(rules.after)} = {after} then {quote(name)} end) as {quote(field.name)}"
        for name, after, field in outcome_columns(held.tables[rules.table])
    )
    listed = f", {aside}" if aside else ""
    return engine.sql(
        f"select {by}{listed} from {{rows}} group by {by}",
        rows=given[rules.table],
    )


def active_years(engine: Engine, held: Held, given: Given, span: Years) -> Table:
    """Months and days of each activity by tax year.

    Returns:
        AE_ID, tax_year, and for each activity <name>_bits (bit 0 is April, bit 11 March) and <name>_days; a row where
        there is any; stored.
    """
    told = []
    sides: dict[str, Table] = {}
    for number, (activity, spells) in enumerate(held.activities()):
        merged = _merged(engine, [_spells(engine, s, held, given) for s in spells])
        sides[f"activity_{number}"] = _by_year(engine, merged, _tax_years(engine, span))
        engine.drop(merged)
        told.append(activity.name)
    if not told:  # sums of a tax year may be all that was approved
        nobody = f"select {PERSON}, cast(null as bigint) as {YEAR} from {{people}} where false"
        return engine.sql(nobody, people=given["people"], store=True)
    shares = []
    for number in range(len(told)):
        own = [
            f"{f'a.{kind}' if other == number else 'cast(0 as integer)'} as {quote(f'{name}_{kind}')}"
            for other, name in enumerate(told)
            for kind in ("bits", "days")
        ]
        shares.append(f"select a.{PERSON}, a.{YEAR}, {', '.join(own)} from {{activity_{number}}} as a")
    summed = ", ".join(
        f"cast(sum({quote(f'{name}_{kind}')}) as integer) as {quote(f'{name}_{kind}')}"
        for name in told
        for kind in ("bits", "days")
    )
    union = "\nunion all\n".join(shares)
    together = engine.sql(
        f"with shares as ({union}) select {PERSON}, {YEAR}, {summed} from shares group by {PERSON}, {YEAR}",
        params=None,
        store=True,
        **sides,
    )
    engine.drop(*sides.values())
    return together


def _spells(engine: Engine, spells: Spells, held: Held, given: Given) -> Table:
    """AE_ID, first_day, last_day of a table's rows."""
    day = {name: f"r.{quote(name)}" for name in (spells.start, spells.end) if name and held.has(spells.table, name)}
    start, end = day.get(spells.start or ""), day.get(spells.end or "")
    by_year = spells.academic_year or spells.tax_year
    if by_year:
        # A study year is September to July; a tax year's last days, in April, are no month of their own.
        year = f"r.{quote(by_year)} // 100"
        first, last = ((9, 1), (7, 31)) if spells.academic_year else ((4, 6), (3, 31))
        of_year = [
            f"make_date(cast({year} as integer), {first[0]}, {first[1]})",
            f"make_date(cast({year} + 1 as integer), {last[0]}, {last[1]})",
        ]
        start = f"greatest(coalesce({start}, {of_year[0]}), {of_year[0]})" if start else of_year[0]
        end = f"least(coalesce({end}, {of_year[1]}), {of_year[1]})" if end else of_year[1]
        known = f"r.{quote(by_year)} is not null"
    else:
        end = f"coalesce({end}, $until)"
        known = f"{start} is not null"
    params: dict[str, Value] = {"until": _until(held, spells.table)}
    conditions = [known]
    for column, values in spells.where.items():
        names = [f"code_{len(params) + number}" for number in range(len(values))]
        params |= dict(zip(names, values, strict=True))
        conditions.append(f"cast(r.{quote(column)} as varchar) in ({', '.join(f'${name}' for name in names)})")
    return engine.sql(
        f"""
        with dated as (
            select r.{PERSON}, {start} as first_day, {end} as last_day from {{rows}} as r
            where {" and ".join(conditions)}
        )
        select {PERSON}, first_day, last_day from dated where first_day <= last_day
        """,
        params=params,
        rows=given[spells.table],
    )


def _until(held: Held, table: str) -> datetime.date:
    years = held.tables[table].years
    return years.last_day if years else datetime.date(9999, 12, 31)


def _merged(engine: Engine, tables: Sequence[Table]) -> Table:
    """Spells of several tables and keys of a person, each day once; stored."""
    named = {f"spells_{number}": table for number, table in enumerate(tables)}
    union = " union all ".join(f"select * from {{{name}}}" for name in named)
    return engine.sql(
        f"""
        with held as ({union}),
        reached as (
            select *, max(last_day) over (
                       partition by {PERSON} order by first_day, last_day
                       rows between unbounded preceding and 1 preceding
                   ) as before
            from held
        ),
        numbered as (
            -- The day that it began: spells of the same days have it together, whichever a sort puts first.
            select *, max(case when before is null or first_day > before then first_day end) over (
                       partition by {PERSON} order by first_day, last_day
                       range between unbounded preceding and current row
                   ) as began
            from reached
        )
        select {PERSON}, min(first_day) as first_day, max(last_day) as last_day
        from numbered group by {PERSON}, began
        """,
        params=None,
        store=True,
        **named,
    )


def _tax_years(engine: Engine, span: Years) -> Table:
    """tax_year, year_start, year_end (its days), month_start, first_month (months since year 0): April."""
    numbers = range(span.first // 100, span.last // 100 + 1)
    return engine.from_arrow(
        pa.table(
            {
                YEAR: pa.array([year * 100 + (year + 1) % 100 for year in numbers], pa.int64()),
                "year_start": pa.array([datetime.date(year, 4, 6) for year in numbers], pa.date32()),
                "month_start": pa.array([datetime.date(year, 4, 1) for year in numbers], pa.date32()),
                "year_end": pa.array([datetime.date(year + 1, 4, 5) for year in numbers], pa.date32()),
                "first_month": pa.array([year * 12 + 3 for year in numbers], pa.int64()),
            }
        )
    )


def _by_year(engine: Engine, spells: Table, years: Table) -> Table:
    """AE_ID, tax_year, bits of the months and days; stored."""
    return engine.sql(
        f"""
        with met as (
            select s.{PERSON}, y.{YEAR},
                   greatest(year(s.first_day) * 12 + month(s.first_day) - 1 - y.first_month, 0) as first_bit,
                   least(year(s.last_day) * 12 + month(s.last_day) - 1 - y.first_month, 11) as last_bit,
                   greatest(
                       date_diff('day', greatest(s.first_day, y.year_start), least(s.last_day, y.year_end)) + 1, 0
                   ) as days
            from {{spells}} as s
            join {{years}} as y on s.first_day <= y.year_end and s.last_day >= y.month_start
        )
        select {PERSON}, {YEAR},
               cast(bit_or(case when first_bit <= last_bit
                                then (1 << cast(last_bit + 1 as integer)) - (1 << cast(first_bit as integer))
                                else 0 end) as integer) as bits,
               cast(sum(days) as integer) as days
        from met
        group by {PERSON}, {YEAR}
        """,
        spells=spells,
        years=years,
        store=True,
    )


def _person_year(engine: Engine, held: Held, given: Given, active: Table) -> Table:
    """Every person in every year: a figure is empty where its table was not approved for the year, else 0 at least."""
    span = held.span()
    if span is None:
        raise ValueError("no table is by year")
    sides: dict[str, Table] = {}
    joins, listed = [], [f"people.{PERSON}", f"years.{YEAR}", f"recorded.{PERSON} is not null as {RECORDED}"]
    params: dict[str, Value] = {}

    def approved(tables: Sequence[str], number: int) -> str:
        """The condition that a year is one of those that any of the tables was approved for."""
        found = []
        for place, table in enumerate(tables):
            own, first, last = held.tables[table].years or span, f"first_{number}_{place}", f"last_{number}_{place}"
            params[first], params[last] = own.first, own.last
            found.append(f"years.{YEAR} between ${first} and ${last}")
        return f"({' or '.join(found)})"

    for number, measure in enumerate(held.measures()):
        alias = f"measure_{number}"
        year, column = quote(measure.year), quote(measure.column)
        order = quote(measure.largest) if measure.largest else column
        figure = f"sum({column})" if measure.sum else f"arg_max({column}, {order})"
        rows = f"{{rows}} where {column} is not null"
        sides[alias] = engine.sql(
            f"select {PERSON}, {year} as {YEAR}, {figure} as figure from {rows} group by {PERSON}, {year}",
            rows=given[measure.table],
        )
        joins.append(
            f"left join {{{alias}}} as {alias} on {alias}.{PERSON} = people.{PERSON} and {alias}.{YEAR} = years.{YEAR}"
        )
        told = f"cast(coalesce({alias}.figure, 0) as bigint)" if measure.sum else f"{alias}.figure"
        listed.append(f"case when {approved([measure.table], number)} then {told} end as {quote(measure.name)}")
    for place, (activity, spells) in enumerate(held.activities()):
        number = len(held.measures()) + place
        condition = approved([s.table for s in spells], number)
        bits, days = quote(f"{activity.name}_bits"), quote(f"{activity.name}_days")
        listed.append(
            f"case when {condition} then cast(bit_count(coalesce(active.{bits}, 0)) as bigint) end"
            f" as {quote(f'{activity.name}_months')}"
        )
        if activity.days:
            listed.append(
                f"case when {condition} then cast(coalesce(active.{days}, 0) as bigint) end"
                f" as {quote(f'{activity.name}_days')}"
            )
    columns_told = ",\n               ".join(listed)
    return engine.sql(
        f"""
        select {columns_told}
        from {{people}} as people
        cross join {{years}} as years
        left join {{recorded}} as recorded on recorded.{PERSON} = people.{PERSON}
        left join {{active}} as active on active.{PERSON} = people.{PERSON} and active.{YEAR} = years.{YEAR}
        {" ".join(joins)}
        """,
        params=params,
        store=False,
        people=given["people"],
        years=_tax_years(engine, span),
        recorded=_recorded(engine, given),
        active=active,
        **sides,
    )


def _recorded(engine: Engine, given: Given) -> Table:
    """Everyone of whom there is a row by tax or benefit key."""
    tables = [table for name, table in given.items() if name != "people" and "EDUKEY" in table.columns]
    named = {f"table_{number}": table for number, table in enumerate(tables)}
    rows = " union all ".join(f"select {PERSON} from {{{name}}} where EDUKEY is not null" for name in named)
    if not named:
        return engine.sql(f"select {PERSON} from {{people}} where false", people=given["people"])
    return engine.sql(f"select distinct {PERSON} from ({rows}) as of_any", params=None, store=False, **named)


def _person_month(engine: Engine, held: Held, active: Table) -> Table:
    """A row for each month of which any activity has a day."""
    activities: list[Activity] = [activity for activity, _ in held.activities()]
    bits = {activity.name: f"a.{quote(f'{activity.name}_bits')}" for activity in activities}
    on = {name: f"({column} >> m.number) & 1 = 1" for name, column in bits.items()}
    main = " ".join(f"when {on[name]} then '{name}'" for name in on)
    flags = ", ".join(f"{condition} as {quote(name)}" for name, condition in on.items())
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
        select a.{PERSON}, cast(a.{YEAR} // 100 * 100 + m.ahead as bigint) as {MONTH}, case {main} end as {MAIN},
               {flags}
        from {{active}} as a
        join {{months}} as m on (({" | ".join(bits.values())}) >> m.number) & 1 = 1
        """,
        params=None,
        active=active,
        months=months,
    )
