"""What sampled link sets leave open: exact counts of sets that can be counted by eye, and what is shown of them."""

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from quality.report.pairs import pairs
from quality.report.sections.uncertainty import uncertainty_section

from linkage.catalogue import shipped
from linkage.engine import Engine, Table
from quality.disclosure import Cell, Disclosure, load
from quality.measures.characteristics import NOT_KNOWN
from quality.measures.link_draws import spread, uncertainty
from quality.report import Inputs, render
from quality.report.names import Names
from quality.report.page import Figure, Fold, Heading, Section, Text
from quality.report.page import Table as Shown
from quality.report.released import side

NAMES = Names(shipped())

# 1 has one link in every draw, 4 always one of two; 2 and 3 share a partner, and 5 is not in the calculation.
SAMPLED = """
    draw | left_id | right_id
    1    | 1       | 11
    2    | 1       | 11
    3    | 1       | 11
    1    | 2       | 12
    2    | 2       | 13
    3    | 3       | 12
    1    | 4       | 14
    2    | 4       | 15
    3    | 4       | 14
    1    | 5       | 16
"""
UNITS = """
    side  | unit_id | sex | is_eligible:bool
    left  | 1       | F   | true
    left  | 2       | F   | true
    left  | 3       | M   | true
    left  | 4       | M   | true
    left  | 5       | M   | false
    left  | 6       | -   | true
    right | 1       | F   | true
"""


def rated(**eligible: int) -> list[dict[str, Any]]:
    groups = [{"group": group, "label": group, "eligible": of, "linked": 1} for group, of in eligible.items()]
    by_source = {"side": "left", "characteristic": "source", "title": "Source", "is_partition": False, "groups": []}
    by_sex = {"side": "left", "characteristic": "sex", "title": "Sex", "is_partition": True, "groups": groups}
    return [by_source, by_sex, {**by_sex, "side": "right"}]


@pytest.mark.both_engines
def test_what_varies_is_counted_by_step_and_group(engine: Engine, world: Callable[[str], Table]) -> None:
    rates = rated(**{"F": 2, "M": 2, NOT_KNOWN: 1})
    found = uncertainty(engine, world(SAMPLED), 3, units=world(UNITS), rates=rates, eligible=5, linked=4)
    third = math.sqrt(1 / 3)
    assert (found["draws"], found["pairs"], found["in_all"]) == (3, 7, 1)
    assert found["links"] == pytest.approx({"mean": 10 / 3, "deviation": third, "low": 3.0, "high": 3.95})
    assert found["linked"] == {"eligible": 5, "linked": 4, "mean": 3.0, "deviation": 0.0, "low": 3.0, "high": 3.0}
    (sex,) = found["characteristics"]
    assert (sex["characteristic"], sex["title"]) == ("sex", "Sex")
    women, men, unknown = sex["groups"]
    expected = {
        "group": "F",
        "label": "F",
        "eligible": 2,
        "linked": 1,
        "mean": 5 / 3,
        "deviation": third,
        "low": 1.05,
        "high": 2.0,
    }
    assert women == pytest.approx(expected)
    expected = {
        "group": "M",
        "label": "M",
        "eligible": 2,
        "linked": 1,
        "mean": 4 / 3,
        "deviation": third,
        "low": 1.0,
        "high": 1.95,
    }
    assert men == pytest.approx(expected)
    assert (unknown["mean"], unknown["deviation"], unknown["high"]) == (0.0, 0.0, 0.0)


@pytest.mark.both_engines
def test_of_two_files_all_units_are_counted(engine: Engine, world: Callable[[str], Table]) -> None:
    found = uncertainty(engine, world(SAMPLED), 3, eligible=6, linked=4)
    assert found["linked"] == pytest.approx(
        {"eligible": 6, "linked": 4, "mean": 10 / 3, "deviation": math.sqrt(1 / 3), "low": 3.0, "high": 3.95}
    )
    assert found["characteristics"] == []


@pytest.mark.both_engines
def test_a_draw_without_any_link_is_one(engine: Engine, world: Callable[[str], Table]) -> None:
    found = uncertainty(engine, world("draw | left_id | right_id\n2 | 1 | 11"), 2, eligible=1, linked=1)
    assert (found["links"]["mean"], found["linked"]["mean"], found["in_all"]) == (0.5, 0.5, 0)


