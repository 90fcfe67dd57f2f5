"""What each delivery holds: rows that arrive and leave, and one record of a pupil and
key stage for identifiers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.catalogue import TableDef
from synthetic.base.dates import DATA_END, academic_year, day
from synthetic.base.draws import Draws, Ints, Words, mix
from synthetic.base.rules import Delivered, Table, amended, delivered_as, rule_file
from synthetic.base.text import Text, byte_rows
from synthetic.world import Columns, Tables, definition, record_key, rows_of


def last_of_each_stage(name: str, columns: Columns) -> Columns:
    """The last record of each pupil and stage of a census, for example "npd_census";
    all rows of another table.
    """
    rule = rule_file("identifiers/stages.toml").table.get(name)
    return rows_of(columns, _last(rule, columns)) if rule else columns


def _last(rule: Table, columns: Columns) -> NDArray[np.bool_]:
    """The last row of each pupil and stage; rows of a pupil are in the order of time.
    One without a reference stays.
    """
    pupil = pc.fill_null(columns[rule.pupil].indices, -1).to_numpy().astype(np.int64)
    groups: Any = columns[rule.year_group]
    stage_of = {
        group: place for place, values in enumerate(rule.stages) for group in values
    }
    code_stages = np.array(
        [stage_of[group] for group in groups.dictionary.to_pylist()], np.int64
    )
    stage = code_stages[groups.indices.to_numpy()]
    rows = np.flatnonzero(pupil >= 0)
    key = (pupil * len(rule.stages) + stage)[rows]
    last = np.full(key.max(initial=-1) + 1, -1)
    last[key] = rows  # of several rows of one place the last one is left
    mask: NDArray[np.bool_] = pupil < 0
    mask[last[last >= 0]] = True
    return mask


LAST_YEAR = int(academic_year(np.array([DATA_END]))[0])
"""The academic year of the last delivery; one `back` years before it ends so many years
earlier.
"""


@dataclass(frozen=True)
class Stay:
    """When each row is there, in years before the last delivery: from `arrives` down to
    `leaves`.
    """

    arrives: NDArray[np.int8]
    leaves: NDArray[np.int8]  # 0 for a row that stays

    def during(self, back: int) -> NDArray[np.bool_]:
        """The rows in the delivery that is `back` years before the last one."""
        return (self.arrives >= back) & (self.leaves <= back)


def stay(
    draws: Draws,
    rules: Table,
    name: str,
    definition: TableDef,
    columns: Columns,
    oldest: int,
) -> Stay:
    """When each row of a table, such as "npd_census", arrives and leaves; `oldest` is
    the age of the first delivery.

    A row arrives with the delivery of its year, or one later; one in some hundred is
    gone from a later one for good. No row leaves before it was delivered once, and the
    rows of the last year are what is known of it today.
    """
    rule, odds = delivered_as(rules, name, definition), amended(rules, name)
    years = _years(rule, columns)
    dataset = name.split("_", 1)[0]
    key = _key(columns, rule.together, years)
    age = LAST_YEAR - years
    age = age - ((age >= 1) & draws.chance(f"release.{dataset}.late", key, odds.late))
    arrives = age.clip(0, oldest)
    draw = draws.uniform(f"release.{dataset}.withdrawn", key)
    years_ago = (draw / max(odds.withdrawn, 1e-9)).astype(
        np.int64
    )  # for nearly all before any release
    leaves = np.where(years_ago < arrives, years_ago + 1, 0)
    return Stay(arrives.astype(np.int8), leaves.astype(np.int8))


def delivered(
    rule: Delivered, columns: Columns, rows: NDArray[np.bool_], back: int
) -> Columns:
    """The given rows as the delivery knows them: what ends after it is open, and what
    follows from an end unknown.
    """
    out = columns if rows.all() else rows_of(columns, rows)
    last = pa.scalar(day(LAST_YEAR + 1 - back, 8, 31), pa.int32()).cast(pa.date32())
    is_open = None
    for name in rule.ends:
        is_later = pc.fill_null(pc.greater(out[name], last), False)
        if is_open is None:
            is_open = np.asarray(is_later)
        if pc.any(is_later).as_py():
            out = out | {
                name: pc.if_else(is_later, pa.scalar(None, pa.date32()), out[name])
            }
    if is_open is not None and is_open.any():
        out = out | {
            name: _saying(out[name], is_open, value)
            for name, value in rule.while_open.items()
        }
    return out


def _years(rule: Delivered, columns: Columns) -> Ints:
    """The academic or tax year in which each row belongs."""
    if rule.years:
        labels = columns[rule.years].to_numpy(zero_copy_only=False).astype(np.int64)
        start_years: Ints = np.where(labels > 9999, labels // 100, labels)
        return start_years
    days = columns[str(rule.days)].cast(pa.int32()).to_numpy(zero_copy_only=False)
    return academic_year(days)


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
        hashes: Words = values[
            pc.fill_null(array.indices, len(values) - 1).to_numpy(zero_copy_only=False)
        ]
        return hashes
    if not pa.types.is_string(array.type):
        numbers: Words = (
            pc.fill_null(array, 0)
            .to_numpy(zero_copy_only=False)
            .astype(np.int64)
            .view(np.uint64)
        )
        return numbers
    words = byte_rows(pc.fill_null(array, ""), 24).view(np.uint64)
    out = np.zeros(len(words), np.uint64)
    with np.errstate(over="ignore"):
        for place in range(words.shape[1]):
            out = mix(out * np.uint64(0xD1342543DE82EF95) + words[:, place])
    return out


def _saying(array: Any, rows: NDArray[np.bool_], value: str) -> Any:
    """A column of codes with one value, or none for "", in the given rows."""
    index = (
        pc.fill_null(array.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    )
    text = Text(pa.concat_arrays([array.dictionary, pa.array([value])]), index.copy())
    text.index[rows] = len(array.dictionary) if value else -1
    return text.array()


FIRST, LAST = "first_release", "last_release"


class Seen:
    """Takes in one delivery after the other; then gives the truth of all of them
    (`tables`: of all rows).
    """

    def __init__(self, tables: Tables, releases: int) -> None:
        self._releases = releases
        self._records, self._entities = (
            pa.concat_tables(tables.records),
            pa.concat_tables(tables.entities),
        )
        keys = _record_keys(self._records)
        self._order = np.argsort(keys)
        self._sorted = keys[self._order]
        self._known = self._entities["entity_key"].combine_chunks()
        self._of_record, self._of_entity = (
            _Spans(len(t), releases) for t in (self._records, self._entities)
        )
        self._shown: dict[int, NDArray[np.bool_]] = {}
        self._errors: list[pa.Table] = []

    def show(self, release: int, name: str, columns: Columns) -> None:
        """Take in a table as a delivery shows it; one without identifiers adds
        nothing.
        """
        if definition(name).with_role("record_key") is None:
            return
        place = np.searchsorted(self._sorted, columns[record_key(name)].to_numpy())
        self._shown.setdefault(release, np.zeros(len(self._sorted), bool))[place] = True
        self._of_record.add(self._order[place], release)
        if self._releases > 1:  # a single one shows each entity
            self._of_entity.add(_entities(name, columns, self._known), release)

    def log_errors(self, release: int, errors: list[pa.Table]) -> None:
        """Take in the errors in all rows that there are, of which the delivery shows
        those of its tables.
        """
        all_errors, is_shown = pa.concat_tables(errors), self._shown.pop(release)
        rows = all_errors.filter(
            pa.array(is_shown[np.searchsorted(self._sorted, _record_keys(all_errors))])
        )
        self._errors.append(
            rows.append_column(
                "release", pa.array(np.full(len(rows), release, np.int8))
            )
        )

    def truth(self) -> Tables:
        """Records, entities and errors that any delivery shows, each with the first and
        last that does.
        """
        return Tables(
            records=[self._of_record.of(self._records)],
            entities=[
                self._of_entity.of(self._entities)
                if self._releases > 1
                else self._entities
            ],
            errors=[self._all_errors()],
        )

    def _all_errors(self) -> pa.Table:
        if self._releases == 1:
            return self._errors[0].drop_columns("release")
        keys = self._errors[0].column_names[:-1]
        texts = [
            pa.table(
                {
                    **{name: table[name].cast(pa.string()) for name in keys},
                    "release": table["release"],
                }
            )
            for table in self._errors
        ]
        spans = pa.concat_tables(texts).group_by(keys, use_threads=False)
        spans = spans.aggregate([("release", "min"), ("release", "max")])
        return spans.select([*keys, "release_min", "release_max"]).rename_columns(
            [*keys, FIRST, LAST]
        )


class _Spans:
    """The first and last release of each row of a table; 0 for one that none shows."""

    def __init__(self, rows: int, releases: int) -> None:
        self._first, self._last = np.zeros(rows, np.int8), np.zeros(rows, np.int8)
        self._releases = releases

    def add(self, place: NDArray[Any], release: int) -> None:
        """The rows at these places are shown."""
        is_earlier = (self._first[place] == 0) | (self._first[place] > release)
        self._first[place[is_earlier]] = release
        self._last[place] = np.maximum(self._last[place], release)

    def of(self, table: pa.Table) -> pa.Table:
        """The rows that are shown, with their span where there are several releases."""
        is_shown = self._first > 0
        if self._releases > 1:
            table = table.append_column(FIRST, pa.array(self._first)).append_column(
                LAST, pa.array(self._last)
            )
        return table if is_shown.all() else table.filter(pa.array(is_shown))


def _record_keys(table: pa.Table) -> NDArray[np.int64]:
    keys: NDArray[np.int64] = pc.cast(table["record_key"], pa.int64()).to_numpy()
    return keys


def _entities(name: str, columns: Columns, entity_keys: Any) -> NDArray[np.int64]:
    """Places of the rows' entities among `entity_keys`: by the first alternative of the
    key that is one of these.
    """
    place = np.full(len(columns[record_key(name)]), -1)
    for alternative in definition(name).entity_key:
        texts = [columns[column].cast(pa.string()) for column in alternative]
        key = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "|")
        index = (
            pc.fill_null(pc.index_in(key, value_set=entity_keys), -1)
            .to_numpy()
            .astype(np.int64)
        )
        place = np.where(place >= 0, place, index)
    return np.unique(place[place >= 0])
