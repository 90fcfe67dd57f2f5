"""How right parts of a step are, and which errors cost links, on the world of three pupils and three learners."""

import dataclasses
from typing import Any

import pytest
from quality.report.sections.error_parts import of_pairs, parts_folds, shares
from quality.report.sections.expected import expected_section

from linkage.catalogue import shipped
from linkage.engine import Engine
from quality.disclosure import Disclosure, load
from quality.measures.estimated_error import Unseen, most_matches, of_sums
from quality.measures.evaluation import Inputs, _unseen, evaluate
from quality.measures.intervals import Share
from quality.report.names import Names
from quality.report.page import Fold, Text


@pytest.fixture
def patterned(pupils_and_learners: Inputs, world: Any) -> Inputs:
    """The same world, with patterns and probabilities of its pairs."""
    (step,) = pupils_and_learners.steps
    links = world("""
        left_id | right_id | method        | pass   | pattern:text | match_weight:float | match_probability:float | decision
        1       | 4        | deterministic | strict | 1            | 20.5               | 1.0                     | accepted
        2       | 6        | probabilistic | -      | 0            | 7.25               | 0.75                    | accepted
        2       | 5        | probabilistic | -      | 1            | 6.5                | 0.25                    | review
        3       | 5        | probabilistic | -      | 0            | -12.0              | 0.0                     | rejected
    """)
    return dataclasses.replace(pupils_and_learners, steps=(dataclasses.replace(step, links=links),))


def step_of(engine: Engine, inputs: Inputs) -> dict[str, Any]:
    (step,) = evaluate(engine, inputs)["steps"]
    return step


def test_links_by_pattern(engine: Engine, patterned: Inputs) -> None:
    shown = [
        (row["pattern"], row["links"], row["estimated_false"], row["correct"], row["false"], row["recall"]["value"])
        for row in step_of(engine, patterned)["patterns"]
    ]
    assert shown == [("0", 1, 0.25, 0, 1, 0.0), ("1", 1, 0.0, 1, 0, 0.5)]


def test_links_of_a_band_are_judged_apart_from_its_other_pairs(engine: Engine, patterned: Inputs) -> None:
    """From 5 to 10 lie a false link and a true pair in review: no link there is right."""
    band = next(row for row in step_of(engine, patterned)["bands"] if row["from"] == 5)
    assert (band["correct"], band["false"]) == (1, 1)
    assert (band["of_links"]["links"], band["of_links"]["correct"], band["of_links"]["false"]) == (1, 0, 1)
    assert band["of_links"]["precision"]["value"] == 0.0


def test_links_without_probabilities_are_not_all_expected_to_be_false(
    engine: Engine, pupils_and_learners: Inputs
) -> None:
    step = step_of(engine, pupils_and_learners)
    by_sex = next(row["groups"] for row in step["error_by_group"] if row["characteristic"] == "sex")
    assert [(g["links"], g["estimated_false"]) for g in by_sex] == [(1, None), (1, None), (0, 0.0)]


def test_error_of_groups_adds_up_to_the_step(engine: Engine, patterned: Inputs) -> None:
    step = step_of(engine, patterned)
    by_sex = next(row["groups"] for row in step["error_by_group"] if row["characteristic"] == "sex")
    assert [(g["label"], g["links"], g["correct"], g["false"], g["missed"], g["true_pairs"]) for g in by_sex] == [
        ("Female", 1, 1, 0, 0, 1),
        ("Male", 1, 0, 1, 1, 1),
        ("Not known", 0, 0, 0, 0, 0),
    ]
    assert [(g["estimated_false"], g["estimated_missed"]) for g in by_sex] == [(0.0, 0.0), (0.25, 0.25), (0.0, 0.0)]
    for measure in ("correct", "false", "missed", "true_pairs"):
        assert sum(g[measure] for g in by_sex) == step["accuracy"][measure]


