"""The site as files: every variable has its page, every link leads somewhere, nothing is fetched, numbers are cleared."""

import html
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped, standard_extract
from linkage.engine import connect
from linkage.errors import ConfigError, GateError
from linkage.explore import Explored, ReleaseFacts, release_facts, write_site
from linkage.explore import site as making


def test_every_variable_is_there_once(found: Explored) -> None:
    held = [v for d in shipped().datasets.values() for t in d.table.values() for v in t.variable]
    listed = [v for table in standard_extract().tables.values() for v in table.variable]
    assert len(found.entries) == len(held) + len(listed) > 4000
    assert sum(entry.is_held for entry in found.entries) == len(held)
    pages = [entry.page.lower() for entry in found.entries]  # on a file system that minds no case, too
    assert len(set(pages)) == len(pages)
    assert sum(len(entries) for entries in found.letters().values()) == len(found.entries)
    assert {"npd", "ilr", "hesa", "leo", "ucas"} <= set(found.datasets)


def test_every_link_leads_to_a_page(plain_site: Path) -> None:
    pages = [page for page in plain_site.rglob("*.html") if page.parent.name != "variable"]
    pages += sorted((plain_site / "variable").glob("npd.c*"))
    broken = []
    for page in pages:
        for address in re.findall(r'(?:href|src)="([^"#]+)"', page.read_text(encoding="utf-8")):
            if not (page.parent / html.unescape(address)).resolve().is_file():
                broken.append((page.name, address))
    assert len(pages) > 250
    assert broken == []


def test_a_page_says_what_is_known_of_its_variable(plain_site: Path) -> None:
    page = (plain_site / "variable" / "npd.census.EthnicGroupMajor.html").read_text(encoding="utf-8")
    for said in ("Ethnic group, broad codes.", "EthnicGroupMajor_[term][yy]", "2005/06 to 2020/21", "5: shared by many",
                 "<th scope=\"row\">WHIT</th>", "demographics.html", "<dt>Source</dt><dd>Department for Education", "Linked in step npd-ilr", "81,235", "86.2 %", "77.5 %"):  # fmt: skip
        assert said in page, said
    small = (plain_site / "variable" / "npd.census.PrimarySENtype.html").read_text(encoding="utf-8")
    assert "Rows with a value</dt><dd>2" not in small
    assert "Rows with a value" in small
    listed = (plain_site / "variable" / "npd.ks1.READING.html").read_text(encoding="utf-8")
    assert "No data of it are held here" in listed
    assert "In this release" not in listed
    refused = (plain_site / "variable" / "npd.census.UPN.html").read_text(encoding="utf-8")
    assert "It can be in no extract" in refused


def test_every_page_has_a_title_of_its_own(plain_site: Path) -> None:
    """A variable is in several tables, and open beside each other were tabs of one name."""
    pages = [page.read_text(encoding="utf-8") for page in plain_site.rglob("*.html")]
    titles = [re.search("<title>(.*?)</title>", page, re.DOTALL)[1] for page in pages]  # type: ignore[index]
    assert len(titles) > 4000
    assert [title for title, count in Counter(titles).items() if count > 1] == []


def test_cells_of_words_are_named(plain_site: Path) -> None:
    """The shared style takes all others for numbers: to the right on a screen, and never broken into lines on paper."""
    pages = [page for page in plain_site.rglob("*.html") if page.parent.name != "variable"]
    pages.append(plain_site / "variable" / "npd.census.EthnicGroupMajor.html")
    assert "td:not([class])" in (plain_site / "site.css").read_text(encoding="utf-8")
    cells = [cell for page in pages for cell in re.findall("<td[^>]*>[^<]*", page.read_text(encoding="utf-8"))]
    assert len(cells) > 10_000
    assert {
        cell for cell in cells if not re.fullmatch(r'<td class="(words">.*|number">[\d,]+)', cell, re.DOTALL)
    } == set()


def test_a_rating_is_explained_where_it_stands(plain_site: Path) -> None:
    for file in ("table/npd.cla.html", "concept/attainment-2.html", "a-to-z/x.html", "package/attainment.html"):
        page = (plain_site / file).read_text(encoding="utf-8")
        assert page.index("Rating: how identifying, from 1") < page.index('<th scope="col">Rating</th>'), file


def test_pages_without_search_have_no_script(plain_site: Path) -> None:
    assert "<script" not in (plain_site / "index.html").read_text(encoding="utf-8")
    assert not (plain_site / "minisearch.js").exists()


