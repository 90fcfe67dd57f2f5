"""The pupil census of Scotland: each September, with years that turn in March and no
unique pupil number.
"""

from typing import Any

import numpy as np

from synthetic.base import identifiers
from synthetic.base.dates import Days, parts, six_digits, weekdays
from synthetic.base.draws import Ints
from synthetic.base.reference import PRIMARY, SECONDARY
from synthetic.base.rules import rule_file, tenth
from synthetic.base.text import Text
from synthetic.education.journeys import SIXTH_FORM
from synthetic.people.families import SCOTLAND, district
from synthetic.recording.registration import Registrations
from synthetic.sources import schools
from synthetic.world import Tables, World, coded, dates, whole

FIRST_YEAR, LAST_YEAR = 2003, 2020
STAGES = [*(f"P{year}" for year in range(1, 8)), *(f"S{year}" for year in range(1, 7))]
_STAGE = np.arange(len(STAGES))
_S1, _S5, _S6 = 7, 11, 12
_YEARS_AFTER, _CHANGES = (
    (6, 5),
    (6, 4),
)  # the first of primary and secondary school; of them, in which schools change


def scotland(world: World) -> Tables:
    """The pupil census."""
    rows = _rows(world)
    registrations, place = schools.registered("scotland", world, rows, _schools)
    out = Tables()
    out.tables["scotland_pupils"] = _pupils(world, rows, place, registrations, out)
    return out


