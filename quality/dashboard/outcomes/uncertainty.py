"""Two sources of doubt beside each other: who happened to be in the cohort, and which records are the same person's.

What a sample leaves open is worked out from the figures that are shown, so that an interval tells nothing more of the
people than they do. What the links leave open is the spread of the estimate over sampled link sets (Rubin 1987, chapter
3; docs/uncertainty.md).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit  # scipy.stats takes a second to import

from quality.measures.intervals import Z95, wilson

_NORMAL = 1.2533 / 1.3490
"""Standard error of a median times the root of n, in interquartile ranges of a normal curve."""


@dataclass(frozen=True)
class Bounds:
    """A 95 % interval."""

    low: float
    high: float


def of_share(percent: float, base: float) -> Bounds:
    """What a sample of so many people leaves open of a share in per cent: Wilson's interval."""
    people = max(1, round(base))
    found = wilson(min(percent / 100, 1.0) * people, people)
    return Bounds(100 * (found["low"] or 0.0), 100 * (found["high"] or 0.0))


def of_median(lower: float, median: float, upper: float, base: float) -> Bounds:
    """What a sample of so many leaves open of a median, from its quartiles, as for a normal curve."""
    half = Z95 * _NORMAL * (upper - lower) / math.sqrt(base)
    return Bounds(max(0.0, median - half), median + half)


def of_links(drawn: Sequence[float]) -> Bounds | None:
    """What the links leave open: the mean over link sets, and Student's interval of the variance between them.

    The spread is widened by one and one over their number, as so few stand for all. None for fewer than two.
    """
    if len(drawn) < 2:
        return None
    values = np.asarray(drawn, float)
    spread = float(values.var(ddof=1)) * (1 + 1 / len(values))
    half = float(stdtrit(len(values) - 1, 0.975)) * math.sqrt(spread)
    return Bounds(float(values.mean()) - half, float(values.mean()) + half)


def of_both(drawn: Sequence[float], value: float, sampling: Bounds) -> Bounds | None:
    """Both together by Rubin's rules: the sample's interval, about the mean over link sets and as much wider.

    A share near 0 or 100 per cent has an interval to one side, which a variance alone would not give it.

    Args:
        drawn: the estimate under each link set; None is returned of fewer than two.
        value: the estimate with the links as they are.
        sampling: what the sample leaves open of it.
    """
    if len(drawn) < 2:
        return None
    values = np.asarray(drawn, float)
    within = ((sampling.high - sampling.low) / (2 * Z95)) ** 2
    between = float(values.var(ddof=1)) * (1 + 1 / len(values))
    if not within:
        return of_links(drawn)
    wider = 1.0
    if between > 1e-12 * within:
        freedom = (len(values) - 1) * (1 + within / between) ** 2
        wider = float(stdtrit(freedom, 0.975)) / Z95 * math.sqrt(1 + between / within)
    centre = float(values.mean())
    return Bounds(centre - wider * (value - sampling.low), centre + wider * (sampling.high - value))
