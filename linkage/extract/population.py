"""The population of a project's extract, and its pseudonyms."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from linkage.catalogue import Catalogue
from linkage.catalogue.holdings import holdings
from linkage.catalogue.years import Years
from linkage.engine import Engine, Table, columns, one, quote
from linkage.errors import ContractError
from linkage.extract.layout import EDUKEY, PERSON, PMR
from linkage.extract.opt_outs import OptedOut, check_sources, opted_out
from linkage.extract.project import Cohort, Population
from linkage.extract.pseudonyms import ProjectKey, pseudonyms


@dataclass(frozen=True)
class People:
    """A population by every key that rows may have: raw keys first, pseudonyms last."""

    persons: Table  # person (raw), AE_ID
    # entity_id (raw), person (raw): no pseudonyms, which a person's many records would
    # repeat
    entities: Table
    edukeys: Table | None  # tax_key (raw EDUKEY), AE_ID, EDUKEY
    pupils: Table | None  # entity_id (raw), PUPILMATCHINGREFANONYMOUS
    opted_out: OptedOut | None = None

    def drop(self, engine: Engine) -> None:
        """Drop the stored tables."""
        engine.drop(
            *(
                t
                for t in (self.persons, self.entities, self.edukeys, self.pupils)
                if t is not None
            )
        )


def people(
    engine: Engine,
    population: Population,
    catalogue: Catalogue,
    tables: Mapping[str, Table],
    key: ProjectKey,
    opt_outs: pa.Table | None = None,
    datasets: Mapping[str, str] | None = None,
) -> People:
    """Find the people of a project and give them pseudonyms.

    Args:
        key: the project's own.
        opt_outs: people who opted out: source, entity_key.
        datasets: the dataset of each source of the run; their own names when None.

    Raises:
        ContractError: a lookup gives one record to several people; the message gives
            the count.
    """
    lookup = tables["lookup_ae_id"]
    _one_person_each(engine, lookup, "entity_id", "lookup_ae_id")
    datasets = datasets or {}
    members, opt_out_counts = (
        _members(engine, population, catalogue, tables, datasets),
        None,
    )
    if opt_outs is not None:
        sources = engine.sql(
            "select distinct source from {spine}", spine=tables["spine"]
        )
        names = engine.arrow(sources)["source"].to_pylist()
        dataset_of = {source: datasets.get(source, source) for source in names}
        check_sources(opt_outs, catalogue, (*dataset_of, *dataset_of.values()))
        members, opt_out_counts = opted_out(
            engine, opt_outs, tables["spine"], lookup, members, dataset_of
        )
    persons = _named(engine, key, members, f"ours.{PERSON} as person", PERSON, PERSON)
    entities = engine.sql(
        f"""
        select lookup.entity_id, lookup.{PERSON} as person
        from {{lookup}} as lookup semi join {{persons}} as persons
            on persons.person = lookup.{PERSON}
        """,
        store=True,
        lookup=lookup,
        persons=persons,
    )
    return People(
        persons=persons,
        entities=entities,
        edukeys=_edukeys(engine, tables, persons, key)
        if "lookup_edukey" in tables
        else None,
        pupils=_pupils(engine, tables, entities, key)
        if "lookup_pmr" in tables
        else None,
        opted_out=opt_out_counts,
    )


def _members(
    engine: Engine,
    population: Population,
    catalogue: Catalogue,
    tables: Mapping[str, Table],
    datasets: Mapping[str, str],
) -> Table:
    """Raw AE_ID of everyone in all sources and in any cohort."""
    lookup = tables["lookup_ae_id"]
    members = engine.sql(f"select distinct {PERSON} from {{lookup}}", lookup=lookup)
    for dataset in population.sources:
        sources = [
            source for source, value in datasets.items() if value == dataset
        ] or [dataset]
        params = {f"source_{number}": source for number, source in enumerate(sources)}
        placeholders = ", ".join(f"${name}" for name in params)
        members = engine.sql(
            f"""
            with held as (select distinct {PERSON} from {{lookup}}
                where source in ({placeholders}))
            select {PERSON} from {{members}} semi join held using ({PERSON})
            """,
            params=params,
            members=members,
            lookup=lookup,
        )
    if population.cohort:
        cohorts = {
            f"cohort_{number}": _cohort(engine, cohort, catalogue, tables)
            for number, cohort in enumerate(population.cohort)
        }
        union = " union ".join(f"select {PERSON} from {{{name}}}" for name in cohorts)
        members = engine.sql(
            f"""
            with of_any_cohort as ({union})
            select {PERSON} from {{members}} semi join of_any_cohort using ({PERSON})
            """,
            params=None,
            store=False,
            members=members,
            **cohorts,
        )
    return members


def _cohort(
    engine: Engine, cohort: Cohort, catalogue: Catalogue, tables: Mapping[str, Table]
) -> Table:
    """Raw AE_ID of everyone with a row in the cohort's years."""
    holding = holdings(catalogue)[cohort.table]
    rows = tables[holding.run_table]
    years = Years.parse(cohort.years)
    key, lookup = "entity_id", tables["lookup_ae_id"]
    if PERSON in rows.columns:
        key = PERSON
    elif EDUKEY in rows.columns:
        key, lookup = EDUKEY, tables["lookup_edukey"]
    return engine.sql(
        f"""
        with of_these_years as (
            select distinct {key} from {{rows}}
            where coalesce({columns(holding.year_columns)}) between $first and $last
        )
        select distinct {PERSON} from {{lookup}} semi join of_these_years using ({key})
        """,
        params={"first": years.first, "last": years.last},
        rows=rows,
        lookup=lookup,
    )


