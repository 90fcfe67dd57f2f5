"""Why a unit has no link: the best thing that happened to it, and where nothing did, how far it came."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from linkage.config import OTHER_SIDE
from linkage.config.identifiers import kept_columns
from linkage.engine import Engine, Table, empty, quote, run_concurrently_if_small
from linkage.match.candidates.score import score_candidates
from linkage.match.resolution.decide import Matched

_PLAIN = ("forename", "surname", "dob", "sex", "postcode", "nino", "uln")


@dataclass(frozen=True)
class _Side:
    """One side of a step as its unlinked units see it."""

    units: Table  # unit_id and the columns of the model
    still_open: Table  # of these, the units that the passes left to the model; the same table where they took none

    @property
    def has_taken(self) -> bool:
        """Whether passes took units of this side."""
        return self.still_open is not self.units


def reasons(engine: Engine, found: Matched, links: Table) -> tuple[Table, dict[str, Table]]:
    """A reason for each unit without an accepted link.

    Args:
        links: every pair that the step kept.

    Returns:
        step, side, id, reason: ambiguous, in review, the candidate has a better partner, below threshold (it met
        somebody), insufficient identifiers (fewer than three are known), no candidate. And by side, where passes have
        linked units of the other: the pairs that a better partner stands against, as they were scored.
    """
    sides = {
        side: _Side(units, still_open)
        for side, units, still_open in zip(
            ("left", "right"), (found.left.units, found.right.units), found.still_open, strict=True
        )
    }
    told, taken = [], {}
    pieces = [
        functools.partial(_unlinked, engine, links, side, sides[side].units, whole=sides[OTHER_SIDE[side]].has_taken)
        for side in sides
    ]
    alone = dict(zip(sides, engine.run_concurrently(*pieces), strict=True))
    looked = [
        functools.partial(_with_taken_units, engine, found, side, unlinked, sides) for side, unlinked in alone.items()
    ]
    units = sum(engine.count(each.units) for each in sides.values())
    made = run_concurrently_if_small(engine, *looked, rows=units)
    for (side, unlinked), (fits, more, pairs) in zip(alone.items(), made, strict=True):
        if pairs:
            taken[side] = pairs
        told.append(
            engine.sql(
                _REASONS,
                params={"step": found.step.name, "side": side},
                unlinked=unlinked,
                fits=fits,
                met=found.candidates.met,
                more=more,
                store=True,
            )
        )
        engine.drop(unlinked)
    both = "select * from {left} union all select * from {right}"
    return engine.sql(both, left=told[0], right=told[1]), taken


_REASONS = """
    with came_across as (
        select unit_id from {met} where side = $side union select unit_id from {more} where side = $side
    ),
    fitting as (
        select distinct unit_id from {fits}
    )
    select cast($step as varchar) as step, cast($side as varchar) as side, u.unit_id as id,
           case when u.came_to = 3 then 'ambiguous'
                when u.came_to = 2 then 'in review'
                when u.came_to = 1 or f.unit_id is not null then 'the candidate has a better partner'
                when u.came_to = 0 or c.unit_id is not null then 'below threshold'
                when u.identifiers < 3 then 'insufficient identifiers'
                else 'no candidate' end as reason
    from {unlinked} as u
    left join fitting as f on f.unit_id = u.unit_id
    left join came_across as c on c.unit_id = u.unit_id
    """


def _unlinked(engine: Engine, links: Table, side: str, units: Table, *, whole: bool) -> Table:
    """unit_id, identifiers (how many it has) and came_to, the best that happened to it, of the units without a link.

    Args:
        whole: whether the units' other columns are asked for too.
    """
    return engine.sql(
        f"""
        with outcomes as (
            select {side}_id as unit_id,
                   max(case when decision = 'accepted' then 4
                            when decision = 'review' and reason = 'ambiguous' then 3
                            when decision = 'review' then 2
                            when reason = 'a better partner' then 1 else 0 end) as came_to
            from {{links}}
            group by {side}_id
        ),
        known as (  -- counted before they are joined: one number of each unit travels, and not what it counts
            select {"u.*" if whole else "u.unit_id"}, {_identifiers_held(units)} as identifiers from {{units}} as u
        )
        select u.*, o.came_to
        from known as u
        left join outcomes as o on o.unit_id = u.unit_id
        where o.came_to is null or o.came_to < 4
        """,
        links=links,
        units=units,
        store=True,
    )


def _identifiers_held(units: Table) -> str:
    """How many of the plain identifiers of a unit are known, with those that the run keeps (x_<name>)."""
    plain = [*(c for c in _PLAIN if c in units.columns), *kept_columns(units.columns)]
    held = [f"case when u.{quote(c)} is null then 0 else 1 end" for c in plain]
    return " + ".join(held) or "0"


def _with_taken_units(
    engine: Engine, found: Matched, side: str, unlinked: Table, sides: Mapping[str, _Side]
) -> tuple[Table, Table, Table | None]:
    """Units in no pair that would be worth a review with one whom a pass has linked to another; and who met such.

    Returns:
        unit_id of the first; side, unit_id of the second; the first's pairs, as they were scored.
    """
    other = sides[OTHER_SIDE[side]]
    if not other.has_taken:
        nobody = empty(engine, {"side": "varchar", "unit_id": "bigint"})
        return nobody, nobody, None
    alone = engine.sql("select * from {unlinked} where came_to is null", unlinked=unlinked)
    taken = engine.sql(
        "select u.* from {units} as u where not exists (select 1 from {still_open} as o where o.unit_id = u.unit_id)",
        units=other.units,
        still_open=other.still_open,
        store=True,
    )
    pair, parts = {side: alone, OTHER_SIDE[side]: taken}, found.given.get("parts")
    within = parts.within(f"unlinked-{side}") if parts else None  # what the first scoring kept is of other sides
    made = score_candidates(
        engine,
        found.model,
        pair["left"],
        pair["right"],
        found.frequencies,
        found.thresholds.review,
        parts=within,
        leftovers=True,
    )
    fits = engine.sql(f"select distinct {side}_id as unit_id from {{pairs}}", pairs=made.pairs, store=True)
    return fits, made.met, made.pairs
