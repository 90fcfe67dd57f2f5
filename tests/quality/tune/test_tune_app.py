"""Tuning through the application's forms, without a browser."""

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from quality.tune.settings import settings_of_form, with_settings, written
from tests.quality.tune.conftest import make_client

STRICT = {"accept": "0.999999", "review": "0.99999"}
"""Match weights 14.4 and 11.1: the ten movers, whose match weight is 12.6, are then for review."""
STRICTER = {"accept": "0.99999995", "review": "0.9999"}
"""Match weight 18.7: also those whose surname is spelt differently (18.2) are then not linked."""
PUPIL, CUSTOMER = "npd:PMR000003", f"cis:AB{100000 + 3 * 37:06d}C"


def status(page: Any) -> str:
    return unescape(re.search(r'role="status">([^<]*)', page.text).group(1))  # type: ignore[union-attr]


def field(page: Any, name: str) -> str:
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text).group(1)  # type: ignore[union-attr]


def table_of(page: Any, caption: str) -> list[list[str]]:
    table = page.text.split(f">{caption}</caption>")[1].split("</table>")[0]
    return [[text for text in re.findall(r">\s*([^<>]+?)\s*<", row) if text.strip()] for row in table.split("<tr>")[2:]]


def test_a_threshold_sends_links_to_review_and_back(client: Any) -> None:
    assert status(client.get("/")).startswith("100 links, as in the run.")
    page = client.post("/", data=STRICT)
    assert status(page).startswith("90 links, 0 gained and 10 lost.")
    assert status(page).endswith("10 pairs for review.")
    assert "Links lost: 10, the 8 nearest to the threshold" in page.text
    assert "Sent to review:" not in page.text, "a lost link is in one list only"
    assert (field(page, "accept"), field(page, "review")) == ("0.999999", "0.99999")
    assert status(client.post("/undo")).startswith("100 links, as in the run.")
    client.post("/", data=STRICT)
    assert status(client.post("/reset")).startswith("100 links, as in the run.")


def test_a_level_is_changed_and_warned_of(client: Any) -> None:
    page = client.post("/", data={"m-1-1": "0.95"})
    assert field(page, "m-1-1") == "0.95"
    assert "adds up to 1.85" in page.text
    assert "higher weight than a closer agreement" not in page.text
    page = client.post("/", data={"m-1-1": "0.95", "m-1-2": "0.01"})
    assert "higher weight than a closer agreement" in page.text
    refused = client.post("/save", data={"note": "surnames"})
    assert refused.status_code == 400
    assert 'href="#model"' in refused.text


def test_subgroups_are_exact_and_not_printed(client: Any) -> None:
    """Twenty links are lost, five of them of pupils with free school meals."""
    page = client.post("/", data=STRICTER)
    assert status(page).startswith("80 links, 0 gained and 20 lost.")
    exact = table_of(page, "Links gained and lost by subgroup, exact")
    assert sorted(row[-1] for row in exact if row[0].startswith("Free school meals")) == ["15", "5"]
    assert sum(int(row[1]) for row in exact if row[0].startswith("Sex")) == 100
    desk = page.text.split('<div class="desk">')[1].partition("</details>")[0]
    assert "subgroup, exact</caption>" in desk, "exact counts are not printed"


@pytest.mark.parametrize(
    ("sent", "at_fault"),
    [
        ({"accept": "much"}, "accept"),
        ({"accept": "1"}, "accept"),
        ({"m-0-1": "0"}, "m-0-1"),
        ({"m-0-1": "nan"}, "m-0-1"),
        ({"u-0-1": "1.5"}, "u-0-1"),
        ({"prior": "0"}, "prior"),
        ({"review": "0.99"}, "review"),
    ],
)
def test_an_impossible_value_is_refused_next_to_its_field(client: Any, sent: dict[str, str], at_fault: str) -> None:
    page = client.post("/", data=sent)
    assert page.status_code == 400
    assert f'<a href="#{at_fault}">' in page.text
    assert field(page, at_fault) == sent[at_fault]
    assert re.search(
        rf'id="{at_fault}"[^>]*aria-describedby="[^"]*{at_fault}-fault"[^>]*aria-invalid="true"', page.text
    )
    opened = page.text.split("<details")[1]
    assert opened.startswith(" open>") == at_fault.startswith(("m-0", "u-0")), "a fault is not hidden"
    assert status(client.get("/")).startswith("100 links, as in the run.")


