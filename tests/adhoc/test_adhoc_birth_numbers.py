"""Birth dates within numbers of persons: read where a file has no other, and where they are births."""

import datetime
import random
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from linkage.adhoc.columns.columns_of import columns_of
from linkage.adhoc.fields import persons
from linkage.adhoc.fields.alike import alike
from linkage.adhoc.headers.recognise import Columns
from linkage.adhoc.options import say_recognised
from linkage.config.resources import config_file
from linkage.engine import Engine, literal, rows
from tests.adhoc.conftest import FORENAMES, SURNAMES, write_csv

PEOPLE = 150
TOWNS = ["Leeds", "York", "Hull"]
Number = Callable[[datetime.date, int], str]
"""A birth date and a number that is nobody else's, as a number of a person."""


def _births(first: int = 1930, last: int = 2004) -> list[datetime.date]:
    draw = random.Random(3)
    days = (datetime.date(last, 12, 28) - datetime.date(first, 1, 1)).days
    return [datetime.date(first, 1, 1) + datetime.timedelta(days=draw.randrange(days)) for _ in range(PEOPLE)]


def _persons(held: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [
        {"id": f"P{n}", "forename": FORENAMES[n % 11], "surname": SURNAMES[n % 17], **fields}
        for n, fields in enumerate(held)
    ]


def _compared(
    engine: Engine, folder: Path, left: list[dict[str, str]], right: list[dict[str, str]]
) -> tuple[Columns, list[dict[str, str]], list[persons.PersonFile]]:
    """The columns as they are recognised, and id -> birth date of each file where that is compared."""
    files = [
        persons.read(engine, write_csv(folder / f"{name}.csv", held), folder / name, delimiter=",", encoding="utf-8")
        for name, held in (("left", left), ("right", right))
    ]
    columns = columns_of(engine, files)
    shaped, at = alike(engine, files, columns)
    if "dob" not in at.fields:
        return columns, [], files
    dates = [
        {
            row["id"]: row["dob"]
            for row in rows(engine, engine.sql(f'select id, "{of["dob"]}" as dob from {{t}}', t=f.table))
        }
        for f, of in zip(shaped, (at.left, at.right), strict=True)
    ]
    return columns, dates, files


def _read(engine: Engine, folder: Path, number: Number, births: Sequence[datetime.date], name: str) -> dict[str, str]:
    """Birth dates of the left file, which has numbers alone; the right one has dates, of the same people and more."""
    left = _persons([{name: number(day, n)} for n, day in enumerate(births)])
    right = _persons([{"dob": day.isoformat()} for day in [*births, *births[:50]]])
    columns, dates, _ = _compared(engine, folder, left, right)
    assert columns.left.get("dob") == name
    return dates[0]


NUMBERS: dict[str, Number] = {
    "denmark": lambda day, n: f"{day:%d%m%y}-{7000 + n}",
    "denmark, the end of some hidden": lambda day, n: f"{day:%d%m%y}-{'xxxx' if n % 3 else 7000 + n}",
    "norway, hidden": lambda day, n: f"{day:%d%m%y} *****",
    "finland": lambda day, n: f"{day:%d%m%y}{'-' if day.year < 2000 else 'A'}{n:03}X",
    "finland, the end of some left out": lambda day, n: (
        f"{day:%d%m%y}{'-' if day.year < 2000 else 'A'}{f'{n:03}X' if n % 2 else ''}"
    ),
    "sweden": lambda day, n: f"{day:%y%m%d}-{7000 + n}",
    "sweden with the century": lambda day, n: f"{day:%Y%m%d}{n:04}",
    "czechia": lambda day, n: f"{day:%y}{day.month + 50 * (n % 2):02}{day:%d}/{n:04}",
    "bulgaria": lambda day, n: f"{day:%y}{day.month + 40 * (day.year > 1999):02}{day:%d}{n:04}",
    "poland": lambda day, n: f"{day:%y}{day.month + 20 * (day.year > 1999):02}{day:%d}{n:05}",
    "korea": lambda day, n: f"{day:%y%m%d}-{1 + n % 2 + 2 * (day.year > 1999)}******",
    "china": lambda day, n: f"110105{day:%Y%m%d}{n:03}X",
    "romania": lambda day, n: f"{1 + n % 2 + 4 * (day.year > 1999)}{day:%y%m%d}{n:06}",
    "estonia": lambda day, n: f"{3 + n % 2 + 2 * (day.year > 1999)}{day:%y%m%d}{n:04}",
    "serbia": lambda day, n: f"{day:%d%m}{day.year % 1000:03}{n:06}",
    "italy": lambda day, n: f"RSSMRA{day:%y}{'ABCDEHLMPRST'[day.month - 1]}{day.day + 40 * (n % 2):02}H501Z",
    "mexico": lambda day, n: f"PERL{day:%y%m%d}HDFRSS{'A' if day.year > 1999 else 1}{n % 10}",
    "indonesia": lambda day, n: f"317401{day.day + 40 * (n % 2):02}{day:%m%y}{n:04}",
    "south africa": lambda day, n: f"{day:%y%m%d} 5{n:03} 08 {n % 10}",
    "austria": lambda day, n: f"{1000 + n} {day:%d%m%y}",
    "spreadsheet": lambda day, n: str(int(f"{day:%d%m%y}{n:04}")) + ".0",
}


@pytest.mark.parametrize("country", NUMBERS)
def test_a_number_gives_the_birth_date_of_everybody(country: str, engine: Engine, tmp_path: Path) -> None:
    births = _births()
    assert _read(engine, tmp_path, NUMBERS[country], births, "personal_number") == {
        f"P{n}": day.isoformat() for n, day in enumerate(births)
    }


def test_the_other_file_shows_what_comes_first_of_children(engine: Engine, tmp_path: Path) -> None:
    births = _births(2002, 2012)  # 05-03-04 is a child's in either order
    for country in ("denmark", "sweden"):
        read = _read(engine, tmp_path, NUMBERS[country], births, "personal_number")
        assert read == {f"P{n}": day.isoformat() for n, day in enumerate(births)}, country


def test_numbers_in_a_column_of_any_name_are_told_by_births_like_the_other_files(
    engine: Engine, tmp_path: Path
) -> None:
    births = _births()
    assert len(_read(engine, tmp_path, NUMBERS["denmark"], births, "xk7")) == PEOPLE


def test_numbers_without_a_date_are_unknown(engine: Engine, tmp_path: Path) -> None:
    births = _births()
    odd = {3: "994512-7001", 4: "", 5: "X"}
    read = _read(
        engine, tmp_path, lambda day, n: odd.get(n) or ("" if n in odd else f"{day:%d%m%y}-{n:04}"), births, "cpr"
    )
    assert [read[f"P{n}"] for n in (3, 4, 5)] == [None, None, None]
    assert read["P6"] == births[6].isoformat()


@pytest.mark.parametrize(
    "number",
    [
        lambda day, n: f"20190{1 + n % 9}{1 + n % 28:02}-{n:04}",  # registered in 2019
        lambda day, n: f"{101010000 + n:010}",  # counted, and 01-01-01 in each
        lambda day, n: f"{(n * 7_919_317 + 13) * 104_729 % 10**10:010}",
    ],
)
def test_other_numbers_hold_no_birth_dates(number: Number, engine: Engine, tmp_path: Path) -> None:
    births = _births()
    left = _persons([{"town": TOWNS[n % 3], "code": number(day, n)} for n, day in enumerate(births)])
    right = _persons([{"town": TOWNS[n % 3], "dob": f"{day}"} for n, day in enumerate(births)])
    columns, dates, _ = _compared(engine, tmp_path, left, right)
    assert "dob" not in columns.left
    assert dates == []


def test_a_file_with_birth_dates_keeps_them(engine: Engine, tmp_path: Path) -> None:
    births = _births()
    left = _persons([{"dob": "1990-01-02", "cpr": f"{day:%d%m%y}{n:04}"} for n, day in enumerate(births)])
    right = _persons([{"dob": day.isoformat(), "cpr": f"{day:%d%m%y}{n:04}"} for n, day in enumerate(births)])
    columns, _, _ = _compared(engine, tmp_path, left, right)
    assert (columns.left["dob"], columns.left_parts) == ("dob", {})
    assert columns.left["national_number"] == "cpr"


def test_the_number_is_compared_as_it_is_beside_its_date(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    births = _births()
    left = _persons([{"dob": f"{day:%d/%m/%Y}", "cprnummer": f"{day:%d%m%y}{n:04}"} for n, day in enumerate(births)])
    right = _persons([{"CPR": f"{day:%d%m%y}-{n:04}"} for n, day in enumerate(births)])
    columns, dates, files = _compared(engine, tmp_path, left, right)
    assert columns.fields == ["forename", "surname", "dob", "national_number"]
    assert dates[0] == dates[1] == {f"P{n}": day.isoformat() for n, day in enumerate(births)}
    say_recognised(columns, files)
    shown = capsys.readouterr().err
    assert "right.dob: birth dates stand within the numbers of CPR" in shown
    assert "dob dob CPR" in " ".join(shown.split())


def test_the_engine_reads_every_layout_as_python_does(engine: Engine) -> None:
    layouts = tomllib.loads(config_file("recognise.toml").read_text(encoding="utf-8"))["birth_number"]
    assert len(layouts) > 20
    for layout in layouts:
        pattern = re.compile(layout["pattern"])
        assert {"year", "month", "day"} <= set(pattern.groupindex)
        assert pattern.groups == len(pattern.groupindex), "the engine counts the parts, and knows no names"
        found = engine.sql(f"select regexp_matches('0102', {literal(layout['pattern'])}) as fits")
        assert rows(engine, found) == [{"fits": False}]
