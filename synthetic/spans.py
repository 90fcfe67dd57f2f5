"""In which deliveries a record, an entity and a mistake are seen: the truth over all releases."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from linkage.catalogue import TableDef, shipped
from synthetic.releases import Stay
from synthetic.world import Columns

FIRST, LAST = "first_release", "last_release"


@dataclass(frozen=True)
class Spans:
    """When each record of a source is there; record keys in ascending order."""

    releases: int
    record: NDArray[np.int64]
    stay: Stay

    def records(self, records: pa.Table) -> pa.Table:
        """The truth's records with their first and last release."""
        return self._with(records, self._of(records))

    def mistakes(self, by_back: list[pa.Table]) -> pa.Table:
        """One row for each mistake, whichever deliveries have it.

        Args:
            by_back: the mistakes in the last delivery, in the one before it, and so on.
        """
        seen = []
        for back, mistakes in enumerate(by_back):
            there = mistakes.filter(pa.array(self._of(mistakes).during(back)))
            plain = pa.table({name: there[name].cast(pa.string()) for name in there.column_names})
            release = np.full(len(plain), self.releases - back, np.int8)
            seen.append(plain.append_column("release", pa.array(release)))
        keys = seen[0].column_names[:-1]
        spans = pa.concat_tables(seen).group_by(keys, use_threads=False)
        spans = spans.aggregate([("release", "min"), ("release", "max")])
        return spans.select([*keys, "release_min", "release_max"]).rename_columns([*keys, FIRST, LAST])

    def entities(self, entities: pa.Table, tables: dict[str, Columns]) -> pa.Table:
        """The truth's entities with their first and last release: those of their records."""
        known = entities["entity_key"].combine_chunks()
        arrives, leaves = np.full(len(known), -1, np.int8), np.full(len(known), self.releases, np.int8)
        for name, columns in identity_tables(tables).items():
            place = _entity(name, columns, known)
            rows = place >= 0
            stay = self._at(columns[record_key(name)].to_numpy())
            np.maximum.at(arrives, place[rows], stay.arrives[rows])
            np.minimum.at(leaves, place[rows], stay.leaves[rows])
        return self._with(entities, Stay(arrives, leaves))

    def _of(self, table: pa.Table) -> Stay:
        return self._at(pc.cast(table["record_key"], pa.int64()).to_numpy())

    def _at(self, records: NDArray[np.int64]) -> Stay:
        place = np.searchsorted(self.record, records)
        return Stay(self.stay.arrives[place], self.stay.leaves[place])

    def _with(self, table: pa.Table, stay: Stay) -> pa.Table:
        table = table.append_column(FIRST, pa.array(self.releases - stay.arrives))
        return table.append_column(LAST, pa.array(self.releases - stay.leaves))


def spans(tables: dict[str, Columns], stays: dict[str, Stay], releases: int) -> Spans:
    """The spans of all records of a source's identity tables."""
    names = list(identity_tables(tables))
    record = np.concatenate([tables[name][record_key(name)].to_numpy() for name in names])
    order = np.argsort(record)
    arrives, leaves = (
        np.concatenate([getattr(stays[n], which) for n in names])[order] for which in ("arrives", "leaves")
    )
    return Spans(releases, record[order], Stay(arrives, leaves))


def identity_tables(tables: dict[str, Columns]) -> dict[str, Columns]:
    """Those of a source's tables whose records are matched: they have a record key."""
    return {name: columns for name, columns in tables.items() if definition(name).with_role("record_key")}


def record_key(name: str) -> str:
    """The record key of an identity table."""
    found = definition(name).with_role("record_key")
    assert found
    return found.name


def definition(name: str) -> TableDef:
    """The catalogue's table, for example of "npd_census"."""
    return shipped().table(*name.split("_", 1))


def _entity(name: str, columns: Columns, known: Any) -> NDArray[np.int64]:
    """Place of each row's entity among the known ones: by the first alternative of its key that is one of them."""
    place = np.full(len(columns[record_key(name)]), -1)
    for alternative in definition(name).entity_key:
        texts = [columns[column].cast(pa.string()) for column in alternative]
        key = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "|")
        found = pc.fill_null(pc.index_in(key, value_set=known), -1).to_numpy().astype(np.int64)
        place = np.where(place >= 0, place, found)
    return place
