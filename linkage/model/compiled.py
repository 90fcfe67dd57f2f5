"""A Splink model as set-based SQL: the same match weights, without a wide table of
pairs.

Splink blocks to pairs of string keys, joins the records back to them, computes every
comparison and applies the threshold last. Here the columns travel through the blocking
join, and a pair that cannot reach the floor is dropped:

1. the cheap levels of every comparison (NULL and equality) settle most comparisons at
   once;
2. what they leave open is worth at most the best of its remaining levels, so the sum is
   an upper bound on the weight;
3. the costly comparisons (string similarity, lists) follow one at a time, each only on
   the pairs still in reach.

Every pair that reaches the floor has Splink's weight; pruning only skips pairs that
cannot.
"""

from collections.abc import Sequence, Set

from sqlglot import exp

from linkage.engine import quote
from linkage.model.conditions import BlockingRule, agreements, conjuncts, parsed, to_sql
from linkage.model.implied import equal_column, equal_columns
from linkage.model.splink_json import Model
from linkage.model.stages import level_case, number, pattern_column, stages


def pattern_text(model: Model, alias: str) -> str:
    """SQL of a pair's levels as one text, "6,-1,4": the pattern of a link."""
    levels = ", ',', ".join(
        f"{alias}.{quote(pattern_column(comparison))}"
        for comparison in model.comparisons
    )
    return f"concat({levels})"


def levels_of(pattern: str) -> tuple[int, ...]:
    """The levels of a `pattern_text`, in the order of the model's comparisons."""
    return tuple(map(int, pattern.split(",")))


def scored_pairs(
    model: Model,
    pairs: str,
    floor: float | None,
    *,
    each: bool = False,
    carried: Sequence[str] = (),
) -> str:
    """SQL that scores pairs.

    Args:
        model: a trained model.
        pairs: SQL of the pairs: left_id, right_id, and each column of the model as
            <column>_l and <column>_r, log2 of its term frequency as bits_<column>_l and
            bits_<column>_r.
        floor: pairs below this match weight (log2) are dropped; None keeps all.
        each: also what each comparison weighs, as w_0, w_1 and so on.
        carried: other columns of the pairs that are wanted.

    Returns:
        SQL with left_id, right_id, gamma_<comparison> TINYINT for each comparison,
        match_weight DOUBLE.
    """
    query, source = f"with pairs as (\n{pairs}\n)", "pairs"
    for place, stage in enumerate(stages(model), 1):
        query += f",\nstage_{place} as (\n{_select(['*', *stage.added], source)}\n)"
        source = f"stage_{place}"
        if stage.reachable and floor is not None:
            # a column of its own, which Spark does not work out again
            # (engine/macros.py)
            reach = f"reach_{place}"
            query += (
                f",\nweighed_{place} as "
                f"(\n{_select(['*', f'barrier({stage.reachable}) as {reach}'], source)}\n)"  # noqa: E501
            )
            body = (
                f"    select * from weighed_{place}\n    where {reach} >= "
                f"{number(floor)}"
            )
            query += f",\nwithin_{place} as (\n{body}\n)"
            source = f"within_{place}"
    gammas = [
        f"cast({name} as tinyint) as {name}"
        for name in map(quote, map(pattern_column, model.comparisons))
    ]
    weights = [f"w_{index}" for index in range(len(model.comparisons))]
    weight = " + ".join([number(model.prior_weight), *weights])
    expressions = [
        "left_id",
        "right_id",
        *gammas,
        f"{weight} as match_weight",
        *(weights if each else ()),
        *carried,
    ]
    return f"{query}\n{_select(expressions, source)}"


def level_columns(model: Model) -> list[str]:
    """gamma_<comparison> of each comparison, over columns <column>_l and <column>_r,
    with nothing pruned.
    """
    return [
        f"{level_case(comparison.levels)} as {quote(pattern_column(comparison))}"
        for comparison in model.comparisons
    ]


def _select(expressions: Sequence[str], source: str) -> str:
    select_list = ",\n           ".join(expressions)
    return f"    select {select_list}\n    from {source}"


