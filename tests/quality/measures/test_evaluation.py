"""What the evaluation counts, on a world with one false link and one missed."""

import dataclasses
import json
from typing import Any

import pytest

from linkage.engine import Engine
from quality.measures.accuracy import truth_of_units
from quality.measures.evaluation import Inputs, evaluate
from tests.quality.conftest import EvaluateOnce


@pytest.fixture
def evaluation(
    engine: Engine, evaluate_once: EvaluateOnce, request: pytest.FixtureRequest
) -> dict[str, Any]:
    world = "pupils_and_learners"
    return evaluate_once(
        world, lambda: evaluate(engine, request.getfixturevalue(world))
    )


def step_of(evaluation: dict[str, Any]) -> dict[str, Any]:
    (step,) = evaluation["steps"]
    return step


def test_one_right_one_false_one_missed(evaluation: dict[str, Any]) -> None:
    accuracy = step_of(evaluation)["accuracy"]
    counts = {
        key: accuracy[key]
        for key in (
            "true_pairs",
            "attainable",
            "accepted",
            "correct",
            "false",
            "missed",
        )
    }
    assert counts == {
        "true_pairs": 2,
        "attainable": 2,
        "accepted": 2,
        "correct": 1,
        "false": 1,
        "missed": 1,
    }
    assert [accuracy[share]["value"] for share in ("precision", "recall", "f1")] == [
        0.5,
        0.5,
        0.5,
    ]
    outcomes = [
        (row["outcome"], row["pairs"]) for row in accuracy["true_pairs_by_outcome"]
    ]
    assert outcomes == [("accepted", 1), ("review", 1)]


def test_a_true_pair_that_blocking_does_not_reach_is_missed(
    engine: Engine, pupils_and_learners: Inputs
) -> None:
    (step,) = pupils_and_learners.steps
    links = engine.sql(
        "select * from {links} where decision <> 'review'", links=step.links
    )
    inputs = dataclasses.replace(
        pupils_and_learners, steps=(dataclasses.replace(step, links=links),)
    )
    accuracy = step_of(evaluate(engine, inputs))["accuracy"]
    assert accuracy["missed"] == 1
    assert {"outcome": "not compared", "pairs": 1} in accuracy["true_pairs_by_outcome"]


def test_passes_add_up_to_the_step(evaluation: dict[str, Any]) -> None:
    figures = [
        (
            row["method"],
            row["pass"],
            row["links"],
            row["precision"]["value"],
            row["recall"]["value"],
        )
        for row in step_of(evaluation)["passes"]
    ]
    assert figures == [
        ("deterministic", "strict", 1, 1.0, 0.5),
        ("probabilistic", "probabilistic", 1, 0.0, 0.0),
    ]


def test_weights_fall_in_bins_of_one_bit(evaluation: dict[str, Any]) -> None:
    assert [
        (row["bin"], row["decision"], row["pairs"])
        for row in step_of(evaluation)["weights"]
    ] == [
        (-12, "rejected", 1),
        (6, "review", 1),
        (7, "accepted", 1),
        (20, "accepted", 1),
    ]


def test_bands_say_how_many_pairs_were_true(evaluation: dict[str, Any]) -> None:
    assert [
        (row["from"], row["to"], row["pairs"], row["accepted"], row["correct"])
        for row in step_of(evaluation)["bands"]
    ] == [(None, -10, 1, 0, 0), (5, 10, 2, 1, 1), (20, 25, 1, 1, 1)]


def test_sides_and_reasons(evaluation: dict[str, Any]) -> None:
    assert step_of(evaluation)["sides"] == [
        {
            "side": "left",
            "units": 3,
            "linked": 2,
            "unlinked": [{"reason": "below threshold", "units": 1}],
        },
        {
            "side": "right",
            "units": 3,
            "linked": 2,
            "unlinked": [{"reason": "ambiguous", "units": 1}],
        },
    ]


def test_three_denominators(evaluation: dict[str, Any]) -> None:
    """The pupil born in 2010 was 11 when the data end: not in the calculation of a link
    to learners of 14 and over.
    """
    assert step_of(evaluation)["totals"] == [
        {
            "side": "left",
            "all": 3,
            "eligible": 2,
            "linked": 2,
            "in_both": 2,
            "found": 1,
        },
        {
            "side": "right",
            "all": 3,
            "eligible": 3,
            "linked": 2,
            "in_both": 2,
            "found": 1,
        },
    ]
    # The pupil who is not eligible is unlinked too, and has no reason.
    assert step_of(evaluation)["reasons"] == [
        {"side": "right", "reason": "ambiguous", "units": 1}
    ]


