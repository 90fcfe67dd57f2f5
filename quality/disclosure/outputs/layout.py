"""The layout of a table of results: what each column holds, as its schema declares or
its heading says.

What is not declared is inferred only from words that leave no doubt. Every other
column, and every code that may be a total or part of another, is a doubt: the table
does not pass until it is declared. Numbers only ever raise doubts.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from linkage.errors import ConfigError
from quality.disclosure.outputs.reading import Sheet, plain
from quality.disclosure.outputs.schema import Column

_WHO = (
    r"(?:people|persons|individuals|adults|children|pupils|students|learners|graduates|members|leavers|apprentices"
    r"|employees|claimants|participants)"
)
_EVERYBODY = re.compile(
    r"(?:(?:total |all )?(?:(?:number|no\.?|count)(?: of)? "
    rf")?{_WHO}|number|count|n|total|all|overall)"
)
_SEX = re.compile(rf"(?:number of )?(female|male|women|men|girl|boy)s?(?: {_WHO})?")
_CODE = re.compile(
    r"(?:tax |academic |calendar |financial )?years?(?: group| after| since| of "
    r"study)?|time(?: period)?"
    r"|ages?(?: group| band)?|(?:.* )?(?:code|urn|ukprn|laestab|estab|sic|soc)"
)
_TOTALS = frozenset(
    {"total", "all", "overall", "everybody", "everyone", "grand total", "persons"}
)
_SAYS_ALL = re.compile(r"^(?:all|total|overall|grand total)(?! others?\b)\b|\btotals?$")
_COUNTRIES = frozenset(
    {
        "england",
        "wales",
        "scotland",
        "northern ireland",
        "great britain",
        "united kingdom",
        "uk",
    }
)
_PART_OR_ALL = re.compile(
    r"sub-?total|of which|includ|exclud|\bexcl|except|all but|other "
    r"than|\bany\b|\bboth\b|whole|national|combined"
    r"|together|aggregate|entire|cumul|running|to date|so far|\bsum\b|headcount|\bless "
    r"(?!than)|without|\bplus\b"
    r"|\bor\b(?! "
    r"(?:more|over|above|older|less|fewer|under|below|younger))|^(?:uk|united "
    r"kingdom|great britain)$"
)
_NAMES_MEASURE = re.compile(
    r"\bmean\b|average|median|percentile|%|per ?cent|\bper \d|\brates?\b|ratio|^number "
    r"of"
)
_NUMBER = r"[£$€]?(\d[\d,]*(?:\.\d+)?)"
_RANGES: dict[
    re.Pattern[str], Callable[..., tuple[float, float]]
] = {  # a range of numbers, to how its ends are read: both, open above, open below
    re.compile(rf"{_NUMBER} ?(?:-|–|to|and) ?{_NUMBER}"): lambda low, high: (low, high),
    re.compile(
        rf"(?:at least|over|above|more than|from|>=?|≥) ?{_NUMBER}"
    ): lambda low: (low, math.inf),
    re.compile(
        rf"{_NUMBER} ?(?:\+|(?:or|and) (?:more|over|above|older))"
    ): lambda low: (low, math.inf),
    re.compile(
        r"(?:under|below|up to|less than|fewer than|at most|within|by|<=?|≤) "
        rf"?{_NUMBER}"
    ): lambda high: (
        0,
        high,
    ),
    re.compile(
        rf"{_NUMBER} ?(?:or|and) (?:less|fewer|under|below|younger)"
    ): lambda high: (0, high),
    re.compile(_NUMBER): lambda only: (only, only),
}


@dataclass(frozen=True)
class Doubt:
    """What must be declared before a table is checked; row -1 is the heading."""

    row: int
    column: int
    message: str


@dataclass(frozen=True)
class Layout:
    """Columns by what they hold.

    Attributes:
        columns: of each its declaration, or what its heading says; None where that
            leaves a doubt.
        totals: of each column, the codes that stand for all.
    """

    sheet: Sheet
    columns: Sequence[Column | None]
    totals: Sequence[frozenset[str]]

    def holding(self, *kinds: str) -> list[int]:
        return [
            n
            for n, column in enumerate(self.columns)
            if column and column.holds in kinds
        ]

    @cached_property
    def dimensions(self) -> list[int]:
        return self.holding("dimension")

    @cached_property
    def counts(self) -> list[int]:
        return self.holding("count")

    @cached_property
    def numeric(self) -> list[int]:
        return self.holding("count", "rate", "change", "mean", "median", "amount")

    def column(self, at: int) -> Column:
        return self.columns[at] or Column(holds="dimension")

    def place(self, name: str) -> int:
        return self.sheet.header.index(name)

    def is_total(self, column: int, text: str) -> bool:
        """Whether a code stands for all of its dimension."""
        return plain(text) in self.totals[column]

    def groups(self, dimension: int) -> list[dict[str, int]]:
        """Rows that differ only in one dimension, by its code."""
        groups: dict[tuple[str, ...], dict[str, int]] = {}
        for row, cells in enumerate(self.sheet.rows):
            others = tuple(
                plain(cells[one].text) for one in self.dimensions if one != dimension
            )
            groups.setdefault(others, {})[plain(cells[dimension].text)] = row
        return list(groups.values())


def layout_of(sheet: Sheet) -> Layout:
    """What each column holds.

    Raises:
        ConfigError: a declared column is not in the table; all such at once.
    """
    definitions = sheet.schema.columns
    names = {
        *definitions,
        *(name for column in definitions.values() for name in column.columns),
    }
    if unknown := sorted(names - set(sheet.header)):
        raise ConfigError(
            f"{sheet.schema_file}: {sheet.file.name} has no column "
            f"{', '.join(unknown)}\n"
            f"  it has: {', '.join(sheet.heads)}"
        )
    columns: list[Column | None] = []
    for n, name in enumerate(sheet.header):
        is_leading = all(column and column.holds == "dimension" for column in columns)
        columns.append(
            definitions.get(name) or _inferred(sheet, n, is_leading=is_leading)
        )
    for name in (name for column in definitions.values() for name in column.largest):
        columns[sheet.header.index(name)] = Column(holds="contribution")
    count_columns = [
        n
        for n, name in enumerate(sheet.header)
        if name not in definitions and (c := columns[n]) and c.holds == "count"
    ]
    sexes = [n for n in count_columns if (column := columns[n]) and column.code_of]
    person_counts = [n for n in count_columns if n not in sexes]
    if len(person_counts) > 1 or (
        person_counts and len(sexes) == 1
    ):  # which is part of which?
        columns = [
            None if n in count_columns else column for n, column in enumerate(columns)
        ]
    elif person_counts and sexes:
        columns[person_counts[0]] = Column(
            holds="count", sum_of=tuple(sheet.header[n] for n in sexes)
        )
    return Layout(
        sheet, columns, [_totals(sheet, n, column) for n, column in enumerate(columns)]
    )


def measure_of(heading: str, column: Column) -> str:
    """What a column counts: people, where its heading says no more than that."""
    words = plain(column.measure or heading.replace("_", " "))
    if not column.measure and (
        column.code_of or column.sum_of or _EVERYBODY.fullmatch(words)
    ):
        return "people"
    return plain(re.sub(r"%|\bper ?cent\b|[()\[\],]|^number of ", " ", words))


def code_of(heading: str) -> str:
    """The code that a column stands for: "female" of "Number of female pupils"."""
    match = _SEX.fullmatch(plain(heading))
    return match[1] if match else plain(heading)


def doubts(layout: Layout) -> Iterator[Doubt]:
    """Columns and codes that must be declared."""
    sheet = layout.sheet
    for place, column in enumerate(layout.columns):
        if sheet.header.count(sheet.header[place]) > 1 and sheet.header[place]:
            yield Doubt(-1, place, "another column has the same name")
        elif column is None:
            yield Doubt(
                -1, place, "its heading leaves a doubt about what it holds, and of whom"
            )
        elif (
            column.holds == "dimension"
            and sheet.header[place] not in sheet.schema.columns
        ):
            yield from _code_doubts(sheet, place)


def possible_totals(layout: Layout) -> Iterator[Doubt]:
    """Codes of undeclared dimensions without a total to which all others add up,
    wherever all are shown.

    A total that is not known is worse than one too many: a hidden cell could be
    calculated from it.
    """
    rows, schema = layout.sheet.rows, layout.sheet.schema
    for axis in layout.dimensions:
        evidence: dict[int, list[bool]] = defaultdict(list)
        is_open = (
            layout.sheet.header[axis] not in schema.columns and not layout.totals[axis]
        )
        for group, column in (
            product(layout.groups(axis), layout.counts) if is_open else ()
        ):
            numbers = {
                row: number
                for row in group.values()
                if (number := rows[row][column].number) is not None
            }
            if len(numbers) == len(group) and sum(map(bool, numbers.values())) > 2:
                tolerance = schema.rounded_to // 2 * len(numbers)
                for place, number in enumerate(numbers.values()):
                    evidence[place].append(
                        abs(2 * number - sum(numbers.values())) <= tolerance
                    )
        if totals := [n for n, adds_up in evidence.items() if all(adds_up)]:
            yield Doubt(
                totals[0], axis, "the other rows come to it: it may be their total"
            )


def _inferred(sheet: Sheet, place: int, *, is_leading: bool) -> Column | None:
    """A dimension or a count of everybody or of a sex, where the heading leaves no
    doubt.
    """
    words, cells = (
        plain(sheet.header[place].replace("_", " ")),
        [row[place] for row in sheet.rows if row[place].text],
    )
    numbers = [cell.number for cell in cells if cell.number is not None]
    texts = [
        cell
        for cell in cells
        if cell.number is None and not cell.mark and plain(cell.text) not in _TOTALS
    ]
    if _CODE.fullmatch(words) and all(number.is_integer() for number in numbers):
        return Column(holds="dimension")
    if (sex := _SEX.fullmatch(words)) or _EVERYBODY.fullmatch(words):
        return Column(holds="count", code_of="sex" if sex else "")
    return (
        Column(holds="dimension")
        if not numbers and (not cells or (texts and is_leading))
        else None
    )


def _totals(sheet: Sheet, place: int, column: Column | None) -> frozenset[str]:
    if not column or column.holds != "dimension":
        return frozenset()
    if column.totals is not None:
        return frozenset(map(plain, column.totals))
    codes = {plain(row[place].text) for row in sheet.rows}
    totals = frozenset(
        code for code in codes if code in _TOTALS or _SAYS_ALL.search(code)
    )
    return totals | (
        codes & _COUNTRIES if len(codes & _COUNTRIES) == 1 else frozenset()
    )


def _code_doubts(sheet: Sheet, place: int) -> Iterator[Doubt]:
    """Codes of an undeclared dimension that may be measures, totals or parts of others;
    the first of each kind.
    """
    codes = list(
        {
            plain(row[place].text): n
            for n, row in reversed(list(enumerate(sheet.rows)))
        }.items()
    )
    if re.search(
        r"\b(?:measure|indicator|statistic|metric|variable)s?\b",
        plain(sheet.header[place]),
    ):
        yield Doubt(
            -1, place, "it may name measures: its numbers are then of several kinds"
        )
    tests = {
        "it may name a measure: its numbers are then of several kinds": [
            n for c, n in codes if _NAMES_MEASURE.search(c)
        ],
        "it may be a total, or part of another row": [
            n for c, n in codes if _PART_OR_ALL.search(c)
        ],
        "it may be part of another row, or another of it": list(_overlapping(codes)),
        "it is blank: is it a total, or the code of the row above?": [
            n for c, n in codes if not c and len(codes) > 1
        ],
    }
    yield from (
        Doubt(min(rows), place, message) for message, rows in tests.items() if rows
    )


def _overlapping(codes: Sequence[tuple[str, int]]) -> Iterator[int]:
    """Rows of codes whose range of numbers overlaps that of another: at least 10,000
    and at least 20,000.
    """
    by_rest: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for code, row in codes:
        if match := next(
            (match for pattern in _RANGES if (match := pattern.search(code))), None
        ):
            low, high = _RANGES[match.re](
                *(float(number.replace(",", "")) for number in match.groups())
            )
            by_rest[code.replace(match[0], "")] += (
                [(low, high, row)] if low <= high else []
            )
    for ranges in by_rest.values():
        end = -math.inf
        for low, high, row in sorted(ranges):
            if low < end or low == high == end:
                yield row
            end = max(end, high)