def _rows(world: World) -> schools.SchoolYears:
    people, journey, draws = world.people, world.journeys, world.draws
    pupils = schools.state_pupils(people, SCOTLAND)
    year = _first_year(people.birth[pupils])[:, None] + _STAGE[None, :]
    stays = (journey.post16[pupils] == SIXTH_FORM)[:, None]
    fifth = draws.chance(
        "scotland.fifth",
        people.ids[pupils],
        rule_file("schools/scotland.toml").fifth_year,
    )[:, None]
    fifth = stays | fifth
    is_there = (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    is_there &= (_STAGE < _S5) | (fifth & (_STAGE == _S5)) | (stays & (_STAGE == _S6))
    place, stage = np.nonzero(is_there)
    person, year = pupils[place], year[place, stage]
    days = census_days()[year - FIRST_YEAR]
    is_here = (people.arrival[person] <= days) & (people.departure[person] > days)
    is_here &= people.homes.nation(person, days) == SCOTLAND
    person, stage, year = person[is_here], stage[is_here], year[is_here]
    number = (stage >= _S1).astype(np.int64)
    ids = people.ids[person]
    phase = schools.phase_of(
        world, person, number, _first_year(people.birth[person]), _YEARS_AFTER
    )
    phase_year, days = stage - number * _S1, census_days()[year - FIRST_YEAR]
    has_moved = schools.changed_school(
        draws,
        ids,
        phase,
        phase_year,
        days,
        rule_file("schools/scotland.toml").schools_changed,
        _CHANGES,
    )
    return schools.SchoolYears(person, stage, year, number * 2 + has_moved)


def _first_year(birth: Days) -> Ints:
    """The year of primary one: those born by February start with the older ones."""
    years, months, _ = parts(birth)
    return years - (months < 3) + 5


def census_days() -> Days:
    """The third Wednesday of each September that begins an academic year."""
    return weekdays(FIRST_YEAR, LAST_YEAR, 9, 2, 3)


def _schools(world: World, person: Ints, event: Ints) -> Ints:
    """Numbers of invented schools of the council around the family's home."""
    people, draws = world.people, world.draws
    phase = schools.phase_of(
        world, person, event // 2, _first_year(people.birth[person]), _YEARS_AFTER
    )
    home = schools.home_near(world, person, phase, event % 2 == 1, SCOTLAND)
    councils = np.array(rule_file("schools/scotland.toml").councils)
    council = councils[
        district(
            world.reference,
            SCOTLAND,
            people.homes.postcode[person, home],
            len(councils),
        )
    ]
    own = draws.chance(
        "school.own", people.ids[person], rule_file("schools/scotland.toml").own_school
    )
    own |= event % 2 == 1
    draw = draws.uniform(
        "school", np.where(own, people.ids[person], people.family[person]), event
    )
    secondary = event >= 2
    number = np.where(
        secondary,
        SECONDARY + (draw * 12).astype(np.int64),
        PRIMARY + (draw * 60).astype(np.int64),
    )
    return council * 10_000 + number


def _pupils(
    world: World,
    rows: schools.SchoolYears,
    place: Ints,
    registrations: Registrations,
    out: Tables,
) -> dict[str, Any]:
    people, draws = world.people, world.draws
    ids = people.ids[rows.person]
    days = census_days()[rows.year - FIRST_YEAR]
    record = identifiers.record_id(draws, ids, 4, rows.grade)
    number = _numbers(world, rows)
    identity = schools.recorded(
        registrations,
        place,
        days,
        record,
        number.plain(),
        out,
        without=("middle_names",),
    )
    return {
        "RECORDID": whole(record),
        "ScottishCandidateNumber": number.array(),
        "AcademicYear": whole(six_digits(rows.year)),
        "CensusDate": dates(days),
        "SeedCode": whole(registrations.provider[place]),
        "LegalSurname": identity.surname.array(),
        "LegalForename": identity.forename.array(),
        "KnownAsForename": _known_as(world, rows).array(),
        "BirthDate": dates(identity.birth),
        "Gender": coded(identity.female, ["M", "F"]),
        "HomePostcode": identity.postcode.array(),
        "StudentStage": coded(rows.grade, STAGES),
        **_attributes(world, rows),
    }


def _numbers(world: World, rows: schools.SchoolYears) -> Text:
    """Scottish Candidate Numbers; a few pupils are given a second one when they change
    school.
    """
    ids = world.people.ids
    split = world.draws.chance("scn.split", ids, world.odds.people.split_reference)
    second = split[rows.person] & (rows.grade >= _S1)
    keys, index = np.unique(rows.person * 2 + second, return_inverse=True)
    values = identifiers.candidate_number(world.draws, ids[keys // 2], keys % 2)
    return Text(values, index.astype(np.int32))


def _known_as(world: World, rows: schools.SchoolYears) -> Text:
    """What a pupil is called at school: the name, or its short form."""
    people, draws, reference = world.people, world.draws, world.reference
    codes = people.names.forename
    short = reference.nicknames.pick(codes, draws.uniform("known.as.which", people.ids))
    names = np.where(
        draws.chance(
            "known.as", people.ids, rule_file("schools/scotland.toml").known_as
        ),
        short,
        codes,
    ).astype(np.int32)
    return Text(reference.forenames, names[rows.person])


def _attributes(world: World, rows: schools.SchoolYears) -> dict[str, Any]:
    """What linkage never reads."""
    people, draws, reference = world.people, world.draws, world.reference
    person, ids, rule = (
        rows.person,
        people.ids[rows.person],
        rule_file("schools/scotland.toml"),
    )
    words = [rule.background[code] for code in reference.ethnic] + [
        "White - Other British"
    ]
    is_scottish = np.array([group.name == "scottish" for group in reference.origins])[
        people.origin
    ]
    british = (people.ethnic == reference.ethnic.index("WBRI")) & ~is_scottish
    background = np.where(british, len(words) - 1, people.ethnic)[person]
    needs = draws.uniform("sen", ids) < np.where(
        people.fsm[person], rule.support.poor, rule.support.others
    )
    needs &= (rows.year >= 2010) | draws.chance(
        "support.early", ids, rule.support_before_2010
    )
    share_english = np.array(
        [group.share("general_surname") for group in reference.origins]
    )[people.origin]
    foreign = (
        ~is_scottish
        & ~british
        & (draws.uniform("language", people.family) > share_english * 0.9 + 0.1)
    )
    meals = people.fsm[person] & draws.chance(
        "npd.fsm", ids, rule.meals_taken_up, rows.grade
    )
    return {
        "EthnicBackground": coded(background, words),
        "EnglishAdditionalLanguage": whole(foreign[person]),
        "FreeSchoolMealReg": whole(meals),
        "AdditionalSupportNeeds": whole(needs),
        "LookedAfter": whole(
            people.fsm[person]
            & draws.chance("care.scotland", ids, min(rule.looked_after * 5, 1.0))
        ),
        "SIMD_Decile": whole(tenth(people.idaci[person])),
    }
