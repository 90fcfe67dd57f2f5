"""The transparency register: who has which data for what, as a page in the form of the
report and as CSV.
"""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from linkage.errors import ConfigError
from quality.report.document import csv_of, document, write_page
from quality.report.page import Block, Fold, Headline, Row, Section, Table, Terms, Text
from quality.report.showing import number

TITLE = "Register of approved uses of LEO data"

_ABOUT = (
    "Every request for LEO data is checked by rules and decided on by a panel. This "
    "page lists what was approved. It "
    "names organisations and no person, and leaves out requests that were rejected. "
    "Data are pseudonymised, are used "
    "in a secure setting by accredited people, and only checked results leave it."
)
_WORDS = (
    ("In force", "Data may be provided under this approval."),
    ("To come", "The decision has a date in the future."),
    ("Replaced", "The project has a later approval, which replaces it."),
    ("Ended", "The approval ran until its last day."),
    ("Withdrawn", "The approval was ended before its last day."),
    (
        "Rating",
        "The most identifying (1 to 5) and the most sensitive (A to E) item; 1 and A "
        "are the most.",
    ),
)
_DETAILS = (
    ("aims", "Aims"),
    ("benefit", "Benefit"),
    ("lawful_basis", "Lawful basis"),
    ("special_basis", "Condition for sensitive items"),
    ("audience", "Audience"),
    ("outputs", "Outputs"),
    ("setting", "Secure setting"),
    ("packages", "Data packages"),
    ("population", "Population"),
    ("tables", "Tables and years"),
    ("derived_years", "Years in derived columns"),
    ("link_metadata", "Link metadata of"),
    ("variables", "Variables"),
    ("rating", "Rating"),
    ("people", "Accredited people"),
    ("conditions", "Conditions"),
    ("amends", "Amends, and keeps the pseudonyms of"),
    ("retention", "Data are destroyed by"),
    ("withdrawn", "Withdrawn on"),
    ("withdrawal_reason", "Reason for withdrawal"),
)


def render_register(
    rows: Sequence[Mapping[str, str]],
    out: Path,
    *,
    day: datetime.date,
    rejected: int,
    last_hash: str,
) -> list[Path]:
    """Write index.html and register.csv, each whole or not at all, and return where.

    Args:
        rows: approvals, the newest first, as linkage.requests.published gives them.
        rejected: how many requests were rejected.
        last_hash: hash of the register's last entry, by which a later register can be
            checked against this page.

    Raises:
        ConfigError: the folder holds something else.
    """
    _check_place(out)
    current_count = sum(row["state"] == "in force" for row in rows)
    organisations = len(
        {row["organisation"] for row in rows if row["state"] == "in force"}
    )
    headlines = [  # of decisions, which are public: no person is counted
        Headline(
            "In force",
            number(current_count, 0),
            "",
            "approvals under which data may be provided",
        ),
        Headline(
            "Organisations", number(organisations, 0), "", "with an approval in force"
        ),
        Headline(
            "Approved", number(len(rows), 0), "", "approvals since the register began"
        ),
        Headline("Rejected", number(rejected, 0), "", "requests, not listed here"),
    ]
    phrase = "approval is" if current_count == 1 else "approvals are"
    summary = f"{current_count} {phrase} in force on {day.day} {day:%B %Y}."
    page = document(
        TITLE, summary, headlines, [_list(rows), _details(rows), _about(last_hash)]
    )
    return [
        write_page(page, out / "index.html"),
        write_page(_csv(rows), out / "register.csv"),
    ]


def _check_place(out: Path) -> None:
    """Other pages have an index.html too, which would be gone: only an earlier page of
    a register may be.
    """
    page = out / "index.html"
    is_earlier = page.is_file() and f"<title>{TITLE}" in page.read_text(
        encoding="utf-8", errors="replace"
    )
    if out.exists() and not is_earlier and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(
            f"{out}: holds something else\n  give an empty or a new folder with --out"
        )


def _list(rows: Sequence[Mapping[str, str]]) -> Section:
    columns = ["Reference", "Project", "Organisation", "Decided", "Until", "State"]
    lines: list[Row] = [
        [
            row["reference"],
            row["title"],
            row["organisation"],
            row["date"],
            row["expires"],
            row["state"].capitalize(),
        ]
        for row in rows
    ]
    blocks: list[Block] = (
        [Table("Approvals, the newest first", columns, lines)]
        if rows
        else [Text("None yet.")]
    )
    return Section("approvals", "Approvals", blocks)


def _details(rows: Sequence[Mapping[str, str]]) -> Section:
    blocks: list[Block] = [
        Fold(
            f"{row['reference']}: {row['title']}",
            [Terms([(word, row[key]) for key, word in _DETAILS if row[key]])],
        )
        for row in rows
    ]
    return Section(
        "details", "Purpose and data of each approval", blocks or [Text("None yet.")]
    )


def _about(last_hash: str) -> Section:
    chain = (
        "Each entry holds the hash of the one before, so that a change or removal "
        f"shows. The last has {last_hash[:16]}. "
        "To check a later register against it: leo request verify REGISTER "
        f"--published {last_hash[:16]}"
    )
    blocks: list[Block] = [
        Text(_ABOUT),
        *([Text(chain)] if last_hash else []),
        Terms(_WORDS),
    ]
    blocks.append(Text("The same rows are in register.csv in the same folder."))
    return Section("about", "About this page", blocks)


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    """RFC 4180, with a header even where there is no row. What a spreadsheet would take
    for a formula is quoted.
    """
    names = (
        list(rows[0]) if rows else ["reference", "date", "expires", "state", "project"]
    )
    return csv_of(Table("", names, [[row[name] for name in names] for row in rows]))
