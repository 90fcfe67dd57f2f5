"""The pairs that people look at: drawn by a hash of pair and seed, the same on every engine and in every release.

The hash is of what a pair is called in every run: a permanent random number. In each release a stratum's pairs of the
lowest numbers are drawn, a simple random sample of those that are there; what was drawn before is drawn again as far as
the strata allow, so that its labels serve again (coordinated sampling: Ohlsson, Coordination of samples using permanent
random numbers, in Business Survey Methods, 1995).
"""

from collections.abc import Mapping

import pyarrow as pa

from linkage.engine import Engine, Table


def draw(
    engine: Engine, stratified: Table, allotted: Mapping[str, int], names: tuple[Table, Table], *, seed: int
) -> Table:
    """A stratified simple random sample without replacement.

    Args:
        stratified: as `quality.review.stratify` makes it.
        allotted: stratum to number of pairs.
        names: unit_id, name of the left and of the right side: a name is the same in every run.

    Returns:
        place (1, 2, ... in an order that mixes the strata, so that a reviewer who stops early has seen of all),
        stratum, left_id, right_id, decision, made_by, match_weight, match_probability; stored.
    """
    wanted = engine.from_arrow(
        pa.table(
            {"stratum": pa.array(list(allotted), pa.string()), "wanted": pa.array(list(allotted.values()), pa.int64())}
        )
    )
    return engine.sql(
        """
        with lots as (
            select p.*, md5(cast($seed as varchar) || ':' || l.name || ':' || r.name) as lot
            from {stratified} as p
            join {left} as l on l.unit_id = p.left_id
            join {right} as r on r.unit_id = p.right_id
        ),
        placed as (
            select *, row_number() over (partition by stratum order by lot, left_id, right_id) as turn from lots
        )
        select row_number() over (order by placed.lot, placed.left_id, placed.right_id) as place, placed.stratum,
               placed.left_id, placed.right_id, placed.decision, placed.made_by, placed.match_weight,
               placed.match_probability
        from placed
        join {wanted} as wanted on wanted.stratum = placed.stratum
        where placed.turn <= wanted.wanted
        """,
        params={"seed": seed},
        store=True,
        stratified=stratified,
        wanted=wanted,
        left=names[0],
        right=names[1],
    )
