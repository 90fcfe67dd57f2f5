"""When DWP knew which name and address of a customer: news comes late or never, some addresses were long unknown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthetic.drawn.dates import DATA_END, NEVER, Days, day
from synthetic.drawn.draws import Ints
from synthetic.mistakes.written_down import Dealings

BULK_LOAD = day(2012, 10, 12)
"""Addresses were not tracked well until a bulk load on this day (LEO variable request form v2.3, geography)."""


@dataclass(frozen=True)
class Periods:
    """Rows of one name and address: dealing, first and last day (NEVER while it lasts), home, and what was known."""

    dealing: Ints
    first: Days
    last: Days
    home: Ints
    renamed: NDArray[np.bool_]
    addressed: NDArray[np.bool_]  # whether an address was known


def periods(dealings: Dealings, since: Days) -> Periods:
    """The periods of each dealing (a number and its holder), from the day on which the number was issued.

    What comes on one day makes one period, and news that changes nothing none.
    """
    days, home, renamed, addressed = _news(dealings, since)
    final = np.ones(days.shape, bool)  # the last news of a day
    final[:, :-1] = days[:, :-1] != days[:, 1:]
    final &= days < NEVER
    dealing, at = np.nonzero(final)
    first, home, renamed, addressed = days[dealing, at], home[dealing, at], renamed[dealing, at], addressed[dealing, at]
    same = np.zeros(len(dealing), bool)
    same[1:] = (dealing[1:] == dealing[:-1]) & (renamed[1:] == renamed[:-1]) & (addressed[1:] == addressed[:-1])
    same[1:] &= (home[1:] == home[:-1]) | ~addressed[1:]
    dealing, first = dealing[~same], first[~same]
    last = np.full(len(first), NEVER, np.int64)
    follows = dealing[1:] == dealing[:-1]
    last[:-1][follows] = first[1:][follows] - 1
    return Periods(
        dealing, first.astype(np.int32), last.astype(np.int32), home[~same], renamed[~same], addressed[~same]
    )  # fmt: skip


def _news(dealings: Dealings, since: Days) -> tuple[Ints, Ints, NDArray[np.bool_], NDArray[np.bool_]]:
    """(dealings, news) in the order of days: the day (NEVER for none), and what was known from then on."""
    people, late, person = dealings.people, dealings.odds.late["cis"], dealings.person
    homes, names, gone = people.homes, people.names, people.departure[person]
    start = homes.start[person].astype(np.int64)
    place = np.arange(start.shape[1])[None, :]
    at_issue = homes.at(person, since)
    lag = dealings.lag("address", late.address_years, late.address_never, place, dealings.ids[:, None])
    moved = np.where((place > at_issue[:, None]) & (start < NEVER) & (start < gone[:, None]), start + lag, NEVER)
    lag = dealings.lag("surname", late.surname_years, late.surname_never, 0, dealings.ids)
    told, back = (
        np.where((when[person] > since) & (when[person] < NEVER) & (when[person] < gone), when[person] + lag, NEVER)
        for when in (names.changed.astype(np.int64), names.back.astype(np.int64))
    )
    unknown = (since < BULK_LOAD) & (dealings.uniform("no.address") < dealings.odds.cis.no_address)
    loaded = np.where(unknown & (gone > BULK_LOAD), BULK_LOAD, NEVER)
    days = np.concatenate([since[:, None].astype(np.int64), moved, *(d[:, None] for d in (told, back, loaded))], axis=1)
    days[(days > DATA_END) | (days >= people.death[person, None])] = NEVER  # of the dead there is no news
    brought = np.zeros(days.shape, np.int64)  # the home that news brings
    brought[:, 0], brought[:, 1:-3], brought[:, -1] = at_issue, place, homes.at(person, np.full(len(person), BULK_LOAD))
    order = np.argsort(days, axis=1, kind="stable")
    days = np.take_along_axis(days, order, axis=1)
    home = np.maximum.accumulate(np.take_along_axis(brought, order, axis=1), axis=1)
    changes = (order == start.shape[1] + 1).astype(np.int8) - (order == start.shape[1] + 2).astype(np.int8)
    renamed = (np.cumsum(changes, axis=1) + names.new_on(person, since)[:, None]) > 0
    addressed = ~unknown[:, None] | (days >= BULK_LOAD)
    return days, home, renamed, addressed
