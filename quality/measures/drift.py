"""Changes between two releases: completeness, agreement, match weights, m and u, link rates and published counts.

Both are evaluations (quality.measures.evaluation), so the last release need not be read again. A distribution is
compared by the population stability index (Siddiqi, Credit Risk Scorecards, 2006): the sum over bins of
(after - before) ln(after / before); under 0.1 is stable, 0.25 or more another population. Where nothing changed it is
(1/before + 1/after) times a chi-square of one degree fewer than bins (Yurdakul and Naranjo, 2020).
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from quality.intervals import difference, wilson

MOVED, LARGE = 0.1, 0.25  # population stability index (Siddiqi 2006)
FEWEST = 100  # people of a group whose link rate is compared: chance moves smaller ones by several points
_BITS = 5  # width of a bin of match weight, log2: the index grows with the number of bins

Counts = Mapping[Any, float]
Evaluation = Mapping[str, Any]
_RELEASED = (
    *("step", "left", "right", "eligible", "sides", "totals", "rates", "reasons"),
    *("decisions", "passes", "weights", "bands", "blocking", "accuracy"),
)
"""What quality.report.released reads of a step, so that the last release's groups are shown as its report shows them."""


def drift(before: Evaluation, after: Evaluation) -> dict[str, Any]:
    """What has changed since the last release.

    Returns:
        distributions: step, what (match weights, or a comparison), psi, before and after (links), chance (of
        `by_chance`), verdict (stable, moved, large; chance where chance may do as much);
        last: the last release's steps, as far as a report of both needs them;
        completeness: source, identifier, before and after (shares), change, low, high;
        rates: step, side, source, characteristic, title, group, label, before, after, change, low, high, largest falls
        first; counts: count, before, after (None of a release without it), change (share of before);
        parameters: step, comparison, level, m, u and match_weight before and after, change, largest first.
    """
    pairs = _same_steps(before, after)
    parameters = [row for old, new in pairs for row in _parameters(old, new)]
    return {
        "distributions": [row for old, new in pairs for row in distributions(old, new)],
        "last": [_released(old) for old, _ in pairs],
        "completeness": _completeness(before, after),
        "rates": sorted((row for old, new in pairs for row in _rates(old, new)), key=lambda row: row["change"]),
        "counts": _counts(before, after),
        "parameters": sorted(parameters, key=lambda row: -abs(row["change"] or 0.0)),
    }


