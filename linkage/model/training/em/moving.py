"""Matches who have moved: they share with their other record nothing that goes by where somebody lives.

EM takes fields to be independent. Whoever has moved differs in address, postcode and town at once, which three fields
that err alone would hardly do, so that EM takes them for strangers of the name, and learns from those who stayed alone:
nobody seems to move, and nobody is missed. So matches are of two classes, those who stay, and those who have moved and
share a home no more often than strangers do.

Only where names alone tell who most people are. Beside a birth date matches are told from strangers whatever they share
at home, and the chain of fields that go together (together.py) finds the move; an e-mail address that a third of either
file has tells that of one pair in nine, and a year of birth one stranger in seventy from the next. Whoever has another
employer has moved, too: where many work for one, it is a place.
"""

from collections.abc import Collection, Sequence

import numpy as np

from linkage.model.training.counts.patterns import Flags, Layout, Patterns
from linkage.model.training.counts.rules import HOME, PERSONAL, Agreement, own_columns
from linkage.model.training.em.evidence import Run

_NAMES = frozenset({"forename", "middle_names", "organisation"})
_MOSTLY = 0.5
"""Share of a block's pairs that know a field, from which it tells matches from strangers."""
_COMMON = 0.005
"""Share of strangers who agree on a field, from which it does not tell who it is: a year of birth, and no month."""
_WORKS = "organisation"


def of_places(equal: Sequence[Agreement], units: tuple[int, int]) -> frozenset[str]:
    """Fields that go by where somebody is: homes, and employers, whom most of either file share with another."""
    held = {agreement.columns[0]: agreement for agreement in equal}
    if (works := held.get(_WORKS)) and all(n > size for n, size in zip(works.strangers, units, strict=True)):
        return HOME | {_WORKS}
    return HOME


def common(equal: Sequence[Agreement]) -> frozenset[str]:
    """Fields on which so many strangers agree that they do not tell who somebody is."""
    return frozenset(agreement.columns[0] for agreement in equal if agreement.chance > _COMMON)


def of_home(
    layout: Layout,
    rule: Agreement,
    pairs: Patterns,
    *,
    places: Collection[str] = HOME,
    common: Collection[str] = (),
) -> Flags | None:
    """Levels of what goes by where somebody lives, of a block that leaves two such fields free or more.

    None where something else than a name is a person's own, or where the block is on a home: nobody has moved there.

    Args:
        pairs: of the block. What hardly any of them know tells few of them apart.
        places: fields that go by where somebody is.
        common: fields on which many strangers agree.
    """
    places = set(places)
    held = [own_columns(comparison) for comparison in layout.model.comparisons]
    known = [float(pairs.counts @ pairs.shown[:, layout.owner == number].any(axis=1)) for number in range(len(held))]
    telling = [own for own, pairs_known in zip(held, known, strict=True) if pairs_known >= _MOSTLY * pairs.pairs]
    if (set().union(*telling) & PERSONAL) - _NAMES - places - set(common) or places & set(rule.columns):
        return None
    homes = np.array([bool(columns & places) for columns in held])
    return homes[layout.owner] if homes.sum() > 1 else None


def learnt_elsewhere(runs: list[Run]) -> list[Run]:
    """The runs, of which those on a home say nothing of homes where another tells who has moved."""
    homes = [run.estimate.home for run in runs if run.usable and run.estimate.home is not None]
    if not homes:
        return runs
    told = np.any(homes, axis=0)
    return [run if run.estimate.home is not None else run.without(told) for run in runs]
