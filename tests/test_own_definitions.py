"""A user's own definitions: which files replace the shipped ones, and what is said of
those that do not.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from linkage.catalogue import load
from linkage.config.resources import (
    OWN,
    config_file,
    config_files,
    own_names,
    shipped_dir,
    use,
)
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
def folder(tmp_path: Path) -> Path:
    """A folder of definitions: a dataset, its code frame, a file in place of a shipped
    one, and other files.
    """
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


def test_own_files_replace_shipped_ones_or_add_to_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWN, str(folder))
    assert (
        config_file("quality/evaluation.toml") == folder / "quality" / "evaluation.toml"
    )
    assert (
        config_file("quality/implausible.toml")
        == shipped_dir() / "quality" / "implausible.toml"
    )
    assert config_file("passes/school.toml") == folder / "passes" / "school.toml"
    files = config_files("catalogue/*.toml")
    assert list(files) == sorted(files)
    assert files["catalogue/ni.toml"] == folder / "catalogue" / "ni.toml"
    assert files["catalogue/npd.toml"] == shipped_dir() / "catalogue" / "npd.toml"
    assert shipped_files("quality/eval*.toml") == {
        "configs/quality/evaluation.toml": config_file("quality/evaluation.toml")
    }
    assert own_names() == [
        "catalogue/frames.toml",
        "catalogue/ni.toml",
        "quality/evaluation.toml",
    ]
    (folder / "passes" / "cis.toml").write_text("")
    assert (
        resolve("passes/cis.toml", shipped_dir() / "demo.toml", "step")
        == folder / "passes" / "cis.toml"
    )


def test_own_code_frames_are_added_to_the_shipped_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = load()
    monkeypatch.setenv(OWN, str(folder))
    catalogue = load()
    assert catalogue.frames == {
        **shipped.frames,
        "ni_sex": {"1": "Male", "2": "Female"},
    }
    assert set(catalogue.datasets) == {*shipped.datasets, "ni"}


def test_without_a_folder_the_shipped_files_are_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(OWN, raising=False)
    assert own_names() == []
    assert config_file("recognise.toml") == shipped_dir() / "recognise.toml"


def test_a_file_that_nothing_reads_is_reported(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(OWN, raising=False)
    (folder / "quality" / "evaluations.toml").write_text("")
    with pytest.raises(
        ConfigError,
        match=r"quality/evaluations\.toml; is quality/evaluation\.toml meant\?",
    ):
        use(folder)
    assert OWN not in os.environ


def test_a_missing_folder_of_definitions_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder of definitions"):
        use(tmp_path / "none")


def test_a_run_asks_for_the_definitions_that_it_was_made_with(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = {"format": FORMAT, "run": "x", "definitions": ["catalogue/ni.toml"]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.delenv(OWN, raising=False)
    with pytest.raises(
        ConfigError,
        match=r"catalogue/ni\.toml\n  give their folder before the verb: leo "
        r"--definitions",
    ):
        manifest_of(tmp_path)
    monkeypatch.setenv(OWN, str(folder))
    assert manifest_of(tmp_path) == manifest


def leo(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "from linkage.cli import main; main()",
        *map(str, arguments),
    ]
    environment = {name: value for name, value in os.environ.items() if name != OWN}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_the_command_takes_a_folder_of_definitions(
    folder: Path, tmp_path: Path
) -> None:
    process = leo(
        "--definitions", "mine", "catalogue", "show", "ni.pupils", cwd=tmp_path
    )
    assert process.returncode == 0, process.stderr
    assert "RECORD_NO" in process.stdout
    second = leo("catalogue", "show", "ni.pupils", cwd=tmp_path)
    assert second.returncode == 2


def test_definitions_are_listed_and_copied_and_never_overwritten(
    tmp_path: Path,
) -> None:
    process = leo(
        "config", "copy", "contracts/records.toml", "--out", "mine", cwd=tmp_path
    )
    assert process.returncode == 0, process.stderr
    copy = tmp_path / "mine" / "contracts" / "records.toml"
    assert (
        copy.read_bytes() == (shipped_dir() / "contracts" / "records.toml").read_bytes()
    )
    second = leo(
        "config",
        "copy",
        "contracts/records.toml",
        "recognise.toml",
        "--out",
        "mine",
        cwd=tmp_path,
    )
    assert second.returncode == 2
    assert "has contracts/records.toml already" in second.stderr
    assert not (tmp_path / "mine" / "recognise.toml").exists()
    third = leo("config", "copy", "contract.toml", "--out", "mine", cwd=tmp_path)
    assert "no definition is called contract.toml" in third.stderr
    lines = leo(
        "--definitions", "mine", "config", "files", cwd=tmp_path
    ).stdout.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("*")] == [
        "contracts/records.toml"
    ]
