"""What a school writes down of a pupil's identifiers, in the censuses of all
nations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.base.dates import NEVER, Days, on
from synthetic.base.draws import Draws, Ints
from synthetic.base.reference import Codes
from synthetic.base.text import Text, unique_rows
from synthetic.people.homes import FAMILY_HOMES, postcodes
from synthetic.people.people import IN_STATE_SCHOOLS, People
from synthetic.recording.registration import Registrations, on_records
from synthetic.world import Tables, World

WITHIN = 8
"""Room for the registrations of a pupil with schools: those of each phase, a second one
in each, a double registration.
"""


@dataclass(frozen=True)
class Identity:
    """Columns of a census, with one place for each record."""

    forename: Text
    middle_names: Text
    surname: Text
    birth: Days
    female: NDArray[np.bool_]
    postcode: Text


def recorded(
    registrations: Registrations,
    place: Ints,
    days: Days,
    record: Ints,
    entity_key: Any,
    out: Tables,
    *,
    without: tuple[str, ...] = (),
) -> Identity:
    """What the records say, with their truth and errors added to `out`.

    Args:
        place: registration of each record.
        days: day of each record.
        record: number of each record.
        entity_key: the source's own key of the pupil (string array).
        without: roles that the census has no column for; errors in them are no errors
            of a record.
    """
    forename, middle, before, after = registrations.names()
    details = on_records(registrations, place, days)
    both = pa.concat_arrays([before.plain(), after.plain()]).fill_null("")
    index = np.where(details["renamed"], place + len(before.index), place)
    is_missing = (
        np.where(details["renamed"], after.index[place], before.index[place]) < 0
    )
    surname = Text(both, np.where(is_missing, -1, index).astype(np.int32))
    birth, female = registrations.birth_dates()[place], registrations.female()[place]
    ids = registrations.ids[place]
    out.truth(registrations.source, record, ids, entity_key, ids)
    kinds = {
        k: registrations.kinds[k][place]
        for k in ("forename", "middle_names", "dob", "sex")
    }
    kinds |= {"surname": details["surname.kind"], "postcode": details["postcode.kind"]}
    out.log_errors(
        registrations.source,
        record,
        {role: kind for role, kind in kinds.items() if role not in without},
    )
    return Identity(
        unique_rows(forename).take(place),
        unique_rows(middle).take(place),
        surname,
        birth,
        female,
        postcodes(registrations.reference, details["postcode"]),
    )


@dataclass(frozen=True)
class SchoolYears:
    """Census records: place of the person, grade, year in which the academic year
    began, number of the registration.
    """

    person: Ints
    grade: Ints
    year: Ints
    event: Ints


def registered(
    source: str,
    world: World,
    rows: SchoolYears,
    schools: Callable[[World, Ints, Ints], Ints],
) -> tuple[Registrations, Ints]:
    """The registrations of a census, and the place among them of each record; `schools`
    gives the school of each.
    """
    numbers, place = np.unique(rows.person * WITHIN + rows.event, return_inverse=True)
    person, event = numbers // WITHIN, numbers % WITHIN
    school = schools(world, person, event)
    return world.registrations(source, person, event, school), place


@dataclass(frozen=True)
class Phase:
    """A phase of school of each record, whose first school is event 0, 2 or 4 and whose
    second one 1, 3 or 5.

    day: when the family moves far away within it, NEVER for most; then the second
    school is near the home after.
    """

    number: Ints
    day: Days
    before: Codes
    after: Codes

    def home(self, second: NDArray[np.bool_], other_home: Codes) -> Codes:
        """The home near the first or the second school, of families that move away;
        `other_home` that of others.
        """
        return np.where(
            self.day < NEVER, np.where(second, self.after, self.before), other_home
        ).astype(np.int32)


def home_near(
    world: World, person: Ints, phase: Phase, second: NDArray[np.bool_], nation: int
) -> Codes:
    """The home in a nation that the first or the second school of a phase is
    near to.
    """
    home, nations = phase.home(second, phase.before), world.people.homes.nations
    is_there = (
        np.where(home > 0, nations.later[person], nations.first[person]) == nation
    )
    return np.where(is_there, home, home_in(world, person, nation)).astype(np.int32)


def home_in(world: World, person: Ints, nation: int) -> Codes:
    """A home in a nation of each person's family, of the people who live there: the
    first one, or the last.
    """
    return np.where(
        world.people.homes.nations.first[person] == nation, 0, FAMILY_HOMES - 1
    ).astype(np.int32)


def phase_of(
    world: World, person: Ints, number: Ints, year: Ints, years: tuple[int, ...]
) -> Phase:
    """The phase of each record; `year` is when the first of all begins, `years` what
    each has after its first.
    """
    first = year + np.cumsum([0, *(after + 1 for after in years)])[number]
    begins, ends = on(first, 9, 1), on(first + np.array(years)[number] + 1, 7, 31)
    return Phase(
        number,
        *world.people.homes.moved_away(world.reference.places, person, begins, ends),
    )


def changed_school(
    draws: Draws,
    ids: Ints,
    phase: Phase,
    phase_year: Ints,
    day: Days,
    odds: tuple[float, ...],
    years: tuple[int, ...],
) -> NDArray[np.bool_]:
    """Whether a pupil is at the second school of a phase by `day`: the family has moved
    away, or by chance.

    `phase_year` counts years of the phase; `odds` (of a change by chance), `years`
    (after its first) are of each phase.
    """
    moves = (
        draws.uniform("school.move", ids, phase.number) < np.array(odds)[phase.number]
    )
    stays = moves & (phase_year >= year_of_change(draws, ids, phase.number, years))
    return np.where(phase.day < NEVER, phase.day <= day, stays)


def year_of_change(
    draws: Draws, ids: Ints, phase: NDArray[Any], years: tuple[int, ...]
) -> Ints:
    """Years after a phase began in which a pupil who changes school within it
    does so.
    """
    out: Ints = 1 + (
        draws.uniform("school.move.at", ids, phase) * np.array(years)[phase]
    ).astype(np.int64)
    return out


def state_pupils(people: People, nation: int) -> Ints:
    """Places of the people whose family lives, or has lived, in the nation, and sends
    its children to state schools.
    """
    nations = people.homes.nations
    return np.flatnonzero(
        np.isin(people.kind, IN_STATE_SCHOOLS)
        & ((nations.first == nation) | (nations.later == nation))
    )
