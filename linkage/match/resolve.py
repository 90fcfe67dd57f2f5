"""Resolve: the posterior probability of each scored pair under the step's cardinality,
and the decision by it.

A match weight is of one pair. Where a unit holds one link, the evidence for one
candidate is evidence against the others: a pair's posterior is its share in all
matchings of the units around it (linkage.match.matchings). It is computed once, and
decides: accepted at `accept_probability` or more, to review at `review_probability` or
more. A pair's decision does not depend on which other pairs were accepted.

Each step reads the scored pairs once:

1. open pairs: those of persons whom no pass has linked. Duplicate records of one person
   do not compete: the posterior is that of the person, multiplied by the probability
   that the record is that person's;
2. the standing of each person that holds one link: the odds of all its pairs, its best
   partner and the next weight;
3. the cardinality adjustment, from the best pairs, and with it the exact posteriors
   where no pair is clearly the best;
4. the decision on every pair, from its own weight and the standing of its two persons;
5. the reason of pairs that are probable by themselves: linked elsewhere, or unresolved.

A side that holds many links has no competition: its tables are empty, and one SQL text
serves all cardinalities.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from linkage.config import OTHER_SIDE, Step, single_sides
from linkage.engine import Engine, Table, Value, by_component, columns, empty, one
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

_NO_TIE_BELOW = 50  # bits; one match is seen next to odds of less than 2^53
_LEAST_DOUBT = 1e-9  # probability of a duplicate that changes a posterior visibly

_PERSONS = {"unit_id": "bigint", "person_id": "bigint", "probability": "double"}
_PASS_LINKS = {"person_id": "bigint", "partner_id": "bigint", "match_weight": "double"}
_STANDING = {
    "person_id": "bigint",
    "odds": "double",
    "heaviest": "double",
    "best_weight": "double",
    "best_partner": "bigint",
    "next_weight": "double",
}
_EXACT = {"left_id": "bigint", "right_id": "bigint", "match_probability": "double"}
_PAIRS = {"left_id": "bigint", "right_id": "bigint"}
_POSSIBLE = {**_PAIRS, "probability": "double"}
_PERSON_PAIRS = {"left_person": "bigint", "right_person": "bigint"}


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
        persons: left_id, right_id, left_person, right_person, same_person of each pair;
            None where each unit is one person.
        stored: tables that these read, to be dropped with them.
    """

    pairs: Table
    persons: Table | None
    thresholds: Thresholds
    stored: tuple[Table, ...]


@dataclass(frozen=True)
class _Competition:
    """Persons who compete, by side; the tables of a side that holds many links are
    empty.

    Attributes:
        single: the sides whose units hold one link.
        pass_links: person_id, partner_id, match_weight of persons whom a pass has
            linked.
        standing: person_id, odds (sum over its open pairs), heaviest (weight),
            best_weight (rounded), best_partner, next_weight of the others.
    """

    single: list[str]
    pass_links: Mapping[str, Table]
    standing: Mapping[str, Table]

    @property
    def tables(self) -> dict[str, Table]:
        """The tables by the names that queries give them."""
        passes = {f"{side}_pass": table for side, table in self.pass_links.items()}
        return {**passes, **self.standing}


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
    pass_links = {
        side: _links_of_passes(engine, person_pairs, side)
        if side in single
        else empty(engine, _PASS_LINKS)
        for side in OTHER_SIDE
    }
    joined = _joined_pairs(engine, person_pairs, pass_links)
    open_pairs = _open_pairs(engine, person_pairs, joined, pass_links)
    standing = {
        side: _standing(engine, open_pairs, side)
        if side in single
        else empty(engine, _STANDING)
        for side in OTHER_SIDE
    }
    competition = _Competition(single, pass_links, standing)
    best_pairs = _best_pairs(engine, competition)
    adjustment = 0.0
    if single:
        matches = prematched + _expected_matches(engine, pairs, best_pairs)
        shares = [matches / max(sizes[side], 1) for side in single]
        adjustment = round(cardinality_adjustment(shares), DECIMALS)
    exact = _exact(engine, open_pairs, best_pairs, competition, adjustment)
    params: dict[str, Value] = {
        "accept": step.accept_probability,
        "review": min(step.review_probability, step.accept_probability),
        "keep": min(step.keep_probability, step.accept_probability),
        "adjustment": adjustment,
        "left_is_single": "left" in single,
        "right_is_single": "right" in single,
    }
    possible_duplicates = possible_duplicates or empty(engine, _POSSIBLE)
    not_first = _not_first(
        engine,
        person_pairs,
        open_pairs,
        exact,
        competition,
        params,
        min(step.accept_probability, step.keep_probability),
        possible_duplicates,
    )
    decided = engine.sql(
        _DECIDED.replace("COLUMNS", columns(pairs.columns)),
        params=params,
        pairs=person_pairs,
        joined=joined,
        exact=exact,
        not_first=not_first,
        last_release=last_release or empty(engine, _PAIRS),
        possible_duplicates=possible_duplicates,
        store=True,
        **competition.tables,
    )
    engine.drop(open_pairs, joined, best_pairs, exact, not_first)
    engine.drop(*competition.tables.values())
    lost = engine.sql(_LOST, params=params, decided=decided, store=True)
    reasoned = engine.sql(
        _REASONED.format(columns=columns(pairs.columns, "d")),
        params=None,
        decided=decided,
        lost=lost,
    )
    thresholds = Thresholds.of(
        step, last_release=last_release is not None, adjustment=adjustment
    )
    return Resolved(reasoned, decided if persons else None, thresholds, (decided, lost))


