"""Duplicates within a source: two units of one side that are records of one person who
stands on the other side.

A customer may have two numbers, a pupil two references. Where a unit u is a candidate
for the same unit v of the other side as a heavier unit p, u and p are either records of
one person or similar records of two. The agreement of u with v or with p is the
evidence: each comparison counts once, at its higher weight. The share of duplicates is
estimated from these pairs, with the share in other files as prior.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.config import OTHER_SIDE, holds_many
from linkage.engine import Engine, Table, components, one
from linkage.match.candidates import score_by_comparison
from linkage.match.inputs import StepInputs
from linkage.match.resolve import DECIMALS, heaviest_first
from linkage.match.score import Scored
from linkage.match.thresholds import most_adjustment, weight_of

KNOWN_SHARE = 0.005
"""Share of linked units of whom another record is in the file: 15 of 589 respondents
whom DWP matched had two numbers, some of them by a false match (Jenkins et al., ISER
2005-11); split pupil references are 0.6 % (ECHILD).
"""
KNOWN_UNITS = (
    200.0  # linked units that the known share counts as; of 200, one has a duplicate
)
_PER_BIT = (
    16  # bins of a bit of evidence, so that the counts read do not grow with the pairs
)
_MOST_BITS = 100.0  # bits; beyond them a duplicate is certain
_ROUNDS = 200  # of EM for the share, which converges to 1e-9 long before


@dataclass(frozen=True)
class Duplicates:
    """The duplicates of a side.

    Attributes:
        persons: unit_id, person_id (one unit's id for all units of the person),
            probability (1 of the heaviest).
        pairs: left_id, right_id, probability of pairs whose unit may be a duplicate of
            the other unit's partner.
        share: of linked units, those of whom another unit is a record.
    """

    persons: Table
    pairs: Table
    share: float


def find_duplicates(
    engine: Engine, inputs: StepInputs, scored: Scored
) -> dict[str, Duplicates]:
    """The duplicates on each side whose units compete for those of the other side."""
    sides = [
        side
        for side in OTHER_SIDE
        if not holds_many(inputs.step.cardinality, OTHER_SIDE[side])
    ]
    linked = (
        float(one(engine, engine.sql(_LINKED, pairs=scored.pairs))["linked"])
        if sides
        else 0.0
    )
    work = (
        functools.partial(_side_duplicates, engine, inputs, scored, side, linked)
        for side in sides
    )
    results = engine.run_concurrently(*work)
    return {
        side: duplicates
        for side, duplicates in zip(sides, results, strict=True)
        if duplicates
    }


def _side_duplicates(
    engine: Engine, inputs: StepInputs, scores: Scored, side: str, linked: float
) -> Duplicates | None:
    """The duplicates on a side, of `linked` units that are linked as the model
    expects.
    """
    model, step, units = scores.model, inputs.step, inputs.units[side]
    lowest = weight_of(step.accept_probability) - most_adjustment(
        scores.sizes, step.cardinality
    )
    side_names = {"side": side, "other": OTHER_SIDE[side]}
    led = engine.sql(
        _LED.format(**side_names),
        params={"lowest": lowest},
        pairs=scores.pairs,
        store=True,
    )
    candidates = engine.sql(
        _CANDIDATES.format(**side_names, heaviest=heaviest_first()),
        params={"lowest": lowest},
        pairs=scores.pairs,
        led=led,
        store=True,
    )
    engine.drop(led)
    if engine.count(candidates) == 0:
        engine.drop(candidates)
        return None
    pairs = engine.sql(
        "select {side}_id, {other}_id from {{c}}".format(**side_names), c=candidates
    )
    leader_pairs = engine.sql(
        f"select distinct leader_id as left_id, {side}_id as right_id from {{c}}",
        c=candidates,
        store=True,
    )
    pair_scores = score_by_comparison(
        engine, model, inputs.left.units, inputs.right.units, scores.frequencies, pairs
    )
    leader_scores = score_by_comparison(
        engine, model, units, units, scores.frequencies, leader_pairs
    )
    # A conditional comparison corrects what two fields count twice: in either pair, and
    # so in both.
    added_bits = " + ".join(
        f"{'least' if comparison.given else 'greatest'}(w.w_{place} - s.w_{place}, 0e0)"
        for place, comparison in enumerate(model.comparisons)
    )
    evidence = engine.sql(
        f"""
        select c.left_id, c.right_id, c.{side}_id as unit_id, c.leader_id, c.chosen,
            c.match_weight + {added_bits} as bits
        from {{candidates}} as c
        join {{of_pair}} as s on s.left_id = c.left_id and s.right_id = c.right_id
        join {{of_leader}} as w on w.left_id = c.leader_id and w.right_id = c.{side}_id
        """,
        params=None,
        candidates=candidates,
        of_pair=pair_scores,
        of_leader=leader_scores,
        store=True,
    )
    # Any unit that leads no pair may be a further record of a person.
    prior = -model.prior_weight - math.log2(max(scores.sizes[side] - linked, 1))
    share = _share(engine, evidence, prior, linked)
    probabilities = engine.sql(
        """
        with likely as (
            select left_id, right_id, unit_id, leader_id, chosen,
                   exp(ln(2) * least(bits + $prior, $most)) * $share as odds
            from {evidence}
        )
        select left_id, right_id, unit_id, leader_id,
            chosen * odds / (1 + odds) as probability from likely
        """,
        params={"prior": prior, "most": _MOST_BITS, "share": share},
        evidence=evidence,
        store=True,
    )
    duplicates = engine.sql(
        "select unit_id, leader_id, probability from {probabilities} where probability "
        ">= $accept",
        params={"accept": step.accept_probability},
        probabilities=probabilities,
        store=True,
    )
    labels = components(
        engine,
        engine.sql(
            "select unit_id as left_id, leader_id as right_id from {j}", j=duplicates
        ),
    )
    persons = engine.sql(
        """
        select l.node as unit_id, l.label as person_id,
            coalesce(j.probability, 1e0) as probability
        from {labels} as l
        left join {accepted} as j on j.unit_id = l.node
        """,
        labels=labels,
        accepted=duplicates,
        store=True,
    )
    engine.drop(
        candidates, leader_pairs, pair_scores, leader_scores, evidence, duplicates
    )
    return Duplicates(persons, probabilities, share)


# Units whom no pass has linked, and of which the best pair is not the best of its
# partner, or one of several such: no other can have a leader for its best pair.
_LED = f"""
    with every as (
        select {{side}}_id, {{other}}_id, round(match_weight, {DECIMALS}) as weight,
            case when method = 'probabilistic' then 1 else 0 end as by_rule
        from {{{{pairs}}}}
        where match_weight >= $lowest or method <> 'probabilistic'
    ),
    units as (
        select {{side}}_id, max(weight) as best, min(by_rule) as by_rule
        from every group by {{side}}_id
    ),
    partners as (
        select {{other}}_id, max(weight) as best, min(by_rule) as by_rule,
               count(*) as pairs
        from every group by {{other}}_id
    ),
    tops as (
        select e.{{side}}_id, e.{{other}}_id, e.weight
        from every as e
        join units as u on u.{{side}}_id = e.{{side}}_id
        where e.weight = u.best and u.by_rule = 1
    ),
    ties as (
        select e.{{other}}_id
        from every as e
        join partners as p on p.{{other}}_id = e.{{other}}_id
        where p.pairs > 1 and e.weight = p.best
        group by e.{{other}}_id
        having count(*) > 1
    )
    select distinct t.{{side}}_id
    from tops as t
    join partners as p on p.{{other}}_id = t.{{other}}_id
    where p.pairs > 1
      and (
          t.weight < p.best
          or p.by_rule = 0
          or exists (select 1 from ties as c where c.{{other}}_id = t.{{other}}_id)
      )
    """

# The leader of a unit of the other side is the unit that a pass has linked to it, else
# the heaviest. A unit may be a duplicate of the leader of its best pair; `chosen` is
# the share of that leader in the odds of all its leaders. Only the units of _LED can
# have one, and only their partners' pairs are looked at.
_CANDIDATES = """
    with every as (
        select left_id, right_id, match_weight,
            case when method = 'probabilistic' then 1 else 0 end as by_rule
        from {{pairs}}
        where match_weight >= $lowest or method <> 'probabilistic'
    ),
    own as (
        select e.* from every as e
        where exists (select 1 from {{led}} as u where u.{side}_id = e.{side}_id)
    ),
    partners as (
        select e.* from every as e
        where exists (select 1 from own as o where o.{other}_id = e.{other}_id)
    ),
    placed as (
        select *,
               row_number() over (partition by {other}_id order by by_rule, {heaviest},
                   {side}_id) as place
        from partners
    ),
    led as (
        select p.left_id, p.right_id, p.match_weight, l.{side}_id as leader_id
        from own as p
        join placed as l on l.{other}_id = p.{other}_id and l.place = 1
    ),
    best as (
        select * from led
        qualify row_number() over (partition by {side}_id, leader_id
            order by {heaviest}, {other}_id) = 1
    ),
    chosen as (
        select *, row_number() over (partition by {side}_id order by {heaviest},
            leader_id) as place,
               exp(ln(2) * least(match_weight, 200e0))
               / sum(exp(ln(2) * least(match_weight, 200e0)))
                   over (partition by {side}_id) as chosen
        from best
    )
    select left_id, right_id, match_weight, leader_id, chosen
    from chosen
    where place = 1 and leader_id <> {side}_id
    """


# Units that are linked, as the model expects: of pairs that are the best of both their
# units.
_LINKED = """
    with pairs as (
        select left_id, right_id, match_weight,
            case when method = 'probabilistic' then 1 else 0 end as by_rule
        from {pairs}
    )
    select coalesce(sum(case when by_rule = 0 then 1e0
        else 1 / (1 + exp(-ln(2) * least(match_weight, 200e0))) end), 0)
           as linked
    from pairs as p
    join (select left_id, max(match_weight) as best from pairs group by left_id) as l
        on l.left_id = p.left_id
    join (select right_id, max(match_weight) as best from pairs group by right_id) as r
        on r.right_id = p.right_id
    where by_rule = 0 or (match_weight = l.best and match_weight = r.best)
    """


def _share(engine: Engine, evidence: Table, prior: float, linked: float) -> float:
    """The share of linked units that have a duplicate, by EM over the evidence of the
    pairs.
    """
    counts = engine.arrow(
        engine.sql(
            f"""
            select floor(bits * {_PER_BIT} + 0.5) / {_PER_BIT} as bits,
                sum(chosen) as pairs
            from {{evidence}}
            group by 1
            order by 1
            """,
            evidence=evidence,
        )
    )
    bits, pairs = (
        counts[name].to_numpy().astype(np.float64) for name in ("bits", "pairs")
    )
    return estimated_share(bits + prior, pairs, linked)


def estimated_share(
    bits: npt.NDArray[np.float64], pairs: npt.NDArray[np.float64], linked: float
) -> float:
    """The maximum-likelihood share, with its prior.

    Args:
        bits: evidence with the prior of a pair, without the share.
        pairs: number of pairs with that evidence.
        linked: units that are linked.
    """
    odds = np.exp2(np.minimum(bits, _MOST_BITS))
    share = KNOWN_SHARE
    for _ in range(_ROUNDS):
        expected = float(pairs @ (share * odds / (1 + share * odds)))
        before, share = (
            share,
            (expected + KNOWN_SHARE * KNOWN_UNITS) / (linked + KNOWN_UNITS),
        )
        if abs(share - before) < 1e-9:
            break
    return share
