"""The rows of an extract: approved columns of approved years for the project's people,
under their pseudonyms.
"""

from collections.abc import Mapping

from linkage.engine import Engine, Table, Value, columns, quote
from linkage.extract.layout import EDUKEY, PERSON, PMR, Field, Layout
from linkage.extract.population import People
from linkage.extract.pseudonyms import ProjectKey, pseudonyms


def select_rows(
    engine: Engine, layout: Layout, rows: Table, people: People, key: ProjectKey
) -> Table:
    """One approved table.

    Rows are sorted by all columns, the person's pseudonym first: their order discloses
    nothing of the order of the source, and the same rows make the same file.

    Args:
        rows: the run's table; it bears AE_ID, EDUKEY or entity_id.
        key: the project's own.

    Returns:
        The layout's columns, in its order.
    """
    sides, joins, pseudonym_of = _keys(layout, rows, people)
    bodies = {
        field.name: pseudonyms(
            engine, key, rows, field.name, kind=field.pseudonym_of or field.name
        )
        for field in layout.fields
        if field.pseudonym_of and field.name not in pseudonym_of
    }
    for number, (name, mapping) in enumerate(bodies.items()):
        alias = f"body_{number}"
        sides[alias] = mapping
        joins.append(
            f"left join {{{alias}}} as {alias} on {alias}.value = held.{quote(name)}"
        )
        pseudonym_of[name] = f"{alias}.pseudonym"
    expressions = ",\n               ".join(
        f"{pseudonym_of.get(field.name) or _value(field, layout)} as "
        f"{quote(field.name)}"
        for field in layout.fields
    )
    condition, params = _of_approved_rows(layout)
    for field in layout.fields:
        for number, years in enumerate(field.within):
            params |= {
                f"{field.name}_from_{number}": years.first,
                f"{field.name}_to_{number}": years.last,
            }
    return engine.sql(
        f"""
        select {expressions}
        from {{held}} as held
        {" ".join(joins)}
        {condition}
        order by {columns(layout.columns)}
        """,
        params=params,
        store=False,
        held=rows,
        **sides,
    )


def _keys(
    layout: Layout, rows: Table, people: People
) -> tuple[dict[str, Table], list[str], dict[str, str]]:
    """The people of the rows: tables to join, the joins, and the pseudonym that
    replaces each key.
    """
    sides: dict[str, Table] = {}
    joins: list[str] = []
    pseudonyms_of = {PERSON: f"person.{PERSON}"}
    if PERSON in rows.columns:
        sides["persons"] = people.persons
        joins.append(f"join {{persons}} as person on person.person = held.{PERSON}")
    elif EDUKEY in rows.columns and people.edukeys is not None:
        sides["edukeys"] = people.edukeys
        joins.append(f"join {{edukeys}} as person on person.tax_key = held.{EDUKEY}")
    else:
        sides["entities"] = people.entities
        sides["persons"] = people.persons
        joins.append("join {entities} as entity on entity.entity_id = held.entity_id")
        joins.append("join {persons} as person on person.person = entity.person")
    if EDUKEY in layout.columns and people.edukeys is not None:
        pseudonyms_of[EDUKEY] = f"person.{EDUKEY}"
        if "edukeys" not in sides:
            sides["edukeys"] = people.edukeys
            joins.append(
                f"left join {{edukeys}} as taxpayer on taxpayer.tax_key = held.{EDUKEY}"
            )
            pseudonyms_of[EDUKEY] = f"taxpayer.{EDUKEY}"
    if PMR in layout.columns and people.pupils is not None:
        sides["pupils"] = people.pupils
        joins.append("left join {pupils} as pupil on pupil.entity_id = held.entity_id")
        pseudonyms_of[PMR] = f"pupil.{PMR}"
    return sides, joins, pseudonyms_of


def _value(field: Field, layout: Layout) -> str:
    """A column as it leaves: a spell's days are cut to the approved years, and other
    years are left out.
    """
    column = f"held.{quote(field.name)}"
    spell = (
        layout.holding.spell_columns if layout.is_clipped and layout.holding else None
    )
    if spell and field.name == spell[0]:
        return f"greatest({column}, $first_day)"
    if spell and field.name == spell[1]:
        return f"least(coalesce({column}, $last_day), $last_day)"
    if field.within:
        tests = (
            f"{column} between ${field.name}_from_{n} and ${field.name}_to_{n}"
            for n in range(len(field.within))
        )
        return f"case when {' or '.join(tests)} then {column} end"
    return column


