"""What a change does by subgroup, exact for the analyst, and under disclosure control for others."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from linkage.catalogue import shipped
from quality.definitions import load as load_definitions
from quality.disclosure import load as load_profile
from quality.report.names import Names

pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")
testclient = pytest.importorskip("starlette.testclient", reason="no httpx2: pip install 'leo-linkage[dev]'")


@pytest.fixture(scope="module")
def desk(linked_village: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from linkage.tune.desk import RunDesk

    folder = tmp_path_factory.mktemp("subgroups") / "run"
    shutil.copytree(linked_village.root, folder)
    with RunDesk(folder, None) as opened:
        yield opened


@pytest.fixture
def client(desk: Any) -> Any:
    from quality.tuning import application

    app = application(
        desk, Names(shipped()), "secret", profile=load_profile("leo_publication"), definitions=load_definitions()
    )
    found = testclient.TestClient(app, base_url="http://127.0.0.1")
    found.get("/?token=secret")
    return found


def _rows(page: str, caption: str) -> list[list[str]]:
    table = page.split(f">{caption}</caption>")[1].split("</table>")[0]
    return [[text for text in re.findall(r">\s*([^<>]+?)\s*<", row) if text.strip()] for row in table.split("<tr>")[2:]]


def test_the_analyst_sees_exact_counts_and_others_do_not(client: Any) -> None:
    """Twenty links are lost, five of them of pupils with free school meals."""
    page = client.post("/", data={"accept": "19", "review": "10"}).text
    exact = _rows(page, "Links gained and lost by subgroup, exact")
    meals = sorted(row[-2:] for row in exact if row[0] == "Free school meals")
    assert meals == [["0", "15"], ["0", "5"]]
    assert sum(int(row[2]) for row in exact if row[0] == "Sex") == 100
    for title in {row[0] for row in exact}:
        assert sum(int(row[-1]) for row in exact if row[0] == title) == 20
    assert {row[-1] for row in _rows(page, "Links gained and lost by subgroup") if row[0] == "Free school meals"} == {
        "c"
    }


def test_the_page_says_what_of_it_is_not_for_release(client: Any) -> None:
    unchanged, changed = client.get("/").text, client.post("/", data={"accept": "19", "review": "10"}).text
    said = "none of it is for release"
    assert f"{said}." in unchanged
    assert f"{said} but the table for others" in changed
    assert "they are not for release" in changed
    before, hidden_on_paper = changed.split('<div class="desk">')
    exact, after = hidden_on_paper.split("</details>", 1)
    assert "Links gained and lost by subgroup, exact</caption>" in exact
    assert "Links gained and lost by subgroup</caption>" in after
    assert "by subgroup" not in before
