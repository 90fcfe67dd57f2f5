"""What may be shown of a step's counts.

Sums tie all of them: the three denominators and the reasons of each side, by every characteristic; decisions, passes,
bins and bands of match weight, true pairs. They are released in one call, so that nothing hidden in one table can be
calculated from another.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quality.disclosure import Cell, Disclosure, Sum
from quality.intervals import wilson

DECISIONS = ("accepted", "review", "rejected")
OUTCOMES = (*DECISIONS, "not compared")
Key = tuple[str, ...]
_MEASURES = ("outside", "unlinked", "linked", "eligible", "all")
_SPLIT = ("eligible", "linked", "unlinked")
_ALL: Key = ("decision", "all")
_DETERMINISTIC: Key = ("method", "deterministic")


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

    step: Mapping[str, Any]
    side: str
    whole: Group
    characteristics: Sequence[tuple[str, str, Sequence[Group]]]
    reasons: Sequence[tuple[str, Cell, Cell]]
    two_way: Mapping[tuple[tuple[str, ...], tuple[str, ...]], Cell]

    @property
    def source(self) -> str:
        """The source that the side is, or "people" for the spine so far."""
        return str(self.step[self.side])

    @property
    def has_rule(self) -> bool:
        """Whether a rule says who is eligible; otherwise everybody is."""
        return self.side == "left" and bool(self.step.get("eligible"))


@dataclass(frozen=True)
class Pairs:
    """Pairs of a step.

    Attributes:
        decisions: by decision; `accepted` is the number of links.
        passes: links by (method, pass), with their share of all links.
        by_rule_share: the share of all links that deterministic passes made.
        bins: by (decision, lower end of the bin).
        bands: by place in the evaluation's list: all pairs, and the accepted.
        by_pass: of each deterministic pass in order: pairs, accepted.
        by_rule: of each blocking rule in order: pairs made, new pairs, pairs scored above the floor.
        outcomes: true pairs by what became of them; empty without truth.
        judged: links that are correct, false, and both together; empty without truth.
    """

    decisions: Mapping[str, Cell]
    passes: Mapping[tuple[str, str], tuple[Cell, Cell]]
    by_rule_share: Cell
    bins: Mapping[tuple[str, int], Cell]
    bands: Sequence[tuple[Cell, Cell]]
    by_pass: Sequence[tuple[Cell, Cell]]
    by_rule: Sequence[tuple[Cell, Cell, Cell]]
    outcomes: Mapping[str, Cell] = field(default_factory=dict)
    judged: Mapping[str, Cell] = field(default_factory=dict)

    @property
    def links(self) -> Cell:
        """The number of accepted pairs."""
        return self.decisions["accepted"]


@dataclass(frozen=True)
class Released:
    """A step after disclosure control."""

    left: Side
    right: Side
    pairs: Pairs

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.left, self.right


def release(step: Mapping[str, Any], disclosure: Disclosure) -> Released:
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

    def __init__(self, step: Mapping[str, Any]) -> None:
        self.step = step
        self.counts: dict[Key, int] = {}
        self.sums: list[Sum[Key]] = []
        self.unpublished: list[Key] = []
        self.totals = {side: _totals(step, side) for side in ("left", "right")}
        self.two_way: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[Key, Mapping[str, Any]]] = {}
        for side in ("left", "right"):
            self._add_side(side)
        self._add_pairs()

    def released(self, d: Disclosure) -> Released:
        cells = d.counts(self.counts, self.sums, unpublished=self.unpublished)
        return Released(self._side("left", cells, d), self._side("right", cells, d), self._pairs(cells, d))

    def part_of(self, whole: Key, *parts: Key) -> None:
        """Add that parts lie within a whole; what they leave stands in no table."""
        rest = self.counts[whole] - sum(self.counts[part] for part in parts)
        if rest < 0:
            return
        left: Key = ("rest", *whole, *(name for part in parts for name in part))
        self.counts |= {left: rest} if rest else {}
        self.unpublished += [left] if rest else []
        self.sums.append(Sum(whole, (*parts, left) if rest else parts))

    # Sides

    def _add_side(self, side: str) -> None:
        total, reasons = self.totals[side]
        whole: Key = (side, "total", "")
        self._add_group(whole, total)
        rates = [rate for rate in self.step.get("rates", ()) if rate["side"] == side]
        for rate in rates:
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
        if side == "left":
            self._add_two_way({rate["characteristic"]: rate for rate in rates if rate["is_partition"]})
        keys: list[Key] = [(side, "reason", row["reason"], "unlinked") for row in reasons]
        self.counts |= {key: row["units"] for key, row in zip(keys, reasons, strict=True)}
        if keys:
            self.sums.append(Sum((*whole, "unlinked"), tuple(keys)))

    def _add_group(self, key: Key, row: Mapping[str, Any]) -> None:
        values = {
            "all": row["all"],
            "eligible": row["eligible"],
            "outside": row["all"] - row["eligible"],
            "linked": row["linked"],
            "unlinked": row["eligible"] - row["linked"],
        }
        self.counts |= {(*key, measure): value for measure, value in values.items()}
        self.sums.append(Sum((*key, "all"), ((*key, "outside"), (*key, "eligible"))))
        self.sums.append(Sum((*key, "eligible"), ((*key, "linked"), (*key, "unlinked"))))
        self.unpublished += [(*key, "outside"), *([] if key[1] == "total" else [(*key, "unlinked")])]

    def _add_two_way(self, rates: Mapping[str, Mapping[str, Any]]) -> None:
        """Groups of two characteristics add up to those of each, by label: two codes may share one."""
        for table in self.step.get("bias") or ():
            names = tuple(table["characteristics"])
            if len(names) != 2 or not set(names) <= set(rates) or not _adds_up(table, [rates[n] for n in names]):
                continue
            keys = {
                tuple(row["labels"]): ("left", " and ".join(names), " and ".join(row["labels"]))
                for row in table["groups"]
            }
            for row in table["groups"]:
                key = keys[tuple(row["labels"])]
                values = (row["eligible"], row["matched"], row["eligible"] - row["matched"])
                self.counts |= {(*key, measure): value for measure, value in zip(_SPLIT, values, strict=True)}
                self.sums.append(Sum((*key, "eligible"), ((*key, "linked"), (*key, "unlinked"))))
                self.two_way[names, tuple(row["labels"])] = key, row
            for axis, name in enumerate(names):
                for group in rates[name]["groups"]:
                    parts = [key for labels, key in keys.items() if labels[axis] == group["label"]]
                    whole = ("left", name, group["group"])
                    self.sums += [Sum((*whole, m), tuple((*key, m) for key in parts)) for m in _SPLIT]

    def _side(self, side: str, cells: Mapping[Key, Cell], d: Disclosure) -> Side:
        total, reasons = self.totals[side]
        unlinked = total["eligible"] - total["linked"]
        whole: Key = (side, "total", "")
        rates = [rate for rate in self.step.get("rates", ()) if rate["side"] == side]

        def group(label: str, key: Key, row: Mapping[str, Any]) -> Group:
            everybody, eligible, linked, not_linked = (
                cells[*key, m] for m in ("all", "eligible", "linked", "unlinked")
            )
            rate = d.percent(row["linked"], row["eligible"], tied=(eligible, linked, not_linked))
            found = wilson(row["found"], row["in_both"]) if row.get("in_both") is not None else None
            return Group(
                label, everybody, eligible, linked, not_linked, rate, *d.sampled(rate, eligible), d.accuracy(found)
            )

        return Side(
            self.step,
            side,
            group("All", whole, total),
            [
                (
                    rate["characteristic"],
                    rate["title"],
                    [group(row["label"], (side, rate["characteristic"], row["group"]), row) for row in rate["groups"]],
                )
                for rate in rates
            ],
            [
                (row["reason"], cell, d.percent(row["units"], unlinked, tied=[cell, cells[*whole, "unlinked"]]))
                for row in reasons
                for cell in [cells[side, "reason", row["reason"], "unlinked"]]
            ],
            {
                key: d.percent(row["matched"], row["eligible"], tied=[cells[*place, m] for m in _SPLIT])
                for key, (place, row) in self.two_way.items()
            }
            if side == "left"
            else {},
        )

    # Pairs

    def _add_pairs(self) -> None:
        step, counts = self.step, self.counts
        decided = dict.fromkeys(DECISIONS, 0) | {row["decision"]: row["pairs"] for row in step.get("decisions", ())}
        counts |= {("decision", name): count for name, count in decided.items()}
        counts[_ALL] = sum(decided.values())
        self.unpublished.append(_ALL)
        self.sums.append(Sum(_ALL, tuple(("decision", name) for name in decided)))
        accepted: Key = ("decision", "accepted")
        for side in ("left", "right"):
            self.part_of(accepted, (side, "total", "", "linked"))
        self._add_passes(accepted)
        for decision in decided:
            bins: dict[Key, int] = {
                ("bin", decision, str(row["bin"])): row["pairs"]
                for row in step.get("weights", ())
                if row["decision"] == decision
            }
            counts |= bins
            self.part_of(("decision", decision), *bins)  # pairs without a weight are the rest
        for place, row in enumerate(step.get("bands", ())):
            self._add_band(str(place), row)
        self._add_blocking()
        self._add_truth(accepted)

    def _add_passes(self, accepted: Key) -> None:
        keys: dict[Key, int] = {
            ("pass", row["method"], row["pass"]): row["links"] for row in self.step.get("passes", ())
        }
        self.counts |= keys
        others: Key = ("method", "others")
        by_method = {
            _DETERMINISTIC: [key for key in keys if key[1] == "deterministic"],
            others: [key for key in keys if key[1] != "deterministic"],
        }
        for method, parts in by_method.items():
            self.counts[method] = sum(keys[part] for part in parts)
            self.sums += [Sum(method, tuple(parts))] if parts else []
        if keys:
            self.sums.append(Sum(accepted, tuple(by_method)))

    def _add_band(self, place: str, row: Mapping[str, Any]) -> None:
        """Accepted and other pairs make a band; one with whole edges is a sum of bins."""
        whole, accepted = ("band", "all", place), ("band", "accepted", place)
        self.counts |= {whole: row["pairs"], accepted: row["accepted"]}
        self.part_of(whole, accepted)
        low = float("-inf") if row["from"] is None else row["from"]
        high = float("inf") if row["to"] is None else row["to"]
        bins: list[Key] = [
            ("bin", one["decision"], str(one["bin"]))
            for one in self.step.get("weights", ())
            if low <= one["bin"] < high
        ]
        for key, parts in ((whole, bins), (accepted, [one for one in bins if one[1] == "accepted"])):
            if parts and sum(self.counts[part] for part in parts) == self.counts[key]:
                self.sums.append(Sum(key, tuple(parts)))

    def _add_blocking(self) -> None:
        """Links of a pass lie in what it accepts, and that in its pairs; likewise of a rule."""
        blocking = self.step.get("blocking") or {}
        for row in blocking.get("passes", ()):
            name = str(row["pass"])
            chain: list[Key] = [("of pass", "pairs", name), ("of pass", "accepted", name)]
            self.counts |= dict(zip(chain, (row["pairs"], row["accepted"]), strict=True))
            self._add_chain([*chain, ("pass", "deterministic", name)])
        scored: list[Key] = []
        for place, row in enumerate(blocking.get("rules", ())):
            chain = [("of rule", what, str(place)) for what in ("pairs", "new_pairs", "pairs_kept")]
            self.counts |= {key: row[key[1]] for key in chain}
            self._add_chain([*chain, ("pass", "probabilistic", f"rule {place + 1}")])
            scored.append(chain[-1])
        if scored:
            self.part_of(_ALL, _DETERMINISTIC, *scored)

    def _add_chain(self, keys: Sequence[Key]) -> None:
        for whole, part in itertools.pairwise(keys):
            if part in self.counts:
                self.part_of(whole, part)

    def _add_truth(self, accepted: Key) -> None:
        accuracy = self.step.get("accuracy")
        if not accuracy:
            return
        outcomes = dict.fromkeys(OUTCOMES, 0) | {r["outcome"]: r["pairs"] for r in accuracy["true_pairs_by_outcome"]}
        self.counts |= {("true", outcome): pairs for outcome, pairs in outcomes.items()}
        self.counts |= {("judged", what): accuracy[what] for what in ("correct", "false", "assessed")}
        self.counts["true", "all"] = accuracy["true_pairs"]
        self.sums.append(Sum(("true", "all"), tuple(("true", outcome) for outcome in outcomes)))
        self.sums.append(Sum(("judged", "assessed"), (("judged", "correct"), ("judged", "false"))))
        self.part_of(accepted, ("judged", "assessed"))
        for decision in DECISIONS:
            self.part_of(("decision", decision), ("true", decision))

    def _pairs(self, cells: Mapping[Key, Cell], d: Disclosure) -> Pairs:
        step, links = self.step, self.counts["decision", "accepted"]
        linked = cells["decision", "accepted"]
        blocking = step.get("blocking") or {}

        def share(key: Key) -> Cell:
            return d.percent(self.counts[key], links, tied=(cells[key], linked))

        return Pairs(
            {key[1]: cell for key, cell in cells.items() if key[0] == "decision" and key != _ALL},
            {key[1:]: (cell, share(key)) for key, cell in cells.items() if key[0] == "pass"},  # type: ignore[misc]
            share(_DETERMINISTIC),
            {(key[1], int(key[2])): cell for key, cell in cells.items() if key[0] == "bin"},
            [
                (cells["band", "all", str(n)], cells["band", "accepted", str(n)])
                for n in range(len(step.get("bands", ())))
            ],
            [
                (cells["of pass", "pairs", name], cells["of pass", "accepted", name])
                for row in blocking.get("passes", ())
                for name in [str(row["pass"])]
            ],
            [
                (cells["of rule", "pairs", n], cells["of rule", "new_pairs", n], cells["of rule", "pairs_kept", n])
                for n in map(str, range(len(blocking.get("rules", ()))))
            ],
            {key[1]: cell for key, cell in cells.items() if key[0] == "true"},
            {key[1]: cell for key, cell in cells.items() if key[0] == "judged"},
        )


def _adds_up(table: Mapping[str, Any], rates: Sequence[Mapping[str, Any]]) -> bool:
    for axis, rate in enumerate(rates):
        for group in rate["groups"]:
            parts = [row for row in table["groups"] if row["labels"][axis] == group["label"]]
            sums = (sum(row["eligible"] for row in parts), sum(row["matched"] for row in parts))
            if sums != (group["eligible"], group["linked"]):
                return False
    return True


def _totals(step: Mapping[str, Any], side: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
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
