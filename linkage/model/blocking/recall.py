"""Blocking recall (pairs completeness): the share of matches that blocking rules reach,
without truth.

Two estimates:

- `expected_recall` from the model only. A level's m is the share of matches that it
  holds for; where a level implies that what a rule asks for agrees (equal surnames have
  equal first letters), its m is part of the rule's. Fields err independently.
- `estimated_recall` from the matches that rules reach: capture-recapture by a
  log-linear model. Matches are counted in cells: what every field shows (it agrees, it
  differs, it is not known). Cells that no rule reaches are not seen. The logarithm of a
  cell's count is a sum: a term for what each field shows, and one for each two fields,
  the logarithm of their odds ratio (Bishop, Fienberg and Holland, Discrete Multivariate
  Analysis, 1975; Fienberg, Biometrika 59, 1972, for unseen cells; Sanathanan, Annals of
  Mathematical Statistics 43, 1972). Odds ratios of one kind are normal around their
  mean, with a spread that the cells estimate too (partial pooling; Laird, Biometrika
  65, 1978), since no match shows how often a birth date and a postcode differ together
  where no rule reaches such pairs.
"""

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.engine import quote
from linkage.model.conditions import Agreement, BlockingRule, agreements
from linkage.model.splink_json import Comparison, Level, Model

Numbers = npt.NDArray[np.float64]
Pattern = tuple[int, ...]
"""Levels of the model's comparisons."""
State = frozenset["Event"]
"""Of a field, the parts that agree; none: it differs in all that rules ask for."""

FEWEST_MATCHES = 200
"""Matches below which next to no two fields are seen to differ together."""
MOST_CELLS = 7_000
"""Eight fields of three states; with more a fit takes seconds."""
_MOST_LOG = 40.0  # logarithm of a count, beyond which exp would overflow sums


_KINDS = np.array([(1.0, 1.0), (0.5, 0.5), (0.0, 0.1), (0.0, 0.3)])
"""Mean and standard deviation of the prior of the mean log odds ratio, by how many of
the two fields are not known: errors come together, e times as often as by chance; who
leaves out a field writes the others with less care too; fields are left out together or
not, as a form asks. Last, of two fields of which matches seldom agree on one (a pupil's
class), which is no error.
"""
_CHANGING = 3
_SPREAD, _SPREAD_COUNTS = (
    0.5,
    2.0,
)  # of log odds around their mean, beforehand, and for how many odds that counts
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
    """Estimated blocking recall."""

    share: float  # of all matches that some rule reaches
    log_sd: (
        float  # standard deviation of the logarithm of the matches that no rule reaches
    )


def expected_recall(
    model: Model,
    rules: Sequence[BlockingRule],
    known: Mapping[str, float],
    made_of: Mapping[str, str],
) -> Expected:
    """The share of matches that rules reach, if fields err independently.

    Args:
        known: column to the share of pairs of which both sides know it; those it lacks
            are always known.
        made_of: columns that are made of others: postcode_sector to postcode. Agreement
            of what no level implies is taken never to happen, so that a share is rather
            too low than too high.
    """
    rule_events = [events_of(rule) for rule in rules]
    by_comparison = by_field(model, rule_events, made_of)
    known_events = {event for events in by_comparison.values() for event in events}
    events_of_rules = [
        None if events is None or not events <= known_events else events
        for events in rule_events
    ]
    own_shares, new_shares = [0.0] * len(rules), [0.0] * len(rules)
    for share, agreeing in expected_cases(by_comparison, known, made_of):
        reaching = [
            place
            for place, events in enumerate(events_of_rules)
            if events is not None and events <= agreeing
        ]
        for place in reaching:
            own_shares[place] += share
        if reaching:
            new_shares[reaching[0]] += share

    def or_none(shares: Sequence[float]) -> tuple[float | None, ...]:
        return tuple(
            None if events is None else share
            for events, share in zip(events_of_rules, shares, strict=True)
        )

    return Expected(or_none(own_shares), or_none(new_shares), sum(new_shares))


def expected_cases(
    by_comparison: Mapping[Comparison, Sequence[Event]],
    known: Mapping[str, float],
    made_of: Mapping[str, str],
    least: float = 1e-9,
) -> list[tuple[float, State]]:
    """Every set of events that a match may show, with its probability, if fields err
    independently.

    Args:
        known: share of pairs of which both sides know a column.
        least: share of the matches below which a set is left out.
    """
    cases: list[tuple[float, State]] = [(1.0, frozenset())]
    for comparison, events in by_comparison.items():
        share_known = known.get(comparison.columns[0], 1.0)
        graded_levels = [level for level in comparison.levels if level.value >= 0]
        whole = sum(level.m or 0.0 for level in graded_levels) or 1.0
        states: dict[State, float] = {frozenset(): 1.0 - share_known}
        for level in graded_levels:
            agreeing = frozenset(
                event for event in events if implies(level.condition, event, made_of)
            )
            states[agreeing] = (
                states.get(agreeing, 0.0) + share_known * (level.m or 0.0) / whole
            )
        cases = [
            (share * p, before | state)
            for share, before in cases
            for state, p in states.items()
            if share * p > least
        ]
    return cases


