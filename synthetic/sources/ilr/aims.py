"""The table of learning aims: what is learned, how it is paid for, when it begins and ends, and how."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.drawn.dates import DATA_END, Days, day, on, six_digits
from synthetic.drawn.draws import Floats, Ints, Slots
from synthetic.drawn.text import Text
from synthetic.education.colleges import colleges
from synthetic.mistakes.written_down import Dealings
from synthetic.rules import study
from synthetic.sources.ilr.begin import began, renewed, short_days
from synthetic.sources.ilr.enrolments import (
    ADULT,
    APPRENTICESHIP,
    COMMUNITY,
    LAST_YEAR,
    PROGRAMMES,
    STUDY,
    UNFUNDED,
    Enrolments,
)
from synthetic.sources.ilr.learners import trainees
from synthetic.sources.ilr.programmes import Programmes, programmes
from synthetic.world.world import World, coded, dates, whole

ACHIEVED, PARTLY, FAILED, NOT_YET = range(4)
CONTINUING, COMPLETED, WITHDRAWN, MOVED, BREAK = range(5)

_AREAS = [str(n) for n in range(1, 16)]
_MOST = np.array([2.6, 2.4, 0.0, 1.5, 1.2])  # aims beside the first, by programme
_REASONS = ["2", "3", "40", "43", "44", "46", "97", "98"]
_REASON_ODDS = np.cumsum([0, 0.07, 0, 0.04, 0.32, 0.05, 0.32, 0.20])
_GRADES = ["PA", "ME", "DS", "CR"]
_ACT_FROM = day(2017, 5, 1)


@dataclass(frozen=True)
class _Aims:
    """Arrays of one place an aim: its learner record, its number in it, and the key of its draws."""

    row: Ints
    number: Ints
    count: Ints
    ids: Ints
    key: Ints
    start_year: Ints
    end_year: Ints
    of: Enrolments
    first_day: Days

    def uniform(self, world: World, name: str) -> Floats:
        """A number for each aim, the same in each year that it goes on."""
        return world.draws.uniform(f"aim.{name}", self.ids, self.key)


def aims(world: World, rows: Enrolments, place: Ints, dealings: Dealings, keys: dict[str, Any]) -> dict[str, Any]:
    """A row an aim and year; the first of an apprenticeship is the programme, of a study programme its core."""
    aim = _laid_out(world, rows)
    of, number = aim.of, aim.number
    course = programmes(world, rows).take(aim.row)
    begun, planned, ended = _days(world, aim)
    leaves = world.people.departure[of.person] <= ended  # the country, or dies
    ended = np.minimum(ended, world.people.departure[of.person])
    status = _status(world, aim, leaves)
    outcome, reason = _outcome(world, aim, status, ended)
    goes_on = status == CONTINUING
    missing = (aim.uniform(world, "no.end") < study.colleges().finish.no_end_date) & _harmless(aim, begun)
    whole_programme = (of.programme == APPRENTICESHIP) & (number == 0)
    core = (of.programme == STUDY) & (number == 0)
    aim_type = np.select([whole_programme, of.programme == APPRENTICESHIP, core], [0, 1, 3], 2)
    row = aim.row
    provider = dealings.provider[place[row]]
    contract = (of.programme == APPRENTICESHIP) & (begun >= _ACT_FROM)
    return {
        "ULN": keys["uln"].take(place[row]).array(),
        "UKPRN": whole(provider),
        "LearnRefNumber": keys["reference"].take(place[row]).array(),
        "Year": whole(six_digits(of.year)),
        "AimSeqNumber": whole(number + 1),
        "LearnAimRef": _reference(world, aim, course, whole_programme),
        "AimType": coded(aim_type, ["1", "3", "4", "5"]),
        "FundModel": coded(of.programme, ["25", "36", "35", "10", "99"]),
        "ProgType": _programme_type(world, of, course),
        "FworkCode": whole(course.framework, (of.programme == APPRENTICESHIP) & ~course.standard),
        "StdCode": whole(course.standard_code, course.standard),
        "ContractType": coded(np.where(contract, np.where(course.levy, 0, 1), -1), ["1", "2"]),
        "NotionalLevel": coded(course.level, ["E", "1", "2", "3", "4", "5", "6", "7"]),
        "SSATier1": coded(course.area, _AREAS),
        "PartnerUKPRN": _partner(world, aim, dealings, place),
        "LearnStartDate": dates(begun),
        "LearnPlanEndDate": dates(planned),
        "LearnActEndDate": dates(ended, ~goes_on & ~missing),
        "AchDate": dates(ended, whole_programme & (outcome == ACHIEVED)),
        "CompStatus": coded(status, ["1", "2", "3", "4", "6"]),
        "WithdrawReason": coded(reason, _REASONS),
        "Outcome": coded(outcome, ["1", "2", "3", "8"]),
        "OutGrade": coded(_grades(world, aim, outcome, course), _GRADES),
    }


def _laid_out(world: World, rows: Enrolments) -> _Aims:
    """How many aims each record has; those of a programme of several years are the same in each."""
    anew = renewed(world, rows)
    start = np.where(anew, rows.year, rows.first)
    base = (rows.event * 32 + start - rows.first) * 4
    ids = world.people.ids[rows.person]
    drawn = world.draws.uniform("aims", ids, base)
    more = (drawn * _MOST[rows.programme]).astype(np.int64)
    courses = Slots(np.array(study.colleges().adult.courses), 10).at(drawn).astype(np.int64)
    count = 1 + np.where(rows.short, 0, np.where(rows.programme == ADULT, courses, more))
    row = np.repeat(np.arange(len(ids)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    end = np.where(anew, rows.year, rows.last)
    first_day = began(world, rows, start)
    key = base[row] + number
    return _Aims(row, number, count[row], ids[row], key, start[row], end[row], rows.take(row), first_day[row])


def _days(world: World, aim: _Aims) -> tuple[Days, Days, Days]:
    """First day, day planned as the last, and last day; adults' courses of a year follow one another.

    What counts as sustained runs from before October to the end of March at least, so nobody withdraws before.
    """
    of = aim.of
    first = aim.first_day.astype(np.int64)
    drawn = aim.uniform(world, "end")
    summer = on(aim.end_year + 1, 6, 15).astype(np.int64) + (drawn * 40).astype(np.int64)
    spring = on(aim.end_year + 1, 4, 1).astype(np.int64)
    until = np.where(of.programme == APPRENTICESHIP, spring + (drawn * 115).astype(np.int64), summer)
    same_for_all = world.draws.uniform("aim.year.end", aim.ids, aim.key - aim.number)
    summers = np.minimum(spring + (same_for_all * 110).astype(np.int64), world.people.departure[of.person] - 1)
    spread = summers - first
    part = spread // aim.count
    chain = of.programme >= ADULT
    begun = np.where(chain, first + aim.number * part, first)
    within = first + (aim.uniform(world, "begin") * 40).astype(np.int64)
    begun = np.where((of.programme == APPRENTICESHIP) & (aim.number > 0), within, begun)
    before_next = first + (aim.number + 1) * part - 1 - (drawn * 6).astype(np.int64)
    last = np.where(aim.number + 1 == aim.count, first + spread, before_next)
    until = np.where(chain, last, until)
    until = np.where(of.short, begun + short_days(world, of) - 1, until)
    early = aim.uniform(world, "early")
    years = np.maximum(aim.end_year - aim.start_year + 1, 1)
    planned = np.where(of.programme == APPRENTICESHIP, begun + 365 * years + (early * 60).astype(np.int64), until)
    planned = np.where(early < 0.3, planned, np.where(of.short, until, planned + (early * 20).astype(np.int64)))
    return (begun.astype(np.int32), planned.astype(np.int32), np.minimum(until, DATA_END).astype(np.int32))


def _harmless(aim: _Aims, begun: Days) -> NDArray[np.bool_]:
    """Aims that count as much without an end date: long ones, and short ones that do not begin in October."""
    harmless: NDArray[np.bool_] = ~aim.of.short | (begun >= on(aim.of.year, 11, 1))
    return harmless


def _status(world: World, aim: _Aims, leaves: NDArray[np.bool_]) -> Ints:
    """Completion status; who goes on at another provider withdraws from the one before, and who leaves from all."""
    rules, of = study.colleges().finish, aim.of
    withdraws = np.array([rules.withdrawn[name] for name in PROGRAMMES])[of.programme]
    rest = aim.uniform(world, "finish") - withdraws * np.where(world.people.fsm[of.person], 1.25, 0.93)
    status = np.select(
        [rest < 0, rest < rules.transfer, rest < rules.transfer + rules.break_], [WITHDRAWN, MOVED, BREAK], COMPLETED
    )
    status = np.where(of.leaves & (of.year == of.last), WITHDRAWN, status)
    status = np.where(_stays_on(world, aim), CONTINUING, status)
    return np.where(of.year < aim.end_year, CONTINUING, np.where(leaves, WITHDRAWN, status))


def _outcome(world: World, aim: _Aims, status: Ints, ended: Days) -> tuple[Ints, Ints]:
    """Outcome (-1 while it goes on) and reason of withdrawal (-1 for none)."""
    rules, of = study.colleges().finish, aim.of
    achieves = np.array([rules.achieved[name] for name in PROGRAMMES])[of.programme]
    passed = aim.uniform(world, "pass")
    result = np.select([passed < achieves, passed < achieves + 0.01], [ACHIEVED, PARTLY], FAILED)
    result = np.where((ended > DATA_END - 75) & (passed > 0.93), NOT_YET, result)
    outcome = np.select([status == COMPLETED, (status == WITHDRAWN) | (status == MOVED)], [result, FAILED], -1)
    why = np.searchsorted(_REASON_ODDS, aim.uniform(world, "reason") * 0.999, side="right")
    why = np.where(of.leaves & (of.year == of.last), 0, why.clip(0, len(_REASONS) - 1))
    return outcome, np.select([status == WITHDRAWN, status == MOVED], [why, 2], -1)


def _stays_on(world: World, aim: _Aims) -> NDArray[np.bool_]:
    """Those begun in the data's last year of which half go on beyond it."""
    of = aim.of
    lasting = (of.programme == STUDY) | (of.programme == APPRENTICESHIP)
    ids = world.people.ids[of.person]
    on_and_on = world.draws.chance("aim.stays", ids, 0.5, of.event)
    out: NDArray[np.bool_] = lasting & (of.year == LAST_YEAR) & (of.first == LAST_YEAR) & on_and_on
    return out


