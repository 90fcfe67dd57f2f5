"""Columns that no name tells are taken by what records agree on that agree on all else; days and amounts have one form."""

import csv
import datetime
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from linkage.adhoc.dates.own_values import as_days, as_numbers
from linkage.adhoc.link import Request, link_files
from linkage.adhoc.two_files import Asked, TwoFiles, two_files
from linkage.engine import connect

PAYEES = [f"{family} {trade}" for family in ("Adams", "Baker", "Cole", "Dunn", "Ellis", "Frost", "Grant", "Hale", "Irwin")
          for trade in ("Motors", "Foods", "Roofing", "Print", "Textiles", "Media")]  # fmt: skip


def _payments(many: int, seed: int = 4) -> list[tuple[datetime.date, float, str]]:
    rng = random.Random(seed)
    start = datetime.date(2021, 1, 1)
    return [
        (start + datetime.timedelta(days=rng.randrange(360)), rng.randrange(500, 90_000) / 100, rng.choice(PAYEES))
        for _ in range(many)
    ]


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def _two(folder: Path, many: int = 600) -> tuple[Path, Path]:
    """One bank's bookings, and another's of most of the same payments: some days later, sums with a comma."""
    rng = random.Random(8)
    paid, others = _payments(many), _payments(many // 3, seed=5)
    left = [
        [f"A{n:05d}", day.isoformat(), f"{sum_:.2f}", payee, f"T{rng.random():.7f}"[:8]]
        for n, (day, sum_, payee) in enumerate(paid)
    ]
    right = [
        [
            f"B{n:05d}",
            (day + datetime.timedelta(days=rng.choice([0, 0, 1, 2]))).strftime("%d.%m.%Y"),
            f"{sum_:.2f}".replace(".", ","),
            payee.upper(),
            f"R{rng.random():.7f}"[:8],
        ]
        for n, (day, sum_, payee) in enumerate([*paid, *others])
    ]
    rng.shuffle(right)
    return (
        _write(folder / "l.csv", ["id", "booking_date", "amount", "payee", "txn"], left),
        _write(folder / "r.csv", ["id", "value_date", "amount", "payee", "memo"], right),
    )


def _read(folder: Path, left: Path, right: Path) -> TwoFiles:
    with connect("duckdb") as engine:
        return two_files(engine, Asked(left, right), folder / "scratch", None)


def test_dates_of_what_happened_are_found_by_the_pairs_that_agree(tmp_path: Path) -> None:
    read = _read(tmp_path, *_two(tmp_path))
    assert read.columns.right["booking_date"] == "value_date"
    assert read.kinds["booking_date"] == "day"
    assert "right.booking_date=value_date" in read.columns.by_content


def test_a_column_that_is_left_out_is_not_taken(tmp_path: Path) -> None:
    left, right = _two(tmp_path)
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(left, right, ["left.other=booking_date"]), tmp_path / "scratch", None)
    assert "booking_date" not in read.kinds


def test_columns_that_pairs_do_not_agree_on_stay_nothing(tmp_path: Path) -> None:
    read = _read(tmp_path, *_two(tmp_path))
    assert not {"txn", "memo"} & {*read.columns.left.values(), *read.columns.right.values()}


def test_payments_are_linked_by_sums_and_days_however_they_are_written(tmp_path: Path) -> None:
    left, right = _two(tmp_path)
    done = link_files(Request(left, right, tmp_path / "out", truth=_truth(tmp_path, 600)))
    assert done.truth is not None
    assert done.truth["precision"] > 0.99
    assert done.truth["recall"] > 0.97


def _truth(folder: Path, many: int) -> Path:
    return _write(folder / "truth.csv", ["left_id", "right_id"], [[f"A{n:05d}", f"B{n:05d}"] for n in range(many)])


def test_of_two_dates_each_finds_its_own(tmp_path: Path) -> None:
    rng = random.Random(9)
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(days=rng.randrange(300)) for _ in range(500)]
    stays = [rng.randrange(1, 9) for _ in days]
    born = [datetime.date(1930, 1, 1) + datetime.timedelta(days=rng.randrange(25_000)) for _ in days]
    homes = [f"LS{rng.randrange(1, 20)} {rng.randrange(1, 10)}{rng.choice('ABDE')}{rng.choice('HJLN')}" for _ in days]
    ends = [day + datetime.timedelta(days=stay) for day, stay in zip(days, stays, strict=True)]
    each = list(zip(born, homes, days, ends, strict=True))
    left = [[f"A{n}", b.isoformat(), home, s.isoformat(), e.isoformat()] for n, (b, home, s, e) in enumerate(each)]
    right = [[f"B{n}", b.strftime("%d/%m/%Y"), home, e.strftime("%d/%m/%Y"), s.strftime("%d/%m/%Y")]
             for n, (b, home, s, e) in enumerate(each)]  # fmt: skip
    read = _read(
        tmp_path,
        _write(tmp_path / "l.csv", ["id", "dob", "postcode", "admission", "discharge"], left),
        _write(tmp_path / "r.csv", ["id", "dob", "postcode", "went_home", "came_in"], right),
    )
    assert read.columns.right["admission"] == "came_in"
    assert read.columns.right["discharge"] == "went_home"


