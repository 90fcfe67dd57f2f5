"""This release beside the last: what has moved, and by how much."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure, Sum
from quality.measures.drift import in_calculation, part_of
from quality.measures.intervals import difference, wilson
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Fold, Section, Table, Text
from quality.report.released import Group, Side, side

_VERDICTS = {"stable": "Stable", "moved": "Moved", "large": "Another population", "chance": "Within chance"}
_MOST_RATES = 40
_MOST_LEVELS = 40
_PARAMETERS = ("m", "u", "match_weight")
_PLACES = 3  # after the point: between releases they change by little


def drift_section(
    evaluation: Mapping[str, Any],
    drift: Mapping[str, Any] | None,
    names: Names,
    d: Disclosure,
    two: tuple[str, str] = ("Last release", "This release"),
    since: str = "since the last release",
    sides: Mapping[str, Mapping[str, Side]] | None = None,
) -> Section | None:
    """None where there is nothing to compare with.

    Args:
        two: what the tables call the two that are compared.
        since: the same in a sentence.
        sides: the later evaluation's as they were released, by step and side, where they are at hand.
    """
    if not drift:
        return None
    titles = {step["step"]: names.step(step) for step in evaluation["steps"]}
    steps = (drift.get("last", ()), evaluation["steps"])
    shown = (_released(steps[0], d), _released(steps[1], d, sides))
    blocks: list[Block] = [
        Text(
            f"The population stability index says how far a distribution has moved {since}: under 0.1 "
            "it is taken for stable, from 0.25 on for another population. Where links are so few that chance does 0.1 "
            "or more, what chance stays below 19 times of 20 is called within chance, and is no sign of a move. Of "
            "links it is asked how their match weights lie and how often they reach each level of a comparison."
        ),
        _distributions(drift["distributions"], titles, names, d, since),
        _counts_table(
            drift["counts"], [_in_calculation(*one, d) for one in zip(steps, shown, strict=True)], titles, names, d, two
        ),
        _rates_table(drift["rates"], shown, titles, names, d, two),
    ]
    completeness = _completeness_table(drift["completeness"], names, d, two)
    if completeness:
        blocks.append(Fold(f"Completeness of identifiers {since}", [completeness]))
    if drift["parameters"]:
        blocks.append(Fold(f"m and u {since}", [_parameters_table(drift["parameters"], titles, names, d)]))
    return Section("drift", since[:1].upper() + since[1:], blocks)


def _distributions(
    rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str], names: Names, d: Disclosure, since: str
) -> Block:
    """An index is of shares of many links, and says no count; it is hidden where those are few."""
    shown = [(row, _index(row, d)) for row in rows]
    values = [
        {"label": _what(row, names), "group": titles[row["step"]], "value": cell.value, "shown": cell.text}
        for row, cell in shown
        if cell.value is not None
    ]
    moved = [row for row, cell in shown if cell.value is not None and row["verdict"] in ("moved", "large")]
    said = f"{len(moved)} of {len(values)} distributions have moved."
    if not moved:
        said = f"None of {len(values)} distributions has moved." if values else "Too few links to say what has moved."
    if not rows:
        said = "There is no step between the same two that has links in both."
    table = Table(
        "Population stability index",
        ["Step", "What", "Index", "Verdict"],
        [
            [
                titles[row["step"]],
                _what(row, names),
                cell,
                _VERDICTS[row["verdict"]] if cell.mark is None else d.untold(cell),
            ]
            for row, cell in shown
        ],
    )
    return figure(
        "stability",
        f"How far distributions have moved {since}",
        said,
        lambda width: charts.bars(values, width, x="Population stability index", facet=True),
        table,
    )


def _what(row: Mapping[str, Any], names: Names) -> str:
    return "Match weights" if row["what"] == "match weights" else names.column(row["what"])


def _index(row: Mapping[str, Any], d: Disclosure) -> Cell:
    if min(row["before"], row["after"]) < d.profile.fewest:
        return d.marked("suppressed")
    return Cell(f"{row['psi']:.3f}", round(row["psi"], 3))


Released = Mapping[tuple[str, str, str, str], Group]
"""Groups as a release shows them, by step, side, characteristic and label."""
_ALL = ("all", "All")


def _released(
    steps: Sequence[Mapping[str, Any]], d: Disclosure, sides: Mapping[str, Mapping[str, Side]] | None = None
) -> Released:
    """What the report of a release shows of its groups: what it hides must not be had from a comparison.

    A side whose counts do not add up, of an evaluation that somebody changed, is left out: it has no report.
    """
    found: dict[tuple[str, str, str, str], Group] = {}
    for step in steps:
        for name in {row["side"] for row in step["totals"]}:
            try:
                one = sides[step["step"]][name] if sides else side(step, name, d)
            except ValueError:  # its counts contradict each other
                continue
            found[step["step"], name, *_ALL] = one.whole
            for characteristic, _, groups in one.characteristics:
                found |= {(step["step"], name, characteristic, group.label): group for group in groups}
    return found


def _in_calculation(steps: Sequence[Mapping[str, Any]], shown: Released, d: Disclosure) -> dict[str, Cell]:
    """Those in the calculation, by the name of the count (quality.measures.drift.published)."""
    found = {}
    for step in steps:
        for row in step["totals"]:
            whole = shown.get((step["step"], row["side"], *_ALL))
            found[in_calculation(step, row["side"])] = whole.eligible if whole else d.marked("unavailable")
    return found


def _counts_table(
    counts: Sequence[Mapping[str, Any]],
    eligible: Sequence[Mapping[str, Cell]],
    titles: Mapping[str, str],
    names: Names,
    d: Disclosure,
    two: tuple[str, str],
) -> Table:
    """Counts as they are shown; those in the calculation as the two reports show them."""
    rows: list[list[str | Cell]] = []
    of_two = [
        {**_released_counts(counts, key, d), **cells} for cells, key in zip(eligible, ("before", "after"), strict=True)
    ]
    for row in counts:
        before, after = (cells.get(row["count"], d.marked("unavailable")) for cells in of_two)
        is_told = before.value and after.value is not None
        # Of what is shown, so that it says no more.
        change = _signed(100 * (after.value / before.value - 1)) if is_told else d.untold(before, after)  # type: ignore[operator]
        rows.append([_in_words(row["count"], titles, names), before, after, change])
    return Table("Published counts", ["Count", *two, "Change, %"], rows)


_ON_SPINE = re.compile("people of (.+) on the spine")
_OF_SOURCE = re.compile("(records|entities) of (.+)")
_OF_STEP = re.compile("(links|(.+) in the calculation) of (.+)")


def _in_words(count: str, titles: Mapping[str, str], names: Names) -> str:
    """A published count (quality.measures.drift.published) by the names that the page has for sources and steps."""
    if found := _ON_SPINE.fullmatch(count):
        return names.of(f"People of {names.source(found[1])} on the spine")
    if found := _OF_SOURCE.fullmatch(count):
        return f"{names.source(found[2])}, {'records' if found[1] == 'records' else names.of('people')}"
    if found := _OF_STEP.fullmatch(count):
        what = f"{names.source(found[2])} in the calculation" if found[2] else found[1]
        return f"{titles.get(found[3], found[3])}: {what}"
    return names.of(count[:1].upper() + count[1:])


def _released_counts(counts: Sequence[Mapping[str, Any]], key: str, d: Disclosure) -> dict[str, Cell]:
    """Counts of one of the two. What a part leaves of its whole is told by both, and may not be few."""
    values: dict[str, int] = {row["count"]: row[key] for row in counts if row[key] is not None}
    sums: list[Sum[str]] = []
    rests: dict[str, int] = {}
    for part in values:
        whole = part_of(part)
        if whole and values.get(whole, 0) > values[part]:
            rest = f"{whole} but not {part}"
            rests[rest] = values[whole] - values[part]
            sums.append(Sum(whole, (part, rest)))
    return d.counts(values | rests, sums, unshown=rests)


def _rates_table(
    rates: Sequence[Mapping[str, Any]],
    shown: tuple[Released, Released],
    titles: Mapping[str, str],
    names: Names,
    d: Disclosure,
    two: tuple[str, str],
) -> Table:
    """The largest changes either way, falls first.

    Groups that either release withholds stand last, by name: a place among the others says what they changed by.
    """
    told: list[list[str | Cell]] = []
    withheld: list[list[str | Cell]] = []
    for row in rates:
        key = (row["step"], row["side"], row["characteristic"], row["label"])
        before, after = (groups.get(key) for groups in shown)
        group = row["label"] if row["characteristic"] != "source" else names.source(row["label"])
        where = f"{titles[row['step']]}, {names.source(row['source'])}"
        cells = [one.rate if one else d.marked("unavailable") for one in (before, after)]
        found: list[str | Cell] = [where, f"{row['title']}: {group}", *cells, *_moved_by(before, after, d)]
        (withheld if any(cell.mark for cell in cells) else told).append(found)
    largest = sorted(range(len(told)), key=lambda place: -_size(told[place][4]))[:_MOST_RATES]
    every = [*(told[place] for place in sorted(largest)), *sorted(withheld, key=lambda row: (str(row[0]), str(row[1])))]
    left = len(told) + len(withheld) - len(every[:_MOST_RATES])
    return Table(
        "Link rates that changed most, falls first",
        ["Step and side", "Group", *(f"{name}, %" for name in two), "Change, points", "95% from", "to"],
        every[:_MOST_RATES],
        "Groups of fewer than a hundred people in either of them are not compared; those whose rate either of them "
        "withholds stand last. Intervals are as if the two held other people; where most are the same, chance does "
        "less." + (f" {left:,} more are not in the table." if left else ""),
    )


def _size(change: str | Cell) -> float:
    return abs(change.value or 0.0) if isinstance(change, Cell) else 0.0


def _moved_by(before: Group | None, after: Group | None, d: Disclosure) -> list[Cell]:
    """Change of a rate with its interval, of the figures as they are shown."""
    if before is None or after is None or before.rate.value is None or after.rate.value is None:
        marks = [one.rate if one else d.marked("unavailable") for one in (before, after)]
        return [d.untold(*marks) for _ in range(3)]
    found = difference(*(wilson(_shown_count(one), int(one.eligible.value or 0)) for one in (before, after)))
    return [_points(found[key]) for key in ("change", "low", "high")]


def _shown_count(group: Group) -> float:
    return min(1.0, (group.rate.value or 0.0) / 100) * (group.eligible.value or 0.0)


def _points(value: float) -> Cell:
    return _signed(100 * value)


def _signed(change: float) -> Cell:
    """A change with its sign, to a tenth; where it is less than that and not nought, to its first digit."""
    if not round(change, 6):
        return Cell("0.0", 0.0)
    text = f"{change:+.1f}" if abs(change) >= 0.05 else f"{change:+.1g}"
    return Cell(text.replace("-", "−", 1), float(text))


def _completeness_table(
    rows: Sequence[Mapping[str, Any]], names: Names, d: Disclosure, two: tuple[str, str]
) -> Table | None:
    found: list[list[str | Cell]] = []
    for row in rows:
        before, after = (d.percent(int(row[key]["count"]), row[key]["of"]) for key in ("before", "after"))
        is_shown = before.value is not None and after.value is not None
        points = _points(((after.value or 0.0) - (before.value or 0.0)) / 100) if is_shown else d.untold(before, after)
        found.append([names.source(row["source"]), names.column(row["identifier"]), before, after, points])
    if not found:
        return None
    columns = ["Source", "Identifier", *(f"{name}, %" for name in two), "Change, points"]
    return Table("People with a value, and before", columns, found)


def _parameters_table(
    rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str], names: Names, d: Disclosure
) -> Table:
    found: list[list[str | Cell]] = [
        [
            titles[row["step"]],
            names.column(row["comparison"]),
            row["level"],
            *(d.parameter(row[f"{what}_{when}"], _PLACES) for what in _PARAMETERS for when in ("before", "after")),
        ]
        for row in rows[:_MOST_LEVELS]
    ]
    heads = ["m before", "m now", "u before", "u now", "Weight before", "Weight now"]
    return Table("Levels whose m or u changed most", ["Step", "Comparison", "Level", *heads], found)
