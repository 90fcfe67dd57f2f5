"""How likely a pair is of another record of somebody who is linked already.

A unit that lost to a better partner is of the same person all the same where that person stands in its file twice, or
where an earlier step has left them in two. The step's cardinality leaves such a pair out, and the posterior of 0024
takes the two units for rivals unless they look alike; two records of one person often do not: one bears the old name,
one the new, and the partner both. What speaks for the second is its own weight with the partner, against the share of
linked units that have such a record at all. That share is estimated from the step itself, by EM.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from linkage.config import OTHER_SIDE, Cardinality, holds_many, single_sides
from linkage.engine import Engine, Table, one, quote
from linkage.match.further.further_records import Further, share_of_others
from linkage.match.further.second_records import SecondRecords
from linkage.match.further.together import joined_together
from linkage.match.resolution.rounds import sums_of
from linkage.match.two_people.apart_rules import shipped
from linkage.model import Model
from linkage.model.stages import pattern_column

_CONTESTED = 1e-3  # probability of rivals below which they change nothing


def with_other_records(
    engine: Engine,
    links: Table,
    apart: Table,
    gain: float,
    cardinality: Cardinality,
    *,
    contested: Table | None = None,
    linked: int | None = None,
    second: SecondRecords | None = None,
    known: Table | None = None,
) -> tuple[Table, dict[str, Further]]:
    """Links of a step with the probability of pairs whose unit is another record of the partner's person.

    Args:
        links: every pair that the step kept, with match_probability; read once where the next two are given.
        apart: left_id, right_id of pairs that speak of no other record (`no_other_records`).
        gain: bits that the cardinality adds to a weight.
        contested: left_id, right_id, match_weight, match_probability and the sums of their units (`sums_of`) of the
            links that share a unit with another; all links when None.
        linked: how many links are accepted; counted when None.
        second: what the step knows, where it has looked for second records.
        known: left_id, right_id, probability of other records of which more is known than their pair shows.

    Returns:
        The links, and by side what is known of its further records.
    """
    # Whoever holds many partners has no rivals among them.
    asked = [side for side in ("left", "right") if not holds_many(cardinality, OTHER_SIDE[side])]
    if not asked:
        return links, {}
    if second:
        apart = joined_together(engine, links, apart, cardinality)
    elif linked is None:
        counted = one(engine, engine.sql("select count(*) as n from {t} where decision = 'accepted'", t=links))
        linked = int(counted["n"])
    summed = contested or engine.sql(_SUMMED.format(sums=sums_of(cardinality)), links=links, store=True)
    further: dict[str, Further] = {}
    raised: list[Table] = []
    for side in asked:
        now = engine.sql(_moved(cardinality), summed=summed, raised=raised[0]) if raised else summed
        held = engine.sql(_held(side, cardinality), summed=now, apart=apart, store=True)
        if second:
            # Of a kept pair the levels are not at hand; of those in doubt both records have been looked at.
            further[side] = second.further[side]
            alone = replace(further[side], times={})
        else:
            found = engine.arrow(engine.sql(_HELD_BY_WEIGHT, t=held))
            bits, likely = (found[name].to_numpy().astype(np.float64) for name in ("match_weight", "held"))
            of_linked = share_of_others(bits + gain, likely, float(linked or 0))
            alone = further[side] = Further(of_linked, gain)
        tables = {"held": held} | ({"known": known} if known else {})
        raised.append(engine.sql(_raised(alone, known=known is not None), store=True, params=None, **tables))
        engine.drop(held)
    if summed is not contested:
        engine.drop(summed)
    return _with_raised(engine, links, raised), further


def _with_raised(engine: Engine, links: Table, raised: Sequence[Table]) -> Table:
    """Links with what the probabilities of their pairs were raised to, on a side or on both; the others are let go."""
    last = engine.sql(_LAST, first=raised[0], second=raised[1]) if len(raised) > 1 else raised[0]
    listed = [_PROBABILITY if name == "match_probability" else f"k.{quote(name)}" for name in links.columns]
    told = engine.sql(
        f"""
        select {", ".join(listed)}
        from {{links}} as k
        left join {{raised}} as r on r.left_id = k.left_id and r.right_id = k.right_id
        """,
        links=links,
        raised=last,
        store=True,
    )
    engine.drop(links, *raised)
    return told


def no_other_records(engine: Engine, model: Model, apart: Table, scored: Table) -> Table:
    """left_id, right_id of pairs that speak of no other record, whatever they weigh.

    Those are of two people, or lack on a side what tells two of one birth apart (configs/resolution/apart.toml): with
    somebody whose forename is not known, both twins agree in everything.

    Args:
        apart: left_id, right_id of pairs that are two people.
        scored: left_id, right_id and levels of the pairs that rules made.
    """
    telling = {rule.differ for rule in shipped()}
    blind = [
        f"s.{quote(pattern_column(comparison))} = -1"
        for comparison in model.fields
        if comparison.columns[0].removesuffix("_all") in telling
    ]
    return engine.sql(
        f"""
        select left_id, right_id from {{apart}}
        union
        select s.left_id, s.right_id from {{scored}} as s where {" or ".join(blind) or "false"}
        """,
        apart=apart,
        scored=scored,
        store=True,
    )


def that_speak(engine: Engine, model: Model, pairs: Table, apart: Table) -> Table:
    """Those of scored pairs that may be of another record; `apart` are two people, whatever they weigh."""
    return engine.sql(
        """
        select p.*
        from {pairs} as p
        where not exists (select 1 from {nobody} as n where n.left_id = p.left_id and n.right_id = p.right_id)
        """,
        pairs=pairs,
        nobody=no_other_records(engine, model, apart, pairs),
        store=True,
    )


_SUMMED = "select left_id, right_id, match_weight, match_probability{sums} from {{links}}"


def _moved(cardinality: Cardinality) -> str:
    """The same sums once the probabilities of some pairs are raised; those are few, and no pair is sorted again."""
    single = single_sides(cardinality)
    sums = "".join(f", s.of_{side} + coalesce(of_{side}.more, 0) as of_{side}" for side in single)
    joins = "".join(
        f"""
        left join (select {side}_id, sum(more) as more from {{raised}} group by {side}_id) as of_{side}
          on of_{side}.{side}_id = s.{side}_id"""
        for side in single
    )
    return f"""
        select s.left_id, s.right_id, s.match_weight,
               s.match_probability + coalesce(r.more, 0) as match_probability{sums}
        from {{summed}} as s
        left join {{raised}} as r on r.left_id = s.left_id and r.right_id = s.right_id{joins}
        """


def _held(side: str, cardinality: Cardinality) -> str:
    """Pairs of `_summed`, and held: how likely a rival holds the partner, and the unit itself no other."""
    elsewhere = "0e0" if holds_many(cardinality, side) else f"of_{side} - match_probability"
    return f"""
        with priced as (
            select left_id, right_id, match_weight, match_probability,
                   least(greatest(of_{OTHER_SIDE[side]} - match_probability, 0), 1)
                       * (1 - least(greatest({elsewhere}, 0), 1)) as held
            from {{summed}}
        )
        select p.*
        from priced as p
        where p.held > {_CONTESTED}
          and not exists (select 1 from {{apart}} as a where a.left_id = p.left_id and a.right_id = p.right_id)
        """


# What is read does not grow with the pairs: those of nearly one weight count as one of their mean. A bit is cut so fine
# that no probability moves by a thousandth of a millionth.
_HELD_BY_WEIGHT = """
    select sum(held * match_weight) / sum(held) as match_weight, sum(held) as held
    from {t}
    group by floor(match_weight * 4096)
    order by match_weight
    """


def _raised(further: Further, *, known: bool) -> str:
    """Pairs of {held} with their probability as other records of the person who holds their partner.

    Args:
        known: whether {known} says it of some.
    """
    told = "coalesce(r.probability, odds / (1 + odds))" if known else "odds / (1 + odds)"
    joined = "left join {known} as r on r.left_id = p.left_id and r.right_id = p.right_id" if known else ""
    return f"""
        with priced as (
            select h.*, {further.odds("h")} as odds from {{held}} as h
        ),
        raised as (
            select p.left_id, p.right_id, match_probability as before,
                   least(1, match_probability + held * {told}) as match_probability
            from priced as p
            {joined}
        )
        select left_id, right_id, match_probability, match_probability - before as more
        from raised
        """


_LAST = """
    select left_id, right_id, match_probability from {second}
    union all
    select f.left_id, f.right_id, f.match_probability
    from {first} as f
    where not exists (select 1 from {second} as s where s.left_id = f.left_id and s.right_id = f.right_id)
    """

_PROBABILITY = "coalesce(r.match_probability, k.match_probability) as match_probability"
