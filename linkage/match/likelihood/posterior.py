"""How likely each pair of a step is one person, given its rivals: the posterior under the step's cardinality.

A match weight speaks of a pair alone. Where a unit has one partner at most, what speaks for one candidate speaks
against the others, and against those who want that candidate: a pair's probability is its share in all matchings of
the units around it (linkage.match.likelihood.matchings). Rivals that are two records of one person do not stand against
each other; they are taken together, and each is as likely as both.
"""

import functools
from collections.abc import Collection

import numpy as np
import pyarrow as pa

from linkage.config import Cardinality, Step, holds_many, single_sides
from linkage.engine import Engine, Table, by_component, empty, run_concurrently_if_small
from linkage.match.candidates.score import Frequencies
from linkage.match.likelihood.matchings import Ids, Numbers, Pairs, numbered, probabilities
from linkage.match.resolution.resolve import Thresholds
from linkage.match.resolution.rounds import ODDS, odds_of, sums_of
from linkage.match.resolution.same_people import nobody, same_people, whole
from linkage.model import Model


def with_apart(engine: Engine, likely: Table, apart: Table, doubted: Table | None = None) -> Table:
    """Contested pairs, as `posterior` returns them but for their weight, and pairs that are two people.

    Args:
        doubted: left_id, right_id, match_probability of pairs that may be.
    """
    found = engine.sql(
        """
        select left_id, right_id, match_probability, left_person, right_person from {likely}
        union all
        select left_id, right_id, cast(0 as double) as match_probability,
               left_id as left_person, right_id as right_person
        from {apart}
        """,
        likely=likely,
        apart=apart,
    )
    if not doubted:
        return found
    return engine.sql(
        """
        select * from {found}
        union all
        select left_id, right_id, match_probability, left_id as left_person, right_id as right_person from {doubted}
        """,
        found=found,
        doubted=doubted,
    )


def of_possible(
    engine: Engine,
    step: Step,
    model: Model,
    pairs: Table,
    still_open: tuple[Table, Table],
    frequencies: Frequencies,
    thresholds: Thresholds,
) -> Table:
    """The `posterior` of a step's pairs, two records of one person not being rivals, where a side may hold any.

    Args:
        pairs: left_id, right_id, match_weight, left_odds, right_odds, as a race has its rivals: none are two people.
        still_open: units of the left and of the right that the pairs are of, with the model's columns.
    """
    summed = step.duplicates != "join"  # else other pairs come to them
    if engine.count(pairs) == 0:  # nobody has a rival
        return posterior(engine, pairs, step.cardinality, thresholds.gain, summed=summed)
    asked = {
        side: functools.partial(same_people, engine, model, pairs, side, units, frequencies, thresholds.accept)
        for side, chooser, units in zip(("left", "right"), ("right", "left"), still_open, strict=True)
        if not holds_many(step.cardinality, chooser) and not step.each_once
    }
    same = dict(zip(asked, run_concurrently_if_small(engine, *asked.values()), strict=True))
    return posterior(engine, pairs, step.cardinality, thresholds.gain, same, summed=summed)


def posterior(
    engine: Engine,
    pairs: Table,
    cardinality: Cardinality,
    gain: float,
    same: dict[str, Table] | None = None,
    *,
    summed: bool = False,
) -> Table:
    """The probability of each contested pair; one without a rival has what its weight says.

    Args:
        pairs: left_id, right_id, match_weight; a pair once. Where they come with left_odds and right_odds, as a race
            has its rivals, they are contested and their units' odds are added up already.
        gain: bits that the cardinality adds to a weight.
        same: by side: unit_id, same_as, as `same_people` finds them.
        summed: whether `sums_of` their units are asked for too.

    Returns:
        left_id, right_id, match_probability, left_person, right_person (the smallest unit of the same person) and
        match_weight of pairs of which a unit that holds one link has others.
    """
    single = single_sides(cardinality)
    if not single or engine.count(pairs) == 0:
        return empty(engine, _COLUMNS | (dict.fromkeys(("of_left", "of_right"), "double") if summed else {}))
    added_up = all(f"{side}_odds" in pairs.columns for side in single)
    weighed = engine.sql(_weighed(single, added_up), params={"gain": gain}, pairs=pairs, store=not added_up)
    records = {f"same_{side}": (same or {}).get(side) or nobody(engine) for side in ("left", "right")}
    sure = engine.sql(_SURE, params={"doubt": DOUBT}, weighed=weighed, store=True, **records)
    likely = _in_doubt(engine, weighed, sure, single, gain, records)
    told = f"select *{sums_of(cardinality)} from ({_LIKELY}) as likely" if summed else _LIKELY
    found = engine.sql(told, params={"doubt": DOUBT}, weighed=weighed, likely=likely, store=True, **records)
    engine.drop(weighed, sure, likely)
    return found


DOUBT = 1e-2
"""A pair is sure when all matchings without it together are no likelier than this, beside those with it."""

