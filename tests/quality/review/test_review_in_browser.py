"""The review and tuning applications in Chromium: by keyboard, narrow, dark, in forced
colours, without scripts.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from quality.report.names import Names
from quality.review.labels import labels_store
from quality.review.sample import draw_sample
from tests.quality.browsing import (
    WIDTHS,
    address_of,
    barriers,
    moment,
    violations,
    visitors,
)

pytest.importorskip("uvicorn", reason="no uvicorn: pip install 'leo-linkage[apps]'")
pytestmark = pytest.mark.browser

STEP = "npd-cis"
PAUSE = 300  # milliseconds, after which a page takes keys


@pytest.fixture(scope="module")
def run(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browsed") / "run"
    shutil.copytree(linked_village.root, folder)
    draw_sample(folder, STEP, 60)
    return folder


@pytest.fixture
def review(browser: Any, run: Path) -> Iterator[Any]:
    """Opens the review application, as a named reviewer if a name is given."""
    from quality.review.app import application
    from quality.review.session import ReviewSession

    with (
        ReviewSession(run, STEP) as session,
        address_of(
            application(session, Names(shipped()), "secret", doubled=0.5)
        ) as address,
        visitors(browser, address) as enter,
    ):

        def open_review(name: str = "", **options: Any) -> Any:
            page = enter(**options)
            if name:
                page.get_by_label("Your name or initials").fill(name)
                page.get_by_role("button", name="Continue").click()
                page.wait_for_url("**/pairs/1")
            return page

        yield open_review
    labels_store(run).path.unlink(missing_ok=True)


@pytest.fixture
def tune(browser: Any, run: Path) -> Iterator[Any]:
    """Opens the tuning application."""
    from quality.tune.app import application
    from quality.tune.session import TuneSession

    with (
        TuneSession(run, STEP) as session,
        address_of(application(session, Names(shipped()), "secret")) as address,
        visitors(browser, address) as enter,
    ):
        yield enter


def root(page: Any) -> str:
    """The path below which the application's pages lie."""
    return f"/{page.url.split('/')[3]}"


@pytest.mark.parametrize("width", WIDTHS)
def test_no_barrier_on_any_page_of_review(review: Any, width: int) -> None:
    page = review(viewport={"width": width, "height": 900})
    faults_of = {"start": violations(page)}
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("alert").wait_for()
    faults_of["fault"] = violations(page)
    page.get_by_label("Your name or initials").fill("Ann")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Match", exact=False).first.click()
    page.wait_for_url("**/pairs/2")
    faults_of["question"] = violations(page)
    page.goto(f"{root(page)}/pairs/1")
    faults_of["decided"] = violations(page)
    page.goto(f"{root(page)}/progress")
    page.get_by_role("button", name="Estimate").click()
    faults_of["progress"] = violations(page)
    page.goto(f"{root(page)}/pairs/9999")
    faults_of["not found"] = violations(page)
    assert {state: faults for state, faults in faults_of.items() if faults} == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_no_barrier_on_any_page_of_tuning(tune: Any, width: int) -> None:
    page = tune(viewport={"width": width, "height": 900})
    page.evaluate(
        "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
    )
    faults_of = {"as the run": violations(page)}
    page.get_by_label("Acceptance threshold", exact=True).fill("0.99999995")
    page.get_by_role("button", name="Apply", exact=True).click()
    page.get_by_role("status").filter(has_text="lost").wait_for()
    faults_of["changed"] = violations(page)
    page.get_by_label("Acceptance threshold", exact=True).fill("much")
    page.get_by_role("button", name="Apply", exact=True).click()
    page.get_by_role("alert").wait_for()
    faults_of["fault"] = violations(page)
    page.locator("section[aria-labelledby=differences]").get_by_role(
        "link", name=" and "
    ).first.click()
    page.get_by_role("table", name="Two records side by side").wait_for()
    faults_of["pair"] = violations(page)
    assert {state: faults for state, faults in faults_of.items() if faults} == {}


@pytest.mark.parametrize(
    "mode",
    [{"color_scheme": "dark"}, {"forced_colors": "active"}],
    ids=["dark", "forced"],
)
def test_enough_contrast_in_other_colours(
    review: Any, tune: Any, mode: dict[str, Any]
) -> None:
    page = review("Ann", **mode)
    page.get_by_role("button", name="Match", exact=False).first.click()
    assert barriers(page, type="rule", values=["color-contrast"]) == []
    assert barriers(tune(**mode), type="rule", values=["color-contrast"]) == []


def test_review_by_keyboard(review: Any, run: Path) -> None:
    page = review("Ann")
    for place, key in enumerate("mnuz", 1):
        moment(page, PAUSE)
        page.keyboard.press(key)
        page.wait_for_url(f"**/pairs/{place + 1 if key != 'z' else 3}")
    answers = [row["answer"] for row in labels_store(run).rows().to_pylist()]
    assert answers == ["match", "no match", "uncertain", "withdrawn"]
    moment(page, PAUSE)
    page.keyboard.press("Control+m")
    page.keyboard.press("Alt+n")
    page.get_by_role("button", name="Turn single keys off").click()
    page.get_by_role("button", name="Turn single keys on").wait_for()
    moment(page, PAUSE)
    page.keyboard.press("m")
    moment(page, 100)
    assert labels_store(run).rows().num_rows == 4


def test_a_key_that_comes_too_early_is_ignored_with_a_message(
    review: Any, run: Path
) -> None:
    page = review("Ann")
    page.evaluate("performance.now = () => 0")
    page.keyboard.press("m")
    page.get_by_role("status").filter(has_text="M was ignored").wait_for()
    assert labels_store(run).rows().num_rows == 0


def test_both_applications_without_scripts(review: Any, tune: Any, run: Path) -> None:
    page = review("Ann", java_script_enabled=False)
    page.get_by_role("button", name="Match", exact=False).first.click()
    page.get_by_role("button", name="Undo", exact=True).click()
    page.wait_for_url("**/pairs/1")
    page.get_by_role("button", name="No match").click()
    page.wait_for_url("**/pairs/2")
    answers = [row["answer"] for row in labels_store(run).rows().to_pylist()]
    assert answers == ["match", "withdrawn", "no match"]
    page = tune(java_script_enabled=False)
    page.get_by_label("Acceptance threshold", exact=True).fill("0.99999995")
    page.get_by_role("button", name="Apply", exact=True).click()
    page.get_by_role("status").filter(has_text="lost").wait_for()
    page.get_by_role("button", name="Back to the run").click()
    page.get_by_role("status").filter(has_text="as in the run").wait_for()
