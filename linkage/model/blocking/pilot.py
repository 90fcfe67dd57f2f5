"""A pilot of blocking: a sample of the pairs that rules make, by which keys agree.

What a rule costs and what it adds to others depends on which keys agree together, of
pairs and of matches alike. Errors of fields are not independent (a record with a wrong
birth date more often lacks a postcode too), so that products of m tell it badly. The
pilot makes pairs of a part of the larger file with the other file, compares them, and
counts them by the keys that agree. The expected matches among them are the sum of
their match probabilities: of an agreement pattern, that of the model without term
frequencies, as in EM.

Pairs are sampled by strata (Cochran, Sampling Techniques, 3rd edition 1977, chapter 5).
A stratum is the pairs of one rule that no rule before it makes, and each is sampled by
a share of its own, so that the pairs of a broad rule do not crowd out those of a
precise one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from linkage.engine import Engine, Table, quote
from linkage.model.blocking.keys import (
    Key,
    KeySet,
    agreeing_bits,
    bits_of,
    blocking_rule,
)
from linkage.model.compiled import rule_pairs, scored_pairs
from linkage.model.sampling import Side, below, sampled
from linkage.model.splink_json import Model, from_dict

Floats = npt.NDArray[np.float64]

STRATUM_PAIRS = 30_000
"""Pairs of a rule that are compared: a share of one in a hundred is then known to a
twentieth of itself.
"""
LEAST_WEIGHT = -7.0
"""Match weight in bits below which a pair is no match that a step would link: a
probability of 1 in 128.
"""
PROBED_UNITS = 1_000_000
"""Units of the smaller side that are looked through for partners of the sample."""


@dataclass(frozen=True)
class Cases:
    """Sets of agreeing keys, with the pairs and the matches of the whole files that
    agree on just these.
    """

    agreeing: npt.NDArray[np.uint64]  # bits, by the places of the keys
    pairs: Floats
    matches: Floats

    @classmethod
    def united(cls, *parts: "Cases") -> "Cases":
        """The cases of several parts, those of the same keys added up."""
        agreeing, place = np.unique(
            np.concatenate([part.agreeing for part in parts]), return_inverse=True
        )

        def added_up(counts: list[Floats]) -> Floats:
            return np.bincount(place, np.concatenate(counts)).astype(np.float64)

        return cls(
            agreeing,
            added_up([part.pairs for part in parts]),
            added_up([part.matches for part in parts]),
        )

    def covered(self, rule: KeySet) -> npt.NDArray[np.bool_]:
        """Which cases a rule, a set of keys, makes."""
        bits = bits_of(rule)
        mask: npt.NDArray[np.bool_] = (self.agreeing & bits) == bits
        return mask


def pilot_cases(
    engine: Engine,
    model: Model,
    keys: Sequence[Key],
    strata: Mapping[KeySet, float],
    sides: Sequence[Side],
) -> Cases:
    """The pairs that some of the rules make, by the keys that agree.

    Args:
        strata: rules, and about how many pairs each makes of the whole files.
        sides: left and right, with samples that have the columns of keys and model.
    """
    rules = sorted(strata, key=lambda rule: (strata[rule], rule))
    drawn = 0 if sides[0].units > sides[1].units else 1
    other = _other_side(engine, sides[1 - drawn], 1 - drawn)
    shares = [
        min(
            sides[drawn].share,
            STRATUM_PAIRS / max(strata[rule] * other.share, 1.0),
        )
        for rule in rules
    ]
    tables = [sides[drawn].sample, other.sample]
    pairs = _made_pairs(
        engine,
        [rule_pairs(blocking_rule([keys[place] for place in r]), ()) for r in rules],
        shares,
        tables if drawn == 0 else tables[::-1],
        drawn,
    )
    compared = _compared_pairs(
        engine, model, keys, pairs, *(tables if drawn == 0 else tables[::-1])
    )
    scales = 1 / (np.array(shares) * other.share)
    counts = _pair_counts(engine, compared)
    matches = _match_counts(engine, model, compared, ("left_id", "right_id")[drawn])
    engine.drop(pairs, compared)
    if other.sample not in (sides[1 - drawn].sample, sides[1 - drawn].table):
        engine.drop(other.sample)
    return Cases.united(
        Cases(
            counts.agreeing,
            counts.pairs * scales[counts.stratum],
            np.zeros(len(counts.pairs)),
        ),
        Cases(
            matches.agreeing,
            np.zeros(len(matches.pairs)),
            matches.pairs * scales[matches.stratum],
        ),
    )


def _other_side(engine: Engine, side: Side, place: int) -> Side:
    """The side that is looked through: its sample where that is all of it, else more of
    it than its sample.
    """
    if side.share >= 1:
        return side
    if side.units <= PROBED_UNITS:
        return Side(side.table, side.units, side.table, 1.0)
    return sampled(
        engine, side.table, side.sample.columns[2:], place, most=PROBED_UNITS, seed=7
    )


def _made_pairs(
    engine: Engine,
    queries: Sequence[str],
    shares: Sequence[float],
    sides: Sequence[Table],
    drawn: int,
) -> Table:
    """stratum, left_id, right_id of the pairs that each rule makes of its share of one
    side's sample.
    """
    names = ("left", "right")
    tables = {names[1 - drawn]: sides[1 - drawn]}
    parts = []
    for place, (query, share) in enumerate(zip(queries, shares, strict=True)):
        part = f"{names[drawn]}_{place}"
        tables[part] = engine.sql(
            f"select * from {{t}} where slot < {below(share)}", t=sides[drawn]
        )
        made = query.replace(f"{{{names[drawn]}}}", f"{{{part}}}")
        parts.append(
            f"select {place} as stratum, left_id, right_id from ({made}) as made"
        )
    made = "\nunion all\n".join(parts)
    return engine.sql(
        f"""
        select min(stratum) as stratum, left_id, right_id from ({made}) as made
        group by left_id, right_id
        """,
        params=None,
        store=True,
        **tables,
    )


@dataclass(frozen=True)
class _Counts:
    """Pairs, or expected matches, by stratum and agreeing keys."""

    stratum: npt.NDArray[np.int64]
    agreeing: npt.NDArray[np.uint64]
    pairs: npt.NDArray[np.float64]


def _compared_pairs(
    engine: Engine,
    model: Model,
    keys: Sequence[Key],
    pairs: Table,
    left: Table,
    right: Table,
) -> Table:
    """The pairs with their agreeing keys, and the model's columns of both sides."""
    compared = ", ".join(
        f"{side}.{quote(name)} as {quote(f'{name}_{side}')}"
        for name in model.compared
        for side in "lr"
    )
    return engine.sql(
        f"""
        select p.stratum, p.left_id, p.right_id, {agreeing_bits(keys)} as agreeing,
            {compared}
        from {{pairs}} as p
        join {{left}} as l on l.unit_id = p.left_id
        join {{right}} as r on r.unit_id = p.right_id
        """,
        params=None,
        store=True,
        pairs=pairs,
        left=left,
        right=right,
    )


