"""Whether a file holds people twice, and what cardinality that asks for."""

import pytest

from linkage.engine import Engine
from linkage.files.prepare import cardinality_of, facts_of, repeated_share
from tests.conftest import parse


def share(engine: Engine, table) -> float:
    numbered = engine.sql('select *, unit_id as "source id" from {t}', t=table, store=True)
    return repeated_share(engine, numbered, facts_of(engine, numbered))


def people(engine: Engine, rows: list[str], columns: str = "forename | surname | dob:text"):
    head = f"unit_id | {columns}\n"
    return engine.from_arrow(parse(head + "\n".join(f"{n} | {row}" for n, row in enumerate(rows, 1))))


def test_the_share_of_records_of_somebody_who_is_there_twice(engine: Engine) -> None:
    rows = [f"F{n} | S{n} | 19{60 + n}-05-03" for n in range(20)]
    assert share(engine, people(engine, rows)) == 0.0
    assert share(engine, people(engine, [*rows, *rows[:10]])) == pytest.approx(20 / 30)


def test_namesakes_of_a_house_are_few(engine: Engine) -> None:
    rows = [f"F{n} | S{n} | A{n}" for n in range(30)]
    assert share(engine, people(engine, [*rows, rows[0]], "forename | surname | postcode")) == 0.0
    assert share(engine, people(engine, [*rows, *rows], "forename | surname | postcode")) == 1.0
    assert share(engine, people(engine, ["1990-05-03", "1990-05-03"], "dob:text")) == 0.0


@pytest.mark.parametrize(
    ("shares", "cardinality"),
    [((0, 0.02), "one-to-one"), ((0.2, 0.0), "one-to-one"), ((0.0, 0.9), "one-to-many"), ((0.9, 0.0), "many-to-one"),
     ((0.3, 0.6), "many-to-many")],
)  # fmt: skip
def test_cardinality(shares: tuple[float, float], cardinality: str) -> None:
    assert cardinality_of(shares) == cardinality
