"""Pairs of a step with their match weights: those that blocking rules make, and those that passes accepted."""

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from linkage.engine import FEW_ROWS, Engine, Table, columns, empty, one, quote, rows, run_concurrently_if_small
from linkage.match.candidates.meeting import met_only, those_who_meet
from linkage.match.candidates.parts import Part, Parts
from linkage.match.candidates.passes import no_pairs
from linkage.match.candidates.sure import Taking, without
from linkage.model import Model, own_records, rarest
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
    """What blocking rules made of two sides.

    Attributes:
        pairs: left_id, right_id, rule INTEGER, gamma_<comparison>, match_weight of every pair that reaches the floor,
            once; where only links are asked for, of units that no sure pair holds.
        sides: units of the left and of the right of which `pairs` can be: all, or those that no sure pair holds.
        sure: left_id, right_id, match_weight, rule of pairs that are taken without a look at their rivals; none where
            those are asked for.
        met: side, unit_id of units that a rule pairs with somebody; those of whom `pairs` has a pair need not be there.
        counts: for each rule what it made: rule, pairs_kept, seconds.
        stored: what holds `pairs` in memory.
    """

    pairs: Table
    sides: tuple[Table, Table]
    sure: Table
    met: Table
    counts: list[dict[str, Any]]
    stored: list[Table]


def term_frequencies(engine: Engine, model: Model, left: Table, right: Table) -> Frequencies:
    """How common each value of an adjusted column is, counted over both sides as Splink does.

    Of a list each value counts, as the share of units that ever held it; of names of things the two records that are
    compared do not (linkage.model.own_records).
    """
    plain = [functools.partial(_of_values, engine, model, column, left, right) for column in model.tf_columns]
    known = _known(engine, model.tf_lists, left, right)
    lists = [
        functools.partial(_of_lists, engine, model, column, left, right, known[column]) for column in model.tf_lists
    ]
    counted = engine.run_concurrently(*plain, *lists)
    return dict(zip((*model.tf_columns, *model.tf_lists), counted, strict=True))


def _known(engine: Engine, lists: Sequence[str], left: Table, right: Table) -> dict[str, int]:
    """How many units of both sides hold anything in each list; the sides are read once for all of them."""
    if not lists:
        return {}
    known = ", ".join(
        f"count(*) filter (where array_length({quote(column)}) > 0) as known_{number}"
        for number, column in enumerate(lists)
    )

    def of(side: Table) -> dict[str, Any]:
        return one(engine, engine.sql(f"select {known} from {{side}}", side=side))

    sides = engine.run_concurrently(functools.partial(of, left), functools.partial(of, right))
    return {column: sum(int(side[f"known_{number}"]) for side in sides) for number, column in enumerate(lists)}


def _of_values(engine: Engine, model: Model, column: str, left: Table, right: Table) -> Table:
    """Values of a column. How many units know it is what they add up to: the sides, which are large, are read once."""
    counted = engine.sql(
        f"""
        with held as (
            select {quote(column)} as value from {{left}} union all select {quote(column)} from {{right}}
        )
        select value, count(*) as units from held where value is not null group by value
        """,
        left=left,
        right=right,
        store=True,
    )
    known = one(engine, engine.sql("select coalesce(sum(units), 0) as known from {c}", c=counted))["known"]
    frequencies = engine.sql(
        f"select value, {own_records.holders(model, column, 'units')} / $known as frequency from {{counted}}",
        params={"known": float(max(known, 1))},
        counted=counted,
        store=True,
    )
    engine.drop(counted)
    return frequencies


def _of_lists(engine: Engine, model: Model, column: str, left: Table, right: Table, known: int) -> Table:
    """Elements of the lists of a column, which so many units know."""
    return engine.sql(
        f"""
        with lists as (
            select {quote(column)} as held from {{left}} union all select {quote(column)} from {{right}}
        ),
        held as (
            select unnest(held) as value from lists
        )
        select value, {own_records.holders(model, column, "count(*)")} / $known as frequency
        from held
        where value is not null
        group by value
        """,
        params={"known": float(max(known, 1))},
        left=left,
        right=right,
        store=True,
    )


