"""A user's own definitions: which files stand before the shipped ones, and what is told of those that do not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from linkage.catalogue import load
from linkage.config.resources import OWN, config_file, config_files, own_names, shipped_dir, use
from linkage.errors import ConfigError
from linkage.pipeline.job import resolve, shipped_files
from linkage.pipeline.manifest import manifest_of
from linkage.version import FORMAT

REGISTER = """
dataset = "ni"
title = "School census, Northern Ireland"
owner = "Department of Education"

[table.pupils]
title = "Pupils"
grain = "pupil"
key = ["RECORD_NO"]
generated = false
variable = [
  { name = "RECORD_NO", type = "integer", role = "record_key", required = true, concept = "identity", identifiability = 3, sensitivity = "E", description = "Number." },
  { name = "SEX", type = "string", role = "sex", frame = "ni_sex", concept = "sex", identifiability = 5, sensitivity = "C", description = "Sex." },
]
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder of definitions: a dataset, its code frame, a file in the stead of a shipped one, and other things."""
    folder = tmp_path / "mine"
    for name, text in {
        "catalogue/ni.toml": REGISTER,
        "catalogue/frames.toml": '[ni_sex]\n1 = "Male"\n2 = "Female"\n',
        "quality/evaluation.toml": "# of our own\n",
        "passes/school.toml": "",
        "data/pupils.csv": "",
        "run.toml": "",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_own_files_stand_before_shipped_ones_and_beside_them(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OWN, str(mine))
    assert config_file("quality/evaluation.toml") == mine / "quality" / "evaluation.toml"
    assert config_file("quality/implausible.toml") == shipped_dir() / "quality" / "implausible.toml"
    assert config_file("passes/school.toml") == mine / "passes" / "school.toml"
    files = config_files("catalogue/*.toml")
    assert list(files) == sorted(files)
    assert files["catalogue/ni.toml"] == mine / "catalogue" / "ni.toml"
    assert files["catalogue/npd.toml"] == shipped_dir() / "catalogue" / "npd.toml"
    assert shipped_files("quality/eval*.toml") == {
        "configs/quality/evaluation.toml": config_file("quality/evaluation.toml")
    }
    assert own_names() == ["catalogue/frames.toml", "catalogue/ni.toml", "quality/evaluation.toml"]
    (mine / "passes" / "cis.toml").write_text("")
    assert resolve("passes/cis.toml", shipped_dir() / "demo.toml", "step") == mine / "passes" / "cis.toml"


def test_code_frames_of_ones_own_are_added_to_the_shipped_ones(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = load()
    monkeypatch.setenv(OWN, str(mine))
    catalogue = load()
    assert catalogue.frames == {**shipped.frames, "ni_sex": {"1": "Male", "2": "Female"}}
    assert set(catalogue.datasets) == {*shipped.datasets, "ni"}


def test_without_a_folder_all_is_as_it_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OWN, raising=False)
    assert own_names() == []
    assert config_file("recognise.toml") == shipped_dir() / "recognise.toml"


def test_a_file_that_nothing_reads_is_told_of(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OWN, raising=False)
    (mine / "quality" / "evaluations.toml").write_text("")
    with pytest.raises(ConfigError, match=r"quality/evaluations\.toml; is quality/evaluation\.toml meant\?"):
        use(mine)
    assert OWN not in os.environ


def test_a_folder_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder of definitions"):
        use(tmp_path / "none")


def test_a_run_asks_for_the_definitions_that_it_was_made_with(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = {"format": FORMAT, "run": "x", "definitions": ["catalogue/ni.toml"]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.delenv(OWN, raising=False)
    with pytest.raises(
        ConfigError, match=r"catalogue/ni\.toml\n  give their folder before the verb: leo --definitions"
    ):
        manifest_of(tmp_path)
    monkeypatch.setenv(OWN, str(mine))
    assert manifest_of(tmp_path) == manifest


def leo(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from linkage.cli import main; main()", *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if name != OWN}
    return subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, check=False)


def test_the_command_takes_a_folder_of_definitions(mine: Path, tmp_path: Path) -> None:
    process = leo("--definitions", "mine", "catalogue", "show", "ni.pupils", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "RECORD_NO" in process.stdout
    without = leo("catalogue", "show", "ni.pupils", cwd=tmp_path)
    assert without.returncode == 2


def test_definitions_are_listed_and_copied_and_never_overwritten(tmp_path: Path) -> None:
    copied = leo("config", "copy", "contracts/records.toml", "--out", "mine", cwd=tmp_path)
    assert copied.returncode == 0, copied.stderr
    copy = tmp_path / "mine" / "contracts" / "records.toml"
    assert copy.read_bytes() == (shipped_dir() / "contracts" / "records.toml").read_bytes()
    again = leo("config", "copy", "contracts/records.toml", "recognise.toml", "--out", "mine", cwd=tmp_path)
    assert again.returncode == 2
    assert "has contracts/records.toml already" in again.stderr
    assert not (tmp_path / "mine" / "recognise.toml").exists()
    unknown = leo("config", "copy", "contract.toml", "--out", "mine", cwd=tmp_path)
    assert "no definition is called contract.toml" in unknown.stderr
    listed = leo("--definitions", "mine", "config", "files", cwd=tmp_path).stdout.splitlines()
    assert [line.split()[1] for line in listed if line.startswith("*")] == ["contracts/records.toml"]
