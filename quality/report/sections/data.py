"""Checks of the data: contracts of sources and published tables, and changes of extracts."""

from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure, Sum
from quality.report.names import Names
from quality.report.page import Block, Fold, Row, Section, Table, Text
from quality.report.sections.methods import stages_of
from quality.report.showing import signed

_EXTRACT = "extract-"
_COMPARED = {"rows": "Rows", "people": "People", "filled": "Rows filled", "mean": "Mean"}
_MOST_CHANGES = 60  # rows of a table; the extract's guide has all
Key = tuple[str, str, str | int]  # source, column, and a number of rows, or a rule and how many rows fail it


def contracts_section(contracts: Sequence[Mapping[str, Any]], names: Names, d: Disclosure) -> Section | None:
    """Results of the checks: by table, then those that failed, then all.

    A rule that found no row to check, as in an empty table, is neither met nor broken.
    """
    if not contracts:
        return None
    results = list(zip(contracts, _released(contracts, d), strict=True))
    failed = [one for one in results if not one[0]["success"]]
    critical = sum(row["severity"] == "critical" for row, _ in failed)
    idle = sum(not int(row["checked"]) for row in contracts)
    text = f"{len(results) - len(failed)} of {len(results)} rules are met; {critical} critical rules fail; {idle} found no row to check."
    blocks: list[Block] = [Text(text), _by_table(contracts, names)]
    if failed:
        blocks.append(_table("Rules that fail", failed, names, d))
    blocks.append(Fold("All rules", [_table("All rules", results, names, d)]))
    if suites := sorted({str(row["suites"]) for row in contracts if row.get("suites")}):
        blocks.append(Text(f"The rules are suites of Great Expectations in {', '.join(suites)}."))
    return Section("contracts", "Checks of the data", blocks)


def _by_table(contracts: Sequence[Mapping[str, Any]], names: Names) -> Table:
    """Numbers of rules, which count no person."""
    tables: dict[str, list[bool]] = {}
    for row in contracts:
        tables.setdefault(str(row["source"]), []).append(bool(row["success"]))
    rows: list[Row] = [
        [names.source(source), *(Cell(str(count), float(count)) for count in (len(met), len(met) - sum(met)))]
        for source, met in tables.items()
    ]
    return Table("Rules by table", ["Table", "Rules", "Failing"], rows)


def _released(contracts: Sequence[Mapping[str, Any]], d: Disclosure) -> list[tuple[Cell, Cell]]:
    """Rows checked and failing of each rule, which disclose each other: rows with a value are all less those without.

    A number that two rules of a column share is one count: rows that one rule passes are those that the next checks.
    """
    every: dict[str, int] = {}
    for row in contracts:
        every[str(row["source"])] = max(every.get(str(row["source"]), 0), int(row["checked"]))
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
    cells = d.counts(counts, list(sums), unpublished=set(counts) - {key for pair in keys for key in pair})
    return [(cells[whole], cells[failing]) for whole, failing in keys]


def _table(
    caption: str, results: Sequence[tuple[Mapping[str, Any], tuple[Cell, Cell]]], names: Names, d: Disclosure
) -> Table:
    rows: list[Row] = []
    for row, (checked, failing) in results:
        result = "not met" if not row["success"] else "met" if int(row["checked"]) else "no row to check"
        limit = float(row.get("limit") or 0) * 100
        rows.append(
            [
                *(names.source(str(row["source"])), str(row.get("column") or "all"), names.words(str(row["rule"]))),
                *(names.words(str(row["severity"])), checked, failing),
                d.percent(int(row["failed"]), int(row["checked"]), tied=[checked, failing]),
                *(Cell(f"{limit:g}", limit), result),
            ]
        )
    heads = ["Table", "Column", "Rule", "Severity", "Checked", "Failing", "Failing, %", "Allowed, %", "Result"]
    return Table(caption, heads, rows)


def extracts_section(manifest: Mapping[str, Any], d: Disclosure) -> Section | None:
    """What changed in each extract since the project's last; None where none has one.

    Of completeness and means only the change is shown, rounded: the figures would disclose how many people they are of.
    """
    changes = {
        str(stage["name"]).removeprefix(_EXTRACT): stage["counts"]["change"]
        for stage in stages_of(manifest)
        if str(stage["name"]).startswith(_EXTRACT) and (stage.get("counts") or {}).get("change")
    }
    if not changes:
        return None
    text = "Rows and people of every table, and the share filled and mean of every column. Changes above 5% are listed."
    return Section("extracts", "Extracts since the last", [Text(text), *(_changes(*one, d) for one in changes.items())])


def _changes(project: str, change: Mapping[str, Any], d: Disclosure) -> Table:
    rows: list[Row] = [
        [row["table"], row["column"] or "", *_change_cells(row, d)] for row in change["changes"][:_MOST_CHANGES]
    ]
    rows += [[table, "", "New", "", "", ""] for table in change["added"]]
    rows += [[table, "", "Removed", "", "", ""] for table in change["gone"]]
    note = f"{change['compared']:,} figures were compared with those of {change['last']}; {len(change['changes']):,} changed by more than 5%."
    return Table(f"What changed in {project}", ["Table", "Column", "Figure", "Last", "Now", "Change"], rows, note)


def _change_cells(row: Mapping[str, Any], d: Disclosure) -> Row:
    what = _COMPARED[row["what"]]
    if row["what"] in ("filled", "mean"):
        unit = " points" if row["what"] == "filled" else " %"
        return [what, d.marked("unavailable"), d.marked("unavailable"), signed(100 * row["change"], 0, unit)]
    before, after = d.count(row["before"]), d.count(row["after"])
    if not before.value or after.value is None:
        return [what, before, after, d.marked("not_applicable")]
    return [what, before, after, signed(100 * (after.value / before.value - 1), 0, " %")]
