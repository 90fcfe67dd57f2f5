"""What stands beside a figure so that it can be judged: of how many it is, and by what name a level is known."""

from typing import Any

import pytest

from linkage.catalogue import shipped
from quality.disclosure import Disclosure, load
from quality.report import charts, released
from quality.report.names import Names
from quality.report.page import Table
from quality.report.sections import bias, making, statement, summary

NAMES = Names(shipped())


def test_groups_that_are_found_less_stand_beside_how_many_they_are(counted: dict[str, Any]) -> None:
    """A rate of 90.9 % said nothing of whether it is of 220 people or of 3,840."""
    d, (step,) = Disclosure(load()), counted["steps"]
    sides = {step["step"]: {side: released.side(step, side, d) for side in ("left", "right")}}
    row, group = next((row, group) for row in step["bias"] for group in row["groups"] if len(group["labels"]) == 1)
    shown = bias.released_groups(sides, step)
    judged = {"difference": -0.5, "low": -0.6, "high": -0.4, "flagged": True, "certain": True}
    group |= {"in_both": 400, "eligible": 400, bias.basis_of(step): judged}
    step["bias"] = [{**row, "groups": [group]}]
    _, table = statement._worse(step, sides, NAMES, d)
    assert isinstance(table, Table)
    assert table.columns[:4] == ["Characteristic", "Group", "In the calculation", "Matched, %"]
    released_as = shown.of(row, group)
    assert released_as is not None
    assert [line[2:4] for line in table.rows] == [[released_as.eligible, released_as.rate]]


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("forename: among middle_names of the other", "Among middle names of the other"),
        ("dob: equal", "Date of birth: equal"),
        ("x_national_number nearly equal", "National number nearly equal"),
        ("Jaro-Winkler 0.92 or more", "Jaro-Winkler 0.92 or more"),
        ('"dob_l" = "dob_r"', '"dob_l" = "dob_r"'),
    ],
)
def test_a_level_names_columns_in_words(label: str, shown: str) -> None:
    comparison = "forename" if label.startswith("forename") else "dob_given_surname"
    assert making._label({"comparison": comparison, "label": label}, NAMES) == shown


@pytest.mark.parametrize(("least", "axis"), [(4e-10, 1e-10), (1e-9, 1e-9), (0.02, 0.01), (3e-40, 1e-15)])
def test_no_probability_stands_beyond_the_axis(least: float, axis: float) -> None:
    """m of a birth date that differs, 4e-10, stood left of the axis, on its own name."""
    level = {"label": "Differs", "group": "Date of birth", "kind": "m, among matches", "value": least, "shown": ""}
    scale = charts.probabilities([level], charts.WIDE)["spec"]["encoding"]["x"]["scale"]
    assert scale["domain"] == pytest.approx([axis, 1])
    assert scale["clamp"]


def test_without_truth_the_first_sentences_say_what_probabilities_say(counted: dict[str, Any]) -> None:
    """Whoever asked whether links can be trusted was sent to the match weights, while the expected error was known."""
    d, (step,) = Disclosure(load()), counted["steps"]
    step["accuracy"] = None
    subject = summary.subject_of(counted, d)
    share = {"value": 0.98, "low": 0.97, "high": 0.99, "of": 500}
    step["expected"] = {"precision": share, "recall": {**share, "value": 0.95}}
    said = summary.statement(subject, NAMES, d)
    assert said.endswith(
        "the match weights below say how strong the links are. As far as the links' own probabilities go, 98.00% of them are right "
        "(95% interval 97.00 to 99.00), and they hold 95.00% of the pairs that are one person."
    )
    step["expected"] = None
    assert summary.statement(subject, NAMES, d).endswith("the match weights below say how strong the links are.")
