"""Changes between two releases: distributions, published counts, link rates, completeness, m and u."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure, Sum
from quality.intervals import difference, wilson
from quality.measures.drift import eligible_count, part_of
from quality.report import charts
from quality.report.page import Block, Fold, Row, Section, Table, Text
from quality.report.released import Group, Publication, Step, release
from quality.report.showing import INTERVAL, change, number

_VERDICTS = {"stable": "Stable", "moved": "Moved", "large": "Another population", "chance": "Within chance"}
_MOST_RATES, _MOST_LEVELS = 40, 40  # rows of a table
_PLACES = 3  # decimals of m, u and weights: between releases they change little
_COUNT = re.compile("people of (.+) on the spine|(records|entities) of (.+)|(?:links|(.+) eligible) of (.+)")
Groups = Mapping[tuple[str, str, str, str], Group]
"""Groups as a release shows them, by step, side, characteristic and label."""
Rows = Sequence[Mapping[str, Any]]


def drift_section(p: Publication, two: tuple[str, str] = ("Last release", "This release")) -> Section | None:
    """None where there is nothing to compare with.

    Args:
        two: what the tables call the two that are compared.
    """
    changes = p.drift
    if not changes:
        return None
    steps = (changes.get("last", ()), p.steps)
    shown = tuple(groups_of(of, p.d) for of in steps)
    text = (
        "The population stability index (PSI) measures how far a distribution moved: under 0.1 is stable, 0.25 or more "
        "another population. “Within chance”: few links, and chance alone does as much in 1 of 20 cases."
    )
    blocks: list[Block] = [
        Text(text),
        _distributions(p, changes["distributions"]),
        _counts_table(p, changes["counts"], steps, shown, two),
        rates_table(p, changes["rates"], shown, two),
    ]
    if rows := changes["completeness"]:
        blocks.append(Fold("Completeness of identifiers in both", [_completeness_table(p, rows, two)]))
    if rows := changes["parameters"]:
        blocks.append(Fold("m and u in both", [_parameters_table(p, rows)]))
    since = "the last release" if two[0] == "Last release" else f"{two[0][:1].lower()}{two[0][1:]}"
    return Section("drift", f"Changes since {since}", blocks)


def _distributions(p: Publication, changes: Rows) -> Block:
    rows: list[Row] = []
    for row in changes:
        what = "Match weights" if row["what"] == "match weights" else p.names.column(row["what"])
        few = min(row["before"], row["after"]) < p.d.profile.fewest
        cell = p.d.marked("suppressed") if few else number(row["psi"], 3)
        rows.append([p.name_of(row["step"]), what, cell, cell if few else _VERDICTS[row["verdict"]]])
    table = Table("Population stability index", ["Step", "Distribution", "PSI", "Verdict"], rows)
    values = [row for row in table.values(2) if row["value"] is not None]
    moved = sum(row[3] in (_VERDICTS["moved"], _VERDICTS["large"]) for row in rows)
    summary = f"{moved} of {len(values)} distributions have moved."
    chart = charts.bars(values, x="Population stability index")
    return charts.figure("stability", "How far distributions have moved", summary, chart, table)


def groups_of(steps: Iterable[Step], d: Disclosure) -> Groups:
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
    p: Publication,
    counts: Rows,
    steps: Sequence[Sequence[Step]],
    shown: Sequence[Groups],
    two: tuple[str, str],
) -> Table:
    """Published counts; those of steps as the two reports show them."""
    cells = []
    for of, groups, key in zip(steps, shown, ("before", "after"), strict=True):
        released = _released_counts(counts, key, p.d)
        for step in of:
            for row in step.get("totals", ()):
                whole = groups.get((step["step"], row["side"], "all", "All"))
                released[eligible_count(step, row["side"])] = whole.eligible if whole else p.d.marked("unavailable")
        cells.append(released)
    rows: list[Row] = []
    for row in counts:
        before, after = (one.get(row["count"], p.d.marked("unavailable")) for one in cells)
        is_known = before.value and after.value is not None
        by = change(100 * (after.value / before.value - 1)) if is_known else p.d.derived(before, after)  # type: ignore[operator]
        rows.append([_count_in_words(p, row["count"]), before, after, by])
    return Table("Published counts", ["Count", *two, "Change, %"], rows)


def _count_in_words(p: Publication, count: str) -> str:
    """A published count (quality.measures.drift.published) by the names that the page has for sources and steps."""
    match = _COUNT.fullmatch(count)
    if not match:
        return count[:1].upper() + count[1:]
    on_spine, what, source, side, step = match.groups()
    if on_spine:
        return f"People of {p.names.source(on_spine)} on the spine"
    if source:
        return f"{p.names.source(source)}, {'records' if what == 'records' else 'people'}"
    step_title = p.name_of(step) if any(one["step"] == step for one in p.steps) else step
    return f"{step_title}: {f'{p.names.source(side)} eligible' if side else 'links'}"


def _released_counts(counts: Rows, key: str, d: Disclosure) -> dict[str, Cell]:
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


def rates_table(p: Publication, rates: Rows, shown: Sequence[Groups], two: tuple[str, str]) -> Table:
    """The largest changes either way, falls first. Groups that either release hides are last, by name: a place among
    the others would disclose their change."""
    known: list[tuple[float, Row]] = []
    hidden: list[Row] = []
    for row in rates:
        key = (row["step"], row["side"], row["characteristic"], row["label"])
        before, after = (groups.get(key) for groups in shown)
        label = p.names.source(row["label"]) if row["characteristic"] == "source" else row["label"]
        cells = [one.rate if one else p.d.marked("unavailable") for one in (before, after)]
        line: Row = [f"{p.name_of(row['step'])}, {p.names.source(row['source'])}", f"{row['title']}: {label}", *cells]
        if before and after and all(cell.value is not None for cell in cells):
            by = difference(*(wilson(_linked(one), int(one.eligible.value or 0)) for one in (before, after)))
            known.append((by["change"], [*line, *(change(100 * by[end]) for end in ("change", "low", "high"))]))
        else:
            hidden.append([*line, *[p.d.derived(*cells)] * 3])
    largest = sorted(sorted(known, key=lambda one: -abs(one[0]))[:_MOST_RATES], key=lambda one: one[0])
    rows = [line for _, line in largest] + sorted(hidden, key=lambda line: (str(line[0]), str(line[1])))
    heads = ["Step and side", "Group", *(f"{name}, %" for name in two), "Change, points", *INTERVAL]
    note = "Groups of fewer than 100 people are left out. Intervals are of independent samples."
    return Table("Link rates that changed most", heads, rows[:_MOST_RATES], note)


def _linked(group: Group) -> float:
    return min(1.0, (group.rate.value or 0.0) / 100) * (group.eligible.value or 0.0)


def _completeness_table(p: Publication, changes: Rows, two: tuple[str, str]) -> Table:
    rows: list[Row] = []
    for row in changes:
        before, after = (p.d.percent(int(row[key]["count"]), row[key]["of"]) for key in ("before", "after"))
        is_known = before.value is not None and after.value is not None
        by = change((after.value or 0.0) - (before.value or 0.0)) if is_known else p.d.derived(before, after)
        rows.append([p.names.source(row["source"]), p.names.column(row["identifier"]), before, after, by])
    heads = ["Source", "Identifier", *(f"{name}, %" for name in two), "Change, points"]
    return Table("People with a value", heads, rows)


def _parameters_table(p: Publication, changes: Rows) -> Table:
    keys = [f"{what}_{when}" for what in ("m", "u", "match_weight") for when in ("before", "after")]
    rows: list[Row] = [
        [p.name_of(row["step"]), p.names.column(row["comparison"]), row["level"]]
        + [p.d.parameter(row[key], _PLACES) for key in keys]
        for row in changes[:_MOST_LEVELS]
    ]
    heads = ["m before", "m after", "u before", "u after", "Weight before", "Weight after"]
    return Table("Levels whose m or u changed most", ["Step", "Comparison", "Level", *heads], rows)
