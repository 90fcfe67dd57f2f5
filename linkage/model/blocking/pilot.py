"""A pilot of blocking: a sample of the pairs that rules make, by which keys agree.

What a rule costs and what it adds to others depends on which keys agree together, of
pairs and of matches alike. Errors of fields are not independent (a record with a wrong
birth date more often lacks a postcode too), so that products of m tell it badly. The
pilot makes pairs of a part of the larger file with the other file, and counts them by
the keys that agree. The expected matches among them are the sum of their match
probabilities; of a sampled record only its best pair counts, since the others of its
household are no matches. A match that the model cannot tell from a non-match is none
here: to compare it would link nothing.

Pairs are sampled in two phases (Neyman, Journal of the American Statistical Association
33, 1938; Cochran, Sampling Techniques, 3rd edition 1977, chapters 5 and 12). In the
first they are sampled by strata: the pairs of one rule that no rule before it makes,
each stratum by a share of its own, so that the pairs of a broad rule do not crowd out
those of a precise one. In the second, of pairs that agree on so little that hardly one
of them matches, a part is scored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.engine import Engine, Table, quote
from linkage.model.blocking.keys import (
    Key,
    KeySet,
    agreeing_bits,
    bits_of,
    blocking_rule,
)
from linkage.model.compiled import rule_pairs, scored_pairs
from linkage.model.sampling import Side, below, pair_slot, sampled
from linkage.model.splink_json import Model

Floats = npt.NDArray[np.float64]

STRATUM_PAIRS = 60_000
"""Pairs of a rule in the first phase: a share of one in a thousand is then known to an
eighth of itself.
"""
SCORED_PAIRS = 5_000
"""Pairs that agree on the same keys, of one rule, that are scored in the second phase,
if most are non-matches.
"""
FEW_MATCHES = 0.1
"""Expected share of matches below which pairs that agree on the same keys are mostly
non-matches.
"""
LEAST_WHOLE_GAIN = 0.005
"""Expected share of the matches for which a rule looks through a whole large side."""
MOST_WHOLE_RULES = 5
LEAST_WEIGHT = -7.0
"""Match weight in bits below which a pair is no match that a step would link: a
probability of 1 in 128.
"""
MOST_MATCHED = 0.9
"""Share of a side: nearer to 1 the adjustment would depend on few units without a
match.
"""
PROBED_UNITS = 1_000_000
"""Units of the smaller side that are looked through by rules that add few matches."""


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


@dataclass(frozen=True)
class _Sides:
    """The two sides of the pilot: of the larger one a sample is drawn, the other is
    looked through, as a whole or a sample of it.
    """

    drawn: str  # "left" or "right"
    sample: Table  # of the drawn side
    share: float  # of the drawn side that the sample holds
    other: Table
    other_sample: Side

    @property
    def left(self) -> Table:
        """The left units of all pairs."""
        return self.sample if self.drawn == "left" else self.other

    @property
    def right(self) -> Table:
        """The right units of all pairs."""
        return self.other if self.drawn == "left" else self.sample


@dataclass(frozen=True)
class _Strata:
    """Rules in the order of the strata, and how each is sampled. Shares of the drawn
    side fall from rule to rule, and sampled rules follow those that look through the
    whole other side, so that a pair is found by the first rule that makes it if by any.
    """

    rules: list[KeySet]
    shares: Floats  # of the drawn side
    looked_through: Floats  # share of the other side

    @property
    def scales(self) -> Floats:
        """How many pairs a sampled pair stands for."""
        return 1 / (self.shares * self.looked_through)


def pilot_cases(
    engine: Engine,
    model: Model,
    keys: Sequence[Key],
    pairs_of_rules: Mapping[KeySet, float],
    expected: Cases,
    sides: Sequence[Side],
) -> Cases:
    """The pairs that some of the rules make, by the keys that agree.

    Args:
        pairs_of_rules: about how many pairs each rule makes of the whole files.
        expected: shares of the matches that agree on keys, if fields err independently.
        sides: left and right, with samples that have the columns of keys and model.
    """
    drawn = 0 if sides[0].units > sides[1].units else 1
    other = sides[1 - drawn]
    pilot = _Sides(
        drawn=("left", "right")[drawn],
        sample=sides[drawn].sample,
        share=sides[drawn].share,
        other=other.sample if other.share >= 1 else other.table,
        other_sample=_other_sample(engine, other, 1 - drawn),
    )
    strata = _strata(pairs_of_rules, expected, pilot)
    pairs = _made_pairs(engine, keys, strata, pilot)
    counts = _pair_counts(engine, pairs)
    all_matches = model.prior * sides[0].units * sides[1].units
    scored_shares = _scored_shares(counts, strata, expected, all_matches)
    frequencies = [_frequencies(engine, name, sides) for name in model.tf_columns]
    seen = [pilot.share, pilot.share]
    seen[drawn] = float(strata.looked_through.max(initial=0.0))
    matches = _match_counts(
        engine,
        model,
        pairs,
        counts,
        scored_shares,
        frequencies,
        pilot,
        _cardinality_bits(all_matches, [side.units for side in sides], seen),
    )
    engine.drop(pairs, *frequencies)
    if pilot.other_sample.share < 1:
        engine.drop(pilot.other_sample.sample)
    scales = strata.scales
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


def _other_sample(engine: Engine, side: Side, place: int) -> Side:
    """Of the side that is looked through at most about PROBED_UNITS."""
    if side.share >= 1:
        return side
    if side.units <= PROBED_UNITS:
        return Side(side.table, side.units, side.table, 1.0)
    return sampled(
        engine, side.table, side.sample.columns[2:], place, most=PROBED_UNITS, seed=7
    )


def _strata(
    pairs_of_rules: Mapping[KeySet, float], expected: Cases, sides: _Sides
) -> _Strata:
    """Rules that together reach most matches look through the whole other side: a
    sampled record then meets its own match, without which somebody of the same name
    would be taken for it. For the others a sample of it is enough.
    """
    ascending = sorted(pairs_of_rules, key=lambda rule: (pairs_of_rules[rule], rule))
    covers = {rule: expected.covered(rule) for rule in ascending}
    whole_rules: list[KeySet] = []
    is_reached = np.zeros(len(expected.matches), dtype=bool)
    while ascending and len(whole_rules) < MOST_WHOLE_RULES:
        gains = {
            rule: float(expected.matches[covers[rule] & ~is_reached].sum())
            for rule in ascending
        }
        best = max(ascending, key=lambda rule: gains[rule] / pairs_of_rules[rule])
        if gains[best] < LEAST_WHOLE_GAIN:
            break
        whole_rules.append(best)
        is_reached |= covers[best]
    rules = [rule for rule in ascending if rule in whole_rules]
    rules += [rule for rule in ascending if rule not in whole_rules]
    looked_through = np.where(
        np.arange(len(rules)) < len(whole_rules), 1.0, sides.other_sample.share
    )
    pairs = np.array([pairs_of_rules[rule] for rule in rules])
    shares = np.minimum(
        sides.share, STRATUM_PAIRS / np.maximum(pairs * looked_through, 1.0)
    )
    return _Strata(rules, np.minimum.accumulate(shares), looked_through)


def _made_pairs(
    engine: Engine, keys: Sequence[Key], strata: _Strata, sides: _Sides
) -> Table:
    """stratum, left_id, right_id, agreeing of the pairs of each stratum."""
    other = "right" if sides.drawn == "left" else "left"
    tables = {"other_whole": sides.other, "other_sample": sides.other_sample.sample}
    queries = []
    for place, rule in enumerate(strata.rules):
        part = f"drawn_{place}"
        tables[part] = engine.sql(
            f"select * from {{t}} where slot < {below(strata.shares[place])}",
            t=sides.sample,
        )
        is_whole = strata.looked_through[place] >= 1
        query = rule_pairs(blocking_rule([keys[key] for key in rule]), ())
        query = query.replace(f"{{{sides.drawn}}}", f"{{{part}}}").replace(
            f"{{{other}}}", "{other_whole}" if is_whole else "{other_sample}"
        )
        queries.append(
            f"select {place} as stratum, left_id, right_id from ({query}) as made"
        )
    made = "\nunion all\n".join(queries)
    tables |= {"all_left": sides.left, "all_right": sides.right}
    return engine.sql(
        f"""
        with made as ({made}),
        pairs as (
            select min(stratum) as stratum, left_id, right_id from made
            group by left_id, right_id
        )
        select p.stratum, p.left_id, p.right_id, {agreeing_bits(keys)} as agreeing
        from pairs as p
        join {{all_left}} as l on l.unit_id = p.left_id
        join {{all_right}} as r on r.unit_id = p.right_id
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
    pairs: Floats


