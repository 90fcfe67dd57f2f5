"""Names under what somebody is, names in full that are called long, and the first part of a postcode."""

from pathlib import Path

import pytest

from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.options import say_recognised
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine, rows

PEOPLE = (("Ana", "Ruiz"), ("Bo", "Lund"), ("Cleo", "Hart"), ("Dan", "Voss"))


@pytest.mark.parametrize("role", ["Player", "athlete", "Mother", "Mutter", "leerling", "Élève"])
def test_a_role_is_a_name_in_full_beside_a_long_name(duckdb_engine: Engine, tmp_path: Path, role: str) -> None:
    left = "".join(f"{n},{f[0]}. {s},{f} {s},199{n}-01-02\n" for n, (f, s) in enumerate(PEOPLE))
    right = "".join(f"{n},{f} {s},199{n}-01-02\n" for n, (f, s) in enumerate(PEOPLE))
    (tmp_path / "left.csv").write_text(f"id,short_name,long_name,dob\n{left}", encoding="utf-8")
    (tmp_path / "right.csv").write_text(f"id,{role},born\n{right}", encoding="utf-8")
    asked = Asked(tmp_path / "left.csv", tmp_path / "right.csv")
    read = two_files(duckdb_engine, asked, tmp_path / "scratch", say_recognised)
    for side in read.sides:
        held = sorted((row["forename"], row["surname"]) for row in rows(duckdb_engine, side))
        assert held == [(first.upper(), last.upper()) for first, last in PEOPLE]


@pytest.mark.parametrize("name", ["Postcode area", "part_postcode", "PC Area"])
def test_a_part_of_a_postcode_is_one(name: str) -> None:
    found = recognise(["id", "forename", "surname", "postcode"], ["ref", "forename", "surname", name])
    assert found.right["postcode"] == name
