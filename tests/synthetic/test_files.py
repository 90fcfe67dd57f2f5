"""CSV says the same as Parquet, in the form that RFC 4180 gives it and the page of the
population promises.
"""

import csv
import datetime
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.catalogue import shipped
from linkage.catalogue.arrow_types import ARROW_TYPES
from synthetic import synthesise
from synthetic.datapackage import describe, figures, truth_tables
from synthetic.files import join, write
from tests.synthetic.conftest import PEOPLE, Read

COUNT = 600


@pytest.fixture(scope="module")
def formats(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same people in either format, in chunks of 250."""
    folder = tmp_path_factory.mktemp("formats")
    for form in ("parquet", "csv"):
        synthesise(folder / form, COUNT, format=form, workers=1, chunk=250)
    return {form: folder / form for form in ("parquet", "csv")}


def test_every_row_is_the_same_in_csv(formats: dict[str, Path]) -> None:
    tables = {
        path.parent.relative_to(formats["parquet"])
        for path in formats["parquet"].rglob("part-*.parquet")
    }
    assert len(tables) >= 14
    for table in sorted(tables):
        expected = pq.read_table(formats["parquet"] / table)
        csv_rows = [
            row
            for part in sorted((formats["csv"] / table).glob("*.csv"))
            for row in cells(part)
        ]
        readers = [reader(field.type) for field in expected.schema]
        rows = zip(
            *(expected[name].to_pylist() for name in expected.column_names), strict=True
        )
        assert [tuple(map(call, readers, row)) for row in csv_rows] == list(rows), table
    entities = cells(formats["csv"] / "truth/entities.csv")
    assert [(s, k, int(p)) for s, k, p in entities] == [
        tuple(row.values())
        for row in pq.read_table(
            formats["parquet"] / "truth/entities.parquet"
        ).to_pylist()
    ]
    assert not list(formats["csv"].rglob("*.parquet"))


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
    assert cells(tmp_path / "all.csv", header=True) == [
        ["source", "key"],
        ["npd", "a"],
        ["npd", "b"],
    ]


def cells(path: Path, *, header: bool = False) -> list[list[str]]:
    """The cells of a file as Python's own reader finds them."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file, strict=True))[0 if header else 1 :]


def reader(kind: pa.DataType) -> Callable[[str], Any]:
    """From a cell to the value that Parquet has."""
    if pa.types.is_list(kind):
        inner = reader(kind.value_type)
        return lambda cell: [inner(value) for value in cell.split("|")]
    converters: dict[pa.DataType, Callable[[str], Any]] = {
        pa.string(): str,
        pa.int64(): int,
        pa.float64(): float,
        pa.date32(): datetime.date.fromisoformat,
        pa.bool_(): {"true": True, "false": False}.__getitem__,
    }
    return lambda cell: converters[kind](cell) if cell else None


def call(read: Callable[[str], Any], cell: str) -> Any:
    return read(cell)


@pytest.fixture(scope="module")
def packages(population: Path) -> dict[str, dict[str, Any]]:
    """The descriptor of each folder."""
    paths = population.rglob("datapackage.json")
    return {
        path.parent.relative_to(population).as_posix(): json.loads(path.read_text())
        for path in paths
    }


def test_every_file_is_described_with_its_size_and_rows(
    population: Path, packages: dict[str, Any]
) -> None:
    resource_files = set()
    for folder, package in packages.items():
        for resource in package["resources"]:
            paths = (
                [resource["path"]]
                if isinstance(resource["path"], str)
                else resource["path"]
            )
            files = [population / folder / path for path in paths]
            resource_files |= set(files)
            assert resource["leo:bytes"] == sum(file.stat().st_size for file in files)
            assert resource["leo:rows"] == sum(
                pq.read_metadata(file).num_rows for file in files
            )
    assert resource_files == set(population.rglob("*.parquet"))
    truth = {
        resource["name"]: resource["leo:rows"]
        for resource in packages["truth"]["resources"]
    }
    assert truth["persons"] == PEOPLE


def test_fields_are_those_of_the_files_with_the_catalogues_words(
    population: Path, packages: dict[str, Any]
) -> None:
    sources = {
        folder: package
        for folder, package in packages.items()
        if folder.startswith("sources/")
    }
    assert len(sources) >= 6
    for folder, package in sources.items():
        for resource in package["resources"]:
            table = shipped().table(folder.split("/")[1], resource["name"])
            fields = resource["schema"]["fields"]
            schema = pq.read_schema(
                next((population / folder / table.name).glob("*.parquet"))
            )
            assert [(f["name"], ARROW_TYPES[f["type"]]) for f in fields] == list(
                zip(schema.names, schema.types, strict=True)
            )
            assert [f["description"] for f in fields] == [
                v.description for v in table.variable
            ]
            assert resource["schema"].get("primaryKey", []) == list(table.key)


def test_codes_have_their_labels(packages: dict[str, Any]) -> None:
    (customers,) = packages["sources/cis"]["resources"]
    (sex,) = (
        field for field in customers["schema"]["fields"] if field["name"] == "Sex"
    )
    assert sex["constraints"]["enum"] == ["M", "F"]
    assert sex["categories"] == [
        {"value": "M", "label": "Male"},
        {"value": "F", "label": "Female"},
    ]


@pytest.mark.parametrize("table", ["persons", "records", "entities", "errors"])
def test_every_column_of_the_truth_is_described(read: Read, table: str) -> None:
    truth = read("truth/entities.parquet" if table == "entities" else f"truth/{table}")
    columns = {column.name: column.type for column in truth_tables()[table].column}
    kinds = {field.name: kind_of(field.type) for field in truth.schema}
    assert {
        name: kind for name, kind in columns.items() if not name.endswith("_release")
    } == kinds


def kind_of(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {kind_of(kind.value_type)}"
    return {arrow_type: name for name, arrow_type in ARROW_TYPES.items()}[kind]


def test_no_value_of_a_person_stands_in_a_descriptor(
    population: Path, packages: dict[str, Any], read: Read
) -> None:
    words = set(
        re.findall(
            r"\w+", " ".join(json.dumps(package) for package in packages.values())
        )
    )
    assert not words & set(read("sources/cis/customers")["NINO"].to_pylist())
    assert not words & set(map(str, read("truth/records")["record_key"].to_pylist()))


def test_every_table_of_figures_is_named_as_a_source(packages: dict[str, Any]) -> None:
    folder = Path(__file__).parents[2] / "synthetic" / "reference"
    names = ", ".join(one.table for one in figures())
    missing_files = [
        file.name
        for file in folder.iterdir()
        if file.name != "SOURCES.md" and file.name not in names
    ]
    assert not missing_files
    assert len(packages["truth"]["sources"]) == len(figures()) >= 9
    assert all(one.source and one.licence for one in figures())


@pytest.mark.parametrize(
    "folder", ["npd", "ilr", "hesa", "cis", "hmrc", "dwp", "../truth"]
)
def test_frictionless_finds_nothing_wrong_in_csv(
    formats: dict[str, Path], folder: str
) -> None:
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(
        str(formats["csv"] / "sources" / folder / "datapackage.json")
    )
    assert report.valid, report.flatten(["name", "title", "fieldName"])[:5]
    assert all(task.stats["rows"] for task in report.tasks)


def test_a_package_of_parquet_is_a_package(population: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    for path in population.rglob("datapackage.json"):
        package = frictionless.Package.from_descriptor(
            json.loads(path.read_text()), basepath=str(path.parent)
        )
        assert [resource.name for resource in package.resources] == sorted(
            file.name.split(".")[0] for file in path.parent.iterdir() if file != path
        )


def test_one_part_is_a_path_and_several_are_a_list(tmp_path: Path) -> None:
    arguments = {"version": "0"}
    for number, expected in (
        (0, "errors/part-00000.csv"),
        (1, ["errors/part-00000.csv", "errors/part-00001.csv"]),
    ):
        (tmp_path / "truth/errors").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"truth/errors/part-0000{number}.csv").write_bytes(
            b"source,first_release\r\n"
        )
        describe(tmp_path, {"truth/errors": 2}, arguments)
        (resource,) = json.loads((tmp_path / "truth/datapackage.json").read_text())[
            "resources"
        ]
        assert [field["name"] for field in resource["schema"]["fields"]] == [
            "source",
            "first_release",
        ]
        assert (resource["path"], resource.get("bytes")) == (
            expected,
            None if number else 22,
        )


def test_every_delivery_describes_itself(tmp_path: Path) -> None:
    synthesise(tmp_path / "out", 300, releases=2, workers=1)
    folders = {
        p.parent.relative_to(tmp_path / "out").as_posix()
        for p in tmp_path.rglob("datapackage.json")
    }
    assert {
        "release-1/sources/npd",
        "release-2/sources/npd",
        "release-2/sources/dwp",
        "truth",
    } < folders
    truth = json.loads((tmp_path / "out/truth/datapackage.json").read_text())
    errors = next(
        resource for resource in truth["resources"] if resource["name"] == "errors"
    )
    assert [field["name"] for field in errors["schema"]["fields"]][-2:] == [
        "first_release",
        "last_release",
    ]
