"""Profile the columns of a file: a sample of its rows, and the distinct values of each column in it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.files.missing_values import missing_values
from linkage.files.read_file import PersonFile

SAMPLE_ROWS = 20_000  # every n-th row; enough for the order of day and month, and for shares of 0.1 %
_SAMPLE_PARTS = 16  # row groups that are read for it, at least; a file of fewer is read whole
_MAX_EMPTY_SHARE = 0.01  # a column that fewer rows than this fill, and fewer than _MAX_EMPTY_ROWS, counts as empty
_MAX_EMPTY_ROWS = 10


@dataclass
class Profile:
    """A sample of a file."""

    file: PersonFile
    sample: pa.Table  # columns as trimmed text, rows in their order
    is_whole: bool  # the sample is all of the file's rows
    missing: dict[str, frozenset[str]] = field(default_factory=dict)  # column to its values that stand for "not known"
    _values: dict[str, Counter[str]] = field(default_factory=dict, repr=False)

    @property
    def rows(self) -> int:
        """Rows of the sample."""
        return int(self.sample.num_rows)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns that more than a few rows fill: a survey tool leaves RecipientFirstName empty."""
        fewest = min(_MAX_EMPTY_SHARE * self.rows, _MAX_EMPTY_ROWS + 1)
        known = {name: self.rows - self.sample[name].null_count for name in self.sample.column_names}
        return tuple(name for name, count in known.items() if count and count >= fewest)

    def values(self, *columns: str) -> Counter[str]:
        """Distinct values of columns to their rows in the sample, those for "not known" left out."""
        if len(columns) != 1:
            return sum(map(self.values, columns), Counter[str]())
        (column,) = columns
        if column not in self._values:
            counted = self.sample[column].value_counts()
            pairs = zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)
            gone = self.missing.get(column, ())
            self._values[column] = Counter({v: rows for v, rows in pairs if v is not None and v not in gone})
        return self._values[column]

    def combined(self, columns: Collection[str]) -> list[tuple[str | None, ...]]:
        """The sample's rows of some columns."""
        missing = [self.missing.get(name, frozenset()) for name in columns]
        rows = zip(*(self.sample[name].to_pylist() for name in columns), strict=True)
        return [tuple(None if v in gone else v for v, gone in zip(row, missing, strict=True)) for row in rows]

    def find_missing(self, roles: Mapping[str, Collection[str]]) -> None:
        """Note the values that stand for "not known" in the columns of some roles."""
        self.missing = missing_values({column: self.values(column) for of in roles.values() for column in of}, roles)
        self._values = {name: of for name, of in self._values.items() if name not in self.missing}


def profile_of(file: PersonFile, columns: Sequence[str]) -> Profile:
    """Sample every n-th row of a file, or of every n-th part of a large one."""
    with pq.ParquetFile(file.parquet) as opened:
        every = max(1, opened.num_row_groups // _SAMPLE_PARTS)
        groups = range(0, opened.num_row_groups, every)
        rows = sum(opened.metadata.row_group(group).num_rows for group in groups)
    step, offset, parts = max(1, rows // SAMPLE_ROWS), 0, []
    for batch in file.batches(columns, row_groups=groups):
        parts.append(
            batch.take(pa.array(range(-offset % step, batch.num_rows, step), pa.int64())) if step > 1 else batch
        )
        offset += batch.num_rows
    return Profile(file, pa.concat_tables(parts).drop_columns(["row"]).combine_chunks(), step == every == 1)