def test_a_form_sent_back_unchanged_changes_nothing(session: Any, client: Any) -> None:
    page = client.get("/").text
    fields = re.findall(r'name="([mu]-\d+-\d+|accept|review|prior)"[^>]*value="([^"]*)"', page)
    assert len(fields) > 20
    assert status(client.post("/", data=dict(fields))).startswith("100 links, as in the run.")
    exact = replace(session.settings, prior=0.00123456789)
    found, faults = settings_of_form({"prior": written(exact.prior)}, exact, session.opened.model, lambda *_: "")
    assert (found, faults) == (exact, [])
    assert with_settings(session.opened.model, session.settings).raw == session.opened.model.raw


def test_the_histogram_labels_every_range_and_the_thresholds(client: Any) -> None:
    page = client.post("/", data={"prior": "0.5"})  # every pair is seven bits above the run's
    rows = re.findall(r'<th scope="row">([^<]*)', page.text.split("Match weight distribution<")[1].split("</table>")[0])
    assert rows[0].endswith(" or more")
    assert "Acceptance threshold: " in page.text
    assert "Pairs that the run did not store may be links" in page.text


def test_a_pair_by_comparison_also_if_it_was_not_scored(session: Any, client: Any) -> None:
    client.post("/", data=STRICT)
    link = re.search(r'href="[^"]*(/pairs/\d+/\d+)"', client.get("/").text).group(1)  # type: ignore[union-attr]
    client.post("/", data={"m-4-1": "0.4", "u-4-1": "0.005"})
    page = client.get(link)
    assert "with these settings" in page.text
    assert "Two records side by side" in page.text
    left, right = link.split("/")[2:]
    other = f"/pairs/{left}/{next(row for row in range(121, 236) if str(row) != right)}"
    assert client.get(other).status_code == 200


@pytest.mark.parametrize(
    ("address", "code"), [("/pairs/1/99999999", 404), (f"/pairs/{2**63}/1", 404), ("/pairs/x/1", 400), ("/no", 404)]
)
def test_no_such_pair(client: Any, address: str, code: int) -> None:
    page = client.get(address)
    assert page.status_code == code
    assert "99999999" not in page.text


def test_saving_needs_a_note_and_is_not_repeated_by_a_reload(client: Any) -> None:
    refused = client.post("/save", data={"note": "  "})
    assert refused.status_code == 400
    assert 'href="#note"' in refused.text
    client.post("/", data=STRICT)
    page = client.post("/save", data={"note": "stricter"})
    assert "Saved as version 1" in page.text
    assert "accept_probability = 0.999999" in page.text
    path = Path(unescape(re.search(r"The model is ([^ ]+): ", page.text).group(1)))  # type: ignore[union-attr]
    assert "Saved as version 1" in client.get("/saved").text
    assert [file.name for file in path.parent.glob("*-v?.json")] == [path.name]


def test_nothing_is_saved_to_a_folder_that_moved_or_was_linked_again(
    session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(session)
    monkeypatch.setattr(session, "_root", tmp_path / "moved")
    assert "folder is not there any more" in client.post("/save", data={"note": "x"}).text
    assert not (tmp_path / "moved").exists()
    monkeypatch.undo()
    manifest = json.loads((session._root / "manifest.json").read_text())
    (stage,) = [stage for stage in manifest["stages"] if stage["name"] == "link-npd-cis"]
    stage["made"]["links/npd-cis"]["fingerprint"] = "of others"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(session, "_root", tmp_path)
    page = client.post("/save", data={"note": "x"})
    assert page.status_code == 500
    assert "was linked again since it was opened" in page.text
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_step_that_is_not_there(linked_village: Any, ended: Any) -> None:
    text = ended(2, "model", "tune", linked_village.root, "--step", "no-such")
    assert "the run has no such step; it has npd-cis" in text
