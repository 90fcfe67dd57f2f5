"""What the data gave the linkage to work with: completeness of identifiers, and the contracts at the door."""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.config.identifiers import IDENTIFIERS
from quality.disclosure import Cell, Disclosure, Sum
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text


def completeness_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """Identifiers down, sources across; None where no source was counted."""
    sources = [source for source in evaluation["sources"] if source["completeness"]]
    if not sources:
        return None
    found = {(s["source"], row["identifier"]): row for s in sources for row in s["completeness"]}
    known = dict.fromkeys([*IDENTIFIERS, *(identifier for _, identifier in found)])
    shown = [name for name in known if any(row["present"] for (_, i), row in found.items() if i == name)]

    def table(caption: str, measure: str, note: str) -> Table:
        rows: list[list[str | Cell]] = [
            [names.column(name), *(_share(found.get((source["source"], name)), measure, d) for source in sources)]
            for name in shown
        ]
        return Table(caption, ["Identifier", *(names.source(source["source"]) for source in sources)], rows, note)

    present = table(
        names.of("People with a value, %"),
        "present",
        f"{d.profile.symbols.not_applicable}: the source does not carry the identifier.",
    )
    blocks: list[Block] = [present]
    if any(row["several"] is not None for row in found.values()):  # a file of persons has no history
        several = table("People with more than one value over time, %", "several", _OF_ALL)
        blocks.append(Fold("People with more than one value", [several]))
    return Section("completeness", "Completeness of identifiers", blocks)


_OF_ALL = "Of all people of the source, also those without a value."


def _share(row: Mapping[str, Any] | None, measure: str, d: Disclosure) -> Cell:
    """The share of a source's people; not applicable where nobody in the source has the identifier."""
    if row is None or not row["present"]:
        return d.marked("not_applicable")
    others = row["present"] - row[measure]  # who has one value alone is told by both shares
    return d.percent(row[measure], row["entities"], tied=[d.count(others)] if measure == "several" else [])


def contracts_section(contracts: Sequence[Mapping[str, Any]], names: Names, d: Disclosure) -> Section | None:
    """Results of the rules that data must meet; failures first and open, the rest folded.

    A rule that found no row to look at, as in an empty table, is neither met nor broken.
    """
    if not contracts:
        return None
    shown = list(zip(contracts, _released(contracts, d), strict=True))
    failed = [one for one in shown if not one[0]["success"]]
    idle = [one for one in shown if one[0]["success"] and not int(one[0]["checked"])]
    met = [one for one in shown if one[0]["success"] and int(one[0]["checked"])]
    critical = sum(row["severity"] == "critical" for row, _ in failed)
    blocks: list[Block] = [
        Text(
            f"{len(met)} of {len(contracts)} rules are met."
            + (f" Not met: {len(failed)}, of them critical: {critical}." if failed else "")
            + (f" Without a row to look at: {len(idle)}." if idle else "")
        )
    ]
    if failed:
        blocks.append(_table("Rules that are not met", failed, names, d))
    for title, rows in (("Rules without a row to look at", idle), ("Rules that are met", met)):
        if rows:
            blocks.append(Fold(title, [_table(title, rows, names, d)]))
    suites = _suites(contracts)
    if suites:
        blocks.append(Fold("Rules as suites of Great Expectations", [Text(line) for line in suites]))
    return Section("contracts", "Checks of the data", blocks)


def _suites(contracts: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each folder of suites: which tables' rules are in it."""
    found: dict[str, dict[str, None]] = {}
    for row in contracts:
        if row.get("suites"):
            found.setdefault(str(row["suites"]), {})[str(row["source"]).rpartition(": ")[2]] = None
    return [f"{folder} (a file each): {', '.join(names)}." for folder, names in found.items()]


Key = tuple[str, str, str | int]  # source, column, and a number of its rows, or a rule and how many fail it
Released = tuple[Cell, Cell]  # rows checked, rows failing


def _released(contracts: Sequence[Mapping[str, Any]], d: Disclosure) -> list[Released]:
    """Rows checked and failing of each rule, which tell each other: rows with a value are all less those without one.

    A number that two rules of a column have is one: rows that a rule is kept in are those that the next one looks at.
    What a rule does not look at is told by the rows of its source, which are the most that any rule looks at.
    """
    every = {str(row["source"]): 0 for row in contracts}
    for row in contracts:
        every[str(row["source"])] = max(every[str(row["source"])], int(row["checked"]))
    counts: dict[Key, int] = {}
    sums: dict[Sum[Key], None] = {}
    keys: list[tuple[Key, Key]] = []
    for row in contracts:
        source, column = str(row["source"]), str(row.get("column") or "")

        def number(rows: int, source: str = source, column: str = column) -> Key:
            key = (source, "" if rows == every[source] else column, rows)
            counts[key] = rows
            return key

        checked, failed = int(row["checked"]), int(row["failed"])
        whole, failing = number(checked), (source, column, f"{row['rule']}: {failed}")
        counts[failing] = failed
        keys.append((whole, failing))
        if failed:
            sums[Sum(whole, (failing, number(checked - failed)))] = None
        if 0 < checked < every[source]:
            sums[Sum(number(every[source]), (whole, number(every[source] - checked)))] = None
    cells = d.counts(counts, list(sums), unshown=set(counts) - {key for pair in keys for key in pair})
    return [(cells[whole], cells[failing]) for whole, failing in keys]


def _table(caption: str, shown: Sequence[tuple[Mapping[str, Any], Released]], names: Names, d: Disclosure) -> Table:
    rows: list[list[str | Cell]] = []
    for row, (whole, failing) in shown:
        failed, checked = int(row["failed"]), int(row["checked"])
        rows.append(
            [
                names.source(str(row["source"])),
                str(row.get("column") or "all"),
                names.words(str(row["rule"])),
                names.words(str(row["severity"])),
                whole,
                failing,
                d.percent(failed, checked, tied=[whole, failing]),
                _limit(row.get("limit")),
                "not met" if not row["success"] else "met" if checked else "nothing to look at",
            ]
        )
    columns = ["Source", "Column", "Rule", "Severity", "Checked", "Failing", "Failing, %", "Allowed, %", "Result"]
    return Table(caption, columns, rows)


def _limit(limit: Any) -> Cell:
    """The largest share that may fail. It is a setting, not a count of people."""
    return Cell("0" if not limit else f"{float(limit) * 100:g}", float(limit or 0) * 100)
