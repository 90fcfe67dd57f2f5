"""Blocking recall (pairs completeness): the share of matches that blocking rules reach, without truth.

Two estimates:

- `expected_recall` from the model alone. A level's m is the share of matches that it holds for; where a level implies
  that what a rule asks for agrees (equal surnames have equal first letters), its m is part of the rule's. Fields err
  independently.
- `estimated_recall` from the matches that rules reach: capture-recapture by a log-linear model. Matches are counted in
  cells: what every field shows (it agrees, it differs, it is not known). Cells that no rule reaches are not seen. The
  logarithm of a cell's count is a sum: a term for what each field shows, and one for each two fields, the logarithm of
  their odds ratio (Bishop, Fienberg and Holland, Discrete Multivariate Analysis, 1975; Fienberg, Biometrika 59, 1972,
  for unseen cells; Sanathanan, Annals of Mathematical Statistics 43, 1972). Odds ratios of one kind are normal around
  their mean, with a spread that the cells estimate too (partial pooling; Laird, Biometrika 65, 1978), since no match
  shows how often a birth date and a postcode differ together where no rule reaches such pairs.
"""

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sqlglot import exp

from linkage.engine import quote
from linkage.model.conditions import BlockingRule, conjuncts, parsed, to_sql
from linkage.model.splink_json import Comparison, Level, Model

Numbers = npt.NDArray[np.float64]
Pattern = tuple[int, ...]
"""Levels of the model's comparisons."""
State = frozenset["Event"]
"""Of a field, the parts that agree; none: it differs in all that rules ask for."""
FieldPair = tuple[str, str, str, str]
"""A field and what it shows, another and what that shows."""
AGREES, DIFFERS, UNKNOWN = "agrees", "differs", "not known"
"""What a field shows; anything else is the part that agrees where the whole differs."""

FEWEST_MATCHES = 200
"""Matches below which next to no two fields are seen to differ together."""
MOST_CELLS = 7_000
"""Eight fields of three states; with more a fit takes seconds."""
_MOST_LOG = 40.0  # logarithm of a count, beyond which exp would overflow sums


class LogOdds(NamedTuple):
    """A logarithm of an odds ratio and its standard deviation: 0 where two fields show what they do independently."""

    log: float
    sd: float


class _Kind(NamedTuple):
    """Prior of the mean of log odds ratios of one kind: its mean and standard deviation."""

    mean: float
    sd: float


_KINDS = (_Kind(1.0, 1.0), _Kind(0.5, 0.5), _Kind(0.0, 0.1), _Kind(0.0, 0.3))
"""By how many of the two fields are not known: errors come together, e times as often as by chance; who leaves out a
field writes the others with less care too; fields are left out together or not, as a form asks. Last, of two fields of
which matches seldom agree on one (a pupil's class), which is nobody's error."""
_CHANGING = 3
_SPREAD, _SPREAD_COUNTS = 0.5, 2.0  # of log odds around their mean, beforehand, and for how many odds that counts
_FLAT = 1e-4  # precision of what is left to the cells


@dataclass(frozen=True)
class Event:
    """Something of a field that a rule asks to agree."""

    value: str  # SQL over the columns of one side, for example substr("dob", 1, 4)
    column: str  # the one that it reads, without the _all of a list
    of_list: bool  # any two elements may agree


@dataclass(frozen=True)
class Expected:
    """Shares of the matches; None for a rule of which no level of the model speaks."""

    alone: tuple[float | None, ...]
    added: tuple[float | None, ...]  # reached by a rule and by none before it
    together: float


@dataclass(frozen=True)
class Recall:
    """Estimated blocking recall.

    Attributes:
        share: of all matches that some rule reaches.
        log_sd: standard deviation of the logarithm of the matches that no rule reaches.
    """

    share: float
    log_sd: float


