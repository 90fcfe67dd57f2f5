"""The numbers of an evaluation after disclosure control, ready to be shown.

Counts that are tied to each other by sums are released in one call: the three denominators of a step, all its
characteristics and its reasons share totals, so what one table hides another must not show.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.disclosure import Cell, Disclosure, Sum
from quality.measures.intervals import wilson

Key = tuple[str, str, str]  # characteristic, group, measure
_WHOLE = ("total", "")
_SPLIT = ("eligible", "linked", "unlinked")
_MEASURES = ("outside", "unlinked", "linked", "eligible", "all")


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
    found: Cell  # of those with a counterpart in truth, the share that is linked to it


@dataclass(frozen=True)
class Side:
    """One side of a step."""

    step: Mapping[str, Any]
    side: str
    whole: Group
    characteristics: Sequence[tuple[str, str, Sequence[Group]]]  # name, title, groups
    reasons: Sequence[tuple[str, Cell, Cell]]  # reason, people, share of the unlinked
    two_way: Mapping[
        tuple[tuple[str, ...], tuple[str, ...]], Cell
    ]  # percentages matched, by characteristics and labels

    @property
    def is_people(self) -> bool:
        """Whether the side is what earlier steps made of the sources; two of these the step may bring together."""
        return bool(self.step[self.side] == "people")

    @property
    def has_rule(self) -> bool:
        """Whether a rule says who is in the calculation; otherwise everybody is."""
        return self.side == "left" and bool(self.step["eligible"])


def side(step: Mapping[str, Any], name: str, disclosure: Disclosure) -> Side:
    """A side's denominators by every characteristic, and its reasons; the left one's also by two characteristics."""
    key = (id(step), name)  # the step lives as long as its side, which has it
    if key not in disclosure.released:
        disclosure.released[key] = _side(step, name, disclosure)
    found: Side = disclosure.released[key]
    return found


def _side(step: Mapping[str, Any], name: str, disclosure: Disclosure) -> Side:
    total, reasons = _totals(step, name)
    shown = [rate for rate in step["rates"] if rate["side"] == name]
    counts: dict[Key, int] = {}
    sums: list[Sum[Key]] = []
    unshown: list[Key] = []
    _add(counts, sums, *_WHOLE, total)
    for rate in shown:
        for group in rate["groups"]:
            _add(counts, sums, rate["characteristic"], group["group"], group)
        if rate["is_partition"]:
            sums += [
                Sum((*_WHOLE, m), tuple((rate["characteristic"], g["group"], m) for g in rate["groups"]))
                for m in _MEASURES
            ]
        else:  # groups overlap: what each leaves of the whole is told by both
            unshown += _add_rests(counts, sums, rate)
    both = _add_two_way(counts, sums, step, shown) if name == "left" else {}
    for reason in reasons:
        counts[("reason", reason["reason"], "unlinked")] = reason["units"]
    if reasons:
        sums.append(Sum((*_WHOLE, "unlinked"), tuple(("reason", r["reason"], "unlinked") for r in reasons)))
    unshown += [
        key for key in counts if key[2] == "outside" or (key[2] == "unlinked" and key[0] not in ("total", "reason"))
    ]
    cells = disclosure.counts(counts, sums, unshown=unshown)
    unlinked = total["eligible"] - total["linked"]
    return Side(
        step,
        name,
        _group("All", *_WHOLE, total, cells, disclosure),
        [
            (
                rate["characteristic"],
                rate["title"],
                [_group(g["label"], rate["characteristic"], g["group"], g, cells, disclosure) for g in rate["groups"]],
            )
            for rate in shown
        ],
        [
            (
                r["reason"],
                cells[("reason", r["reason"], "unlinked")],
                disclosure.percent(
                    r["units"],
                    unlinked,
                    tied=[cells[("reason", r["reason"], "unlinked")], cells[(*_WHOLE, "unlinked")]],
                ),
            )
            for r in reasons
        ],
        {
            key: disclosure.percent(row["matched"], row["eligible"], tied=[cells[(*place, m)] for m in _SPLIT])
            for key, (place, row) in both.items()
        },
    )


def _add_two_way(
    counts: dict[Key, int], sums: list[Sum[Key]], step: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]
) -> dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[tuple[str, str], Mapping[str, Any]]]:
    """Groups of two characteristics add up to those of each: what a table of one hides, that of two must not show.

    Returns:
        Characteristics and labels to where their counts stand, and their row.
    """
    known = {rate["characteristic"]: rate for rate in shown if rate["is_partition"]}
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[tuple[str, str], Mapping[str, Any]]] = {}
    for table in step.get("bias") or ():
        names = tuple(table["characteristics"])
        if len(names) != 2 or not set(names) <= set(known) or not _adds_up(table["groups"], [known[n] for n in names]):
            continue
        place = {tuple(row["labels"]): (" and ".join(names), " and ".join(row["labels"])) for row in table["groups"]}
        for row in table["groups"]:
            key = place[tuple(row["labels"])]
            values = (row["eligible"], row["matched"], row["eligible"] - row["matched"])
            counts |= {(*key, measure): value for measure, value in zip(_SPLIT, values, strict=True)}
            sums.append(Sum((*key, "eligible"), ((*key, "linked"), (*key, "unlinked"))))
            found[names, tuple(row["labels"])] = (key, row)
        for axis, name in enumerate(names):
            for group in known[name]["groups"]:
                parts = [key for labels, key in place.items() if labels[axis] == group["label"]]
                sums += [
                    Sum((name, group["group"], measure), tuple((*key, measure) for key in parts)) for measure in _SPLIT
                ]
    return found


def _add_rests(counts: dict[Key, int], sums: list[Sum[Key]], rate: Mapping[str, Any]) -> list[Key]:
    """What is left of the whole beside each group that is not all of it. Returns it, since it is not shown."""
    rests: list[Key] = []
    for group in rate["groups"]:
        if group["all"] == counts[(*_WHOLE, "all")]:
            continue
        for m in _MEASURES:
            rest: Key = (f"{rate['characteristic']}, not of", group["group"], m)
            counts[rest] = counts[(*_WHOLE, m)] - counts[(rate["characteristic"], group["group"], m)]
            sums.append(Sum((*_WHOLE, m), ((rate["characteristic"], group["group"], m), rest)))
            rests.append(rest)
    return rests


def _adds_up(groups: Sequence[Mapping[str, Any]], rates: Sequence[Mapping[str, Any]]) -> bool:
    """Whether groups of two characteristics come to those of each, by label: two codes may share one."""
    for axis, rate in enumerate(rates):
        for group in rate["groups"]:
            parts = [row for row in groups if row["labels"][axis] == group["label"]]
            come_to = (sum(row["eligible"] for row in parts), sum(row["matched"] for row in parts))
            if come_to != (group["eligible"], group["linked"]):
                return False
    return True


def tied(parts: Mapping[str, int], disclosure: Disclosure) -> tuple[dict[str, Cell], Cell]:
    """Counts that make up a total, and the total."""
    counts = {("part", key): count for key, count in parts.items()} | {("total", ""): sum(parts.values())}
    cells = disclosure.counts(counts, [Sum(("total", ""), tuple(("part", key) for key in parts))] if parts else [])
    return {key: cells[("part", key)] for key in parts}, cells[("total", "")]


def _totals(step: Mapping[str, Any], name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The denominators and reasons of a side; without identities everybody is in the calculation."""
    for row in step["totals"]:
        if row["side"] == name:
            return row, [r for r in step["reasons"] if r["side"] == name]
    nothing: Mapping[str, Any] = {"units": 0, "linked": 0, "unlinked": []}
    found = next((row for row in step["sides"] if row["side"] == name), nothing)
    units, linked, reasons = int(found["units"]), int(found["linked"]), list(found["unlinked"])
    rest = units - linked - sum(reason["units"] for reason in reasons)
    if rest > 0:
        reasons.append({"reason": "not stated", "units": rest})
    total = {"all": units, "eligible": units, "linked": linked, "in_both": None, "found": None}
    return total, reasons if rest >= 0 else []


