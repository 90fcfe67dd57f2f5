"""Several names or telephones in one cell: the one that the other file has is compared."""

from pathlib import Path

from linkage.adhoc.fields.kinds import kinds_of
from linkage.adhoc.options import say_recognised
from linkage.adhoc.two_files import Asked, TwoFiles, two_files
from linkage.engine import Engine, rows

OWNERS = """id,owners,phones,town
1,Rossi Ada; Bianchi Ugo,3331000001 / 3331000002,Como
2,Verdi Lea,030 / 1234567,Como
3,Bianchi Ugo; Neri Pia; Gallo Rita,3331000003; 3331000004,Lecco
4,Conti Elio & Conti Eva,3331000005,Lecco
"""
CALLERS = """ref,forename,surname,phone,town
11,Ugo,Bianchi,+39 333 1000002,Como
12,Lea,Verdi,0301234567,Como
13,Rita,Gallo,3331000004,Lecco
14,Aldo,Conti,3331000005,Lecco
15,Ugo,Bianchi,3331000009,Lecco
"""


def _read(engine: Engine, folder: Path, owners: str = OWNERS) -> TwoFiles:
    for name, text in (("left.csv", owners), ("right.csv", CALLERS)):
        (folder / name).write_text(text, encoding="utf-8")
    maps = ["left.full_name=owners", "left.phone=phones"]
    return two_files(engine, Asked(folder / "left.csv", folder / "right.csv", maps), folder / "scratch", say_recognised)


def test_of_several_in_a_cell_the_one_that_the_other_file_has_is_compared(
    duckdb_engine: Engine, tmp_path: Path
) -> None:
    read = _read(duckdb_engine, tmp_path)
    held = sorted(rows(duckdb_engine, read.sides[0]), key=lambda row: row["unit_id"])
    # Of the third's owners two are in the other file: one of them twice, so that the other says more. Nobody has the
    # names of the fourth: the first. An area code is no telephone by itself.
    assert [(row["forename"], row["surname"], row["phone"]) for row in held] == [
        ("UGO", "BIANCHI", "331000002"),
        ("LEA", "VERDI", "301234567"),
        ("RITA", "GALLO", "331000004"),
        ("ELIO", "CONTI", "331000005"),
    ]


def test_forename_and_surname_with_a_sign_between_are_one_name(duckdb_engine: Engine, tmp_path: Path) -> None:
    left = "id,owners,phones,town\n1,Rossi; Ada,3331000001,Como\n2,Verdi; Lea,3331000002,Lecco\n3,De Sica; Ugo Maria,,Como\n"
    read = _read(duckdb_engine, tmp_path, left)
    held = sorted(rows(duckdb_engine, read.sides[0]), key=lambda row: row["unit_id"])
    assert {"ADA", "ROSSI"} == {held[0]["forename"], held[0]["surname"]}
    assert {"LEA", "VERDI"} == {held[1]["forename"], held[1]["surname"]}


def test_serial_numbers_are_told_by_each_record_having_its_own(duckdb_engine: Engine) -> None:
    values = ", ".join(f"({n}, 'A{n:05}X', 'B{n // 4:05}X', 'PART {n:05}')" for n in range(400))
    side = duckdb_engine.sql(f"select * from (values {values}) as t(unit_id, serial, batch, called)", params=None)
    kinds = kinds_of(duckdb_engine, side, side, postcodes=False)
    assert kinds == {"serial": "own number", "batch": "code", "called": "text"}