def level_events(level: Level) -> list[Event]:
    """What a level of agreement asks to be equal."""
    return [
        _event(equality)
        for equality in agreements(level.condition)
        if equality and level.value > 0
    ]


def events_of(rule: BlockingRule) -> State | None:
    """What must agree; None where the rule asks for anything but that the same of both
    sides be equal.
    """
    equalities = agreements(rule.condition)
    return (
        None
        if None in equalities
        else frozenset(_event(one, rule.explode) for one in equalities if one)
    )


def _event(equality: Agreement, lists: Collection[str] = ()) -> Event:
    is_of_list = equality.kind == "overlap" or equality.column in lists
    column = equality.column.removesuffix("_all") if is_of_list else equality.column
    return Event(
        equality.value if equality.kind == "value" else quote(equality.value),
        column,
        is_of_list,
    )


def by_field(
    model: Model, required: Sequence[State | None], made_of: Mapping[str, str]
) -> dict[Comparison, list[Event]]:
    """Each event with the comparison that says most of it; without those of which none
    says anything.
    """
    fields: dict[Comparison, list[Event]] = {}
    for event in dict.fromkeys(
        e for events in required for e in sorted(events or (), key=lambda e: e.value)
    ):
        shares = {
            comparison: sum(
                level.m or 0.0
                for level in comparison.levels
                if implies(level.condition, event, made_of)
            )
            for comparison in model.fields
        }
        best = max(shares, key=lambda comparison: shares[comparison])
        if shares[best] > 0:
            fields.setdefault(best, []).append(event)
    return fields


def implies(condition: str | None, event: Event, made_of: Mapping[str, str]) -> bool:
    """Whether a level holds only of pairs that show an event; a list holds the latest
    value too.
    """
    columns = {event.column, made_of.get(event.column)}
    return any(
        (
            equality.kind == "overlap"
            and event.of_list
            and equality.column.removesuffix("_all") in columns
        )
        or (equality.kind == "column" and equality.column in columns)
        or (equality.kind == "value" and equality.value == event.value)
        for equality in filter(None, agreements(condition))
    )


def estimated_recall(
    model: Model,
    rules: Sequence[BlockingRule],
    patterns: Mapping[Pattern, float],
    made_of: Mapping[str, str],
) -> Recall | None:
    """Which matches some rule reaches; None where that cannot be estimated or rules ask
    for too many fields.

    Args:
        patterns: pattern to the number of matches that show it, of scored pairs.
        made_of: columns that are made of others: postcode_sector to postcode.
    """
    rule_events = [events for events in map(events_of, rules) if events is not None]
    fields = by_field(model, rule_events, made_of)
    columns = [
        _states_of_patterns(model, field, events, patterns, made_of)
        for field, events in fields.items()
    ]
    # The fullest agreement first, and last that the field is not known.
    states = [
        sorted(
            set(row),
            key=lambda s: (s is None, -len(s or ()), sorted(e.value for e in s or ())),
        )
        for row in columns
    ]
    if not states or math.prod(map(len, states)) > MOST_CELLS:
        return None
    cells = np.array(list(itertools.product(*(range(len(row)) for row in states))))
    cases = [
        frozenset[Event]().union(
            *(row[n] or () for row, n in zip(states, cell, strict=True))
        )
        for cell in cells
    ]
    is_reached = np.array(
        [any(events <= cell_events for events in rule_events) for cell_events in cases]
    )
    matches = np.zeros([len(row) for row in states])
    for count, *state in zip(patterns.values(), *columns, strict=True):
        matches[
            tuple(row.index(one) for row, one in zip(states, state, strict=True))
        ] += count
    counts = np.where(is_reached, matches.ravel(), 0.0)
    if counts.sum() < FEWEST_MATCHES or is_reached.all():
        return None
    fit = fit_log_linear(
        cells,
        [row.index(None) if None in row else len(row) for row in states],
        counts,
        is_reached,
    )
    return Recall(
        1 - float(fit.expected[~is_reached].sum() / fit.expected.sum()),
        fit.log_sd(~is_reached),
    )


def _states_of_patterns(
    model: Model,
    comparison: Comparison,
    events: Sequence[Event],
    patterns: Iterable[Pattern],
    made_of: Mapping[str, str],
) -> list[State | None]:
    """What a field shows in each pattern; None where it is not known."""
    place = model.comparisons.index(comparison)
    levels: dict[int, State | None] = {
        level.value: frozenset(
            event for event in events if implies(level.condition, event, made_of)
        )
        for level in comparison.levels
        if level.value >= 0
    }
    return [levels.get(pattern[place]) for pattern in patterns]