def score_candidates(
    engine: Engine,
    model: Model,
    left: Table,
    right: Table,
    frequencies: Frequencies,
    floor: float,
    *,
    parts: Parts | None = None,
    taking: Taking | None = None,
    meetings: bool = True,
    leftovers: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Candidates:
    """Every pair that a blocking rule makes and that reaches the floor.

    Args:
        left, right: unit_id and the model's columns.
        frequencies: as `term_frequencies` counts them.
        parts: how the work is cut where the sides are large; one part, in memory, when None.
        taking: how sure pairs are taken where only links are asked for.
        meetings: whether `met` is asked for; nobody has met otherwise, nor where sure pairs are taken.
        leftovers: the sides are what other links have left, and few of their units meet each other.
    """
    seconds, stored = [0.0] * len(model.blocking_rules), list[Table]()
    say = progress or (lambda _: None)
    work = _Work(engine, model, frequencies, floor, taking, meetings, leftovers, seconds, stored, say)
    kept: list[dict[str, Table]] = []
    for part in (parts or Parts()).of(engine, model, left, right, links_only=taking is not None):
        if not part.find(engine, _MADE):
            taken = _together(engine, [tables["sure"] for tables in kept]) if taking and kept else None
            part.keep(engine, work.of_part(part, taken))
        kept.append(part.kept)
    # Sides that share no value of the column by which they are cut have no part.
    nothing = {"met": _MET, "sure": _SURE, "pairs": scored_columns(model)}
    kept = kept or [{name: empty(engine, kinds) for name, kinds in nothing.items()}]
    met, sure, pairs = (_together(engine, [tables[name] for tables in kept]) for name in _MADE)
    counted: dict[int, int] = {}
    for made in (sure, pairs) if taking else (pairs,):
        for row in rows(engine, engine.sql("select rule, count(*) as n from {made} group by rule", made=made)):
            counted[row["rule"]] = counted.get(row["rule"], 0) + int(row["n"])
    counts = [
        {"rule": rule.condition, "pairs_kept": counted.get(number, 0), "seconds": round(seconds[number], 3)}
        for number, rule in enumerate(model.blocking_rules)
    ]
    # Sides that were cut into parts have no table of what is left of them.
    first = kept[0] if len(kept) == 1 else {}
    sides = first.get("left", left), first.get("right", right)
    return Candidates(pairs, sides, sure, met, counts, stored)


_MADE = ("met", "sure", "pairs")


@dataclass(frozen=True)
class _Work:
    """What is the same for all parts of a scoring."""

    engine: Engine
    model: Model
    frequencies: Frequencies
    floor: float
    taking: Taking | None
    meetings: bool
    leftovers: bool
    seconds: list[float]  # of each rule so far
    stored: list[Table]  # pairs of rules that are in memory
    say: Callable[[str], None]

    def of_part(self, part: Part, taken: Table | None) -> dict[str, Table]:
        """The pairs of a part's rules, and its units that met somebody but have no pair here.

        Args:
            taken: sure pairs of the parts before this one.
        """
        engine, sides = self.engine, {"left": part.left, "right": part.right}
        dropped: list[Table] = []
        left_over: dict[str, Table] = {}
        if part.folder and not part.narrow:  # read once from disk, not once for each rule
            sides = {side: engine.sql("select * from {t}", t=table, store=True) for side, table in sides.items()}
            dropped += sides.values()
        rules = [self.model.blocking_rules[number] for number in part.rules]
        meeting = {} if part.folder or self.taking else those_who_meet(engine, rules, sides, leftovers=self.leftovers)
        dropped += meeting.values()
        sides = {**sides, **meeting}
        sure = None
        if self.taking and not part.narrow and self.taking.number in part.rules:
            sure = taken = self._sure(part, sides)
        blocked = sides
        if taken:
            names = dict.fromkeys(("unit_id", *self.model.columns))
            left_of = functools.partial(without, engine, names=list(names), taken=taken, store=not part.narrow)
            single = self.taking.single if self.taking else []
            few = engine.run_concurrently(*(functools.partial(left_of, sides[side], side=side) for side in single))
            blocked = sides | dict(zip(single, few, strict=True))
            if part.folder:
                dropped += few
            else:
                left_over = blocked
        found = self._by_rules(part, sides, blocked)
        made = (
            _together(engine, found)
            if found
            else score_given(engine, self.model, part.left, part.right, self.frequencies, no_pairs(engine))
        )
        if not part.folder:
            self.stored.extend(found)
        asked = self.meetings and not self.taking
        met = met_only(engine, rules, sides, made, list(meeting)) if asked else empty(engine, _MET)
        engine.drop(*dropped)
        return {"met": met, "sure": sure or empty(engine, _SURE), "pairs": made} | left_over

    def _by_rules(self, part: Part, sides: Mapping[str, Table], blocked: Mapping[str, Table]) -> list[Table]:
        """The pairs of a part's rules: of few units by one query, else by a query for each rule."""
        engine = self.engine
        few = engine.count(part.left) + engine.count(part.right) <= FEW_ROWS
        if few and len(part.rules) > 1 and not (engine.is_distributed or part.folder or part.narrow or self.taking):
            return [self._at_once(sides)]
        asked = [functools.partial(self._of_rule, number, part, sides, blocked) for number in part.rules]
        # Where links alone are asked for, each rule's seconds are its own.
        return [ask() for ask in asked] if self.taking else run_concurrently_if_small(engine, *asked)

    def _at_once(self, sides: Mapping[str, Table]) -> Table:
        """The pairs of all rules. To plan the scoring of a rule takes longer than to score few pairs, and is done once;
        a rule's seconds are its equal share."""
        rules, carried = self.model.blocking_rules, ("rule",)
        self.say(f"{len(rules)} rules")
        started = time.monotonic()
        pairs = given_pairs(self.model, pairs=f"({all_rule_pairs(rules)})", carried=carried)
        scored = scored_pairs(self.model, pairs, self.floor, carried=carried)
        frequencies = _named(self.model, self.frequencies)
        made = self.engine.sql(scored, params=None, store=scored_columns(self.model), **sides, **frequencies)
        for number in range(len(rules)):
            self.seconds[number] += (time.monotonic() - started) / len(rules)
        return made

    @contextmanager
    def _timed(self, number: int, part: Part) -> Iterator[None]:
        place = f"rule {number + 1} of {len(self.model.blocking_rules)}"
        self.say(place + (f", part {part.name}" if part.folder else ""))
        started = time.monotonic()
        yield
        self.seconds[number] += time.monotonic() - started

    def _sure(self, part: Part, sides: Mapping[str, Table]) -> Table:
        assert self.taking
        engine, taking = self.engine, self.taking
        with self._timed(taking.number, part):
            asked = under(self.model, taking.rule)
            pairs = candidate_pairs(asked, taking.rule, ())
            made = self._scored(asked, taking.number, pairs, sides, ("left_id", "right_id", "match_weight"))
            sure = taking.sure_pairs(engine, made, sides["left"], sides["right"])
            engine.drop(made)
        return sure

    def _of_rule(self, number: int, part: Part, sides: Mapping[str, Table], blocked: Mapping[str, Table]) -> Table:
        """The pairs of a rule that no rule before it makes, among the units that are `blocked`."""
        rule, earlier = self.model.blocking_rules[number], self.model.blocking_rules[:number]
        asked = under(self.model, rule, earlier)
        with self._timed(number, part):
            if not part.narrow:
                return self._scored(asked, number, candidate_pairs(asked, rule, earlier), blocked)
            pairs = self.engine.sql(rule_pairs(rule, earlier), store=True, params=None, **blocked)
            scored = self._scored(asked, number, given_pairs(asked, rule), {**sides, "pairs": pairs})
            self.engine.drop(pairs)
            return scored

    def _scored(
        self, asked: Model, number: int, query: str, tables: Mapping[str, Table], names: Sequence[str] = ()
    ) -> Table:
        """Pairs with their levels and weight, or those columns of them that are named, and the rule's number.

        Args:
            asked: the model as far as it is asked of the rule's pairs.
        """
        scored = scored_pairs(asked, query, self.floor)
        kinds = scored_columns(self.model)
        kept = {name: kinds[name] for name in (*names, "rule")} if names else kinds
        query = f"select {columns(tuple(kept)[:-1])}, cast({number} as integer) as rule from ({scored}) as scored"
        frequencies = _named(asked, self.frequencies)
        return self.engine.sql(query, params=None, store=kept, **tables, **frequencies)


_SURE = {"left_id": "bigint", "right_id": "bigint", "match_weight": "double", "rule": "integer"}
_MET = {"side": "varchar", "unit_id": "bigint"}


def _together(engine: Engine, tables: Sequence[Table]) -> Table:
    if len(tables) == 1:
        return tables[0]
    named = {f"of_{number}": table for number, table in enumerate(tables)}
    union = "\nunion all\n".join(f"select * from {{{name}}}" for name in named)
    return engine.sql(union, params=None, store=False, **named)


def score_given(
    engine: Engine, model: Model, left: Table, right: Table, frequencies: Frequencies, pairs: Table
) -> Table:
    """Pairs named elsewhere (left_id, right_id) with their levels and weight, whatever it is."""
    if engine.count(pairs) == 0:  # a query of some ten steps would be made of nothing
        return empty(engine, scored_columns(model))
    scored = scored_pairs(model, given_pairs(model), None)
    return engine.sql(
        f"select *, cast(null as integer) as rule from ({scored}) as scored",
        params=None,
        store=scored_columns(model),
        left=left,
        right=right,
        pairs=pairs,
        **_named(model, frequencies),
    )


def weighed_given(
    engine: Engine, model: Model, left: Table, right: Table, frequencies: Frequencies, pairs: Table
) -> Table:
    """Few pairs named elsewhere (left_id, right_id): their levels, and as w_0, w_1 and so on what each comparison adds.

    The rows are stored.
    """
    sides = engine.run_concurrently(
        *(functools.partial(few_of, engine, of, pairs, side) for of, side in ((left, "left"), (right, "right")))
    )
    weights = {f"w_{place}": "double" for place in range(len(model.comparisons))}
    kinds = {name: kind for name, kind in scored_columns(model).items() if name != "rule"} | weights
    tables = dict(zip(("left", "right"), sides, strict=True)) | {"pairs": pairs} | _named(model, frequencies)
    query = scored_pairs(model, given_pairs(model), None, each=True)
    weighed = engine.sql(query, params=None, store=kinds, **tables)
    engine.drop(*sides)
    return weighed


def scored_columns(model: Model) -> dict[str, str]:
    """The columns of scored pairs with their types."""
    gammas = {pattern_column(comparison): "tinyint" for comparison in model.comparisons}
    return {"left_id": "bigint", "right_id": "bigint", **gammas, "match_weight": "double", "rule": "integer"}


def score_within(engine: Engine, model: Model, units: Table, frequencies: Frequencies, pairs: Table) -> Table:
    """Pairs of units of one file, as `score_given` scores those of two."""
    if engine.count(pairs) == 0:
        return empty(engine, scored_columns(model))
    held = few_of(engine, units, pairs, "left", "right")
    scored = score_given(engine, model, held, held, frequencies, pairs)
    engine.drop(held)
    return scored


def few_of(engine: Engine, units: Table, pairs: Table, *sides: str) -> Table:
    """Units that pairs name: few of a file that may lie on disk, read once and not once for each place in a pair."""
    named = " union all ".join(f"select {side}_id as unit_id from {{pairs}}" for side in sides)
    return engine.sql(
        f"""
        with named as ({named})
        select u.* from {{units}} as u where exists (select 1 from named as n where n.unit_id = u.unit_id)
        """,
        params=None,
        units=units,
        pairs=pairs,
        store=True,
    )


def _named(model: Model, frequencies: Frequencies) -> dict[str, Table]:
    """The tables of frequencies by the names that the compiled query gives them."""
    plain = {frequency_table(column, model): frequencies[column] for column in model.tf_columns}
    return plain | {rarest.frequency_table(column): frequencies[column] for column in model.tf_lists}
