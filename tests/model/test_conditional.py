"""Agreements that go together: what non-matches of one household share counts once."""

import math
from typing import Any

import pytest

from linkage.engine import Engine
from linkage.engine import rows as engine_rows
from linkage.errors import ConfigError
from linkage.match.candidates import score_candidates, term_frequencies
from linkage.model import Model, from_dict
from linkage.model.comparisons import comparison, given_comparison, settings
from linkage.model.training import train
from linkage.model.training.dependence import with_dependence
from linkage.model.training.evidence import gather
from linkage.model.training.u import estimate_u
from tests.conftest import World
from tests.model import known_errors

EVERY_PAIR = "l.surname = r.surname OR l.surname <> r.surname"
CHANCE = {"surname": 0.1, "postcode": 0.01, "dob": 0.001}


def model(*comparisons: dict[str, Any]) -> Model:
    """Surname, postcode and birth date, of which random pairs agree as CHANCE says, and
    comparisons given others.
    """
    raw = settings(
        [*(equal_or_not(column, u) for column, u in CHANCE.items()), *comparisons],
        [EVERY_PAIR],
    )
    return from_dict(raw)


def equal_or_not(column: str, u: float) -> dict[str, Any]:
    raw = comparison(column, "category")
    for level, m, level_u in zip(
        raw["comparison_levels"][1:], (0.9, 0.1), (u, 1 - u), strict=True
    ):
        level |= {
            "m_probability": m,
            "u_probability": level_u,
            "fix_u_probability": True,
        }
    if column == "surname":
        raw["comparison_levels"][1] |= {
            "tf_adjustment_column": "surname",
            "tf_adjustment_weight": 1.0,
        }
    return raw


SIDE = """
    unit_id | forename | surname | postcode | dob
    1       | AVA      | LEE     | P1       | 1990-01-01
    2       | NOAH     | LEE     | P1       | 1990-01-01
    3       | ZOE      | LEE     | P1       | 1992-05-05
    4       | IAN      | KHAN    | P1       | 1970-02-02
    5       | MIA      | KHAN    | P2       | 1971-03-03
    6       | EVE      | -       | P2       | 1999-09-09
    7       | TOM      | DUNN    | P9       | 1980-01-01
    8       | TOM      | DUNN    | P9       | 1980-01-01
"""
NO_OTHERS = "unit_id | forename | surname | postcode | dob:text\n99 | - | - | - | -"


def measured_levels(
    engine: Engine, world: World, raw: dict[str, Any]
) -> list[dict[str, Any]]:
    """The levels of a comparison, measured on the non-matches of SIDE."""
    full_model = model(raw)
    side = engine.sql(
        "select * replace (cast(dob as varchar) as dob) from {t}",
        t=world(SIDE),
        store=True,
    )
    sides = side, world(NO_OTHERS)
    evidence = gather(engine, full_model, *sides, seed=1, learn=False)
    evidence = with_dependence(engine, evidence, estimate_u(evidence), *sides, seed=1)
    levels: list[dict[str, Any]] = evidence.layout.model.raw["comparisons"][-1][
        "comparison_levels"
    ][1:]
    return levels


def test_non_matches_of_one_postcode_are_counted_without_duplicates(
    engine: Engine, world: World
) -> None:
    equal, differs = measured_levels(
        engine, world, given_comparison("surname", ["postcode"])
    )
    # At P1 the six pairs of four people, each seen from both sides: three LEEs with
    # each other, and with KHAN. At P2 one has no surname. At P9 is one person twice.
    # What is random counts as 200 pairs.
    assert equal["m_probability"] == pytest.approx(0.1)
    assert equal["u_probability"] == pytest.approx((6 + 200 * 0.1) / (12 + 200))
    assert differs["m_probability"] == pytest.approx(0.9)
    assert differs["u_probability"] == pytest.approx((6 + 200 * 0.9) / (12 + 200))


