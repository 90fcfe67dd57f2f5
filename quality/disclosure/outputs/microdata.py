"""Check rows about people: rare combinations, small institutions, extremes, and signs of identifiers."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anyascii import anyascii

from linkage.catalogue.identifiers import NAMES, SIGNS
from linkage.config.spreadsheets import check_separator
from linkage.engine import Engine, Table, one, quote
from linkage.errors import ConfigError, InputError

PERSON = "AE_ID"  # the column of extracts that is one person


@dataclass(frozen=True)
class Sign:
    """A fault of some columns: how often, never which values."""

    columns: str
    rule: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Rules:
    """What is checked.

    Attributes:
        quasi: columns that together may identify a person, such as sex, birth year and region.
        institutions: columns of schools, colleges or employers.
        amounts: columns of amounts, whose largest values may identify a person.
        threshold: how many people must share a combination, an institution or the largest value.
        fraction: share of the population that the file holds; 1 where it holds all.
        person: the column that identifies people, where one has several rows; AE_ID where a file has it.
    """

    quasi: Sequence[str] = ()
    institutions: Sequence[str] = ()
    amounts: Sequence[str] = ()
    threshold: int = 10
    fraction: float = 1.0
    person: str | None = None


def check_microdata(engine: Engine, path: Path, rules: Rules) -> list[Sign]:
    """All signs at once.

    Raises:
        ConfigError: a column that is named is not in the file; all such at once.
    """
    table = _read(engine, path)
    named = [*rules.quasi, *rules.institutions, *rules.amounts, *([rules.person] if rules.person else [])]
    if unknown := sorted({name for name in named if name not in table.columns}):
        is_header = bool({*named, PERSON} & {*table.columns}) and not _is_record(table.columns)
        hidden = f"{len(table.columns)} columns (not shown: the first line may be a record, and not column names)"
        raise ConfigError(
            f"{path}: no column {', '.join(unknown)}\n  it has: {', '.join(table.columns) if is_header else hidden}"
        )
    if rules.person is None and PERSON in table.columns:
        rules = replace(rules, person=PERSON)
    signs = _identifiers(engine, table)
    signs += _rare_combinations(engine, table, rules) if rules.quasi else []
    for column in rules.institutions:
        signs += _small_institutions(engine, table, column, rules)
    for column in rules.amounts:
        signs += _extremes(engine, table, column, rules)
    return signs


def _read(engine: Engine, path: Path) -> Table:
    if path.suffix.lower() == ".parquet":
        return engine.read(path)
    import pyarrow as pa
    import pyarrow.csv

    try:
        check_separator(path)
        return engine.from_arrow(pa.csv.read_csv(path))
    except (pa.ArrowInvalid, UnicodeDecodeError, csv.Error):
        raise InputError(
            f"{path}: neither Parquet nor CSV that can be read\n"
            "  give a Parquet file, or CSV with a header, commas and UTF-8"
        ) from None


def _is_record(names: Sequence[str]) -> bool:
    """Whether a column's name has the form of an identifier: a file without a header has a record there."""
    return any(re.fullmatch(form, name.strip().upper()) for form in SIGNS.values() for name in names)


def _people(rules: Rules) -> str:
    """SQL that counts people; a row without a person is a person of its own."""
    if not rules.person:
        return "count(*)"
    person = quote(rules.person)
    return f"(count(distinct {person}) + count(*) filter (where {person} is null))"


def _rare_combinations(engine: Engine, table: Table, rules: Rules) -> list[Sign]:
    """Combinations that few share, and the probability that a unique one is unique in the population.

    Of a sample of fraction p with n1 combinations of one person and n2 of two, it is p n1 / (p n1 + 2 (1 - p) n2)
    (Skinner and Elliot 2002, the data intrusion simulation).
    """
    query = f"""
        with combinations as (
            select {_people(rules)} as people from {{table}} group by {", ".join(map(quote, rules.quasi))}
        )
        select count(*) filter (where people = 1) as uniques,
               count(*) filter (where people = 2) as pairs,
               coalesce(sum(people) filter (where people < $k), 0) as few
        from combinations
        """
    counted = one(engine, engine.sql(query, params={"k": rules.threshold}, table=table))
    few, uniques, pairs, p = int(counted["few"]), int(counted["uniques"]), int(counted["pairs"]), rules.fraction
    if not few:
        return []
    people = "1 person shares" if few == 1 else f"{few:,} people share"
    message = f"{people} a combination with fewer than {rules.threshold}; {uniques:,} are unique"
    if uniques and p < 1:
        probability = p * uniques / (p * uniques + 2 * (1 - p) * pairs)
        message += f", each of them unique in the population with probability {probability:.2f}"
    return [Sign(", ".join(rules.quasi), "k-anonymity", message, "use broader bands, or leave a column out")]


def _small_institutions(engine: Engine, table: Table, column: str, rules: Rules) -> list[Sign]:
    query = f"""
        with institutions as (
            select {_people(rules)} as people from {{table}}
            where {quote(column)} is not null group by {quote(column)}
        )
        select count(*) filter (where people < $least) as small from institutions
        """
    small = int(one(engine, engine.sql(query, params={"least": rules.threshold}, table=table))["small"])
    message = f"{small:,} {'has' if small == 1 else 'have'} fewer than {rules.threshold} people"
    remedy = "group small institutions together, or leave the column out"
    return [Sign(column, "small institution", message, remedy)] if small else []


def _extremes(engine: Engine, table: Table, column: str, rules: Rules) -> list[Sign]:
    """A largest value that few people have: it is not top-coded."""
    query = f"""
        with largest as (select max({quote(column)}) as value from {{table}})
        select {_people(rules)} as people from {{table}}, largest where {quote(column)} = largest.value
        """
    people = int(one(engine, engine.sql(query, table=table))["people"])
    message = f"the largest value is of {people:,} {'person' if people == 1 else 'people'}: it is not top-coded"
    remedy = f"replace values above the {rules.threshold}th largest by it"
    return [Sign(column, "top-coding", message, remedy)] if 0 < people < rules.threshold else []


def _identifiers(engine: Engine, table: Table) -> list[Sign]:
    is_record = _is_record(table.columns)
    message = "it looks like a record, and not like column names"
    signs = [Sign("first line", "identifier", message, "give the file a line of column names")] if is_record else []
    for place, column in enumerate(table.columns, 1):
        shown = f"column {place}" if is_record else column
        name = re.sub(r"[^a-z0-9]", "", anyascii(column).lower())
        if any(part in name for part in NAMES):
            signs.append(Sign(shown, "identifier", "its name is that of an identifier", "leave the column out"))
            continue
        counts = ", ".join(
            f"count(*) filter (where regexp_matches(text, $form_{n})) as form_{n}" for n in range(len(SIGNS))
        )
        query = f"""
            with texts as (
                select distinct upper(cast({quote(column)} as varchar)) as text
                from {{table}} where {quote(column)} is not null
            )
            select {counts} from texts
            """
        params = {f"form_{n}": form for n, form in enumerate(SIGNS.values())}
        counted = one(engine, engine.sql(query, params=params, table=table))
        for n, form in enumerate(SIGNS):
            if count := int(counted[f"form_{n}"]):
                values = "value looks" if count == 1 else "values look"
                message = f"{count:,} different {values} like {form}"
                signs.append(Sign(shown, "identifier", message, "leave the column out, or look at what it holds"))
    return signs
