"""The table of students: what a university writes down of a student in a year."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthetic.drawn import numbers
from synthetic.drawn.dates import Days, on, six_digits
from synthetic.drawn.draws import Ints
from synthetic.drawn.text import Text, joined, unique_rows
from synthetic.mistakes.written_down import Dealings, on_records
from synthetic.people.homes import postcodes
from synthetic.people.people import VISITOR
from synthetic.rules import study
from synthetic.sources.hesa.courses import POSTGRADUATE, SECOND, Courses, Years
from synthetic.sources.hesa.studies import attributes, began
from synthetic.world.world import Tables, World, coded, dates, whole

FIRST_ULN_YEAR = 2012
_SIXTEEN = 5844  # days

Columns = dict[str, Any]


def husids(world: World, every: Courses) -> Any:
    """HUSIDs: meant to follow the student, often given anew by another university; with the year that gave them."""
    ids = world.people.ids[every.person]
    kept = every.stays | world.draws.chance("hesa.husid.kept", ids, study.universities().home.husid_kept, every.event)
    which, year = every.event.copy(), every.start.copy()
    same_person = np.zeros(len(ids), bool)
    same_person[1:] = every.person[1:] == every.person[:-1]
    for number in (SECOND, POSTGRADUATE):
        rows = np.flatnonzero((every.event == number) & kept & same_person)
        which[rows], year[rows] = which[rows - 1], year[rows - 1]
    return np.stack([which, year], axis=1)


def students(
    world: World, of: Courses, years: Years, place: Ints, dealings: Dealings, husid: Any, out: Tables
) -> Columns:
    """A row a year of study.

    Args:
        of: the courses; place: the course of each year among them.
        husid: which of a student's numbers each course has, and the year it was given.
    """
    people, draws, rules = world.people, world.draws, study.universities().home
    row = of.take(place)
    ids, offset = people.ids[row.person], len(dealings.ids)
    when = on(years.year, 12, 1)
    start = began(world, row)
    forename, middle, before, after = dealings.names()
    # The home is the permanent one before entry, so the record of every year shows that of the first.
    held = on_records(dealings, place, when)
    entry = on_records(dealings, place, start - 120)
    # Of those from abroad some universities hold the address in term instead of none.
    abroad = people.kind[row.person] == VISITOR
    in_term = abroad & (dealings.uniform("term.address") < rules.term_address)[place]
    code = np.select([in_term, abroad], [held["postcode"], -1], entry["postcode"]).astype(np.int32)
    code_kind = np.select([in_term, abroad], [held["postcode.kind"], 0], entry["postcode.kind"]).astype(np.int8)
    record = numbers.record_id(draws, ids, 2, years.since + np.array([0, 8, 16])[row.event] + row.before)
    both = pc.utf8_upper(pa.concat_arrays([before.plain(), after.plain()]))
    surname = Text(both, (place + held["renamed"] * offset).astype(np.int32))
    at16 = people.names.changed[row.person] <= people.birth[row.person] + _SIXTEEN
    told = draws.uniform("sname16", dealings.ids)[place] < rules.name_at_16
    sname16 = Text(both, (place + at16 * offset).astype(np.int32)).where(told)
    nino = dealings.nino(*_nino(world, of, dealings))
    dob, female = dealings.birth_dates()[place], dealings.female()[place]
    number = numbers.husid(draws, dealings.ids, husid[:, 0], husid[:, 1])
    out.truth("hesa", record, ids, number, dealings.ids)
    kinds = {k: dealings.kinds[k][place] for k in ("forename", "middle_names", "dob", "sex", "nino")}
    former = np.where(at16, dealings.kinds["surname.after"][place], dealings.kinds["surname"][place])
    kinds |= {"surname": held["surname.kind"], "postcode": code_kind}
    kinds |= {"former_surname": np.where(sname16.index >= 0, former, 0).astype(np.int8)}
    out.mistakes("hesa", record, kinds)
    return {
        "RECORDID": whole(record),
        "HUSID": unique_rows(number).take(place).array(),
        "AcademicYear": whole(six_digits(years.year)),
        "REPORTDATE": dates(when),
        "UKPRN": whole(dealings.provider[place]),
        "NUMHUS": course_number(world, dealings, place),
        "ULN": _ulns(world, of, dealings).take(place).array(),
        "NINO": unique_rows(nino).take(place).array(),
        "SURNAME": surname.array(),
        "FNAMES": unique_rows(pc.utf8_upper(joined(forename, middle))).take(place).array(),
        "SNAME16": sname16.array(),
        "BIRTHDTE": dates(dob),
        "SEXID": coded(female, ["1", "2"]),
        "POSTCODE": postcodes(world.reference, code).array(),
        **attributes(world, row, years, start),
    }


def course_number(world: World, dealings: Dealings, place: Ints) -> Any:
    """NUMHUS, which parts the courses of a student at a university."""
    return unique_rows(numbers.reference(world.draws, "hesa.numhus", dealings.ids, dealings.event)).take(place).array()


def _nino(world: World, of: Courses, dealings: Dealings) -> tuple[Any, Any]:
    """True National Insurance numbers, and to which courses they were told."""
    true = numbers.nino(world.draws, world.people.ids).take(pa.array(dealings.person))
    issued = world.insurance.issued[dealings.person] < on(of.start, 12, 1)
    return true, issued & (dealings.uniform("nino.given") < study.universities().home.nino_given)


def _ulns(world: World, of: Courses, dealings: Dealings) -> Text:
    """ULNs of those who entered from 2012/13 with one; who comes from abroad has none."""
    entered: Days = np.where(of.event == POSTGRADUATE, world.journeys.degree_start[of.person], of.start)
    has = (entered >= FIRST_ULN_YEAR) & (world.people.kind[of.person] != VISITOR)
    has &= dealings.uniform("uln") < study.universities().home.uln_given
    true = numbers.uln(world.draws, world.people.ids).take(pa.array(of.person))
    return unique_rows(true).where(has)
