"""Born, geboren, nascita: when or where, by what the column holds."""

from pathlib import Path

import pytest

from linkage.adhoc.columns.columns_of import columns_of, columns_of_one
from linkage.adhoc.fields import persons
from linkage.adhoc.files.person_file import PersonFile
from linkage.engine import Engine


def _file(engine: Engine, folder: Path, header: str, *ends: str) -> PersonFile:
    lines = [f"{n},Ann{n % 7},Lee{n % 5},{ends[n % len(ends)]}" for n in range(40)]
    path = folder / f"{header}-{len(ends)}.csv"
    path.write_text("\n".join([f"id,forename,surname,{header}", *lines]), encoding="utf-8")
    return persons.read(engine, path, folder / f"scratch-{path.stem}", delimiter=",", encoding=None)


@pytest.mark.parametrize("header", ["Born", "geboren", "nascita"])
def test_a_column_of_places_is_no_birth_date(header: str, engine: Engine, tmp_path: Path) -> None:
    """It was refused as a birth date that holds no date, whatever else the files had."""
    places = _file(engine, tmp_path, header, "Leeds", "Hull", "York", "")
    found = columns_of(engine, [places, _file(engine, tmp_path, "birthplace", "Leeds", "Hull")])
    assert (found.left["birth_place"], "dob" in found.left) == (header, False)
    assert f"left.birth_place={header}" in found.by_content
    assert columns_of_one(engine, places).left["birth_place"] == header


def test_a_column_of_dates_is_one(engine: Engine, tmp_path: Path) -> None:
    dates = _file(engine, tmp_path, "Born", "3 May 1984", "1985", "", "not known")
    assert columns_of_one(engine, dates).left["dob"] == "Born"


def test_a_column_that_the_analyst_names_is_what_they_say(engine: Engine, tmp_path: Path) -> None:
    places = _file(engine, tmp_path, "Born", "Leeds", "Hull")
    assert columns_of_one(engine, places, ["dob=Born"]).left["dob"] == "Born"
