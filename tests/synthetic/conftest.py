"""A population of 20,000 made once, and a way to ask it questions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthetic import synthesise
from tests.conftest import made_once

PEOPLE = 20_000

Read = Callable[[str], pa.Table]


@pytest.fixture(scope="session")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of 20,000 people, made in chunks that divide no family evenly."""

    def make(folder: Path) -> None:
        synthesise(folder / "population", PEOPLE, workers=1, chunk=13_001)

    return made_once(tmp_path_factory, "synthetic", make) / "population"


@pytest.fixture(scope="session")
def read(population: Path) -> Read:
    """Read a table by its path below the folder, for example "sources/npd/census"."""
    tables: dict[str, Any] = {}

    def table(path: str) -> pa.Table:
        if path not in tables:
            tables[path] = pq.read_table(population / path)
        return tables[path]

    return table


@pytest.fixture(scope="session")
def persons(read: Read) -> dict[int, dict[str, Any]]:
    """Rows of truth/persons by number of the person."""
    return {row["person_id"]: row for row in read("truth/persons").to_pylist()}
