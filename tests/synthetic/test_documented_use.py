"""What docs/reference/synthetic-population.md shows can be run as it stands, and what
it names is there.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from synthetic import synthesise

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "synthetic-population.md").read_text(
    encoding="utf-8"
)
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COUNT = 1_500


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's population, but smaller."""
    folder = tmp_path_factory.mktemp("howto")
    synthesise(folder / "population", COUNT, workers=1)
    return folder


def run(snippet: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(snippet, "snippet", "exec"), names)
    return names


def test_making_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "20_000" in SNIPPETS[0]
    population = run(SNIPPETS[0].replace("20_000", "300"), tmp_path, monkeypatch)[
        "made"
    ]
    assert population.people == 300
    assert int(capsys.readouterr().out) == population.rows["sources/npd/census"]


def test_pairs_and_kinds_of_errors(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = run(SNIPPETS[1], place, monkeypatch)
    assert len(names["pairs"]) > COUNT / 3
    assert {"npd", "cis"} <= set(names["by_kind"]["source"])


def test_pandas(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    census = run(SNIPPETS[2], place, monkeypatch)["census"]
    assert census["person_id"].notna().all()
    assert len(census) > COUNT


def test_polars(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("polars", reason="Polars is not installed")
    assert len(run(SNIPPETS[3], place, monkeypatch)["by_year"]) > 10


def test_splink(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    precision, recall = run(SNIPPETS[4], place, monkeypatch)["found"]
    assert precision > 0.97
    assert recall > 0.8
    assert len(SNIPPETS) == 5


def test_sql(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.chdir(place)
    (query,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert len(duckdb.sql(query)) == 5


def test_options_and_folders_that_are_named_are_there(place: Path) -> None:
    from typer.main import get_command

    from linkage.cli.app import app

    verb = get_command(app).commands["synth"].commands["make"]  # type: ignore[attr-defined]
    options = {option for parameter in verb.params for option in parameter.opts}
    options_named = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", PAGE)) - {
        "--data",
        "--key",
    }
    assert options_named <= options
    tables = re.findall(
        r"`((?:npd|ilr|hesa|cis|hmrc|dwp|scotland|wales)/[a-z0-9_]+)`", PAGE
    )
    assert len(tables) >= 12
    assert not [
        table
        for table in tables
        if not (place / "population" / "sources" / table).is_dir()
    ]
