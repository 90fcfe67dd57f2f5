"""Institutions compared in a world of 89 graduates: known people and earnings, so known quartiles and hidden cells."""

import csv
import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from quality.dashboard.outcomes.counting import ALL, EVERYBODY, OTHERS, Place, count
from quality.dashboard.outcomes.members import members
from quality.dashboard.outcomes.release import Released, released
from quality.dashboard.outcomes.showing import Names, figure_of
from quality.dashboard.outcomes.uncertainty import Bounds, of_both, of_links, of_share

from linkage.catalogue import shipped
from linkage.engine import Engine, Table, rows
from linkage.errors import InputError
from quality import disclosure
from quality.dashboard.outcomes import Followed, Inputs, load_rules, write_site
from quality.disclosure import Disclosure
from tests.quality.browsing import RULES, barriers, opened

LEO = disclosure.load("leo_publication")
WHOLE = ("graduate", 1, ALL)


def graduates() -> list[dict[str, Any]]:
    """University 1 has 40 matched, half in work on 10,000 to 29,000 pounds; 2 has 30 and 15; 3 has 4, all in work.

    Twelve of 1 are not matched, and three of 1 came from overseas.
    """
    people = []

    def put(university: int, number: int, working: int, **more: Any) -> None:
        for n in range(number):
            pay = (10_000 + 1000 * n) if n < working else None
            told = {"university": university, "sex": "12"[n % 2], "pay": pay, "matched": True, "counts": True}
            people.append(told | more)

    put(1, 40, 20)
    put(2, 30, 15)
    put(3, 4, 4)
    put(1, 12, 0, matched=False)
    put(1, 3, 0, counts=False)
    return people


@pytest.fixture
def inputs(engine: Engine) -> Inputs:
    people = graduates()
    number = range(1, len(people) + 1)
    works = [one["pay"] is not None for one in people]
    never = [False] * len(people)
    outcomes = pa.table(
        {
            "AE_ID": pa.array(number, pa.int64()),
            "definition": ["graduate"] * len(people),
            "cohort_year": pa.array([201213] * len(people), pa.int64()),
            "years_after": pa.array([1] * len(people), pa.int64()),
            "tax_year": pa.array([201415] * len(people), pa.int64()),
            "academic_year": pa.array([None] * len(people), pa.int64()),
            "in_calculation": [one["counts"] for one in people],
            "matched": [one["matched"] for one in people],
            "sustained_employment": works,
            "further_study": never,
            "out_of_work_benefits": never,
            "earnings": pa.array([None] * len(people), pa.int64()),
            "annualised_earnings": pa.array([one["pay"] for one in people], pa.int64()),
            "earnings_included": works,
        }
    )
    degrees = pa.table(
        {
            "entity_id": pa.array([100 + n for n in number], pa.int64()),
            "AcademicYear": pa.array([201213] * len(people), pa.int64()),
            "UKPRN": pa.array([10_000_000 + one["university"] for one in people], pa.int64()),
            "XJACS01_1": ["N100"] * len(people),
        }
    )
    students = pa.table(
        {
            "entity_id": pa.array([100 + n for n in number], pa.int64()),
            "AcademicYear": pa.array([201213] * len(people), pa.int64()),
            "SEXID": [one["sex"] for one in people],
        }
    )
    lookup = pa.table(
        {"AE_ID": pa.array(number, pa.int64()), "entity_id": pa.array([100 + n for n in number], pa.int64())}
    )
    return Inputs(
        engine.from_arrow(outcomes),
        engine.from_arrow(lookup),
        {"graduate": Followed(engine.from_arrow(degrees), "AcademicYear", True)},
        {"hesa_students": engine.from_arrow(students)},
    )


@pytest.fixture
def member_rows(engine: Engine, inputs: Inputs) -> Table:
    return members(engine, inputs, load_rules(), shipped(), years=None)


