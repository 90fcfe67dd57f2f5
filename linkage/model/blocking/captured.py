"""Missed matches of a step, estimated from its scored pairs without truth.

Pairs are counted in cells: what every field shows. The matches of a cell are captured
where a blocking rule makes its pairs, their weight is above the floor, and enough of
them are matches for the match probabilities to say how many. The rest is estimated by
linkage.model.blocking.latent_classes: matches that no rule reaches and matches below
the floor. Matches among doubtful pairs have one estimate more, the sum of thousands of
small probabilities, and none of them is trusted alone.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from linkage.model.blocking.latent_classes import (
    CLASSES,
    Averaged,
    Flags,
    Numbers,
    average,
    fit_classes,
)
from linkage.model.blocking.recall import Event, State, by_field, events_of, implies
from linkage.model.conditions import BlockingRule
from linkage.model.splink_json import NOT_OBSERVED, Comparison, Level, Model

Pattern = tuple[int, ...]
"""Levels of the model's comparisons."""

LEAST_MATCHES = 0.2
"""Share of a cell's pairs that are matches, below which they are doubtful: sums of such
probabilities were up to five times the true number of matches (docs/adr/0020).
"""
LEAST_CAPTURED = 0.5
"""Share of the matches that are captured, below which the rest is not estimated: it
would follow from the assumptions of the model more than from the pairs.
"""
MOST_CELLS = 30_000  # of which a fit takes a second


@dataclass(frozen=True)
class PatternCount:
    """Scored pairs of one pattern.

    Attributes:
        matches: expected, the sum of match probabilities.
        missed: of these, those of pairs that are no links.
    """

    pairs: int
    matches: float
    missed: float


@dataclass(frozen=True)
class MissedMatches:
    """Expected matches that a step has missed.

    Attributes:
        blocking_recall: share of all matches that some rule reaches.
        below_floor: matches that a rule reaches and whose weight is below the floor.
        log_sd: standard deviation of the logarithm of the matches that were not scored,
            from the choice among models.
        scored_factor: missed matches among scored pairs, divided by the sum of their
            probabilities.
        scored_log_sd: the same standard deviation of that factor.
    """

    blocking_recall: float
    below_floor: float
    log_sd: float
    scored_factor: float
    scored_log_sd: float


@dataclass(frozen=True)
class _Shown:
    """What a field shows of a pair: a state of agreement.

    Attributes:
        levels: of the comparison, that show it.
        agreeing: what rules ask for and what agrees.
        weight: evidence, in bits.
        share: of matches of which both sides know the field.
    """

    levels: frozenset[int]
    agreeing: State
    weight: float
    share: float


@dataclass(frozen=True)
class _Field:
    """A field, an axis of the cells; `place` is its comparison's place in a pattern."""

    place: int
    events: State  # what rules ask of it
    shown: tuple[_Shown, ...]

    def number(self, pattern: Pattern) -> int:
        """The number of what the field shows in a pattern."""
        level = pattern[self.place]
        return next(n for n, one in enumerate(self.shown) if level in one.levels)


def estimate_missed(
    model: Model,
    rules: Sequence[BlockingRule],
    patterns: Mapping[Pattern, PatternCount],
    made_of: Mapping[str, str],
    *,
    floor: float,
    adjustment: float,
) -> MissedMatches | None:
    """Missed matches; None where too few are captured, or fields are too many.

    Args:
        patterns: of the scored pairs.
        made_of: columns that are made of others: postcode_sector to postcode.
        floor: match weight below which pairs are not kept.
        adjustment: bits by which the log odds of a pair exceed its match weight.
    """
    rule_events = [events for events in map(events_of, rules) if events is not None]
    asked = by_field(model, rule_events, made_of)
    fields = _within_limit(
        [_field(model, one, asked.get(one, ()), made_of) for one in model.fields]
    )
    if math.prod(len(field.shown) for field in fields) > MOST_CELLS:
        return None
    is_reached = _reached(fields, rule_events)
    pairs, matches, missed = _counted(fields, patterns)
    weight = _sums([[one.weight for one in field.shown] for field in fields])
    probability = np.where(
        pairs > 0,
        matches / np.maximum(pairs, 1),
        1 / (1 + 2.0 ** -(weight + model.prior_weight + adjustment)),
    )
    is_scored = is_reached & ((pairs > 0) | (weight + model.prior_weight >= floor))
    is_captured = is_scored & (probability >= LEAST_MATCHES)
    is_doubtful = is_scored & ~is_captured
    captured = float(matches[is_captured].sum())
    if captured <= 0:
        return None
    fits = [fit_classes(matches, is_captured, classes) for classes in CLASSES]

    def expected(cells: Flags, *others: float) -> Averaged:
        return average([*(float(fit[cells].sum()) for fit in fits), *others])

    unreached, below_floor = expected(~is_reached), expected(is_reached & ~is_scored)
    doubtful = expected(is_doubtful, float(matches[is_doubtful].sum()))
    whole = captured + doubtful.matches + below_floor.matches + unreached.matches
    if captured < LEAST_CAPTURED * whole:
        return None
    linked = float((matches - missed)[is_doubtful].sum())
    doubtful_missed = max(doubtful.matches - linked, 0.0)
    scored = float(missed[is_captured].sum()) + doubtful_missed
    summed = float(missed[is_scored].sum())
    return MissedMatches(
        blocking_recall=1 - unreached.matches / whole,
        below_floor=below_floor.matches,
        log_sd=unreached.log_sd,
        scored_factor=scored / summed if summed > 0 else 1.0,
        scored_log_sd=doubtful.log_sd * doubtful_missed / max(scored, 1e-9),
    )


