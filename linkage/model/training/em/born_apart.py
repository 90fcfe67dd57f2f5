"""How many matches are born apart at most, as pairs of files that hold people several times show.

Father and son of one name at one address are what a match looks like whose birth date is wrong, and EM cannot tell the
two. Within the files, where people are several times, both are too: those of one person whose dates have nothing in
common, and fathers with their sons. So no larger share of the matches is born apart than of these.
"""

from collections.abc import Sequence

import numpy as np

from linkage.model.training.counts.patterns import Floats, Layout, Patterns

_LEAST = 0.05
"""What two files write differently one of them may write alike each time: below this nothing is held back."""


def born_apart(layout: Layout, within: Sequence[Patterns]) -> Floats | None:
    """The most that m of each level may be: (levels,); None where nothing is known of it.

    Args:
        within: pairs of each file inside a block, of one person and of strangers.
    """
    place = next((n for n, c in enumerate(layout.model.comparisons) if c.name == "dob"), None)
    if place is None or not within:
        return None
    last = max(np.flatnonzero(layout.owner == place))
    shares = []
    for table in within:
        shown = table.level_counts(table.counts.astype(float))
        known = float(layout.totals(shown)[last])
        if not known:
            return None
        shares.append(float(shown[last]) / known)
    most = np.ones(len(layout.places))
    most[last] = max(*shares, _LEAST)
    return most
