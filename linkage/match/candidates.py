"""Candidate pairs and their match weights: term frequencies, blocking rules, and pairs
that the caller names.

Pairs below the floor are dropped by the compiled query (linkage.model.compiled). Large
sides are scored in partitions (linkage.match.partitions), so that memory is bounded by
a partition.
"""

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from linkage.engine import (
    FEW_ROWS,
    Engine,
    Table,
    columns,
    empty,
    quote,
    rows,
    run_concurrently_if_small,
)
from linkage.match.partitions import Partition, Partitions
from linkage.match.prematch import PREMATCHED, Prematch, without
from linkage.model import BlockingRule, Model
from linkage.model.compiled import (
    all_rule_pairs,
    candidate_pairs,
    frequency_table,
    given_pairs,
    rule_pairs,
    scored_pairs,
)
from linkage.model.implied import under
from linkage.model.stages import pattern_column

Frequencies = Mapping[str, Table]
"""Adjusted column to value, frequency: the share of all records that hold the value."""


@dataclass(frozen=True)
class Candidates:
    """The pairs that blocking rules make of two sides.

    Attributes:
        pairs: left_id, right_id, rule INTEGER (place in the model), gamma_<comparison>,
            match_weight of every pair that reaches the floor, once; with pre-matching,
            of units without a pre-matched pair.
        prematched: left_id, right_id, match_weight, rule of the pre-matched pairs.
        rules: of each blocking rule: rule, pairs_kept, seconds.
    """

    pairs: Table
    prematched: Table
    rules: list[dict[str, Any]]


def term_frequencies(
    engine: Engine, model: Model, left: Table, right: Table
) -> Frequencies:
    """How common each value of an adjusted column is, counted over both sides as Splink
    does.
    """
    counts = (
        functools.partial(_value_frequencies, engine, column, left, right)
        for column in model.tf_columns
    )
    return dict(zip(model.tf_columns, engine.run_concurrently(*counts), strict=True))


def _value_frequencies(engine: Engine, column: str, left: Table, right: Table) -> Table:
    """value, frequency of a column."""
    query = f"""
        with known as (
            select {quote(column)} as value from {{left}}
            union all
            select {quote(column)} as value from {{right}}
        ),
        counted as (
            select value, count(*) as units from known
            where value is not null
            group by value
        ),
        total as (select cast(sum(units) as double) as units from counted)
        select value, cast(counted.units as double) / total.units as frequency
        from counted
        cross join total
        """
    return engine.sql(query, left=left, right=right, store=True)


def score_candidates(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    frequencies: Frequencies,
    floor: float,
    *,
    partitions: Partitions | None = None,
    prematch: Prematch | None = None,
    progress: Callable[[str], None] | None = None,
    only: str | None = None,
) -> Candidates:
    """Every pair that a blocking rule makes and that reaches the floor.

    Args:
        left, right: unit_id and the model's columns.
        frequencies: from `term_frequencies`.
        floor: match weight (log2) below which a pair is dropped.
        partitions: how large sides are partitioned; one partition, in memory, when
            None.
        prematch: how pairs of exact agreement are accepted first; None to score all
            candidates of a unit.
        only: SQL condition over l and r that every pair meets.
    """
    seconds = [0.0] * len(model.blocking_rules)
    say = progress or (lambda _: None)
    rules = model.blocking_rules
    if only:
        model = _within(model, only)
    scoring = _Scoring(engine, model, frequencies, floor, prematch, rules, seconds, say)
    results: list[dict[str, Table]] = []
    parts = partitions or Partitions()
    for part in parts.of(engine, model, left, right, few_pairs=prematch is not None):
        if not part.find(engine, _TABLES):
            prematched_before = None
            if prematch and results:
                prematched_before = union_all(
                    engine, [t["prematched"] for t in results]
                )
            part.keep(engine, scoring.of_partition(part, prematched_before))
        results.append(part.kept)
    # Sides that share no value of the column by which they are partitioned have no
    # partition.
    kinds = {"prematched": PREMATCHED, "pairs": scored_columns(model)}
    results = results or [{name: empty(engine, kinds[name]) for name in _TABLES}]
    prematched, pairs = (
        union_all(engine, [tables[name] for tables in results]) for name in _TABLES
    )
    pairs_kept = _count_by_rule(engine, prematched, pairs)
    counts = [
        {
            "rule": rule.condition,
            "pairs_kept": pairs_kept.get(number, 0),
            "seconds": round(seconds[number], 3),
        }
        for number, rule in enumerate(rules)
    ]
    return Candidates(pairs, prematched, counts)


def _within(model: Model, only: str) -> Model:
    """The model with blocking rules that make no pair but those of a condition."""
    rules = (
        replace(rule, condition=f"({rule.condition}) AND {only}")
        for rule in model.blocking_rules
    )
    return replace(model, blocking_rules=tuple(rules))


