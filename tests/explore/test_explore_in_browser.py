"""Find & Explore as people meet it: search, filters, lists and what they save, keyboard, narrow, dark, forced colours."""

from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.requests.check import asked_of, faults_of
from linkage.requests.request import read_request
from tests.quality.browsing import RULES, barriers, opened
from tests.requests.faulty import TODAY

pytestmark = pytest.mark.browser

PAGES = (
    "index.html", "index.html#words=free+school+meals", "index.html#words=zzzzzz", "datasets.html", "concepts.html",
    "packages.html", "a-to-z.html", "list.html", "a-to-z/x.html", "table/npd.cla.html",
    "package/attainment.html", "concept/attainment-2.html", "variable/npd.census.EthnicGroupMajor.html", "variable/npd.ks1.READING.html",
    "variable/npd.census.UPN.html",
)  # fmt: skip


def at(browser: Any, site: Path, address: str, **how: Any) -> tuple[Any, list[str], list[str]]:
    """A page of the site, loaded, with what it asked for and complained of."""
    page, requests, faults = opened(browser, site / "datasets.html", **how)
    page.goto(f"{site.as_uri()}/{address}")
    page.wait_for_load_state("load")
    return page, requests, faults


def names(page: Any) -> list[str]:
    return [title.inner_text() for title in page.query_selector_all("#found h3")]


@pytest.mark.parametrize(
    ("width", "looked_at"), [(1280, PAGES), (320, (*PAGES[:2], "table/npd.cla.html"))], ids=["wide", "narrow"]
)
def test_no_barrier_on_any_kind_of_page(browser: Any, site: Path, width: int, looked_at: tuple[str, ...]) -> None:
    """Narrow as a page at 400 %: no page is wider than the window, and search and results are looked at there too."""
    page, requests, faults = at(browser, site, "datasets.html", viewport={"width": width, "height": 900})
    for address in PAGES:
        if "#" in address:
            page.goto(f"{site.as_uri()}/datasets.html")  # what differs behind # alone is not loaded anew
        page.goto(f"{site.as_uri()}/{address}")
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        if address.startswith("table/") and width == 320:  # all of a variable is there without scrolling sideways
            assert page.evaluate("(f => f.scrollWidth <= f.clientWidth)(document.querySelector('.scroll'))")
        assert address not in looked_at or barriers(page, preload=False, type="tag", values=RULES) == [], address
    assert faults == []
    assert all(address.startswith(site.as_uri()) for address in requests)
    page.context.close()


