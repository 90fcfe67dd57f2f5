"""Who holds a National Insurance number, and since when."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.drawn import numbers
from synthetic.drawn.dates import DATA_END, NEVER, YEAR, Days
from synthetic.drawn.draws import Draws, Ints
from synthetic.drawn.text import Text
from synthetic.people.people import LATE, OUTSIDER, VISITOR, People
from synthetic.people.visitors import numbered
from synthetic.reference_tables import reference
from synthetic.rules.odds import Odds


@dataclass(frozen=True)
class Insurance:
    """Days on which a first and a second number were issued, NEVER for none."""

    issued: Days
    second: Days
    both: Any  # pa.StringArray: the first number of each person, then the second of each

    def numbers(self, person: Ints, second: NDArray[np.bool_]) -> Text:
        """The number under which each row runs."""
        return Text(self.both, (person + second * len(self.issued)).astype(np.int32))


_HOLD = 0.99, 0.998
"""Share of those born abroad and in Britain who ever get a number: .4 % of UK-domiciled graduates were unmatched a year
on (DfE, graduate movement data, tax year 2016/17)."""


def insurance(draws: Draws, odds: Odds, people: People) -> Insurance:
    """Numbers come by themselves three months before the sixteenth birthday; to those who come later, on asking.

    Some people are given a second number, the foreign-born more often.
    """
    ids = people.ids
    abroad = people.foreign_born | (people.kind == LATE)
    by_itself = people.birth + (15.75 * YEAR)
    wait = np.where(people.kind == VISITOR, 0.3, 0.8)  # years, on average; students ask when they take a first job
    asked = people.arrival - np.log(1 - draws.uniform("nino.asked", ids)) * wait * YEAR
    day: NDArray[Any] = np.where(people.arrival > by_itself, asked, by_itself)
    share = np.where(people.kind == OUTSIDER, 1.0, np.where(abroad, *_HOLD))
    share = np.where(people.kind == VISITOR, numbered(reference().origins, people.origin), share)
    holds = draws.chance("nino.holds", ids, share) & (day <= DATA_END) & (day < people.departure)
    issued = np.where(holds, day, NEVER)
    again = draws.chance("nino.second", ids, np.where(abroad, odds.people.second_nino_foreign, odds.people.second_nino))
    later = issued + (0.5 + 8 * draws.uniform("nino.second.at", ids)) * YEAR
    second = np.where(holds & again & (later <= DATA_END) & (later < people.departure), later, NEVER)
    both = pa.concat_arrays([numbers.nino(draws, ids, which) for which in (0, 1)])
    return Insurance(issued.astype(np.int32), second.astype(np.int32), both)
