"""The National Pupil Database: a census record each January from reception on, and attainment at 16."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic import numbers
from synthetic.dates import Days, day, on, six_digits
from synthetic.draws import Ints
from synthetic.homes import postcodes
from synthetic.journeys import FIRST_YEAR, LAST_YEAR, SIXTH_FORM, taught
from synthetic.mistakes import Dealings, on_records
from synthetic.people import SCHOOLED
from synthetic.text import Text, unique_rows
from synthetic.world import Tables, World, coded, dates, whole

GRADES = np.arange(14)  # reception is 0, year 11 is 11
GRADE_NAMES = ["R", *map(str, range(1, 14))]
FIRST_ULN_YEAR = 2010

_MAJOR = {"W": "WHIT", "M": "MIXD", "A": "ASIA", "B": "BLAC", "C": "CHIN", "O": "AOEG"}
_DEALINGS = 7  # primary, secondary and sixth form, each with a second school, and a double registration


@dataclass(frozen=True)
class _Rows:
    """Census records: place of the person, grade, academic year, number of the dealing, whether a double."""

    person: Ints
    grade: Ints
    year: Ints
    event: Ints
    double: NDArray[np.bool_]


def npd(world: World) -> Tables:
    """Census and key stage 4 of the people schooled in state schools."""
    rows = _census_rows(world)
    dealt, place = np.unique(rows.person * 8 + rows.event, return_inverse=True)
    school = _schools(world, dealt // 8, dealt % 8)
    dealings = Dealings(
        "npd", world.draws, world.reference, world.odds, world.people, dealt // 8, dealt % 8, school["laestab"]
    )
    out = Tables()
    out.tables["npd_census"] = _census(world, rows, place, dealings, school, out)
    out.tables["npd_ks4"] = _ks4(world)
    return out


def _census_rows(world: World) -> _Rows:
    people, journey, draws = world.people, world.journeys, world.draws
    year = people.cohort[:, None] + 5 + GRADES[None, :]
    there = taught(people, journey, year) & (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    there &= (people.kind == SCHOOLED)[:, None]
    there &= (GRADES <= 11)[None, :] | (journey.post16 == SIXTH_FORM)[:, None]
    person, grade = np.nonzero(there)
    ids = people.ids[person]
    phase = np.where(grade <= 6, 0, np.where(grade <= 11, 1, 2))
    moves = draws.uniform("school.move", ids, phase) < np.array([0.14, 0.10, 0.02])[phase]
    at = np.array([1, 8, 13])[phase] + (
        draws.uniform("school.move.at", ids, phase) * np.array([6, 4, 1])[phase]
    ).astype(int)
    event = phase * 2 + (moves & (grade >= at))
    double = draws.chance("school.double", ids, 0.004, grade)
    again = np.repeat(np.arange(len(person)), 1 + double)
    second = np.zeros(len(again), bool)
    second[1:] = again[1:] == again[:-1]
    event = np.where(second, _DEALINGS - 1, event[again])
    person, grade = person[again], grade[again]
    return _Rows(person, grade, people.cohort[person] + 5 + grade, event, second)


def _schools(world: World, person: Ints, event: Ints) -> dict[str, Ints]:
    """School of each dealing: near home; brothers and sisters go to the same one as a rule."""
    people, draws, schools = world.people, world.draws, world.reference.schools
    places = world.reference.places
    own = draws.chance("school.own", people.ids[person], 0.25)
    of = np.where(own | (event % 2 == 1) | (event == _DEALINGS - 1), people.ids[person], people.family[person])
    drawn = draws.uniform("school", of, event)
    authority = places.authority[people.homes.postcode[person, 0] // 400].astype(np.int64)
    known = np.array(sorted(schools.first))
    authority = known[np.searchsorted(known, authority).clip(0, len(known) - 1)]
    first = np.array([schools.first[a] for a in known])[np.searchsorted(known, authority)]
    last = np.array([schools.last[a] for a in known])[np.searchsorted(known, authority)]
    secondary = np.searchsorted(schools.edges, first + drawn * (last - first), side="right").clip(
        0, len(schools.urn) - 1
    )
    primaries = np.maximum((last - first) / 300, 8)
    number = (drawn * primaries).astype(np.int64)
    primary = (event < 2) | (event == _DEALINGS - 1)
    laestab = np.where(primary, authority * 10_000 + 2000 + number % 2000, schools.laestab[secondary])
    urn = np.where(primary, 500_000 + (authority - 200) * 2000 + number % 2000, schools.urn[secondary])
    return {"laestab": laestab, "urn": urn, "authority": authority}


def _census(
    world: World, rows: _Rows, place: Ints, dealings: Dealings, school: dict[str, Ints], out: Tables
) -> dict[str, Any]:
    people, draws = world.people, world.draws
    ids = people.ids[rows.person]
    census_day = _census_days()[rows.year - FIRST_YEAR]
    forename, middle, before, after = dealings.names()
    held = on_records(dealings, place, census_day)
    record = numbers.record_id(draws, ids, 0, rows.grade * 2 + rows.double)
    pmr = _references(world, rows)
    former, upn = _upns(world, rows, school["authority"][place])
    uln = unique_rows(numbers.uln(draws, people.ids)).take(rows.person)
    has_uln = (rows.year >= FIRST_ULN_YEAR) & (rows.grade >= 10) & draws.chance("npd.uln", ids, 0.9)
    surname = Text(
        pa.concat_arrays([before.plain(), after.plain()]).fill_null(""), _versions(before, after, place, held)
    )
    out.truth("npd", record, ids, pmr.plain(), ids)
    kinds = {k: dealings.kinds[k][place] for k in ("forename", "middle_names")}
    dob, female = dealings.birth_dates()[place], dealings.female()[place]
    kinds |= {k: dealings.kinds[k][place] for k in ("dob", "sex")}
    kinds |= {"surname": held["surname.kind"], "postcode": held["postcode.kind"]}
    out.mistakes("npd", record, kinds)
    return {
        "RECORDID": whole(record),
        "PupilMatchingRefAnonymous": pmr.array(),
        "AcademicYear": whole(six_digits(rows.year)),
        "CensusDate": dates(census_day),
        "UPN": upn.array(),
        "FormerUPN": former.array(),
        "UniqueLearnerNumber": uln.where(has_uln).array(),
        "Surname": surname.array(),
        "Forename": unique_rows(forename).take(place).array(),
        "MiddleNames": unique_rows(middle).take(place).array(),
        "DateOfBirth": dates(dob),
        "Gender": coded(female, ["M", "F"]),
        "Postcode": postcodes(world.reference, held["postcode"]).array(),
        "URN": whole(school["urn"][place]),
        "LAEstab": whole(school["laestab"][place]),
        **_registration(world, rows),
        **_pupil(world, rows),
    }


def _versions(before: Text, after: Text, place: Ints, held: dict[str, NDArray[Any]]) -> NDArray[np.int32]:
    """Rows of the two surnames of each dealing laid end to end."""
    index = np.where(held["renamed"], place + len(before.index), place)
    return np.where(np.where(held["renamed"], after.index[place], before.index[place]) < 0, -1, index).astype(np.int32)


def _census_days() -> Days:
    """The third Thursday of each January after the academic year began."""
    out = []
    for year in range(FIRST_YEAR + 1, LAST_YEAR + 2):
        first = day(year, 1, 1)
        thursday = first + (0 - first) % 7  # day 0, 1 January 1970, was a Thursday
        out.append(thursday + 14)
    return np.array(out, np.int32)


def split_grade(world: World) -> Ints:
    """From which grade on a pupil goes by a second reference; 99 for nearly all."""
    ids = world.people.ids
    split = world.draws.chance("pmr.split", ids, world.odds.people.split_reference * 1.25)
    return np.where(split, 5 + (world.draws.uniform("pmr.split.at", ids) * 7).astype(np.int64), 99)


def _references(world: World, rows: _Rows) -> Text:
    ids = world.people.ids
    both = pa.concat_arrays([numbers.pupil_reference(world.draws, ids, which) for which in (0, 1)])
    second = rows.grade >= split_grade(world)[rows.person]
    return Text(both, (rows.person + second * len(ids)).astype(np.int32))


def _upns(world: World, rows: _Rows, authority: Ints) -> tuple[Text, Text]:
    """Former and present UPN: temporary at the first school of some, another after a change of school of others."""
    people, draws, odds = world.people, world.draws, world.odds.people
    ids = people.ids
    temporary = draws.chance("upn.temporary", ids, odds.temporary_upn)
    renewed = draws.chance("upn.new", ids, odds.new_upn) | (split_grade(world) < 99)
    change = np.where(split_grade(world) < 99, split_grade(world), np.where(temporary, 2, 7))
    later = (temporary | renewed)[rows.person] & (rows.grade >= change[rows.person])
    home = np.full(len(ids), 850, np.int64)
    home[rows.person[::-1]] = authority[::-1]  # the authority of the first record
    no = np.zeros(len(ids), bool)
    both = pa.concat_arrays(
        [numbers.upn(draws, ids, home, np.zeros(len(ids), np.int64), temporary),
         numbers.upn(draws, ids, home, np.ones(len(ids), np.int64), no)]
    )  # fmt: skip
    told = draws.chance("upn.former", ids, 0.5)[rows.person]
    present = Text(both, (rows.person + later * len(ids)).astype(np.int32))
    return Text(both, np.where(later & told, rows.person, -1).astype(np.int32)), present


def _registration(world: World, rows: _Rows) -> dict[str, Any]:
    doubled = np.zeros(len(rows.person), bool)
    doubled[:-1] = rows.double[1:]
    status = np.where(rows.double, 101, 1)
    phase_start = np.where(rows.grade <= 6, 0, np.where(rows.grade <= 11, 7, 12))
    entry = on(world.people.cohort[rows.person] + 5 + phase_start, 9, 1)
    return {
        "RecordStatus": whole(status, rows.double | doubled),
        "OnRoll": whole(np.ones(len(status), np.int64)),
        "EnrolStatus": coded(np.where(rows.double, 2, np.where(doubled, 1, 0)), ["C", "M", "S"]),
        "EntryDate": dates(np.maximum(entry, world.people.arrival[rows.person])),
        "NCyearActual": coded(rows.grade, GRADE_NAMES),
        "AgeAtStartOfAcademicYear": whole(rows.grade + 4),
    }


def _pupil(world: World, rows: _Rows) -> dict[str, Any]:
    """Attributes, which linkage never reads."""
    people, draws, reference = world.people, world.draws, world.reference
    person, ids = rows.person, people.ids[rows.person]
    minor = [*reference.ethnic, "NOBT", "REFU"]
    unknown = draws.uniform("npd.ethnic", people.ids)[person]
    ethnic = np.where(unknown < 0.006, len(minor) - 2, np.where(unknown < 0.01, len(minor) - 1, people.ethnic[person]))
    majors = ["WHIT", "MIXD", "ASIA", "BLAC", "CHIN", "AOEG", "UNCL"]
    to_major = np.array([majors.index(_MAJOR[code[0]]) for code in reference.ethnic] + [6, 6])
    to_major[minor.index("OOTH")], to_major[minor.index("AOTH")] = 5, 2
    share_english = np.array([o.share("general_forename") for o in reference.origins])[people.origin]
    other = (draws.uniform("language", people.family) > np.clip(share_english * 0.9 + 0.1, 0, 0.985))[person]
    fsm_now = people.fsm[person] & draws.chance("npd.fsm", ids, 0.85, rows.grade)
    sen = draws.uniform("sen", people.ids)[person] < np.where(people.fsm, 0.24, 0.12)[person]
    late = rows.year >= 2014
    stage = np.where(~sen, 0, np.where(late, 4 + (ids % 6 == 0), 1 + ids % 3))
    kind = draws.uniform("sen.type", people.ids)[person] ** 1.5 * 13
    typed = sen & (rows.year >= 2003)
    kinds = ["MLD", "SPLD", "BESD", "SLCN", "ASD", "SEMH", "OTH", "PD", "SLD", "HI", "VI", "NSA", "PMLD"]
    return {
        "EthnicGroupMinor": coded(ethnic, minor),
        "EthnicGroupMajor": coded(to_major[ethnic], majors),
        "LanguageGroupMinor": coded(np.where(other, 1, 0), ["ENG", "OTH"]),
        "LanguageGroupMajor": coded(np.where(other, 1, 0), ["1_ENG", "2_OTH"]),
        "FSMeligible": whole(fsm_now),
        "EVERFSM_6": whole(people.fsm[person]),
        "IDACIScore": pa.array(people.idaci[person]),
        "SENprovision": coded(stage, ["N", "A", "P", "S", "K", "E"]),
        "PrimarySENtype": coded(np.where(typed, kind.astype(np.int64), -1), kinds),
    }


def _ks4(world: World) -> dict[str, Any]:
    people, journey, draws = world.people, world.journeys, world.draws
    year = people.cohort + 16
    sat = (people.kind == SCHOOLED) & (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    sat &= taught(people, journey, year[:, None])[:, 0]
    at = np.flatnonzero(sat)
    ids = people.ids[at]
    moved = draws.uniform("school.move", ids, 1) < 0.10  # as in the census; the school of year 11
    school = _schools(world, at, np.where(moved, 3, 2))
    second = split_grade(world)[at] <= 11
    both = pa.concat_arrays([numbers.pupil_reference(draws, people.ids[at], which) for which in (0, 1)])
    pmr = Text(both, (np.arange(len(at)) + second * len(at)).astype(np.int32))
    points, grades = journey.points[at], list("ABCDEFGUX")
    passed = np.where(journey.level2[at], 5 + (points > 420) * 3 + ids % 3, ids % 5)
    grade = np.clip(5.2 - points / 110 + np.stack([draws.normal(f"ks4.{s}", ids) * 0.9 for s in ("eng", "mat")]), 0, 7)
    grade = np.where(journey.level2_em[at], np.minimum(grade, 2), grade).astype(np.int64)
    return {
        "PupilMatchingRefAnonymous": pmr.array(),
        "ACADYR": whole(six_digits(year[at])),
        "URN": whole(school["urn"]),
        "LAESTAB": whole(school["laestab"]),
        "FSM": whole(people.fsm[at] & draws.chance("npd.fsm", ids, 0.85, np.full(len(ids), 11))),
        "GCSE_AC": whole(passed),
        "LEVEL2": whole(journey.level2[at]),
        "LEVEL2_EM": whole(journey.level2_em[at] & journey.level2[at]),
        "LEVEL1": whole(points > 120),
        "PTSTNEWG": pa.array(points),
        "APENG": coded(grade[0], grades),
        "APMAT": coded(grade[1], grades),
    }
