"""A step of which only the links are asked for: no reasons, no runners-up, and sure pairs taken first."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from linkage.config import Pass, Step
from linkage.engine import Engine, Table
from linkage.match import passes as deterministic
from linkage.match.decide import matched
from linkage.match.parts import Parts
from linkage.match.units import Units
from linkage.model import Model


@dataclass(frozen=True)
class LinksOnly:
    """What a step made of which only the links are asked for."""

    links: Table
    model: Model
    summary: dict[str, Any]  # counts, seconds and training report; no values


def links_only(
    engine: Engine,
    step: Step,
    left: Units,
    right: Units,
    *,
    rules: Sequence[Pass],
    model: Model,
    seed: int = 2026,
    parts: Parts | None = None,
    progress: Callable[[str], None] | None = None,
) -> LinksOnly:
    """Link two sides; arguments as of `link_step`.

    Returns:
        `links` are the accepted ones: left_id, right_id, method, pass, match_weight, match_probability (of the pair
        alone, with what the cardinality adds) and decision.
    """
    found = matched(
        engine, step, left, right, rules=rules, model=model, seed=seed, parts=parts, links_only=True, progress=progress
    )
    links = engine.sql(
        f"""
        with linked as (
            select left_id, right_id, pass, match_weight,
                   case when pass = '{deterministic.OVERRIDE}' then 'override' else 'deterministic' end as method
            from {{certain}}
            where match_weight >= $review or pass = '{deterministic.OVERRIDE}'
            union all
            select left_id, right_id, 'rule ' || cast(rule + 1 as varchar) as pass, match_weight,
                   'probabilistic' as method
            from {{sure}}
            union all
            select s.left_id, s.right_id, 'rule ' || cast(s.rule + 1 as varchar) as pass, s.match_weight,
                   'probabilistic' as method
            from {{outcomes}} as o
            join {{scored}} as s on s.left_id = o.left_id and s.right_id = o.right_id
            where o.decision = 'accepted'
        )
        select left_id, right_id, method, pass, match_weight,
               1 / (1 + exp(-ln(2) * (match_weight + $gain))) as match_probability,
               'accepted' as decision
        from linked
        """,
        params={"review": found.thresholds.review, "gain": found.thresholds.gain},
        certain=found.certain,
        sure=found.candidates.sure,
        outcomes=found.outcomes,
        scored=found.scored,
        store=True,
    )
    summary = {
        "training": found.training,
        "passes": found.passed.counts,
        "blocking": found.candidates.counts,
        "sure": engine.count(found.candidates.sure),
        "thresholds": asdict(found.thresholds),
        "left_units": found.sizes["left"],
        "right_units": found.sizes["right"],
        "decisions": {"accepted": engine.count(links)},
    }
    return LinksOnly(links, found.model, summary)
