"""The Customer Information System: periods of one name and address as DWP knew them,
late or never.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.base import identifiers
from synthetic.base.dates import DATA_END, NEVER, Days, day, parts
from synthetic.base.draws import Ints
from synthetic.base.text import Text, joined, unique_rows
from synthetic.people.homes import postcodes
from synthetic.recording.registration import Registrations, wrong_postcodes
from synthetic.world import Tables, World, coded, dates, whole

BULK_LOAD = day(2012, 10, 12)
"""Addresses were not tracked well until a bulk load on this day (LEO variable request
form v2.3, geography).
"""


@dataclass(frozen=True)
class Periods:
    """Rows of one name and address: registration, first and last day (NEVER while it
    lasts), home, and what was known.
    """

    registration: Ints
    first: Days
    last: Days
    home: Ints
    renamed: NDArray[np.bool_]
    addressed: NDArray[np.bool_]  # whether an address was known


def periods(registrations: Registrations, issue_day: Days) -> Periods:
    """The periods of each registration (a number and its holder), from the day on which
    the number was issued.

    What comes on one day makes one period, and news that changes nothing none.
    """
    days, home, has_new, has_address = _news(registrations, issue_day)
    final = np.ones(days.shape, bool)  # the last news of a day
    final[:, :-1] = days[:, :-1] != days[:, 1:]
    final &= days < NEVER
    registration, column = np.nonzero(final)
    first, home = days[registration, column], home[registration, column]
    has_new, has_address = (
        has_new[registration, column],
        has_address[registration, column],
    )
    state = np.stack(
        [registration, has_new, has_address, np.where(has_address, home, -1)]
    )
    is_new = np.diff(state, prepend=-1).any(
        axis=0
    )  # to what was known of the registration before
    registration, first = registration[is_new], first[is_new]
    last = np.full(len(first), NEVER, np.int64)
    follows = registration[1:] == registration[:-1]
    last[:-1][follows] = first[1:][follows] - 1
    return Periods(
        registration,
        first.astype(np.int32),
        last.astype(np.int32),
        home[is_new],
        has_new[is_new],
        has_address[is_new],
    )


def _news(
    registrations: Registrations, issue_day: Days
) -> tuple[Ints, Ints, NDArray[np.bool_], NDArray[np.bool_]]:
    """(registrations, news) in the order of days: the day (NEVER for none), and what
    was known from then on.
    """
    people, person = registrations.people, registrations.person
    homes, names, end = people.homes, people.names, people.departure[person]
    start = homes.start[person].astype(np.int64)
    place = np.arange(start.shape[1])[None, :]
    at_issue = homes.at(person, issue_day)
    lag = registrations.lag("address", place, registrations.ids[:, None])
    moves = np.where(
        (place > at_issue[:, None]) & (start < NEVER) & (start < end[:, None]),
        start + lag,
        NEVER,
    )
    lag = registrations.lag("surname", 0, registrations.ids)
    name_days, return_days = (
        np.where(
            (day[person] > issue_day) & (day[person] < NEVER) & (day[person] < end),
            day[person] + lag,
            NEVER,
        )
        for day in (names.changed.astype(np.int64), names.back.astype(np.int64))
    )
    has_no_address = (issue_day < BULK_LOAD) & (
        registrations.uniform("no.address") < registrations.odds.cis.no_address
    )
    load_days = np.where(has_no_address & (end > BULK_LOAD), BULK_LOAD, NEVER)
    days = np.concatenate(
        [
            issue_day[:, None].astype(np.int64),
            moves,
            *(d[:, None] for d in (name_days, return_days, load_days)),
        ],
        axis=1,
    )
    days[(days > DATA_END) | (days >= people.death[person, None])] = (
        NEVER  # of the dead there is no news
    )
    address = np.zeros(days.shape, np.int64)  # the home that news brings
    address[:, 0], address[:, 1:-3], address[:, -1] = (
        at_issue,
        place,
        homes.at(person, np.full(len(person), BULK_LOAD)),
    )
    order = np.argsort(days, axis=1, kind="stable")
    days = np.take_along_axis(days, order, axis=1)
    home = np.maximum.accumulate(np.take_along_axis(address, order, axis=1), axis=1)
    changes = (order == start.shape[1] + 1).astype(np.int8) - (
        order == start.shape[1] + 2
    ).astype(np.int8)
    has_new = (
        np.cumsum(changes, axis=1) + names.new_on(person, issue_day)[:, None]
    ) > 0
    has_address = ~has_no_address[:, None] | (days >= BULK_LOAD)
    return days, home, has_new, has_address


_OFFICES = 40  # that take details, in each region
_TITLES = ["MR", "MISS", "MRS", "MS", "DR"]


def cis(world: World) -> Tables:
    """Customers: a row for each period of one name and address of a number."""
    issued, second = world.insurance.issued, world.insurance.second
    holders = np.concatenate(
        [np.flatnonzero(issued < NEVER), np.flatnonzero(second < NEVER)]
    )
    event = np.concatenate(
        [
            np.zeros((issued < NEVER).sum(), np.int64),
            np.ones((second < NEVER).sum(), np.int64),
        ]
    )
    order = np.lexsort((event, holders))
    person, event = holders[order], event[order]
    offices = (
        world.people.homes.region[person].astype(np.int64) * _OFFICES
        + world.people.family[person] % _OFFICES
    )
    issue_day = np.where(event == 1, second[person], issued[person])
    registrations = world.registrations("cis", person, event, offices, paper(issue_day))
    out = Tables()
    out.tables["cis_customers"] = _customers(world, registrations, issue_day, out)
    return out


def paper(days: Days) -> NDArray[np.float64]:
    """How much of what was taken on a day came from forms on paper: all in the 1990s,
    little in the 2020s.
    """
    return (1.8 - 0.075 * (parts(days)[0] - 2000)).clip(0.2, 2.0)


def _titles(
    world: World,
    registrations: Registrations,
    female: NDArray[np.bool_],
    is_married: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Codes of titles: a woman is Miss until DWP hears of her marriage, some are Ms;
    one adult in 150 is a doctor.
    """
    draw = registrations.uniform("title")
    codes = np.where(female, np.where(is_married, 2, 1), 0)
    codes = np.where(female & (draw < 0.12), 3, codes)
    return np.where(
        (draw > 1 - 1 / 150) & (world.people.ability[registrations.person] > 0),
        4,
        codes,
    )


