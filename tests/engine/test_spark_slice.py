"""Records, identities, links and spine of a small world are the same rows on Spark as on DuckDB."""

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.engine import Engine, connect
from linkage.extract import write_new_key
from linkage.pipeline import Runner
from linkage.pipeline.job import load_job
from linkage.pipeline.leo import facts, stages
from tests.pipeline import village

pytestmark = [pytest.mark.spark, pytest.mark.slow]

_STAGES = ("records-", "identities-", "link-", "spine")
_TABLES = (
    *("records/npd", "records/cis", "quarantine/npd", "identities/npd", "identities/cis", "appearances/cis"),
    *("links/npd-cis", "unlinked/npd-cis", "units/npd-cis", "spine", "lookup_edukey"),
)


@pytest.fixture(scope="module")
def runs(spark_session: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Runner]:
    """The village, linked on each engine."""
    folder = tmp_path_factory.mktemp("village")
    config = village.build(folder)
    write_new_key(folder / "master.key")
    return {engine: linked(config, engine, folder) for engine in ("duckdb", "spark")}


def linked(config: Path, engine: str, folder: Path) -> Runner:
    job = load_job(config, engine=engine, key_file=folder / "master.key")

    def open_engine(scratch: Path) -> Engine:
        return connect(engine, threads=2, scratch=scratch)

    wanted = [stage for stage in stages(job) if stage.name.startswith(_STAGES)]
    runner = Runner(folder / engine, wanted, facts(job), open_engine, engine=engine)
    runner.run()
    return runner


@pytest.mark.parametrize("name", _TABLES)
def test_the_rows_are_the_same(runs, name):
    on_duckdb, on_spark = (rows_of(runs[engine].folder.root, name) for engine in ("duckdb", "spark"))
    assert on_spark == on_duckdb
    assert on_duckdb or name.startswith("quarantine")


def test_the_village_is_linked_on_spark(runs):
    links = rows_of(runs["spark"].folder.root, "links/npd-cis")
    accepted = [link for link in links if link["decision"] == "accepted"]
    assert len(accepted) == village.TAXED
    assert {link["method"] for link in accepted} == {"deterministic", "probabilistic"}


def rows_of(root: Path, name: str) -> list[dict[str, Any]]:
    """A table of a run, in an order of its own, doubles to the sixth place."""
    (found,) = [path for path in (root / "stages").glob(f"*/{name}*") if path.name.partition(".")[0] == Path(name).name]
    files = sorted(found.rglob("*.parquet")) if found.is_dir() else [found]
    table = pa.concat_tables([pq.read_table(file) for file in files], promote_options="default")
    names = sorted(table.column_names)
    return sorted(({name: plain(row[name]) for name in names} for row in table.to_pylist()), key=repr)


def plain(value: Any) -> Any:
    return round(value, 6) + 0.0 if isinstance(value, float) and math.isfinite(value) else value
