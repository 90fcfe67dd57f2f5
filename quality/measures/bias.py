"""Linkage bias: standardised differences, false links and missed matches by group."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from linkage.catalogue import Catalogue
from linkage.engine import Engine, Table, literal, quote, rows
from quality.intervals import Z95, Share, difference, exact, f1, wilson
from quality.measures.characteristics import NOT_KNOWN
from quality.measures.definitions import Characteristic, Definitions
from quality.measures.estimated_error import of_sums
from quality.measures.link_rates import MEASURES, label_of


def error_by_group(
    engine: Engine, counted: Table, definitions: Definitions, catalogue: Catalogue, *, has_truth: bool
) -> list[dict[str, Any]]:
    """For each characteristic the groups of the left side's people with their links and true pairs.

    A pair is of the group of its left unit, so that the groups of a characteristic add up to the step.

    Args:
        counted: see `quality.measures.link_rates.cube`.

    Returns:
        characteristic, title, groups: group, label, and what `judged_group` says.
    """
    found = []
    for characteristic in definitions.characteristic:
        if characteristic.name not in counted.columns:
            continue
        summed = sums(engine, counted, [characteristic.name])
        found.append(
            {
                "characteristic": characteristic.name,
                "title": characteristic.title,
                "groups": [
                    {
                        "group": row["group_0"],
                        "label": label_of(characteristic, row["group_0"], catalogue),
                        **judged_group(row, has_truth=has_truth),
                    }
                    for row in summed
                ],
            }
        )
    return found


def sums(
    engine: Engine, counted: Table, names: Sequence[str], side: str = "left", *, eligible_only: bool = False
) -> list[dict[str, Any]]:
    """group_0, group_1, ... (codes), units, eligible, matched, in_both, found, and the sums of MEASURES.

    Args:
        names: characteristics; with several, the groups are their combinations.
        eligible_only: whether MEASURES are of the pairs of eligible people alone.
    """
    groups = [f"coalesce({quote(name)}, {literal(NOT_KNOWN)})" for name in names]
    keys = ", ".join(f"group_{place}" for place in range(len(names)))
    named = ", ".join(f"{group} as group_{place}" for place, group in enumerate(groups))
    counts = "case when is_eligible then {0} when {0} is not null then 0 end" if eligible_only else "{0}"
    summed = ", ".join(f"sum({counts.format(name)}) as {name}" for name in MEASURES)
    return rows(
        engine,
        engine.sql(
            f"""
            with grouped as (select *, {named} from {{cube}} where side = $side)
            select {keys}, cast(sum(units) as bigint) as units,
                   cast(sum(case when is_eligible then units else 0 end) as bigint) as eligible,
                   cast(sum(case when is_eligible and is_linked then units else 0 end) as bigint) as matched,
                   cast(sum(case when is_eligible and in_both then units else 0 end) as bigint) as in_both,
                   cast(sum(case when is_eligible and in_both and is_found then units else 0 end) as bigint) as found,
                   {summed}
            from grouped
            group by {keys}
            order by {keys}
            """,
            params={"side": side},
            cube=counted,
        ),
    )


def estimated_false_share(row: Mapping[str, Any]) -> Share:
    """The estimated share of false links among a group's links."""
    links, right = int(row["links"]), float(row["expected_correct"])
    precision = of_sums(links, (right, float(row["correct_variance"])), (0.0, 0.0))["precision"]
    low, high = 1 - precision["high"], 1 - precision["low"]
    return Share(of=links, count=links - right, value=(links - right) / links, low=low, high=high)


def judged_group(row: dict[str, Any], *, has_truth: bool) -> dict[str, Any]:
    """links, estimated_false, estimated_missed; with truth correct, false, missed, true_pairs, precision, recall, f1.

    `estimated_false_within` is the expected share of false links with its interval. Expected numbers are None where
    links have no probability; those missed are of the pairs that were scored.
    """
    links, correct_links, missed = int(row["links"]), float(row["expected_correct"]), float(row["expected_missed"])
    has_estimate = correct_links > 0 or not links
    expected: dict[str, Any] = {
        "links": links,
        "estimated_false": links - correct_links if has_estimate else None,
        "estimated_false_within": estimated_false_share(row) if has_estimate and links else None,
        "estimated_missed": missed if has_estimate else None,
    }
    if not has_truth:
        return expected | dict.fromkeys(("correct", "false", "missed", "true_pairs", "precision", "recall", "f1"))
    correct, wrong, due = int(row["correct"]), int(row["wrong"]), int(row["due"])
    return expected | {
        "correct": correct,
        "false": wrong,
        "missed": due - correct,
        "true_pairs": due,
        "precision": wilson(correct, correct + wrong),
        "recall": wilson(correct, due),
        "f1": f1(correct, wrong, due - correct),
    }


FLAGGED = 0.1
_YEARS = 5
_FEW = 5.0
"""Expected count of a cell below which the large-sample interval does not hold (Cochran 1954)."""


