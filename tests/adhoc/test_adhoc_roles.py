"""Names in full under what somebody is: taken by what the column holds, where the file names nobody else."""

from pathlib import Path

import pytest

from linkage.adhoc.columns.columns_of import columns_of, columns_of_one
from linkage.adhoc.fields import persons
from linkage.adhoc.files.person_file import PersonFile
from linkage.adhoc.headers.recognise import Columns
from linkage.engine import Engine

NAMES = ["RAY, ANN B.", "Bo Lee", "Cy Orr", "Poe, Di", "Ed de Fox", "Flo Gray", "Hal Ives", "Ida Jay"]


def _file(engine: Engine, folder: Path, header: str, names: list[str]) -> PersonFile:
    lines = [f'{n},"{name}",Town {n % 3}' for n, name in enumerate(names * 5)]
    path = folder / f"{header.replace(',', '-')}.csv"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    return persons.read(engine, path, folder / f"scratch-{path.stem}", delimiter=None, encoding=None)


def _of_one(engine: Engine, folder: Path, header: str, names: list[str]) -> Columns:
    return columns_of_one(engine, _file(engine, folder, header, names))


@pytest.mark.parametrize("role", ["Inventor", "attendee", "Erfinder", "officer_name", "Claimant", "Lehrling"])
def test_what_somebody_is_names_who_it_is(role: str, engine: Engine, tmp_path: Path) -> None:
    found = _of_one(engine, tmp_path, f"id,{role},city", NAMES)
    assert {"forename", "surname"} <= set(found.fields)
    assert found.left_parts["full_name"] == role
    assert found.by_content == (f"full_name={role}",)


def test_of_two_files_each_may_call_them_by_another_role(engine: Engine, tmp_path: Path) -> None:
    files = [_file(engine, tmp_path, "id,Participant,city", NAMES), _file(engine, tmp_path, "id,Delegate,city", NAMES)]
    assert {"forename", "surname", "town"} <= set(columns_of(engine, files).fields)


def test_a_registered_name_is_a_persons_beside_persons(engine: Engine, tmp_path: Path) -> None:
    files = [_file(engine, tmp_path, "id,registered_name,city", NAMES), _file(engine, tmp_path, "id,name,city", NAMES)]
    assert columns_of(engine, files).left_parts["full_name"] == "registered_name"


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("id,participant,city", [f"P{n:03}" for n in range(8)]),
        ("id,candidate,city", ["Forest Cafe Ltd", "The Old Mill", "Hill School", "Crown Foods Ltd"] * 2),
        ("id,author,city", NAMES),
        ("id,seat no,city", NAMES),
    ],
)
def test_numbers_bodies_and_those_named_beside_a_work_are_not(
    header: str, names: list[str], engine: Engine, tmp_path: Path
) -> None:
    assert "surname" not in _of_one(engine, tmp_path, header, names).fields


def test_who_is_named_already_is_not_named_by_the_role(engine: Engine, tmp_path: Path) -> None:
    lines = [f'{n},{name.split()[0].strip(",")},Teller,"{name}"' for n, name in enumerate(NAMES * 5)]
    path = tmp_path / "file.csv"
    path.write_text("\n".join(["id,forename,surname,patient", *lines]), encoding="utf-8")
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=None, encoding=None)
    assert (columns_of_one(engine, file).left["surname"], columns_of_one(engine, file).by_content) == ("surname", ())


@pytest.mark.parametrize("bought", [["Gold Card", "Car Loan"], ["Bank of Hull", "ISA 3 year", "Smith Foods Ltd"]])
def test_a_name_of_what_was_bought_is_nobodys_beside_a_client(
    bought: list[str], engine: Engine, tmp_path: Path
) -> None:
    """Such a file was compared by what its clients bought, and had no link."""
    lines = [f'{n},{bought[n % len(bought)]},"{name}"' for n, name in enumerate(NAMES * 13)]
    path = tmp_path / "file.csv"
    path.write_text("\n".join(["id,name,client", *lines]), encoding="utf-8")
    file = persons.read(engine, path, tmp_path / "scratch", delimiter=",", encoding=None)
    columns = columns_of_one(engine, file)
    assert columns.left_parts["full_name"] == "client"
    assert columns_of_one(engine, file, ["full_name=name"]).left_parts["full_name"] == "name"
