"""The whole pipeline on local Spark makes the tables that it makes on DuckDB."""

from pathlib import Path
from typing import Any

import pytest

from linkage.extract import write_new_key
from linkage.pipeline.job import load_job
from linkage.pipeline.leo import pipeline
from linkage.pipeline.runner import Runner
from tests.pipeline import village
from tests.pipeline.toy_pipeline import tables

pytestmark = [pytest.mark.spark, pytest.mark.fast]


def test_every_table_of_the_village_is_that_of_duckdb(
    spark_session: Any, tmp_path: Path
):
    from linkage.engine.spark import SparkEngine

    config = village.build(tmp_path)
    write_new_key(tmp_path / "master.key")

    def runner(name: str) -> Runner:
        return pipeline(
            load_job(config, key_file=tmp_path / "master.key"), tmp_path / name
        )

    on_duckdb, on_spark = runner("duckdb"), runner("spark")
    on_spark._open_engine = lambda scratch: SparkEngine(
        session=spark_session, scratch=scratch
    )
    expected = tables(on_duckdb.run())
    assert {"links/npd-cis", "spine", "outcomes", "geography"} <= expected.keys()
    assert tables(on_spark.run()) == expected