_COLUMNS = {"left_id": "bigint", "right_id": "bigint", "match_probability": "double", "left_person": "bigint",
            "right_person": "bigint", "match_weight": "double"}  # fmt: skip


def _weighed(single: list[str], added_up: bool) -> str:
    """Pairs with rivals: their odds, and those of the rivals on each side that holds one link.

    Args:
        added_up: whether the pairs, all of which have rivals, come with the odds of all pairs of their units.
    """
    sums = [f"{s}_odds" if added_up else odds_of(s) for s in single]
    counts = [] if added_up else [f"count(*) over (partition by {s}_id) as pairs_{s}" for s in single]
    contested = "true" if added_up else " or ".join(f"pairs_{s} > 1" for s in single)
    rivals = ", ".join(
        f"greatest({s}_odds * exp(ln(2) * $gain) - odds, 0e0) as {s}_rivals" if s in single else f"0e0 as {s}_rivals"
        for s in ("left", "right")
    )
    return f"""
        with beside as (
            select left_id, right_id, match_weight, {ODDS} * exp(ln(2) * $gain) as odds, {", ".join([*sums, *counts])}
            from {{pairs}}
        )
        select left_id, right_id, match_weight, odds, {rivals}
        from beside
        where {contested}
        """


# With S the odds of all matchings of the other units, those with the pair weigh odds * S, and those without it at most
# (1 + rivals on the left) * (1 + rivals on the right) * S. Two records of one person are no rivals: they are looked at.
_WITHOUT = "(1 + w.left_rivals) * (1 + w.right_rivals)"
_SURE = f"""
    select w.left_id, w.right_id
    from {{weighed}} as w
    where {_WITHOUT} <= $doubt * w.odds
      and not exists (select 1 from {{same_left}} as l where l.unit_id = w.left_id)
      and not exists (select 1 from {{same_right}} as r where r.unit_id = w.right_id)
    """

# What is neither sure nor in doubt stands against a sure pair: its share beside its rivals bounds it, and is small.
_LIKELY = f"""
    select w.left_id, w.right_id,
           coalesce(d.match_probability,
                    case when {_WITHOUT} <= $doubt * w.odds and l.unit_id is null and r.unit_id is null
                         then w.odds / (w.odds + {_WITHOUT})
                         else w.odds / (1 + w.odds + greatest(w.left_rivals, w.right_rivals)) end) as match_probability,
           coalesce(l.same_as, w.left_id) as left_person, coalesce(r.same_as, w.right_id) as right_person,
           w.match_weight
    from {{weighed}} as w
    left join {{likely}} as d on d.left_id = w.left_id and d.right_id = w.right_id
    left join {{same_left}} as l on l.unit_id = w.left_id
    left join {{same_right}} as r on r.unit_id = w.right_id
    """


def _in_doubt(
    engine: Engine, weighed: Table, sure: Table, single: list[str], gain: float, records: dict[str, Table]
) -> Table:
    """The probability of the pairs none of whose units is in a sure pair, each component of them taken whole."""
    free = " and ".join(f"not exists (select 1 from {{sure}} as s where s.{side}_id = w.{side}_id)" for side in single)
    found = engine.sql(
        f"""
        select w.left_id, w.right_id, w.match_weight,
               coalesce(l.same_as, w.left_id) as left_person, coalesce(r.same_as, w.right_id) as right_person
        from {{weighed}} as w
        left join {{same_left}} as l on l.unit_id = w.left_id
        left join {{same_right}} as r on r.unit_id = w.right_id
        where {free}
        """,
        params=None,
        store=False,
        weighed=weighed,
        sure=sure,
        **records,
    )
    kinds = {name: _COLUMNS[name] for name in ("left_id", "right_id", "match_probability")}
    between = functools.partial(_between, single=single, gain=gain)
    return by_component(engine, found, between, kinds, ends=[f"{side}_person" for side in single])


def _between(pairs: pa.Table, single: Collection[str], gain: float) -> pa.Table:
    """left_id, right_id, match_probability of all pairs in doubt of some components."""
    # Who holds many links is a unit of its own for each of its pairs.
    left, right = (
        whole(pairs, f"{side}_person") if side in single else np.arange(len(pairs)) for side in ("left", "right")
    )
    likely = between_people(left, right, pairs["match_weight"].to_numpy().astype(np.float64) + gain)
    return pa.table({"left_id": pairs["left_id"], "right_id": pairs["right_id"], "match_probability": likely})


def between_people(left: Ids, right: Ids, weight: Numbers) -> Numbers:
    """The probability of each pair, where several records of the same two people count as the heaviest of them."""
    _, place = np.unique(np.stack([left, right]), axis=1, return_inverse=True)
    place = place.reshape(-1)
    heaviest = np.full(int(place.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(heaviest, place, weight)
    first = np.unique(place, return_index=True)[1]
    pairs = Pairs(numbered(left[first]), numbered(right[first]), heaviest)
    return probabilities(pairs)[place]
