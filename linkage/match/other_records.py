"""How likely a pair is of another record of somebody who is linked already.

A unit that lost to a better partner is of the same person all the same where that person stands in its file twice, or
where an earlier step has left them in two. The step's cardinality leaves such a pair out, and the posterior of 0024
takes the two units for rivals unless they look alike; two records of one person often do not: one bears the old name,
one the new, and the partner both. What speaks for the second is its own weight with the partner, against the share of
linked units that have such a record at all. That share is estimated from the step itself, by EM.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from linkage.config import Cardinality
from linkage.engine import Engine, Table, one, quote
from linkage.match.apart import shipped
from linkage.match.passes import holds_many
from linkage.model import Model
from linkage.model.compiled import pattern_column

Numbers = npt.NDArray[np.float64]

_OTHER = {"left": "right", "right": "left"}
_KNOWN, _WORTH = 0.005, 200.0
"""Share of a file's records that are a second one of somebody, as elsewhere (linkage.match.duplicates), and for how
many linked units it counts beside the step's own."""
_CONTESTED = 1e-3  # probability of rivals below which they change nothing
_MOST_BITS = 100.0
_ROUNDS = 200


def with_other_records(
    engine: Engine, links: Table, apart: Table, gain: float, cardinality: Cardinality
) -> tuple[Table, dict[str, float]]:
    """Links of a step with the probability of pairs whose unit is another record of the partner's person.

    Args:
        links: every pair that the step kept, with match_probability.
        apart: left_id, right_id of pairs that speak of no other record (`no_other_records`).
        gain: bits that the cardinality adds to a weight.

    Returns:
        The links, and by side the estimated share of linked units that another unit of the side is a record of.
    """
    shares, before = {}, [links]
    for side in ("left", "right"):
        if holds_many(cardinality, _OTHER[side]):
            continue  # whoever holds many partners has no rivals among them
        contested = engine.sql(_contested(side, cardinality), links=links, apart=apart, store=True)
        found = engine.arrow(engine.sql("select match_weight, held from {t} order by left_id, right_id", t=contested))
        bits = found["match_weight"].to_numpy().astype(np.float64) + gain
        counted = one(engine, engine.sql("select count(*) as n from {links} where decision = 'accepted'", links=links))
        shares[side] = share_of_others(bits, found["held"].to_numpy().astype(np.float64), float(counted["n"]))
        before.append(contested)
        raised = [_RAISED if name == "match_probability" else f"k.{quote(name)}" for name in links.columns]
        links = engine.sql(
            f"""
            select {", ".join(raised)}
            from {{links}} as k
            left join {{contested}} as c on c.left_id = k.left_id and c.right_id = k.right_id
            """,
            params={"gain": gain, "share": shares[side], "most": _MOST_BITS},
            links=links,
            contested=contested,
        )
    if not shares:
        return links, shares
    raised_links = engine.sql("select * from {links}", links=links, store=True)
    engine.drop(*before)
    return raised_links, shares


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


def _contested(side: str, cardinality: Cardinality) -> str:
    """left_id, right_id, match_weight, held: how likely a rival holds the partner, and the unit itself no other."""
    other = _OTHER[side]
    elsewhere = "0e0" if holds_many(cardinality, side) else f"of_{side} - match_probability"
    return f"""
        with summed as (
            select left_id, right_id, match_weight, match_probability,
                   sum(match_probability) over (partition by left_id) as of_left,
                   sum(match_probability) over (partition by right_id) as of_right
            from {{links}}
        ),
        priced as (
            select left_id, right_id, match_weight,
                   least(greatest(of_{other} - match_probability, 0), 1) * (1 - least(greatest({elsewhere}, 0), 1))
                       as held
            from summed
        )
        select p.*
        from priced as p
        where p.held > {_CONTESTED}
          and not exists (select 1 from {{apart}} as a where a.left_id = p.left_id and a.right_id = p.right_id)
        """


_RAISED = """
    case when c.held is null then k.match_probability
         else least(1, k.match_probability + c.held * (
             1 - 1 / (1 + $share * exp(ln(2) * least(c.match_weight + $gain, $most)))))
    end as match_probability
    """


def share_of_others(bits: Numbers, held: Numbers, linked: float) -> float:
    """The share of linked units of whose person another unit is a record.

    Args:
        bits: of each contested pair, its weight with the cardinality's gain.
        held: how likely its partner is held by another.
        linked: units that are linked.
    """
    share = _KNOWN
    for _ in range(_ROUNDS):
        expected = float(held @ likely(bits, share))
        before, share = share, (expected + _KNOWN * _WORTH) / (linked + _WORTH)
        if abs(share - before) < 1e-9:
            break
    return share


def likely(bits: Numbers, share: float) -> Numbers:
    """How likely units are another record of a person who holds their partner."""
    odds: Numbers = share * np.exp2(np.minimum(bits, _MOST_BITS))
    return odds / (1 + odds)


def expected_others(engine: Engine, taken: Mapping[str, Table], gain: float, shares: Mapping[str, float]) -> float:
    """How many pairs of units that nothing else was kept of with units that a pass has linked are of one person.

    Args:
        taken: by the side of the unit without a link: left_id, right_id, match_weight of such pairs.
        shares: as `with_other_records` returns them.
    """
    total = 0.0
    for side, pairs in taken.items():
        if side in shares:
            found = engine.arrow(engine.sql("select match_weight from {t} order by match_weight", t=pairs))
            total += float(likely(found["match_weight"].to_numpy().astype(np.float64) + gain, shares[side]).sum())
    return total
