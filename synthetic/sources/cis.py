"""The Customer Information System: each National Insurance number with names and addresses as DWP came to know them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic import numbers
from synthetic.dates import NEVER, Days
from synthetic.draws import Ints
from synthetic.homes import postcodes
from synthetic.mistakes import Dealings, wrong_postcodes
from synthetic.text import Text, joined, unique_rows
from synthetic.world import Tables, World, coded, dates, whole

_OFFICES = 40  # that take details, in each region


def cis(world: World) -> Tables:
    """Customers: a row for each period of one name and address of a number."""
    issued, second = world.insurance.issued, world.insurance.second
    holders = np.concatenate([np.flatnonzero(issued < NEVER), np.flatnonzero(second < NEVER)])
    event = np.concatenate([np.zeros((issued < NEVER).sum(), np.int64), np.ones((second < NEVER).sum(), np.int64)])
    order = np.lexsort((event, holders))
    person, event = holders[order], event[order]
    offices = world.people.homes.region[person].astype(np.int64) * _OFFICES + world.people.family[person] % _OFFICES
    dealings = Dealings("cis", world.draws, world.reference, world.odds, world.people, person, event, offices)
    since = np.where(event == 1, second[person], issued[person])
    out = Tables()
    out.tables["cis_customers"] = _customers(world, dealings, since, out)
    return out


def _periods(world: World, dealings: Dealings, since: Days) -> tuple[Ints, Days, Days, Ints, NDArray[np.bool_]]:
    """Dealing, first and last day (NEVER while it lasts), home and whether renamed, of each period.

    News of a move or of a new name comes late or not at all; what comes on one day makes one period.
    """
    people, odds, person = world.people, world.odds.late["cis"], dealings.person
    start = people.homes.start[person].astype(np.int64)
    at_issue = people.homes.at(person, since)
    place = np.arange(start.shape[1])[None, :]
    ids = dealings.ids[:, None]
    lag = dealings.lag("address", odds.address_years, odds.address_never, place, ids)
    gone = people.departure[person]
    news = np.where((place > at_issue[:, None]) & (start < NEVER) & (start < gone[:, None]), start + lag, NEVER)
    changed = people.names.changed[person].astype(np.int64)
    lag = dealings.lag("surname", odds.surname_years, odds.surname_never, 0, dealings.ids)
    told = np.where((changed > since) & (changed < NEVER) & (changed < gone), changed + lag, NEVER)
    days = np.concatenate([since[:, None].astype(np.int64), news, told[:, None]], axis=1)
    days = np.where(days > 18_870, NEVER, days)  # after August 2021
    homes = np.concatenate(
        [at_issue[:, None], np.broadcast_to(place, news.shape), np.zeros((len(days), 1), int)], axis=1
    )
    order = np.argsort(days, axis=1, kind="stable")
    days = np.take_along_axis(days, order, axis=1)
    home = np.maximum.accumulate(np.take_along_axis(homes, order, axis=1), axis=1)
    renamed = np.cumsum(order == days.shape[1] - 1, axis=1) > 0
    renamed |= (changed <= since)[:, None]
    final = np.ones(days.shape, bool)  # the last news of a day
    final[:, :-1] = days[:, :-1] != days[:, 1:]
    final &= days < NEVER
    dealing, at = np.nonzero(final)
    home, renamed, first = home[dealing, at], renamed[dealing, at], days[dealing, at]
    same = np.zeros(len(dealing), bool)
    same[1:] = (dealing[1:] == dealing[:-1]) & (home[1:] == home[:-1]) & (renamed[1:] == renamed[:-1])
    dealing, home, renamed, first = dealing[~same], home[~same], renamed[~same], first[~same]
    last = np.full(len(first), NEVER, np.int64)
    follows = dealing[1:] == dealing[:-1]
    last[:-1][follows] = first[1:][follows] - 1
    return dealing, first.astype(np.int32), last.astype(np.int32), home, renamed


def _customers(world: World, dealings: Dealings, since: Days, out: Tables) -> dict[str, Any]:
    people = world.people
    place, first, last, home, renamed = _periods(world, dealings, since)
    person = dealings.person[place]
    forename, middle, before, after = dealings.names()
    nino = world.insurance.numbers(dealings.person, dealings.event == 1)
    surname = Text(
        pa.concat_arrays([before.plain(), after.plain()]), (place + renamed * len(dealings.ids)).astype(np.int32)
    )
    number = _numbered(place) + dealings.event[place] * 16
    record = numbers.record_id(world.draws, people.ids[person], 3, number)
    code, kind = wrong_postcodes(dealings, place, home, people.homes.postcode[person, home])
    dob, female = dealings.birth_dates()[place], dealings.female()[place]
    out.truth("cis", record, people.ids[person], nino.plain(), dealings.ids)
    kinds = {k: dealings.kinds[k][place] for k in ("forename", "middle_names", "dob", "sex")}
    kinds |= {
        "surname": np.where(renamed, dealings.kinds["surname.after"][place], dealings.kinds["surname"][place]),
        "postcode": kind,
    }
    out.mistakes("cis", record, kinds)
    known_death = (people.death[person] <= 18_870) & world.draws.chance("cis.death", people.ids[person], 0.97)
    married = people.names.reason[person] == 1
    return {
        "RECORDID": whole(record),
        "NINO": nino.take(place).array(),
        "Title": coded(np.where(female, np.where(renamed & married, 2, 1), 0), ["MR", "MISS", "MRS"]),
        "Forenames": unique_rows(pc.utf8_upper(joined(forename, middle))).take(place).array(),
        "Surname": surname.upper().array(),
        "DateOfBirth": dates(dob),
        "Sex": coded(female, ["M", "F"]),
        "Postcode": postcodes(world.reference, code, space="").array(),
        "StartDate": dates(first),
        "EndDate": dates(last, last < NEVER),
        "DateOfDeath": dates(people.death[person], known_death),
    }


def _numbered(groups: Ints) -> Ints:
    """0, 1, 2, ... within each run of equal values."""
    new = np.ones(len(groups), bool)
    new[1:] = groups[1:] != groups[:-1]
    starts = np.flatnonzero(new)
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))
