"""Files of which one field alone is known: the pairs that it makes show the others, and where they do not it is said."""

import datetime
import random
from pathlib import Path

import pytest

from linkage.adhoc.two_files import Asked, TwoFiles, two_files
from linkage.engine import connect
from linkage.errors import ConfigError

WORDS = [
    "alpine",
    "binary",
    "carbon",
    "desert",
    "energy",
    "forest",
    "glacier",
    "harbour",
    "income",
    "jungle",
    "kinetic",
    "labour",
    "market",
    "nuclear",
]


def _read(folder: Path, left: list[str], right: list[str]) -> TwoFiles:
    for name, lines in (("l", left), ("r", right)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with connect("duckdb") as engine:
        return two_files(engine, Asked(folder / "l.csv", folder / "r.csv"), folder / "scratch", None)


def test_titles_alone_show_who_wrote_and_when(tmp_path: Path) -> None:
    """A bibliography with authors and year beside one with author and pubyear was refused."""
    rng = random.Random(2)
    papers = [(" ".join(rng.sample(WORDS, 4)), f"{rng.choice(WORDS)} {n % 37}x", 1960 + n % 60) for n in range(200)]
    left = [f"A{n},{title},{by},{year}" for n, (title, by, year) in enumerate(papers)]
    right = [f"B{n},{title.title()},{by.upper()},{year}" for n, (title, by, year) in enumerate(papers)]
    rng.shuffle(right)
    read = _read(tmp_path, ["id,title,authors,year", *left], ["id,title,penned,pubyear", *right])
    assert {"authors": "penned", "year": "pubyear"}.items() <= read.columns.right.items()


def test_a_day_is_the_other_files_where_pairs_have_it_within_a_week(tmp_path: Path) -> None:
    """What is booked counts from some days later, hardly ever from the same."""
    rng = random.Random(3)
    days = [datetime.date(2023, 1, 1) + datetime.timedelta(days=rng.randrange(360)) for _ in range(300)]
    paid = [(f"{rng.choice(WORDS)} {rng.choice(WORDS)} works {n}", rng.randrange(9, 99), d) for n, d in enumerate(days)]
    left = [f"A{n},{payee},{amount}.00,{day}" for n, (payee, amount, day) in enumerate(paid)]
    lags = [datetime.timedelta(days=rng.choice([1, 2, 3, 4])) for _ in days]
    right = [f"B{n},{payee.upper()},{amount}.00,{day + lags[n]}" for n, (payee, amount, day) in enumerate(paid)]
    read = _read(tmp_path, ["id,payee,amount,booked", *left], ["id,payee,total,value_date", *right])
    assert {"amount": "total", "booked": "value_date"}.items() <= read.columns.right.items()
    assert read.kinds["booked"] == "day"


def test_one_field_whose_pairs_show_no_other_is_refused(tmp_path: Path) -> None:
    rng = random.Random(4)
    titles = [" ".join(rng.sample(WORDS, 4)) for _ in range(200)]
    left = [f"A{n},{title},{rng.randrange(900)}" for n, title in enumerate(titles)]
    right = [f"B{n},{title},{rng.randrange(900)}" for n, title in enumerate(titles)]
    with pytest.raises(ConfigError, match="fewer than two fields"):
        _read(tmp_path, ["id,title,pages", *left], ["id,title,shelf", *right])
