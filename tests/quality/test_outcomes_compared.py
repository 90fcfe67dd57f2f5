"""Institutions compared in a world of 89 graduates: known people and earnings, so known quartiles and hidden cells."""

import csv
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from linkage.catalogue import shipped
from linkage.engine import Engine, Table, rows
from linkage.errors import InputError
from quality import disclosure
from quality.disclosure import Disclosure
from quality.outcomes import Followed, Inputs, load_rules, write_site
from quality.outcomes.counting import ALL, EVERYBODY, OTHERS, Place, count
from quality.outcomes.members import members
from quality.outcomes.release import released
from quality.outcomes.site import denominators
from quality.outcomes.uncertainty import of_both, of_links, of_share
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


def test_denominators_nest_and_no_difference_tells_of_too_few() -> None:
    d = Disclosure(LEO)
    assert [cell.text for cell in denominators({"members": 89, "people": 86, "matched": 74}, d)] == ["c", "85", "75"]
    assert [cell.text for cell in denominators({"members": 90, "people": 80, "matched": 74}, d)] == ["90", "c", "75"]


def test_intervals_from_links_are_rubins() -> None:
    assert of_links([50.0]) is None
    still = of_links([50.0, 50.0, 50.0])
    assert still is not None
    assert (still.low, still.high) == (50.0, 50.0)
    # Between 49 and 51 the variance is 2, times 1 + 1/2; Student's t of one degree of freedom is 12.706.
    two = of_links([49.0, 51.0])
    assert two is not None
    assert two.high == pytest.approx(50 + 12.7062 * 3**0.5, rel=1e-4)
    both = of_both([50.0, 50.0, 50.0], within=4.0)
    assert both is not None
    assert both.high == pytest.approx(50 + 1.959964 * 2)
    assert of_share(50.0, 40).low == pytest.approx(35.2, abs=0.05)


def test_years_keep_what_was_measured_last(engine: Engine, inputs: Inputs) -> None:
    kept = members(engine, inputs, load_rules(), shipped(), years=1)
    assert engine.count(kept) == 89


@pytest.fixture
def site(engine: Engine, inputs: Inputs, tmp_path: Path) -> Callable[..., Path]:
    def written(**how: Any) -> Path:
        profile = how.pop("profile", LEO)
        return write_site(
            engine, inputs, load_rules(), shipped(), profile, tmp_path / "site", run="small", **how
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
