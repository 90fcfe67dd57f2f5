"""Linkage bias: standardised differences, missed matches and false links by group, and a drafted statement."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.names import Names
from quality.report.page import Block, Fold, Heading, Row, Section, Table, Text
from quality.report.released import Group, Side, release
from quality.report.showing import chart_row, listed, lower, signed, with_interval

MISSED_ESTIMATED = "Estimated missed matches (minimum), %"
MISSED_NOTE = "Missed: share of the group's eligible people with a true match who were not linked to it."
_ESTIMATED_NOTE = (
    "Estimated missed matches (minimum): from scored pairs below the threshold. Matches that no blocking rule reaches "
    "cannot be attributed to groups."
)
_SIDES = {
    "matched_unmatched": ("under-represented among the linked", "over-represented among the linked"),
    "found_missed": ("under-represented among those found", "over-represented among those found"),
    "right_false": ("with more false links than their share", "with fewer false links than their share"),
}
"""What a negative difference says of a group, and a positive one."""

GroupRow = tuple[Mapping[str, Any], Mapping[str, Any]]  # a table of bias, and a group of it


class Shown:
    """What was released of a step's left side: what is hidden there must not be disclosed here."""

    def __init__(self, side: Side, d: Disclosure) -> None:
        self._d, self._two_way = d, side.two_way
        self._groups = {(title, group.label): group for _, title, groups in side.characteristics for group in groups}

    def group(self, row: Mapping[str, Any], group: Mapping[str, Any]) -> Group | None:
        """A group of one characteristic as it was released."""
        return self._groups.get((row["title"], group["labels"][0])) if len(group["labels"]) == 1 else None

    def rate(self, row: Mapping[str, Any], group: Mapping[str, Any]) -> Cell:
        """Percentage linked, as it was released with the groups that it adds up to."""
        if released := self.group(row, group):
            return released.rate
        cell = self._two_way.get((tuple(row["characteristics"]), tuple(group["labels"])))
        return cell or self._d.percent(group["matched"], group["eligible"])

    def difference(self, row: Mapping[str, Any], group: Mapping[str, Any], basis: str) -> list[Cell]:
        """Standardised difference and its interval, where the counts behind it may be shown."""
        value, profile = group[basis], self._d.profile
        if value is None:
            return [self._d.marked("not_applicable")] * 3
        if basis == "matched_unmatched":
            few = min(group["matched"], group["eligible"] - group["matched"]) < profile.threshold
            hidden = few or group["eligible"] < profile.fewest or self.rate(row, group).mark == "suppressed"
        else:
            hidden = (group["false"]["of"] if basis == "right_false" else group["in_both"]) < profile.fewest
        if hidden:
            return [self._d.marked("suppressed")] * 3
        return [signed(value[key]) for key in ("difference", "low", "high")]


def basis_of(step: Mapping[str, Any]) -> str:
    """Who is compared: where truth knows who could be found, the found with the missed; else linked and unlinked."""
    is_known = any(group.get("in_both") for row in step["bias"] for group in row["groups"])
    return "found_missed" if is_known else "matched_unmatched"


def named_groups(step: Mapping[str, Any], basis: str) -> Iterator[GroupRow]:
    """Groups of one characteristic that sentences name; of false links, which are few, years of birth by fives."""
    for row in step.get("bias") or ():
        if len(row["characteristics"]) == 1:
            groups = row.get("bands") or row["groups"] if basis == "right_false" else row["groups"]
            yield from ((row, group) for group in groups)


def estimated_share(group: Mapping[str, Any], share: float | None, d: Disclosure) -> Cell:
    """A mean of match probabilities of a group's links, or a bound of it; not a count of people."""
    if share is None:
        return d.marked("not_applicable")
    if group["links"] < d.profile.fewest:
        return d.marked("suppressed")
    return Cell(f"{100 * share:.2f}", round(100 * share, 2))


def bias_section(evaluation: Mapping[str, Any], names: Names, d: Disclosure) -> Section | None:
    """None where the run knows no characteristic."""
    steps = [step for step in evaluation["steps"] if step.get("bias")]
    if not steps:
        return None
    last = steps[-1]
    compared = (
        "people whose true match was found with those whose match was missed"
        if basis_of(last) == "found_missed"
        else "linked with unlinked people; it also shows how far two files overlap"
    )
    opening = (
        "A standardised difference is how far a group's share differs between two sets of people, in standard "
        f"deviations; beyond 0.1 it is flagged (Austin 2009). It compares {compared}."
    )
    blocks: list[Block] = [Text(opening), _chart(last, names, d), Heading("Drafted statement")]
    blocks += [Text(sentence) for sentence in drafted_statement(last, names, d)]
    for step in reversed(steps):
        tables: list[Block] = [_table(step, names, d, two_way=False), _false_table(step, names, d)]
        if step is last and any(len(row["characteristics"]) > 1 for row in step["bias"]):
            tables.append(_table(step, names, d, two_way=True))
        blocks.append(Fold(f"{names.step(step)}: bias by group", tables))
    return Section("bias", "Bias by group", blocks)


def _verdict(value: Mapping[str, Any] | None, cell: Cell) -> str:
    if value is None or cell.value is None:
        return "not shown"
    if not value["flagged"]:
        return "not flagged"
    return "flagged" if value["certain"] else "flagged, may be chance"


