"""Whether those whom EM took for matches are persons: where two files have nobody in common, it finds households.

Families are in both files, some of a family in each, and share surname and address. Without a person to stand out they
are what stands out. But two records of one person agree on forename or birth date nearly always, and two of one family
seldom.
"""

import numpy as np

from linkage.model.splink_json import GIVE_A_MODEL
from linkage.model.training.counts.patterns import Layout
from linkage.model.training.em.no_persons import MOST, NobodyInBothError
from linkage.model.training.estimates.estimation import Estimates

_OWN = ("forename", "dob")  # what a person shares with nobody at home


def refuse_strangers(layout: Layout, estimates: Estimates) -> None:
    """Refuse estimates by which fewer than half of the matches agree on what is a person's own.

    Raises:
        NobodyInBothError: they seem to be families.
    """
    agree, grades = {}, np.array([level.value > 0 for level in layout.levels])
    for place, comparison in enumerate(layout.model.comparisons):
        learnt = any(run.usable and run.block.rule.leaves_free(comparison) for run in estimates.runs)
        if comparison.name in _OWN and learnt:
            levels = (layout.owner == place) & grades & (estimates.m[0] > estimates.u[0])
            agree[comparison.name] = float(estimates.m[0][levels].sum())
    if agree and max(agree.values()) < MOST:
        shares = " and ".join(f"{share:.0%} on {name}" for name, share in agree.items())
        raise NobodyInBothError(
            f"what stands out are no persons: of the pairs that would be matches {shares} agree\n"
            f"  the files seem to have next to nobody in common: {GIVE_A_MODEL}"
        )