def candidate_pairs(
    model: Model, rule: BlockingRule, earlier: Sequence[BlockingRule]
) -> str:
    """SQL of the pairs that a rule makes and no earlier rule has made, as
    `scored_pairs` wants them.

    The query reads {left} and {right}, unit_id and the model's columns, and for each
    adjusted column its table of frequencies, named by `frequency_table`.
    """
    if rule.explode:
        return given_pairs(model, rule, f"({_exploded(rule, earlier)})")
    equal = equal_columns(rule)
    # The frequencies of each unit's values, and not of each pair's: a unit is in
    # several pairs.
    left, right = (
        f"(select u.*{''.join(_bits(model, equal, side))} from {{{name}}} as "
        f"u{_lookups(model, equal, side, 'u')}) as {side}"
        for side, name in (("l", "left"), ("r", "right"))
    )
    pairs = (
        f"{left} join {right}\n  on {rule.condition}{_not_made_before(rule, earlier)}"
    )
    return _with_columns(model, pairs, equal, in_units=True)


def rule_pairs(rule: BlockingRule, earlier: Sequence[BlockingRule]) -> str:
    """SQL of the pairs (left_id, right_id) that a rule makes and no earlier rule has
    made; reads {left} and {right}.
    """
    if rule.explode:
        return _exploded(rule, earlier)
    return (
        "select l.unit_id as left_id, r.unit_id as right_id\n"
        f"from {{left}} as l join {{right}} as r\n  on "
        f"{rule.condition}{_not_made_before(rule, earlier)}"
    )


def all_rule_pairs(rules: Sequence[BlockingRule]) -> str:
    """SQL of what rules make (left_id, right_id, rule INTEGER), a pair by its first;
    reads {left} and {right}.
    """
    return "\nunion all\n".join(
        f"select left_id, right_id, cast({place} as integer) as rule from "
        f"(\n{rule_pairs(rule, rules[:place])}\n)"
        for place, rule in enumerate(rules)
    )


def given_pairs(
    model: Model,
    rule: BlockingRule | None = None,
    pairs: str = "{pairs}",
    *,
    carried: Sequence[str] = (),
) -> str:
    """SQL of pairs named elsewhere, as `scored_pairs` wants them: reads {pairs}
    (left_id, right_id) and the units.

    Args:
        rule: that has made them, if one has.
        pairs: SQL of them.
        carried: other columns of them that are wanted.
    """
    equal = equal_columns(rule) if rule else frozenset[str]()
    return _with_columns(
        model,
        _UNITS_OF.format(pairs=pairs),
        equal,
        [f"made.{quote(name)}" for name in carried],
    )


_UNITS_OF = """{pairs} as made
join {{left}} as l on l.unit_id = made.left_id
join {{right}} as r on r.unit_id = made.right_id"""


def frequency_table(column: str, model: Model) -> str:
    """The name under which a compiled query reads the frequencies (value, frequency) of
    an adjusted column.
    """
    return f"frequencies_{model.tf_columns.index(column)}"


def _with_columns(
    model: Model,
    source: str,
    equal: Set[str],
    extra_columns: Sequence[str] = (),
    *,
    in_units: bool = False,
) -> str:
    """SQL of joined units l and r with the model's columns of both and the frequencies
    of their values.

    Args:
        equal: columns, in lower case, of which both units have the same value.
        extra_columns: other columns of the source.
        in_units: whether l and r have the frequencies already.
    """
    # One text for both sides is carried, and hashed, once.
    expressions = [
        f"{'r' if name.lower() in equal else side}.{quote(name)} as "
        f"{quote(f'{name}_{side}')}"
        for name in model.compared
        for side in "lr"
    ]
    for column in model.tf_columns:
        for side, alias in zip("lr", _looked_up(model, column, equal), strict=True):
            table = frequency_table(column, model)
            bits = f"{alias}.{table}" if in_units else f"{table}_{alias}.bits"
            expressions.append(f"{bits} as {quote(f'bits_{column}_{side}')}")
    select_list = ",\n       ".join(
        ["l.unit_id as left_id", "r.unit_id as right_id", *extra_columns, *expressions]
    )
    joins = (
        "" if in_units else "".join(_lookups(model, equal, side, side) for side in "lr")
    )
    return f"select {select_list}\nfrom {source}{joins}"


