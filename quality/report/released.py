"""What may be shown of an evaluation's counts.

Sums tie all counts of a step: the three denominators and the reasons of each side, by every characteristic; decisions,
passes, bins and bands of match weight, true pairs. They are released in one call as linked tables, so that nothing
hidden in one table can be calculated from another.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quality.disclosure import Cell, Disclosure, Sum
from quality.intervals import wilson
from quality.report.names import Names

DECISIONS = ("accepted", "review", "rejected")
OUTCOMES = (*DECISIONS, "not compared")
Key = tuple[str, ...]
Step = Mapping[str, Any]
TwoWay = tuple[tuple[str, ...], tuple[str, ...]]  # names of two characteristics, and a label of each
_MEASURES = ("outside", "unlinked", "linked", "eligible", "all")
_SPLIT = ("eligible", "linked", "unlinked")
_ALL: Key = ("decision", "all")
_ACCEPTED: Key = ("decision", "accepted")
BY_RULE: Key = ("method", "deterministic")
"""Links of all deterministic passes."""


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
    found: Cell  # share of those with a true match who are linked to it


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
        cells: by key: ("decision", decision), ("pass", method, pass), ("bin", decision, lower end),
            ("band", "all" or "accepted", place), ("of pass", "pairs" or "accepted", pass),
            ("of rule", "pairs", "new_pairs" or "pairs_kept", place), ("true", outcome),
            ("judged", "assessed", "correct" or "false").
        shares: of all links, by the key of a pass, or BY_RULE.
    """

    left: Side
    right: Side
    cells: Mapping[Key, Cell]
    shares: Mapping[Key, Cell]

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.left, self.right

    @property
    def links(self) -> Cell:
        """The number of accepted pairs."""
        return self.cells[_ACCEPTED]

    def under(self, kind: str) -> dict[Key, Cell]:
        """Cells whose key begins with `kind`, by the rest of it."""
        return {key[1:]: cell for key, cell in self.cells.items() if key[0] == kind}


