"""Resolve: the posterior probability of each scored pair under the step's cardinality, and the decision by it.

A match weight speaks of one pair. Where a unit holds one link, the evidence for one candidate is evidence against the
others: a pair's posterior is its share in all matchings of the units around it (linkage.match.matchings). It is computed
once, and it is what the decision compares: accepted from `accept_probability` on, to review from `review_probability`
on. A pair's decision does not depend on which other pairs were accepted.

Pairs of a pass stand; the model is asked about the units that they leave. Duplicate records of one person (`persons`)
do not compete: the posterior is that of the person, of whom each record has its share.
"""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.config import OTHER_SIDE, Step, single_sides
from linkage.engine import Engine, Table, by_component, empty, one
from linkage.match.matchings import Pairs, numbered, probabilities
from linkage.match.passes import OVERRIDE
from linkage.match.thresholds import Thresholds, cardinality_adjustment

UNRESOLVED = "unresolved"  # likely by itself, but another candidate is as likely
LOST = "linked to a higher-scoring record"
BELOW = "below threshold"
CAPPED = "cardinality limit reached"
DISAGREES = "the model disagrees"
LINKED_BEFORE = "linked in the last release"
DUPLICATE = "duplicate record of a linked person"

DECIMALS = 9
"""Decimals of a weight by which two differ: engines add up a weight in an order of their own."""
_MOST_BITS = 200  # bits; 2^200 leaves room for sums of odds in a DOUBLE
_NEGLIGIBLE = 1e-2
"""Odds of all matchings without a pair, against those with it, below which its units leave the exact sum. Its posterior
is then known to a hundredth of its distance from 1."""


def heaviest_first(weight: str = "match_weight") -> str:
    """SQL of the order of a unit's pairs, before their ids."""
    return f"round({weight}, {DECIMALS}) desc"


@dataclass(frozen=True)
class Resolved:
    """What was decided of scored pairs.

    Attributes:
        pairs: left_id, right_id, match_probability, runner_up_weight, decision (accepted, review, rejected), reason.
        persons: left_id, right_id, left_person, right_person: the persons of each pair; None where each unit is one.
    """

    pairs: Table
    persons: Table | None
    thresholds: Thresholds


def resolve(
    engine: Engine,
    step: Step,
    pairs: Table,
    sizes: Mapping[str, int],
    *,
    last_release: Table | None = None,
    persons: Mapping[str, Table] | None = None,
    doubted: Table | None = None,
    prematched: int = 0,
) -> Resolved:
    """Decide each scored pair.

    Args:
        pairs: left_id, right_id, method, match_weight; a pair once.
        sizes: how many units each side has.
        last_release: left_id, right_id of units that were one person in the last release.
        persons: by side, duplicates: unit_id, person_id (of the unit that stands for the person), probability.
        doubted: left_id, right_id, probability of pairs whose unit may be a duplicate of the other's partner.
        prematched: further pairs that are accepted already, of other units.
    """
    single = single_sides(step.cardinality)
    of_persons = _of_persons(engine, pairs, persons or {})
    engaged = {side: _engaged(engine, of_persons, side) for side in single}
    free = " and ".join(
        ["method = 'probabilistic'"]
        + [f"not exists (select 1 from {{{s}}} as c where c.person_id = p.{s}_person)" for s in single]
    )
    ranked = engine.sql(_ranked(single, free), params=None, store=True, pairs=of_persons, **engaged)
    adjustment = _gain(engine, single, ranked, of_persons, sizes, prematched)
    thresholds = Thresholds.of(step, last_release=last_release is not None, adjustment=adjustment)
    likely = _posterior(engine, ranked, single, adjustment)
    params = {
        "accept": step.accept_probability,
        "review": min(step.review_probability, step.accept_probability),
        "keep": min(step.keep_probability, step.accept_probability),
    }
    decided = engine.sql(
        _decided(single, has_release=last_release is not None, some_doubted=doubted is not None),
        params={**params, "adjustment": adjustment},
        pairs=of_persons,
        likely=likely,
        store=True,
        **engaged,
        **({"last_release": last_release} if last_release else {}),
        **({"doubted": doubted} if doubted else {}),
    )
    found = engine.sql(
        _with_reasons(single),
        params={"accept": params["accept"], "review": params["review"]},
        decided=decided,
        store=True,
    )
    engine.drop(ranked, likely, decided, *engaged.values())
    return Resolved(found, of_persons if persons else None, thresholds)