def test_the_figures_of_an_institution_are_those_of_its_people(engine: Engine, member_rows: Table) -> None:
    found = count(engine, member_rows, load_rules(), threshold=10)
    first = found[Place(*WHOLE, "10000001", "")]
    assert first.counts == {
        "members": 55, "people": 52, "matched": 40, "sustained_employment": 20, "further_study": 0,
        "out_of_work_benefits": 0, "earners": 20,
    }  # fmt: skip
    assert first.quartiles == {"lower_quartile": 14_750, "median": 19_500, "upper_quartile": 24_250}
    assert found[Place(*WHOLE, OTHERS, "")].counts["matched"] == 4
    by_sex = {place.category: one.counts["matched"] for place, one in found.items() if _is(place)}
    assert by_sex == {"F": 37, "M": 37}


def _is(place: Place) -> bool:
    return (place.by, place.institution) == ("sex", EVERYBODY)


def test_figures_reconcile_with_the_table_of_outcomes(engine: Engine, inputs: Inputs, member_rows: Table) -> None:
    found = count(engine, member_rows, load_rules(), threshold=10)
    (told,) = rows(
        engine,
        engine.sql(
            """
            select count(*) as members, count_if(in_calculation) as people,
                   count_if(in_calculation and matched) as matched,
                   count_if(in_calculation and matched and sustained_employment) as sustained_employment,
                   count_if(earnings_included) as earners
            from {o}
            """,
            o=inputs.outcomes,
        ),
    )
    everybody = found[Place(*WHOLE, EVERYBODY, "")].counts
    assert {name: everybody[name] for name in told} == told
    for by in {place.by for place in found}:
        parts = [one for place, one in found.items() if place.by == by and place.institution != EVERYBODY]
        assert sum(one.counts["matched"] for one in parts) == told["matched"]
        assert sum(one.counts["earners"] for one in parts) == told["earners"]


def test_an_interval_is_of_people(engine: Engine, inputs: Inputs) -> None:
    """Everybody's achievements twice: the same shares, twice the members, and the intervals of before."""
    twice = engine.sql(
        """
        select * from {o}
        union all
        select * replace (201314 as cohort_year, 201516 as tax_year) from {o}
        """,
        o=inputs.outcomes,
        store=True,
    )
    rows_ = inputs.followed["graduate"].rows
    again = engine.sql(
        "select * from {r} union all select * replace (201314 as AcademicYear) from {r}", r=rows_, store=True
    )
    doubled = replace(inputs, outcomes=twice, followed={"graduate": Followed(again, "AcademicYear", True)})
    shown = []
    for given in (inputs, doubled):
        counted = count(engine, members(engine, given, load_rules(), shipped(), years=None), load_rules(), threshold=10)
        shown.append({one.place: one for one in released(counted, Disclosure(LEO))}[Place(*WHOLE, "10000001", "")])
    assert [one.matched.text for one in shown] == ["40", "80"]
    for name in ("sustained_employment", "median"):
        assert shown[0].estimates[name] == shown[1].estimates[name]


def test_what_is_shown_and_what_is_hidden(engine: Engine, member_rows: Table) -> None:
    counted = count(engine, member_rows, load_rules(), threshold=10)
    shown = {one.place: one for one in released(counted, Disclosure(LEO))}
    first = shown[Place(*WHOLE, "10000001", "")]
    assert first.matched.text == "40"
    assert first.estimates["sustained_employment"].cell.text == "50.0"
    assert [first.estimates[name].cell.text for name in ("lower_quartile", "median", "upper_quartile")] == [
        "14,800", "19,500", "24,300",
    ]  # fmt: skip
    # The four of university 3 are too few; university 2 guards them, since everybody less university 1 would tell.
    for institution in (OTHERS, "10000002"):
        one = shown[Place(*WHOLE, institution, "")]
        assert (one.matched.text, one.earners.text, one.tells) == ("c", "c", False)
    everybody = shown[Place(*WHOLE, EVERYBODY, "")]
    assert (everybody.matched.text, everybody.estimates["sustained_employment"].cell.text) == ("75", "52.7")


