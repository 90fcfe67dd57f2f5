"""Whom the linkage favours: standardised differences, missed and false links by group, and a drafted statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.report import charts
from quality.report.drawing import figure
from quality.report.names import Names
from quality.report.page import Block, Fold, Heading, Section, Table, Text
from quality.report.released import Group, Side, side
from quality.report.sections.error_parts import in_no_group

_FLAGGED, _BY_CHANCE = "flagged", "flagged, may be chance"
_SIDES = {
    "matched_unmatched": ("matched fewer than their share", "matched more than their share"),
    "found_missed": ("found fewer than their share", "found more than their share"),
    "right_false": ("linked falsely more than their share", "linked falsely less than their share"),
}
"""What a difference below nought says of a group, and one above."""
LET_GO = "Let go, expected at least, %"
LET_GO_NOTE = (
    "Let go, expected at least: matches among the pairs that were kept and not linked. Those of which no pair was kept "
    "are in the step's expected recall, and in no group: nobody knows whose they are, and one group may have most."
)
MISSED_NOTE = (
    "Missed: of the group's people in the calculation whom truth has on the other side too, those not found there."
)
FALSE_NOTE = (
    "False links: of the group's links whose truth is known. The right links are held beside the false ones; below "
    "nought a group is linked falsely more than its share."
)


@dataclass(frozen=True)
class Shown:
    """What was released of a step's left side: what is hidden there must not be had from here.

    Attributes:
        groups: of one characteristic, by its title and their label.
        two_way: percentages matched of two, by their names and labels.
    """

    groups: Mapping[tuple[str, str], Group]
    two_way: Mapping[tuple[tuple[str, ...], tuple[str, ...]], Cell]

    def of(self, row: Mapping[str, Any], group: Mapping[str, Any]) -> Group | None:
        """A group of one characteristic as it was released."""
        return self.groups.get((row["title"], group["labels"][0])) if len(group["labels"]) == 1 else None


def bias_section(
    evaluation: Mapping[str, Any],
    sides: Mapping[str, Mapping[str, Side]],
    drift: Mapping[str, Any] | None,
    names: Names,
    d: Disclosure,
) -> Section | None:
    """None where the run knows no characteristic."""
    steps = [step for step in evaluation["steps"] if step.get("bias")]
    if not steps:
        return None
    last = steps[-1]
    blocks: list[Block] = [
        Text(
            "A standardised difference says how far a group's share among one set of people is from its share among "
            "another, in units of their spread; beyond 0.1 either way it is flagged. Below nought a group is found "
            "less than others. "
            + (
                "It is taken of people whose true counterpart was found beside those whose was missed."
                if basis_of(last) == "found_missed"
                else "It is taken of the matched beside the unmatched: without truth nobody knows who could have been "
                "matched, so that it also says how far the two files overlap."
            )
        ),
        _chart(last, released_groups(sides, last), names, d),
        Heading("Drafted statement"),
        *(Text(sentence) for sentence in statement(last, released_groups(sides, last), names, d)),
    ]
    notes: list[Block] = []
    if any(group["expected_missed"] for step in steps for row in step["bias"] for group in row["groups"]):
        notes.append(Text(LET_GO_NOTE))  # once, and not under each of dozens of tables
        notes += [Text(said) for step in reversed(steps) if (said := in_no_group(step, names, d))]
    if any(group["missed"] for step in steps for row in step["bias"] for group in row["groups"]):
        notes.append(Text(f"{MISSED_NOTE} {FALSE_NOTE}"))
    blocks += [Heading("Tables by group"), *notes]
    for step in reversed(steps):
        # Two characteristics together for the last step alone, which the run is about: the page would be twice as long.
        rows = [row for row in step["bias"] if step is last or len(row["characteristics"]) == 1]
        tables: list[Block] = []
        for row in rows:
            tables.append(_table(step, row, released_groups(sides, step), names, d))
            if any(group["false"] or group["expected_false_within"] for group in row["groups"]):
                tables.append(_false_table(step, row, released_groups(sides, step), names, d))
        blocks.append(Fold(f"{names.step(step)}: bias by group", tables))
    if drift and drift.get("bias"):
        blocks.append(Fold("Bias since the last release", [_moved(drift, evaluation, sides, names, d)]))
    return Section("bias", "Bias", blocks)


def basis_of(step: Mapping[str, Any]) -> str:
    """Of whom differences are taken: where truth knows who could be found, of these, also where none was missed."""
    is_known = any(group.get("in_both") for row in step["bias"] for group in row["groups"])
    return "found_missed" if is_known else "matched_unmatched"


def released_groups(sides: Mapping[str, Mapping[str, Side]], step: Mapping[str, Any]) -> Shown:
    """A step's groups as they were released."""
    left = sides[step["step"]]["left"]
    groups = {(title, group.label): group for _, title, groups in left.characteristics for group in groups}
    return Shown(groups, left.two_way)


