"""A population in CSV is read like one in Parquet: the same records, and the same
truth.
"""

import pytest

from linkage.catalogue import shipped
from linkage.config import FileFormat, Source
from linkage.engine import connect, rows
from linkage.errors import InputError
from linkage.pipeline.truth import true_entities, true_entities_file
from linkage.records import read_source
from synthetic import synthesise


@pytest.fixture(scope="module")
def populations(tmp_path_factory):
    folder = tmp_path_factory.mktemp("both")
    for form in ("parquet", "csv"):
        synthesise(folder / form, 400, format=form, workers=1)
    return folder


@pytest.mark.parametrize(
    ("dataset", "table"),
    [
        ("npd", "census"),
        ("ilr", "learners"),
        ("hesa", "students"),
        ("cis", "customers"),
    ],
)
def test_the_records_are_the_same(populations, dataset, table):
    records = []
    with connect("duckdb") as engine:
        for form in ("parquet", "csv"):
            files = (f"{form}/sources/{dataset}/{table}/*.{form}",)
            source = Source(
                dataset=dataset, table=table, files=files, format=FileFormat(type=form)
            )
            result = read_source(engine, shipped(), dataset, source, populations)
            assert engine.count(result.quarantine) == 0
            records.append(
                rows(
                    engine,
                    engine.sql(
                        "select * from {t} order by source_key", t=result.records
                    ),
                )
            )
    assert records[0] == records[1]
    assert len(records[0]) > 100


def test_the_truth_is_the_same(populations):
    with connect("duckdb") as engine:
        truths = [
            rows(
                engine,
                engine.sql(
                    "select * from {t} order by all", t=true_entities(engine, path)
                ),
            )
            for path in map(
                true_entities_file,
                (populations / "parquet/truth", populations / "csv/truth"),
            )
        ]
    assert truths[0] == truths[1]
    assert len(truths[0]) > 400


def test_a_folder_without_truth_and_a_file_of_something_else(tmp_path):
    assert true_entities_file(tmp_path) is None
    (tmp_path / "entities.csv").write_text("a,b\n1,2\n")
    with (
        connect("duckdb") as engine,
        pytest.raises(InputError, match="no CSV with columns source, entity_key"),
    ):
        true_entities(engine, tmp_path / "entities.csv")