def _reference(world: World, aim: _Aims, course: Programmes, whole_programme: NDArray[np.bool_]) -> Any:
    """An invented qualification of the area and level; ZPROG001 is a whole programme."""
    each = 18
    known = pa.array([f"6{n:07d}" for n in range(15 * 8 * each)] + ["ZPROG001"])
    code = (course.area * 8 + course.level) * each + (aim.uniform(world, "reference") ** 2 * each).astype(np.int64)
    return Text(known, np.where(whole_programme, len(known) - 1, code).astype(np.int32)).array()


def _programme_type(world: World, of: Enrolments, course: Programmes) -> Any:
    """Apprenticeships by level or as a standard, and traineeships."""
    higher = np.select([course.level == 4, course.level == 5, course.level == 6], [2, 3, 4], 5)
    kind = np.select([course.standard, course.level <= 2, course.level == 3], [7, 1, 0], higher)
    kind = np.where(of.programme == APPRENTICESHIP, kind, np.where(trainees(world, of), 6, -1))
    return coded(kind, ["2", "3", "20", "21", "22", "23", "24", "25"])


def _partner(world: World, aim: _Aims, dealings: Dealings, place: Ints) -> Any:
    """The training provider that teaches for another; one in twelve dealings of adults and apprentices."""
    of = aim.of
    drawn = world.draws.uniform("ilr.partner", aim.ids, of.event)
    has = (drawn < 1 / 12) & np.isin(of.programme, (APPRENTICESHIP, ADULT, COMMUNITY))
    region = world.people.homes.region[of.person]
    partner = colleges().choose((drawn * 12) % 1, np.full(len(region), 3, np.int32), region)
    return whole(partner, has & (partner != dealings.provider[place[aim.row]]))


def _grades(world: World, aim: _Aims, outcome: Ints, course: Programmes) -> Ints:
    drawn = aim.uniform(world, "grade")
    graded = (outcome == ACHIEVED) & (aim.of.programme != UNFUNDED) & (course.level >= 2) & ~aim.of.short
    return np.where(graded, np.select([drawn < 0.55, drawn < 0.8, drawn < 0.95], [0, 1, 2], 3), -1)
