"""The public part of a register: approvals with their purposes and data; no person, no
rejection.
"""

import csv
import datetime
from pathlib import Path

import pytest

from linkage.requests.decisions import Ruling, decide, withdraw
from linkage.requests.published import published_rows, rejected_count
from linkage.requests.register import read_register
from quality.report.register import render_register
from tests.requests.test_decisions import DAY, TODAY, apply, approve

SHORT = datetime.date(2026, 5, 20)


@pytest.fixture
def register(tmp_path: Path) -> Path:
    """Five approvals, one in each state, and a rejection."""
    path = tmp_path / "register.jsonl"
    approve(path)
    approve(
        path,
        reference="D-2",
        outcome="approved-with-conditions",
        without=("npd.census.FSMeligible",),
    )
    for number, title in enumerate(("=Ended", "<b>Withdrawn</b>", "To come"), 3):
        day = datetime.date(2026, 7, 1) if title == "To come" else DAY
        expires = SHORT if title == "=Ended" else None
        of = apply(
            lambda raw, number=number, title=title: raw.update(
                id=f"study-{number}", title=f"{title} study"
            )
        )
        decide(path, of, Ruling("approved", f"D-{number}", day, expires))
    withdraw(path, "D-4", TODAY, "Ended.")
    of = apply(lambda raw: raw.update(id="bad", title="Rejected study"))
    decide(path, of, Ruling("rejected", "D-6", DAY, reason="No."))
    return path


def test_each_approval_has_a_row_with_its_state(register: Path) -> None:
    rows = published_rows(read_register(register), TODAY)
    assert [(row["reference"], row["state"]) for row in rows] == [
        ("D-5", "to come"),
        ("D-4", "withdrawn"),
        ("D-3", "ended"),
        ("D-2", "in force"),
        ("D-1", "replaced"),
    ]
    assert rejected_count(read_register(register)) == 1
    assert [(row["withdrawn"], row["withdrawal_reason"]) for row in rows[:3]] == [
        ("", ""),
        (TODAY.isoformat(), "Ended."),
        ("", ""),
    ]
    second = rows[3]
    assert second["people"] == "3"
    assert second["lawful_basis"] == "public-task (UK GDPR 6(1)(e))"
    assert second["setting"] == "ons-srs (ONS Secure Research Service)"
    assert second["conditions"] == "without npd.census.FSMeligible"
    assert second["rating"] == "4B"
    assert (
        second["packages"]
        == "attainment (primary, secondary) 2008/09-2010/11; geography 2015/16"
    )
    assert second["population"] == "those with a row in npd.ks4 2005/06-2010/11"
    assert second["tables"].split("; ")[0] == "npd.census 2005/06-2010/11"
    assert int(rows[4]["variables"]) == int(second["variables"]) + 1


def test_the_page_and_the_csv_have_the_same_content(
    register: Path, tmp_path: Path
) -> None:
    entries = read_register(register)
    rows = published_rows(entries, TODAY)
    page, table = render_register(
        rows, tmp_path / "out", day=TODAY, rejected=1, last_hash=entries[-1].sha256
    )
    html = page.read_text()
    with table.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [row["reference"] for row in lines] == [row["reference"] for row in rows]
    assert lines[2]["title"] == "'=Ended study"  # no formula to a spreadsheet
    for row in rows:
        assert row["reference"] in html
    assert "1 approval is in force on 1 June 2026." in html
    assert entries[-1].sha256[:16] in html
    assert "&lt;b&gt;Withdrawn&lt;/b&gt; study" in html
    assert "Reason for withdrawal" in html
    assert "Rejected study" not in html + table.read_text()
    for secret in ("Person 1", "AR-1"):
        assert secret not in html + table.read_text()
