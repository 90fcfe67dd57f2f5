"""The table of learners: what a provider writes down of a person in a year."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.drawn import numbers
from synthetic.drawn.dates import Days, on, six_digits
from synthetic.drawn.draws import Ints
from synthetic.drawn.text import Text, joined, unique_rows
from synthetic.mistakes.written_down import MISSING, OMITTED, SENTINEL, Dealings, on_records, wrong_postcodes
from synthetic.people.homes import postcodes
from synthetic.rules import study
from synthetic.sources.ilr.begin import began
from synthetic.sources.ilr.enrolments import (
    ADULT,
    APPRENTICESHIP,
    COMMUNITY,
    FIRST_YEAR,
    PROGRAMMES,
    STUDY,
    UNFUNDED,
    Enrolments,
)
from synthetic.world.world import Tables, World, coded, dates, whole

FIRST_ULN_YEAR = 2008

_ETHNICITY = {
    "WBRI": "31", "WIRI": "32", "WIRT": "33", "WROM": "33", "WOTH": "34", "MWBC": "35", "MWBA": "36", "MWAS": "37",
    "MOTH": "38", "AIND": "39", "APKN": "40", "ABAN": "41", "CHNE": "42", "AOTH": "43", "BAFR": "44", "BCRB": "45",
    "BOTH": "46", "OOTH": "98",
}  # fmt: skip
_CATEGORIES = ["4", "5", "6", "9", "10", "12", "13", "14", "15", "95", "98"]
_CATEGORY_ODDS = np.cumsum([0.02, 0.05, 0.05, 0.24, 0.14, 0.21, 0.01, 0.07, 0.03, 0.12, 0.06])
_LATER_LEVELS = 2013  # codes 10 to 13 tell levels 4 to 7 apart from then on

Columns = dict[str, Any]


def numbered(world: World, dealings: Dealings, of: Enrolments) -> Columns:
    """ULN, learner reference and key of each dealing, and where its reference at an earlier provider stands."""
    rules = study.colleges().uln
    careless = np.where(of.short | (of.programme == COMMUNITY), rules.unknown, 1.0)
    odds = world.odds.numbers.uln_unknown * dealings.factor * careless
    known = dealings.uniform("uln") >= np.where(of.first >= FIRST_ULN_YEAR, odds, 1 - rules.known_before_2008)
    dealings.kinds["uln"] = np.where(known | (of.first < FIRST_ULN_YEAR), 0, SENTINEL).astype(np.int8)
    true = numbers.uln(world.draws, world.people.ids).take(pa.array(dealings.person))
    uln = pc.if_else(pa.array(known), true, numbers.NO_ULN)
    reference = numbers.reference(world.draws, "ilr.reference", dealings.ids, dealings.event)
    alternative = pc.binary_join_element_wise(pc.cast(pa.array(dealings.provider), pa.string()), reference, "|")
    earlier = np.searchsorted(of.person * 64 + of.event, of.person * 64 + of.follows)
    return {
        "uln": unique_rows(uln),
        "reference": unique_rows(reference),
        "entity": pc.if_else(pa.array(known), true, alternative),
        "earlier": np.where(of.follows >= 0, earlier, -1),
    }


def learners(
    world: World, rows: Enrolments, of: Enrolments, place: Ints, dealings: Dealings, keys: Columns, out: Tables
) -> Columns:
    """A row a record.

    Args:
        of: the first record of each dealing; place: the dealing of each record.
    """
    people, draws = world.people, world.draws
    ids = people.ids[rows.person]
    start = _first_day(world, rows)
    blank = (of.programme == COMMUNITY) & (dealings.uniform("blank") < study.colleges().names.blank)
    given, surnames = _names(dealings, blank)
    held = on_records(dealings, place, start)
    record = numbers.record_id(draws, ids, 1, (rows.year - FIRST_YEAR) * 3 + rows.slot)
    nino = _ninos(world, of, dealings, start[np.searchsorted(place, np.arange(len(of.person)))])
    dob, female = dealings.birth_dates()[place], dealings.female()[place]
    index = np.where(blank[place], -1, place + held["renamed"] * len(dealings.ids))
    prior = np.maximum(people.homes.at(rows.person, on(rows.first, 8, 1) - 365).astype(np.int64), 0)
    prior_code, prior_kind = wrong_postcodes(
        dealings, place, prior, people.homes.postcode[rows.person, prior], "postcode.prior"
    )
    out.truth("ilr", record, ids, keys["entity"], dealings.ids)
    kinds = {k: dealings.kinds[k][place] for k in ("forename", "middle_names", "dob", "sex", "nino", "uln")}
    surname_kind = np.where(blank[place], MISSING, held["surname.kind"]).astype(np.int8)
    kinds |= {"surname": surname_kind, "postcode": held["postcode.kind"], "former_postcode": prior_kind}
    out.mistakes("ilr", record, kinds)
    earlier = keys["earlier"][place]
    return {
        "RECORDID": whole(record),
        "Year": whole(six_digits(rows.year)),
        "UKPRN": whole(dealings.provider[place]),
        "LearnRefNumber": keys["reference"].take(place).array(),
        "PrevUKPRN": whole(dealings.provider[earlier], (earlier >= 0) & (rows.year == rows.first)),
        "PrevLearnRefNumber": keys["reference"].take(earlier).where((earlier >= 0) & (rows.year == rows.first)).array(),
        "ULN": keys["uln"].take(place).array(),
        "LearnStartDate": dates(start),
        "FamilyName": Text(surnames, index.astype(np.int32)).array(),
        "GivenNames": unique_rows(given).take(place).array(),
        "DateOfBirth": dates(dob),
        "Sex": coded(female, ["M", "F"]),
        "NINumber": unique_rows(nino).take(place).array(),
        "Postcode": postcodes(world.reference, held["postcode"]).array(),
        "PostcodePrior": postcodes(world.reference, prior_code).array(),
        **_attributes(world, rows),
    }


def _first_day(world: World, rows: Enrolments) -> Days:
    """First day of learning in the year: of the first aim, or 1 August for those who go on."""
    return np.where(rows.year > rows.first, on(rows.year, 8, 1), began(world, rows, rows.first)).astype(np.int32)


def _names(dealings: Dealings, blank: NDArray[np.bool_]) -> tuple[Any, Any]:
    """Given names of each dealing, and surnames: before the change, then after it. Blank ones are logged."""
    forename, middle, before, after = dealings.names()
    given = pc.if_else(pa.array(blank), None, joined(forename, middle))
    had = dealings.people.names.middle[dealings.person, 0] >= 0
    for field, kind, where in (("forename", MISSING, blank), ("middle_names", OMITTED, blank & had)):
        dealings.kinds[field] = np.where(where, kind, dealings.kinds[field]).astype(np.int8)
    return given, pa.concat_arrays([before.plain(), after.plain()])


def _ninos(world: World, of: Enrolments, dealings: Dealings, start: Days) -> Any:
    """National Insurance numbers: asked of apprentices, of others by chance, of community learners never."""
    rules = study.colleges()
    share = np.array([rules.nino[name] for name in PROGRAMMES])[of.programme]
    share = np.where(trainees(world, of), rules.nino["traineeship"], share)
    true = numbers.nino(world.draws, world.people.ids).take(pa.array(dealings.person))
    issued = world.insurance.issued[dealings.person] <= start
    return dealings.nino(true, issued & (dealings.uniform("nino.given") < share))


def trainees(world: World, of: Enrolments) -> NDArray[np.bool_]:
    """Which study programmes are traineeships: one year, since 2013/14."""
    drawn = world.draws.chance("ilr.trainee", world.people.ids[of.person], study.colleges().study.traineeship, of.event)
    out: NDArray[np.bool_] = drawn & (of.programme == STUDY) & (of.first >= 2013) & (of.first == of.last)
    return out


def _attributes(world: World, rows: Enrolments) -> Columns:
    people, draws, rules = world.people, world.draws, study.colleges().learner
    ids = people.ids[rows.person]
    frame = [_ETHNICITY[code] for code in world.reference.ethnic] + ["99"]
    unknown = draws.chance("ilr.ethnic", ids, rules.ethnic_unknown, rows.event)
    ethnic = np.where(unknown, len(frame) - 1, people.ethnic[rows.person])
    drawn = draws.uniform("lldd", ids)
    disabled = drawn < rules.lldd
    category = np.searchsorted(_CATEGORY_ODDS, drawn / rules.lldd, side="right").clip(0, len(_CATEGORIES) - 1)
    return {
        "AcAge": whole(rows.year - people.cohort[rows.person] - 1),
        "Ethnicity": coded(ethnic, frame),
        "LLDDHealthProb": coded(np.select([disabled, drawn < 1 - rules.lldd_unknown], [0, 1], 2), ["1", "2", "9"]),
        "LLDDCat": coded(np.where(disabled, category, -1), _CATEGORIES),
        "PriorAttain": coded(_prior(world, rows), ["99", "9", "7", "1", "2", "3", "4", "5", "10", "12", "13", "98"]),
    }


def _prior(world: World, rows: Enrolments) -> Ints:
    """Highest level before enrolment, as a place in the list of codes."""
    people, journey = world.people, world.journeys
    person = rows.person
    drawn = world.draws.uniform("ilr.prior", people.ids[person])
    graduate = journey.graduates[person] & (rows.first >= journey.degree_start[person] + journey.degree_years[person])
    grown = rows.first - people.cohort[person] >= 20
    level2 = journey.level2[person]
    level3 = grown & level2 & (drawn < 0.35 + 0.25 * people.ability[person])
    low = np.searchsorted(np.array([0.10, 0.22, 0.45]), drawn, side="right")
    newer = rows.first >= _LATER_LEVELS
    out = np.where(level2, np.where(level3, 5, 4), low)
    out = np.where(level3 & (drawn < 0.06), np.where(newer, 8, 6), out)
    out = np.where(graduate, np.where(newer, np.where(journey.postgraduate_start[person] > 0, 10, 9), 7), out)
    careless = np.isin(rows.programme, (ADULT, COMMUNITY, UNFUNDED)) & (drawn > 0.94)
    out = np.where(careless, 11, out)
    return np.where((rows.programme == APPRENTICESHIP) & (out == 0), 3, out).astype(np.int64)
