"""A Splink model as set-based SQL: the same match weights, without a wide table of pairs.

Splink blocks to pairs of string keys, joins the records back to them, computes every comparison and applies the
threshold last. Here the columns travel through the blocking join, and a pair that cannot reach the floor is dropped:

1. the cheap levels of every comparison (NULL and equality) settle most comparisons at once;
2. what they leave open is worth at most the best of its remaining levels, so the sum is an upper bound on the weight;
3. the costly comparisons (string similarity, lists) follow one at a time, each only on the pairs still in reach.

Every pair that reaches the floor has Splink's weight; pruning only skips pairs that cannot.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from linkage.engine import quote
from linkage.model import rarest
from linkage.model.conditions import conjuncts, parsed, spelled
from linkage.model.edits import cheaper
from linkage.model.lists import condition_over_elements, opened
from linkage.model.splink_json import BlockingRule, Comparison, Level, Model

_CHEAP = (exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.EQ, exp.Is, exp.And, exp.Or, exp.Paren, exp.Boolean)


@dataclass(frozen=True)
class _Stage:
    """A step of the query: columns it adds, and the most that a pair can still weigh after it (None: as before)."""

    added: list[str]
    reachable: str | None = None
    joins: str = ""


def pattern_column(comparison: Comparison) -> str:
    """The column that holds a pair's level of a comparison."""
    return f"gamma_{comparison.name}"


def pattern_text(model: Model, alias: str) -> str:
    """SQL of a pair's levels as one text, "6,-1,4": the pattern of a link."""
    listed = ", ',', ".join(f"{alias}.{quote(pattern_column(comparison))}" for comparison in model.comparisons)
    return f"concat({listed})"


def scored_pairs(model: Model, pairs: str, floor: float | None) -> str:
    """SQL that scores pairs.

    Args:
        model: a trained model.
        pairs: SQL of the pairs: left_id, right_id, and each column of the model as <column>_l and <column>_r, log2 of
            its term frequency as bits_<column>_l and bits_<column>_r.
        floor: pairs below this match weight (log2) are dropped; None keeps all.

    Returns:
        SQL with left_id, right_id, gamma_<comparison> TINYINT for each comparison, match_weight DOUBLE.
    """
    query, source = f"with pairs as (\n{pairs}\n)", "pairs"
    for number, stage in enumerate(_stages(model), 1):
        query += f",\nstage_{number} as (\n{_select([f'{source}.*', *stage.added], source + stage.joins)}\n)"
        source = f"stage_{number}"
        if stage.reachable and floor is not None:
            kept = f"    select * from {source}\n    where {stage.reachable} >= {_number(floor)}"
            query += f",\nwithin_{number} as (\n{kept}\n)"
            source = f"within_{number}"
    gammas = [f"cast({name} as tinyint) as {name}" for name in map(quote, map(pattern_column, model.comparisons))]
    weights = [_number(model.prior_weight), *(f"w_{index}" for index in range(len(model.comparisons)))]
    return f"{query}\n{_select(['left_id', 'right_id', *gammas, f'{_sum(weights)} as match_weight'], source)}"


def level_columns(model: Model) -> list[str]:
    """gamma_<comparison> of each comparison, over columns <column>_l and <column>_r, with nothing pruned."""
    return [f"{_gamma(comparison.levels)} as {quote(pattern_column(comparison))}" for comparison in model.comparisons]


def _select(selected: Sequence[str], source: str) -> str:
    listed = ",\n           ".join(selected)
    return f"    select {listed}\n    from {source}"


def _sum(terms: Sequence[str]) -> str:
    return " + ".join(terms)


def _number(value: float) -> str:
    """A literal that both engines read as DOUBLE: without an exponent it would be a DECIMAL."""
    return f"{value:.17e}"


