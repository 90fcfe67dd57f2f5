"""Calibration: pairs by match probability and the share of them that are true
matches.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from linkage.engine import Engine, Table, rows
from quality.intervals import wilson
from quality.measures.definitions import Definitions

ALL = "all"
ACCEPTED = "accepted"


def calibration(
    engine: Engine, judged: Table, definitions: Definitions
) -> list[dict[str, Any]]:
    """How far probabilities are right: of all pairs kept, of the accepted ones, and by
    method.

    Pairs that no rule made are not among them. Those without a probability, or of
    somebody whose person is not known, are left out.

    Args:
        judged: links with `verdict` (see quality.measures.accuracy.judge).

    Returns:
        One row for each of the groups `all`, `accepted` and each method, with pairs:
            group, pairs, expected (the sum of
        probabilities), share_true, brier (mean squared distance from truth),
        calibration_error (the mean distance of
        probability and share over the bands, by pairs: expected calibration error,
            Naeini et al. 2015), and
        bands: from, to, pairs, mean_probability, share_true.
    """
    band_counts = rows(
        engine, engine.sql(_counted(definitions.probability_bands), judged=judged)
    )
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in band_counts:
        for group in (
            ALL,
            *([ACCEPTED] if row["accepted"] else []),
            str(row["method"]),
        ):
            groups.setdefault(group, []).append(row)
    names = [ALL, ACCEPTED, *sorted(groups.keys() - {ALL, ACCEPTED})]
    edges = (0.0, *definitions.probability_bands, 1.0)
    return [_group(name, groups[name], edges) for name in names if name in groups]


def _counted(edges: Iterable[float]) -> str:
    band = " + ".join(
        f"case when match_probability >= cast({edge!r} as double) then 1 else 0 end"
        for edge in edges
    )
    return f"""
        with banded as (
            select method, decision = 'accepted' as accepted,
                match_probability as probability,
                   case when verdict = 'true' then 1.0 else 0.0 end as is_true,
                       {band} as band
            from {{judged}}
            where verdict in ('true', 'false') and match_probability is not null
        )
        select method, accepted, band, count(*) as pairs,
            cast(sum(probability) as double) as expected,
               cast(sum(is_true) as bigint) as correct,
               cast(sum((probability - is_true) * (probability - is_true)) as double)
                   as squares
        from banded
        group by method, accepted, band
        order by method, accepted, band
        """


def _group(
    name: str, band_counts: Iterable[Mapping[str, Any]], edges: tuple[float, ...]
) -> dict[str, Any]:
    bands: dict[int, dict[str, float]] = {}
    for row in band_counts:
        band = bands.setdefault(
            row["band"], {"pairs": 0, "expected": 0.0, "correct": 0, "squares": 0.0}
        )
        for measure in band:
            band[measure] += row[measure]
    total = {
        measure: sum(band[measure] for band in bands.values())
        for measure in ("pairs", *_SUMS)
    }
    pairs = int(total["pairs"])
    return {
        "group": name,
        "pairs": pairs,
        "expected": total["expected"],
        "share_true": wilson(total["correct"], pairs),
        "brier": total["squares"] / pairs,
        "calibration_error": sum(
            abs(band["expected"] - band["correct"]) for band in bands.values()
        )
        / pairs,
        "bands": [
            {
                "from": edges[number],
                "to": edges[number + 1],
                "pairs": int(band["pairs"]),
                "mean_probability": band["expected"] / band["pairs"],
                "share_true": wilson(band["correct"], int(band["pairs"])),
            }
            for number, band in sorted(bands.items())
        ],
    }


_SUMS = ("expected", "correct", "squares")


def by_chance(bands: Sequence[Mapping[str, Any]]) -> float:
    """The calibration error that 19 of 20 sets of calibrated probabilities do not
    exceed.

    With few pairs it is well above 0: about one percentage point for 60 links of 99 %
    each. Truths are drawn again from the mean probability of each band (consistency
    resampling: Bröcker and Smith 2007).

    Args:
        bands: of a group of `calibration`.
    """
    pairs = np.array([band["pairs"] for band in bands], dtype=np.int64)
    # Engines add up in an order of their own.
    probabilities = (
        np.array([band["mean_probability"] for band in bands]).round(12).clip(0, 1)
    )
    true = np.random.default_rng(_SEED).binomial(
        pairs, probabilities, size=(_DRAWS, len(pairs))
    )
    errors = np.abs(true - pairs * probabilities).sum(axis=1) / pairs.sum()
    return float(np.quantile(errors, 0.95))


_SEED, _DRAWS = 2026, 10_000