def groups_of(row: Mapping[str, Any], basis: str) -> Sequence[Mapping[str, Any]]:
    """Groups that sentences speak of: of false links, which are few, years by fives."""
    found: Sequence[Mapping[str, Any]] = row.get("bands") or row["groups"] if basis == "right_false" else row["groups"]
    return found


def cells_of(row: Mapping[str, Any], group: Mapping[str, Any], basis: str, shown: Shown, d: Disclosure) -> list[Cell]:
    """Difference and its interval, where the counts behind it may be shown."""
    found = group[basis]
    if found is None:
        return [d.marked("not_applicable")] * 3
    if basis == "matched_unmatched":
        if _tells_of_few(row, group, shown, d):
            return [d.marked("suppressed")] * 3
    elif (group["false"]["of"] if basis == "right_false" else group["in_both"]) < d.profile.fewest:
        return [d.marked("suppressed")] * 3
    return [_signed(found[key]) for key in ("difference", "low", "high")]


def _tells_of_few(row: Mapping[str, Any], group: Mapping[str, Any], shown: Shown, d: Disclosure) -> bool:
    """Whether a difference of matched and unmatched would tell of few, or a rate that is hidden: one says the other."""
    small = min(group["matched"], group["eligible"] - group["matched"]) < d.profile.threshold
    return small or group["eligible"] < d.profile.fewest or rate_of(row, group, shown, d).mark == "suppressed"


def _signed(value: float) -> Cell:
    return Cell(f"{value:+.2f}".replace("-", "−"), round(value, 2))


def label_of(group: Mapping[str, Any]) -> str:
    """A group by the labels of its characteristics: "White, Female"."""
    return ", ".join(group["labels"])


def _chart(step: Mapping[str, Any], shown: Shown, names: Names, d: Disclosure) -> Block:
    basis = basis_of(step)
    values, rows = [], []
    for row in step["bias"]:
        if len(row["characteristics"]) > 1 or row["characteristics"] == ["cohort"]:
            continue
        for group in row["groups"]:
            cells = cells_of(row, group, basis, shown, d)
            rows.append([row["title"], label_of(group), *cells, _verdict(group[basis], cells[0])])
            if cells[0].value is not None:
                values.append(
                    {
                        "label": label_of(group),
                        "group": row["title"],
                        "value": cells[0].value,
                        "low": cells[1].value,
                        "high": cells[2].value,
                        "shown": f"{cells[0].text} ({cells[1].text} to {cells[2].text})",
                    }
                )
    verdicts = [row[-1] for row in rows]
    flagged, by_chance = verdicts.count(_FLAGGED), verdicts.count(_BY_CHANCE)
    cohorts = (
        " Years of birth are in the table below."
        if any(r["characteristics"] == ["cohort"] for r in step["bias"])
        else ""
    )
    said = f"{flagged + by_chance} of {len(values)} groups are flagged: beyond 0.1 either way"
    said += f", {by_chance} of them not beyond what chance could do.{cohorts}" if by_chance else f".{cohorts}"
    return figure(
        "standardised-differences",
        f"Standardised differences by group: {names.step(step)}",
        said + " Lines show 95% intervals; groups too small to show are left out.",
        lambda width: charts.differences(values, width, x="Standardised difference"),
        Table(
            f"{names.step(step)}: standardised differences",
            ["Characteristic", "Group", "Difference", "95% from", "to", "Verdict"],
            rows,
        ),
    )


def _verdict(found: Mapping[str, Any] | None, cell: Cell) -> str:
    if found is None or cell.value is None:
        return "not shown"
    if not found["flagged"]:
        return "not flagged"
    return _FLAGGED if found["certain"] else _BY_CHANCE


