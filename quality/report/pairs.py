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
_RULED: Key = ("passes", "deterministic", "")


@dataclass(frozen=True)
class Pairs:
    """What may be shown of a step's pairs.

    Attributes:
        decisions: by decision; `accepted` is the number of links.
        passes: links by (method, pass), with their share of all links.
        ruled: the share of all links that deterministic passes made.
        bins: by (decision, lower end of the bin).
        bands: by place in the evaluation's list: all pairs, and those accepted.
        by_pass: of each deterministic pass that was run, in order: pairs, accepted.
        by_rule: of each blocking rule, in order: pairs made, new pairs, pairs kept.
    """

    decisions: Mapping[str, Cell]
    passes: Mapping[tuple[str, str], tuple[Cell, Cell]]
    bins: Mapping[tuple[str, int], Cell]
    bands: Sequence[tuple[Cell, Cell]]
    ruled: Cell
    by_pass: Sequence[tuple[Cell, Cell]] = ()
    by_rule: Sequence[tuple[Cell, Cell, Cell]] = ()

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
    hidden = _add_blocking(step, counts, sums)
    unshown = [key for key in counts if key[:2] == ("band", "other") or key[::2] == ("bin", "none") or key == _ALL]
    unshown += hidden
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
        disclosure.percent(counts[_RULED], links, tied=(cells[_RULED], linked)),
        [(cells[("of pass", "pairs", name)], cells[("of pass", "accepted", name)]) for name in _passes_run(step)],
        [
            (cells[("of rule", "made", str(n))], cells[("of rule", "new", str(n))], cells[("of rule", "kept", str(n))])
            for n in range(len(_blocking(step, "rules")))
        ],
    )


def _blocking(step: Mapping[str, Any], part: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (step.get("blocking") or {}).get(part, ())
    return found


def _passes_run(step: Mapping[str, Any]) -> list[str]:
    return [str(row["pass"]) for row in _blocking(step, "passes")]


def _add_blocking(step: Mapping[str, Any], counts: dict[Key, int], sums: list[Sum[Key]]) -> list[Key]:
    """What a pass accepts, or a rule makes anew, is part of its pairs. Returns the rests, which are not shown."""
    rests: list[Key] = []

    def part_of(whole: Key, part: Key) -> None:
        rest: Key = (whole[0], f"{whole[1]} but not {part[1]}", whole[2])
        counts[rest] = counts[whole] - counts[part]
        sums.append(Sum(whole, (part, rest)))
        rests.append(rest)

    for row in _blocking(step, "passes"):
        pairs: Key = ("of pass", "pairs", str(row["pass"]))
        accepted: Key = ("of pass", "accepted", str(row["pass"]))
        counts |= {pairs: row["pairs"], accepted: row["accepted"]}
        part_of(pairs, accepted)
        links: Key = ("pass", "deterministic", str(row["pass"]))
        if counts.get(links, row["accepted"] + 1) <= row["accepted"]:
            part_of(accepted, links)
    for place, row in enumerate(_blocking(step, "rules")):
        made, new, kept = (("of rule", what, str(place)) for what in ("made", "new", "kept"))
        counts |= {made: row["pairs"], new: row["new_pairs"], kept: row["pairs_kept"]}
        part_of(made, new)
        part_of(new, kept)
        links = ("pass", "probabilistic", f"rule {place + 1}")
        if counts.get(links, row["pairs_kept"] + 1) <= row["pairs_kept"]:
            part_of(kept, links)
    return [*rests, *_tie_to_decisions(step, counts, sums)]


def _tie_to_decisions(step: Mapping[str, Any], counts: dict[Key, int], sums: list[Sum[Key]]) -> list[Key]:
    """What passes linked and rules kept is all that was decided on, but for links of second records. Returns these."""
    kept: list[Key] = [("of rule", "kept", str(place)) for place in range(len(_blocking(step, "rules")))]
    rest = counts[_ALL] - counts[_RULED] - sum(counts[key] for key in kept)
    if not kept or rest < 0:
        return []
    # Where there are none everybody knows it: such a step does not join second records.
    second: list[Key] = [("of rule", "none", "")] if rest else []
    counts.update(dict.fromkeys(second, rest))
    sums.append(Sum(_ALL, (_RULED, *kept, *second)))
    return second


def _add_passes(step: Mapping[str, Any], counts: dict[Key, int], sums: list[Sum[Key]]) -> None:
    """Passes make a method, and the methods all links: what fixed rules made of them is told as a share."""
    keys = {("pass", row["method"], row["pass"]): row["links"] for row in step["passes"]}
    counts |= keys
    others: Key = ("passes", "others", "")
    made = {whole: [key for key in keys if (key[1] == _RULED[1]) == (whole == _RULED)] for whole in (_RULED, others)}
    for whole, parts in made.items():
        counts[whole] = sum(keys[part] for part in parts)
        sums += [Sum(whole, tuple(parts))] if parts else []
    if keys:
        sums.append(Sum(("decision", "accepted", ""), tuple(made)))


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
