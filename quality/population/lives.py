"""A few invented people as the bodies see them: spells at school, at work and so on, and what each body wrote down."""

import datetime
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from linkage.catalogue import TableDef
from linkage.engine import quote, rows
from quality.population.reading import Population

LANES = ("School", "College or training", "University", "Work", "Benefits")
_FIRST = datetime.date(2001, 9, 1)  # the first school year of which there are records
_ADULT = ("ilr", "hesa", "cis")
_NEEDED = (
    "npd_census",
    "ilr_aims",
    "ilr_learners",
    "hesa_students",
    "cis_customers",
    "hmrc_employment",
    "dwp_benefits",
)


@dataclass(frozen=True)
class Spell:
    """Time in one lane; the last day is in it."""

    lane: str
    since: datetime.date
    until: datetime.date


@dataclass(frozen=True)
class Life:
    """An invented person, told.

    Attributes:
        title: what the life shows.
        who: name and year of birth.
        events: days on which something else happened, and what.
        moves: days on which they moved home while the records run.
    """

    title: str
    who: str
    spells: Sequence[Spell]
    events: Sequence[tuple[datetime.date, str]]
    moves: Sequence[datetime.date]


@dataclass(frozen=True)
class Written:
    """One person's details as one body had them for a time."""

    source: str
    first: int
    last: int
    name: str
    birth: str
    postcode: str
    wrong: str  # the fields that are mistakes


def lives(population: Population) -> list[Life]:
    """One life for each story that somebody has; none where there are no outcomes."""
    if not population.has(*_NEEDED):
        return []
    told = tomllib.loads(resources.files("quality.population").joinpath("stories.toml").read_text(encoding="utf-8"))
    engine = population.engine
    about = engine.sql(_about(population), store=True, **_tables(population))
    found, taken = [], [0]
    for story in told["story"]:
        query = f"select * from {{about}} where {story['condition']} and person_id not in ({_listed(taken)}) "
        person = rows(engine, engine.sql(query + "order by person_id limit 1", about=about))
        if person:
            taken.append(person[0]["person_id"])
            found.append((story["title"], person[0]))
    if not found:
        return []
    spells = rows(engine, engine.sql(_spells(population, taken), **_tables(population)))
    return [_life(title, person, spells) for title, person in found]


def written_down(population: Population) -> list[Written]:
    """The details of one person who is in three sources or more and was written down wrongly in two."""
    tables: dict[str, Any] = {name: population.tables[name] for name in _identities(population)}
    if len(tables) < 3:
        return []
    truth: dict[str, Any] = {name: population.tables[f"truth_{name}"] for name in ("records", "errors", "persons")}
    found = rows(population.engine, population.engine.sql(_written(population), **tables, **truth))
    return [
        Written(
            source=row["source"],
            first=int(row["first"]),
            last=int(row["last"]),
            name=" ".join(filter(None, (row["forename"], row["middle_names"], row["surname"]))) or "none",
            birth=f"{row['dob'].day} {row['dob']:%B %Y}" if row["dob"] else "none",
            postcode=row["postcode"] or "none",
            wrong=row["wrong"] or "",
        )
        for row in found
    ]


def _tables(population: Population) -> dict[str, Any]:
    return dict(population.tables)


def _listed(people: Sequence[int]) -> str:
    return ", ".join(map(str, people))


def _identities(population: Population) -> dict[str, TableDef]:
    """The tables whose rows are of a person with a name and a day."""
    found = {}
    for name in population.tables:
        dataset, table = name.split("_", 1)
        if dataset == "truth":
            continue
        definition = population.catalogue.table(dataset, table)
        if all(definition.with_role(role) for role in ("record_key", "valid_from", "surname")):
            found[name] = definition
    return found