def _looked_up(model: Model, column: str, equal: Set[str]) -> str:
    """The sides whose value's frequency stands for that of the left and of the right.

    Where only equal values are adjusted, one side's frequency is the other's.
    """
    return (
        "ll"
        if column.lower() in equal or _adjusts_equal_values_only(model, column)
        else "lr"
    )


def _bits(model: Model, equal: Set[str], side: str) -> list[str]:
    return [
        f", {table}_{side}.bits as {table}"
        for column in model.tf_columns
        if side in _looked_up(model, column, equal)
        for table in (frequency_table(column, model),)
    ]


def _lookups(model: Model, equal: Set[str], side: str, alias: str) -> str:
    """Joins of the frequencies of one side's values; a logarithm for each value, not
    for each pair.
    """
    return "".join(
        f"\nleft join (select value, log2(frequency) as bits from {{{table}}}) as "
        f"{table}_{side}"
        f"\n  on {table}_{side}.value = {alias}.{quote(column)}"
        for column in model.tf_columns
        if side in _looked_up(model, column, equal)
        for table in (frequency_table(column, model),)
    )


def _adjusts_equal_values_only(model: Model, column: str) -> bool:
    """Whether each level that is adjusted by a column holds of equal values of
    it only.
    """
    tf_levels = [
        level
        for c in model.comparisons
        for level in c.levels
        if level.adjusted and level.tf_column == column
    ]
    return all(
        any(
            a and a.kind == "column" and a.column.lower() == column.lower()
            for a in agreements(level.condition)
        )
        for level in tf_levels
    )


def _exploded(rule: BlockingRule, earlier: Sequence[BlockingRule]) -> str:
    """Each list is opened into its elements; a pair that shares two of them is still
    one pair.
    """
    read = {*rule.columns, *(c for before in earlier for c in before.columns)}
    names = sorted(read - {"unit_id"})
    sides = {
        letter: rule.opened(table, names)
        for letter, table in (("l", "left"), ("r", "right"))
    }
    condition = rule.over_elements
    return (
        f"select distinct l.unit_id as left_id, r.unit_id as right_id\n"
        f"from {sides['l']} as l join {sides['r']} as r\n  on "
        f"{condition}{_not_made_before(rule, earlier)}"
    )


def _not_made_before(rule: BlockingRule, earlier_rules: Sequence[BlockingRule]) -> str:
    """A pair that an earlier rule makes is not made again; NULL there means that the
    rule did not hold.

    What the rule itself requires is not tested again, nor what follows from another
    condition.
    """
    conditions = [_beyond(rule, earlier) for earlier in earlier_rules]
    minimal_terms = [
        terms
        for place, terms in enumerate(conditions)
        if not any(
            other < terms or (other == terms and index < place)
            for index, other in enumerate(conditions)
        )
    ]
    return "".join(
        f"\n  and not coalesce({' AND '.join(sorted(terms))}, false)"
        for terms in minimal_terms
    )


def _beyond(rule: BlockingRule, before: BlockingRule) -> frozenset[str]:
    """Conditions that together say that an earlier rule makes a pair of this one."""
    if before.explode:
        return frozenset([f"({any_element(before)})"])
    known = equal_columns(rule)
    terms = conjuncts(before.condition)
    left = frozenset(
        f"({to_sql(term)})" for term in terms if equal_column(term) not in known
    )
    return left or frozenset([f"({before.condition})"])


def any_element(rule: BlockingRule) -> str:
    """A rule over exploded lists, over whole lists: equality of elements becomes
    overlap.
    """
    if not rule.explode:
        return rule.condition

    def overlap(node: exp.Expression) -> exp.Expression:
        if (
            isinstance(node, exp.EQ)
            and isinstance(node.left, exp.Column)
            and node.left.name in rule.explode
        ):
            return exp.func("list_has_any", node.left, node.right)
        return node

    return to_sql(parsed(rule.condition).transform(overlap))
