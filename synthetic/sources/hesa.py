"""The HESA student record: a record a student and academic year, and the qualifications awarded."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.base import identifiers
from synthetic.base.dates import DATA_END, Days, on, six_digits
from synthetic.base.draws import Arrays, Ints, Slots, drawn_again, share_below
from synthetic.base.reference import Codes
from synthetic.base.rules import of_year, rule_file
from synthetic.base.text import Text, joined, unique_rows
from synthetic.education.institutions import EVERYWHERE, band_of, universities
from synthetic.people.homes import postcodes
from synthetic.people.people import VISITOR
from synthetic.recording.registration import Registrations, on_records
from synthetic.world import Columns, Tables, World, coded, dates, whole

FIRST_YEAR, LAST_YEAR = 2004, 2020
_RULES = "study/universities.toml"

FIRST, FOUNDATION, CERTIFICATE, TAUGHT, PGCE, DIPLOMA, RESEARCH = range(7)
"""First degree; foundation degree and certificate of higher education; master's degree, certificate of education and
diploma for graduates; doctorate."""

UNDERGRADUATE, SECOND, POSTGRADUATE = range(3)
"""A person's courses: the first, one after a transfer or on top of a foundation degree, one after a degree."""

_TRIES = 12  # for another university than the one that a student leaves
_MATURE = 3  # years after most: begun at 21 or later
_OPEN = 0.35  # part-time undergraduates who study at a distance (HESA: the Open University has about a third)


@dataclass(frozen=True)
class Courses(Arrays):
    """Arrays of one place a course, in the order of people and their courses."""

    person: Ints
    event: Ints  # UNDERGRADUATE, SECOND or POSTGRADUATE
    kind: Ints
    start: Ints
    years: Ints  # as studied
    before: Ints  # years of the programme done elsewhere
    part_time: NDArray[np.bool_]
    completes: NDArray[np.bool_]
    transfers: NDArray[np.bool_]  # away, to another university
    stays: NDArray[np.bool_]  # at the university of the course before
    mature: NDArray[np.bool_]

    @property
    def last(self) -> Ints:
        """Last year of study."""
        return self.start + self.years - 1


def courses(world: World) -> Courses:
    """Courses that journeys are made of."""
    joined = Courses.concatenate(_undergraduate(world), _postgraduate(world))
    return _left(world, joined.take(np.lexsort((joined.event, joined.person))))


def _left(world: World, of: Courses) -> Courses:
    """Courses as far as students were there: who leaves the country, or dies, before the end completes nothing."""
    gone = world.people.departure[of.person]
    early = (gone <= DATA_END) & (gone <= summer(world, of))
    here = np.maximum(world.journeys.learns_until[of.person] - of.start + 1, 1)  # one that begins later has no year
    return replace(
        of,
        years=np.where(early, np.minimum(of.years, here), of.years),
        completes=of.completes & ~early,
        transfers=of.transfers & ~early,
    )


def summer(world: World, of: Courses) -> Days:
    """Last day of a course that is completed: in June, of a master's in August."""
    drawn = world.draws.uniform("hesa.end", world.people.ids[of.person], of.event)
    later = (of.kind == TAUGHT) & ~of.part_time
    return np.where(later, on(of.last + 1, 8, 10), on(of.last + 1, 6, 15)) + (drawn * 20).astype(np.int32)


