"""Whom the linkage favours: differences on counts that can be checked by hand, regions, two characteristics, the draft."""

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
from linkage.errors import ConfigError
from quality import disclosure
from quality.disclosure import Cell
from quality.measures.bias import moved, standardised, sums
from quality.measures.definitions import load
from quality.measures.drift import drift
from quality.measures.evaluation import Inputs, evaluate
from quality.report import Inputs as ReportInputs
from quality.report import render
from quality.report.names import Names
from quality.report.page import Figure, Fold, Table, Text
from quality.report.released import Group, side
from quality.report.sections.bias import LET_GO_NOTE, MISSED_NOTE, Shown, _chart, bias_section, cells_of
from quality.report.sections.bias import statement as drafted
from tests.quality.conftest import CountedOnce


def test_a_standardised_difference_by_hand() -> None:
    """60 of 100 beside 40 of 100: .2 over the root of .24; the variance of both is .02 plus d squared over 400."""
    found = standardised(60, 100, 40, 100)
    assert found is not None
    d = 0.2 / math.sqrt(0.24)
    assert found["difference"] == pytest.approx(d)
    assert found["high"] - d == pytest.approx(1.96 * math.sqrt(0.02 + d * d / 400), abs=1e-4)
    assert (found["flagged"], found["certain"]) == (True, True)


def test_the_same_shares_do_not_differ_and_none_have_no_spread() -> None:
    found = standardised(10, 100, 20, 200)
    assert found is not None
    assert (found["difference"], found["flagged"]) == (0, False)
    assert standardised(0, 10, 0, 20) is None
    assert standardised(10, 10, 20, 20) is None


def test_a_group_that_is_all_of_one_and_none_of_the_other_differs_most_of_all() -> None:
    """All of the matched are men, and none of the unmatched: there is no spread, and all the difference there can be."""
    found = standardised(100, 100, 0, 50)
    assert found is not None
    assert found["difference"] > standardised(90, 100, 5, 50)["difference"]  # type: ignore[index]
    assert (found["flagged"], found["certain"]) == (True, True)
    one_of_each = standardised(0, 1, 1, 1)
    assert one_of_each is not None
    assert (one_of_each["difference"] < 0, one_of_each["certain"]) == (True, False)


@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_difference_turns_with_its_sides(of: int, other: int, a: int, b: int) -> None:
    one, two = standardised(min(a, of), of, min(b, other), other), standardised(min(b, other), other, min(a, of), of)
    if one is None or two is None:
        assert one is two
    else:
        assert one["difference"] == pytest.approx(-two["difference"])
        assert one["low"] == pytest.approx(-two["high"])


def rows_of(evaluation: dict[str, Any], *names: str) -> dict[tuple[str, ...], dict[str, Any]]:
    (step,) = evaluation["steps"]
    row = next(row for row in step["bias"] if row["characteristics"] == list(names))
    return {tuple(group["labels"]): group for group in row["groups"]}


def test_regions_come_from_postcodes_and_the_missed_are_told_from_the_found(counted_uneven: dict[str, Any]) -> None:
    groups = rows_of(counted_uneven, "region")
    assert groups.keys() == {("London",), ("Yorkshire and The Humber",)}
    london = groups["London",]
    # 120 Londoners; 531 to 540 are linked falsely, 541 to 600 not at all.
    assert (london["eligible"], london["matched"], london["in_both"], london["found"]) == (120, 60, 120, 50)
    assert london["missed"]["value"] == pytest.approx(70 / 120)
    assert london["false"]["value"] == pytest.approx(10 / 60)
    assert london["estimated_false"] == pytest.approx(0.02)
    assert london["estimated_missed"] == pytest.approx(30 * 0.6 / (30 * 0.6 + 60 * 0.98))
    expected = standardised(60, 540, 60, 60)
    assert expected is not None
    assert london["matched_unmatched"]["difference"] == pytest.approx(expected["difference"])
    assert groups["Yorkshire and The Humber",]["matched_unmatched"]["difference"] > 0


def test_two_characteristics_together(engine: Engine, uneven: Inputs) -> None:
    definitions = load()
    both = definitions.model_copy(update={"two_way": (("sex", "region"),)})
    groups = rows_of(evaluate(engine, uneven, both), "sex", "region")
    assert {labels: group["eligible"] for labels, group in groups.items()} == {
        ("Female", "London"): 60,
        ("Female", "Yorkshire and The Humber"): 240,
        ("Male", "London"): 60,
        ("Male", "Yorkshire and The Humber"): 240,
    }