def _pairs_of_persons(
    engine: Engine, pairs: Table, persons: Mapping[str, Table]
) -> Table:
    """The pairs with left_person, right_person, same_person (the probability that the
    units, where duplicates, are those persons'), is_joined (whether one of them is a
    duplicate or has one); a query that runs when it is read.
    """
    query = """
        select p.*,
               coalesce(l.person_id, p.left_id) as left_person,
               coalesce(r.person_id, p.right_id) as right_person,
               coalesce(l.probability, 1e0) * coalesce(r.probability, 1e0)
                   as same_person,
               l.unit_id is not null or r.unit_id is not null as is_joined
        from {pairs} as p
        left join {left} as l on l.unit_id = p.left_id
        left join {right} as r on r.unit_id = p.right_id
        """
    no_persons = empty(engine, _PERSONS)
    return engine.sql(
        query,
        pairs=pairs,
        left=persons.get("left", no_persons),
        right=persons.get("right", no_persons),
    )


def _links_of_passes(engine: Engine, pairs: Table, side: str) -> Table:
    """person_id, partner_id, match_weight of the persons of a side that a pass has
    linked.
    """
    query = f"""
        select {side}_person as person_id,
               min({OTHER_SIDE[side]}_person) as partner_id,
               max(case when method = '{OVERRIDE}' then {_MOST_BITS}e0
                        else match_weight end) as match_weight
        from {{pairs}}
        where method <> 'probabilistic'
        group by {side}_person
        """
    return engine.sql(query, pairs=pairs, store=_PASS_LINKS)


def _joined_pairs(
    engine: Engine, pairs: Table, pass_links: Mapping[str, Table]
) -> Table:
    """left_person, right_person, match_weight (of the heaviest of their records) of the
    open pairs of persons with several records.
    """
    query = f"""
        select left_person, right_person, max(match_weight) as match_weight
        from {{pairs}} as p
        where is_joined and {_IS_OPEN}
        group by left_person, right_person
        """
    return engine.sql(query, pairs=pairs, params=None, store=True, **pass_links)


def _open_pairs(
    engine: Engine, pairs: Table, joined: Table, pass_links: Mapping[str, Table]
) -> Table:
    """left_person, right_person, match_weight of pairs of persons whom no pass has
    linked.
    """
    query = f"""
        select left_person, right_person, match_weight
        from {{pairs}} as p
        where not is_joined and {_IS_OPEN}
        union all
        select left_person, right_person, match_weight from {{joined}}
        """
    return engine.sql(
        query, pairs=pairs, joined=joined, params=None, store=True, **pass_links
    )


_IS_OPEN = """method = 'probabilistic'
          and not exists (select 1 from {left} as c where c.person_id = p.left_person)
          and not exists (select 1 from {right} as c where c.person_id = p.right_person)
    """


def _standing(engine: Engine, open_pairs: Table, side: str) -> Table:
    query = _STANDING_OF_SIDE.format(side=side, other=OTHER_SIDE[side])
    return engine.sql(query, pairs=open_pairs, store=_STANDING)


