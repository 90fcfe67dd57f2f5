"""Check rows about people: rare combinations, small institutions, extremes, and signs
of identifiers.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
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
        quasi: columns that together may identify a person, such as sex, birth year and
            region.
        institutions: columns of schools, colleges or employers.
        amounts: columns of amounts, whose largest values may identify a person.
        threshold: how many people must share a combination, an institution or the
            largest value.
        fraction: share of the population that the file holds; 1 where it holds all.
        person: the column that identifies people, where one has several rows; AE_ID
            where a file has it.
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
        InputError: the file is neither Parquet nor CSV.
    """
    table = _read(engine, path)
    columns = [
        *rules.quasi,
        *rules.institutions,
        *rules.amounts,
        *([rules.person] if rules.person else []),
    ]
    if unknown := sorted({name for name in columns if name not in table.columns}):
        is_header = bool({*columns, PERSON} & {*table.columns}) and not _is_record(
            table.columns
        )
        count_text = (
            f"{len(table.columns)} columns (not shown: the first line may be "
            "a record, and not column names)"
        )
        raise ConfigError(
            f"{path}: no column {', '.join(unknown)}\n  it has: "
            f"{', '.join(table.columns) if is_header else count_text}"
        )
    person = quote(rules.person or PERSON)
    # A row without a person is a person of its own.
    people = f"(count(distinct {person}) + count(*) filter (where {person} is null))"
    people = people if rules.person or PERSON in table.columns else "count(*)"
    signs = _identifiers(engine, table)
    signs += _rare_combinations(engine, table, rules, people) if rules.quasi else []
    for name in rules.institutions:
        column = quote(name)
        groups = (
            f"(select {people} as people from {{table}} where {column} is not "
            f"null group by {column})"
        )
        query = f"select count(*) as small from {groups} where people < $k"
        small = _counted(engine, table, query, k=rules.threshold)[0]
        message = (
            f"{small:,} {'has' if small == 1 else 'have'} fewer than "
            f"{rules.threshold} people"
        )
        remedy = "group small institutions together, or leave the column out"
        signs += [Sign(name, "small institution", message, remedy)] if small else []
    for name in rules.amounts:  # a largest value that few people have is not top-coded
        column = quote(name)
        query = (
            f"select {people} as people from {{table}} where {column} = (select "
            f"max({column}) from {{table}})"
        )
        count = _counted(engine, table, query)[0]
        message = (
            f"the largest value is of {count:,} "
            f"{'person' if count == 1 else 'people'}: it is not top-coded"
        )
        remedy = f"replace values above the {rules.threshold}th largest by it"
        signs += (
            [Sign(name, "top-coding", message, remedy)]
            if 0 < count < rules.threshold
            else []
        )
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


def _counted(
    engine: Engine, table: Table, query: str, **params: int | str
) -> list[int]:
    return [
        int(number)
        for number in one(
            engine, engine.sql(query, params=params, table=table)
        ).values()
    ]


def _is_record(names: Sequence[str]) -> bool:
    """Whether a column's name has the form of an identifier: a file without a header
    has a record there.
    """
    return any(
        re.fullmatch(form, name.strip().upper())
        for form in SIGNS.values()
        for name in names
    )


def _rare_combinations(
    engine: Engine, table: Table, rules: Rules, people: str
) -> list[Sign]:
    """Combinations that few share, and the probability that a unique one is unique in
    the population.

    Of a sample of fraction p with n1 combinations of one person and n2 of two, it is p
    n1 / (p n1 + 2 (1 - p) n2) (Skinner and Elliot 2002, the data intrusion simulation).
    """
    query = f"""
        select count(*) filter (where people = 1) as uniques,
               count(*) filter (where people = 2) as pairs,
               coalesce(sum(people) filter (where people < $k), 0) as few
        from (select {people} as people from {{table}}
            group by {", ".join(map(quote, rules.quasi))})
        """
    uniques, pairs, people_count = _counted(engine, table, query, k=rules.threshold)
    if not people_count:
        return []
    share_text = (
        "1 person shares" if people_count == 1 else f"{people_count:,} people share"
    )
    message = (
        f"{share_text} a combination with fewer than {rules.threshold}; "
        f"{uniques:,} are unique"
    )
    if uniques and (p := rules.fraction) < 1:
        probability = p * uniques / (p * uniques + 2 * (1 - p) * pairs)
        message += (
            ", each of them unique in the population with probability "
            f"{probability:.2f}"
        )
    return [
        Sign(
            ", ".join(rules.quasi),
            "k-anonymity",
            message,
            "use broader bands, or leave a column out",
        )
    ]


def _identifiers(engine: Engine, table: Table) -> list[Sign]:
    is_record = _is_record(table.columns)
    message = "it looks like a record, and not like column names"
    signs = (
        [
            Sign(
                "first line",
                "identifier",
                message,
                "give the file a line of column names",
            )
        ]
        if is_record
        else []
    )
    for place, column in enumerate(table.columns, 1):
        label = f"column {place}" if is_record else column
        name = re.sub(r"[^a-z0-9]", "", anyascii(column).lower())
        if any(part in name for part in NAMES):
            signs.append(
                Sign(
                    label,
                    "identifier",
                    "its name is that of an identifier",
                    "leave the column out",
                )
            )
            continue
        counts = ", ".join(
            f"count(*) filter (where regexp_matches(text, $f{n})) as f{n}"
            for n in range(len(SIGNS))
        )
        texts = (
            f"(select distinct upper(cast({quote(column)} as varchar)) as text "
            f"from {{table}})"
        )
        params = {f"f{n}": form for n, form in enumerate(SIGNS.values())}
        for form, count in zip(
            SIGNS,
            _counted(engine, table, f"select {counts} from {texts}", **params),
            strict=True,
        ):
            if count:
                message = (
                    f"{count:,} different "
                    f"{'value looks' if count == 1 else 'values look'} like "
                    f"{form}"
                )
                signs.append(
                    Sign(
                        label,
                        "identifier",
                        message,
                        "leave the column out, or look at what it holds",
                    )
                )
    return signs
