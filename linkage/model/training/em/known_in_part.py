"""How many matches have birth dates of which the year alone is known, and differs, at most.

Whether a record knows more than the year says nothing of who has another record. So among matches as many dates are
known in part as among strangers, and of these no more differ than of the matches whose dates are known whole. Where
names are few EM finds others: namesakes of whom one has a year alone agree on names and on what else is known, and it
takes them for matches born in other years.
"""

import numpy as np

from linkage.model.training.counts.patterns import Floats, Layout

_UNKNOWN = "'-00-00'"  # month and day, in the condition of a level
_LEAST = 0.01  # share of whole dates that differ, where next to none do


def known_in_part(layout: Layout, m: Floats, u: Floats) -> Floats | None:
    """The most that m of each level may be: (levels,); None where no level is of dates that are known in part.

    Args:
        m: (levels,) as EM found it.
        u: (levels,) share of the block's strangers.
    """
    place = next((n for n, c in enumerate(layout.model.comparisons) if c.name == "dob"), None)
    in_part = np.array([_UNKNOWN in (level.condition or "") for level in layout.levels])
    if place is None or not in_part.any():
        return None
    equal, agreeing = layout.first[place], np.flatnonzero(in_part)[0]
    whole = (layout.owner == place) & ~in_part
    differ = (m[whole].sum() - m[equal]) / max(m[whole].sum(), 1e-12)
    most = np.ones(len(layout.places))
    most[in_part] = u[in_part].sum() * max(differ, _LEAST)
    most[agreeing] = 1.0
    return most
