"""The HESA student record: a record a student and academic year, and the qualifications
awarded.
"""

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
"""First degree; foundation degree and certificate of higher education; master's degree,
certificate of education and diploma for graduates; doctorate.
"""

UNDERGRADUATE, SECOND, POSTGRADUATE = range(3)
"""A person's courses: the first, one after a transfer or on top of a foundation degree,
one after a degree.
"""

_TRIES = 12  # for another university than the one that a student leaves
_MATURE = 3  # years after most: begun at 21 or later
# part-time undergraduates who study at a distance (HESA: the Open University has about
# a third)
_OPEN = 0.35


@dataclass(frozen=True)
class Courses(Arrays):
    """Arrays with one place for each course, in the order of people and their
    courses.
    """

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
    all_courses = Courses.concatenate(_undergraduate(world), _postgraduate(world))
    return _left(
        world, all_courses.take(np.lexsort((all_courses.event, all_courses.person)))
    )


def _left(world: World, courses: Courses) -> Courses:
    """Courses as far as students were there: who leaves the country, or dies, before
    the end completes nothing.
    """
    departure = world.people.departure[courses.person]
    is_early = (departure <= DATA_END) & (departure <= summer(world, courses))
    count = np.maximum(
        world.journeys.learns_until[courses.person] - courses.start + 1, 1
    )  # a later one has no year
    return replace(
        courses,
        years=np.where(is_early, np.minimum(courses.years, count), courses.years),
        completes=courses.completes & ~is_early,
        transfers=courses.transfers & ~is_early,
    )


def summer(world: World, courses: Courses) -> Days:
    """Last day of a course that is completed: in June, of a master's in August."""
    draw = world.draws.uniform(
        "hesa.end", world.people.ids[courses.person], courses.event
    )
    is_late = (courses.kind == TAUGHT) & ~courses.part_time
    return np.where(
        is_late, on(courses.last + 1, 8, 10), on(courses.last + 1, 6, 15)
    ) + (draw * 20).astype(np.int32)


def _undergraduate(world: World) -> Courses:
    people, journey, draws, rules = (
        world.people,
        world.journeys,
        world.draws,
        rule_file(_RULES),
    )
    person = np.flatnonzero((journey.degree_start > 0) & (journey.degree_years > 0))
    ids, start, years = (
        people.ids[person],
        journey.degree_start[person],
        journey.degree_years[person].astype(np.int64),
    )
    goes_on = start + years > LAST_YEAR + 1
    graduates = journey.graduates[person] | goes_on
    visits = people.kind[person] == VISITOR
    mature = (start - people.cohort[person] >= 18 + _MATURE) & ~visits
    top_up_share = np.where(
        mature, rules.kind.foundation_mature, rules.kind.foundation_young
    )
    draw = draws.uniform("hesa.kind", ids)
    lower = (
        (draw < np.where(graduates, top_up_share, rules.kind.foundation_leavers))
        & ~visits
        & ~journey.transfers[person]
    )
    lower &= np.where(graduates, years >= 3, years >= 2)
    certificate = (
        ~graduates & (years == 1) & (draw < rules.kind.certificate_leavers) & ~visits
    )
    kind = np.select([lower, certificate], [FOUNDATION, CERTIFICATE], FIRST)
    is_away = journey.transfers[person] & (years > 1)
    tops_up = lower & graduates
    first_years = np.select([is_away, tops_up], [1, 2], years)
    part_time = draws.uniform("hesa.part.time", ids) < np.select(
        [visits, kind != FIRST, mature],
        [0.0, rules.part_time.other_undergraduate, rules.part_time.mature_first],
        rules.part_time.young_first,
    )
    ends = lower | certificate | (graduates & ~goes_on)
    none, zero = np.zeros(len(person), bool), np.zeros(len(person), np.int64)
    first = Courses(
        person,
        zero + UNDERGRADUATE,
        kind,
        start,
        first_years,
        zero,
        part_time,
        ends & ~is_away,
        is_away,
        none,
        mature,
    )
    stays = tops_up & draws.chance("hesa.top.up.stays", ids, rules.home.same_university)
    rest = Courses(
        person,
        zero + SECOND,
        zero + FIRST,
        start + first_years,
        years - first_years,
        first_years,
        part_time,
        graduates & ~goes_on,
        none,
        stays,
        mature,
    )
    return Courses.concatenate(first, rest.take(np.flatnonzero(is_away | tops_up)))


