"""Birth dates within the numbers of both files, neither of which has others."""

import datetime
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from linkage.adhoc.columns.columns_of import columns_of
from linkage.adhoc.fields import persons
from linkage.adhoc.fields.alike import alike
from linkage.engine import Engine, rows
from tests.adhoc.conftest import FORENAMES, SURNAMES, write_csv

PEOPLE = 200
Number = Callable[[datetime.date, int], str]


def _births(first: int, last: int) -> list[datetime.date]:
    draw = random.Random(5)
    days = (datetime.date(last, 12, 28) - datetime.date(first, 1, 1)).days
    return [datetime.date(first, 1, 1) + datetime.timedelta(days=draw.randrange(days)) for _ in range(PEOPLE)]


def _dates(
    engine: Engine, folder: Path, births: Sequence[datetime.date], left: Number, right: Number, name: str = "personnr"
) -> list[dict[str, str]]:
    """id -> the date as it is compared, of each file; nothing where none are."""
    files = []
    for side, number in (("left", left), ("right", right)):
        held = [
            {"id": f"P{n}", "forename": FORENAMES[n % 11], "surname": SURNAMES[n % 17], name: number(day, n)}
            for n, day in enumerate(births)
        ]
        path = write_csv(folder / f"{side}.csv", held)
        files.append(persons.read(engine, path, folder / side, delimiter=",", encoding="utf-8"))
    columns = columns_of(engine, files)
    shaped, at = alike(engine, files, columns)
    if "dob" not in at.fields:
        return []
    return [
        {
            row["id"]: row["dob"]
            for row in rows(engine, engine.sql(f'select id, "{of["dob"]}" as dob from {{t}}', t=file.table))
        }
        for file, of in zip(shaped, (at.left, at.right), strict=True)
    ]


def _swedish(day: datetime.date, n: int) -> str:
    return f"{day:%y%m%d}-{7000 + n}"


def _with_century(day: datetime.date, n: int) -> str:
    return f"{day:%Y%m%d}-{7000 + n}"


def test_of_somebody_whose_number_is_not_whole_the_birth_date_is_compared(engine: Engine, tmp_path: Path) -> None:
    births = _births(1930, 2004)

    def ends_in_part(day: datetime.date, n: int) -> str:
        return (f"{day:%y%m%d}", f"{day:%y%m%d}-XXXX", f"{day:%y%m%d}-TFNR", "")[n % 4] if n < 40 else _swedish(day, n)

    left, right = _dates(engine, tmp_path, births, _with_century, ends_in_part)
    assert left == {f"P{n}": day.isoformat() for n, day in enumerate(births)}
    assert {**left, **right} == {key: None if key in right and right[key] is None else day for key, day in left.items()}
    assert [key for key, day in right.items() if day is None] == [f"P{n}" for n in range(3, 40, 4)]


def test_whole_years_of_one_file_are_the_latest_of_the_other(engine: Engine, tmp_path: Path) -> None:
    """Nobody of an old register is born after 1995: 050607 is of 1905."""
    births = _births(1900, 1995)
    left, right = _dates(engine, tmp_path, births, _with_century, lambda day, n: f"{day:%y%m%d}{7000 + n}")
    assert left == right == {f"P{n}": day.isoformat() for n, day in enumerate(births)}


def test_a_plus_is_of_somebody_who_is_a_hundred_years_old(engine: Engine, tmp_path: Path) -> None:
    births = _births(1908, 2012)

    def signed(day: datetime.date, n: int) -> str:
        is_of_age = day.year + 100 <= datetime.date.today().year
        return f"{day:%y%m%d}{'+' if is_of_age else '-'}{7000 + n}"

    left, right = _dates(engine, tmp_path, births, signed, signed)
    assert left == right == {f"P{n}": day.isoformat() for n, day in enumerate(births)}


@pytest.mark.parametrize("number", [lambda day, n: f"{(n * 7_919_317 + 13) * 104_729 % 10**10:010}", lambda day, n: ""])
def test_numbers_without_births_hold_none(number: Number, engine: Engine, tmp_path: Path) -> None:
    assert _dates(engine, tmp_path, _births(1930, 2004), number, number) == []


def test_births_in_the_numbers_of_one_file_alone_are_not_compared(engine: Engine, tmp_path: Path) -> None:
    births = _births(1930, 2004)
    assert _dates(engine, tmp_path, births, _swedish, lambda day, n: f"{(n * 7_919_317 + 13) % 10**10:010}") == []
