"""Normal deviates that a person carries from year to year."""

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.draws import Draws, Ints
from synthetic.education.traits import OddsTable, Traits

Deviates = NDArray[np.float32]


def deviates(draws: Draws, field: str, ids: Ints, years: Ints, lasting: float, from_year: float) -> Deviates:
    """(people, years): standard normal in each year.

    Args:
        years: years in a row.
        lasting: share of the variance that stays with a person for good.
        from_year: correlation of the rest from one year to the next.
    """
    out = draws.normal(f"{field}.year", ids[:, None], years[None, :]).astype(np.float32)
    fresh = np.float32(np.sqrt(1 - from_year**2))
    for at in range(1, len(years)):
        out[:, at] *= fresh
        out[:, at] += np.float32(from_year) * out[:, at - 1]
    out *= np.float32(np.sqrt(1 - lasting))
    out += (np.sqrt(lasting) * draws.normal(field, ids)).astype(np.float32)[:, None]
    return out


def by_year(table: OddsTable, person: Traits, since: Ints) -> Deviates:
    """(people, years): the sums of a table whose columns are years after key stage 4.

    Args:
        since: (people, years) years after key stage 4; beyond the table its first or last column goes on.
    """
    first = int(table.outcomes[0])
    columns = np.clip(since - first, 0, len(table.outcomes) - 1)
    out: Deviates = np.take_along_axis(table.of(person), columns, axis=1)
    return out
