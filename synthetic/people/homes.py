"""Where people live, and since when: the family's homes, then their own."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.base.dates import DATA_END, NEVER, YEAR, Days, on, parts
from synthetic.base.draws import Draws, Floats, Ints
from synthetic.base.reference import Codes, Places, Reference
from synthetic.base.rules import rule_file
from synthetic.base.text import Text, distinct, letters, strings
from synthetic.people.families import (
    ENGLAND,
    REGIONS,
    SCOTLAND,
    WALES,
    Families,
    Upbringing,
)

FAMILY_HOMES, OWN_HOMES = 4, 5
UNKNOWN = -2
"""The code of ZZ99 9ZZ."""

_GO_AWAY, _RETURN = (
    0.30,
    0.4,
)  # at 18 or 19; of these, back to the parents' neighbourhood
_FAR = 0.2  # of other moves
# standard deviation of a move nearby, of all postcodes in their order by region and
# authority
_NEAR = 0.002
_AWAY = (
    0.01  # beyond which a move is one to other schools: five times the usual one nearby
)
_UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True)
class Homes:
    """Places in their order; one that is never lived in starts NEVER."""

    start: Days  # (people, 9)
    postcode: Codes  # (people, 9): sector * 400 + unit
    region: Codes  # that the family belongs to
    nations: Upbringing

    def at(self, person: NDArray[Any], day: NDArray[Any]) -> Codes:
        """Which home (its place in the order) each person had on a day; the first where
        the day is before all.
        """
        out = np.zeros(np.broadcast(person, day).shape, np.int32)
        for place in range(1, self.start.shape[1]):
            out[self.start[person, place] <= day] = place
        return out

    def moved_away(
        self, places: Places, person: Ints, begins: Days, ends: Days
    ) -> tuple[Days, Codes, Codes]:
        """When each family first moves far away between two days, NEVER for most; its
        homes before and after.
        """
        start = self.start[person, :FAMILY_HOMES]
        position = places.edges[self.postcode[person, :FAMILY_HOMES] // 400]
        before = (start <= begins[:, None]).cumsum(axis=1).argmax(axis=1)
        is_far = (
            np.abs(position - np.take_along_axis(position, before[:, None], axis=1))
            > _AWAY
        )
        is_far &= (start > begins[:, None]) & (start <= ends[:, None])
        after = is_far.argmax(axis=1)
        day = np.where(
            is_far.any(axis=1), start[np.arange(len(person)), after], NEVER
        ).astype(np.int32)
        return day, before.astype(np.int32), after.astype(np.int32)

    def nation(self, person: NDArray[Any], day: NDArray[Any]) -> Codes:
        """The nation in which the family of each person lived on a day."""
        has_moved = self.start[person, 1] <= day
        out: Codes = np.where(
            has_moved, self.nations.later[person], self.nations.first[person]
        )
        return out

    def until(self, last: Days) -> "Homes":
        """The homes of people who are each in the country until a day, so that none
        moves on it or later.
        """
        return replace(
            self,
            start=np.where(self.start < last[:, None], self.start, NEVER).astype(
                np.int32
            ),
        )


@dataclass(frozen=True)
class Dwellers:
    """Who lives in the homes; `english` is the region of a home in England, `poor`
    families move more often.
    """

    ids: Ints
    birth: Days
    arrival: Days
    english: Codes
    poor: NDArray[np.bool_]


def homes(
    draws: Draws,
    reference: Reference,
    dwellers: Dwellers,
    kin: Families,
    nations: Upbringing,
) -> Homes:
    """Address histories: families move every twelve years on average, poor ones
    oftener, young adults every few.

    A move across a border is in the summer holidays, so that no child is at school in
    two nations in one year.

    Three in ten go away at 18 or 19, most of them far, and move again at 21 to 23, many
    of them back (a fifth of those aged 19 moved across an authority's border in a year,
    with a second peak at 22: ONS internal migration 2012/13); others leave at 19 to 36
    and stay near. Who was born or came after a move of the family has the newer home
    from the first.
    """
    ids, birth, arrival = dwellers.ids, dwellers.birth, dwellers.arrival
    n = len(ids)
    start = np.full((n, FAMILY_HOMES + OWN_HOMES), NEVER, np.int32)
    position = np.empty((n, FAMILY_HOMES + OWN_HOMES))
    number = np.tile(
        np.arange(FAMILY_HOMES + OWN_HOMES), (n, 1)
    )  # of the move that led to each home
    region = [
        in_nation(reference, dwellers.english, nation)
        for nation in (kin.nation, nations.first, nations.later)
    ]
    place = _within(reference, region[1], draws.uniform("home", kin.family))
    move_day = kin.eldest_birth - 2 * YEAR
    start[:, 0], position[:, 0] = -20_000, place
    draw = draws.uniform("leaves", ids)
    goes_away = draws.chance("goes.away", ids, _GO_AWAY)
    age = np.where(
        goes_away, 18.1 + 1.3 * draw, 19 + np.minimum(-np.log(1 - draw) * 6, 17)
    )
    leaves = birth + age * YEAR
    family_years = np.where(dwellers.poor, 8, 13)  # between moves
    first = nations.first
    for move in range(1, FAMILY_HOMES):
        move_day = (
            move_day
            - np.log(1 - draws.uniform("family.move", kin.family, move))
            * family_years
            * YEAR
        )
        place = _moved(
            reference,
            draws,
            "family.place",
            kin.family,
            move,
            place,
            np.where(kin.outsider, -1, nations.later),
        )
        if move == 1:
            border_place = _within(
                reference, region[2], draws.uniform("home.across", kin.family)
            )
            place = np.where(nations.crosses, border_place, place)
            move_day = np.where(nations.crosses, _in_summer(move_day), move_day)
            first = np.where(move_day <= arrival, nations.later, first)
        moves = (move_day < leaves) & (move_day > arrival)
        start[:, move] = np.where(moves, np.minimum(move_day, NEVER), NEVER)
        position[:, move] = np.where(moves, place, position[:, move - 1])
        before = np.flatnonzero(move_day <= arrival)
        position[before, : move + 1], number[before, : move + 1] = (
            place[before, None],
            move,
        )
    place, move_day = position[:, FAMILY_HOMES - 1], np.maximum(leaves, arrival)
    nation = _grown_up(draws, ids, np.where(start[:, 1] < NEVER, nations.later, first))
    parents, from_home = place, goes_away & (leaves >= arrival)
    for move in range(OWN_HOMES):
        draw = draws.uniform("own.move", ids, move)
        far: Any = _FAR
        if move:
            next_day = move_day + (0.25 - np.log(1 - draw) * (2.2 + 1.0 * move)) * YEAR
            move_day = np.where(
                from_home & (move == 1), birth + (20.9 + 2.3 * draw) * YEAR, next_day
            )
        if move < 2:
            far = np.where(from_home, (0.8, 0.45)[move], _FAR)
        place = _moved(
            reference,
            draws,
            "own.place",
            ids,
            move,
            place,
            nation,
            far,
            near_anywhere=True,
        )
        if move == 1:
            returns = from_home & draws.chance("own.returns", ids, _RETURN)
            near = parents + draws.normal("own.return", ids) * _NEAR
            place = np.where(returns, near.clip(0, 1 - 1e-9), place)
        start[:, FAMILY_HOMES + move] = np.where(
            move_day <= DATA_END, np.minimum(move_day, NEVER), NEVER
        )
        position[:, FAMILY_HOMES + move] = place
    owner = np.where(
        np.arange(start.shape[1]) < FAMILY_HOMES, kin.family[:, None], ids[:, None]
    )
    sector = reference.places.sector(position.ravel()).reshape(position.shape)
    unit = draws.uniform("unit", owner, number) * reference.places.units[sector]
    codes = (sector * 400 + unit.astype(np.int32)).astype(np.int32)
    return Homes(start, codes, region[0], Upbringing(first, nations.later))


def postcodes(reference: Reference, codes: Codes, space: str = " ") -> Text:
    """Postcodes as text: the sector is a real one, the unit invented. -1 is NULL and
    UNKNOWN is ZZ99 9ZZ.
    """
    keys, index = distinct(codes)
    real = keys[keys >= 0]
    sector, unit = np.divmod(real, 400)
    gap = np.full((len(real), len(space)), 32, np.uint8)
    outward = reference.places.outward[sector].view(np.uint8).reshape(len(real), 4)
    inward = reference.places.digit[sector][:, None]
    last = (letters(unit // 20, _UNIT_LETTERS), letters(unit % 20, _UNIT_LETTERS))
    values = strings(outward, gap, inward, *last)
    values = pa.concat_arrays([values, pa.array([f"ZZ99{space}9ZZ"])])
    place = np.where(
        keys >= 0,
        np.arange(len(keys)) - (len(keys) - len(real)),
        np.where(keys == UNKNOWN, len(real), -1),
    )
    return Text(values, place[index].astype(np.int32))


def in_nation(reference: Reference, english: Codes, nation: Codes) -> Codes:
    """The region of a home in the given nation, `english` where that is England."""
    codes = [reference.regions.index(REGIONS[other]) for other in (SCOTLAND, WALES)]
    return np.select([nation == SCOTLAND, nation == WALES], codes, english).astype(
        np.int32
    )


def _in_summer(days: Floats) -> Floats:
    """Days of the same years in the holidays, 20 July to 29 August: who crosses a
    border changes school then.
    """
    years = parts(days.astype(np.int64))[0]
    return on(years, 7, 20) + (days - on(years, 1, 1)) * (40 / 366)


def _within(reference: Reference, region: Codes, draw: Floats) -> Floats:
    start, end = (
        reference.places.region_start[region],
        reference.places.region_end[region],
    )
    return start + (end - start) * draw


def _grown_up(draws: Draws, ids: Ints, nation: Codes) -> Codes:
    """The nation that moves far away lead to: for some of the people who grew up in
    Scotland and Wales it is England.
    """
    odds = rule_file("schools/nations.toml").leaving
    leaves = (
        draws.uniform("nation.leaves", ids)
        < np.array([0, odds.scotland, odds.wales])[nation]
    )
    return np.where(leaves, ENGLAND, nation).astype(np.int32)


def _moved(
    reference: Reference,
    draws: Draws,
    field: str,
    ids: Ints,
    move: int,
    place: Floats,
    nation: Codes,
    far_share: Any = _FAR,
    *,
    near_anywhere: bool = False,
) -> Floats:
    """A new place: near the old one, elsewhere in the nation for a share.

    A move to a near place stays in the nation, too, where there is one (nation -1 is
    none: far moves lead to England) and it may not lead just anywhere.
    """
    places = reference.places
    regions = np.array(
        [REGIONS.index(r) if r in REGIONS else ENGLAND for r in reference.regions]
    )
    start = np.array(
        [places.region_start[regions == code].min() for code in range(len(REGIONS))]
    )
    end = np.array(
        [places.region_end[regions == code].max() for code in range(len(REGIONS))]
    )
    near = place + draws.normal(field, ids, move) * _NEAR
    far = draws.uniform(field + ".far", ids, move)
    goes_far = draws.chance(field + ".goes", ids, far_share, move)
    far = start[nation.clip(0)] + far * (end - start)[nation.clip(0)]
    if near_anywhere:
        near = near.clip(0, 1 - 1e-9)
    else:
        low, high = np.append(start, 0.0)[nation], np.append(end, 1.0)[nation]
        near = near.clip(low, high - 1e-9)
    return np.where(goes_far, far, near)