def test_rates_by_group(evaluation: dict[str, Any]) -> None:
    rates = {
        row["characteristic"]: row["groups"]
        for row in step_of(evaluation)["rates"]
        if row["side"] == "left"
    }
    assert list(rates) == ["source", "cohort", "sex", "ethnic_group", "fsm"]
    assert [
        (g["label"], g["all"], g["eligible"], g["linked"]) for g in rates["sex"]
    ] == [
        ("Female", 1, 1, 1),
        ("Male", 1, 1, 1),
        ("Not known", 1, 0, 0),
    ]
    assert [(g["label"], g["all"]) for g in rates["ethnic_group"]] == [
        ("White", 2),
        ("Not known", 1),
    ]
    assert [(g["label"], g["all"]) for g in rates["fsm"]] == [
        ("Never eligible", 1),
        ("Eligible in some year", 1),
        ("Not known", 1),
    ]
    assert [g["label"] for g in rates["cohort"]] == ["1990", "1991", "2010"]
    assert rates["source"] == [
        {
            "group": "npd",
            "label": "npd",
            "all": 3,
            "eligible": 2,
            "linked": 2,
            "in_both": 2,
            "found": 1,
        }
    ]


def test_people_of_several_records_count_in_every_source(
    engine: Engine, pupils_and_learners: Inputs, world: Any
) -> None:
    """A person of two records has the value of the first record that has one."""
    (step,) = pupils_and_learners.steps
    units = world("""
        side  | unit_id | entity_id
        left  | 1       | 3
        left  | 1       | 4
        left  | 2       | 2
        right | 5       | 5
    """)
    links = world("""
        left_id | right_id | method        | pass   | match_weight:float | decision
        1       | 5        | deterministic | strict | 20.5               | accepted
    """)
    new_step = dataclasses.replace(
        step, left="people", right="hesa", units=units, links=links
    )
    result = step_of(
        evaluate(engine, dataclasses.replace(pupils_and_learners, steps=(new_step,)))
    )
    rates = {
        row["characteristic"]: row for row in result["rates"] if row["side"] == "left"
    }
    assert not rates["source"]["is_partition"]
    assert [(g["group"], g["all"], g["linked"]) for g in rates["source"]["groups"]] == [
        ("ilr", 1, 0),
        ("npd", 2, 0),
    ]
    assert [
        (g["group"], g["all"], g["eligible"]) for g in rates["cohort"]["groups"]
    ] == [
        ("1991", 1, 1),
        ("2010", 1, 0),
    ]
    assert [(g["label"], g["all"]) for g in rates["sex"]["groups"]] == [
        ("Female", 1),
        ("Male", 1),
    ]


def test_a_value_in_the_wrong_place_is_not_shown(
    engine: Engine, pupils_and_learners: Inputs, world: Any
) -> None:
    """A name that a school typed into the ethnic group is counted as another code."""
    census = world("""
        entity_id | AcademicYear | EthnicGroupMajor | FSMeligible
        1         | 201112       | ZEBEDEE          | 1
        2         | 201112       | WHIT             | 0
    """)
    evaluation = evaluate(
        engine,
        dataclasses.replace(pupils_and_learners, attributes={"npd_census": census}),
    )
    groups = next(
        r["groups"]
        for r in step_of(evaluation)["rates"]
        if r["characteristic"] == "ethnic_group"
    )
    assert [g["label"] for g in groups] == ["White", "Not known", "Other code"]
    assert "ZEBEDEE" not in json.dumps(evaluation)


def test_spine_by_pairs_and_by_people(evaluation: dict[str, Any]) -> None:
    """P1 is whole, P2 lacks a learner who is not on the spine, P4's learner is
    with P2.
    """
    accuracy = evaluation["spine"]["accuracy"]
    pairs = {
        key: accuracy["pairwise"][key]
        for key in ("true_pairs", "accepted", "correct", "false", "missed")
    }
    assert pairs == {
        "true_pairs": 2,
        "accepted": 2,
        "correct": 1,
        "false": 1,
        "missed": 1,
    }
    people = {
        key: accuracy["people"][key]
        for key in ("true", "spine", "exact", "split", "mixed")
    }
    assert people == {"true": 4, "spine": 3, "exact": 2, "split": 0, "mixed": 1}


def test_completeness_counts_values_and_histories(evaluation: dict[str, Any]) -> None:
    npd = evaluation["sources"][0]
    assert (npd["rows_read"], npd["records"], npd["quarantined"], npd["entities"]) == (
        5,
        4,
        1,
        3,
    )
    forename = next(
        row for row in npd["completeness"] if row["identifier"] == "forename"
    )
    assert forename == {
        "identifier": "forename",
        "entities": 3,
        "present": 2,
        "several": 1,
    }


