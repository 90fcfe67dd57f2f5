"""When learning begins: what counts as sustained before October, short courses between October and March."""

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import Days, on
from synthetic.drawn.draws import Floats, Ints
from synthetic.rules import study
from synthetic.sources.ilr.enrolments import ADULT, APPRENTICESHIP, STUDY, Enrolments
from synthetic.world.world import World

_FIRST_DAYS = 25  # days of September in which programmes begin
_APPRENTICE_DAYS = 58  # from 1 August


def began(world: World, rows: Enrolments, year: Ints) -> Days:
    """First day of the first aim of each record that begins in `year`."""
    ids = world.people.ids[rows.person]
    drawn = world.draws.uniform("ilr.start", ids, rows.event * 32 + year - rows.first)
    autumn = on(year, 9, 1) + (drawn * _FIRST_DAYS).astype(np.int32)
    apprentice = on(year, 8, 1) + (drawn * _APPRENTICE_DAYS).astype(np.int32)
    winter = on(year, 10, 1) + (drawn * (181 - short_days(world, rows))).astype(np.int32)
    begun = np.select([rows.short, rows.programme == APPRENTICESHIP], [winter, apprentice], autumn)
    begun = np.maximum(begun, world.people.arrival[rows.person])  # who came in August is no apprentice before
    out: Days = begun.astype(np.int32)
    return out


def short_days(world: World, rows: Enrolments) -> Ints:
    """Days that a short course lasts; many take a day or two."""
    longest = study.colleges().short.longest
    drawn: Floats = world.draws.uniform("ilr.short.days", world.people.ids[rows.person], rows.event)
    return 1 + (drawn**1.5 * (longest - 1)).astype(np.int64)


def renewed(world: World, rows: Enrolments) -> NDArray[np.bool_]:
    """Whether each year of the dealing has a programme of its own; else the first year's goes on."""
    ids = world.people.ids[rows.person]
    longer = world.draws.chance("ilr.two.years", ids, study.colleges().study.two_years, rows.event)
    out: NDArray[np.bool_] = (rows.programme >= ADULT) | ((rows.programme == STUDY) & ~longer)
    return out
