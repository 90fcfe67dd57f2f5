"""The layout of a table of results: which columns are labels, counts, shares and averages, and what adds up."""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from linkage.errors import ConfigError
from quality.disclosure.outputs.reading import Sheet, Value, plain
from quality.disclosure.outputs.totals import TOTALS, all_of_a_kind, is_everybody, says_all, total_codes, total_column

PERCENT = re.compile(r"%|per ?cent|\bpct\b|_pct", re.IGNORECASE)
_FRACTION = re.compile(r"\bfraction|\bproportion", re.IGNORECASE)
_SHARE = re.compile(rf"{PERCENT.pattern}|\bshare\b|\brate\b|proportion", re.IGNORECASE)
_AVERAGE = re.compile(r"\bmean\b|median|average|£|pounds|quartile|percentile", re.IGNORECASE)
_AMOUNT = re.compile(r"earnings|\bpay\b", re.IGNORECASE)
_WHO = r"(?:people|persons|pupils|students|learners|graduates|members|leavers)"
_PEOPLE = re.compile(rf"^(number|no|n|count)\b|\b({_WHO}|included|calculation)\b", re.IGNORECASE)
_COUNTED = re.compile(
    rf"(?:number|no|n|count)\b|{_WHO} (?:in|with|without|on|at|from|by|above|below|over|under|who|whose)\b"
)
_EXTREME = re.compile(r"\b(?:max|maximum|minimum|highest|lowest|largest|smallest)\b|^min\b")
_OF_MANY = re.compile(r"\bmean\b|median|average|quartile|decile|percentile")
_CODE = re.compile(
    r"^(year groups?|years?|years? (after|since|of study).*|ages?( (group|band|at .*))?"
    r"|(.* )?(code|urn|ukprn|laestab|estab|sic|soc))$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\byears?\b|period|\bcohort\b|^time$", re.IGNORECASE)


@dataclass(frozen=True)
class Declared:
    """What the user declares of columns, by name; the rest is inferred.

    Attributes:
        labels, counts, shares, averages: columns of each kind.
        of: what a share or average is of: a column of counts, or "PART/BASE" for a share.
        largest: a column of totals of amounts to the columns of its largest contributions.
        totals: words that stand for a total, besides those that are known.
        parents: which code is part of which: (column, code) to code.
        rounded_to: what the table's counts are rounded to; a table is exact unless it is declared rounded.
    """

    labels: Sequence[str] = ()
    counts: Sequence[str] = ()
    shares: Sequence[str] = ()
    averages: Sequence[str] = ()
    of: Mapping[str, str] = field(default_factory=dict)
    largest: Mapping[str, Sequence[str]] = field(default_factory=dict)
    totals: Sequence[str] = ()
    parents: Mapping[tuple[str, str], str] = field(default_factory=dict)
    rounded_to: int = 1


@dataclass(frozen=True)
class Layout:
    """Columns by what they hold, as places in the header.

    Attributes:
        codes: columns of counts that are the codes of one label, such as female and male; none where each counts
            something else.
        across: the column that `codes` add up to; None where there is none.
        part_of: a count that is part of another count of its row.
        of: a share or average to (part, base); None where it is not known.
        wholes: a share to what it may be a part of: 1, 100, or either.
        largest: a column of totals of amounts to its largest contributions, which are never shown.
        totals: codes that stand for all of their label.
        parents: label and code to the code that it is part of.
        unread: columns with texts among their numbers.
        extremes: columns of the largest or smallest amount of one person.
    """

    labels: Sequence[int]
    counts: Sequence[int]
    shares: Sequence[int]
    averages: Sequence[int]
    codes: Sequence[int]
    across: int | None
    part_of: Mapping[int, int]
    of: Mapping[int, tuple[int | None, int | None]]
    wholes: Mapping[int, tuple[float, ...]]
    largest: Mapping[int, Sequence[int]]
    totals: frozenset[str]
    parents: Mapping[tuple[int, str], str]
    unread: Sequence[int]
    extremes: Sequence[int]
    rounded_to: int

    def is_total(self, text: str) -> bool:
        """Whether a code stands for all of its label."""
        return plain(text) in self.totals


