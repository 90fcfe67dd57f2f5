"""What a change does by subgroup, exact for the analyst, and under disclosure control for others."""

import re
from typing import Any


def _rows(page: str, caption: str) -> list[list[str]]:
    table = page.split(f">{caption}</caption>")[1].split("</table>")[0]
    return [[text for text in re.findall(r">\s*([^<>]+?)\s*<", row) if text.strip()] for row in table.split("<tr>")[2:]]


def test_the_analyst_sees_exact_counts_and_others_do_not(tune_client: Any) -> None:
    """Twenty links are lost, five of them of pupils with free school meals."""
    page = tune_client.post("/", data={"accept": "19", "review": "10"}).text
    exact = _rows(page, "Links gained and lost by subgroup, exact")
    meals = sorted(row[-2:] for row in exact if row[0] == "Free school meals")
    assert meals == [["0", "15"], ["0", "5"]]
    assert sum(int(row[2]) for row in exact if row[0] == "Sex") == 100
    for title in {row[0] for row in exact}:
        assert sum(int(row[-1]) for row in exact if row[0] == title) == 20
    assert {row[-1] for row in _rows(page, "Links gained and lost by subgroup") if row[0] == "Free school meals"} == {
        "c"
    }


def test_the_page_says_what_of_it_is_not_for_release(tune_client: Any) -> None:
    unchanged, changed = tune_client.get("/").text, tune_client.post("/", data={"accept": "19", "review": "10"}).text
    said = "none of it is for release"
    assert f"{said}." in unchanged
    assert f"{said} but the table for others" in changed
    assert "they are not for release" in changed
    before, hidden_on_paper = changed.split('<div class="desk">')
    exact, after = hidden_on_paper.split("</details>", 1)
    assert "Links gained and lost by subgroup, exact</caption>" in exact
    assert "Links gained and lost by subgroup</caption>" in after
    assert "by subgroup" not in before
