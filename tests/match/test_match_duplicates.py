"""Rivals that are one person are no reason to doubt a link; one stranger among them is."""

from collections.abc import Callable
from typing import Any

import pytest

from linkage.config import Step
from linkage.engine import Engine, Table
from linkage.match import link_step
from linkage.match.candidates.score import score_given, term_frequencies
from linkage.match.resolution.duplicates import SamePerson, excuse
from linkage.match.resolution.resolve import Thresholds, resolve
from tests.conftest import parse
from tests.match.exact_model import exact_model, units

Rows = Callable[[Table], list[tuple[Any, ...]]]

AT = Thresholds(accept=8.0, review=0.0, margin=3.0)

JO = "JO  | JONES | 1993-01-02 | M | P4"
MOVED = "JO  | JONES | 1993-01-02 | M | P6"
TWIN = "ANN | JONES | 1993-01-02 | F | P4"
BROTHER = "TOM | JONES | 1993-01-02 | M | P4"  # 8 with Jo
VAGUE = "-   | JONES | 1993-01-02 | - | P4"  # fits Jo and the twin alike: 11
VAGUER = "-   | JONES | 1993-01-02 | - | -"


def _people(engine: Engine, people: dict[int, str]) -> Table:
    lines = [f"{number} | {person}" for number, person in people.items()]
    return engine.from_arrow(parse("\n".join(["unit_id | forename | surname | dob:text | sex | postcode", *lines])))


def _decided(
    engine: Engine,
    left: dict[int, str],
    right: dict[int, str],
    cardinality: Any = "one-to-one",
    thresholds: Thresholds = AT,
) -> dict[tuple[int, int], tuple[str, str | None]]:
    """Every pair of two sides, decided and excused."""
    model = exact_model()
    sides = _people(engine, left), _people(engine, right)
    frequencies = term_frequencies(engine, model, *sides)
    every = engine.sql(
        "select l.unit_id as left_id, r.unit_id as right_id from {l} as l cross join {r} as r",
        l=sides[0],
        r=sides[1],
        store=True,
    )
    pairs = score_given(engine, model, *sides, frequencies, every)
    decided = resolve(engine, pairs, thresholds, cardinality)
    found = excuse(engine, SamePerson(model, frequencies, thresholds, cardinality), decided, *sides)
    assert found.columns == decided.columns
    assert engine.count(found) == len(left) * len(right), "every pair is decided once"
    table = engine.arrow(engine.sql("select left_id, right_id, decision, reason from {t}", t=found))
    return {(row["left_id"], row["right_id"]): (row["decision"], row["reason"]) for row in table.to_pylist()}


SAME = ("accepted", "rivals are the same person")
DOUBT = ("review", "ambiguous")
BEATEN = ("rejected", "a better partner")


@pytest.mark.parametrize("many", [1, 2, 3])
def test_any_number_of_records_of_one_person(many: int, engine: Engine) -> None:
    right = {11: JO, **{11 + n: JO for n in range(1, many + 1)}}
    found = _decided(engine, {1: VAGUE}, right)
    assert found == {(1, 11): SAME, **{(1, 11 + n): BEATEN for n in range(1, many + 1)}}


@pytest.mark.both_engines
def test_a_twin_is_another_person(engine: Engine) -> None:
    assert _decided(engine, {1: VAGUE}, {11: JO, 12: TWIN}) == {(1, 11): DOUBT, (1, 12): BEATEN}


@pytest.mark.parametrize(
    ("twins", "reason"),
    [("apart", "ambiguous"), ("model", "rivals are the same person")],
    ids=["apart", "as they weigh"],
)
def test_twins_who_weigh_as_one_person_are_two(engine: Engine, twins: Any, reason: str) -> None:
    """Of Jo and Tom, two brothers of one birth, one was linked to a record without a forename as if both were one."""
    head = "unit_id | forename | surname | dob:text | sex | postcode\n"
    sides = [engine.from_arrow(parse(head + told)) for told in (f"1 | {VAGUE}", f"11 | {JO}\n12 | {BROTHER}")]
    step = Step(name="s", left="a", right="b", train=False, twins=twins, accept_weight=8.0)
    left, right = (units(engine, name, table) for name, table in zip("ab", sides, strict=True))
    found = link_step(engine, step, left, right, rules=[], model=exact_model())
    told = engine.sql("select right_id, reason from {l} where decision <> 'rejected'", l=found.links)
    assert [(row["right_id"], row["reason"]) for row in engine.arrow(told).to_pylist()] == [(11, reason)]


def test_one_stranger_among_the_rivals_is_enough_for_a_doubt(engine: Engine) -> None:
    found = _decided(engine, {1: VAGUE}, {11: JO, 12: JO, 13: TWIN})
    assert found == {(1, 11): DOUBT, (1, 12): BEATEN, (1, 13): BEATEN}


