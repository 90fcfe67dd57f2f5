"""The truth table of persons: who they are, what they were called and where they lived, with dates."""

import numpy as np
import pyarrow as pa

from synthetic.drawn.dates import NEVER, Days, on
from synthetic.drawn.draws import Ints
from synthetic.drawn.numbers import pupil_reference
from synthetic.drawn.text import Text
from synthetic.education.journeys import FIRST_YEAR, last_years_alive
from synthetic.people.homes import postcodes
from synthetic.people.people import KINDS, OUTSIDER, PRIVATE, VISITOR
from synthetic.world.world import World, coded, dates, whole

POST16 = ["school sixth form", "college", "apprenticeship", "left"]
REASONS = ["", "marriage", "deed poll", "a parent's new partner"]


def persons(world: World) -> pa.Table:
    """A row a person; names as they are written in full, in capitals nowhere."""
    people, journey, reference = world.people, world.journeys, world.reference
    known = people.names
    changed = known.changed < NEVER
    last, last_summer = last_years_alive(people)
    begins = (journey.degree_start > 0) & (journey.degree_start <= last)
    ends = journey.degree_start + journey.degree_years - 1
    middle = [Text(reference.forenames, known.middle[:, place]).array() for place in (0, 1)]
    columns = {
        "person_id": whole(people.ids),
        "kind": coded(people.kind, list(KINDS)),
        "family_id": whole(people.family),
        "twin_of_elder": pa.array(people.twin),
        "birth_date": dates(people.birth),
        "sex": coded(people.female, ["Male", "Female"]),
        "forename": Text(reference.forenames, known.forename).array(),
        "middle_name": middle[0],
        "second_middle_name": middle[1],
        "surname": Text(known.surname_values, known.surname[:, 0]).array(),
        "new_surname": Text(known.surname_values, np.where(changed, known.surname[:, 1], -1).astype(np.int32)).array(),
        "new_surname_date": dates(known.changed, changed),
        "surname_again_date": dates(known.back, known.back < NEVER),
        "new_surname_reason": coded(np.where(known.reason > 0, known.reason, -1), REASONS),
        "origin_group": coded(people.origin, [o.name for o in reference.origins]),
        "ethnic_group": coded(people.ethnic, reference.ethnic),
        "foreign_born": pa.array(people.foreign_born),
        "arrival_date": dates(people.arrival, people.arrival > people.birth),
        "departure_date": dates(people.departure, people.departure < NEVER),
        "death_date": dates(people.death, people.death < NEVER),
        "fsm": pa.array(people.fsm),
        "idaci": pa.array(people.idaci),
        "region": coded(people.homes.region, reference.regions),
        "cohort": whole(people.cohort),
        "post16": coded(_post16(world, last), POST16),
        "degree_start": whole(journey.degree_start, begins),
        "graduate": pa.array(journey.graduates & begins & (ends <= last_summer)),
        "examined_as": _examined(world),
        "nino_issued": dates(world.insurance.issued, world.insurance.issued < NEVER),
        "second_nino_issued": dates(world.insurance.second, world.insurance.second < NEVER),
        **_homes(world),
    }
    return pa.table(columns)


def _post16(world: World, last: Ints) -> Ints:
    """Codes of POST16 of those who were at school here and lived on until the year after key stage 4; -1 of others."""
    people = world.people
    known = ~np.isin(people.kind, (OUTSIDER, VISITOR)) & (people.cohort + 17 <= last)
    return np.where(known, world.journeys.post16, -1).astype(np.int64)


def _examined(world: World) -> pa.Array:
    """The pupil matching reference of those in private schools, whom no census but examinations have."""
    people = world.people
    rows = np.flatnonzero(people.kind == PRIVATE)
    index = np.full(len(people), -1, np.int32)
    index[rows] = np.arange(len(rows), dtype=np.int32)
    return Text(pupil_reference(world.draws, people.ids[rows], 0), index).array()


def _homes(world: World) -> dict[str, pa.Array]:
    """Postcodes in their order, each with the day from which it was the home (the first without)."""
    homes = world.people.homes
    person, place = np.nonzero(homes.start < NEVER)
    codes = homes.postcode[person, place]
    since: Days = homes.start[person, place]
    offsets = np.searchsorted(person, np.arange(len(homes.start) + 1)).astype(np.int32)
    known = since > on(np.array([FIRST_YEAR - 60]), 1, 1)[0]
    places = postcodes(world.reference, codes).plain()
    return {
        "postcodes": pa.ListArray.from_arrays(offsets, places),
        "postcodes_from": pa.ListArray.from_arrays(offsets, dates(since, known)),
    }