_STANDING_OF_SIDE = f"""
    with totals as (
        select {{side}}_person as person_id,
               count(*) as pairs,
               sum({odds_of("match_weight")}) as odds,
               max(match_weight) as heaviest,
               max(round(match_weight, {DECIMALS})) as best_weight,
               min({{other}}_person) as first_partner
        from {{{{pairs}}}}
        group by {{side}}_person
    ),
    compared as (
        select t.person_id, t.best_weight, p.match_weight,
               p.{{other}}_person as partner_id,
               round(p.match_weight, {DECIMALS}) = t.best_weight as is_best
        from {{{{pairs}}}} as p
        join totals as t on t.person_id = p.{{side}}_person
        where t.pairs > 1
    ),
    ranked as (
        select person_id,
               min(case when is_best then partner_id end) as best_partner,
               case when count(case when is_best then 1 end) > 1 then max(best_weight)
                    else max(case when not is_best then match_weight end)
               end as next_weight
        from compared
        group by person_id
    )
    select t.person_id, t.odds, t.heaviest, t.best_weight,
           coalesce(r.best_partner, t.first_partner) as best_partner, r.next_weight
    from totals as t
    left join ranked as r on r.person_id = t.person_id
    """


def _best_pairs(engine: Engine, competition: _Competition) -> Table:
    """left_person, right_person, match_weight, left_others, right_others (odds of the
    competing pairs) of the pairs that are the best of each of their persons that holds
    one link.
    """
    columns = {**_PERSON_PAIRS, "match_weight": "double"}
    columns |= {"left_others": "double", "right_others": "double"}
    if not competition.single:
        return empty(engine, columns)
    if len(competition.single) == len(OTHER_SIDE):
        standing = competition.standing
        return engine.sql(
            _BEST_OF_BOTH,
            left=standing["left"],
            right=standing["right"],
            store=columns,
        )
    side = competition.single[0]
    query = _BEST_OF_ONE.format(side=side, other=OTHER_SIDE[side])
    return engine.sql(query, standing=competition.standing[side], store=columns)


_BEST_OF_BOTH = f"""
    select l.person_id as left_person, r.person_id as right_person,
           l.heaviest as match_weight,
           greatest(l.odds - {odds_of("l.heaviest")}, 0e0) as left_others,
           greatest(r.odds - {odds_of("r.heaviest")}, 0e0) as right_others
    from {{left}} as l
    join {{right}} as r
        on r.person_id = l.best_partner and r.best_partner = l.person_id
    """

_BEST_OF_ONE = f"""
    select best_partner as {{other}}_person, person_id as {{side}}_person,
           heaviest as match_weight,
           greatest(odds - {odds_of("heaviest")}, 0e0) as {{side}}_others,
           0e0 as {{other}}_others
    from {{{{standing}}}}
    """


def _expected_matches(engine: Engine, pairs: Table, best_pairs: Table) -> float:
    """Matches expected without the cardinality adjustment: the links of passes, and the
    best pairs by their probability.
    """
    query = f"""
        select (select count(*) from {{pairs}} where method <> 'probabilistic')
               + (select coalesce(sum({probability_of_weight("match_weight")}), 0e0)
                  from {{best_pairs}}) as matches
        """
    counts = engine.sql(
        query, params={"adjustment": 0.0}, pairs=pairs, best_pairs=best_pairs
    )
    return float(one(engine, counts)["matches"])


def _exact(
    engine: Engine,
    open_pairs: Table,
    best_pairs: Table,
    competition: _Competition,
    adjustment: float,
) -> Table:
    """left_id, right_id, match_probability of the pairs of persons without a clear
    pair.

    Where one side only holds one link, the pairs of a person are all that compete, and
    the closed form of the clear pairs is exact for all.
    """
    if len(competition.single) < len(OTHER_SIDE) or engine.count(open_pairs) == 0:
        return empty(engine, _EXACT)
    unclear = engine.sql(
        _UNCLEAR,
        params={"adjustment": adjustment},
        pairs=open_pairs,
        best_pairs=best_pairs,
        store=True,
    )
    work = functools.partial(_exact_posteriors, adjustment=adjustment)
    exact = by_component(engine, unclear, work, _EXACT)
    engine.drop(unclear)
    return exact


