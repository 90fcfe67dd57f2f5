"""What passes and rules made, as the evaluation has it and as the report may show it."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from quality.report.sections.blocking import in_words

from linkage.catalogue import shipped
from linkage.engine import Engine, Table
from quality.measures.evaluation import Inputs, evaluate
from quality.measures.link_counts import blocked
from quality.report import Inputs as ReportInputs
from quality.report import render
from quality.report.names import Names

COUNTED: dict[str, Any] = {
    "passes": [{"pass": "all-five", "pairs": 420, "accepted": 400, "ambiguous": 20, "seconds": 0.5, "links": 400}],
    "rules": [
        {
            "rule": 'l."dob" = r."dob" AND l."surname_all" = r."surname_all"',
            "pairs": 12_345,
            "new_pairs": 12_345,
            "pairs_are": "counted",
            "pairs_kept": 170,
            "links": 140,
            "seconds": 1.25,
            "estimated_recall": 0.8,
            "estimated_added": 0.8,
        },
        {
            "rule": 'l."nino" = r."nino"',
            "pairs": 33,
            "new_pairs": 3,
            "pairs_are": "estimated",
            "pairs_kept": 0,
            "links": 0,
            "seconds": 0.75,
            "estimated_recall": None,
            "estimated_added": None,
        },
    ],
    "estimated_recall": 0.8,
    "unreached_spread": 0.3,
    "differ_together": [
        {"fields": ["dob", "surname"], "show": ["differs", "differs"], "log_odds": 0.5, "sd": 0.1},
        {"fields": ["forename", "surname"], "show": ["differs", "differs"], "log_odds": 2.0, "sd": 0.2},
        {"fields": ["dob", "postcode"], "show": ["differs", "differs"], "log_odds": 1.0, "sd": 0.9},
        {"fields": ["forename", "surname"], "show": ["not known", "not known"], "log_odds": 9.0, "sd": 0.1},
    ],
}
REACHED = {"true_pairs": 600, "alone": [540, 300], "added": [540, 30], "together": 570, "in_all": 585}


def test_shares_are_of_the_true_pairs_that_were_looked_at() -> None:
    found = blocked(COUNTED, REACHED)
    assert found is not None
    assert [rule["recall"]["value"] for rule in found["rules"]] == [0.9, 0.5]
    assert [rule["added_recall"]["value"] for rule in found["rules"]] == [0.9, 0.05]
    assert (found["recall"]["value"], found["recall_with_passes"]["value"]) == (0.95, 0.975)
    assert found["true_pairs"] == 600
    assert found["passes"] == COUNTED["passes"]


def test_without_truth_the_estimate_stands_alone() -> None:
    found = blocked(COUNTED, None)
    assert found is not None
    assert (found["recall"], found["true_pairs"], found["rules"][0]["recall"]) == (None, None, None)
    assert found["estimated_recall"] == 0.8
    assert blocked(None, REACHED) is None
    nobody = blocked(
        COUNTED, {**REACHED, "true_pairs": 0, "alone": [0, 0], "added": [0, 0], "together": 0, "in_all": 0}
    )
    assert nobody is not None
    assert (nobody["recall"], nobody["rules"][0]["recall"]) == (None, None)


def _evaluated(engine: Engine, inputs: Inputs, asked: list[int]) -> dict[str, Any]:
    def reached(true_pairs: Table) -> dict[str, Any]:
        asked.append(engine.count(true_pairs))
        return REACHED

    (step,) = inputs.steps
    counted = dataclasses.replace(step, blocking=COUNTED, reached=reached)
    return evaluate(engine, dataclasses.replace(inputs, steps=(counted,)))


def _rows(text: str, caption: str) -> list[list[str]]:
    table = re.search(rf"<caption>[^<]*{caption}.*?</table>", text, flags=re.DOTALL)
    assert table is not None
    body = table[0].split("<tbody>")[1]
    return [
        [re.sub(r"<.*?>", "", cell).strip() for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, flags=re.DOTALL)]
        for row in re.findall(r"<tr>.*?</tr>", body, flags=re.DOTALL)
    ]


def test_the_report_has_a_table_of_passes_and_one_of_rules(engine: Engine, crowd: Inputs, tmp_path: Path) -> None:
    asked: list[int] = []
    evaluation = _evaluated(engine, crowd, asked)
    assert asked == [600], "the rules are asked for the step's true pairs"
    json.dumps(evaluation)
    text = render(ReportInputs(evaluation), tmp_path / "index.html").read_text(encoding="utf-8")
    assert "the rules reach 95.00% of the true pairs" in text
    assert "what is reached is a share of all true pairs, also of those that passes have linked" in text
    assert _rows(text, "pairs and links by pass") == [["All five", "420", "400", "400", "0.5"]]
    first, second = _rows(text, "pairs, links and reach by blocking rule")
    assert first[0] == "1: date of birth and surname at any time"
    assert first[1:3] == ["12,345", "12,345"]
    assert first[-2:] == ["90.00", "90.00"]
    # Two fields of which fewer than ten matches show both to differ are left out, and those that are not known.
    assert _rows(text, "how much more often two fields of a match differ together") == [
        ["Forename and Surname", "7.4", "5.0", "10.9"],
        ["Date of birth and Surname", "1.6", "1.4", "2.0"],
    ]
    for step in evaluation["steps"]:  # as a run evaluated before this was told has it
        step["blocking"].pop("differ_together", None)
    text = render(ReportInputs(evaluation), tmp_path / "earlier.html").read_text(encoding="utf-8")
    assert "differ together" not in text
    assert "the rules reach 95.00% of the true pairs" in text
    # Three new pairs are too few to be shown, and must not be had from the pairs made either.
    assert second[0] == "2: NINO"
    assert second[1:3].count("c") >= 1
    assert "3" not in second[1:3]
    assert second[-2:] == ["50.00", "5.00"]


def test_without_truth_the_report_says_that_it_estimates(engine: Engine, crowd: Inputs, tmp_path: Path) -> None:
    (step,) = crowd.steps
    alone = Inputs((dataclasses.replace(step, blocking=COUNTED),))
    text = render(ReportInputs(evaluate(engine, alone)), tmp_path / "index.html").read_text(encoding="utf-8")
    assert "the rules are expected to reach 80.00% by the model" in text
    assert "Matches reached, % (estimated)" in text
    assert "Pairs are of those whom the passes left." in text
    assert [row[-2:] for row in _rows(text, "reach by blocking rule")] == [["80.00", "80.00"], ["x", "x"]]


def test_a_rule_of_more_links_than_pairs_says_why(engine: Engine, crowd: Inputs, tmp_path: Path) -> None:
    """Second records join after the rules have run, against units that are linked."""
    (step,) = crowd.steps
    more = {**COUNTED, "rules": [{**COUNTED["rules"][0], "links": 171}, COUNTED["rules"][1]]}
    for counted, said in ((COUNTED, False), (more, True)):
        evaluation = evaluate(engine, Inputs((dataclasses.replace(step, blocking=counted),)))
        text = render(ReportInputs(evaluation), tmp_path / "index.html").read_text(encoding="utf-8")
        assert ("Links are more than pairs where second records joined" in text) is said


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("l.surname = r.surname and l.dob = r.dob", "surname and date of birth"),
        ('substr(l."surname", 1, 3) = substr(r."surname", 1, 3)', "first 3 characters of surname"),
        ('l."postcode_sector_all" = r."postcode_sector_all"', "postcode sector at any time"),
        ('l."title_words" = r."title_words"', "a rare word of title"),
        ('l."position_words" = r."position_words"', "a cell of position"),
        ('l."forename" = r."surname"', 'l."forename" = r."surname"'),
    ],
)
def test_rules_in_words(condition: str, words: str) -> None:
    assert in_words(condition, Names(shipped())) == words
