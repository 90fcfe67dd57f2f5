"""Odds of higher education: when people enter, whether they finish a degree, and who else reaches level 3."""

import numpy as np

from synthetic.drawn.draws import Floats
from synthetic.fitting.margins import Design, fit
from synthetic.fitting.targets import ACTIVITIES, YEARS, Target
from synthetic.rules.learning import ENTRIES, Rules, begins

_HIGHER = ACTIVITIES.index("Higher education")
_IMPLIED_WEIGHT = 2.0
_IMPLIED_WEIGHT_OF_GROUPS = 0.05
"""Of ethnic groups, the years count for more than what they imply: more black non-graduates study at some time than
reach level 3 by that reckoning."""


def fit_entries(design: Design, given: Floats, present: Floats, targets: list[Target], rules: Rules) -> Floats:
    """Coefficients of `design` for each of ENTRIES.

    Args:
        given: (people, entries) log odds that are no matter of traits.
        present: (people, YEARS) 1 where the person is in England in the year.
    """
    studies = np.array([_studying(entry, rules) for entry in ENTRIES])  # (outcomes, YEARS)
    degree = np.array([entry.startswith("degree") for entry in ENTRIES], float)
    level3 = np.array([not entry.startswith("level 2") for entry in ENTRIES], float) - degree
    whole = [t for t in targets if len(t.qualified) == 3]
    members = design.members(whole, None)
    there = members @ present
    rows = []
    for row, target in enumerate(whole):
        values = target.values[_HIGHER] / 100
        seen = studies * there[row]
        rows.append((row, seen, values, target.weight))
        by_group = {t.qualified: t for t in targets if (t.trait, t.levels) == (target.trait, target.levels)}
        graduates = _implied(target, by_group.get((2,)), by_group.get((0, 1)))
        if graduates is None:
            continue
        share3 = _implied(by_group[(0, 1)], by_group.get((1,)), by_group.get((0,)))
        implied = _IMPLIED_WEIGHT_OF_GROUPS if target.trait == "ethnic" else _IMPLIED_WEIGHT
        rows.append((row, degree[:, None], np.array([graduates]), target.weight * implied))
        if share3 is not None:
            wanted = np.array([share3 * (1 - graduates)])
            rows.append((row, level3[:, None], wanted, target.weight * implied))
        # Shares of graduates in higher education, as shares of all.
        inside = by_group[(2,)].values[_HIGHER] / 100 * graduates
        rows.append((row, seen * degree[:, None], inside, target.weight))

    def loss(shares: Floats) -> tuple[float, Floats]:
        means = members @ shares  # (targets, outcomes)
        slope = np.zeros_like(means)
        total = 0.0
        for row, effect, wanted, weight in rows:
            miss = np.where(np.isnan(wanted), 0, means[row] @ effect - np.nan_to_num(wanted)) * 100
            total += weight * float((miss**2).sum())
            slope[row] += 2 * weight * 100 * (effect @ miss)
        return total, members.T @ slope

    return fit(design, given, loss, steps=2000)


def _studying(entry: str, rules: Rules) -> Floats:
    """Chance of being in higher education in each of the years, given when it was entered."""
    out = np.zeros(YEARS + 40)
    kind = entry.split()[0]
    if kind not in ("degree", "other"):
        return out[:YEARS]
    first, last = begins(entry)
    lengths = rules.degree.years if kind == "degree" else rules.other.years
    for begin in range(first, last + 1):
        for years, share in lengths.items():
            portion = share / (last + 1 - first)
            out[begin - 1 : begin - 1 + years] += portion
            if kind == "degree":
                for gap, chance in enumerate(rules.postgraduate.gap):
                    for length, odds in rules.postgraduate.years.items():
                        at = begin - 1 + years + gap
                        out[at : at + length] += portion * rules.postgraduate.share * chance * odds
    return out[:YEARS]


def _implied(whole: Target, one: Target | None, rest: Target | None) -> float | None:
    """The share of one of two groups that a whole's figures, and theirs, imply (least squares over all figures)."""
    if one is None or rest is None:
        return None
    apart, over = (one.values - rest.values).ravel(), (whole.values - rest.values).ravel()
    known = ~np.isnan(apart + over)
    return float((apart[known] * over[known]).sum() / (apart[known] ** 2).sum())
