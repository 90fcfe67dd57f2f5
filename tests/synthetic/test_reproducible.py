"""The same person is the same in any population, chunk and process; the same arguments
give the same bytes.
"""

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from linkage.catalogue import shipped
from synthetic import synthesise
from synthetic.base.rules import rule_file
from synthetic.releases import last_of_each_stage
from tests.synthetic.conftest import Read

SAMPLE = 2_500
TABLES_OF_IDENTIFIERS = [
    (dataset.dataset, name)
    for dataset in shipped().datasets.values()
    for name, table in dataset.table.items()
    if table.generated and table.with_role("record_key")
]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 2,500 people, made by two processes in chunks of 900."""
    out = tmp_path_factory.mktemp("few") / "population"
    synthesise(out, SAMPLE, workers=2, chunk=900)
    return out


def digests(folder: Path) -> dict[str, str]:
    files = sorted(f for f in folder.rglob("*") if f.is_file())
    return {
        str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in files
    }


def test_another_seed_is_another_population(sample: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    synthesise(other, 500, seed=7, workers=1)
    surnames, others = (
        pq.read_table(f / "truth/persons")["surname"].to_pylist()[:500]
        for f in (sample, other)
    )
    assert surnames != others


@pytest.mark.parametrize(
    ("table", "key"),
    [(f"{dataset}/{name}", "RECORDID") for dataset, name in TABLES_OF_IDENTIFIERS]
    + [
        (table, "NINO")
        for table in (
            "hmrc/employment",
            "hmrc/earnings",
            "hmrc/self_assessment",
            "dwp/benefits",
        )
    ],
)
def test_rows_do_not_depend_on_the_size_of_the_population(
    sample: Path, read: Read, table: str, key: str
) -> None:
    source = table.split("/")[0] if key == "RECORDID" else "cis"
    truth, column = (
        ("records", "record_key")
        if key == "RECORDID"
        else ("entities.parquet", "entity_key")
    )
    keys = read(f"truth/{truth}").filter(
        (pc.field("person_id") <= SAMPLE) & (pc.field("source") == source)
    )[column]
    full_table = read(f"sources/{table}")
    rows = full_table.filter(
        pc.is_in(full_table[key], keys.cast(full_table.schema.field(key).type))
    )
    assert rows.equals(pq.read_table(sample / "sources" / table))
    assert (
        read("truth/persons")
        .slice(0, SAMPLE)
        .equals(pq.read_table(sample / "truth/persons"))
    )


ID_SAMPLE = 2_000


@pytest.fixture(scope="module")
def identifier_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("identifiers") / "population"
    synthesise(out, ID_SAMPLE, workers=1, chunk=900, tables="identifiers")
    return out


@pytest.mark.parametrize(
    ("dataset", "name"), TABLES_OF_IDENTIFIERS, ids=lambda part: str(part)
)
def test_rows_are_those_of_the_whole_population(
    identifier_sample: Path, read: Read, dataset: str, name: str
) -> None:
    rows = pq.read_table(identifier_sample / "sources" / dataset / name)
    records = read("truth/records").filter(
        (pc.field("person_id") <= ID_SAMPLE) & (pc.field("source") == dataset)
    )
    full_table = read(f"sources/{dataset}/{name}")
    all_rows = full_table.filter(
        pc.is_in(full_table["RECORDID"], pc.cast(records["record_key"], "int64"))
    )
    rule = rule_file("identifiers/stages.toml").table.get(f"{dataset}_{name}")
    if rule is None:
        assert rows.equals(all_rows)
        return
    last: dict[tuple[str, int], dict[str, Any]] = {}
    for row in all_rows.to_pylist():
        stage = next(
            place
            for place, groups in enumerate(rule.stages)
            if row[rule.year_group] in groups
        )
        last[row[rule.pupil], stage] = row
    assert sorted(rows["RECORDID"].to_pylist()) == sorted(
        row["RECORDID"] for row in last.values()
    )
    assert rows.equals(
        all_rows.filter(pc.is_in(all_rows["RECORDID"], rows["RECORDID"]))
    )
    assert rows.num_rows < 0.6 * all_rows.num_rows


def test_truth_speaks_of_what_is_there(identifier_sample: Path, read: Read) -> None:
    records = pq.read_table(identifier_sample / "truth/records")
    keys = {
        (dataset, str(key))
        for dataset, name in TABLES_OF_IDENTIFIERS
        for key in pq.read_table(identifier_sample / "sources" / dataset / name)[
            "RECORDID"
        ].to_pylist()
    }
    assert (
        set(
            zip(
                records["source"].to_pylist(),
                records["record_key"].to_pylist(),
                strict=True,
            )
        )
        == keys
    )
    errors, all_errors = (
        pq.read_table(identifier_sample / "truth/errors"),
        read("truth/errors"),
    )
    expected_errors = all_errors.filter(
        pc.is_in(all_errors["record_key"], records["record_key"])
    )
    columns = ["source", "record_key", "field"]
    order = [(name, "ascending") for name in columns]
    assert errors.sort_by(order).equals(expected_errors.sort_by(order))
    entities = read("truth/entities.parquet").filter(pc.field("person_id") <= ID_SAMPLE)
    assert (
        pq.read_table(identifier_sample / "truth/entities.parquet")
        .sort_by("entity_key")
        .equals(entities.sort_by("entity_key"))
    )


def test_the_last_record_of_a_stage_is_kept() -> None:
    census = {
        "RECORDID": pa.array([1, 2, 3, 4, 5, 6, 7, 8, 9]),
        "PupilMatchingRefAnonymous": pa.array(
            ["P", "P", "P", "P", "Q", "Q", "R", None, None]
        ).dictionary_encode(),
        "NCyearActual": pa.array(
            ["R", "1", "2", "3", "10", "11", "2", "2", "2"]
        ).dictionary_encode(),
    }
    last = last_of_each_stage("npd_census", census)
    assert last["RECORDID"].to_pylist() == [1, 3, 4, 6, 7, 8, 9]
    assert last["NCyearActual"].dictionary.to_pylist() == ["R", "2", "3", "11"]
    assert last_of_each_stage("cis_customers", census) is census


@pytest.mark.slow
@pytest.mark.parametrize(("tables", "releases"), [("identifiers", 1), ("all", 2)])
def test_workers_do_not_change_a_byte_and_chunks_no_row(
    tmp_path: Path, tables: Any, releases: int
) -> None:
    for name, workers, chunk in (("one", 1, 250), ("two", 2, 250), ("whole", 1, 600)):
        synthesise(
            tmp_path / name,
            600,
            workers=workers,
            chunk=chunk,
            tables=tables,
            releases=releases,
        )
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    folders = sorted(
        {
            path.parent.relative_to(tmp_path / "one")
            for path in (tmp_path / "one").rglob("part-*.parquet")
        }
    )
    assert len(folders) > 6
    for folder in folders:
        table, whole_table = (
            pq.read_table(tmp_path / name / folder) for name in ("one", "whole")
        )
        if folder.parts[0] == "truth":  # in the order of sources in each chunk
            order = [
                (column, "ascending")
                for column in table.column_names
                if not column.startswith("postcodes")
            ]
            table, whole_table = table.sort_by(order), whole_table.sort_by(order)
        assert table.equals(whole_table), folder


ROWS = "f45a9341f90101e6a07931f4e665b299b2084ee61dcb6bb67523525b15e551ba"
"""Of all rows of 200 people: a change of draws makes another population of every seed,
and must be meant.
"""


def test_the_rows_of_a_seed_stay_the_same(tmp_path: Path) -> None:
    synthesise(tmp_path / "out", 200, workers=1)
    rows = hashlib.sha256()
    for path in sorted((tmp_path / "out").rglob("*.parquet")):
        table = pq.read_table(path)
        rows.update(
            f"{path.relative_to(tmp_path)} {table.column_names} "
            f"{table.to_pylist()}".encode()
        )
    assert rows.hexdigest() == ROWS