def _of_persons(engine: Engine, pairs: Table, persons: Mapping[str, Table]) -> Table:
    """Pairs with the person of either unit and, of a duplicate, how likely it is that person's."""
    if not persons:
        return engine.sql(
            """
            select left_id, right_id, method, match_weight, left_id as left_person, right_id as right_person,
                   1e0 as same_person
            from {pairs}
            """,
            pairs=pairs,
        )
    joins = "".join(f"left join {{of_{s}}} as of_{s} on of_{s}.unit_id = p.{s}_id\n" for s in persons)
    named = ", ".join(
        f"coalesce(of_{s}.person_id, p.{s}_id) as {s}_person" if s in persons else f"p.{s}_id as {s}_person"
        for s in ("left", "right")
    )
    sure = " * ".join(f"coalesce(of_{s}.probability, 1e0)" for s in persons)
    return engine.sql(
        f"""
        select p.left_id, p.right_id, p.method, p.match_weight, {named}, {sure} as same_person
        from {{pairs}} as p
        {joins}
        """,
        params=None,
        store=True,
        pairs=pairs,
        **{f"of_{side}": table for side, table in persons.items()},
    )


def _engaged(engine: Engine, pairs: Table, side: str) -> Table:
    """person_id, partner_id, match_weight of the persons of a side that a pass has linked."""
    return engine.sql(
        f"""
        select {side}_person as person_id, min({OTHER_SIDE[side]}_person) as partner_id,
               max(case when method = '{OVERRIDE}' then {_MOST_BITS}e0 else match_weight end) as match_weight
        from {{pairs}}
        where method <> 'probabilistic'
        group by {side}_person
        """,
        pairs=pairs,
        store=True,
    )


def _ranked(single: Collection[str], free: str) -> str:
    """SQL of the pairs of persons whom no pass has linked.

    Returns:
        left_person, right_person, match_weight (of the heaviest of their records), runner_up_weight (best competing
        pair), is_best (of both units), is_alone (nothing competes), left_odds, right_odds (sum of 2^weight over the
        pairs of the person, of sides that hold one link).
    """
    free_pairs = f"""
        free as (
            select left_person, right_person, max(match_weight) as match_weight
            from {{pairs}} as p
            where {free}
            group by left_person, right_person
        )"""
    columns = "left_person, right_person, match_weight"
    if not single:
        nothing = "cast(null as double) as runner_up_weight, true as is_best, true as is_alone"
        return f"with {free_pairs}\nselect {columns}, {nothing} from free"
    weight = f"round(match_weight, {DECIMALS})"
    totals, bests, joins, best_joins, runner_up = [], [], [], [], []
    for s in single:
        totals.append(f"""
        of_{s} as (
            select {s}_person, count(*) as {s}_pairs, max({weight}) as {s}_top, sum({_ODDS}) as {s}_odds
            from free
            group by {s}_person
        )""")
        joins.append(f"join of_{s} on of_{s}.{s}_person = f.{s}_person")
        is_top, partner = f"{weight} = {s}_top", f"{OTHER_SIDE[s]}_person"
        bests.append(f"""
        best_{s} as (
            select {s}_person, min(case when {is_top} then {partner} end) as {s}_partner,
                   case when count(case when {is_top} then 1 end) > 1 then max({s}_top)
                        else max(case when {weight} < {s}_top then match_weight end) end as {s}_next
            from competing
            group by {s}_person
        )""")
        best_joins.append(f"join best_{s} on best_{s}.{s}_person = c.{s}_person")
        runner_up.append(f"case when {s}_partner = c.{partner} then {s}_next else {s}_top end")
    nothing_competes = " and ".join(f"{s}_pairs = 1" for s in single)
    odds = ", ".join(f"{s}_odds" for s in single)
    # Most pairs compete with none: only the others are ranked.
    return f"""
        with {free_pairs}, {", ".join(totals)},
        with_totals as (
            select f.*, {", ".join(f"{s}_pairs, {s}_top, {s}_odds" for s in single)} from free as f {" ".join(joins)}
        ),
        competing as (select * from with_totals where not ({nothing_competes})), {", ".join(bests)}
        select c.left_person, c.right_person, match_weight,
               {runner_up[0] if len(single) == 1 else f"greatest({', '.join(runner_up)})"} as runner_up_weight,
               {" and ".join(f"{s}_partner = c.{OTHER_SIDE[s]}_person" for s in single)} as is_best, false as is_alone,
               {odds}
        from competing as c {" ".join(best_joins)}
        union all
        select {columns}, cast(null as double) as runner_up_weight, true as is_best, true as is_alone, {odds}
        from with_totals
        where {nothing_competes}
        """


_ODDS = f"exp(ln(2) * least(match_weight, {_MOST_BITS}e0))"


