"""This release compared with the last, from two evaluations."""

import copy
import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.catalogue import shipped
from linkage.engine import Engine
from quality.disclosure import Disclosure, load
from quality.intervals import difference, wilson
from quality.measures.drift import drift, falls, published, stability
from quality.measures.evaluation import Inputs, evaluate
from quality.report.names import Names
from quality.report.released import Publication, release
from quality.report.render import Inputs as ReportInputs
from quality.report.render import render
from quality.report.sections.drift import drift_section
from tests.quality.conftest import EvaluateOnce


@pytest.fixture
def last(
    engine: Engine, evaluate_once: EvaluateOnce, request: pytest.FixtureRequest
) -> dict[str, Any]:
    """The crowd with patterns."""

    def evaluate_world() -> dict[str, Any]:
        crowd: Inputs = request.getfixturevalue("crowd")
        (step,) = crowd.steps
        pattern = (
            "select *, case when left_id <= 400 then '1' else '0' end as "
            "pattern "
            "from {t}"
        )
        steps = (dataclasses.replace(step, links=engine.sql(pattern, t=step.links)),)
        return evaluate(
            engine, dataclasses.replace(crowd, steps=steps, tables={"earnings": 1000})
        )

    return evaluate_once("crowd with patterns", evaluate_world)


def verdicts_of(before: dict[str, Any], after: dict[str, Any]) -> dict[str, str]:
    """Verdict by distribution of the links of a step, from what both releases show."""
    d = Disclosure(load())
    previous, current = (
        release(evaluation, d).steps["npd-cis"] for evaluation in (before, after)
    )
    return {
        distribution: verdict
        for distribution, (_, verdict) in current.stability(previous).items()
    }


def test_the_index_of_two_bins() -> None:
    """From halves to three quarters and a quarter: .25 ln(1.5) + .25 ln(2)."""
    result = stability({"a": 50, "b": 50}, {"a": 300, "b": 100})
    assert result == pytest.approx(0.25 * math.log(1.5) + 0.25 * math.log(2))


def test_an_empty_side_has_no_index_and_an_empty_bin_a_finite_one() -> None:
    assert stability({}, {"a": 1}) is None
    assert stability({"a": 100}, {"a": 100, "b": 100}) == pytest.approx(
        (0.5 - 1) * math.log(0.5) + (0.5 - 0.005) * math.log(0.5 / 0.005)
    )


@given(
    st.dictionaries(st.integers(0, 6), st.integers(1, 1000), min_size=1),
    st.integers(1, 9),
)
def test_the_same_shares_have_not_moved(counts: dict[int, int], factor: int) -> None:
    assert stability(
        counts, {key: count * factor for key, count in counts.items()}
    ) == pytest.approx(0, abs=1e-9)


def test_a_difference_has_newcombes_interval() -> None:
    """56 of 70 less 48 of 80: Newcombe (1998), table II, case (a), method 10: 0.0524 to
    0.3339.
    """
    result = difference(wilson(48, 80), wilson(56, 70))
    assert result["change"] == pytest.approx(0.2)
    assert (round(result["low"], 4), round(result["high"], 4)) == (0.0524, 0.3339)


def test_nothing_has_moved_between_a_release_and_itself(last: dict[str, Any]) -> None:
    result = drift(last, last)
    assert verdicts_of(last, last) == {"match weights": "stable", "forename": "stable"}
    assert all(row["change"] == 0 for row in [*result["rates"], *result["counts"]])
    assert result["parameters"] == []
    assert falls(result) == []


def test_changes_of_weights_rates_and_counts_are_reported(last: dict[str, Any]) -> None:
    after = copy.deepcopy(last)
    step = after["steps"][0]
    step["levels"] = [
        {"comparison": "forename", "level": level, "links": 270} for level in (0, 1)
    ]
    assert verdicts_of(last, after) == {"match weights": "stable", "forename": "large"}
    women = next(
        g
        for r in step["rates"]
        if r["characteristic"] == "sex"
        for g in r["groups"]
        if g["label"] == "Female"
    )
    women["linked"] -= 60
    step["parameters"]["levels"][0] |= {"m": 0.8, "match_weight": math.log2(80)}
    after["spine"]["people"] += 60
    after["tables"] = {"earnings": 900}
    result = drift(last, after)
    (fall,) = falls(result)[:1]
    assert (fall["characteristic"], fall["label"], round(fall["change"], 4)) == (
        "sex",
        "Female",
        -0.2,
    )
    changes = {row["count"]: row["change"] for row in result["counts"] if row["change"]}
    assert changes == {
        "people on the spine": pytest.approx(0.1),
        "rows of earnings": pytest.approx(-0.1),
    }
    (level,) = result["parameters"]
    assert (level["comparison"], level["m_before"], level["m_after"]) == (
        "forename",
        0.9,
        0.8,
    )
    assert level["change"] == pytest.approx(math.log2(80) - math.log2(90))


