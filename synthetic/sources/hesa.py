"""The HESA student record: a record a student and academic year, and the qualifications awarded."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthetic import numbers
from synthetic.dates import day, on, six_digits
from synthetic.draws import Ints
from synthetic.homes import postcodes
from synthetic.journeys import taught
from synthetic.mistakes import Dealings, on_records
from synthetic.people import PRIVATE
from synthetic.text import Text, distinct, joined, unique_rows
from synthetic.universities import universities
from synthetic.world import Tables, World, coded, dates, whole

FIRST_YEAR, LAST_YEAR = 2004, 2020
FIRST_ULN_YEAR = 2012
UNDERGRADUATE_YEARS = 4

_ETHNIC = {
    "WBRI": "10", "WIRI": "10", "WIRT": "15", "WROM": "15", "WOTH": "10", "MWBC": "41", "MWBA": "42", "MWAS": "43",
    "MOTH": "49", "AIND": "31", "APKN": "32", "ABAN": "33", "CHNE": "34", "AOTH": "39", "BAFR": "22", "BCRB": "21",
    "BOTH": "29", "OOTH": "80",
}  # fmt: skip


@dataclass(frozen=True)
class _Rows:
    """Student records: place of the person, slot (0-3 first degree, 4 postgraduate), year, number of the dealing."""

    person: Ints
    slot: Ints
    year: Ints
    event: Ints  # 0 first university, 1 after a transfer, 2 postgraduate


def hesa(world: World) -> Tables:
    """Students and qualifications."""
    rows = _student_rows(world)
    dealt, place = distinct(rows.person * 4 + rows.event)
    person, event = dealt // 4, dealt % 4
    university = _universities(world, person, event)
    dealings = Dealings("hesa", world.draws, world.reference, world.odds, world.people, person, event, university)
    husid = _husids(world, dealings)
    out = Tables()
    out.tables["hesa_students"] = _students(world, rows, place, dealings, husid, out)
    if not world.identities_only:
        out.tables["hesa_qualifications"] = _qualifications(world, rows, place, dealings, husid)
    return out


def _student_rows(world: World) -> _Rows:
    people, journey = world.people, world.journeys
    slot = np.arange(UNDERGRADUATE_YEARS + 1)[None, :]
    postgraduate = slot == UNDERGRADUATE_YEARS
    year = np.where(postgraduate, journey.postgraduate_start[:, None], journey.degree_start[:, None] + slot)
    enrolled = np.where(postgraduate, journey.postgraduate_start[:, None] > 0, slot < journey.degree_years[:, None])
    there = enrolled & taught(people, journey, year) & (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    person, at = np.nonzero(there)
    event = np.where(at == UNDERGRADUATE_YEARS, 2, journey.transfers[person] & (at >= 1))
    return _Rows(person, at, year[person, at], event)


def _universities(world: World, person: Ints, event: Ints) -> Ints:
    """University of each dealing, the first of the list largest; half of the postgraduates stay where they were."""
    draws, ids = world.draws, world.people.ids[person]
    stays = (event == 2) & draws.chance("hesa.stays", ids, 0.5)
    of = np.where(stays, world.journeys.transfers[person].astype(np.int64), event)
    drawn = draws.uniform("hesa.university", ids, of) ** 1.4
    known = universities().ukprn
    return known[(drawn * len(known)).astype(np.int64)]


def _husids(world: World, dealings: Dealings) -> Any:
    """HUSIDs: another after a transfer; a postgraduate keeps the old one at the same university or by luck."""
    journey, draws = world.journeys, world.draws
    person, event = dealings.person, dealings.event
    transferred = journey.transfers[person].astype(np.int64)
    stays = draws.chance("hesa.stays", dealings.ids, 0.5) | draws.chance("hesa.husid.kept", dealings.ids, 0.2)
    which = np.where((event == 2) & stays & (journey.degree_start[person] >= FIRST_YEAR), transferred, event)
    given = np.select([which == 2, which == 1], [journey.postgraduate_start[person], journey.degree_start[person] + 1],
                      journey.degree_start[person])  # fmt: skip
    return numbers.husid(draws, dealings.ids, which, given)


def _students(world: World, rows: _Rows, place: Ints, dealings: Dealings, husid: Any, out: Tables) -> dict[str, Any]:
    people, journey, draws = world.people, world.journeys, world.draws
    ids = people.ids[rows.person]
    start = _begun(world, rows)
    when = on(rows.year, 12, 1)
    forename, middle, before, after = dealings.names()
    # The home is the permanent one before entry, so the record of every year shows that of the first.
    held = on_records(dealings, place, when)
    entry = on_records(dealings, place, start - 120)
    record = numbers.record_id(draws, ids, 2, rows.slot)
    offset = len(dealings.ids)
    both = pc.utf8_upper(pa.concat_arrays([before.plain(), after.plain()]))
    surname = Text(both, (place + held["renamed"] * offset).astype(np.int32))
    at16 = world.people.names.changed[rows.person] <= people.birth[rows.person] + 5844
    sname16 = Text(both, (place + at16 * offset).astype(np.int32)).where(
        draws.uniform("sname16", dealings.ids)[place] < 0.8
    )
    true_nino = numbers.nino(draws, people.ids).take(pa.array(dealings.person))
    issued = world.insurance.issued[dealings.person] < on(world.journeys.degree_start[dealings.person], 12, 1)
    nino = dealings.nino(true_nino, issued & (dealings.uniform("nino.given") < 0.04))
    dob, female = dealings.birth_dates()[place], dealings.female()[place]
    uln = unique_rows(numbers.uln(draws, people.ids)).take(rows.person)
    started = journey.degree_start[rows.person]
    has_uln = (np.where(rows.event == 2, 0, started) >= FIRST_ULN_YEAR) & (dealings.uniform("uln")[place] < 0.7)
    out.truth("hesa", record, ids, husid, dealings.ids)
    kinds = {k: dealings.kinds[k][place] for k in ("forename", "middle_names", "dob", "sex", "nino")}
    former = np.where(at16, dealings.kinds["surname.after"][place], dealings.kinds["surname"][place])
    kinds |= {"surname": held["surname.kind"], "postcode": entry["postcode.kind"]}
    kinds |= {"former_surname": np.where(sname16.index >= 0, former, 0).astype(np.int8)}
    out.mistakes("hesa", record, kinds)
    return {
        "RECORDID": whole(record),
        "HUSID": unique_rows(husid).take(place).array(),
        "AcademicYear": whole(six_digits(rows.year)),
        "REPORTDATE": dates(when),
        "UKPRN": whole(dealings.provider[place]),
        "NUMHUS": _course_number(world, rows),
        "ULN": uln.where(has_uln).array(),
        "NINO": unique_rows(nino).take(place).array(),
        "SURNAME": surname.array(),
        "FNAMES": unique_rows(pc.utf8_upper(joined(forename, middle))).take(place).array(),
        "SNAME16": sname16.array(),
        "BIRTHDTE": dates(dob),
        "SEXID": coded(female, ["1", "2"]),
        "POSTCODE": postcodes(world.reference, entry["postcode"]).array(),
        **_attributes(world, rows, start),
    }


def _begun(world: World, rows: _Rows) -> Any:
    return on(np.where(rows.event == 2, rows.year, world.journeys.degree_start[rows.person] + (rows.event == 1)), 9, 20)


def _course_number(world: World, rows: _Rows) -> Any:
    ids = world.people.ids[rows.person]
    return unique_rows(numbers.reference(world.draws, "hesa.numhus", ids, rows.event)).array()


def _attributes(world: World, rows: _Rows, start: Any) -> dict[str, Any]:
    people, journey, draws = world.people, world.journeys, world.draws
    person, ids = rows.person, people.ids[rows.person]
    frame = [_ETHNIC[code] for code in world.reference.ethnic] + ["90", "98"]
    unknown = draws.uniform("hesa.ethnic", ids, rows.event)
    ethnic = np.where(unknown < 0.02, len(frame) - 2, np.where(unknown < 0.03, len(frame) - 1, people.ethnic[person]))
    last = np.where(rows.event == 2, rows.year, journey.degree_start[person] + journey.degree_years[person] - 1)
    leaves = (last == rows.year) | ((rows.event == 0) & journey.transfers[person] & (rows.slot == 0))
    part_time = draws.chance("hesa.part.time", ids, np.where(people.kind[person] == PRIVATE, 0.02, 0.10), rows.event)
    return {
        "ETHNIC": coded(ethnic, frame),
        "DISABLE": whole(draws.uniform("lldd", ids) < 0.11),
        "XDOMGR01": coded(people.homes.region[person], world.reference.regions),
        "COMDATE": dates(start),
        "ENDDATE": dates(on(rows.year + 1, 6, 30), leaves),
        "YEARPRG": whole(np.where(rows.event == 2, 1, rows.slot + 1)),
        "XMODE01": coded(np.where(part_time, 1, 0), ["1", "3"]),
        "XLEV601": coded(np.where(rows.event == 2, _level(ids), 0), ["4", "2", "3"]),
        "XCAH02_1": coded(journey.subject[person], world.subjects),
    }


def _level(ids: Ints) -> Ints:
    """Postgraduates: two in three on a taught master's, one in three on a certificate."""
    return np.where(ids % 3 == 0, 2, 1)