def expected_recall(
    model: Model, rules: Sequence[BlockingRule], known: Mapping[str, float], made_of: Mapping[str, str]
) -> Expected:
    """The share of matches that rules reach, if fields err independently.

    Args:
        known: column to the share of pairs of which both sides know it; those it lacks are always known.
        made_of: columns that are made of others: postcode_sector to postcode. Agreement of what no level implies is
            taken never to happen, so that a share is rather too low than too high.
    """
    required = [events_of(rule) for rule in rules]
    by_comparison = by_field(model, required, made_of)
    covered = {event for events in by_comparison.values() for event in events}
    wanted = [None if events is None or not events <= covered else events for events in required]
    alone, added = [0.0] * len(rules), [0.0] * len(rules)
    for share, agreeing in expected_cases(by_comparison, known, made_of):
        reaching = [place for place, events in enumerate(wanted) if events is not None and events <= agreeing]
        for place in reaching:
            alone[place] += share
        if reaching:
            added[reaching[0]] += share

    def or_none(shares: Sequence[float]) -> tuple[float | None, ...]:
        return tuple(None if events is None else share for events, share in zip(wanted, shares, strict=True))

    return Expected(or_none(alone), or_none(added), sum(added))


def expected_cases(
    by_comparison: Mapping[Comparison, Sequence[Event]],
    known: Mapping[str, float],
    made_of: Mapping[str, str],
    least: float = 1e-9,
) -> list[tuple[float, State]]:
    """Every set of events that a match may show, with its probability, if fields err independently.

    Args:
        known: share of pairs of which both sides know a column.
        least: share of the matches below which a set is left out.
    """
    cases: list[tuple[float, State]] = [(1.0, frozenset())]
    for comparison, events in by_comparison.items():
        there = known.get(comparison.columns[0], 1.0)
        graded = [level for level in comparison.levels if level.value >= 0]
        whole = sum(level.m or 0.0 for level in graded) or 1.0
        states: dict[State, float] = {frozenset(): 1.0 - there}
        for level in graded:
            agreeing = frozenset(event for event in events if implies(level.condition, event, made_of))
            states[agreeing] = states.get(agreeing, 0.0) + there * (level.m or 0.0) / whole
        cases = [
            (share * p, before | state) for share, before in cases for state, p in states.items() if share * p > least
        ]
    return cases


def level_events(level: Level) -> list[Event]:
    """What a level of agreement asks to be equal."""
    events = []
    for kind, value in _agreeing(level.condition) if level.value > 0 else ():
        if kind == "value":
            column = next(c.name for c in parsed(value).find_all(exp.Column))
            events.append(Event(value, column, False))
        else:
            column = value.removesuffix("_all") if kind == "overlap" else value
            events.append(Event(quote(value), column, kind == "overlap"))
    return events


def events_of(rule: BlockingRule) -> State | None:
    """What must agree; None where the rule asks for anything but that the same of both sides be equal."""
    events = []
    for term in conjuncts(rule.condition):
        key = _same_of_both(term)
        if key is None:
            return None
        column = next(c.name for c in key.find_all(exp.Column))
        events.append(Event(to_sql(key), column.removesuffix("_all"), column in rule.explode))
    return frozenset(events)


def by_field(
    model: Model, required: Sequence[State | None], made_of: Mapping[str, str]
) -> dict[Comparison, list[Event]]:
    """Each event with the comparison that says most of it; without those of which none says anything."""
    fields: dict[Comparison, list[Event]] = {}
    for event in dict.fromkeys(e for events in required for e in sorted(events or (), key=lambda e: e.value)):
        shares = {
            comparison: sum(level.m or 0.0 for level in comparison.levels if implies(level.condition, event, made_of))
            for comparison in model.fields
        }
        most = max(shares, key=lambda comparison: shares[comparison])
        if shares[most] > 0:
            fields.setdefault(most, []).append(event)
    return fields


