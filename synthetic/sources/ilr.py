"""The Individualised Learner Record: colleges, apprenticeships, adults who learn; a
record a provider and year.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.base import identifiers
from synthetic.base.dates import DATA_END, Days, day, on, six_digits
from synthetic.base.draws import Arrays, Floats, Ints, Slots, drawn_again, share_below
from synthetic.base.reference import Codes
from synthetic.base.rules import of_year, rule_file
from synthetic.base.text import Text, joined, unique_rows
from synthetic.education.institutions import ADULT as ADULT_SERVICE
from synthetic.education.institutions import (
    GENERAL,
    SIXTH_FORM,
    TRAINING,
    band_of,
    colleges,
)
from synthetic.education.journeys import FIRST_YEAR as FIRST_JOURNEY_YEAR
from synthetic.education.journeys import YEARS as JOURNEY_YEARS
from synthetic.people.homes import postcodes
from synthetic.recording.registration import (
    MISSING,
    OMITTED,
    SENTINEL,
    Registrations,
    on_records,
    wrong_postcodes,
)
from synthetic.world import Columns, Tables, World, coded, dates, whole

_RULES = "study/colleges.toml"
_FIRST_DAYS = 25  # days of September in which programmes begin
_APPRENTICE_DAYS = 58  # from 1 August


@dataclass(frozen=True)
class Enrolments(Arrays):
    """Arrays with one place for each learner record, in the order of people and years;
    years begin in autumn.
    """

    person: Ints  # place in the chunk
    year: Ints
    slot: Ints
    event: Ints  # number of the registration among the person's, below 64
    first: Ints  # first and last year of the registration
    last: Ints
    follows: Ints  # event of the registration that this one goes on from, -1 for none
    leaves: NDArray[np.bool_]  # before the end, and goes on at another provider
    programme: Ints
    short: NDArray[np.bool_]  # too short to count as sustained

    @property
    def before(self) -> Ints:
        """Place of the registration that each one follows, where these are one record
        each.
        """
        return np.searchsorted(
            self.person * 64 + self.event, self.person * 64 + self.follows
        )


def began(world: World, rows: Enrolments, year: Ints) -> Days:
    """First day of the first aim of each record that begins in `year`."""
    ids = world.people.ids[rows.person]
    draw = world.draws.uniform("ilr.start", ids, rows.event * 32 + year - rows.first)
    autumn = on(year, 9, 1) + (draw * _FIRST_DAYS).astype(np.int32)
    apprentice = on(year, 8, 1) + (draw * _APPRENTICE_DAYS).astype(np.int32)
    winter = on(year, 10, 1) + (draw * (181 - short_days(world, rows))).astype(np.int32)
    start = np.select(
        [rows.short, rows.programme == APPRENTICESHIP], [winter, apprentice], autumn
    )
    start = np.maximum(
        start, world.people.arrival[rows.person]
    )  # who came in August is no apprentice before
    out: Days = start.astype(np.int32)
    return out


def short_days(world: World, rows: Enrolments) -> Ints:
    """Days that a short course lasts; many take a day or two."""
    longest = int(rule_file(_RULES).short.longest)
    draw: Floats = world.draws.uniform(
        "ilr.short.days", world.people.ids[rows.person], rows.event
    )
    return 1 + (draw**1.5 * (longest - 1)).astype(np.int64)


def renewed(world: World, rows: Enrolments) -> NDArray[np.bool_]:
    """Whether each year of the registration has a programme of its own; else the first
    year's goes on.
    """
    ids = world.people.ids[rows.person]
    is_longer = world.draws.chance(
        "ilr.two.years", ids, rule_file(_RULES).study.two_years, rows.event
    )
    out: NDArray[np.bool_] = (rows.programme >= ADULT) | (
        (rows.programme == STUDY) & ~is_longer
    )
    return out


_AREAS = 15
_HIGHER = np.array(
    [0.55, 0.75, 0.95]
)  # of higher apprenticeships: level 4, 5, 6 and 7, cumulated (estimate)
_FIRST_FRAMEWORK, _FIRST_STANDARD, _EACH = 400, 1, 12


@dataclass(frozen=True)
class Programmes(Arrays):
    """Arrays with one place for each record. Levels are 0 (entry) to 7; areas 0 to 14,
    for tiers 1 to 15.
    """

    area: Ints
    level: Ints
    standard: NDArray[np.bool_]  # an apprenticeship standard, no framework
    framework: Ints
    standard_code: Ints
    levy: NDArray[
        np.bool_
    ]  # the employer's contract is with the apprenticeship service


def programmes(world: World, records: Enrolments) -> Programmes:
    """The programme of each record's registration; codes of frameworks and standards
    are invented.
    """
    people, draws, rules = world.people, world.draws, rule_file(_RULES)
    ids = people.ids[records.person]
    tables = np.array([_areas(rules, name) for name in PROGRAMMES])
    slot = (draws.uniform("aim.area", ids, records.event) * tables.shape[-1]).astype(
        np.int64
    )
    area = tables[
        records.programme, people.female[records.person].astype(np.int64), slot
    ]
    apprentice = records.programme == APPRENTICESHIP
    draw = draws.uniform("apprenticeship", ids, records.event)
    standard = (
        apprentice
        & (draw < of_year(rules.standards, records.first))
        & (records.first >= min(rules.standards))
    )
    levy = draws.uniform("apprenticeship.levy", ids, records.event) < of_year(
        rules.levy, records.first
    )
    level = np.where(
        apprentice, _apprenticeship(world, records, ids), _level(world, records, ids)
    )
    number = draws.uniform("apprenticeship.code", ids, records.event) ** 2 * _EACH
    code = area.astype(np.int64) * _EACH + number.astype(np.int64)
    return Programmes(
        area.astype(np.int64),
        level,
        standard,
        _FIRST_FRAMEWORK + code,
        _FIRST_STANDARD + code,
        levy,
    )


def _areas(rules: Any, programme: str) -> list[NDArray[np.int32]]:
    """Men's and women's table of a programme; what has no weights of its own is as
    adult learning.
    """
    weights = rules.area.get(programme, rules.area["adult"])
    return [
        Slots(
            np.array([sex_weights.get(str(area + 1), 0.0) for area in range(_AREAS)]),
            10,
        ).table
        for sex_weights in (weights.m, weights.f)
    ]


def _apprenticeship(world: World, records: Enrolments, ids: Ints) -> Ints:
    """Levels by year of start, higher ones to the able."""
    shares = of_year(rule_file(_RULES).apprenticeships, records.first)
    noise = world.draws.normal("apprenticeship.level", ids, records.event)
    rank = share_below(0.6 * world.people.ability[records.person] + 0.8 * noise)
    higher = world.draws.uniform("apprenticeship.higher", ids, records.event)
    higher_level = 4 + np.searchsorted(_HIGHER, higher, side="right")
    return np.select(
        [rank < shares[:, 0], rank < shares[:, 0] + shares[:, 1]], [2, 3], higher_level
    ).astype(np.int64)


def _level(world: World, records: Enrolments, ids: Ints) -> Ints:
    """Levels by ability; community learning is at entry level and level 1."""
    noise = world.draws.normal("aim.level", ids, records.event)
    middle = np.select(
        [records.programme == STUDY, records.programme == COMMUNITY], [2.5, 1.0], 1.9
    )
    level = middle + world.people.ability[records.person] * 0.7 + noise * 0.6
    highest = np.select(
        [records.programme == COMMUNITY, records.programme == STUDY], [1, 3], 4
    )
    return np.clip(level, 0, highest).astype(np.int64)


FIRST_YEAR, LAST_YEAR = 2002, 2020
STUDY, APPRENTICESHIP, ADULT, COMMUNITY, UNFUNDED = range(5)
PROGRAMMES = ("study", "apprenticeship", "adult", "community", "unfunded")
"""16 to 19 study programmes, apprenticeships, adult skills, community learning, and
learning without public money.
"""

_TRIES = 12  # for another provider than the one that a learner leaves
# records a person and year: study or adult learning, an apprenticeship, a short course
_SLOTS = 3


def enrolments(world: World) -> Enrolments:
    """Study programmes and adult learning as journeys have them, apprenticeships, and
    short courses next to.
    """
    journey, rules = world.journeys, rule_file(_RULES)
    in_data = JOURNEY_YEARS >= FIRST_YEAR
    is_here = journey.may_learn() & in_data[None, :]
    young = journey.college & in_data[None, :]
    adult = journey.adult_learning & ~journey.college & in_data[None, :]
    apprentice = is_here & journey.apprentices()
    is_busy = young | adult | apprentice
    all_enrolments = Enrolments.concatenate(
        _runs(world, young, 0, "study", rules.learner.other_college),
        _runs(world, apprentice, 1, "apprenticeship", rules.learner.other_college),
        _runs(world, adult, 0, "adult", rules.learner.again),
        _short(world, journey.short_course & ~is_busy & in_data[None, :]),
    )
    return all_enrolments.take(
        np.lexsort((all_enrolments.slot, all_enrolments.year, all_enrolments.person))
    )


def _runs(
    world: World, cells: NDArray[np.bool_], slot: int, name: str, changes: float
) -> Enrolments:
    """Unbroken years as registrations; some go on at another provider, or with another
    enrolment of adults.
    """
    person, column = np.nonzero(cells)
    ids = world.people.ids[person]
    goes_on = (np.diff(person, prepend=-1) == 0) & (np.diff(column, prepend=-1) == 1)
    is_changed = goes_on & world.draws.chance(
        f"ilr.{name}.change", ids, changes, column
    )
    starts = np.flatnonzero(~goes_on | is_changed)
    run = np.cumsum(~goes_on | is_changed) - 1
    ends = np.append(starts, len(person))[1:] - 1
    first, last = column[starts], column[ends]
    event = (first + FIRST_JOURNEY_YEAR - FIRST_YEAR) * _SLOTS + slot
    follows = np.where(
        is_changed[starts], event[np.maximum(np.arange(len(starts)) - 1, 0)], -1
    )
    leaves = np.append(is_changed[starts], False)[1:] & (
        name != "adult"
    )  # adults end one course and take another
    programme = np.full(len(starts), STUDY if name == "study" else APPRENTICESHIP)
    if name == "adult":
        programme = _kinds(
            rule_file(_RULES).adult.kinds,
            world.draws.uniform("ilr.kind", ids[starts], event),
        )
    years = column + FIRST_JOURNEY_YEAR
    return Enrolments(
        person,
        years,
        np.full(len(person), slot),
        event[run],
        first[run] + FIRST_JOURNEY_YEAR,
        last[run] + FIRST_JOURNEY_YEAR,
        follows[run],
        leaves[run],
        programme[run],
        np.zeros(len(person), bool),
    )


def _short(world: World, cells: NDArray[np.bool_]) -> Enrolments:
    """Short courses, one a year, each a registration of its own."""
    person, column = np.nonzero(cells)
    year = column + FIRST_JOURNEY_YEAR
    event = (year - FIRST_YEAR) * _SLOTS + 2
    programme = _kinds(
        rule_file(_RULES).short.kinds,
        world.draws.uniform("ilr.kind", world.people.ids[person], event),
    )
    none = np.full(len(person), -1)
    return Enrolments(
        person,
        year,
        np.full(len(person), 2),
        event,
        year,
        year,
        none,
        none > 0,
        programme,
        none < 0,
    )


def _kinds(shares: dict[str, float], draw: NDArray[np.float64]) -> Ints:
    kinds = Slots(
        np.array(list(shares.values())),
        10,
        np.array([PROGRAMMES.index(name) for name in shares]),
    )
    return kinds.at(draw).astype(np.int64)


def providers(world: World, records: Enrolments) -> Ints:
    """The UKPRN of each registration: in the home region, the first ones largest; some
    adults come back to one they know.
    """
    people, draws, rules = world.people, world.draws, rule_file(_RULES)
    ids = people.ids[records.person]
    able = (
        np.array([0.5, 0.8, 1.7])[band_of(people.ability[records.person])]
        * rules.study.sixth_form_college
    )
    kind: Codes = np.array(
        [GENERAL, TRAINING, GENERAL, ADULT_SERVICE, GENERAL], np.int32
    )[records.programme]
    kind = np.where(
        (records.programme == STUDY) & draws.chance("ilr.sixth.form", ids, able),
        SIXTH_FORM,
        kind,
    )
    returns = draws.chance(
        "ilr.returns", ids, rules.learner.same_provider, records.event
    )
    returns &= (records.slot != 1) & (records.follows < 0)
    region = people.homes.region[records.person]
    ukprn = colleges().choose(
        draws.uniform("ilr.provider", ids, np.where(returns, 0, records.event + 1)),
        kind,
        region,
    )
    moves = np.flatnonzero(
        (records.follows >= 0) & np.isin(records.programme, (STUDY, APPRENTICESHIP))
    )

    def draw(rows: Ints, number: int) -> Ints:
        uniforms = draws.uniform(
            "ilr.provider.other", ids[rows], records.event[rows] * _TRIES + number
        )
        return colleges().choose(uniforms, kind[rows], region[rows])

    return drawn_again(ukprn, moves, records.before[moves], draw, _TRIES)


ACHIEVED, PARTLY, FAILED, NOT_YET = range(4)
CONTINUING, COMPLETED, WITHDRAWN, MOVED, BREAK = range(5)

_MOST = np.array([2.6, 2.4, 0.0, 1.5, 1.2])  # aims next to the first, by programme
_REASONS = ["2", "3", "40", "43", "44", "46", "97", "98"]
_REASON_ODDS = np.cumsum([0, 0.07, 0, 0.04, 0.32, 0.05, 0.32, 0.20])
_GRADES = ["PA", "ME", "DS", "CR"]
_ACT_FROM = day(2017, 5, 1)


@dataclass(frozen=True)
class _Aims:
    """Arrays with one place for each aim: its learner record, its number in it, and the
    key of its draws.
    """

    row: Ints
    number: Ints
    count: Ints
    ids: Ints
    key: Ints
    start_year: Ints
    end_year: Ints
    record: Enrolments
    first_day: Days

    def uniform(self, world: World, name: str) -> Floats:
        """A number for each aim, the same in each year that it goes on."""
        return world.draws.uniform(f"aim.{name}", self.ids, self.key)


def aims(
    world: World,
    rows: Enrolments,
    place: Ints,
    registrations: Registrations,
    keys: dict[str, Any],
) -> dict[str, Any]:
    """A row for each aim and year; the first of an apprenticeship is the programme, of
    a study programme its core.
    """
    aim = _laid_out(world, rows)
    records, number = aim.record, aim.number
    course = programmes(world, rows).take(aim.row)
    start, plan, end = _days(world, aim)
    leaves = world.people.departure[records.person] <= end  # the country, or dies
    end = np.minimum(end, world.people.departure[records.person])
    status = _status(world, aim, leaves)
    outcome, reason = _outcome(world, aim, status, end)
    goes_on = status == CONTINUING
    no_end = aim.uniform(world, "no.end") < rule_file(_RULES).finish.no_end_date
    no_end &= ~aim.record.short | (
        start >= on(aim.record.year, 11, 1)
    )  # only where the aim still counts as much
    whole_programme = (records.programme == APPRENTICESHIP) & (number == 0)
    core = (records.programme == STUDY) & (number == 0)
    aim_type = np.select(
        [whole_programme, records.programme == APPRENTICESHIP, core], [0, 1, 3], 2
    )
    row = aim.row
    provider = registrations.provider[place[row]]
    contract = (records.programme == APPRENTICESHIP) & (start >= _ACT_FROM)
    return {
        "ULN": keys["uln"].take(place[row]).array(),
        "UKPRN": whole(provider),
        "LearnRefNumber": keys["reference"].take(place[row]).array(),
        "Year": whole(six_digits(records.year)),
        "AimSeqNumber": whole(number + 1),
        "LearnAimRef": _reference(world, aim, course, whole_programme),
        "AimType": coded(aim_type, ["1", "3", "4", "5"]),
        "FundModel": coded(records.programme, ["25", "36", "35", "10", "99"]),
        "ProgType": _programme_type(world, records, course),
        "FworkCode": whole(
            course.framework, (records.programme == APPRENTICESHIP) & ~course.standard
        ),
        "StdCode": whole(course.standard_code, course.standard),
        "ContractType": coded(
            np.where(contract, np.where(course.levy, 0, 1), -1), ["1", "2"]
        ),
        "NotionalLevel": coded(course.level, ["E", "1", "2", "3", "4", "5", "6", "7"]),
        "SSATier1": coded(course.area, [str(tier) for tier in range(1, _AREAS + 1)]),
        "PartnerUKPRN": _partner(world, aim, registrations, place),
        "LearnStartDate": dates(start),
        "LearnPlanEndDate": dates(plan),
        "LearnActEndDate": dates(end, ~goes_on & ~no_end),
        "AchDate": dates(end, whole_programme & (outcome == ACHIEVED)),
        "CompStatus": coded(status, ["1", "2", "3", "4", "6"]),
        "WithdrawReason": coded(reason, _REASONS),
        "Outcome": coded(outcome, ["1", "2", "3", "8"]),
        "OutGrade": coded(_grades(world, aim, outcome, course), _GRADES),
    }


def _laid_out(world: World, rows: Enrolments) -> _Aims:
    """How many aims each record has; those of a programme of several years are the same
    in each.
    """
    is_renewed = renewed(world, rows)
    start = np.where(is_renewed, rows.year, rows.first)
    base = (rows.event * 32 + start - rows.first) * 4
    ids = world.people.ids[rows.person]
    draw = world.draws.uniform("aims", ids, base)
    extra = (draw * _MOST[rows.programme]).astype(np.int64)
    courses = (
        Slots(np.array(rule_file(_RULES).adult.courses), 10).at(draw).astype(np.int64)
    )
    count = 1 + np.where(
        rows.short, 0, np.where(rows.programme == ADULT, courses, extra)
    )
    row = np.repeat(np.arange(len(ids)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    end = np.where(is_renewed, rows.year, rows.last)
    first_day = began(world, rows, start)
    key = base[row] + number
    return _Aims(
        row,
        number,
        count[row],
        ids[row],
        key,
        start[row],
        end[row],
        rows.take(row),
        first_day[row],
    )


def _days(world: World, aim: _Aims) -> tuple[Days, Days, Days]:
    """First day, day planned as the last, and last day; adults' courses of a year
    follow one another.

    What counts as sustained runs from before October to the end of March at least, so
    no withdrawal comes before.
    """
    records = aim.record
    first = aim.first_day.astype(np.int64)
    draw = aim.uniform(world, "end")
    summer = on(aim.end_year + 1, 6, 15).astype(np.int64) + (draw * 40).astype(np.int64)
    spring = on(aim.end_year + 1, 4, 1).astype(np.int64)
    end = np.where(
        records.programme == APPRENTICESHIP,
        spring + (draw * 115).astype(np.int64),
        summer,
    )
    learner_draw = world.draws.uniform("aim.year.end", aim.ids, aim.key - aim.number)
    summers = np.minimum(
        spring + (learner_draw * 110).astype(np.int64),
        world.people.departure[records.person] - 1,
    )
    span = summers - first
    part = span // aim.count
    chain = records.programme >= ADULT
    start = np.where(chain, first + aim.number * part, first)
    later_start = first + (aim.uniform(world, "begin") * 40).astype(np.int64)
    start = np.where(
        (records.programme == APPRENTICESHIP) & (aim.number > 0), later_start, start
    )
    next_end = first + (aim.number + 1) * part - 1 - (draw * 6).astype(np.int64)
    last = np.where(aim.number + 1 == aim.count, first + span, next_end)
    end = np.where(chain, last, end)
    end = np.where(records.short, start + short_days(world, records) - 1, end)
    early_draw = aim.uniform(world, "early")
    years = np.maximum(aim.end_year - aim.start_year + 1, 1)
    plan = np.where(
        records.programme == APPRENTICESHIP,
        start + 365 * years + (early_draw * 60).astype(np.int64),
        end,
    )
    plan = np.where(
        early_draw < 0.3,
        plan,
        np.where(records.short, end, plan + (early_draw * 20).astype(np.int64)),
    )
    return (
        start.astype(np.int32),
        plan.astype(np.int32),
        np.minimum(end, DATA_END).astype(np.int32),
    )


def _status(world: World, aim: _Aims, leaves: NDArray[np.bool_]) -> Ints:
    """Completion status; who goes on at another provider withdraws from the one before,
    and who leaves from all.
    """
    rules, records = rule_file(_RULES).finish, aim.record
    withdrawal_odds = np.array([rules.withdrawn[name] for name in PROGRAMMES])[
        records.programme
    ]
    rest = aim.uniform(world, "finish") - withdrawal_odds * np.where(
        world.people.fsm[records.person], 1.25, 0.93
    )
    status = np.select(
        [rest < 0, rest < rules.transfer, rest < rules.transfer + rules["break"]],
        [WITHDRAWN, MOVED, BREAK],
        COMPLETED,
    )
    status = np.where(
        records.leaves & (records.year == records.last), WITHDRAWN, status
    )
    status = np.where(_stays_on(world, aim), CONTINUING, status)
    return np.where(
        records.year < aim.end_year, CONTINUING, np.where(leaves, WITHDRAWN, status)
    )


def _outcome(world: World, aim: _Aims, status: Ints, end: Days) -> tuple[Ints, Ints]:
    """Outcome (-1 while it goes on) and reason of withdrawal (-1 for none)."""
    rules, records = rule_file(_RULES).finish, aim.record
    success_odds = np.array([rules.achieved[name] for name in PROGRAMMES])[
        records.programme
    ]
    draw = aim.uniform(world, "pass")
    result = np.select(
        [draw < success_odds, draw < success_odds + 0.01], [ACHIEVED, PARTLY], FAILED
    )
    result = np.where((end > DATA_END - 75) & (draw > 0.93), NOT_YET, result)
    outcome = np.select(
        [status == COMPLETED, (status == WITHDRAWN) | (status == MOVED)],
        [result, FAILED],
        -1,
    )
    reasons = np.searchsorted(
        _REASON_ODDS, aim.uniform(world, "reason") * 0.999, side="right"
    )
    reasons = np.where(
        records.leaves & (records.year == records.last),
        0,
        reasons.clip(0, len(_REASONS) - 1),
    )
    return outcome, np.select([status == WITHDRAWN, status == MOVED], [reasons, 2], -1)


def _stays_on(world: World, aim: _Aims) -> NDArray[np.bool_]:
    """Half of the long programmes that begin in the data's last year: they go on beyond
    it.
    """
    records = aim.record
    is_lasting = (records.programme == STUDY) | (records.programme == APPRENTICESHIP)
    ids = world.people.ids[records.person]
    goes_on = world.draws.chance("aim.stays", ids, 0.5, records.event)
    out: NDArray[np.bool_] = (
        is_lasting
        & (records.year == LAST_YEAR)
        & (records.first == LAST_YEAR)
        & goes_on
    )
    return out


def _reference(
    world: World, aim: _Aims, course: Programmes, whole_programme: NDArray[np.bool_]
) -> Any:
    """An invented qualification of the area and level; ZPROG001 is a whole
    programme.
    """
    count = 18
    references = pa.array([f"6{n:07d}" for n in range(15 * 8 * count)] + ["ZPROG001"])
    code = (course.area * 8 + course.level) * count + (
        aim.uniform(world, "reference") ** 2 * count
    ).astype(np.int64)
    return Text(
        references,
        np.where(whole_programme, len(references) - 1, code).astype(np.int32),
    ).array()


def _programme_type(world: World, records: Enrolments, course: Programmes) -> Any:
    """Apprenticeships by level or as a standard, and traineeships."""
    higher = np.select(
        [course.level == 4, course.level == 5, course.level == 6], [2, 3, 4], 5
    )
    kind = np.select(
        [course.standard, course.level <= 2, course.level == 3], [7, 1, 0], higher
    )
    kind = np.where(
        records.programme == APPRENTICESHIP,
        kind,
        np.where(trainees(world, records), 6, -1),
    )
    return coded(kind, ["2", "3", "20", "21", "22", "23", "24", "25"])


def _partner(
    world: World, aim: _Aims, registrations: Registrations, place: Ints
) -> Any:
    """The training provider that teaches for another; one in twelve registrations of
    adults and apprentices.
    """
    records = aim.record
    draw = world.draws.uniform("ilr.partner", aim.ids, records.event)
    has_partner = (draw < 1 / 12) & np.isin(
        records.programme, (APPRENTICESHIP, ADULT, COMMUNITY)
    )
    region = world.people.homes.region[records.person]
    partner = colleges().choose(
        (draw * 12) % 1, np.full(len(region), 3, np.int32), region
    )
    return whole(
        partner, has_partner & (partner != registrations.provider[place[aim.row]])
    )


def _grades(world: World, aim: _Aims, outcome: Ints, course: Programmes) -> Ints:
    draw = aim.uniform(world, "grade")
    has_grade = (
        (outcome == ACHIEVED)
        & (aim.record.programme != UNFUNDED)
        & (course.level >= 2)
        & ~aim.record.short
    )
    return np.where(
        has_grade, np.select([draw < 0.55, draw < 0.8, draw < 0.95], [0, 1, 2], 3), -1
    )


FIRST_ULN_YEAR = 2008

_CATEGORIES = ["4", "5", "6", "9", "10", "12", "13", "14", "15", "95", "98"]
_CATEGORY_ODDS = np.cumsum(
    [0.02, 0.05, 0.05, 0.24, 0.14, 0.21, 0.01, 0.07, 0.03, 0.12, 0.06]
)
_LATER_LEVELS = 2013  # codes 10 to 13 tell levels 4 to 7 apart from then on


def numbered(
    world: World, registrations: Registrations, records: Enrolments
) -> Columns:
    """ULN, learner reference and key of each registration, and where its reference at
    an earlier provider stands.
    """
    rules, is_early = rule_file(_RULES).uln, records.first < FIRST_ULN_YEAR
    factor = np.where(
        records.short | (records.programme == COMMUNITY), rules.unknown, 1.0
    )
    odds = world.odds.numbers.uln_unknown * registrations.factor * factor
    is_known = registrations.uniform("uln") >= np.where(
        is_early, 1 - rules.known_before_2008, odds
    )
    registrations.kinds["uln"] = np.where(is_known | is_early, 0, SENTINEL).astype(
        np.int8
    )
    true = identifiers.uln(world.draws, world.people.ids).take(
        pa.array(registrations.person)
    )
    uln = pc.if_else(pa.array(is_known), true, identifiers.NO_ULN)
    reference = identifiers.reference(
        world.draws, "ilr.reference", registrations.ids, registrations.event
    )
    alternative = pc.binary_join_element_wise(
        pc.cast(pa.array(registrations.provider), pa.string()), reference, "|"
    )
    return {
        "uln": unique_rows(uln),
        "reference": unique_rows(reference),
        "entity": pc.if_else(pa.array(is_known), true, alternative),
        "earlier": np.where(records.follows >= 0, records.before, -1),
    }


def learners(
    world: World,
    rows: Enrolments,
    records: Enrolments,
    place: Ints,
    registrations: Registrations,
    keys: Columns,
    out: Tables,
) -> Columns:
    """A row for each learner record; `records` are the first of each registration,
    `place` its registration.
    """
    people, draws = world.people, world.draws
    ids = people.ids[rows.person]
    goes_on = rows.year > rows.first
    start = np.where(
        goes_on, on(rows.year, 8, 1), began(world, rows, rows.first)
    ).astype(np.int32)
    is_blank = (records.programme == COMMUNITY) & (
        registrations.uniform("blank") < rule_file(_RULES).names.blank
    )
    given_names, surnames = _names(registrations, is_blank)
    details = on_records(registrations, place, start)
    record = identifiers.record_id(
        draws, ids, 1, (rows.year - FIRST_YEAR) * 3 + rows.slot
    )
    nino = _ninos(
        world,
        records,
        registrations,
        start[np.searchsorted(place, np.arange(len(records.person)))],
    )
    dob, female = registrations.birth_dates()[place], registrations.female()[place]
    index = np.where(
        is_blank[place], -1, place + details["renamed"] * len(registrations.ids)
    )
    prior = np.maximum(
        people.homes.at(rows.person, on(rows.first, 8, 1) - 365).astype(np.int64), 0
    )
    prior_code, prior_kind = wrong_postcodes(
        registrations,
        place,
        prior,
        people.homes.postcode[rows.person, prior],
        "postcode.prior",
    )
    out.truth("ilr", record, ids, keys["entity"], registrations.ids)
    kinds = {
        k: registrations.kinds[k][place]
        for k in ("forename", "middle_names", "dob", "sex", "nino", "uln")
    }
    surname_kind = np.where(is_blank[place], MISSING, details["surname.kind"]).astype(
        np.int8
    )
    kinds |= {
        "surname": surname_kind,
        "postcode": details["postcode.kind"],
        "former_postcode": prior_kind,
    }
    out.log_errors("ilr", record, kinds)
    earlier = keys["earlier"][place]
    return {
        "RECORDID": whole(record),
        "Year": whole(six_digits(rows.year)),
        "UKPRN": whole(registrations.provider[place]),
        "LearnRefNumber": keys["reference"].take(place).array(),
        "PrevUKPRN": whole(
            registrations.provider[earlier], (earlier >= 0) & (rows.year == rows.first)
        ),
        "PrevLearnRefNumber": keys["reference"]
        .take(earlier)
        .where((earlier >= 0) & (rows.year == rows.first))
        .array(),
        "ULN": keys["uln"].take(place).array(),
        "LearnStartDate": dates(start),
        "FamilyName": Text(surnames, index.astype(np.int32)).array(),
        "GivenNames": unique_rows(given_names).take(place).array(),
        "DateOfBirth": dates(dob),
        "Sex": coded(female, ["M", "F"]),
        "NINumber": unique_rows(nino).take(place).array(),
        "Postcode": postcodes(world.reference, details["postcode"]).array(),
        "PostcodePrior": postcodes(world.reference, prior_code).array(),
        **_attributes(world, rows),
    }


def _names(
    registrations: Registrations, is_blank: NDArray[np.bool_]
) -> tuple[Any, Any]:
    """Given names of each registration, and surnames: before the change, then after it.
    Blank ones are logged.
    """
    forename, middle, before, after = registrations.names()
    given_names = pc.if_else(pa.array(is_blank), None, joined(forename, middle))
    has_middle = registrations.people.names.middle[registrations.person, 0] >= 0
    for field, kind, mask in (
        ("forename", MISSING, is_blank),
        ("middle_names", OMITTED, is_blank & has_middle),
    ):
        registrations.kinds[field] = np.where(
            mask, kind, registrations.kinds[field]
        ).astype(np.int8)
    return given_names, pa.concat_arrays([before.plain(), after.plain()])


def _ninos(
    world: World, records: Enrolments, registrations: Registrations, start: Days
) -> Any:
    """National Insurance numbers: of apprentices, of others by chance, of community
    learners never.
    """
    rules = rule_file(_RULES)
    share = np.array([rules.nino[name] for name in PROGRAMMES])[records.programme]
    share = np.where(trainees(world, records), rules.nino["traineeship"], share)
    true = identifiers.nino(world.draws, world.people.ids).take(
        pa.array(registrations.person)
    )
    is_issued = world.insurance.issued[registrations.person] <= start
    return registrations.nino(
        true, is_issued & (registrations.uniform("nino.given") < share)
    )


def trainees(world: World, records: Enrolments) -> NDArray[np.bool_]:
    """Which study programmes are traineeships: one year, since 2013/14."""
    is_trainee = world.draws.chance(
        "ilr.trainee",
        world.people.ids[records.person],
        rule_file(_RULES).study.traineeship,
        records.event,
    )
    is_trainee &= (
        (records.programme == STUDY)
        & (records.first >= 2013)
        & (records.first == records.last)
    )
    return is_trainee


def _attributes(world: World, rows: Enrolments) -> Columns:
    people, draws, rules = world.people, world.draws, rule_file(_RULES).learner
    ids = people.ids[rows.person]
    frame = [rule_file(_RULES).background[code] for code in world.reference.ethnic] + [
        "99"
    ]
    unknown = draws.chance("ilr.ethnic", ids, rules.ethnic_unknown, rows.event)
    ethnic = np.where(unknown, len(frame) - 1, people.ethnic[rows.person])
    draw = draws.uniform("lldd", ids)
    disabled = draw < rules.lldd
    category = np.searchsorted(_CATEGORY_ODDS, draw / rules.lldd, side="right").clip(
        0, len(_CATEGORIES) - 1
    )
    return {
        "AcAge": whole(rows.year - people.cohort[rows.person] - 1),
        "Ethnicity": coded(ethnic, frame),
        "LLDDHealthProb": coded(
            np.select([disabled, draw < 1 - rules.lldd_unknown], [0, 1], 2),
            ["1", "2", "9"],
        ),
        "LLDDCat": coded(np.where(disabled, category, -1), _CATEGORIES),
        "PriorAttain": coded(
            _prior(world, rows),
            ["99", "9", "7", "1", "2", "3", "4", "5", "10", "12", "13", "98"],
        ),
    }


def _prior(world: World, rows: Enrolments) -> Ints:
    """Highest level before enrolment, as a place in the list of codes."""
    people, journey = world.people, world.journeys
    person = rows.person
    draw = world.draws.uniform("ilr.prior", people.ids[person])
    graduate = journey.graduates[person] & (
        rows.first >= journey.degree_start[person] + journey.degree_years[person]
    )
    is_grown_up = rows.first - people.cohort[person] >= 20
    level2 = journey.level2[person]
    level3 = is_grown_up & level2 & (draw < 0.35 + 0.25 * people.ability[person])
    low = np.searchsorted(np.array([0.10, 0.22, 0.45]), draw, side="right")
    newer = rows.first >= _LATER_LEVELS
    out = np.where(level2, np.where(level3, 5, 4), low)
    out = np.where(level3 & (draw < 0.06), np.where(newer, 8, 6), out)
    out = np.where(
        graduate,
        np.where(newer, np.where(journey.postgraduate_start[person] > 0, 10, 9), 7),
        out,
    )
    is_careless = np.isin(rows.programme, (ADULT, COMMUNITY, UNFUNDED)) & (draw > 0.94)
    out = np.where(is_careless, 11, out)
    return np.where((rows.programme == APPRENTICESHIP) & (out == 0), 3, out).astype(
        np.int64
    )


def ilr(world: World) -> Tables:
    """Learners and aims."""
    rows = enrolments(world)
    _, first, place = np.unique(
        rows.person * 64 + rows.event, return_index=True, return_inverse=True
    )
    first_rows = rows.take(first)
    registrations = world.registrations(
        "ilr", first_rows.person, first_rows.event, providers(world, first_rows)
    )
    keys = numbered(world, registrations, first_rows)
    out = Tables()
    out.tables["ilr_learners"] = learners(
        world, rows, first_rows, place, registrations, keys, out
    )
    if not world.identifiers_only:
        out.tables["ilr_aims"] = aims(world, rows, place, registrations, keys)
    return out