def _pair_counts(engine: Engine, pairs: Table) -> _Counts:
    table = engine.arrow(
        engine.sql(
            """
            select stratum, agreeing, count(*) as pairs from {pairs}
            group by stratum, agreeing order by stratum, agreeing
            """,
            pairs=pairs,
        )
    )
    return _Counts(
        table["stratum"].to_numpy().astype(np.int64),
        table["agreeing"].to_numpy().astype(np.uint64),
        table["pairs"].to_numpy().astype(np.float64),
    )


def _scored_shares(
    counts: _Counts, strata: _Strata, expected: Cases, all_matches: float
) -> Floats:
    """Of the pairs of each stratum and set of agreeing keys, the share that is scored:
    all, or some of many non-matches.
    """
    by_bits = dict(zip(expected.agreeing.tolist(), expected.matches, strict=True))
    matches = all_matches * np.array(
        [by_bits.get(bits, 0.0) for bits in counts.agreeing.tolist()]
    )
    pairs = counts.pairs * strata.scales[counts.stratum]
    is_mostly_none = matches < FEW_MATCHES * pairs
    shares = np.minimum(SCORED_PAIRS / np.maximum(counts.pairs, 1.0), 1.0)
    return np.where(is_mostly_none, shares, 1.0)


def _cardinality_bits(
    matches: float, units: Sequence[int], seen: Sequence[float]
) -> float:
    """What one link a record adds to the prior, in bits: a pair without a better one
    competes with having no match (Sadinle, Journal of the American Statistical
    Association 112, 2017).

    Args:
        seen: of each side the share of the other side among which better pairs would
            be found.
    """
    matched = [
        min(matches / max(number, 1) * share, MOST_MATCHED)
        for number, share in zip(units, seen, strict=True)
    ]
    return float(-np.log2(1 - np.array(matched)).sum())