def test_error_of_groups_says_that_it_is_of_pairs_beside_rates_of_people(engine: Engine, patterned: Inputs) -> None:
    """One true pair of two is linked, and where a rule says who counts not all pairs are of people who do."""
    evaluation = evaluate(engine, patterned)
    d, names = Disclosure(load("leo_publication")), Names(shipped(), evaluation["steps"])
    (step,) = evaluation["steps"]
    for rule, said in ((None, "counted here. Link"), ({"minimum_age": 16}, "people who are not in the calculation")):
        step["eligible"] = rule
        assert said in of_pairs(step)
        expected = expected_section(evaluation, names, d)
        assert expected is not None
        folds = [block for block in [*parts_folds(step, names, d), *expected.blocks] if isinstance(block, Fold)]
        by_group = [fold for fold in folds if "group" in fold.summary]
        assert len(by_group) == 2
        assert all(isinstance(fold.blocks[0], Text) and fold.blocks[0].text == of_pairs(step) for fold in by_group)


def test_expected_error_adds_up_the_probabilities(engine: Engine, patterned: Inputs) -> None:
    """Links of 1 and 3/4; beside them a pair of 1/4; the rules reach four fifths of the matches."""
    (step,) = patterned.steps
    blocking = {"passes": [], "rules": [], "estimated_recall": 0.8}
    said = step_of(engine, dataclasses.replace(patterned, steps=(dataclasses.replace(step, blocking=blocking),)))[
        "expected"
    ]
    assert (said["links"], said["right"], said["false"], said["missed_kept"]) == (2, 1.75, 0.25, 0.25)
    assert said["missed_unreached"] == pytest.approx(0.5)
    assert said["precision"]["value"] == 0.875
    assert said["recall"]["value"] == pytest.approx(1.75 / 2.5)
    assert said["f1"]["value"] == pytest.approx(2 * 1.75 / 4.5)


def test_a_link_that_people_decided_on_is_expected_to_be_right(engine: Engine, patterned: Inputs) -> None:
    """The model gives it three quarters, and nobody asks the model any more: in the step, in its groups and parts."""
    (step,) = patterned.steps
    links = engine.sql(
        """
        select left_id, right_id, case when right_id = 6 then 'override' else method end as method, pass, pattern,
               match_weight, match_probability, decision
        from {t}
        """,
        t=step.links,
    )
    found = step_of(engine, dataclasses.replace(patterned, steps=(dataclasses.replace(step, links=links),)))
    assert (found["estimated_error"]["right"], found["estimated_error"]["false"]) == (2.0, 0.0)
    assert found["estimated_error"]["precision"]["low"] == 1.0
    assert sum(row["estimated_false"] for row in found["passes"]) == 0.0
    assert sum(row["of_links"]["estimated_false"] or 0.0 for row in found["bands"]) == 0.0
    by_sex = next(row["groups"] for row in found["groups"] if row["characteristic"] == "sex")
    assert [group["estimated_false"] for group in by_sex] == [0.0, 0.0, 0.0]
    section = expected_section({"steps": [found]}, Names(shipped()), Disclosure(load()))
    assert section is not None
    assert any("people decided on count as right" in block.text for block in section.blocks if isinstance(block, Text))


def test_expected_recall_is_known_as_well_as_what_nobody_saw() -> None:
    """Of 1,000 matches 900 are linked for certain, 40 are kept pairs, which may be 60 or 27, and of 60 nothing was kept:
    they may be 30 or 120."""
    said = of_sums(900, (900.0, 0.0), (40.0, 0.0), Unseen(others=20.0, dropped=40.0))
    recall = said["recall"]
    assert (said["missed_others"], said["missed_dropped"], recall["value"]) == (20.0, 40.0, 0.9)
    chance = 1.96 * 0.9 * 60**0.5 / 1_000  # their number is Poisson's
    low, high = (((share - 0.9) ** 2 + chance**2) ** 0.5 for share in (900 / 1_080, 900 / (930 + 40 / 1.5)))
    assert (recall["low"], recall["high"]) == pytest.approx((0.9 - low, 0.9 + high), abs=1e-6)
    assert (said["precision"]["low"], said["precision"]["high"]) == (1.0, 1.0)


def test_recall_of_one_file_is_known_less_well(pupils_and_learners: Inputs) -> None:
    """Of 40 matches among kept pairs there may be 120 or 13."""
    (step,) = pupils_and_learners.steps
    of_one_file = _unseen(dataclasses.replace(step, right=step.left), None)
    recall = of_sums(960, (960.0, 0.0), (40.0, 0.0), of_one_file)["recall"]
    ends = [recall["value"], recall["low"], recall["high"]]
    assert ends == pytest.approx([0.96, 960 / 1_080, 960 / (960 + 40 / 3)], abs=1e-6)
    assert _unseen(step, None).kept_within == 1.5


