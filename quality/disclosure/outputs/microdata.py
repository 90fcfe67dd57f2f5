"""Signs that rows about people tell of one of them: rare combinations, few in an institution, extremes, identifiers."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from anyascii import anyascii

from linkage.engine import Engine, Table, one, quote
from linkage.errors import ConfigError, InputError
from quality.disclosure.outputs.reading import see_that_commas_part


@dataclass(frozen=True)
class Sign:
    """What was found in columns of a file: how often, never which."""

    columns: str
    rule: str
    says: str
    remedy: str


@dataclass(frozen=True)
class Asked:
    """What is looked for.

    Attributes:
        quasi: columns that together may single a person out, such as sex, birth year and region.
        k: how many people must share every combination of them.
        fraction: share of the population that the file holds; 1 where it holds all.
        institutions: columns that say which school, college or employer.
        least_institution: how many people one must have.
        amounts: columns of amounts whose largest values may tell who has them.
        top: how many people must share or pass the largest value shown.
        forms: what the forms of identifiers look like, by name.
        names: parts of the names of columns that say who somebody is.
        person: the column that tells people apart, where one has several rows; PERSON where a file has it.
    """

    quasi: Sequence[str] = ()
    k: int = 10
    fraction: float = 1.0
    institutions: Sequence[str] = ()
    least_institution: int = 10
    amounts: Sequence[str] = ()
    top: int = 10
    forms: Mapping[str, str] = field(default_factory=dict)
    names: Sequence[str] = ()
    person: str | None = None


PERSON = "AE_ID"
"""The column of extracts that is one person."""

_NOT_SHOWN = "not shown: the first line may be a record, and not the names of columns"
_NO_NAMES = "it looks like a record, and not like the names of columns"


def check_microdata(engine: Engine, path: Path, asked: Asked) -> list[Sign]:
    """All signs at once.

    Raises:
        ConfigError: a column that is asked for is not there; all such at once.
    """
    table = _read(engine, path)
    named = [*asked.quasi, *asked.institutions, *asked.amounts, *([asked.person] if asked.person else [])]
    if unknown := sorted({name for name in named if name not in table.columns}):
        is_known = bool({*named, PERSON} & {*table.columns}) and not _is_record(table.columns, asked)
        held = ", ".join(table.columns) if is_known else f"{len(table.columns)} columns ({_NOT_SHOWN})"
        raise ConfigError(f"{path}: no column {', '.join(unknown)}\n  it has: {held}")
    if asked.person is None and PERSON in table.columns:
        asked = replace(asked, person=PERSON)
    found = _identifiers(engine, table, asked)
    if asked.quasi:
        found += _uniques(engine, table, asked)
    for column in asked.institutions:
        found += _institution(engine, table, column, asked)
    for column in asked.amounts:
        found += _top(engine, table, column, asked)
    return found


def _read(engine: Engine, path: Path) -> Table:
    if path.suffix.lower() == ".parquet":
        return engine.read(path)
    import pyarrow as pa
    import pyarrow.csv

    try:
        see_that_commas_part(path)
        return engine.from_arrow(pa.csv.read_csv(path))
    except (pa.ArrowInvalid, UnicodeDecodeError, csv.Error):
        raise InputError(
            f"{path}: neither Parquet nor CSV that can be read\n"
            "  give a Parquet file, or CSV with a header, commas and UTF-8"
        ) from None


def _is_record(names: Sequence[str], asked: Asked) -> bool:
    """Whether one of the names has the form of an identifier: a file without a header shows a record in its place."""
    return any(re.fullmatch(form, name.strip().upper()) for form in asked.forms.values() for name in names)


def _people(asked: Asked) -> str:
    """How people are counted: rows are people only where each has one. A row of nobody known is one of its own."""
    if not asked.person:
        return "count(*)"
    person = quote(asked.person)
    return f"(count(distinct {person}) + count(*) filter (where {person} is null))"


def _uniques(engine: Engine, table: Table, asked: Asked) -> list[Sign]:
    """Combinations that few share, and how likely those alone with theirs are alone in the population too.

    Of a sample of fraction p with n1 combinations of one person and n2 of two, a person alone in it is alone in the
    population with probability p n1 / (p n1 + 2 (1 - p) n2) (Skinner and Elliot 2002, the data intrusion estimate).
    """
    key = ", ".join(quote(name) for name in asked.quasi)
    counted = one(
        engine,
        engine.sql(
            f"""
            with combinations as (select {_people(asked)} as people from {{table}} group by {key})
            select count(*) filter (where people = 1) as alone,
                   count(*) filter (where people = 2) as pairs,
                   coalesce(sum(people) filter (where people < $k), 0) as few,
                   coalesce(min(people), 0) as least
            from combinations
            """,
            params={"k": asked.k},
            table=table,
        ),
    )
    if not counted["few"]:
        return []
    p, alone, pairs = asked.fraction, int(counted["alone"]), int(counted["pairs"])
    share = p * alone / (p * alone + 2 * (1 - p) * pairs) if alone else 0.0
    people = "1 person shares" if counted["few"] == 1 else f"{int(counted['few']):,} people share"
    says = f"{people} a combination with fewer than {asked.k}; {alone:,} are alone with theirs"
    if alone and p < 1:
        says += f", each of whom is alone in the population with a probability of {share:.2f}"
    return [Sign(", ".join(asked.quasi), "k-anonymity", says, "use broader bands, or leave a column out")]


def _institution(engine: Engine, table: Table, column: str, asked: Asked) -> list[Sign]:
    counted = one(
        engine,
        engine.sql(
            f"""
            with institutions as (
                select {_people(asked)} as people from {{table}}
                where {quote(column)} is not null group by {quote(column)}
            )
            select count(*) filter (where people < $least) as small from institutions
            """,
            params={"least": asked.least_institution},
            table=table,
        ),
    )
    small = int(counted["small"])
    if not small:
        return []
    says = f"{small:,} {'has' if small == 1 else 'have'} fewer than {asked.least_institution} people"
    return [Sign(column, "small institution", says, "group small institutions together, or leave the column out")]


def _top(engine: Engine, table: Table, column: str, asked: Asked) -> list[Sign]:
    """A largest value that fewer than `top` people have: it is not top-coded."""
    counted = one(
        engine,
        engine.sql(
            f"""
            with largest as (select max({quote(column)}) as value from {{table}})
            select {_people(asked)} as people from {{table}}, largest where {quote(column)} = largest.value
            """,
            table=table,
        ),
    )
    people = int(counted["people"])
    if not 0 < people < asked.top:
        return []
    says = f"the largest value is of {people:,} {'person' if people == 1 else 'people'} alone: it is not top-coded"
    return [Sign(column, "top-coding", says, f"replace values above the {asked.top}th largest by it")]


def _identifiers(engine: Engine, table: Table, asked: Asked) -> list[Sign]:
    is_record = _is_record(table.columns, asked)
    found = [Sign("first line", "identifier", _NO_NAMES, "give the file a line of column names")] if is_record else []
    for place, column in enumerate(table.columns, 1):
        called = f"column {place}" if is_record else column
        name = re.sub(r"[^a-z0-9]", "", anyascii(column).lower())
        if any(part in name for part in asked.names):
            found.append(Sign(called, "identifier", "its name is that of an identifier", "leave the column out"))
            continue
        forms = dict(asked.forms)
        if not forms:
            continue
        counts = ", ".join(
            f"count(*) filter (where regexp_matches(text, $form_{n})) as found_{n}" for n in range(len(forms))
        )
        counted = one(
            engine,
            engine.sql(
                f"""
                with texts as (
                    select distinct upper(cast({quote(column)} as varchar)) as text
                    from {{table}} where {quote(column)} is not null
                )
                select {counts} from texts
                """,
                params={f"form_{n}": form for n, form in enumerate(forms.values())},
                table=table,
            ),
        )
        for n, form in enumerate(forms):
            if count := int(counted[f"found_{n}"]):
                says = f"{count:,} different {'value looks' if count == 1 else 'values look'} like {form}"
                found.append(Sign(called, "identifier", says, "leave the column out, or look at what it holds"))
    return found
