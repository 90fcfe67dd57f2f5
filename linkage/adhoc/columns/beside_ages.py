"""Dates that are no birth dates, since who has an earlier one is no older: departures and arrivals beside an age."""

import re
from collections.abc import Sequence
from statistics import StatisticsError, correlation

from linkage.adhoc.columns.contents import FEWEST
from linkage.adhoc.dates.birth_dates import latest_year, read, reading
from linkage.adhoc.files.columns_made import as_text, counted
from linkage.adhoc.files.person_file import PLACE, PersonFile
from linkage.engine import Engine, quote

_LOOKED_AT = 5_000  # rows of a file
_AGE = re.compile(r"(\d{1,3})(?:\.0)?", re.ASCII)
_OLDER = -0.2  # correlation of year and age from which an earlier date is an older person's; chance gives 0.05


def says_no_birth(engine: Engine, file: PersonFile, column: str, age: str) -> bool:
    """Whether a column of dates is none of births, by the ages beside it.

    Ages of any time will do: who is born earlier is older in all of them, on average.

    Args:
        column: of dates.
        age: the column of ages.
    """
    dates = counted(engine, file, column)
    how, texts = reading(dates, latest_year([dates])), ", ".join(map(as_text, (column, age)))
    step, place = max(1, file.rows // _LOOKED_AT), quote(PLACE)
    query = f"select {texts} from {{t}} where {place} % {step} = 0 order by {place}"
    found = engine.arrow(engine.sql(query, t=file.table))
    held = zip(*(column.to_pylist() for column in found.columns), strict=True)
    read_rows = ((read(date or "", how), _AGE.fullmatch(old or "")) for date, old in held)
    known = [(float(date[:4]), float(old[1])) for date, old in read_rows if date and old]
    return len(known) >= FEWEST and _together(known) > _OLDER


def _together(pairs: Sequence[tuple[float, float]]) -> float:
    """How far years and ages rise together, from -1 to 1; -1 where one of them does not vary and says nothing."""
    try:
        return correlation(*zip(*pairs, strict=True))
    except StatisticsError:
        return -1.0
