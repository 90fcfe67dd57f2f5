"""CSV says the same as Parquet, in the form that RFC 4180 gives it and the page of the population promises."""

import csv
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthetic import synthesise
from synthetic.files import join, write

PEOPLE = 600


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same people in either format, in chunks of 250."""
    folder = tmp_path_factory.mktemp("formats")
    for form in ("parquet", "csv"):
        synthesise(folder / form, PEOPLE, format=form, workers=1, chunk=250)
    return {form: folder / form for form in ("parquet", "csv")}


def test_every_row_is_the_same_in_csv(both: dict[str, Path]) -> None:
    tables = {path.parent.relative_to(both["parquet"]) for path in both["parquet"].rglob("part-*.parquet")}
    assert len(tables) >= 14
    for table in sorted(tables):
        held = pq.read_table(both["parquet"] / table)
        read = [row for part in sorted((both["csv"] / table).glob("*.csv")) for row in cells(part)]
        readers = [reader(field.type) for field in held.schema]
        rows = zip(*(held[name].to_pylist() for name in held.column_names), strict=True)
        assert [tuple(map(call, readers, row)) for row in read] == list(rows), table
    entities = cells(both["csv"] / "truth/entities.csv")
    assert [(s, k, int(p)) for s, k, p in entities] == [
        tuple(row.values()) for row in pq.read_table(both["parquet"] / "truth/entities.parquet").to_pylist()
    ]
    assert not list(both["csv"].rglob("*.parquet"))


def test_the_same_arguments_give_the_same_bytes_of_csv(both: dict[str, Path], tmp_path: Path) -> None:
    synthesise(tmp_path / "again", PEOPLE, format="csv", workers=2, chunk=250)
    first = sorted(path.relative_to(both["csv"]) for path in both["csv"].rglob("*") if path.is_file())
    assert first == sorted(p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*") if p.is_file())
    for path in first:
        assert (tmp_path / "again" / path).read_bytes() == (both["csv"] / path).read_bytes(), path


def test_how_each_kind_of_value_is_written(tmp_path: Path) -> None:
    day = datetime.date(2004, 2, 29)
    table = pa.table(
        {
            "text": pa.array(['say "a, b"', None, ""]).dictionary_encode(),
            "whole": pa.array([12_345_678, None, -1], pa.int64()),
            "number": [0.5, None, 12.0],
            "date": pa.array([day, None, day]),
            "flag": [True, None, False],
            "names": pa.array([["A", "B"], None, []], pa.list_(pa.string())),
            "days": pa.array([[None, day], None, []], pa.list_(pa.date32())),
        }
    )
    assert write(tmp_path, 7, table, "csv") == 3
    assert (tmp_path / "part-00007.csv").read_bytes().decode().split("\r\n") == [
        '"text","whole","number","date","flag","names","days"',
        '"say ""a, b""",12345678,0.5,2004-02-29,true,"A|B","|2004-02-29"',
        ",,,,,,",
        '"",-1,12,2004-02-29,false,"",""',
        "",
    ]


def test_parts_are_joined_in_their_order_under_one_header(tmp_path: Path) -> None:
    for part, key in enumerate(("a", "b")):
        write(tmp_path / "parts", part, pa.table({"source": ["npd"], "key": [key]}))
    assert join(sorted((tmp_path / "parts").iterdir()), tmp_path / "all.csv") == 2
    assert cells(tmp_path / "all.csv", header=True) == [["source", "key"], ["npd", "a"], ["npd", "b"]]


def cells(path: Path, *, header: bool = False) -> list[list[str]]:
    """The cells of a file as Python's own reader finds them."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, strict=True))[0 if header else 1 :]


def reader(kind: pa.DataType) -> Callable[[str], Any]:
    """From a cell to the value that Parquet has."""
    if pa.types.is_list(kind):
        inner = reader(kind.value_type)
        return lambda cell: [inner(value) for value in cell.split("|")]
    plain: dict[pa.DataType, Callable[[str], Any]] = {
        pa.string(): str,
        pa.int64(): int,
        pa.float64(): float,
        pa.date32(): datetime.date.fromisoformat,
        pa.bool_(): {"true": True, "false": False}.__getitem__,
    }
    return lambda cell: plain[kind](cell) if cell else None


def call(read: Callable[[str], Any], cell: str) -> Any:
    return read(cell)