def _add(counts: dict[Key, int], sums: list[Sum[Key]], characteristic: str, group: str, row: Mapping[str, Any]) -> None:
    values = {
        "all": row["all"],
        "eligible": row["eligible"],
        "outside": row["all"] - row["eligible"],
        "linked": row["linked"],
        "unlinked": row["eligible"] - row["linked"],
    }

    def key(measure: str) -> Key:
        return (characteristic, group, measure)

    counts |= {key(measure): value for measure, value in values.items()}
    sums += [
        Sum(key("all"), (key("outside"), key("eligible"))),
        Sum(key("eligible"), (key("linked"), key("unlinked"))),
    ]


def _group(
    label: str,
    characteristic: str,
    group: str,
    row: Mapping[str, Any],
    cells: Mapping[Key, Cell],
    disclosure: Disclosure,
) -> Group:
    everybody, eligible, linked, unlinked = (
        cells[(characteristic, group, measure)] for measure in ("all", "eligible", "linked", "unlinked")
    )
    rate = disclosure.percent(row["linked"], row["eligible"], tied=(eligible, linked, unlinked))
    low, high = disclosure.sampled(rate, eligible)
    found = wilson(row["found"], row["in_both"]) if row.get("in_both") is not None else None
    return Group(label, everybody, eligible, linked, unlinked, rate, low, high, disclosure.accuracy(found))
