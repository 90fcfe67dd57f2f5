"""`leo compare` on two folders of `leo link`: what differs in links and in the model, on the terminal and as a page."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from linkage.cli.app import app
from linkage.errors import ConfigError
from linkage.pipeline.publishing import publish
from tests.adhoc.conftest import CANARY


@pytest.fixture
def changed(done: Any, tmp_path: Path) -> Path:
    """The folder of the link again, with one link fewer, one by another rule, and another u of the surname."""
    folder = Path(shutil.copytree(done.request.out, tmp_path / "changed"))
    links = pq.read_table(folder / "links.parquet").sort_by([("left_id", "ascending"), ("right_id", "ascending")])
    accepted = [n for n, decision in enumerate(links["decision"].to_pylist()) if decision == "accepted"]
    lost, moved = accepted[:2]
    passes = links["pass"].to_pylist()
    passes[moved] = "another rule"
    links = links.set_column(links.schema.get_field_index("pass"), "pass", [passes])
    kept = [n for n in range(links.num_rows) if n != lost]
    pq.write_table(links.take(kept), folder / "links.parquet")
    model = json.loads((folder / "model.json").read_text())
    comparison = next(c for c in model["comparisons"] if c["output_column_name"] == "surname")
    level = next(x for x in comparison["comparison_levels"] if x.get("u_probability"))
    level["u_probability"] /= 2
    (folder / "model.json").write_text(json.dumps(model))
    return folder


def _compare(*words: Any) -> Any:
    return CliRunner().invoke(app, ["compare", *map(str, words)])


def test_links_and_the_model_behind_them(done: Any, changed: Path, tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    page = tmp_path / "page.html"
    said = _compare(done.request.out, changed, "--json", found, "--html", page)
    assert said.exit_code == 0, said.output
    counted = json.loads(found.read_text())
    assert counted["settings"] == []
    (step,) = counted["steps"]
    links = pq.read_table(done.request.out / "links.parquet")
    before = links.filter(pc.equal(links["decision"], "accepted")).num_rows
    counts = {name: step[name] for name in ("step", "before", "kept", "moved", "gained", "lost", "after")}
    assert counts == {
        "step": "link", "before": before, "kept": before - 2, "moved": 1, "gained": 0, "lost": 1, "after": before - 1,
    }  # fmt: skip
    (weight,) = step["weights"]
    assert (weight["comparison"], weight["after"] - weight["before"]) == ("surname", pytest.approx(1.0, abs=0.002))
    assert weight["u_after"] == pytest.approx(weight["u_before"] / 2)
    assert "another rule" in said.output
    text = page.read_text()
    assert "another rule" in text
    assert CANARY not in text + said.output


def test_a_folder_beside_itself_keeps_all(done: Any) -> None:
    said = _compare(done.request.out, done.request.out)
    assert said.exit_code == 0
    assert "what made a link" not in said.output


def test_a_name_in_brackets_is_shown_as_it_is(done: Any, changed: Path, tmp_path: Path) -> None:
    """A terminal's markup took [final] for a style, and showed nothing in its place."""
    folder = changed.rename(tmp_path / "linked [final]")
    said = _compare(done.request.out, folder)
    assert "linked [final]" in said.output


def test_two_kinds_of_folders_are_not_compared(done: Any, changed: Path, tmp_path: Path) -> None:
    (changed / "clusters.parquet").touch()
    said = _compare(done.request.out, changed)
    assert said.exit_code != 0
    assert "only two of one kind can be compared" in str(said.exception)


def test_links_of_files_are_no_release(done: Any, tmp_path: Path) -> None:
    """It was told that a stage was gone or altered."""
    with pytest.raises(ConfigError, match="is no folder of leo run"):
        publish(done.request.out, tmp_path / "releases")
    assert not (tmp_path / "releases").exists()


def test_a_folder_of_files_is_no_run_that_has_steps_and_sources(done: Any, tmp_path: Path) -> None:
    """It was an error that nobody had foreseen, whose message was withheld."""
    folder = done.request.out
    for words in (("catalogue", "site", "--run", folder, "--out", tmp_path / "site"),
                  ("blocking", "suggest", "--run", folder, "--step", "link")):  # fmt: skip
        said = CliRunner().invoke(app, [*map(str, words)])
        assert isinstance(said.exception, ConfigError), said.exception
        assert f"{folder}: is no folder of leo run\n" in str(said.exception)
