"""Odds of the ways through sixth form and college."""

import numpy as np

from synthetic.drawn.draws import Floats, Ints
from synthetic.fitting.margins import Design, fit
from synthetic.fitting.targets import ACTIVITIES, Target
from synthetic.rules.learning import PATHS


def fit_paths(design: Design, given: Floats, qualified: Ints, targets: list[Target]) -> Floats:
    """Coefficients of `design` for each of PATHS; `given` (people, paths) are log odds that are given."""
    members = design.members(targets, qualified)
    effects, wanted = [], []
    for year in (1, 2):
        for letter, activity in (("s", "KS5"), ("o", "Other Education")):
            effects.append(np.array([path[year] == letter for path in PATHS], float))
            wanted.append(np.array([t.values[ACTIVITIES.index(activity), year - 1] / 100 for t in targets]))
    effect, shares_wanted = np.array(effects).T, np.array(wanted).T  # (paths, figures), (targets, figures)
    weight = np.array([t.weight for t in targets])[:, None]

    def loss(shares: Floats) -> tuple[float, Floats]:
        miss = (members @ shares) @ effect - shares_wanted
        miss = np.where(np.isnan(miss), 0, miss) * 100
        slope = (2 * weight * miss * 100) @ effect.T
        return float((weight * miss**2).sum()), members.T @ slope

    return fit(design, given, loss, steps=200)
