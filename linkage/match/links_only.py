"""A step of which only the links are asked for: no reasons, no runners-up, and sure pairs taken first."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from linkage.config import Pass, Step
from linkage.engine import Engine, Table
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
    """Link two sides; arguments and errors as of `link_step`. Second records, limits and samples are not looked at.

    Returns:
        `links` are the accepted ones: left_id, right_id, method, pass, match_weight, match_probability (of the pair
        alone, with what the cardinality adds) and decision.
    """
    found = matched(
        engine, step, left, right, rules=rules, model=model, seed=seed, parts=parts, links_only=True, progress=progress
    )
    links = engine.sql(
        """
        select *, 1 / (1 + exp(-ln(2) * (match_weight + $gain))) as match_probability, 'accepted' as decision
        from {accepted}
        """,
        params={"gain": found.thresholds.gain},
        accepted=found.accepted(engine),
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
