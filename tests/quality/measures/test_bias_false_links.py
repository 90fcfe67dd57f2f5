"""Whom the linkage links falsely more than others, and how well the share of false links is known of a group."""

import math
from typing import Any

import pytest
from tests.quality.test_bias import rows_of

from linkage.catalogue import shipped
from linkage.engine import Engine
from quality import disclosure
from quality.measures.bias import bias, standardised
from quality.measures.definitions import load
from quality.measures.intervals import exact, wilson
from quality.report import pairs, released
from quality.report.names import Names
from quality.report.page import Fold, Part, Table, Text
from quality.report.sections import summary
from quality.report.sections.bias import Shown, _false_table, bias_section, statement
from quality.report.sections.statement import statement_part

Evaluation = dict[str, Any]


def _disclosure() -> disclosure.Disclosure:
    return disclosure.Disclosure(disclosure.load())


def _false_tables(evaluation: Evaluation) -> dict[str, Table]:
    d = _disclosure()
    sides = {step["step"]: {"left": released.side(step, "left", d)} for step in evaluation["steps"]}
    section = bias_section(evaluation, sides, None, Names(shipped()), d)
    assert section is not None
    tables = [t for fold in section.blocks if isinstance(fold, Fold) for t in fold.blocks if isinstance(t, Table)]
    return {table.caption.rpartition(": ")[2]: table for table in tables if "false links by" in table.caption}


def _london(table: Table) -> list[str]:
    return next(texts for row in table.rows if (texts := _texts(row))[0] == "London")


def _texts(row: Any) -> list[str]:
    return [cell if isinstance(cell, str) else cell.text for cell in row]


def test_exact_bounds_by_hand() -> None:
    """One of one: a share of .025 gives it in one of forty; none of ten: one of .3085 does in one of forty."""
    assert exact(1, 1)["low"] == pytest.approx(0.025)
    assert exact(0, 10)["high"] == pytest.approx(1 - 0.025**0.1)
    assert exact(0, 0)["value"] is None


@pytest.mark.parametrize(("group", "false"), [(54_000, 1), (54_000, 0), (300_000, 1)])
def test_a_single_false_link_is_no_verdict_against_a_group(group: int, false: int) -> None:
    """It is of some group always; of one of a tenth of the links in one case of ten."""
    found = standardised(group, 540_000, false, 1)
    assert found is not None
    assert (found["flagged"], found["certain"]) == (True, False)


def test_false_links_of_a_group_by_hand(counted_uneven: Evaluation) -> None:
    """All ten false links are Londoners', and 50 of the 530 right ones."""
    london, yorkshire = (
        rows_of(counted_uneven, "region")[name,]["right_false"] for name in ("London", "Yorkshire and The Humber")
    )
    share = 50 / 530
    assert london["difference"] == pytest.approx((share - 1) / math.sqrt(share * (1 - share) / 2))
    assert (london["flagged"], london["certain"]) == (True, True)
    assert yorkshire["difference"] == pytest.approx(-london["difference"])
    assert yorkshire["high"] == pytest.approx(-london["low"])
    sex = rows_of(counted_uneven, "sex")["Female",]["right_false"]
    assert (sex["difference"], sex["flagged"]) == (0, False)


def test_years_of_birth_are_told_of_by_fives(engine: Engine, world: Any) -> None:
    """Three false links of a year are chance, and nine of three years together are not: of 100 years there are many."""
    counted = world("""
        side  | cohort:text | is_eligible:bool | is_linked:bool | in_both:bool | is_found:bool | units | links | correct | wrong | said_right:float | said_missed:float | said_spread:float | due
        left  | 1970        | true             | true           | true         | true          | 900   | 900   | 897     | 3     | 899.0            | 1.0               | 0.5               | 900
        left  | 1972        | true             | true           | true         | true          | 900   | 900   | 897     | 3     | 899.0            | 1.0               | 0.5               | 900
        left  | 1974        | true             | true           | true         | true          | 900   | 900   | 897     | 3     | 899.0            | 1.0               | 0.5               | 900
        left  | 1990        | true             | true           | true         | true          | 90000 | 90000 | 89964   | 36    | 89980.0          | 9.0               | 9.0               | 90000
        left  | -           | true             | true           | true         | true          | 50    | 50    | 50      | 0     | 49.0             | 1.0               | 0.5               | 50
    """)
    (row,) = bias(engine, counted, load(), shipped(), has_truth=True)
    told = [(b["labels"], b["false"]["count"], b["false"]["of"], b["right_false"]["certain"]) for b in row["bands"]]
    assert told == [
        (["1970 to 1974"], 9, 2700, True),
        (["1990 to 1994"], 36, 90000, True),
        (["Not known"], 0, 50, False),
    ]
    assert [group["right_false"]["certain"] for group in row["groups"]] == [False, False, False, True, False]
    (band, *_) = row["bands"]
    assert band["estimated_false_within"]["value"] == pytest.approx(3 / 2700)
    step = {"step": "a-b", "left": "a", "right": "b", "bias": [row]}
    table = _false_table(step, row, Shown({}, {}), Names(shipped()), _disclosure())
    assert [line[0] for line in table.rows] == [
        "1970 to 1974", "1990 to 1994", "1970", "1972", "1974", "1990", "Not known",
    ]  # fmt: skip


