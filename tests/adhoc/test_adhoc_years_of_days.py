"""Days in one file and years in the other: when a song was released, a firm was founded, a permit was given."""

import csv
import random
from pathlib import Path

import pytest

from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import connect, rows

WORDS = ["Red", "Blue", "Night", "Rain", "Road", "Sun", "Moon", "Star", "River", "Fire", "Home", "Dream"]


def _compared(folder: Path, left: str, right: str, years: list[str]) -> dict[str, list[str | None]]:
    """Each file's values of what its songs' years became, by its rows; nothing where they are not compared."""
    rng = random.Random(2)
    songs = [
        (f"{rng.choice(WORDS)} {rng.choice(WORDS)} {rng.choice(WORDS)}", f"{rng.choice(WORDS)}s {n % 37}")
        for n in range(300)
    ]
    days = [f"{rng.randrange(1960, 2020)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}" for _ in songs]
    years += [day[:4] for day in days]
    for name, column, held in (("left", left, days), ("right", right, years)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", "title", "artist", column])
            table.writerows([f"{n:03d}", *song, when] for n, (song, when) in enumerate(zip(songs, held, strict=True)))
    with connect("duckdb") as engine:
        read = two_files(engine, Asked(folder / "left.csv", folder / "right.csv"), folder / "scratch", None)
        text = f'select "{left}" as held from {{t}} order by unit_id'
        if left not in read.kinds:
            return {}
        return {
            name: [row["held"] for row in rows(engine, engine.sql(text, t=side))]
            for name, side in zip(("left", "right"), read.sides, strict=True)
        }


@pytest.mark.parametrize("header", ["released", "year"], ids=["of one name", "of another name"])
def test_a_day_is_compared_by_its_year_where_the_other_file_knows_no_more(header: str, tmp_path: Path) -> None:
    years: list[str] = []
    assert _compared(tmp_path, "released", header, years) == {"left": years, "right": years}