def _undergraduate(world: World) -> Courses:
    people, journey, draws, rules = world.people, world.journeys, world.draws, rule_file(_RULES)
    person = np.flatnonzero((journey.degree_start > 0) & (journey.degree_years > 0))
    ids, start, years = people.ids[person], journey.degree_start[person], journey.degree_years[person].astype(np.int64)
    goes_on = start + years > LAST_YEAR + 1
    graduates = journey.graduates[person] | goes_on
    visits = people.kind[person] == VISITOR
    mature = (start - people.cohort[person] >= 18 + _MATURE) & ~visits
    topped_up = np.where(mature, rules.kind.foundation_mature, rules.kind.foundation_young)
    drawn = draws.uniform("hesa.kind", ids)
    lower = (
        (drawn < np.where(graduates, topped_up, rules.kind.foundation_leavers)) & ~visits & ~journey.transfers[person]
    )
    lower &= np.where(graduates, years >= 3, years >= 2)
    certificate = ~graduates & (years == 1) & (drawn < rules.kind.certificate_leavers) & ~visits
    kind = np.select([lower, certificate], [FOUNDATION, CERTIFICATE], FIRST)
    away = journey.transfers[person] & (years > 1)
    tops_up = lower & graduates
    first_years = np.select([away, tops_up], [1, 2], years)
    part_time = draws.uniform("hesa.part.time", ids) < np.select(
        [visits, kind != FIRST, mature],
        [0.0, rules.part_time.other_undergraduate, rules.part_time.mature_first],
        rules.part_time.young_first,
    )
    ends = lower | certificate | (graduates & ~goes_on)
    none, zero = np.zeros(len(person), bool), np.zeros(len(person), np.int64)
    first = Courses(
        person, zero + UNDERGRADUATE, kind, start, first_years, zero, part_time, ends & ~away, away, none, mature
    )
    kept = tops_up & draws.chance("hesa.top.up.stays", ids, rules.home.same_university)
    rest = Courses(
        person, zero + SECOND, zero + FIRST, start + first_years, years - first_years, first_years, part_time,
        graduates & ~goes_on, none, kept, mature,
    )  # fmt: skip
    return Courses.concatenate(first, rest.take(np.flatnonzero(away | tops_up)))


def _postgraduate(world: World) -> Courses:
    people, journey, draws, rules = world.people, world.journeys, world.draws, rule_file(_RULES)
    person = np.flatnonzero((journey.postgraduate_start > 0) & (journey.postgraduate_years > 0))
    ids, years = people.ids[person], journey.postgraduate_years[person].astype(np.int64)
    visits = people.kind[person] == VISITOR
    drawn = draws.uniform("hesa.next", ids)
    pgce = universities().pgce[people.female[person].astype(np.int64)]
    certificate = (drawn < pgce) & ~visits & (years <= 2)
    diploma = (drawn > 1 - rules.kind.next.diploma) & (years <= 2)
    research = (years >= rules.kind.next.research_years) & (
        visits | draws.chance("hesa.research", ids, rules.kind.next.research)
    )
    kind = np.select([research, certificate, diploma], [RESEARCH, PGCE, DIPLOMA], TAUGHT)
    part_time = np.where(research, draws.chance("hesa.pg.part", ids, rules.part_time.research), years >= 2)
    start = journey.postgraduate_start[person]
    completes = draws.chance("hesa.pg.completes", ids, rules.home.completes) & (start + years <= LAST_YEAR + 1)
    stays = draws.chance("hesa.stays", ids, rules.home.same_university) & (journey.degree_start[person] > 0)
    zero, none = np.zeros(len(person), np.int64), np.zeros(len(person), bool)
    return Courses(
        person, zero + POSTGRADUATE, kind, start, years, zero, part_time & ~visits, completes, none, stays, none
    )  # fmt: skip


@dataclass(frozen=True)
class Years(Arrays):
    """Years of study, one place a student record."""

    course: Ints  # place among the courses
    since: Ints  # year of the course, from 0
    year: Ints
    dormant: NDArray[np.bool_]  # a record after the student left


