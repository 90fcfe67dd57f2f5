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

from linkage.model.blocking.associations import AGREES, DIFFERS, UNKNOWN, Numbers, fitted
from linkage.model.blocking.expected import State, by_field, events_of, implies
from linkage.model.differing import Odds, Together
from linkage.model.splink_json import BlockingRule, Comparison, Model

Pattern = tuple[int, ...]

FEWEST = 200
"""Matches below which next to no two fields are seen to differ together."""

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
) -> Reach | None:
    """Which matches some rule reaches; None where that cannot be told or rules ask for too many fields.

    Args:
        patterns: levels of the model's comparisons to the number of matches that show them, of pairs that were kept.
        made_of: columns that are made of others: postcode_sector to postcode.
        dropped: the same of pairs that rules made and that weigh too little to be kept. What a cell shows of kept pairs
            is then a part of it alone.
        known: how fields differ together in another step.
    """
    asked = [rule for rule in map(events_of, rules) if rule is not None]
    seen = _cells(model, asked, patterns, dropped or {}, made_of)
    if seen is None or seen.matches.sum() < FEWEST or seen.reached.all():
        return None
    fit = fitted(seen.fields, seen.shows, seen.states, seen.matches, seen.kept, known)
    hidden = ~seen.reached
    return Reach(1 - float(fit.expected[hidden].sum() / fit.expected.sum()), fit.spread(hidden), fit.together)


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
    """

    fields: Sequence[str]
    shows: Sequence[Sequence[str]]
    states: npt.NDArray[np.int64]
    reached: npt.NDArray[np.bool_]
    kept: Numbers
    matches: Numbers


def _cells(
    model: Model,
    asked: Sequence[State],
    patterns: Mapping[Pattern, float],
    dropped: Mapping[Pattern, float],
    made_of: Mapping[str, str],
) -> _Cells | None:
    fields = by_field(model, asked, made_of)
    if not fields:
        return None
    shown: list[dict[int, State | None]] = [
        {
            level.value: None
            if level.value == -1
            else frozenset(e for e in events if implies(level.condition, e, made_of))
            for level in comparison.levels
        }
        for comparison, events in fields.items()
    ]
    at = [_place(model, comparison) for comparison in fields]
    states = [
        _seen_states({levels[pattern[place]] for pattern, count in patterns.items() if count > 0})
        for levels, place in zip(shown, at, strict=True)
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
    for row, table in enumerate((patterns, dropped)):
        for pattern, count in table.items():
            cell = tuple(
                of.get(levels[pattern[place]], -1) for of, levels, place in zip(places, shown, at, strict=True)
            )
            if cell in place_of:
                counted[row, place_of[cell]] += count
    matches, under = np.where(reached, counted, 0.0)
    tiny = np.finfo(float).tiny
    kept = np.where(reached, (matches + tiny) / (matches + under + tiny), 0.0)
    said = [[_said(state, place) for place, state in enumerate(of_field)] for of_field in states]
    return _Cells([comparison.name for comparison in fields], said, np.array(cells), reached, kept, matches)


def _seen_states(found: set[State | None]) -> list[State | None]:
    """What a field shows, the fullest agreement first, and last that it is not known."""
    return sorted(found, key=lambda state: (state is None, -len(state or ()), sorted(e.value for e in state or ())))


def _said(state: State | None, place: int) -> str:
    if state is None:
        return UNKNOWN if place else AGREES  # a field that nobody knows shows nothing else
    return (" and ".join(sorted(event.value for event in state)) or DIFFERS) if place else AGREES


def _place(model: Model, comparison: Comparison) -> int:
    return next(place for place, other in enumerate(model.comparisons) if other is comparison)
