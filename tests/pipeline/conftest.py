"""A source file for the toy run, and the village with its run."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from linkage.extract import write_new_key
from linkage.pipeline.job import load_job
from linkage.pipeline.leo import pipeline
from linkage.pipeline.runner import Runner
from tests.conftest import made_once
from tests.pipeline import village as village_files


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Five numbers."""
    path = tmp_path / "numbers.txt"
    path.write_text("1\n2\n3\n4\n5\n")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder for a run that is not there yet."""
    return tmp_path / "run"


@dataclass(frozen=True)
class Village:
    """Sources, a run's file and a key; `root` is the folder of its run."""

    folder: Path
    key: Path
    root: Path

    @property
    def config(self) -> Path:
        return self.folder / "village.toml"

    def runner(self) -> Runner:
        """A runner of the run's file as it is now."""
        return pipeline(load_job(self.config, key_file=self.key), self.root)

    def change(self, before: str, after: str) -> None:
        """Change the run's file."""
        text = self.config.read_text()
        assert before in text
        self.config.write_text(text.replace(before, after))


@pytest.fixture(scope="session")
def linked_village(tmp_path_factory: pytest.TempPathFactory) -> Village:
    """The village after its run. To be looked at only: a test that changes it takes
    `village`.
    """

    def make(folder: Path) -> None:
        (folder / "in").mkdir()
        village_files.build(folder / "in")
        write_new_key(folder / "master.key")
        Village(folder / "in", folder / "master.key", folder / "run").runner().run()

    base = tmp_path_factory.mktemp("linked") / "village"
    shutil.copytree(
        made_once(tmp_path_factory, "linked-village", make), base
    )  # no two processes meet in one run
    return Village(base / "in", base / "master.key", base / "run")


@pytest.fixture
def village(linked_village: Village, tmp_path: Path) -> Village:
    """A copy of the village and its run, to be changed."""
    shutil.copytree(linked_village.folder, tmp_path / "in")
    shutil.copytree(linked_village.root, tmp_path / "run")
    return Village(tmp_path / "in", linked_village.key, tmp_path / "run")
