"""Who was linked: records in and people out, link rates with the three denominators,
reasons for no link, link draws.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.linked_tables import Step
from quality.report.page import Block, Fold, Row, Section, Table, Text
from quality.report.released import Group, Publication, Release, Side

_OUTER = ("mean", "low", "high")
_DRAWS_HEADS = [
    "Mean of draws, %",
    "Standard deviation, points",
    "2.5% point",
    "97.5% point",
]
# times the least base of a share: in fewer people one person of a draw can be seen
_FEWEST_TIMES = 10
_HOW = (
    "To draw links, set link_draws = 20 in a step, or leo link --link-draws 20 "
    "(docs/explanation/uncertainty.md)."
)
_RULES = (
    "Make an estimate on each of m link draws. The combined estimate is their mean. "
    "Its variance is the mean of their "
    "variances plus the variance between them times 1 + 1/m (Rubin 1987, chapter 3). "
    "Where the second is large, the "
    "finding depends on uncertain links. Draws reflect match probabilities, and not "
    "matches missed by blocking."
)


def records_section(p: Publication) -> Section:
    """Rows read and quarantined, people of each source, links of each step, and the
    spine.
    """
    of_sources: list[Row] = [list(row) for row in source_rows(p)]
    rows: list[Row] = [
        [f"{p.name_of(step)}: links", p.released(step).links] for step in p.steps
    ]
    if spine := p.evaluation.get("spine"):
        rows.append(["People on the spine", p.cell("spine", "people")])
        rule_names = [str(row["rule"]) for row in spine.get("removed_links", ())]
        rows += [
            [f"Links removed: {rule}", p.cell("spine", "removed", rule)]
            for rule in rule_names
        ]
    heads = ["Source", "Rows read", "Quarantined rows", p.names.units.capitalize()]
    blocks: list[Block] = (
        [Table("Records by source", heads, of_sources)] if of_sources else []
    )
    blocks.append(
        Table("Links and people" if spine else "Links", ["Stage", "Count"], rows)
    )
    if clusters := p.evaluation.get("clusters"):
        sizes = [str(row["records"]) for row in clusters["sizes"]]
        lines: list[Row] = [
            [
                f"{size} {'record' if size == '1' else 'records'}",
                p.cell("clusters", "of", size),
            ]
            for size in sizes
        ]
        lines.append(["All", p.cell("clusters", "people")])
        blocks.append(
            Table(
                "People by number of records", ["Records of a person", "People"], lines
            )
        )
    return Section("records", "Records and links", blocks)


def source_rows(p: Publication) -> list[tuple[str, Cell, Cell, Cell]]:
    """Source, rows read, quarantined rows, people."""
    rows = []
    for source in p.evaluation["sources"]:
        read, quarantine_cell, people = (
            p.cell("source", source["source"], measure)
            for measure in ("read", "quarantined", "people")
        )
        rows.append((p.names.source(source["source"]), read, quarantine_cell, people))
    return rows


def eligible_rule(rule: Mapping[str, Any]) -> str:
    """Who is eligible to be linked in a step."""
    day = datetime.date.fromisoformat(rule["on"])
    return f"aged {rule['minimum_age']} or over on {day.day} {day:%B %Y}"


def rates_section(p: Publication) -> Section:
    """Link rates of every step, and by characteristic of the last; other steps' left
    sides in folds.
    """
    sides = _sides(p)
    has_truth = any(side.whole.found.mark is None for side in sides)
    heads = ["Step", "Side", *_rate_heads(has_truth, bounds=False)]
    rows: list[Row] = [
        [
            p.name_of(side.step),
            p.names.source(side.source),
            *_rate_cells(side.whole, has_truth, bounds=False),
        ]
        for side in sides
    ]
    note = (
        f"The three denominators are all {p.names.units}, those eligible to be linked, "
        "and those linked. A rate is linked "
        "over eligible: it depends on how far two populations overlap."
    )
    blocks: list[Block] = [
        Table("Link rates by step and side", heads, rows, note),
        *_charts(p, has_truth),
    ]
    blocks += [
        Fold(
            f"{p.name_of(side.step)}: link rates by group",
            [_group_table(p, side, has_truth)],
        )
        for side in sides
        if side is not p.subject and side.side == "left" and side.characteristics
    ]
    return Section("rates", "Link rates", blocks)


def _sides(p: Publication) -> list[Side]:
    """Both sides of every step; one of a file linked with itself, whose sides are the
    same.
    """
    sides = [side for step in p.steps for side in p.released(step).sides]
    return [
        side
        for side in sides
        if side.side == "left" or side.step["left"] != side.step["right"]
    ]


def _rate_heads(has_truth: bool, *, bounds: bool = True) -> list[str]:
    heads = [
        "All",
        "Eligible",
        "Linked",
        "Linked, %",
        *(["95% from", "to"] if bounds else []),
    ]
    return [*heads, *(["True matches linked, %"] if has_truth else [])]


def _rate_cells(group: Group, has_truth: bool, *, bounds: bool = True) -> list[Cell]:
    cells = [
        group.everybody,
        group.eligible,
        group.linked,
        group.rate,
        *([group.low, group.high] if bounds else []),
    ]
    return [*cells, *([group.found] if has_truth else [])]


def _charts(p: Publication, has_truth: bool) -> list[Block]:
    """By year of birth as a line, by other characteristics as dots; the first has the
    table of both.
    """
    subject = p.subject
    if not subject.characteristics:
        return []
    step, table = p.name_of(subject.step), _group_table(p, subject, has_truth)
    years = [title for name, title, _ in subject.characteristics if name == "cohort"]
    title = f"{step}: link rate by year of birth"
    by_year = Table(
        title, table.columns, [row for row in table.rows if row[0] in years]
    )
    dots = [row for row in table.values(5, bounds=True) if row["group"] not in years]
    line = [
        row
        for row in by_year.values(5, group=None, bounds=True)
        if row["label"] != "Not known"
    ]
    line.sort(key=lambda row: row["label"])
    note = "Lines show 95% intervals; groups too small to show are left out."
    blocks: list[Block] = []
    if dots:
        chart, name = (
            charts.dots(dots, x="Linked, %"),
            f"{step}: link rate by characteristic",
        )
        blocks.append(
            charts.figure(
                "rate-by-characteristic", name, f"{_range(dots)} {note}", chart, table
            )
        )
    if line:
        chart = charts.line(line, x="Year of birth", y="Linked, %")
        blocks.append(
            charts.figure(
                "rate-by-cohort", title, f"{_range(line)} {note}", chart, by_year
            )
        )
    return blocks


def _range(values: Sequence[Mapping[str, Any]]) -> str:
    low, high = (
        min(values, key=lambda row: row["value"]),
        max(values, key=lambda row: row["value"]),
    )
    places = [
        ": ".join(str(row[key]) for key in ("group", "label") if key in row)
        for row in (low, high)
    ]
    if low["value"] == high["value"]:
        return f"The rate is {low['value']:.1f}% in every group that is shown."
    return (
        f"The rate runs from {low['value']:.1f}% ({places[0]}) to "
        f"{high['value']:.1f}% ({places[1]})."
    )


def _group_table(p: Publication, side: Side, has_truth: bool) -> Table:
    rows: list[Row] = [
        [title, p.names.source(group.label), *_rate_cells(group, has_truth)]
        for _, title, groups in side.characteristics
        for group in groups
    ]
    heads = ["Characteristic", "Group", *_rate_heads(has_truth)]
    return Table(
        f"{p.name_of(side.step)}, {p.names.source(side.source)}: link rate by group",
        heads,
        rows,
    )


def unlinked_section(p: Publication) -> Section | None:
    """Why eligible people are not linked."""
    sides = [side for side in _sides(p) if side.reasons]
    if not sides:
        return None

    def rows(side: Side) -> list[Row]:
        title = f"{p.name_of(side.step)}: {p.names.source(side.source)}"
        return [
            [title, p.names.words(reason), cell, share]
            for reason, cell, share in side.reasons
        ]

    heads = ["Step and side", "Reason", p.names.units.capitalize(), "Share, %"]
    table = Table(
        "Reasons for no link", heads, [row for side in sides for row in rows(side)]
    )
    focus = p.subject if p.subject.reasons else sides[-1]
    chart = charts.bars(
        Table("", heads, rows(focus)).values(2, group=None),
        x=p.names.units.capitalize(),
    )
    summary = (
        f"{focus.whole.unlinked} "
        f"{'eligible ' if focus.has_rule else ''}{p.names.people(focus.source)} are "
        "not "
        "linked. “No candidate”: no record on the other side shared a blocking rule. "
        "“Below threshold”: the best pair "
        "was too weak. The table has every step and side."
    )
    heading = f"{p.names.units} without a link"
    title = f"{p.name_of(focus.step)}: {heading}, by reason"
    return Section(
        "unlinked",
        heading.capitalize(),
        [charts.figure("reasons", title, summary, chart, table)],
    )


def completeness_section(p: Publication) -> Section | None:
    """Share of people with a value of each identifier; None where no source was
    counted.
    """
    sources = [
        source["source"] for source in p.evaluation["sources"] if source["completeness"]
    ]
    counts = {
        (s["source"], row["identifier"]): row
        for s in p.evaluation["sources"]
        for row in s["completeness"]
    }
    present = {name for (_, name), row in counts.items() if row["present"]}
    identifiers = [
        name for name in dict.fromkeys(name for _, name in counts) if name in present
    ]
    if not sources:
        return None
    heads = ["Identifier", *map(p.names.source, sources)]
    tables = {
        "present": "People with a value, %",
        "several": "People with more than one value over time, %",
    }
    blocks: list[Block] = []
    for measure, caption in tables.items():
        if all(row[measure] is None for row in counts.values()):
            continue
        shares, none = (
            completeness(p.evaluation, p.release, measure, p.d),
            p.d.marked("not_applicable"),
        )
        rows: list[Row] = [
            [
                p.names.column(name),
                *(shares.get((source, name), none) for source in sources),
            ]
            for name in identifiers
        ]
        blocks.append(Table(caption, heads, rows))
    note = (
        f"[{p.d.profile.symbols.not_applicable}] the source does not hold the "
        "identifier."
    )
    return Section("completeness", "Completeness of identifiers", [*blocks, Text(note)])


def completeness(
    evaluation: Mapping[str, Any], one: Release, what: str, d: Disclosure
) -> dict[tuple[str, str], Cell]:
    """By source and identifier the percentage of people who have a value ("present"),
    or more than one ("several").
    """
    shares = {}
    for source in evaluation.get("sources", ()):
        for row in source["completeness"]:
            keys = [
                ("source", source["source"], name, row["identifier"])
                for name in ("of", "present", "several")
            ]
            tied_cells = [
                one.cells[key]
                for key in keys[: 2 if what == "present" else 3]
                if key in one.cells
            ]
            is_known = row["present"] and row[what] is not None
            share = (
                d.percent(row[what], row["entities"], tied=tied_cells)
                if is_known
                else d.marked("not_applicable")
            )
            shares[source["source"], row["identifier"]] = share
    return shares


def draws_section(p: Publication) -> Section:
    """How link rates vary over the link draws of the last step; without draws a
    sentence says how to ask for them.
    """
    steps = [step for step in p.steps if step.get("link_draws")]
    if not steps:
        return Section(
            "draws",
            "Uncertainty of the links",
            [Text(f"No link draws were made. {_HOW}")],
        )
    opening = (
        "A link draw is a set of links that the evidence allows as well: a pair is in "
        "as many draws as its match "
        "probability says. How a figure varies over draws is the uncertainty of the "
        "links."
    )
    last, profile = steps[-1], p.d.profile
    note = (
        f"Groups of fewer than {profile.fewest * _FEWEST_TIMES:g} eligible people "
        "are not shown."
    )
    if profile.threshold > 1:
        note += (
            f" A figure within {profile.threshold} of the step's own links is "
            "shown as these."
        )
    heads = ["Characteristic", "Group", "Linked, %", *_DRAWS_HEADS]
    table = Table(
        f"{p.name_of(last)}: link rates over draws", heads, _draw_rows(p, last), note
    )
    cohorts = [
        row["title"]
        for row in last["link_draws"]["characteristics"]
        if row["characteristic"] == "cohort"
    ]
    visible_rows = [
        row
        for row in table.rows
        if isinstance(row[4], Cell) and row[4].mark in (None, "low")
    ]
    values = Table(
        "", heads, [row for row in visible_rows if row[0] not in ("All", *cohorts)]
    ).values(4)
    block: Block = table
    if values:
        peak = max(values, key=lambda row: row["value"] or 0)
        summary = (
            f"The link rate varies most for {peak['group']}: {peak['label']} "
            f"(standard deviation {peak['shown']} points)."
        )
        chart = charts.bars(values, x="Standard deviation, percentage points")
        block = charts.figure(
            "rates-over-draws",
            f"{p.name_of(last)}: how link rates vary over draws",
            summary,
            chart,
            table,
        )
    return Section(
        "draws",
        "Uncertainty of the links",
        [Text(opening), _draws_table(p, steps), block, Text(_RULES)],
    )


def _draws_table(p: Publication, steps: Sequence[Step]) -> Table:
    rows: list[Row] = []
    for step in steps:
        draws, links = step["link_draws"], p.released(step).links
        link_count = sum(
            row["pairs"] for row in step["decisions"] if row["decision"] == "accepted"
        )
        cells = [
            p.d.count(p.d.consistent_with(draws["links"][key], link_count))
            for key in _OUTER
        ]
        if links.value is None or any(cell.mark == "suppressed" for cell in cells):
            mean, low, high, deviation, in_all = [p.d.derived(links, *cells)] * 5
        else:
            mean, low, high = cells
            deviation = p.d.spread(draws["links"]["deviation"], places=1)
            in_all = p.d.percent(
                draws["in_all"], draws["pairs"], tied=(links,), rare=True
            )
        rows.append(
            [
                p.name_of(step),
                p.d.parameter(draws["draws"], 0),
                links,
                mean,
                deviation,
                low,
                high,
                in_all,
            ]
        )
    heads = [
        "Step",
        "Draws",
        "Links",
        "Mean of draws",
        "Standard deviation",
        *_DRAWS_HEADS[2:],
        "In all draws, %",
    ]
    note = "In all draws: of the pairs that any draw links, those that all link."
    return Table("Links over draws", heads, rows, note)


def _draw_rows(p: Publication, step: Step) -> list[Row]:
    """Link rates of eligible people, where the rate of the step's own links is
    shown.
    """
    draws, side = step["link_draws"], p.released(step).left
    groups = {name: groups for name, _, groups in side.characteristics}
    lines = [("All", "All", draws["linked"], side.whole)] + [
        (row["title"], group["label"], group, cells)
        for row in draws["characteristics"]
        for group, cells in zip(
            row["groups"], groups[row["characteristic"]], strict=True
        )
    ]
    return [
        [title, label, cells.rate, *draw_cells(counts, cells, p.d)]
        for title, label, counts, cells in lines
    ]


def draw_cells(counts: Mapping[str, Any], cells: Group, d: Disclosure) -> list[Cell]:
    """Mean, standard deviation and outer points of a rate: hidden where the rate of the
    links is, or one of them.
    """
    if cells.rate.value is None:
        return [d.derived(cells.rate)] * 4
    tied_cells = (cells.eligible, cells.linked, cells.unlinked)
    outer_counts = [d.consistent_with(counts[key], counts["linked"]) for key in _OUTER]
    mean, low, high = shares = [
        d.percent(count, counts["eligible"], tied=tied_cells) for count in outer_counts
    ]
    if counts["eligible"] < _FEWEST_TIMES * d.profile.fewest or any(
        cell.mark == "suppressed" for cell in shares
    ):
        return [d.marked("suppressed")] * 4
    deviation = counts["deviation"]
    return [
        mean,
        d.spread(None if deviation is None else 100 * deviation / counts["eligible"]),
        low,
        high,
    ]
