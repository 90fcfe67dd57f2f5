"""Columns that are the codes of a label: "female" and "male" beside each other, where another table has people by sex.

A wide table without a column of all says nothing of what its columns add up to. Other tables of the same people say it:
by their words, since they have the columns' names for codes, or by their numbers, since the columns come to what they
have. So do tables that call the same people otherwise, as "pupils" and "number of pupils".

Tables are tied that need not be at the most where all their numbers agree: what is hidden then is hidden better. A tie
that is not seen lets a hidden cell be had.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, permutations

from quality.disclosure.outputs.approved import Cell
from quality.disclosure.outputs.equations import Key
from quality.disclosure.outputs.part import Part
from quality.disclosure.outputs.totals import are_all_of_a_kind, bare, says_everybody

UNNAMED = "="  # how a label begins that nobody named; no name has it
_CLOSE = 1e-6
_MOST = 10  # columns of which those that stand side by side are added up

Codes = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class _Columns:
    """What measures count in truth: each is a code of a label of another measure, or that measure itself."""

    measure: str
    label: str | None
    codes: Mapping[str, str]


def with_columns_as_codes(parts: Sequence[Part]) -> list[Part]:
    """Tables whose columns are called what they are to the other tables."""
    tables = [_Table(part) for part in parts]
    searches = (_same_measures, _named_codes, _by_their_sums, _by_each_other)
    while (columns := next(chain.from_iterable(search(tables) for search in searches), None)) is not None:
        tables = [table.read(columns) for table in tables]
    return [table.part for table in tables]


class _Table:
    """A table, and what was asked of it."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._margins: dict[tuple[str, ...], _Margins] = {}
        self._places: dict[Codes, _Place] = {}

    @cached_property
    def _cells(self) -> dict[str, list[tuple[Key, Cell]]]:
        found = defaultdict(list)
        for key, cell in self.part.cells.items():
            found[cell.measure].append((key, cell))
        return found

    @cached_property
    def measures(self) -> list[str]:
        """In the order of its columns."""
        return list(self._cells)

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(self.measures)

    def has_all_in(self, measure: str) -> bool:
        """Whether a measure is likely everybody: not one column beside others, one of which may come near by chance."""
        return len(self.measures) == 1 or says_everybody(measure)

    def of(self, *measures: str) -> "_Margins":
        """Its sums of some measures."""
        if measures not in self._margins:
            cells = chain.from_iterable(self._cells[measure] for measure in measures)
            self._margins[measures] = _Margins(self.part, measures, cells)
        return self._margins[measures]

    def near(self, sums: "_Margins") -> list[str]:
        """Its measures that may agree with another table's sums, in the order of its columns.

        Most are far from them in the greatest that both tables have: of two tables of four hundred columns each column
        need not be held against every other.
        """
        if sums.labels != self._labels:
            return self.measures
        for codes, low, high in sums.known:
            if codes in self._held:
                if codes not in self._places:
                    self._places[codes] = _Place.of({name: self.of(name).at(codes) for name in self.measures})
                return sorted(self._places[codes].near(low, high), key=self._order.__getitem__)
        # What is not shown in one place agrees with nothing there.
        return [name for name in self.measures if self.of(name).labels != self._labels]

    @cached_property
    def _order(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.measures)}

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset[str]().union(*(self.of(name).labels for name in self.measures))

    @cached_property
    def _held(self) -> frozenset[Codes]:
        return frozenset[Codes]().union(*(self.of(name).by(self._labels) for name in self.measures))

    def read(self, columns: _Columns) -> "_Table":
        """The table with its columns read so."""
        part, label = self.part, columns.label
        if not columns.codes.keys() & self.names or label in part.ways:
            return self
        cells = {}
        for key, cell in part.cells.items():
            code = columns.codes.get(cell.measure)
            more = {(label, code)} if label is not None and code is not None else set()
            cells[key] = cell if code is None else Cell(columns.measure, cell.codes | more)
        ways = {label: frozenset(columns.codes.values())} if label is not None else {}
        return _Table(replace(part, cells=cells, ways={**part.ways, **ways}))