def test_of_one_sample_nothing_is_said_to_vary() -> None:
    assert spread([7]) == {"mean": 7.0, "deviation": None, "low": 7.0, "high": 7.0}


@pytest.fixture
def d() -> Disclosure:
    return Disclosure(load("leo_publication"))


def section_of(evaluation: dict[str, Any], d: Disclosure) -> Section:
    sides = {step["step"]: {"left": side(step, "left", d)} for step in evaluation["steps"]}
    shown = {step["step"]: pairs(step, d) for step in evaluation["steps"]}
    return uncertainty_section(evaluation, sides, shown, NAMES, d)


def texts(table: Shown) -> list[list[str]]:
    return [[cell.text if isinstance(cell, Cell) else cell for cell in row] for row in table.rows]


def test_the_report_says_how_much_links_and_rates_vary(counted: dict[str, Any], d: Disclosure) -> None:
    """Samples of 540, 500 and 460 of the crowd's links, as many of men as of women."""
    blocks = section_of(counted, d).blocks
    opening, by_step, chart, heading, *rules = blocks
    assert isinstance(opening, Text)
    assert "here 3." in opening.text
    assert "None were drawn" not in opening.text
    assert isinstance(by_step, Shown)
    assert texts(by_step) == [["NPD to CIS", "3", "540", "500", "40.0", "460", "540", "85.2"]]
    assert isinstance(chart, Figure)
    rows = texts(chart.table)
    assert rows[:2] == [
        ["All", "All", "90.0", "83.3", "6.67", "77.0", "90.0"],
        ["Year of birth", "1987", "90.0", "83.3", "6.67", "77.3", "90.0"],
    ]
    assert [row for row in rows if row[0] == "Sex"] == [
        ["Sex", "Female", "90.0", "83.3", "6.67", "77.0", "90.0"],
        ["Sex", "Male", "90.0", "83.3", "6.67", "77.0", "90.0"],
    ]
    assert {row[0] for row in rows} == {"All", "Sex", "Year of birth"}
    assert "It varies most of Sex: Female, by a standard deviation of 6.67 percentage points." in chart.summary
    assert isinstance(heading, Heading)
    assert any("Rubin" in rule.text for rule in rules if isinstance(rule, Text))


def told(*groups: tuple[str, int, int, float, float]) -> dict[str, Any]:
    """An evaluation of a step: label, linked and eligible of each group, mean and deviation of those linked in samples."""
    found = [{"group": n, "label": n, "linked": linked, "eligible": of, "all": of} for n, linked, of, *_ in groups]
    total = {key: sum(one[key] for one in found) for key in ("linked", "eligible", "all")}
    varied = [
        {"group": n, "label": n, "eligible": of, "linked": linked, "mean": mean, "deviation": by, "low": mean - 2 * by, "high": mean + 2 * by}
        for n, linked, of, mean, by in groups
    ]  # fmt: skip
    mean = sum(one["mean"] for one in varied)
    whole = {"mean": mean, "deviation": 1.0, "low": mean - 2, "high": mean + 2}
    rate = {"side": "left", "characteristic": "sex", "title": "Sex", "is_partition": True, "groups": found}
    step = {"step": "npd-cis", "left": "npd", "right": "cis", "eligible": False, "totals": [{"side": "left", **total}],
            "rates": [rate], "reasons": [], "weights": [], "bands": [], "passes": [],
            "decisions": [{"decision": "accepted", "pairs": total["linked"]}],
            "uncertainty": {"draws": 20, "links": whole, "pairs": total["linked"] + 40, "in_all": total["linked"] - 5,
                            "linked": {"eligible": total["eligible"], "linked": total["linked"], **whole},
                            "characteristics": [{"characteristic": "sex", "title": "Sex", "groups": varied}]}}  # fmt: skip
    return {"steps": [step], "sources": [], "spine": None}


def rows_by_group(evaluation: dict[str, Any], d: Disclosure) -> dict[str, list[str]]:
    (chart,) = [block for block in section_of(evaluation, d).blocks if isinstance(block, Figure)]
    return {row[1]: row[2:] for row in texts(chart.table)}


