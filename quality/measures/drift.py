"""Changes between two releases: distributions of the links, m and u, link rates and
published counts.

Both are evaluations (quality.measures.evaluation), so the last release need not be read
again. A distribution is compared by the population stability index (Siddiqi, Credit
Risk Scorecards, 2006): the sum over bins of (after - before) ln(after / before); under
0.1 is stable, 0.25 or more another population. Where nothing changed it is (1/before +
1/after) times a chi-square of one degree fewer than bins (Yurdakul and Naranjo, 2020).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from quality.intervals import difference, wilson

MOVED, LARGE = 0.1, 0.25  # population stability index (Siddiqi 2006)
# people of a group whose link rate is compared: chance moves smaller ones by several
# points
FEWEST = 100

Counts = Mapping[Any, float]
Evaluation = Mapping[str, Any]


def drift(before: Evaluation, after: Evaluation) -> dict[str, Any]:
    """What has changed since the last release.

    Returns:
        last: the last release's evaluation, so that a report of both shows of it what
            its own report shows;
        rates: step, side, source, characteristic, title, group, label, before, after,
            change, low, high, largest falls
        first; counts: count, before, after (None of a release without it), change
        (share of before);
        parameters: step, comparison, level, m, u and match_weight before and after,
            change, largest first.
    """
    pairs = _same_steps(before, after)
    parameters = [row for old, new in pairs for row in _parameters(old, new)]
    return {
        "last": before,
        "rates": sorted(
            (row for old, new in pairs for row in _rates(old, new)),
            key=lambda row: row["change"],
        ),
        "counts": _counts(before, after),
        "parameters": sorted(parameters, key=lambda row: -abs(row["change"] or 0.0)),
    }


def falls(changes: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Link rates that fell by more than chance does, largest first: the 95 % interval
    of the change is below zero.
    """
    return sorted(
        (row for row in changes["rates"] if row["high"] < 0),
        key=lambda row: float(row["change"]),
    )


def _same_steps(
    before: Evaluation, after: Evaluation
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Steps of one name that are between the same two sides."""
    old = {
        (step["step"], step["left"], step["right"]): step for step in before["steps"]
    }
    keys = [(step["step"], step["left"], step["right"]) for step in after["steps"]]
    return [
        (old[key], step)
        for key, step in zip(keys, after["steps"], strict=True)
        if key in old
    ]


def stability(before: Counts, after: Counts) -> float | None:
    """Population stability index of two counted distributions; None where either is
    empty.

    A bin that one of them lacks counts as half a unit there, so that the index is
    finite.
    """
    totals = sum(before.values()), sum(after.values())
    if not all(totals):
        return None
    shares = [
        (
            max(before.get(place, 0), 0.5) / totals[0],
            max(after.get(place, 0), 0.5) / totals[1],
        )
        for place in {*before, *after}
        if before.get(place, 0) or after.get(place, 0)
    ]
    return math.fsum((new - old) * math.log(new / old) for old, new in shares)


def by_chance(before: Counts, after: Counts) -> float:
    """What the index does not exceed in 19 of 20 comparisons of two samples of one
    distribution.
    """
    from scipy.special import chdtri

    bins = {
        place for counts in (before, after) for place, count in counts.items() if count
    }
    totals = sum(before.values()), sum(after.values())
    if len(bins) < 2 or not all(totals):
        return 0.0
    return float((1 / totals[0] + 1 / totals[1]) * chdtri(len(bins) - 1, 0.05))


def compared(before: Counts, after: Counts) -> dict[str, Any] | None:
    """psi, chance and verdict (stable, moved, large; chance where chance may do as
    much) of two counted distributions.
    """
    psi, chance = stability(before, after), by_chance(before, after)
    if psi is None:
        return None
    verdict = "stable" if psi < MOVED else "moved" if psi < LARGE else "large"
    return {
        "psi": psi,
        "chance": chance,
        "verdict": "chance" if chance >= MOVED and psi <= chance else verdict,
    }


def _compared(
    keys: Mapping[str, Any], before: tuple[int, int], after: tuple[int, int]
) -> dict[str, Any]:
    """A change of two shares (count, base)."""
    shares = [wilson(*one) for one in (before, after)]
    return {**keys, "before": shares[0], "after": shares[1], **difference(*shares)}


def _rates(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Link rates of both sides and of their groups."""
    earlier = _groups(old)
    changes = []
    for (side, characteristic, group), row in _groups(new).items():
        old_group = earlier.get((side, characteristic, group))
        if old_group and min(old_group["eligible"], row["eligible"]) >= FEWEST:
            key = {
                "step": new["step"],
                "side": side,
                "source": new[side],
                "characteristic": characteristic,
            }
            key |= {"title": row["title"], "group": group, "label": row["label"]}
            changes.append(
                _compared(
                    key, *((one["linked"], one["eligible"]) for one in (old_group, row))
                )
            )
    return changes


def _groups(step: Mapping[str, Any]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """eligible, linked, title and label by side, characteristic and group."""
    groups = {
        (row["side"], "all", "all"): {**row, "title": "All", "label": "All"}
        for row in step["totals"]
    }
    for rate in step["rates"]:
        for group in rate["groups"]:
            groups[rate["side"], rate["characteristic"], group["group"]] = {
                **group,
                "title": rate["title"],
            }
    return groups


def published(evaluation: Evaluation) -> dict[str, int]:
    """The counts that a release publishes: name to count."""
    counts: dict[str, int | None] = {}
    if spine := evaluation.get("spine"):
        counts["people on the spine"] = spine["people"]
        counts |= {
            f"people of {row['source']} on the spine": row["people"]
            for row in spine["by_source"]
        }
    for source in evaluation["sources"]:
        counts |= {
            f"{what} of {source['source']}": source.get(what)
            for what in ("records", "entities")
        }
    for step in evaluation["steps"]:
        counts[f"links of {step['step']}"] = sum(row["links"] for row in step["passes"])
        counts |= {
            f"{step[row['side']]} eligible of {step['step']}": row["eligible"]
            for row in step["totals"]
        }
    counts |= {
        f"rows of {name}": rows
        for name, rows in (evaluation.get("tables") or {}).items()
    }
    return {name: int(count) for name, count in counts.items() if count is not None}


def _counts(before: Evaluation, after: Evaluation) -> list[dict[str, Any]]:
    old, new = published(before), published(after)
    changes = []
    for name in [
        name for name in dict.fromkeys([*new, *old]) if old.get(name) or new.get(name)
    ]:
        change = new.get(name, 0) / old[name] - 1 if old.get(name) else None
        changes.append(
            {
                "count": name,
                "before": old.get(name),
                "after": new.get(name),
                "change": change,
            }
        )
    return changes


def _parameters(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Levels whose m or u differ; change is that of the match weight."""
    earlier = {
        (row["comparison"], row["label"]): row
        for row in (old["parameters"] or {}).get("levels", ())
    }
    changes = []
    for row in (new["parameters"] or {}).get("levels", ()):
        old_row = earlier.get((row["comparison"], row["label"]))
        if old_row is None or (old_row["m"], old_row["u"]) == (row["m"], row["u"]):
            continue
        values = {
            f"{key}_{time}": of[key]
            for time, of in (("before", old_row), ("after", row))
            for key in _PARAMETERS
        }
        weights = old_row["match_weight"], row["match_weight"]
        change = None if None in weights else weights[1] - weights[0]
        key = {
            "step": new["step"],
            "comparison": row["comparison"],
            "level": row["label"],
        }
        changes.append({**key, **values, "change": change})
    return changes


_PARAMETERS = ("m", "u", "match_weight")
