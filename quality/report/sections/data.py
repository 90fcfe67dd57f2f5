"""Checks of the data: contracts of sources, published tables and extracts."""

from collections.abc import Mapping
from typing import Any

from quality.disclosure import Cell, Sum
from quality.report.page import Block, Fold, Row, Section, Table, Text
from quality.report.released import Publication
from quality.report.showing import number

Key = tuple[
    str, str, str | int
]  # source, column, and a number of rows, or a rule and how many rows fail it


def contracts_section(p: Publication) -> Section | None:
    """Results of the checks: by table, then those that failed, then all.

    A rule that found no row to check, as in an empty table, is neither met nor broken.
    """
    contracts = p.contracts
    if not contracts:
        return None
    rows = [_row(p, *one) for one in zip(contracts, _released(p), strict=True)]
    failed = [
        row for row, rule in zip(rows, contracts, strict=True) if not rule["success"]
    ]
    critical = sum(
        not row["success"] and row["severity"] == "critical" for row in contracts
    )
    idle = sum(not int(row["checked"]) for row in contracts)
    text = (
        f"{len(rows) - len(failed)} of {len(rows)} rules are met; {critical} "
        f"critical rules fail; {idle} found no row to check."
    )
    heads = [
        "Table",
        "Column",
        "Rule",
        "Severity",
        "Checked",
        "Failing",
        "Failing, %",
        "Allowed, %",
        "Result",
    ]
    blocks: list[Block] = [Text(text), _by_table(p)]
    if failed:
        blocks.append(Table("Rules that fail", heads, failed))
    blocks.append(Fold("All rules", [Table("All rules", heads, rows)]))
    if suites := sorted({str(row["suites"]) for row in contracts if row.get("suites")}):
        blocks.append(
            Text(f"The rules are suites of Great Expectations in {', '.join(suites)}.")
        )
    return Section("contracts", "Checks of the data", blocks)


def _by_table(p: Publication) -> Table:
    """Numbers of rules, which count no person."""
    tables: dict[str, list[bool]] = {}
    for row in p.contracts:
        tables.setdefault(str(row["source"]), []).append(bool(row["success"]))
    rows: list[Row] = [
        [
            p.names.source(source),
            number(len(results), 0),
            number(len(results) - sum(results), 0),
        ]
        for source, results in tables.items()
    ]
    return Table("Rules by table", ["Table", "Rules", "Failing"], rows)


def _released(p: Publication) -> list[tuple[Cell, Cell]]:
    """Rows checked and failing of each rule, which disclose each other: rows with a
    value are all less those without.

    A number that two rules of a column share is one count: rows that one rule passes
    are those that the next checks. All rows of a source are those that were kept, and
    are shown here where they are elsewhere.
    """
    contracts = p.contracts
    row_counts: dict[str, int] = {}
    for row in contracts:
        row_counts[str(row["source"])] = max(
            row_counts.get(str(row["source"]), 0), int(row["checked"])
        )
    counts: dict[Key, int] = {}
    sums: dict[Sum[Key], None] = {}
    keys: list[tuple[Key, Key]] = []
    for row in contracts:
        source, column = str(row["source"]), str(row.get("column") or "")

        def count(rows: int, source: str = source, column: str = column) -> Key:
            key = (source, "" if rows == row_counts[source] else column, rows)
            counts[key] = rows
            return key

        check_count, failed = int(row["checked"]), int(row["failed"])
        whole, failing = (
            count(check_count),
            (source, column, f"{row['rule']}: {failed}"),
        )
        counts[failing] = failed
        keys.append((whole, failing))
        if failed:
            sums[Sum(whole, (failing, count(check_count - failed)))] = None
        if 0 < check_count < row_counts[source]:
            sums[
                Sum(
                    count(row_counts[source]),
                    (whole, count(row_counts[source] - check_count)),
                )
            ] = None
    rows_kept = {
        source["source"]: (source.get("rows_read") or 0)
        - (source.get("quarantined") or 0)
        for source in p.evaluation.get("sources", ())
    }
    other_marks = {
        key: p.cell("source", key[0], "kept").mark
        for key, rows in counts.items()
        if key[1] == "" and rows_kept.get(key[0]) == rows
    }
    cells = p.d.counts(
        counts,
        list(sums),
        unpublished=set(counts) - {key for pair in keys for key in pair},
        fixed=[key for key, mark in other_marks.items() if mark is None],
        sensitive=[key for key, mark in other_marks.items() if mark == "suppressed"],
    )
    return [(cells[whole], cells[failing]) for whole, failing in keys]


def _row(p: Publication, rule: Mapping[str, Any], cells: tuple[Cell, Cell]) -> Row:
    limit = float(rule.get("limit") or 0) * 100
    return [
        *(
            p.names.source(str(rule["source"])),
            str(rule.get("column") or "all"),
            p.names.words(str(rule["rule"])),
        ),
        *(p.names.words(str(rule["severity"])), *cells),
        p.d.percent(int(rule["failed"]), int(rule["checked"]), tied=cells),
        Cell(f"{limit:g}", limit),
        "not met"
        if not rule["success"]
        else "met"
        if int(rule["checked"])
        else "no row to check",
    ]
