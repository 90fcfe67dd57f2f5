"""Telephones and addresses of mail of which a file has several columns: the one that the other file has is compared."""

import random
from pathlib import Path

import pytest

from linkage.adhoc.headers.further_contacts import with_further_contacts
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.options import say_recognised
from linkage.adhoc.two_files import Asked, TwoFiles, two_files
from linkage.engine import Engine, rows

CUSTOMERS = """id,first_name,last_name,Home phone,Work phone,Mobile,email,email_2
1,Ann,Weber,01132000001,,07900 000001,ann@post.example,weber@firm.example
2,Bert,Weber,01132000001,01142000002,07900 000002,,BERT@firm.example
3,Carl,Koch,01132000003,,07900 000003,carl@post.example,
4,Dora,Kern,,,,dora@post.example,kern@firm.example
5,Eve,Moor,none,01142000005,,,
"""
ENQUIRIES = """ref,forename,surname,telephone,e-mail
11,Ann,Weber,0044 113 2000001,weber+news@firm.example
12,Bert,Weber,+44 7900 000002,bert@firm.example
13,Carl,Koch,01139999999,other@post.example
14,Dora,Kern,07900 000004,
15,Eve,Moor,(0114) 2000005,eve@post.example
16,Fay,Weber,0113 2000001,
"""


def _read(engine: Engine, folder: Path, left: str, right: str) -> TwoFiles:
    for name, text in (("left.csv", left), ("right.csv", right)):
        (folder / name).write_text(text, encoding="utf-8")
    return two_files(engine, Asked(folder / "left.csv", folder / "right.csv"), folder / "scratch", say_recognised)


def _held(engine: Engine, read: TwoFiles, side: int, field: str) -> list[str | None]:
    return [row[field] for row in sorted(rows(engine, read.sides[side]), key=lambda row: row["unit_id"])]


def test_of_several_telephones_the_one_that_the_other_file_has_is_compared(
    duckdb_engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = _read(duckdb_engine, tmp_path, CUSTOMERS, ENQUIRIES)
    # Bert's own number says more than the one at home, which Ann and Fay were reached by; nobody has Carl's: the first.
    assert _held(duckdb_engine, read, 0, "phone") == ["1132000001", "7900000002", "7900000003", None, "1142000005"]
    assert _held(duckdb_engine, read, 1, "phone")[:2] == ["1132000001", "7900000002"]
    shown = capsys.readouterr().err
    assert "Mobile Home phone Work phone telephone" in " ".join(shown.split())
    assert "taken for nothing" not in shown


def test_of_several_addresses_of_mail_too(duckdb_engine: Engine, tmp_path: Path) -> None:
    read = _read(duckdb_engine, tmp_path, CUSTOMERS, ENQUIRIES)
    mails = ["weber@firm.example", "bert@firm.example", "carl@post.example", "dora@post.example", None]
    assert [mail and mail.lower() for mail in _held(duckdb_engine, read, 0, "email")] == mails


def test_columns_of_contacts_are_told_by_their_names() -> None:
    one = [
        "id",
        "surname",
        "Mobile",
        "Tel2",
        "Telefon dienstlich",
        "Mother Phone",
        "Phone type",
        "Other Email",
        "phone_ok",
    ]
    other = ["id", "surname", "phone"]
    columns = with_further_contacts([one, other], recognise(one, other))
    assert columns.left["phone"] == "Mobile"
    assert columns.left_parts == {"phone 2": "Tel2", "phone 3": "Telefon dienstlich"}  # the other file has no e-mail
    assert columns.right_parts == {}


def test_what_an_analyst_names_is_compared_alone() -> None:
    one, other = ["id", "surname", "Mobile", "Home Tel"], ["id", "surname", "phone"]
    columns = recognise(one, other, ["left.phone=Home Tel"])
    assert with_further_contacts([one, other], columns, {"Home Tel"}) == columns


def test_columns_that_both_files_call_alike_are_compared_each(duckdb_engine: Engine, tmp_path: Path) -> None:
    read = _read(duckdb_engine, tmp_path, CUSTOMERS, ENQUIRIES.replace("telephone", "Home phone"))
    assert (read.columns.left["phone"], read.columns.right["phone"]) == ("Mobile", "Home phone")
    assert read.columns.left_parts == {"phone 2": "Home phone", "phone 3": "Work phone", "email 2": "email_2"}
    both = ENQUIRIES.replace("telephone,e-mail", "mobile,Home phone")
    assert {"phone", "home_phone"} <= set(_read(duckdb_engine, tmp_path, CUSTOMERS, both).columns.fields)


def test_dialled_numbers_under_an_unknown_name_are_the_other_file_s_telephones(
    duckdb_engine: Engine, tmp_path: Path
) -> None:
    drawn = random.Random(1)
    customers = ["id,forename,surname,Home Tel,Mobile"]
    calls = ["call,forename,surname,line"]
    for n in range(200):
        name = f"{chr(65 + n % 26)}{'aeiou'[n % 5]}{chr(97 + n % 23)}a,{chr(66 + n % 19)}{'ouiea'[n % 5]}{chr(98 + n % 17)}er"
        own, home = f"07{drawn.randrange(10**9):09d}", f"0113{drawn.randrange(10**7):07d}"
        customers.append(f"{n},{name},{home},+44 {own[1:]}")
        calls += [f"{n}a,{name},{own if n % 3 else '0044' + own[1:]}", f"{n}b,{name},{home}"]
    read = _read(duckdb_engine, tmp_path, "\n".join(customers), "\n".join(calls))
    assert (read.columns.right["phone"], read.columns.left_parts) == ("line", {"phone 2": "Mobile"})