@dataclass(frozen=True)
class Fit:
    """A fitted log-linear model."""

    expected: Numbers  # matches in every cell, whether it is seen or not
    terms: Numbers  # a row a cell, a column a term of the sum
    covariance: Numbers  # of the terms' coefficients

    def log_sd(self, cells: npt.NDArray[np.bool_]) -> float:
        """Standard deviation of the logarithm of the matches in some cells together
        (delta method).
        """
        whole = float(self.expected[cells].sum())
        slope = self.expected[cells] @ self.terms[cells] / max(whole, 1e-300)
        return float(np.sqrt(slope @ self.covariance @ slope))


def fit_log_linear(
    cells: npt.NDArray[np.int64],
    unknown: Sequence[int],
    matches: Numbers,
    seen: npt.NDArray[np.bool_],
) -> Fit:
    """Fit the log-linear model to the cells that are seen.

    Args:
        cells: a row a cell, a column a field: the number of what it shows, 0 for
            agreement.
        unknown: of each field the number that says that it is not known.
        matches: how many were counted in a cell.
        seen: whether a cell's matches can be counted.
    """
    changing = [
        matches[cells[:, field] == 0].sum() < 0.1 * matches.sum()
        for field in range(cells.shape[1])
    ]
    main_terms = [
        [
            ((cells[:, field] == state).astype(np.float64), state == unknown[field])
            for state in range(1, 1 + top)
        ]
        for field, top in enumerate(cells.max(axis=0))
    ]
    columns = [
        np.ones(len(cells)),
        *(column for of_field in main_terms for column, _ in of_field),
    ]
    kinds = [-1] * len(columns)  # of log odds ratios: none
    for one, other in itertools.combinations(range(len(main_terms)), 2):
        for (column, missing), (other_column, other_missing) in itertools.product(
            main_terms[one], main_terms[other]
        ):
            columns.append(column * other_column)
            lacking = int(missing) + int(other_missing)
            kinds.append(
                _CHANGING
                if not lacking and (changing[one] or changing[other])
                else lacking
            )
    terms, kind = np.stack(columns, axis=1), np.array(kinds)
    coefficients = np.zeros(terms.shape[1])
    coefficients[0] = np.log(max(float(matches[seen].max(initial=1.0)), 1.0))
    means, sds = _KINDS[:, 0], np.ones(len(_KINDS))
    for _ in range(100):  # of EM over the means and spreads
        mean, precision = (
            np.where(kind < 0, 0.0, means[kind]),
            np.where(kind < 0, _FLAT, 1 / sds[kind] ** 2),
        )
        coefficients, covariance = _mode(
            terms[seen], matches[seen], mean, precision, coefficients
        )
        before = np.concatenate([means, sds])
        means, sds = _pooled(coefficients, np.diag(covariance), kind, sds)
        if np.abs(np.concatenate([means, sds]) - before).max() < 1e-3:
            break
    return Fit(
        np.exp(np.clip(terms @ coefficients, -_MOST_LOG, _MOST_LOG)), terms, covariance
    )


def _pooled(
    coefficients: Numbers, variances: Numbers, kind: npt.NDArray[np.int64], sds: Numbers
) -> tuple[Numbers, Numbers]:
    """Mean and spread of each kind's log odds, given their estimates."""
    means, spreads = np.zeros(len(_KINDS)), np.zeros(len(_KINDS))
    for number, ((mean, sd), before) in enumerate(zip(_KINDS, sds, strict=True)):
        odds, weight, precision = coefficients[kind == number], 1 / sd**2, 1 / before**2
        means[number] = (odds.sum() * precision + mean * weight) / (
            len(odds) * precision + weight
        )
        squares = (
            (odds - means[number]) ** 2 + variances[kind == number]
        ).sum() + _SPREAD_COUNTS * _SPREAD**2
        spreads[number] = math.sqrt(squares / (len(odds) + _SPREAD_COUNTS))
    return means, spreads


def _mode(
    terms: Numbers, counts: Numbers, mean: Numbers, precision: Numbers, start: Numbers
) -> tuple[Numbers, Numbers]:
    """The mode of Poisson counts with a normal prior, and the covariance there
    (Newton's method, halving steps).
    """

    def logs(coefficients: Numbers) -> Numbers:
        return np.clip(terms @ coefficients, -_MOST_LOG, _MOST_LOG)

    def objective(coefficients: Numbers) -> float:
        values, distance = logs(coefficients), coefficients - mean
        return float(
            counts @ values
            - np.exp(values).sum()
            - 0.5 * (precision * distance**2).sum()
        )

    def curvature(point: Numbers) -> Numbers:
        return (terms * np.exp(logs(point))[:, None]).T @ terms + np.diag(precision)

    mode = start
    for _ in range(60):
        slope = terms.T @ (counts - np.exp(logs(mode))) - precision * (mode - mean)
        step, height, size = (
            np.linalg.solve(curvature(mode), slope),
            objective(mode),
            1.0,
        )
        while objective(mode + size * step) < height - 1e-9 and size > 1e-6:
            size /= 2
        mode = mode + size * step
        if np.abs(size * step).max() < 1e-5:
            break
    covariance: Numbers = np.linalg.inv(curvature(mode)).astype(np.float64)
    return mode, covariance
