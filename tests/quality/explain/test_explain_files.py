"""`leo explain` on a folder of `leo dedupe`: pairs, records and people of one file, each for the right reason."""

import json
import random
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from quality.explain.one_file import explain_person_of_file
from quality.explain.page.others import person_headlines
from tests.match.test_explain_beside import JO, opened

from linkage.engine import Engine
from linkage.errors import ConfigError, InputError
from linkage.files.dedupe import DedupeRequest, dedupe_file
from linkage.pipeline.lock import locked
from quality.explain import Explainer
from quality.explain.page import render_explanation, statement
from tests.conftest import parse
from tests.files.conftest import CANARY, person, seen_again, write_csv

NAMES = {"person_id": "id", "first_name": "FORENAME", "last_name": "SURNAME", "date_of_birth": "DOB", "gender": "SEX",
         "postcode": "PCODE"}  # fmt: skip


@pytest.fixture(scope="module")
def deduplicated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 people, 200 of them twice: once as each of the two files writes them, dates in one form."""
    draw = random.Random(4)
    people = [person(number, draw) for number in range(240)]
    again = [seen_again(one, number, draw) for number, one in enumerate(people[:200])]
    first = [{NAMES[key]: value for key, value in one.items()} for one in people]
    for row in again:
        day, _, month_year = row["DOB"].partition("/")
        row["DOB"] = "-".join([*reversed(month_year.split("/")), day]) if row["DOB"] else ""
    rows = [*first, *again]
    draw.shuffle(rows)
    folder = tmp_path_factory.mktemp("one-file")
    file = write_csv(folder / "register.csv", rows)
    dedupe_file(DedupeRequest(file, folder / "out", threads=2))
    return folder / "out"


@pytest.fixture(scope="module")
def explainer(deduplicated: Path) -> Any:
    with Explainer(deduplicated) as opened:
        yield opened


def links(folder: Path) -> list[dict[str, Any]]:
    return pq.read_table(folder / "links.parquet").to_pylist()


def test_every_kind_of_pair_weighs_what_the_step_weighed(deduplicated: Path, explainer: Explainer) -> None:
    one_of_each = {(link["decision"], link["reason"]): link for link in links(deduplicated)}
    assert len(one_of_each) >= 2
    for (decision, reason), link in one_of_each.items():
        found = explainer.pair(link["right_id"], link["left_id"]).found  # in either order
        parts = [row["bits"] + row["adjustment"] for row in found["weight"]["comparisons"]]
        assert found["weight"]["match_weight"] == pytest.approx(link["match_weight"], abs=1e-9)
        assert found["weight"]["prior"] + sum(parts) == pytest.approx(link["match_weight"], abs=1e-9)
        assert (found["outcome"]["decision"], found["outcome"]["reason"]) == (decision, reason)
        assert found["rivals"] == []


@pytest.fixture(scope="module")
def linked(deduplicated: Path) -> tuple[str, str]:
    """Two records that are one person, and no other."""
    clusters = pq.read_table(deduplicated / "clusters.parquet").to_pylist()
    pairs = {row["id"] for row in clusters if row["records"] == 2}
    return next(
        (row["left_id"], row["right_id"])
        for row in links(deduplicated)
        if row["decision"] == "accepted" and row["left_id"] in pairs
    )


def test_a_pair_of_one_person_says_of_which_and_what_would_part_it(explainer: Explainer, linked: Any) -> None:
    found = explainer.pair(*linked).found
    assert found["outcome"]["decision"] == "accepted"
    assert "two records are one person from +2.00 on." in found["outcome"]["in_words"][0]
    assert "who has 2 records." in found["outcome"]["in_words"][1]
    (only,) = found["changes"]["settings"]
    assert (only["setting"], only["needed"], only["then"]) == ("--threshold", "above", "review")
    assert only["value"] == pytest.approx(found["weight"]["probability"])
    assert statement({"run": "x", **found}).startswith("Step dedupe, record ")


def test_two_strangers_were_never_compared_and_weigh_all_the_same(explainer: Explainer) -> None:
    found = explainer.pair("A0001", "A0002").found
    assert found["outcome"]["decision"] == "not compared"
    assert not any(rule["holds"] for rule in found["reach"]["rules"])
    assert found["weight"]["match_weight"] < 0


def test_a_record_shows_its_person_first_and_each_candidate_once(
    deduplicated: Path, explainer: Explainer, linked: Any
) -> None:
    (step,) = explainer.record(linked[1]).found["steps"]
    assert (step["joined"], step["unlinked"]) == (1, None)
    assert step["candidates"][0]["decision"] == "accepted"
    named = [row["unit"]["unit_id"] for row in step["candidates"]]
    assert len(set(named)) == len(named)
    assert step["unit"]["unit_id"] not in named
    kept = [row for row in links(deduplicated) if linked[1] in (row["left_id"], row["right_id"])]
    assert step["met"] >= len(kept)
    (alone,) = explainer.record("A0239").found["steps"]
    assert alone["unlinked"] in ("no candidate", "below threshold", "in review")


def test_a_person_is_held_together_by_its_pairs(deduplicated: Path, explainer: Explainer, linked: Any) -> None:
    persons = {row["id"]: row["person_id"] for row in pq.read_table(deduplicated / "clusters.parquet").to_pylist()}
    found = explainer.person(persons[linked[0]], with_values=True)
    numbers = [row["entity_id"] for row in found.found["entities"]]
    assert sorted(found.ids.values()) == sorted(linked)
    (link,) = found.found["links"]
    assert (link["left"], link["right"], link["splits"]) == ([numbers[0]], [numbers[1]], [[numbers[0]], [numbers[1]]])
    with pytest.raises(ConfigError, match="no person of this number"):
        explainer.person(99_999)


def test_a_pair_that_others_join_holds_nobody_together(duckdb_engine: Engine) -> None:
    """Records 1 and 3 are one person through 2 alone: their own pair was called the weakest link of three."""
    step = opened(duckdb_engine, [f"{JO} | -"] * 3, [f"{JO} | -"])
    pairs = """
        left_id | right_id | method        | pass           | match_weight:float | match_probability:float | decision | reason
        1       | 2        | probabilistic | rule 1         | 12.0               | 0.9998                  | accepted | -
        2       | 3        | probabilistic | rule 1         | 9.0                | 0.998                   | accepted | -
        1       | 3        | probabilistic | by other links | -4.0               | 0.06                    | accepted | joined by other links
    """
    clusters = "unit_id | person_id | records\n1 | 1 | 3\n2 | 1 | 3\n3 | 1 | 3"
    tables = {name: duckdb_engine.from_arrow(parse(text)) for name, text in (("links", pairs), ("clusters", clusters))}
    found = explain_person_of_file(duckdb_engine, replace(step, **tables), 1)
    assert (len(found["links"]), found["joining"]) == (3, 2)
    assert found["links"][found["weakest"]]["units"] == [2, 3]
    said = statement(found)
    assert "held together by 2 links. The weakest is of s, with a match weight of 9.00" in said
    lines = {line.label: line.text for line in person_headlines(found)}
    assert (lines["Links"], lines["Weakest link"]) == ("2", "0.998")


def test_what_is_asked_wrongly_is_said_without_the_key(explainer: Explainer) -> None:
    with pytest.raises(ConfigError, match="the two are the same record"):
        explainer.pair("A0003", "A0003")
    with pytest.raises(ConfigError, match="the file has no row with this id") as raised:
        explainer.record("NOBODY")
    assert "NOBODY" not in str(raised.value)


def test_answers_hold_no_value_and_draw_a_page(explainer: Explainer, tmp_path: Path) -> None:
    for name, found in (
        ("pair", explainer.pair("A0007", "B0007", with_values=True)),
        ("record", explainer.record("A0007", with_values=True)),
        ("person", explainer.person(1, with_values=True)),
    ):
        page = render_explanation(found.found, tmp_path / f"{name}.html").read_text()
        written = json.dumps(found.found) + page
        assert not [word for word in (CANARY.upper(), CANARY, "A0007", "B0007") if word in written]


def test_what_was_read_is_kept_for_the_owner_alone_and_only_where_wanted(deduplicated: Path) -> None:
    assert stat.S_IMODE((deduplicated / "explained").stat().st_mode) == 0o700
    said: list[str] = []
    with Explainer(deduplicated, say=said.append):
        assert said == []  # nothing had to be read again


def test_nothing_is_kept_where_that_is_not_wanted_and_a_changed_file_is_refused(
    deduplicated: Path, linked: Any, tmp_path: Path
) -> None:
    out, file = tmp_path / "out", tmp_path / "moved.csv"
    shutil.copytree(deduplicated, out, ignore=shutil.ignore_patterns("explained"))
    shutil.copy(deduplicated.with_name("register.csv"), file)
    said: list[str] = []
    with Explainer(out, [file], keep=False, say=said.append) as opened:
        assert opened.pair(*linked).found["outcome"]["decision"] == "accepted"
    assert said == ["reading what was linked"]
    assert not (out / "explained").exists()
    file.write_text(file.read_text() + "\n")
    with pytest.raises(InputError, match="is not the file that was linked"):
        Explainer(out, [file])
    with pytest.raises(InputError, match="1 file was linked; name as many"):
        Explainer(out, [file, file])


def test_two_who_ask_first_at_once_are_both_answered(deduplicated: Path, linked: Any, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(deduplicated, out, ignore=shutil.ignore_patterns("explained"))
    part = out / ".explained.part"
    part.mkdir(mode=0o700)
    with locked(part), Explainer(out) as second:  # while the first one is at it
        (part / "links.parquet").write_bytes(b"of the first")
        assert second.pair(*linked).found["outcome"]["decision"] == "accepted"
        assert not (out / "explained").exists()
    assert (part / "links.parquet").read_bytes() == b"of the first"
    with Explainer(out) as third:  # which was killed, and left it half done
        assert third.pair(*linked).found["outcome"]["decision"] == "accepted"
    assert (out / "explained").is_dir()
    assert not part.exists()
    assert not list((out / "explained").glob(".*"))
