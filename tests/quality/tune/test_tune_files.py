"""`leo tune` on folders of `leo link` and `leo dedupe`: what is foretold is what linking again comes to."""

import html
import re
import shlex
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage.catalogue import shipped
from linkage.cli.app import app
from linkage.errors import ConfigError, InputError
from linkage.files.dedupe import DedupeRequest
from linkage.files.link import LinkRequest, link_files
from linkage.model.model_files import trained_on
from quality.disclosure import load as load_profile
from quality.measures.definitions import load as load_definitions
from quality.report.names import Names
from tests.files.conftest import PEOPLE, Files

pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")
from quality.tune.desk import RunDesk

HOME = "http://127.0.0.1"


@pytest.fixture
def root(done: Any, tmp_path: Path) -> Path:
    """A folder of `leo link`, to be tuned."""
    return Path(shutil.copytree(done.request.out, tmp_path / "linked"))


def decisions(root: Path) -> dict[str, int]:
    return Counter(pq.read_table(root / "links.parquet", columns=["decision"])["decision"].to_pylist())


def linked_again(line: str, out: Path) -> dict[str, int]:
    """What the command that the page gives comes to."""
    words = [str(out) if word == "FOLDER" else word for word in shlex.split(line)]
    assert words[0] == "leo"
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, done.output
    return decisions(out)


def test_nothing_changed_is_what_was_linked(root: Path) -> None:
    with RunDesk(root, None) as desk:
        found = desk.outcome(desk.settings)
        assert (desk.left, desk.right, desk.step) == ("pupils.csv", "customers.csv", "link")
        assert desk.limits == ("accept", "review", "margin")
    assert {name: n for name, n in found.decisions.items() if n} == decisions(root)
    assert (found.gained, found.lost) == (0, 0)
    assert found.expected["precision"]["value"] > 0.9


def test_the_command_of_a_saved_model_comes_to_what_was_foretold(root: Path, tmp_path: Path) -> None:
    """Links below a weight of ten go; what weighs less goes to people."""
    with RunDesk(root, "link") as desk:
        settings = replace(desk.settings, accept=10.0, margin=1.0)
        foretold, saved = desk.outcome(settings), desk.save(settings, "sure ones alone")
    assert foretold.lost > 0
    assert saved.path == root / "tuned" / "link-v1.json"
    assert saved.use.verb == "leo link"
    came = linked_again(saved.use.lines[0], tmp_path / "again")
    assert came["accepted"] == foretold.decisions["accepted"]
    assert came["review"] == foretold.decisions["review"]
    with RunDesk(root, "link") as desk:
        other = desk.save(replace(settings, review=5.0), "fewer to people")
    assert any("to people" in note for note in other.use.notes)
    assert not any("to people" in note for note in saved.use.notes)


def test_what_was_held_against_pairs_within_the_files_is_so_again(files: Files, tmp_path: Path) -> None:
    """The command says so too, and the page that only a new run counts such pairs anew."""
    first = tmp_path / "once"
    link_files(LinkRequest(files.left, files.right, first, each_once=True))
    with RunDesk(first, None) as desk:
        found, saved = desk.outcome(desk.settings), desk.save(desk.settings, "as it was")
    assert any("each_once" in line for line in found.estimates)
    assert "--each-once" in shlex.split(saved.use.lines[0])
    assert trained_on(saved.path) == (PEOPLE, PEOPLE)
    assert linked_again(saved.use.lines[0], tmp_path / "again") == decisions(first)


def test_a_file_with_itself_is_tuned_too(register: DedupeRequest, tmp_path: Path) -> None:
    with RunDesk(register.out, None) as desk:
        assert desk.left == desk.right == "register.csv"
        assert desk.limits == ("accept", "review")
        as_it_was = desk.outcome(desk.settings)
        assert {name: n for name, n in as_it_was.decisions.items() if n} == decisions(register.out)
        settings = replace(desk.settings, accept=9.0)
        foretold, saved = desk.outcome(settings), desk.save(settings, "sure ones alone")
    assert foretold.lost > 0
    came = linked_again(saved.use.lines[0], tmp_path / "again")
    assert came["accepted"] == foretold.decisions["accepted"]


def test_the_pages_find_a_pair_by_the_ids_of_the_files(root: Path) -> None:
    testclient = pytest.importorskip("starlette.testclient", reason="no httpx2: pip install 'leo-linkage[dev]'")
    from quality.tune.app import application

    with RunDesk(root, None) as desk:
        made = application(
            desk, Names(shipped()), "secret", profile=load_profile("leo_publication"), definitions=load_definitions()
        )
        client = testclient.TestClient(made, base_url=HOME)
        page = client.get("/?token=secret").text
        assert "Tune pupils.csv to customers.csv" in page
        assert "Id on the left" in page
        pair = client.post("/pair", data={"left": "A0007", "right": "B0007"})
        assert "their ids are <strong>A0007</strong> and <strong>B0007</strong>" in pair.text
        assert "A0007" not in pair.text.partition("</head>")[0], "a browser keeps titles"
        assert pair.status_code == 200
        assert "Two records side by side" in pair.text
        refused = client.post("/pair", data={"left": "A0007", "right": "nobody"})
        assert refused.status_code == 400
        assert "On the right: there is no record of this id" in refused.text
        asked = client.get("/pair?left=A0007&right=B0007")  # no id stands in an address: browsers keep those
        assert asked.url.path == "/"
        assert client.get("/pairs/1/99999").status_code == 404
        kept = html.unescape(client.post("/save", data={"note": "as it was"}).text)
        assert re.search(r"leo link \S+pupils.csv \S+customers.csv --model \S+link-v1.json --threshold 0.8", kept)


def test_the_pages_call_a_file_with_itself_so(register: DedupeRequest) -> None:
    testclient = pytest.importorskip("starlette.testclient", reason="no httpx2: pip install 'leo-linkage[dev]'")
    from quality.tune.app import application

    with RunDesk(register.out, None) as desk:
        made = application(
            desk, Names(shipped()), "secret", profile=load_profile("leo_publication"), definitions=load_definitions()
        )
        page = testclient.TestClient(made, base_url=HOME).get("/?token=secret").text
    assert "Tune register.csv with itself" in page
    assert "Lead over the best rival" not in page


def test_what_cannot_be_tuned_says_what_to_do(root: Path, done: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--step npd-cis: the folder has no such step; it has link"):
        RunDesk(root, "npd-cis")
    shutil.rmtree(root / "explained", ignore_errors=True)
    with pytest.raises(InputError, match="the left file is not there\n  say where both are"):
        RunDesk(root, None, files=[tmp_path / "gone.csv", done.request.right])
    with pytest.raises(ConfigError, match="manifest"):
        RunDesk(tmp_path, None)