def implies(condition: str | None, event: Event, made_of: Mapping[str, str]) -> bool:
    """Whether a level holds only of pairs that show an event."""
    columns = {event.column, made_of.get(event.column)}
    for kind, value in _agreeing(condition):
        if kind == "overlap" and event.of_list and value.removesuffix("_all") in columns:
            return True
        if kind == "column" and value in columns:  # a list holds the latest value too
            return True
        if kind == "value" and value == event.value:
            return True
    return False


@functools.cache
def _agreeing(condition: str | None) -> tuple[tuple[str, str], ...]:
    """What a level's condition asks to agree: a whole column, a value made of one, or lists to overlap."""
    agreeing = []
    for term in conjuncts(condition) if condition else ():
        key = _same_of_both(term)
        if isinstance(term, exp.ArrayOverlaps):
            left, right = _without_side(term.left), _without_side(term.right)
            if isinstance(left, exp.Column) and left == right:
                agreeing.append(("overlap", left.name))
        elif isinstance(key, exp.Column):
            agreeing.append(("column", key.name))
        elif key is not None:
            agreeing.append(("value", to_sql(key)))
    return tuple(agreeing)


def _same_of_both(term: exp.Expression) -> exp.Expression | None:
    """What of one column is equal on both sides; None where it is anything else."""
    if not isinstance(term, exp.EQ):
        return None
    left, right = _without_side(term.left), _without_side(term.right)
    return left if left == right and len({c.name for c in left.find_all(exp.Column)}) == 1 else None


def _without_side(value: exp.Expression) -> exp.Expression:
    """A side's value over the columns of a unit: l."dob" and "dob_l" are "dob"."""

    def bare(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Column):
            return node
        sided = not node.table and node.name[-2:].lower() in ("_l", "_r")
        return exp.column(exp.to_identifier(node.name[:-2] if sided else node.name, quoted=True))

    return value.copy().transform(bare)


def estimated_recall(
    model: Model,
    rules: Sequence[BlockingRule],
    patterns: Mapping[Pattern, float],
    made_of: Mapping[str, str],
) -> Recall | None:
    """Which matches some rule reaches; None where that cannot be estimated or rules ask for too many fields.

    Args:
        patterns: pattern to the number of matches that show it, of scored pairs.
        made_of: columns that are made of others: postcode_sector to postcode.
    """
    required = [events for events in map(events_of, rules) if events is not None]
    cells = _cells(model, required, patterns, made_of)
    if cells is None or cells.matches.sum() < FEWEST_MATCHES or cells.reached.all():
        return None
    fit = fit_associations(cells.fields, cells.shows, cells.states, cells.matches, cells.reached)
    unreached = ~cells.reached
    return Recall(1 - float(fit.expected[unreached].sum() / fit.expected.sum()), fit.log_sd(unreached))


@dataclass(frozen=True)
class _Cells:
    """Every combination of what fields show.

    Attributes:
        shows: of each field what it may show, the fullest agreement first.
        states: a row a cell, a column a field: the place of what it shows.
        reached: whether a rule reaches the cell.
        matches: how many are in it; none where no rule reaches.
    """

    fields: Sequence[str]
    shows: Sequence[Sequence[str]]
    states: npt.NDArray[np.int64]
    reached: npt.NDArray[np.bool_]
    matches: Numbers


def _cells(
    model: Model, required: Sequence[State], patterns: Mapping[Pattern, float], made_of: Mapping[str, str]
) -> _Cells | None:
    by_comparison = by_field(model, required, made_of)
    if not by_comparison:
        return None
    columns = [
        _states_of_patterns(model, comparison, events, patterns, made_of)
        for comparison, events in by_comparison.items()
    ]
    states = [_ordered(set(column)) for column in columns]
    if math.prod(map(len, states)) > MOST_CELLS:
        return None
    cells = list(itertools.product(*(range(len(of_field)) for of_field in states)))
    agreeing = [
        frozenset[Event]().union(*(of_field[place] or () for of_field, place in zip(states, cell, strict=True)))
        for cell in cells
    ]
    reached = np.array([any(events <= shown for events in required) for shown in agreeing])
    place_of = {cell: place for place, cell in enumerate(cells)}
    matches = np.zeros(len(cells))
    for count, *shown in zip(patterns.values(), *columns, strict=True):
        matches[place_of[tuple(of_field.index(state) for of_field, state in zip(states, shown, strict=True))]] += count
    shows = [[_label(state, place) for place, state in enumerate(of_field)] for of_field in states]
    names = [comparison.name for comparison in by_comparison]
    return _Cells(names, shows, np.array(cells), reached, np.where(reached, matches, 0.0))


