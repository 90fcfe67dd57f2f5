"""Resolve: the posterior probability of each scored pair under the step's cardinality,
and the decision by it.

A match weight is of one pair. Where a unit holds one link, the evidence for one
candidate is evidence against the others: a pair's posterior is its share in all
matchings of the units around it (linkage.match.matchings). It is computed once, and
decides: accepted at `accept_probability` or more, to review at `review_probability` or
more. A pair's decision does not depend on which other pairs were accepted.

Most pairs are the only ones of their units and are decided by their weight. The others,
the contested pairs, are resolved first, and decided together with them in one pass over
the scored pairs:

1. contested pairs: a unit that holds one link has several;
2. candidates: contested pairs of persons whom no pass has linked, with the odds of the
   pairs that compete with each;
3. the cardinality adjustment, from the matches expected without it;
4. posteriors of the candidates, and with them the decisions on contested pairs;
5. decisions on all pairs.

Duplicate records of one person (`persons`) do not compete: the posterior is that of the
person, multiplied by the probability that the record is that person's.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.config import OTHER_SIDE, Step, single_sides
from linkage.engine import Engine, Table, by_component, columns, empty, one
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

_PERSONS = {"unit_id": "bigint", "person_id": "bigint", "probability": "double"}
_PASS_LINKS = {"person_id": "bigint", "partner_id": "bigint", "match_weight": "double"}
_COMPETITION = {
    "person_id": "bigint",
    "odds": "double",
    "best_weight": "double",
    "best_partner": "bigint",
    "next_weight": "double",
}
_EXACT = {"left_id": "bigint", "right_id": "bigint", "match_probability": "double"}
_RELEASE = {"left_id": "bigint", "right_id": "bigint"}
_POSSIBLE = {"left_id": "bigint", "right_id": "bigint", "probability": "double"}


def heaviest_first(weight: str = "match_weight") -> str:
    """SQL of the order of a unit's pairs; their ids break ties."""
    return f"round({weight}, {DECIMALS}) desc"


def odds_of(weight: str) -> str:
    """SQL of the odds of a match weight (log2)."""
    return f"exp(ln(2) * least({weight}, {_MOST_BITS}e0))"


def probability_of_weight(weight: str) -> str:
    """SQL of the probability of a pair without competing pairs; reads $adjustment."""
    return f"1 / (1 + exp(-ln(2) * (least({weight}, {_MOST_BITS}e0) + $adjustment)))"


