"""The probability of links that join two records of one person."""

from typing import Any

import pytest

from linkage.config import Step
from linkage.engine import Engine
from linkage.match import link_step
from linkage.match.candidates.overrides import Overrides
from linkage.match.candidates.passes import no_pairs
from linkage.match.step import StepResult
from linkage.model import Model, from_dict
from tests.match.exact_model import exact_model, units


def test_twins_are_apart_unless_the_step_takes_them_as_they_weigh(engine: Engine, world: Any, rows: Any) -> None:
    """Ann weighs as a second record of Jo would: 8."""
    left = world("""
        unit_id | forename | surname | dob:text   | sex | postcode
        1       | JO       | JONES   | 1993-01-02 | F   | P4
    """)
    right = world("""
        unit_id | forename | surname | dob:text   | sex | postcode
        11      | JO       | JONES   | 1993-01-02 | F   | P4
        12      | ANN      | JONES   | 1993-01-02 | F   | P4
    """)

    def linked(**twins: Any) -> list[Any]:
        step = Step(name="s", left="npd", right="cis", train=False, duplicates="join", accept_weight=6, **twins)
        sides = units(engine, "npd", left), units(engine, "cis", right)
        found = link_step(engine, step, *sides, rules=(), model=exact_model())
        return rows(engine.sql("select left_id, right_id from {l} where decision = 'accepted'", l=found.links))

    assert linked() == [(1, 11)]
    assert linked(twins="model") == [(1, 11), (1, 12)]


@pytest.mark.both_engines
def test_a_pupil_of_two_numbers_keeps_both_where_he_may_hold_many_learners(
    engine: Engine, world: Any, rows: Any
) -> None:
    """Learner 11 is pupil 1 and pupil 2, who are one; learner 12 is the same person's by another provider."""
    left = world("""
        unit_id | forename | surname | dob:text   | sex | postcode
        1       | JO       | JONES   | 1993-01-02 | F   | P4
        2       | JO       | JONES   | 1993-01-02 | F   | P5
        3       | EVE      | HART    | 1990-01-02 | F   | P1
    """)
    right = world("""
        unit_id | forename | surname | dob:text   | sex | postcode
        11      | JO       | JONES   | 1993-01-02 | F   | P4
        12      | JO       | JONES   | 1993-01-02 | F   | P4
        13      | EVE      | HART    | 1990-01-02 | F   | P1
    """)

    def linked(**said: Any) -> list[Any]:
        step = Step(name="s", left="npd", right="ilr", cardinality="one-to-many", train=False, accept_weight=5, **said)
        sides = units(engine, "npd", left), units(engine, "ilr", right)
        found = link_step(engine, step, *sides, rules=(), model=exact_model())
        return rows(engine.sql("select left_id, right_id from {l} where decision = 'accepted'", l=found.links))

    assert linked() == [(1, 11), (1, 12), (3, 13)]
    assert linked(duplicates="join") == [(1, 11), (1, 12), (2, 11), (2, 12), (3, 13)]


def test_what_goes_together_is_taken_back_where_either_record_agrees_in_both(
    engine: Engine, world: Any, rows: Any
) -> None:
    """2 shares a home with customer 11, who is pupil 1 and has moved: 2 with 11 alone. Ann and Jo are of one family.

    Postcode and surname agree among all who share a home, 6 bits are taken back: of 11's other record, which has
    another postcode, nothing is.
    """
    raw = exact_model().raw
    given = {
        "output_column_name": "surname_given_postcode",
        "comparison_description": "surname given postcode",
        "comparison_levels": [
            {
                "sql_condition": "surname_l IS NULL OR surname_r IS NULL OR postcode_l IS NULL OR postcode_r IS NULL",
                "is_null_level": True,
            },
            {
                "sql_condition": "surname_l = surname_r AND postcode_l = postcode_r",
                "m_probability": 2.0**-6,
                "u_probability": 1.0,
            },
            {"sql_condition": "ELSE", "m_probability": 0.5, "u_probability": 0.5},
        ],
    }
    model = from_dict({**raw, "comparisons": [*raw["comparisons"], given]})
    others = "\n".join(f"{n} | P{n} | Q{n} | 1960-01-{n - 80} | M | S{n}" for n in range(91, 106))
    left = f"""
        unit_id | forename | surname | dob:text   | sex | postcode
        1       | JO       | JONES   | 1993-01-02 | F   | P9
        2       | ANN      | JONES   | 1993-01-02 | F   | P4
        {others}
    """
    right = """
        unit_id | forename | surname | dob:text   | sex | postcode
        11      | JO       | JONES   | 1993-01-02 | F   | P4
    """
    step = Step(name="s", left="npd", right="cis", train=False, duplicates="join", accept_weight=2, twins="model")
    sides = units(engine, "npd", world(left)), units(engine, "cis", world(right))
    found = link_step(engine, step, *sides, rules=(), model=model)
    assert rows(engine.sql("select left_id, right_id from {l} where decision = 'accepted'", l=found.links)) == [(1, 11)]


def test_twins_do_not_become_one_through_a_record_of_their_initial(engine: Engine, world: Any, rows: Any) -> None:
    """Customer 11 is pupil 1 by the same initial. Jo and Jane are each like 11, and not like each other."""
    left = world("""
        unit_id | forename | surname | dob:text   | sex | postcode
        1       | J        | JONES   | 1993-01-02 | F   | P4
    """)
    right = """
        unit_id | forename | surname | dob:text   | sex | postcode
        11      | J        | JONES   | 1993-01-02 | F   | P4
        12      | JO       | JONES   | 1993-01-02 | F   | P4
    """

    def linked(customers: str) -> list[Any]:
        step = Step(name="s", left="npd", right="cis", train=False, duplicates="join", accept_weight=6)
        sides = units(engine, "npd", left), units(engine, "cis", world(customers))
        found = link_step(engine, step, *sides, rules=(), model=exact_model())
        return rows(engine.sql("select left_id, right_id from {l} where decision = 'accepted'", l=found.links))

    assert linked(right) == [(1, 11), (1, 12)]
    jane = "        13      | JANE     | JONES   | 1993-01-02 | F   | P4\n"
    assert linked(right.rstrip(" ") + jane) == [(1, 11)]


