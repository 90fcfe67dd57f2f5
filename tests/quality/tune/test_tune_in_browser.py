"""Tuning as people meet it: in Chromium, in place, by keyboard, narrow, dark, in forced colours, without scripts."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from quality.disclosure import load as load_profile
from quality.measures.definitions import load as load_definitions
from quality.report.names import Names
from tests.quality.browsing import RULES, barriers, focused, moment, put_in, served, visitors

pytest.importorskip("uvicorn", reason="no uvicorn: pip install 'leo-linkage[apps]'")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(browser: Any, linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application at work: its address."""
    from quality.tune.desk import RunDesk

    from quality.tune.app import application

    folder = tmp_path_factory.mktemp("browsed") / "run"
    shutil.copytree(linked_village.root, folder)
    rules = {"profile": load_profile("leo_publication"), "definitions": load_definitions()}
    with RunDesk(folder, None) as desk, served(application(desk, Names(shipped()), "secret", **rules)) as address:
        yield address


@pytest.fixture
def visit(browser: Any, home: str) -> Iterator[Any]:
    """Opens the step as the run had it."""
    with visitors(browser, home) as enter:

        def opened(**how: Any) -> Any:
            page = enter(**how)
            page.get_by_role("button", name="Back to the run").click()
            told(page, "100 links, as in the run")
            page.reload()
            return page

        yield opened


def told(page: Any, beginning: str) -> None:
    """Wait until the page says so."""
    page.get_by_role("status").filter(has_text=re.compile(f"^{re.escape(beginning)}")).wait_for()


def change(page: Any, label: str, value: str) -> None:
    """Put a value into a field and leave it, which sends the form; wait until what follows stands on the page."""
    with put_in(page), page.expect_response(lambda answer: answer.request.method == "GET" or answer.status == 400):
        page.get_by_label(label, exact=True).fill(value)
        page.get_by_label(label, exact=True).press("Tab")
    moment(page, 100)


@pytest.mark.parametrize("width", [1280, 320])
def test_no_barrier_in_any_page_or_state(visit: Any, width: int) -> None:
    """320 pixels are a page of 1280 at 400 %: nothing but tables in a frame of their own may scroll sideways."""
    found: dict[str, Any] = {}

    def look(state: str) -> None:
        found[state] = barriers(page, type="tag", values=RULES)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found[state].append(("runs off the page", state))

    page = visit(viewport={"width": width, "height": 900})
    look("as the run")
    for details in page.locator("details").all():
        details.evaluate("details => details.open = true")
    look("all opened")
    change(page, "To people from", "10")
    change(page, "Link from", "19")
    look("changed in place")
    change(page, "Lead over the best rival", "much")
    look("with a fault in place")
    change(page, "Lead over the best rival", "3")
    page.reload()
    look("changed")
    pair = page.get_by_role("link", name=" and ").first.get_attribute("href")
    page.goto(pair)
    look("a pair")
    page.goto("/")
    page.get_by_role("button", name="Show its weight in parts").click()
    page.get_by_role("alert").wait_for()
    look("with a fault in a pair's numbers")
    page.locator("form[action='/save']").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Why: say in up to").wait_for()
    look("with a fault in a note")
    page.get_by_label("Why").fill("less is more")
    page.get_by_role("button", name="Save").click()
    look("saved")
    page.goto("/pairs/1/99999999")
    look("not found")
    page.context.clear_cookies()
    page.goto("/")
    look("refused")
    assert {state: faults for state, faults in found.items() if faults} == {}
    assert len(found) == 11


@pytest.mark.parametrize("how", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced-colours"])
def test_enough_contrast_in_other_colours(visit: Any, how: dict[str, Any]) -> None:
    page = visit(**how)
    change(page, "Link from", "14")
    assert barriers(page, type="rule", values=["color-contrast"]) == []


def test_a_change_is_heard_and_seen_in_place(visit: Any) -> None:
    """The field keeps its place, the page stays, the live region tells; what was opened stays open."""
    page = visit()
    page.evaluate("document.body.id = 'the-same-page'")
    shown = page.locator("#weights details")
    shown.evaluate("details => details.open = true")
    change(page, "To people from", "12")
    change(page, "Link from", "14")
    assert page.locator("#the-same-page").count() == 1
    assert page.get_by_role("status").inner_text().startswith("90 links: 0 gained and 10 lost.")
    assert page.get_by_role("table", name="Links lost: 10").count() == 1
    assert shown.get_attribute("open") is not None
    focused(page, "#review")


def test_a_fault_is_told_in_place(visit: Any) -> None:
    page = visit()
    change(page, "Link from", "much")
    told = page.get_by_role("alert")
    assert told.get_by_role("link").inner_text() == "Link from: enter a number of bits between -100 and 100"
    assert page.locator("#accept").get_attribute("aria-invalid") == "true"
    change(page, "Link from", "14")
    assert told.get_by_role("link").count() == 0
    assert page.locator("#accept").get_attribute("aria-invalid") is None


def test_by_keyboard_alone(visit: Any) -> None:
    page = visit()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    focused(page, "#main")
    page.keyboard.press("Tab")
    focused(page, "#accept")
    page.keyboard.press("Control+a")
    page.keyboard.type("14")
    with put_in(page):
        page.keyboard.press("Enter")
    told(page, "90 links")
    moment(page, 250)
    focused(page, "#accept")  # the page came up to date around it
    for _ in range(4):  # two limits, Apply, Undo
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Undo the last change"
    page.keyboard.press("Enter")
    told(page, "100 links, as in the run")
    focused(page, "#undo")


def test_going_back_shows_the_fields_as_they_were(visit: Any) -> None:
    page = visit()
    before = page.get_by_label("Link from").input_value()
    change(page, "Link from", "14")
    page.get_by_label("Lead over the best rival").fill("7")  # not sent: the button is pressed from within the field
    with put_in(page):
        page.get_by_role("button", name="Back to the run").press("Enter")
    told(page, "100 links, as in the run")
    moment(page, 500)
    assert page.get_by_label("Link from").input_value() == before
    assert page.get_by_label("Lead over the best rival").input_value() != "7"


def test_all_of_it_without_scripts(visit: Any, home: str) -> None:
    page = visit(java_script_enabled=False)
    page.get_by_label("Link from").fill("14")
    page.get_by_role("button", name="Apply", exact=True).click()
    told(page, "90 links: 0 gained and 10 lost.")
    page.locator("summary", has_text="Surname").first.click()
    page.get_by_label("m of Surname, ", exact=False).first.fill("0.5")
    page.get_by_role("button", name="Apply m and u").click()
    page.locator("#model").locator("xpath=..").get_by_text("adds up to 0.65").first.wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Back to the run").click()
    told(page, "100 links, as in the run")
    page.get_by_role("link", name=" and ").first.click()
    page.get_by_role("table", name="Two records side by side").wait_for()
    assert Path(page.url).parent.parent.name == "pairs"
