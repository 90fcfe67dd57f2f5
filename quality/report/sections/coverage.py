"""Who was linked: records in and people out, link rates with the three denominators, and reasons for no link."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.names import Names
from quality.report.page import Block, Fold, Row, Section, Table, Text
from quality.report.released import Group, Side, release, tied
from quality.report.showing import chart_row

_DENOMINATORS = "The three denominators are all people, those eligible to be linked, and those linked."


def records_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section:
    """Rows read and set aside, people of each source, links of each step, and the spine."""
    rows: list[Row] = []
    for source, read, aside, people in source_rows(evaluation, names, d):
        rows += (
            [] if read.mark == "unavailable" else [[f"{source}: rows read", read], [f"{source}: rows set aside", aside]]
        )
        rows.append([f"{source}: people", people])
    rows += [[f"{names.step(step)}: links", release(step, d).pairs.links] for step in evaluation["steps"]]
    if spine := evaluation.get("spine"):
        rows.append(["People on the spine", d.count(spine["people"])])
        rows += [[f"Links removed: {cut['rule']}", d.count(cut["links"])] for cut in spine.get("removed_links", ())]
    blocks: list[Block] = [Table("Records and links", ["Stage", "Count"], rows)]
    if clusters := evaluation.get("clusters"):
        blocks.append(_clusters_table(clusters, d))
    return Section("records", "Records and links", blocks)


def _clusters_table(clusters: Mapping[str, Any], d: Disclosure) -> Table:
    """People by their number of records: one file without its duplicates."""
    cells, people = tied({str(row["records"]): row["people"] for row in clusters["sizes"]}, d)
    rows: list[Row] = [[f"{size} {'record' if size == '1' else 'records'}", cell] for size, cell in cells.items()]
    return Table("People by number of records", ["Records of a person", "People"], [*rows, ["All", people]])


def source_rows(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> list[tuple[str, Cell, Cell, Cell]]:
    """Source, rows read, rows set aside, people."""
    rows = []
    for source in evaluation["sources"]:
        if source["rows_read"] is None or source["quarantined"] is None:
            read, aside = d.marked("unavailable"), d.marked("unavailable")
        else:
            parts, read = tied({"kept": source["rows_read"] - source["quarantined"], "aside": source["quarantined"]}, d)
            aside = parts["aside"]
            if aside.mark == "suppressed":
                read = aside  # the checks of the data show the rows that were kept
        rows.append((names.source(source["source"]), read, aside, d.count(source["entities"])))
    return rows


def eligible_rule(rule: Mapping[str, Any]) -> str:
    """Who is eligible to be linked in a step."""
    on = datetime.date.fromisoformat(rule["on"])
    return f"aged {rule['minimum_age']} or over on {on.day} {on:%B %Y}"


def rates_section(evaluation: Mapping[str, Any], subject: Side, names: Names, d: Disclosure) -> Section:
    """Link rates of every step, and by characteristic of the last; other steps' left sides in folds."""
    sides = [side for step in evaluation["steps"] for side in release(step, d).sides]
    has_truth = any(side.whole.found.mark is None for side in sides)
    heads = [
        "Step",
        "Side",
        "All",
        "Eligible",
        "Linked",
        "Linked, %",
        *(["True matches found, %"] if has_truth else []),
    ]
    rows: list[Row] = [
        [
            *(names.step(side.step), names.source(side.source), side.whole.everybody, side.whole.eligible),
            *(side.whole.linked, side.whole.rate, *([side.whole.found] if has_truth else [])),
        ]
        for side in sides
    ]
    note = f"{_DENOMINATORS} A rate is linked over eligible: it depends on how far two populations overlap."
    blocks: list[Block] = [Table("Link rates by step and side", heads, rows, note)]
    blocks += _charts(subject, names, has_truth)
    blocks += [
        Fold(f"{names.step(side.step)}: link rates by group", [_group_table(side, names, has_truth)])
        for side in sides
        if side is not subject and side.side == "left" and side.characteristics
    ]
    return Section("rates", "Link rates", blocks)


