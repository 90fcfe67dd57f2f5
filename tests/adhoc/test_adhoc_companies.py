"""Names of companies are compared without legal forms, whatever their column is called and in whatever script."""

from pathlib import Path

import pytest

from linkage.adhoc.fields import persons
from linkage.adhoc.fields.spellings import are_of_companies, organisations
from linkage.adhoc.headers.recognise import recognise
from linkage.adhoc.two_files import Asked, two_files
from linkage.engine import Engine, rows
from tests.adhoc.conftest import write_csv

FIRMS = [
    f"{one}{two}" for one in ("Nor", "Vita", "Alva", "Cura", "Lux") for two in ("pharm", "gen", "cor", "lab", "med")
]


def test_makers_are_compared_without_their_legal_forms(duckdb_engine: Engine, tmp_path: Path) -> None:
    made = [(n, FIRMS[n % len(FIRMS)], f"Lamp {n * 7 % 91}") for n in range(100)]
    left = [{"nr": n, "hersteller": f"{firm} GmbH", "artikel": lamp} for n, firm, lamp in made]
    right = [{"key": n, "maker": f"{firm} Ltd", "artikel": lamp} for n, firm, lamp in made]
    files = write_csv(tmp_path / "left.csv", left), write_csv(tmp_path / "right.csv", right)
    read = two_files(duckdb_engine, Asked(*files), tmp_path / "scratch")
    held = [sorted(row["hersteller"] for row in rows(duckdb_engine, side)) for side in read.sides]
    assert held[0] == held[1] == sorted(firm.upper() for _, firm, _ in made)


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("(주)대성테크", "DAESEONGTEKEU"),
        ("대성테크 주식회사", "DAESEONGTEKEU"),
        ("ООО Ромашка", "ROMASHKA"),
        ("Аорта", "AORTA"),
        ("北京华美有限公司", "BEIJINGHUAMEI"),
        ("株式会社", "ZHUSHIHUISHE"),
        ("Smith & Sons Ltd", "SMITH SONS"),
    ],
)
def test_legal_forms_of_other_scripts_are_left_out(
    duckdb_engine: Engine, tmp_path: Path, written: str, bare: str
) -> None:
    path = write_csv(tmp_path / "firms.csv", [{"id": 1, "company": written}, {"id": 2, "company": "Lux"}])
    file = persons.read(duckdb_engine, path, tmp_path / "scratch", delimiter=None, encoding="utf-8")
    ((file, column),) = organisations(duckdb_engine, [(file, "company")])
    assert {row[column] for row in rows(duckdb_engine, file.table)} == {bare, "LUX"}


def test_names_that_end_in_no_legal_form_are_of_no_companies() -> None:
    assert are_of_companies({"Lux GmbH": 1, "Norlab": 2})
    assert not are_of_companies({"Lux GmbH": 1, "Norlab": 9})
    assert not are_of_companies({})


def test_a_headers_word_for_a_company_is_known_in_other_scripts() -> None:
    found = recognise(["연번", "업체명", "전화번호"], ["id", "Организация", "телефон"])
    assert (found.left["organisation"], found.right["organisation"]) == ("업체명", "Организация")
