"""Successive deliveries of one table, a year apart: which rows each holds, and what it knows of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.catalogue import TableDef
from synthetic.drawn.dates import DATA_END, academic_year, day
from synthetic.drawn.draws import Draws, Ints, Words, mix
from synthetic.drawn.text import Text, byte_rows
from synthetic.rules.deliveries import Delivered, Deliveries
from synthetic.world.world import Columns, rows_of

LAST_YEAR = int(academic_year(np.array([DATA_END]))[0])
"""The academic year of the last delivery; one `back` years before it ends so many years earlier."""


@dataclass(frozen=True)
class Stay:
    """When each row is there, in years before the last delivery: from `arrives` down to `leaves`."""

    arrives: NDArray[np.int8]
    leaves: NDArray[np.int8]  # 0 for a row that stays

    def during(self, back: int) -> NDArray[np.bool_]:
        """Which rows the delivery so many years before the last one holds."""
        return (self.arrives >= back) & (self.leaves <= back)


def data_end(back: int) -> int:
    """The last day that a delivery knows of."""
    return day(LAST_YEAR + 1 - back, 8, 31)


def stay(draws: Draws, rules: Deliveries, name: str, definition: TableDef, columns: Columns, oldest: int) -> Stay:
    """When each row of a table arrives and leaves.

    A row arrives with the delivery of its year, or one later; one in some hundred is gone from a later one for good.
    No row leaves before it was delivered once, and the rows of the last year are what is known of it today.

    Args:
        name: for example "npd_census".
        oldest: years between the first delivery and the last.
    """
    rule, odds = rules.delivered(name, definition), rules.amended(name)
    years = _years(rule, columns)
    dataset = name.split("_", 1)[0]
    key = _key(columns, rule.together, years)
    back = LAST_YEAR - years
    back = back - ((back >= 1) & draws.chance(f"release.{dataset}.late", key, odds.late))
    arrives = back.clip(0, oldest)
    drawn = draws.uniform(f"release.{dataset}.withdrawn", key)
    gone = (drawn / max(odds.withdrawn, 1e-9)).astype(np.int64)  # so many years ago, for nearly all before any release
    leaves = np.where(gone < arrives, gone + 1, 0)
    return Stay(arrives.astype(np.int8), leaves.astype(np.int8))


def delivered(rule: Delivered, columns: Columns, rows: NDArray[np.bool_], back: int) -> Columns:
    """The given rows as the delivery knows them: what ends after it is open, and what follows from an end unknown."""
    out = columns if rows.all() else rows_of(columns, rows)
    opened = None
    for name in rule.ends:
        later = pc.fill_null(pc.greater(out[name], pa.scalar(data_end(back), pa.int32()).cast(pa.date32())), False)
        if opened is None:
            opened = np.asarray(later)
        if pc.any(later).as_py():
            out = out | {name: pc.if_else(later, pa.scalar(None, pa.date32()), out[name])}
    if opened is not None and opened.any():
        out = out | {name: _saying(out[name], opened, value) for name, value in rule.while_open.items()}
    return out


def _years(rule: Delivered, columns: Columns) -> Ints:
    """The academic or tax year in which each row belongs."""
    if rule.years:
        labels = columns[rule.years].to_numpy(zero_copy_only=False).astype(np.int64)
        begun: Ints = np.where(labels > 9999, labels // 100, labels)
        return begun
    days = columns[str(rule.days)].cast(pa.int32()).to_numpy(zero_copy_only=False)
    years: Ints = academic_year(days)
    return years


def _key(columns: Columns, names: tuple[str, ...], years: Ints) -> Words:
    """A number for the rows that have equal values, the same in any chunk."""
    out = years.astype(np.uint64)
    for name in names:
        with np.errstate(over="ignore"):
            out = mix(out * np.uint64(0x9E3779B97F4A7C15) + _numbers(columns[name]))
    return out


def _numbers(array: Any) -> Words:
    """A number for each value: itself, or a hash of its text."""
    if pa.types.is_dictionary(array.type):
        values = np.append(_numbers(array.dictionary), np.uint64(0))
        coded: Words = values[pc.fill_null(array.indices, len(values) - 1).to_numpy(zero_copy_only=False)]
        return coded
    if not pa.types.is_string(array.type):
        whole: Words = pc.fill_null(array, 0).to_numpy(zero_copy_only=False).astype(np.int64).view(np.uint64)
        return whole
    words = byte_rows(pc.fill_null(array, ""), 24).view(np.uint64)
    out = np.zeros(len(words), np.uint64)
    with np.errstate(over="ignore"):
        for place in range(words.shape[1]):
            out = mix(out * np.uint64(0xD1342543DE82EF95) + words[:, place])
    return out


def _saying(array: Any, rows: NDArray[np.bool_], value: str) -> Any:
    """A column of codes with one value, or none for "", in the given rows."""
    index = pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    text = Text(pa.concat_arrays([array.dictionary, pa.array([value])]), index.copy())
    text.index[rows] = len(array.dictionary) if value else -1
    return text.array()
