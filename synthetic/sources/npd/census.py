"""The school census of each January: who is on which roll, under which name, at which address."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.drawn import numbers
from synthetic.drawn.dates import NEVER, Days, on, parts, six_digits
from synthetic.drawn.draws import Ints
from synthetic.drawn.text import Text, unique_rows
from synthetic.education.journeys import FIRST_YEAR
from synthetic.mistakes.written_down import Dealings
from synthetic.people.nations import ENGLAND
from synthetic.sources.npd.exclusions import REMOVED
from synthetic.sources.npd.pupils import DOUBLE, YEARS_AFTER, Pupils, census_days, phase_at, schools
from synthetic.sources.pupil_numbers import english_authority, first_numbers
from synthetic.sources.school_records import recorded, year_of_change
from synthetic.world.world import Tables, coded, dates, whole

GRADE_NAMES = ["R", *map(str, range(1, 15))]
FIRST_ULN_YEAR = 2010

_MAJOR = {"W": "WHIT", "M": "MIXD", "A": "ASIA", "B": "BLAC", "C": "CHIN", "O": "AOEG"}


def census(pupils: Pupils, absent: NDArray[np.bool_], out: Tables) -> dict[str, Any]:
    """The table, its truth and its mistakes; `absent` marks years at school that the census does not hold."""
    world, people = pupils.world, pupils.world.people
    rows = np.flatnonzero(~absent)
    person, grade, year, double = pupils.person[rows], pupils.grade[rows], pupils.year[rows], pupils.double[rows]
    ids, draws = people.ids[person], world.draws
    dealt, place = np.unique(person * 8 + pupils.event[rows], return_inverse=True)
    school = schools(world, dealt // 8, dealt % 8)
    dealings = Dealings("npd", draws, world.reference, world.odds, people, dealt // 8, dealt % 8, school["laestab"])
    census_day = census_days()[year - FIRST_YEAR]
    record = numbers.record_id(draws, ids, 0, grade * 2 + double)
    pmr = pupils.reference(person, grade)
    known = recorded(dealings, place, census_day, record, pmr.plain(), out)
    former, upn = _upns(pupils, person, grade)
    uln = unique_rows(numbers.uln(draws, people.ids)).take(person)
    told = draws.chance("npd.uln", ids, pupils.odds.registration.learner_number)
    has_uln = (year >= FIRST_ULN_YEAR) & (grade >= 10) & told
    return {
        "RECORDID": whole(record),
        "PupilMatchingRefAnonymous": pmr.array(),
        "AcademicYear": whole(six_digits(year)),
        "CensusDate": dates(census_day),
        "UPN": upn.array(),
        "FormerUPN": former.array(),
        "UniqueLearnerNumber": uln.where(has_uln).array(),
        "Surname": known.surname.array(),
        "Forename": known.forename.array(),
        "MiddleNames": known.middle_names.array(),
        "DateOfBirth": dates(known.birth),
        "Gender": coded(known.female, ["M", "F"]),
        "Postcode": known.postcode.array(),
        "URN": whole(school["urn"][place]),
        "LAEstab": whole(school["laestab"][place]),
        **_registration(pupils, rows),
        **_pupil(pupils, person, grade, year),
    }


def _upns(pupils: Pupils, person: Ints, grade: Ints) -> tuple[Text, Text]:
    """Former and present UPN: temporary at the first school of some, another after a change of school of others."""
    people, draws, odds = pupils.world.people, pupils.world.draws, pupils.world.odds.people
    ids = people.ids
    temporary = draws.chance("upn.temporary", ids, odds.temporary_upn)
    renewed = draws.chance("upn.new", ids, odds.new_upn) | (pupils.split < 99)
    change = np.where(pupils.split < 99, pupils.split, np.where(temporary, 2, 7))
    later = (temporary | renewed)[person] & (grade >= change[person])
    no = np.zeros(len(ids), bool)
    both = pa.concat_arrays(
        [first_numbers(pupils.world, ENGLAND),
         numbers.upn(draws, ids, english_authority(pupils.world), np.ones(len(ids), np.int64), no)]
    )  # fmt: skip
    told = draws.chance("upn.former", ids, pupils.odds.registration.former_number_told)[person]
    present = Text(both, (person + later * len(ids)).astype(np.int32))
    return Text(both, np.where(later & told, person, -1).astype(np.int32)), present


def _registration(pupils: Pupils, rows: Ints) -> dict[str, Any]:
    person, grade, double = pupils.person[rows], pupils.grade[rows], pupils.double[rows]
    doubled = np.zeros(len(person), bool)
    doubled[:-1] = double[1:]
    return {
        "RecordStatus": whole(np.where(double, 101, 1), double | doubled),
        "OnRoll": whole(np.ones(len(person), np.int64)),
        "EnrolStatus": coded(np.where(double, 2, np.where(doubled, 1, 0)), ["C", "M", "S"]),
        "EntryDate": dates(_entry(pupils, rows)),
        "NCyearActual": coded(grade, GRADE_NAMES),
        "AgeAtStartOfAcademicYear": whole(grade + 4),
    }


def _entry(pupils: Pupils, rows: Ints) -> Days:
    """When a pupil came to the school: with the phase, in the year of a change or of a double registration, three weeks
    after being excluded from another, or with the family from far away, from abroad or from another nation."""
    world, people, homes = pupils.world, pupils.world.people, pupils.world.people.homes
    person, grade, event = pupils.person[rows], pupils.grade[rows], pupils.event[rows]
    phase = np.where(grade <= 6, 0, np.where(grade <= 11, 1, 2))
    since = np.array([0, 7, 12])[phase]
    changed = since + year_of_change(world.draws, people.ids[person], phase, YEARS_AFTER)
    away = phase_at(world, person, phase).day
    moved = (event < DOUBLE) & (event % 2 == 1) & (away < NEVER)
    since = np.select([event >= DOUBLE, moved, event % 2 == 1], [grade, since, changed], since)
    comes = homes.raised.crosses & (homes.raised.later == ENGLAND) & (homes.start[:, 1] < NEVER)
    crossed = np.where(comes, on(parts(np.where(comes, homes.start[:, 1], 0))[0], 9, 1), 0)
    entry = np.maximum(on(people.cohort[person] + 5 + since, 9, 1), crossed[person])
    entry = np.maximum(entry, np.where(moved, away, entry))
    expelled = pupils.expelled[person, phase.clip(max=1)]
    entry = np.where((expelled > 0) & (phase < 2) & (event % 2 == 1) & (event < DOUBLE), expelled + REMOVED, entry)
    return np.maximum(entry, people.arrival[person]).astype(np.int32)


def _pupil(pupils: Pupils, person: Ints, grade: Ints, year: Ints) -> dict[str, Any]:
    """Attributes, which linkage never reads."""
    people, draws, reference = pupils.world.people, pupils.world.draws, pupils.world.reference
    ids, odds = people.ids[person], pupils.odds.registration
    minor = [*reference.ethnic, "NOBT", "REFU"]
    unknown = draws.uniform("npd.ethnic", people.ids)[person]
    ethnic = np.where(unknown < odds.ethnic_not_obtained + odds.ethnic_refused, len(minor) - 1, people.ethnic[person])
    ethnic = np.where(unknown < odds.ethnic_not_obtained, len(minor) - 2, ethnic)
    majors = ["WHIT", "MIXD", "ASIA", "BLAC", "CHIN", "AOEG", "UNCL"]
    to_major = np.array([majors.index(_MAJOR[code[0]]) for code in reference.ethnic] + [6, 6])
    to_major[minor.index("OOTH")], to_major[minor.index("AOTH")] = 5, 2
    share_english = np.array([o.share("general_forename") for o in reference.origins])[people.origin]
    other = (draws.uniform("language", people.family) > np.clip(share_english * 0.9 + 0.1, 0, 0.985))[person]
    needs = pupils.special_needs[person]
    planned = draws.chance("sen.plan", people.ids, pupils.odds.special_needs.plan)[person]
    late = year >= 2014
    action_plus = draws.chance("sen.stage", ids, 0.5)
    stage = np.where(planned, np.where(late, 5, 3), np.where(late, 4, 1 + action_plus))
    kind = draws.uniform("sen.type", people.ids)[person] ** 1.5 * 13
    typed = needs & (year >= 2003)
    kinds = ["MLD", "SPLD", "BESD", "SLCN", "ASD", "SEMH", "OTH", "PD", "SLD", "HI", "VI", "NSA", "PMLD"]
    return {
        "EthnicGroupMinor": coded(ethnic, minor),
        "EthnicGroupMajor": coded(to_major[ethnic], majors),
        "LanguageGroupMinor": coded(np.where(other, 1, 0), ["ENG", "OTH"]),
        "LanguageGroupMajor": coded(np.where(other, 1, 0), ["1_ENG", "2_OTH"]),
        "FSMeligible": whole(pupils.free_meals(person, grade)),
        "EVERFSM_6": whole(people.fsm[person]),
        "IDACIScore": pa.array(people.idaci[person]),
        "SENprovision": coded(np.where(needs, stage, 0), ["N", "A", "P", "S", "K", "E"]),
        "PrimarySENtype": coded(np.where(typed, kind.astype(np.int64), -1), kinds),
    }