def statement(step: Mapping[str, Any], shown: Shown, names: Names, d: Disclosure) -> list[str]:
    """Sentences for a release: what was found by characteristic, and what a person still has to say.

    Found is what chance does not explain, of groups whose difference is shown; the rest beyond 0.1 is counted alone.
    Where no group is shown nothing was looked at, and that is said; so it is where there is nothing to compare.
    """
    basis = basis_of(step)
    opening = f"{names.step(step)}. " + (
        "Bias was looked for among people whose true counterpart is known."
        if basis == "found_missed"
        else "Bias was looked for between the matched and the unmatched."
    )
    sentences = _drafted(step, basis, opening, shown, d)
    if any(group.get("right_false") for row in step["bias"] for group in row["groups"]):
        sentences += _drafted(step, "right_false", "False links were looked for beside right ones.", shown, d)
    sentences.append(
        "This draft says what was counted. Whoever publishes it adds why, what was done about it, and whether it is "
        "mitigated fully, in part or not."
    )
    return sentences


def _drafted(step: Mapping[str, Any], basis: str, opening: str, shown: Shown, d: Disclosure) -> list[str]:
    """What differences of one kind come to."""
    found, clear, untold, alike, unsure = [], [], [], [], 0
    for row in step["bias"]:
        if len(row["characteristics"]) > 1:
            continue
        told = [
            (group, cells[0])
            for group in groups_of(row, basis)
            if (cells := cells_of(row, group, basis, shown, d))[0].value is not None
        ]
        flagged = [(group, cell) for group, cell in told if group[basis]["flagged"]]
        certain = [(group, cell) for group, cell in flagged if group[basis]["certain"]]
        unsure += len(flagged) - len(certain)
        if certain:
            found.append(f"{row['title']}: {_sides(certain, basis)}.")
        elif not any(group[basis] for group in row["groups"]):
            alike.append(row["title"])
        elif not told:
            untold.append(row["title"])
        elif not flagged:
            clear.append(row["title"])
    sentences = [opening + (f" Not detected by {_listed(clear)}." if clear else "")]
    if found:
        sentences.append("Detected: " + " ".join(found))
    if untold:
        sentences.append(f"Not told by {_listed(untold)}: no group can be shown without telling of few people.")
    if alike:
        done = {"found_missed": "found", "right_false": "right"}.get(basis, "matched")
        sentences.append(f"Nothing to compare by {_listed(alike)}: all are in one group, or all or none are {done}.")
    if unsure:
        groups, lie = ("group", "lies") if unsure == 1 else ("groups", "lie")
        more = " more" if found else ""
        sentences.append(
            f"{unsure}{more} {groups} {lie} beyond 0.1, but not beyond what chance could do: neither detected nor "
            "ruled out. The tables have them."
        )
    return sentences


def _sides(flagged: Sequence[tuple[Mapping[str, Any], Cell]], basis: str) -> str:
    parts = []
    for wanted, words in zip((False, True), _SIDES[basis], strict=True):
        groups = [
            f"{label_of(group)} ({cell.text})" for group, cell in flagged if (group[basis]["difference"] > 0) == wanted
        ]
        if groups:
            parts.append(f"{words}: {', '.join(groups)}")
    return "; ".join(parts)


def _listed(titles: Sequence[str]) -> str:
    lower = [title[:1].lower() + title[1:] for title in titles]
    return lower[0] if len(lower) == 1 else f"{', '.join(lower[:-1])} and {lower[-1]}"


def _table(step: Mapping[str, Any], row: Mapping[str, Any], shown: Shown, names: Names, d: Disclosure) -> Table:
    has_truth = any(group["missed"] for group in row["groups"])
    rows: list[list[str | Cell]] = []
    for group in row["groups"]:
        cells: list[str | Cell] = [label_of(group), rate_of(row, group, shown, d)]
        if has_truth:
            cells += [d.accuracy(group["missed"]), *d.interval(group["missed"])]
        cells.append(_expected(group, group["expected_missed"], d))
        cells += cells_of(row, group, "matched_unmatched", shown, d)
        if has_truth:
            cells += cells_of(row, group, "found_missed", shown, d)
        rows.append(cells)
    truths = ["Missed, %", "95% from", "to"] if has_truth else []
    heads = ["Group", "Matched, %", *truths, LET_GO]
    heads += ["Matched beside unmatched", "95% from", "to"]
    heads += ["Found beside missed", "95% from", "to"] if has_truth else []
    title = f"{names.step(step)}: bias by {row['title'][0].lower()}{row['title'][1:]}"
    return Table(title, heads, rows)


