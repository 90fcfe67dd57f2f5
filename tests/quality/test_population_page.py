"""The page of a population says what its files hold, and anybody can read it."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from linkage.errors import InputError
from quality.population import render_population
from synthetic import synthesise
from tests.quality.browsing import RULES, barriers, opened

PEOPLE = 4_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4,000 people in two chunks, with their page."""
    out = tmp_path_factory.mktemp("population") / "people"
    synthesise(out, PEOPLE, workers=1, chunk=2_500)
    render_population(out)
    return out


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "population.html").read_text(encoding="utf-8")


class Tables(HTMLParser):
    """Rows of texts by the caption of their table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._into: str = ""
        self._caption = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "caption":
            self._caption = ""
        elif tag == "tr":
            self.found.setdefault(self._caption, []).append([])
        elif tag in ("td", "th"):
            self.found[self._caption][-1].append("")
        self._into = tag if tag != "abbr" else self._into

    def handle_data(self, data: str) -> None:
        if self._into == "caption":
            self._caption += data
        elif self._into in ("td", "th"):
            self.found[self._caption][-1][-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._into = "" if tag != "abbr" else self._into


@pytest.fixture(scope="module")
def tables(page: str) -> dict[str, list[list[str]]]:
    return Tables(page).found


def test_every_section_is_there_in_its_order(page: str) -> None:
    names = ("summary", "people", "names", "records", "journeys", "mistakes", "files", "making")
    places = [page.index(f'id="{name}"') for name in names]
    assert places == sorted(places)
    assert "4,000 invented people" in page


def test_every_chart_has_a_table_and_stands_without_scripts(page: str) -> None:
    assert page.count("<figure ") == page.count("<summary><span>Table: ") >= 9
    windows = page.count("<use ")  # through which paper shows a tall one
    assert page.count("<svg ") == 2 * page.count("<figure ") + windows
    assert len(page) < 700_000


def test_births_are_those_of_the_truth(folder: Path, tables: dict[str, list[list[str]]]) -> None:
    persons = pq.read_table(folder / "truth/persons", columns=["birth_date", "sex"])
    rows = {row[0]: row[1:] for row in tables["People by year of birth"][1:]}
    for year in (1975, 1994):
        for place, sex in enumerate(("Female", "Male")):
            ours = pc.and_(pc.equal(pc.year(persons["birth_date"]), year), pc.equal(persons["sex"], sex))
            number = pc.sum(ours).as_py()
            assert rows[str(year)][place] == ("c" if number < 10 else f"{(number + 2) // 5 * 5}")


def test_files_are_counted_as_they_are(folder: Path, tables: dict[str, list[list[str]]]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    rows = {row[0]: row[1] for row in tables["Tables, rows and size"][1:]}
    assert {name: f"{count:,}" for name, count in manifest["rows"].items()} == {
        k: v for k, v in rows.items() if k != "All"
    }


def test_the_activities_of_a_year_are_a_whole(tables: dict[str, list[list[str]]]) -> None:
    header, *rows = tables["Main activity, % of pupils"]
    assert header == [
        "Years after",
        "School",
        "College or training",
        "University",
        "Work",
        "Benefits",
        "None of these",
        "Pupils",
    ]
    assert len(rows) >= 10
    known = [[float(cell) for cell in row[1:-1] if re.fullmatch(r"[\d.]+", cell)] for row in rows]
    assert all(94 < sum(row) < 100.5 for row in known)
    assert float(rows[0][1]) > 20
    assert float(rows[8][4]) > 30


def test_no_small_count_is_shown(tables: dict[str, list[list[str]]]) -> None:
    counted = (
        "People by year of birth",
        "Origin groups",
        "People by the bodies that hold them",
        "Mistakes by field and kind",
    )
    for caption in counted:
        texts = [cell.replace(",", "") for row in tables[caption][1:] for cell in row[1:3]]
        numbers = [int(text) for text in texts if text.isdecimal()]
        assert numbers, caption
        assert not [number for number in numbers if number < 10 or number % 5], caption


def test_lives_and_the_one_person_are_told(page: str, tables: dict[str, list[list[str]]]) -> None:
    assert len({row[0] for row in tables["Spells and events"][1:]}) >= 4
    assert page.count('class="lane-') > 20
    written = tables["One person, as the bodies wrote them down"]
    assert len({row[0] for row in written[1:]}) >= 3
    assert any(row[-1] != "none" for row in written[1:])


def test_csv_and_several_deliveries_give_a_page_too(tmp_path: Path) -> None:
    for number, how in enumerate(({"format": "csv"}, {"releases": 2}, {"tables": "identities"})):
        out = tmp_path / str(number)
        synthesise(out, 700, workers=1, **how)
        text = render_population(out).read_text()
        assert "700 invented people" in text
        assert ('id="journeys"' in text) is ("tables" not in how)


def test_the_same_files_give_the_same_page(folder: Path, page: str) -> None:
    assert render_population(folder).read_text() == page


def test_a_folder_without_a_population_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no population"):
        render_population(tmp_path)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    synthesise(tmp_path / "out", 100, workers=1)
    (tmp_path / "out/truth/errors/part-00000.parquet").unlink()
    with pytest.raises(InputError, match="truth/errors: no file of it is left"):
        render_population(tmp_path / "out")


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
def test_no_barrier_and_no_request(browser: Any, folder: Path, width: int) -> None:
    """320 pixels are a page of 1280 at 400 %."""
    page, requests, faults = opened(browser, folder / "population.html", viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert barriers(page, type="tag", values=RULES) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert requests == [(folder / "population.html").as_uri()]
    assert faults == []
    page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("how", [{"color_scheme": "dark"}, {"forced_colors": "active"}], ids=["dark", "forced-colours"])
def test_enough_contrast_in_other_colours(browser: Any, folder: Path, how: dict[str, Any]) -> None:
    page, _, _ = opened(browser, folder / "population.html", **how)
    assert barriers(page, type="rule", values=["color-contrast"]) == []
    page.context.close()