def layout_of(sheet: Sheet, declared: Declared) -> Layout:
    """What each column holds.

    Raises:
        ConfigError: a declared column is not in the table; all such at once.
    """
    places = _places(sheet, declared)
    totals = TOTALS | {plain(word) for word in declared.totals}
    largest = {places[name]: [places[one] for one in columns] for name, columns in declared.largest.items()}
    amounts = {*largest, *(one for columns in largest.values() for one in columns)}
    kinds = {n: _kind(sheet, n, declared, totals) for n in range(len(sheet.header)) if n not in amounts}
    of_kind: dict[str, list[int]] = {kind: [] for kind in ("label", "count", "share", "average", "unread")}
    for column, kind in kinds.items():
        of_kind[kind].append(column)
    labels, counts, shares, averages = (of_kind[kind] for kind in ("label", "count", "share", "average"))
    parents = {(places[column], plain(code)): plain(parent) for (column, code), parent in declared.parents.items()}
    totals |= total_codes(sheet, labels, counts, totals, parents)
    across = total_column(sheet, counts, totals)
    totals |= {plain(sheet.header[across])} if across is not None else set()
    codes = [n for n in counts if n != across] if across is not None else []
    if across is None and all_of_a_kind(sheet.header[n] for n in counts):
        codes = counts
    of, wholes = _bases(sheet, shares, averages, counts, declared, places)
    part_of = {} if codes else _parts_of_a_total(sheet, counts, totals)
    part_of |= {} if codes else {part: base for part, base in of.values() if part is not None and base is not None}
    part_of |= {n: base for n, (_, base) in of.items() if n in counts and base is not None}
    extremes = [n for n in averages if sheet.header[n] not in declared.averages and _is_extreme(sheet.header[n])]
    return Layout(
        labels,
        counts,
        shares,
        averages,
        codes,
        across,
        part_of,
        of,
        wholes,
        largest,
        frozenset(totals),
        parents,
        of_kind["unread"],
        extremes,
        declared.rounded_to,
    )


def _places(sheet: Sheet, declared: Declared) -> dict[str, int]:
    named = [*declared.labels, *declared.counts, *declared.shares, *declared.averages]
    named += [column for column, _ in declared.parents]
    for name, text in declared.of.items():
        named += [name, *(part for part in text.rpartition("/")[::2] if part)]
    for name, columns in declared.largest.items():
        named += [name, *columns]
    places = {name: place for place, name in reversed(list(enumerate(sheet.header)))}
    if unknown := sorted({name for name in named if name not in places}):
        raise ConfigError(f"{sheet.file}: no column {', '.join(unknown)}\n  it has: {', '.join(sheet.heads)}")
    return places


def texts_of(sheet: Sheet, column: int, totals: Collection[str]) -> list[int]:
    """Rows of a column that hold neither a number nor a symbol nor a word for a total."""
    return [
        n
        for n, cell in enumerate(row[column] for row in sheet.rows)
        if cell.text and cell.number is None and not cell.mark
        if plain(cell.text) not in totals and not says_all(cell.text)
    ]


def _kind(sheet: Sheet, column: int, declared: Declared, totals: Collection[str]) -> str:
    name = sheet.header[column]
    texts = texts_of(sheet, column, totals)
    for kind, names in (
        ("label", declared.labels),
        ("count", declared.counts),
        ("share", declared.shares),
        ("average", declared.averages),
    ):
        if name in names:
            return "unread" if kind != "label" and texts else kind
    cells = [row[column] for row in sheet.rows if row[column].text]
    numbers = [cell.number for cell in cells if cell.number is not None]
    if numbers and column and not _is_code(name, numbers) and texts:
        return "unread"
    if len(numbers) + sum(cell.mark is not None for cell in cells) < len(cells) or not cells:
        return "label"
    if not numbers and column == 0:
        return "label"
    has_percent = any(cell.text.endswith("%") for cell in cells)
    is_counted = _counts_people(name, column) and not has_percent and all(map(float.is_integer, numbers))
    if is_counted and column:
        return "count"
    if has_percent or _SHARE.search(name):
        return "share"
    if _AVERAGE.search(name) or (_AMOUNT.search(name) and not _PEOPLE.search(name)):
        return "average"
    if (column == 0 and not is_counted) or _is_code(name, numbers):
        return "label"
    if any(not number.is_integer() for number in numbers):
        return "share" if all(0 <= number <= 100 for number in numbers) else "average"
    return "count"


def _counts_people(name: str, column: int) -> bool:
    """Whether a name says that whole numbers are of people; of the first column only where it names them."""
    words = plain(name.replace("_", " "))
    if column == 0:
        return says_all(words) or bool(re.search(rf"\b{_WHO}\b", words))
    return bool(_COUNTED.match(words)) and not PERCENT.search(name)


def _is_code(name: str, numbers: Sequence[float]) -> bool:
    """Whether numbers name a period, an age or a body: what is called part-time or cohort may well be a count."""
    if any(not number.is_integer() for number in numbers):
        return False
    words = plain(name.replace("_", " "))
    are_years = all(1900 <= number <= 2100 or 190000 <= number <= 210099 for number in numbers)
    return bool(_CODE.match(words)) or (bool(_YEAR.search(words)) and are_years)