def test_a_quartile_of_too_few_is_not_shown(engine: Engine, member_rows: Table) -> None:
    counted = count(engine, member_rows, load_rules(), threshold=10)
    strict = LEO.model_copy(update={"average_threshold": 21})
    first = next(one for one in released(counted, Disclosure(strict)) if one.place == Place(*WHOLE, "10000001", ""))
    assert first.estimates["median"].cell.text == "c"
    assert first.estimates["sustained_employment"].cell.text == "50.0"


def test_a_summary_holds_institutions_against_each_other_alone(engine: Engine, member_rows: Table) -> None:
    """Everyone and all others together are no rivals of an institution, and a chart may have fewer than may be shown."""
    counted = count(engine, member_rows, load_rules(), threshold=10)
    shown = {one.place.institution: one for one in released(counted, Disclosure(LEO)) if one.place.by == ALL}
    everyone, first = shown[EVERYBODY], shown["10000001"]

    def summary(*found: Released) -> str:
        drawn = figure_of("sustained_employment", found, Names(load_rules()), prefix="y1", when="1 year after")
        assert drawn is not None
        return drawn.summary

    others = replace(first, place=Place(*WHOLE, OTHERS, ""))
    assert summary(everyone, others) == "The share is 52.7% for everyone. No institution's may be shown."
    assert summary(everyone, first, others) == (
        "The share is 52.7% for everyone. The share is 50.0% for University 10000001; no other's may be shown."
    )
    many = [replace(first, place=Place(*WHOLE, str(10_000_001 + n), "")) for n in range(29)]
    assert summary(everyone, *many[:3], others).endswith("It is 50.0% for each of the 3 that may be shown.")
    many.append(replace(everyone, place=Place(*WHOLE, "10000030", "")))
    assert "It is lowest for University 10000001 (50.0%)" in summary(everyone, *many, others)
    assert "of 30 that may be shown; the chart has the 23 of the most people." in summary(everyone, *many, others)


@pytest.fixture
def inputs_drawn(engine: Engine, inputs: Inputs) -> Inputs:
    """Four link sets that differ in two people of university 1: 1, paid 10,000, and 21, out of work.

    Draw 1: as in the run. 2: 1 is out of work. 3: 21 is in work, paid 30,000. 4: 1 has no record at all.
    """
    drawn = engine.sql(
        """
        select n.draw, o.* exclude (matched, sustained_employment, annualised_earnings, earnings_included),
               not (o.AE_ID = 1 and n.draw = 4) as matched,
               case when o.AE_ID = 1 then n.draw in (1, 3) else n.draw = 3 end as sustained_employment,
               case when o.AE_ID = 1 and n.draw in (1, 3) then 10000 when o.AE_ID = 21 and n.draw = 3 then 30000 end
                   as annualised_earnings,
               case when o.AE_ID = 1 then n.draw in (1, 3) else n.draw = 3 end as earnings_included
        from {outcomes} as o
        cross join {numbers} as n
        where o.AE_ID in (1, 21)
        """,
        outcomes=inputs.outcomes,
        numbers=engine.from_arrow(pa.table({"draw": pa.array([1, 2, 3, 4], pa.int64())})),
        store=True,
    )
    order = ", ".join(("draw", *inputs.outcomes.columns))
    return replace(inputs, drawn=engine.sql(f"select {order} from {{d}}", d=drawn), draws=4)


@pytest.mark.both_engines
def test_figures_are_made_anew_under_each_link_set(engine: Engine, inputs_drawn: Inputs) -> None:
    rows_drawn = members(engine, inputs_drawn, load_rules(), shipped(), years=None)
    found = count(engine, rows_drawn, load_rules(), threshold=10, draws=4)
    first = found[Place(*WHOLE, "10000001", "")]
    assert (first.counts["matched"], first.counts["sustained_employment"]) == (40, 20)
    assert first.drawn["sustained_employment"] == [20 / 40, 19 / 40, 21 / 40, 19 / 39]
    assert first.drawn["median"] == [19_500, 20_000, 20_000, 20_000]
    other = found[Place(*WHOLE, "10000002", "")]
    assert other.drawn["sustained_employment"] == [0.5] * 4
    everybody = found[Place(*WHOLE, EVERYBODY, "")]
    assert everybody.drawn["sustained_employment"] == [39 / 74, 38 / 74, 40 / 74, 38 / 73]


