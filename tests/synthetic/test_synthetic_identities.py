"""Identities alone: the rows that linkage reads, as they are in the whole population; and the same in any chunk."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from linkage.catalogue import shipped
from synthetic import synthesise
from synthetic.releases import last_of_each_stage, stages
from tests.synthetic.conftest import Read
from tests.synthetic.test_synthetic_same import digests

FEW = 2_000
IDENTITIES = [
    (dataset.dataset, name)
    for dataset in shipped().datasets.values()
    for name, table in dataset.table.items()
    if table.generated and table.with_role("record_key")
]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("identities") / "population"
    synthesise(out, FEW, workers=1, chunk=900, tables="identities")
    return out


def test_there_are_tables_of_identities_and_no_others(few: Path) -> None:
    found = {(path.parent.name, path.name) for path in (few / "sources").glob("*/*") if path.is_dir()}
    assert found == set(IDENTITIES)


@pytest.mark.parametrize(("dataset", "name"), IDENTITIES, ids=lambda part: str(part))
def test_rows_are_those_of_the_whole_population(few: Path, read: Read, dataset: str, name: str) -> None:
    rows = pq.read_table(few / "sources" / dataset / name)
    records = read("truth/records").filter((pc.field("person_id") <= FEW) & (pc.field("source") == dataset))
    many = read(f"sources/{dataset}/{name}")
    every = many.filter(pc.is_in(many["RECORDID"], pc.cast(records["record_key"], "int64")))
    rule = stages().table.get(f"{dataset}_{name}")
    if rule is None:
        assert rows.equals(every)
        return
    last: dict[tuple[str, int], dict[str, Any]] = {}
    for row in every.to_pylist():
        stage = next(place for place, groups in enumerate(rule.stages) if row[rule.year_group] in groups)
        last[row[rule.pupil], stage] = row
    assert sorted(rows["RECORDID"].to_pylist()) == sorted(row["RECORDID"] for row in last.values())
    assert rows.equals(every.filter(pc.is_in(every["RECORDID"], rows["RECORDID"])))
    assert rows.num_rows < 0.6 * every.num_rows


def test_truth_speaks_of_what_is_there(few: Path, read: Read) -> None:
    records = pq.read_table(few / "truth/records")
    held = {
        (dataset, str(key))
        for dataset, name in IDENTITIES
        for key in pq.read_table(few / "sources" / dataset / name)["RECORDID"].to_pylist()
    }
    assert set(zip(records["source"].to_pylist(), records["record_key"].to_pylist(), strict=True)) == held
    errors, every = pq.read_table(few / "truth/errors"), read("truth/errors")
    theirs = every.filter(pc.is_in(every["record_key"], records["record_key"]))
    columns = ["source", "record_key", "field"]
    order = [(name, "ascending") for name in columns]
    assert errors.sort_by(order).equals(theirs.sort_by(order))
    entities = read("truth/entities.parquet").filter(pc.field("person_id") <= FEW)
    assert pq.read_table(few / "truth/entities.parquet").sort_by("entity_key").equals(entities.sort_by("entity_key"))


def test_the_last_record_of_a_stage_is_kept() -> None:
    census = {
        "RECORDID": pa.array([1, 2, 3, 4, 5, 6, 7, 8, 9]),
        "PupilMatchingRefAnonymous": pa.array(["P", "P", "P", "P", "Q", "Q", "R", None, None]).dictionary_encode(),
        "NCyearActual": pa.array(["R", "1", "2", "3", "10", "11", "2", "2", "2"]).dictionary_encode(),
    }
    kept = last_of_each_stage("npd_census", census)
    assert kept["RECORDID"].to_pylist() == [1, 3, 4, 6, 7, 8, 9]
    assert kept["NCyearActual"].dictionary.to_pylist() == ["R", "2", "3", "11"]
    assert last_of_each_stage("cis_customers", census) is census


def test_an_empty_census_stays_empty() -> None:
    nobody = pa.array([], pa.string()).dictionary_encode()
    census = {"PupilMatchingRefAnonymous": nobody, "NCyearActual": nobody, "OnRoll": pa.array(np.zeros(0, np.int64))}
    assert len(last_of_each_stage("npd_census", census)["OnRoll"]) == 0


@pytest.mark.parametrize(("tables", "releases"), [("identities", 1), ("all", 2)])
def test_workers_do_not_change_a_byte_and_chunks_no_row(tmp_path: Path, tables: Any, releases: int) -> None:
    for name, workers, chunk in (("one", 1, 250), ("two", 2, 250), ("whole", 1, 600)):
        synthesise(tmp_path / name, 600, workers=workers, chunk=chunk, tables=tables, releases=releases)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    folders = sorted({path.parent.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("part-*.parquet")})
    assert len(folders) > 6
    for folder in folders:
        ours, theirs = (pq.read_table(tmp_path / name / folder) for name in ("one", "whole"))
        if folder.parts[0] == "truth":  # in the order of sources in each chunk
            order = [(column, "ascending") for column in ours.column_names if not column.startswith("postcodes")]
            ours, theirs = ours.sort_by(order), theirs.sort_by(order)
        assert ours.equals(theirs), folder
