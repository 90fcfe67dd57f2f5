"""The Individualised Learner Record: colleges, apprenticeships, adults who learn; a record a provider and year."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic import numbers
from synthetic.dates import DATA_END, Days, on, six_digits
from synthetic.draws import Ints
from synthetic.homes import postcodes
from synthetic.journeys import COLLEGE, taught
from synthetic.mistakes import SENTINEL, Dealings, on_records, wrong_postcodes
from synthetic.people import LATE, OUTSIDER, VISITOR
from synthetic.text import Text, joined, unique_rows
from synthetic.world import Tables, World, coded, dates, whole

FIRST_YEAR, LAST_YEAR = 2002, 2020
YEARS = np.arange(FIRST_YEAR, LAST_YEAR + 1)
FIRST_ULN_YEAR = 2008
PROVIDERS_PER_REGION = 45

YOUNG, APPRENTICE, ADULT = range(3)

_ETHNICITY = {
    "WBRI": "31", "WIRI": "32", "WIRT": "33", "WROM": "33", "WOTH": "34", "MWBC": "35", "MWBA": "36", "MWAS": "37",
    "MOTH": "38", "AIND": "39", "APKN": "40", "ABAN": "41", "CHNE": "42", "AOTH": "43", "BAFR": "44", "BCRB": "45",
    "BOTH": "46", "OOTH": "98",
}  # fmt: skip
_AREAS = [str(n) for n in range(1, 16)]
_NOT_KNOWN = (1, 0.35)  # share of learners with a ULN: since 2008, before


@dataclass(frozen=True)
class _Rows:
    """Learner records: place of the person, year, number of the dealing, programme, and the dealing's first year."""

    person: Ints
    year: Ints
    event: Ints
    programme: Ints
    first: Ints