# With S the odds of all matchings of the other units, those with the pair have odds *
# S, and those without it at most (1 + left_others) * (1 + right_others) * S.
_ODDS_WITHOUT = """(1 + left_others * exp(ln(2) * $adjustment))
               * (1 + right_others * exp(ln(2) * $adjustment))"""

_UNCLEAR = f"""
    with compared as (
        select left_person, right_person,
               {odds_of("match_weight")} * exp(ln(2) * $adjustment) as odds,
               {_ODDS_WITHOUT} as odds_without
        from {{best_pairs}}
    ),
    clear as (
        select left_person, right_person from compared
        where odds_without <= {_NEGLIGIBLE} * odds or odds_without = 1
    )
    select left_person as left_id, right_person as right_id, match_weight
    from {{pairs}} as p
    where not exists (select 1 from clear as c where c.left_person = p.left_person)
      and not exists (select 1 from clear as c where c.right_person = p.right_person)
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


# The posterior of open pairs (rows of `weighed`: left_person, right_person, is_open,
# person_weight) from the standing of their persons, as CTEs that end in `posteriors`.
_POSTERIORS = f"""
    compared as (
        select p.*,
               greatest(
                   case when l.best_partner = p.right_person then l.next_weight
                        else l.best_weight end,
                   case when r.best_partner = p.left_person then r.next_weight
                        else r.best_weight end
               ) as runner_up_weight,
               {odds_of("p.person_weight")} as pair_odds,
               coalesce(l.odds, 0e0) as left_odds, coalesce(r.odds, 0e0) as right_odds,
               e.match_probability as exact_probability
        from weighed as p
        left join {{left}} as l on l.person_id = p.left_person and p.is_open
        left join {{right}} as r on r.person_id = p.right_person and p.is_open
        left join {{exact}} as e
            on e.left_id = p.left_person and e.right_id = p.right_person and p.is_open
    ),
    competing as (
        select *,
               greatest(left_odds - pair_odds, 0e0) as left_others,
               greatest(right_odds - pair_odds, 0e0) as right_others,
               pair_odds * exp(ln(2) * $adjustment) as odds
        from compared
    ),
    bounded as (
        select *,
               {_ODDS_WITHOUT} as odds_without,
               1 + odds + greatest(left_others, right_others)
                   * exp(ln(2) * $adjustment) as odds_of_all
        from competing
    ),
    posteriors as (
        select *,
               case when not is_open then null
                    when exact_probability is not null then exact_probability
                    when odds_without <= {_NEGLIGIBLE} * odds or odds_without = 1
                        then odds / (odds + odds_without)
                    else odds / odds_of_all end as posterior
        from bounded
    )"""


def _not_first(
    engine: Engine,
    person_pairs: Table,
    open_pairs: Table,
    exact: Table,
    competition: _Competition,
    params: Mapping[str, Value],
    least: float,
    possible_duplicates: Table,
) -> Table:
    """left_person, right_person of pairs that may reach the threshold, but are not the
    most probable of both their persons.

    Two pairs of one person cannot both have a posterior of a half or more, except as
    equal pairs of odds so large that their sum rounds to one. Other pairs may reach the
    threshold where their unit may be a duplicate.

    Args:
        least: the lowest probability that may be accepted.
    """
    if not competition.single:
        return empty(engine, _PERSON_PAIRS)
    contenders = engine.sql(
        _CONTENDERS,
        params={
            **params,
            "lightest": -1e9 if least < 0.5 else _NO_TIE_BELOW,
            "least_doubt": _LEAST_DOUBT,
        },
        pairs=person_pairs,
        open_pairs=open_pairs,
        possible_duplicates=possible_duplicates,
        store=True,
    )
    not_first = engine.sql(
        _NOT_FIRST,
        params=params,
        pairs=contenders,
        exact=exact,
        store=_PERSON_PAIRS,
        **competition.standing,
    )
    engine.drop(contenders)
    return not_first


_CONTENDERS = """
    with doubtful as (
        select p.left_person, p.right_person
        from {pairs} as p
        join {possible_duplicates} as d
            on d.left_id = p.left_id and d.right_id = p.right_id
        where d.probability >= $least_doubt
    )
    select left_person, right_person, match_weight
    from {open_pairs} as p
    where match_weight + $adjustment >= $lightest
       or exists (select 1 from doubtful as d where d.left_person = p.left_person)
       or exists (select 1 from doubtful as d where d.right_person = p.right_person)
    """

_NOT_FIRST = f"""
    with weighed as (
        select left_person, right_person, match_weight as person_weight,
               true as is_open
        from {{pairs}}
    ),
    {_POSTERIORS},
    placed as (
        select left_person, right_person,
               row_number() over (
                   partition by left_person
                   order by {heaviest_first("posterior")},
                            {heaviest_first("person_weight")}, right_person
               ) as left_place,
               row_number() over (
                   partition by right_person
                   order by {heaviest_first("posterior")},
                            {heaviest_first("person_weight")}, left_person
               ) as right_place
        from posteriors
    )
    select left_person, right_person from placed
    where ($left_is_single and left_place > 1)
       or ($right_is_single and right_place > 1)
    """

# A pair of a pass is linked, unless it is below the review threshold. A pair with a
# unit that a pass has linked elsewhere is right where the pass is wrong and the pair by
# itself right. One whose unit may be a duplicate of the other's partner is right in
# that case too.
_DECIDED = f"""
    with weighed as (
        select p.*,
               p.method = 'probabilistic'
                   and lp.person_id is null and rp.person_id is null as is_open,
               coalesce(j.match_weight, p.match_weight) as person_weight,
               {probability_of_weight("p.match_weight")} as by_weight,
               case when lp.person_id is null then 1e0
                    else 1 - {probability_of_weight("lp.match_weight")} end
               * case when rp.person_id is null then 1e0
                    else 1 - {probability_of_weight("rp.match_weight")} end
                   as passes_are_wrong,
               coalesce(lp.partner_id = p.right_person, false)
                   or coalesce(rp.partner_id = p.left_person, false) as is_partner,
               h.left_id is not null as was_linked,
               coalesce(d.probability, 0e0) as is_duplicate
        from {{pairs}} as p
        left join {{joined}} as j
            on p.is_joined
            and j.left_person = p.left_person and j.right_person = p.right_person
        left join {{left_pass}} as lp on lp.person_id = p.left_person
        left join {{right_pass}} as rp on rp.person_id = p.right_person
        left join {{last_release}} as h
            on h.left_id = p.left_id and h.right_id = p.right_id
        left join {{possible_duplicates}} as d
            on d.left_id = p.left_id and d.right_id = p.right_id
    ),
    {_POSTERIORS},
    probable as (
        select q.*,
               case when q.is_open then n.left_person is null else q.is_partner end
                   as may_link,
               case when q.method <> 'probabilistic' then q.by_weight
                    when q.is_partner and q.same_person < 1 then q.same_person
                    when q.same_person < 1
                        then coalesce(q.posterior * q.same_person, 0e0)
                    else 1 - (1 - coalesce(q.posterior, q.by_weight * passes_are_wrong))
                             * (1 - q.is_duplicate)
               end as match_probability
        from posteriors as q
        left join {{not_first}} as n
            on n.left_person = q.left_person and n.right_person = q.right_person
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
    )
    select COLUMNS, left_person, right_person, same_person, match_probability,
           runner_up_weight, decision,
           case when method <> 'probabilistic' and decision = 'review'
                    then '{DISAGREES}'
                when method <> 'probabilistic' then null
                when decision = 'accepted' and same_person < 1 then '{DUPLICATE}'
                when decision = 'accepted' and match_probability < $accept
                    then '{LINKED_BEFORE}'
                when decision = 'accepted' then null
                when by_weight < case when decision = 'review' then $accept
                                      else $review end then '{BELOW}'
                else '{UNRESOLVED}' end as reason
    from decided
    """

# Unresolved pairs of which a person that holds one link is linked elsewhere.
_LOST = f"""
    with accepted as (
        select left_person, right_person from {{decided}} where decision = 'accepted'
    )
    select d.left_id, d.right_id
    from {{decided}} as d
    where d.reason = '{UNRESOLVED}'
      and (
          ($left_is_single and exists (
              select 1 from accepted as a where a.left_person = d.left_person
          ))
          or ($right_is_single and exists (
              select 1 from accepted as a where a.right_person = d.right_person
          ))
      )
    """

_REASONED = f"""
    select {{columns}}, d.match_probability, d.runner_up_weight, d.decision,
           case when x.left_id is not null then '{LOST}' else d.reason end as reason
    from {{{{decided}}}} as d
    left join {{{{lost}}}} as x on x.left_id = d.left_id and x.right_id = d.right_id
    """