def test_days_of_death_are_found_though_one_file_has_no_century(tmp_path: Path) -> None:
    """Death is a word of other persons, but of one's own day; 16.08.15 beside 16/08/1915 was taken for 2015."""
    rng = random.Random(11)
    died = [datetime.date(1914, 8, 1) + datetime.timedelta(days=rng.randrange(1_500)) for _ in range(400)]
    names = [(rng.choice("ABCDEFGH") + "nn", "".join(rng.sample("abdelmnorst", 6)).title()) for _ in died]
    left = [[f"A{n}", *names[n], day.strftime("%d/%m/%Y")] for n, day in enumerate(died)]
    right = [[f"B{n}", *names[n], day.strftime("%d.%m.%y")] for n, day in enumerate(died)]
    read = _read(
        tmp_path,
        _write(tmp_path / "l.csv", ["id", "forename", "surname", "Date of Death"], left),
        _write(tmp_path / "r.csv", ["id", "forename", "surname", "Killed"], right),
    )
    assert (read.columns.right["date_of_death"], read.kinds["date_of_death"]) == ("Killed", "day")
    with connect("duckdb") as engine:
        files = two_files(engine, Asked(tmp_path / "l.csv", tmp_path / "r.csv"), tmp_path / "again", None)
        days = [engine.arrow(engine.sql("select date_of_death as d from {t}", t=side))["d"] for side in files.sides]
        assert {day[:4] for side in days for day in side.to_pylist()} == {"1914", "1915", "1916", "1917", "1918"}


def test_writers_are_the_same_in_full_and_by_initials(tmp_path: Path) -> None:
    rng = random.Random(10)
    word = [
        "record",
        "linkage",
        "graph",
        "query",
        "stream",
        "index",
        "join",
        "mining",
        "text",
        "search",
        "crowd",
        "web",
    ]
    titles = [" ".join(rng.sample(word, 5)) for _ in range(400)]
    families = [f"{start}{middle}{end}" for start in ("Ko", "Li", "Ma", "No") for middle in ("ral", "ved", "ston", "bur")
                for end in ("ski", "sen", "er", "ova", "ic")]  # fmt: skip
    by = [[(rng.choice(["Anna", "Ben", "Cara", "Dan"]), rng.choice(families)) for _ in range(2)] for _ in titles]
    left = [[f"A{n}", title, 1990 + n % 30, ", ".join(f"{g} {f}" for g, f in by[n])] for n, title in enumerate(titles)]
    right = [[f"B{n}", title.title(), 1990 + n % 30, " and ".join(f"{f}, {g[0]}." for g, f in by[n])]
             for n, title in enumerate(titles)]  # fmt: skip
    read = _read(
        tmp_path,
        _write(tmp_path / "l.csv", ["id", "title", "year", "written_by"], left),
        _write(tmp_path / "r.csv", ["id", "title", "year", "authors"], right),
    )
    assert read.columns.right["written_by"] == "authors"


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (["1.234,50", "12,00", "7,1"], ["1234.5", "12", "7.1"]),
        (["1,234.50", "12", "-0.50"], ["1234.5", "12", "-0.5"]),
        (["12 000", "5"], ["12000", "5"]),
    ],
)
def test_numbers_are_read_as_their_column_writes_them(values: Sequence[str], read: Sequence[str]) -> None:
    number = as_numbers(dict.fromkeys(values, 1))
    assert number is not None
    assert [number(value) for value in values] == read


@pytest.mark.parametrize("values", [["A12", "B7", "C9"], [], ["12:30", "14:00"]])
def test_what_is_no_number_is_read_as_none(values: Sequence[str]) -> None:
    assert as_numbers(dict.fromkeys(values, 1)) is None


@pytest.mark.parametrize(
    "values",
    [
        ["01.02.2021", "28.12.2021", "15.06.2020"],
        ["2021-02-01 10:15:00", "2021-12-28 23:59:00", "2020-06-15 00:00:00"],
        ["20210201", "20211228", "20200615"],
    ],
)
def test_days_have_one_form(values: Sequence[str]) -> None:
    day = as_days(dict.fromkeys(values, 1))
    assert day is not None
    assert [day(value) for value in values] == ["2021-02-01", "2021-12-28", "2020-06-15"]


@pytest.mark.parametrize("values", [["12", "34", "56"], ["10203040", "99887766", "45454545"], ["Leeds", "York"]])
def test_what_is_no_day_is_read_as_none(values: Sequence[str]) -> None:
    assert as_days(dict.fromkeys(values, 1)) is None