def _about(population: Population) -> str:
    """Every person with what the stories ask for."""
    sources = sorted(name.split("_", 1)[0] for name in _identities(population))
    counted = ", ".join(f"count(*) filter (records.source = '{name}') as {name}" for name in sources)
    filled = ", ".join(f"coalesce(held.{name}, 0) as {name}" for name in sources)
    return f"""
        with held as (
            select records.person_id, {counted} from {{truth_records}} as records group by records.person_id
        ),
        numbers as (select person_id, entity_key as nino from {{truth_entities}} where source = 'cis'),
        worked as (
            select numbers.person_id, count(*) as jobs
            from {{hmrc_employment}} as spells join numbers on numbers.nino = spells.NINO group by numbers.person_id
        ),
        helped as (
            select numbers.person_id, count(*) as benefits
            from {{dwp_benefits}} as spells join numbers on numbers.nino = spells.NINO group by numbers.person_id
        )
        select persons.*, cast(year(persons.birth_date) as int) as birth_year, {filled},
               {_homes(population)} as homes,
               coalesce(worked.jobs, 0) as jobs, coalesce(helped.benefits, 0) as benefits
        from {{truth_persons}} as persons
        left join held on held.person_id = persons.person_id
        left join worked on worked.person_id = persons.person_id
        left join helped on helped.person_id = persons.person_id
    """


def _homes(population: Population) -> str:
    """How many homes a person had; CSV has them in one text."""
    if population.manifest["format"] == "csv":
        return "len(string_split(persons.postcodes, '|'))"
    return "len(persons.postcodes)"


def _spells(population: Population, people: Sequence[int]) -> str:
    wanted = _listed(people)
    schools = [
        f"""
        select records.person_id, 'School' as lane,
               make_date(y - 1, 9, 1) as since, make_date(y, 8, 31) as until
        from (
            select {quote(str(_column(definition, "record_key")))} as record_key,
                   cast(year({_day(definition)} + interval 4 months) as int) as y
            from {{{name}}}
        ) as census
        join {{truth_records}} as records
          on records.source = '{name.split("_", 1)[0]}' and records.record_key = cast(census.record_key as varchar)
        """
        for name, definition in _identities(population).items()
        if name.split("_", 1)[0] not in _ADULT
    ]
    return f"""
        with numbers as (select person_id, entity_key as nino from {{truth_entities}} where source = 'cis'),
        spells as (
            {" union all ".join(schools)}
            union all
            select entities.person_id, 'University', make_date(s.AcademicYear // 100, 9, 15),
                   make_date(s.AcademicYear // 100 + 1, 8, 31)
            from {{hesa_students}} as s
            join {{truth_entities}} as entities on entities.source = 'hesa' and entities.entity_key = s.HUSID
            union all
            select entities.person_id, 'College or training', a.LearnStartDate,
                   coalesce(a.LearnActEndDate, a.LearnPlanEndDate)
            from {{ilr_aims}} as a
            join {{truth_entities}} as entities on entities.source = 'ilr' and entities.entity_key in
                 (a.ULN, concat(cast(a.UKPRN as varchar), '|', a.LearnRefNumber))
            union all
            select numbers.person_id, 'Work', e.StartDate, e.EndDate
            from {{hmrc_employment}} as e join numbers on numbers.nino = e.NINO
            union all
            select numbers.person_id, 'Benefits', b.StartDate, b.EndDate
            from {{dwp_benefits}} as b join numbers on numbers.nino = b.NINO
        ),
        ended as (select max(make_date(AcademicYear // 100 + 1, 8, 31)) as last from {{npd_census}})
        select person_id, lane, since, least(coalesce(until, ended.last), ended.last) as until
        from spells cross join ended
        where person_id in ({wanted}) and since < ended.last
        order by person_id, lane, since
    """


def _column(definition: TableDef, role: str) -> str | None:
    found = definition.with_role(role)
    return found.name if found else None


def _day(definition: TableDef) -> str:
    return quote(str(_column(definition, "valid_from")))


