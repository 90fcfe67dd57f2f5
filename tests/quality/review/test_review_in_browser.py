"""Clerical review as people meet it: in Chromium, by keyboard, narrow, dark, in forced colours, without scripts."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from linkage.pipeline.ended.carrying import labels_store
from quality.review.sampling import draw_sample

from linkage.catalogue import shipped
from linkage.config.resources import assets_dir
from quality.report.names import Names
from tests.quality.browsing import PATIENCE, RULES, barriers, focused, moment, put_in, served, visitors

pytest.importorskip("uvicorn", reason="no uvicorn: pip install 'leo-linkage[apps]'")
pytestmark = pytest.mark.browser

STEP = "npd-cis"


@pytest.fixture(scope="module")
def run(browser: Any, linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browsed") / "run"
    shutil.copytree(linked_village.root, folder)
    draw_sample(folder, STEP, 40)
    return folder


@pytest.fixture(scope="module")
def home(run: Path) -> Iterator[str]:
    """The application at work: its address. Half of the pairs are for two."""
    from quality.review.desk import RunDesk

    from quality.review.app import application

    with RunDesk(run, STEP) as desk, served(application(desk, Names(shipped()), "secret", doubled=0.5)) as address:
        yield address


@pytest.fixture
def visit(browser: Any, home: str, run: Path) -> Iterator[Any]:
    """Opens a page for somebody."""
    with visitors(browser, home) as enter:

        def opened(name: str | None = None, role: str = "reviewer", **how: Any) -> Any:
            page = enter(**how)
            if name:
                page.get_by_label("Your name or initials").fill(name)
                page.locator(f"#{role}").check()
                page.get_by_role("button", name="Continue").click()
            return page

        yield opened
    labels_store(run).path.unlink(missing_ok=True)


def answer(page: Any, said: str) -> None:
    """Press an answer, and wait until the next page stands in place of this one, which has its address before its text."""
    heading, before = page.locator("h1"), page.locator("h1").inner_text()
    page.get_by_role("button", name=said, exact=True).click()
    soon(heading).not_to_have_text(before)
    soon(page).to_have_title(re.compile(f"^{re.escape(heading.inner_text().split(':')[0])}"))


def arrived(page: Any, place: int) -> None:
    """Wait until a pair stands in the page, and its scripts know: what is put in place has its title last."""
    page.wait_for_url(f"**/pairs/{place}")
    soon(page.locator("h1")).to_have_text(re.compile(f"^Pair {place} of"))
    soon(page).to_have_title(re.compile(f"^Pair {place} of"))


def soon(what: Any) -> Any:
    """Asks again and again until it is so: as long as a machine with much to do may take."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    return expect(what)


def is_dressed() -> bool:
    """Whether GOV.UK Frontend and htmx are built: without, every answer is a new page."""
    return (assets_dir() / "htmx.js").is_file()


def settled_keys(page: Any) -> None:
    """Wait until keys answer: a moment after the page has come, by its own clock."""
    page.wait_for_load_state("load")
    moment(page, 400)


@pytest.mark.parametrize("width", [1280, 320])
def test_no_barrier_in_any_page_or_state(visit: Any, width: int) -> None:
    """320 pixels are a page of 1280 at 400 %: nothing but tables in a frame of their own may scroll sideways."""
    found: dict[str, Any] = {}

    def look(state: str, page: Any) -> None:
        found[state] = barriers(page, type="tag", values=RULES)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found[state].append(("runs off the page", state))

    size = {"viewport": {"width": width, "height": 900}}
    ann, bob = visit(None, **size), visit("Bob", **size)
    look("start", ann)
    ann.locator("form").evaluate("form => form.noValidate = true")
    ann.get_by_role("button", name="Continue").click()
    look("start with a fault", ann)
    ann.get_by_label("Your name or initials").fill("Ann")
    ann.get_by_role("button", name="Continue").click()
    look("first pair", ann)
    ann.goto("/progress")
    look("progress without answers", ann)
    ann.goto("/next")
    answer(ann, "Uncertain")
    look("next pair, last answer", ann)
    ann.get_by_role("link", name="Look at pair 1 again").click()
    look("answered", ann)
    ann.get_by_role("link", name="Why, part by part").click()
    look("why", ann)
    bob.goto("/next")
    answer(bob, "No match")
    ann.goto("/progress#agreement")
    look("progress, agreement", ann)
    ann.goto("/progress#estimates")
    ann.get_by_role("button", name="Estimate").click()
    ann.get_by_role("table", name="Estimates").wait_for()
    look("progress with estimates", ann)
    judge = visit("Judy", "adjudicator", **size)
    look("pair to settle", judge)
    answer(judge, "No match")
    look("nothing left", judge)
    judge.goto("/pairs/9999")
    look("not found", judge)
    judge.context.clear_cookies()
    judge.goto("/next")
    look("refused", judge)
    assert {state: faults for state, faults in found.items() if faults} == {}
    assert len(found) == 13


