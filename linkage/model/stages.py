"""The steps in which a scored query weighs a pair: what is cheap first, what is costly
where it can still matter.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from sqlglot import exp

from linkage.engine import quote
from linkage.model.conditions import cheaper, parsed, to_sql
from linkage.model.splink_json import Comparison, Level, Model

_CHEAP_KINDS = "Column Identifier Literal Null EQ Is And Or Paren Boolean Coalesce Not"
"""Kinds of sqlglot's expressions; the last two are of conditional comparisons: "where
the forename is equal".
"""
_CHEAP = tuple(getattr(exp, name) for name in _CHEAP_KINDS.split())


@dataclass(frozen=True)
class Stage:
    """A step of the query: columns it adds, and the most that a pair can still weigh
    after it (None: as before).
    """

    added: list[str]
    reachable: str | None = None


@dataclass(frozen=True)
class _Open:
    """A comparison that the cheap levels leave open, and the levels that it can still
    have.
    """

    index: int
    rest: tuple[Level, ...]

    @property
    def gamma(self) -> str:
        """The column of its level so far, NULL while it is open."""
        return f"open_{self.index}"

    @property
    def known(self) -> str:
        """The column of its weight so far, NULL while it is open."""
        return f"known_{self.index}"


def number(value: float) -> str:
    """A literal that both engines read as DOUBLE: without an exponent it would be a
    DECIMAL.
    """
    return f"{value:.17e}"


def stages(model: Model) -> list[Stage]:
    """The cheap levels of all comparisons, then the rest of each comparison that has
    any, the most decisive first.
    """
    entries = list(enumerate(model.comparisons))
    levels = {i: _cheap_levels(comparison) for i, comparison in entries}
    open_parts = {
        i: _Open(i, c.levels[len(levels[i]) :])
        for i, c in entries
        if len(levels[i]) < len(c.levels)
    }
    steps = [
        Stage(
            [
                f"{level_case(levels[i])} as {_gamma_name(i, c, open_parts)}"
                for i, c in entries
            ]
        ),
        Stage(
            [_weighed(i, c, levels[i], open_parts) for i, c in entries],
            _reachable(model, open_parts),
        ),
    ]
    for index in sorted(
        open_parts, key=lambda i: _spread(model.comparisons[i]), reverse=True
    ):
        comparison = open_parts.pop(index)
        gamma = quote(pattern_column(model.comparisons[index]))
        steps += _settled(comparison, gamma)
        weight = (
            f"coalesce({comparison.known}, "
            f"{_weight_case(gamma, comparison.rest)}) as w_{index}"
        )
        steps.append(Stage([weight], _reachable(model, open_parts)))
    return [stage for stage in steps if stage.added]


def pattern_column(comparison: Comparison) -> str:
    """The column that holds a pair's level of a comparison."""
    return f"gamma_{comparison.name}"


def _cheap_levels(comparison: Comparison) -> tuple[Level, ...]:
    """The leading levels that need no function."""
    cheap = tuple(
        takewhile(
            lambda level: level.condition and _is_cheap(level.condition),
            comparison.levels,
        )
    )
    only_else_left = len(cheap) == len(comparison.levels) - 1 and (
        cheap or len(comparison.levels) == 1
    )
    return comparison.levels if only_else_left else cheap


@functools.lru_cache(maxsize=4096)
def _is_cheap(condition: str) -> bool:
    return all(isinstance(node, _CHEAP) for node in parsed(condition).walk())


def level_case(levels: Sequence[Level]) -> str:
    """CASE over levels; NULL where none of them holds and ELSE is not among them."""
    branches = _branches(levels)
    if not branches.startswith("when"):
        return f"cast({branches.removeprefix('else ') or 'null'} as integer)"
    return f"case {branches} end"


def _branches(levels: Sequence[Level], names: tuple[tuple[str, str], ...] = ()) -> str:
    """The branches of such a CASE; calls that were computed before stand by their
    names.
    """
    whens = [
        f"when {_with_calls(of.condition, names)} then {of.value}"
        for of in levels
        if of.condition is not None
    ]
    rest = next(
        ([f"else {level.value}"] for level in levels if level.condition is None), []
    )
    return " ".join([*whens, *rest])


def _gamma_name(
    index: int, comparison: Comparison, open_parts: Mapping[int, _Open]
) -> str:
    return f"open_{index}" if index in open_parts else quote(pattern_column(comparison))


