"""What stands beside figures of the report is so of the run that it is of."""

from typing import Any

from linkage.catalogue import shipped
from quality.disclosure import Disclosure, load
from quality.measures.intervals import f1, wilson
from quality.report import headlines, pairs, released
from quality.report.names import Names
from quality.report.page import Figure, Section
from quality.report.sections import bias, coverage, error, expected, summary
from quality.report.sections.statement import error_of

NAMES = Names(shipped())


def sides_of(counted: dict[str, Any], d: Disclosure) -> dict[str, dict[str, released.Side]]:
    return {
        step["step"]: {side: released.side(step, side, d) for side in ("left", "right")} for step in counted["steps"]
    }


def drawn(section: Section | None, name: str) -> Figure:
    assert section is not None
    return next(block for block in section.blocks if isinstance(block, Figure) and block.name == name)


def test_second_records_are_said_to_be_missed_where_the_step_could_not_link_them(counted: dict[str, Any]) -> None:
    d, (step,) = Disclosure(load()), counted["steps"]
    shown = {step["step"]: pairs.pairs(step, d)}
    said = []
    for attainable in (step["accuracy"]["true_pairs"], step["accuracy"]["true_pairs"] - 1, None):
        step["accuracy"]["attainable"] = attainable
        table = drawn(error.error_section(counted, shown, NAMES, d), "accuracy-by-step").table
        said.append("holds several on a side" in table.note)
    assert said == [False, True, True]


def test_the_lowest_and_the_highest_rate_are_named_with_what_they_are_groups_of(counted: dict[str, Any]) -> None:
    """Several characteristics have people of whom nothing is known; where all rates are one, none is the lowest."""
    rows = [
        {"label": "Not known", "group": title, "value": value} for title, value in (("Sex", 60.0), ("Region", 90.0))
    ]
    said = coverage._spread(rows, "group", 2)
    assert said == "The rate runs from 60.0% (Sex: Not known) to 90.0% (Region: Not known)."
    alike = [{**row, "value": 100.0} for row in rows]  # where more are hidden, these do not speak for all
    assert coverage._spread(alike, "group", 2) == "The rate is 100.0% for each group."
    assert coverage._spread(alike, "group", 9) == "The rate is 100.0% for each group that is shown."
    d = Disclosure(load())
    sides = sides_of(counted, d)
    section = coverage.rates_section(counted, sides, summary.subject_of(counted, d), NAMES)
    assert drawn(section, "rate-by-characteristic").summary.startswith("The rate is 90.0% for each group.")


def test_groups_that_the_chart_leaves_to_the_table_are_named(counted: dict[str, Any]) -> None:
    d = Disclosure(load())
    section = bias.bias_section(counted, sides_of(counted, d), None, NAMES, d)
    has_cohort = any(row["characteristics"] == ["cohort"] for row in counted["steps"][0]["bias"])
    said = drawn(section, "standardised-differences").summary
    assert has_cohort
    assert "Years of birth are in the table below." in said


def against_truth(links: int, assessed: int, true_pairs: int) -> dict[str, Any]:
    """Error of so many links, all that are known right, against a truth that knows so many pairs."""
    return {
        "accepted": links, "assessed": assessed, "true_pairs": true_pairs, "attainable": true_pairs,
        "correct": assessed, "false": 0, "missed": true_pairs - assessed, "true_pairs_by_outcome": [],
        "precision": wilson(assessed, assessed), "recall": wilson(assessed, true_pairs),
        "f1": f1(assessed, 0, true_pairs - assessed),
    }  # fmt: skip


def test_a_truth_that_knows_nobody_of_a_step_says_nothing_of_it(counted: dict[str, Any]) -> None:
    """Then its probabilities speak, as they do for the gates; and few links are another matter than none that is known."""
    d, (step,) = Disclosure(load()), counted["steps"]
    share = {"of": 540, "count": 535.0, "value": 0.99, "low": 0.98, "high": 1.0}
    step |= {"accuracy": against_truth(540, 0, 0), "expected": {"precision": share, "recall": share, "f1": share}}
    subject, shown = released.side(step, "left", d), pairs.pairs(step, d)
    assert error_of(step, []) == ("expected", step["expected"])
    nothing = {"middle": {"of": 0, "count": 0, "value": None, "low": None, "high": None}}
    begun = {"step": step["step"], "precision": nothing, "recall": nothing, "strata": []}
    assert error_of(step, [begun]) == ("expected", step["expected"])
    assert "The truth knows none of its links; the match weights below" in summary.statement(subject, NAMES, d)
    assert summary.headlines(counted, subject, shown, NAMES, d)[2].label == "Links"
    assert "truth says" not in drawn(expected.expected_section(counted, NAMES, d), "expected-error").summary
    for links, assessed, true_pairs, said in (
        (0, 0, 30, "No link was made."),
        (540, 0, 30, "The truth knows none of the links."),
        (540, 6, 30, "There are too few links to show their error."),
    ):
        step["accuracy"] = against_truth(links, assessed, true_pairs)
        assert summary.statement(released.side(step, "left", d), NAMES, d).endswith(said)
        assert "truth says" not in drawn(expected.expected_section(counted, NAMES, d), "expected-error").summary


def test_a_rate_that_is_not_shown_is_neither_small_nor_large_for_that(counted: dict[str, Any]) -> None:
    d, (step,) = Disclosure(load()), counted["steps"]
    (left,) = [row for row in step["totals"] if row["side"] == "left"]
    said = []
    for numbers in ({"all": 600, "eligible": 600, "linked": 596}, {"all": 0, "eligible": 0, "linked": 0}):
        bare = {**step, "totals": [{**left, **numbers}], "rates": [], "reasons": [], "bias": [], "accuracy": None}
        said.append(summary.statement(released.side(bare, "left", d), NAMES, d).split(" This run")[0])
    assert said == [
        "How many people in NPD who could be in CIS were linked to it is not shown: it would tell of few.",
        "There are no people in NPD who could be in CIS.",
    ]


def test_why_others_are_not_linked_is_told_where_all_of_the_subject_are(counted: dict[str, Any]) -> None:
    d, (step,) = Disclosure(load()), counted["steps"]
    left, right = ([row for row in step["totals"] if row["side"] == side] for side in ("left", "right"))
    all_linked = [{**left[0], "linked": left[0]["eligible"]}, *right]
    of_right = [row for row in step["reasons"] if row["side"] == "right"]
    step |= {"totals": all_linked, "reasons": of_right, "bias": [], "rates": []}
    sides = sides_of(counted, d)
    section = coverage.reasons_section(sides, sides[step["step"]]["left"], NAMES)
    assert "people in CIS are not linked" in drawn(section, "reasons").summary


def test_two_steps_between_the_same_two_are_told_apart(counted: dict[str, Any]) -> None:
    (step,) = counted["steps"]
    counted["steps"] = [{**step, "step": name} for name in ("sure", "rest")]
    assert {note for _, _, note in headlines(counted)[1:]} == {
        f"{what}, NPD to CIS (rest)"
        for what in (
            "of people in NPD in the calculation",
            "of the links are right",
            "of the true pairs are linked",
            "pairs too close to call",
        )
    }
    assert Names(shipped(), [step]).step(step) == "NPD to CIS"
