"""In one file that holds people twice, pairs within a half are not all non-matches."""

import random

import pytest

from linkage.engine import Engine
from linkage.model import from_dict
from linkage.model.comparisons import comparison, settings
from linkage.model.sampling import halves
from linkage.model.training import train
from tests.conftest import parse

PEOPLE = 2_000
MOVED = 0.5


def test_rates_of_change_are_learnt_from_people_who_are_in_a_file_twice(
    engine: Engine,
) -> None:
    """Names and an age hardly tell a person who has moved from a namesake: u must not
    be learnt from matches.
    """
    draw = random.Random(6)
    people = [
        (
            f"F{draw.randrange(250)}Q",
            f"S{draw.randrange(500)}K",
            draw.randrange(18, 90),
            f"P{draw.randrange(900)}",
        )
        for _ in range(PEOPLE)
    ]
    copies = [
        (f, s, age, f"P{draw.randrange(900)}" if draw.random() < MOVED else p)
        for f, s, age, p in people
    ]
    lines = [" | ".join(map(str, row)) for row in (*people, *copies)]
    draw.shuffle(lines)
    head = "unit_id | forename | surname | age:text | postcode\n"
    file = engine.from_arrow(
        parse(head + "\n".join(f"{n} | {line}" for n, line in enumerate(lines, 1)))
    )
    comparisons = [
        comparison("forename", "name", swapped_with="surname"),
        comparison("surname", "name", swapped_with="forename"),
        comparison("age", "age"),
        comparison("postcode", "category"),
    ]
    first, second = halves(engine, file, seed=1)
    model, _ = train(
        engine, from_dict(settings(comparisons)), first, second, one_file=True
    )
    m = {
        c.name: next(level.m for level in c.levels if level.value > 0)
        for c in model.comparisons
        if not c.given
    }
    assert m["postcode"] == pytest.approx(1 - MOVED, abs=0.06)
    assert m["age"] > 0.95
    assert m["surname"] > 0.95
