"""Names are learnt where every block that shows persons is on a name; a household
teaches nothing.
"""

import random

import pytest

from linkage.engine import Engine, Table
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.training import TrainingReport, train
from tests.conftest import parse

PEOPLE, OTHERS = 3_000, 1_500
WRONG = 0.04  # of forenames, which then differ


def _files(engine: Engine, *, years_later: int) -> tuple[Table, Table]:
    """Persons by name, age and postcode: families of four of one surname at one place,
    no birth date.
    """
    draw = random.Random(5)
    people = [
        (
            f"F{draw.randrange(300)}Q",
            f"S{n // 4 % 700}K",
            draw.randrange(18, 90),
            f"P{n // 4}",
        )
        for n in range(PEOPLE + OTHERS)
    ]
    left = people[:PEOPLE]
    members = [*people[: PEOPLE - OTHERS], *people[PEOPLE:]]
    right = [
        (f"G{n}X" if draw.random() < WRONG else f, s, age + years_later, p)
        for n, (f, s, age, p) in enumerate(members)
    ]
    head = "unit_id | forename | surname | age:text | postcode\n"
    sides = (
        "\n".join(f"{n} | {' | '.join(map(str, row))}" for n, row in enumerate(side, 1))
        for side in (left, right)
    )
    first, second = (engine.from_arrow(parse(head + side)) for side in sides)
    return first, second


def _train(engine: Engine, years_later: int) -> tuple[Model, TrainingReport]:
    comparisons = [
        comparison("forename", "name", swapped_with="surname"),
        comparison("surname", "name", swapped_with="forename"),
        comparison("age", "age"),
        comparison("postcode", "code"),
    ]
    return train(
        engine,
        from_dict(settings(comparisons)),
        *_files(engine, years_later=years_later),
    )


def _m(model: Model, name: str, label: str) -> float:
    entry = next(c for c in model.comparisons if c.name == name)
    return next(
        level.m or 0.0 for level in entry.levels if level.label == f"{name}: {label}"
    )


def test_swapped_name_comparisons_are_learnt_from_blocks_on_either_name(
    engine: Engine,
) -> None:
    model, report = _train(engine, 0)
    assert report.faults == []
    assert _m(model, "forename", "differs") + _m(
        model, "forename", "Jaro-Winkler 0.7 or more"
    ) == pytest.approx(WRONG, abs=0.05)
    assert _m(model, "surname", "equal") > 0.98


def test_a_block_of_households_teaches_nothing(engine: Engine) -> None:
    """All ages are two years on, so people of one age and place are other members of
    the household.
    """
    model, _ = _train(engine, 2)
    assert _m(model, "age", "two years apart") > 0.9
    assert _m(model, "forename", "equal") > 0.85, "members of a household differ in it"
