"""Rows of a Parquet file have their numbers, on either engine."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.mark.both_engines
def test_rows_have_their_numbers(engine, rows, tmp_path: Path) -> None:
    values = [f"{n:04}" for n in range(5_000)]
    table = pa.table({"name": values})
    pq.write_table(table, tmp_path / "people.parquet", row_group_size=700)
    numbered = engine.read(tmp_path / "people.parquet", number="row number")
    assert numbered.columns == ("name", "row number")
    query = 'select name, "row number" as n from {t}'
    numbers = dict(rows(engine.sql(query, t=numbered)))
    assert numbers == {name: n for n, name in enumerate(values, 1)}
