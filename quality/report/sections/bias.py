"""Linkage bias: standardised differences, missed matches and false links by group, and
a drafted statement.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.disclosure import Cell
from quality.measures.bias import standardised
from quality.report import charts
from quality.report.linked_tables import Step
from quality.report.page import Block, Fold, Heading, Row, Section, Table, Text
from quality.report.released import Group, Publication, Released
from quality.report.showing import INTERVAL, listed, lower, number, signed

MISSED_ESTIMATED = "Estimated missed matches (minimum), %"
MISSED_NOTE = (
    "Missed: share of the group's eligible people with a true match who "
    "were "
    "not linked to it."
)
_ESTIMATED_NOTE = (
    "Estimated missed matches (minimum): from scored pairs below the threshold. "
    "Matches that no blocking rule reaches "
    "cannot be attributed to groups."
)
_SIDES = {
    "matched_unmatched": (
        "under-represented among the linked",
        "over-represented among the linked",
    ),
    "found_missed": (
        "under-represented among the correctly linked",
        "over-represented among the correctly linked",
    ),
    "right_false": (
        "with more false links than their share",
        "with fewer false links than their share",
    ),
}
"""What a negative difference says of a group, and a positive one."""

PARTS = {
    "matched_unmatched": ("linked", "unlinked"),
    "found_missed": ("found", "missed"),
    "right_false": ("correct", "false"),
}
"""The counts of a group that a difference compares."""
GroupRow = tuple[
    Mapping[str, Any], Mapping[str, Any]
]  # a table of bias, and a group of it


@dataclass(frozen=True)
class Difference:
    """A standardised difference of a group with its interval, from counts as they are
    shown.

    Attributes:
        cells: value, low, high.
        flagged: beyond 0.1 either way.
        certain: the whole interval is.
    """

    cells: Sequence[Cell]
    flagged: bool = False
    certain: bool = False

    @property
    def value(self) -> float | None:
        return self.cells[0].value

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not shown"
        return (
            "not flagged"
            if not self.flagged
            else "flagged"
            if self.certain
            else "flagged, may be chance"
        )


class GroupCells:
    """Cells of the groups of a step's left side: what is hidden among its link rates
    must not be disclosed here.
    """

    def __init__(self, released: Released) -> None:
        self._released, self._d = released, released.d
        self._two_way = released.left.two_way
        self._groups = {
            (title, group.label): group
            for _, title, groups in released.left.characteristics
            for group in groups
        }

    def group(self, row: Mapping[str, Any], group: Mapping[str, Any]) -> Group | None:
        """A group of one characteristic as it was released."""
        return (
            self._groups.get((row["title"], group["labels"][0]))
            if len(group["labels"]) == 1
            else None
        )

    def rate(self, row: Mapping[str, Any], group: Mapping[str, Any]) -> Cell:
        """Percentage linked, as it was released with the groups that it adds up to."""
        if cells := self.group(row, group):
            return cells.rate
        cell = self._two_way.get(
            (tuple(row["characteristics"]), tuple(group["labels"]))
        )
        return cell or self._d.marked("unavailable")

    def by_truth(
        self, row: Mapping[str, Any], group: Mapping[str, Any], part: str, rest: str
    ) -> list[Cell]:
        """A share of error by truth with its interval: of the found and missed, or the
        correct and false.
        """
        return self._released.of_group(*_place(row, group), part, rest)

    def difference(
        self, row: Mapping[str, Any], group: Mapping[str, Any], basis: str
    ) -> Difference:
        """Standardised difference of a group's share of the first and of the second
        part of a basis.
        """
        parts = PARTS[basis]
        if group[basis] is None:
            return Difference([self._d.marked("not_applicable")] * 3)
        counts = [
            self._released.count_of_group(*_place(row, group), part) for part in parts
        ]
        if basis == "matched_unmatched":
            whole = self._released.left.whole
            wholes = [whole.linked, whole.unlinked]
        else:  # groups of a table are all shown, or none
            groups = (
                (row.get("bands") or ())
                if group in (row.get("bands") or ())
                else row["groups"]
            )
            part_cells = [
                [
                    self._released.count_of_group(*_place(row, one), part)
                    for one in groups
                ]
                for part in parts
            ]
            wholes = [
                Cell("", sum(cell.value or 0 for cell in cells)) for cells in part_cells
            ]
        if any(cell.value is None for cell in (*counts, *wholes)) or not all(
            cell.value for cell in wholes
        ):
            return Difference([self._d.derived(*counts, *wholes)] * 3)
        numbers = [
            round(cell.value or 0)
            for pair in zip(counts, wholes, strict=True)
            for cell in pair
        ]
        result = standardised(
            *(min(numbers[n], numbers[n // 2 * 2 + 1]) for n in range(4))
        )
        if result is None:
            return Difference([self._d.marked("not_applicable")] * 3)
        cells = [signed(result[key]) for key in ("difference", "low", "high")]
        return Difference(cells, result["flagged"], result["certain"])

    def estimated(
        self, row: Mapping[str, Any], group: Mapping[str, Any], share: float | None
    ) -> Cell:
        """A mean of match probabilities of a group's links, or a bound of it, where the
        link rate is shown.
        """
        if share is None:
            return self._d.marked("not_applicable")
        rate = self.rate(row, group)
        if group in (
            row.get("bands") or ()
        ):  # shown where the rates of all its years are
            first, _, last = group["labels"][0].partition(" to ")
            years = [
                one
                for (title, label), one in self._groups.items()
                if title == row["title"] and first <= label <= (last or first)
            ]
            rate = (
                self._d.marked("suppressed")
                if any(one.rate.value is None for one in years)
                else number(0)
            )
        return self._d.derived(rate) if rate.value is None else number(100 * share)


def _place(
    row: Mapping[str, Any], group: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """Names of characteristics and labels of a group; of years of birth by fives
    "bands" is one of the names.
    """
    return [
        *row["characteristics"],
        *(["bands"] if group in (row.get("bands") or ()) else []),
    ], group["labels"]


def basis_of(step: Step) -> str:
    """Who is compared: where truth knows who could be found, the found with the missed;
    else linked and unlinked.
    """
    is_known = any(
        group.get("in_both") for row in step["bias"] for group in row["groups"]
    )
    return "found_missed" if is_known else "matched_unmatched"


def named_groups(step: Step, basis: str) -> Iterator[GroupRow]:
    """Groups of one characteristic that sentences name; of false links, which are few,
    years of birth by fives.
    """
    for row in step.get("bias") or ():
        if len(row["characteristics"]) == 1:
            groups = (
                row.get("bands") or row["groups"]
                if basis == "right_false"
                else row["groups"]
            )
            yield from ((row, group) for group in groups)


def labels_of(row: Mapping[str, Any], group: Mapping[str, Any]) -> Row:
    """The two cells that name a group."""
    return [row["title"], ", ".join(group["labels"])]


def bias_section(p: Publication) -> Section | None:
    """None where the run knows no characteristic."""
    steps = [step for step in p.steps if step.get("bias")]
    if not steps:
        return None
    last = steps[-1]
    comparison = (
        "correctly linked people with people whose match was missed"
        if basis_of(last) == "found_missed"
        else "linked with unlinked people; it also shows how far two files overlap"
    )
    opening = (
        "A standardised difference is how far a group's share differs between two sets "
        "of people, in standard "
        f"deviations; beyond 0.1 it is flagged (Austin 2009). It compares {comparison}."
    )
    blocks: list[Block] = [Text(opening), _chart(p, last), Heading("Drafted statement")]
    blocks += [Text(sentence) for sentence in drafted_statement(p, last)]
    for step in reversed(steps):
        tables: list[Block] = [_table(p, step, two_way=False), _false_table(p, step)]
        if step is last and any(
            len(row["characteristics"]) > 1 for row in step["bias"]
        ):
            tables.append(_table(p, step, two_way=True))
        blocks.append(Fold(f"{p.name_of(step)}: bias by group", tables))
    return Section("bias", "Bias by group", blocks)


def _chart(p: Publication, step: Step) -> Block:
    basis, cells_of = basis_of(step), GroupCells(p.released(step))
    rows: list[Row] = [
        [*labels_of(row, group), *difference.cells, difference.verdict]
        for row, group in named_groups(step, basis)
        if row["characteristics"] != ["cohort"]
        for difference in [cells_of.difference(row, group, basis)]
    ]
    heads = ["Characteristic", "Group", "Difference", *INTERVAL, "Verdict"]
    table = Table("Standardised differences", heads, rows)
    values = table.values(2, bounds=True)
    flagged = sum(str(row[-1]).startswith("flagged") for row in rows)
    summary = (
        f"{flagged} of {len(values)} groups are flagged. Lines show 95% "
        "intervals; small groups are left out."
    )
    if not values:
        summary = (
            "Not shown: people whose match was missed, or who are not linked, "
            "are too few in every group."
        )
    chart = charts.dots(values, x="Standardised difference", limits=(-0.1, 0.1))
    title = f"{p.name_of(step)}: standardised differences"
    return charts.figure("standardised-differences", title, summary, chart, table)


def drafted_statement(p: Publication, step: Step) -> list[str]:
    """Sentences for a release: the bias by characteristic, and what the publisher still
    has to say.
    """
    basis = basis_of(step)
    subject = (
        "correctly linked and missed people"
        if basis == "found_missed"
        else "linked and unlinked people"
    )
    sentences = _findings(
        p, step, basis, f"{p.name_of(step)}: we compared {subject} by group."
    )
    if any(group.get("right_false") for _, group in named_groups(step, "right_false")):
        sentences += _findings(
            p, step, "right_false", "We compared correct and false links by group."
        )
    return [
        *sentences,
        "Whoever publishes this draft adds causes, what was done, and whether the bias "
        "is mitigated.",
    ]


def _findings(p: Publication, step: Step, basis: str, opening: str) -> list[str]:
    cells_of = GroupCells(p.released(step))
    by_title: dict[str, list[tuple[str, Difference]]] = {}
    for row, group in named_groups(step, basis):
        by_title.setdefault(row["title"], []).append(
            (", ".join(group["labels"]), cells_of.difference(row, group, basis))
        )
    findings, clear, hidden_titles, equal, unsure_count = [], [], [], [], 0
    for title, groups in by_title.items():
        differences = [one for one in groups if one[1].value is not None]
        flagged = [one for one in differences if one[1].flagged]
        certain = [one for one in flagged if one[1].certain]
        unsure_count += len(flagged) - len(certain)
        if certain:
            findings.append(f"{title}: {_by_direction(certain, basis)}.")
        elif all(one.cells[0].mark == "not_applicable" for _, one in groups):
            equal.append(lower(title))
        elif not differences:
            hidden_titles.append(lower(title))
        elif not flagged:
            clear.append(lower(title))
    sentences = {
        opening + (f" No bias was detected by {listed(clear)}." if clear else ""): True,
        "Detected: " + " ".join(findings): findings,
        f"Not shown by {listed(hidden_titles)}: every group is too "
        "small.": hidden_titles,
        f"Nothing to compare by {listed(equal)}.": equal,
        f"Groups beyond 0.1 that chance could explain: {unsure_count}. The tables have "
        "them.": unsure_count,
    }
    return [sentence for sentence, is_included in sentences.items() if is_included]


def _by_direction(groups: Sequence[tuple[str, Difference]], basis: str) -> str:
    parts = []
    for words, is_positive in zip(_SIDES[basis], (False, True), strict=True):
        names = [
            f"{label} ({one.cells[0].text})"
            for label, one in groups
            if ((one.value or 0) > 0) == is_positive
        ]
        parts += [f"{words}: {', '.join(names)}"] if names else []
    return "; ".join(parts)


def _table(p: Publication, step: Step, *, two_way: bool) -> Table:
    """Rates, missed matches and differences, a row a group."""
    cells_of, has_truth = GroupCells(p.released(step)), bool(step["accuracy"])
    rows: list[Row] = [
        [
            *(*labels_of(row, group), cells_of.rate(row, group)),
            *(cells_of.by_truth(row, group, "missed", "found") if has_truth else []),
            cells_of.estimated(row, group, group["estimated_missed"]),
            *cells_of.difference(row, group, "matched_unmatched").cells,
            *(
                cells_of.difference(row, group, "found_missed").cells
                if has_truth
                else []
            ),
        ]
        for row in step["bias"]
        if (len(row["characteristics"]) > 1) == two_way
        for group in row["groups"]
    ]
    heads = [
        "Characteristic",
        "Group",
        "Linked, %",
        *(["Missed, %", *INTERVAL] if has_truth else []),
        MISSED_ESTIMATED,
    ]
    heads += [
        "Linked and unlinked",
        *INTERVAL,
        *(["Found and missed", *INTERVAL] if has_truth else []),
    ]
    title = "two characteristics" if two_way else "group"
    note = f"{_ESTIMATED_NOTE} {MISSED_NOTE}" if has_truth else _ESTIMATED_NOTE
    return Table(f"{p.name_of(step)}: bias by {title}", heads, rows, note)


def _false_table(p: Publication, step: Step) -> Table:
    """The share of false links by group, by truth and estimated."""
    cells_of, has_truth = GroupCells(p.released(step)), bool(step["accuracy"])
    rows: list[Row] = []
    for row, group in named_groups(step, "right_false"):
        bounds, difference = (
            group["estimated_false_within"] or {},
            cells_of.difference(row, group, "right_false"),
        )
        estimates = [
            cells_of.estimated(row, group, bounds.get(bound))
            for bound in ("value", "low", "high")
        ]
        measures = (
            cells_of.by_truth(row, group, "false", "correct") if has_truth else []
        )
        comparison: Row = [*difference.cells, difference.verdict] if has_truth else []
        rows.append([*labels_of(row, group), *measures, *estimates, *comparison])
    heads = [
        "Characteristic",
        "Group",
        *(["False links, %", *INTERVAL] if has_truth else []),
    ]
    heads += ["False links, estimated, %", "Range from", "to"]
    heads += ["Correct and false", *INTERVAL, "Verdict"] if has_truth else []
    note = "Estimated: from match probabilities, with a sensitivity range."
    return Table(f"{p.name_of(step)}: false links by group", heads, rows, note)