def _customers(
    world: World, registrations: Registrations, issue_day: Days, out: Tables
) -> dict[str, Any]:
    people = world.people
    spans = periods(registrations, issue_day)
    place, home, has_new = spans.registration, spans.home, spans.renamed
    person = registrations.person[place]
    forename, middle, before, after = registrations.names()
    nino = world.insurance.numbers(registrations.person, registrations.event == 1)
    surname = Text(
        pa.concat_arrays([before.plain(), after.plain()]),
        (place + has_new * len(registrations.ids)).astype(np.int32),
    )
    number = (
        np.arange(len(place))
        - np.searchsorted(place, place)
        + registrations.event[place] * 16
    )
    record = identifiers.record_id(world.draws, people.ids[person], 3, number)
    code, kind = wrong_postcodes(
        registrations, place, home, people.homes.postcode[person, home]
    )
    code = np.where(spans.addressed, code, -1)
    dob, sex = registrations.birth_dates()[place], registrations.female()
    out.truth("cis", record, people.ids[person], nino.plain(), registrations.ids)
    kinds = {k: of[place] for k, of in registrations.kinds.items()}
    kinds = {k: kinds[k] for k in ("forename", "middle_names", "dob", "sex")} | {
        "surname": np.where(has_new, kinds["surname.after"], kinds["surname"]),
        "postcode": np.where(spans.addressed, kind, 0).astype(np.int8),
    }
    out.log_errors("cis", record, kinds)
    is_informed = ~world.draws.chance(
        "cis.death", people.ids[person], world.odds.cis.death_unknown
    )
    has_death = (people.death[person] <= DATA_END) & is_informed
    is_married = people.names.reason[registrations.person] == 1
    old_title, new_title = (
        _titles(world, registrations, sex, of)
        for of in (np.zeros(len(sex), bool), is_married)
    )
    return {
        "RECORDID": whole(record),
        "NINO": nino.take(place).array(),
        "Title": coded(np.where(has_new, new_title[place], old_title[place]), _TITLES),
        "Forenames": unique_rows(pc.utf8_upper(joined(forename, middle)))
        .take(place)
        .array(),
        "Surname": surname.upper().array(),
        "DateOfBirth": dates(dob),
        "Sex": coded(sex[place], ["M", "F"]),
        "Postcode": postcodes(world.reference, code, space="").array(),
        "StartDate": dates(spans.first),
        "EndDate": dates(spans.last, spans.last < NEVER),
        "DateOfDeath": dates(people.death[person], has_death),
    }