class _Margins:
    """A table's sums of some measures, whose cells are given, by any of its labels."""

    def __init__(self, part: Part, measures: Sequence[str], cells: Iterable[tuple[Key, Cell]]) -> None:
        self.part, self.measures = part, measures
        self._by_labels: dict[frozenset[str], dict[tuple[Codes, str], Key]] = defaultdict(dict)
        for key, cell in cells:
            if all(code in part.ways.get(label, ()) for label, code in cell.codes):
                self._by_labels[frozenset(label for label, _ in cell.codes)][cell.codes, cell.measure] = key
        self.labels = frozenset[str]().union(*self._by_labels)
        self._by: dict[frozenset[str], dict[Codes, tuple[int, float, float]]] = {}

    def by(self, labels: frozenset[str]) -> dict[Codes, tuple[int, float, float]]:
        """Of each code, how many cells come to it, and the least and the most that they can; where all are there."""
        if labels not in self._by:
            size = len(self.measures)
            found = self._gathered(labels, labels, size)
            for label in self.labels - labels:
                size *= len(self.part.ways[label])
            self._by[labels] = {**self._gathered(self.labels, labels, size), **found}
        return self._by[labels]

    @cached_property
    def known(self) -> list[tuple[Codes, float, float]]:
        """Places of all labels that are shown, with their least and most: the greatest first."""
        found = self.by(self.labels).items()
        shown = [(codes, low, high) for codes, (_, low, high) in found if high < float("inf")]
        return sorted(shown, key=lambda place: -place[1])

    def at(self, codes: Codes) -> tuple[float, float] | None:
        """The least and the most of one place of all labels; None where it is not there or not shown."""
        _, low, high = self.by(self.labels).get(codes, (0, 0.0, float("inf")))
        return (low, high) if high < float("inf") else None

    def _gathered(self, at: frozenset[str], labels: frozenset[str], size: int) -> dict[Codes, tuple[int, float, float]]:
        groups: dict[Codes, list[Key]] = defaultdict(list)
        for (codes, _), key in self._by_labels.get(at, {}).items():
            groups[frozenset(pair for pair in codes if pair[0] in labels)].append(key)
        return {codes: (size, *self._ends(keys)) for codes, keys in groups.items() if len(keys) == size}

    def _ends(self, keys: Sequence[Key]) -> tuple[float, float]:
        numbers = self.part.numbers
        low = sum(0.0 if key in numbers.hidden else numbers.low[key] for key in keys)
        return low, float("inf") if numbers.hidden & set(keys) else sum(numbers.high[key] for key in keys)


@dataclass(frozen=True)
class _Place:
    """What a table's measures are in one place.

    Attributes:
        least, names: those that are shown there, in the order of their least.
        widest: how far the least and the most of one of them are from each other, at the most.
        others: those that are not.
    """

    least: Sequence[float]
    names: Sequence[str]
    widest: float
    others: Sequence[str]

    @classmethod
    def of(cls, found: Mapping[str, tuple[float, float] | None]) -> "_Place":
        """From each measure's least and most."""
        shown = sorted((*ends, name) for name, ends in found.items() if ends)
        widest = max((high - low for low, high, _ in shown), default=0.0)
        others = [name for name, ends in found.items() if not ends]
        return cls([low for low, _, _ in shown], [name for *_, name in shown], widest, others)

    def near(self, low: float, high: float) -> list[str]:
        """Measures that may be as much here."""
        first = bisect_left(self.least, low - self.widest - _CLOSE)
        return [*self.names[first : bisect_right(self.least, high + _CLOSE)], *self.others]


@dataclass(frozen=True)
class _Compared:
    """How sums of one table stand to those of another: how often they agree, and whether some are less or more."""

    agreeing: int = 0
    less: bool = False
    more: bool = False
    is_rounded: bool = False

    def __add__(self, other: "_Compared") -> "_Compared":
        return _Compared(
            self.agreeing + other.agreeing,
            self.less or other.less,
            self.more or other.more,
            self.is_rounded or other.is_rounded,
        )

    def agrees(self, least: int) -> bool:
        """Whether they agree throughout, and so often that it is no chance; of rounded numbers more often."""
        return not (self.less or self.more) and self.agreeing >= least + 2 * self.is_rounded


def _compared(
    one: _Margins, other: _Margins, within: Codes = frozenset(), *, may_leave_some: bool = False
) -> _Compared:
    """Sums by all labels that both have; of the other table within one code alone, where it is given.

    It is left at the first that speaks against it: one that is more, or less where none may be left out.
    """
    inside = frozenset(label for label, _ in within)
    shared = (one.labels & other.labels) - inside
    mine, theirs = one.by(shared), other.by(shared | inside)
    agreeing, less, more = 0, False, False
    for codes, (size, low, high) in mine.items():
        if (there := theirs.get(codes | within)) is None:
            continue
        of, least, most = there
        less, more = less or high < least - _CLOSE, more or low > most + _CLOSE
        is_same = (low, high) == (least, most) or max(size, of) > 1  # one number is written alike wherever it stands
        agreeing += is_same and 0 < high < float("inf") and most < float("inf")
        if more or (less and not may_leave_some):
            break
    return _Compared(agreeing, less, more, one.part.numbers.is_rounded or other.part.numbers.is_rounded)