def ilr(world: World) -> Tables:
    """Learners and aims."""
    rows = _learner_rows(world)
    dealt, first, place = np.unique(rows.person * 64 + rows.event, return_index=True, return_inverse=True)
    provider = _providers(world, dealt // 64, dealt % 64, rows.programme[first])
    dealings = Dealings(
        "ilr", world.draws, world.reference, world.odds, world.people, dealt // 64, dealt % 64, provider
    )
    out = Tables()
    keys = _keys(world, dealings, rows, first)
    start = _start(world, rows)
    out.tables["ilr_learners"] = _learners(world, rows, place, first, dealings, keys, start, out)
    out.tables["ilr_aims"] = _aims(world, rows, place, provider, keys, start)
    return out


def _learner_rows(world: World) -> _Rows:
    people, journey, draws = world.people, world.journeys, world.draws
    ids, year = people.ids[:, None], YEARS[None, :]
    there = taught(people, journey, year) & ~np.isin(people.kind, (OUTSIDER, VISITOR))[:, None]
    moved = np.flatnonzero(
        (people.homes.raised.first > 0) | (people.homes.raised.later > 0)
    )
    there[moved] &= people.homes.in_england(world.reference, moved[:, None], on(YEARS, 10, 1)[None, :])
    age = year - people.cohort[:, None]
    event = np.full(there.shape, -1)
    hazard = np.where(age < 24, 0.085, 0.05) * np.where(people.kind == LATE, 1.8, 1.0)[:, None]
    busy = journey.degree_start[:, None] + journey.degree_years[:, None]
    studying = (year >= journey.degree_start[:, None]) & (year < busy)
    adult = (age >= 19) & ~studying & draws.chance("ilr.adult", ids, hazard, year)
    event = np.where(adult, 2 + year - FIRST_YEAR, event)
    second_year = np.zeros(there.shape, bool)
    second_year[:, 1:] = adult[:, :-1] & draws.chance("ilr.goes.on", ids, 0.25, YEARS[None, 1:])
    event = np.where(second_year & ~adult, 1 + year - FIRST_YEAR, event)
    since = year - journey.apprentice_start[:, None]
    event = np.where((since >= 0) & (since < journey.apprentice_years[:, None]), 1, event)
    since = year - (people.cohort[:, None] + 17)
    young = (journey.post16 == COLLEGE)[:, None] & (since >= 0) & (since < journey.college_years[:, None])
    event = np.where(young, 0, event)
    person, at = np.nonzero(there & (event >= 0))
    event = event[person, at]
    programme = np.minimum(event, ADULT)
    _, first_row, place = np.unique(person * 64 + event, return_index=True, return_inverse=True)
    return _Rows(person, YEARS[at], event, programme, YEARS[at][first_row][place])


def _providers(world: World, person: Ints, event: Ints, programme: Ints) -> Ints:
    """Invented colleges and training providers of the region, the first ones largest."""
    ids = world.people.ids[person]
    drawn = world.draws.uniform("ilr.provider", ids, event) ** 2
    number = (drawn * PROVIDERS_PER_REGION).astype(np.int64)
    region = world.people.homes.region[person].astype(np.int64)
    out: Ints = 10_090_000 + (region * 2 + (programme == APPRENTICE)) * PROVIDERS_PER_REGION + number
    return out


def _keys(world: World, dealings: Dealings, rows: _Rows, first: Ints) -> dict[str, Any]:
    """ULN and learner reference of each dealing."""
    started = rows.first[first]
    odds = world.odds.numbers.uln_unknown
    known = dealings.uniform("uln") >= np.where(started >= FIRST_ULN_YEAR, odds * dealings.factor, 1 - _NOT_KNOWN[1])
    dealings.kinds["uln"] = np.where(known | (started < FIRST_ULN_YEAR), 0, SENTINEL).astype(np.int8)
    true = numbers.uln(world.draws, world.people.ids).take(pa.array(dealings.person))
    uln = pc.if_else(pa.array(known), true, numbers.NO_ULN)
    reference = numbers.reference(world.draws, "ilr.reference", dealings.ids, dealings.event)
    alternative = pc.binary_join_element_wise(pc.cast(pa.array(dealings.provider), pa.string()), reference, "|")
    return {"uln": uln, "reference": reference, "entity": pc.if_else(pa.array(known), true, alternative)}


def _start(world: World, rows: _Rows) -> Days:
    """First day of learning in the year: autumn for the young, any time for others, 1 August for those who go on."""
    ids = world.people.ids[rows.person]
    drawn = world.draws.uniform("ilr.start", ids, rows.year)
    span = np.where(rows.programme == YOUNG, 30, 270)
    began = on(rows.year, 9, 1) + (drawn * span).astype(np.int32)
    return np.where(rows.year > rows.first, on(rows.year, 8, 1), np.minimum(began, DATA_END - 30)).astype(np.int32)


def _learners(
    world: World,
    rows: _Rows,
    place: Ints,
    first: Ints,
    dealings: Dealings,
    keys: dict[str, Any],
    start: Days,
    out: Tables,
) -> dict[str, Any]:
    people, draws = world.people, world.draws
    ids = people.ids[rows.person]
    forename, middle, before, after = dealings.names()
    held = on_records(dealings, place, start)
    record = numbers.record_id(draws, ids, 1, rows.year - FIRST_YEAR)
    given = joined(forename, middle)
    share = np.array([0.12, 0.98, 0.45])[rows.programme[first]]
    true_nino = numbers.nino(draws, people.ids).take(pa.array(dealings.person))
    issued = world.insurance.issued[dealings.person] <= start[first]
    nino = dealings.nino(true_nino, issued & (dealings.uniform("nino.given") < share))
    dob, female = dealings.birth_dates()[place], dealings.female()[place]
    surname = Text(
        pa.concat_arrays([before.plain(), after.plain()]),
        (place + held["renamed"] * len(dealings.ids)).astype(np.int32),
    )
    prior = np.maximum(people.homes.at(rows.person, on(rows.first, 8, 1) - 365).astype(np.int64), 0)
    prior_code, prior_kind = wrong_postcodes(
        dealings, place, prior, people.homes.postcode[rows.person, prior], "postcode.prior"
    )
    out.truth("ilr", record, ids, keys["entity"], dealings.ids)
    kinds = {k: dealings.kinds[k][place] for k in ("forename", "middle_names", "dob", "sex", "nino", "uln")}
    kinds |= {"surname": held["surname.kind"], "postcode": held["postcode.kind"], "former_postcode": prior_kind}
    out.mistakes("ilr", record, kinds)
    return {
        "RECORDID": whole(record),
        "Year": whole(six_digits(rows.year)),
        "UKPRN": whole(dealings.provider[place]),
        "LearnRefNumber": unique_rows(keys["reference"]).take(place).array(),
        "ULN": unique_rows(keys["uln"]).take(place).array(),
        "LearnStartDate": dates(start),
        "FamilyName": surname.array(),
        "GivenNames": unique_rows(given).take(place).array(),
        "DateOfBirth": dates(dob),
        "Sex": coded(female, ["M", "F"]),
        "NINumber": unique_rows(nino).take(place).array(),
        "Postcode": postcodes(world.reference, held["postcode"]).array(),
        "PostcodePrior": postcodes(world.reference, prior_code).array(),
        **_attributes(world, rows),
    }


def _attributes(world: World, rows: _Rows) -> dict[str, Any]:
    people, journey, draws = world.people, world.journeys, world.draws
    ids = people.ids[rows.person]
    frame = [_ETHNICITY[code] for code in world.reference.ethnic] + ["99"]
    ethnic = np.where(draws.chance("ilr.ethnic", ids, 0.02, rows.event), len(frame) - 1, people.ethnic[rows.person])
    level2 = journey.level2[rows.person]
    older = rows.programme == ADULT
    prior = np.where(level2, np.where(older & (ids % 3 == 0), 2, 1), np.where(ids % 7 == 0, 3, 0))
    disabled = draws.uniform("lldd", ids)
    return {
        "Ethnicity": coded(ethnic, frame),
        "LLDDHealthProb": coded(np.select([disabled < 0.15, disabled < 0.96], [0, 1], 2), ["1", "2", "9"]),
        "PriorAttain": coded(prior, ["1", "2", "3", "7"]),
    }


def _aims(world: World, rows: _Rows, place: Ints, provider: Ints, keys: dict[str, Any], start: Days) -> dict[str, Any]:
    """One to three aims a learner and year; the first of an apprenticeship is the programme."""
    people, draws = world.people, world.draws
    ids = people.ids[rows.person]
    count = 1 + (draws.uniform("aims", ids, rows.year) * np.array([2.6, 2.4, 1.3])[rows.programme]).astype(np.int64)
    row = np.repeat(np.arange(len(ids)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    key = ids[row], rows.year[row] * 8 + number
    programme, begun = rows.programme[row], start[row]
    area = (draws.uniform("aim.area", ids[row], rows.event[row]) * 15).astype(np.int64)
    level = np.clip(
        (1.6 + people.ability[rows.person[row]] * 0.7 + draws.normal("aim.level", *key) * 0.6), 0, 4
    ).astype(int)
    length = np.where(programme == ADULT, 30 + draws.uniform("aim.length", *key) * 240, 300).astype(np.int64)
    planned = begun + length
    leaves = draws.uniform("aim.outcome", *key)
    completed = leaves < 0.82 - 0.1 * (people.fsm[rows.person[row]])
    withdrawn = ~completed & (leaves < 0.96)
    ended = np.where(withdrawn, begun + length * draws.uniform("aim.left", *key), planned).astype(np.int64)
    goes_on = (~completed & ~withdrawn) | (ended > DATA_END)
    no_end = goes_on | draws.chance("aim.no.end", ids[row], 0.02, key[1])  # 2 % of ends are missing in the ILR
    whole_programme = (programme == APPRENTICE) & (number == 0)
    aim_type = np.select([whole_programme, programme == APPRENTICE, (programme == YOUNG) & (number == 0)], [0, 1, 3], 2)
    status = np.select([goes_on, withdrawn], [0, 2], 1)
    standard = (rows.year[row] >= 2017) & (ids[row] % 2 == 0)
    return {
        "ULN": unique_rows(keys["uln"]).take(place[row]).array(),
        "UKPRN": whole(provider[place[row]]),
        "LearnRefNumber": unique_rows(keys["reference"]).take(place[row]).array(),
        "Year": whole(six_digits(rows.year[row])),
        "AimSeqNumber": whole(number + 1),
        "LearnAimRef": _aim_reference(draws.words("aim.reference", *key), whole_programme),
        "AimType": coded(aim_type, ["1", "3", "4", "5"]),
        "FundModel": coded(_funding(programme, ids[row]), ["25", "36", "35", "10"]),
        "ProgType": coded(np.where(programme == APPRENTICE, np.where(standard, 2, level >= 3), -1), ["3", "2", "25"]),
        "NotionalLevel": coded(level, ["E", "1", "2", "3", "4"]),
        "SSATier1": coded(area, _AREAS),
        "LearnStartDate": dates(begun),
        "LearnPlanEndDate": dates(planned),
        "LearnActEndDate": dates(ended, ~no_end),
        "CompStatus": coded(status, ["1", "2", "3"]),
        "Outcome": coded(np.where(goes_on, -1, np.where(completed & (leaves < 0.75), 0, 1)), ["1", "3"]),
    }


def _funding(programme: Ints, ids: Ints) -> NDArray[np.int64]:
    return np.where(programme == ADULT, np.where(ids % 5 == 0, 3, 2), programme)


def _aim_reference(words: NDArray[np.uint64], whole_programme: NDArray[np.bool_]) -> Any:
    """One of 2,000 invented qualifications; ZPROG001 is a whole programme."""
    code = (words % np.uint64(2000)).astype(np.int64)
    known = pa.array([f"6{n:07d}" for n in range(2000)] + ["ZPROG001"])
    return Text(known, np.where(whole_programme, 2000, code).astype(np.int32)).array()