def test_the_expected_share_has_an_interval(without_truth: Evaluation) -> None:
    """Sixty links of .98: the variance of their mean is .98 times .02 over 60; there may be thrice as many false ones."""
    london = rows_of(without_truth, "region")["London",]
    assert london["right_false"] is None
    within = london["estimated_false_within"]
    assert within["value"] == pytest.approx(0.02)
    chance, thrice = 1.96 * math.sqrt(0.98 * 0.02 / 60), 2 * 0.02
    assert (within["low"], within["high"]) == (0.0, pytest.approx(0.02 + math.hypot(chance, thrice), abs=1e-5))
    (step,) = without_truth["steps"]
    by_sex = next(row["groups"] for row in step["error_by_group"] if row["characteristic"] == "sex")
    assert [round(group["estimated_false_within"]["value"], 9) for group in by_sex if group["links"]] == [0.02, 0.02]


def test_tables_of_false_links(counted_uneven: Evaluation, without_truth: Evaluation) -> None:
    table = _false_tables(counted_uneven)["false links by region of the last known home"]
    assert table.columns == [
        "Group", "False links, %", "95% from", "to", "False, expected, %", "95% from", "to",
        "Right beside false", "95% from", "to", "Verdict",
    ]  # fmt: skip
    london = _london(table)
    assert london[:3] == ["London", "16.67", f"{100 * (wilson(10, 60)['low'] or 0):.2f}"]
    assert (london[4], london[7], london[-1]) == ("2.00", "−4.38", "flagged")
    blind = _false_tables(without_truth)["false links by region of the last known home"]
    assert blind.columns == ["Group", "False, expected, %", "95% from", "to"]
    assert _london(blind) == ["London", "2.00", "0.00", "7.34"]


def test_of_few_links_no_difference_is_told(counted_uneven: Evaluation) -> None:
    (step,) = counted_uneven["steps"]
    for row in step["bias"]:
        for group in row["groups"]:
            if group["labels"] == ["London"]:
                group["false"] = wilson(1, 4)
    london = _london(_false_tables(counted_uneven)["false links by region of the last known home"])
    assert london[1:4] == ["c", "c", "c"]
    assert london[-4:] == ["c", "c", "c", "not shown"]
    assert "falsely more than their share" not in " ".join(
        statement(step, Shown({}, {}), Names(shipped()), _disclosure())
    )


def test_the_draft_says_who_is_linked_falsely(counted_uneven: Evaluation, without_truth: Evaluation) -> None:
    (step,), (blind,) = counted_uneven["steps"], without_truth["steps"]
    said = statement(step, Shown({}, {}), Names(shipped()), _disclosure())
    at = said.index("False links were looked for beside right ones. Not detected by sex.")
    assert said[at + 1] == (
        "Detected: Region of the last known home: linked falsely more than their share: London (−4.38); "
        "linked falsely less than their share: Yorkshire and The Humber (+4.38)."
    )
    assert "False links were" not in " ".join(statement(blind, Shown({}, {}), Names(shipped()), _disclosure()))


def _statement(evaluation: Evaluation) -> Part:
    d, names = _disclosure(), Names(shipped())
    sides = {
        step["step"]: {side: released.side(step, side, d) for side in ("left", "right")} for step in evaluation["steps"]
    }
    shown = {step["step"]: pairs.pairs(step, d) for step in evaluation["steps"]}
    subject = summary.subject_of(evaluation, d)
    return statement_part(evaluation, sides, subject, shown, names, d, reviews=(), has_last_release=False)


def test_the_quality_statement_names_groups_of_a_hundred_links(counted_uneven: Evaluation) -> None:
    title, advice = "Groups with more false links than their share", "False links are not spread evenly."

    def told() -> tuple[list[Table], str]:
        part = _statement(counted_uneven)
        worse, to_do = (next(s for s in part.sections if s.name == name) for name in ("for-whom-worse", "what-to-do"))
        tables = [block for block in worse.blocks if isinstance(block, Table) and block.caption == title]
        return tables, " ".join(block.text for block in to_do.blocks if isinstance(block, Text))

    tables, said = told()
    assert (tables, advice in said) == ([], False)  # sixty links are too few
    rows_of(counted_uneven, "region")["London",]["false"] = wilson(10, 100)
    (table,), said = told()
    assert [_texts(row)[:3] for row in table.rows] == [["Region of the last known home", "London", "10.00"]]
    assert advice in said
