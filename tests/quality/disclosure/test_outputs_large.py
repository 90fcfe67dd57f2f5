"""A table of every school is checked in seconds: pairs of rows would be millions, a
solver for each cell an hour.
"""

import csv
import random
import time
from pathlib import Path

import pytest

from quality.disclosure import load
from quality.disclosure.outputs.reading import read_table
from tests.quality.disclosure.test_linked import check_table


@pytest.mark.slow
@pytest.mark.parametrize(
    "has_total", [False, True], ids=["each by itself", "tied by a total"]
)
def test_three_thousand_schools(tmp_path: Path, has_total: bool) -> None:
    rng = random.Random(7)
    rows = [(rng.randrange(80), rng.randrange(80)) for _ in range(3_000)]
    path = tmp_path / "schools.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["School", "Girls", "Boys", "Total"])
        writer.writerows(
            [f"school {n}", girls, boys, girls + boys]
            for n, (girls, boys) in enumerate(rows)
        )
        if has_total:
            girls, boys = (sum(row[n] for row in rows) for n in (0, 1))
            writer.writerow(["Total", girls, boys, girls + boys])
    sheet = read_table(path)
    before = time.process_time()
    output = check_table(sheet, load("leo_publication"))
    assert time.process_time() - before < 15  # of this process alone; two are usual
    assert output.safe is not None
    for (girls, boys), safe in zip(rows, output.safe, strict=False):
        is_small = [0 < n < 10 for n in (girls, boys)]
        if any(is_small) and girls + boys >= 10:
            assert safe[1:3] == [
                "c",
                "c",
            ]  # one count of a school, if shown, would disclose the other
        elif not any(is_small):
            assert "c" not in safe
