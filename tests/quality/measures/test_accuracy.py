"""Accuracy of parts of a step, estimated error and missed matches by data error, on
three pupils and three learners.
"""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.engine import Engine
from quality.measures.estimated_error import Unseen, most_matches, of_sums
from quality.measures.evaluation import Inputs, evaluate


@pytest.fixture
def pattern_inputs(pupils_and_learners: Inputs, world: Any) -> Inputs:
    """The same world, with patterns and probabilities of its pairs."""
    (step,) = pupils_and_learners.steps
    links = world("""
        left_id | right_id | method        | pass   | pattern:text | match_weight:float | match_probability:float | decision
        1       | 4        | deterministic | strict | 1            | 20.5               | 1.0                     | accepted
        2       | 6        | probabilistic | -      | 0            | 7.25               | 0.75                    | accepted
        2       | 5        | probabilistic | -      | 1            | 6.5                | 0.25                    | review
        3       | 5        | probabilistic | -      | 0            | -12.0              | 0.0                     | rejected
    """)
    return dataclasses.replace(
        pupils_and_learners, steps=(dataclasses.replace(step, links=links),)
    )


def step_of(engine: Engine, inputs: Inputs) -> dict[str, Any]:
    (step,) = evaluate(engine, inputs)["steps"]
    return step


def test_links_of_a_band_are_counted_apart_from_its_other_pairs(
    engine: Engine, pattern_inputs: Inputs
) -> None:
    """From 5 to 10 lie a false link and a true pair in review: no link there is
    right.
    """
    band = next(
        row for row in step_of(engine, pattern_inputs)["bands"] if row["from"] == 5
    )
    assert (band["correct"], band["false"]) == (1, 1)
    assert (
        band["of_links"]["links"],
        band["of_links"]["correct"],
        band["of_links"]["false"],
    ) == (1, 0, 1)
    assert band["of_links"]["precision"]["value"] == 0.0


def by_sex(step: dict[str, Any]) -> list[dict[str, Any]]:
    return next(
        row["groups"] for row in step["bias"] if row["characteristics"] == ["sex"]
    )


def test_links_without_probabilities_are_not_all_expected_to_be_false(
    engine: Engine, pupils_and_learners: Inputs
) -> None:
    groups = by_sex(step_of(engine, pupils_and_learners))
    assert [(group["links"], group["estimated_false"]) for group in groups] == [
        (1, None),
        (1, None),
        (0, None),
    ]


def test_error_of_groups_adds_up_to_the_step(
    engine: Engine, pattern_inputs: Inputs
) -> None:
    step = step_of(engine, pattern_inputs)
    groups = by_sex(step)
    assert [
        (g["labels"], g["links"], g["in_both"], g["found"], g["false"]["count"])
        for g in groups
    ] == [
        (["Female"], 1, 1, 1, 0),
        (["Male"], 1, 1, 0, 1),
        (["Not known"], 0, 0, 0, 0),
    ]
    assert [(g["estimated_false"], g["estimated_missed"]) for g in groups] == [
        (0.0, 0.0),
        (0.25, 0.25),
        (None, None),
    ]
    assert sum(g["false"]["count"] for g in groups) == step["accuracy"]["false"]


def test_estimated_error_adds_up_the_probabilities(
    engine: Engine, pattern_inputs: Inputs
) -> None:
    """Links of 1 and 3/4; another pair of 1/4; blocking recall of four fifths."""
    (step,) = pattern_inputs.steps
    blocking = {"passes": [], "rules": [], "estimated_recall": 0.8}
    inputs = dataclasses.replace(
        pattern_inputs, steps=(dataclasses.replace(step, blocking=blocking),)
    )
    result = step_of(engine, inputs)["estimated_error"]
    assert (
        result["links"],
        result["correct"],
        result["false"],
        result["missed_scored"],
    ) == (2, 1.75, 0.25, 0.25)
    assert result["missed_unscored"] == pytest.approx(0.5)
    assert result["precision"]["value"] == 0.875
    assert result["recall"]["value"] == pytest.approx(1.75 / 2.5)
    assert result["f1"]["value"] == pytest.approx(2 * 1.75 / 4.5)


def test_a_link_that_people_decided_on_is_expected_to_be_right(
    engine: Engine, pattern_inputs: Inputs
) -> None:
    """The model gives it three quarters, but the decision counts: in the step, in its
    groups and parts.
    """
    (step,) = pattern_inputs.steps
    links = engine.sql(
        """
        select left_id, right_id, case when right_id = 6 then 'override' else method
            end as method, pass, pattern,
               match_weight, match_probability, decision
        from {t}
        """,
        t=step.links,
    )
    result = step_of(
        engine,
        dataclasses.replace(
            pattern_inputs, steps=(dataclasses.replace(step, links=links),)
        ),
    )
    assert (
        result["estimated_error"]["correct"],
        result["estimated_error"]["false"],
    ) == (2.0, 0.0)
    assert result["estimated_error"]["precision"]["low"] == 1.0
    assert sum(row["estimated_false"] for row in result["passes"]) == 0.0
    assert (
        sum(row["of_links"]["estimated_false"] or 0.0 for row in result["bands"]) == 0.0
    )
    assert [group["estimated_false"] for group in by_sex(result)] == [0.0, 0.0, None]


