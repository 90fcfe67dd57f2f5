"""Pairs that look like twins of whom neither has another partner: how likely they are one person after all."""

import math
from typing import Any

import pytest

from linkage.config import Step
from linkage.engine import Engine
from linkage.match import Units, link_step
from linkage.match.resolution.limits import after_all
from linkage.match.resolution.resolve import Thresholds
from linkage.match.two_people.after_all import LinksSoFar, maybe_one
from linkage.match.two_people.apart_rules import shipped
from tests.conftest import parse
from tests.match.exact_model import exact_model, units

HEAD = "unit_id | forename | surname | dob:text | sex | postcode"
SISTERS, OTHERS = 32, 16
"""Births of two who are both in both files; and of two of whom the one is in both and the other in one of them."""


def _births() -> tuple[list[str], list[str], list[str]]:
    """Lines of both files, and of the links: JO and ANN are of one birth, and so on."""
    left, right, links = [], [], []
    for birth in range(SISTERS + 2 * OTHERS):
        rest = f"S{birth} | 1990-01-{1 + birth % 28:02} | F | P{birth}"
        jo, ann = 100 + 2 * birth, 101 + 2 * birth
        left.append(f"{jo} | JO | {rest}")
        right.append(f"{jo + 1000} | JO | {rest}")
        links.append(f"{jo} | {jo + 1000}")
        if birth < SISTERS + OTHERS:
            left.append(f"{ann} | ANN | {rest}")
        if birth < SISTERS or birth >= SISTERS + OTHERS:
            right.append(f"{ann + 1000} | ANN | {rest}")
        if birth < SISTERS:
            links.append(f"{ann} | {ann + 1000}")
    return left, right, links


def _sides(engine: Engine, left: list[str], right: list[str]) -> tuple[Units, Units]:
    one, other = (
        units(engine, name, engine.from_arrow(parse("\n".join([HEAD, *lines]))))
        for name, lines in (("a", left), ("b", right))
    )
    return one, other


def _bits(engine: Engine, rows: Any, left: str, right: str, *, births: bool = True, also: str = "") -> list[Any]:
    """match_weight and log2 odds of units 1 and 2, where 1,024 pairs are linked; nothing where they are not judged."""
    lefts, rights, links = _births() if births else ([], [], ["7 | 7"])
    sides = _sides(engine, [*lefts, f"1 | {left}"], [*rights, f"2 | {right}"])
    links += [f"{n} | {n}" for n in range(9000, 9000 + 1024 - len(links) - bool(also))] + ([also] if also else [])
    linked = engine.from_arrow(parse("\n".join(["left_id | right_id", *links])))
    apart = engine.from_arrow(parse("left_id | right_id | reason\n1 | 2 | twin"))
    found = maybe_one(engine, LinksSoFar(exact_model(), sides, {}, linked, 1.0), apart, shipped())
    return rows(engine.sql("select match_weight, bits, reason from {t}", t=found))


LOTTE, MARY = "LOTTE | HART | 1991-01-02 | F | P999", "MARY | HART | 1991-01-02 | F | P999"
EXPECTED = (OTHERS + 0.5) ** 2 / (2 * SISTERS + 0.5)
CHANCE = math.sqrt(2 / (OTHERS + 0.5) + 2 / (2 * SISTERS + 0.5))
TWINS = EXPECTED * math.exp(3 * CHANCE)
"""Pairs of two twins without partners, at most: 64 have both a partner, 16 one on the left and 16 one on the right."""


@pytest.mark.both_engines
def test_such_a_pair_is_held_against_strangers_and_against_twins(engine: Engine, rows: Any) -> None:
    """It weighs 8, and 1 more by the cardinality; against twins the forename alone speaks, with -4."""
    (found,) = _bits(engine, rows, LOTTE, MARY)
    assert found == (8, pytest.approx(-math.log2(2**-9 + TWINS / 1024 * 2**4)), "twin")


def test_what_else_differs_speaks_for_twins_and_what_else_agrees_for_nobody(engine: Engine, rows: Any) -> None:
    (found,) = _bits(engine, rows, LOTTE, MARY.replace("| F |", "| M |"))
    assert found == (3, pytest.approx(-math.log2(2**-4 + TWINS / 1024 * 2**8)), "twin")


def test_where_no_twins_are_seen_nothing_is_known_of_them(engine: Engine, rows: Any) -> None:
    (found,) = _bits(engine, rows, LOTTE, MARY, births=False)
    assert found[1] < -4