def _qualifications(world: World, rows: _Rows, place: Ints, dealings: Dealings, husid: Any) -> dict[str, Any]:
    """Awards in the last year of a course, up to the summer that the sources end in."""
    people, journey, draws = world.people, world.journeys, world.draws
    last = journey.degree_start[rows.person] + journey.degree_years[rows.person] - 1
    finishes = (rows.event == 2) | (journey.graduates[rows.person] & (rows.year == last))
    at = np.flatnonzero(finishes)
    person, ids = rows.person[at], people.ids[rows.person[at]]
    upper = rows.event[at] == 2
    classes = np.clip(1.4 - people.ability[person] * 0.5 + draws.normal("hesa.class", ids) * 0.6, 0, 3).astype(np.int64)
    award = on(rows.year[at] + 1, 7, 1) + (draws.uniform("hesa.award", ids, rows.event[at]) * 25).astype(np.int32)
    level = np.where(upper, _level(ids), 0)
    return {
        "HUSID": unique_rows(husid).take(place[at]).array(),
        "UKPRN": whole(dealings.provider[place[at]]),
        "NUMHUS": unique_rows(numbers.reference(draws, "hesa.numhus", ids, rows.event[at])).array(),
        "AcademicYear": whole(six_digits(rows.year[at])),
        "AWARDDATE": dates(np.minimum(award, day(2021, 8, 1))),
        "XQOBTN01": coded(level, ["H00", "M00", "M71"]),
        "XCLASS01": coded(np.where(upper, -1, classes), ["1", "2", "3", "5"]),
        "XLEV601": coded(level, ["4", "2", "3"]),
        "XCAH02_1": coded(journey.subject[person], world.subjects),
    }
