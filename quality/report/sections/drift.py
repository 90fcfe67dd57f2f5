"""Changes between two releases: distributions, published counts, link rates,
completeness, m and u.

All but m and u is calculated from what the two releases show, so that it discloses no
more than they do.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quality.disclosure import Cell
from quality.intervals import difference, wilson
from quality.measures.drift import FEWEST
from quality.report import charts
from quality.report.page import Block, Fold, Row, Section, Table, Text
from quality.report.released import Group, Publication, Release, release
from quality.report.sections.coverage import completeness
from quality.report.showing import INTERVAL, change

VERDICTS = {
    "stable": "Stable",
    "moved": "Moved",
    "large": "Another population",
    "chance": "Within chance",
    "": "not shown",
}
_MOST_RATES, _MOST_LEVELS = 40, 40  # rows of a table
_PLACES = 3  # decimals of m, u and weights: between releases they change little
Two = tuple[Release, Release]


def drift_section(
    p: Publication, two: tuple[str, str] = ("Last release", "This release")
) -> Section | None:
    """None where there is nothing to compare with.

    Args:
        two: what the tables call the two that are compared.
    """
    changes = p.drift
    if not changes:
        return None
    last = (
        "the last release"
        if two[0] == "Last release"
        else f"{two[0][:1].lower()}{two[0][1:]}"
    )
    blocks: list[Block] = [Text(_PSI)]
    if releases := _two(p, changes.get("last")):
        completeness = _completeness_table(p, releases, two)
        blocks += [
            _distributions(p, releases),
            _counts_table(p, releases, two),
            _rates_table(p, releases, two),
        ]
        blocks += (
            [Fold("Completeness of identifiers in both", [completeness])]
            if completeness.rows
            else []
        )
    else:
        blocks = [
            Text(
                f"What may be shown of {last} is not known: its counts contradict each "
                "other, or are not stored."
            )
        ]
    if rows := changes["parameters"]:
        blocks.append(Fold("m and u in both", [_parameters_table(p, rows)]))
    return Section("drift", f"Changes since {last}", blocks)


_PSI = (
    "The population stability index (PSI) measures how far a distribution moved: under "
    "0.1 is stable, 0.25 or more "
    "another population. “Within chance”: few links, and chance alone does as much in "
    "1 of 20 cases."
)


def _two(p: Publication, last: Any) -> Two | None:
    """Both releases as they are shown; None of an evaluation that was changed, or that
    an earlier version stored.
    """
    if not isinstance(last, Mapping):
        return None
    try:
        return release(last, p.d), release(p.evaluation, p.d)
    except ValueError:
        return None


def _same_steps(releases: Two) -> list[str]:
    """Steps of one name that are between the same two sides."""
    before, after = (
        {name: (of.left.source, of.right.source) for name, of in one.steps.items()}
        for one in releases
    )
    return [name for name, sides in after.items() if before.get(name) == sides]


def _distributions(p: Publication, releases: Two) -> Block:
    rows: list[Row] = [
        [
            p.name_of(step),
            "Match weights" if name == "match weights" else p.names.column(name),
            psi,
            VERDICTS[verdict],
        ]
        for step in _same_steps(releases)
        for name, (psi, verdict) in releases[1]
        .steps[step]
        .stability(releases[0].steps[step])
        .items()
    ]
    table = Table(
        "Population stability index", ["Step", "Distribution", "PSI", "Verdict"], rows
    )
    values = [row for row in table.values(2) if row["value"] is not None]
    moved_count = sum(row[3] in (VERDICTS["moved"], VERDICTS["large"]) for row in rows)
    summary = f"{moved_count} of {len(values)} distributions have moved."
    chart = charts.bars(values, x="Population stability index")
    return charts.figure(
        "stability", "How far distributions have moved", summary, chart, table
    )


def _published(p: Publication, one: Release) -> Iterator[tuple[str, Cell]]:
    """The counts that a release publishes, with their titles."""
    for key, cell in one.cells.items():
        if key == ("spine", "people"):
            yield "People on the spine", cell
        elif key[:2] == ("spine", "of"):
            yield f"People of {p.names.source(key[2])} on the spine", cell
        elif key[0] == "source" and key[2] in ("records", "people"):
            yield f"{p.names.source(key[1])}, {key[2]}", cell
        elif key[0] == "rows of":
            yield f"Rows of {key[1]}", cell
    for name, step in one.steps.items():
        title = p.name_of(name) if any(own["step"] == name for own in p.steps) else name
        yield f"{title}: links", step.links
        for side in step.sides:
            yield (
                f"{title}: {p.names.source(side.source)} eligible",
                side.whole.eligible,
            )


def _counts_table(p: Publication, releases: Two, names: tuple[str, str]) -> Table:
    """Published counts of both."""
    rows: list[Row] = []
    old_counts, new_counts = (dict(_published(p, one)) for one in releases)
    for title in dict.fromkeys([*new_counts, *old_counts]):
        before, after = (
            counts.get(title) or p.d.marked("unavailable")
            for counts in (old_counts, new_counts)
        )
        is_known = before.value and after.value is not None
        by = (
            change(100 * (after.value / before.value - 1))  # type: ignore[operator]
            if is_known
            else p.d.derived(before, after)
        )
        rows.append([title, before, after, by])
    return Table("Published counts", ["Count", *names, "Change, %"], rows)


def _groups(one: Release) -> dict[tuple[str, str, str, str], tuple[str, Group]]:
    """Title and group by step, side, characteristic and label."""
    groups: dict[tuple[str, str, str, str], tuple[str, Group]] = {}
    for name, step in one.steps.items():
        for side in step.sides:
            groups[name, side.side, "all", "All"] = "All", side.whole
            for characteristic, title, members in side.characteristics:
                groups |= {
                    (name, side.side, characteristic, group.label): (title, group)
                    for group in members
                }
    return groups


def _rates_table(p: Publication, releases: Two, names: tuple[str, str]) -> Table:
    """The largest changes either way, falls first. Groups that either release hides are
    last, by name: a place among the others would disclose their change.
    """
    known: list[tuple[float, Row]] = []
    hidden_rows: list[Row] = []
    (old_groups, new_groups), steps = map(_groups, releases), _same_steps(releases)
    for key in [key for key in new_groups if key in old_groups and key[0] in steps]:
        (_, before), (title, after) = old_groups[key], new_groups[key]
        if before.eligible.value == 0 or after.eligible.value == 0:
            continue
        label = p.names.source(key[3]) if key[2] == "source" else key[3]
        source = getattr(releases[1].steps[key[0]], key[1]).source
        line: Row = [
            f"{p.name_of(key[0])}, {p.names.source(source)}",
            f"{title}: {label}",
            before.rate,
            after.rate,
        ]
        if any(
            cell.value is None
            for one in (before, after)
            for cell in (one.rate, one.eligible)
        ):
            hidden_rows.append([*line, *[p.d.derived(before.rate, after.rate)] * 3])
        elif min(before.eligible.value or 0, after.eligible.value or 0) >= FEWEST:
            shift = difference(
                *(
                    wilson(_linked(one), int(one.eligible.value or 0))
                    for one in (before, after)
                )
            )
            known.append(
                (
                    shift["change"],
                    [
                        *line,
                        *(
                            change(100 * shift[end])
                            for end in ("change", "low", "high")
                        ),
                    ],
                )
            )
    largest = sorted(
        sorted(known, key=lambda one: -abs(one[0]))[:_MOST_RATES],
        key=lambda one: one[0],
    )
    rows = [line for _, line in largest] + sorted(
        hidden_rows, key=lambda line: (str(line[0]), str(line[1]))
    )
    heads = [
        "Step and side",
        "Group",
        *(f"{name}, %" for name in names),
        "Change, points",
        *INTERVAL,
    ]
    note = (
        f"Groups of fewer than {FEWEST} people are left out. Intervals are of "
        "independent samples."
    )
    return Table("Link rates that changed most", heads, rows[:_MOST_RATES], note)


def _linked(group: Group) -> float:
    return min(1.0, (group.rate.value or 0.0) / 100) * (group.eligible.value or 0.0)


def _completeness_table(p: Publication, releases: Two, names: tuple[str, str]) -> Table:
    old_shares, new_shares = (
        completeness(one.evaluation, one, "present", p.d) for one in releases
    )
    rows: list[Row] = []
    for source, identifier in [key for key in new_shares if key in old_shares]:
        before, after = old_shares[source, identifier], new_shares[source, identifier]
        if {before.mark, after.mark} == {"not_applicable"}:
            continue
        is_known = before.value is not None and after.value is not None
        cell = (
            change((after.value or 0.0) - (before.value or 0.0))
            if is_known
            else p.d.derived(before, after)
        )
        rows.append(
            [p.names.source(source), p.names.column(identifier), before, after, cell]
        )
    heads = [
        "Source",
        "Identifier",
        *(f"{name}, %" for name in names),
        "Change, points",
    ]
    return Table("People with a value", heads, rows)


def _parameters_table(p: Publication, changes: Sequence[Mapping[str, Any]]) -> Table:
    keys = [
        f"{parameter}_{time}"
        for parameter in ("m", "u", "match_weight")
        for time in ("before", "after")
    ]
    rows: list[Row] = [
        [p.name_of(row["step"]), p.names.column(row["comparison"]), row["level"]]
        + [p.d.parameter(row[key], _PLACES) for key in keys]
        for row in changes[:_MOST_LEVELS]
    ]
    heads = [
        "m before",
        "m after",
        "u before",
        "u after",
        "Weight before",
        "Weight after",
    ]
    return Table(
        "Levels whose m or u changed most",
        ["Step", "Comparison", "Level", *heads],
        rows,
    )