def test_no_more_look_like_twins_than_are_some_or_bear_two_names(engine: Engine, rows: Any) -> None:
    """Of 1,024 matches 32 have two names, and 200 more pairs look like these: 169 are twins at least."""
    more = [f"{n} | {{}} | HART{n} | 1991-01-02 | F | P{n}" for n in range(5000, 5200)]
    lefts, rights, links = _births()
    sides = _sides(
        engine,
        [*lefts, f"1 | {LOTTE}", *(line.format("LOTTE") for line in more)],
        [*rights, f"2 | {MARY}", *(line.format("MARY") for line in more)],
    )
    links += [f"{n} | {n}" for n in range(9000, 9000 + 1024 - len(links))]
    linked = engine.from_arrow(parse("\n".join(["left_id | right_id", *links])))
    apart = engine.from_arrow(parse("left_id | right_id | reason\n1 | 2 | twin"))
    found = maybe_one(engine, LinksSoFar(exact_model(), sides, {}, linked, 1.0), apart, shipped())
    assert rows(engine.sql("select bits from {t}", t=found)) == [
        (pytest.approx(-math.log2(2**-9 + (201 - 1024 * 2**-5) / 1024 * 2**4)),)
    ]


@pytest.mark.parametrize("also", ["1 | 77", "77 | 2"])
def test_whose_own_partner_is_there_is_a_twin(engine: Engine, rows: Any, also: str) -> None:
    assert _bits(engine, rows, LOTTE, MARY, also=also) == []


OUTCOMES = """
    left_id | right_id | match_weight:float | runner_up_weight:float | decision | reason:text
    1       | 11       | 9                  | -                      | accepted | -
    2       | 13       | 4                  | -                      | review   | below threshold
    5       | 15       | 7                  | -                      | review   | below threshold
"""
JUDGED = """
    left_id | right_id | match_weight:float | bits:float | reason
    2       | 12       | 9                  | 7          | twin
    3       | 14       | 9                  | 4          | twin
    4       | 16       | 9                  | -1         | twin
    5       | 17       | 9                  | 7          | twin
    6       | 18       | 9                  | 7          | twin
    6       | 19       | 9                  | 7          | twin
"""
DECIDED = """
    left_id | right_id | decision | reason:text
    1       | 11       | accepted | -
    2       | 12       | accepted | -
    3       | 14       | review   | below threshold
    4       | 16       | rejected | twin
    5       | 15       | review   | below threshold
"""


@pytest.mark.both_engines
def test_they_are_decided_as_others_are_unless_another_comes_near(engine: Engine, world: Any, rows: Any) -> None:
    """With 1 bit from the cardinality: 5 is enough, and 1 for review. 15 comes near to 17, 13 does not to 12."""
    thresholds = Thresholds(5, 1, 3, gain=1.0)
    likely, outcomes = after_all(engine, world(JUDGED), world(OUTCOMES), thresholds)
    shown = engine.sql("select left_id, right_id, decision, reason from {t} order by left_id, right_id", t=outcomes)
    assert rows(shown) == rows(world(DECIDED))
    told = engine.sql("select * from {t} order by left_id", t=likely)
    assert rows(told) == [
        (2, 12, pytest.approx(2**7 / (1 + 2**7))),
        (3, 14, pytest.approx(2**4 / (1 + 2**4))),
        (4, 16, pytest.approx(1 / 3)),
    ]


@pytest.mark.parametrize(("least", "decision"), [(-2, "accepted"), (-1, "rejected")])
def test_a_step_links_who_is_called_otherwise_and_no_sisters(
    engine: Engine, rows: Any, least: float, decision: str
) -> None:
    """Of 96 linked pairs, three in a hundred of another forename, and 13 pairs of twins it says .306."""
    lefts, rights, _ = _births()
    sides = _sides(engine, [*lefts, f"1 | {LOTTE}"], [*rights, f"2 | {MARY}"])
    step = Step(name="s", left="a", right="b", train=False, accept_weight=least)
    found = link_step(engine, step, *sides, rules=(), model=exact_model())
    pair = "select decision, round(match_probability, 3) from {l} where left_id = 1 and right_id = 2"
    assert rows(engine.sql(pair, l=found.links)) == [(decision, 0.306)]
    sisters = "select 1 as one from {l} where decision <> 'rejected' and left_id > 1 and right_id <> left_id + 1000"
    assert rows(engine.sql(sisters, l=found.links)) == []