def test_twins_of_two_files_do_not_become_one_through_it(engine: Engine, world: Any, rows: Any) -> None:
    """Pupil Jane and customer Jo are each like pupil and customer J, who are linked."""
    people = """
        unit_id | forename | surname | dob:text   | sex | postcode
        {}1     | J        | JONES   | 1993-01-02 | F   | P4
        {}2     | {}       | JONES   | 1993-01-02 | F   | P4
    """

    def linked(pupil: str, customer: str) -> list[Any]:
        step = Step(name="s", left="npd", right="cis", train=False, duplicates="join", accept_weight=6)
        sides = [
            units(engine, name, world(people.format(number, number, called)))
            for name, number, called in (("npd", "", pupil), ("cis", "1", customer))
        ]
        found = link_step(engine, step, *sides, rules=(), model=exact_model())
        return rows(engine.sql("select left_id, right_id from {l} where decision = 'accepted'", l=found.links))

    assert linked("JANE", "JO") == [(1, 11)]
    assert linked("JOE", "JO") == [(1, 11), (2, 12)]


def test_whom_people_have_linked_joins_nobody_else(engine: Engine, world: Any, rows: Any) -> None:
    """Customer 11 is pupil 1 by decision, though nothing speaks for it, and looks like customer 12, who is pupil 2."""
    left = world("""
        unit_id | forename | surname | dob:text   | sex | postcode
        1       | EVE      | HART    | 1990-01-02 | F   | P1
        2       | JO       | JONES   | 1993-01-02 | M   | P4
    """)
    right = world("""
        unit_id | forename | surname | dob:text   | sex | postcode
        11      | JO       | JONES   | 1993-01-02 | M   | P4
        12      | JO       | JONES   | 1993-01-02 | M   | P4
    """)
    step = Step(name="s", left="npd", right="cis", train=False, duplicates="join", accept_weight=6)
    decided = Overrides(world("left_id | right_id\n1 | 11"), no_pairs(engine), {})
    found = link_step(
        engine,
        step,
        units(engine, "npd", left),
        units(engine, "cis", right),
        rules=(),
        model=exact_model(),
        overrides=decided,
    )
    links = engine.sql("select left_id, right_id, method from {l} where decision = 'accepted'", l=found.links)
    assert rows(links) == [(1, 11, "override"), (2, 12, "probabilistic")]


def with_numbers() -> Model:
    """The exact model with a number: 12 bits where it agrees, -8 where it differs."""
    raw = exact_model().raw
    nino = {
        "output_column_name": "nino",
        "comparison_levels": [
            {"sql_condition": "nino_l IS NULL OR nino_r IS NULL", "is_null_level": True},
            {"sql_condition": "nino_l = nino_r", "m_probability": 0.5, "u_probability": 2.0**-13},
            {"sql_condition": "ELSE", "m_probability": 2.0**-9, "u_probability": 0.5},
        ],
    }
    return from_dict({**raw, "comparisons": [*raw["comparisons"], nino]})


def _of_two_numbers(engine: Engine, world: Any, pupils: str, *, moved: int) -> StepResult:
    """Forty customers who are each in the file twice, under two numbers and with homes so far apart; pupils have one."""
    head = "unit_id | forename | surname | dob:text | sex | postcode | nino\n"
    row = "{id} | F{n} | S{n} | 1993-01-{n} | F | P{home} | {nino}\n"
    numbered = range(11, 51)
    left = head + "".join(row.format(id=n, n=n, home=n, nino=pupils.format(n)) for n in numbered)
    right = head + "".join(
        row.format(id=100 * k + n, n=n, home=n + moved * (k - 1), nino=f"{k}-{n}") for k in (1, 2) for n in numbered
    )
    step = Step(name="s", left="npd", right="cis", train=False, duplicates="join", accept_weight=6)
    sides = units(engine, "npd", world(left)), units(engine, "cis", world(right))
    return link_step(engine, step, *sides, rules=(), model=with_numbers())


def test_a_number_of_its_own_does_not_speak_against_a_second_record(engine: Engine, world: Any, rows: Any) -> None:
    """27 bits less the 10 that a pair starts at, and 8 for another number. Of forty second records all have one."""
    found = _of_two_numbers(engine, world, "1-{}", moved=0)
    links = engine.sql("select left_id, right_id from {l} where decision = 'accepted'", l=found.links)
    assert rows(links) == sorted((n, 100 * k + n) for n in range(11, 51) for k in (1, 2))
    number = found.summary["other_records"]["beside"]["right"]["times"]["gamma_nino"]
    assert number["0"] == pytest.approx((50 * 2.0**-9 + 40) / 90 / 2.0**-9, rel=0.01), "of 90, 50 as the model says"


def test_numbers_tell_nothing_where_one_of_the_two_records_has_none(engine: Engine, world: Any) -> None:
    """No pupil has a number: that his customer's two records have two of them is no evidence, and nothing is learnt."""
    found = _of_two_numbers(engine, world, "", moved=100)
    number = found.summary["other_records"]["beside"]["right"]["times"]["gamma_nino"]
    assert number == {"1": 1.0, "0": 1.0}
