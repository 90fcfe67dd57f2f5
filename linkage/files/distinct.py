"""The distinct values of a column with their rows, looked at all at once."""

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Counts = Mapping[str, int]  # A value to its rows


@dataclass(frozen=True)
class Distinct:
    """Values, and the rows of each."""

    values: pa.Array
    rows: pa.Array

    @classmethod
    def of(cls, counts: Counts) -> "Distinct":
        """Of a value to its rows."""
        return cls(
            pa.array(counts.keys(), pa.string()), pa.array(counts.values(), pa.int64())
        )

    def matches(self, pattern: str) -> pa.Array:
        """Which values a regular expression (RE2) is found in."""
        return pc.match_substring_regex(self.values, pattern)

    def are_among(self, values: Collection[str]) -> pa.Array:
        """Which values are some of these."""
        return pc.is_in(self.values, pa.array(values, pa.string()))

    def where(self, mask: pa.Array) -> "Distinct":
        """Those of a mask."""
        return Distinct(self.values.filter(mask), self.rows.filter(mask))

    def counts(self) -> dict[Any, int]:
        """Each value to its rows; of values that are equal the sum."""
        table = pa.table({"value": self.values, "rows": self.rows})
        sums = table.group_by("value").aggregate([("rows", "sum")])
        pairs = zip(
            sums["value"].to_pylist(), sums["rows_sum"].to_pylist(), strict=True
        )
        return dict(pairs)


def share_that_match(counts: Counts, pattern: str) -> float:
    """The share of rows in whose value a regular expression (RE2) is found."""
    distinct = Distinct.of(counts)
    rows = distinct.where(distinct.matches(pattern)).rows
    total = pc.sum(distinct.rows).as_py() or 1
    return (pc.sum(rows).as_py() or 0) / total


def some_of(counts: Counts, most: int) -> Counts:
    """So many values at most, at even distances."""
    step = -(-len(counts) // most)
    if step <= 1:
        return counts
    return dict(itertools.islice(counts.items(), 0, None, step))