def _stages(model: Model) -> list[_Stage]:
    """The cheap levels of all comparisons, then the rest of each comparison that has any, the most decisive first."""
    numbered = list(enumerate(model.comparisons))
    settled = {i: _cheap_levels(comparison) for i, comparison in numbered}
    still_open = {i for i, comparison in numbered if len(settled[i]) < len(comparison.levels)}
    stages = [
        _Stage([f"{_gamma(settled[i])} as {_gamma_name(i, c, still_open)}" for i, c in numbered]),
        _Stage([_weighed(i, c, settled[i], still_open) for i, c in numbered], _reachable(model, still_open)),
    ]
    for index in sorted(still_open, key=lambda i: _spread(model.comparisons[i]), reverse=True):
        comparison = model.comparisons[index]
        rest = comparison.levels[len(settled[index]) :]
        still_open = still_open - {index}
        stages.append(_Stage(_hoisted(index, rest)))
        stages.append(_Stage([_closed(index, comparison, rest)]))
        if values := rarest.shared(index, comparison, quote(pattern_column(comparison))):
            frequencies, joins = rarest.found(index, comparison)
            stages += [_Stage(values), _Stage(frequencies, joins=joins)]
        stages.append(_Stage([_closed_weight(index, comparison, rest)], _reachable(model, still_open)))
    return [stage for stage in stages if stage.added]


def _cheap_levels(comparison: Comparison) -> tuple[Level, ...]:
    """The leading levels that need no function."""
    found = []
    for level in comparison.levels:
        if level.condition is None:
            break
        if not _is_cheap(level.condition):
            break
        found.append(level)
    if len(found) == len(comparison.levels) - 1 and (found or len(comparison.levels) == 1):
        return comparison.levels  # nothing but ELSE is left
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def _is_cheap(condition: str) -> bool:
    return all(isinstance(node, _CHEAP) for node in parsed(condition).walk())


def _gamma(levels: Sequence[Level]) -> str:
    """CASE over levels; NULL where none of them holds and ELSE is not among them."""
    whens = [f"when {cheaper(level.condition)} then {level.value}" for level in levels if level.condition is not None]
    rest = next((f" else {level.value}" for level in levels if level.condition is None), "")
    if not whens:
        return f"cast({rest.removeprefix(' else ') or 'null'} as integer)"
    return f"case {' '.join(whens)}{rest} end"


def _gamma_name(index: int, comparison: Comparison, still_open: set[int]) -> str:
    return f"open_{index}" if index in still_open else quote(pattern_column(comparison))


def _weight_case(gamma: str, levels: Sequence[Level], index: int) -> str:
    """The weight of a level, with its term-frequency adjustment as Splink defines it, or as `rarest` does."""
    weights = [(level, _number(level.weight) + _adjustment(level, index)) for level in levels]
    if len(levels) == 1 and levels[0].condition is None:
        return f"({weights[0][1]})"  # every pair has it
    return f"case {gamma} {' '.join(f'when {level.value} then {weight}' for level, weight in weights)} end"


def _adjustment(level: Level, index: int) -> str:
    """weight * (log2 u - log2 of the commoner value's frequency, or of the least that counts); 0 where none is."""
    if not level.adjusted:
        return f" + {rarest.adjustment(index, level)}" if level.tf_list else ""
    commoner = "greatest({}, {})".format(*(quote(f"bits_{level.tf_column}_{side}") for side in "lr"))  # NULL is skipped
    if level.tf_minimum_u > 0:
        least = _number(math.log2(level.tf_minimum_u))
        commoner = f"case when {commoner} < {least} then {least} else {commoner} end"
    base = math.log2(level.tf_base_u or 1.0)
    return f" + coalesce({_number(level.tf_weight)} * ({_number(base)} - {commoner}), 0e0)"


def _weighed(index: int, comparison: Comparison, levels: Sequence[Level], still_open: set[int]) -> str:
    """The weight as far as the cheap levels settle it: w_ where they settle all, else known_, NULL while open."""
    name = f"known_{index}" if index in still_open else f"w_{index}"
    case = _weight_case(_gamma_name(index, comparison, still_open), levels, index) if levels else "cast(null as double)"
    return f"{case} as {name}"


def _best(levels: Sequence[Level]) -> float:
    """The most that undecided levels can add."""
    return max(level.weight + _most_adjustment(level) for level in levels)


def _most_adjustment(level: Level) -> float:
    """The frequency is 1 at most, and 2^-40, rarer than any value that somebody holds, at least."""
    if not level.adjusted:
        return rarest.most(level) if level.tf_list else 0.0
    base = math.log2(level.tf_base_u or 1.0)
    return max(level.tf_weight * (base + 40.0), level.tf_weight * base)


