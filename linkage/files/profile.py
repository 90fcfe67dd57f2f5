"""Profile the columns of a file: a sample of its rows, and the distinct values of each
column that are known.

Values that stand for "not known" are words for it, and placeholders that far too many
rows share. Left as they are, one that both files write would be agreement, and one next
to a known name disagreement.
"""

import functools
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from linkage.config.resources import config_file
from linkage.config.toml_file import Frozen, read_as
from linkage.files.distinct import Counts, Distinct
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
_WORD_ROWS = 3  # rows that repeat a file's own word for "not known"
_WORD_LETTERS = 20  # of the longest such word


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
    bare = "".join(sign for sign in split if not unicodedata.combining(sign))
    words = bare.replace(",", " ").split()
    return " ".join(dict.fromkeys(words))


def says_unknown(text: str) -> bool:
    """Whether a value is a word for "not known"."""
    return _form(text) in _words()


def _with_form_among(values: Counts, words: Collection[str]) -> set[str]:
    """The values whose form is one of some words.

    The first word of nearly every value tells that it is none of them, and that is
    looked at for all values at once.
    """
    if not values or not words:
        return set()
    texts = Distinct.of(values).values
    bare = pc.replace_substring_regex(
        pc.utf8_normalize(texts, form="NFKD"), r"\p{M}+", ""
    )
    first = pc.replace_substring_regex(
        pc.utf8_upper(bare), r"(?s)^[\s,]*([^\s,]*).*$", r"\1"
    )
    first_words = pa.array({word.split()[0] for word in words if word}, pa.string())
    candidates = texts.filter(pc.is_in(first, first_words)).to_pylist()
    return {value for value in candidates if _form(value) in words}


def missing_values(
    counts: Mapping[str, Counter[str]], roles: Mapping[str, Collection[str]]
) -> dict[str, frozenset[str]]:
    """Column to the values in it that stand for "not known", by each column's values
    and each role's columns.
    """
    formed_columns = [
        counts[column] for role in _FORMED & set(roles) for column in roles[role]
    ]
    words = _words() | _words_of_file(formed_columns)
    by_column: dict[str, set[str]] = {}
    for role in roles.keys() - _OWN_READERS:
        for column in roles[role]:
            missing = by_column.setdefault(column, set())
            missing |= _with_form_among(counts[column], words)
            missing |= _written_by_programs(counts[column])
            if role not in _rules().common.not_in:
                missing |= _too_common(counts[column])
    return {
        column: frozenset(missing) for column, missing in by_column.items() if missing
    }


def _words_of_file(column_counts: list[Counter[str]]) -> set[str]:
    """Words by which a file itself says "not known": one repeated in two columns of
    numbers, postcodes or addresses.
    """
    columns = Counter[str]()
    for counts in column_counts:
        distinct = Distinct.of(counts)
        has_no_digit = distinct.matches(r"^[^\p{Nd}@]*$")
        words = distinct.where(has_no_digit).values.to_pylist()
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
    words = {word for word in _rules().written_by_programs if word in counts}
    if not words:
        return set()
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
    if len(counts) < 2:
        return set()
    rule, total, others = _rules().common, counts.total(), len(counts) - 1
    (value, first), (_, second) = counts.most_common(2)
    is_common = first >= max(rule.rows, rule.share * total, rule.times * second)
    if not is_common or others < rule.others or total - first > rule.each * others:
        return set()
    has_parts = Distinct.of(counts).matches(r"[\s\pZ\p{Nd}@]")
    compound_count = pc.sum(has_parts).as_py()
    return {value} if compound_count * 2 >= len(counts) else set()


SAMPLE_ROWS = 10_000
"""Rows of a sample. They show the order of day and month, and a share of 1 % to within
0.2 %.
"""
_READ_ROWS = 500_000
"""Rows, of whole row groups, that are read for it: a tenth of a second, in a file of
any size.
"""
_FEWEST_GROUPS, _MOST_GROUPS = 2, 16  # row groups that are read
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

    def thinned(self, most: int) -> "Profile":
        """Some of its rows, at even distances."""
        if self.rows <= most:
            return self
        places = np.linspace(0, self.rows - 1, most).astype(np.int64)
        return self._part(self.sample.take(pa.array(places)))

    def where(self, mask: Iterable[bool]) -> "Profile":
        """The rows of a mask."""
        return self._part(self.sample.filter(pa.array(mask, pa.bool_())))

    def _part(self, sample: pa.Table) -> "Profile":
        return Profile(self.file, sample, is_whole=False, missing=self.missing)

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
    """Sample rows at even distances from row groups at even distances."""
    with pq.ParquetFile(file.parquet) as parquet:
        group_count = parquet.num_row_groups
        groups = _groups_to_read(group_count, parquet.metadata.num_rows)
        rows = sum(parquet.metadata.row_group(group).num_rows for group in groups)
    step = max(1, rows // SAMPLE_ROWS)
    batches = [*file.batches(columns, groups, step)]
    texts = {
        name: pa.chunked_array([decoded(encoded(batch[name])) for batch in batches])
        for name in (batches[0].column_names if batches else [])
        if name != "row"
    }
    sample = pa.table(texts).combine_chunks()
    is_whole = len(groups) == group_count and rows <= SAMPLE_ROWS
    return Profile(file, sample, is_whole).thinned(SAMPLE_ROWS)


def _groups_to_read(groups: int, rows: int) -> list[int]:
    """Row groups from the first to the last at even distances, of as many rows as are
    read.
    """
    affordable = _READ_ROWS * groups // max(rows, 1)
    count = min(groups, max(_FEWEST_GROUPS, min(affordable, _MOST_GROUPS)))
    places = np.linspace(0, groups - 1, count).round()
    return [int(place) for place in places]