def bias(
    engine: Engine, counted: Table, definitions: Definitions, catalogue: Catalogue, *, has_truth: bool
) -> list[dict[str, Any]]:
    """Linkage bias by group of each characteristic, and of the pairs of characteristics that the definitions name.

    Args:
        counted: see `quality.measures.link_rates.cube`. Groups are of the left side's eligible people.

    Returns:
        characteristics (one name or two), title, groups, and of years of birth bands, which are groups of five years;
        of a group: labels, eligible, matched, in_both and found (None without truth), rate, missed (share of in_both
        not found), false (share of links that are false; None without truth), estimated_false (share of links) and
        estimated_missed (share of the matches among scored pairs that were not linked), by probabilities; estimated_false_within: the first of these with its interval;
        matched_unmatched, found_missed and right_false (of links): difference, low, high, flagged, certain, or None
        where either set is empty.
    """
    known = {c.name: c for c in definitions.characteristic if c.name in counted.columns}
    wanted: list[Sequence[str]] = [[name] for name in known]
    wanted += [pair for pair in definitions.two_way if set(pair) <= set(known)]
    found: list[dict[str, Any]] = []
    for names in wanted:
        summed = sums(engine, counted, names, eligible_only=True)
        characteristics = [known[name] for name in names]
        row: dict[str, Any] = {
            "characteristics": list(names),
            "title": " and ".join(_inside(known[name].title, place) for place, name in enumerate(names)),
            "groups": _groups(summed, characteristics, catalogue, has_truth=has_truth),
        }
        if [c.part for c in characteristics] == ["year"]:
            row["bands"] = _groups(_in_bands(summed), characteristics, catalogue, has_truth=has_truth)
        found.append(row)
    return found


def _in_bands(summed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Years of birth in groups of five."""
    bands: dict[str, dict[str, Any]] = {}
    for row in summed:
        year = row["group_0"]
        first = int(year) // _YEARS * _YEARS if year.isdigit() else None
        label = year if first is None else f"{first} to {first + _YEARS - 1}"
        band = bands.setdefault(label, {"group_0": label})
        for key in row.keys() - {"group_0"}:
            band[key] = None if row[key] is None and band.get(key) is None else (band.get(key) or 0) + (row[key] or 0)
    return list(bands.values())


def _inside(title: str, place: int) -> str:
    return title if place == 0 else title[:1].lower() + title[1:]


def _groups(
    summed: Sequence[Mapping[str, Any]],
    characteristics: Sequence[Characteristic],
    catalogue: Catalogue,
    *,
    has_truth: bool,
) -> list[dict[str, Any]]:
    counts = ("eligible", "matched", "in_both", "found", "correct", "wrong")
    whole = {key: sum(int(row[key]) for row in summed) for key in counts}
    return [
        {
            "labels": [label_of(c, row[f"group_{place}"], catalogue) for place, c in enumerate(characteristics)],
            **_counts(row, has_truth=has_truth),
            **_error(row, has_truth=has_truth),
            "matched_unmatched": _difference(row, whole, "matched", "eligible"),
            "found_missed": _difference(row, whole, "found", "in_both") if has_truth else None,
            "right_false": _between(row, whole, "correct", "wrong") if has_truth else None,
        }
        for row in summed
    ]


def _counts(row: Mapping[str, Any], *, has_truth: bool) -> dict[str, Any]:
    return {
        "eligible": int(row["eligible"]),
        "matched": int(row["matched"]),
        "in_both": int(row["in_both"]) if has_truth else None,
        "found": int(row["found"]) if has_truth else None,
        "rate": wilson(int(row["matched"]), int(row["eligible"])),
    }


def _error(row: Mapping[str, Any], *, has_truth: bool) -> dict[str, Any]:
    links, correct_links, missed = int(row["links"]), row["expected_correct"], row["expected_missed"]
    judged = int(row["correct"]) + int(row["wrong"])
    has_estimate = links and correct_links is not None and missed is not None and correct_links > 0
    return {
        "links": links,
        "missed": wilson(int(row["in_both"]) - int(row["found"]), int(row["in_both"])) if has_truth else None,
        "false": wilson(int(row["wrong"]), judged) if has_truth else None,
        "estimated_false": (links - correct_links) / links if has_estimate else None,
        "estimated_false_within": estimated_false_share(row) if has_estimate else None,
        "estimated_missed": missed / (correct_links + missed) if has_estimate else None,
    }


def _difference(row: Mapping[str, Any], whole: Mapping[str, int], part: str, of: str) -> dict[str, Any] | None:
    """Of the group's share among the people of `part` and its share among the others of `of`."""
    one, other = whole[part], whole[of] - whole[part]
    if not one or not other:
        return None
    return standardised(int(row[part]), one, int(row[of]) - int(row[part]), other)


def _between(row: Mapping[str, Any], whole: Mapping[str, int], one: str, other: str) -> dict[str, Any] | None:
    """Of the group's shares among two sets that are counted apart."""
    if not whole[one] or not whole[other]:
        return None
    return standardised(int(row[one]), whole[one], int(row[other]), whole[other])


def standardised(count: int, of: int, other_count: int, other_of: int) -> dict[str, Any] | None:
    """Standardised difference of two shares with a 95 % interval, for large samples (Hedges and Olkin 1985, eq. 5.14).

    If one share is 1 and the other 0, half a person is added to either answer. If a cell expects fewer than five, the
    bounds are those of the difference by Newcombe's method 10 from exact intervals of both shares.

    Returns:
        difference, low, high, flagged (beyond 0.1 either way), certain (the whole interval is); None where both shares
        are 0 or 1.
    """
    share, other = count / of, other_count / other_of
    if {share, other} == {0.0, 1.0}:
        share, other = (count + 0.5) / (of + 1), (other_count + 0.5) / (other_of + 1)
    spread = (share * (1 - share) + other * (1 - other)) / 2
    if spread <= 0:
        return None
    found = (share - other) / math.sqrt(spread)
    pooled = (count + other_count) / (of + other_of)
    if min(of, other_of) * min(pooled, 1 - pooled) < _FEW:
        change = difference(exact(other_count, other_of), exact(count, of))
        low, high = (bound / math.sqrt(spread) for bound in (change["low"], change["high"]))
    else:
        half = Z95 * math.sqrt((of + other_of) / (of * other_of) + found**2 / (2 * (of + other_of)))
        low, high = found - half, found + half
    return {
        "difference": found,
        "low": low,
        "high": high,
        "flagged": abs(found) > FLAGGED,
        "certain": low > FLAGGED or high < -FLAGGED,
    }