def _postgraduate(world: World) -> Courses:
    people, journey, draws, rules = (
        world.people,
        world.journeys,
        world.draws,
        rule_file(_RULES),
    )
    person = np.flatnonzero(
        (journey.postgraduate_start > 0) & (journey.postgraduate_years > 0)
    )
    ids, years = people.ids[person], journey.postgraduate_years[person].astype(np.int64)
    visits = people.kind[person] == VISITOR
    draw = draws.uniform("hesa.next", ids)
    pgce = universities().pgce[people.female[person].astype(np.int64)]
    certificate = (draw < pgce) & ~visits & (years <= 2)
    diploma = (draw > 1 - rules.kind.next.diploma) & (years <= 2)
    research = (years >= rules.kind.next.research_years) & (
        visits | draws.chance("hesa.research", ids, rules.kind.next.research)
    )
    kind = np.select(
        [research, certificate, diploma], [RESEARCH, PGCE, DIPLOMA], TAUGHT
    )
    part_time = np.where(
        research,
        draws.chance("hesa.pg.part", ids, rules.part_time.research),
        years >= 2,
    )
    start = journey.postgraduate_start[person]
    completes = draws.chance("hesa.pg.completes", ids, rules.home.completes) & (
        start + years <= LAST_YEAR + 1
    )
    stays = draws.chance("hesa.stays", ids, rules.home.same_university) & (
        journey.degree_start[person] > 0
    )
    zero, none = np.zeros(len(person), np.int64), np.zeros(len(person), bool)
    return Courses(
        person,
        zero + POSTGRADUATE,
        kind,
        start,
        years,
        zero,
        part_time & ~visits,
        completes,
        none,
        stays,
        none,
    )


@dataclass(frozen=True)
class Years(Arrays):
    """Years of study, with one place for each student record."""

    course: Ints  # place among the courses
    number: Ints  # year of the course, from 0
    year: Ints
    dormant: NDArray[np.bool_]  # a record after the student left