def _chart(step: Mapping[str, Any], names: Names, d: Disclosure) -> Block:
    basis, shown = basis_of(step), Shown(release(step, d).left, d)
    rows: list[Row] = []
    values: list[dict[str, Any]] = []
    for row, group in named_groups(step, basis):
        if row["characteristics"] != ["cohort"]:
            cells, label = shown.difference(row, group, basis), ", ".join(group["labels"])
            rows.append([row["title"], label, *cells, _verdict(group[basis], cells[0])])
            values += chart_row(label, cells, row["title"])
    flagged = sum(str(row[-1]).startswith("flagged") for row in rows)
    table = Table(
        "Standardised differences", ["Characteristic", "Group", "Difference", "95% from", "to", "Verdict"], rows
    )
    summary = f"{flagged} of {len(values)} groups are flagged. Lines show 95% intervals; small groups are left out."
    chart = charts.dots(values, x="Standardised difference", limits=(-0.1, 0.1))
    return charts.figure(
        "standardised-differences", f"{names.step(step)}: standardised differences", summary, chart, table
    )


def drafted_statement(step: Mapping[str, Any], names: Names, d: Disclosure) -> list[str]:
    """Sentences for a release: what was found by characteristic, and what a person still has to say."""
    basis = basis_of(step)
    who = "found and missed people" if basis == "found_missed" else "linked and unlinked people"
    sentences = _findings(step, basis, f"{names.step(step)}: we compared {who} by group.", d)
    if any(group.get("right_false") for _, group in named_groups(step, "right_false")):
        sentences += _findings(step, "right_false", "We compared correct and false links by group.", d)
    return [*sentences, "Whoever publishes this draft adds causes, what was done, and whether the bias is mitigated."]


def _findings(step: Mapping[str, Any], basis: str, opening: str, d: Disclosure) -> list[str]:
    shown = Shown(release(step, d).left, d)
    by_title: dict[str, list[tuple[str, Mapping[str, Any] | None, Cell]]] = {}
    for row, group in named_groups(step, basis):
        cell = shown.difference(row, group, basis)[0]
        by_title.setdefault(row["title"], []).append((", ".join(group["labels"]), group[basis], cell))
    detected, clear, hidden, alike, unsure = [], [], [], [], 0
    for title, groups in by_title.items():
        seen = [(label, value, cell) for label, value, cell in groups if value and cell.value is not None]
        flagged = [one for one in seen if one[1]["flagged"]]
        certain = [one for one in flagged if one[1]["certain"]]
        unsure += len(flagged) - len(certain)
        if certain:
            detected.append(f"{title}: {_by_direction(certain, basis)}.")
        elif not any(value for _, value, _ in groups):
            alike.append(lower(title))
        elif not seen:
            hidden.append(lower(title))
        elif not flagged:
            clear.append(lower(title))
    sentences = [opening + (f" No bias was detected by {listed(clear)}." if clear else "")]
    if detected:
        sentences.append("Detected: " + " ".join(detected))
    if hidden:
        sentences.append(f"Not shown by {listed(hidden)}: every group is too small.")
    if alike:
        sentences.append(f"Nothing to compare by {listed(alike)}.")
    if unsure:
        sentences.append(f"Groups beyond 0.1 that chance could explain: {unsure}. The tables have them.")
    return sentences


def _by_direction(groups: Sequence[tuple[str, Mapping[str, Any], Cell]], basis: str) -> str:
    parts = []
    for words, is_positive in zip(_SIDES[basis], (False, True), strict=True):
        names = [f"{label} ({cell.text})" for label, value, cell in groups if (value["difference"] > 0) == is_positive]
        parts += [f"{words}: {', '.join(names)}"] if names else []
    return "; ".join(parts)


def _table(step: Mapping[str, Any], names: Names, d: Disclosure, *, two_way: bool) -> Table:
    """Rates, missed matches and differences, a row a group."""
    shown, has_truth = Shown(release(step, d).left, d), bool(step["accuracy"])
    rows: list[Row] = []
    for row in step["bias"]:
        if (len(row["characteristics"]) > 1) == two_way:
            for group in row["groups"]:
                cells: list[str | Cell] = [row["title"], ", ".join(group["labels"]), shown.rate(row, group)]
                cells += with_interval(group["missed"], d) if has_truth else []
                cells.append(estimated_share(group, group["estimated_missed"], d))
                cells += shown.difference(row, group, "matched_unmatched")
                cells += shown.difference(row, group, "found_missed") if has_truth else []
                rows.append(cells)
    interval = ["95% from", "to"]
    heads = ["Characteristic", "Group", "Linked, %", *(["Missed, %", *interval] if has_truth else []), MISSED_ESTIMATED]
    heads += ["Linked and unlinked", *interval, *(["Found and missed", *interval] if has_truth else [])]
    title = "two characteristics" if two_way else "group"
    note = f"{_ESTIMATED_NOTE} {MISSED_NOTE}" if has_truth else _ESTIMATED_NOTE
    return Table(f"{names.step(step)}: bias by {title}", heads, rows, note)


def _false_table(step: Mapping[str, Any], names: Names, d: Disclosure) -> Table:
    """The share of false links by group, by truth and estimated."""
    shown, has_truth = Shown(release(step, d).left, d), bool(step["accuracy"])
    rows: list[Row] = []
    for row, group in named_groups(step, "right_false"):
        cells: Row = [row["title"], ", ".join(group["labels"])]
        cells += with_interval(group["false"], d) if has_truth else []
        within = group["estimated_false_within"] or {}
        cells += [estimated_share(group, within.get(bound), d) for bound in ("value", "low", "high")]
        if has_truth:
            differences = shown.difference(row, group, "right_false")
            cells += [*differences, _verdict(group["right_false"], differences[0])]
        rows.append(cells)
    interval = ["95% from", "to"]
    heads = ["Characteristic", "Group", *(["False links, %", *interval] if has_truth else [])]
    heads += ["False links, estimated, %", "Range from", "to"]
    heads += ["Correct and false", *interval, "Verdict"] if has_truth else []
    return Table(
        f"{names.step(step)}: false links by group",
        heads,
        rows,
        "Estimated: from match probabilities, with a sensitivity range.",
    )
