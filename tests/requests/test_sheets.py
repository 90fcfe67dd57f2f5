"""Requests that were filled in as spreadsheets say what their TOML would."""

import datetime
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from linkage.catalogue import shipped
from linkage.errors import ConfigError
from linkage.requests.check import application_of, faults_of
from linkage.requests.request import read_request
from tests.requests.faulty import TODAY, good

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def sheets_of(raw: dict[str, Any]) -> dict[str, list[list[Any]]]:
    """A request as somebody would fill it into the sheets."""
    people = ["name", "role", "accreditation", "accredited_until", "reason"]
    packages = ["name", "phases", "years", "justification"]
    plain = {
        k: v
        for k, v in raw.items()
        if k not in ("person", "package", "table", "population", "formats", "analysis", "link_metadata")
    }
    plain["sources"] = raw["population"].get("sources", [])
    return {
        "request": [["field", "value"]] + [[k, "; ".join(v) if isinstance(v, list) else v] for k, v in plain.items()],
        "people": [people] + [[person.get(name) for name in people] for person in raw["person"]],
        "packages": [packages]
        + [["; ".join(p[name]) if name == "phases" and name in p else p.get(name) for name in packages] for p in raw["package"]],
        "reasons": [["package", "variable", "reason"]]
        + [[p["name"], *reason] for p in raw["package"] for reason in p.get("reasons", {}).items()],
        "cohorts": [["table", "years"]] + [[c["table"], c["years"]] for c in raw["population"].get("cohort", [])],
        "data": [["table", "variable", "years", "justification", "reason"]]
        + [
            [t["name"], v, t.get("years"), t["justification"], t.get("reasons", {}).get(v)]
            for t in raw["table"]
            for v in t["variables"]
        ],
    }  # fmt: skip


def test_a_workbook_without_fault_is_one(tmp_path: Path) -> None:
    raw = good()
    request, form = read_request(workbook(tmp_path / "study.xlsx", sheets_of(raw)))
    assert form == []
    assert faults_of(application_of(request, shipped(), TODAY)) == []
    assert [(t.name, t.variables, t.reasons) for t in request.table] == [
        (t["name"], tuple(t["variables"]), t.get("reasons", {})) for t in raw["table"]
    ]
    assert request.retention == raw["retention"]
    assert request.person[0].accredited_until == raw["person"][0]["accredited_until"]


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_csv_file_is_the_data_alone(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "list.csv"
    rows = [
        ("table", "variable", "years", "justification", "reason"),
        ("npd.census", "Gender", "2010/11", '"School, and background."', "by sex"),
        ("npd.census", "URN", "2010/11", '"School, and background."', ""),
        ("npd.ks1", "READING", "2010/11", "", ""),
    ]
    path.write_text("".join(f"{separator.join(row)}\r\n" for row in rows) + "\r\n", encoding="utf-8-sig")
    request, form = read_request(path)
    assert form == []
    assert [(t.name, t.variables, t.years, t.justification, t.reasons) for t in request.table] == [
        ("npd.census", ("Gender", "URN"), "2010/11", "School, and background.", {"Gender": "by sex"}),
        ("npd.ks1", ("READING",), "2010/11", "", {}),
    ]
    told = {(fault.rule, fault.place) for fault in faults_of(application_of(request, shipped(), TODAY), form)}
    assert {("not-held", "table npd.ks1"), ("aims", "aims"), ("people", "person")} <= told


def test_years_that_a_spreadsheet_took_for_a_month_are_years(tmp_path: Path) -> None:
    head = ["table", "variable", "years", "justification", "reason"]
    june, text = datetime.datetime(2005, 6, 1), "2012/13"
    path = workbook(tmp_path / "r.xlsx", {
        "data": [head, ["npd.census", "URN", june, "why", None], ["npd.ks4", "URN", text, "why", None]],
        "cohorts": [["table", "years"], ["npd.ks4", datetime.datetime(2011, 12, 1)]],
    })  # fmt: skip
    request, form = read_request(path)
    assert form == []
    assert [table.years for table in request.table] == ["2005/06", "2012/13"]
    assert request.population.cohort[0].years == "2011/12"
    (tmp_path / "r.csv").write_text("table,variable,years\nnpd.census,URN,Jun-05\nnpd.ks4,URN,May-05\n")
    assert [table.years for table in read_request(tmp_path / "r.csv")[0].table] == ["2005/06", "May-05"]


@pytest.mark.parametrize(
    ("sheets", "says"),
    [
        ({"dates": [["table"]]}, "no sheet is called 'dates'"),
        ({"data": [["table", "varable"]]}, "sheet data has no column 'varable'"),
        ({"data": [["table", "variable", "table"]]}, "sheet data has two columns 'table'"),
        (
            {"data": [["table", None], ["npd.ks4", None, "so"]]},
            r"sheet data, row 2: a cell has no heading \(1 such row\)",
        ),
        (
            {"request": [["field", "value"], ["audience", "schools"], ["aims", "a"], ["audience", "the press"]]},
            "sheet request has two rows 'audience'",
        ),
    ],
)
def test_unknown_names_are_told(tmp_path: Path, sheets: dict[str, list[list[Any]]], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_request(workbook(tmp_path / "study.xlsx", sheets))


def test_a_person_in_the_place_of_headings_is_not_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "study.xlsx", {"people": [["Jane Quibblewick", "lead researcher"]]})
    with pytest.raises(ConfigError, match="sheet people has no row of headings") as refused:
        read_request(path)
    assert "quibblewick" not in str(refused.value).lower()


def test_what_is_no_spreadsheet_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.xlsx").write_bytes(b"no workbook")
    (tmp_path / "bad.csv").write_bytes(b"table,\xff\xfe")
    for name, says in (("bad.xlsx", "not a workbook"), ("bad.csv", "not CSV in UTF-8"), ("none.csv", "no such file")):
        with pytest.raises(ConfigError, match=says):
            read_request(tmp_path / name)


def test_rows_beyond_the_size_that_a_sheet_gives_are_read(tmp_path: Path) -> None:
    """Other programs write a size that is not the sheet's, and what was asked for would be lost unseen."""
    path = workbook(tmp_path / "study.xlsx", sheets_of(good()))
    usual, _ = read_request(path)
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B2"', content))
    assert read_request(path) == (usual, [])
