"""Changes between two releases: distributions, published counts, link rates, completeness, m and u."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure, Sum
from quality.intervals import difference, wilson
from quality.measures.drift import eligible_count, part_of
from quality.report import charts
from quality.report.names import Names
from quality.report.page import Block, Fold, Row, Section, Table, Text
from quality.report.released import Group, release
from quality.report.showing import change

_VERDICTS = {"stable": "Stable", "moved": "Moved", "large": "Another population", "chance": "Within chance"}
_MOST_RATES, _MOST_LEVELS = 40, 40  # rows of a table
_PLACES = 3  # decimals of m, u and weights: between releases they change little
_COUNT = re.compile("people of (.+) on the spine|(records|entities) of (.+)|(?:links|(.+) eligible) of (.+)")
Groups = Mapping[tuple[str, str, str, str], Group]
"""Groups as a release shows them, by step, side, characteristic and label."""


def drift_section(
    evaluation: Mapping[str, Any],
    drift: Mapping[str, Any] | None,
    names: Names,
    d: Disclosure,
    two: tuple[str, str] = ("Last release", "This release"),
) -> Section | None:
    """None where there is nothing to compare with.

    Args:
        two: what the tables call the two that are compared.
    """
    if not drift:
        return None
    titles = {step["step"]: names.step(step) for step in evaluation["steps"]}
    steps = (drift.get("last", ()), evaluation["steps"])
    shown = tuple(_groups(of, d) for of in steps)
    text = (
        "The population stability index (PSI) measures how far a distribution moved: under 0.1 is stable, 0.25 or more "
        "another population. “Within chance”: few links, and chance alone does as much in 1 of 20 cases."
    )
    blocks: list[Block] = [
        Text(text),
        _distributions(drift["distributions"], titles, names, d),
        _counts_table(drift["counts"], steps, shown, titles, names, d, two),
        _rates_table(drift["rates"], shown, titles, names, d, two),
    ]
    if drift["completeness"]:
        table = _completeness_table(drift["completeness"], names, d, two)
        blocks.append(Fold("Completeness of identifiers in both", [table]))
    if drift["parameters"]:
        blocks.append(Fold("m and u in both", [_parameters_table(drift["parameters"], titles, names, d)]))
    return Section(
        "drift",
        f"Changes since {two[0][:1].lower()}{two[0][1:]}"
        if two[0] != "Last release"
        else "Changes since the last release",
        blocks,
    )


def _distributions(rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str], names: Names, d: Disclosure) -> Block:
    table_rows: list[Row] = []
    values, moved = [], 0
    for row in rows:
        what = "Match weights" if row["what"] == "match weights" else names.column(row["what"])
        few = min(row["before"], row["after"]) < d.profile.fewest
        cell = d.marked("suppressed") if few else Cell(f"{row['psi']:.3f}", round(row["psi"], 3))
        table_rows.append([titles[row["step"]], what, cell, cell if few else _VERDICTS[row["verdict"]]])
        if not few:
            values.append({"label": what, "group": titles[row["step"]], "value": cell.value, "shown": cell.text})
            moved += row["verdict"] in ("moved", "large")
    summary = f"{moved} of {len(values)} distributions have moved."
    table = Table("Population stability index", ["Step", "Distribution", "PSI", "Verdict"], table_rows)
    chart = charts.bars(values, x="Population stability index")
    return charts.figure("stability", "How far distributions have moved", summary, chart, table)


def _groups(steps: Sequence[Mapping[str, Any]], d: Disclosure) -> Groups:
    """What a release shows of its groups. A step whose counts contradict each other has no report, and is left out."""
    groups: dict[tuple[str, str, str, str], Group] = {}
    for step in steps:
        try:
            sides = release(step, d).sides
        except ValueError:
            continue
        for side in sides:
            groups[step["step"], side.side, "all", "All"] = side.whole
            for characteristic, _, of in side.characteristics:
                groups |= {(step["step"], side.side, characteristic, group.label): group for group in of}
    return groups


def _counts_table(
    counts: Sequence[Mapping[str, Any]],
    steps: Sequence[Sequence[Mapping[str, Any]]],
    shown: Sequence[Groups],
    titles: Mapping[str, str],
    names: Names,
    d: Disclosure,
    two: tuple[str, str],
) -> Table:
    """Published counts; those of steps as the two reports show them."""
    cells = []
    for of, groups, key in zip(steps, shown, ("before", "after"), strict=True):
        released = _released_counts(counts, key, d)
        for step in of:
            for row in step.get("totals", ()):
                whole = groups.get((step["step"], row["side"], "all", "All"))
                released[eligible_count(step, row["side"])] = whole.eligible if whole else d.marked("unavailable")
        cells.append(released)
    rows: list[Row] = []
    for row in counts:
        before, after = (one.get(row["count"], d.marked("unavailable")) for one in cells)
        is_known = before.value and after.value is not None
        by = change(100 * (after.value / before.value - 1)) if is_known else d.derived(before, after)  # type: ignore[operator]
        rows.append([_count_in_words(row["count"], titles, names), before, after, by])
    return Table("Published counts", ["Count", *two, "Change, %"], rows)


def _count_in_words(count: str, titles: Mapping[str, str], names: Names) -> str:
    """A published count (quality.measures.drift.published) by the names that the page has for sources and steps."""
    match = _COUNT.fullmatch(count)
    if not match:
        return count[:1].upper() + count[1:]
    on_spine, what, source, side, step = match.groups()
    if on_spine:
        return f"People of {names.source(on_spine)} on the spine"
    if source:
        return f"{names.source(source)}, {'records' if what == 'records' else 'people'}"
    return f"{titles.get(step, step)}: {f'{names.source(side)} eligible' if side else 'links'}"


def _released_counts(counts: Sequence[Mapping[str, Any]], key: str, d: Disclosure) -> dict[str, Cell]:
    """Counts of one of the two; what a part leaves of its whole is disclosed by both, and may not be few."""
    values: dict[str, int] = {row["count"]: row[key] for row in counts if row[key] is not None}
    sums: list[Sum[str]] = []
    rests: dict[str, int] = {}
    for part in values:
        whole = part_of(part)
        if whole and values.get(whole, 0) > values[part]:
            rest = f"{whole} but not {part}"
            rests[rest] = values[whole] - values[part]
            sums.append(Sum(whole, (part, rest)))
    return d.counts(values | rests, sums, unpublished=rests)


def _rates_table(
    rates: Sequence[Mapping[str, Any]],
    shown: Sequence[Groups],
    titles: Mapping[str, str],
    names: Names,
    d: Disclosure,
    two: tuple[str, str],
) -> Table:
    """The largest changes either way, falls first. Groups that either release hides are last, by name: a place among
    the others would disclose their change."""
    known: list[tuple[float, Row]] = []
    hidden: list[Row] = []
    for row in rates:
        key = (row["step"], row["side"], row["characteristic"], row["label"])
        before, after = (groups.get(key) for groups in shown)
        label = names.source(row["label"]) if row["characteristic"] == "source" else row["label"]
        cells = [one.rate if one else d.marked("unavailable") for one in (before, after)]
        line: Row = [f"{titles[row['step']]}, {names.source(row['source'])}", f"{row['title']}: {label}", *cells]
        if before and after and all(cell.value is not None for cell in cells):
            by = difference(*(wilson(_linked(one), int(one.eligible.value or 0)) for one in (before, after)))
            known.append((by["change"], [*line, *(change(100 * by[end]) for end in ("change", "low", "high"))]))
        else:
            hidden.append([*line, *[d.derived(*cells)] * 3])
    largest = sorted(sorted(known, key=lambda one: -abs(one[0]))[:_MOST_RATES], key=lambda one: one[0])
    rows = [line for _, line in largest] + sorted(hidden, key=lambda line: (str(line[0]), str(line[1])))
    heads = ["Step and side", "Group", *(f"{name}, %" for name in two), "Change, points", "95% from", "to"]
    note = "Groups of fewer than 100 people are left out. Intervals are of independent samples."
    return Table("Link rates that changed most", heads, rows[:_MOST_RATES], note)


def _linked(group: Group) -> float:
    return min(1.0, (group.rate.value or 0.0) / 100) * (group.eligible.value or 0.0)


def _completeness_table(rows: Sequence[Mapping[str, Any]], names: Names, d: Disclosure, two: tuple[str, str]) -> Table:
    lines: list[Row] = []
    for row in rows:
        before, after = (d.percent(int(row[key]["count"]), row[key]["of"]) for key in ("before", "after"))
        known = before.value is not None and after.value is not None
        by = change((after.value or 0.0) - (before.value or 0.0)) if known else d.derived(before, after)
        lines.append([names.source(row["source"]), names.column(row["identifier"]), before, after, by])
    heads = ["Source", "Identifier", *(f"{name}, %" for name in two), "Change, points"]
    return Table("People with a value", heads, lines)


def _parameters_table(
    rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str], names: Names, d: Disclosure
) -> Table:
    keys = [f"{what}_{when}" for what in ("m", "u", "match_weight") for when in ("before", "after")]
    lines: list[Row] = [
        [
            titles[row["step"]],
            names.column(row["comparison"]),
            row["level"],
            *(d.parameter(row[key], _PLACES) for key in keys),
        ]
        for row in rows[:_MOST_LEVELS]
    ]
    heads = ["m before", "m after", "u before", "u after", "Weight before", "Weight after"]
    return Table("Levels whose m or u changed most", ["Step", "Comparison", "Level", *heads], lines)
