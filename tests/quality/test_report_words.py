"""What stands beside figures of the report is so of the run that it is of."""

from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.engine import Engine
from quality.disclosure import Disclosure, load
from quality.evaluation import Inputs, evaluate
from quality.report import bias, coverage, error, pairs, released, summary
from quality.report.names import Names
from quality.report.page import Figure, Section

NAMES = Names(shipped())


@pytest.fixture
def counted(engine: Engine, crowd: Inputs) -> dict[str, Any]:
    return evaluate(engine, crowd)


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
    assert coverage._spread(rows, "group") == "The rate runs from 60.0% (Sex: Not known) to 90.0% (Region: Not known)."
    d = Disclosure(load())
    sides = sides_of(counted, d)
    section = coverage.rates_section(counted, sides, summary.subject_of(counted, sides), NAMES)
    assert drawn(section, "rate-by-characteristic").summary.startswith("The rate is 90.0% for each group.")


def test_groups_that_the_chart_leaves_to_the_table_are_named(counted: dict[str, Any]) -> None:
    d = Disclosure(load())
    section = bias.bias_section(counted, sides_of(counted, d), None, NAMES, d)
    has_cohort = any(row["characteristics"] == ["cohort"] for row in counted["steps"][0]["bias"])
    said = drawn(section, "standardised-differences").summary
    assert has_cohort
    assert "Years of birth are in the table below." in said
