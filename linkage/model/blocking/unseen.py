"""How many matches no blocking rule reaches, from those that rules reach: capture and recapture.

Rules are lists on which a match may stand, and what they share is no secret: they read the same few fields. So matches
are counted by which fields agree, differ or are not known. Cells that no rule reaches are not seen, and of cells whose
pairs weigh little only those that were kept. If fields erred independently, next to nothing would be in them; but
errors come together: a record that was written carelessly, or one without any name, differs in several fields at once.
How often two fields do is seen of the matches that rules reach, and says what the other cells hold
(linkage.model.blocking.associations; Sanathanan, Annals of Mathematical Statistics 43, 1972, for the part that is not
seen). Nothing is learned from truth.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.engine import quote
from linkage.model.blocking.associations import AGREES, DIFFERS, UNKNOWN, Numbers, fitted
from linkage.model.blocking.expected import Event, State, by_field, events_of, implies
from linkage.model.differing import Odds, Together
from linkage.model.splink_json import BlockingRule, Comparison, Model

Pattern = tuple[int, ...]

FEWEST = 200
"""Matches below which next to no two fields are seen to differ together."""

DIFFERING: State = frozenset()
"""What a field shows that differs in all that rules ask of it."""
_LEAST_UNSEEN = 0.1  # share of what does not agree in full that differs in all, however much is seen in part
_MOST_CELLS = 7_000  # eight fields of three states; of more a fit takes seconds


@dataclass(frozen=True)
class Reach:
    """Which matches rules reach.

    Attributes:
        share: of all matches.
        spread: how well the matches that no rule reaches are known: standard deviation of their logarithm.
        together: log odds of what two fields of a match show together.
    """

    share: float
    spread: float
    together: Mapping[Together, Odds]


def reached_share(
    model: Model,
    rules: Sequence[BlockingRule],
    patterns: Mapping[Pattern, float],
    made_of: Mapping[str, str],
    dropped: Mapping[Pattern, float] | None = None,
    known: Mapping[Together, Odds] | None = None,
    parts: Sequence[Event] = (),
) -> Reach | None:
    """Which matches some rule reaches; None where that cannot be told or rules ask for too many fields.

    Args:
        patterns: levels of the model's comparisons to the number of matches that show them, of pairs that were kept.
            Behind the levels of a pattern, for each of `parts`, whether the pair agrees on it (1 or 0).
        made_of: columns that are made of others: postcode_sector to postcode.
        dropped: the same of pairs that rules made and that weigh too little to be kept. What a cell shows of kept pairs
            is then a part of it alone.
        known: how fields differ together in another step.
        parts: see `asked_parts`; without them a pair agrees on these where a level says so, which is too seldom.
    """
    asked = [rule for rule in map(events_of, rules) if rule is not None]
    seen = _cells(model, asked, patterns, dropped or {}, made_of, parts)
    if seen is None or seen.matches.sum() < FEWEST or seen.reached.all():
        return None
    fit = fitted(seen.fields, seen.shows, seen.states, seen.matches, seen.kept, known, seen.unseen)
    hidden = ~seen.reached
    return Reach(1 - float(fit.expected[hidden].sum() / fit.expected.sum()), fit.spread(hidden), fit.together)


def asked_parts(rules: Sequence[BlockingRule]) -> list[Event]:
    """What rules ask of a part of a column: its first letters. No level says of a name with a slip whether they agree,
    and rules reach it where they do."""
    asked = (event for rule in rules for event in sorted(events_of(rule) or (), key=lambda event: event.value))
    return [event for event in dict.fromkeys(asked) if not event.of_list and event.value != quote(event.column)]


@dataclass(frozen=True)
class _Cells:
    """Every combination of what fields show, of those that any match was seen to show.

    Attributes:
        fields: names.
        shows: of each field what it may show, the fullest agreement first.
        states: a row a cell, a column a field: the place of what it shows.
        reached: whether a rule reaches the cell.
        kept: the share of its matches that is kept; none where no rule reaches.
        matches: how many were kept; none where no rule reaches.
        unseen: fields of which no rule reaches a match that differs there, to the log odds that one does, by the model.
    """

    fields: Sequence[str]
    shows: Sequence[Sequence[str]]
    states: npt.NDArray[np.int64]
    reached: npt.NDArray[np.bool_]
    kept: Numbers
    matches: Numbers
    unseen: Mapping[tuple[str, str], float]


def _cells(
    model: Model,
    asked: Sequence[State],
    patterns: Mapping[Pattern, float],
    dropped: Mapping[Pattern, float],
    made_of: Mapping[str, str],
    parts: Sequence[Event],
) -> _Cells | None:
    fields = by_field(model, asked, made_of)
    if not fields:
        return None
    read = [
        _Field.of(comparison, _place(model, comparison), events, made_of, len(model.comparisons), parts)
        for comparison, events in fields.items()
    ]
    shown = [{of.state(pattern) for pattern, count in patterns.items() if count > 0} for of in read]
    hidden = [_never_seen_to_differ(of, place, shown, asked) for place, of in enumerate(read)]
    states = [
        _seen_states(found | ({DIFFERING} if never else set())) for found, never in zip(shown, hidden, strict=True)
    ]
    if math.prod(map(len, states)) > _MOST_CELLS:
        return None
    cells = list(itertools.product(*(range(len(of_field)) for of_field in states)))
    agreeing = [
        frozenset().union(*(of_field[place] or () for of_field, place in zip(states, cell, strict=True)))
        for cell in cells
    ]
    reached = np.array([any(rule <= events for rule in asked) for events in agreeing])
    place_of = {cell: place for place, cell in enumerate(cells)}
    places = [{state: place for place, state in enumerate(of_field)} for of_field in states]
    counted = np.zeros((2, len(cells)))
    for row, table in enumerate((patterns, _with_parts(dropped, patterns, len(model.comparisons)))):
        for pattern, count in table.items():
            cell = tuple(of_places.get(of.state(pattern), -1) for of_places, of in zip(places, read, strict=True))
            if cell in place_of:
                counted[row, place_of[cell]] += count
    matches, under = np.where(reached, counted, 0.0)
    tiny = np.finfo(float).tiny
    kept = np.where(reached, (matches + tiny) / (matches + under + tiny), 0.0)
    said = [[_said(state, place) for place, state in enumerate(of_field)] for of_field in states]
    names = [comparison.name for comparison in fields]
    unseen = {
        (name, DIFFERS): of.differs(patterns) for name, of, never in zip(names, read, hidden, strict=True) if never
    }
    return _Cells(names, said, np.array(cells), reached, kept, matches, unseen)


def _never_seen_to_differ(
    field: "_Field", place: int, shown: Sequence[set[State | None]], asked: Sequence[State]
) -> bool:
    """Whether every rule that matches are seen to fulfil asks something of a field: who differs there is not reached.

    Args:
        place: the field's, among those of which `shown` has what matches show.
    """
    agreed = [frozenset[Event]().union(*(state for state in states if state)) for states in shown]
    elsewhere = frozenset[Event]().union(*(events for n, events in enumerate(agreed) if n != place))
    return bool(agreed[place]) and not any(rule <= elsewhere for rule in asked) and field.may_differ


@dataclass(frozen=True)
class _Field:
    """What of a field rules ask for, and where a pattern says whether a match shows it."""

    place: int
    levels: Mapping[int, State | None]
    m: Mapping[int, float]
    parts: Sequence[tuple[int, Event]]  # the place behind the levels

    @classmethod
    def of(
        cls,
        comparison: Comparison,
        place: int,
        events: Sequence[Event],
        made_of: Mapping[str, str],
        behind: int,
        parts: Sequence[Event],
    ) -> "_Field":
        levels = {
            level.value: None
            if level.value == -1
            else frozenset(e for e in events if implies(level.condition, e, made_of))
            for level in comparison.levels
        }
        m = {level.value: level.m or 0.0 for level in comparison.levels if level.value >= 0}
        return cls(place, levels, m, [(behind + n, event) for n, event in enumerate(parts) if event in events])

    @property
    def _fullest(self) -> State:
        return max((state for state in self.levels.values() if state is not None), key=len)

    @property
    def may_differ(self) -> bool:
        """Whether the model knows of matches that do not agree in full."""
        return 0.0 < self._equal < 1.0

    @property
    def _equal(self) -> float:
        return sum(m for value, m in self.m.items() if self.levels[value] == self._fullest) / sum(self.m.values())

    def differs(self, patterns: Mapping[Pattern, float]) -> float:
        """Log odds that a match shows nothing that rules ask for, against full agreement: what the model's m has
        beside full agreement, without the part of it that is seen to show something."""
        seen: dict[State | None, float] = {}
        for pattern, count in patterns.items():
            state = self.state(pattern)
            seen[state] = seen.get(state, 0.0) + count
        parts = sum(count for state, count in seen.items() if state and state != self._fullest)
        whole = max(seen.get(self._fullest, 0.0), 1.0)
        less_than_full = 1 / self._equal - 1
        return math.log(max(less_than_full - parts / whole, less_than_full * _LEAST_UNSEEN))

    def state(self, pattern: Pattern) -> State | None:
        """What the field shows in a pattern; None where it is not known."""
        implied = self.levels[pattern[self.place]]
        return None if implied is None else implied | self._of_parts(pattern)

    def _of_parts(self, pattern: Pattern) -> State:
        return frozenset(event for place, event in self.parts if place < len(pattern) and pattern[place])


def _with_parts(
    dropped: Mapping[Pattern, float], patterns: Mapping[Pattern, float], levels: int
) -> dict[Pattern, float]:
    """Patterns of levels alone, each as the kept pairs that show these levels agree on parts."""
    shown: dict[Pattern, list[tuple[Pattern, float]]] = {}
    for pattern, count in patterns.items():
        shown.setdefault(pattern[:levels], []).append((pattern, count))
    found: dict[Pattern, float] = {}
    for pattern, count in dropped.items():
        alike = shown.get(pattern, [(pattern, 1.0)])
        whole = sum(of for _, of in alike) or 1.0
        for full, of in alike:
            found[full] = found.get(full, 0.0) + count * of / whole
    return found


def _seen_states(found: set[State | None]) -> list[State | None]:
    """What a field shows, the fullest agreement first, and last that it is not known."""
    return sorted(found, key=lambda state: (state is None, -len(state or ()), sorted(e.value for e in state or ())))


def _said(state: State | None, place: int) -> str:
    if state is None:
        return UNKNOWN if place else AGREES  # a field that nobody knows shows nothing else
    return (" and ".join(sorted(event.value for event in state)) or DIFFERS) if place else AGREES


def _place(model: Model, comparison: Comparison) -> int:
    return next(place for place, other in enumerate(model.comparisons) if other is comparison)
