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
"""Match weights 14.4 and 11.1: the ten movers, of match weight 12.6, are then for
review.
"""
STRICTER = {"accept": "0.99999995", "review": "0.9999"}
"""Match weight 18.7: people with surnames spelt differently (18.2) are not linked
either.
"""
PUPIL, CUSTOMER = "npd:PMR000003", f"cis:AB{100000 + 3 * 37:06d}C"


def status(page: Any) -> str:
    return unescape(re.search(r'role="status">([^<]*)', page.text).group(1))  # type: ignore[union-attr]


def field(page: Any, name: str) -> str:
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.text).group(1)  # type: ignore[union-attr]


def table_of(page: Any, caption: str) -> list[list[str]]:
    table = page.text.split(f">{caption}</caption>")[1].split("</table>")[0]
    return [
        [text for text in re.findall(r">\s*([^<>]+?)\s*<", row) if text.strip()]
        for row in table.split("<tr>")[2:]
    ]


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


def test_a_change_of_a_level_has_warnings(client: Any) -> None:
    page = client.post("/", data={"m-1-1": "0.95"})
    assert field(page, "m-1-1") == "0.95"
    assert "adds up to 1.85" in page.text
    assert "higher weight than a closer agreement" not in page.text
    page = client.post("/", data={"m-1-1": "0.95", "m-1-2": "0.01"})
    assert "higher weight than a closer agreement" in page.text
    response = client.post("/save", data={"note": "surnames"})
    assert response.status_code == 400
    assert 'href="#model"' in response.text


def test_subgroups_are_exact_and_not_printed(client: Any) -> None:
    """Twenty links are lost, five of them of pupils with free school meals."""
    page = client.post("/", data=STRICTER)
    assert status(page).startswith("80 links, 0 gained and 20 lost.")
    rows = table_of(page, "Links gained and lost by subgroup, exact")
    assert sorted(
        row[-1] for row in rows if row[0].startswith("Free school meals")
    ) == ["15", "5"]
    assert sum(int(row[1]) for row in rows if row[0].startswith("Sex")) == 100
    desk = page.text.split('<div class="desk">')[1].partition("</details>")[0]
    assert "subgroup, exact</caption>" in desk, "exact counts are not printed"


@pytest.mark.parametrize(
    ("form", "field_id"),
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
def test_an_impossible_value_is_refused_next_to_its_field(
    client: Any, form: dict[str, str], field_id: str
) -> None:
    page = client.post("/", data=form)
    assert page.status_code == 400
    assert f'<a href="#{field_id}">' in page.text
    assert field(page, field_id) == form[field_id]
    assert re.search(
        rf'id="{field_id}"[^>]*aria-describedby="[^"]*{field_id}-fault"[^>]*aria-invalid="true"',
        page.text,
    )
    details = page.text.split("<details")[1]
    assert details.startswith(" open>") == field_id.startswith(("m-0", "u-0")), (
        "a fault is not hidden"
    )
    assert status(client.get("/")).startswith("100 links, as in the run.")


def test_a_form_sent_back_unchanged_changes_nothing(session: Any, client: Any) -> None:
    page = client.get("/").text
    fields = re.findall(
        r'name="([mu]-\d+-\d+|accept|review|prior)"[^>]*value="([^"]*)"', page
    )
    assert len(fields) > 20
    assert status(client.post("/", data=dict(fields))).startswith(
        "100 links, as in the run."
    )
    settings = replace(session.settings, prior=0.00123456789)
    result, faults = settings_of_form(
        {"prior": written(settings.prior)},
        settings,
        session.opened.model,
        lambda *_: "",
    )
    assert (result, faults) == (settings, [])
    assert (
        with_settings(session.opened.model, session.settings).raw
        == session.opened.model.raw
    )


def test_the_histogram_labels_every_range_and_the_thresholds(client: Any) -> None:
    page = client.post(
        "/", data={"prior": "0.5"}
    )  # every pair is seven bits above the run's
    rows = re.findall(
        r'<th scope="row">([^<]*)',
        page.text.split("Match weight distribution<")[1].split("</table>")[0],
    )
    assert rows[0].endswith(" or more")
    assert "Acceptance threshold: " in page.text
    assert "Pairs that the run did not store may be links" in page.text


def test_a_pair_is_shown_by_comparison_also_if_it_was_not_scored(
    session: Any, client: Any
) -> None:
    client.post("/", data=STRICT)
    link = re.search(r'href="[^"]*(/pairs/\d+/\d+)"', client.get("/").text).group(1)  # type: ignore[union-attr]
    client.post("/", data={"m-4-1": "0.4", "u-4-1": "0.005"})
    page = client.get(link)
    assert "with these settings" in page.text
    assert "Two records side by side" in page.text
    left, right = link.split("/")[2:]
    address = (
        f"/pairs/{left}/{next(row for row in range(121, 236) if str(row) != right)}"
    )
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("/pairs/1/99999999", 404),
        (f"/pairs/{2**63}/1", 404),
        ("/pairs/x/1", 400),
        ("/no", 404),
    ],
)
def test_an_unknown_address_is_an_error(client: Any, address: str, code: int) -> None:
    page = client.get(address)
    assert page.status_code == code
    assert "99999999" not in page.text


def test_saving_needs_a_note_and_is_not_repeated_by_a_reload(client: Any) -> None:
    response = client.post("/save", data={"note": "  "})
    assert response.status_code == 400
    assert 'href="#note"' in response.text
    client.post("/", data=STRICT)
    page = client.post("/save", data={"note": "stricter"})
    assert "Saved as version 1" in page.text
    assert "accept_probability = 0.999999" in page.text
    path = Path(
        unescape(
            re.search(
                r"The model is ([^ "
                r"]+): ",
                page.text,
            ).group(1)
        )
    )  # type: ignore[union-attr]
    assert "Saved as version 1" in client.get("/saved").text
    assert [file.name for file in path.parent.glob("*-v?.json")] == [path.name]


def test_nothing_is_saved_to_a_folder_that_moved_or_was_linked_again(
    session: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(session)
    monkeypatch.setattr(session, "_root", tmp_path / "moved")
    assert (
        "folder is not there any more" in client.post("/save", data={"note": "x"}).text
    )
    assert not (tmp_path / "moved").exists()
    monkeypatch.undo()
    manifest = json.loads((session._root / "manifest.json").read_text())
    (stage,) = [
        stage for stage in manifest["stages"] if stage["name"] == "link-npd-cis"
    ]
    stage["made"]["links/npd-cis"]["fingerprint"] = "of others"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(session, "_root", tmp_path)
    page = client.post("/save", data={"note": "x"})
    assert page.status_code == 500
    assert "was linked again since it was opened" in page.text
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_an_unknown_step_is_refused(linked_village: Any, output: Any) -> None:
    text = output(2, "model", "tune", linked_village.root, "--step", "no-such")
    assert "the run has no such step; it has npd-cis" in text
