"""Columns of where somebody lives, which are a town in one register and a whole address in another."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from linkage.adhoc.fields import persons
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.places.addresses import with_dwellings
from linkage.engine import Engine
from tests.adhoc.conftest import write_csv


@pytest.mark.parametrize(
    ("dwellings", "field"),
    [
        (["12 High Street, Leeds, LS1 4AB", "7a Mill Lane, Stoke on Trent, ST4 2DQ", "Rose House, York"], "address"),
        (["Via Roma, 54, 84949 Roma", "Piazza Dante 7, 20121 Milano", "Corso Italia 101, Bari"], "address"),
        (["Leeds", "Stoke on Trent", "York 12"], "town"),
        (["LS1 4AB Leeds, UK", "ST4 2DQ Stoke on Trent, UK", "YO1 7HH York, UK"], "town"),
        (["20121 Milano, MI", "84949 Roma, RM", "Bari"], "town"),
    ],
)
def test_where_somebody_lives_is_an_address_where_it_has_houses(
    engine: Engine, tmp_path: Path, dwellings: Sequence[str], field: str
) -> None:
    held = [{"id": str(n), "forename": "Ann", "surname": "Lee", "Residenza": at} for n, at in enumerate(dwellings)]
    path = write_csv(tmp_path / "people.csv", held)
    files = [persons.read(engine, path, tmp_path / side, delimiter=",", encoding="utf-8") for side in ("a", "b")]
    columns = with_dwellings(engine, files, recognise(files[0].header, files[1].header))
    for of in (columns.left, columns.right):
        assert {name for name, column in of.items() if column == "Residenza"} == {field}
