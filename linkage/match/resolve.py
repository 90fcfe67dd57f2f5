"""Resolve: the posterior probability of each scored pair under the step's cardinality,
and the decision by it.

A match weight is of one pair. Where a unit holds one link, the evidence for one
candidate is evidence against the others: a pair's posterior is its share in all
matchings of the units around it (linkage.match.matchings). It is computed once, and
decides: accepted at `accept_probability` or more, to review at `review_probability` or
more. A pair's decision does not depend on which other pairs were accepted.

Pairs of a pass are linked; the model decides on the other units. Duplicate records of
one person (`persons`) do not compete: the posterior is that of the person, multiplied
by the probability that the record is that person's.
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

UNRESOLVED = "unresolved"  # probable by itself, but another candidate is as probable
LOST = "linked to a higher-scoring record"
BELOW = "below threshold"
CAPPED = "cardinality limit reached"
DISAGREES = "the model disagrees"
LINKED_BEFORE = "linked in the last release"
DUPLICATE = "duplicate record of a linked person"

DECIMALS = 9
"""Decimals of a weight that are compared: the engines add its terms in different
orders.
"""
_MOST_BITS = 200  # bits; 2^200 leaves room for sums of odds in a DOUBLE
_NEGLIGIBLE = 1e-2
"""Odds of all matchings without a pair, against those with it, below which its units
leave the exact sum. Its posterior is then known to a hundredth of its distance from 1.
"""


def heaviest_first(weight: str = "match_weight") -> str:
    """SQL of the order of a unit's pairs; their ids break ties."""
    return f"round({weight}, {DECIMALS}) desc"


