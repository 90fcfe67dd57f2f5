"""What a student record says of the studies: origin, entry, mode, level, subject, how the course ended."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.drawn.dates import DATA_END, Days, on
from synthetic.drawn.draws import Ints, Slots
from synthetic.drawn.text import Text
from synthetic.education.universities import band_of, universities
from synthetic.people.people import VISITOR
from synthetic.reference_tables import Codes
from synthetic.rules import study
from synthetic.sources.hesa.courses import (
    FIRST,
    FOUNDATION,
    LAST_YEAR,
    POSTGRADUATE,
    RESEARCH,
    TAUGHT,
    Courses,
    Years,
    summer,
)
from synthetic.world.world import World, coded, dates, whole

FIRST_CAH_YEAR = 2019
LEVEL6 = ["4", "5", "5", "2", "3", "3", "1"]  # XLEV601 by kind of course
_LEVEL5 = ["3", "4", "4", "2", "2", "2", "1"]
_ETHNIC = {
    "WBRI": "10", "WIRI": "10", "WIRT": "15", "WROM": "15", "WOTH": "10", "MWBC": "41", "MWBA": "42", "MWAS": "43",
    "MOTH": "49", "AIND": "31", "APKN": "32", "ABAN": "33", "CHNE": "34", "AOTH": "39", "BAFR": "22", "BCRB": "21",
    "BOTH": "29", "OOTH": "80",
}  # fmt: skip
_NATIONS = {"W92000004": "XI", "S92000003": "XH", "N92000002": "XG"}
_ENTRY = ["P50", "P80", "X00", "X02", "X05", "X06", "HUK", "MUK", "HZZ"]
_REASONS = ["01", "02", "03", "04", "06", "07", "10", "11", "98"]
_LEAVING = Slots(
    np.array([0, 0.22, 0, 0.06, 0.05, 0.40, 0.05, 0.08, 0.14]), 10
)  # reasons of those who leave (estimate)
FULL_TIME, SANDWICH, PART_TIME, WRITING_UP, DORMANT = range(5)


def began(world: World, of: Courses) -> Days:
    """First day of the course: in September."""
    drawn = world.draws.uniform("hesa.begin", world.people.ids[of.person], of.event)
    out: Days = on(of.start, 9, 10) + (drawn * 19).astype(np.int32)
    return out


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
    """Subjects of first degrees are those of the journey; half of those who go on choose another."""
    people, draws = world.people, world.draws
    ids = people.ids[of.person]
    level = np.where(of.kind == RESEARCH, 2, 1)
    drawn = draws.uniform("hesa.subject", ids)
    other = universities().subject(level, people.female[of.person], band_of(people.ability[of.person]), drawn)
    changes = (of.event == POSTGRADUATE) & draws.chance("hesa.changes", ids, 0.5)
    return np.where(changes, other, world.journeys.subject[of.person]).astype(np.int32)


def jacs(world: World, of: Courses, subject: Codes, rows: NDArray[np.bool_]) -> Any:
    """Subjects as codes of the joint academic coding system, one of those that the newer code covers."""
    table = study.subjects().jacs
    lists = [table[code] for code in universities().codes]
    values = [code for codes in lists for code in codes]
    first = np.cumsum([0, *(len(codes) for codes in lists)])[:-1]
    count = np.array([len(codes) for codes in lists])
    drawn = world.draws.uniform("hesa.jacs", world.people.ids[of.person], of.event == POSTGRADUATE)
    index = first[subject] + (drawn**1.5 * count[subject]).astype(np.int64)
    return Text(pa.array(values), np.where(rows, index, -1).astype(np.int32)).array()


def _mode(world: World, of: Courses, years: Years) -> Ints:
    draws, rules = world.draws, study.universities()
    ids = world.people.ids[of.person]
    work_year = (of.kind == FIRST) & (of.years == 4) & ~integrated(world, of)
    work_year &= draws.chance("hesa.sandwich", ids, rules.kind.sandwich)
    writes = (of.kind == RESEARCH) & (years.year == of.last) & draws.chance("hesa.writes", ids, rules.home.writing_up)
    mode = np.select([writes, of.part_time, work_year], [WRITING_UP, PART_TIME, SANDWICH], FULL_TIME)
    return np.where(years.dormant, DORMANT, mode)


def integrated(world: World, of: Courses) -> NDArray[np.bool_]:
    """First degrees of four years that end in a master's, as the able in sciences and engineering take them."""
    sciences = np.isin(np.array(universities().codes), study.subjects().integrated)
    able = band_of(world.people.ability[of.person]) > 0
    out: NDArray[np.bool_] = (of.kind == FIRST) & (of.before + of.years == 4) & able
    return out & sciences[world.journeys.subject[of.person]]


def _person(world: World, of: Courses) -> dict[str, Any]:
    draws, rules = world.draws, study.universities().home
    ids = world.people.ids[of.person]
    frame = [_ETHNIC[code] for code in world.reference.ethnic] + ["90", "98"]
    drawn = draws.uniform("hesa.ethnic", ids, of.event)
    unknown, refused = drawn < rules.ethnic_unknown, drawn < rules.ethnic_unknown + rules.ethnic_refused
    known = world.people.ethnic[of.person]
    ethnic = np.select([unknown, refused], [len(frame) - 2, len(frame) - 1], known)
    return {"ETHNIC": coded(ethnic, frame), "DISABLE": whole(draws.uniform("lldd", ids) < 0.11)}


def _origin(world: World, of: Courses) -> dict[str, Any]:
    """Country and region of the permanent home before entry; the region of those from abroad is empty."""
    people, rules = world.people, study.universities()
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
    """Highest qualification on entry, and tariff points of those who came from school."""
    people, journey = world.people, world.journeys
    ids, ability = people.ids[of.person], people.ability[of.person]
    drawn = world.draws.uniform("hesa.entry", ids, of.event)
    visits = people.kind[of.person] == VISITOR
    vocational = drawn < 0.42 - 0.22 * ability
    young = np.where(vocational, 1, 0)
    grown = np.searchsorted(np.array([0.30, 0.52, 0.80, 0.90]), drawn, side="right") + 1
    before = np.where(visits, 8, np.where((drawn < 0.12) & (of.kind != TAUGHT), 7, 6))
    held = np.where(of.event == POSTGRADUATE, before, np.where(of.mature, grown, young))
    held = np.where((drawn > 0.985) & (of.event != POSTGRADUATE), 5, held)
    newer = of.start >= 2017
    points = np.where(newer, 112 + 26 * ability + 20 * (drawn - 0.5), 290 + 88 * ability + 60 * (drawn - 0.5))
    points = np.round(np.clip(points, 24, np.where(newer, 200, 600)) / 8) * 8
    told = (of.event != POSTGRADUATE) & ~of.mature & ~visits & (journey.points[of.person] > 0)
    return {"QUALENT3": coded(held, _ENTRY), "XTARIFF": whole(points, told & np.isin(of.kind, (FIRST, FOUNDATION)))}


def _reason(world: World, of: Courses) -> Ints:
    """Why the course ended, as a place in the list of reasons."""
    leaves = _LEAVING.at(world.draws.uniform("hesa.leaves", world.people.ids[of.person], of.event))
    return np.select([of.completes, of.transfers], [0, 2], leaves).astype(np.int64)