def test_a_stranger_who_is_no_near_rival_raises_no_doubt(engine: Engine) -> None:
    """Jo's twin is 14 bits behind; that Jo stands twice is all that made the pair ambiguous."""
    found = _decided(engine, {1: JO}, {11: JO, 12: JO, 13: TWIN})
    assert found[1, 11] == SAME
    assert found[1, 13][0] == "rejected"


def test_a_second_record_may_have_another_address(engine: Engine) -> None:
    """9 within the file, of which a second record needs 8 and what it is rarer than a match."""
    assert _decided(engine, {1: VAGUER}, {11: JO, 12: MOVED}, thresholds=Thresholds(4.0, 0.0, 3.0))[1, 11] == SAME


def test_the_more_people_a_file_holds_the_more_it_takes_to_be_one(engine: Engine) -> None:
    """Surname and birth date weigh 4 together, which does among two records; among 22 it takes 4 + 2.1."""
    few = Thresholds(4.0, 0.0, 3.0)
    others = {20 + n: f"BO{n} | BAKER{n} | 1970-01-{n:02} | M | Q{n}" for n in range(1, 21)}
    assert _decided(engine, {1: VAGUE}, {11: VAGUER, 12: VAGUER}, thresholds=few)[1, 11] == SAME
    assert _decided(engine, {1: VAGUE}, {11: VAGUER, 12: VAGUER, **others}, thresholds=few)[1, 11] == DOUBT


def test_rivals_on_the_left(engine: Engine) -> None:
    assert _decided(engine, {1: JO, 2: JO}, {11: VAGUE}) == {(1, 11): SAME, (2, 11): BEATEN}
    assert _decided(engine, {1: JO, 2: TWIN}, {11: VAGUE}) == {(1, 11): DOUBT, (2, 11): BEATEN}


@pytest.mark.both_engines
def test_rivals_on_both_sides_must_all_be_one_person(engine: Engine) -> None:
    both = _decided(engine, {1: JO, 2: JO}, {11: JO, 12: JO})
    assert both[1, 11] == SAME
    assert {both[pair] for pair in ((1, 12), (2, 11), (2, 12))} == {BEATEN}
    one = _decided(engine, {1: VAGUE, 2: VAGUE}, {11: JO, 12: TWIN})
    assert one[1, 11] == DOUBT, "1 and 2 may be one person, Jo and Ann are two"


@pytest.mark.parametrize(
    ("cardinality", "left", "right"),
    [("one-to-many", {1: JO, 2: TWIN}, {11: VAGUE}), ("many-to-one", {1: VAGUE}, {11: JO, 12: TWIN})],
)
def test_a_stranger_who_has_links_already_is_a_rival_where_units_hold_many(
    cardinality: str, left: dict[int, str], right: dict[int, str], engine: Engine
) -> None:
    """Ann has a record of her own, and Jo stands twice; Ann may still be meant."""
    if cardinality == "one-to-many":
        left, right = {**left, 3: JO}, {**right, 12: TWIN}
    else:
        left, right = {**left, 2: TWIN}, {**right, 13: JO}
    found = _decided(engine, left, right, cardinality)
    assert found[(2, 12)] == ("accepted", None)
    assert found[1, 11] == DOUBT


def test_where_units_hold_many_only_the_other_side_has_rivals(engine: Engine) -> None:
    """A left unit that may hold both right ones is asked about neither."""
    found = _decided(engine, {1: VAGUE}, {11: JO, 12: TWIN}, "one-to-many")
    assert found == {(1, 11): ("accepted", None), (1, 12): ("accepted", None)}
    assert _decided(engine, {1: JO, 2: JO}, {11: VAGUE}, "one-to-many")[1, 11] == SAME


def test_where_both_sides_hold_many_nothing_is_excused(engine: Engine) -> None:
    found = _decided(engine, {1: VAGUE, 2: JO}, {11: JO, 12: TWIN}, "many-to-many")
    assert {found[1, 11], found[1, 12], found[2, 11]} == {("accepted", None)}
    assert found[2, 12] == ("review", "below threshold")


def test_what_is_below_the_threshold_is_not_excused(engine: Engine) -> None:
    high = Thresholds(accept=12.0, review=0.0, margin=3.0)
    found = _decided(engine, {1: VAGUE}, {11: JO, 12: JO}, thresholds=high)
    assert found == {(1, 11): ("review", "below threshold"), (1, 12): BEATEN}


def test_a_gain_of_the_cardinality_is_none_for_records_of_one_file(engine: Engine) -> None:
    """Thin records agree by 4: enough for a pair when nearly all have a partner, never for a second record."""
    gained = Thresholds(accept=8.0, review=3.0, margin=3.0).given(6.0)
    found = _decided(engine, {1: VAGUE}, {11: VAGUER, 12: VAGUER}, thresholds=gained)
    assert found == {(1, 11): DOUBT, (1, 12): BEATEN}
