"""Records have the numbers of their rows and unique ids, and each is cleaned by its own
values alone.
"""

from pathlib import Path

import pytest

from linkage.engine import Engine, rows
from linkage.errors import InputError
from linkage.files.prepare import (
    FileOptions,
    cardinality_of,
    facts_of,
    prepare,
    repeated_share,
)
from tests.conftest import parse
from tests.files.conftest import standardise

PEOPLE = "key,forename,surname,dob\nB2,Ben,Bird,1991-12-25\nA1,Ann,Ash,1990-05-03\nC3,Cleo,Cook,1989-07-14\n"


def ids_of(
    engine: Engine, folder: Path, text: str, key: str | None = None
) -> dict[int, str | int]:
    """Number of a row to the id of its record."""
    (folder / "p.csv").write_text(text, encoding="utf-8")
    prepared = prepare(
        engine, FileOptions({"file": folder / "p.csv"}, ids=(key,)), folder / "scratch"
    )
    return {row["unit_id"]: row["source_id"] for row in rows(engine, prepared.ids[0])}


def test_units_are_numbered_as_the_rows(engine: Engine, tmp_path: Path) -> None:
    assert ids_of(engine, tmp_path, PEOPLE) == {1: "B2", 2: "A1", 3: "C3"}
    assert ids_of(engine, tmp_path, PEOPLE + ",,,\n", "none") == {1: 1, 2: 2, 3: 3}


@pytest.mark.parametrize("key", ["A1", ""])
def test_ids_that_are_not_unique_are_refused(
    key: str, engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="--id"):
        ids_of(engine, tmp_path, PEOPLE.replace("B2", key), "key")


def test_a_file_without_any_name_is_refused(engine: Engine, tmp_path: Path) -> None:
    text = "key,forename,surname,dob,sex\n" + "".join(
        f"{n},unknown,unknown,19{n}-05-03,F\n" for n in range(60, 90)
    )
    with pytest.raises(InputError, match="--map"):
        standardise(
            engine, tmp_path, text, text.replace("key", "id").replace("F\n", "M\n")
        )


def share(engine: Engine, table) -> float:
    records = engine.sql(
        "select *, unit_id as source_key from {t}", t=table, store=True
    )
    return repeated_share(engine, records, facts_of(engine, records))


def people(
    engine: Engine, rows: list[str], columns: str = "forename | surname | dob:text"
):
    head = f"unit_id | {columns}\n"
    return engine.from_arrow(
        parse(head + "\n".join(f"{n} | {row}" for n, row in enumerate(rows, 1)))
    )


def test_the_share_of_duplicate_records(engine: Engine) -> None:
    rows = [f"F{n} | S{n} | 19{60 + n}-05-03" for n in range(20)]
    assert share(engine, people(engine, rows)) == 0.0
    assert share(engine, people(engine, [*rows, *rows[:10]])) == pytest.approx(20 / 30)


def test_few_namesakes_at_one_postcode_are_no_duplicates(engine: Engine) -> None:
    rows = [f"F{n} | S{n} | A{n}" for n in range(30)]
    assert (
        share(engine, people(engine, [*rows, rows[0]], "forename | surname | postcode"))
        == 0.0
    )
    assert (
        share(engine, people(engine, [*rows, *rows], "forename | surname | postcode"))
        == 1.0
    )
    assert (
        share(engine, people(engine, ["1990-05-03", "1990-05-03"], "dob:text")) == 0.0
    )


@pytest.mark.parametrize(
    ("shares", "cardinality"),
    [
        ((0, 0.02), "one-to-one"),
        ((0.2, 0.0), "one-to-one"),
        ((0.0, 0.9), "one-to-many"),
        ((0.9, 0.0), "many-to-one"),
        ((0.3, 0.6), "many-to-many"),
    ],
)
def test_cardinality(shares: tuple[float, float], cardinality: str) -> None:
    assert cardinality_of(shares) == cardinality