def _spread(comparison: Comparison) -> float:
    """How much a comparison can move the sum: the wider, the sooner it prunes."""
    weights = [level.weight for level in comparison.levels if level.value >= 0]
    return max(weights) - min(weights)


def _reachable(model: Model, still_open: set[int]) -> str:
    terms = [_number(model.prior_weight)]
    for index, comparison in enumerate(model.comparisons):
        if index in still_open:
            rest = comparison.levels[len(_cheap_levels(comparison)) :]
            terms.append(f"coalesce(known_{index}, {_number(_best(rest))})")
        else:
            terms.append(f"w_{index}")
    return _sum(terms)


def _hoisted(index: int, rest: Sequence[Level]) -> list[str]:
    """Function calls that several levels share, computed once, and only where the cheap levels settled nothing."""
    calls = _shared_calls(rest)
    return [f"case when open_{index} is null then {call} end as call_{index}_{n}" for n, call in enumerate(calls)]


def _shared_calls(levels: Sequence[Level]) -> list[str]:
    counted: dict[str, int] = {}
    for level in levels:
        for call in _calls(level.condition) if level.condition else ():
            counted[call] = counted.get(call, 0) + 1
    shared = [call for call, uses in counted.items() if uses > 1]
    return [call for call in shared if not any(call != other and call in other for other in shared)]


@functools.lru_cache(maxsize=4096)
def _calls(condition: str) -> tuple[str, ...]:
    """The function calls of a condition, each once."""
    found = parsed(condition).find_all(exp.Func)
    calls = (spelled(node) for node in found if not isinstance(node, exp.And | exp.Or | exp.Cast))
    return tuple(dict.fromkeys(calls))


def _closed(index: int, comparison: Comparison, rest: Sequence[Level]) -> str:
    """The comparison's level, from the cheap levels or, where they left it open, from the others."""
    names = tuple((call, f"call_{index}_{n}") for n, call in enumerate(_shared_calls(rest)))
    whens = [
        f"when {_with_calls(level.condition, names)} then {level.value}"
        for level in rest
        if level.condition is not None
    ]
    last = next(level.value for level in rest if level.condition is None)
    gamma = f"case when open_{index} is not null then open_{index} {' '.join(whens)} else {last} end"
    return f"{gamma} as {quote(pattern_column(comparison))}"


@functools.lru_cache(maxsize=4096)
def _with_calls(condition: str, names: tuple[tuple[str, str], ...]) -> str:
    """A condition in which calls that were computed before stand by their names."""
    if not names:
        return cheaper(condition)
    named = dict(names)

    def replace(node: exp.Expression) -> exp.Expression:
        name = named.get(spelled(node)) if isinstance(node, exp.Func) else None
        return exp.column(name) if name else node

    return cheaper(spelled(parsed(condition).transform(replace)))


def _closed_weight(index: int, comparison: Comparison, rest: Sequence[Level]) -> str:
    case = _weight_case(quote(pattern_column(comparison)), rest, index)
    return f"coalesce(known_{index}, {case}) as w_{index}"


def candidate_pairs(model: Model, rule: BlockingRule, earlier: Sequence[BlockingRule]) -> str:
    """SQL of the pairs that a rule makes and no earlier rule has made, as `scored_pairs` wants them.

    The query reads {left} and {right}, unit_id and the model's columns, and for each adjusted column its table of
    frequencies, named by `frequency_table`.
    """
    if rule.explode:
        return _with_columns(model, _UNITS_OF.format(pairs=f"({_exploded(rule, earlier)})"))
    return _with_columns(model, f"{{left}} as l join {{right}} as r\n  on {rule.condition}{_not_made_before(earlier)}")


def rule_pairs(rule: BlockingRule, earlier: Sequence[BlockingRule]) -> str:
    """SQL of the pairs (left_id, right_id) that a rule makes and no earlier rule has made; reads {left} and {right}."""
    if rule.explode:
        return _exploded(rule, earlier)
    return (
        "select l.unit_id as left_id, r.unit_id as right_id\n"
        f"from {{left}} as l join {{right}} as r\n  on {rule.condition}{_not_made_before(earlier)}"
    )


def given_pairs(model: Model) -> str:
    """SQL of pairs named elsewhere, as `scored_pairs` wants them: reads {pairs} (left_id, right_id) and the units."""
    return _with_columns(model, _UNITS_OF.format(pairs="{pairs}"))


