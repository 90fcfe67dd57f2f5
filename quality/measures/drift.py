"""This release beside the last: completeness, agreement, match weights, m and u, link rates and published counts.

Both sides are evaluations (quality.measures.evaluation): aggregates, so that the last release need not be read again. How far a
distribution has moved is said by the population stability index (Siddiqi, Credit Risk Scorecards, 2006): the sum over
bins of (after - before) ln(after / before); under 0.1 it is taken for stable, from 0.25 on for another population. With
nothing changed it is (1/before + 1/after) times a chi-square of one degree fewer than bins (Yurdakul and Naranjo,
Statistical properties of the population stability index, 2020): in a small step far above 0.1.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from quality.measures.intervals import difference, wilson

MOVED, LARGE = 0.1, 0.25
FEWEST = 100
"""Rates of groups of fewer people in either release are not compared: chance moves them by several points."""

Counts = Mapping[Any, float]


def stability(before: Counts, after: Counts) -> float | None:
    """Population stability index of two counted distributions; None where either is empty.

    A bin that one of them lacks counts as half a unit there, so that the index is finite.
    """
    bins = {*before, *after}
    totals = sum(before.values()), sum(after.values())
    if not all(totals):
        return None
    shares = [
        (max(before.get(place, 0), 0.5) / totals[0], max(after.get(place, 0), 0.5) / totals[1])
        for place in bins
        if before.get(place, 0) or after.get(place, 0)
    ]
    return math.fsum((new - old) * math.log(new / old) for old, new in shares)


def by_chance(before: Counts, after: Counts) -> float:
    """What the index stays below in 19 of 20 comparisons of the same distribution, with samples of these sizes.

    Releases mostly hold the same people: then chance does less, and this is more than enough.
    """
    from scipy.special import chdtri

    bins = {place for counted in (before, after) for place, count in counted.items() if count}
    totals = sum(before.values()), sum(after.values())
    if len(bins) < 2 or not all(totals):
        return 0.0
    return float((1 / totals[0] + 1 / totals[1]) * chdtri(len(bins) - 1, 0.05))


def drift(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What has moved since the last release.

    Returns:
        distributions: step, what (match weights, or a comparison), psi, before and after (links counted), chance (see
        `by_chance`), verdict (stable, moved, large; chance where chance may do 0.1 or more and the index is no more
        than that); last: of the last release's steps what quality.report.released reads, so that both releases' groups
        can be shown as their reports show them; completeness: source, identifier, before and after (shares), change
        with low and high (points of share); rates: step, side, characteristic, title, group, label, before and after
        (shares), change, low, high, largest falls first; counts: count, before, after (None of a release that has no
        such count), change (share of before; None from nought, -1 of what is gone); parameters: step, comparison,
        level, m and u before and after, largest change of the weight first.
    """
    pairs = _paired(before, after)
    return {
        "distributions": [row for old, new in pairs for row in distributions(old, new)],
        "last": [_released(old) for old, _ in pairs],
        "completeness": _completeness(before, after),
        "rates": sorted((row for old, new in pairs for row in _rates(old, new)), key=_fell_by),
        "counts": _counts(before, after),
        "parameters": sorted((row for old, new in pairs for row in _parameters(old, new)), key=_moved_by),
    }


_RELEASED = (
    *("step", "left", "right", "eligible", "sides", "totals", "rates", "reasons"),
    *("decisions", "passes", "weights", "bands", "blocking", "accuracy"),
)
"""What quality.report.released reads of a step, so that the last release's groups are shown as its report shows them."""


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


