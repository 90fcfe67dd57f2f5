"""When people die, and when they leave the country."""

import csv
import functools

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import NEVER, YEAR, Days
from synthetic.drawn.draws import Draws, Floats, Ints
from synthetic.reference_tables import FOLDER

_EMIGRATE, _EMIGRATE_BORN_ABROAD = 0.06, 0.15  # between 18 and 35


def departures(
    draws: Draws, ids: Ints, birth: Days, female: NDArray[np.bool_], foreign: NDArray[np.bool_]
) -> tuple[Days, Days]:
    """Day of death, and day of death or emigration if that is earlier; NEVER for most."""
    hazard = -np.log(1 - draws.uniform("death", ids))
    ages, men, women = _hazards()
    aged = np.where(female, np.interp(hazard, women, ages), np.interp(hazard, men, ages))
    dies = hazard < np.where(female, women[-1], men[-1])
    death = np.where(dies, birth + aged * YEAR, NEVER)
    leaves = draws.chance("emigrates", ids, np.where(foreign, _EMIGRATE_BORN_ABROAD, _EMIGRATE))
    left = birth + (18 + 17 * draws.uniform("emigration", ids)) * YEAR
    departure = np.minimum(death, np.where(leaves, left, NEVER))
    return np.minimum(death, NEVER).astype(np.int32), np.minimum(departure, NEVER).astype(np.int32)


@functools.cache
def _hazards() -> tuple[Floats, Floats, Floats]:
    """Ages, and the cumulated risk of death of men and of women before each (deaths.csv: a year, of 100,000)."""
    with (FOLDER / "deaths.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    age = np.array([float(row["age"]) for row in rows])
    years = np.append(np.diff(age), 5.0)
    men, women = (
        np.append(0.0, np.cumsum(np.array([float(row[sex]) for row in rows]) * years / 1e5)) for sex in ("men", "women")
    )
    return np.append(age, age[-1] + 5), men, women
