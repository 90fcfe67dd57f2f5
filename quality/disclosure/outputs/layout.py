"""What a table of results is made of: which columns are labels, counts, shares and averages, and what adds up."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from linkage.errors import ConfigError
from quality.disclosure.outputs.reading import Sheet, Value
from quality.disclosure.outputs.shares import PERCENT, made_of, wholes_of
from quality.disclosure.outputs.totals import TOTALS, across_of, plain, says_all, totals_of

_SHARE = re.compile(rf"{PERCENT.pattern}|\bshare\b|\brate\b|proportion", re.IGNORECASE)
_AVERAGE = re.compile(r"\bmean\b|median|average|£|pounds|quartile|percentile", re.IGNORECASE)
_AMOUNT = re.compile(r"earnings|\bpay\b", re.IGNORECASE)
_PEOPLE = re.compile(
    r"^(number|no|n|count)\b|\b(people|persons|pupils|students|learners|graduates|members|leavers|included|calculation)\b",
    re.IGNORECASE,
)
_WHO = r"(?:people|persons|pupils|students|learners|graduates|members|leavers)"
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
class Said:
    """What the user says of columns, by name; what is not said is found out.

    Attributes:
        labels, counts, shares, averages: columns of each kind.
        of: what a share or average is of: a column of counts, or "PART/BASE" for a share.
        largest: a column of totals of amounts to the columns of its largest contributions.
        totals: words for all of a kind, beside those that are known.
        parents: which code is part of which: (column, code) to code.
    """

    labels: Sequence[str] = ()
    counts: Sequence[str] = ()
    shares: Sequence[str] = ()
    averages: Sequence[str] = ()
    of: Mapping[str, str] = field(default_factory=dict)
    largest: Mapping[str, Sequence[str]] = field(default_factory=dict)
    totals: Sequence[str] = ()
    parents: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """Columns by what they hold, as places in the header.

    Attributes:
        across: the column that the other counts add up to; None where each column counts something else.
        part_of: a count that is part of another count of its row.
        of: a share or average to (part, base); None where it is not known.
        fractions: shares that are given as parts of one, and not in per cent.
        largest: a column of totals of amounts to its largest contributions, which are never shown.
        unread: columns in which texts stand among numbers, so that nobody can say what they hold.
        either: shares of which nothing says whether they are parts of one or in per cent.
        extremes: averages that are none: the largest or smallest amount that somebody has.
    """

    labels: Sequence[int]
    counts: Sequence[int]
    shares: Sequence[int]
    averages: Sequence[int]
    across: int | None
    part_of: Mapping[int, int]
    of: Mapping[int, tuple[int | None, int | None]]
    largest: Mapping[int, Sequence[int]]
    totals: frozenset[str]
    parents: Mapping[tuple[int, str], str]
    unread: Sequence[int] = ()
    fractions: frozenset[int] = frozenset()
    either: frozenset[int] = frozenset()
    extremes: Sequence[int] = ()

    def wholes(self, share: int) -> tuple[float, ...]:
        """Of what a share may be a part: of one, of a hundred, or of either."""
        return (1.0,) if share in self.fractions else (1.0, 100.0) if share in self.either else (100.0,)

    def is_total(self, text: str) -> bool:
        """Whether a label stands for all of its kind."""
        return plain(text) in self.totals


def layout_of(sheet: Sheet, said: Said) -> Layout:
    """What each column holds.

    Raises:
        ConfigError: what is said names a column that is not there; all such at once.
    """
    places = _places(sheet, said)
    totals = TOTALS | {plain(word) for word in said.totals}
    largest = {places[name]: [places[one] for one in those] for name, those in said.largest.items()}
    contributions = {one for those in largest.values() for one in those}
    columns = [n for n in range(len(sheet.header)) if n not in contributions and n not in largest]
    kinds = {n: _kind(sheet, n, said, totals) for n in columns}
    labels, counts, shares, averages, unread = (
        [n for n, kind in kinds.items() if kind == wanted]
        for wanted in ("label", "count", "share", "average", "unread")
    )
    parents = {(places[column], plain(code)): plain(parent) for (column, code), parent in said.parents.items()}
    totals |= totals_of(sheet, labels, counts, totals, parents)
    across = across_of(sheet, counts, totals)
    totals |= {plain(sheet.header[across])} if across is not None else set()
    of: dict[int, tuple[int | None, int | None]] = {
        n: (None, counts[0] if len(counts) == 1 else None) for n in (*shares, *averages)
    }
    made = {n: made_of(sheet, n, permutations(counts, 2)) for n in shares}
    of |= {n: (found.part, found.base) for n, found in made.items() if found}
    for name, text in said.of.items():
        part, _, base = text.rpartition("/")
        of[places[name]] = (places[part] if part else None, places[base])
        if part:
            made[places[name]] = made_of(sheet, places[name], [(places[part], places[base])])
    part_of = {} if across is not None else {p: b for p, b in of.values() if p is not None and b is not None}
    part_of |= {n: base for n, (_, base) in of.items() if n in counts and base is not None}
    if across is None:
        part_of = _parts_of_all(sheet, counts, totals) | part_of
    wholes = {n: wholes_of(sheet, n, made[n], of[n][1]) for n in shares}
    return Layout(
        labels,
        counts,
        shares,
        averages,
        across,
        part_of,
        of,
        largest,
        frozenset(totals),
        parents,
        unread,
        fractions=frozenset(n for n, found in wholes.items() if found == (1.0,)),
        either=frozenset(n for n, found in wholes.items() if len(found) > 1),
        extremes=[n for n in averages if sheet.header[n] not in said.averages and _is_extreme(sheet.header[n])],
    )


def _places(sheet: Sheet, said: Said) -> dict[str, int]:
    named = [*said.labels, *said.counts, *said.shares, *said.averages, *(column for column, _ in said.parents)]
    for name, text in said.of.items():
        named += [name, *(part for part in text.rpartition("/")[::2] if part)]
    for name, those in said.largest.items():
        named += [name, *those]
    places = {name: place for place, name in reversed(list(enumerate(sheet.header)))}
    if unknown := sorted({name for name in named if name not in places}):
        held = ", ".join(sheet.heads)
        raise ConfigError(f"{sheet.file}: no column {', '.join(unknown)}\n  it has: {held}")
    return places


def texts_of(sheet: Sheet, column: int, totals: Collection[str]) -> list[int]:
    """Rows of a column that hold neither number nor symbol nor a word for all."""
    cells = enumerate(row[column] for row in sheet.rows)
    return [
        n
        for n, cell in cells
        if cell.text and cell.number is None and not cell.mark
        if plain(cell.text) not in totals and not says_all(cell.text)
    ]


def _kind(sheet: Sheet, column: int, said: Said, totals: Collection[str]) -> str:
    name = sheet.header[column]
    for kind, named in (
        ("label", said.labels),
        ("count", said.counts),
        ("share", said.shares),
        ("average", said.averages),
    ):
        if name in named:  # what holds codes may hold texts; a text among counts would leave without a look
            return "unread" if kind != "label" and texts_of(sheet, column, totals) else kind
    cells = [row[column] for row in sheet.rows if row[column].text]
    numbers = [cell.number for cell in cells if cell.number is not None]
    if numbers and column and not _is_code(name, numbers) and texts_of(sheet, column, totals):
        return "unread"
    if not cells or len(numbers) + sum(cell.mark is not None for cell in cells) < len(cells):
        return "label"  # a column with a text that is neither
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


def _parts_of_all(sheet: Sheet, counts: Sequence[int], totals: Collection[str]) -> dict[int, int]:
    """Counts beside the one whose name says all, none of which exceeds it: what each leaves of it is a number too."""
    named = [n for n in counts if plain(sheet.header[n]) in totals or says_all(sheet.header[n])]
    if len(named) != 1:
        return {}
    (whole,) = named
    return {n: whole for n in counts if n != whole and all(_is_within(row[n], row[whole]) for row in sheet.rows)}


def _is_within(part: Value, whole: Value) -> bool:
    return part.number is None or whole.number is None or part.number <= whole.number


def _is_extreme(name: str) -> bool:
    words = plain(name.replace("_", " "))
    return bool(_EXTREME.search(words)) and not _OF_MANY.search(words)


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
    return bool(_CODE.match(words)) or (bool(_YEAR.search(words)) and all(map(_is_year, numbers)))


def _is_year(number: float) -> bool:
    """2012, or six digits: 201213."""
    return 1900 <= number <= 2100 or 190000 <= number <= 210099