def _count_by_rule(engine: Engine, prematched: Table, pairs: Table) -> dict[int, int]:
    """Place of a rule in the model to the number of its pairs."""
    query = """
        select rule, count(*) as pairs
        from (
            select rule from {prematched}
            union all
            select rule from {pairs}
        ) as made
        group by rule
        """
    counts = rows(engine, engine.sql(query, prematched=prematched, pairs=pairs))
    return {row["rule"]: int(row["pairs"]) for row in counts}


_TABLES = ("prematched", "pairs")


@dataclass(frozen=True)
class _Scoring:
    """Settings and counters that all partitions share."""

    engine: Engine
    model: Model
    frequencies: Frequencies
    floor: float
    prematch: Prematch | None
    rules: Sequence[BlockingRule]  # of the model, as it states them
    seconds: list[float]  # of each rule, added up
    say: Callable[[str], None]

    def of_partition(
        self, part: Partition, prematches: Table | None
    ) -> dict[str, Table]:
        """The pairs of a partition's rules.

        Args:
            prematches: pre-matched pairs of the partitions before this one.
        """
        engine, sides = self.engine, {"left": part.left, "right": part.right}
        temporary_tables: list[Table] = []
        if (
            part.folder and not part.narrow
        ):  # read once from disk, not once for each rule
            sides = {
                side: engine.sql("select * from {t}", t=table, store=True)
                for side, table in sides.items()
            }
            temporary_tables += sides.values()
        new_prematches = None
        if self.prematch and not part.narrow and self.prematch.number in part.rules:
            new_prematches = prematches = self._prematched(part, sides)
        open_sides = sides
        if prematches:
            names = list(dict.fromkeys(("unit_id", *self.model.columns)))
            remainder = functools.partial(
                without,
                engine,
                names=names,
                prematched=prematches,
                store=not part.narrow,
            )
            single = self.prematch.single if self.prematch else []
            units = engine.run_concurrently(
                *(
                    functools.partial(remainder, sides[side], side=side)
                    for side in single
                )
            )
            open_sides = sides | dict(zip(single, units, strict=True))
            temporary_tables += units
        by_rule = self._by_rules(part, sides, open_sides)
        pairs = (
            union_all(engine, by_rule)
            if by_rule
            else empty(engine, scored_columns(self.model))
        )
        engine.drop(*temporary_tables)
        return {
            "prematched": new_prematches or empty(engine, PREMATCHED),
            "pairs": pairs,
        }

    def _by_rules(
        self, part: Partition, sides: Mapping[str, Table], units: Mapping[str, Table]
    ) -> list[Table]:
        """The pairs of each rule; of few units, of all rules by one query."""
        engine, rules = self.engine, part.rules
        is_few = engine.count(part.left) + engine.count(part.right) <= FEW_ROWS
        if (
            is_few
            and len(rules) > 1
            and not (
                engine.is_distributed or part.folder or part.narrow or self.prematch
            )
        ):
            return [self._at_once(sides)]
        work = [
            functools.partial(self._of_rule, number, part, sides, units)
            for number in rules
        ]
        return (
            [ask() for ask in work]
            if self.prematch
            else run_concurrently_if_small(engine, *work)
        )

    def _at_once(self, sides: Mapping[str, Table]) -> Table:
        """The pairs of all rules: planning a query takes longer than scoring few pairs.
        Rules share the seconds.
        """
        rules, extra_columns = self.model.blocking_rules, ("rule",)
        self.say(f"{len(rules)} rules")
        start = time.monotonic()
        pairs = given_pairs(
            self.model, pairs=f"({all_rule_pairs(rules)})", carried=extra_columns
        )
        query = scored_pairs(self.model, pairs, self.floor, carried=extra_columns)
        tables = {**sides, **_frequency_tables(self.model, self.frequencies)}
        table = self.engine.sql(
            query, params=None, store=scored_columns(self.model), **tables
        )
        for number in range(len(rules)):
            self.seconds[number] += (time.monotonic() - start) / len(rules)
        return table

    @contextmanager
    def _timed(self, number: int, part: Partition) -> Iterator[None]:
        place = f"rule {number + 1} of {len(self.model.blocking_rules)}"
        self.say(place + (f", partition {part.name}" if part.folder else ""))
        start = time.monotonic()
        yield
        self.seconds[number] += time.monotonic() - start

    def _prematched(self, part: Partition, sides: Mapping[str, Table]) -> Table:
        assert self.prematch
        engine, prematch = self.engine, self.prematch
        with self._timed(prematch.number, part):
            model = under(self.model, prematch.rule)
            pairs = candidate_pairs(model, prematch.rule, ())
            names = ("left_id", "right_id", "match_weight")
            scores = self._scored(model, prematch.number, pairs, sides, names)
            accepted_pairs = prematch.of_pairs(
                engine, scores, sides["left"], sides["right"]
            )
            engine.drop(scores)
        return accepted_pairs

    def _of_rule(
        self,
        number: int,
        part: Partition,
        sides: Mapping[str, Table],
        units: Mapping[str, Table],
    ) -> Table:
        """The pairs of a rule that no rule before it makes."""
        rule, earlier_rules = self.model.blocking_rules[number], self.rules[:number]
        model = under(self.model, rule)
        with self._timed(number, part):
            if not part.narrow:
                return self._scored(
                    model, number, candidate_pairs(model, rule, earlier_rules), units
                )
            pairs = self.engine.sql(
                rule_pairs(rule, earlier_rules), store=True, params=None, **units
            )
            scores = self._scored(
                model, number, given_pairs(model, rule), {**sides, "pairs": pairs}
            )
            self.engine.drop(pairs)
            return scores

    def _scored(
        self,
        model: Model,
        number: int,
        query: str,
        tables: Mapping[str, Table],
        names: Sequence[str] = (),
    ) -> Table:
        """Pairs with their levels and weight, or only the columns `names`, and the
        rule's number.

        Args:
            model: the comparisons that the rule does not already imply.
        """
        pairs_query = scored_pairs(model, query, self.floor)
        types = scored_columns(self.model)
        types = {name: types[name] for name in (*names, "rule")} if names else types
        query = (
            f"select {columns(tuple(types)[:-1])}, cast({number} as integer) as "
            f"rule from ({pairs_query}) as scored"
        )
        return self.engine.sql(
            query,
            params=None,
            store=types,
            **tables,
            **_frequency_tables(model, self.frequencies),
        )


