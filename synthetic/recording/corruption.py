"""Errors in names and dates: typing errors, names misheard or misread, and wrong parts
of a date.
"""

import functools
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthetic.base.dates import Days, from_parts, parts
from synthetic.base.draws import Draws, Floats
from synthetic.base.reference import published
from synthetic.base.rules import Table
from synthetic.base.text import Bytes, byte_rows, strings

WIDTH = 40
_ROWS = ("QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM")
SUBSTITUTE, DELETE, DOUBLE, TRANSPOSE = range(4)
_SHARES = np.cumsum([0.35, 0.25, 0.15, 0.25])
# the part of the first letter that is spared: one error in thirteen falls on it
# (Pollock and Zamora 1984)
_FIRST = 0.7


def _neighbours() -> Bytes:
    """For each byte four other letters next to it on the keyboard; what is no letter
    gets letters too, never zero.
    """
    table = np.tile(np.frombuffer(b"EAIO", np.uint8), (256, 1))
    place = {
        key: (x + 0.4 * y, y)
        for y, row in enumerate(_ROWS)
        for x, key in enumerate(row)
    }
    for key, (x, y) in place.items():
        keys = sorted(
            (k for k in place if k != key),
            key=lambda k: (place[k][0] - x) ** 2 + (place[k][1] - y) ** 2,
        )
        table[ord(key)] = np.frombuffer("".join(keys[:4]).encode(), np.uint8)
    return table


_NEIGHBOURS = _neighbours()


def mistyped(
    draws: Draws, field: str, ids: NDArray[Any], events: NDArray[Any], values: Any
) -> Any:
    """Each string with one error that surely changes it; strings are in capitals and at
    least one letter long.
    """
    rows = byte_rows(values, WIDTH)
    if not len(rows):
        return pa.array([], pa.string())
    length = (rows != 0).sum(axis=1)
    kind = np.searchsorted(
        _SHARES, draws.uniform(field + ".slip", ids, events), side="right"
    ).clip(0, 3)
    spot = draws.uniform(field + ".spot", ids, events)
    key_draw = draws.uniform(field + ".key", ids, events)
    kind = np.where((length < 3) & (kind != DOUBLE), SUBSTITUTE, kind)
    place = (_FIRST + spot * (length - (kind == TRANSPOSE) - _FIRST)).astype(np.int64)
    row_numbers = np.arange(len(rows))
    is_alike = (
        rows[row_numbers, place] == rows[row_numbers, np.minimum(place + 1, WIDTH - 1)]
    )
    kind = np.where((kind == TRANSPOSE) & is_alike, SUBSTITUTE, kind)
    return strings(_corrupted(rows, kind, place, key_draw))


def _corrupted(
    rows: Bytes, kind: NDArray[Any], place: NDArray[Any], key_draw: Floats
) -> Bytes:
    """Rows after their error, which is a choice of where each byte comes from."""
    columns = np.arange(WIDTH)[None, :]
    spot = place[:, None]
    source = np.broadcast_to(columns, rows.shape).copy()
    source += ((kind == DELETE)[:, None] & (columns >= spot)).astype(np.int64)
    source -= ((kind == DOUBLE)[:, None] & (columns > spot)).astype(np.int64)
    swap = (kind == TRANSPOSE)[:, None]
    source += (swap & (columns == spot)).astype(np.int64) - (
        swap & (columns == spot + 1)
    ).astype(np.int64)
    padded = np.concatenate([rows, np.zeros((len(rows), 1), np.uint8)], axis=1)
    out: Bytes = np.take_along_axis(padded, source, axis=1)
    row_numbers = np.flatnonzero(kind == SUBSTITUTE)
    key = rows[row_numbers, place[row_numbers]]
    out[row_numbers, place[row_numbers]] = _NEIGHBOURS[
        key, (key_draw[row_numbers] * 4).astype(np.int64)
    ]
    return out


DAY, MONTH, YEAR, SEVERAL = range(4)


def misdated(
    true: Days, part: NDArray[Any], odds: Table, shift: Floats, choice: Floats
) -> Days:
    """Dates with a part (DAY to SEVERAL) wrong; `shift` chooses number and direction,
    `choice` the kind of error.
    """
    years, months, doms = parts(true)
    sign = np.where(shift < 0.5, -1, 1)
    other = (shift * 2 % 1 * 9).astype(np.int64) + 2  # 2 to 10
    is_one_off = choice < odds.off_by_one
    is_turned = ~is_one_off & (choice < odds.off_by_one + odds.turned)
    step = np.where(is_one_off, 1, other) * sign
    is_several = part == SEVERAL
    is_exchanged = is_several & (choice < odds.exchanged) & (doms <= 12)
    new_doms = _within(doms, step, 28)
    new_months = _within(months, step, 12)
    new_years = years + np.where(is_one_off, 1, (other - 2) % 4 + 2) * sign
    new_doms = np.where(is_turned & _turns(doms, 28), _turned(doms), new_doms)
    new_months = np.where(is_turned & _turns(months, 12), _turned(months), new_months)
    new_years = np.where(
        is_turned & (_turned(years % 100) != years % 100),
        _near_century(years),
        new_years,
    )
    doms, months = (
        np.where(
            is_exchanged,
            months,
            np.where((part == DAY) | (is_several & ~is_exchanged), new_doms, doms),
        ),
        np.where(
            is_exchanged,
            doms,
            np.where(
                (part == MONTH) | (is_several & ~is_exchanged), new_months, months
            ),
        ),
    )
    return from_parts(np.where(part == YEAR, new_years, years), months, doms)