def _gain(
    engine: Engine,
    single: Collection[str],
    ranked: Table,
    pairs: Table,
    sizes: Mapping[str, int],
    prematched: int,
) -> float:
    """The cardinality adjustment, from the matches that the model expects without it: each unit's best pair by what it
    weighs, and the links of passes."""
    counted = one(
        engine,
        engine.sql(
            f"""
            select (select coalesce(sum(1 / (1 + exp(-ln(2) * least(match_weight, {_MOST_BITS}e0)))), 0)
                    from {{ranked}} where is_best) as by_model,
                   (select count(*) from {{pairs}} where method <> 'probabilistic') as by_pass
            """,
            ranked=ranked,
            pairs=pairs,
        ),
    )
    matched = float(counted["by_model"]) + int(counted["by_pass"]) + prematched
    return cardinality_adjustment([matched / max(sizes[side], 1) for side in single])


def _posterior(engine: Engine, ranked: Table, single: Collection[str], adjustment: float) -> Table:
    """`ranked` with match_probability, the posterior of each pair of persons."""
    competing = engine.sql(
        f"""
        with with_odds as (
            select left_person, right_person, match_weight,
                   exp(ln(2) * (least(match_weight, {_MOST_BITS}e0) + $adjustment)) as odds,
                   {_against("left", single)} as left_others, {_against("right", single)} as right_others
            from {{ranked}}
            where not is_alone
        )
        select *, {_WITHOUT} <= {_NEGLIGIBLE} * odds as is_clear from with_odds
        """,
        params={"adjustment": adjustment},
        ranked=ranked,
        store=True,
    )
    open_units = " and ".join(
        f"not exists (select 1 from {{competing}} as s where s.is_clear and s.{s}_person = w.{s}_person)"
        for s in single
    )
    exact = empty(engine, _EXACT)
    if engine.count(competing):
        doubtful = engine.sql(
            f"""
            select left_person as left_id, right_person as right_id, match_weight
            from {{competing}} as w
            where {open_units or "true"}
            """,
            competing=competing,
            store=True,
        )
        exact = by_component(
            engine,
            doubtful,
            functools.partial(_exactly, single=tuple(single), adjustment=adjustment),
            _EXACT,
            ends=[f"{side}_id" for side in single],
        )
        engine.drop(doubtful)
    likely = engine.sql(
        _likely(single), params={"adjustment": adjustment}, ranked=ranked, competing=competing, exact=exact, store=True
    )
    engine.drop(competing, exact)
    return likely


def _likely(single: Collection[str]) -> str:
    """SQL of `ranked` with match_probability and is_first: whether a pair is the likeliest of both its units."""
    order = f"{heaviest_first('match_probability')}, {heaviest_first()}"
    first = " and ".join(
        f"row_number() over (partition by {s}_person order by {order}, {OTHER_SIDE[s]}_person) = 1" for s in single
    )
    return f"""
        with likely as (
            select r.left_person, r.right_person, r.match_weight, r.runner_up_weight,
                   case when d.match_probability is not null then d.match_probability
                        when w.is_clear then w.odds / (w.odds + {_WITHOUT})
                        else w.odds / (1 + w.odds + greatest(w.left_others, w.right_others)) end as match_probability
            from {{ranked}} as r
            join {{competing}} as w on w.left_person = r.left_person and w.right_person = r.right_person
            left join {{exact}} as d on d.left_id = r.left_person and d.right_id = r.right_person
        )
        select left_person, right_person, match_weight, runner_up_weight, match_probability, true as competes,
               {first or "true"} as is_first
        from likely
        union all
        select left_person, right_person, match_weight, runner_up_weight,
               {by_weight("match_weight")} as match_probability, false as competes, true as is_first
        from {{ranked}}
        where is_alone
        """


def by_weight(weight: str) -> str:
    """SQL of the probability of a pair that nothing competes with."""
    return f"1 / (1 + exp(-ln(2) * (least({weight}, {_MOST_BITS}e0) + $adjustment)))"


_EXACT = {"left_id": "bigint", "right_id": "bigint", "match_probability": "double"}

# With S the odds of all matchings of the other units, those with the pair weigh odds * S, and those without it at most
# (1 + competing odds on the left) * (1 + competing odds on the right) * S.
_WITHOUT = "(1 + left_others) * (1 + right_others)"


def _against(side: str, single: Collection[str]) -> str:
    """SQL of the odds of the pairs that compete for the unit of a side."""
    if side not in single:
        return "0e0"
    own = f"exp(ln(2) * least(match_weight, {_MOST_BITS}e0))"
    return f"greatest({side}_odds - {own}, 0e0) * exp(ln(2) * $adjustment)"


