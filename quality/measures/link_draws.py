"""Variation of the number of links, and of each group's link rate, over link draws
(docs/explanation/uncertainty.md).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from linkage.engine import Engine, Table, literal, one, quote, rows
from quality.measures.characteristics import NOT_KNOWN

_OUTER = (0.025, 0.975)


def vary_over_draws(
    engine: Engine,
    sampled: Table,
    draws: int,
    *,
    units: Table | None = None,
    rates: Sequence[Mapping[str, Any]] = (),
    eligible: int,
    linked: int,
) -> dict[str, Any]:
    """Variation of figures over the link draws of a step.

    Args:
        sampled: draw (1 to `draws`), left_id, right_id.
        units: as of `quality.measures.link_rates.units_described`; without them every
            unit is eligible.
        rates: of the step (see `quality.measures.link_rates.rates`): the groups of its
            left side.
        eligible: eligible units of the left side.
        linked: how many of them the step's own links link.

    Returns:
        draws, links (pairs to a draw), pairs (that any draw has), in_all (that all
        have), linked (of the left side's
        units: eligible, linked by the step's own links, and how many by a draw), and
        characteristics: characteristic, title, groups (group, label, and the same of
            each). `spread` gives what varies.
    """
    query = (
        "select left_id, right_id, count(*) as drawn from {sampled} group by "
        "left_id, right_id"
    )
    pairs = engine.sql(query, store=True, sampled=sampled)
    query = (
        "select count(*) as pairs, count(*) filter (where drawn = $draws) as "
        "in_all from {pairs}"
    )
    counts = one(engine, engine.sql(query, params={"draws": draws}, pairs=pairs))
    query = "select draw, count(*) as links from {sampled} group by draw order by draw"
    per_draw = {
        row["draw"]: row["links"]
        for row in rows(engine, engine.sql(query, sampled=sampled))
    }
    partitions = [
        rate for rate in rates if rate["side"] == "left" and rate["is_partition"]
    ]
    of_groups = _linked(
        engine,
        sampled,
        pairs,
        draws,
        units,
        [str(rate["characteristic"]) for rate in partitions],
    )
    engine.drop(pairs)

    def variation(group: Mapping[str, Any], *key: str) -> dict[str, Any]:
        return {**group, **spread(of_groups.get(key, [0] * draws))}

    return {
        "draws": draws,
        "links": spread([per_draw.get(draw, 0) for draw in range(1, draws + 1)]),
        **counts,
        "linked": variation({"eligible": eligible, "linked": linked}, "", ""),
        "characteristics": [
            {
                "characteristic": rate["characteristic"],
                "title": rate["title"],
                "groups": [
                    variation(
                        {
                            key: group[key]
                            for key in ("group", "label", "eligible", "linked")
                        },
                        *(rate["characteristic"], group["group"]),
                    )
                    for group in rate["groups"]
                ],
            }
            for rate in partitions
        ],
    }


def spread(counts: Sequence[int]) -> dict[str, float | None]:
    """mean, deviation (of a sample; None of one), and low and high: the 2.5 and 97.5 %
    points, between two by share.
    """
    low, high = (float(value) for value in np.quantile(counts, _OUTER))
    deviation = float(np.std(counts, ddof=1)) if len(counts) > 1 else None
    return {
        "mean": float(np.mean(counts)),
        "deviation": deviation,
        "low": low,
        "high": high,
    }


# Nearly all units have a link that is in every draw, and are counted once for all of
# them.
_UNITS = """
    with standing as (select distinct left_id from {pairs} where drawn = $draws)
    select cast(null as integer) as draw, left_id from standing
    union all
    select distinct s.draw, s.left_id
    from {sampled} as s
    left join standing on standing.left_id = s.left_id
    where standing.left_id is null
    """


def _linked(
    engine: Engine,
    link_samples: Table,
    pairs: Table,
    draws: int,
    units: Table | None,
    characteristics: Sequence[str],
) -> dict[tuple[str, ...], list[int]]:
    """By characteristic and group how many of its units each draw links; under two
    empty names those of all.
    """
    linked = engine.sql(
        _UNITS, params={"draws": draws}, pairs=pairs, sampled=link_samples
    )
    names = [f"group_{place}" for place in range(len(characteristics))]
    groups = "".join(
        f", coalesce(u.{quote(characteristic)}, {literal(NOT_KNOWN)}) as {name}"
        for name, characteristic in zip(names, characteristics, strict=True)
    )
    join_clause = (
        "join {units} as u on u.side = 'left' and u.unit_id = "
        "linked.left_id "
        "where u.is_eligible"
    )
    keys = ", ".join(["draw", *names])
    cube = engine.sql(
        f"""
        with placed as (select linked.draw{groups}
            from {{linked}} as linked {join_clause if units else ""})
        select {keys}, count(*) as units from placed group by {keys}
        """,
        params=None,
        store=True,
        linked=linked,
        **({"units": units} if units else {}),
    )
    queries = ["select '' as characteristic, '' as grp, draw, units from {cube}"] + [
        f"select {literal(characteristic)} as characteristic, {name} as grp, draw, "
        f"units from {{cube}}"
        for name, characteristic in zip(names, characteristics, strict=True)
    ]
    result = engine.sql(
        f"""
        select characteristic, grp, draw, cast(sum(units) as bigint) as units
        from ({" union all ".join(queries)})
        group by characteristic, grp, draw
        """,
        cube=cube,
    )
    of_groups: dict[tuple[str, ...], list[int]] = {}
    for row in rows(engine, result):
        counts = of_groups.setdefault((row["characteristic"], row["grp"]), [0] * draws)
        for place in range(draws) if row["draw"] is None else [row["draw"] - 1]:
            counts[place] += int(row["units"])
    engine.drop(cube)
    return of_groups