@dataclass(frozen=True)
class Resolved:
    """Decisions on scored pairs.

    Attributes:
        pairs: each scored pair with all its columns, and match_probability,
            runner_up_weight, decision (accepted, review, rejected), reason; a query
            that runs when it is read.
        persons: left_id, right_id, left_person, right_person, same_person of the pairs
            of duplicate records, among others; None where each unit is one person.
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
    contested = _contested_pairs(engine, pairs, single, persons or {})
    pass_links = {
        f"{side}_pass": _links_of_passes(engine, contested, side, side in single)
        for side in OTHER_SIDE
    }
    candidates = _candidates(engine, contested, single, pass_links)
    adjustment = 0.0
    if single:
        matches = prematched + _expected_matches(engine, pairs, contested, candidates)
        shares = [matches / max(sizes[side], 1) for side in single]
        adjustment = round(cardinality_adjustment(shares), DECIMALS)
    params = {
        "accept": step.accept_probability,
        "review": min(step.review_probability, step.accept_probability),
        "keep": min(step.keep_probability, step.accept_probability),
        "adjustment": adjustment,
    }
    thresholds = Thresholds.of(
        step, last_release=last_release is not None, adjustment=adjustment
    )
    posteriors = _posteriors(engine, candidates, single, adjustment)
    last_release = last_release or empty(engine, _RELEASE)
    decided = engine.sql(
        _DECIDE_CONTESTED,
        params={
            **params,
            "left_is_single": "left" in single,
            "right_is_single": "right" in single,
        },
        contested=contested,
        posteriors=posteriors,
        last_release=last_release,
        possible_duplicates=possible_duplicates or empty(engine, _POSSIBLE),
        store=True,
        **pass_links,
    )
    engine.drop(candidates, posteriors, *pass_links.values())
    if not persons:
        engine.drop(contested)
    decisions = engine.sql(
        _DECIDE_ALL.replace("COLUMNS", columns(pairs.columns)),
        params=params,
        pairs=pairs,
        decided=decided,
        last_release=last_release,
    )
    return Resolved(decisions, contested if persons else None, thresholds)


def _contested_pairs(
    engine: Engine, pairs: Table, single: list[str], persons: Mapping[str, Table]
) -> Table:
    """Pairs of a unit that holds one link and has several, or that is a duplicate:
    left_id, right_id, method, match_weight, left_person, right_person, same_person (the
    probability that the units, where duplicates, are those persons').
    """
    no_persons = empty(engine, _PERSONS)
    tables = {f"{side}_persons": persons.get(side, no_persons) for side in OTHER_SIDE}
    for side in OTHER_SIDE:
        query = _SEVERAL_PAIRS if side in single else _NO_UNITS
        tables[f"{side}_units"] = engine.sql(
            query.format(side=side),
            pairs=pairs,
            persons=tables[f"{side}_persons"],
            store=True,
        )
    contested = engine.sql(_CONTESTED, params=None, pairs=pairs, store=True, **tables)
    engine.drop(tables["left_units"], tables["right_units"])
    return contested


# Units whose pairs are contested, on a side that holds one link and on one that holds
# many.
_SEVERAL_PAIRS = """
    select {side}_id as unit_id from {{pairs}} group by {side}_id having count(*) > 1
    union
    select unit_id from {{persons}}
    """
_NO_UNITS = "select unit_id from {{persons}}"

_CONTESTED = """
    select p.left_id, p.right_id, p.method, p.match_weight,
           coalesce(l.person_id, p.left_id) as left_person,
           coalesce(r.person_id, p.right_id) as right_person,
           coalesce(l.probability, 1e0) * coalesce(r.probability, 1e0) as same_person
    from {pairs} as p
    left join {left_persons} as l on l.unit_id = p.left_id
    left join {right_persons} as r on r.unit_id = p.right_id
    where exists (select 1 from {left_units} as u where u.unit_id = p.left_id)
       or exists (select 1 from {right_units} as u where u.unit_id = p.right_id)
    """


def _links_of_passes(
    engine: Engine, contested: Table, side: str, is_single: bool
) -> Table:
    """person_id, partner_id, match_weight of the persons of a side that a pass has
    linked; none of a side that holds many links.
    """
    if not is_single:
        return empty(engine, _PASS_LINKS)
    query = f"""
        select {side}_person as person_id,
               min({OTHER_SIDE[side]}_person) as partner_id,
               max(case when method = '{OVERRIDE}' then {_MOST_BITS}e0
                        else match_weight end) as match_weight
        from {{contested}}
        where method <> 'probabilistic'
        group by {side}_person
        """
    return engine.sql(query, contested=contested, store=_PASS_LINKS)


def _candidates(
    engine: Engine, contested: Table, single: list[str], pass_links: Mapping[str, Table]
) -> Table:
    """Contested pairs of persons whom no pass has linked.

    Returns:
        left_person, right_person, match_weight (of the heaviest of their records),
        runner_up_weight (the best competing pair's), is_best (of both persons),
        left_others, right_others (odds of the other pairs of the person; 0 on a side
        that holds many links).
    """
    open_pairs = engine.sql(
        _OPEN_PAIRS, contested=contested, params=None, store=True, **pass_links
    )
    competition = {
        f"{side}_side": engine.sql(
            _COMPETING.format(side=side, other=OTHER_SIDE[side]),
            pairs=open_pairs,
            store=_COMPETITION,
        )
        if side in single
        else empty(engine, _COMPETITION)
        for side in OTHER_SIDE
    }
    candidates = engine.sql(
        _CANDIDATES, params=None, pairs=open_pairs, store=True, **competition
    )
    engine.drop(open_pairs, *competition.values())
    return candidates


_OPEN_PAIRS = """
    select left_person, right_person, max(match_weight) as match_weight
    from {contested} as c
    where method = 'probabilistic'
      and not exists (
          select 1 from {left_pass} as l where l.person_id = c.left_person
      )
      and not exists (
          select 1 from {right_pass} as r where r.person_id = c.right_person
      )
    group by left_person, right_person
    """

# Of each person of a side that holds one link: the best partner, and the weights of the
# best pair and of the next.
_COMPETING = f"""
    with totals as (
        select {{side}}_person as person_id,
               sum({odds_of("match_weight")}) as odds,
               max(round(match_weight, {DECIMALS})) as best_weight
        from {{{{pairs}}}}
        group by {{side}}_person
    ),
    compared as (
        select t.*, p.match_weight, p.{{other}}_person as partner_id,
               round(p.match_weight, {DECIMALS}) = t.best_weight as is_best
        from {{{{pairs}}}} as p
        join totals as t on t.person_id = p.{{side}}_person
    )
    select person_id, odds, best_weight,
           min(case when is_best then partner_id end) as best_partner,
           case when count(case when is_best then 1 end) > 1 then best_weight
                else max(case when not is_best then match_weight end)
           end as next_weight
    from compared
    group by person_id, odds, best_weight
    """

_CANDIDATES = f"""
    select p.left_person, p.right_person, p.match_weight,
           greatest(
               case when l.best_partner = p.right_person then l.next_weight
                    else l.best_weight end,
               case when r.best_partner = p.left_person then r.next_weight
                    else r.best_weight end
           ) as runner_up_weight,
           coalesce(l.best_partner = p.right_person, true)
               and coalesce(r.best_partner = p.left_person, true) as is_best,
           greatest(coalesce(l.odds - {odds_of("p.match_weight")}, 0e0), 0e0)
               as left_others,
           greatest(coalesce(r.odds - {odds_of("p.match_weight")}, 0e0), 0e0)
               as right_others
    from {{pairs}} as p
    left join {{left_side}} as l on l.person_id = p.left_person
    left join {{right_side}} as r on r.person_id = p.right_person
    """


def _expected_matches(
    engine: Engine, pairs: Table, contested: Table, candidates: Table
) -> float:
    """Matches expected without the cardinality adjustment: the links of passes, the
    pairs without competition by their probability, and of the candidates those that are
    the best of both their persons.
    """
    counts = engine.sql(
        _EXPECTED_MATCHES,
        params={"adjustment": 0.0},
        pairs=pairs,
        contested=contested,
        candidates=candidates,
    )
    return float(one(engine, counts)["matches"])


_EXPECTED_MATCHES = f"""
    with expected as (
        select sum(
            case when method = 'probabilistic'
                then {probability_of_weight("match_weight")} else 1e0 end
        ) as matches
        from {{pairs}}
        union all
        select -sum(
            case when method = 'probabilistic'
                then {probability_of_weight("match_weight")} else 0e0 end
        ) as matches
        from {{contested}}
        union all
        select sum({probability_of_weight("match_weight")}) as matches
        from {{candidates}}
        where is_best
    )
    select coalesce(sum(matches), 0e0) as matches from expected
    """


def _posteriors(
    engine: Engine, candidates: Table, single: list[str], adjustment: float
) -> Table:
    """left_person, right_person, match_weight, runner_up_weight, match_probability of
    the candidates.

    Where one side only holds one link, the pairs of a person are all that compete, and
    the closed form is exact.
    """
    weighed = engine.sql(
        _WEIGHED, params={"adjustment": adjustment}, candidates=candidates, store=True
    )
    exact = empty(engine, _EXACT)
    if len(single) == len(OTHER_SIDE) and engine.count(weighed):
        unclear = engine.sql(_UNCLEAR, weighed=weighed, store=True)
        exact = by_component(
            engine,
            unclear,
            functools.partial(_exact_posteriors, adjustment=adjustment),
            _EXACT,
        )
        engine.drop(unclear)
    posteriors = engine.sql(_POSTERIORS, weighed=weighed, exact=exact, store=True)
    engine.drop(weighed, exact)
    return posteriors


# With S the odds of all matchings of the other units, those with the pair have odds *
# S, and those without it at most (1 + left_others) * (1 + right_others) * S.
_WEIGHED = f"""
    with adjusted as (
        select left_person, right_person, match_weight, runner_up_weight,
               {odds_of("match_weight")} * exp(ln(2) * $adjustment) as odds,
               left_others * exp(ln(2) * $adjustment) as left_others,
               right_others * exp(ln(2) * $adjustment) as right_others
        from {{candidates}}
    ),
    bounded as (
        select *, (1 + left_others) * (1 + right_others) as odds_without from adjusted
    )
    select *,
           odds_without <= {_NEGLIGIBLE} * odds or odds_without = 1 as is_clear
    from bounded
    """

_UNCLEAR = """
    select left_person as left_id, right_person as right_id, match_weight
    from {weighed} as w
    where not exists (
            select 1 from {weighed} as c
            where c.is_clear and c.left_person = w.left_person
        )
      and not exists (
            select 1 from {weighed} as c
            where c.is_clear and c.right_person = w.right_person
        )
    """

_POSTERIORS = """
    select w.left_person, w.right_person, w.match_weight, w.runner_up_weight,
           case when e.match_probability is not null then e.match_probability
                when w.is_clear then w.odds / (w.odds + w.odds_without)
                else w.odds / (1 + w.odds + greatest(w.left_others, w.right_others))
           end as match_probability
    from {weighed} as w
    left join {exact} as e
        on e.left_id = w.left_person and e.right_id = w.right_person
    """


def _exact_posteriors(pairs: pa.Table, adjustment: float) -> pa.Table:
    """left_id, right_id, match_probability of the pairs of some components, by the sum
    over all their matchings.
    """
    weight = pairs["match_weight"].to_numpy().astype(np.float64) + adjustment
    left, right = (numbered(ids_of(pairs, f"{side}_id")) for side in OTHER_SIDE)
    return pa.table(
        {
            "left_id": pairs["left_id"],
            "right_id": pairs["right_id"],
            "match_probability": probabilities(Pairs(left, right, weight)),
        }
    )


def ids_of(table: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """A column of ids as an array."""
    ids: npt.NDArray[np.int64] = table[column].to_numpy().astype(np.int64)
    return ids


# A pair of a pass is linked, unless it is below the review threshold. A pair with a
# unit that a pass has linked elsewhere is right where the pass is wrong and the pair by
# itself right. One whose unit may be a duplicate of the other's partner is right in
# that case too.
_DECIDE_CONTESTED = f"""
    with placed as (
        select *,
               row_number() over (
                   partition by left_person
                   order by {heaviest_first("match_probability")},
                            {heaviest_first()}, right_person
               ) as left_place,
               row_number() over (
                   partition by right_person
                   order by {heaviest_first("match_probability")},
                            {heaviest_first()}, left_person
               ) as right_place
        from {{posteriors}}
    ),
    evidence as (
        select c.left_id, c.right_id, c.left_person, c.right_person, c.method,
               c.same_person, q.match_probability as posterior, q.runner_up_weight,
               {probability_of_weight("c.match_weight")} as by_weight,
               case when l.person_id is null then 1e0
                    else 1 - {probability_of_weight("l.match_weight")} end
               * case when r.person_id is null then 1e0
                    else 1 - {probability_of_weight("r.match_weight")} end
                   as passes_are_wrong,
               coalesce(l.partner_id = c.right_person, false)
                   or coalesce(r.partner_id = c.left_person, false) as is_partner,
               (q.left_place = 1 or not $left_is_single)
                   and (q.right_place = 1 or not $right_is_single) as is_first,
               h.left_id is not null as was_linked,
               coalesce(d.probability, 0e0) as is_duplicate
        from {{contested}} as c
        left join placed as q
            on q.left_person = c.left_person and q.right_person = c.right_person
            and c.method = 'probabilistic'
        left join {{left_pass}} as l on l.person_id = c.left_person
        left join {{right_pass}} as r on r.person_id = c.right_person
        left join {{last_release}} as h
            on h.left_id = c.left_id and h.right_id = c.right_id
        left join {{possible_duplicates}} as d
            on d.left_id = c.left_id and d.right_id = c.right_id
    ),
    probable as (
        select *,
               case when posterior is null then is_partner else is_first end
                   as may_link,
               case when method <> 'probabilistic' then by_weight
                    when is_partner and same_person < 1 then same_person
                    when same_person < 1 then coalesce(posterior * same_person, 0e0)
                    else 1 - (1 - coalesce(posterior, by_weight * passes_are_wrong))
                             * (1 - is_duplicate)
               end as match_probability
        from evidence
    ),
    decided as (
        select *,
               case when method = '{OVERRIDE}' then 'accepted'
                    when method = 'deterministic' and match_probability >= $review
                        then 'accepted'
                    when method = 'deterministic' then 'review'
                    when may_link and match_probability
                        >= case when was_linked then $keep else $accept end
                        then 'accepted'
                    when match_probability >= $review then 'review'
                    else 'rejected' end as decision
        from probable
    ),
    flagged as (
        select *, case when decision = 'accepted' then 1 else 0 end as is_accepted
        from decided
    ),
    compared as (
        select *,
               $left_is_single
                   and max(is_accepted) over (partition by left_person) = 1
                   as is_left_linked,
               $right_is_single
                   and max(is_accepted) over (partition by right_person) = 1
                   as is_right_linked
        from flagged
    )
    select left_id, right_id, match_probability, runner_up_weight, decision,
           case when method <> 'probabilistic' and decision = 'review'
                    then '{DISAGREES}'
                when method <> 'probabilistic' then null
                when decision = 'accepted' and same_person < 1 then '{DUPLICATE}'
                when decision = 'accepted' and match_probability < $accept
                    then '{LINKED_BEFORE}'
                when decision = 'accepted' then null
                when by_weight < case when decision = 'review' then $accept
                                      else $review end then '{BELOW}'
                when is_left_linked or is_right_linked then '{LOST}'
                else '{UNRESOLVED}' end as reason
    from compared
    """

_DECIDE_ALL = f"""
    with probable as (
        select p.*,
               coalesce(
                   c.match_probability, {probability_of_weight("p.match_weight")}
               ) as match_probability,
               c.runner_up_weight, c.decision as contested,
               c.reason as contested_reason,
               h.left_id is not null as was_linked
        from {{pairs}} as p
        left join {{decided}} as c
            on c.left_id = p.left_id and c.right_id = p.right_id
        left join {{last_release}} as h
            on h.left_id = p.left_id and h.right_id = p.right_id
    ),
    decided as (
        select *,
               case when contested is not null then contested
                    when method = '{OVERRIDE}' then 'accepted'
                    when method = 'deterministic' and match_probability >= $review
                        then 'accepted'
                    when method = 'deterministic' then 'review'
                    when match_probability
                        >= case when was_linked then $keep else $accept end
                        then 'accepted'
                    when match_probability >= $review then 'review'
                    else 'rejected' end as decision
        from probable
    )
    select COLUMNS, match_probability, runner_up_weight, decision,
           case when contested is not null then contested_reason
                when method <> 'probabilistic' and decision = 'review'
                    then '{DISAGREES}'
                when method <> 'probabilistic' then null
                when decision = 'accepted' and match_probability < $accept
                    then '{LINKED_BEFORE}'
                when decision = 'accepted' then null
                else '{BELOW}' end as reason
    from decided
    """
