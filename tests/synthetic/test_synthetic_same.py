"""The same person is the same in any population, chunk and process; the same arguments give the same bytes."""

import hashlib
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from synthetic import synthesise
from tests.synthetic.conftest import Read

FEW = 2_500


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 2,500 people, made by two processes in chunks of 900."""
    out = tmp_path_factory.mktemp("few") / "population"
    synthesise(out, FEW, workers=2, chunk=900)
    return out


def digests(folder: Path) -> dict[str, str]:
    files = sorted(f for f in folder.rglob("*") if f.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_workers_do_not_change_a_byte(few: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    synthesise(again, FEW, workers=1, chunk=900)
    assert digests(again) == digests(few)


def test_another_seed_is_another_population(few: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    synthesise(other, 500, seed=7, workers=1)
    ours, theirs = (pq.read_table(f / "truth/persons")["surname"].to_pylist()[:500] for f in (few, other))
    assert ours != theirs


@pytest.mark.parametrize(
    "table", ["npd/census", "scotland/pupils", "wales/plasc", "ilr/learners", "hesa/students", "cis/customers"]
)
def test_records_do_not_depend_on_the_size_of_the_population(few: Path, read: Read, table: str) -> None:
    keep = read("truth/records").filter((pc.field("person_id") <= FEW) & (pc.field("source") == table.split("/")[0]))
    mine = pc.cast(keep["record_key"], "int64")
    many = read(f"sources/{table}")
    assert many.filter(pc.is_in(many["RECORDID"], mine)).equals(pq.read_table(few / "sources" / table))


@pytest.mark.parametrize("table", ["hmrc/employment", "hmrc/earnings", "hmrc/self_assessment", "dwp/benefits"])
def test_outcomes_do_not_depend_on_the_size_of_the_population(few: Path, read: Read, table: str) -> None:
    numbers = read("truth/entities.parquet").filter((pc.field("person_id") <= FEW) & (pc.field("source") == "cis"))
    many = read(f"sources/{table}")
    mine = many.filter(pc.is_in(many["NINO"], numbers["entity_key"]))
    assert mine.equals(pq.read_table(few / "sources" / table))


def test_persons_do_not_depend_on_the_size_of_the_population(few: Path, read: Read) -> None:
    assert read("truth/persons").slice(0, FEW).equals(pq.read_table(few / "truth/persons"))
