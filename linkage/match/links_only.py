"""A step of which only the links are asked for: sure pairs are taken first, and nobody asks what became of the others.

There are no rivals, no reviews and no reasons then, and what was missed is not estimated. `leo link --links-only` asks
for it, and a run whose step says `links_only = true`.
"""

from dataclasses import asdict, dataclass
from typing import Any

from linkage.config import Step
from linkage.engine import Engine, Table, one
from linkage.match.candidates.overrides import Overrides
from linkage.match.candidates.passes import holds_many
from linkage.match.candidates.reach import links_by_pass
from linkage.match.candidates.units import Units
from linkage.match.resolution.decide import Matched, matched
from linkage.match.resolution.limits import capped
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


def links_only(engine: Engine, step: Step, left: Units, right: Units, **given: Any) -> LinksOnly:
    """Link two sides; arguments and errors as of `link_step`. Second records, limits and samples are not looked at.

    Returns:
        `links` are the accepted ones: left_id, right_id, method, pass, match_weight, match_probability (of the pair
        alone, with what the cardinality adds) and decision.
    """
    found = matched(engine, step, left, right, links_only=True, **given)
    links = _links(engine, found)
    return LinksOnly(links, found.model, {**_told(engine, found), "decisions": {"accepted": engine.count(links)}})


def _links(engine: Engine, found: Matched) -> Table:
    return engine.sql(
        """
        select *, 1 / (1 + exp(-ln(2) * (match_weight + $gain))) as match_probability, 'accepted' as decision
        from {accepted}
        """,
        params={"gain": found.thresholds.gain},
        accepted=found.accepted(engine),
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


def step_of_links(
    engine: Engine, step: Step, left: Units, right: Units, *, overrides: Overrides | None = None, **given: Any
) -> StepResult:
    """A step of a run that asks for nothing but links; arguments and errors as of `link_step`.

    Where people have decided, or the last release's links are held, no pair is taken before its rivals are seen.

    Returns:
        Tables as `link_step` makes them: of links neither pattern nor runner-up is known, and each unit without one
        has the same reason. Of blocking rules the summary says the pairs and seconds alone, and nothing of what they
        have missed.
    """
    found = matched(engine, step, left, right, overrides=overrides, links_only=True, **given)
    wide = engine.sql(
        """
        select cast($step as varchar) as step, left_id, right_id, method, pass, cast(null as varchar) as pattern,
               match_weight, match_probability, cast(null as double) as runner_up_weight, decision,
               cast(null as varchar) as reason
        from {links}
        """,
        params={"step": step.name},
        links=_links(engine, found),
    )
    links = capped(engine, wide, step)
    # Worked out once, when it is written: at ten million it takes as long as a third of the resolution.
    unlinked = engine.sql(
        f"{_alone('left')} union all {_alone('right')}",
        params={"step": step.name},
        links=links,
        left=left.units,
        right=right.units,
    )
    by_pass = links_by_pass(engine, links)
    accepted = sum(by_pass.values())
    alone = sum(found.sizes[side] - _linked(engine, links, step, side, accepted) for side in found.sizes)
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
        "unlinked": {UNTOLD: alone} if alone else {},
    }
    return StepResult(links, unlinked, members(engine, step, left, right), None, found.model, summary)


def _linked(engine: Engine, links: Table, step: Step, side: str, accepted: int) -> int:
    """Units of a side in accepted links; one that holds one partner is in one of them."""
    if not holds_many(step.cardinality, side):
        return accepted
    query = f"select count(distinct {side}_id) as units from {{links}} where decision = 'accepted'"
    return int(one(engine, engine.sql(query, links=links))["units"])


def _alone(side: str) -> str:
    """SQL of the units of a side without an accepted link."""
    return f"""
        select cast($step as varchar) as step, '{side}' as side, u.unit_id as id, '{UNTOLD}' as reason
        from {{{side}}} as u
        where not exists (select 1 from {{links}} as l where l.{side}_id = u.unit_id and l.decision = 'accepted')
        """