def years_of(world: World, of: Courses) -> Years:
    """The years in which students are in the country, each a record; some who left are kept as dormant for one more."""
    ids = world.people.ids[of.person]
    ended = of.last < LAST_YEAR
    kept = ~of.completes & ~of.transfers & ended & (of.event != POSTGRADUATE)
    kept &= world.draws.chance("hesa.dormant", ids, rule_file(_RULES).home.dormant, of.event)
    count = of.years + kept
    course = np.repeat(np.arange(len(ids)), count)
    since = np.arange(len(course)) - np.repeat(np.cumsum(count) - count, count)
    year = of.start[course] + since
    there = (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    person = of.person[course]
    there &= (year >= world.journeys.learns_from[person]) & (year <= world.journeys.learns_until[person])
    return Years(course, since, year, since >= of.years[course]).take(np.flatnonzero(there))


def university_of(world: World, of: Courses) -> Ints:
    """UKPRN of each course's university: of the tariff group that grades open, often in the region of the home."""
    people, draws = world.people, world.draws
    ids, person = people.ids[of.person], of.person
    grades = people.ability[person] + 0.45 * draws.normal("hesa.grades", ids)
    visits = people.kind[person] == VISITOR
    open_to_all = of.part_time & (of.event != POSTGRADUATE) & draws.chance("hesa.open", ids, _OPEN)
    tariff: Codes = np.where(open_to_all, -1, band_of(grades)).astype(np.int32)
    region = np.where(visits, EVERYWHERE, people.homes.region[person])
    chosen = universities().choose(draws.uniform("hesa.university", ids, of.event), tariff, region)
    follows = np.diff(person, prepend=-1) == 0
    moves = np.flatnonzero((of.event == SECOND) & follows & ~of.stays)

    def draw(rows: Ints, number: int) -> Ints:
        return universities().choose(
            draws.uniform("hesa.university.other", ids[rows], number), tariff[rows], region[rows]
        )

    chosen = drawn_again(chosen, moves, moves - 1, draw, _TRIES)
    for event in (SECOND, POSTGRADUATE):
        rows = np.flatnonzero((of.event == event) & follows & of.stays)
        chosen[rows] = chosen[rows - 1]
    return chosen


FIRST_CAH_YEAR = 2019
LEVEL6 = ["4", "5", "5", "2", "3", "3", "1"]  # XLEV601 by kind of course
_LEVEL5 = ["3", "4", "4", "2", "2", "2", "1"]
_NATIONS = {"W92000004": "XI", "S92000003": "XH", "N92000002": "XG"}
_ENTRY = ["P50", "P80", "X00", "X02", "X05", "X06", "HUK", "MUK", "HZZ"]
_REASONS = ["01", "02", "03", "04", "06", "07", "10", "11", "98"]
# Reasons of the students who leave (estimate).
_LEAVING = Slots(np.array([0, 0.22, 0, 0.06, 0.05, 0.40, 0.05, 0.08, 0.14]), 10)
FULL_TIME, SANDWICH, PART_TIME, WRITING_UP, DORMANT = range(5)


def began(world: World, of: Courses) -> Days:
    """First day of the course: in September."""
    drawn = world.draws.uniform("hesa.begin", world.people.ids[of.person], of.event)
    return on(of.start, 9, 10) + (drawn * 19).astype(np.int32)


def ended(world: World, of: Courses) -> Days:
    """Last day of the course: in summer; who leaves does so after March, and before leaving the country."""
    drawn = world.draws.uniform("hesa.end", world.people.ids[of.person], of.event)
    left = on(of.last + 1, 4, 1) + (drawn * 80).astype(np.int32)
    left = np.minimum(left, world.people.departure[of.person])
    return np.where(of.completes | of.transfers, summer(world, of), left).astype(np.int32)


def attributes(world: World, of: Courses, years: Years, start: Days) -> dict[str, Any]:
    """The columns after the identifiers, of courses `of` in `years` (rows of equal length)."""
    goes_on = ~of.completes & ~of.transfers & (of.last == LAST_YEAR) & (of.event == POSTGRADUATE)
    goes_on |= ~of.completes & ~of.transfers & (of.last > LAST_YEAR)
    goes_on &= world.people.departure[of.person] > DATA_END
    final = (years.year == of.last) & ~goes_on
    mode = _mode(world, of, years)
    subject = subject_of(world, of)
    newer = years.year >= FIRST_CAH_YEAR
    return {
        **_person(world, of),
        **_origin(world, of),
        **_entry(world, of),
        "COMDATE": dates(start),
        "ENDDATE": dates(ended(world, of), final),
        "RSNEND": coded(np.where(final, _reason(world, of), -1), _REASONS),
        "YEARPRG": whole(of.before + years.since + 1),
        "YEARSTU": whole(years.since + 1),
        "XMODE01": coded(mode, ["1", "2", "3", "4", "6"]),
        "STULOAD": pa.array(np.array([100.0, 100.0, 50.0, 10.0, 0.0])[mode]),
        "XLEV301": coded(of.event == POSTGRADUATE, ["2", "1"]),
        "XLEV501": coded(of.kind, _LEVEL5),
        "XLEV601": coded(of.kind, LEVEL6),
        "XJACS01_1": jacs(world, of, subject, ~newer),
        "XCAH02_1": coded(np.where(newer, subject, -1), list(universities().codes)),
    }


def subject_of(world: World, of: Courses) -> Codes:
    """Subjects of first degrees are those of the journey; half of the people who go on choose another."""
    people, draws = world.people, world.draws
    ids = people.ids[of.person]
    level = np.where(of.kind == RESEARCH, 2, 1)
    drawn = draws.uniform("hesa.subject", ids)
    other = universities().subject(level, people.female[of.person], band_of(people.ability[of.person]), drawn)
    changes = (of.event == POSTGRADUATE) & draws.chance("hesa.changes", ids, 0.5)
    return np.where(changes, other, world.journeys.subject[of.person]).astype(np.int32)


def jacs(world: World, of: Courses, subject: Codes, rows: NDArray[np.bool_]) -> Any:
    """Subjects as codes of the joint academic coding system, one of those that the newer code covers."""
    table = rule_file("study/subjects.toml").jacs
    lists = [table[code] for code in universities().codes]
    values = [code for codes in lists for code in codes]
    first = np.cumsum([0, *(len(codes) for codes in lists)])[:-1]
    count = np.array([len(codes) for codes in lists])
    drawn = world.draws.uniform("hesa.jacs", world.people.ids[of.person], of.event == POSTGRADUATE)
    index = first[subject] + (drawn**1.5 * count[subject]).astype(np.int64)
    return Text(pa.array(values), np.where(rows, index, -1).astype(np.int32)).array()


def _mode(world: World, of: Courses, years: Years) -> Ints:
    draws, rules = world.draws, rule_file(_RULES)
    ids = world.people.ids[of.person]
    work_year = (of.kind == FIRST) & (of.years == 4) & ~integrated(world, of)
    work_year &= draws.chance("hesa.sandwich", ids, rules.kind.sandwich)
    writes = (of.kind == RESEARCH) & (years.year == of.last) & draws.chance("hesa.writes", ids, rules.home.writing_up)
    mode = np.select([writes, of.part_time, work_year], [WRITING_UP, PART_TIME, SANDWICH], FULL_TIME)
    return np.where(years.dormant, DORMANT, mode)


def integrated(world: World, of: Courses) -> NDArray[np.bool_]:
    """First degrees of four years that end in a master's, as the able in sciences and engineering take them."""
    sciences = np.isin(np.array(universities().codes), rule_file("study/subjects.toml").integrated)
    able = band_of(world.people.ability[of.person]) > 0
    out: NDArray[np.bool_] = (of.kind == FIRST) & (of.before + of.years == 4) & able
    return out & sciences[world.journeys.subject[of.person]]


def _person(world: World, of: Courses) -> dict[str, Any]:
    draws, rules = world.draws, rule_file(_RULES).home
    ids = world.people.ids[of.person]
    frame = [rule_file(_RULES).background[code] for code in world.reference.ethnic] + ["90", "98"]
    drawn = draws.uniform("hesa.ethnic", ids, of.event)
    unknown, refused = drawn < rules.ethnic_unknown, drawn < rules.ethnic_unknown + rules.ethnic_refused
    known = world.people.ethnic[of.person]
    ethnic = np.select([unknown, refused], [len(frame) - 2, len(frame) - 1], known)
    return {"ETHNIC": coded(ethnic, frame), "DISABLE": whole(draws.uniform("lldd", ids) < 0.11)}


def _origin(world: World, of: Courses) -> dict[str, Any]:
    """Country and region of the permanent home before entry; the region of those from abroad is empty."""
    people, rules = world.people, rule_file(_RULES)
    regions = world.reference.regions
    home = [_NATIONS.get(region, "XF") for region in regions]
    countries = sorted({country for shares in rules.domicile.values() for country in shares})
    slots = [
        Slots(np.array([rules.domicile.get(group.name, {"US": 1.0}).get(c, 0.0) for c in countries]), 8).table
        for group in world.reference.origins
    ]
    drawn = world.draws.words("hesa.domicile", people.ids[of.person]) >> np.uint64(56)
    abroad = people.kind[of.person] == VISITOR
    foreign = len(home) + np.array(slots)[people.origin[of.person], drawn.astype(np.int64)]
    region = people.homes.region[of.person]
    return {
        "DOMICILE": coded(np.where(abroad, foreign, region), home + countries),
        "XDOMGR01": coded(np.where(abroad, -1, region), regions),
    }


def _entry(world: World, of: Courses) -> dict[str, Any]:
    """Highest qualification on entry, and tariff points of the people who came from school."""
    people, journey = world.people, world.journeys
    ids, ability = people.ids[of.person], people.ability[of.person]
    drawn = world.draws.uniform("hesa.entry", ids, of.event)
    visits = people.kind[of.person] == VISITOR
    vocational = drawn < 0.42 - 0.22 * ability
    young = np.where(vocational, 1, 0)
    grown = np.searchsorted(np.array([0.30, 0.52, 0.80, 0.90]), drawn, side="right") + 1
    before = np.where(visits, 8, np.where((drawn < 0.12) & (of.kind != TAUGHT), 7, 6))
    entry = np.where(of.event == POSTGRADUATE, before, np.where(of.mature, grown, young))
    entry = np.where((drawn > 0.985) & (of.event != POSTGRADUATE), 5, entry)
    newer = of.start >= 2017
    points = np.where(newer, 112 + 26 * ability + 20 * (drawn - 0.5), 290 + 88 * ability + 60 * (drawn - 0.5))
    points = np.round(np.clip(points, 24, np.where(newer, 200, 600)) / 8) * 8
    informed = (of.event != POSTGRADUATE) & ~of.mature & ~visits & (journey.points[of.person] > 0)
    return {
        "QUALENT3": coded(entry, _ENTRY),
        "XTARIFF": whole(points, informed & np.isin(of.kind, (FIRST, FOUNDATION))),
    }


def _reason(world: World, of: Courses) -> Ints:
    """Why the course ended, as a place in the list of reasons."""
    leaves = _LEAVING.at(world.draws.uniform("hesa.leaves", world.people.ids[of.person], of.event))
    return np.select([of.completes, of.transfers], [0, 2], leaves).astype(np.int64)


FIRST_ULN_YEAR = 2012
_SIXTEEN = 5844  # days


def husids(world: World, every: Courses) -> Any:
    """HUSIDs: meant to follow the student, often issued again by another university; with the year that gave them."""
    ids = world.people.ids[every.person]
    kept = every.stays | world.draws.chance("hesa.husid.kept", ids, rule_file(_RULES).home.husid_kept, every.event)
    which, year = every.event.copy(), every.start.copy()
    same_person = np.diff(every.person, prepend=-1) == 0
    for number in (SECOND, POSTGRADUATE):
        rows = np.flatnonzero((every.event == number) & kept & same_person)
        which[rows], year[rows] = which[rows - 1], year[rows - 1]
    return np.stack([which, year], axis=1)


def students(
    world: World, of: Courses, years: Years, place: Ints, registrations: Registrations, husid: Any, out: Tables
) -> Columns:
    """A row a year of study; `place` is its course, `husid` a student's number of each course and its year."""
    people, draws, rules = world.people, world.draws, rule_file(_RULES).home
    row = of.take(place)
    ids, offset = people.ids[row.person], len(registrations.ids)
    when = on(years.year, 12, 1)
    start = began(world, row)
    forename, middle, before, after = registrations.names()
    # The home is the permanent one before entry, so the record of every year shows that of the first.
    recorded = on_records(registrations, place, when)
    entry = on_records(registrations, place, start - 120)
    # Of those from abroad some universities hold the address in term instead of none.
    abroad = people.kind[row.person] == VISITOR
    in_term = abroad & (registrations.uniform("term.address") < rules.term_address)[place]
    code = np.select([in_term, abroad], [recorded["postcode"], -1], entry["postcode"]).astype(np.int32)
    code_kind = np.select([in_term, abroad], [recorded["postcode.kind"], 0], entry["postcode.kind"]).astype(np.int8)
    record = identifiers.record_id(draws, ids, 2, years.since + np.array([0, 8, 16])[row.event] + row.before)
    both = pc.utf8_upper(pa.concat_arrays([before.plain(), after.plain()]))
    surname = Text(both, (place + recorded["renamed"] * offset).astype(np.int32))
    at16 = people.names.changed[row.person] <= people.birth[row.person] + _SIXTEEN
    informed = draws.uniform("sname16", registrations.ids)[place] < rules.name_at_16
    sname16 = Text(both, (place + at16 * offset).astype(np.int32)).where(informed)
    issued = world.insurance.issued[registrations.person] < on(of.start, 12, 1)
    issued &= registrations.uniform("nino.given") < rules.nino_given
    nino = registrations.nino(identifiers.nino(draws, people.ids).take(pa.array(registrations.person)), issued)
    dob, female = registrations.birth_dates()[place], registrations.female()[place]
    number = identifiers.husid(draws, registrations.ids, husid[:, 0], husid[:, 1])
    out.truth("hesa", record, ids, number, registrations.ids)
    kinds = {k: registrations.kinds[k][place] for k in ("forename", "middle_names", "dob", "sex", "nino")}
    former = np.where(at16, registrations.kinds["surname.after"][place], registrations.kinds["surname"][place])
    kinds |= {"surname": recorded["surname.kind"], "postcode": code_kind}
    kinds |= {"former_surname": np.where(sname16.index >= 0, former, 0).astype(np.int8)}
    out.log_errors("hesa", record, kinds)
    return {
        "RECORDID": whole(record),
        "HUSID": unique_rows(number).take(place).array(),
        "AcademicYear": whole(six_digits(years.year)),
        "REPORTDATE": dates(when),
        "UKPRN": whole(registrations.provider[place]),
        "NUMHUS": course_number(world, registrations, place),
        "ULN": _ulns(world, of, registrations).take(place).array(),
        "NINO": unique_rows(nino).take(place).array(),
        "SURNAME": surname.array(),
        "FNAMES": unique_rows(pc.utf8_upper(joined(forename, middle))).take(place).array(),
        "SNAME16": sname16.array(),
        "BIRTHDTE": dates(dob),
        "SEXID": coded(female, ["1", "2"]),
        "POSTCODE": postcodes(world.reference, code).array(),
        **attributes(world, row, years, start),
    }


def course_number(world: World, registrations: Registrations, place: Ints) -> Any:
    """NUMHUS, which parts the courses of a student at a university."""
    number = identifiers.reference(world.draws, "hesa.numhus", registrations.ids, registrations.event)
    return unique_rows(number).take(place).array()


def _ulns(world: World, of: Courses, registrations: Registrations) -> Text:
    """ULNs of the people who entered from 2012/13 with one; who comes from abroad has none."""
    entered: Days = np.where(of.event == POSTGRADUATE, world.journeys.degree_start[of.person], of.start)
    has = (entered >= FIRST_ULN_YEAR) & (world.people.kind[of.person] != VISITOR)
    has &= registrations.uniform("uln") < rule_file(_RULES).home.uln_given
    true = identifiers.uln(world.draws, world.people.ids).take(pa.array(of.person))
    return unique_rows(true).where(has)


_AWARDS = ["H00", "J10", "C20", "M00", "M71", "M41", "D00", "M22", "J20"]  # of the kinds of courses, then others
_INTEGRATED, _DIPLOMA_OF_HE = 7, 8
_CLASSES = ["1", "2", "3", "5", "7"]
_UNCLASSIFIED = 4
_LONGEST_WAIT = 32  # days for an award
_ABILITY = 0.51, 0.86  # of graduates: mean and standard deviation, so that ranks among them are even


def qualifications(
    world: World, of: Courses, years: Years, place: Ints, registrations: Registrations, husid: Any
) -> dict[str, Any]:
    """A row an award, in the last year of a course; some who leave are given a lower one."""
    row = of.take(place)
    exits = _exits(world, row) & (years.year == row.last)
    at = np.flatnonzero(((years.year == row.last) & row.completes) | exits)
    course, leaves, year = row.take(at), exits[at], years.year[at]
    award = course.kind.copy()
    award = np.where(integrated(world, course), _INTEGRATED, award)
    award = np.where((course.kind == FOUNDATION) & (course.years > 2), _DIPLOMA_OF_HE, award)
    award = np.where(leaves, np.where(course.before + course.years > 1, _DIPLOMA_OF_HE, CERTIFICATE), award)
    first = (course.kind == FIRST) & ~leaves
    subject = subject_of(world, course)
    level = np.where(leaves, FOUNDATION, course.kind)
    drawn = world.draws.uniform("hesa.award", world.people.ids[course.person], course.event)
    end = ended(world, course)
    left = on(year + 1, 8, 31) - end  # days of the academic year: a few after a master's, which ends in August
    day_of_award = end + np.where(left < _LONGEST_WAIT, 1 + drawn * left, 7 + drawn * 25).astype(np.int32)
    newer = year >= FIRST_CAH_YEAR
    number = identifiers.husid(world.draws, registrations.ids, husid[:, 0], husid[:, 1])
    return {
        "HUSID": unique_rows(number).take(place[at]).array(),
        "UKPRN": whole(registrations.provider[place[at]]),
        "NUMHUS": course_number(world, registrations, place[at]),
        "AcademicYear": whole(six_digits(year)),
        "AWARDDATE": dates(day_of_award),
        "XQOBTN01": coded(award, _AWARDS),
        "XCLASS01": coded(np.where(first, _classes(world, course, year), -1), _CLASSES),
        "XLEV301": coded(course.event == POSTGRADUATE, ["2", "1"]),
        "XLEV601": coded(level, LEVEL6),
        "XJACS01_1": jacs(world, course, subject, ~newer),
        "XCAH02_1": coded(np.where(newer, subject, -1), list(universities().codes)),
    }


def _exits(world: World, of: Courses) -> NDArray[np.bool_]:
    """Who left a first degree after a whole year and took a certificate or diploma along."""
    left = (of.kind == FIRST) & ~of.completes & ~of.transfers & (of.last < LAST_YEAR)
    share = rule_file(_RULES).home.exit_award
    out: NDArray[np.bool_] = left & world.draws.chance("hesa.exit", world.people.ids[of.person], share, of.event)
    return out


def _classes(world: World, of: Courses, year: Ints) -> Ints:
    """Classes by ability and chance, as many of each as published for the year; medicine has none."""
    people = world.people
    noise = world.draws.normal("hesa.class", people.ids[of.person])
    rank = share_below(
        -(0.55 * (people.ability[of.person] - _ABILITY[0]) / _ABILITY[1] + 0.8352 * noise)
    )  # from the top
    edges = np.cumsum(of_year(rule_file(_RULES)["class"], year), axis=1)
    place = (rank[:, None] >= edges[:, :3]).sum(axis=1)
    unclassified = np.isin(np.array(universities().codes), rule_file("study/subjects.toml").unclassified.subjects)
    return np.where(unclassified[world.journeys.subject[of.person]], _UNCLASSIFIED, place)


def hesa(world: World) -> Tables:
    """Students and qualifications."""
    every = courses(world)
    years = years_of(world, every)
    # Only courses with a record in these years are registrations; the others are needed to know where a student was before.
    kept, place = np.unique(years.course, return_inverse=True)
    university, of = university_of(world, every)[kept], every.take(kept)
    registrations = world.registrations("hesa", of.person, of.event, university)
    husid = husids(world, every)[kept]
    out = Tables()
    out.tables["hesa_students"] = students(world, of, years, place, registrations, husid, out)
    if not world.identifiers_only:
        out.tables["hesa_qualifications"] = qualifications(world, of, years, place, registrations, husid)
    return out
