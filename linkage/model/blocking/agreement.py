"""On which keys matches agree: true pairs where truth is given, else pairs that a trained model holds for matches.

A set of keys is a number whose bits are the keys' places.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.engine import Engine, Table, rows
from linkage.model.blocking.candidates import Key
from linkage.model.blocking.counting import pairs_reached
from linkage.model.compiled import candidate_pairs, scored_pairs
from linkage.model.sampling import Side, drawn
from linkage.model.splink_json import BlockingRule, Model, from_dict
from linkage.model.training.counts.patterns import Layout
from linkage.model.training.counts.rules import agreements, training_rules

_MOST_UNITS = 200_000
_FLOOR = -4.0  # match weight of pairs that count, each by its probability; below, a thousand pairs make a few matches
_NEGLIGIBLE = 1e-7


@dataclass(frozen=True)
class Cases:
    """What matches show: sets of agreeing keys and the share of all matches that each has."""

    agreeing: npt.NDArray[np.uint64]
    shares: npt.NDArray[np.float64]
    matches: float  # that were looked at; a sum of probabilities where they are not known
    measured: bool

    def reached(self, rule: int) -> npt.NDArray[np.bool_]:
        """Which cases a rule (a set of keys) reaches."""
        found: npt.NDArray[np.bool_] = (self.agreeing & np.uint64(rule)) == np.uint64(rule)
        return found


def of_true_pairs(engine: Engine, keys: Sequence[Key], left: Table, right: Table, true_pairs: Table) -> Cases:
    """Cases as the true pairs (left_id, right_id) show them, with all that hangs together in them."""
    pairs = engine.sql(
        """
        select distinct p.left_id, p.right_id, cast(1 as double) as share
        from {pairs} as p
        join {left} as l on l.unit_id = p.left_id
        join {right} as r on r.unit_id = p.right_id
        """,
        pairs=true_pairs,
        left=left,
        right=right,
        store=True,
    )
    counted = _agreeing(engine, keys, left, right, pairs)
    engine.drop(pairs)
    whole = sum(counted.values())
    return Cases(
        np.array(list(counted), dtype=np.uint64), np.array(list(counted.values())) / max(whole, 1.0), whole, True
    )


def of_likely_matches(
    engine: Engine, keys: Sequence[Key], model: Model, left: Table, right: Table, *, seed: int
) -> Cases:
    """Cases as the model expects them: each field by itself, as seen where the pairs were found without it.

    The blocks are those that training learns from: each finds matches by a few columns, and shows how often the other
    fields of a match agree. Fields are taken to err independently.

    Raises:
        LeoError: no block makes enough pairs to learn from.
    """
    plain = _unadjusted(model)
    read = dict.fromkeys([*plain.columns, *(column for key in keys for column in key.rule.columns)])
    sides = drawn(engine, (left, right), list(read), most=_MOST_UNITS, seed=seed)
    layout = Layout(plain)
    blocks = training_rules(plain, agreements(engine, layout, sides), sides)
    shown = [(set(block.columns), _likely(engine, keys, plain, block.columns, sides)) for block in blocks]
    fields = {key.field: _bits(keys, key.field) for key in keys}
    agreeing, shares = np.zeros(1, dtype=np.uint64), np.ones(1)
    for field, bits in fields.items():
        free = [counted for read_by, counted in shown if field not in read_by] or [counted for _, counted in shown]
        states = _of_field(free, bits)
        agreeing = np.bitwise_or.outer(agreeing, np.array(list(states), dtype=np.uint64)).ravel()
        shares = np.outer(shares, np.array(list(states.values()))).ravel()
        agreeing, shares = agreeing[shares > _NEGLIGIBLE], shares[shares > _NEGLIGIBLE]
    engine.drop(*(side.sample for side in sides))
    seen = sum(sum(counted.values()) for _, counted in shown)
    return Cases(agreeing, shares, seen, False)


def _likely(
    engine: Engine, keys: Sequence[Key], model: Model, block: Sequence[str], sides: Sequence[Side]
) -> dict[int, float]:
    rule = BlockingRule(" AND ".join(f'l."{name}" = r."{name}"' for name in block))
    scored = scored_pairs(model, candidate_pairs(model, rule, ()), _FLOOR)
    pairs = engine.sql(
        f"""
        select left_id, right_id, 1 / (1 + pow(cast(2 as double), -match_weight)) as share
        from ({scored}) as scored
        where match_weight >= $floor
        """,
        params={"floor": _FLOOR},
        left=sides[0].sample,
        right=sides[1].sample,
        store=True,
    )
    counted = _agreeing(engine, keys, sides[0].sample, sides[1].sample, pairs)
    engine.drop(pairs)
    return counted


def _agreeing(engine: Engine, keys: Sequence[Key], left: Table, right: Table, pairs: Table) -> dict[int, float]:
    """Sets of keys that agree, and the sum of `share` of the pairs that show just these."""
    bits = "\nunion all\n".join(
        f"select left_id, right_id, cast({1 << place} as bigint) as bit from ({pairs_reached(key.rule)}) as of_{place}"
        for place, key in enumerate(keys)
    )
    found = engine.sql(
        f"""
        with bits as ({bits}),
        agreed as (select left_id, right_id, cast(sum(bit) as bigint) as keys from bits group by left_id, right_id)
        select coalesce(a.keys, 0) as keys, sum(p.share) as share
        from {{pairs}} as p
        left join agreed as a on a.left_id = p.left_id and a.right_id = p.right_id
        group by coalesce(a.keys, 0)
        """,
        params=None,
        store=False,
        left=left,
        right=right,
        pairs=pairs,
    )
    return {int(row["keys"]): float(row["share"]) for row in sorted(rows(engine, found), key=lambda row: row["keys"])}


def _of_field(shown: Sequence[Mapping[int, float]], bits: int) -> dict[int, float]:
    states: dict[int, float] = {}
    for counted in shown:
        for agreeing, share in counted.items():
            states[agreeing & bits] = states.get(agreeing & bits, 0.0) + share
    whole = sum(states.values())
    return {state: share / whole for state, share in states.items()} if whole else {0: 1.0}


def _bits(keys: Sequence[Key], field: str) -> int:
    return sum(1 << place for place, key in enumerate(keys) if key.field == field)


def _unadjusted(model: Model) -> Model:
    """The model without term frequencies: whether two people agree on a rare or a common name is beside the point."""
    raw = deepcopy(model.raw)
    for comparison in raw["comparisons"]:
        for level in comparison["comparison_levels"]:
            level.pop("tf_adjustment_column", None)
    return from_dict(raw)