_UNITS_OF = """{pairs} as made
join {{left}} as l on l.unit_id = made.left_id
join {{right}} as r on r.unit_id = made.right_id"""


def frequency_table(column: str, model: Model) -> str:
    """The name under which a compiled query reads the frequencies (value, frequency) of an adjusted column."""
    return f"frequencies_{model.tf_columns.index(column)}"


def _with_columns(model: Model, source: str) -> str:
    """SQL of joined units l and r with the model's columns of both and the frequencies of their values."""
    compared = dict.fromkeys(column for comparison in model.comparisons for column in comparison.columns)
    listed = [f"{side}.{quote(name)} as {quote(f'{name}_{side}')}" for name in compared for side in "lr"]
    joins = ""
    for column in model.tf_columns:
        table = frequency_table(column, model)
        # Where only equal values are adjusted, one side's frequency is the other's.
        looked_up = ("l", "l") if adjusts_equal_values_alone(model, column) else ("l", "r")
        for side in dict.fromkeys(looked_up):
            # A logarithm for each value, not for each pair.
            joins += f"\nleft join (select value, log2(frequency) as bits from {{{table}}}) as {table}_{side}"
            joins += f"\n  on {table}_{side}.value = {side}.{quote(column)}"
        listed += [
            f"{table}_{found}.bits as {quote(f'bits_{column}_{side}')}"
            for side, found in zip("lr", looked_up, strict=True)
        ]
    selected = ",\n       ".join(["l.unit_id as left_id", "r.unit_id as right_id", *listed])
    return f"select {selected}\nfrom {source}{joins}"


def adjusts_equal_values_alone(model: Model, column: str) -> bool:
    """Whether each level that is adjusted by a column holds of equal values of it only."""
    adjusted = [level for c in model.comparisons for level in c.levels if level.adjusted and level.tf_column == column]
    return all(_implies_equality(level, column) for level in adjusted)


def _implies_equality(level: Level, column: str) -> bool:
    wanted = {f"{column}_l".lower(), f"{column}_r".lower()}
    return any(
        isinstance(term, exp.EQ) and {side.name.lower() for side in (term.left, term.right)} == wanted
        for term in conjuncts(level.condition or "false")
    )


def _exploded(rule: BlockingRule, earlier: Sequence[BlockingRule]) -> str:
    """Each list is opened into its elements; a pair that shares two of them is still one pair."""
    wanted = sorted({*rule.columns, *(c for before in earlier for c in before.columns)})
    sides = {letter: opened(rule, table, wanted) for letter, table in (("l", "left"), ("r", "right"))}
    condition = condition_over_elements(rule)
    return (
        f"select distinct l.unit_id as left_id, r.unit_id as right_id\n"
        f"from {sides['l']} as l join {sides['r']} as r\n  on {condition}{_not_made_before(earlier)}"
    )


def blocked_units(rule: BlockingRule, side: str) -> str:
    """SQL of the units (unit_id) of a side, "left" or "right", that a rule pairs with anybody.

    A semi join, which makes none of the pairs; the query reads {left} and {right}.
    """
    sides = {name: opened(rule, name) for name in ("left", "right")}
    letters = {"left": "l", "right": "r"}
    other = "right" if side == "left" else "left"
    condition = condition_over_elements(rule)
    return (
        f"select distinct {letters[side]}.unit_id as unit_id\nfrom {sides[side]} as {letters[side]}\n"
        f"semi join {sides[other]} as {letters[other]}\n  on {condition}"
    )


def _not_made_before(earlier: Sequence[BlockingRule]) -> str:
    """A pair that an earlier rule makes is not made again; NULL there means that the rule did not hold."""
    return "".join(f"\n  and not coalesce({any_element(rule)}, false)" for rule in earlier)


def any_element(rule: BlockingRule) -> str:
    """A rule over exploded lists, said of whole lists: equality of elements becomes overlap."""
    if not rule.explode:
        return rule.condition

    def overlap(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.EQ) and isinstance(node.left, exp.Column) and node.left.name in rule.explode:
            return exp.func("list_has_any", node.left, node.right)
        return node

    return spelled(parsed(rule.condition).transform(overlap))
