"""The page of a population shows what its files hold, and anybody can read it."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage.errors import InputError
from synthetic import synthesise
from synthetic.page import write_page
from tests.quality.browsing import RULES, barriers, opened

PEOPLE = 4_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4,000 people in two chunks, with their page."""
    out = tmp_path_factory.mktemp("population") / "people"
    synthesise(out, PEOPLE, workers=1, chunk=2_500)
    write_page(out)
    return out


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / "population.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tables(page: str) -> dict[str, list[list[str]]]:
    """Rows of texts by the caption of their table."""
    return {
        caption: [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall("<tr>(.*?)</tr>", body)]
        for caption, body in re.findall("<caption>(.*?)</caption>(.*?)</table>", page)
    }


def test_sections_are_in_their_order(page: str) -> None:
    places = [page.index(f'id="{name}"') for name in ("people", "errors", "files")]
    assert places == sorted(places)
    assert "4,000 invented people" in page


def test_files_are_counted_as_they_are(folder: Path, tables: dict[str, list[list[str]]]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    rows = {row[0]: row[1] for row in tables["Tables, rows and size"][1:]}
    assert rows == {name: f"{count:,}" for name, count in manifest["rows"].items()}


def test_errors_are_those_of_the_truth(folder: Path, tables: dict[str, list[list[str]]]) -> None:
    errors = pq.read_table(folder / "truth/errors")
    rows = tables["Errors by field and kind"][1:]
    assert sum(int(row[2].replace(",", "")) for row in rows) == len(errors)


def test_people_by_source_and_one_person_are_shown(tables: dict[str, list[list[str]]]) -> None:
    for caption in ("How people enter the records", "People by the sources that hold them"):
        assert 0 < sum(int(row[1].replace(",", "")) for row in tables[caption][1:]) <= PEOPLE
    person = tables["One person, as the sources record them"]
    assert len({row[0] for row in person[1:]}) >= 3
    assert any(row[-1] != "none" for row in person[1:])


@pytest.mark.parametrize("how", [{"releases": 2}, {"tables": "identities"}], ids=str)
def test_other_populations_have_a_page_too(tmp_path: Path, how: dict[str, Any]) -> None:
    synthesise(tmp_path / "out", 700, workers=1, **how)
    assert "700 invented people" in write_page(tmp_path / "out").read_text()


def test_a_folder_without_a_population_in_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no population"):
        write_page(tmp_path)
    synthesise(tmp_path / "out", 100, workers=1, format="csv")
    with pytest.raises(InputError, match="--format parquet"):
        write_page(tmp_path / "out")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    synthesise(tmp_path / "out", 100, workers=1)
    (tmp_path / "out/truth/errors/part-00000.parquet").unlink()
    with pytest.raises(InputError, match="truth/errors: no file of it is left"):
        write_page(tmp_path / "out")


@pytest.mark.browser
@pytest.mark.parametrize("how", [{}, {"color_scheme": "dark"}], ids=["light", "dark"])
def test_no_barrier_and_no_request(browser: Any, folder: Path, how: dict[str, Any]) -> None:
    """320 pixels are a page of 1280 at 400 %."""
    page, requests, faults = opened(browser, folder / "population.html", viewport={"width": 320, "height": 900}, **how)
    assert barriers(page, type="tag", values=RULES) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert requests == [(folder / "population.html").as_uri()]
    assert faults == []
    page.context.close()
