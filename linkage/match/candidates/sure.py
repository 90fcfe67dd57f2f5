"""Pairs so sure that nobody looks for rivals of them: most links, at a fraction of the cost of the others.

Most pairs that a blocking rule makes are of people whose right partner agrees with them in nearly all. Where only the
links are asked for, pairs that agree on the columns of two rules at once (forename, surname and birth date, say) come
first. One that is the only such pair of both its units, and of which the model is sure, is taken; its units are in no
rule's way after that, but for one that may hold more partners. The pairs that are left out are those that such a unit
makes with others: they could outweigh it no more often than it is wrong.
"""

import functools
import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from linkage.config import Cardinality, single_sides
from linkage.engine import Engine, Table, columns
from linkage.match.candidates.coverage import gain
from linkage.model import BlockingRule, Model
from linkage.model.implied import equal_columns, under

_SURE = math.log2(1000)
"""Bits of a sure pair, those that the cardinality adds counted in: it is wrong once in a thousand at most."""


@dataclass(frozen=True)
class Taking:
    """How sure pairs are found: a rule of two rules' equalities, and the place of the first that makes its pairs.

    Attributes:
        least: match weight below which a pair is not taken, whatever the cardinality adds.
    """

    rule: BlockingRule
    number: int
    cardinality: Cardinality
    least: float

    @property
    def single(self) -> list[str]:
        """The sides whose units hold one partner; where both hold many nothing is taken."""
        return single_sides(self.cardinality)

    def sure_pairs(self, engine: Engine, pairs: Table, left: Table, right: Table) -> Table:
        """Those of the rule's pairs that are taken.

        Args:
            pairs: left_id, right_id, match_weight and others; every pair of the rule that could be a rival.
            left, right: units among whom the rule made its pairs.

        Returns:
            The rows of `pairs` that are taken: each unit that holds one partner is in one of them at most.
        """
        single = self.single
        several = engine.run_concurrently(*(functools.partial(_contested, engine, pairs, side) for side in single))
        contested = {f"contested_{side}": table for side, table in zip(single, several, strict=True)}
        alone = "".join(
            f" and not exists (select 1 from {{contested_{side}}} as c where c.{side}_id = p.{side}_id)"
            for side in single
        )
        likely = engine.sql(
            f"select p.* from {{pairs}} as p where match_weight >= $least{alone}",
            params={"least": self.least},
            pairs=pairs,
            store=True,
            **contested,
        )
        # What is taken for sure is a part of what is matched, so the gain is not overrated.
        sizes = {"left": engine.count(left), "right": engine.count(right)}
        added = gain(engine.count(likely) / max(sizes[side], 1) for side in single)
        taken = engine.sql(
            "select * from {likely} where match_weight >= $sure",
            params={"sure": max(_SURE - added, self.least)},
            likely=likely,
            store=True,
        )
        engine.drop(likely, *contested.values())
        return taken


def _contested(engine: Engine, pairs: Table, side: str) -> Table:
    query = f"select {side}_id from {{pairs}} group by {side}_id having count(*) > 1"
    return engine.sql(query, pairs=pairs, store=True)


def taking(model: Model, cardinality: Cardinality, least: float, more: float, among: Collection[str]) -> Taking | None:
    """The equalities that tell most matches, and tell them surely; None where no two rules together do.

    None too where both sides hold many: no unit is done with then, and rules would make the same pairs again.

    Args:
        least: match weight below which a pair is not taken.
        more: bits that the cardinality may add at most.
        among: columns that must be among them.
    """
    if cardinality == "many-to-many":
        return None
    plain = [(number, rule) for number, rule in enumerate(model.blocking_rules) if _is_plain(rule)]
    found = []
    for (first, one), (_, other) in itertools.combinations_with_replacement(plain, 2):
        rule = one if one is other else BlockingRule(f"{one.condition} AND {other.condition}")
        if not {column.lower() for column in among} <= equal_columns(rule):
            continue
        told = [c.levels[0] for c in under(model, rule).fields if len(c.levels) == 1 and c.levels[0].value > 0]
        if model.prior_weight + sum(level.weight for level in told) + more >= _SURE:
            found.append((math.prod(level.m or 0.0 for level in told), -first, rule))
    if not found:
        return None
    _, first, rule = max(found, key=lambda choice: choice[:2])
    return Taking(rule, -first, cardinality, least)


def _is_plain(rule: BlockingRule) -> bool:
    """Whether a rule asks for nothing but equal values."""
    return not rule.explode and set(map(str.lower, rule.columns)) == equal_columns(rule)


def without(
    engine: Engine, units: Table, names: Sequence[str], taken: Table, side: str, *, store: bool = True
) -> Table:
    """Units of a side, with the columns named, that no taken pair holds."""
    return engine.sql(
        f"""
        select {columns(names, "u")}
        from {{units}} as u
        where not exists (select 1 from {{taken}} as t where t.{side}_id = u.unit_id)
        """,
        units=units,
        taken=taken,
        store=store,
    )