@dataclass(frozen=True)
class Resolved:
    """Decisions on scored pairs.

    Attributes:
        pairs: left_id, right_id, match_probability, runner_up_weight, decision
            (accepted, review, rejected), reason.
        persons: left_id, right_id, left_person, right_person: the persons of each pair;
            None where each unit is one.
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
    possible_duplicates: Table | None = None,
    prematched: int = 0,
) -> Resolved:
    """Decide each scored pair.

    Args:
        pairs: left_id, right_id, method, match_weight; a pair once.
        sizes: how many units each side has.
        last_release: left_id, right_id of units that were one person in the last
            release.
        persons: by side, duplicates: unit_id, person_id (of the unit that stands for
            the person), probability.
        possible_duplicates: left_id, right_id, probability of pairs whose unit may be a
            duplicate of the other's partner.
        prematched: number of further pairs that are accepted already, of other units.
    """
    single = single_sides(step.cardinality)
    person_pairs = _pairs_of_persons(engine, pairs, persons or {})
    linked_by_pass = {
        side: _linked_by_pass(engine, person_pairs, side) for side in single
    }
    is_open = " and ".join(
        ["method = 'probabilistic'"]
        + [
            f"not exists (select 1 from {{{s}}} as c where c.person_id = p.{s}_person)"
            for s in single
        ]
    )
    rankings = engine.sql(
        _ranked_query(single, is_open),
        params=None,
        store=True,
        pairs=person_pairs,
        **linked_by_pass,
    )
    adjustment = _cardinality_adjustment(
        engine, single, rankings, person_pairs, sizes, prematched
    )
    thresholds = Thresholds.of(
        step, last_release=last_release is not None, adjustment=adjustment
    )
    posteriors = _posterior(engine, rankings, single, adjustment)
    params = {
        "accept": step.accept_probability,
        "review": min(step.review_probability, step.accept_probability),
        "keep": min(step.keep_probability, step.accept_probability),
    }
    tables = {"last_release": last_release, "possible_duplicates": possible_duplicates}
    pair_tables = {name: table for name, table in tables.items() if table}
    decided_pairs = engine.sql(
        _decisions_query(single, pair_tables),
        params={**params, "adjustment": adjustment},
        pairs=person_pairs,
        posteriors=posteriors,
        store=True,
        **linked_by_pass,
        **pair_tables,
    )
    decisions = engine.sql(
        _reasons_query(single),
        params={"accept": params["accept"], "review": params["review"]},
        decided=decided_pairs,
        store=True,
    )
    engine.drop(rankings, posteriors, decided_pairs, *linked_by_pass.values())
    return Resolved(decisions, person_pairs if persons else None, thresholds)


def _pairs_of_persons(
    engine: Engine, pairs: Table, persons: Mapping[str, Table]
) -> Table:
    """Pairs with the person of either unit and the probability that the units, where
    duplicates, are those persons'.
    """
    if not persons:
        return engine.sql(
            """
            select left_id, right_id, method, match_weight, left_id as left_person,
                right_id as right_person,
                   1e0 as same_person
            from {pairs}
            """,
            pairs=pairs,
        )
    joins = "".join(
        f"left join {{of_{s}}} as of_{s} on of_{s}.unit_id = p.{s}_id\n"
        for s in persons
    )
    person_ids = ", ".join(
        f"coalesce(of_{s}.person_id, p.{s}_id) as {s}_person"
        if s in persons
        else f"p.{s}_id as {s}_person"
        for s in ("left", "right")
    )
    same_person = " * ".join(f"coalesce(of_{s}.probability, 1e0)" for s in persons)
    return engine.sql(
        f"""
        select p.left_id, p.right_id, p.method, p.match_weight, {person_ids},
            {same_person} as same_person
        from {{pairs}} as p
        {joins}
        """,
        params=None,
        store=True,
        pairs=pairs,
        **{f"of_{side}": table for side, table in persons.items()},
    )


def _linked_by_pass(engine: Engine, pairs: Table, side: str) -> Table:
    """person_id, partner_id, match_weight of the persons of a side that a pass has
    linked.
    """
    return engine.sql(
        f"""
        select {side}_person as person_id, min({OTHER_SIDE[side]}_person) as partner_id,
               max(case when method = '{OVERRIDE}' then {_MOST_BITS}e0
                   else match_weight end) as match_weight
        from {{pairs}}
        where method <> 'probabilistic'
        group by {side}_person
        """,
        pairs=pairs,
        store=True,
    )


def _ranked_query(single: Collection[str], is_open: str) -> str:
    """SQL of the pairs of persons whom no pass has linked.

    Returns:
        left_person, right_person, match_weight (of the heaviest of their records),
        runner_up_weight (best competing pair), is_best (of both units), is_alone (no
        competing pair), left_odds, right_odds (sum of 2^weight over the pairs of the
        person, of sides that hold one link).
    """
    open_pairs = f"""
        open_pairs as (
            select left_person, right_person, max(match_weight) as match_weight
            from {{pairs}} as p
            where {is_open}
            group by left_person, right_person
        )"""
    columns = "left_person, right_person, match_weight"
    if not single:
        constants = (
            "cast(null as double) as runner_up_weight, true as is_best, true "
            "as is_alone"
        )
        return f"with {open_pairs}\nselect {columns}, {constants} from open_pairs"
    weight = f"round(match_weight, {DECIMALS})"
    totals, bests, joins, best_joins, runner_up = [], [], [], [], []
    for s in single:
        totals.append(f"""
        of_{s} as (
            select {s}_person, count(*) as {s}_pairs, max({weight}) as {s}_top,
                sum({_ODDS}) as {s}_odds
            from open_pairs
            group by {s}_person
        )""")
        joins.append(f"join of_{s} on of_{s}.{s}_person = f.{s}_person")
        is_top, partner = f"{weight} = {s}_top", f"{OTHER_SIDE[s]}_person"
        bests.append(f"""
        best_{s} as (
            select {s}_person, min(case when {is_top} then {partner} end)
                as {s}_partner,
                   case when count(case when {is_top} then 1 end) > 1 then max({s}_top)
                        else max(case when {weight} < {s}_top then match_weight end)
                            end as {s}_next
            from competing
            group by {s}_person
        )""")
        best_joins.append(f"join best_{s} on best_{s}.{s}_person = c.{s}_person")
        runner_up.append(
            f"case when {s}_partner = c.{partner} then {s}_next else {s}_top end"
        )
    is_alone = " and ".join(f"{s}_pairs = 1" for s in single)
    odds = ", ".join(f"{s}_odds" for s in single)
    # Most pairs have no competing pair: only the others are ranked.
    return f"""
        with {open_pairs}, {", ".join(totals)},
        with_totals as (
            select f.*, {", ".join(f"{s}_pairs, {s}_top, {s}_odds" for s in single)}
                from open_pairs as f {" ".join(joins)}
        ),
        competing as (select * from with_totals where not ({is_alone})),
            {", ".join(bests)}
        select c.left_person, c.right_person, match_weight,
               {runner_up[0] if len(single) == 1 else f"greatest({', '.join(runner_up)})"} as runner_up_weight,
               {" and ".join(f"{s}_partner = c.{OTHER_SIDE[s]}_person" for s in single)}
                   as is_best, false as is_alone,
               {odds}
        from competing as c {" ".join(best_joins)}
        union all
        select {columns}, cast(null as double) as runner_up_weight, true as is_best,
            true as is_alone, {odds}
        from with_totals
        where {is_alone}
        """  # noqa: E501


_ODDS = f"exp(ln(2) * least(match_weight, {_MOST_BITS}e0))"


def _cardinality_adjustment(
    engine: Engine,
    single: Collection[str],
    rankings: Table,
    pairs: Table,
    sizes: Mapping[str, int],
    prematched_count: int,
) -> float:
    """The cardinality adjustment, from the matches expected without it: each unit's
    best pair by its probability, and the links of passes.
    """
    counts = one(
        engine,
        engine.sql(
            f"""
            select (select coalesce(sum(1 / (1
                + exp(-ln(2) * least(match_weight, {_MOST_BITS}e0)))), 0)
                    from {{ranked}} where is_best) as by_model,
                   (select count(*) from {{pairs}} where method <> 'probabilistic')
                       as by_pass
            """,
            ranked=rankings,
            pairs=pairs,
        ),
    )
    matches = float(counts["by_model"]) + int(counts["by_pass"]) + prematched_count
    return cardinality_adjustment([matches / max(sizes[side], 1) for side in single])


def _posterior(
    engine: Engine, rankings: Table, single: Collection[str], adjustment: float
) -> Table:
    """`rankings` with match_probability, the posterior of each pair of persons."""
    competing = engine.sql(
        f"""
        with with_odds as (
            select left_person, right_person, match_weight,
                   exp(ln(2) * (least(match_weight, {_MOST_BITS}e0) + $adjustment))
                       as odds,
                   {_competing_odds("left", single)} as left_others,
                       {_competing_odds("right", single)} as right_others
            from {{ranked}}
            where not is_alone
        )
        select *, {_WITHOUT} <= {_NEGLIGIBLE} * odds as is_clear from with_odds
        """,
        params={"adjustment": adjustment},
        ranked=rankings,
        store=True,
    )
    open_units = " and ".join(
        f"not exists (select 1 from {{competing}} as s where s.is_clear and "
        f"s.{s}_person = w.{s}_person)"
        for s in single
    )
    exact = empty(engine, _EXACT)
    if engine.count(competing):
        unclear_pairs = engine.sql(
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
            unclear_pairs,
            functools.partial(
                _exact_posteriors, single=tuple(single), adjustment=adjustment
            ),
            _EXACT,
            ends=[f"{side}_id" for side in single],
        )
        engine.drop(unclear_pairs)
    query, params = _posteriors_query(single), {"adjustment": adjustment}
    posteriors = engine.sql(
        query,
        params=params,
        ranked=rankings,
        competing=competing,
        exact=exact,
        store=True,
    )
    engine.drop(competing, exact)
    return posteriors


def _posteriors_query(single: Collection[str]) -> str:
    """SQL of `ranked` with match_probability and is_first: whether a pair is the most
    probable of both its units.
    """
    order = f"{heaviest_first('match_probability')}, {heaviest_first()}"
    first = " and ".join(
        f"row_number() over (partition by {s}_person order by {order}, "
        f"{OTHER_SIDE[s]}_person) = 1"
        for s in single
    )
    return f"""
        with likely as (
            select r.left_person, r.right_person, r.match_weight, r.runner_up_weight,
                   case when d.match_probability is not null then d.match_probability
                        when w.is_clear then w.odds / (w.odds + {_WITHOUT})
                        else w.odds / (1 + w.odds + greatest(w.left_others,
                            w.right_others)) end as match_probability
            from {{ranked}} as r
            join {{competing}} as w on w.left_person = r.left_person
                and w.right_person = r.right_person
            left join {{exact}} as d on d.left_id = r.left_person
                and d.right_id = r.right_person
        )
        select left_person, right_person, match_weight, runner_up_weight,
            match_probability, true as competes,
               {first or "true"} as is_first
        from likely
        union all
        select left_person, right_person, match_weight, runner_up_weight,
               {by_weight("match_weight")} as match_probability, false as competes,
                   true as is_first
        from {{ranked}}
        where is_alone
        """


def by_weight(weight: str) -> str:
    """SQL of the probability of a pair without competing pairs."""
    return f"1 / (1 + exp(-ln(2) * (least({weight}, {_MOST_BITS}e0) + $adjustment)))"


_EXACT = {"left_id": "bigint", "right_id": "bigint", "match_probability": "double"}

# With S the odds of all matchings of the other units, those with the pair have odds *
# S, and those without it at most (1 + competing odds on the left) * (1 + competing odds
# on the right) * S.
_WITHOUT = "(1 + left_others) * (1 + right_others)"


def _competing_odds(side: str, single: Collection[str]) -> str:
    """SQL of the odds of the pairs that compete for the unit of a side."""
    if side not in single:
        return "0e0"
    pair_odds = f"exp(ln(2) * least(match_weight, {_MOST_BITS}e0))"
    return f"greatest({side}_odds - {pair_odds}, 0e0) * exp(ln(2) * $adjustment)"


def _exact_posteriors(
    pairs: pa.Table, single: Collection[str], adjustment: float
) -> pa.Table:
    """left_id, right_id, match_probability of the pairs of some components, by the sum
    over all their matchings.
    """
    left, right = (
        numbered(ids_of(pairs, f"{side}_id"))
        if side in single
        else np.arange(len(pairs))
        for side in ("left", "right")
    )
    weight = pairs["match_weight"].to_numpy().astype(np.float64) + adjustment
    posteriors = probabilities(Pairs(left, right, weight))
    return pa.table(
        {
            "left_id": pairs["left_id"],
            "right_id": pairs["right_id"],
            "match_probability": posteriors,
        }
    )


def ids_of(table: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """A column of ids as an array."""
    ids: npt.NDArray[np.int64] = table[column].to_numpy().astype(np.int64)
    return ids


def _decisions_query(single: Collection[str], pair_tables: Collection[str]) -> str:
    """SQL of all pairs with their posterior and decision.

    A pair of a pass is linked, unless it is below the review threshold. A pair with a
    unit that a pass has linked elsewhere is right where the pass is wrong and the pair
    by itself right. One whose unit may be a duplicate of the other's partner is right
    in that case too. `pair_tables`: those of last_release, possible_duplicates that are
    given.
    """
    duplicate_probability = (
        "coalesce(d.probability, 0e0)"
        if "possible_duplicates" in pair_tables
        else "0e0"
    )
    is_linked_before = (
        "h.left_id is not null" if "last_release" in pair_tables else "false"
    )
    competing_pass = "".join(
        f" * case when c{s}.person_id is null then 1e0 else 1 - "
        f"{by_weight(f'c{s}.match_weight')} end"
        for s in single
    )
    is_partner = (
        " or ".join(
            f"coalesce(c{s}.partner_id = p.{OTHER_SIDE[s]}_person, false)"
            for s in single
        )
        or "false"
    )
    aliases = {"last_release": "h", "possible_duplicates": "d"}
    joins = "\n".join(
        [f"left join {{{s}}} as c{s} on c{s}.person_id = p.{s}_person" for s in single]
        + [
            f"left join {{{t}}} as {aliases[t]} using (left_id, right_id)"
            for t in pair_tables
        ]
    )
    return f"""
        with known as (
            select p.left_id, p.right_id, p.left_person, p.right_person, p.method,
                p.match_weight, p.same_person,
                   {is_linked_before} as was_linked,
                       {by_weight("p.match_weight")} as by_weight, q.runner_up_weight,
                   coalesce(q.is_first, {is_partner}) as may_link,
                   case when p.method <> 'probabilistic'
                       then {by_weight("p.match_weight")}
                        when {is_partner} and p.same_person < 1 then p.same_person
                        when p.same_person < 1 then coalesce(q.match_probability
                            * p.same_person, 0e0)
                        else 1 - (1 - coalesce(q.match_probability,
                            {by_weight("p.match_weight")}{competing_pass}))
                                 * (1 - {duplicate_probability})
                                     end as match_probability
            from {{pairs}} as p
            left join {{posteriors}} as q
              on q.left_person = p.left_person and q.right_person = p.right_person
                  and p.method = 'probabilistic'
            {joins}
        )
        select left_id, right_id, left_person, right_person, method, match_weight,
            match_probability, by_weight,
               runner_up_weight, same_person,
               case when method = '{OVERRIDE}' then 'accepted'
                    when method = 'deterministic'
                        and match_probability >= $review then 'accepted'
                    when method = 'deterministic' then 'review'
                    when may_link and match_probability >= case when was_linked
                        then $keep else $accept end then 'accepted'
                    when match_probability >= $review then 'review'
                    else 'rejected' end as decision
        from known
        """


def _reasons_query(single: Collection[str]) -> str:
    """SQL of decided pairs with the reason of each."""
    linked_persons = ",\n".join(
        f"linked_{s} as (select distinct {s}_person from {{decided}} where decision = "
        "'accepted')"
        for s in single
    )
    joins = "\n".join(
        f"left join linked_{s} on linked_{s}.{s}_person = d.{s}_person" for s in single
    )
    is_linked_elsewhere = (
        " or ".join(f"linked_{s}.{s}_person is not null" for s in single) or "false"
    )
    return f"""
        {f"with {linked_persons}" if linked_persons else ""}
        select d.left_id, d.right_id, d.match_probability, d.runner_up_weight,
            d.decision,
               case when d.method <> 'probabilistic'
                   and d.decision = 'review' then '{DISAGREES}'
                    when d.method <> 'probabilistic' then null
                    when d.decision = 'accepted'
                        and d.same_person < 1 then '{DUPLICATE}'
                    when d.decision = 'accepted'
                        and d.match_probability < $accept then '{LINKED_BEFORE}'
                    when d.decision = 'accepted' then null
                    when d.by_weight < case when d.decision = 'review' then $accept
                        else $review end then '{BELOW}'
                    when {is_linked_elsewhere} then '{LOST}'
                    else '{UNRESOLVED}' end as reason
        from {{decided}} as d
        {joins}
        """