def _is_extreme(name: str) -> bool:
    words = plain(name.replace("_", " "))
    return bool(_EXTREME.search(words)) and not _OF_MANY.search(words)


def _parts_of_a_total(sheet: Sheet, counts: Sequence[int], totals: Collection[str]) -> dict[int, int]:
    """Counts that nowhere exceed the only one whose name says total: what each leaves of it is a number too."""
    named = [n for n in counts if plain(sheet.header[n]) in totals or says_all(sheet.header[n])]
    if len(named) != 1:
        return {}
    (total,) = named

    def is_within(part: Value, whole: Value) -> bool:
        return part.number is None or whole.number is None or part.number <= whole.number

    return {n: total for n in counts if n != total and all(is_within(row[n], row[total]) for row in sheet.rows)}


def _bases(
    sheet: Sheet,
    shares: Sequence[int],
    averages: Sequence[int],
    counts: Sequence[int],
    declared: Declared,
    places: Mapping[str, int],
) -> tuple[dict[int, tuple[int | None, int | None]], dict[int, tuple[float, ...]]]:
    """The part and the base of each share and average, and the wholes of each share.

    The only column of counts is the base; of several, those that give the share in every row.
    """
    single = counts[0] if len(counts) == 1 else None
    of: dict[int, tuple[int | None, int | None]] = dict.fromkeys((*shares, *averages), (None, single))
    named: dict[int, list[tuple[int, int]]] = {}
    for name, text in declared.of.items():
        part, _, base = text.rpartition("/")
        of[places[name]] = (places[part] if part else None, places[base])
        named[places[name]] = [(places[part], places[base])] if part else []
    wholes = {}
    for share in shares:
        given = _given_by(sheet, share, named.get(share, permutations(counts, 2)))
        if given and share not in named:
            of[share] = given[:2]
        wholes[share] = (given[2],) if given else _wholes(sheet, share, of[share][1])
    return of, wholes


def _given_by(sheet: Sheet, share: int, pairs: Iterable[tuple[int, int]]) -> tuple[int, int, float] | None:
    """Part, base and whole of the counts that give a share in every row, the nearest of them; None where none do."""
    candidates: list[tuple[float, tuple[int, int, float]]] = []
    for part, base in pairs:
        for whole in (1.0, 100.0) if _may_be_fraction(sheet, share) else (100.0,):
            offs = list(_distances(sheet, share, part, base, whole))
            if len(offs) > 1 and max(offs) <= _rounding(sheet, share, whole):
                candidates.append((sum(offs) / whole, (part, base, whole)))
    return min(candidates)[1] if candidates else None


def _distances(sheet: Sheet, share: int, part: int, base: int, whole: float) -> Iterator[float]:
    for row in sheet.rows:
        a, b, c = row[part].number, row[base].number, row[share].number
        if a is not None and b is not None and c is not None:
            yield abs(whole * a / b - c) if a <= b and b else float("inf")


def _rounding(sheet: Sheet, share: int, whole: float) -> float:
    """How far a share may be from its counts: half a per cent; of a fraction, half of the last place."""
    places = max(row[share].places for row in sheet.rows)
    return 0.51 if whole > 1 else 0.51 * 10.0 ** -min(max(places, 1), 2)


def _wholes(sheet: Sheet, share: int, base: int | None) -> tuple[float, ...]:
    """What a share may be a part of: a number above one or the name decides, else whether it gives whole people."""
    if not _may_be_fraction(sheet, share) or PERCENT.search(sheet.header[share]):
        return (100.0,)
    if _FRACTION.search(sheet.header[share]):
        return (1.0,)
    return tuple(w for w in (1.0, 100.0) if base is None or _gives_people(sheet, share, base, w)) or (1.0, 100.0)


def _gives_people(sheet: Sheet, share: int, base: int, whole: float) -> bool:
    """Whether a share of its base is a whole number of people in every row, as far as both are rounded."""
    rows = [(row[share].number, row[base].number) for row in sheet.rows]
    known = [(part, of) for part, of in rows if part is not None and of is not None]
    near = 0.51 * 10.0 ** -max((row[share].places for row in sheet.rows), default=0)
    off = 2.5 if all(of % 5 == 0 for _, of in known) else 0.0
    return all(
        math.floor((part + near) * (of + off) / whole) >= math.ceil(max(part - near, 0.0) * max(of - off, 0.0) / whole)
        for part, of in known
    )


def _may_be_fraction(sheet: Sheet, share: int) -> bool:
    cells = [row[share] for row in sheet.rows if row[share].number is not None]
    return all((cell.number or 0.0) <= 1 and not cell.text.endswith("%") for cell in cells)


def measure_of(name: str) -> str:
    """What a column counts: people, where its name says no more than that."""
    return "people" if is_everybody(name) else plain(name)
