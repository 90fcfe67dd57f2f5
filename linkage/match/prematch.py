"""Pre-matching on exact agreement: most links of a step that is not diagnosed, at a
fraction of the cost of the others.

Pairs that agree on the columns of two blocking rules at once (forename, surname and
birth date, say) come first. A pair that is the only such pair of both its units, and of
ample weight, is accepted, and other candidates of these units are not scored: they
could outweigh it no more often than it is wrong.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from linkage.config import Cardinality, single_sides
from linkage.engine import Engine, Table, columns
from linkage.match.thresholds import cardinality_adjustment
from linkage.model import BlockingRule, Model
from linkage.model.implied import equal_columns, under

AMPLE_WEIGHT = math.log2(
    1000
)  # bits, with the cardinality adjustment: at most one pre-matched pair in 1,000 is wrong  # noqa: E501

PREMATCHED = {
    "left_id": "bigint",
    "right_id": "bigint",
    "match_weight": "double",
    "rule": "integer",
}
"""Columns of pre-matched pairs."""


@dataclass(frozen=True)
class Prematch:
    """How pairs are pre-matched.

    Attributes:
        rule: the equalities of two blocking rules.
        number: place of the first blocking rule that makes the same pairs.
        least: match weight below which no pair is accepted.
    """

    rule: BlockingRule
    number: int
    cardinality: Cardinality
    least: float

    @property
    def single(self) -> list[str]:
        """The sides whose units hold one link."""
        return single_sides(self.cardinality)

    def of_pairs(
        self, engine: Engine, pairs: Table, left: Table, right: Table
    ) -> Table:
        """The pairs of the rule (left_id, right_id, match_weight, rule) that are
        accepted.

        Args:
            pairs: every pair that the rule makes.
            left, right: the units from which it makes them.
        """
        single = self.single
        units = engine.run_concurrently(
            *(functools.partial(_competing, engine, pairs, side) for side in single)
        )
        competing = {
            f"several_{side}": table for side, table in zip(single, units, strict=True)
        }
        no_competing_pair = "".join(
            f" and not exists (select 1 from {{several_{side}}} as c where c.{side}_id "
            f"= p.{side}_id)"
            for side in single
        )
        candidates = engine.sql(
            f"select p.* from {{pairs}} as p where match_weight >= "
            f"$least{no_competing_pair}",
            params={"least": self.least},
            pairs=pairs,
            store=True,
            **competing,
        )
        shares = [
            engine.count(candidates)
            / max(engine.count(left if side == "left" else right), 1)
            for side in single
        ]
        accepted_pairs = engine.sql(
            "select * from {likely} where match_weight >= $ample",
            params={
                "ample": max(AMPLE_WEIGHT - cardinality_adjustment(shares), self.least)
            },
            likely=candidates,
            store=True,
        )
        engine.drop(candidates, *competing.values())
        return accepted_pairs


def _competing(engine: Engine, pairs: Table, side: str) -> Table:
    """The units of a side with several pairs."""
    query = f"select {side}_id from {{pairs}} group by {side}_id having count(*) > 1"
    return engine.sql(query, pairs=pairs, store=True)


def prematch(
    model: Model, cardinality: Cardinality, least: float, more: float
) -> Prematch | None:
    """The equalities that hold for most matches and are of ample weight; None where no
    two rules do so.

    None too where both sides hold many links: a unit may then have further links.

    Args:
        least: match weight below which no pair is accepted.
        more: bits that the cardinality may add at most.
    """
    if cardinality == "many-to-many":
        return None
    plain = [
        (number, rule)
        for number, rule in enumerate(model.blocking_rules)
        if _is_plain(rule)
    ]
    choices = []
    for (first, one), (_, other) in itertools.combinations_with_replacement(plain, 2):
        rule = (
            one
            if one is other
            else BlockingRule(f"{one.condition} AND {other.condition}")
        )
        implied = [
            c.levels[0]
            for c in under(model, rule).fields
            if len(c.levels) == 1 and c.levels[0].value > 0
        ]
        if (
            model.prior_weight + sum(level.weight for level in implied) + more
            >= AMPLE_WEIGHT
        ):
            choices.append(
                (math.prod(level.m or 0.0 for level in implied), -first, rule)
            )
    if not choices:
        return None
    _, first, rule = max(choices, key=lambda choice: choice[:2])
    return Prematch(rule, -first, cardinality, least)


def _is_plain(rule: BlockingRule) -> bool:
    """Whether a rule consists of equalities only."""
    return not rule.explode and set(map(str.lower, rule.columns)) == equal_columns(rule)


def without(
    engine: Engine,
    units: Table,
    names: Sequence[str],
    prematched: Table,
    side: str,
    *,
    store: bool = True,
) -> Table:
    """Units of a side without a pre-matched pair, with the columns `names`."""
    return engine.sql(
        f"""
        select {columns(names, "u")}
        from {{units}} as u
        where not exists (select 1 from {{prematched}} as t
            where t.{side}_id = u.unit_id)
        """,
        units=units,
        prematched=prematched,
        store=store,
    )
