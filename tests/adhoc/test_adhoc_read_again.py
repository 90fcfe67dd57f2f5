"""Files read again give the units that were linked, also where they had to be brought into one shape first."""

import json
from pathlib import Path

from linkage.adhoc.fields import persons
from linkage.adhoc.fields.alike import alike
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.read_again import read_again, told
from linkage.adhoc.two_files import sides_of
from linkage.engine import connect, rows
from tests.adhoc.conftest import write_csv

LEFT = [
    {"id": "1", "full_name": "Smith, Anna Maria", "dob": "12/05/1980", "town": "Leeds"},
    {"id": "2", "full_name": "Khan, Omar", "dob": "01/02/1975", "town": "York"},
    {"id": "3", "full_name": "Müller, Eva", "dob": "30/11/1990", "town": "Hull"},
]
RIGHT = [
    {"key": "a", "forename": "ANNA", "surname": "SMITH", "year_of_birth": "1980", "town": "LEEDS"},
    {"key": "b", "forename": "EVA", "surname": "MUELLER", "year_of_birth": "1990", "town": "HULL"},
]


def test_names_in_full_and_years_alone_come_out_as_they_were_compared(tmp_path: Path) -> None:
    paths = [write_csv(tmp_path / "left.csv", LEFT), write_csv(tmp_path / "right.csv", RIGHT)]
    with connect("duckdb") as engine:
        files = [persons.read(engine, path, tmp_path / path.stem, delimiter=None, encoding="utf-8") for path in paths]
        columns = recognise(files[0].header, files[1].header, ids=("id", "key"))
        shaped, at = alike(engine, files, columns)
        units, ids, _ = sides_of(engine, shaped, at)
        linked = dict(zip(("left", "right"), zip(units, ids, strict=True), strict=True))
        by_side = dict(zip(("left", "right"), files, strict=True))
        said = json.loads(json.dumps(told(by_side, columns, delimiter=None, postcodes=False)))
        again = read_again(engine, said, [], tmp_path / "again")
        for side, tables in linked.items():
            for before, after in zip(tables, again[side], strict=True):
                assert _sorted(rows(engine, after)) == _sorted(rows(engine, before))
        units = {(row["forename"], row["surname"], row["dob"]) for row in rows(engine, again["left"][0])}
        assert units == {
            ("ANNA", "SMITH", "1980-00-00"),
            ("OMAR", "KHAN", "1975-00-00"),
            ("EVA", "MULLER", "1990-00-00"),
        }


def _sorted(found: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(found, key=lambda row: int(str(row["unit_id"])))
