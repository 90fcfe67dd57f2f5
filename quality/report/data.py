"""What the data gave the linkage to work with: completeness of identifiers, and the contracts at the door."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text


def completeness_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """Identifiers by source; None where no source was counted."""
    rows: list[list[str | Cell]] = [
        [
            names.source(source["source"]),
            names.column(row["identifier"]),
            d.count(row["entities"]),
            d.percent(row["present"], row["entities"]),
            d.percent(row["several"], row["entities"]),
        ]
        for source in evaluation["sources"]
        for row in source["completeness"]
        if row["present"]
    ]
    if not rows:
        return None
    columns = ["Source", "Identifier", "People", "With a value, %", "With several over time, %"]
    absent = sorted(
        {
            f"{names.column(row['identifier'])} in {names.source(source['source'])}"
            for source in evaluation["sources"]
            for row in source["completeness"]
            if not row["present"]
        }
    )
    note = f"Never present: {'; '.join(absent)}." if absent else ""
    return Section("completeness", "Completeness of identifiers", [Table("Identifiers by source", columns, rows, note)])


def contracts_section(contracts: Sequence[Mapping[str, Any]], names: Names, d: Disclosure) -> Section | None:
    """Results of the rules that data must meet; failures first and open, the rest folded."""
    if not contracts:
        return None
    failed = [row for row in contracts if not row["success"]]
    met = [row for row in contracts if row["success"]]
    critical = sum(row["severity"] == "critical" for row in failed)
    blocks: list[Block] = [
        Text(
            f"{len(met)} of {len(contracts)} rules are met."
            + (f" Of the {len(failed)} that are not, {critical} are critical." if failed else "")
        )
    ]
    if failed:
        blocks.append(_table("Rules that are not met", failed, names, d))
    if met:
        blocks.append(Fold("Rules that are met", [_table("Rules that are met", met, names, d)]))
    return Section("contracts", "Checks of the data", blocks)


def _table(caption: str, contracts: Sequence[Mapping[str, Any]], names: Names, d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = [
        [
            names.source(str(row["source"])),
            str(row.get("column") or "all"),
            names.words(str(row["rule"])),
            names.words(str(row["severity"])),
            d.count(int(row["checked"])),
            d.count(int(row["failed"])),
            d.percent(int(row["failed"]), int(row["checked"])),
            _limit(row.get("limit")),
            "met" if row["success"] else "not met",
        ]
        for row in contracts
    ]
    columns = ["Source", "Column", "Rule", "Severity", "Checked", "Failing", "Failing, %", "Allowed, %", "Result"]
    return Table(caption, columns, rows)


def _limit(limit: Any) -> Cell:
    """The largest share that may fail. It is a setting, not a count of people."""
    return Cell("0" if not limit else f"{float(limit) * 100:g}", float(limit or 0) * 100)
