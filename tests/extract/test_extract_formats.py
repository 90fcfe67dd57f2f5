"""Every format holds the same rows."""

import csv
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pq
import pytest

from linkage.engine import Engine, export_database
from linkage.errors import InputError
from linkage.extract import ExtractSummary, Project
from tests.extract.conftest import PublishedOnce

FORMATS = ["parquet", "partitioned", "csv", "duckdb"]
YES = {"true": "1", "false": "0"}


@pytest.fixture
def made(
    published_once: PublishedOnce, make_project: Callable[..., Project], request: pytest.FixtureRequest
) -> ExtractSummary:
    project = make_project(formats=FORMATS)
    return published_once("all formats", lambda out: request.getfixturevalue("publish")(project, out=out))


def cells(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    def plain(value: Any) -> str:
        text = "" if value is None else str(value)
        return YES.get(text.lower(), text.removesuffix(".0"))

    return [tuple(map(plain, row.values())) for row in rows]


def test_all_formats_hold_the_same_rows(made: ExtractSummary) -> None:
    (made.folder / "exported").mkdir()
    database = export_database(made.folder / "duckdb" / "extract.duckdb", made.folder / "exported")
    assert set(database) == set(made.rows)
    for name in made.rows:
        expected = cells(pq.read_table(made.folder / "parquet" / f"{name}.parquet").to_pylist())
        assert cells(pq.read_table(database[name]).to_pylist()) == expected
        with (made.folder / "csv" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert cells(list(csv.DictReader(file))) == expected
        columns = pq.read_schema(made.folder / "parquet" / f"{name}.parquet").names
        parts = pa_dataset.dataset(made.folder / "partitioned" / name, partitioning="hive").to_table(columns=columns)
        assert sorted(cells(parts.to_pylist())) == expected


def test_rows_are_partitioned_by_year(made: ExtractSummary) -> None:
    folder = made.folder / "partitioned"
    assert sorted(path.name for path in (folder / "npd_ks4").iterdir()) == ["ACADYR=201112", "ACADYR=201213"]
    part = pq.ParquetFile(folder / "npd_ks4" / "ACADYR=201112" / "0.parquet")
    assert (part.metadata.num_rows, "ACADYR" in part.schema_arrow.names) == (1, False)
    assert [path.name for path in (folder / "people").iterdir()] == ["0.parquet"]


@pytest.mark.parametrize("form", FORMATS)
def test_one_format_is_described_and_its_guide_runs(
    form: str,
    publish: Callable[..., ExtractSummary],
    make_project: Callable[..., Project],
    engine: Engine,
    catalogue: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from linkage.extract.verify import verify

    made = publish(make_project(formats=[form]))
    assert verify(engine, catalogue, made.folder).rows == sum(made.rows.values())
    guide = (made.folder / "README.md").read_text()
    assert f"- `{form}/" in guide
    query = guide.split("```sql\n")[1].split("```")[0]
    monkeypatch.chdir(made.folder)
    if form == "duckdb":
        query = f"attach 'duckdb/extract.duckdb' as given (read_only); use given; {query}"
    with duckdb.connect() as readers_own:
        assert len(readers_own.execute(query).fetchall()) == 2


def test_damaged_database_is_named(tmp_path: Any) -> None:
    (tmp_path / "x.duckdb").write_text("no database")
    with pytest.raises(InputError, match="is no DuckDB file"):
        export_database(tmp_path / "x.duckdb", tmp_path)