def test_model_as_weights(evaluation: dict[str, Any]) -> None:
    model = step_of(evaluation)["parameters"]
    assert [(level["label"], level["match_weight"]) for level in model["levels"]] == [
        ("Exact match on surname", pytest.approx(3.0)),
        ("All other comparisons", pytest.approx(-2.169925)),
    ]
    assert model["prior_weight"] == pytest.approx(-1.584962)


def test_a_unit_of_several_persons_is_the_most_frequent_then_smallest(
    engine: Engine, world: Any, rows: Any
) -> None:
    units = world("""
        side | unit_id | entity_id
        left | 1       | 1
        left | 1       | 2
        left | 1       | 3
        left | 2       | 4
        left | 2       | 5
    """)
    persons = world("""
        entity_id | person
        1 | 7
        2 | 9
        3 | 9
        4 | 8
        5 | 6
    """)
    assert rows(truth_of_units(engine, units, persons).known) == [
        ("left", 1, 9),
        ("left", 2, 6),
    ]


def test_two_numbers_of_one_person_cannot_both_be_linked_one_to_one(
    engine: Engine, pupils_and_learners: Inputs, world: Any
) -> None:
    truth = world("""
        source | entity_key:text | person_id
        npd    | A               | 101
        ilr    | X               | 101
        ilr    | Y               | 101
    """)
    accuracy = step_of(
        evaluate(engine, dataclasses.replace(pupils_and_learners, truth=truth))
    )["accuracy"]
    assert (accuracy["true_pairs"], accuracy["attainable"]) == (2, 1)
    assert (accuracy["accepted"], accuracy["assessed"]) == (
        2,
        1,
    )  # a pair without a known person is not judged


@pytest.mark.both_engines
def test_both_engines_count_the_same(
    engine: Engine, pupils_and_learners: Inputs
) -> None:
    """The headline counts on either engine; the whole result is one text of SQL."""
    evaluation = evaluate(engine, pupils_and_learners)
    accuracy, spine = step_of(evaluation)["accuracy"], evaluation["spine"]["accuracy"]
    assert (accuracy["true_pairs"], accuracy["correct"], accuracy["false"]) == (2, 1, 1)
    assert (spine["pairwise"]["correct"], spine["people"]["exact"]) == (1, 2)
    assert [
        (r["all"], r["eligible"], r["linked"]) for r in step_of(evaluation)["totals"]
    ] == [(3, 2, 2), (3, 3, 2)]
    assert [row["bin"] for row in step_of(evaluation)["weights"]] == [-12, 6, 7, 20]
    fsm = next(
        row for row in step_of(evaluation)["rates"] if row["characteristic"] == "fsm"
    )
    assert [group["all"] for group in fsm["groups"]] == [1, 1, 1]


def test_truth_may_come_as_pairs(
    engine: Engine, pupils_and_learners: Inputs, world: Any
) -> None:
    pairs = world("""
        left_id | right_id
        1 | 4
        2 | 5
    """)
    (step,) = pupils_and_learners.steps
    inputs = Inputs((dataclasses.replace(step, true_pairs=pairs, model=None),))
    evaluation = evaluate(engine, inputs)
    assert (evaluation["has_truth"], evaluation["spine"], evaluation["sources"]) == (
        True,
        None,
        [],
    )
    assert step_of(evaluation)["accuracy"]["recall"]["value"] == 0.5
    assert step_of(evaluation)["accuracy"]["attainable"] is None
    assert (step_of(evaluation)["rates"], step_of(evaluation)["parameters"]) == (
        [],
        None,
    )


def test_without_truth_there_are_no_error_counts(
    engine: Engine, pupils_and_learners: Inputs
) -> None:
    evaluation = evaluate(engine, dataclasses.replace(pupils_and_learners, truth=None))
    step = step_of(evaluation)
    assert (
        evaluation["has_truth"],
        step["accuracy"],
        evaluation["spine"]["accuracy"],
    ) == (False, None, None)
    assert step["passes"][0]["precision"] is None
    assert step["totals"][0]["in_both"] is None


def test_the_result_is_json_without_a_value_of_a_person(
    evaluation: dict[str, Any],
) -> None:
    text = json.dumps(evaluation)
    assert not [
        value
        for value in ("ANN", "BENJAMIN", "1990-05-01", '"A"', '"X"')
        if value in text
    ]


def test_a_step_without_links_has_recall_and_no_precision(
    engine: Engine, pupils_and_learners: Inputs
) -> None:
    (step,) = pupils_and_learners.steps
    links = engine.sql("select * from {links} where false", links=step.links)
    result = step_of(
        evaluate(
            engine,
            dataclasses.replace(
                pupils_and_learners, steps=(dataclasses.replace(step, links=links),)
            ),
        )
    )
    assert result["accuracy"]["precision"]["value"] is None
    assert result["accuracy"]["recall"]["value"] == 0.0
    assert result["passes"] == []