@dataclass(frozen=True)
class Inputs:
    """What a report is made of. All of it is aggregates.

    Attributes:
        evaluation: what quality.measures.evaluation.evaluate returned.
        contracts: results of the checks of sources and published tables (quality.contracts).
        manifest: the run's facts; what is missing is left out.
        profile: name of the disclosure profile.
        reviews: estimates from clerical reviews of the run's links (quality.review.estimate), one a step.
        drift: changes since the last release (quality.measures.drift), where there is one.
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
    """Inputs, with the names and the disclosure control that all sections of a page share."""

    names: Names = field(kw_only=True)
    d: Disclosure = field(kw_only=True)

    @property
    def steps(self) -> Sequence[Step]:
        return list(self.evaluation["steps"])

    @property
    def subject(self) -> Side:
        """The side that a run is about: the left of its last step, or the smaller where one step was run."""
        last = self.steps[-1]
        cells = self.released(last)
        if self.evaluation.get("spine") or last["left"] == "people":
            return cells.left
        units = {row["side"]: row["units"] for row in last["sides"]}
        return min(cells.sides, key=lambda side: units.get(side.side, 0))

    def name_of(self, step: Step | str) -> str:
        """A step, or its name, by its two sides."""
        return self.names.step(step if not isinstance(step, str) else next(s for s in self.steps if s["step"] == step))

    def released(self, step: Step) -> Released:
        """All counts of a step."""
        return release(step, self.d)


def release(step: Step, disclosure: Disclosure) -> Released:
    """All counts of a step; asked again, the same cells.

    Raises:
        ValueError: counts of the step contradict each other.
    """
    key = (id(step), "step")  # the cells keep the step, so that its id is not used again
    if key not in disclosure.released:
        disclosure.released[key] = _Step(step).released(disclosure)
    cells: Released = disclosure.released[key]
    return cells


def tied(parts: Mapping[str, int], disclosure: Disclosure) -> tuple[dict[str, Cell], Cell]:
    """Counts that make up a total, and the total."""
    counts = {("part", key): count for key, count in parts.items()} | {("total", ""): sum(parts.values())}
    cells = disclosure.counts(counts, [Sum(("total", ""), tuple(("part", key) for key in parts))] if parts else [])
    return {key: cells["part", key] for key in parts}, cells["total", ""]


class _Step:
    """Counts of a step, the sums between them, and those that stand in no table."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.counts: dict[Key, int] = {}
        self.sums: list[Sum[Key]] = []
        self.unpublished: list[Key] = []
        self.totals = {side: _totals(step, side) for side in ("left", "right")}
        self.rates = {side: [rate for rate in step.get("rates", ()) if rate["side"] == side] for side in self.totals}
        self.two_way: dict[TwoWay, tuple[Key, Mapping[str, Any]]] = {}
        for side in self.totals:
            self._add_side(side)
        self._add_two_way({rate["characteristic"]: rate for rate in self.rates["left"] if rate["is_partition"]})
        self._add_decisions()
        self._add_passes()
        self._add_weights()
        self._add_blocking()
        self._add_truth()

    def released(self, d: Disclosure) -> Released:
        cells = d.counts(self.counts, self.sums, unpublished=self.unpublished)
        links = self.counts[_ACCEPTED]
        shares = {
            key: d.percent(self.counts[key], links, tied=(cells[key], cells[_ACCEPTED]))
            for key in (*(key for key in cells if key[0] == "pass"), BY_RULE)
        }
        return Released(self._side("left", cells, d), self._side("right", cells, d), cells, shares)

    def whole(self, whole: Key, parts: Iterable[Key]) -> None:
        """Add that parts make up a whole."""
        if keys := tuple(parts):
            self.sums.append(Sum(whole, keys))

    def part_of(self, whole: Key, *parts: Key) -> None:
        """Add that parts lie within a whole; what they leave stands in no table."""
        rest = self.counts[whole] - sum(self.counts[part] for part in parts)
        if rest < 0:
            return
        left: Key = ("rest", *whole, *(name for part in parts for name in part))
        self.counts |= {left: rest} if rest else {}
        self.unpublished += [left] if rest else []
        self.sums.append(Sum(whole, (*parts, left) if rest else parts))

    def chain(self, *keys: Key) -> None:
        """Add that each lies within the one before it."""
        for whole, part in itertools.pairwise(keys):
            if part in self.counts:
                self.part_of(whole, part)

    def _add_side(self, side: str) -> None:
        total, reasons = self.totals[side]
        whole: Key = (side, "total", "")
        self._add_group(whole, total)
        for rate in self.rates[side]:
            groups = {(side, rate["characteristic"], group["group"]): group for group in rate["groups"]}
            for key, group in groups.items():
                self._add_group(key, group)
            if rate["is_partition"]:
                self.sums += [Sum((*whole, m), tuple((*key, m) for key in groups)) for m in _MEASURES]
            else:  # groups overlap: each with the whole discloses the rest
                for key in groups:
                    if self.counts[*key, "all"] != self.counts[*whole, "all"]:
                        for measure in _MEASURES:
                            self.part_of((*whole, measure), (*key, measure))
        keys: list[Key] = [(side, "reason", row["reason"], "unlinked") for row in reasons]
        self.counts |= {key: row["units"] for key, row in zip(keys, reasons, strict=True)}
        self.whole((*whole, "unlinked"), keys)

    def _add_group(self, key: Key, row: Mapping[str, Any]) -> None:
        parts = {"linked": row["linked"], "unlinked": row["eligible"] - row["linked"]}
        values = {"all": row["all"], "eligible": row["eligible"], "outside": row["all"] - row["eligible"], **parts}
        self.counts |= {(*key, measure): value for measure, value in values.items()}
        self.whole((*key, "all"), ((*key, "outside"), (*key, "eligible")))
        self.whole((*key, "eligible"), ((*key, part) for part in parts))
        self.unpublished += [(*key, "outside"), *([] if key[1] == "total" else [(*key, "unlinked")])]

    def _add_two_way(self, rates: Mapping[str, Mapping[str, Any]]) -> None:
        """Groups of two characteristics add up to those of each, by label: two codes may share one."""
        for table in self.step.get("bias") or ():
            names = tuple(table["characteristics"])
            if len(names) != 2 or not set(names) <= set(rates) or not _adds_up(table, [rates[n] for n in names]):
                continue
            keys: dict[tuple[str, ...], Key] = {
                tuple(row["labels"]): ("left", " and ".join(names), " and ".join(row["labels"]))
                for row in table["groups"]
            }
            for row in table["groups"]:
                key = keys[tuple(row["labels"])]
                values = (row["eligible"], row["matched"], row["eligible"] - row["matched"])
                self.counts |= {(*key, measure): value for measure, value in zip(_SPLIT, values, strict=True)}
                self.whole((*key, "eligible"), ((*key, "linked"), (*key, "unlinked")))
                self.two_way[names, tuple(row["labels"])] = key, row
            for axis, name in enumerate(names):
                for group in rates[name]["groups"]:
                    parts = [key for labels, key in keys.items() if labels[axis] == group["label"]]
                    whole = ("left", name, group["group"])
                    self.sums += [Sum((*whole, m), tuple((*key, m) for key in parts)) for m in _SPLIT]

    def _side(self, side: str, cells: Mapping[Key, Cell], d: Disclosure) -> Side:
        total, reasons = self.totals[side]
        whole: Key = (side, "total", "")

        def group(label: str, key: Key, row: Mapping[str, Any]) -> Group:
            everybody, eligible, *split = (cells[*key, measure] for measure in ("all", *_SPLIT))
            rate = d.percent(row["linked"], row["eligible"], tied=[eligible, *split])
            found = wilson(row["found"], row["in_both"]) if row.get("in_both") is not None else None
            bounds = d.sampled(rate, eligible)
            return Group(label, everybody, eligible, split[0], split[1], rate, *bounds, d.accuracy(found))

        def groups(rate: Mapping[str, Any]) -> list[Group]:
            return [group(row["label"], (side, rate["characteristic"], row["group"]), row) for row in rate["groups"]]

        return Side(
            self.step,
            side,
            group("All", whole, total),
            [(rate["characteristic"], rate["title"], groups(rate)) for rate in self.rates[side]],
            [
                (row["reason"], cell, d.percent(row["units"], unlinked, tied=[cell, cells[*whole, "unlinked"]]))
                for unlinked in [total["eligible"] - total["linked"]]
                for row in reasons
                for cell in [cells[side, "reason", row["reason"], "unlinked"]]
            ],
            {
                key: d.percent(row["matched"], row["eligible"], tied=[cells[*place, m] for m in _SPLIT])
                for key, (place, row) in (self.two_way.items() if side == "left" else ())
            },
        )

    def _add_decisions(self) -> None:
        decided = dict.fromkeys(DECISIONS, 0) | {
            row["decision"]: row["pairs"] for row in self.step.get("decisions", ())
        }
        self.counts |= {("decision", name): count for name, count in decided.items()}
        self.counts[_ALL] = sum(decided.values())
        self.unpublished.append(_ALL)
        self.whole(_ALL, (("decision", name) for name in decided))
        for side in ("left", "right"):
            self.part_of(_ACCEPTED, (side, "total", "", "linked"))

    def _add_passes(self) -> None:
        keys: dict[Key, int] = {("pass", r["method"], r["pass"]): r["links"] for r in self.step.get("passes", ())}
        self.counts |= keys
        methods: list[Key] = [BY_RULE, ("method", "others")]
        for method in methods:
            parts = [key for key in keys if (key[1] == "deterministic") == (method == BY_RULE)]
            self.counts[method] = sum(keys[part] for part in parts)
            self.whole(method, parts)
        if keys:
            self.whole(_ACCEPTED, methods)

    def _add_weights(self) -> None:
        """Bins and bands of match weight; a band with whole edges is a sum of bins."""
        weights = self.step.get("weights", ())
        bins: dict[Key, int] = {("bin", row["decision"], str(row["bin"])): row["pairs"] for row in weights}
        self.counts |= bins
        for name in [key[1] for key in self.counts if key[0] == "decision" and key != _ALL]:
            self.part_of(("decision", name), *(key for key in bins if key[1] == name))  # some pairs have no weight
        for place, row in enumerate(self.step.get("bands", ())):
            whole, accepted = ("band", "all", str(place)), ("band", "accepted", str(place))
            self.counts |= {whole: row["pairs"], accepted: row["accepted"]}
            self.part_of(whole, accepted)
            low = float("-inf") if row["from"] is None else row["from"]
            high = float("inf") if row["to"] is None else row["to"]
            within = [key for key in bins if low <= int(key[2]) < high]
            for key, parts in ((whole, within), (accepted, [one for one in within if one[1] == "accepted"])):
                if parts and sum(bins[part] for part in parts) == self.counts[key]:
                    self.whole(key, parts)

    def _add_blocking(self) -> None:
        """Links of a pass lie in what it accepts, and that in its pairs; likewise of a rule."""
        blocking = self.step.get("blocking") or {}
        for row in blocking.get("passes", ()):
            name = str(row["pass"])
            counted: dict[Key, int] = {("of pass", what, name): row[what] for what in ("pairs", "accepted")}
            self.counts |= counted
            self.chain(*counted, ("pass", "deterministic", name))
        scored: list[Key] = []
        for place, row in enumerate(blocking.get("rules", ())):
            counted = {("of rule", what, str(place)): row[what] for what in ("pairs", "new_pairs", "pairs_kept")}
            self.counts |= counted
            self.chain(*counted, ("pass", "probabilistic", f"rule {place + 1}"))
            scored.append(("of rule", "pairs_kept", str(place)))
        if scored:
            self.part_of(_ALL, BY_RULE, *scored)

    def _add_truth(self) -> None:
        accuracy = self.step.get("accuracy")
        if not accuracy:
            return
        outcomes = dict.fromkeys(OUTCOMES, 0) | {r["outcome"]: r["pairs"] for r in accuracy["true_pairs_by_outcome"]}
        self.counts |= {("true", outcome): pairs for outcome, pairs in outcomes.items()}
        self.counts |= {("judged", what): accuracy[what] for what in ("correct", "false", "assessed")}
        self.counts["true", "all"] = accuracy["true_pairs"]
        self.whole(("true", "all"), (("true", outcome) for outcome in outcomes))
        self.whole(("judged", "assessed"), (("judged", "correct"), ("judged", "false")))
        self.part_of(_ACCEPTED, ("judged", "assessed"))
        for decision in DECISIONS:
            self.part_of(("decision", decision), ("true", decision))


def _adds_up(table: Mapping[str, Any], rates: Sequence[Mapping[str, Any]]) -> bool:
    for axis, rate in enumerate(rates):
        for group in rate["groups"]:
            parts = [row for row in table["groups"] if row["labels"][axis] == group["label"]]
            sums = (sum(row["eligible"] for row in parts), sum(row["matched"] for row in parts))
            if sums != (group["eligible"], group["linked"]):
                return False
    return True


def _totals(step: Step, side: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """The denominators and reasons of a side; without characteristics everybody is eligible."""
    for row in step.get("totals", ()):
        if row["side"] == side:
            return row, [reason for reason in step["reasons"] if reason["side"] == side]
    nothing: Mapping[str, Any] = {"units": 0, "linked": 0, "unlinked": []}
    row = next((row for row in step.get("sides", ()) if row["side"] == side), nothing)
    reasons = list(row["unlinked"])
    rest = row["units"] - row["linked"] - sum(reason["units"] for reason in reasons)
    if rest > 0:
        reasons.append({"reason": "not stated", "units": rest})
    total = {"all": row["units"], "eligible": row["units"], "linked": row["linked"], "in_both": None, "found": None}
    return total, reasons if rest >= 0 else []