def _exactly(pairs: pa.Table, single: Collection[str], adjustment: float) -> pa.Table:
    """left_id, right_id, match_probability of the pairs of some components, by the sum over all their matchings."""
    left, right = (
        numbered(ids_of(pairs, f"{side}_id")) if side in single else np.arange(len(pairs)) for side in ("left", "right")
    )
    weight = pairs["match_weight"].to_numpy().astype(np.float64) + adjustment
    likely = probabilities(Pairs(left, right, weight))
    return pa.table({"left_id": pairs["left_id"], "right_id": pairs["right_id"], "match_probability": likely})


def ids_of(table: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """A column of ids as an array."""
    ids: npt.NDArray[np.int64] = table[column].to_numpy().astype(np.int64)
    return ids


def _decided(single: Collection[str], *, has_release: bool, some_doubted: bool) -> str:
    """SQL of all pairs with their posterior and decision.

    A pair of a pass stands, unless the model speaks against it. A pair with a unit that a pass has linked elsewhere is
    as likely as the pass is wrong and the pair by itself right. One whose unit may be a duplicate of the other's partner
    is right in that case too.
    """
    doubt = "coalesce(d.probability, 0e0)" if some_doubted else "0e0"
    doubt_join = "left join {doubted} as d on d.left_id = p.left_id and d.right_id = p.right_id" if some_doubted else ""
    elsewhere = "".join(
        f" * case when c{s}.person_id is null then 1e0 else 1 - {by_weight(f'c{s}.match_weight')} end" for s in single
    )
    same = " or ".join(f"coalesce(c{s}.partner_id = p.{OTHER_SIDE[s]}_person, false)" for s in single) or "false"
    joins = "\n".join(f"left join {{{s}}} as c{s} on c{s}.person_id = p.{s}_person" for s in single)
    last_release = "h.left_id is not null" if has_release else "false"
    release_join = (
        "left join {last_release} as h on h.left_id = p.left_id and h.right_id = p.right_id" if has_release else ""
    )
    return f"""
        with known as (
            select p.left_id, p.right_id, p.left_person, p.right_person, p.method, p.match_weight, p.same_person,
                   {last_release} as was_linked, {by_weight("p.match_weight")} as by_weight, q.runner_up_weight,
                   coalesce(q.is_first, {same}) as may_link,
                   case when p.method <> 'probabilistic' then {by_weight("p.match_weight")}
                        when {same} and p.same_person < 1 then p.same_person
                        when p.same_person < 1 then coalesce(q.match_probability * p.same_person, 0e0)
                        else 1 - (1 - coalesce(q.match_probability, {by_weight("p.match_weight")}{elsewhere}))
                                 * (1 - {doubt}) end as match_probability
            from {{pairs}} as p
            left join {{likely}} as q
              on q.left_person = p.left_person and q.right_person = p.right_person and p.method = 'probabilistic'
            {joins}
            {release_join}
            {doubt_join}
        )
        select left_id, right_id, left_person, right_person, method, match_weight, match_probability, by_weight,
               runner_up_weight, same_person,
               case when method = '{OVERRIDE}' then 'accepted'
                    when method = 'deterministic' and match_probability >= $review then 'accepted'
                    when method = 'deterministic' then 'review'
                    when may_link and match_probability >= case when was_linked then $keep else $accept end then 'accepted'
                    when match_probability >= $review then 'review'
                    else 'rejected' end as decision
        from known
        """


def _with_reasons(single: Collection[str]) -> str:
    """SQL of decided pairs with the reason of each."""
    accepted = ",\n".join(
        f"linked_{s} as (select distinct {s}_person from {{decided}} where decision = 'accepted')" for s in single
    )
    joins = "\n".join(f"left join linked_{s} on linked_{s}.{s}_person = d.{s}_person" for s in single)
    lost = " or ".join(f"linked_{s}.{s}_person is not null" for s in single) or "false"
    return f"""
        {f"with {accepted}" if accepted else ""}
        select d.left_id, d.right_id, d.match_probability, d.runner_up_weight, d.decision,
               case when d.method <> 'probabilistic' and d.decision = 'review' then '{DISAGREES}'
                    when d.method <> 'probabilistic' then null
                    when d.decision = 'accepted' and d.same_person < 1 then '{DUPLICATE}'
                    when d.decision = 'accepted' and d.match_probability < $accept then '{LINKED_BEFORE}'
                    when d.decision = 'accepted' then null
                    when d.by_weight < case when d.decision = 'review' then $accept else $review end then '{BELOW}'
                    when {lost} then '{LOST}'
                    else '{UNRESOLVED}' end as reason
        from {{decided}} as d
        {joins}
        """