@pytest.mark.parametrize("how", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced-colours"])
def test_enough_contrast_in_other_colours(visit: Any, how: dict[str, Any]) -> None:
    page = visit("Ann", **how)
    answer(page, "Match")
    assert barriers(page, type="rule", values=["color-contrast"]) == []


def test_differences_are_not_told_by_colour_alone(visit: Any, run: Path) -> None:
    """In forced colours, where every colour is the system's, what differs is underlined, signed and said."""
    page = visit("Ann", forced_colors="active")
    while page.locator("mark").count() == 0:
        answer(page, "Uncertain")
    marked = page.locator("mark").first
    assert "underline" in marked.evaluate("mark => getComputedStyle(mark).textDecorationLine")
    row = page.get_by_role("row").filter(has=marked)
    assert row.locator(".compared").inner_text().startswith("≠ Differs")


def test_by_keyboard_alone(visit: Any, run: Path) -> None:
    page = visit()
    for _ in range(5):  # skip link, three links of the top, the name
        page.keyboard.press("Tab")
    page.keyboard.type("Ann")
    page.keyboard.press("Enter")
    arrived(page, 1)
    for place, key in enumerate("mnuz", 1):
        settled_keys(page)
        page.keyboard.press(key)
        arrived(page, place + 1 if key != "z" else 3)
    assert [row["answer"] for row in labels_store(run).rows().to_pylist()] == [
        "match",
        "no match",
        "uncertain",
        "withdrawn",
    ]
    focused(page, "#main")  # what came in place is read from its top
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText").startswith("Match")
    page.keyboard.press("Enter")
    arrived(page, 4)


def test_the_next_pair_comes_in_place_and_the_browser_goes_back(visit: Any, run: Path) -> None:
    page = visit("Ann")
    settled_keys(page)
    if is_dressed():  # a form that htmx has not met yet is sent as any other
        page.locator("form[data-htmx-powered]").first.wait_for(state="attached")
    page.evaluate("document.body.id = 'the-same-page'")
    answer(page, "Match")
    assert page.title().startswith("Pair 2 of")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Pair 2 of")
    assert page.locator("#the-same-page").count() == is_dressed()
    page.go_back()
    page.get_by_text("You said match").wait_for()
    assert page.url.endswith("/pairs/1")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0  # no copy of a page is kept


def test_an_application_that_was_ended_is_told_of(visit: Any, run: Path) -> None:
    """A key that nobody hears is not swallowed: the page says so, aloud too, and what is pressed later is heard."""
    if not is_dressed():
        pytest.skip("GOV.UK Frontend and htmx are not built: the browser says itself that nothing answers")
    page = visit("Ann")
    page.locator("form[data-htmx-powered]").first.wait_for(state="attached")
    settled_keys(page)
    page.context.route("**/pairs/1", lambda route: route.abort("connectionrefused"))
    page.keyboard.press("m")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "The application does not answer" in alert.inner_text()
    assert page.evaluate("document.activeElement.id") == "unheard"
    assert barriers(page, type="tag", values=RULES) == []
    with page.expect_event("requestfailed"):
        page.keyboard.press("m")
    page.locator(".htmx-request").wait_for(state="detached")  # the page has met its failure
    assert page.get_by_role("alert").count() == 1
    page.context.unroute("**/pairs/1")
    page.keyboard.press("m")
    arrived(page, 2)
    assert page.get_by_role("alert").count() == 0
    assert labels_store(run).rows().num_rows == 1


def test_single_keys_are_turned_off(visit: Any, run: Path) -> None:
    page = visit("Ann")
    with put_in(page):
        page.get_by_role("button", name="Turn single keys off").click()
    page.get_by_role("button", name="Turn single keys on").wait_for()
    settled_keys(page)
    page.keyboard.press("m")
    moment(page, 100)
    assert page.url.endswith("/pairs/1")
    assert labels_store(run).rows().num_rows == 0
    assert page.locator(".key:visible").count() == 0
    with put_in(page):
        page.get_by_role("button", name="Turn single keys on").click()
    page.get_by_role("button", name="Turn single keys off").wait_for()
    settled_keys(page)
    page.keyboard.press("m")
    arrived(page, 2)


def test_keys_that_belong_to_the_browser_or_a_field_answer_nothing(visit: Any, run: Path) -> None:
    page = visit("Ann")
    settled_keys(page)
    page.keyboard.press("Control+m")
    page.keyboard.press("Alt+n")
    moment(page, 100)
    assert labels_store(run).rows().num_rows == 0


def test_all_of_it_without_scripts(visit: Any, run: Path) -> None:
    page = visit("Ann", java_script_enabled=False)
    answer(page, "Match")
    page.get_by_role("button", name="Undo", exact=True).click()
    arrived(page, 1)
    answer(page, "No match")
    page.get_by_role("link", name="Progress").click()
    page.get_by_text("Answered by you").wait_for()
    page.get_by_role("button", name="Estimate").click()
    page.get_by_role("table", name="Estimates from the answers so far, per cent").wait_for()
    assert [row["answer"] for row in labels_store(run).rows().to_pylist()] == ["match", "withdrawn", "no match"]


@pytest.mark.parametrize("width", [1280, 320])
def test_plain_where_what_others_made_is_not_built(
    browser: Any, run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int
) -> None:
    """Every page works and has no barrier; its foot says what to do."""
    from quality.review.desk import RunDesk

    from quality.review.app import application

    monkeypatch.setattr("quality.web.pages.assets_dir", lambda: tmp_path)
    with RunDesk(run, STEP) as desk:
        plain = application(desk, Names(shipped()), "secret", doubled=0.5)
        with served(plain) as address, visitors(browser, address) as enter:
            page = enter(viewport={"width": width, "height": 900})
            assert "make assets builds them" in page.get_by_role("contentinfo").inner_text()
            page.get_by_label("Your name or initials").fill("Ann")
            page.get_by_role("button", name="Continue").click()
            settled_keys(page)
            page.keyboard.press("m")
            arrived(page, 2)
            assert barriers(page, type="tag", values=RULES) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.goto("/progress")
            assert barriers(page, type="tag", values=RULES) == []
    labels_store(run).path.unlink(missing_ok=True)