def test_no_more_matches_are_expected_than_there_are_people() -> None:
    """Rules are said to reach 4 in 10 matches: that makes 600 others beside 400, and the smaller file has 800 people."""
    units = {"left": 800, "right": 900}
    most = [most_matches(allowed, units) for allowed in ("one-to-one", "many-to-one", "one-to-many", "many-to-many")]
    assert most == [800.0, 800.0, 900.0, None]
    said, free = (of_sums(300, (300.0, 0.0), (100.0, 0.0), Unseen(0.4, most=of)) for of in (800.0, None))
    assert (said["missed_unreached"], said["recall"]["of"], said["recall"]["low"]) == (400.0, 800, 300 / 800)
    assert (free["missed_unreached"], free["recall"]["of"]) == (pytest.approx(600.0), 1000)
    assert said["recall"]["high"] == pytest.approx(0.469, abs=1e-3), "there may be fewer: 66 kept, and 275"

    shared = of_sums(300, (300.0, 0.0), (900.0, 0.0), Unseen(1.0, most=400.0))
    assert shared["recall"]["value"] == 0.75, "of many candidates of one record each may be the match, and one is"


def test_links_without_probabilities_expect_nothing(engine: Engine, pupils_and_learners: Inputs) -> None:
    assert step_of(engine, pupils_and_learners)["estimated_error"] is None


def test_certain_probabilities_leave_nothing_to_chance() -> None:
    said = of_sums(10, (10.0, 0.0), (0.0, 0.0))
    assert [said[share]["low"] for share in ("precision", "recall", "f1")] == [1.0, 1.0, 1.0]
    assert said["precision"]["high"] == 1.0


def test_an_interval_is_what_chance_and_wrong_probabilities_do_to_a_thousand_links() -> None:
    """A thousand links of 0.9: 900 right, give or take 1.96 times the root of 90, and of 100 false three times as many or
    a third."""
    precision = of_sums(1000, (900.0, 90.0), (0.0, 0.0))["precision"]
    chance = 1.96 * 90**0.5 / 1000
    assert precision["low"] == pytest.approx(0.9 - (chance**2 + 0.2**2) ** 0.5, abs=1e-6)
    assert precision["high"] == pytest.approx(0.9 + (chance**2 + (0.2 / 3) ** 2) ** 0.5, abs=1e-6)


def test_errors_cost_what_their_pairs_miss_more_than_others(
    engine: Engine, pupils_and_learners: Inputs, world: Any
) -> None:
    """Ben's forename was mistyped on one of his two records, and his true pair was missed; Ann's bears no error.

    The false link of pupil B to learner Z bears it too. An error of a record that nobody has costs nothing.
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
    found = step_of(engine, dataclasses.replace(pupils_and_learners, errors=errors, records=records))["data_errors"]
    clean = found["without_error"]
    assert (clean["pairs"], clean["missed"]) == (1, 0)
    (kind,) = found["kinds"]
    assert {key: kind[key] for key in ("field", "kind", "pairs", "missed", "missed_alone", "cost", "false")} == {
        "field": "forename",
        "kind": "typo",
        "pairs": 1,
        "missed": 1,
        "missed_alone": 1,
        "cost": 1.0,
        "false": 1,
    }


def test_recall_of_a_part_is_hidden_where_its_links_are() -> None:
    """Of 5,000 true pairs 0.04 % are two links, whose number stands beside as a symbol."""
    d = Disclosure(load("leo_publication"))
    few: dict[str, Any] = {
        name: Share(of=of, count=2, value=2 / of, low=0.0, high=1.0)
        for name, of in (("precision", 12), ("recall", 5_000), ("f1", 5_012))
    }
    many = {**few, "recall": Share(of=5_000, count=40, value=0.008, low=0.0, high=1.0)}
    assert [cell.mark for cell in shares(few, d, d.count(2))] == ["suppressed"] * 9
    assert [cell.mark for cell in shares(few, d, d.count(12))] == ["suppressed"] * 9
    assert [cell.mark for cell in shares(many, d, d.marked("suppressed"))] == ["suppressed"] * 9
    assert [cell.text for cell in shares(many, d, d.count(40))][3] == "0.80"
