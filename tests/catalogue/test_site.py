"""The site as files and in a browser: every variable has its page, links lead
somewhere, lists become requests.
"""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped, standard_extract
from linkage.catalogue.packages import shipped_packages
from linkage.catalogue.site import Everything, everything, write_site
from linkage.errors import ConfigError
from linkage.requests.request import read_request
from tests.quality.browsing import RULES, barriers, open_page


@pytest.fixture(scope="module")
def content() -> Everything:
    return everything(shipped(), standard_extract(), shipped_packages())


@pytest.fixture(scope="module")
def site(content: Everything, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(content, tmp_path_factory.mktemp("full") / "site").folder


def test_every_variable_has_one_page(content: Everything) -> None:
    variables = [
        v
        for d in shipped().datasets.values()
        for t in d.table.values()
        for v in t.variable
    ]
    listed_variables = [
        v for table in standard_extract().tables.values() for v in table.variable
    ]
    assert len(content.entries) == len(variables) + len(listed_variables) > 4000
    assert sum(entry.is_held for entry in content.entries) == len(variables)
    pages = [
        entry.page.lower() for entry in content.entries
    ]  # on a file system that ignores case, too
    assert len(set(pages)) == len(pages)


def test_every_link_leads_to_a_page(site: Path) -> None:
    pages = [page for page in site.rglob("*.html") if page.parent.name != "variable"]
    pages += sorted((site / "variable").glob("npd.c*"))
    broken_links = [
        (page.name, address)
        for page in pages
        for address in re.findall(
            r'(?:href|src)="([^"#]+)"', page.read_text(encoding="utf-8")
        )
        if not (page.parent / html.unescape(address)).resolve().is_file()
    ]
    assert len(pages) > 100
    assert broken_links == []


def test_page_of_a_variable(site: Path) -> None:
    page = (site / "variable" / "npd.census.EthnicGroupMajor.html").read_text(
        encoding="utf-8"
    )
    for text in (
        "Ethnic group, broad codes.",
        "EthnicGroupMajor_[term][yy]",
        "2005/06 to 2020/21",
        "5: shared by many",
        '<th scope="row">WHIT</th>',
        "demographics.html",
        "Department for Education",
    ):
        assert text in page, text
    assert "No data of it are held here" in (
        site / "variable" / "npd.ks1.READING.html"
    ).read_text(encoding="utf-8")
    page_of_upn = (site / "variable" / "npd.census.UPN.html").read_text(
        encoding="utf-8"
    )
    assert "It can be in no extract" in page_of_upn
    assert "data-add" not in page_of_upn


def test_the_script_has_the_rows_for_search(site: Path, content: Everything) -> None:
    text = (site / "catalogue.js").read_text(encoding="utf-8")
    catalogue = json.loads(text[text.index("{") : text.rindex("}") + 1])
    rows = {(row[0], row[1]): row for row in catalogue["rows"]}
    assert len(rows) == len(content.entries)
    phases = next(
        table.phases for table in content.tables if table.name == "npd.census"
    )
    gender = [
        "sex",
        list(phases),
        "C",
        "2001/02-2020/21",
        1,
        ["demographics"],
        "reason",
    ]
    assert rows["npd.census", "Gender"][3:] == gender
    assert rows["npd.census", "UPN"][-1] == "no"


def test_site_replaces_only_a_site(content: Everything, tmp_path: Path) -> None:
    small = Everything(
        content.datasets, content.tables[:1], content.packages, content.frames
    )
    first = write_site(small, tmp_path / "site")
    (tmp_path / "site" / "left.html").write_text("")
    assert write_site(small, tmp_path / "site") == first
    assert not (tmp_path / "site" / "left.html").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("")
    with pytest.raises(ConfigError, match="holds other things"):
        write_site(small, tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def at(
    browser: Any, site: Path, address: str, **options: Any
) -> tuple[Any, list[str], list[str]]:
    page, requests, faults = open_page(browser, site / "datasets.html", **options)
    page.goto(f"{site.as_uri()}/{address}")
    page.wait_for_load_state("load")
    return page, requests, faults


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(
    "display",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 320, "height": 900}}],
)
def test_pages_have_no_barrier_and_fetch_nothing(
    browser: Any, site: Path, display: dict[str, Any]
) -> None:
    page, requests, faults = at(browser, site, "index.html", **display)
    for address in (
        "index.html",
        "datasets.html",
        "packages.html",
        "table/npd.cla.html",
        "list.html",
        "package/attainment.html",
        "variable/npd.census.EthnicGroupMajor.html",
    ):
        page.goto(f"{site.as_uri()}/{address}")
        page.wait_for_load_state("load")
        assert barriers(page, preload=False, type="tag", values=RULES) == [], address
        assert (
            page.evaluate("document.documentElement.scrollWidth")
            <= page.viewport_size["width"]
        ), address
    assert faults == []
    assert all(address.startswith(site.as_uri()) for address in requests)
    page.context.close()


@pytest.mark.browser
def test_search_and_list_become_a_request(
    browser: Any, site: Path, tmp_path: Path
) -> None:
    page, _, faults = at(browser, site, "index.html")
    page.fill("#words", "free school meals")
    page.get_by_role("status").get_by_text("found").wait_for()
    page.select_option("#dataset", "npd")
    page.fill("#words", "EthnicGroupMajor")
    page.click("#found button >> nth=0")
    page.goto(f"{site.as_uri()}/package/earnings.html")
    page.click("[data-add]")
    page.goto(f"{site.as_uri()}/list.html")
    page.get_by_text("2 on your list.").wait_for()
    with page.expect_download() as download:
        page.click("#save")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    request, _ = read_request(file)
    assert [(table.name, table.variables, table.years) for table in request.table] == [
        ("npd.census", ("EthnicGroupMajor",), "2005/06-2020/21")
    ]
    assert [package.name for package in request.package] == ["earnings"]
    page.click("#clear")
    page.get_by_text("0 on your list.").wait_for()
    assert faults == []
    page.context.close()


@pytest.mark.browser
def test_pages_without_scripts(browser: Any, site: Path) -> None:
    page, _, _ = open_page(browser, site / "index.html", java_script_enabled=False)
    assert not page.is_visible("#words")
    page.click("noscript a")
    page.wait_for_load_state("load")
    page.click("main a:text-is('npd.ks2')")
    page.wait_for_load_state("load")
    page.click("a:text-is('KS1APS')")
    page.wait_for_load_state("load")
    assert page.inner_text("h1") == "KS1APS"
    assert not page.is_visible("[data-add]")
    page.context.close()
