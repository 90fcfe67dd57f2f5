"""The school census of Wales (PLASC): each January, with the UPN that England has too,
and the Welsh language.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthetic.base import identifiers
from synthetic.base.dates import Days, six_digits, weekdays
from synthetic.base.draws import Ints
from synthetic.base.reference import PRIMARY, SECONDARY
from synthetic.base.rules import rule_file, tenth
from synthetic.base.text import Text
from synthetic.education.journeys import YEARS
from synthetic.people.families import WALES
from synthetic.recording.registration import Registrations
from synthetic.sources import schools
from synthetic.sources.npd.pupils import (
    first_numbers,
    first_welsh_authority,
    welsh_authority,
)
from synthetic.world import Tables, World, coded, dates, whole

FIRST_YEAR, LAST_YEAR = 2002, 2020
GRADES = ["R", *map(str, range(1, 14))]
YEARS_AFTER = 6, 4, 1
"""The first of primary school, secondary school and sixth form."""
_GRADE = np.arange(len(GRADES))


def wales(world: World) -> Tables:
    """The school census."""
    rows = _rows(world)
    registrations, place = schools.registered("wales", world, rows, _schools)
    out = Tables()
    out.tables["wales_plasc"] = _plasc(world, rows, place, registrations, out)
    return out


def _rows(world: World) -> schools.SchoolYears:
    people, journey, draws = world.people, world.journeys, world.draws
    pupils = schools.state_pupils(people, WALES)
    year = people.cohort[pupils, None] + 5 + _GRADE[None, :]
    is_there = (year >= journey.here_from[pupils, None]) & (
        year <= journey.here_until[pupils, None]
    )
    is_there &= (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    sixth_form = np.take_along_axis(
        journey.sixth_form[pupils], (year - YEARS[0]).clip(0, len(YEARS) - 1), axis=1
    )
    is_there &= (_GRADE <= 11) | sixth_form
    place, grade = np.nonzero(is_there)
    person, year = pupils[place], year[place, grade]
    is_here = people.homes.nation(person, census_days()[year - FIRST_YEAR]) == WALES
    person, grade, year = person[is_here], grade[is_here], year[is_here]
    number = np.where(grade <= 6, 0, np.where(grade <= 11, 1, 2))
    phase_year = grade - np.array([0, 7, 12])[number]
    days = census_days()[year - FIRST_YEAR]
    phase = schools.phase_of(
        world, person, number, people.cohort[person] + 5, YEARS_AFTER
    )
    has_moved = schools.changed_school(
        draws,
        people.ids[person],
        phase,
        phase_year,
        days,
        rule_file("schools/wales.toml").schools_changed,
        YEARS_AFTER,
    )
    return schools.SchoolYears(person, grade, year, number * 2 + has_moved)


def census_days() -> Days:
    """The second Tuesday of each January after the academic year began."""
    return weekdays(FIRST_YEAR + 1, LAST_YEAR + 1, 1, 1, 2)


def _schools(world: World, person: Ints, event: Ints) -> Ints:
    """Numbers of invented schools of the authority around the family's home: three
    digits of it and four more.
    """
    people, draws = world.people, world.draws
    own = draws.chance(
        "school.own", people.ids[person], rule_file("schools/wales.toml").own_school
    ) | (event % 2 == 1)
    draw = draws.uniform(
        "school", np.where(own, people.ids[person], people.family[person]), event
    )
    primary = event < 2
    number = np.where(
        primary,
        PRIMARY + (draw * 60).astype(np.int64),
        SECONDARY + (draw * 10).astype(np.int64),
    )
    phase = schools.phase_of(
        world, person, event // 2, people.cohort[person] + 5, YEARS_AFTER
    )
    home = schools.home_near(world, person, phase, event % 2 == 1, WALES)
    return welsh_authority(world, person, home) * 10_000 + number


def _plasc(
    world: World,
    rows: schools.SchoolYears,
    place: Ints,
    registrations: Registrations,
    out: Tables,
) -> dict[str, Any]:
    people, draws = world.people, world.draws
    days = census_days()[rows.year - FIRST_YEAR]
    record = identifiers.record_id(draws, people.ids[rows.person], 5, rows.grade)
    number = _numbers(world, rows)
    identity = schools.recorded(registrations, place, days, record, number.plain(), out)
    return {
        "RECORDID": whole(record),
        "UPN": number.array(),
        "ACADEMIC_YEAR": whole(six_digits(rows.year)),
        "CENSUS_DATE": dates(days),
        "LA_ESTAB": whole(registrations.provider[place]),
        "FAMILY_NAME": identity.surname.array(),
        "GIVEN_NAME": identity.forename.array(),
        "MIDDLE_NAMES": identity.middle_names.array(),
        "BIRTH_DATE": dates(identity.birth),
        "SEX": coded(identity.female, ["1", "2"]),
        "POSTCODE": identity.postcode.array(),
        "NC_YEAR": coded(rows.grade, GRADES),
        **_attributes(world, rows),
    }


def _numbers(world: World, rows: schools.SchoolYears) -> Text:
    """Numbers of the pupils; a few are given a second one at secondary school."""
    ids = world.people.ids
    second = world.draws.chance("upn.split", ids, world.odds.people.split_reference)[
        rows.person
    ] & (rows.grade >= 7)
    keys, index = np.unique(rows.person * 2 + second, return_inverse=True)
    first = first_numbers(world, WALES).take(keys // 2)
    second_numbers = identifiers.upn(
        world.draws,
        ids[keys // 2],
        first_welsh_authority(world)[keys // 2],
        np.full(len(keys), 3),
        np.zeros(len(keys), bool),
    )
    return Text(
        pc.if_else(pa.array(keys % 2 == 1), second_numbers, first),
        index.astype(np.int32),
    )


def _attributes(world: World, rows: schools.SchoolYears) -> dict[str, Any]:
    """What linkage never reads."""
    people, draws, reference = world.people, world.draws, world.reference
    person, ids, rule = (
        rows.person,
        people.ids[rows.person],
        rule_file("schools/wales.toml"),
    )
    origin = np.array([group.name == "welsh" for group in reference.origins])[
        people.origin
    ]
    fluent = draws.uniform("welsh", people.family) < np.where(
        origin, rule.fluent.welsh, rule.fluent.others
    )
    speaks_some = draws.chance("welsh.some", people.ids, rule.not_fluent)
    at_home = fluent & draws.chance("welsh.home", people.family, rule.at_home)
    needs = draws.uniform("sen", ids) < np.where(
        people.fsm[person], rule.special_needs.poor, rule.special_needs.others
    )
    stage = np.where(
        draws.chance("sen.plan", ids, rule.statement),
        3,
        1 + draws.chance("sen.stage", ids, 0.5),
    )
    return {
        "ETHNICITY": coded(
            people.ethnic[person], [rule.background[code] for code in reference.ethnic]
        ),
        "WELSH_SPEAKER": coded(
            np.where(fluent, 0, np.where(speaks_some, 1, 2))[person], ["F", "N", "0"]
        ),
        "WELSH_AT_HOME": coded(at_home[person], ["N", "Y"]),
        "FSM": coded(
            people.fsm[person]
            & draws.chance("npd.fsm", ids, rule.meals_taken_up, rows.grade),
            ["N", "Y"],
        ),
        "SEN_PROVISION": coded(np.where(needs, stage, 0), ["N", "A", "P", "S"]),
        "WIMD_QUINTILE": whole((tenth(people.idaci[person]) + 1) // 2),
    }
