"""Files of statistics programs are read as they are, and of kinds that are not read a message says what to do."""

import datetime
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pyreadstat
import pytest
from pyarrow import feather

from linkage.adhoc.fields import persons
from linkage.adhoc.files import other_programs
from linkage.engine import Engine, rows
from linkage.errors import InputError

PEOPLE = pd.DataFrame(
    {
        "id": [1.0, 2.0, 3.0],
        "forename": ["Änne", "Bo", ""],
        "surname": ["Ray", "Lee", "Oh"],
        "dob": [datetime.date(1984, 5, 3), None, datetime.date(1890, 1, 31)],
        "sex": [2.0, 1.0, None],
        "height": [1.8, None, 1.75],
        "nobody": [None, None, None],
    }
)
SEXES = {"variable_value_labels": {"sex": {1: "Male", 2: "Female"}}}
READ = [
    ("1", "Änne", "Ray", "1984-05-03", "Female", 1.8, None),
    ("2", "Bo", "Lee", None, "Male", None, None),
    ("3", None, "Oh", "1890-01-31", None, 1.75, None),
]
WRITERS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "people.sav": lambda people, path: pyreadstat.write_sav(people, path, **SEXES),
    "people.zsav": lambda people, path: pyreadstat.write_sav(people, path, compress=True, **SEXES),
    "people.dta": lambda people, path: pyreadstat.write_dta(people, path, **SEXES),
    "people.xpt": lambda people, path: pyreadstat.write_xport(people, path, file_format_version=8),
    "SPSS under the name of text.csv": lambda people, path: pyreadstat.write_sav(people, path, **SEXES),
}
ARROW: dict[str, Callable[[pa.Table, Path], object]] = {
    "people.feather": feather.write_feather,
    "people.arrow": lambda people, path: feather.write_feather(people, path, compression="uncompressed"),
    "people.orc": orc.write_table,
    "Parquet under the name of text.csv": pq.write_table,
}


def _read(engine: Engine, path: Path) -> list[tuple[object, ...]]:
    file = persons.read(engine, path, path.parent / "scratch", delimiter=None, encoding=None)
    assert file.path == path
    held = "cast(id as varchar) as id, forename, surname, cast(dob as varchar) as dob, sex, height, nobody"
    return [tuple(row.values()) for row in rows(engine, engine.sql(f"select {held} from {{t}}", t=file.table))]


def _people() -> pd.DataFrame:
    """Without the column that nobody knows, which these programs write as text."""
    return PEOPLE.assign(nobody="")


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("at_a_time", [2, 3, 500_000])
def test_a_file_of_a_statistics_program_is_read(
    name: str, at_a_time: int, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_programs, "_ROWS", at_a_time)
    WRITERS[name](_people(), tmp_path / name)
    found = _read(engine, tmp_path / name)
    if name.endswith(".xpt"):  # has no labels
        found = [(*row[:4], {2: "Female", 1: "Male"}.get(row[4]), *row[5:]) for row in found]  # type: ignore[call-overload]
    assert found == READ


@pytest.mark.parametrize("name", ARROW)
def test_a_table_of_arrow_is_read_whatever_its_name(name: str, engine: Engine, tmp_path: Path) -> None:
    people = pa.table(
        {
            **{column: pa.array(PEOPLE[column], from_pandas=True) for column in ("id", "surname", "dob", "height")},
            "forename": ["Änne", "Bo", None],
            "sex": ["Female", "Male", None],
            "nobody": pa.array([None, None, None], pa.string()),
        }
    )
    ARROW[name](people.set_column(0, "id", people["id"].cast(pa.int64())), tmp_path / name)
    assert _read(engine, tmp_path / name) == READ


def test_values_without_a_label_stay_what_they_are(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "people.sav"
    years = pd.DataFrame({"forename": ["Ann", "Bo"], "birth_year": [1984.0, 9999.0]})
    pyreadstat.write_sav(years, path, variable_value_labels={"birth_year": {9999: "Unknown"}})
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert [row["birth_year"] for row in rows(engine, file.table)] == ["1984", "Unknown"]


def test_numbers_that_no_whole_number_holds_stay_as_they_are(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "people.sav"
    pyreadstat.write_sav(pd.DataFrame({"forename": ["Ann", "Bo"], "number": [1e20, 2.0]}), path)
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert [row["number"] for row in rows(engine, file.table)] == [1e20, 2.0]


@pytest.mark.parametrize("name", [name for name in [*WRITERS, *ARROW] if " " not in name])
def test_a_damaged_file_is_told_without_what_it_holds(name: str, engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"SECRETNAME" * 100)
    with pytest.raises(InputError, match=f"^{path}: an? .* that is damaged, or of a version") as error:
        _read(engine, path)
    assert "SECRETNAME" not in str(error.value)


def test_a_file_without_rows_is_told_under_its_own_name(engine: Engine, tmp_path: Path) -> None:
    pyreadstat.write_sav(_people().head(0).astype({"id": float}), tmp_path / "people.sav")
    with pytest.raises(InputError, match=r"people\.sav: the file holds a header and no rows"):
        _read(engine, tmp_path / "people.sav")


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [
        ("people.db", b"SQLite format 3\x00", "an SQLite database, not a table of persons\n  write its table"),
        ("people.db", bytes(8) + b"DUCK", "a DuckDB database, not a table of persons\n  write its table"),
        ("people.csv", b"PK\x03\x04", "a workbook or an archive, which its name does not say\n  give it"),
        ("people.txt", b"\x1f\x8b\x08", "a compressed file, which its name does not say\n  give it"),
        ("people.rds", b"\x1f\x8b\x08", "what R saved, not a table of persons\n  write it in R: arrow::write_parquet"),
        ("people.docx", b"PK\x03\x04", "a document, not a table of persons\n  save its table as CSV"),
        ("people.csv.bz2", b"BZh9\x31AY&SY", "a file packed by bzip2, which is not read\n  unpack it"),
        ("people.csv", b"\xfd7zXZ\x00", "a file packed by xz, which is not read\n  unpack it"),
        ("people.csv", b"people.csv".ljust(257, b"\0") + b"ustar", "an archive, which is not read\n  unpack it"),
        ("people.csv", b"<!DOCTYPE html>", "a page of the web, and no table of persons\n  fetch the file itself"),
        ("people.csv", b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS, and not the file"),
        ("people.accdb", b"\x00\x01", "an Access database, not a table of persons\n  export its table"),
    ],
)
def test_of_a_kind_that_is_not_read_what_to_do_is_said(
    name: str, held: bytes, said: str, engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(held + b"SECRETNAME" * 20)
    with pytest.raises(InputError) as error:
        _read(engine, tmp_path / name)
    assert str(error.value).startswith(f"{tmp_path / name}: {said}")
    assert "SECRETNAME" not in str(error.value)