def union_all(engine: Engine, tables: Sequence[Table]) -> Table:
    """The rows of tables of the same columns; a view."""
    if len(tables) == 1:
        return tables[0]
    tables_by_name = {f"of_{number}": table for number, table in enumerate(tables)}
    union = "\nunion all\n".join(f"select * from {{{name}}}" for name in tables_by_name)
    return engine.sql(union, params=None, store=False, **tables_by_name)


def scored_columns(model: Model) -> dict[str, str]:
    """The columns of scored pairs with their types."""
    gammas = {pattern_column(comparison): "tinyint" for comparison in model.comparisons}
    return {
        "left_id": "bigint",
        "right_id": "bigint",
        **gammas,
        "match_weight": "double",
        "rule": "integer",
    }


def score_given(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    frequencies: Frequencies,
    pairs: Table,
) -> Table:
    """Given pairs (left_id, right_id) with their levels and match weight, without a
    floor.
    """
    if engine.count(pairs) == 0:
        return empty(engine, scored_columns(model))
    query = scored_pairs(model, given_pairs(model), None)
    return engine.sql(
        f"select *, cast(null as integer) as rule from ({query}) as scored",
        params=None,
        store=scored_columns(model),
        left=left,
        right=right,
        pairs=pairs,
        **_frequency_tables(model, frequencies),
    )


def score_by_comparison(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    frequencies: Frequencies,
    pairs: Table,
) -> Table:
    """Few given pairs: their levels, and as w_0, w_1 and so on the bits that each
    comparison adds; stored.
    """
    sides = engine.run_concurrently(
        *(
            functools.partial(_units_of, engine, units, pairs, side)
            for units, side in ((left, "left"), (right, "right"))
        )
    )
    weights = {f"w_{place}": "double" for place in range(len(model.comparisons))}
    kinds = {
        name: kind for name, kind in scored_columns(model).items() if name != "rule"
    } | weights
    tables = (
        dict(zip(("left", "right"), sides, strict=True))
        | {"pairs": pairs}
        | _frequency_tables(model, frequencies)
    )
    scores = engine.sql(
        scored_pairs(model, given_pairs(model), None, each=True),
        params=None,
        store=kinds,
        **tables,
    )
    engine.drop(*sides)
    return scores


def _units_of(engine: Engine, units: Table, pairs: Table, side: str) -> Table:
    """The units of one side of few pairs, read once."""
    return engine.sql(
        f"""
        select u.* from {{units}} as u
        where exists (select 1 from {{pairs}} as p where p.{side}_id = u.unit_id)
        """,
        units=units,
        pairs=pairs,
        store=True,
    )


def _frequency_tables(model: Model, frequencies: Frequencies) -> dict[str, Table]:
    """Term frequencies by the table names of the compiled query."""
    return {
        frequency_table(column, model): frequencies[column]
        for column in model.tf_columns
    }
