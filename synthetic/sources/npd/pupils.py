"""The school census of each January: who is on which roll, under which name, at which
address.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.base import identifiers
from synthetic.base.dates import NEVER, Days, on, parts, six_digits, weekdays
from synthetic.base.draws import Floats, Ints
from synthetic.base.reference import FIRST_URN, PRIMARY, Codes
from synthetic.base.rules import Table, rule_file
from synthetic.base.text import Text, unique_rows
from synthetic.education.journeys import FIRST_YEAR, LAST_YEAR, taught
from synthetic.people.families import ENGLAND, WALES, district
from synthetic.people.homes import FAMILY_HOMES
from synthetic.people.people import IN_STATE_SCHOOLS
from synthetic.sources.schools import (
    Phase,
    changed_school,
    home_in,
    phase_of,
    recorded,
    year_of_change,
)
from synthetic.world import Tables, World, coded, dates, whole

GRADE_NAMES = ["R", *map(str, range(1, 15))]
FIRST_ULN_YEAR = 2010

_MAJOR = {"W": "WHIT", "M": "MIXD", "A": "ASIA", "B": "BLAC", "C": "CHIN", "O": "AOEG"}

REMOVED = 21  # days after which a pupil who is excluded for good goes to another school


@dataclass(frozen=True)
class Pupils:
    """Years at school, in the order of pupils and grades; a year in two schools is two
    rows, the second a double.
    """

    world: World
    odds: Table
    person: Ints  # place in the chunk
    grade: Ints
    year: Ints  # in which the academic year began
    event: Ints  # number of the registration with a school among the pupil's
    double: NDArray[np.bool_]
    special_needs: NDArray[np.bool_]  # of each person
    behaviour: Floats  # of each person: what multiplies the odds of an exclusion
    # of each person: grade from which on a second reference is in use, 99 for nearly
    # all
    split: Ints
    references: Text  # first and second reference of each person, laid end to end
    # (people, 2): when each was excluded for good from a primary and a secondary
    # school, 0 for never
    expelled: Days

    @property
    def ids(self) -> Ints:
        """The number of each row's person."""
        return self.world.people.ids[self.person]

    def reference(self, person: Ints, grade: NDArray[np.int64]) -> Text:
        """The pupil matching reference in use in a grade."""
        second = grade >= self.split[person]
        return self.references.take(person + second * len(self.split))

    def school(self, rows: Ints) -> dict[str, Ints]:
        """URN, LAEstab and authority of the school of each row."""
        keys, place = np.unique(
            self.person[rows] * 8 + self.event[rows], return_inverse=True
        )
        return {
            name: values[place]
            for name, values in schools(self.world, keys // 8, keys % 8).items()
        }

    def free_meals(self, person: Ints, grade: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether a pupil is registered for free meals in a grade."""
        people = self.world.people
        uptake = self.world.draws.chance(
            "npd.fsm", people.ids[person], self.odds.registration.meals_taken_up, grade
        )
        return people.fsm[person] & uptake


def census(pupils: Pupils, absent: NDArray[np.bool_], out: Tables) -> dict[str, Any]:
    """The table, its truth and its errors; `absent` marks years at school that the
    census does not hold.
    """
    world, people = pupils.world, pupils.world.people
    rows = np.flatnonzero(~absent)
    person, grade, year, double = (
        pupils.person[rows],
        pupils.grade[rows],
        pupils.year[rows],
        pupils.double[rows],
    )
    ids, draws = people.ids[person], world.draws
    keys, place = np.unique(person * 8 + pupils.event[rows], return_inverse=True)
    school = schools(world, keys // 8, keys % 8)
    registrations = world.registrations("npd", keys // 8, keys % 8, school["laestab"])
    census_day = census_days()[year - FIRST_YEAR]
    record = identifiers.record_id(draws, ids, 0, grade * 2 + double)
    pmr = pupils.reference(person, grade)
    identity = recorded(registrations, place, census_day, record, pmr.plain(), out)
    former, upn = _upns(pupils, person, grade)
    uln = unique_rows(identifiers.uln(draws, people.ids)).take(person)
    is_informed = draws.chance("npd.uln", ids, pupils.odds.registration.learner_number)
    has_uln = (year >= FIRST_ULN_YEAR) & (grade >= 10) & is_informed
    return {
        "RECORDID": whole(record),
        "PupilMatchingRefAnonymous": pmr.array(),
        "AcademicYear": whole(six_digits(year)),
        "CensusDate": dates(census_day),
        "UPN": upn.array(),
        "FormerUPN": former.array(),
        "UniqueLearnerNumber": uln.where(has_uln).array(),
        "Surname": identity.surname.array(),
        "Forename": identity.forename.array(),
        "MiddleNames": identity.middle_names.array(),
        "DateOfBirth": dates(identity.birth),
        "Gender": coded(identity.female, ["M", "F"]),
        "Postcode": identity.postcode.array(),
        "URN": whole(school["urn"][place]),
        "LAEstab": whole(school["laestab"][place]),
        **_registration(pupils, rows),
        **_pupil(pupils, person, grade, year),
    }


def _upns(pupils: Pupils, person: Ints, grade: Ints) -> tuple[Text, Text]:
    """Former and present UPN: temporary at the first school of some, another after a
    change of school of others.
    """
    people, draws, odds = (
        pupils.world.people,
        pupils.world.draws,
        pupils.world.odds.people,
    )
    ids = people.ids
    temporary = draws.chance("upn.temporary", ids, odds.temporary_upn)
    is_renewed = draws.chance("upn.new", ids, odds.new_upn) | (pupils.split < 99)
    change = np.where(pupils.split < 99, pupils.split, np.where(temporary, 2, 7))
    is_later = (temporary | is_renewed)[person] & (grade >= change[person])
    is_temporary = np.zeros(len(ids), bool)
    both = pa.concat_arrays(
        [
            first_numbers(pupils.world, ENGLAND),
            identifiers.upn(
                draws,
                ids,
                english_authority(pupils.world),
                np.ones(len(ids), np.int64),
                is_temporary,
            ),
        ]
    )
    is_informed = draws.chance(
        "upn.former", ids, pupils.odds.registration.former_number_recorded
    )[person]
    present = Text(both, (person + is_later * len(ids)).astype(np.int32))
    return Text(
        both, np.where(is_later & is_informed, person, -1).astype(np.int32)
    ), present


def _registration(pupils: Pupils, rows: Ints) -> dict[str, Any]:
    person, grade, double = pupils.person[rows], pupils.grade[rows], pupils.double[rows]
    has_double = np.zeros(len(person), bool)
    has_double[:-1] = double[1:]
    return {
        "RecordStatus": whole(np.where(double, 101, 1), double | has_double),
        "OnRoll": whole(np.ones(len(person), np.int64)),
        "EnrolStatus": coded(
            np.where(double, 2, np.where(has_double, 1, 0)), ["C", "M", "S"]
        ),
        "EntryDate": dates(_entry(pupils, rows)),
        "NCyearActual": coded(grade, GRADE_NAMES),
        "AgeAtStartOfAcademicYear": whole(grade + 4),
    }


def _entry(pupils: Pupils, rows: Ints) -> Days:
    """When a pupil came to the school: with the phase, in the year of a change or of a
    double registration, three weeks after being excluded from another, or with the
    family from far away, from abroad or from another nation.
    """
    world, people, homes = pupils.world, pupils.world.people, pupils.world.people.homes
    person, grade, event = pupils.person[rows], pupils.grade[rows], pupils.event[rows]
    phase = np.where(grade <= 6, 0, np.where(grade <= 11, 1, 2))
    start = np.array([0, 7, 12])[phase]
    change = start + year_of_change(world.draws, people.ids[person], phase, YEARS_AFTER)
    move_day = phase_at(world, person, phase).day
    has_moved = (event < DOUBLE) & (event % 2 == 1) & (move_day < NEVER)
    start = np.select(
        [event >= DOUBLE, has_moved, event % 2 == 1], [grade, start, change], start
    )
    comes = (
        homes.nations.crosses
        & (homes.nations.later == ENGLAND)
        & (homes.start[:, 1] < NEVER)
    )
    crossing_day = np.where(
        comes, on(parts(np.where(comes, homes.start[:, 1], 0))[0], 9, 1), 0
    )
    entry = np.maximum(
        on(people.cohort[person] + 5 + start, 9, 1), crossing_day[person]
    )
    entry = np.maximum(entry, np.where(has_moved, move_day, entry))
    expulsion = pupils.expelled[person, phase.clip(max=1)]
    entry = np.where(
        (expulsion > 0) & (phase < 2) & (event % 2 == 1) & (event < DOUBLE),
        expulsion + REMOVED,
        entry,
    )
    return np.maximum(entry, people.arrival[person]).astype(np.int32)


def _pupil(pupils: Pupils, person: Ints, grade: Ints, year: Ints) -> dict[str, Any]:
    """Attributes, which linkage never reads."""
    people, draws, reference = (
        pupils.world.people,
        pupils.world.draws,
        pupils.world.reference,
    )
    ids, odds = people.ids[person], pupils.odds.registration
    minor = [*reference.ethnic, "NOBT", "REFU"]
    draw = draws.uniform("npd.ethnic", people.ids)[person]
    ethnic = np.where(
        draw < odds.ethnic_not_obtained + odds.ethnic_refused,
        len(minor) - 1,
        people.ethnic[person],
    )
    ethnic = np.where(draw < odds.ethnic_not_obtained, len(minor) - 2, ethnic)
    majors = ["WHIT", "MIXD", "ASIA", "BLAC", "CHIN", "AOEG", "UNCL"]
    to_major = np.array(
        [majors.index(_MAJOR[code[0]]) for code in reference.ethnic] + [6, 6]
    )
    to_major[minor.index("OOTH")], to_major[minor.index("AOTH")] = 5, 2
    share_english = np.array([o.share("general_forename") for o in reference.origins])[
        people.origin
    ]
    other = (
        draws.uniform("language", people.family)
        > np.clip(share_english * 0.9 + 0.1, 0, 0.985)
    )[person]
    needs = pupils.special_needs[person]
    has_plan = draws.chance("sen.plan", people.ids, pupils.odds.special_needs.plan)[
        person
    ]
    is_late = year >= 2014
    action_plus = draws.chance("sen.stage", ids, 0.5)
    stage = np.where(
        has_plan, np.where(is_late, 5, 3), np.where(is_late, 4, 1 + action_plus)
    )
    kind = draws.uniform("sen.type", people.ids)[person] ** 1.5 * 13
    has_type = needs & (year >= 2003)
    kinds = [
        "MLD",
        "SPLD",
        "BESD",
        "SLCN",
        "ASD",
        "SEMH",
        "OTH",
        "PD",
        "SLD",
        "HI",
        "VI",
        "NSA",
        "PMLD",
    ]
    return {
        "EthnicGroupMinor": coded(ethnic, minor),
        "EthnicGroupMajor": coded(to_major[ethnic], majors),
        "LanguageGroupMinor": coded(np.where(other, 1, 0), ["ENG", "OTH"]),
        "LanguageGroupMajor": coded(np.where(other, 1, 0), ["1_ENG", "2_OTH"]),
        "FSMeligible": whole(pupils.free_meals(person, grade)),
        "EVERFSM_6": whole(people.fsm[person]),
        "IDACIScore": pa.array(people.idaci[person]),
        "SENprovision": coded(
            np.where(needs, stage, 0), ["N", "A", "P", "S", "K", "E"]
        ),
        "PrimarySENtype": coded(np.where(has_type, kind.astype(np.int64), -1), kinds),
    }


GRADES = np.arange(15)  # reception is 0, year 11 is 11
YEARS_AFTER = 6, 4, 1
"""The first of primary school, secondary school and sixth form."""

DOUBLE = 6
"""Registrations 0 to 5 are those of primary, secondary and sixth form, each with a
second school; this one and the next are double registrations, at a primary and at a
secondary school.
"""


def pupils(world: World) -> Pupils:
    """The years at state schools in England of the people of a chunk."""
    people, journey, draws, odds = (
        world.people,
        world.journeys,
        world.draws,
        rule_file("schools/england.toml"),
    )
    year = people.cohort[:, None] + 5 + GRADES[None, :]
    is_there = taught(journey, year) & (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    is_there &= np.isin(people.kind, IN_STATE_SCHOOLS)[:, None]
    column = (year - FIRST_YEAR).clip(0, journey.sixth_form.shape[1] - 1)
    is_there &= (GRADES <= 11)[None, :] | np.take_along_axis(
        journey.sixth_form, column, axis=1
    )
    person, grade = np.nonzero(is_there)
    census_day = census_days()[people.cohort[person] + 5 + grade - FIRST_YEAR]
    is_here = people.homes.nation(person, census_day) == ENGLAND
    person, grade = person[is_here], grade[is_here]
    ids = people.ids[person]
    event = _events(world, odds, person, grade)
    is_double = draws.chance(
        "school.double", ids, odds.registration.second_school, grade
    )
    rows = np.flatnonzero(is_double)
    both = (
        schools(world, person[rows], number[rows])["laestab"]
        for number in (event, DOUBLE + (grade > 6))
    )
    is_double[rows] = np.not_equal(*both)
    places = np.repeat(np.arange(len(person)), 1 + is_double)
    double = np.diff(places, prepend=-1) == 0
    person, grade = person[places], grade[places]
    event = np.where(double, DOUBLE + (grade > 6), event[places])
    needs = draws.uniform("sen", people.ids) < np.where(
        people.fsm, odds.special_needs.poor, odds.special_needs.others
    )
    references = pa.concat_arrays(
        [identifiers.pupil_reference(draws, people.ids, ordinal) for ordinal in (0, 1)]
    )
    return Pupils(
        world,
        odds,
        person,
        grade,
        people.cohort[person] + 5 + grade,
        event,
        double,
        needs,
        _behaviour(world, odds, needs),
        _split(world),
        Text(references, np.arange(len(references), dtype=np.int32)),
        np.zeros((len(people), 2), np.int32),
    )


def _events(world: World, odds: Table, person: Ints, grade: Ints) -> Ints:
    """Number of the registration: a phase of school has a second one where the pupil
    changes school.
    """
    number = np.where(grade <= 6, 0, np.where(grade <= 11, 1, 2))
    phase_year = grade - np.array([0, 7, 12])[number]
    days = census_days()[world.people.cohort[person] + 5 + grade - FIRST_YEAR]
    has_changed = changed_school(
        world.draws,
        world.people.ids[person],
        phase_at(world, person, number),
        phase_year,
        days,
        odds.registration.schools_changed,
        YEARS_AFTER,
    )
    return number * 2 + has_changed


def phase_at(world: World, person: Ints, number: Ints) -> Phase:
    """A phase of school of each person: primary, secondary, sixth form."""
    return phase_of(world, person, number, world.people.cohort[person] + 5, YEARS_AFTER)


def _split(world: World) -> Ints:
    ids = world.people.ids
    split = world.draws.chance(
        "pmr.split", ids, world.odds.people.split_reference * 1.25
    )
    split &= np.isin(
        world.people.kind, IN_STATE_SCHOOLS
    )  # others are in examinations only
    return np.where(
        split, 5 + (world.draws.uniform("pmr.split.at", ids) * 7).astype(np.int64), 99
    )


def _behaviour(world: World, odds: Table, needs: NDArray[np.bool_]) -> Floats:
    people, weights = world.people, odds.behaviour
    liability = weights.ability * people.ability + weights.own * world.draws.normal(
        "behaviour", people.ids
    )
    liability += (
        weights.poor * people.fsm
        + weights.special_needs * needs
        + weights.male * ~people.female
    )
    out: Floats = np.exp(liability)
    return out


def census_days() -> Days:
    """The third Thursday of each January after the academic year began."""
    return weekdays(FIRST_YEAR + 1, LAST_YEAR + 1, 1, 3, 3)


def schools(world: World, person: Ints, event: Ints) -> dict[str, Ints]:
    """School of each registration: near home; brothers and sisters go to the same one
    as a rule.
    """
    people, draws, known_schools = world.people, world.draws, world.reference.schools
    ids = people.ids[person]
    own = draws.chance(
        "school.own", ids, rule_file("schools/england.toml").registration.own_school
    )
    keys = np.where(
        own | (event % 2 == 1) | (event >= DOUBLE), ids, people.family[person]
    )
    draw = draws.uniform("school", keys, event)
    home = people.homes.at(
        person,
        people.birth[person] + 365 * np.array([6, 9, 12, 14, 17, 17, 9, 14])[event],
    )
    near = phase_at(world, person, np.array([0, 0, 1, 1, 2, 2, 0, 1])[event]).home(
        event % 2 == 1, home
    )
    home = np.where(event < DOUBLE, near, home)
    authority = _authorities(world, person, home)
    authorities = np.array(sorted(known_schools.first))
    authority = authorities[
        np.searchsorted(authorities, authority).clip(0, len(authorities) - 1)
    ]
    place = np.searchsorted(authorities, authority)
    first = np.array([known_schools.first[a] for a in authorities])[place]
    last = np.array([known_schools.last[a] for a in authorities])[place]
    secondary = np.searchsorted(
        known_schools.edges, first + draw * (last - first), side="right"
    ).clip(0, len(known_schools.urn) - 1)
    number = (draw * np.maximum((last - first) / 300, 8)).astype(np.int64)
    primary = (event < 2) | (event == DOUBLE)
    laestab = np.where(
        primary, authority * 10_000 + PRIMARY + number, known_schools.laestab[secondary]
    )
    urn = np.where(
        primary, FIRST_URN + 10_000 + place * 400 + number, known_schools.urn[secondary]
    )
    return {"laestab": laestab, "urn": urn, "authority": authority}


def _authorities(world: World, person: Ints, home: NDArray[np.int32]) -> Ints:
    """The authority around a home; around the family's English home where the home is
    in another nation.
    """
    homes, authority = world.people.homes, world.reference.places.authority
    code = authority[homes.postcode[person, home] // 400]
    english = np.where(homes.nations.first[person] == ENGLAND, 0, FAMILY_HOMES - 1)
    return np.where(
        code > 0, code, authority[homes.postcode[person, english] // 400]
    ).astype(np.int64)


WELSH_AUTHORITIES, FIRST_WELSH_AUTHORITY = 22, 660


_GIVEN_IN = {
    ENGLAND: 0,
    WALES: 2,
}  # which of a person's numbers; an English school may give another, 1


def first_numbers(world: World, nation: int) -> Any:
    """The number under which each person's records of a nation begin, in the order of
    the people.

    A pupil who crosses the border may bring the number along. A temporary one is given
    in England only.
    """
    people, draws = world.people, world.draws
    other = WALES if nation == ENGLAND else ENGLAND
    is_kept = draws.chance(
        "upn.kept", people.ids, rule_file("schools/nations.toml").crossing.number_kept
    )
    issuer = np.where((people.homes.nations.first == other) & is_kept, other, nation)
    temporary = draws.chance(
        "upn.temporary", people.ids, world.odds.people.temporary_upn
    ) & (issuer == ENGLAND)
    authority = np.where(
        issuer == WALES, first_welsh_authority(world), english_authority(world)
    )
    ordinal = np.where(issuer == WALES, _GIVEN_IN[WALES], _GIVEN_IN[ENGLAND])
    return identifiers.upn(draws, people.ids, authority, ordinal, temporary)


def english_authority(world: World) -> Ints:
    """The authority of each person's first school."""
    places = np.arange(len(world.people))
    return schools(world, places, np.zeros(len(places), np.int64))["authority"]


def first_welsh_authority(world: World) -> Ints:
    """The authority of each person's first school in Wales."""
    places = np.arange(len(world.people))
    return welsh_authority(world, places, home_in(world, places, WALES))


def welsh_authority(world: World, person: Ints, home: Codes) -> Ints:
    """The Welsh authority around the homes of people."""
    codes = world.people.homes.postcode[person, home]
    return FIRST_WELSH_AUTHORITY + district(
        world.reference, WALES, codes, WELSH_AUTHORITIES
    )
