"""Tuning through the application's forms, without a browser."""

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from quality.tune.groups import coded


def status(page: Any) -> str:
    return unescape(re.search(r'role="status">([^<]*)', page.text).group(1))  # type: ignore[union-attr]


def field(page: Any, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', page.text).group(1)  # type: ignore[union-attr]


def test_a_stranger_gets_nothing(tune_desk: Any, tune_client: Any) -> None:
    tune_client.cookies.clear()
    page = tune_client.get("/")
    assert page.status_code == 403
    assert "100" not in page.text


def test_the_page_begins_with_the_run(tune_client: Any) -> None:
    page = tune_client.get("/")
    assert status(page).startswith("100 links, as in the run. Expected precision ")
    assert status(page).endswith("0 pairs to people.")


def test_a_threshold_moves_links_to_people_and_back(tune_client: Any) -> None:
    """The ten who moved weigh 12.6."""
    page = tune_client.post("/", data={"accept": "14", "review": "12"})
    assert status(page).startswith("90 links: 0 gained and 10 lost.")
    assert status(page).endswith("10 pairs to people.")
    assert "Links lost: 10, of which the 8 nearest to the threshold are shown" in page.text
    assert (field(page, "accept"), field(page, "review")) == ("14", "12")
    page = tune_client.post("/undo")
    assert status(page).startswith("100 links, as in the run.")
    tune_client.post("/", data={"accept": "14", "review": "12"})
    assert status(tune_client.post("/reset")).startswith("100 links, as in the run.")


def test_an_m_of_a_level(tune_client: Any) -> None:
    """With u of 0.02 and m of 0.02 a surname spelt nearly the same says nothing."""
    page = tune_client.post("/", data={"m-1-1": "0.02"})
    assert "Surname" in page.text
    assert field(page, "m-1-1") == "0.02"
    assert "M adds up to 0.92, not to 1" in page.text


def test_small_subgroups_are_hidden(tune_client: Any) -> None:
    """Twenty links are lost, five of them of pupils with free school meals: nor is that of the others shown."""
    page = tune_client.post("/", data={"accept": "19", "review": "10"})
    table = page.text.split(">Links gained and lost by subgroup</caption>")[1].split("</table>")[0]
    rows = [[text for text in re.findall(r">\s*([^<>]+?)\s*<", row) if text] for row in table.split("<tr>")[1:]]
    lost = {(row[0], row[1]): row[-1] for row in rows[2:]}
    assert lost["Sex", "Male"] == lost["Sex", "Female"] == "10"
    meals = {value: shown for (name, value), shown in lost.items() if name == "Free school meals"}
    assert set(meals.values()) == {"c"}
    assert len(meals) == 2


def test_subgroups_stand_in_the_order_of_reports() -> None:
    """They stood in the order of their first units: 1996, 1991, 1988."""
    values, places = coded(pa.chunked_array([[1996, None, 1988], [1996, 1991]]))
    assert values == ["1988", "1991", "1996", "not known"]
    assert places.tolist() == [2, 3, 0, 2, 1]


@pytest.mark.parametrize(
    ("sent", "field_at_fault"),
    [
        ({"accept": "much"}, "accept"),
        ({"m-0-1": "0"}, "m-0-1"),
        ({"m-0-1": "nan"}, "m-0-1"),
        ({"u-0-1": "1.5"}, "u-0-1"),
        ({"margin": "-1"}, "margin"),
        ({"prior": "1"}, "prior"),
        ({"review": "90"}, "review"),
    ],
)
def test_what_cannot_be_is_refused_and_named(tune_client: Any, sent: dict[str, str], field_at_fault: str) -> None:
    page = tune_client.post("/", data=sent)
    assert page.status_code == 400
    assert f'<a href="#{field_at_fault}">' in page.text
    assert field(page, field_at_fault) == sent[field_at_fault]
    assert re.search(rf'id="{field_at_fault}"[^>]*aria-invalid="true"', page.text)
    assert status(tune_client.get("/")).startswith("100 links, as in the run.")


def test_a_fault_of_a_level_stands_beside_its_field_where_it_is_seen(tune_client: Any) -> None:
    """The field is in a part that was closed, and only the list at the top said what was wrong."""
    page = tune_client.post("/", data={"m-0-1": "0"}).text
    opened = page.split('id="comparison-0"')[1].split("</details>")[0]
    assert opened.startswith(" open>")
    said = re.search(r'id="m-0-1-fault">(.*?)</p>', opened, re.DOTALL)
    assert said
    assert "enter a number above 0 and up to 1" in said[1]
    assert re.search(r'id="m-0-1"[^>]*aria-describedby="m-0-1-fault"', opened)
    assert not page.split('id="comparison-1"')[1].startswith(" open>")


def test_weights_beyond_those_of_the_run_are_counted_at_the_ends_and_it_is_said(tune_client: Any) -> None:
    """With a prior of a half each pair weighs seven bits more than any of the run's bins reaches."""
    table = tune_client.post("/", data={"prior": "0.5"}).text.split(">Pairs by match weight</caption>")[1]
    last = re.findall(r'<th scope="row"[^>]*>([^<]+)</th>', table.split("</table>")[0])[-1]
    assert last.endswith(" and over")


def test_a_fault_names_the_comparison_as_the_page_does(tune_desk: Any, tune_client: Any) -> None:
    at = [comparison.name for comparison in tune_desk.comparisons].index("dob")
    last = tune_desk.comparisons[at].grades[-1]
    page = tune_client.post("/", data={f"m-{at}-{last.value}": "0", "review": "90"}).text
    assert f"Date of birth, m of {last.label}: enter a number above 0 and up to 1" in unescape(page)
    assert "To people from: enter no more than in Link from" in page


def test_a_form_sent_back_as_it_was_changes_nothing(tune_desk: Any, tune_client: Any) -> None:
    """Fields show six digits; what nobody touched keeps all of its own."""
    page = tune_client.get("/").text
    sent = dict(re.findall(r'name="([mu]-\d+-\d+|accept|review|margin|prior)" value="([^"]*)"', page))
    assert len(sent) > 20
    assert status(tune_client.post("/", data=sent)).startswith("100 links, as in the run.")
    from quality.tune.app.form import settings_of

    exact = replace(tune_desk.settings, prior=0.00123456789)
    assert settings_of({"prior": "0.00123457"}, sorted(exact.adjusted), exact, tune_desk.comparisons)[0] == exact


def test_a_pair_in_parts(tune_desk: Any, tune_client: Any) -> None:
    tune_client.post("/", data={"accept": "14", "review": "12"})
    link = re.search(r'href="(/pairs/\d+/\d+)"', tune_client.get("/").text).group(1)  # type: ignore[union-attr]
    tune_client.post("/", data={"m-4-1": "0.4", "u-4-1": "0.005"})
    page = tune_client.get(link)
    assert page.status_code == 200
    assert "by these settings" in page.text
    assert "Two records side by side" in page.text
    left, right = link.split("/")[2:]
    assert str(tune_client.post("/pair", data={"left": left, "right": right}).url).endswith(link)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("x", "", ["On the left: there is no record of this number", "On the right: enter the number of a record"]),
        ("1", "99999999", ["On the right: there is no record of this number"]),
        ("1", "9" * 30, ["On the right: there is no record of this number"]),
    ],
)
def test_a_pair_that_cannot_be_looked_at_is_told_beside_its_fields(
    tune_client: Any, left: str, right: str, said: list[str]
) -> None:
    page = tune_client.post("/pair", data={"left": left, "right": right})
    assert page.status_code == 400
    assert all(fault in page.text for fault in said)
    assert page.text.startswith("<!doctype html>")
    assert "<title>Error: " in page.text
    assert f'name="left" value="{left}"' in page.text