def _life(title: str, person: Mapping[str, Any], spells: Sequence[Mapping[str, Any]]) -> Life:
    own = [row for row in spells if row["person_id"] == person["person_id"]]
    merged = [spell for lane in LANES for spell in _merged(lane, [row for row in own if row["lane"] == lane])]
    gone = "dies" if person["death_date"] == person["departure_date"] else "leaves the country"
    dated = [
        (person["arrival_date"], "arrives from abroad"),
        (person["new_surname_date"], f"becomes {person['forename']} {person['new_surname']}"),
        (person["second_nino_issued"], "is given a second National Insurance number"),
        (person["departure_date"], gone),
    ]
    who = f"{person['forename']} {person['surname']}, born {person['birth_year']}"
    last = max((spell.until for spell in merged), default=datetime.date.max)
    events = [(day, told) for day, told in dated if day and day <= last]
    moves = [day for day in _moves(person["postcodes_from"]) if _FIRST <= day <= last]
    return Life(title, who, merged, events, moves)


def _moves(since: Sequence[datetime.date | None] | str) -> list[datetime.date]:
    """Days from which each home but the first was one; CSV has them in one text."""
    if isinstance(since, str):
        return [datetime.date.fromisoformat(day) for day in since.split("|") if day]
    return [day for day in since if day]


def _merged(lane: str, found: Sequence[Mapping[str, Any]]) -> list[Spell]:
    """Spells that overlap or follow each other within a month as one, as a drawing shows them."""
    merged: list[Spell] = []
    for row in sorted(found, key=lambda row: row["since"]):
        if merged and (row["since"] - merged[-1].until).days <= 31:
            merged[-1] = Spell(lane, merged[-1].since, max(merged[-1].until, row["until"]))
        else:
            merged.append(Spell(lane, row["since"], row["until"]))
    return merged


def _written(population: Population) -> str:
    """Distinct details of the first person who fits, by source and year."""
    each = []
    for name, definition in _identities(population).items():
        source = name.split("_", 1)[0]
        roles = ("forename", "middle_names", "surname", "dob", "postcode")
        values = [quote(column) if (column := _column(definition, role)) else "null" for role in roles]
        shown = ", ".join(f"{value} as {role}" for value, role in zip(values, roles, strict=True))
        each.append(f"""
            select '{source}' as source, cast({quote(str(_column(definition, "record_key")))} as varchar) as record_key,
                   year({_day(definition)}) as year, {shown}
            from {{{name}}}
        """)
    return f"""
        with slips as (
            select records.person_id, count(distinct records.source) as sources,
                   count(distinct errors.field) as fields, count(distinct errors.kind) as kinds
            from {{errors}} as errors
            join {{records}} as records on records.source = errors.source and records.record_key = errors.record_key
            where errors.field in ('forename', 'surname', 'dob')
            group by records.person_id
        ),
        present as (
            select person_id, count(distinct source) as sources, count(*) as records
            from {{records}} group by person_id
        ),
        chosen as (
            select min(persons.person_id) as person_id
            from {{persons}} as persons
            join slips on slips.person_id = persons.person_id and slips.sources >= 2 and slips.fields >= 2
            join present on present.person_id = persons.person_id and present.sources >= 3 and present.records < 30
            where persons.new_surname is not null
        ),
        mine as (
            select records.source, records.record_key
            from {{records}} as records join chosen on chosen.person_id = records.person_id
        ),
        wrong as (
            select errors.source, errors.record_key,
                   string_agg(errors.field || ': ' || errors.kind, '; ' order by errors.field) as wrong
            from {{errors}} as errors
            join mine on mine.source = errors.source and mine.record_key = errors.record_key
            group by errors.source, errors.record_key
        ),
        held as ({" union all ".join(each)})
        select held.source, held.forename, held.middle_names, held.surname, held.dob, held.postcode, wrong.wrong,
               min(held.year) as first, max(held.year) as last
        from held
        join mine on mine.source = held.source and mine.record_key = held.record_key
        left join wrong on wrong.source = held.source and wrong.record_key = held.record_key
        group by all
        order by first, last, held.source, held.surname, held.postcode
    """
