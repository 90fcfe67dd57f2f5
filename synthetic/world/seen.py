"""What the deliveries of a source show of its truth: which records, entities and mistakes, from when to when."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthetic.world.world import Columns, Tables, definition, record_key

FIRST, LAST = "first_release", "last_release"


class Seen:
    """Takes in one delivery after the other; then tells the truth of all of them.

    Args:
        made: the truth of all rows that a source has.
        releases: number of deliveries; a single one needs no first and last.
    """

    def __init__(self, made: Tables, releases: int) -> None:
        self._releases = releases
        self._records, self._entities = pa.concat_tables(made.records), pa.concat_tables(made.entities)
        keys = _record_keys(self._records)
        self._order = np.argsort(keys)
        self._sorted = keys[self._order]
        self._known = self._entities["entity_key"].combine_chunks()
        self._of_record, self._of_entity = (_Spans(len(t), releases) for t in (self._records, self._entities))
        self._shown: dict[int, NDArray[np.bool_]] = {}
        self._mistakes: list[pa.Table] = []

    def show(self, release: int, name: str, columns: Columns) -> None:
        """Take in a table as a delivery shows it; one that holds no identities tells nothing."""
        if definition(name).with_role("record_key") is None:
            return
        place = np.searchsorted(self._sorted, columns[record_key(name)].to_numpy())
        self._shown.setdefault(release, np.zeros(len(self._sorted), bool))[place] = True
        self._of_record.add(self._order[place], release)
        if self._releases > 1:  # a single one shows each entity
            self._of_entity.add(_entities(name, columns, self._known), release)

    def mistakes(self, release: int, made: list[pa.Table]) -> None:
        """Take in the mistakes in all rows that there are, of which the delivery shows those of its tables."""
        every, shown = pa.concat_tables(made), self._shown.pop(release)
        seen = every.filter(pa.array(shown[np.searchsorted(self._sorted, _record_keys(every))]))
        self._mistakes.append(seen.append_column("release", pa.array(np.full(len(seen), release, np.int8))))

    def truth(self) -> Tables:
        """Records, entities and mistakes that any delivery shows, each with the first and last that does."""
        return Tables(
            records=[self._of_record.of(self._records)],
            entities=[self._of_entity.of(self._entities) if self._releases > 1 else self._entities],
            errors=[self._all_mistakes()],
        )

    def _all_mistakes(self) -> pa.Table:
        if self._releases == 1:
            return self._mistakes[0].drop_columns("release")
        keys = self._mistakes[0].column_names[:-1]
        texts = [
            pa.table({**{name: table[name].cast(pa.string()) for name in keys}, "release": table["release"]})
            for table in self._mistakes
        ]
        spans = pa.concat_tables(texts).group_by(keys, use_threads=False)
        spans = spans.aggregate([("release", "min"), ("release", "max")])
        return spans.select([*keys, "release_min", "release_max"]).rename_columns([*keys, FIRST, LAST])


class _Spans:
    """The first and last release of each row of a table; 0 for one that none shows."""

    def __init__(self, rows: int, releases: int) -> None:
        self._first, self._last = np.zeros(rows, np.int8), np.zeros(rows, np.int8)
        self._releases = releases

    def add(self, place: NDArray[Any], release: int) -> None:
        """The rows at these places are shown."""
        earlier = (self._first[place] == 0) | (self._first[place] > release)
        self._first[place[earlier]] = release
        self._last[place] = np.maximum(self._last[place], release)

    def of(self, table: pa.Table) -> pa.Table:
        """The rows that are shown, with their span where there are several releases."""
        shown = self._first > 0
        if self._releases > 1:
            table = table.append_column(FIRST, pa.array(self._first)).append_column(LAST, pa.array(self._last))
        return table if shown.all() else table.filter(pa.array(shown))


def _record_keys(table: pa.Table) -> NDArray[np.int64]:
    keys: NDArray[np.int64] = pc.cast(table["record_key"], pa.int64()).to_numpy()
    return keys


def _entities(name: str, columns: Columns, known: Any) -> NDArray[np.int64]:
    """Places of the rows' entities among the known ones: by the first alternative of the key that is one of them."""
    place = np.full(len(columns[record_key(name)]), -1)
    for alternative in definition(name).entity_key:
        texts = [columns[column].cast(pa.string()) for column in alternative]
        key = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "|")
        found = pc.fill_null(pc.index_in(key, value_set=known), -1).to_numpy().astype(np.int64)
        place = np.where(place >= 0, place, found)
    return np.unique(place[place >= 0])
