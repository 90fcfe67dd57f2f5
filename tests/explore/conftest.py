"""The site of the shipped catalogue with a small run's facts, and one of a catalogue small enough to check by eye."""

from pathlib import Path

import pytest

from linkage.catalogue import shipped, standard_extract
from linkage.config.resources import assets_dir
from linkage.explore import Explored, ReleaseFacts, explored, write_site
from linkage.explore.release import Filled, LinkRate
from linkage.requests.packages import shipped_packages
from quality.disclosure import Disclosure, load


def facts() -> ReleaseFacts:
    """Numbers of a made-up run, one of them too small to be shown."""
    disclosure = Disclosure(load("leo_publication"))
    rows = disclosure.count(81234)
    return ReleaseFacts(
        title="village, 2026-06-01",
        profile=disclosure.profile.title,
        filled={
            ("npd.census", "EthnicGroupMajor"): Filled(rows, disclosure.percent(70000, 81234)),
            ("npd.census", "PrimarySENtype"): Filled(rows, disclosure.percent(2, 81234)),
        },
        rates={"npd": (LinkRate("npd-ilr", disclosure.count(40000), disclosure.percent(31000, 40000)),)},
    )


@pytest.fixture(scope="session")
def found() -> Explored:
    return explored(shipped(), standard_extract(), shipped_packages())


@pytest.fixture(scope="session")
def plain_site(found: Explored, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without search: needs no built scripts."""
    return write_site(found, facts(), tmp_path_factory.mktemp("plain") / "site", search=False).folder


@pytest.fixture(scope="session")
def site(found: Explored, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (assets_dir() / "minisearch.js").is_file():
        pytest.skip("the scripts for search are not built: make assets")
    return write_site(found, facts(), tmp_path_factory.mktemp("full") / "site").folder