def _of_approved_rows(layout: Layout) -> tuple[str, dict[str, Value]]:
    """The condition on a row's year or the days of its spell, its cohort and its phase;
    and its parameters.

    Rows of cohorts of other years are left out, since years after a cohort would show
    its year.
    """
    conditions, params, holding, cohort = (
        [],
        dict[str, Value](),
        layout.holding,
        layout.cohort,
    )
    if layout.years and holding and holding.spell_columns and layout.is_clipped:
        start, end = (f"held.{quote(name)}" for name in holding.spell_columns)
        conditions.append(
            f"{start} <= $last_day and coalesce({end}, $last_day) >= $first_day"
        )
        params |= {
            "first_day": layout.years.first_day,
            "last_day": layout.years.last_day,
        }
    elif layout.years and holding:
        conditions.append(
            f"coalesce({columns(holding.year_columns, 'held')}) between $first and "
            "$last"
        )
        params |= {"first": layout.years.first, "last": layout.years.last}
    if layout.cohorts and cohort and cohort.year_by:
        column, cases = f"held.{quote(cohort.name)}", []
        for number, (value, spans) in enumerate(layout.cohorts.items()):
            params[f"cohort_{number}"] = value
            ranges = []
            for place, years in enumerate(spans):
                first, last = (
                    f"cohort_{number}_from_{place}",
                    f"cohort_{number}_to_{place}",
                )
                params |= {first: years.first, last: years.last}
                ranges.append(f"{column} between ${first} and ${last}")
            cases.append(f"when ${f'cohort_{number}'} then {' or '.join(ranges)}")
        conditions.append(
            f"case held.{quote(cohort.year_by)} {' '.join(cases)} else true end"
        )
    if layout.only:
        phases = {
            f"only_{number}": value for number, value in enumerate(layout.only.values)
        }
        placeholders = ", ".join(f"${name}" for name in phases)
        conditions.append(
            f"cast(held.{quote(layout.only.column)} as varchar) in ({placeholders})"
        )
        params |= phases
    return "where " + " and ".join(conditions) if conditions else "", params


def link_rows(
    engine: Engine,
    layout: Layout,
    spine: Table | None,
    people: People,
    datasets: Mapping[str, str] | None = None,
) -> Table:
    """The tables that an extract makes itself: `people` and `linkage`, of records of
    the layout's datasets only.

    A person's least certain link is the accepted link of lowest probability among those
    that joined their records. Figures are rounded, since a match weight with all its
    decimals would be the same in two projects, and so disclose that two pseudonyms are
    one person.
    """
    if spine is None:
        return engine.sql(
            f"select {PERSON} from {{persons}} order by {PERSON}",
            persons=people.persons,
        )
    by_source = "source" in layout.columns
    keys = "person, source" if by_source else "person"
    sources = (
        [s for s, dataset in (datasets or {}).items() if dataset == name] or [name]
        for name in layout.datasets
    )
    names = dict(enumerate(source for of_dataset in sources for source in of_dataset))
    is_known = (
        f"spine.source in ({', '.join(f'$source_{place}' for place in names)})"
        if names
        else "false"
    )
    return engine.sql(
        f"""
        with linked as (
            select entities.person, spine.source, spine.link_method, spine.link_pass,
                spine.link_band,
                   round(cast(spine.match_probability as double), 4)
                       as match_probability,
                   round(cast(spine.margin as double), 1) as margin
            from {{spine}} as spine
            join {{entities}} as entities on entities.entity_id = spine.entity_id
            where {is_known}
        ),
        ranked as (
            select *, cast(count(*) over (partition by {keys}) as bigint) as entities,
                   row_number() over (
                       partition by {keys}
                       order by case when link_method is null then 1 else 0 end,
                           match_probability nulls last,
                                margin nulls last, link_method, link_pass, link_band,
                                    source
                   ) as place
            from linked
        ),
        of_source as (
            select distinct person, source from linked
        ),
        held as (
            select person, string_agg(source, ' ' order by source) as sources
                from of_source group by person
        )
        select {columns(layout.columns)}
        from {{persons}} as persons
        {"" if by_source else "left"} join ranked on ranked.person = persons.person
            and place = 1
        {"" if by_source else "left join held on held.person = persons.person"}
        order by {columns(layout.columns)}
        """,
        params={f"source_{place}": name for place, name in names.items()},
        store=False,
        spine=spine,
        entities=people.entities,
        persons=people.persons,
    )
