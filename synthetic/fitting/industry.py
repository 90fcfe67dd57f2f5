"""Industry sections of first-degree graduates by subject, one and three years after the degree."""

import csv
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq

from synthetic.work.industries import SECTIONS


def write_sections(source: Path, out: Path) -> None:
    """Graduates who are seen in both years, by subject and section: one row each with the count of either year."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    columns = ["qualification", "sex", "subject_name", "yag_from", "yag_to", "section_from", "section_to", "count"]
    table = pq.read_table(source / "graduate_industry_transitions.parquet", columns=columns)
    for row in table.to_pylist():
        if (row["qualification"], row["sex"], row["yag_from"], row["yag_to"]) == ("First degree", "F+M", 1, 3):
            for year, name in enumerate((row["section_from"], row["section_to"])):
                if letter := _letter(name):
                    counts[row["subject_name"], letter][year] += row["count"] or 0
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("subject", "section", "one", "three"))
        writer.writerows((*key, *both) for key, both in sorted(counts.items()))


def _letter(name: str | None) -> str:
    """The section that a name in the figures means, "" for sections that are not among ours."""
    return next((letter for letter, begins, *_ in SECTIONS if (name or "").lower().startswith(begins.lower())), "")