def _frequencies(engine: Engine, column: str, sides: Sequence[Side]) -> Table:
    """value, bits: log2 of the share of the sampled records that hold a value."""
    name = quote(column)
    return engine.sql(
        f"""
        with known as (
            select {name} as value from {{left}} where {name} is not null
            union all
            select {name} from {{right}} where {name} is not null
        ),
        counts as (select value, count(*) as units from known group by value),
        whole as (select greatest(count(*), 1) as units from known)
        select c.value, log2(cast(c.units as double) / w.units) as bits
        from counts as c cross join whole as w
        """,
        left=sides[0].sample,
        right=sides[1].sample,
        store=True,
    )


def _match_counts(
    engine: Engine,
    model: Model,
    pairs: Table,
    counts: _Counts,
    scored_shares: Floats,
    frequencies: Sequence[Table],
    sides: _Sides,
    cardinality_bits: float,
) -> _Counts:
    """Expected matches: of each sampled unit its best pair, by its probability."""
    slots = [below(share) for share in scored_shares]
    cells = engine.from_arrow(
        pa.table(
            {
                "stratum": counts.stratum,
                "agreeing": counts.agreeing.astype(np.int64),
                "slots": np.array(slots, dtype=np.int64),
            }
        )
    )
    chosen = f"""
        select p.* from {{pairs}} as p
        join {{cells}} as c on c.stratum = p.stratum and c.agreeing = p.agreeing
        where {pair_slot("p.left_id", "p.right_id")} < c.slots
        """
    scored = scored_pairs(
        model,
        _with_columns(model, chosen),
        LEAST_WEIGHT,
        carried=("stratum", "agreeing"),
    )
    unit = f"{sides.drawn}_id"
    tables = {f"frequencies_{place}": t for place, t in enumerate(frequencies)}
    tables |= {"pairs": pairs, "cells": cells, "left": sides.left, "right": sides.right}
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
            store=False,
            **tables,
        )
    )
    engine.drop(cells)
    stratum = table["stratum"].to_numpy().astype(np.int64)
    agreeing = table["agreeing"].to_numpy().astype(np.uint64)
    weights, equals, number = (
        table[name].to_numpy().astype(np.float64)
        for name in ("match_weight", "equals", "pairs")
    )
    share_of = dict(
        zip(
            zip(counts.stratum.tolist(), counts.agreeing.tolist(), strict=True),
            scored_shares,
            strict=True,
        )
    )
    shares = [
        share_of[cell] for cell in zip(stratum.tolist(), agreeing.tolist(), strict=True)
    ]
    odds = weights + cardinality_bits
    probabilities = 1 / (1 + np.exp2(-odds)) / equals
    return _Counts(stratum, agreeing, number * probabilities / np.array(shares))


def _with_columns(model: Model, pairs: str) -> str:
    """SQL of pairs with what the model's scorer reads of both sides."""
    columns, lookups = [], ""
    for name in model.compared:
        for side in "lr":
            columns.append(f"{side}.{quote(name)} as {quote(f'{name}_{side}')}")
    for place, name in enumerate(model.tf_columns):
        for side in "lr":
            table = f"frequencies_{place}_{side}"
            columns.append(f"{table}.bits as {quote(f'bits_{name}_{side}')}")
            lookups += (
                f"\nleft join {{frequencies_{place}}} as {table} "
                f"on {table}.value = {side}.{quote(name)}"
            )
    return f"""
        select p.stratum, p.left_id, p.right_id, p.agreeing, {", ".join(columns)}
        from ({pairs}) as p
        join {{left}} as l on l.unit_id = p.left_id
        join {{right}} as r on r.unit_id = p.right_id {lookups}
        """
