"""The files of a population as tables of an engine, and the queries behind the page."""

import datetime
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from linkage.catalogue import TableDef, shipped
from linkage.engine import Engine, Table, quote, rows
from linkage.errors import InputError

MOST_PEOPLE = 200_000
"""People that the page is made from. More would show the same and take minutes."""

ACTIVITIES = ("School", "College or training", "University", "Work", "Benefits", "None of these")
"""In the order in which they count where several hold at once."""

Rows = Sequence[Mapping[str, Any]]

_FIRST_RECORDS = datetime.date(2001, 9, 1)
_FOR_LIVES = {"npd_census", "npd_ks4", "ilr_aims", "hesa_students", "cis_customers", "hmrc_employment", "dwp_benefits"}


class Population:
    """The last delivery of a population in Parquet. `tables` are named "npd_census", "truth_persons" and so on."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        """Open the files.

        Raises:
            InputError: the folder holds no population in Parquet, or a file of it is missing.
        """
        path = folder / "manifest.json"
        if not path.is_file():
            raise InputError(f"{folder}: holds no population\n  make one first: leo synth --out {folder}")
        self.engine = engine
        self.manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if self.manifest["format"] != "parquet":
            raise InputError(f"{folder}: the page reads Parquet\n  make the population with --format parquet")
        releases = self.manifest.get("releases", 1)
        prefix = f"release-{releases}/" if releases > 1 else ""
        parts = max(1, MOST_PEOPLE // self.manifest["chunk"])
        self.tables: dict[str, Table] = {}
        self.bytes: dict[str, int] = {}
        for place in self.manifest["rows"]:
            files = _files(folder, place)
            self.bytes[place] = sum(file.stat().st_size for file in files)
            if place.startswith(("truth/", f"{prefix}sources/")):
                name = place.removeprefix(prefix).removeprefix("sources/").replace("/", "_")
                self.tables[name] = engine.read(files[:parts])
        for name in ("truth_errors", "truth_records"):
            if "last_release" in self.tables[name].columns:
                query = f"select * from {{t}} where last_release = {int(releases)}"
                self.tables[name] = engine.sql(query, t=self.tables[name])

    @property
    def has_lives(self) -> bool:
        """Whether the tables of outcomes are there."""
        return self.tables.keys() >= _FOR_LIVES

    def ask(self, query: str, **others: Table) -> Rows:
        """The rows of a query; tables by their names in braces."""
        tables: dict[str, Any] = {**self.tables, **others}
        return rows(self.engine, self.engine.sql(query, params=None, **tables))

    def identity_tables(self) -> dict[str, TableDef]:
        """The tables whose rows are of a person with a name and a day."""
        names = [name for name in self.tables if not name.startswith("truth_")]
        definitions = {name: shipped().table(*name.split("_", 1)) for name in names}
        roles = ("record_key", "valid_from", "surname")
        return {name: one for name, one in definitions.items() if all(map(one.with_role, roles))}


def _files(folder: Path, place: str) -> list[Path]:
    whole = folder / f"{place}.parquet"
    files = [whole] if whole.is_file() else sorted((folder / place).glob("part-*.parquet"))
    if not files:
        raise InputError(f"{folder / place}: no file of it is left\n  make the population again: leo synth")
    return files


PEOPLE = "select count(*) as people, min(year(birth_date)) as first, max(year(birth_date)) as last from {truth_persons}"

GROUPED = """
    select {column} as label, count(*) as people
    from {{truth_persons}} where {column} is not null group by all order by people desc, label
"""

FORENAMES = """
    with named as (
        select year(birth_date) // 10 * 10 as decade, sex, forename, count(*) as people
        from {truth_persons} where forename is not null group by all
    )
    select decade, sex, string_agg(forename, ', ' order by people desc, forename) as names
    from (
        select * from named
        qualify row_number() over (partition by decade, sex order by people desc, forename) <= 5
    ) as common
    group by decade, sex order by decade, sex
"""

SOURCES_OF_PEOPLE = """
    with known as (
        select persons.person_id, string_agg(distinct records.source, ' ' order by records.source) as sources
        from {truth_persons} as persons
        left join {truth_records} as records on records.person_id = persons.person_id
        group by persons.person_id
    )
    select coalesce(sources, '') as sources, count(*) as people from known group by all order by people desc, sources
"""

ERRORS = """
    select field, kind, count(*) as records from {truth_errors} group by all order by field, records desc, kind
"""

RECORDS_WITH_ERRORS = """
    with wrong as (select distinct source, record_key from {truth_errors})
    select records.source, count(*) as records, count(wrong.record_key) as wrong
    from {truth_records} as records
    left join wrong on wrong.source = records.source and wrong.record_key = records.record_key
    group by records.source order by records.source