def _same_measures(tables: Sequence[_Table]) -> Iterator[_Columns]:
    """Measures of two tables that count the same people by another name."""
    for one, other in permutations(tables, 2):
        for measure in one.measures:
            for name in other.near(one.of(measure)):
                if name == measure:
                    continue
                found = _compared(one.of(measure), other.of(name))
                are_all = says_everybody(measure) and says_everybody(name)
                is_same = found.agrees(2) or (are_all and found.agreeing and not (found.less or found.more))
                if is_same and not any({measure, name} <= table.names for table in tables):
                    yield _Columns(name, None, {measure: name})


def _named_codes(tables: Sequence[_Table]) -> Iterator[_Columns]:
    """Measures whose names are the codes of another table's label, and come to no more than these.

    Numbers that agree decide, else the words where there is but one such label.
    """
    for one in tables:
        by_words: list[_Columns] = []
        for other, label, named in _named(one, tables):
            for measure in other.measures:
                if measure in named or label not in other.of(measure).labels:
                    continue
                whole = other.of(measure)
                compared = (
                    _compared(one.of(m), whole, frozenset({(label, code)}), may_leave_some=True)
                    for m, code in named.items()
                )
                found = sum(compared, _Compared())
                if found.agrees(1 if other.has_all_in(measure) else 2):
                    yield _Columns(measure, label, named)
                if len(named) > 1 and not found.more and other.has_all_in(measure):
                    by_words.append(_Columns(measure, label, named))
        if len({columns.label for columns in by_words}) == 1:
            yield max(by_words, key=lambda columns: says_everybody(columns.measure))


def _named(one: _Table, tables: Sequence[_Table]) -> Iterator[tuple[_Table, str, dict[str, str]]]:
    """Other tables with a label of theirs that has measures for codes, and the code of each."""
    for other in tables:
        for label, codes in other.part.ways.items():
            if other is one or label in one.part.ways:
                continue
            by_name = {bare(code): code for code in codes}
            if named := {m: by_name[bare(m)] for m in one.measures if bare(m) in by_name}:
                yield other, label, named


def _by_their_sums(tables: Sequence[_Table]) -> Iterator[_Columns]:
    """Measures that together come to a measure of another table."""
    for one, other in permutations(tables, 2):
        for run in _runs(one.measures):
            if other.names & set(run) or _label_of(run) in one.part.ways:
                continue
            by_words = are_all_of_a_kind(run)
            for measure in other.measures if by_words else other.near(one.of(*run)):
                if measure in one.names:
                    continue
                is_known = by_words and says_everybody(measure)
                found = _compared(one.of(*run), other.of(measure), may_leave_some=is_known)
                is_likely = len(run) == len(one.measures) and other.has_all_in(measure)
                if (is_known and not found.more) or found.agrees(1 if is_likely else 2):
                    yield _unnamed(measure, run)


def _by_each_other(tables: Sequence[_Table]) -> Iterator[_Columns]:
    """All measures of a table that together come to all those of another: to a measure that no table has.

    Or of which those of the other are the codes of a label.
    """
    for one, other in permutations(tables, 2):
        mine, theirs = one.measures, other.measures
        if len(mine) < 2 or one.names & other.names or _label_of(mine) in one.part.ways:
            continue
        if len(theirs) > 1 and _compared(one.of(*mine), other.of(*theirs)).agrees(2):
            yield _unnamed(_label_of(mine), mine)
        for _, label, named in _named(other, [one]):
            compared = (_compared(other.of(m), one.of(*mine), frozenset({(label, c)})) for m, c in named.items())
            if sum(compared, _Compared()).agrees(2):
                yield _unnamed(_label_of(mine), mine)


def _unnamed(measure: str, run: Sequence[str]) -> _Columns:
    return _Columns(measure, _label_of(run), {one: one for one in run})


def _label_of(run: Sequence[str]) -> str:
    return f"{UNNAMED}{', '.join(run)}"


def _runs(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Measures that stand side by side, the longest first: those that add up do."""
    for size in range(len(names), 1, -1):
        if size == len(names) or len(names) <= _MOST:
            yield from (names[start : start + size] for start in range(len(names) - size + 1))