def test_the_interval_from_links_is_shown_where_the_figure_is(engine: Engine, inputs_drawn: Inputs) -> None:
    rows_drawn = members(engine, inputs_drawn, load_rules(), shipped(), years=None)
    counted = count(engine, rows_drawn, load_rules(), threshold=10, draws=4)
    shown = {one.place: one for one in released(counted, Disclosure(LEO))}
    found = shown[Place(*WHOLE, "10000001", "")].estimates["sustained_employment"]
    # Shares 50, 47.5, 52.5 and 48.718 have mean 49.679 and variance 4.578; times 1 + 1/4 it is 5.722, and Student's t
    # of three degrees of freedom is 3.1824: 49.679 less and more 7.613.
    assert found.links is not None
    assert [cell.text for cell in found.links] == ["42.1", "57.3"]
    # Wilson's interval of 20 of 40 is 50 less and more 14.800, a variance of 57.024: 62.746 in all, with
    # 3 * (1 + 57.024 / 5.722) ** 2 = 361 degrees of freedom, of which t is 1.9666: 49.679 less and more 15.578.
    assert found.both is not None
    assert [cell.text for cell in found.both] == ["34.1", "65.3"]
    hidden = shown[Place(*WHOLE, "10000002", "")].estimates["sustained_employment"]
    assert (hidden.cell.text, hidden.links, hidden.both) == ("c", None, None)


def test_pages_and_files_say_whether_links_leave_anything_open(site: Callable[..., Path], inputs_drawn: Inputs) -> None:
    without = site()
    assert "it has sampled no link sets" in (without / "graduate-all.html").read_text(encoding="utf-8")
    folder = site(inputs=inputs_drawn)
    page = (folder / "graduate-all.html").read_text(encoding="utf-8")
    assert "it has sampled no link sets" not in page
    assert "Links from" in page
    with (folder / "graduate.csv").open(encoding="utf-8") as file:
        told = {row["institution"]: row for row in csv.DictReader(file) if row["breakdown"] == ALL}
    first = told["University 10000001"]
    assert (first["sustained_employment_links_low"], first["sustained_employment_links_high"]) == ("42.1", "57.3")
    assert told["University 10000002"]["sustained_employment_links_low"] == ""


def test_intervals_from_links_are_rubins() -> None:
    assert of_links([50.0]) is None
    still = of_links([50.0, 50.0, 50.0])
    assert still is not None
    assert (still.low, still.high) == (50.0, 50.0)
    # Between 49 and 51 the variance is 2, times 1 + 1/2; Student's t of one degree of freedom is 12.706.
    two = of_links([49.0, 51.0])
    assert two is not None
    assert two.high == pytest.approx(50 + 12.7062 * 3**0.5, rel=1e-4)
    # Links that leave nothing open leave the sample's interval, and of nobody it is to one side.
    assert of_both([50.0, 50.0, 50.0], 50.0, Bounds(46.0, 54.0)) == Bounds(46.0, 54.0)
    assert of_both([0.0, 0.0], 0.0, Bounds(0.0, 27.8)) == Bounds(0.0, 27.8)
    assert of_share(50.0, 40).low == pytest.approx(35.2, abs=0.05)


def test_years_keep_what_was_measured_last(engine: Engine, inputs: Inputs) -> None:
    kept = members(engine, inputs, load_rules(), shipped(), years=1)
    assert engine.count(kept) == 89