def test_a_sensitivity_range_holds_the_factors_and_sampling_error() -> None:
    """Of 1,000 links 100 are false, or a third or three times as many; of certain links
    nothing varies.
    """
    precision = of_sums(1000, (900.0, 0.0), (0.0, 0.0))["precision"]
    assert (precision["low"], precision["high"]) == pytest.approx(
        (0.7, 1 - 1 / 30), abs=0.02
    )
    wider = of_sums(1000, (900.0, 900.0), (0.0, 0.0))["precision"]
    assert wider["high"] - wider["low"] > precision["high"] - precision["low"]
    certain = of_sums(10, (10.0, 0.0), (0.0, 0.0))
    assert [
        certain[share][end]
        for share in ("precision", "recall", "f1")
        for end in ("low", "high")
    ] == [1.0] * 6


def test_unscored_matches_widen_the_range_of_recall() -> None:
    """Of 1,000 matches 900 are linked, 40 scored, 60 below the floor: these may be half
    or twice as many; 60 that no rule makes three times.
    """
    result = of_sums(900, (900.0, 0.0), (40.0, 0.0), Unseen(dropped=60.0))
    recall = result["recall"]
    assert (result["missed_below_floor"], recall["value"]) == (60.0, 0.9)
    assert (recall["low"], recall["high"]) == pytest.approx(
        (900 / 1_100, 900 / 950), abs=0.01
    )
    result = of_sums(900, (900.0, 0.0), (40.0, 0.0), Unseen(reach=0.94))
    recall = result["recall"]
    assert result["missed_unscored"] == pytest.approx(60.0)
    assert (recall["low"], recall["high"]) == pytest.approx(
        (900 / (900 + 80 + 180), 900 / 940), abs=0.02
    )


def test_doubtful_pairs_correct_the_sum_of_probabilities() -> None:
    """Of 400 matches by their probabilities 100, within the factor and the models."""
    corrected = of_sums(900, (900.0, 0.0), (400.0, 0.0), Unseen(scored_factor=0.25))
    assert corrected["missed_scored"] == 100.0
    assert corrected["recall"]["value"] == 0.9
    wider = of_sums(
        900, (900.0, 0.0), (400.0, 0.0), Unseen(scored_factor=0.25, scored_spread=0.5)
    )
    assert wider["recall"]["low"] < corrected["recall"]["low"] - 0.05


def test_no_more_matches_are_expected_than_there_are_people() -> None:
    """A blocking recall of 4 in 10 makes 600 others of 400, and the smaller file has
    800 people.
    """
    units = {"left": 800, "right": 900}
    limits = [
        most_matches(kind, units)
        for kind in ("one-to-one", "many-to-one", "one-to-many", "many-to-many")
    ]
    assert limits == [800.0, 800.0, 900.0, None]
    limited, unlimited = (
        of_sums(300, (300.0, 0.0), (100.0, 0.0), Unseen(0.4, most=limit))
        for limit in (800.0, None)
    )
    assert (limited["missed_unscored"], limited["recall"]["value"]) == (
        400.0,
        300 / 800,
    )
    assert (unlimited["missed_unscored"], unlimited["recall"]["of"]) == (
        pytest.approx(600.0),
        1000,
    )


@given(
    st.integers(1, 10_000),
    st.floats(0, 1),
    st.floats(0, 500),
    st.floats(0.05, 1),
    st.floats(0, 100),
    st.floats(0, 2),
)
def test_a_range_holds_its_value(
    links: int,
    share: float,
    unlinked: float,
    recall: float,
    below_floor: float,
    factor: float,
) -> None:
    unseen = Unseen(recall, below_floor, factor)
    result = of_sums(
        links,
        (share * links, share * (1 - share) * links),
        (unlinked, unlinked / 2),
        unseen,
    )
    for measure in ("precision", "recall", "f1"):
        measure_of = result[measure]
        if measure_of["value"] is not None:
            assert (
                0 <= measure_of["low"] <= measure_of["value"] <= measure_of["high"] <= 1
            )


def test_links_without_probabilities_have_no_estimated_error(
    engine: Engine, pupils_and_learners: Inputs
) -> None:
    assert step_of(engine, pupils_and_learners)["estimated_error"] is None


def test_the_cost_of_an_error_is_the_extra_share_of_missed_matches(
    engine: Engine, pupils_and_learners: Inputs, world: Any
) -> None:
    """Ben's forename was mistyped on one of his two records, and his true pair was
    missed; Ann's has no error.

    The false link of pupil B to learner Z has it too. An error of an unknown record
    costs nothing.
    """
    errors = world("""
        source | record_key:text | field    | kind
        npd    | r2              | forename | typo
        npd    | r9              | dob      | day
    """)
    records = {
        "npd": world("""
            source_key:text | entity_key:text
            r1              | A
            r2              | B
            r3              | B
            r4              | C
        """),
        "ilr": world("""
            source_key:text | entity_key:text
            r5              | X
        """),
    }
    result = step_of(
        engine, dataclasses.replace(pupils_and_learners, errors=errors, records=records)
    )["data_errors"]
    clean = result["without_error"]
    assert (clean["pairs"], clean["missed"]) == (1, 0)
    (kind,) = result["kinds"]
    assert {
        key: kind[key] for key in ("field", "kind", "pairs", "missed", "cost", "false")
    } == {
        "field": "forename",
        "kind": "typo",
        "pairs": 1,
        "missed": 1,
        "cost": 1.0,
        "false": 1,
    }