def _false_table(step: Mapping[str, Any], row: Mapping[str, Any], shown: Shown, names: Names, d: Disclosure) -> Table:
    """The share of false links by group, by truth and by probabilities."""
    has_truth = any(group["false"] for group in row["groups"])
    rows: list[list[str | Cell]] = []
    known = [group["labels"] for group in row["groups"]]
    for group in [*(band for band in row.get("bands", ()) if band["labels"] not in known), *row["groups"]]:
        cells: list[str | Cell] = [label_of(group)]
        if has_truth:
            cells += [d.accuracy(group["false"]), *d.interval(group["false"])]
        within = group["expected_false_within"] or {}
        cells += [_expected(group, within.get(bound), d) for bound in ("value", "low", "high")]
        if has_truth:
            differences = cells_of(row, group, "right_false", shown, d)
            cells += [*differences, _verdict(group["right_false"], differences[0])]
        rows.append(cells)
    interval = ["95% from", "to"]
    heads = ["Group", *(["False links, %", *interval] if has_truth else []), "False, expected, %", *interval]
    heads += ["Right beside false", *interval, "Verdict"] if has_truth else []
    title = f"{names.step(step)}: false links by {row['title'][0].lower()}{row['title'][1:]}"
    return Table(title, heads, rows)


def rate_of(row: Mapping[str, Any], group: Mapping[str, Any], shown: Shown, d: Disclosure) -> Cell:
    """Percentage matched, as it was released with the groups that it adds up to."""
    if released := shown.of(row, group):
        return released.rate
    tied = shown.two_way.get((tuple(row["characteristics"]), tuple(group["labels"])))
    return tied or d.percent(group["matched"], group["eligible"])


def _expected(group: Mapping[str, Any], share: float | None, d: Disclosure) -> Cell:
    """A mean of probabilities of the group's links, or a bound of it; no count of people."""
    if share is None:
        return d.marked("not_applicable")
    if group["links"] < d.profile.fewest:
        return d.marked("suppressed")
    return Cell(f"{100 * share:.2f}", round(100 * share, 2))


_MOST_MOVED = 30


def _moved(
    drift: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    sides: Mapping[str, Mapping[str, Side]],
    names: Names,
    d: Disclosure,
) -> Table:
    """Of groups that neither release withholds: a difference would tell what is hidden."""
    last = {step["step"]: _released_groups(step, d) for step in drift.get("last", ())}
    now = {step["step"]: (step, released_groups(sides, step)) for step in evaluation["steps"]}
    found: list[list[str | Cell]] = []
    for moved in drift["bias"]:
        step, shown = now[moved["step"]]
        row, group = _group_of(step, moved)
        is_shown = cells_of(row, group, "matched_unmatched", shown, d)[0].value is not None
        if is_shown and moved["people"] >= 10 * d.profile.fewest and _was_shown(last.get(moved["step"]), row, group):
            differences = [_signed(moved[key]) for key in ("before", "after")]
            found.append([names.step(step), row["title"], label_of(group), *differences])
    return Table(
        "Standardised differences of matched and unmatched that changed most",
        ["Step", "Characteristic", "Group", "Last release", "This release"],
        found[:_MOST_MOVED],
    )


def _group_of(step: Mapping[str, Any], moved: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return next(
        (row, group)
        for row in step["bias"]
        if row["title"] == moved["title"]
        for group in row["groups"]
        if group["labels"] == moved["labels"]
    )


def _released_groups(step: Mapping[str, Any], d: Disclosure) -> Shown | None:
    """Of the last release's step; None where its counts contradict each other, so that it has no report."""
    try:
        return released_groups({step["step"]: {"left": side(step, "left", d)}}, step)
    except ValueError:
        return None


def _was_shown(shown: Shown | None, row: Mapping[str, Any], group: Mapping[str, Any]) -> bool:
    """Whether the last release shows the percentage matched of a group."""
    if shown is None:
        return False
    if len(group["labels"]) == 1:
        released = shown.groups.get((row["title"], group["labels"][0]))
        return released is not None and released.rate.mark is None
    cell = shown.two_way.get((tuple(row["characteristics"]), tuple(group["labels"])))
    return cell is not None and cell.mark is None