def _edukeys(
    engine: Engine, tables: Mapping[str, Table], persons: Table, key: ProjectKey
) -> Table:
    lookup = tables["lookup_edukey"]
    _one_person_each(engine, lookup, EDUKEY, "lookup_edukey")
    keys = engine.sql(
        f"""
        select distinct lookup.{EDUKEY} as tax_key, persons.{PERSON}
        from {{lookup}} as lookup join {{persons}} as persons
            on persons.person = lookup.{PERSON}
        """,
        lookup=lookup,
        persons=persons,
    )
    return _named(engine, key, keys, f"ours.tax_key, ours.{PERSON}", "tax_key", EDUKEY)


def _pupils(
    engine: Engine, tables: Mapping[str, Table], entities: Table, key: ProjectKey
) -> Table:
    pupils = engine.sql(
        f"""
        select lookup.entity_id, min(cast(lookup.{PMR} as varchar)) as pmr
        from {{lookup}} as lookup semi join {{entities}} as entities using (entity_id)
        group by lookup.entity_id
        """,
        lookup=tables["lookup_pmr"],
        entities=entities,
    )
    return _named(engine, key, pupils, "ours.entity_id", "pmr", PMR)


def _named(
    engine: Engine,
    key: ProjectKey,
    rows: Table,
    select_list: str,
    value: str,
    kind: str,
) -> Table:
    """The columns of `select_list`, and the pseudonym of a value in a column that is
    named like its kind; stored.
    """
    names = pseudonyms(engine, key, rows, value, kind=kind)
    table = engine.sql(
        f"""
        select {select_list}, names.pseudonym as {kind}
        from {{ours}} as ours join {{names}} as names on names.value = ours.{value}
        """,
        store=True,
        ours=rows,
        names=names,
    )
    engine.drop(names)
    return table


def _one_person_each(engine: Engine, lookup: Table, record: str, name: str) -> None:
    counts = one(
        engine,
        engine.sql(
            f"""
            with shared as (
                select {quote(record)} from {{lookup}}
                group by {quote(record)} having min({PERSON}) <> max({PERSON})
            )
            select count(*) as shared from shared
            """,
            lookup=lookup,
        ),
    )
    if counts["shared"]:
        raise ContractError(
            f"{name}: {counts['shared']:,} {record} belong to more than one {PERSON}\n"
            "  an extract would give their rows to both; run the spine stage again"
        )
