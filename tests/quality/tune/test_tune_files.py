"""`leo model tune` on folders of `leo link` and `leo dedupe`: what is foretold is what linking again comes to."""

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

from linkage.cli.app import app
from linkage.errors import ConfigError
from quality.tune.session import TuneSession
from tests.quality.tune.conftest import make_client


@pytest.fixture
def root(linking: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(linking.request.out, tmp_path / "linked"))


def decisions(root: Path) -> dict[str, int]:
    return Counter(pq.read_table(root / "links.parquet", columns=["decision"])["decision"].to_pylist())


def linked_again(line: str, out: Path) -> dict[str, int]:
    """What the command that the page gives comes to."""
    words = [str(out) if word == "FOLDER" else word for word in shlex.split(line)]
    result = CliRunner().invoke(app, words[1:])
    assert result.exit_code == 0, result.output
    return decisions(out)


def test_two_files(root: Path, tmp_path: Path) -> None:
    with TuneSession(root, None) as session:
        outcome = session.outcome(session.settings)
        assert {name: n for name, n in outcome.decisions.items() if n} == decisions(root)
        assert (outcome.gained, outcome.lost) == (0, 0)
        settings = replace(session.settings, accept=0.9999)
        foretold, saved = session.outcome(settings), session.save(settings, "certain ones only")
    assert foretold.lost > 0
    assert (saved.path, saved.command) == (root / "tuned" / "link-v1.json", "leo link")
    came = linked_again(saved.lines[0], tmp_path / "again")
    assert came["accepted"] == foretold.decisions["accepted"]


def test_one_file(register: Any, tmp_path: Path) -> None:
    with TuneSession(register.out, None) as session:
        outcome = session.outcome(session.settings)
        assert {name: n for name, n in outcome.decisions.items() if n} == decisions(register.out)
        settings = replace(session.settings, accept=0.9999)
        foretold, saved = session.outcome(settings), session.save(settings, "certain ones only")
        assert "Tune register.csv with itself" in make_client(session).get("/").text
    assert foretold.lost > 0
    assert saved.command == "leo dedupe"
    assert linked_again(saved.lines[0], tmp_path / "again")["accepted"] > 0


def test_a_pair_is_shown_with_the_ids_of_the_files(root: Path) -> None:
    with TuneSession(root, None) as session:
        client = make_client(session)
        page = client.get("/").text
        assert "Tune pupils.csv to customers.csv" in page
        pair = client.get(re.search(r'href="[^"]*(/pairs/\d+/\d+)"', page)[1]).text  # type: ignore[index]
        left, right = re.search(r"<strong>(A\d+)</strong> and <strong>(B\d+)</strong>", pair).groups()  # type: ignore[union-attr]
        head = pair.partition("</head>")[0]
        assert left not in head, "a browser keeps titles"
        assert right not in head
        saved = html.unescape(client.post("/save", data={"note": "as it was"}).text)
        assert re.search(r"leo link \S+pupils.csv \S+customers.csv --model \S+link-v1.json --threshold 0.5", saved)


def test_a_folder_that_cannot_be_tuned(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--step npd-cis: the folder has no such step; it has link"):
        TuneSession(root, "npd-cis")
    with pytest.raises(ConfigError, match="manifest"):
        TuneSession(tmp_path, None)
