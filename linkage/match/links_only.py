"""A step of which only the links are asked for: sure pairs are taken first, and nobody asks what became of the others.

There are no rivals, no reviews and no reasons then, and what was missed is not estimated. `leo link --links-only` asks
for it, and a run whose step says `links_only = true`.
"""

from dataclasses import asdict, dataclass
from typing import Any, Unpack

from linkage.config import Step, holds_many
from linkage.engine import Engine, Table, one
from linkage.match.candidates.reach import links_by_pass
from linkage.match.candidates.units import Units
from linkage.match.resolution.decide import Matched, matched
from linkage.match.resolution.limits import capped
from linkage.match.resolution.weighed import Given
from linkage.match.step import StepResult, counted, members
from linkage.model import Model

UNTOLD = "no accepted link"
"""Why a unit has no link, where nobody has looked for the reason."""


@dataclass(frozen=True)
class LinksOnly:
    """What a step made of which only the links are asked for."""

    links: Table
    model: Model
    summary: dict[str, Any]  # counts, seconds and training report; no values


def links_only(engine: Engine, step: Step, left: Units, right: Units, **given: Unpack[Given]) -> LinksOnly:
    """Link two sides; arguments and errors as of `link_step`. Second records, limits and samples are not looked at.

    Returns:
        `links` are the accepted ones: left_id, right_id, method, pass, match_weight, match_probability (of the pair
        alone, with what the cardinality adds) and decision.
    """
    found = matched(engine, step, left, right, links_only=True, **given)
    links = _links(engine, found, found.accepted(engine))
    return LinksOnly(links, found.model, {**_told(engine, found), "decisions": {"accepted": engine.count(links)}})


def _links(engine: Engine, found: Matched, accepted: Table) -> Table:
    return engine.sql(
        """
        select *, 1 / (1 + exp(-ln(2) * (match_weight + $gain))) as match_probability, 'accepted' as decision
        from {accepted}
        """,
        params={"gain": found.thresholds.gain},
        accepted=accepted,
    )


def _told(engine: Engine, found: Matched) -> dict[str, Any]:
    return {
        "training": found.training,
        "passes": found.passed.counts,
        "blocking": found.candidates.counts,
        "sure": engine.count(found.candidates.sure),
        "thresholds": asdict(found.thresholds),
        "left_units": found.sizes["left"],
        "right_units": found.sizes["right"],
    }


def step_of_links(engine: Engine, step: Step, left: Units, right: Units, **given: Unpack[Given]) -> StepResult:
    """A step of a run that asks for nothing but links; arguments and errors as of `link_step`.

    Where people have decided, or the last release's links are held, no pair is taken before its rivals are seen.

    Returns:
        Tables as `link_step` makes them: of links neither pattern nor runner-up is known, and each unit without one
        has the same reason. Of blocking rules the summary says the pairs and seconds alone, and nothing of what they
        have missed.
    """
    found, overrides = matched(engine, step, left, right, links_only=True, **given), given.get("overrides")
    others = found.beside_sure(engine)
    wide = engine.sql(
        """
        select cast($step as varchar) as step, left_id, right_id, method, pass, cast(null as varchar) as pattern,
               match_weight, match_probability, cast(null as double) as runner_up_weight, decision,
               cast(null as varchar) as reason
        from {links}
        """,
        params={"step": step.name},
        links=_links(engine, found, found.accepted(engine, others)),
    )
    links = capped(engine, wide, step)
    unlinked = _unlinked(engine, step, found, (left, right), links, others if links is wide else None)
    by_pass = links_by_pass(engine, links)
    accepted = sum(by_pass.values())
    unlinked_units = sum(found.sizes[side] - _linked(engine, links, step, side, accepted) for side in found.sizes)
    summary = {
        **_told(engine, found),
        "overrides": overrides.counts if overrides else {},
        "passes": [{**counts, "links": by_pass.get(str(counts["pass"]), 0)} for counts in found.passed.counts],
        "rules": [],
        "estimated_recall": None,
        "unreached_spread": 0.0,
        "differ_together": [],
        "levels_shown": {},
        "links_only": True,
        "decisions": {"accepted": accepted} if links is wide else counted(engine, links, "decision"),
        "unlinked": {UNTOLD: unlinked_units} if unlinked_units else {},
    }
    return StepResult(links, unlinked, members(engine, step, left, right), None, found.model, summary)


def _linked(engine: Engine, links: Table, step: Step, side: str, accepted: int) -> int:
    """Units of a side in accepted links; one that holds one partner is in one of them."""
    if not holds_many(step.cardinality, side):
        return accepted
    query = f"select count(distinct {side}_id) as units from {{links}} where decision = 'accepted'"
    return int(one(engine, engine.sql(query, links=links))["units"])


def _unlinked(
    engine: Engine, step: Step, found: Matched, sides: tuple[Units, Units], links: Table, others: Table | None
) -> Table:
    """step, side, id, reason of the units without an accepted link, worked out when somebody writes them.

    Args:
        others: the links but for the sure pairs; None where a limit has ended some of those.
    """
    queries, tables = [], {"links": links} | ({"others": others, "certain": found.certain} if others else {})
    passes = bool(others) and engine.count(found.certain) > 0
    for side, units, still_open, rest in zip(found.sizes, sides, found.still_open, found.candidates.sides, strict=True):
        tables[side] = units.units
        all_of, linked = f"select unit_id from {{{side}}}", "links"
        if others and rest is not still_open:
            # Whom no sure pair holds is written down, and few of all. One whom a pass has taken is not among them, and
            # has no link where the model speaks against the pass.
            tables[side], linked = rest, "others"
            if passes:
                all_of += f" union select {side}_id as unit_id from {{certain}}"
        queries.append(
            f"""
            select cast($step as varchar) as step, '{side}' as side, u.unit_id as id, '{UNTOLD}' as reason
            from ({all_of}) as u
            where not exists (select 1 from {{{linked}}} as l where l.{side}_id = u.unit_id{_DECIDED[linked]})
            """
        )
    return engine.sql(" union all ".join(queries), params={"step": step.name}, store=False, **tables)


_DECIDED = {"links": " and l.decision = 'accepted'", "others": ""}