def _states_of_patterns(
    model: Model,
    comparison: Comparison,
    events: Sequence[Event],
    patterns: Mapping[Pattern, float],
    made_of: Mapping[str, str],
) -> list[State | None]:
    """What a field shows in each pattern; None where it is not known."""
    place = model.comparisons.index(comparison)
    levels: dict[int, State | None] = {
        level.value: frozenset(event for event in events if implies(level.condition, event, made_of))
        for level in comparison.levels
        if level.value >= 0
    }
    return [levels.get(pattern[place]) for pattern in patterns]


def _ordered(states: set[State | None]) -> list[State | None]:
    """What a field shows, the fullest agreement first, and last that it is not known."""
    return sorted(states, key=lambda state: (state is None, -len(state or ()), sorted(e.value for e in state or ())))


def _label(state: State | None, place: int) -> str:
    if not place:
        return AGREES  # of a field that is never known
    return UNKNOWN if state is None else " and ".join(sorted(event.value for event in state)) or DIFFERS


@dataclass(frozen=True)
class Fit:
    """A fitted log-linear model.

    Attributes:
        expected: matches in every cell, whether it is seen or not.
        associations: log odds of what two fields show together.
        terms: a row a cell, a column a term of the sum.
        covariance: of the coefficients.
    """

    expected: Numbers
    associations: Mapping[FieldPair, LogOdds]
    terms: Numbers
    covariance: Numbers

    def log_sd(self, cells: npt.NDArray[np.bool_]) -> float:
        """Standard deviation of the logarithm of the matches in some cells together (delta method)."""
        whole = float(self.expected[cells].sum())
        if whole <= 0:
            return 0.0
        slope = self.expected[cells] @ self.terms[cells] / whole
        return float(np.sqrt(slope @ self.covariance @ slope))


def fit_associations(
    fields: Sequence[str],
    shows: Sequence[Sequence[str]],
    cells: npt.NDArray[np.int64],
    matches: Numbers,
    seen: npt.NDArray[np.bool_],
) -> Fit:
    """Fit the log-linear model to the cells that are seen.

    Args:
        shows: of each field what it may show, the fullest agreement first; each is seen of a match.
        cells: a row a cell, a column a field: the place of what it shows.
        matches: how many were counted in a cell.
        seen: whether a cell's matches can be counted.
    """
    terms, names = _terms(fields, shows, cells)
    agreeing = [float(matches[cells[:, place] == 0].sum()) for place in range(len(fields))]
    changing = {name for name, agree in zip(fields, agreeing, strict=True) if agree < 0.1 * matches.sum()}
    mean, precision = np.zeros(len(names)), np.full(len(names), _FLAT)
    kinds = np.full(len(names), -1)
    for place, name in enumerate(names):
        if name is None:
            continue
        missing = (name[1], name[3]).count(UNKNOWN)
        kinds[place] = _CHANGING if not missing and {name[0], name[2]} & changing else missing
    over, counted = terms[seen], matches[seen]
    coefficients = np.zeros(terms.shape[1])
    coefficients[0] = np.log(max(float(counted.max(initial=1.0)), 1.0))
    covariance = np.zeros((len(coefficients), len(coefficients)))
    means, sds = np.array([kind.mean for kind in _KINDS]), np.ones(len(_KINDS))
    for _ in range(100):  # of EM over the means and spreads
        for kind in range(len(_KINDS)):
            mean[kinds == kind], precision[kinds == kind] = means[kind], 1 / sds[kind] ** 2
        coefficients, covariance = _maximum(over, counted, mean, precision, coefficients)
        before = np.concatenate([means, sds])
        means, sds = _pooled(coefficients, np.diag(covariance), kinds, sds)
        if np.abs(np.concatenate([means, sds]) - before).max() < 1e-3:
            break
    errors = np.sqrt(np.diag(covariance))
    associations = {
        name: LogOdds(float(coefficient), float(error))
        for name, coefficient, error in zip(names, coefficients, errors, strict=True)
        if name is not None
    }
    return Fit(np.exp(np.clip(terms @ coefficients, -_MOST_LOG, _MOST_LOG)), associations, terms, covariance)