def test_an_expectation_short_of_certainty_is_not_rounded_up_to_it() -> None:
    from quality.tune.app.showing import _percent

    def shown(value: float | None) -> str:
        return _percent(SimpleNamespace(expected={"precision": {"value": value}}), "precision")  # type: ignore[arg-type]

    said = ["100.00%", "99.99%", "99.99%", "50.00%", "not known"]
    assert [shown(value) for value in (1.0, 0.99999, 0.99994, 0.5, None)] == said


@pytest.mark.parametrize(
    ("address", "code"), [("/pairs/1/99999999", 404), (f"/pairs/{2**63}/1", 404), ("/pairs/x/1", 400), ("/no", 404)]
)
def test_no_such_pair(tune_client: Any, address: str, code: int) -> None:
    page = tune_client.get(address)
    assert page.status_code == code
    assert "99999999" not in page.text


def test_a_pair_that_the_run_did_not_keep(tune_desk: Any, tune_client: Any) -> None:
    first = tune_desk.outcome(replace(tune_desk.settings, accept=14.0)).examples["lost"]
    page = tune_client.get(f"/pairs/{first[0].left}/{first[1].right}")
    assert page.status_code == 200
    assert "−" in page.text


def test_saved_with_its_note(tune_desk: Any, tune_client: Any) -> None:
    refused = tune_client.post("/save", data={"note": "  "})
    assert refused.status_code == 400
    assert "Why: say in up to 1,000 characters what was changed and why" in refused.text
    tune_client.post("/", data={"margin": "2"})
    page = tune_client.post("/save", data={"note": "less lead"})
    assert "Saved as version 1" in page.text
    assert "margin = 2.0" in page.text
    path = Path(unescape(re.search(r"The model is ([^ ]+)\. ", page.text).group(1)))  # type: ignore[union-attr]
    assert path.is_file()
    assert "Saved as version 1" in tune_client.get(page.url.path).text  # to load the page again saves nothing
    assert len(list(path.parent.glob("*-v*.json"))) == len(list(path.parent.glob("*-v1*.json")))