def test_the_largest_changes_come_first_whatever_their_step(
    last: dict[str, Any],
) -> None:
    before = copy.deepcopy(last)
    before["steps"].append({**copy.deepcopy(before["steps"][0]), "step": "people-cis"})
    after = copy.deepcopy(before)
    for step, fall, m in zip(after["steps"], (6, 60), (0.85, 0.5), strict=True):
        groups = {
            group["label"]: group for rate in step["rates"] for group in rate["groups"]
        }
        groups["Female"]["linked"] -= fall
        step["parameters"]["levels"][0] |= {"m": m, "match_weight": math.log2(100 * m)}
    result = drift(before, after)
    for part in ("rates", "parameters"):
        assert result[part][0]["step"] == "people-cis"
        assert [abs(row["change"]) for row in result[part] if row["change"]] == sorted(
            (abs(row["change"]) for row in result[part] if row["change"]), reverse=True
        )


def test_a_step_that_now_links_other_sources_is_not_compared(
    last: dict[str, Any],
) -> None:
    before = copy.deepcopy(last)
    before["steps"][0]["left"] = "people"
    result = drift(before, last)
    assert [result[part] for part in ("rates", "parameters")] == [[], []]


def test_a_source_that_is_empty_in_one_release_is_compared(
    last: dict[str, Any],
) -> None:
    """Shares of nobody have no value; the counts are compared all the same."""
    empty = copy.deepcopy(last)
    cis = next(source for source in empty["sources"] if source["source"] == "cis")
    cis["entities"] = 0
    cis["completeness"] = [
        {**row, "entities": 0, "present": 0, "several": 0}
        for row in cis["completeness"]
    ]
    for before, after in ((last, empty), (empty, last)):
        result = drift(before, after)
        counts = {
            row["count"]: (row["before"], row["after"]) for row in result["counts"]
        }
        assert sorted(counts["entities of cis"]) == [0, 600]


def test_small_groups_are_not_compared(last: dict[str, Any]) -> None:
    after = copy.deepcopy(last)
    for rate in after["steps"][0]["rates"]:
        for group in rate["groups"]:
            group["eligible"] = group["linked"] = 99
    assert {row["characteristic"] for row in drift(last, after)["rates"]} == {"all"}


def test_an_evaluation_of_an_earlier_version_can_be_compared(
    last: dict[str, Any],
) -> None:
    before = copy.deepcopy(last)
    del before["tables"], before["steps"][0]["levels"]
    assert list(verdicts_of(before, last)) == ["match weights"]
    assert (
        next(
            row
            for row in drift(before, last)["counts"]
            if row["count"] == "rows of earnings"
        )["change"]
        is None
    )


def test_a_count_that_a_release_lacks_is_not_zero(
    last: dict[str, Any], tmp_path: Path
) -> None:
    """A new table was reported as having had no rows; a removed one is still a fall, at
    which a gate stops.
    """
    before = copy.deepcopy(last)
    del before["tables"]["earnings"]
    addition, removal = (
        next(row for row in result["counts"] if row["count"] == "rows of earnings")
        for result in (drift(before, last), drift(last, before))
    )
    assert (addition["before"], addition["change"]) == (None, None)
    assert (removal["after"], removal["change"]) == (None, -1)
    text = render(
        ReportInputs(last, drift=drift(before, last)), tmp_path / "index.html"
    ).read_text(encoding="utf-8")
    (line,) = [part for part in text.split("<tr>") if "Rows of earnings</th>" in part]
    assert '<td><abbr title="unavailable">[x]</abbr></td>' in line