def _terms(
    fields: Sequence[str], shows: Sequence[Sequence[str]], cells: npt.NDArray[np.int64]
) -> tuple[Numbers, list[FieldPair | None]]:
    """A column for all, one for each thing a field shows but agreement, and one for each two such of two fields."""
    single = [
        [((name, what), (cells[:, place] == value).astype(np.float64)) for value, what in enumerate(shown) if value > 0]
        for place, (name, shown) in enumerate(zip(fields, shows, strict=True))
    ]
    named: list[tuple[FieldPair | None, Numbers]] = [(None, np.ones(len(cells)))]
    named += [(None, column) for of_field in single for _, column in of_field]
    for one, other in itertools.combinations(single, 2):
        named += [((*a, *b), column * other_column) for (a, column), (b, other_column) in itertools.product(one, other)]
    return np.stack([column for _, column in named], axis=1), [name for name, _ in named]


def _pooled(
    coefficients: Numbers, variances: Numbers, kinds: npt.NDArray[np.int64], sds: Numbers
) -> tuple[Numbers, Numbers]:
    """Mean and spread of each kind's log odds, given their estimates."""
    means, spreads = [], []
    for number, (kind, before) in enumerate(zip(_KINDS, sds, strict=True)):
        odds, weight, each = coefficients[kinds == number], 1 / kind.sd**2, 1 / before**2
        mean = (odds.sum() * each + kind.mean * weight) / (len(odds) * each + weight)
        squares = ((odds - mean) ** 2 + variances[kinds == number]).sum() + _SPREAD_COUNTS * _SPREAD**2
        means.append(float(mean))
        spreads.append(math.sqrt(squares / (len(odds) + _SPREAD_COUNTS)))
    return np.array(means), np.array(spreads)


def _maximum(
    terms: Numbers, counted: Numbers, mean: Numbers, precision: Numbers, start: Numbers
) -> tuple[Numbers, Numbers]:
    """The mode of Poisson counts with a normal prior, and the covariance there (Newton's method, halving steps)."""

    def logs(tried: Numbers) -> Numbers:
        return np.clip(terms @ tried, -_MOST_LOG, _MOST_LOG)

    def objective(tried: Numbers) -> float:
        values = logs(tried)
        return float(counted @ values - np.exp(values).sum() - 0.5 * (precision * (tried - mean) ** 2).sum())

    def curvature(at: Numbers) -> Numbers:
        return (terms * np.exp(logs(at))[:, None]).T @ terms + np.diag(precision)

    found = start
    for _ in range(60):
        slope = terms.T @ (counted - np.exp(logs(found))) - precision * (found - mean)
        step, height, size = np.linalg.solve(curvature(found), slope), objective(found), 1.0
        while objective(found + size * step) < height - 1e-9 and size > 1e-6:
            size /= 2
        found = found + size * step
        if np.abs(size * step).max() < 1e-5:
            break
    covariance: Numbers = np.linalg.inv(curvature(found)).astype(np.float64)
    return found, covariance
