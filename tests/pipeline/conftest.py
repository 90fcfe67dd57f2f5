"""A source file for the toy run."""

from pathlib import Path

import pytest


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
