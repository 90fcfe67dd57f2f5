"""Errors in names and dates: typing errors, names misheard or misread, and wrong parts of a date."""

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
_FIRST = 0.7  # the part of the first letter that is spared: one error in thirteen falls on it (Pollock and Zamora 1984)


def _neighbours() -> Bytes:
    """For each byte four other letters next to it on the keyboard; what is no letter gets letters too, never zero."""
    table = np.tile(np.frombuffer(b"EAIO", np.uint8), (256, 1))
    place = {key: (x + 0.4 * y, y) for y, row in enumerate(_ROWS) for x, key in enumerate(row)}
    for key, (x, y) in place.items():
        near = sorted((k for k in place if k != key), key=lambda k: (place[k][0] - x) ** 2 + (place[k][1] - y) ** 2)
        table[ord(key)] = np.frombuffer("".join(near[:4]).encode(), np.uint8)
    return table


_NEIGHBOURS = _neighbours()


def mistyped(draws: Draws, field: str, ids: NDArray[Any], events: NDArray[Any], values: Any) -> Any:
    """Each string with one error that surely changes it; strings are in capitals and at least one letter long."""
    rows = byte_rows(values, WIDTH)
    if not len(rows):
        return pa.array([], pa.string())
    length = (rows != 0).sum(axis=1)
    kind = np.searchsorted(_SHARES, draws.uniform(field + ".slip", ids, events), side="right").clip(0, 3)
    spot = draws.uniform(field + ".spot", ids, events)
    which = draws.uniform(field + ".key", ids, events)
    kind = np.where((length < 3) & (kind != DOUBLE), SUBSTITUTE, kind)
    at = (_FIRST + spot * (length - (kind == TRANSPOSE) - _FIRST)).astype(np.int64)
    here = np.arange(len(rows))
    alike = rows[here, at] == rows[here, np.minimum(at + 1, WIDTH - 1)]
    kind = np.where((kind == TRANSPOSE) & alike, SUBSTITUTE, kind)
    return strings(_corrupted(rows, kind, at, which))


def _corrupted(rows: Bytes, kind: NDArray[Any], at: NDArray[Any], which: Floats) -> Bytes:
    """Rows after their error, which is a choice of where each byte comes from."""
    place = np.arange(WIDTH)[None, :]
    spot = at[:, None]
    source = np.broadcast_to(place, rows.shape).copy()
    source += ((kind == DELETE)[:, None] & (place >= spot)).astype(np.int64)
    source -= ((kind == DOUBLE)[:, None] & (place > spot)).astype(np.int64)
    swap = (kind == TRANSPOSE)[:, None]
    source += (swap & (place == spot)).astype(np.int64) - (swap & (place == spot + 1)).astype(np.int64)
    padded = np.concatenate([rows, np.zeros((len(rows), 1), np.uint8)], axis=1)
    out: Bytes = np.take_along_axis(padded, source, axis=1)
    changed = np.flatnonzero(kind == SUBSTITUTE)
    key = rows[changed, at[changed]]
    out[changed, at[changed]] = _NEIGHBOURS[key, (which[changed] * 4).astype(np.int64)]
    return out


DAY, MONTH, YEAR, SEVERAL = range(4)


def misdated(true: Days, part: NDArray[Any], odds: Table, drawn: Floats, how: Floats) -> Days:
    """Dates with a part (DAY to SEVERAL) wrong; `drawn` chooses number and direction, `how` the kind of error."""
    years, months, doms = parts(true)
    sign = np.where(drawn < 0.5, -1, 1)
    other = (drawn * 2 % 1 * 9).astype(np.int64) + 2  # 2 to 10
    one_off = how < odds.off_by_one
    turned = ~one_off & (how < odds.off_by_one + odds.turned)
    step = np.where(one_off, 1, other) * sign
    several = part == SEVERAL
    exchanged = several & (how < odds.exchanged) & (doms <= 12)
    new_doms = _within(doms, step, 28)
    new_months = _within(months, step, 12)
    new_years = years + np.where(one_off, 1, (other - 2) % 4 + 2) * sign
    new_doms = np.where(turned & _turns(doms, 28), _turned(doms), new_doms)
    new_months = np.where(turned & _turns(months, 12), _turned(months), new_months)
    new_years = np.where(turned & (_turned(years % 100) != years % 100), _near_century(years), new_years)
    doms, months = (
        np.where(exchanged, months, np.where((part == DAY) | (several & ~exchanged), new_doms, doms)),
        np.where(exchanged, doms, np.where((part == MONTH) | (several & ~exchanged), new_months, months)),
    )
    return from_parts(np.where(part == YEAR, new_years, years), months, doms)


