"""`leo model tune` on folders of `leo link` and `leo dedupe`: its forecast is what
linking again gives.
"""

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
    return Counter(
        pq.read_table(root / "links.parquet", columns=["decision"])[
            "decision"
        ].to_pylist()
    )


def link_again(command: str, out: Path) -> dict[str, int]:
    """Decisions by the command that the page gives."""
    words = [str(out) if word == "FOLDER" else word for word in shlex.split(command)]
    result = CliRunner().invoke(app, words[1:])
    assert result.exit_code == 0, result.output
    return decisions(out)


def test_two_files(root: Path, tmp_path: Path) -> None:
    with TuneSession(root, None) as session:
        outcome = session.outcome(session.settings)
        assert {name: n for name, n in outcome.decisions.items() if n} == decisions(
            root
        )
        assert (outcome.gained, outcome.lost) == (0, 0)
        settings = replace(session.settings, accept=0.9999)
        forecast, saved_model = (
            session.outcome(settings),
            session.save(settings, "certain ones only"),
        )
    assert forecast.lost > 0
    assert (saved_model.path, saved_model.command) == (
        root / "tuned" / "link-v1.json",
        "leo link",
    )
    decisions_after = link_again(saved_model.lines[0], tmp_path / "again")
    assert decisions_after["accepted"] == forecast.decisions["accepted"]


def test_one_file(register: Any, tmp_path: Path) -> None:
    with TuneSession(register.out, None) as session:
        outcome = session.outcome(session.settings)
        assert {name: n for name, n in outcome.decisions.items() if n} == decisions(
            register.out
        )
        settings = replace(session.settings, accept=0.9999)
        forecast, saved_model = (
            session.outcome(settings),
            session.save(settings, "certain ones only"),
        )
        assert "Tune register.csv with itself" in make_client(session).get("/").text
    assert forecast.lost > 0
    assert saved_model.command == "leo dedupe"
    assert link_again(saved_model.lines[0], tmp_path / "again")["accepted"] > 0


def test_a_pair_is_shown_with_the_ids_of_the_files(root: Path) -> None:
    with TuneSession(root, None) as session:
        client = make_client(session)
        page = client.get("/").text
        assert "Tune pupils.csv to customers.csv" in page
        pair = client.get(re.search(r'href="[^"]*(/pairs/\d+/\d+)"', page)[1]).text  # type: ignore[index]
        left, right = re.search(
            r"<strong>(A\d+)</strong> and <strong>(B\d+)</strong>", pair
        ).groups()  # type: ignore[union-attr]
        head = pair.partition("</head>")[0]
        assert left not in head, "a browser keeps titles"
        assert right not in head
        text = html.unescape(client.post("/save", data={"note": "as it was"}).text)
        assert re.search(
            r"leo link \S+pupils.csv \S+customers.csv --model \S+link-v1.json "
            r"--threshold 0.5",
            text,
        )


def test_a_folder_that_cannot_be_tuned(root: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="--step npd-cis: the folder has no such step; it has link"
    ):
        TuneSession(root, "npd-cis")
    with pytest.raises(ConfigError, match="manifest"):
        TuneSession(tmp_path, None)
