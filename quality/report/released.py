"""What may be shown of an evaluation: all its counts after one decision of disclosure
control.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quality.disclosure import Cell, Disclosure
from quality.measures.drift import compared
from quality.report.linked_tables import (
    ACCEPTED,
    BY_RULE,
    CORRECT,
    FALSE,
    MISSED,
    SPLIT,
    Counts,
    Key,
    Step,
    StepCounts,
    TwoWay,
    counts_of,
)
from quality.report.names import Names


@dataclass(frozen=True)
class Group:
    """A group of a characteristic, or a whole side of a step."""

    label: str
    everybody: Cell
    eligible: Cell
    linked: Cell
    unlinked: Cell
    rate: Cell
    low: Cell
    high: Cell
    found: Cell  # share of people with a true match who are linked to it


@dataclass(frozen=True)
class Side:
    """One side of a step.

    Attributes:
        characteristics: name, title, groups.
        reasons: reason, people, share of the unlinked.
        two_way: percentages linked, by two characteristics and their labels.
    """

    step: Step
    side: str
    whole: Group
    characteristics: Sequence[tuple[str, str, Sequence[Group]]]
    reasons: Sequence[tuple[str, Cell, Cell]]
    two_way: Mapping[TwoWay, Cell]

    @property
    def source(self) -> str:
        """The source that the side is, or "people" for the spine so far."""
        return str(self.step[self.side])

    @property
    def has_rule(self) -> bool:
        """Whether a rule says who is eligible; otherwise everybody is."""
        return self.side == "left" and bool(self.step.get("eligible"))


@dataclass(frozen=True)
class Released:
    """A step after disclosure control.

    Attributes:
        cells: by key: ("decision", decision), ("pass", method, pass), ("bin", decision,
            lower end), ("five bits", place), ("level", comparison, level), ("band",
            "all" or "accepted", place), ("of pass", "pairs" or "accepted", pass), ("of
            rule", "pairs", "new_pairs" or "pairs_kept", place), ("true", outcome),
            ("judged", "assessed", "correct" or "false"); counts by truth of a part:
            (part, ..., "correct" or "false").
        shares: of all links, by the key of a pass, or BY_RULE.
        groups: key of each group of the left side, by names of characteristics and
            labels.
        bounds: a lower bound of a share that is hidden, by the part that is not in it.
    """

    left: Side
    right: Side
    cells: Mapping[Key, Cell]
    shares: Mapping[Key, Cell]
    groups: Mapping[TwoWay, Key]
    bounds: Mapping[Key, Cell]
    d: Disclosure

    def share(self, part: Key, rest: Key) -> list[Cell]:
        """A share of error with its interval, from two released counts; where either is
        hidden its bound, if it has one.
        """
        cells = self.d.share_of(*(self.cells.get(key) for key in (part, rest)))
        return (
            [self.bounds[rest], *cells[1:]]
            if part == CORRECT and rest in self.bounds
            else cells
        )

    def measures(
        self, correct: Key = CORRECT, false: Key = FALSE, missed: Key = MISSED
    ) -> list[Cell]:
        """Precision, recall and F1 by truth, each with its interval: nine cells."""
        cells = [self.cells.get(key) for key in (correct, false, missed)]
        return [
            *self.share(correct, false),
            *self.share(correct, missed),
            *self.d.f1_of(*cells),
        ]

    def part_measures(self, *key: str) -> list[Cell]:
        """Precision, recall and F1 of the links of a pass or band."""
        return self.measures(
            *(("links of", *key, name) for name in ("correct", "false", "missed"))
        )

    def of_group(
        self, names: Sequence[str], labels: Sequence[str], part: str, rest: str
    ) -> list[Cell]:
        """A share of error of a group of the left side: of "found" and "missed", or of
        "correct" and "false".
        """
        key = self.groups.get((tuple(names), tuple(labels)), ("none",))
        return self.share((*key, part), (*key, rest))

    def count_of_group(
        self, names: Sequence[str], labels: Sequence[str], what: str
    ) -> Cell:
        """A count of a group of the left side."""
        key = self.groups.get((tuple(names), tuple(labels)), ("none",))
        return self.cells.get((*key, what)) or self.d.marked("unavailable")

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.left, self.right

    @property
    def links(self) -> Cell:
        """The number of accepted pairs."""
        return self.cells[ACCEPTED]

    def stability(self, before: "Released") -> dict[str, tuple[Cell, str]]:
        """How far distributions of the links moved since an earlier release: population
        stability index and verdict.

        It is calculated from the counts as both releases show them; bins that either
        hides are one bin.
        """
        earlier, today = before._distributions(), self._distributions()
        return {
            name: self._moved(earlier[name], today[name], before)
            for name in today
            if name in earlier
        }

    def _distributions(self) -> dict[str, dict[str, Cell]]:
        counts: dict[str, dict[str, Cell]] = {
            "match weights": {
                key[0]: one for key, one in self.under("five bits").items()
            }
        }
        for (comparison, level), cell in self.under("level").items():
            counts.setdefault(comparison, {})[level] = cell
        return {name: cells for name, cells in counts.items() if cells}

    def _moved(
        self, earlier: Mapping[str, Cell], today: Mapping[str, Cell], before: "Released"
    ) -> tuple[Cell, str]:
        hidden_keys = {
            key
            for cells in (earlier, today)
            for key, cell in cells.items()
            if cell.mark == "suppressed"
        }
        counts = []
        for cells, links in ((earlier, before.links), (today, self.links)):
            values = {
                key: cell.value or 0.0
                for key, cell in cells.items()
                if key not in hidden_keys
            }
            rest = max(0.0, (links.value or 0.0) - sum(values.values()))
            counts.append(values | ({"hidden": rest} if hidden_keys else {}))
        is_hidden = (
            self.links.value is None
            or before.links.value is None
            or len({*counts[0], *counts[1]}) < 2
        )
        is_few = min(sum(cells.values()) for cells in counts) < self.d.profile.fewest
        shift = None if is_hidden or is_few else compared(*counts)
        if shift is None:
            return self.d.marked("suppressed"), ""
        return Cell(f"{shift['psi']:.3f}", round(shift["psi"], 3)), shift["verdict"]

    def under(self, kind: str) -> dict[Key, Cell]:
        """Cells whose key begins with `kind`, by the rest of it."""
        return {key[1:]: cell for key, cell in self.cells.items() if key[0] == kind}


@dataclass(frozen=True)
class Inputs:
    """What a report is made of. All of it is aggregates.

    Attributes:
        evaluation: what quality.measures.evaluation.evaluate returned.
        contracts: results of the checks of sources and published tables
            (quality.contracts).
        manifest: the run's facts; what is missing is left out.
        profile: name of the disclosure profile.
        reviews: estimates from clerical reviews of the run's links
            (quality.review.estimate), one a step.
        drift: changes since the last release (quality.measures.drift), where there is
            one.
        failed_gates: names of the gates that failed.
    """

    evaluation: Mapping[str, Any]
    contracts: Sequence[Mapping[str, Any]] = ()
    manifest: Mapping[str, Any] = field(default_factory=dict)
    title: str = "Linkage quality report"
    profile: str = "leo_publication"
    reviews: Sequence[Mapping[str, Any]] = ()
    drift: Mapping[str, Any] | None = None
    failed_gates: Sequence[str] = ()


@dataclass(frozen=True)
class Publication(Inputs):
    """Inputs, with the names and the disclosure control that all sections of a page
    share.
    """

    names: Names = field(kw_only=True)
    d: Disclosure = field(kw_only=True)

    @property
    def steps(self) -> Sequence[Step]:
        return list(self.evaluation["steps"])

    @property
    def subject(self) -> Side:
        """The side that a run is about: the left of its last step, or the smaller where
        one step was run.
        """
        last = self.steps[-1]
        cells = self.released(last)
        if self.evaluation.get("spine") or last["left"] == "people":
            return cells.left
        units = {row["side"]: row["units"] for row in last["sides"]}
        return min(cells.sides, key=lambda side: units.get(side.side, 0))

    def name_of(self, step: Step | str) -> str:
        """A step, or its name, by its two sides."""
        return self.names.step(
            step
            if not isinstance(step, str)
            else next(s for s in self.steps if s["step"] == step)
        )

    @property
    def release(self) -> "Release":
        """All counts of the evaluation."""
        return release(self.evaluation, self.d)

    def released(self, step: Step) -> Released:
        """All counts of a step."""
        return self.release.steps[step["step"]]

    def cell(self, *key: str) -> Cell:
        """A count of a source, the spine or clusters: ("source", source, what),
        ("spine", ...), ("clusters", ...).
        """
        return self.release.cells.get(key) or self.d.marked("unavailable")


@dataclass(frozen=True)
class Release:
    """An evaluation after disclosure control: counts of steps, and of sources, the
    spine and clusters.
    """

    evaluation: Mapping[str, Any]
    steps: Mapping[str, Released]
    cells: Mapping[Key, Cell]


def release(evaluation: Mapping[str, Any], d: Disclosure) -> Release:
    """All counts of an evaluation; asked again, the same cells.

    Raises:
        ValueError: counts contradict each other.
    """
    if (
        id(evaluation) not in d.released
    ):  # the release keeps the evaluation, so that its id is not used again
        linked = counts_of(evaluation)
        fixed = [
            key
            for key in linked.shown_first
            if linked.counts[key] >= d.profile.threshold
        ]
        cells = d.counts(
            linked.counts, linked.sums, unpublished=linked.unpublished, fixed=fixed
        )
        steps = {
            step["step"]: _step(StepCounts(step), d, linked, cells)
            for step in evaluation.get("steps", ())
        }
        d.released[id(evaluation)] = Release(evaluation, steps, cells)
    result: Release = d.released[id(evaluation)]
    return result


def _step(
    step: StepCounts, d: Disclosure, sources: Counts, source_cells: Mapping[Key, Cell]
) -> Released:
    """Counts of a step. People of a source that is one of its sides are shown, or
    hidden, as they are already.
    """
    marks = {}
    for side in ("left", "right"):
        key, people = (side, "total", "", "all"), ("source", step.step[side], "people")
        if sources.counts.get(people) == step.counts[key]:
            marks[key] = source_cells[people].mark
    bases: dict[Key, Key] = (
        {FALSE: ("judged", "assessed"), MISSED: ("true", "all")}
        if CORRECT in step.counts
        else {}
    )
    cells, bounds = d.release(
        step.counts,
        step.sums,
        unpublished=step.unpublished,
        fixed=[key for key, mark in marks.items() if mark is None],
        sensitive=[key for key, mark in marks.items() if mark == "suppressed"],
        bases=bases,
    )
    cells |= _by_truth(step, cells, d)
    links = step.counts[ACCEPTED]
    shares = {
        key: d.percent(step.counts[key], links, tied=(cells[key], cells[ACCEPTED]))
        for key in (*(key for key in cells if key[0] == "pass"), BY_RULE)
    }
    sides = _side(step, "left", cells, d), _side(step, "right", cells, d)
    return Released(*sides, cells, shares, step.groups, bounds, d)


def _side(
    step: StepCounts, side: str, cells: Mapping[Key, Cell], d: Disclosure
) -> Side:
    total, reasons = step.totals[side]
    whole: Key = (side, "total", "")

    def group(label: str, key: Key, row: Mapping[str, Any]) -> Group:
        all_units, eligible, *split = (
            cells[*key, measure] for measure in ("all", *SPLIT)
        )
        rate = d.percent(row["linked"], row["eligible"], tied=[eligible, *split])
        recall = d.share_of(cells.get((*key, "found")), cells.get((*key, "missed")))[0]
        bounds = d.sampled(rate, eligible)
        return Group(
            label, all_units, eligible, split[0], split[1], rate, *bounds, recall
        )

    def groups(rate: Mapping[str, Any]) -> list[Group]:
        return [
            group(row["label"], (side, rate["characteristic"], row["group"]), row)
            for row in rate["groups"]
        ]

    return Side(
        step.step,
        side,
        group("All", whole, total),
        [
            (rate["characteristic"], rate["title"], groups(rate))
            for rate in step.rates[side]
        ],
        [
            (
                row["reason"],
                cell,
                d.percent(
                    row["units"], unlinked, tied=[cell, cells[*whole, "unlinked"]]
                ),
            )
            for unlinked in [total["eligible"] - total["linked"]]
            for row in reasons
            for cell in [cells[side, "reason", row["reason"], "unlinked"]]
        ],
        {
            key: d.percent(
                row["matched"], row["eligible"], tied=[cells[*place, m] for m in SPLIT]
            )
            for key, (place, row) in (step.two_way.items() if side == "left" else ())
        },
    )


def _by_truth(
    step: StepCounts, cells: Mapping[Key, Cell], d: Disclosure
) -> dict[Key, Cell]:
    """Counts by truth of groups, passes, bands and rules, table by table.

    A table is shown where neither its counts nor what they leave of counts behind it
    are small, and all of those are shown: it then holds nothing that could be hidden or
    that would disclose a hidden count.
    """
    small = range(0 if d.profile.zeros_are_sensitive else 1, d.profile.threshold)
    truth: dict[Key, Cell] = {}
    for counts, bases, rests in step.tables_by_truth():
        values = [*counts.values(), *map(abs, rests)]
        is_shown = all(cells[key].mark != "suppressed" for key in bases if key in cells)
        is_safe = is_shown and not any(count in small for count in values)
        truth |= {
            key: d.rounded(count) if is_safe else d.marked("suppressed")
            for key, count in counts.items()
        }
    return truth
