"""The pairs that people look at: drawn by a hash of the pair and the seed, the same on every engine."""

from collections.abc import Mapping

import pyarrow as pa

from linkage.engine import Engine, Table


def draw(engine: Engine, stratified: Table, allotted: Mapping[str, int], *, seed: int) -> Table:
    """A stratified simple random sample without replacement.

    Args:
        stratified: as `quality.review.stratify` makes it.
        allotted: stratum to number of pairs.

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
            select *, md5(cast($seed as varchar) || ':' || cast(left_id as varchar) || ':' || cast(right_id as varchar))
                      as lot
            from {stratified}
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
    )
