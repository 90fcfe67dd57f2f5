"""What a table of results is made of: which columns are labels, counts, shares and averages, and what adds up."""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from linkage.errors import ConfigError
from quality.outputs.reading import Sheet
from quality.outputs.totals import TOTALS, across_of, plain, says_all, totals_of

_PERCENT = re.compile(r"%|per ?cent|\bpct\b|_pct", re.IGNORECASE)
_SHARE = re.compile(rf"{_PERCENT.pattern}|\bshare\b|\brate\b|proportion", re.IGNORECASE)
_AVERAGE = re.compile(r"\bmean\b|median|average|£|pounds|quartile|percentile", re.IGNORECASE)
_AMOUNT = re.compile(r"earnings|\bpay\b", re.IGNORECASE)
_PEOPLE = re.compile(
    r"^(number|no|n|count)\b|\b(people|persons|pupils|students|learners|graduates|members|leavers|included|calculation)\b",
    re.IGNORECASE,
)
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
    made = {n: _made_of(sheet, n, permutations(counts, 2)) for n in shares}
    of |= {n: (found.part, found.base) for n, found in made.items() if found}
    for name, text in said.of.items():
        part, _, base = text.rpartition("/")
        of[places[name]] = (places[part] if part else None, places[base])
        if part:
            made[places[name]] = _made_of(sheet, places[name], [(places[part], places[base])])
    part_of = {} if across is not None else {p: b for p, b in of.values() if p is not None and b is not None}
    part_of |= {n: base for n, (_, base) in of.items() if n in counts and base is not None}
    fractions = frozenset(n for n in shares if _is_fraction(sheet, n, made[n]))
    return Layout(
        labels, counts, shares, averages, across, part_of, of, largest, frozenset(totals), parents, unread, fractions
    )


def _places(sheet: Sheet, said: Said) -> dict[str, int]:
    named = [*said.labels, *said.counts, *said.shares, *said.averages, *(column for column, _ in said.parents)]
    for name, text in said.of.items():
        named += [name, *(part for part in text.rpartition("/")[::2] if part)]
    for name, those in said.largest.items():
        named += [name, *those]
    places = {name: place for place, name in reversed(list(enumerate(sheet.header)))}
    if unknown := sorted({name for name in named if name not in places}):
        held = ", ".join(sheet.header)
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
    if any(cell.text.endswith("%") for cell in cells) or _SHARE.search(name):
        return "share"
    if _AVERAGE.search(name) or (_AMOUNT.search(name) and not _PEOPLE.search(name)):
        return "average"
    if column == 0 or _is_code(name, numbers):
        return "label"
    if any(not number.is_integer() for number in numbers):
        return "share" if all(0 <= number <= 100 for number in numbers) else "average"
    return "count"


def _is_code(name: str, numbers: Sequence[float]) -> bool:
    """Whether numbers name a period, an age or a body: what is called part-time or cohort may well be a count."""
    if any(not number.is_integer() for number in numbers):
        return False
    words = plain(name.replace("_", " "))
    return bool(_CODE.match(words)) or (bool(_YEAR.search(words)) and all(map(_is_year, numbers)))


def _is_year(number: float) -> bool:
    """2012, or six digits: 201213."""
    return 1900 <= number <= 2100 or 190000 <= number <= 210099


@dataclass(frozen=True)
class _Made:
    """The counts that give a share, and of what it is a part: of one, or of a hundred."""

    part: int
    base: int
    whole: float


def _made_of(sheet: Sheet, share: int, pairs: Iterable[tuple[int, int]]) -> _Made | None:
    """The counts that a share is made of: of those that give it in every row, the ones that come nearest.

    Counts of few are all near a share of few: the first pair that is not far off may well be another share's.
    """
    wholes = (1.0, 100.0) if _may_be_fraction(sheet, share) else (100.0,)
    found: list[tuple[float, _Made]] = []
    for part, base in pairs:
        rows = [(row[part].number, row[base].number, row[share].number) for row in sheet.rows]
        for whole in wholes:
            offs = [_off(*row, whole=whole) for row in rows if None not in row]
            if len(offs) > 1 and max(offs) <= _rounding(sheet, share, whole):
                found.append((sum(offs) / whole, _Made(part, base, whole)))
    return min(found, key=lambda one: one[0])[1] if found else None


def _rounding(sheet: Sheet, share: int, whole: float) -> float:
    """How far a share may be from what counts give: half a per cent, of a fraction half of the last place written."""
    places = max(len(row[share].text.partition(".")[2]) for row in sheet.rows)
    return 0.51 if whole > 1 else 0.51 * 10.0 ** -min(max(places, 1), 2)


def _off(part: float | None, base: float | None, share: float | None, *, whole: float) -> float:
    """How far a share is from what two counts give."""
    part, base, share = part or 0.0, base or 0.0, share or 0.0
    return abs(whole * part / base - share) if part <= base and base else math.inf


def _may_be_fraction(sheet: Sheet, share: int) -> bool:
    """Whether no number of a column is more than one, or is said to be per cent."""
    cells = [row[share] for row in sheet.rows if row[share].number is not None]
    return all((cell.number or 0.0) <= 1 and not cell.text.endswith("%") for cell in cells)


def _is_fraction(sheet: Sheet, share: int, made: _Made | None) -> bool:
    """As the counts that give it say, else the column: of per cents few may be under one, but hardly all."""
    if made:
        return made.whole == 1.0
    return _may_be_fraction(sheet, share) and not _PERCENT.search(sheet.header[share])