def falls(changes: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Link rates that fell by more than chance does, largest first: the 95 % interval of the change is below zero."""
    return sorted((row for row in changes["rates"] if row["high"] < 0), key=lambda row: float(row["change"]))


def _same_steps(before: Evaluation, after: Evaluation) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Steps of one name that are between the same two sides."""
    old = {(step["step"], step["left"], step["right"]): step for step in before["steps"]}
    keys = [(step["step"], step["left"], step["right"]) for step in after["steps"]]
    return [(old[key], step) for key, step in zip(keys, after["steps"], strict=True) if key in old]


def _released(step: Mapping[str, Any]) -> dict[str, Any]:
    two_way = [
        {
            "characteristics": row["characteristics"],
            "groups": [{key: group[key] for key in ("labels", "eligible", "matched")} for group in row["groups"]],
        }
        for row in step.get("bias") or ()
        if len(row["characteristics"]) > 1
    ]
    return {key: step[key] for key in _RELEASED if key in step} | {"bias": two_way}


def stability(before: Counts, after: Counts) -> float | None:
    """Population stability index of two counted distributions; None where either is empty.

    A bin that one of them lacks counts as half a unit there, so that the index is finite.
    """
    totals = sum(before.values()), sum(after.values())
    if not all(totals):
        return None
    shares = [
        (max(before.get(place, 0), 0.5) / totals[0], max(after.get(place, 0), 0.5) / totals[1])
        for place in {*before, *after}
        if before.get(place, 0) or after.get(place, 0)
    ]
    return math.fsum((new - old) * math.log(new / old) for old, new in shares)


def by_chance(before: Counts, after: Counts) -> float:
    """What the index does not exceed in 19 of 20 comparisons of two samples of one distribution."""
    from scipy.special import chdtri

    bins = {place for counted in (before, after) for place, count in counted.items() if count}
    totals = sum(before.values()), sum(after.values())
    if len(bins) < 2 or not all(totals):
        return 0.0
    return float((1 / totals[0] + 1 / totals[1]) * chdtri(len(bins) - 1, 0.05))


def distributions(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Match weights of the links, and for each comparison how often the links reach each of its levels."""
    before, after = _distributions(old), _distributions(new)
    changes = []
    for what in [name for name in after if name in before]:
        psi, chance = stability(before[what], after[what]), by_chance(before[what], after[what])
        if psi is not None:
            verdict = "stable" if psi < MOVED else "moved" if psi < LARGE else "large"
            verdict = "chance" if chance >= MOVED and psi <= chance else verdict
            links = {"before": int(sum(before[what].values())), "after": int(sum(after[what].values()))}
            changes.append(
                {"step": new["step"], "what": what, "psi": psi, **links, "chance": chance, "verdict": verdict}
            )
    return changes


def _distributions(step: Mapping[str, Any]) -> dict[str, dict[int, int]]:
    """Links by bins of match weight, and by level of each comparison."""
    bins: dict[int, int] = {}
    for row in step["weights"]:
        if row["decision"] == "accepted":
            bins[row["bin"] // _BITS] = bins.get(row["bin"] // _BITS, 0) + row["pairs"]
    counts = {"match weights": bins}
    for row in step.get("levels", ()):
        counts.setdefault(row["comparison"], {})[row["level"]] = row["links"]
    return counts


def _compared(keys: Mapping[str, Any], before: tuple[int, int], after: tuple[int, int]) -> dict[str, Any]:
    """A change of two shares (count, base)."""
    shares = [wilson(*one) for one in (before, after)]
    return {**keys, "before": shares[0], "after": shares[1], **difference(*shares)}


def _completeness(before: Evaluation, after: Evaluation) -> list[dict[str, Any]]:
    old = {(source["source"], row["identifier"]): row for source in before["sources"] for row in source["completeness"]}
    changes = []
    for source in after["sources"]:
        for row in source["completeness"]:
            was = old.get((source["source"], row["identifier"]))
            if was and (was["present"] or row["present"]) and was["entities"] and row["entities"]:
                key = {"source": source["source"], "identifier": row["identifier"]}
                changes.append(_compared(key, *((one["present"], one["entities"]) for one in (was, row))))
    return changes


def _rates(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Link rates of both sides and of their groups."""
    earlier = _groups(old)
    changes = []
    for (side, characteristic, group), row in _groups(new).items():
        was = earlier.get((side, characteristic, group))
        if was and min(was["eligible"], row["eligible"]) >= FEWEST:
            key = {"step": new["step"], "side": side, "source": new[side], "characteristic": characteristic}
            key |= {"title": row["title"], "group": group, "label": row["label"]}
            changes.append(_compared(key, *((one["linked"], one["eligible"]) for one in (was, row))))
    return changes


def _groups(step: Mapping[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """eligible, linked, title and label by side, characteristic and group."""
    groups = {(row["side"], "all", "all"): {**row, "title": "All", "label": "All"} for row in step["totals"]}
    for rate in step["rates"]:
        for group in rate["groups"]:
            groups[rate["side"], rate["characteristic"], group["group"]] = {**group, "title": rate["title"]}
    return groups


def eligible_count(step: Mapping[str, Any], side: str) -> str:
    """What the count of a side's eligible people is called among those published."""
    return f"{step[side]} eligible of {step['step']}"


def part_of(count: str) -> str | None:
    """The published count that another is part of: the people of a source on the spine are of its entities."""
    source = re.fullmatch("people of (.+) on the spine", count)
    return f"entities of {source[1]}" if source else None


def published(evaluation: Evaluation) -> dict[str, int]:
    """The counts that a release publishes: name to count."""
    counts: dict[str, int | None] = {}
    if spine := evaluation.get("spine"):
        counts["people on the spine"] = spine["people"]
        counts |= {f"people of {row['source']} on the spine": row["people"] for row in spine["by_source"]}
    for source in evaluation["sources"]:
        counts |= {f"{what} of {source['source']}": source.get(what) for what in ("records", "entities")}
    for step in evaluation["steps"]:
        counts[f"links of {step['step']}"] = sum(row["links"] for row in step["passes"])
        counts |= {eligible_count(step, row["side"]): row["eligible"] for row in step["totals"]}
    counts |= {f"rows of {name}": rows for name, rows in (evaluation.get("tables") or {}).items()}
    return {name: int(count) for name, count in counts.items() if count is not None}


def _counts(before: Evaluation, after: Evaluation) -> list[dict[str, Any]]:
    old, new = published(before), published(after)
    changes = []
    for name in [name for name in dict.fromkeys([*new, *old]) if old.get(name) or new.get(name)]:
        change = new.get(name, 0) / old[name] - 1 if old.get(name) else None
        changes.append({"count": name, "before": old.get(name), "after": new.get(name), "change": change})
    return changes


def _parameters(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Levels whose m or u differ; change is that of the match weight."""
    earlier = {(row["comparison"], row["label"]): row for row in (old["parameters"] or {}).get("levels", ())}
    changes = []
    for row in (new["parameters"] or {}).get("levels", ()):
        was = earlier.get((row["comparison"], row["label"]))
        if was is None or (was["m"], was["u"]) == (row["m"], row["u"]):
            continue
        values = {f"{key}_{when}": of[key] for when, of in (("before", was), ("after", row)) for key in _PARAMETERS}
        weights = was["match_weight"], row["match_weight"]
        change = None if None in weights else weights[1] - weights[0]
        key = {"step": new["step"], "comparison": row["comparison"], "level": row["label"]}
        changes.append({**key, **values, "change": change})
    return changes


_PARAMETERS = ("m", "u", "match_weight")