@pytest.mark.parametrize("how", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced-colours"])
def test_enough_contrast_in_other_colours(browser: Any, site: Path, how: dict[str, Any]) -> None:
    page, _, _ = at(browser, site, "index.html#words=absence", **how)
    for address in ("", "variable/npd.census.EthnicGroupMajor.html"):
        if address:
            page.goto(f"{site.as_uri()}/{address}")
        assert barriers(page, preload=False, type="rule", values=["color-contrast"]) == [], address
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_buttons_are_those_of_the_system_in_forced_colours(browser: Any, site: Path, scheme: str) -> None:
    """The ink as a ground stayed, as a colour of the system does, and the words on it had it too."""
    page, _, _ = at(browser, site, "variable/npd.ks4.ATT8.html", forced_colors="active", color_scheme=scheme)
    colours = "(style => [style.color, style.backgroundColor])(getComputedStyle(document.querySelector('[data-add]')))"
    ink, ground = page.evaluate(colours)
    assert ink != ground
    page.context.close()


def test_search_finds_by_name_by_meaning_and_in_spite_of_a_slip(browser: Any, site: Path) -> None:
    page, _, _ = at(browser, site, "index.html")
    for words, first in (
        ("ATT8", "ATT8"),
        ("KS2_LEVXREADTA", "LEVXREADTA"),
        ("grade gcse french", "APFRE"),
        ("unauthorised absense", None),
        ("maths", None),
    ):
        page.fill("#words", words)
        assert names(page), words
        assert first is None or names(page)[0] == first, words
    page.fill("#words", "gcse french grade")
    assert set(names(page)) == {"APFRE", "APFRE_91", "APFRE_PTQ", "APFRE_PTQ_EE"}
    assert page.inner_text("#count") == "4 variables"
    page.fill("#words", "")
    assert not page.is_visible("#results")
    page.context.close()


def test_filters_narrow_with_words_and_without(browser: Any, site: Path) -> None:
    page, _, _ = at(browser, site, "index.html")
    page.select_option("#dataset", "leo")
    page.select_option("#sensitivity", "B")
    assert set(names(page)) == {"StartDate", "EndDate", "Benefit_type", "Out_of_work_benefit", "out_of_work_benefits"}
    page.fill("#words", "kind of benefit")
    assert set(names(page)) == {"Benefit_type", "Out_of_work_benefit"}
    page.click("button[type=reset]")
    page.select_option("#year", "1996")
    page.select_option("#phase", "1")
    assert page.inner_text("#count").endswith("variables")
    assert all(
        "1995/96" in note.inner_text() or "1996/97" in note.inner_text()
        for note in page.query_selector_all("#found .note")
    )
    page.check("#held")
    assert page.inner_text("#count") == "0 variables"
    page.context.close()  # key stage 2 is listed from 1995/96, and held from 2001/02


def test_what_was_asked_is_there_on_coming_back(browser: Any, site: Path) -> None:
    page, _, _ = at(browser, site, "index.html")
    page.fill("#words", "ethnic")
    page.select_option("#dataset", "ilr")
    before = names(page)
    page.click("#found a >> nth=0")
    page.wait_for_load_state("load")
    page.go_back()
    page.wait_for_load_state("load")
    assert page.input_value("#words") == "ethnic"
    assert names(page) == before
    page.context.close()


def test_more_results_come_by_keyboard_and_focus_goes_to_the_first_of_them(browser: Any, site: Path) -> None:
    page, _, _ = at(browser, site, "index.html#words=attainment")
    page.wait_for_load_state("load")
    assert len(names(page)) == 25
    page.focus("#more")
    page.keyboard.press("Enter")
    assert len(names(page)) == 50
    assert page.evaluate("document.activeElement.textContent") == names(page)[25]
    page.context.close()


def test_a_list_becomes_a_request_that_is_checked(browser: Any, site: Path, tmp_path: Path) -> None:
    page, _, faults = at(browser, site, "index.html")
    page.fill("#words", "ATT8")
    page.click("#found button >> nth=0")
    assert page.inner_text("[data-listed]") == "(1)"
    assert page.inner_text("#found button >> nth=0") == "Take off my list"
    for name in ("npd.census.Gender", "npd.ks1.READING"):
        page.goto(f"{site.as_uri()}/variable/{name}.html")
        page.focus("[data-add]")
        page.keyboard.press("Space")
    page.goto(f"{site.as_uri()}/list.html")
    page.wait_for_load_state("load")
    assert page.inner_text("#state") == "3 variables are on your list."
    assert barriers(page, preload=False, type="tag", values=RULES) == []
    page.fill("#id", "my-study")
    page.fill("[id='why-npd.census']", 'Sex, which "the study" is about,\nand <nothing> else.')
    page.fill("[id='reason-npd.census.Gender']", "rates are compared by sex")
    for kind in ("toml", "csv", "xlsx"):
        with page.expect_download() as saved:
            page.click(f"[data-save={kind}]")
        file = tmp_path / saved.value.suggested_filename
        saved.value.save_as(file)
        assert file.name == f"my-study.{kind}"
        request, form = read_request(file)
        assert form == []
        asked = {table.name: table for table in request.table}
        assert {name: table.variables for name, table in asked.items()} == {
            "npd.ks4": ("ATT8",), "npd.census": ("Gender",), "npd.ks1": ("READING",),
        }  # fmt: skip
        assert asked["npd.census"].justification == 'Sex, which "the study" is about,\nand <nothing> else.'
        assert asked["npd.census"].reasons == {"Gender": "rates are compared by sex"}
        assert asked["npd.ks4"].years == "2015/16-2020/21"
        assert request.id == ("" if kind == "csv" else "my-study")
        told = {(fault.rule, fault.place) for fault in faults_of(asked_of(request, shipped(), TODAY), form)}
        assert ("not-held", "table npd.ks1") in told
        assert not [place for rule, place in told if rule in ("unknown-variable", "years-held", "sex-reason")]
    page.click("#clear")
    assert page.inner_text("#state") == "Nothing is on your list."
    assert faults == []
    page.context.close()


def test_the_list_is_one_in_all_tabs(browser: Any, site: Path) -> None:
    """A button that said "Add" in a tab that was older than the list took the variable off again."""
    page, _, faults = at(browser, site, "variable/npd.ks4.ATT8.html")
    other = page.context.new_page()
    other.goto(f"{site.as_uri()}/list.html")
    older = page.context.new_page()
    older.goto(f"{site.as_uri()}/variable/npd.ks4.ATT8.html")
    page.click("[data-add]")
    other.get_by_text("1 variable is on your list.").wait_for()
    older.get_by_role("button", name="Take off my list: npd.ks4.ATT8").wait_for()
    older.evaluate("document.querySelector('[data-add]').textContent = 'Add to my list'")  # pressed before it has heard
    older.click("[data-add]")
    assert older.inner_text("[data-add]") == "Take off my list"
    assert other.inner_text("#state") == "1 variable is on your list."
    other.click("[aria-label='Take off my list: npd.ks4.ATT8']")
    page.get_by_role("button", name="Add to my list: npd.ks4.ATT8").wait_for()
    assert page.inner_text("[data-listed]") == "(0)"
    assert faults == []
    page.context.close()


def test_what_was_typed_is_there_on_coming_back_to_the_list(browser: Any, site: Path) -> None:
    page, _, _ = at(browser, site, "variable/npd.ks4.ATT8.html")
    page.click("[data-add]")
    page.goto(f"{site.as_uri()}/list.html")
    page.fill("#title", "Points and pay")
    page.fill("[id='why-npd.ks4']", "Points bear on pay.")
    page.click("a:text-is('ATT8')")
    page.wait_for_load_state("load")
    page.goto(f"{site.as_uri()}/list.html")
    assert page.input_value("#title") == "Points and pay"
    assert page.input_value("[id='why-npd.ks4']") == "Points bear on pay."
    page.click("#clear")
    page.goto(f"{site.as_uri()}/variable/npd.ks4.ATT8.html")
    page.click("[data-add]")
    page.goto(f"{site.as_uri()}/list.html")
    assert page.input_value("#title") + page.input_value("[id='why-npd.ks4']") == ""
    page.context.close()


def test_what_another_catalogue_left_on_the_list_is_told_and_can_be_taken_off(browser: Any, site: Path) -> None:
    """It was counted, was in nothing that was saved, and could not be taken off by itself."""
    page, _, _ = at(browser, site, "variable/npd.ks4.ATT8.html")
    page.evaluate("localStorage.setItem('leo-linkage-list', JSON.stringify(['npd.old.GONE', 'package:gone']))")
    page.reload()
    page.click("[data-add]")
    page.goto(f"{site.as_uri()}/list.html")
    assert page.inner_text("#state") == "1 variable is on your list."
    assert page.inner_text("#strangers-names") == "npd.old.GONE, package gone"
    assert barriers(page, preload=False, type="tag", values=RULES) == []
    page.click("#strangers-off")
    assert not page.is_visible("#strangers")
    assert page.inner_text("[data-listed]") == "(1)"
    page.context.close()


def test_packages_go_on_the_list_and_into_the_request(browser: Any, site: Path, tmp_path: Path) -> None:
    page, _, faults = at(browser, site, "package/sensitive.html")
    page.click("[data-add]")
    assert page.get_attribute("[data-add]", "aria-label") == "Take off my list: package sensitive"
    for other in ("package/earnings.html", "variable/npd.ks4.ATT8.html"):
        page.goto(f"{site.as_uri()}/{other}")
        page.click("[data-add]")
    page.goto(f"{site.as_uri()}/list.html")
    page.wait_for_load_state("load")
    assert page.inner_text("#state") == "1 variable and 2 packages are on your list."
    assert page.is_visible("#data-alone")
    assert barriers(page, preload=False, type="tag", values=RULES) == []
    page.fill("#id", "my-study")
    page.check("[id='phase-sensitive-secondary']")
    page.fill("[id='package-years-sensitive']", "2010/11-2011/12")
    page.fill("[id='package-why-sensitive']", "Needs of pupils, which bear on their pay.")
    page.fill("[id='package-reason-sensitive-PrimarySENtype']", "needs differ between schools")
    for kind in ("toml", "xlsx"):
        with page.expect_download() as saved:
            page.click(f"[data-save={kind}]")
        file = tmp_path / saved.value.suggested_filename
        saved.value.save_as(file)
        request, form = read_request(file)
        assert form == []
        packages = {package.name: package for package in request.package}
        assert list(packages) == ["sensitive", "earnings"]
        assert packages["sensitive"].phases == ("secondary",)
        assert packages["sensitive"].years == "2010/11-2011/12"
        assert packages["sensitive"].justification == "Needs of pupils, which bear on their pay."
        assert packages["sensitive"].reasons["PrimarySENtype"] == "needs differ between schools"
        assert packages["earnings"].years == "2003/04-2020/21"
        told = {(fault.rule, fault.place) for fault in faults_of(asked_of(request, shipped(), TODAY), form)}
        assert not [
            rule for rule, _ in told if rule in ("unknown-package", "years-held", "phases", "reason-for-nothing")
        ]
        assert ("sensitive-reason", "package sensitive, variable PrimarySENtype") not in told
        assert "sensitive-reason" in {rule for rule, _ in told}  # of the items without one
    page.click("[aria-label='Take off my list: package sensitive']")
    assert page.inner_text("#state") == "1 variable and 1 package are on your list."
    assert faults == []
    page.context.close()


def test_without_scripts_all_can_be_leafed_through(browser: Any, site: Path) -> None:
    page, _, _ = opened(browser, site / "index.html", java_script_enabled=False)
    assert not page.is_visible("#words")
    page.click("noscript a, a:has-text('from A to Z')")
    page.wait_for_load_state("load")
    page.click("main a:has-text('K')")
    page.wait_for_load_state("load")
    page.click("a:text-is('KS1APS')")
    page.wait_for_load_state("load")
    assert page.inner_text("h1") == "KS1APS"
    assert not page.is_visible("[data-add]")
    page.context.close()