def test_what_a_link_rate_hides_its_samples_hide(d: Disclosure) -> None:
    """The five of unknown sex without a link are few, and another group guards them: samples tell of neither."""
    evaluation = told(("F", 900, 1000, 920.0, 2.0), ("M", 850, 1000, 880.0, 1.0), ("U", 995, 1000, 960.0, 3.0))
    hidden = {group.label for group in side(evaluation["steps"][0], "left", d).characteristics[0][2]
              if group.rate.value is None}  # fmt: skip
    assert len(hidden) == 2
    assert "U" in hidden
    rows = rows_by_group(evaluation, d)
    assert {label for label in ("F", "M", "U") if rows[label] == ["c"] * 5} == hidden
    (seen,) = {"F", "M"} - hidden
    assert (
        rows[seen]
        == {"F": ["90.0", "92.0", "0.20", "91.6", "92.4"], "M": ["85.0", "88.0", "0.10", "87.8", "88.2"]}[seen]
    )


def test_samples_of_few_people_or_of_few_links_are_not_told(d: Disclosure) -> None:
    evaluation = told(("F", 900, 1000, 900.0, 0.01), ("M", 50, 90, 51.0, 1.0), ("U", 30, 200, 10.0, 1.5))
    rows = rows_by_group(evaluation, d)
    assert rows["F"] == ["90.0", "90.0", "low", "90.0", "90.0"]  # varies, and by less than is written
    assert rows["M"] == ["55.6", "c", "c", "c", "c"]
    assert rows["U"] == ["15.0", "c", "c", "c", "c"]  # seven in some samples


def test_a_difference_of_few_is_not_told(d: Disclosure) -> None:
    """Three who are in review, and nearly sure: how many they are is hidden."""
    assert [d.consistent_with(count, 540) for count in (531.0, 543.0, 549.9, 550.0)] == [540, 540, 540, 550]
    evaluation = told(("F", 270, 300, 273.0, 0.2), ("M", 270, 300, 270.0, 0.0))
    assert rows_by_group(evaluation, d)["F"] == ["90.0", "90.0", "0.07", "90.0", "90.0"]
    (by_step,) = [block for block in section_of(evaluation, d).blocks if isinstance(block, Shown)]
    assert texts(by_step)[0][2:7] == ["540", "540", "1.0", "540", "540"]


def test_numbers_of_links_are_hidden_with_the_step_s_own(d: Disclosure) -> None:
    evaluation = told(("F", 6, 1000, 12.0, 0.0), ("M", 0, 1000, 0.0, 0.0))
    (by_step,) = [b for b in section_of(evaluation, d).blocks if isinstance(b, Shown)]
    assert texts(by_step) == [["NPD to CIS", "20", *["c"] * 6]]


def test_without_samples_a_sentence_says_how_to_draw_some(counted: dict[str, Any], d: Disclosure) -> None:
    for step in counted["steps"]:
        step["link_draws"] = None
    (said,) = section_of(counted, d).blocks
    assert isinstance(said, Text)
    assert "No alternative sets of links were drawn" in said.text
    assert "samples = 20" in said.text
    assert "--samples 20" in said.text
    for step in counted["steps"]:
        del step["link_draws"]  # of a run that an earlier version evaluated
    assert section_of(counted, d).blocks == [said]


def test_steps_without_samples_are_named_and_others_folded(counted: dict[str, Any], d: Disclosure) -> None:
    (step,) = counted["steps"]
    first, without = copy.deepcopy(step), copy.deepcopy(step)
    first |= {"step": "npd-ilr", "right": "ilr"}
    without |= {"step": "npd-hesa", "right": "hesa", "uncertainty": None}
    blocks = section_of({**counted, "steps": [first, without, step]}, d).blocks
    assert isinstance(blocks[0], Text)
    assert "None were drawn of NPD to HESA." in blocks[0].text
    assert [block.summary for block in blocks if isinstance(block, Fold)] == ["NPD to ILR: link rates of samples"]
    (chart,) = [block for block in blocks if isinstance(block, Figure)]
    assert chart.title.startswith("NPD to CIS")


def test_the_page_has_it_under_the_analysis_of_linked_data(counted: dict[str, Any], tmp_path: Path) -> None:
    page = render(Inputs(counted), tmp_path / "index.html").read_text(encoding="utf-8")
    part = page[page.index('id="part-analysis"') : page.index('id="part-data-provision"')]
    assert '<h3 id="uncertainty" class="title">Uncertainty</h3>' in part
    assert 'id="rates-from-sample-to-sample"' in part
    assert 'download="rates-from-sample-to-sample.csv"' in part
