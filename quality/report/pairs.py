"""A step's counts of pairs after disclosure control: decisions, passes, bins and bands of match weight.

Bins and bands add up to the decisions and the passes to the accepted pairs, so that all of them are released together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quality.disclosure import Cell, Disclosure, Sum

DECISIONS = ("accepted", "review", "rejected")
Key = tuple[str, str, str]
_ALL: Key = ("decision", "all", "")


@dataclass(frozen=True)
class Pairs:
    """What may be shown of a step's pairs.

    Attributes:
        decisions: by decision; `accepted` is the number of links.
        passes: links by (method, pass), with their share of all links.
        bins: by (decision, lower end of the bin).
        bands: by place in the evaluation's list: all pairs, and those accepted.
    """

    decisions: Mapping[str, Cell]
    passes: Mapping[tuple[str, str], tuple[Cell, Cell]]
    bins: Mapping[tuple[str, int], Cell]
    bands: Sequence[tuple[Cell, Cell]]

    @property
    def links(self) -> Cell:
        """The number of accepted pairs."""
        return self.decisions["accepted"]


def pairs(step: Mapping[str, Any], disclosure: Disclosure) -> Pairs:
    """Release a step's pairs."""
    decided = dict.fromkeys(DECISIONS, 0) | {row["decision"]: row["pairs"] for row in step["decisions"]}
    counts: dict[Key, int] = {("decision", name, ""): count for name, count in decided.items()}
    sums: list[Sum[Key]] = []
    _add_passes(step, counts, sums)
    _add_bins(step, decided, counts, sums)
    _add_bands(step, decided, counts, sums)
    unshown = [key for key in counts if key[:2] == ("band", "other") or key[::2] == ("bin", "none") or key == _ALL]
    cells = disclosure.counts(counts, sums, unshown=unshown)
    links, linked = decided["accepted"], cells[("decision", "accepted", "")]
    passes = {}
    for row in step["passes"]:
        cell = cells[("pass", row["method"], row["pass"])]
        passes[(row["method"], row["pass"])] = cell, disclosure.percent(row["links"], links, tied=(cell, linked))
    return Pairs(
        {name: cells[("decision", name, "")] for name in decided},
        passes,
        {(row["decision"], row["bin"]): cells[("bin", row["decision"], str(row["bin"]))] for row in step["weights"]},
        [(cells[("band", "all", str(n))], cells[("band", "accepted", str(n))]) for n in range(len(step["bands"]))],
    )


def _add_passes(step: Mapping[str, Any], counts: dict[Key, int], sums: list[Sum[Key]]) -> None:
    keys = {("pass", row["method"], row["pass"]): row["links"] for row in step["passes"]}
    counts |= keys
    if keys:
        sums.append(Sum(("decision", "accepted", ""), tuple(keys)))


def _add_bins(
    step: Mapping[str, Any], decided: Mapping[str, int], counts: dict[Key, int], sums: list[Sum[Key]]
) -> None:
    """Bins add up to the decision; pairs without a weight are a bin that is not shown, and still could be reckoned."""
    for decision, total in decided.items():
        keys = {
            ("bin", decision, str(row["bin"])): row["pairs"] for row in step["weights"] if row["decision"] == decision
        }
        unscored: Key = ("bin", decision, "none")
        counts |= keys | {unscored: total - sum(keys.values())}
        sums.append(Sum(("decision", decision, ""), (*keys, unscored)))


def _add_bands(
    step: Mapping[str, Any], decided: Mapping[str, int], counts: dict[Key, int], sums: list[Sum[Key]]
) -> None:
    """Accepted and other pairs make a band; bands and the pairs without a weight make the total."""
    for place, row in enumerate(step["bands"]):
        keys: tuple[Key, Key] = ("band", "accepted", str(place)), ("band", "other", str(place))
        whole: Key = ("band", "all", str(place))
        counts |= {keys[0]: row["accepted"], keys[1]: row["pairs"] - row["accepted"], whole: row["pairs"]}
        sums.append(Sum(whole, keys))
        _tie_to_bins(step, row, place, counts, sums)
    counts[_ALL] = sum(decided.values())
    sums.append(Sum(_ALL, tuple(("decision", name, "") for name in decided)))


def _tie_to_bins(
    step: Mapping[str, Any], row: Mapping[str, Any], place: int, counts: Mapping[Key, int], sums: list[Sum[Key]]
) -> None:
    """A band whose edges are whole numbers is a sum of bins."""
    low = float("-inf") if row["from"] is None else row["from"]
    high = float("inf") if row["to"] is None else row["to"]
    inside = [bin_ for bin_ in step["weights"] if low <= bin_["bin"] < high]
    accepted: tuple[Key, ...] = tuple(
        ("bin", bin_["decision"], str(bin_["bin"])) for bin_ in inside if bin_["decision"] == "accepted"
    )
    every: tuple[Key, ...] = tuple(("bin", bin_["decision"], str(bin_["bin"])) for bin_ in inside)
    for parts, measure in ((accepted, "accepted"), (every, "all")):
        whole: Key = ("band", measure, str(place))
        if parts and sum(counts[part] for part in parts) == counts[whole]:
            sums.append(Sum(whole, parts))