def _charts(subject: Side, names: Names, has_truth: bool) -> list[Block]:
    """By year of birth as a line, by other characteristics as dots; one table has both."""
    if not subject.characteristics:
        return []
    table, step = _group_table(subject, names, has_truth), names.step(subject.step)
    dots = [
        row
        for name, title, groups in subject.characteristics
        if name != "cohort"
        for group in groups
        for row in chart_row(names.source(group.label), (group.rate, group.low, group.high), title)
    ]
    blocks: list[Block] = []
    note = "Lines show 95% intervals; groups too small to show are left out."
    if dots:
        summary = f"{_range(dots)} {note}"
        blocks.append(
            charts.figure(
                "rate-by-characteristic",
                f"{step}: link rate by characteristic",
                summary,
                charts.dots(dots, x="Linked, %"),
                table,
            )
        )
    years = next((groups for name, _, groups in subject.characteristics if name == "cohort"), ())
    line = [
        row
        for year in sorted((year for year in years if year.label != "Not known"), key=lambda year: year.label)
        for row in chart_row(year.label, (year.rate, year.low, year.high))
    ]
    if line:
        chart = charts.line(line, x="Year of birth", y="Linked, %")
        rows = _group_rows([one for one in subject.characteristics if one[0] == "cohort"], names, has_truth)
        by_year = Table(f"{step}: link rate by year of birth", table.columns, rows)
        blocks.append(
            charts.figure(
                "rate-by-cohort", f"{step}: link rate by year of birth", f"{_range(line)} {note}", chart, by_year
            )
        )
    return blocks


def _range(values: Sequence[Mapping[str, Any]]) -> str:
    low, high = min(values, key=lambda row: row["value"]), max(values, key=lambda row: row["value"])
    where = [": ".join(str(row[key]) for key in ("group", "label") if key in row) for row in (low, high)]
    return f"The rate runs from {low['value']:.1f}% ({where[0]}) to {high['value']:.1f}% ({where[1]})."


def _group_table(side: Side, names: Names, has_truth: bool) -> Table:
    heads = ["Characteristic", "Group", "All", "Eligible", "Linked", "Linked, %", "95% from", "to"]
    heads += ["True matches found, %"] if has_truth else []
    rows = _group_rows(side.characteristics, names, has_truth)
    return Table(f"{names.step(side.step)}, {names.source(side.source)}: link rate by group", heads, rows)


def _group_rows(
    characteristics: Sequence[tuple[str, str, Sequence[Group]]], names: Names, has_truth: bool
) -> list[Row]:
    return [
        [
            *(title, names.source(group.label), group.everybody, group.eligible, group.linked, group.rate),
            *(group.low, group.high, *([group.found] if has_truth else [])),
        ]
        for _, title, groups in characteristics
        for group in groups
    ]


def unlinked_section(evaluation: Mapping[str, Any], subject: Side, names: Names, d: Disclosure) -> Section | None:
    """Why eligible people are not linked."""
    sides = [side for step in evaluation["steps"] for side in release(step, d).sides if side.reasons]
    if not sides:
        return None
    rows: list[Row] = [
        [f"{names.step(side.step)}: {names.source(side.source)}", names.words(reason), cell, share]
        for side in sides
        for reason, cell, share in side.reasons
    ]
    table = Table("Reasons for no link", ["Step and side", "Reason", "People", "Share, %"], rows)
    drawn = subject if subject.reasons else sides[-1]
    values = [
        {"label": names.words(reason), "value": cell.value, "shown": cell.text} for reason, cell, _ in drawn.reasons
    ]
    summary = (
        f"{drawn.whole.unlinked.text} {'eligible ' if drawn.has_rule else ''}{names.people(drawn.source)} are not "
        "linked. “No candidate”: no record on the other side shared a blocking rule. “Below threshold”: the best pair "
        "was too weak. The table has every step and side."
    )
    title = f"{names.step(drawn.step)}: people without a link, by reason"
    return Section(
        "unlinked",
        "People without a link",
        [charts.figure("reasons", title, summary, charts.bars(values, x="People"), table)],
    )


def completeness_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """Share of people with a value of each identifier; None where no source was counted."""
    sources = [source for source in evaluation["sources"] if source["completeness"]]
    if not sources:
        return None
    cells = {(s["source"], row["identifier"]): row for s in sources for row in s["completeness"]}
    identifiers = [
        name
        for name in dict.fromkeys(key[1] for key in cells)
        if any(row["present"] for key, row in cells.items() if key[1] == name)
    ]
    heads = ["Identifier", *(names.source(source["source"]) for source in sources)]
    blocks: list[Block] = []
    for measure, caption in (
        ("present", "People with a value, %"),
        ("several", "People with more than one value over time, %"),
    ):
        if any(row[measure] is not None for row in cells.values()):
            rows: list[Row] = [
                [names.column(name), *(_share(cells.get((s["source"], name)), measure, d) for s in sources)]
                for name in identifiers
            ]
            blocks.append(Table(caption, heads, rows))
    note = f"[{d.profile.symbols.not_applicable}] the source does not hold the identifier."
    return Section("completeness", "Completeness of identifiers", [*blocks, Text(note)])


def _share(row: Mapping[str, Any] | None, measure: str, d: Disclosure) -> Cell:
    if row is None or not row["present"] or row[measure] is None:
        return d.marked("not_applicable")
    one_value = row["present"] - row[measure]  # both shares together disclose it
    return d.percent(row[measure], row["entities"], tied=[d.count(one_value)] if measure == "several" else [])