def test_how_many_are_found_is_told_by_a_status_that_was_there_before(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")
    before = page[: page.index('role="status"')]
    assert before.count("<section") == before.count("</section>")  # the results are hidden until something is asked
    assert "</form>" in before


def test_the_script_holds_what_search_needs(site: Path, found: Explored) -> None:
    text = (site / "catalogue.js").read_text(encoding="utf-8")
    content = json.loads(text[text.index("{") : text.rindex("}") + 1])
    rows = {(row[0], row[1]): row for row in content["rows"]}
    assert len(rows) == len(found.entries)
    gender = rows["npd.census", "Gender"]
    assert gender[3:] == ["sex", [0, 1, 2, 3], 5, "C", "2001/02-2020/21", 1, "Gender_[term][yy]",
                          [content["packages"].index("demographics")], 2]  # fmt: skip
    assert rows["npd.census", "UPN"][-1] == 0  # may be on no list
    assert rows["npd.ks1", "READING"][8] == 0  # not held


def test_a_site_replaces_a_site_and_nothing_else(found: Explored, tmp_path: Path) -> None:
    some = Explored(found.datasets, found.tables[:1], found.packages, found.frames)
    first = write_site(some, ReleaseFacts(), tmp_path / "site", search=False)
    (tmp_path / "site" / "left.html").write_text("")
    again = write_site(some, ReleaseFacts(), tmp_path / "site", search=False)
    assert first == again
    assert not (tmp_path / "site" / "left.html").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("")
    with pytest.raises(ConfigError, match="holds other things"):
        write_site(some, ReleaseFacts(), tmp_path / "other", search=False)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_without_the_scripts_it_is_said_what_to_do(
    found: Explored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "assets_dir", lambda: tmp_path / "none")
    with pytest.raises(ConfigError, match=r"make assets builds them; --no-search"):
        write_site(found, ReleaseFacts(), tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_run_tells_what_is_filled_and_linked(tmp_path: Path) -> None:
    manifest: dict[str, Any] = {
        "format": 1, "run": "village", "status": "done", "exit": 0, "started": "2026-06-01T00:00:00",
        "finished": "2026-06-01T00:01:00",
        "configuration": {"source": {"schools": {"dataset": "npd"}}}, "stages": [],
    }  # fmt: skip
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "quality").mkdir()
    step = {"step": "schools-tax", "left": "schools", "right": "people", "rates": [], "reasons": [],
            "eligible": {"minimum_age": 16, "on": "2021-04-05", "why": "Numbers come at 16"},
            "totals": [{"side": "left", "all": 1000, "eligible": 900, "linked": 747, "in_both": None, "found": None},
                       {"side": "right", "all": 5000, "eligible": 5000, "linked": 750, "in_both": None, "found": None}],
            "sides": [{"side": "left", "units": 1000, "linked": 751, "unlinked": []},
                      {"side": "right", "units": 5000, "linked": 751, "unlinked": []}]}  # fmt: skip
    (tmp_path / "quality" / "evaluation.json").write_text(json.dumps({"steps": [step]}))
    with connect("duckdb") as engine:
        folder = tmp_path / "stages" / "01-attributes-npd_ks4" / "attributes" / "npd_ks4.parquet"
        folder.parent.mkdir(parents=True)
        (tmp_path / "stages" / "01-attributes-npd_ks4" / "summary.json").write_text("{}")
        table = engine.sql("select range as ACADYR, case when range < 4500 then range end as ATT8 from range(9000)")
        engine.write(table, folder)
        manifest["stages"] = [{"name": "attributes-npd_ks4", "made": {"attributes/npd_ks4": {"rows": 9000}}}]
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        facts = release_facts(engine, tmp_path, shipped(), "leo_publication")
    assert facts.title == "village, 2026-06-01"
    # As the report: of those in the calculation. 751 of all 1,000 beside its 747 told of four who are not in it.
    assert [(r.step, r.units.text, r.share.text) for r in facts.rates["npd"]] == [("schools-tax", "900", "83.0")]
    assert facts.rates["npd"][0].has_rule
    assert facts.filled["npd.ks4", "ATT8"].share.text == "50.0"
    assert facts.filled["npd.ks4", "ATT8"].rows.text == "9,000"
    manifest |= {"status": "gate failed", "exit": 3}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with connect("duckdb") as engine, pytest.raises(GateError, match="nothing may leave it"):
        release_facts(engine, tmp_path, shipped(), "leo_publication")
