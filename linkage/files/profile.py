"""Profile the columns of a file: a sample of its rows, and the distinct values of each
column that are known.

Values that stand for "not known" are words for it, and placeholders that far too many
rows share. Left as they are, one that both files write would be agreement, and one next
to a known name disagreement.
"""

import functools
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, read_as
from linkage.files.read_file import PersonFile, decoded, encoded

_OWN_READERS = frozenset(
    {"dob", "age", "sex"}
)  # Roles whose own readers know what stands for "not known"
_FORMED = frozenset(
    {
        "phone",
        "email",
        "postcode",
        "nino",
        "uln",
        "upn",
        "health_number",
        "national_number",
    }
)
_WORD_ROWS, _WORD_LETTERS = (
    3,
    20,
)  # rows that repeat a file's own word for "not known", and its longest


class _Common(Frozen):
    not_in: frozenset[str]
    rows: Annotated[int, Field(ge=1)]
    share: Annotated[float, Field(ge=0, le=1)]
    times: Annotated[float, Field(ge=0)]
    others: Annotated[int, Field(ge=0)]
    each: Annotated[float, Field(ge=0)]


class _Unknown(Frozen):
    words: tuple[str, ...]
    written_by_programs: tuple[str, ...]
    common: _Common


@functools.cache
def _rules() -> _Unknown:
    return read_as(_Unknown, config_file("unknown.toml"))


@functools.cache
def _words() -> frozenset[str]:
    return frozenset(map(_form, _rules().words))


def _form(text: str) -> str:
    """Capitals without accents; a word that is repeated once."""
    split = unicodedata.normalize("NFKD", text.upper())
    words = (
        "".join(sign for sign in split if not unicodedata.combining(sign))
        .replace(",", " ")
        .split()
    )
    return " ".join(dict.fromkeys(words))


def says_unknown(text: str) -> bool:
    """Whether a value is a word for "not known"."""
    return _form(text) in _words()


def missing_values(
    counts: Mapping[str, Counter[str]], roles: Mapping[str, Collection[str]]
) -> dict[str, frozenset[str]]:
    """Column to the values in it that stand for "not known", by each column's values
    and each role's columns.
    """
    words = _words_of_file(
        [counts[column] for role in _FORMED & set(roles) for column in roles[role]]
    )
    by_column: dict[str, frozenset[str]] = {}
    for role, column in [
        (name, column)
        for name in roles
        if name not in _OWN_READERS
        for column in roles[name]
    ]:
        missing = {
            value
            for value in counts[column]
            if says_unknown(value) or _form(value) in words
        }
        missing |= _written_by_programs(counts[column])
        missing |= (
            _too_common(counts[column]) if role not in _rules().common.not_in else set()
        )
        by_column[column] = by_column.get(column, frozenset()) | missing
    return {column: missing for column, missing in by_column.items() if missing}


def _words_of_file(column_counts: list[Counter[str]]) -> set[str]:
    """Words by which a file itself says "not known": one repeated in two columns of
    numbers, postcodes or addresses.
    """
    columns = Counter[str]()
    for counts in column_counts:
        words = {
            value
            for value in counts
            if not any(sign.isdigit() or sign == "@" for sign in value)
        }
        if len(words) * 2 < len(counts):
            frequent_words = {
                value
                for value in words
                if counts[value] >= _WORD_ROWS and len(value) <= _WORD_LETTERS
            }
            columns.update({_form(value) for value in frequent_words})
    return {word for word, number in columns.items() if number > 1}


def _written_by_programs(counts: Counter[str]) -> set[str]:
    """NaN and NA, where the rest of the column is in another case; else Nan and Na are
    names.
    """
    words = {value for value in counts if value in _rules().written_by_programs}
    others = [value for value in counts if value not in words and len(value) > 1]
    case_tests = [
        test
        for test in (str.isupper, str.islower)
        if sum(map(test, others)) * 10 > len(others)
    ]
    return {word for word in words if not any(test(word) for test in case_tests)}