def _weight_case(gamma: str, levels: Sequence[Level]) -> str:
    """The weight of a level, with its term-frequency adjustment as Splink
    defines it.
    """
    weights = [(level, number(level.weight) + _adjustment(level)) for level in levels]
    if len(levels) == 1 and levels[0].condition is None:
        return f"({weights[0][1]})"  # every pair has it
    return (
        f"case {gamma} "
        f"{' '.join(f'when {level.value} then {weight}' for level, weight in weights)} end"  # noqa: E501
    )


def _adjustment(level: Level) -> str:
    """weight * (log2 u - log2 of the commoner value's frequency, or of the least that
    counts); 0 where none is.
    """
    if not level.adjusted:
        return ""
    commoner = "greatest({}, {})".format(
        *(quote(f"bits_{level.tf_column}_{side}") for side in "lr")
    )  # NULL is skipped
    if level.tf_minimum_u > 0:
        floor = number(math.log2(level.tf_minimum_u))
        commoner = f"case when {commoner} < {floor} then {floor} else {commoner} end"
    base = math.log2(level.tf_base_u or 1.0)
    return (
        f" + coalesce({number(level.tf_weight)} * ({number(base)} - {commoner}), 0e0)"
    )


def _weighed(
    index: int,
    comparison: Comparison,
    levels: Sequence[Level],
    open_parts: Mapping[int, _Open],
) -> str:
    """The weight as far as the cheap levels settle it: w_ where they settle all, else
    known_, NULL while open.
    """
    name = f"known_{index}" if index in open_parts else f"w_{index}"
    case = (
        _weight_case(_gamma_name(index, comparison, open_parts), levels)
        if levels
        else "cast(null as double)"
    )
    return f"{case} as {name}"


def _best(levels: Sequence[Level]) -> float:
    """The most that undecided levels can add."""
    return max(level.weight + _most_adjustment(level) for level in levels)


def _most_adjustment(level: Level) -> float:
    """The frequency is 1 at most, and 2^-40, rarer than any value that somebody holds,
    at least.
    """
    if not level.adjusted:
        return 0.0
    base = math.log2(level.tf_base_u or 1.0)
    return max(level.tf_weight * (base + 40.0), level.tf_weight * base)


def _spread(comparison: Comparison) -> float:
    """How much a comparison can move the sum: the wider, the sooner it prunes."""
    weights = [level.weight for level in comparison.levels if level.value >= 0]
    return max(weights) - min(weights)


def _reachable(model: Model, open_parts: Mapping[int, _Open]) -> str:
    weights = [f"w_{index}" for index in range(len(model.comparisons))]
    for index, comparison in open_parts.items():
        weights[index] = (
            f"coalesce({comparison.known}, {number(_best(comparison.rest))})"
        )
    return " + ".join([number(model.prior_weight), *weights])


def _settled(comparison: _Open, gamma: str) -> list[Stage]:
    """Stages of a comparison's level, from the cheap levels or, where they left it
    open, from the others.

    Function calls that several levels share are computed once, and only where it is
    open.
    """
    names = tuple(
        (call, f"{comparison.gamma}_call_{n}")
        for n, call in enumerate(_shared_calls(comparison.rest))
    )
    call_columns = [
        f"case when {comparison.gamma} is null then {call} end as {name}"
        for call, name in names
    ]
    branches = _branches(comparison.rest, names)
    case = (
        f"case when {comparison.gamma} is not null then {comparison.gamma} "
        f"{branches} end"
    )
    return [Stage(call_columns), Stage([f"{case} as {gamma}"])]


def _shared_calls(levels: Sequence[Level]) -> list[str]:
    use_counts: dict[str, int] = {}
    for level in levels:
        for call in _calls(level.condition) if level.condition else ():
            use_counts[call] = use_counts.get(call, 0) + 1
    shared_calls = [call for call, uses in use_counts.items() if uses > 1]
    return [
        call
        for call in shared_calls
        if not any(call != other and call in other for other in shared_calls)
    ]


@functools.lru_cache(maxsize=4096)
def _calls(condition: str) -> tuple[str, ...]:
    """The function calls of a condition, each once."""
    nodes = parsed(condition).find_all(exp.Func)
    calls = (
        to_sql(node)
        for node in nodes
        if not isinstance(node, exp.And | exp.Or | exp.Cast)
    )
    return tuple(dict.fromkeys(calls))


@functools.lru_cache(maxsize=4096)
def _with_calls(condition: str, names: tuple[tuple[str, str], ...]) -> str:
    """A condition in which calls that were computed before stand by their names."""
    if not names:
        return cheaper(condition)
    name_of = dict(names)

    def replace(node: exp.Expression) -> exp.Expression:
        name = name_of.get(to_sql(node)) if isinstance(node, exp.Func) else None
        return exp.column(name) if name else node

    return cheaper(to_sql(parsed(condition).transform(replace)))
