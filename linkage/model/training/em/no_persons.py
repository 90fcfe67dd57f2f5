"""Runs of EM that took strangers for matches: more of them than a file has records, and most by another name or birth
date.

A year of birth makes millions of pairs. Where a few hundred of them match, EM ends at what else stands out: people of
one sex whose names are somewhat alike. As matches these would be more than there are records. So it is with things: the
songs of one album agree on all but what they are called. And so of a list of some hundred people beside a large
register: a postcode in the list that is not of its town makes strangers of the register look as nobody in it does.
"""

from collections.abc import Sequence

import numpy as np

from linkage.errors import LeoError
from linkage.model.comparisons import OF_WORDS
from linkage.model.splink_json import GIVE_A_MODEL, Comparison
from linkage.model.training.counts.patterns import Floats, Layout
from linkage.model.training.em.evidence import Run

NAMES = ("forename", "surname")
_BIRTH = "dob"
MOST = 0.5
"""Of persons more than this share agree on what is their own."""


class NobodyInBothError(LeoError):
    """What was taken for matches are no persons."""


def no_persons(layout: Layout, run: Run, random_u: Floats, units: tuple[int, int]) -> bool:
    """Whether a run's matches are more than there can be, and mostly differ in what is a person's own.

    Either alone may be true of persons: events of one person meet each other, and women have two surnames. Matches that
    mostly differ in a name are none where they are more than the larger file's records; in the birth date, which nobody
    changes, where they are more than the smaller one's, if nobody is in a file twice.

    Args:
        random_u: (draws, levels) share of random pairs at each level.
    """
    there_are = float(run.matches[0]) / max(run.block.share, 1e-12)
    of_births = min(units) if run.block.strangers else max(units)
    for place, comparison in enumerate(layout.model.comparisons):
        is_birth = comparison.name == _BIRTH
        if not run.block.rule.leaves_free(comparison) or not (is_birth or _names(comparison)):
            continue
        graded = np.array([level.value > 0 for level in layout.levels])
        agree = (layout.owner == place) & graded & (run.estimate.m[0] > random_u[0])
        most = of_births if is_birth else max(units)
        if there_are > most and float(run.estimate.m[0][agree].sum()) < MOST:
            return True
    return False


def _names(comparison: Comparison) -> bool:
    """Whether it says who or what a record is of: names of persons, and texts that are compared by rare words."""
    return comparison.name in NAMES or any(column.endswith(OF_WORDS) for column in comparison.columns)


def refuse_all(runs: Sequence[Run]) -> None:
    """Refuse to go on where no run found persons.

    Raises:
        NobodyInBothError: there is none that did.
    """
    if runs and not any(run.kept for run in runs):
        blocks = " and ".join(", ".join(run.block.rule.columns) for run in runs)
        raise NobodyInBothError(
            f"what stands out are no persons: pairs that agree on {blocks} would hold more matches than the files have "
            "records, most by another name\n"
            f"  the files seem to have few people in common for what they say of them: {GIVE_A_MODEL}"
        )
