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
"""People whom the page shows. More would show the same and take minutes."""

ACTIVITIES = ("School", "College or training", "University", "Work", "Benefits", "None of these")
"""In the order in which they count where several hold at once."""

Rows = Sequence[Mapping[str, Any]]

_SQL: dict[str, str] = tomllib.loads(Path(__file__).with_name("queries.toml").read_text(encoding="utf-8"))

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

    def named(self, name: str, **texts: str) -> Rows:
        """The rows of a query of queries.toml; `texts` replace words in capitals."""
        query = _SQL[name]
        for word, text in texts.items():
            query = query.replace(word, text)
        return self.rows(query)

    def rows(self, query: str, **others: Table) -> Rows:
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
    return _SQL["spells"].replace("SCHOOL_YEARS", " union all ".join(schools))


def _column(definition: TableDef, role: str) -> str:
    variable = definition.with_role(role)
    return variable.name if variable else ""


def activity(population: Population) -> Rows:
    """years (after key stage 4), activity, people: on 15 January, for as long as the records go."""
    ranks = " ".join(f"when '{name}' then {place}" for place, name in enumerate(ACTIVITIES))
    return population.named("activity", SPELLS=_spells(population), RANKS=ranks, NONE=str(len(ACTIVITIES) - 1))


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
        for person in population.rows(f"{query} order by person_id limit 1", about=about):
            chosen[person["person_id"]] = (story["title"], person)
    if not chosen:
        return []
    spells = population.named("life_spells", SPELLS=_spells(population), PERSONS=", ".join(map(str, chosen)))
    return [_life(title, person, spells) for title, person in chosen.values()]


def _about(population: Population) -> str:
    """truth/persons with what stories ask for."""
    sources = sorted({name.split("_", 1)[0] for name in population.identity_tables()})
    counts = ", ".join(f"count(*) filter (source = '{name}') as {name}" for name in sources)
    columns = ", ".join(f"coalesce(recorded.{name}, 0) as {name}" for name in sources)
    return _SQL["persons"].replace("COUNTS", counts).replace("COLUMNS", columns)


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
    return population.named("one_person", DETAILS=" union all ".join(details))