def test_published_counts_are_named(last: dict[str, Any]) -> None:
    assert published(last) == {
        "people on the spine": 600,
        "people of cis on the spine": 540,
        "people of npd on the spine": 600,
        "records of npd": 680,
        "entities of npd": 600,
        "entities of cis": 600,
        "links of npd-cis": 540,
        "npd eligible of npd-cis": 600,
        "cis eligible of npd-cis": 600,
        "rows of earnings": 1000,
    }


def test_small_numbers_are_hidden_in_the_report(
    last: dict[str, Any], tmp_path: Path
) -> None:
    after = copy.deepcopy(last)
    after["tables"] = {"earnings": 1004, "benefits": 4}
    after["steps"][0]["decisions"] = [{"decision": "accepted", "pairs": 4}]
    after["steps"][0] |= {
        "weights": [],
        "passes": [],
        "bands": [],
        "blocking": None,
        "accuracy": None,
        "rates": [],
    }
    after["steps"][0]["totals"] = [
        {**row, "linked": 4} for row in after["steps"][0]["totals"]
    ]
    after["steps"][0] |= {
        "levels": [{"comparison": "forename", "level": 1, "links": 4}],
        "reasons": [],
        "bias": [],
        "link_draws": None,
    }
    text = render(
        ReportInputs(after, drift=drift(last, after)), tmp_path / "index.html"
    ).read_text(encoding="utf-8")
    verdicts = text.split("Population stability index</caption>")[-1].split("</table>")[
        0
    ]
    assert verdicts.count("<abbr") == verdicts.count("<tr>") - 1 > 0
    assert "Rows of earnings</th><td>1,000</td><td>1,005</td>" in text
    assert "<abbr" in text.split("Rows of benefits")[1][:200]


def test_few_people_with_two_records_are_not_disclosed_by_two_counts(
    last: dict[str, Any], tmp_path: Path
) -> None:
    """600 entities of one source are 597 people; 600 of the other 540."""
    after = copy.deepcopy(last)
    after["spine"]["by_source"] = [
        {**row, "people": 597 if row["source"] == "npd" else row["people"]}
        for row in after["spine"]["by_source"]
    ]
    text = render(
        ReportInputs(after, drift=drift(last, after)), tmp_path / "index.html"
    ).read_text(encoding="utf-8")
    table = text.split("Published counts")[-1].split("</table>")[0]
    lines = {
        line.split("</th>")[0].split(">")[-1]: line for line in table.split("<tr>")
    }
    assert (
        lines["People of NPD on the spine"].count("suppressed") == 2
    )  # the count, and what it changed by
    assert (
        "suppressed" not in lines["NPD, people"] + lines["People of CIS on the spine"]
    )


def test_a_shortened_list_of_rates_keeps_the_largest_falls_and_rises(
    last: dict[str, Any],
) -> None:
    """Of fifty groups one fell by 9 points, one rose by 9 and the others by 1: the
    smallest rises are left out.
    """

    def evaluation_of(**linked: int) -> dict[str, Any]:
        groups = [
            {
                "group": f"g{n:02}",
                "label": f"g{n:02}",
                "all": 1000,
                "eligible": 1000,
                "linked": linked.get(f"g{n:02}", linked["others"]),
            }
            for n in range(50)
        ]
        rate = {
            "side": "left",
            "characteristic": "x",
            "title": "X",
            "is_partition": True,
            "groups": groups,
        }
        total = {
            "side": "left",
            "all": 50_000,
            "eligible": 50_000,
            "linked": sum(row["linked"] for row in groups),
        }
        step = {
            "step": "s",
            "left": "npd",
            "right": "cis",
            "totals": [total],
            "rates": [rate],
            "reasons": [],
        }
        return {"steps": [step], "sources": []}

    before, after = (
        evaluation_of(others=500),
        evaluation_of(others=510, g07=410, g31=590),
    )
    changes = {"last": before, "parameters": []}
    p = Publication(after, names=Names(shipped()), d=Disclosure(load()), drift=changes)
    section = drift_section(p)
    assert section is not None
    table = next(
        block
        for block in section.blocks
        if getattr(block, "caption", "").startswith("Link rates")
    )
    assert len(table.rows) == 40
    assert (table.rows[0][1], table.rows[-1][1]) == ("X: g07", "X: g31")