def test_nothing_is_saved_to_a_folder_that_has_moved(
    tune_desk: Any, tune_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tune_desk._root / "moved"
    monkeypatch.setattr(tune_desk, "_root", moved)
    page = tune_client.post("/save", data={"note": "less lead"})
    assert page.status_code == 500
    assert "the run&#39;s folder is not there any more" in page.text
    assert not moved.exists()


def test_nothing_is_saved_to_a_folder_that_was_linked_again(
    tune_desk: Any, tune_client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was foretold is of pairs that are no longer there: the same run with another file, say, or at work on one."""
    manifest = json.loads((tune_desk._root / "manifest.json").read_text())
    (stage,) = [stage for stage in manifest["stages"] if stage["name"] == "link-npd-cis"]
    stage["made"]["links/npd-cis"]["fingerprint"] = "of others"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(tune_desk, "_root", tmp_path)
    page = tune_client.post("/save", data={"note": "less lead"})
    assert page.status_code == 500
    assert "was linked again since it was opened" in page.text
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_several_steps_and_none_named(tmp_path: Path, linked_village: Any, leo: Any) -> None:
    code, _, said = leo("tune", linked_village.root, "--step", "no-such")
    assert code == 2
    assert "the run has no such step; it has npd-cis" in said


def test_a_page_in_another_tab_takes_back_no_change_of_this_one(tune_client: Any) -> None:
    """Its form has the fields of all settings, as they were when it came."""
    older = tune_client.get("/")
    names = ("accept", "review", "margin", "shown")
    sent = {name: field(older, name) for name in names}
    tune_client.post("/", data=sent | {"accept": "30"})
    wrong = tune_client.post("/", data=sent | {"margin": "much"})
    assert [field(wrong, name) for name in names] == [*(sent | {"margin": "much"}).values()]
    both = tune_client.post("/", data={name: field(wrong, name) for name in names} | {"margin": "3"})
    assert [field(both, name) for name in names[:3]] == ["30", sent["review"], "3"]
