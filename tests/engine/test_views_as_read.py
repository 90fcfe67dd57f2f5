"""A query is planned by DuckDB where it is read, and not once more as a view that
nothing else reads.
"""

from typing import Any

import pytest

from linkage.engine import rows


@pytest.fixture
def views(duckdb_engine: Any) -> Any:
    query = "select count(*) from duckdb_views() where not internal"
    return lambda: duckdb_engine.connection.execute(query).fetchall()[0][0]


def test_a_table_that_python_alone_reads_is_no_view(duckdb_engine, views):
    table = duckdb_engine.sql("select 1 as n union all select 2 order by n")
    assert table.columns == ("n",)
    assert rows(duckdb_engine, table) == [{"n": 1}, {"n": 2}]
    assert rows(duckdb_engine, table) == [{"n": 1}, {"n": 2}]
    duckdb_engine.drop(table)
    assert views() == 0


def test_a_table_that_other_queries_read_is_one_view(duckdb_engine, views):
    table = duckdb_engine.sql("select 1 as n")
    tables = [
        duckdb_engine.sql(f"select n + {step} as m from {{t}}", t=table)
        for step in (1, 2)
    ]
    assert [rows(duckdb_engine, result) for result in tables] == [
        [{"m": 2}],
        [{"m": 3}],
    ]
    assert views() == 1
    duckdb_engine.drop(*tables, table)
    assert views() == 0


def test_concurrent_queries_find_the_table_that_they_read(duckdb_engine, views):
    table = duckdb_engine.sql("select 1 as n")
    work = [
        lambda: rows(duckdb_engine, duckdb_engine.sql("select n from {t}", t=table))
    ] * 8
    assert duckdb_engine.run_concurrently(*work) == [[{"n": 1}]] * 8
    assert views() == 1
