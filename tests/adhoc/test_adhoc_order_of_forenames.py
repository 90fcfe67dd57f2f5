"""Call names that one file has last of several, and the other in a column of their own, beside the further names."""

import random
from pathlib import Path

import pytest

from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine, rows
from tests.adhoc.conftest import write_csv

FAMILY = ["Nguyen", "Tran", "Le", "Pham", "Hoang", "Vu"]
CALLED = ["Hung", "Lan", "Mai", "Son", "Linh", "Dung", "Hoa", "Binh", "Minh", "Ngoc", "Thanh", "Anh"]
BETWEEN = ["Thi", "Van", "Ngoc", "Thanh", "Minh", "Huu"]
PEOPLE = 800
Person = dict[str, str]


def _people() -> list[Person]:
    draw = random.Random(7)
    return [
        {
            "family": draw.choice(FAMILY),
            "between": draw.choice(BETWEEN),
            "called": draw.choice(CALLED),
            "year": str(draw.randrange(1950, 2010)),
        }
        for _ in range(PEOPLE)
    ]


def _compared(
    engine: Engine, folder: Path, left: list[Person], right: list[Person]
) -> list[dict[str, tuple[str, ...]]]:
    """id -> forename and further names of each file, as they are compared."""
    paths = []
    for name, held in (("left", left), ("right", right)):
        numbered = [{"id": f"P{n:04}", **of} for n, of in enumerate(held)]
        paths.append(write_csv(folder / f"{name}.csv", numbered))
    read = two_files(engine, Asked(*paths), folder / "scratch")
    return [
        {
            row["source_id"]: (row["forename"], row["middle_names"])
            for row in rows(
                engine,
                engine.sql(
                    "select i.source_id, u.forename, u.middle_names from {u} as u join {i} as i using (unit_id)",
                    u=u,
                    i=i,
                ),
            )
        }
        for u, i in zip(read.sides, read.ids, strict=True)
    ]


@pytest.mark.parametrize("full", ["{family} {between} {called}", "{called} {between} {family}"])
def test_the_call_name_is_first_whatever_order_a_file_has(full: str, engine: Engine, tmp_path: Path) -> None:
    people = _people()
    left = [{"full_name": full.format(**of), "year_of_birth": of["year"]} for of in people]
    right = [
        {"first_name": of["called"], "middle_name": of["between"], "last_name": of["family"], "yob": of["year"]}
        for of in people
    ]
    one, other = _compared(engine, tmp_path, left, right)
    assert one == other
    assert other["P0000"] == (people[0]["called"].upper(), people[0]["between"].upper())


def test_two_files_of_names_in_full_may_differ_in_it(engine: Engine, tmp_path: Path) -> None:
    people = _people()
    left = [{"name": "{family} {between} {called}".format(**of), "dob": f"{of['year']}-05-06"} for of in people]
    right = [{"name": "{family}, {called} {between}".format(**of), "dob": f"{of['year']}-05-06"} for of in people]
    one, other = _compared(engine, tmp_path, left, right)
    same = sum(one[of] == other[of] for of in one)
    assert same > 0.95 * PEOPLE