def _too_common(counts: Counter[str]) -> set[str]:
    """The value that is far more common than all others, where these have several parts
    and few rows each.
    """
    compound_count = sum(
        any(sign.isspace() or sign.isdigit() or sign == "@" for sign in value)
        for value in counts
    )
    if len(counts) < 2 or compound_count * 2 < len(counts):
        return set()
    (value, first), (_, second) = counts.most_common(2)
    rule, total, others = _rules().common, counts.total(), len(counts) - 1
    is_common = first >= max(rule.rows, rule.share * total, rule.times * second)
    return (
        {value}
        if is_common and others >= rule.others and total - first <= rule.each * others
        else set()
    )


# every n-th row; enough for the order of day and month, and for shares of 0.1 %
SAMPLE_ROWS = 20_000
_SAMPLE_PARTS = (
    16  # row groups that are read for it, at least; a file of fewer is read whole
)
# a column that fewer rows than this fill, and fewer than _MAX_EMPTY_ROWS, counts as
# empty
_MAX_EMPTY_SHARE = 0.01
_MAX_EMPTY_ROWS = 10


@dataclass
class Profile:
    """A sample of a file."""

    file: PersonFile
    sample: pa.Table  # columns as trimmed text, rows in their order
    is_whole: bool  # the sample is all of the file's rows
    missing: dict[str, frozenset[str]] = field(
        default_factory=dict
    )  # column to its values that stand for "not known"
    _values: dict[str, Counter[str]] = field(default_factory=dict, repr=False)

    @property
    def rows(self) -> int:
        """Rows of the sample."""
        return int(self.sample.num_rows)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns that more than a few rows fill: a survey tool leaves
        RecipientFirstName empty.
        """
        fewest = min(_MAX_EMPTY_SHARE * self.rows, _MAX_EMPTY_ROWS + 1)
        known = {
            name: self.rows - self.sample[name].null_count
            for name in self.sample.column_names
        }
        return tuple(name for name, count in known.items() if count and count >= fewest)

    def values(self, *columns: str) -> Counter[str]:
        """Distinct values of columns to their rows in the sample, those for "not known"
        left out.
        """
        if len(columns) != 1:
            return sum(map(self.values, columns), Counter[str]())
        (column,) = columns
        if column not in self._values:
            value_counts = self.sample[column].value_counts()
            pairs = zip(
                value_counts.field("values").to_pylist(),
                value_counts.field("counts").to_pylist(),
                strict=True,
            )
            unknown = self.missing.get(column, ())
            self._values[column] = Counter(
                {v: rows for v, rows in pairs if v is not None and v not in unknown}
            )
        return self._values[column]

    def combined(self, columns: Collection[str]) -> list[tuple[str | None, ...]]:
        """The sample's rows of some columns."""
        missing = [self.missing.get(name, frozenset()) for name in columns]
        rows = zip(*(self.sample[name].to_pylist() for name in columns), strict=True)
        return [
            tuple(
                None if v in unknown else v
                for v, unknown in zip(row, missing, strict=True)
            )
            for row in rows
        ]

    def find_missing(self, roles: Mapping[str, Collection[str]]) -> None:
        """Note the values that stand for "not known" in the columns of some roles."""
        self.missing = missing_values(
            {column: self.values(column) for of in roles.values() for column in of},
            roles,
        )
        self._values = {
            name: counts
            for name, counts in self._values.items()
            if name not in self.missing
        }


def profile_of(file: PersonFile, columns: Sequence[str]) -> Profile:
    """Sample every n-th row of a file, or of every n-th part of a large one."""
    with pq.ParquetFile(file.parquet) as parquet:
        interval = max(1, parquet.num_row_groups // _SAMPLE_PARTS)
        groups = range(0, parquet.num_row_groups, interval)
        rows = sum(parquet.metadata.row_group(group).num_rows for group in groups)
    step = max(1, rows // SAMPLE_ROWS)
    batches = [*file.batches(columns, groups, step)]
    known = (
        [name for name in batches[0].column_names if name != "row"] if batches else []
    )
    sample = {
        name: pa.chunked_array([decoded(encoded(batch[name])) for batch in batches])
        for name in known
    }
    return Profile(file, pa.table(sample).combine_chunks(), step == interval == 1)
