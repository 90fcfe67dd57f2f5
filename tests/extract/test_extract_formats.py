"""Every format holds the same rows; SQL Server's scripts are T-SQL with keys."""

import csv
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow.dataset as pa_dataset
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from linkage.engine import Engine, export_database
from linkage.errors import InputError
from linkage.extract import ExtractSummary, Project
from linkage.extract.approved.layout import Field, Layout
from linkage.extract.files.sql_server import load_script, schema_script
from tests.extract.conftest import PublishedOnce

FORMATS = ["parquet", "partitioned", "csv", "duckdb", "sqlserver"]
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
        for folder in ("csv", "sqlserver"):
            with (made.folder / folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                assert cells(list(csv.DictReader(file))) == expected
        columns = pq.read_schema(made.folder / "parquet" / f"{name}.parquet").names
        parts = pa_dataset.dataset(made.folder / "partitioned" / name, partitioning="hive").to_table(columns=columns)
        assert sorted(cells(parts.to_pylist())) == expected


def test_rows_are_parted_by_their_year(made: ExtractSummary) -> None:
    folder = made.folder / "partitioned"
    assert sorted(path.name for path in (folder / "npd_ks4").iterdir()) == ["ACADYR=201112", "ACADYR=201213"]
    part = pq.ParquetFile(folder / "npd_ks4" / "ACADYR=201112" / "0.parquet")
    assert (part.metadata.num_rows, "ACADYR" in part.schema_arrow.names) == (1, False)
    assert [path.name for path in (folder / "people").iterdir()] == ["0.parquet"]


def test_sql_server_tables_have_types_and_keys(made: ExtractSummary) -> None:
    script = (made.folder / "sqlserver" / "schema.sql").read_text()
    tables = {found.find(exp.Table).name: found for found in sqlglot.parse(script, dialect="tsql") if found}
    assert list(tables) == ["people", "linkage", "npd_ks4", "leo_employment"]
    assert {key.sql(dialect="tsql") for key in tables["linkage"].find_all(exp.PrimaryKey)} == {
        "PRIMARY KEY ([AE_ID], [source])"
    }
    references = [found.sql(dialect="tsql") for found in tables["npd_ks4"].find_all(exp.Reference)]
    assert references == ["REFERENCES [people] ([AE_ID])"]
    types = {found.name: found.kind.sql(dialect="tsql") for found in tables["npd_ks4"].find_all(exp.ColumnDef)}
    assert types == {
        "AE_ID": "CHAR(26)",
        "PUPILMATCHINGREFANONYMOUS": "CHAR(26)",
        "ACADYR": "BIGINT",
        "URN": "CHAR(26)",
        "Grade": "NVARCHAR(8)",
        "Note": "NVARCHAR(8)",
    }
    loads = (made.folder / "sqlserver" / "load.sql").read_text()
    assert [loads.index(f"BULK INSERT [{name}]") for name in tables] == sorted(
        loads.index(f"BULK INSERT [{name}]") for name in tables
    )


def test_names_are_quoted_and_long_texts_have_room() -> None:
    layout = Layout(
        "odd]name", "", "", (Field("AE_ID", "string", "", pseudonym_of="AE_ID"), Field("a b", "string", ""))
    )
    script = schema_script([layout], {"odd]name": {"a b": 5000}})
    assert "CREATE TABLE [odd]]name]" in script
    assert "[a b] nvarchar(max) NULL" in script
    assert "BULK INSERT [odd]]name]" in load_script([layout])


@pytest.mark.parametrize("form", FORMATS)
def test_one_format_alone_is_described_and_guided(
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


def test_what_is_no_database_is_named(tmp_path: Any) -> None:
    (tmp_path / "x.duckdb").write_text("no database")
    with pytest.raises(InputError, match="is no DuckDB file"):
        export_database(tmp_path / "x.duckdb", tmp_path)