def _field(
    model: Model,
    comparison: Comparison,
    events: Iterable[Event],
    made_of: Mapping[str, str],
) -> _Field:
    """A field with its levels in few states: what agrees of what rules ask for, and
    whether it agrees in full, speaks for a match, or against one.
    """
    asked = frozenset(events)
    highest = max(level.value for level in comparison.levels)
    known = sum(level.m or 0.0 for level in comparison.levels if level.value >= 0)
    states: dict[tuple[State, str], list[Level]] = {}
    for level in comparison.levels:
        if level.value < 0:
            states.setdefault((frozenset(), "unknown"), []).append(level)
            continue
        agreeing = frozenset(
            event for event in asked if implies(level.condition, event, made_of)
        )
        grade = "full" if level.value == highest else level.value > 0 < level.weight
        states.setdefault((agreeing, str(grade)), []).append(level)
    shown = tuple(
        _Shown(
            frozenset(level.value for level in levels),
            agreeing,
            _weight(levels) if grade != "unknown" else 0.0,
            sum(level.m or 0.0 for level in levels) / (known or 1.0),
        )
        for (agreeing, grade), levels in states.items()
    )
    return _Field(model.comparisons.index(comparison), asked, shown)


def _weight(levels: Sequence[Level]) -> float:
    """Evidence of levels taken as one, in bits."""
    m = sum(level.m or NOT_OBSERVED for level in levels)
    u = sum(level.u or NOT_OBSERVED for level in levels)
    return math.log2(m / u)


def _within_limit(fields: Sequence[_Field]) -> list[_Field]:
    """Fields of few enough cells: those that no rule reads are taken as one that shows
    the mean evidence of matches.
    """
    fitting = list(fields)
    for place in reversed(range(len(fields))):
        if math.prod(len(field.shown) for field in fitting) <= MOST_CELLS:
            break
        field = fields[place]
        if not field.events:
            mean = sum(one.weight * one.share for one in field.shown)
            levels = frozenset[int]().union(*(one.levels for one in field.shown))
            shown = (_Shown(levels, frozenset(), mean, 1.0),)
            fitting[place] = _Field(field.place, field.events, shown)
    return fitting


def _sums(values: Sequence[Sequence[float]]) -> Numbers:
    """For each cell the sum of a value of what each field shows."""
    total: Numbers = np.zeros(())
    for row in values:
        total = np.add.outer(total, np.array(row, dtype=np.float64))
    return total


def _reached(fields: Sequence[_Field], rule_events: Sequence[State]) -> Flags:
    """Cells whose pairs some rule makes; rules that ask for what no comparison shows
    make none.
    """
    shape = [len(field.shown) for field in fields]
    is_reached = np.zeros(shape, dtype=bool)
    shown_events = frozenset[Event]().union(*(field.events for field in fields))
    for events in rule_events:
        if events <= shown_events:
            lacking = [
                [len((events & field.events) - one.agreeing) for one in field.shown]
                for field in fields
            ]
            is_reached |= _sums(lacking) == 0
    return is_reached


def _counted(
    fields: Sequence[_Field], patterns: Mapping[Pattern, PatternCount]
) -> tuple[Numbers, Numbers, Numbers]:
    """Pairs, expected matches and missed matches of each cell."""
    shape = [len(field.shown) for field in fields]
    pairs, matches, missed = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for pattern, count in patterns.items():
        cell = tuple(field.number(pattern) for field in fields)
        pairs[cell] += count.pairs
        matches[cell] += count.matches
        missed[cell] += count.missed
    return pairs, matches, missed