def test_pairs_of_which_another_condition_speaks_are_left_out(
    engine: Engine, world: World
) -> None:
    equal, _ = measured_levels(
        engine, world, given_comparison("surname", ["postcode"], unless="dob")
    )
    assert equal["u_probability"] == pytest.approx(
        (4 + 200 * 0.1) / (10 + 200)
    )  # without the twins, 1 and 2


def test_twins_are_non_matches_of_one_household_and_birth_date(
    engine: Engine, world: World
) -> None:
    equal, _ = measured_levels(
        engine, world, given_comparison("dob", ["surname", "postcode"])
    )
    assert equal["m_probability"] == pytest.approx(0.001)
    assert equal["u_probability"] == pytest.approx((2 + 200 * 0.001) / (6 + 200))


def test_a_conditional_comparison_needs_the_field_compared_by_itself(
    engine: Engine, world: World
) -> None:
    with pytest.raises(ConfigError, match="forename_given_postcode"):
        measured_levels(engine, world, given_comparison("forename", ["postcode"]))


def test_in_a_household_a_rare_surname_weighs_no_more_than_a_common_one(
    engine: Engine, world: World
) -> None:
    condition = given_comparison("surname", ["postcode"], adjusted=True)
    for level, u in zip(condition["comparison_levels"][1:], (0.4, 0.6), strict=True):
        level |= {"m_probability": 0.4 if u == 0.4 else 0.9, "u_probability": u}
    left, right = (
        world(f"""
            unit_id | surname | postcode | dob
            {n}1    | SMITH   | P1       | 1990-01-01
            {n}2    | ZYX     | P1       | 1990-01-01
            {n}3    | ZYX     | P{n}     | 1990-01-01
            {n}4    | SMITH   | P{n}     | 1990-01-01
            {n}5    | SMITH   | -        | 1990-01-01
        """)
        for n in (3, 4)
    )
    weights = {}
    for kind, raw in (("alone", model()), ("together", model(condition))):
        frequencies = term_frequencies(engine, raw, left, right)
        scored_pairs = score_candidates(
            engine, raw, left, right, frequencies, -99.0
        ).pairs
        weights[kind] = {
            (r["left_id"], r["right_id"]): r["match_weight"]
            for r in engine_rows(engine, scored_pairs)
        }
    base, joint = weights["alone"], weights["together"]
    assert base[32, 42] > base[31, 41] + 0.5, "the rarer surname"
    assert joint[32, 42] == pytest.approx(joint[31, 41])
    # What surname and postcode are worth is m of both, over u of the postcode and of
    # the surname at a postcode.
    constant = (
        base[33, 43] - math.log2(0.9 / 0.4) - math.log2(0.1 / 0.99)
    )  # prior and birth date
    assert joint[31, 41] == pytest.approx(
        constant + math.log2(0.9 / 0.01) + math.log2(0.9 / 0.4)
    )
    other_pairs = [
        pair for pair in base if pair not in {(31, 41), (31, 42), (32, 41), (32, 42)}
    ]
    assert all(joint[pair] == pytest.approx(base[pair]) for pair in other_pairs), (
        "elsewhere it says nothing"
    )


def test_training_measures_conditional_comparisons_and_changes_no_other(
    engine: Engine,
) -> None:
    plain_model = known_errors.model()
    raw = {
        **plain_model.raw,
        "comparisons": [
            *plain_model.raw["comparisons"],
            given_comparison("sex", ["forename"]),
        ],
    }
    left, right = map(engine.from_arrow, known_errors.two_files())
    base_model, _ = train(engine, plain_model, left, right, seed=1)
    trained_model, report = train(engine, from_dict(raw), left, right, seed=1)
    assert trained_model.raw["comparisons"][:-1] == base_model.raw["comparisons"]
    assert trained_model.prior == base_model.prior
    equal, differs = trained_model.comparisons[-1].levels[1:]
    # In these files sex is drawn whatever the forename is.
    assert abs(equal.weight) < 0.1
    assert abs(differs.weight) < 0.1
    assert [
        level.standard_error
        for level in report.levels
        if level.comparison == "sex_given_forename"
    ] == [None, None]
    assert not report.faults