def test_a_characteristic_that_is_not_there_cannot_be_paired(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.toml"
    path.write_text('weight_bands = [0]\nweight_range = [-1, 1]\ntwo_way = [["sex", "shoe_size"]]\n')
    with pytest.raises(ConfigError, match="two_way: no characteristic sex, shoe_size"):
        load(path)


def test_without_truth_the_links_expect_what_they_cost(without_truth: dict[str, Any]) -> None:
    groups = rows_of(without_truth, "region")
    london = groups["London",]
    assert (london["missed"], london["false"], london["found_missed"], london["in_both"]) == (None, None, None, None)
    assert london["estimated_false"] == pytest.approx(0.02)
    assert london["matched_unmatched"]["flagged"]


def test_what_a_step_of_links_alone_let_go_is_not_told_as_nought(
    engine: Engine, uneven: Inputs, tmp_path: Path
) -> None:
    (step,) = uneven.steps
    kept = engine.sql("select * from {t} where decision = 'accepted'", t=step.links)
    counted = {"links_only": True, "passes": [], "rules": [], "estimated_recall": None}
    steps = (dataclasses.replace(step, links=kept, blocking=counted),)
    evaluation = evaluate(engine, dataclasses.replace(uneven, truth=None, steps=steps))
    london = rows_of(evaluation, "region")["London",]
    assert (london["estimated_false"], london["estimated_missed"]) == (pytest.approx(0.02), None)
    assert {g["estimated_missed"] for rate in evaluation["steps"][0]["groups"] for g in rate["groups"]} == {None}
    text = render(ReportInputs(evaluation), tmp_path / "index.html").read_text(encoding="utf-8")
    assert "How many matches were missed is not known of the steps: they were asked for links alone." in text
    assert "Too few links to show" not in text


def test_the_report_drafts_a_statement(without_truth: dict[str, Any], tmp_path: Path) -> None:
    text = render(ReportInputs(without_truth), tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Bias was looked for between the matched and the unmatched." in text
    assert "Not detected by year of birth and sex." in text
    assert "Detected: Region of the last known home: matched fewer than their share: London (−" in text
    assert "SW1A" not in text


def test_what_chance_could_do_is_not_detected(without_truth: dict[str, Any]) -> None:
    """London is beyond 0.1; Yorkshire too, but all of it is matched, so that its rate is not shown nor is it spoken of."""
    rows_of(without_truth, "region")["London",]["matched_unmatched"]["certain"] = False
    d = disclosure.Disclosure(disclosure.load())
    said = " ".join(drafted(without_truth["steps"][0], Shown({}, {}), Names(shipped()), d))
    assert "Detected" not in said.replace("Not detected", "")
    assert not [name for name in ("London", "Yorkshire") if name in said]
    assert "1 group lies beyond 0.1, but not beyond what chance could do: neither detected nor ruled out." in said


def test_a_flag_that_may_be_chance_is_no_verdict_against_a_group() -> None:
    """Of 3 men missed of 84 and 2 women of 116 the difference is far beyond 0.1, and its interval holds nought."""
    men, women = standardised(81, 195, 3, 5), standardised(114, 195, 2, 5)
    assert men
    assert women
    assert men["low"] < 0 < men["high"]
    groups = [
        {"labels": [label], "in_both": of, "found_missed": found}
        for label, of, found in (("M", 84, men), ("F", 116, women))
    ]
    rows = [{"characteristics": ["sex"], "title": "Sex", "groups": groups}]
    step, d = {"step": "a-b", "left": "a", "right": "b", "bias": rows}, disclosure.Disclosure(disclosure.load())
    drawn = _chart(step, Shown({}, {}), Names(shipped()), d)
    assert isinstance(drawn, Figure)
    assert drawn.summary.startswith(
        "2 of 2 groups are flagged: beyond 0.1 either way, 2 of them not beyond what chance could do. "
    )
    assert [row[-1] for row in drawn.table.rows] == ["flagged, may be chance"] * 2
    men["certain"] = women["certain"] = True
    assert "chance" not in _chart(step, Shown({}, {}), Names(shipped()), d).summary  # type: ignore[union-attr]


@pytest.fixture
def few_missed(engine: Engine, uneven: Inputs) -> Inputs:
    """All Londoners but five are linked."""
    (step,) = uneven.steps
    links = engine.sql(
        """
        select * from {links} where decision = 'accepted'
        union all
        select left_id, right_id, 'probabilistic', null, match_weight, match_probability, 'accepted'
        from {links} where decision = 'review' and left_id <= 595
        union all
        select left_id + 40, left_id + 1040, method, pass, match_weight, match_probability, decision
        from {links} where decision = 'accepted' and left_id between 501 and 530
        """,
        links=step.links,
        store=True,
    )
    units = dataclasses.replace(step, links=links)
    return dataclasses.replace(uneven, truth=None, steps=(units,))


@pytest.fixture
def counted_few_missed(engine: Engine, counted_once: CountedOnce, request: pytest.FixtureRequest) -> dict[str, Any]:
    return counted_once("few missed", lambda: evaluate(engine, request.getfixturevalue("few_missed")))


def test_a_group_too_small_to_show_is_not_spoken_of(counted_few_missed: dict[str, Any], tmp_path: Path) -> None:
    """Of five people nothing is said, and not that no bias was found either."""
    assert rows_of(counted_few_missed, "region")["London",]["matched"] == 115
    text = render(ReportInputs(counted_few_missed), tmp_path / "index.html").read_text(encoding="utf-8")
    said = text.split("Drafted statement")[1].split("<details")[0]
    assert "London (" not in said
    assert "Not detected by" not in said
    assert "region of the last known home: no group can be shown without telling of few people." in said


def test_what_one_release_withholds_no_comparison_tells(
    counted_few_missed: dict[str, Any], without_truth: dict[str, Any], tmp_path: Path
) -> None:
    found = drift(counted_few_missed, without_truth)
    assert ["London"] in [row["labels"] for row in found["bias"]]
    text = render(ReportInputs(without_truth, drift=found), tmp_path / "index.html").read_text(encoding="utf-8")
    rates, differences = (
        text.split(f"{title} changed most")[-1].split("</table>")[0]
        for title in ("Link rates that", "Standardised differences of matched and unmatched that")
    )
    assert "London" not in differences
    lines = rates.split("<tr>")[2:]
    withheld = ["suppressed" in line for line in lines]
    assert withheld == sorted(withheld)  # last, and not where their changes would place them
    assert any("London" in line for line in lines[withheld.index(True) :])


def hidden(*names: str) -> Group:
    """London, with some of its counts withheld, and with them its rate."""
    shown, withheld = Cell("120", 120.0), Cell("c", None, "suppressed")
    counts = ("everybody", "eligible", "linked", "unlinked", "rate", "low", "high", "found")
    return Group("London", **{name: withheld if name in (*names, "rate") else shown for name in counts})


def test_no_difference_tells_of_a_base_that_is_withheld(without_truth: dict[str, Any]) -> None:
    """Matched and unmatched come to it."""
    (step,) = without_truth["steps"]
    row = next(row for row in step["bias"] if row["characteristics"] == ["region"])
    london = next(group for group in row["groups"] if group["labels"] == ["London"])
    d = disclosure.Disclosure(disclosure.load())
    released = Shown({(row["title"], "London"): hidden("eligible")}, {})
    assert [cell.text for cell in cells_of(row, london, "matched_unmatched", Shown({}, {}), d)] != ["c", "c", "c"]
    assert [cell.text for cell in cells_of(row, london, "matched_unmatched", released, d)] == ["c", "c", "c"]


def test_the_draft_names_whom_the_table_flags(counted_uneven: dict[str, Any]) -> None:
    """The share found is shown where truth is known, and so it is spoken of, also where the link rate is withheld."""
    (step,) = counted_uneven["steps"]
    released = Shown({("Region of the last known home", "London"): hidden("unlinked")}, {})
    said = " ".join(drafted(step, released, Names(shipped()), disclosure.Disclosure(disclosure.load())))
    assert "found fewer than their share: London (−" in said


def test_the_draft_does_not_clear_what_it_could_not_compare(engine: Engine, crowd: Inputs) -> None:
    (step,) = evaluate(engine, dataclasses.replace(crowd, truth=None))["steps"]
    sex = next(row for row in step["bias"] if row["title"] == "Sex")
    sex["groups"] = [{**sex["groups"][0], "matched_unmatched": None}]
    said = " ".join(drafted(step, Shown({}, {}), Names(shipped()), disclosure.Disclosure(disclosure.load())))
    assert "Nothing to compare by sex: all are in one group, or all or none are matched." in said


def test_where_truth_has_nobody_missed_overlap_is_not_taken_for_bias(
    engine: Engine, uneven: Inputs, tmp_path: Path
) -> None:
    """All who are in both are found; whom the other file never held are all from London."""
    assert uneven.truth is not None
    (step,) = uneven.steps
    right = "select * from {t} where decision = 'accepted' and right_id = left_id + 1000"
    links = engine.sql(right, t=step.links)
    held = engine.sql("select left_id as n from {t}", t=links)
    truth = engine.sql(
        "select t.* from {t} as t where t.source = 'npd' or t.person_id in (select n from {held})",
        t=uneven.truth,
        held=held,
    )
    found = evaluate(engine, dataclasses.replace(uneven, truth=truth, steps=(dataclasses.replace(step, links=links),)))
    assert found["steps"][0]["accuracy"]["recall"]["value"] == 1.0
    text = render(ReportInputs(found), tmp_path / "index.html").read_text(encoding="utf-8")
    assert "without truth nobody knows who could have been matched" not in text
    assert "Detected:" not in text
    assert "Nothing to compare by year of birth, sex and region of the last known home" in text


def test_what_the_let_go_leave_out_is_said_once(without_truth: dict[str, Any]) -> None:
    """It stood under each table: of five steps and six characteristics, some thirty times."""
    d, names = disclosure.Disclosure(disclosure.load()), Names(shipped())
    (step,) = without_truth["steps"]
    sides = {step["step"]: {"left": side(step, "left", d)}}
    section = bias_section(without_truth, sides, None, names, d)
    assert section is not None
    tables = [table for fold in section.blocks if isinstance(fold, Fold) for table in fold.blocks]
    assert len(tables) > 2
    assert [block.text for block in section.blocks if isinstance(block, Text)].count(LET_GO_NOTE) == 1
    assert not any(table.note for table in tables if isinstance(table, Table))


def test_the_base_of_the_missed_is_named_where_truth_has_one(
    counted_uneven: dict[str, Any], without_truth: dict[str, Any]
) -> None:
    """Missed are a share of those who could be found, and stand beside a rate of all in the calculation."""
    d, names = disclosure.Disclosure(disclosure.load()), Names(shipped())
    for evaluation, is_named in ((counted_uneven, True), (without_truth, False)):
        (step,) = evaluation["steps"]
        section = bias_section(evaluation, {step["step"]: {"left": side(step, "left", d)}}, None, names, d)
        assert section is not None
        said = " ".join(block.text for block in section.blocks if isinstance(block, Text))
        assert (MISSED_NOTE in said) is is_named


def test_bias_since_the_last_release(counted_uneven: dict[str, Any]) -> None:
    (step,) = counted_uneven["steps"]
    before = copy.deepcopy(step["bias"])
    for row in before:
        for group in row["groups"]:
            if group["labels"] == ["London"]:
                group["matched_unmatched"]["difference"] += 0.5
    found = moved(before, step["bias"])
    assert (found[0]["labels"], found[0]["change"]) == (["London"], pytest.approx(-0.5))
    assert all(row["change"] == 0 for row in found[1:])


def test_error_of_a_group_is_of_those_in_the_calculation(engine: Engine, world: Any) -> None:
    """Ten women, one of them too young for the calculation, with the false link; of men nobody is in it."""
    cube = world("""
        side  | sex | is_eligible:bool | is_linked:bool | in_both:bool | is_found:bool | units | links | correct | wrong | said_right:float | said_missed:float | said_spread:float | due
        left  | F   | true             | true           | true         | true          | 9     | 9     | 9       | 0     | 8.5              | 0.5               | 0.4               | 9
        left  | F   | false            | true           | true         | false         | 1     | 1     | 0       | 1     | 0.5              | 0.25              | 0.25              | 1
        left  | M   | false            | true           | true         | true          | 1     | 1     | 1       | 0     | 0.5              | 0.0               | 0.25              | 1
    """)
    women, men = sums(engine, cube, ["sex"], in_calculation=True)
    assert (women["links"], women["wrong"], women["said_right"], women["said_missed"]) == (9, 0, 8.5, 0.5)
    assert (men["eligible"], men["links"], men["correct"]) == (0, 0, 0)
    assert [row["links"] for row in sums(engine, cube, ["sex"])] == [10, 1]