@pytest.fixture
def site(engine: Engine, inputs: Inputs, tmp_path: Path) -> Callable[..., Path]:
    def written(**how: Any) -> Path:
        profile, given = how.pop("profile", LEO), how.pop("inputs", inputs)
        return write_site(
            engine, given, load_rules(), shipped(), profile, tmp_path / "site", run="small", **how
        ).index.parent

    return written


def test_the_file_of_a_cohort_holds_what_may_be_shown(site: Callable[..., Path]) -> None:
    with (site() / "graduate.csv").open(encoding="utf-8") as file:
        told = {(row["institution"], row["category"]): row for row in csv.DictReader(file) if row["breakdown"] == ALL}
    assert set(told) == {
        ("Everyone", ""), ("University 10000001", ""), ("University 10000002", ""), ("All others together", ""),
    }  # fmt: skip
    first = told["University 10000001", ""]
    assert (first["matched"], first["sustained_employment"], first["median"]) == ("40", "50.0", "19500")
    assert first["sustained_employment_links_low"] == ""
    assert told["University 10000002", ""]["sustained_employment"] == "c"


def test_a_page_says_what_stands_on_it(site: Callable[..., Path]) -> None:
    """By sex no university has a figure: nothing is said of the largest."""
    text = (site() / "graduate-sex.html").read_text(encoding="utf-8")
    assert "Figures are of everyone alone: at each institution too few people are behind one." in text
    assert "largest institutions" not in text
    assert "“c” stands where too few people are behind a figure" in (site() / "graduate-all.html").read_text("utf-8")
    assert "Pooled: all years that the run can measure. Earnings" in (site() / "index.html").read_text("utf-8")


def test_pseudonyms_stand_where_codes_may_not(site: Callable[..., Path]) -> None:
    folder = site(pseudonym=lambda kind, code: f"{kind.lower()}{code[::-1]}xxxx")
    text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert "10000001" not in text
    assert "University ukprn10000" in text


def test_a_folder_that_holds_something_else_is_left_alone(site: Callable[..., Path], tmp_path: Path) -> None:
    site()
    site()
    (tmp_path / "site" / "leo-outcomes.json").unlink()
    with pytest.raises(InputError, match="holds something else"):
        site()


@pytest.mark.browser
@pytest.mark.parametrize("page_name", ["index.html", "graduate-all.html", "graduate-sex.html", "graduate-subject.html"])
def test_no_barrier_on_any_kind_of_page(browser: Any, site: Callable[..., Path], page_name: str) -> None:
    page_file = site() / page_name
    for how in ({"viewport": {"width": 1280, "height": 900}}, {"viewport": {"width": 320, "height": 900}}):
        page, requests, faults = opened(browser, page_file, **how)
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        assert barriers(page, type="tag", values=RULES) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= how["viewport"]["width"]
        assert (requests, faults) == ([page_file.as_uri()], [])
        page.context.close()
    for how in ({"color_scheme": "dark"}, {"forced_colors": "active"}):
        page, _, _ = opened(browser, page_file, **how)
        assert barriers(page, type="rule", values=["color-contrast"]) == []
        page.context.close()


@pytest.mark.browser
def test_filters_work_in_place_and_pages_work_without_scripts(browser: Any, site: Callable[..., Path]) -> None:
    folder = site()
    page, _, faults = opened(browser, folder / "graduate-all.html")
    page.select_option("#measure", "earnings")
    assert page.locator("figure:visible").count() == 1
    page.fill("#wanted", "10000001")
    assert page.locator("tbody tr:visible").count() == 1
    assert page.locator("#said").text_content() == "1 row in the tables below."
    assert faults == []
    page.context.close()
    page, _, _ = opened(browser, folder / "graduate-all.html", java_script_enabled=False)
    assert not page.locator("#choice").is_visible()
    page.click("text=Sex")
    assert page.url.endswith("graduate-sex.html")
    page.context.close()


def test_today_is_nowhere_on_a_page(site: Callable[..., Path]) -> None:
    """The same run gives the same pages, so that two can be compared."""
    assert datetime.date.today().isoformat() not in (site() / "index.html").read_text(encoding="utf-8")