"""

# What people do, as (person_id, activity, since, until), by the first that holds of ACTIVITIES.
_SPELLS = """
    numbers as (select person_id, entity_key as nino from {truth_entities} where source = 'cis'),
    spells as (
        SCHOOL_YEARS
        union all
        select entities.person_id, 'College or training', a.LearnStartDate,
               coalesce(a.LearnActEndDate, a.LearnPlanEndDate)
        from {ilr_aims} as a
        join {truth_entities} as entities on entities.source = 'ilr' and entities.entity_key in
             (a.ULN, concat(cast(a.UKPRN as varchar), '|', a.LearnRefNumber))
        union all
        select entities.person_id, 'University', make_date(s.AcademicYear // 100, 9, 15),
               make_date(s.AcademicYear // 100 + 1, 8, 31)
        from {hesa_students} as s
        join {truth_entities} as entities on entities.source = 'hesa' and entities.entity_key = s.HUSID
        union all
        select numbers.person_id, 'Work', e.StartDate, e.EndDate
        from {hmrc_employment} as e join numbers on numbers.nino = e.NINO
        union all
        select numbers.person_id, 'Benefits', b.StartDate, b.EndDate
        from {dwp_benefits} as b join numbers on numbers.nino = b.NINO
    )
"""


def _spells(population: Population) -> str:
    """School years are those before a census or a Scottish or Welsh school record."""
    adult = ("ilr", "hesa", "cis")
    schools = [
        f"""
        select records.person_id, 'School' as activity, make_date(y - 1, 9, 1) as since, make_date(y, 8, 31) as until
        from (
            select {quote(_column(definition, "record_key"))} as record_key,
                   cast(year({quote(_column(definition, "valid_from"))} + interval 4 months) as int) as y
            from {{{name}}}
        ) as census
        join {{truth_records}} as records
          on records.source = '{name.split("_", 1)[0]}' and records.record_key = cast(census.record_key as varchar)
        """
        for name, definition in population.identity_tables().items()
        if name.split("_", 1)[0] not in adult
    ]
    return _SPELLS.replace("SCHOOL_YEARS", " union all ".join(schools))


def _column(definition: TableDef, role: str) -> str:
    variable = definition.with_role(role)
    return variable.name if variable else ""


def activity(population: Population) -> Rows:
    """years (after key stage 4), activity, people: on 15 January, for as long as the records go."""
    ranks = " ".join(f"when '{name}' then {place}" for place, name in enumerate(ACTIVITIES))
    return population.ask(f"""
        with {_spells(population)},
        pupils as (
            select entities.person_id, min(ks4.ACADYR) // 100 + 1 as finished
            from {{npd_ks4}} as ks4
            join {{truth_entities}} as entities
              on entities.source = 'npd' and entities.entity_key = ks4.PupilMatchingRefAnonymous
            group by entities.person_id
        ),
        days as (
            select p.person_id, y.years, make_date(cast(p.finished + y.years as int), 1, 15) as day
            from pupils as p cross join (select unnest(generate_series(1, 15)) as years) as y
            where p.finished + y.years <= (select max(year(CensusDate)) from {{npd_census}})
        ),
        main as (
            select d.person_id, d.years, min(case s.activity {ranks} end) as place
            from days as d
            join spells as s on s.person_id = d.person_id and d.day >= s.since and d.day <= coalesce(s.until, d.day)
            group by d.person_id, d.years
        )
        select d.years, coalesce(m.place, {len(ACTIVITIES) - 1}) as activity, count(*) as people
        from days as d left join main as m on m.person_id = d.person_id and m.years = d.years
        group by all order by all
    """)


@dataclass(frozen=True)
class Life:
    """An invented person: spells (activity, first and last day), dated events, and days of moves."""

    title: str
    person: str
    spells: Sequence[tuple[str, datetime.date, datetime.date]]
    events: Sequence[tuple[datetime.date, str]]
    moves: Sequence[datetime.date]


def lives(population: Population) -> list[Life]:
    """One life for each story of stories.toml that some person has."""
    stories = tomllib.loads(Path(__file__).with_name("stories.toml").read_text(encoding="utf-8"))["story"]
    about = population.engine.sql(_about(population), params=None, store=True, **population.tables)
    chosen: dict[int, tuple[str, Mapping[str, Any]]] = {}
    for story in stories:
        taken = ", ".join(map(str, [0, *chosen]))
        query = f"select * from {{about}} where {story['condition']} and person_id not in ({taken})"
        for person in population.ask(f"{query} order by person_id limit 1", about=about):
            chosen[person["person_id"]] = (story["title"], person)
    if not chosen:
        return []
    spells = population.ask(f"""
        with {_spells(population)},
        ended as (select max(make_date(AcademicYear // 100 + 1, 8, 31)) as last from {{npd_census}})
        select person_id, activity, since, least(coalesce(until, ended.last), ended.last) as until
        from spells cross join ended
        where person_id in ({", ".join(map(str, chosen))}) and since < ended.last
        order by person_id, activity, since
    """)
    return [_life(title, person, spells) for title, person in chosen.values()]


def _about(population: Population) -> str:
    """truth/persons with what stories ask for."""
    sources = sorted({name.split("_", 1)[0] for name in population.identity_tables()})
    counts = ", ".join(f"count(*) filter (source = '{name}') as {name}" for name in sources)
    columns = ", ".join(f"coalesce(recorded.{name}, 0) as {name}" for name in sources)
    return f"""
        with recorded as (select person_id, {counts} from {{truth_records}} group by person_id),
        numbers as (select person_id, entity_key as nino from {{truth_entities}} where source = 'cis'),
        jobs as (
            select n.person_id, count(*) as jobs
            from {{hmrc_employment}} as e join numbers as n on n.nino = e.NINO group by n.person_id
        ),
        benefits as (
            select n.person_id, count(*) as benefits
            from {{dwp_benefits}} as b join numbers as n on n.nino = b.NINO group by n.person_id
        )
        select persons.*, cast(year(persons.birth_date) as int) as birth_year, {columns},
               len(persons.postcodes) as homes, coalesce(jobs.jobs, 0) as jobs,
               coalesce(benefits.benefits, 0) as benefits
        from {{truth_persons}} as persons
        left join recorded on recorded.person_id = persons.person_id
        left join jobs on jobs.person_id = persons.person_id
        left join benefits on benefits.person_id = persons.person_id
    """


def _life(title: str, person: Mapping[str, Any], spells: Rows) -> Life:
    own = [row for row in spells if row["person_id"] == person["person_id"]]
    merged: list[tuple[str, datetime.date, datetime.date]] = []
    for row in own:  # spells that overlap or follow within a month are drawn as one
        if merged and merged[-1][0] == row["activity"] and (row["since"] - merged[-1][2]).days <= 31:
            merged[-1] = (row["activity"], merged[-1][1], max(merged[-1][2], row["until"]))
        else:
            merged.append((row["activity"], row["since"], row["until"]))
    last = max((until for _, _, until in merged), default=datetime.date.max)
    departure = "dies" if person["death_date"] == person["departure_date"] else "leaves the country"
    events = [
        (person["arrival_date"], "arrives from abroad"),
        (person["new_surname_date"], f"becomes {person['forename']} {person['new_surname']}"),
        (person["second_nino_issued"], "is given a second National Insurance number"),
        (person["departure_date"], departure),
    ]
    moves = [day for day in person["postcodes_from"] if day and _FIRST_RECORDS <= day <= last]
    name = f"{person['forename']} {person['surname']}, born {person['birth_year']}"
    return Life(title, name, merged, [(day, text) for day, text in events if day and day <= last], moves)


def one_person(population: Population) -> Rows:
    """source, first, last (years), name, dob, postcode, wrong: one person in three sources or more, with errors in two."""
    details = []
    for name, definition in population.identity_tables().items():
        roles = ("forename", "middle_names", "surname", "dob", "postcode")
        columns = ", ".join(
            f"{quote(_column(definition, role)) if _column(definition, role) else 'null'} as {role}" for role in roles
        )
        key = f"cast({quote(_column(definition, 'record_key'))} as varchar)"
        details.append(
            f"select '{name.split('_', 1)[0]}' as source, {key} as record_key, "
            f"year({quote(_column(definition, 'valid_from'))}) as year, {columns} from {{{name}}}"
        )
    return population.ask(f"""
        with erring as (
            select r.person_id, count(distinct r.source) as sources, count(distinct e.field) as fields
            from {{truth_errors}} as e
            join {{truth_records}} as r on r.source = e.source and r.record_key = e.record_key
            where e.field in ('forename', 'surname', 'dob')
            group by r.person_id
        ),
        present as (
            select person_id, count(distinct source) as sources, count(*) as records
            from {{truth_records}} group by person_id
        ),
        chosen as (
            select min(persons.person_id) as person_id
            from {{truth_persons}} as persons
            join erring as e on e.person_id = persons.person_id and e.sources >= 2 and e.fields >= 2
            join present as p on p.person_id = persons.person_id and p.sources >= 3 and p.records < 30
            where persons.new_surname is not null
        ),
        mine as (select r.source, r.record_key from {{truth_records}} as r join chosen using (person_id)),
        wrong as (
            select e.source, e.record_key, string_agg(e.field || ': ' || e.kind, '; ' order by e.field) as wrong
            from {{truth_errors}} as e join mine using (source, record_key) group by e.source, e.record_key
        )
        select d.source, min(d.year) as first, max(d.year) as last,
               concat_ws(' ', d.forename, d.middle_names, d.surname) as name,
               d.dob, d.postcode, w.wrong
        from ({" union all ".join(details)}) as d
        join mine using (source, record_key)
        left join wrong as w using (source, record_key)
        group by d.source, d.forename, d.middle_names, d.surname, d.dob, d.postcode, w.wrong
        order by first, last, d.source, name, d.postcode
    """)