def wrong_part(true: Days, written: Days) -> NDArray[np.int64]:
    """Which part of each date is not the true one, -1 for none; SEVERAL where a wrong month lacks the true day."""
    years, months, doms = (a != b for a, b in zip(parts(true), parts(written), strict=True))
    which = np.select([years, months, doms], [YEAR, MONTH, DAY], -1)
    return np.where(years.astype(int) + months + doms > 1, SEVERAL, which)


def _within(numbers: NDArray[Any], step: NDArray[Any], most: int) -> NDArray[Any]:
    """Numbers moved by a step, in the other direction where that leaves 1 to `most`."""
    moved = numbers + step
    moved = np.where((moved < 1) | (moved > most), numbers - step, moved)
    return np.where((moved < 1) | (moved > most), (numbers + most // 2 - 1) % most + 1, moved)


def _turned(numbers: NDArray[Any]) -> NDArray[Any]:
    out: NDArray[Any] = numbers % 10 * 10 + numbers // 10
    return out


def _turns(numbers: NDArray[Any], most: int) -> NDArray[np.bool_]:
    """Whether a number of two digits is another one that can be written, when they are turned round."""
    turned = _turned(numbers)
    out: NDArray[np.bool_] = (turned != numbers) & (turned >= 1) & (turned <= most)
    return out


def _near_century(years: NDArray[Any]) -> NDArray[Any]:
    """Years with their last two digits turned round, where that is a year of the past sixty; else next to it."""
    turned = years - years % 100 + _turned(years % 100)
    return np.where((turned >= 1945) & (turned <= 2015), turned, years + 1)


class Rule(NamedTuple):
    """Letters that become others at a place of the name: start, inside, end or any."""

    where: str
    old: str
    new: str
    weight: float


def _respelt(kind: str, draws: Draws, field: str, ids: NDArray[Any], events: NDArray[Any], values: Any) -> Any:
    """Each string, in capitals, as one rule of a kind changes it; unchanged where none fits."""
    drawn = draws.uniform(f"{field}.{kind}", ids, events).tolist()
    return pa.array([_pick(kind, name, at) for name, at in zip(values.to_pylist(), drawn, strict=True)], pa.string())


misheard = functools.partial(_respelt, "phonetic")  # as someone might spell it who heard it
misread = functools.partial(_respelt, "scanned")  # as it might be read from handwriting or by a scanner


def _pick(kind: str, name: str, drawn: float) -> str:
    """One of the spellings that a name may become, by their weights."""
    candidates = spellings(kind, name)
    left = drawn * sum(weight for _, weight in candidates)
    for spelling, weight in candidates:
        left -= weight
        if left < 0:
            return spelling
    return name


@functools.lru_cache(maxsize=20_000)
def spellings(kind: str, name: str) -> list[tuple[str, float]]:
    """What a name in capitals may become by one use of one rule, with weights; in the order of the rules."""
    candidates = []
    for rule in rules()[kind]:
        if rule.old not in name:
            continue
        places = [at for at in range(len(name)) if name.startswith(rule.old, at) and _fits(rule, name, at)]
        for at in places:
            spelling = name[:at] + rule.new + name[at + len(rule.old) :]
            if len(spelling) > 1 and spelling != name:
                candidates.append((spelling, rule.weight / len(places)))
    return candidates


def _fits(rule: Rule, name: str, at: int) -> bool:
    end = at + len(rule.old)
    first, last = at == 0 or name[at - 1] in " -", end == len(name) or name[end] in " -"
    return {"any": True, "start": first, "end": last and not first, "inside": not first and not last}[rule.where]


@functools.cache
def rules() -> dict[str, list[Rule]]:
    """The rules by kind, phonetic and scanned."""
    out: dict[str, list[Rule]] = {"phonetic": [], "scanned": []}
    for row in published("corruptions.csv"):
        out[row["kind"]].append(Rule(row["where"], row["from"], row["to"], float(row["weight"])))
    return out
