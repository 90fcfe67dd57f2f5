"""Both formats hold the same rows, and one by itself is described and can be read by its guide."""

import csv
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from linkage.engine import Engine
from linkage.extract import ExtractSummary, Project
from linkage.extract.verify import verify


def cells(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [tuple("" if value is None else str(value).removesuffix(".0") for value in row.values()) for row in rows]


def test_formats_hold_the_same_rows(
    publish: Callable[..., ExtractSummary], make_project: Callable[..., Project]
) -> None:
    made = publish(make_project(formats=["parquet", "csv"]))
    for name in made.rows:
        with (made.folder / "csv" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = cells(list(csv.DictReader(file)))
        assert rows == cells(pq.read_table(made.folder / "parquet" / f"{name}.parquet").to_pylist())


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_one_format_is_described_and_its_guide_runs(
    form: str,
    publish: Callable[..., ExtractSummary],
    make_project: Callable[..., Project],
    engine: Engine,
    catalogue: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = publish(make_project(formats=[form]))
    assert verify(engine, catalogue, made.folder).rows == sum(made.rows.values())
    guide = (made.folder / "README.md").read_text()
    assert f"Tables are in `{form}/`, a file each" in guide
    query = guide.split("```sql\n")[1].split("```")[0]
    monkeypatch.chdir(made.folder)
    with duckdb.connect() as connection:
        assert len(connection.execute(query).fetchall()) == 2