def _paired(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Steps of one name that are between the same two: of others the people are not the same."""
    old = {_between(step): step for step in before["steps"]}
    return [(old[_between(step)], step) for step in after["steps"] if _between(step) in old]


def _between(step: Mapping[str, Any]) -> tuple[str, str, str]:
    return step["step"], step["left"], step["right"]


def distributions(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Match weights of the links, and for each comparison how often the links reach each of its levels."""
    found = [_moved(new["step"], "match weights", *(_weights(step) for step in (old, new)))]
    levels = [_by_comparison(step) for step in (old, new)]
    found += [
        _moved(new["step"], comparison, levels[0][comparison], counted)
        for comparison, counted in levels[1].items()
        if comparison in levels[0]
    ]
    return [row for row in found if row["psi"] is not None]


def _moved(step: str, what: str, before: Counts, after: Counts) -> dict[str, Any]:
    psi, chance = stability(before, after), by_chance(before, after)
    return {
        "step": step,
        "what": what,
        "psi": psi,
        "before": int(sum(before.values())),
        "after": int(sum(after.values())),
        "chance": chance,
        "verdict": "chance" if chance >= MOVED and (psi or 0.0) <= chance else _verdict(psi or 0.0),
    }


def _verdict(psi: float) -> str:
    return "stable" if psi < MOVED else "moved" if psi < LARGE else "large"


def _weights(step: Mapping[str, Any]) -> Counts:
    """Links by bins of five bits: of one bit they are too many for the index, which grows with the bins."""
    found: dict[int, int] = {}
    for row in step["weights"]:
        if row["decision"] == "accepted":
            found[row["bin"] // 5] = found.get(row["bin"] // 5, 0) + row["pairs"]
    return found


def _by_comparison(step: Mapping[str, Any]) -> dict[str, Counts]:
    found: dict[str, dict[str, int]] = {}
    for row in step.get("levels", ()):
        found.setdefault(row["comparison"], {})[row["level"]] = row["links"]
    return dict(found)


def _completeness(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    old = {(source["source"], row["identifier"]): row for source in before["sources"] for row in source["completeness"]}
    found = []
    for source in after["sources"]:
        for row in source["completeness"]:
            earlier = old.get((source["source"], row["identifier"]))
            if earlier is None or not (earlier["present"] or row["present"]):
                continue
            if not (earlier["entities"] and row["entities"]):
                continue  # of nobody there is no share
            shares = [wilson(r["present"], r["entities"]) for r in (earlier, row)]
            found.append(
                {
                    "source": source["source"],
                    "identifier": row["identifier"],
                    "before": shares[0],
                    "after": shares[1],
                    **difference(*shares),
                }
            )
    return found


def _rates(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Link rates of both sides and of their groups."""
    earlier = _groups(old)
    found = []
    for key, row in _groups(new).items():
        was = earlier.get(key)
        if was is None or min(was["eligible"], row["eligible"]) < FEWEST:
            continue
        shares = [wilson(r["linked"], r["eligible"]) for r in (was, row)]
        side, characteristic, group = key
        found.append(
            {
                "step": new["step"],
                "side": side,
                "source": new[side],
                "characteristic": characteristic,
                "title": row["title"],
                "group": group,
                "label": row["label"],
                "before": shares[0],
                "after": shares[1],
                **difference(*shares),
            }
        )
    return found


def _fell_by(row: Mapping[str, Any]) -> float:
    """Orders what changed over all steps: a list that is cut keeps the largest falls, whichever step they are of."""
    return float(row["change"])


def _moved_by(row: Mapping[str, Any]) -> float:
    """Orders what changed over all steps, most first either way."""
    return -abs(float(row["change"] or 0.0))


def _groups(step: Mapping[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = {
        (row["side"], "all", "all"): {"title": "All", "label": "All", **_denominators(row)} for row in step["totals"]
    }
    for rate in step["rates"]:
        for group in rate["groups"]:
            found[rate["side"], rate["characteristic"], group["group"]] = {
                "title": rate["title"],
                "label": group["label"],
                **_denominators(group),
            }
    return found


def _denominators(row: Mapping[str, Any]) -> dict[str, int]:
    return {"eligible": row["eligible"], "linked": row["linked"]}


def eligible_count(step: Mapping[str, Any], side: str) -> str:
    """What the count of a side's people in the calculation is called among those published."""
    return f"{step[side]} eligible of {step['step']}"


def part_of(count: str) -> str | None:
    """The published count that another is part of: the people of a source on the spine are of its entities."""
    source = re.fullmatch("people of (.+) on the spine", count)
    return f"entities of {source[1]}" if source else None


def published(evaluation: Mapping[str, Any]) -> dict[str, int]:
    """The counts that a release publishes: name to count."""
    found: dict[str, int | None] = {}
    spine = evaluation.get("spine")
    if spine:
        found["people on the spine"] = spine["people"]
        found |= {f"people of {row['source']} on the spine": row["people"] for row in spine["by_source"]}
    for source in evaluation["sources"]:
        found |= {f"{what} of {source['source']}": source.get(what) for what in ("records", "entities")}
    for step in evaluation["steps"]:
        found[f"links of {step['step']}"] = sum(row["links"] for row in step["passes"])
        for row in step["totals"]:
            found[eligible_count(step, row["side"])] = row["eligible"]
    found |= {f"rows of {name}": rows for name, rows in (evaluation.get("tables") or {}).items()}
    return {name: int(count) for name, count in found.items() if count is not None}


def _counts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    old, new = published(before), published(after)
    return [
        {
            "count": name,
            "before": old.get(name),
            "after": new.get(name),
            "change": new.get(name, 0) / old[name] - 1 if old.get(name) else None,
        }
        for name in dict.fromkeys([*new, *old])
        if old.get(name) or new.get(name)
    ]


def _parameters(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Levels whose m or u differ, most first by what that does to the match weight."""
    earlier = {(row["comparison"], row["label"]): row for row in (old["parameters"] or {}).get("levels", ())}
    found = []
    for row in (new["parameters"] or {}).get("levels", ()):
        was = earlier.get((row["comparison"], row["label"]))
        if was is None or (was["m"], was["u"]) == (row["m"], row["u"]):
            continue
        weights = was["match_weight"], row["match_weight"]
        found.append(
            {
                "step": new["step"],
                "comparison": row["comparison"],
                "level": row["label"],
                **{f"{key}_before": was[key] for key in ("m", "u", "match_weight")},
                **{f"{key}_after": row[key] for key in ("m", "u", "match_weight")},
                "change": None if None in weights else weights[1] - weights[0],
            }
        )
    return found


def falls(found: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Link rates that fell by more than chance does, largest first: the 95 % interval of the change is below nought.

    It is that of two samples. Releases mostly hold the same people, and between those chance does less: a fall that is
    told is one, and a small one may not be told.
    """
    return sorted((row for row in found["rates"] if row["high"] < 0), key=_fell_by)
