"""Linkage bias: standardised differences, false links and missed matches by group."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from linkage.catalogue import Catalogue
from linkage.engine import Engine, Table
from quality.intervals import Z95, Share, difference, exact, wilson
from quality.measures.characteristics import labels_of
from quality.measures.definitions import Characteristic, Definitions
from quality.measures.estimated_error import of_sums
from quality.measures.link_rates import counts, known_in, label_of

FLAGGED = 0.1  # standardised difference, either way (Austin 2009)
_YEARS = 5  # of birth, of a band
# expected count of a cell, below which the large-sample interval does not hold (Cochran
# 1954)
_FEW = 5.0


def bias(
    engine: Engine, cube: Table, definitions: Definitions, catalogue: Catalogue
) -> list[dict[str, Any]]:
    """Linkage bias by group of each characteristic, and of the pairs of characteristics
    that the definitions name.

    Args:
        cube: see `quality.measures.link_rates.cube`. Groups are of the left side's
            eligible people.

    Returns:
        characteristics (one name or two), title, groups, and of years of birth bands,
        which are groups of five years;
        of a group: labels, eligible, matched, in_both and found (None without truth),
            rate, links, missed (share of
        in_both not found), false (share of links that are false; None without truth),
        estimated_false (share of links) and estimated_missed (share of the matches
        among scored pairs that were not linked), by probabilities;
        estimated_false_within: the first of these with its interval;
        matched_unmatched, found_missed and right_false (of links): difference, low,
        high, flagged, certain, or None where either set is empty.
    """
    known = {one.name: one for one in known_in(cube, definitions)}
    name_sets = [(name,) for name in known] + [
        pair for pair in definitions.two_way if set(pair) <= set(known)
    ]
    tables: list[dict[str, Any]] = []
    for names in name_sets:
        group_counts = [
            row for row in counts(engine, cube, names) if row["side"] == "left"
        ]
        characteristics = [known[name] for name in names]
        titles = [
            one.title if not place else one.title[:1].lower() + one.title[1:]
            for place, one in enumerate(characteristics)
        ]
        row: dict[str, Any] = {
            "characteristics": list(names),
            "title": " and ".join(titles),
            "groups": _groups(group_counts, characteristics, catalogue),
        }
        if [one.part for one in characteristics] == ["year"]:
            row["bands"] = _groups(_in_bands(group_counts), characteristics, catalogue)
        tables.append(row)
    return tables


def _in_bands(group_counts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Years of birth in groups of five."""
    bands: dict[str, dict[str, Any]] = {}
    for row in group_counts:
        year = row["group_0"]
        first = int(year) // _YEARS * _YEARS if year.isdigit() else None
        label = year if first is None else f"{first} to {first + _YEARS - 1}"
        band = bands.setdefault(label, {"group_0": label})
        for key in row.keys() - {"group_0", "side"}:
            band[key] = (
                None
                if row[key] is None and band.get(key) is None
                else (band.get(key) or 0) + (row[key] or 0)
            )
    return list(bands.values())


def _groups(
    group_counts: Sequence[Mapping[str, Any]],
    characteristics: Sequence[Characteristic],
    catalogue: Catalogue,
) -> list[dict[str, Any]]:
    whole = {
        key: sum(int(row[key] or 0) for row in group_counts)
        for key in ("eligible", "linked", "in_both", "found", "correct", "wrong")
    }
    labels = [labels_of(one, catalogue) for one in characteristics]
    return [
        {
            "labels": [
                label_of(row[f"group_{place}"], one) for place, one in enumerate(labels)
            ],
            "matched_unmatched": _difference(row, whole, "linked", "eligible"),
            **_rates(row),
            **_by_truth(row, whole),
        }
        for row in group_counts
    ]


def _rates(row: Mapping[str, Any]) -> dict[str, Any]:
    """What needs no truth; expected numbers are None where links have no
    probability.
    """
    links, right, missed_matches = (
        int(row["links"]),
        row["expected_correct"],
        row["expected_missed"],
    )
    has_estimate = (
        links and right is not None and missed_matches is not None and right > 0
    )
    return {
        "eligible": int(row["eligible"]),
        "matched": int(row["linked"]),
        "rate": wilson(int(row["linked"]), int(row["eligible"])),
        "links": links,
        "estimated_false": (links - right) / links if has_estimate else None,
        "estimated_false_within": _estimated_false(links, row)
        if has_estimate
        else None,
        "estimated_missed": missed_matches / (right + missed_matches)
        if has_estimate
        else None,
    }


def _estimated_false(links: int, row: Mapping[str, Any]) -> Share:
    """The estimated share of false links among a group's links."""
    right = float(row["expected_correct"])
    precision = of_sums(links, (right, float(row["correct_variance"])), (0.0, 0.0))[
        "precision"
    ]
    low, high = 1 - precision["high"], 1 - precision["low"]
    return Share(
        of=links, count=links - right, value=(links - right) / links, low=low, high=high
    )


def _by_truth(row: Mapping[str, Any], whole: Mapping[str, int]) -> dict[str, Any]:
    if row["in_both"] is None:
        return dict.fromkeys(
            ("in_both", "found", "missed", "false", "found_missed", "right_false")
        )
    in_both, found_people, correct, false = (
        int(row[key]) for key in ("in_both", "found", "correct", "wrong")
    )
    is_judged = whole["correct"] and whole["wrong"]
    return {
        "in_both": in_both,
        "found": found_people,
        "missed": wilson(in_both - found_people, in_both),
        "false": wilson(false, correct + false),
        "found_missed": _difference(row, whole, "found", "in_both"),
        "right_false": standardised(correct, whole["correct"], false, whole["wrong"])
        if is_judged
        else None,
    }


def _difference(
    row: Mapping[str, Any], whole: Mapping[str, int], part: str, of: str
) -> dict[str, Any] | None:
    """Of the group's share among the people of `part` and its share among the others of
    `of`.
    """
    one, other = whole[part], whole[of] - whole[part]
    return (
        standardised(int(row[part]), one, int(row[of]) - int(row[part]), other)
        if one and other
        else None
    )


def standardised(
    count: int, of: int, other_count: int, other_of: int
) -> dict[str, Any] | None:
    """Standardised difference of two shares with a 95 % interval, for large samples
    (Hedges and Olkin 1985, eq. 5.14).

    If one share is 1 and the other 0, half a person is added to either answer. If a
    cell expects fewer than five, the bounds are those of the difference by Newcombe's
    method 10 from exact intervals of both shares.

    Returns:
        difference, low, high, flagged (beyond 0.1 either way), certain (the whole
        interval is); None where both shares are 0 or 1.
    """
    share, other = count / of, other_count / other_of
    if {share, other} == {0.0, 1.0}:
        share, other = (count + 0.5) / (of + 1), (other_count + 0.5) / (other_of + 1)
    variance = (share * (1 - share) + other * (1 - other)) / 2
    if variance <= 0:
        return None
    value = (share - other) / math.sqrt(variance)
    pooled = (count + other_count) / (of + other_of)
    if min(of, other_of) * min(pooled, 1 - pooled) < _FEW:
        change = difference(exact(other_count, other_of), exact(count, of))
        low, high = (
            bound / math.sqrt(variance) for bound in (change["low"], change["high"])
        )
    else:
        half = Z95 * math.sqrt(
            (of + other_of) / (of * other_of) + value**2 / (2 * (of + other_of))
        )
        low, high = value - half, value + half
    return {
        "difference": value,
        "low": low,
        "high": high,
        "flagged": abs(value) > FLAGGED,
        "certain": low > FLAGGED or high < -FLAGGED,
    }