def years_of(world: World, courses: Courses) -> Years:
    """The years in which students are in the country, each a record; some who left are
    kept as dormant for one more.
    """
    ids = world.people.ids[courses.person]
    is_over = courses.last < LAST_YEAR
    has_dormant = (
        ~courses.completes
        & ~courses.transfers
        & is_over
        & (courses.event != POSTGRADUATE)
    )
    has_dormant &= world.draws.chance(
        "hesa.dormant", ids, rule_file(_RULES).home.dormant, courses.event
    )
    count = courses.years + has_dormant
    course = np.repeat(np.arange(len(ids)), count)
    number = np.arange(len(course)) - np.repeat(np.cumsum(count) - count, count)
    year = courses.start[course] + number
    is_here = (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    person = courses.person[course]
    is_here &= (year >= world.journeys.learns_from[person]) & (
        year <= world.journeys.learns_until[person]
    )
    return Years(course, number, year, number >= courses.years[course]).take(
        np.flatnonzero(is_here)
    )


def university_of(world: World, courses: Courses) -> Ints:
    """UKPRN of each course's university: of the tariff group that grades open, often in
    the region of the home.
    """
    people, draws = world.people, world.draws
    ids, person = people.ids[courses.person], courses.person
    grades = people.ability[person] + 0.45 * draws.normal("hesa.grades", ids)
    visits = people.kind[person] == VISITOR
    open_to_all = (
        courses.part_time
        & (courses.event != POSTGRADUATE)
        & draws.chance("hesa.open", ids, _OPEN)
    )
    tariff: Codes = np.where(open_to_all, -1, band_of(grades)).astype(np.int32)
    region = np.where(visits, EVERYWHERE, people.homes.region[person])
    university = universities().choose(
        draws.uniform("hesa.university", ids, courses.event), tariff, region
    )
    follows = np.diff(person, prepend=-1) == 0
    moves = np.flatnonzero((courses.event == SECOND) & follows & ~courses.stays)

    def draw(rows: Ints, number: int) -> Ints:
        return universities().choose(
            draws.uniform("hesa.university.other", ids[rows], number),
            tariff[rows],
            region[rows],
        )

    university = drawn_again(university, moves, moves - 1, draw, _TRIES)
    for event in (SECOND, POSTGRADUATE):
        rows = np.flatnonzero((courses.event == event) & follows & courses.stays)
        university[rows] = university[rows - 1]
    return university


FIRST_CAH_YEAR = 2019
LEVEL6 = ["4", "5", "5", "2", "3", "3", "1"]  # XLEV601 by kind of course
_LEVEL5 = ["3", "4", "4", "2", "2", "2", "1"]
_NATIONS = {"W92000004": "XI", "S92000003": "XH", "N92000002": "XG"}
_ENTRY = ["P50", "P80", "X00", "X02", "X05", "X06", "HUK", "MUK", "HZZ"]
_REASONS = ["01", "02", "03", "04", "06", "07", "10", "11", "98"]
# Reasons of the students who leave (estimate).
_LEAVING = Slots(np.array([0, 0.22, 0, 0.06, 0.05, 0.40, 0.05, 0.08, 0.14]), 10)
FULL_TIME, SANDWICH, PART_TIME, WRITING_UP, DORMANT = range(5)


def began(world: World, courses: Courses) -> Days:
    """First day of the course: in September."""
    draw = world.draws.uniform(
        "hesa.begin", world.people.ids[courses.person], courses.event
    )
    return on(courses.start, 9, 10) + (draw * 19).astype(np.int32)


def ended(world: World, courses: Courses) -> Days:
    """Last day of the course: in summer; who leaves does so after March, and before
    leaving the country.
    """
    draw = world.draws.uniform(
        "hesa.end", world.people.ids[courses.person], courses.event
    )
    exit_day = on(courses.last + 1, 4, 1) + (draw * 80).astype(np.int32)
    exit_day = np.minimum(exit_day, world.people.departure[courses.person])
    return np.where(
        courses.completes | courses.transfers, summer(world, courses), exit_day
    ).astype(np.int32)


def attributes(
    world: World, courses: Courses, years: Years, start: Days
) -> dict[str, Any]:
    """The columns after the identifiers, of `courses` in `years` (rows of equal
    length).
    """
    goes_on = (
        ~courses.completes
        & ~courses.transfers
        & (courses.last == LAST_YEAR)
        & (courses.event == POSTGRADUATE)
    )
    goes_on |= ~courses.completes & ~courses.transfers & (courses.last > LAST_YEAR)
    goes_on &= world.people.departure[courses.person] > DATA_END
    final = (years.year == courses.last) & ~goes_on
    mode = _mode(world, courses, years)
    subject = subject_of(world, courses)
    newer = years.year >= FIRST_CAH_YEAR
    return {
        **_person(world, courses),
        **_origin(world, courses),
        **_entry(world, courses),
        "COMDATE": dates(start),
        "ENDDATE": dates(ended(world, courses), final),
        "RSNEND": coded(np.where(final, _reason(world, courses), -1), _REASONS),
        "YEARPRG": whole(courses.before + years.number + 1),
        "YEARSTU": whole(years.number + 1),
        "XMODE01": coded(mode, ["1", "2", "3", "4", "6"]),
        "STULOAD": pa.array(np.array([100.0, 100.0, 50.0, 10.0, 0.0])[mode]),
        "XLEV301": coded(courses.event == POSTGRADUATE, ["2", "1"]),
        "XLEV501": coded(courses.kind, _LEVEL5),
        "XLEV601": coded(courses.kind, LEVEL6),
        "XJACS01_1": jacs(world, courses, subject, ~newer),
        "XCAH02_1": coded(np.where(newer, subject, -1), list(universities().codes)),
    }


def subject_of(world: World, courses: Courses) -> Codes:
    """Subjects of first degrees are those of the journey; half of the people who go on
    choose another.
    """
    people, draws = world.people, world.draws
    ids = people.ids[courses.person]
    level = np.where(courses.kind == RESEARCH, 2, 1)
    draw = draws.uniform("hesa.subject", ids)
    other = universities().subject(
        level,
        people.female[courses.person],
        band_of(people.ability[courses.person]),
        draw,
    )
    changes = (courses.event == POSTGRADUATE) & draws.chance("hesa.changes", ids, 0.5)
    return np.where(changes, other, world.journeys.subject[courses.person]).astype(
        np.int32
    )


def jacs(
    world: World, courses: Courses, subject: Codes, rows: NDArray[np.bool_]
) -> Any:
    """Subjects as codes of the joint academic coding system, one of those that the
    newer code covers.
    """
    table = rule_file("study/subjects.toml").jacs
    lists = [table[code] for code in universities().codes]
    values = [code for codes in lists for code in codes]
    first = np.cumsum([0, *(len(codes) for codes in lists)])[:-1]
    count = np.array([len(codes) for codes in lists])
    draw = world.draws.uniform(
        "hesa.jacs", world.people.ids[courses.person], courses.event == POSTGRADUATE
    )
    index = first[subject] + (draw**1.5 * count[subject]).astype(np.int64)
    return Text(pa.array(values), np.where(rows, index, -1).astype(np.int32)).array()


def _mode(world: World, courses: Courses, years: Years) -> Ints:
    draws, rules = world.draws, rule_file(_RULES)
    ids, is_last = world.people.ids[courses.person], years.year == courses.last
    work_year = (
        (courses.kind == FIRST) & (courses.years == 4) & ~integrated(world, courses)
    )
    work_year &= draws.chance("hesa.sandwich", ids, rules.kind.sandwich)
    writes = (
        (courses.kind == RESEARCH)
        & is_last
        & draws.chance("hesa.writes", ids, rules.home.writing_up)
    )
    mode = np.select(
        [writes, courses.part_time, work_year],
        [WRITING_UP, PART_TIME, SANDWICH],
        FULL_TIME,
    )
    return np.where(years.dormant, DORMANT, mode)


def integrated(world: World, courses: Courses) -> NDArray[np.bool_]:
    """First degrees of four years that end in a master's, as the able in sciences and
    engineering take them.
    """
    sciences = np.isin(
        np.array(universities().codes), rule_file("study/subjects.toml").integrated
    )
    able = band_of(world.people.ability[courses.person]) > 0
    out: NDArray[np.bool_] = (
        (courses.kind == FIRST) & (courses.before + courses.years == 4) & able
    )
    return out & sciences[world.journeys.subject[courses.person]]


def _person(world: World, courses: Courses) -> dict[str, Any]:
    draws, rules = world.draws, rule_file(_RULES).home
    ids = world.people.ids[courses.person]
    frame = [rule_file(_RULES).background[code] for code in world.reference.ethnic] + [
        "90",
        "98",
    ]
    draw = draws.uniform("hesa.ethnic", ids, courses.event)
    is_unknown, is_refused = (
        draw < rules.ethnic_unknown,
        draw < rules.ethnic_unknown + rules.ethnic_refused,
    )
    group = world.people.ethnic[courses.person]
    ethnic = np.select(
        [is_unknown, is_refused], [len(frame) - 2, len(frame) - 1], group
    )
    return {
        "ETHNIC": coded(ethnic, frame),
        "DISABLE": whole(draws.uniform("lldd", ids) < 0.11),
    }


def _origin(world: World, courses: Courses) -> dict[str, Any]:
    """Country and region of the permanent home before entry; the region of those from
    abroad is empty.
    """
    people, rules = world.people, rule_file(_RULES)
    regions = world.reference.regions
    home = [_NATIONS.get(region, "XF") for region in regions]
    countries = sorted(
        {country for shares in rules.domicile.values() for country in shares}
    )
    slots = [
        Slots(
            np.array(
                [
                    rules.domicile.get(group.name, {"US": 1.0}).get(c, 0.0)
                    for c in countries
                ]
            ),
            8,
        ).table
        for group in world.reference.origins
    ]
    words = world.draws.words("hesa.domicile", people.ids[courses.person]) >> np.uint64(
        56
    )
    is_abroad = people.kind[courses.person] == VISITOR
    foreign = (
        len(home)
        + np.array(slots)[people.origin[courses.person], words.astype(np.int64)]
    )
    region = people.homes.region[courses.person]
    return {
        "DOMICILE": coded(np.where(is_abroad, foreign, region), home + countries),
        "XDOMGR01": coded(np.where(is_abroad, -1, region), regions),
    }


def _entry(world: World, courses: Courses) -> dict[str, Any]:
    """Highest qualification on entry, and tariff points of the people who came from
    school.
    """
    people, journey = world.people, world.journeys
    ids, ability = people.ids[courses.person], people.ability[courses.person]
    draw = world.draws.uniform("hesa.entry", ids, courses.event)
    visits = people.kind[courses.person] == VISITOR
    vocational = draw < 0.42 - 0.22 * ability
    young_entry = np.where(vocational, 1, 0)
    mature_entry = (
        np.searchsorted(np.array([0.30, 0.52, 0.80, 0.90]), draw, side="right") + 1
    )
    before = np.where(
        visits, 8, np.where((draw < 0.12) & (courses.kind != TAUGHT), 7, 6)
    )
    entry = np.where(
        courses.event == POSTGRADUATE,
        before,
        np.where(courses.mature, mature_entry, young_entry),
    )
    entry = np.where((draw > 0.985) & (courses.event != POSTGRADUATE), 5, entry)
    newer = courses.start >= 2017
    points = np.where(
        newer,
        112 + 26 * ability + 20 * (draw - 0.5),
        290 + 88 * ability + 60 * (draw - 0.5),
    )
    points = np.round(np.clip(points, 24, np.where(newer, 200, 600)) / 8) * 8
    has_points = (
        (courses.event != POSTGRADUATE)
        & ~courses.mature
        & ~visits
        & (journey.points[courses.person] > 0)
    )
    return {
        "QUALENT3": coded(entry, _ENTRY),
        "XTARIFF": whole(
            points, has_points & np.isin(courses.kind, (FIRST, FOUNDATION))
        ),
    }


def _reason(world: World, courses: Courses) -> Ints:
    """Why the course ended, as a place in the list of reasons."""
    leaves = _LEAVING.at(
        world.draws.uniform(
            "hesa.leaves", world.people.ids[courses.person], courses.event
        )
    )
    return np.select([courses.completes, courses.transfers], [0, 2], leaves).astype(
        np.int64
    )


FIRST_ULN_YEAR = 2012
_SIXTEEN = 5844  # days


def husids(world: World, courses: Courses) -> Any:
    """HUSIDs: meant to follow the student, often issued again by another university;
    with the year that gave them.
    """
    ids = world.people.ids[courses.person]
    keeps = courses.stays | world.draws.chance(
        "hesa.husid.kept", ids, rule_file(_RULES).home.husid_kept, courses.event
    )
    ordinal, year = courses.event.copy(), courses.start.copy()
    same_person = np.diff(courses.person, prepend=-1) == 0
    for number in (SECOND, POSTGRADUATE):
        rows = np.flatnonzero((courses.event == number) & keeps & same_person)
        ordinal[rows], year[rows] = ordinal[rows - 1], year[rows - 1]
    return np.stack([ordinal, year], axis=1)


def students(
    world: World,
    courses: Courses,
    years: Years,
    place: Ints,
    registrations: Registrations,
    husid: Any,
    out: Tables,
) -> Columns:
    """A row for each year of study; `place` is its course, `husid` a student's number
    of each course and its year.
    """
    people, draws, rules = world.people, world.draws, rule_file(_RULES).home
    row = courses.take(place)
    ids, offset = people.ids[row.person], len(registrations.ids)
    days = on(years.year, 12, 1)
    start = began(world, row)
    forename, middle, before, after = registrations.names()
    # The home is the permanent one before entry, so the record of every year shows that
    # of the first.
    details = on_records(registrations, place, days)
    entry = on_records(registrations, place, start - 120)
    # Of those from abroad some universities hold the address in term instead of none.
    is_abroad = people.kind[row.person] == VISITOR
    in_term = (
        is_abroad & (registrations.uniform("term.address") < rules.term_address)[place]
    )
    code = np.select(
        [in_term, is_abroad], [details["postcode"], -1], entry["postcode"]
    ).astype(np.int32)
    code_kind = np.select(
        [in_term, is_abroad], [details["postcode.kind"], 0], entry["postcode.kind"]
    ).astype(np.int8)
    record = identifiers.record_id(
        draws, ids, 2, years.number + np.array([0, 8, 16])[row.event] + row.before
    )
    both = pc.utf8_upper(pa.concat_arrays([before.plain(), after.plain()]))
    surname = Text(both, (place + details["renamed"] * offset).astype(np.int32))
    has_new = people.names.changed[row.person] <= people.birth[row.person] + _SIXTEEN
    is_informed = draws.uniform("sname16", registrations.ids)[place] < rules.name_at_16
    sname16 = Text(both, (place + has_new * offset).astype(np.int32)).where(is_informed)
    has_nino = world.insurance.issued[registrations.person] < on(courses.start, 12, 1)
    has_nino &= registrations.uniform("nino.given") < rules.nino_given
    nino = registrations.nino(
        identifiers.nino(draws, people.ids).take(pa.array(registrations.person)),
        has_nino,
    )
    dob, female = registrations.birth_dates()[place], registrations.female()[place]
    number = identifiers.husid(draws, registrations.ids, husid[:, 0], husid[:, 1])
    out.truth("hesa", record, ids, number, registrations.ids)
    kinds = {
        k: registrations.kinds[k][place]
        for k in ("forename", "middle_names", "dob", "sex", "nino")
    }
    name_kind = np.where(
        has_new,
        registrations.kinds["surname.after"][place],
        registrations.kinds["surname"][place],
    )
    kinds |= {"surname": details["surname.kind"], "postcode": code_kind}
    kinds |= {
        "former_surname": np.where(sname16.index >= 0, name_kind, 0).astype(np.int8)
    }
    out.log_errors("hesa", record, kinds)
    return {
        "RECORDID": whole(record),
        "HUSID": unique_rows(number).take(place).array(),
        "AcademicYear": whole(six_digits(years.year)),
        "REPORTDATE": dates(days),
        "UKPRN": whole(registrations.provider[place]),
        "NUMHUS": course_number(world, registrations, place),
        "ULN": _ulns(world, courses, registrations).take(place).array(),
        "NINO": unique_rows(nino).take(place).array(),
        "SURNAME": surname.array(),
        "FNAMES": unique_rows(pc.utf8_upper(joined(forename, middle)))
        .take(place)
        .array(),
        "SNAME16": sname16.array(),
        "BIRTHDTE": dates(dob),
        "SEXID": coded(female, ["1", "2"]),
        "POSTCODE": postcodes(world.reference, code).array(),
        **attributes(world, row, years, start),
    }


def course_number(world: World, registrations: Registrations, place: Ints) -> Any:
    """NUMHUS, which tells apart the courses of a student at a university."""
    number = identifiers.reference(
        world.draws, "hesa.numhus", registrations.ids, registrations.event
    )
    return unique_rows(number).take(place).array()


def _ulns(world: World, courses: Courses, registrations: Registrations) -> Text:
    """ULNs of the people who entered from 2012/13 with one; who comes from abroad has
    none.
    """
    year: Days = np.where(
        courses.event == POSTGRADUATE,
        world.journeys.degree_start[courses.person],
        courses.start,
    )
    has_uln = (year >= FIRST_ULN_YEAR) & (world.people.kind[courses.person] != VISITOR)
    has_uln &= registrations.uniform("uln") < rule_file(_RULES).home.uln_given
    true = identifiers.uln(world.draws, world.people.ids).take(pa.array(courses.person))
    return unique_rows(true).where(has_uln)


_AWARDS = [
    "H00",
    "J10",
    "C20",
    "M00",
    "M71",
    "M41",
    "D00",
    "M22",
    "J20",
]  # of the kinds of courses, then others
_INTEGRATED, _DIPLOMA_OF_HE = 7, 8
_CLASSES = ["1", "2", "3", "5", "7"]
_UNCLASSIFIED = 4
_LONGEST_WAIT = 32  # days for an award
_ABILITY = (
    0.51,
    0.86,
)  # of graduates: mean and standard deviation, so that ranks among them are even


def qualifications(
    world: World,
    courses: Courses,
    years: Years,
    place: Ints,
    registrations: Registrations,
    husid: Any,
) -> dict[str, Any]:
    """A row for each award, in the last year of a course; some who leave are given a
    lower one.
    """
    row = courses.take(place)
    exits = _exits(world, row) & (years.year == row.last)
    rows = np.flatnonzero(((years.year == row.last) & row.completes) | exits)
    course, leaves, year = row.take(rows), exits[rows], years.year[rows]
    award = course.kind.copy()
    award = np.where(integrated(world, course), _INTEGRATED, award)
    award = np.where(
        (course.kind == FOUNDATION) & (course.years > 2), _DIPLOMA_OF_HE, award
    )
    award = np.where(
        leaves,
        np.where(course.before + course.years > 1, _DIPLOMA_OF_HE, CERTIFICATE),
        award,
    )
    first = (course.kind == FIRST) & ~leaves
    subject = subject_of(world, course)
    level = np.where(leaves, FOUNDATION, course.kind)
    draw = world.draws.uniform(
        "hesa.award", world.people.ids[course.person], course.event
    )
    end = ended(world, course)
    days_left = (
        on(year + 1, 8, 31) - end
    )  # days of the academic year: a few after a master's, which ends in August
    day_of_award = end + np.where(
        days_left < _LONGEST_WAIT, 1 + draw * days_left, 7 + draw * 25
    ).astype(np.int32)
    newer = year >= FIRST_CAH_YEAR
    number = identifiers.husid(world.draws, registrations.ids, husid[:, 0], husid[:, 1])
    return {
        "HUSID": unique_rows(number).take(place[rows]).array(),
        "UKPRN": whole(registrations.provider[place[rows]]),
        "NUMHUS": course_number(world, registrations, place[rows]),
        "AcademicYear": whole(six_digits(year)),
        "AWARDDATE": dates(day_of_award),
        "XQOBTN01": coded(award, _AWARDS),
        "XCLASS01": coded(np.where(first, _classes(world, course, year), -1), _CLASSES),
        "XLEV301": coded(course.event == POSTGRADUATE, ["2", "1"]),
        "XLEV601": coded(level, LEVEL6),
        "XJACS01_1": jacs(world, course, subject, ~newer),
        "XCAH02_1": coded(np.where(newer, subject, -1), list(universities().codes)),
    }


def _exits(world: World, courses: Courses) -> NDArray[np.bool_]:
    """Who left a first degree after a whole year, with a certificate or diploma."""
    has_left = (
        (courses.kind == FIRST)
        & ~courses.completes
        & ~courses.transfers
        & (courses.last < LAST_YEAR)
    )
    ids, share = world.people.ids[courses.person], rule_file(_RULES).home.exit_award
    out: NDArray[np.bool_] = has_left & world.draws.chance(
        "hesa.exit", ids, share, courses.event
    )
    return out


def _classes(world: World, courses: Courses, year: Ints) -> Ints:
    """Classes by ability and chance, as many of each as published for the year;
    medicine has none.
    """
    people = world.people
    noise = world.draws.normal("hesa.class", people.ids[courses.person])
    rank = share_below(
        -(
            0.55 * (people.ability[courses.person] - _ABILITY[0]) / _ABILITY[1]
            + 0.8352 * noise
        )
    )  # from the top
    edges = np.cumsum(of_year(rule_file(_RULES)["class"], year), axis=1)
    place = (rank[:, None] >= edges[:, :3]).sum(axis=1)
    unclassified = np.isin(
        np.array(universities().codes),
        rule_file("study/subjects.toml").unclassified.subjects,
    )
    return np.where(
        unclassified[world.journeys.subject[courses.person]], _UNCLASSIFIED, place
    )


def hesa(world: World) -> Tables:
    """Students and qualifications."""
    all_courses = courses(world)
    years = years_of(world, all_courses)
    # Only courses with a record in these years are registrations; the others are needed
    # to know where a student was before.
    course_places, place = np.unique(years.course, return_inverse=True)
    university, kept_courses = (
        university_of(world, all_courses)[course_places],
        all_courses.take(course_places),
    )
    registrations = world.registrations(
        "hesa", kept_courses.person, kept_courses.event, university
    )
    husid = husids(world, all_courses)[course_places]
    out = Tables()
    out.tables["hesa_students"] = students(
        world, kept_courses, years, place, registrations, husid, out
    )
    if not world.identifiers_only:
        out.tables["hesa_qualifications"] = qualifications(
            world, kept_courses, years, place, registrations, husid
        )
    return out
