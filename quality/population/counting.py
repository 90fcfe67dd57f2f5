"""What the page says of a population, counted on its files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.engine import Table, quote, rows
from quality.population.reading import Population

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Counts:
    """Rows of counts.

    Attributes:
        people: those looked at, of whom all the rest is counted.
        births: year, sex, people.
        kinds, origins, regions: label, people.
        forenames: cohort (first of five birth years), sex, name, people: the ten most common.
        surnames: origin, name, people: the five most common.
        concentration: year, sex, births, people: those with one of the ten most common forenames of year and sex.
        records: source, year, records.
        together: sources (names joined by a space), people.
        mistakes: source, field, kind, records.
        touched: source, records, wrong: records, and those with a mistake in some field.
    """

    people: int
    births: Rows
    kinds: Rows
    origins: Rows
    regions: Rows
    forenames: Rows
    surnames: Rows
    concentration: Rows
    records: Rows
    together: Rows
    mistakes: Rows
    touched: Rows


def count(population: Population) -> Counts:
    """Everything but journeys."""
    persons = population.tables["truth_persons"]
    source_of = _identity_tables(population)
    ask = _Asking(population, persons)
    return Counts(
        people=int(ask("select count(*) as people from {persons}")[0]["people"]),
        births=ask("""
            select extract(year from birth_date) as year, sex, count(*) as people
            from {persons} group by all order by all
        """),
        kinds=ask(_GROUPED.format(column="kind")),
        origins=ask(_GROUPED.format(column="origin_group")),
        regions=ask(_GROUPED.format(column="region")),
        forenames=ask(_FORENAMES),
        surnames=ask(_SURNAMES),
        concentration=ask(_CONCENTRATION),
        records=[row for name, table in source_of.items() for row in _by_year(ask, population, name, table)],
        together=ask(_TOGETHER, records=population.tables["truth_records"]),
        mistakes=ask(
            """
            select source, field, kind, count(*) as records
            from {errors} group by all order by records desc, source, field, kind
            """,
            errors=_latest(population, "truth_errors"),
        ),
        touched=ask(_TOUCHED, errors=_latest(population, "truth_errors"), records=_latest(population, "truth_records")),
    )


class _Asking:
    """Queries about the persons, answered by rows."""

    def __init__(self, population: Population, persons: Table) -> None:
        self._engine, self._persons = population.engine, persons

    def __call__(self, query: str, **tables: Any) -> Rows:
        return rows(self._engine, self._engine.sql(query, persons=self._persons, **tables))


def _identity_tables(population: Population) -> dict[str, str]:
    """Source to the name of its identity table: the one whose rows have a record key."""
    found = {}
    for name in population.tables:
        dataset, table = name.split("_", 1)
        if dataset != "truth" and population.catalogue.table(dataset, table).with_role("record_key"):
            found[dataset] = name
    return found


def _latest(population: Population, name: str) -> Table:
    """Rows of the truth that stand in the last delivery, and of the people who are looked at."""
    table, engine = population.tables[name], population.engine
    if "last_release" not in table.columns:
        return table
    last = int(population.manifest["releases"])
    return engine.sql("select * from {t} where last_release = $last", params={"last": last}, t=table)


def _by_year(ask: _Asking, population: Population, source: str, name: str) -> Rows:
    dataset, table = name.split("_", 1)
    dated = population.catalogue.table(dataset, table).with_role("valid_from")
    if dated is None:
        return []
    query = f"""
        select $source as source, extract(year from {quote(dated.name)}) as year, count(*) as records
        from {{records}} where {quote(dated.name)} is not null group by all order by all
    """
    return ask(query.replace("$source", f"'{source}'"), records=population.tables[name])


_GROUPED = """
    select {column} as label, count(*) as people
    from {{persons}} where {column} is not null group by all order by people desc, label
"""

_FORENAMES = """
    with named as (
        select extract(year from birth_date) // 5 * 5 as cohort, sex, forename as name, count(*) as people
        from {persons} where forename is not null group by all
    )
    select cohort, sex, name, people
    from named
    qualify row_number() over (partition by cohort, sex order by people desc, name) <= 10
    order by cohort, sex, people desc, name
"""

_SURNAMES = """
    with named as (
        select origin_group as origin, surname as name, count(*) as people from {persons} group by all
    )
    select origin, name, people
    from named
    qualify row_number() over (partition by origin order by people desc, name) <= 5
    order by origin, people desc, name
"""

_CONCENTRATION = """
    with named as (
        select extract(year from birth_date) as year, sex, forename, count(*) as people from {persons} group by all
    ),
    ranked as (
        select *, row_number() over (partition by year, sex order by people desc, forename) as place from named
    )
    select year, sex, cast(sum(people) as bigint) as births,
           cast(sum(case when place <= 10 then people else 0 end) as bigint) as people
    from ranked group by year, sex order by year, sex
"""

_TOGETHER = """
    with held as (
        select persons.person_id, string_agg(distinct records.source, ' ' order by records.source) as sources
        from {persons} as persons left join {records} as records on records.person_id = persons.person_id
        group by persons.person_id
    )
    select coalesce(sources, '') as sources, count(*) as people
    from held group by all order by people desc, sources
"""

_TOUCHED = """
    with wrong as (select distinct source, record_key from {errors})
    select records.source, count(*) as records, count(wrong.record_key) as wrong
    from {records} as records
    left join wrong on wrong.source = records.source and wrong.record_key = records.record_key
    group by records.source order by records.source
"""