def _pair_counts(engine: Engine, compared: Table) -> _Counts:
    table = engine.arrow(
        engine.sql(
            """
            select stratum, agreeing, count(*) as pairs from {compared}
            group by stratum, agreeing order by stratum, agreeing
            """,
            compared=compared,
        )
    )
    return _Counts(
        table["stratum"].to_numpy().astype(np.int64),
        table["agreeing"].to_numpy().astype(np.uint64),
        table["pairs"].to_numpy().astype(np.float64),
    )


def _match_counts(engine: Engine, model: Model, compared: Table, unit: str) -> _Counts:
    """Expected matches: of each sampled unit its best pair, by its probability."""
    scored = scored_pairs(
        without_term_frequencies(model),
        "select * from {compared}",
        LEAST_WEIGHT,
        carried=("stratum", "agreeing"),
    )
    table = engine.arrow(
        engine.sql(
            f"""
            with scored as ({scored}),
            ranked as (
                select *, max(match_weight) over (partition by {unit}) as best,
                    count(*) over (partition by {unit}, match_weight) as equals
                from scored
            )
            select stratum, agreeing, match_weight, equals, count(*) as pairs
            from ranked where match_weight = best
            group by stratum, agreeing, match_weight, equals
            order by stratum, agreeing, match_weight, equals
            """,
            params=None,
            compared=compared,
        )
    )
    columns = {name: table[name].to_numpy() for name in table.column_names}
    probabilities = expit(columns["match_weight"] * np.log(2)) / columns["equals"]
    return _Counts(
        columns["stratum"].astype(np.int64),
        columns["agreeing"].astype(np.uint64),
        columns["pairs"] * probabilities,
    )


def without_term_frequencies(model: Model) -> Model:
    """The model without adjustments by how common a value is."""
    comparisons = [
        {
            **comparison,
            "comparison_levels": [
                {name: value for name, value in level.items() if "tf_" not in name}
                for level in comparison["comparison_levels"]
            ],
        }
        for comparison in model.raw["comparisons"]
    ]
    return from_dict({**model.raw, "comparisons": comparisons})