def wrong_part(true: Days, entry: Days) -> NDArray[np.int64]:
    """Which part of each date is not the true one, -1 for none; SEVERAL where a wrong
    month lacks the true day.
    """
    years, months, doms = (
        a != b for a, b in zip(parts(true), parts(entry), strict=True)
    )
    part = np.select([years, months, doms], [YEAR, MONTH, DAY], -1)
    return np.where(years.astype(int) + months + doms > 1, SEVERAL, part)


def _within(numbers: NDArray[Any], step: NDArray[Any], highest: int) -> NDArray[Any]:
    """Numbers moved by a step, in the other direction where that leaves 1 to
    `highest`.
    """
    results = numbers + step
    results = np.where((results < 1) | (results > highest), numbers - step, results)
    return np.where(
        (results < 1) | (results > highest),
        (numbers + highest // 2 - 1) % highest + 1,
        results,
    )


def _turned(numbers: NDArray[Any]) -> NDArray[Any]:
    out: NDArray[Any] = numbers % 10 * 10 + numbers // 10
    return out


def _turns(numbers: NDArray[Any], highest: int) -> NDArray[np.bool_]:
    """Whether a number of two digits is another one that can be written, when they are
    turned round.
    """
    results = _turned(numbers)
    out: NDArray[np.bool_] = (
        (results != numbers) & (results >= 1) & (results <= highest)
    )
    return out


def _near_century(years: NDArray[Any]) -> NDArray[Any]:
    """Years with their last two digits turned round, where that is a year of the past
    sixty; else next to it.
    """
    results = years - years % 100 + _turned(years % 100)
    return np.where((results >= 1945) & (results <= 2015), results, years + 1)


class Rule(NamedTuple):
    """Letters that become others at a place of the name: start, inside, end or any."""

    where: str
    old: str
    new: str
    weight: float


def _respelt(
    kind: str,
    draws: Draws,
    field: str,
    ids: NDArray[Any],
    events: NDArray[Any],
    values: Any,
) -> Any:
    """Each string, in capitals, as one rule of a kind changes it; unchanged where none
    fits.
    """
    lots = draws.uniform(f"{field}.{kind}", ids, events).tolist()
    return pa.array(
        [
            _pick(kind, name, draw)
            for name, draw in zip(values.to_pylist(), lots, strict=True)
        ],
        pa.string(),
    )


misheard = functools.partial(
    _respelt, "phonetic"
)  # as someone might spell it who heard it
misread = functools.partial(
    _respelt, "scanned"
)  # as it might be read from handwriting or by a scanner


def _pick(kind: str, name: str, draw: float) -> str:
    """One of the spellings that a name may become, by their weights."""
    candidates = spellings(kind, name)
    remainder = draw * sum(weight for _, weight in candidates)
    for spelling, weight in candidates:
        remainder -= weight
        if remainder < 0:
            return spelling
    return name


@functools.lru_cache(maxsize=20_000)
def spellings(kind: str, name: str) -> list[tuple[str, float]]:
    """What a name in capitals may become by one use of one rule, with weights; in the
    order of the rules.
    """
    candidates = []
    for rule in rules()[kind]:
        if rule.old not in name:
            continue
        places = [
            place
            for place in range(len(name))
            if name.startswith(rule.old, place) and _fits(rule, name, place)
        ]
        for place in places:
            spelling = name[:place] + rule.new + name[place + len(rule.old) :]
            if len(spelling) > 1 and spelling != name:
                candidates.append((spelling, rule.weight / len(places)))
    return candidates


def _fits(rule: Rule, name: str, place: int) -> bool:
    end = place + len(rule.old)
    first, last = (
        place == 0 or name[place - 1] in " -",
        end == len(name) or name[end] in " -",
    )
    return {
        "any": True,
        "start": first,
        "end": last and not first,
        "inside": not first and not last,
    }[rule.where]


@functools.cache
def rules() -> dict[str, list[Rule]]:
    """The rules by kind, phonetic and scanned."""
    out: dict[str, list[Rule]] = {"phonetic": [], "scanned": []}
    for row in published("corruptions.csv"):
        out[row["kind"]].append(
            Rule(row["where"], row["from"], row["to"], float(row["weight"]))
        )
    return out
