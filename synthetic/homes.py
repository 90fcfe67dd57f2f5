"""Where people live, and since when: the family's homes, then their own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetic.dates import DATA_END, NEVER, YEAR, Days
from synthetic.draws import Draws, Floats, Ints, Slots
from synthetic.reference import Codes, Reference
from synthetic.text import Text, letters, strings

FAMILY_HOMES, OWN_HOMES = 4, 5
UNKNOWN = -2
"""The code of ZZ99 9ZZ."""

_UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
_LONDON = "E12000007"
_OUTSIDE_ENGLAND = ("W92000004", "S92000003")


@dataclass(frozen=True)
class Homes:
    """Places in their order; one that is never lived in starts NEVER."""

    start: Days  # (people, 9)
    postcode: Codes  # (people, 9): sector * 400 + unit
    region: Codes  # of the first home

    def at(self, person: NDArray[Any], when: NDArray[Any]) -> Codes:
        """Which home (its place in the order) each person had on a day; the first where the day is before all."""
        out = np.zeros(len(person), np.int32)
        for place in range(1, self.start.shape[1]):
            out[self.start[person, place] <= when] = place
        return out


def homes(
    draws: Draws,
    reference: Reference,
    ids: Ints,
    family: Ints,
    eldest_birth: Days,
    birth: Days,
    arrival: Days,
    origin: Codes,
    outsider: NDArray[np.bool_],
) -> Homes:
    """Address histories: families move every eleven years on average, young adults every two to five.

    Four moves in five stay near; own homes begin at 18 to 35, most early (a fifth of 19-year-olds moved across an
    authority's border in a year, ONS internal migration 2012/13). Nobody moves here before arriving in England.
    """
    n = len(ids)
    start = np.full((n, FAMILY_HOMES + OWN_HOMES), NEVER, np.int32)
    position = np.empty((n, FAMILY_HOMES + OWN_HOMES))
    region = _region(draws, reference, family, origin, outsider)
    place = _within(reference, region, draws.uniform("home", family))
    since = eldest_birth - 2 * YEAR
    start[:, 0], position[:, 0] = -20_000, place
    leaves = birth + (18 + np.minimum(-np.log(1 - draws.uniform("leaves", ids)) * 5, 17)) * YEAR
    for move in range(1, FAMILY_HOMES):
        since = since - np.log(1 - draws.uniform("family.move", family, move)) * 11 * YEAR
        place = _moved(draws, reference, "family.place", family, move, place)
        start[:, move] = np.where((since < leaves) & (since > arrival), np.minimum(since, NEVER), NEVER)
        position[:, move] = np.where(start[:, move] < NEVER, place, position[:, move - 1])
    place, since = position[:, FAMILY_HOMES - 1], np.maximum(leaves, arrival)
    for move in range(OWN_HOMES):
        if move:
            mean = 1.8 + 0.9 * move
            since = since + (0.25 - np.log(1 - draws.uniform("own.move", ids, move)) * mean) * YEAR
        place = _moved(draws, reference, "own.place", ids, move, place)
        start[:, FAMILY_HOMES + move] = np.where(since <= DATA_END, np.minimum(since, NEVER), NEVER)
        position[:, FAMILY_HOMES + move] = place
    owner = np.where(np.arange(start.shape[1]) < FAMILY_HOMES, family[:, None], ids[:, None])
    sector = reference.places.sector(position.ravel()).reshape(position.shape)
    unit = draws.uniform("unit", owner, np.arange(start.shape[1])[None, :]) * reference.places.units[sector]
    return Homes(start, (sector * 400 + unit.astype(np.int32)).astype(np.int32), region)


def postcodes(reference: Reference, codes: Codes, space: str = " ") -> Text:
    """Postcodes as text: the sector is a real one, the unit invented. -1 is NULL and UNKNOWN is ZZ99 9ZZ."""
    used, index = np.unique(codes, return_inverse=True)
    real = used[used >= 0]
    sector, unit = np.divmod(real, 400)
    gap = np.full((len(real), len(space)), 32, np.uint8)
    outward = reference.places.outward[sector].view(np.uint8).reshape(len(real), 4)
    inward = reference.places.digit[sector][:, None]
    last = (letters(unit // 20, _UNIT_LETTERS), letters(unit % 20, _UNIT_LETTERS))
    values = strings(outward, gap, inward, *last)
    values = _with(values, f"ZZ99{space}9ZZ")
    place = np.where(
        used >= 0, np.arange(len(used)) - (len(used) - len(real)), np.where(used == UNKNOWN, len(real), -1)
    )
    return Text(values, place[index].astype(np.int32))


def _with(values: Any, more: str) -> Any:
    import pyarrow as pa

    return pa.concat_arrays([values, pa.array([more])])


def _region(draws: Draws, reference: Reference, family: Ints, origin: Codes, outsider: NDArray[np.bool_]) -> Codes:
    """Regions by number of postcodes, London more or less likely by origin group; pupils live in England."""
    places = reference.places
    size = places.region_end - places.region_start
    england = np.array([r not in _OUTSIDE_ENGLAND for r in reference.regions])
    london = np.array([r == _LONDON for r in reference.regions])
    out = np.empty(len(family), np.int32)
    drawn = draws.uniform("region", family)
    for code, group in enumerate(reference.origins):
        odds = size * np.where(london, 1.35 * group.share("london"), 1.0)
        rows = origin == code
        out[rows] = np.where(
            outsider[rows], Slots(odds * np.where(england, 1, 3)).at(drawn[rows]), Slots(odds * england).at(drawn[rows])
        )
    return out


def _within(reference: Reference, region: Codes, drawn: Floats) -> Floats:
    start, end = reference.places.region_start[region], reference.places.region_end[region]
    return start + (end - start) * drawn


def _moved(draws: Draws, reference: Reference, field: str, ids: Ints, event: int, place: Floats) -> Floats:
    """A new place: near the old one, elsewhere in England for a fifth."""
    near = place + draws.normal(field, ids, event) * 0.002
    far = draws.uniform(field + ".far", ids, event)
    goes_far = draws.chance(field + ".goes", ids, 0.2, event)
    last_english = reference.places.region_end[[r.startswith("E") for r in reference.regions]].max()
    return np.where(goes_far, far * last_english, near).clip(0, 1 - 1e-9)
