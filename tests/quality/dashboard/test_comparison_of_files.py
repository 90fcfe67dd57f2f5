"""Folders of files side by side: links known again by the ids of the files, people by their records; and the page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from quality.dashboard.comparison.page import render_comparison, statement

from linkage.engine import Engine, Table
from quality.dashboard.comparison import RunTables, compare
from tests.quality.browsing import RULES, barriers, opened

World = Callable[[str], Table]
HEAD = "left_id:text | right_id:text | method | pass | match_weight:float | decision\n"


def folder(world: World, name: str, links: str, clusters: str | None = None, **more: Any) -> RunTables:
    step = "dedupe" if clusters else "link"
    return RunTables(
        name=name,
        links={},
        units={},
        models={},
        identities={},
        keyed={step: world(HEAD + links)},
        clusters=world("id:text | person_id\n" + clusters) if clusters else None,
        **more,
    )


BEFORE = """
    A1 | B1 | deterministic | nino   | 20 | accepted
    A2 | B2 | probabilistic | rule 1 | 9  | accepted
    A3 | B3 | probabilistic | rule 1 | 9  | accepted
    A4 | B4 | probabilistic | rule 1 | 3  | review
"""
AFTER = """
    A1 | B1 | deterministic | nino   | 21 | accepted
    A2 | B2 | probabilistic | rule 2 | 8  | accepted
    A3 | B9 | probabilistic | rule 1 | 9  | accepted
"""


@pytest.fixture
def of_two_files(engine: Engine, world: World) -> dict[str, Any]:
    before = folder(world, "a", BEFORE, configuration={"threshold": 0.95, "columns": {"left": {"dob": "DOB"}}})
    after = folder(world, "b", AFTER, configuration={"threshold": 0.9, "columns": {"left": {"dob": "DOB"}}})
    return compare(engine, before, after)


def test_links_are_known_again_by_the_ids_of_the_files(of_two_files: dict[str, Any]) -> None:
    assert of_two_files["settings"] == [{"path": "threshold", "before": 0.95, "after": 0.9}]
    (step,) = of_two_files["steps"]
    counts = {name: step[name] for name in ("step", "before", "after", "kept", "moved", "gained", "lost")}
    assert counts == {"step": "link", "before": 3, "after": 3, "kept": 1, "moved": 1, "gained": 1, "lost": 1}
    assert step["error_by_group"] == []
    assert "people" not in of_two_files


def test_people_of_one_file_are_the_same_when_their_records_are(engine: Engine, world: World) -> None:
    before = folder(world, "a", BEFORE, "A1 | 1\n B1 | 1\n A2 | 2\n B2 | 2\n A3 | 3")
    after = folder(world, "b", AFTER, "B1 | 9\n A1 | 9\n A2 | 5\n B2 | 6\n A3 | 7")
    found = compare(engine, before, after)
    assert found["people"] == {"before": 3, "after": 4, "same": 2}
    assert found["steps"][0]["step"] == "dedupe"


def test_a_page_says_what_it_comes_to(of_two_files: dict[str, Any], tmp_path: Path) -> None:
    assert statement(of_two_files) == ("b beside a: 1 links are kept, 1 made in another way, 1 gained and 1 lost.")
    page = render_comparison(of_two_files, tmp_path / "page.html").read_text()
    assert "probabilistic rule 2" in page
    assert "Settings that differ" in page


def full() -> dict[str, Any]:
    """A comparison in which everything differs, with more rows than a table shows at once."""
    weight = {"comparison": "dob", "level": "equal", "before": 9.0, "after": None, "m_before": 0.9, "m_after": None}
    group = {"characteristic": "sex", "value": "F", "kept": 5, "moved": 1, "gained": 1, "lost": 0}
    counts = {"before": 8, "kept": 5, "moved": 1, "gained": 1, "lost": 2, "after": 7}
    step = {
        "step": "npd-ilr",
        **counts,
        "moves": [{"from": None, "to": "probabilistic rule 1", "links": 1}],
        "groups": [group] * 30,
        "rules": [{"what": "blocking rule", "rule": "l.dob = r.dob", "change": "added"}],
        "thresholds": [{"what": "accept", "before": 4.0, "after": 5.0}],
        "weights": [{**weight, "u_before": 0.01, "u_after": None}],
    }
    people = {"before": 10, "after": 11, "same": 9}
    settings = [{"path": "run.seed", "before": 1, "after": None}]
    return {"runs": {"before": "a", "after": "b"}, "settings": settings, "steps": [step], "people": people}


@pytest.mark.browser
@pytest.mark.parametrize(
    "how", [{}, {"color_scheme": "dark"}, {"forced_colors": "active"}, {"viewport": {"width": 320, "height": 900}}]
)
def test_no_barrier_and_no_request(browser: Any, tmp_path: Path, how: dict[str, Any]) -> None:
    place = render_comparison(full(), tmp_path / "page.html")
    page, requests, faults = opened(browser, place, **how)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert barriers(page, type="tag", values=RULES) == []
    assert (requests, faults) == ([place.as_uri()], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.context.close()
