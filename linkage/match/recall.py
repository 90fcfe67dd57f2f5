"""Blocking recall and the false negatives of a step, from its scored pairs.

Matches are missed in three places: no blocking rule makes their pair, their pair is
below the floor, or it was not accepted. linkage.model.blocking.captured estimates them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from linkage.engine import Engine, Table, one, quote, rows
from linkage.match.units import DERIVED
from linkage.model import Model
from linkage.model.blocking import (
    MissedMatches,
    PatternCount,
    count_reached,
    estimate_missed,
    expected_recall,
    rule_pairs,
)
from linkage.model.compiled import levels_of


def blocking_recall(
    engine: Engine,
    model: Model,
    sides: tuple[Table, Table],
    still_open: tuple[Table, Table],
    *,
    passes: Sequence[Mapping[str, Any]],
    rules: Sequence[Mapping[str, Any]],
    links: Table,
    floor: float,
) -> dict[str, Any]:
    """Counts of each pass and of each blocking rule of two files; no values.

    Args:
        sides: all units of the step, left and right.
        still_open: the units on which the rules were run.
        passes: of each pass that was run: pass, pairs, accepted, seconds.
        rules: of each of the model's rules: pairs_kept, seconds.
        links: every scored pair of the step, with pass and decision.
        floor: match weight below which pairs were not kept.

    Returns:
        passes: as given, with links; rules: as given, with pairs (candidate pairs),
            new_pairs (made by no earlier rule),
        pairs_are ("counted", or "estimated" from a sample), links, estimated_recall and
        estimated_added (None where the model has no parameters for the rule), if errors
        in fields are independent; and what `missed_figures` returns.
    """
    link_counts = links_by_pass(engine, links)
    pair_counts = rule_pairs(engine, model.blocking_rules, *still_open)
    source_fields = {name: field for name, (field, _) in DERIVED.items()}
    expected = expected_recall(
        model, model.blocking_rules, _known(engine, model, sides), source_fields
    )
    rule_counts = []
    for place, (rule, pairs) in enumerate(zip(rules, pair_counts, strict=True)):
        # The estimate from a sample may be less than the known number.
        new = max(pairs.new, int(rule["pairs_kept"]))
        rule_counts.append(
            {
                **rule,
                "pairs": max(pairs.made, new),
                "new_pairs": new,
                "pairs_are": "counted" if pairs.counted else "estimated",
                "links": link_counts.get(f"rule {place + 1}", 0),
                "estimated_recall": _rounded(expected.alone[place]),
                "estimated_added": _rounded(expected.added[place]),
            }
        )
    return {
        "passes": [
            {**counts, "links": link_counts.get(str(counts["pass"]), 0)}
            for counts in passes
        ],
        "rules": rule_counts,
        **missed_figures(engine, model, links, floor),
    }


def missed_figures(
    engine: Engine, model: Model, links: Table, floor: float
) -> dict[str, Any]:
    """What is estimated of the missed matches of a step, of two files or of one.

    Args:
        links: every scored pair of the step, with its decision.
        floor: match weight below which pairs were not kept.

    Returns:
        estimated_recall (of all blocking rules together), below_floor,
        unreached_spread, scored_factor and scored_spread (MissedMatches); where they
        cannot be told estimated_recall is None, and missed_unknown is true.
    """
    if not model.blocking_rules:
        return {"estimated_recall": 0.0, "below_floor": 0.0, "unreached_spread": 0.0}
    estimate = _estimate(engine, model, links, floor)
    if estimate is None:
        return {"estimated_recall": None, "missed_unknown": True}
    return {
        "estimated_recall": _rounded(estimate.blocking_recall),
        "below_floor": round(estimate.below_floor, 3),
        "unreached_spread": _rounded(estimate.log_sd),
        "scored_factor": _rounded(estimate.scored_factor),
        "scored_spread": _rounded(estimate.scored_log_sd),
    }


def _estimate(
    engine: Engine, model: Model, links: Table, floor: float
) -> MissedMatches | None:
    counts = rows(engine, engine.sql(_BY_PATTERN, links=links))
    return estimate_missed(
        model,
        model.blocking_rules,
        {
            levels_of(row["pattern"]): PatternCount(
                int(row["pairs"]), float(row["matches"]), float(row["missed"])
            )
            for row in counts
        },
        {name: field for name, (field, _) in DERIVED.items()},
        floor=floor,
        adjustment=max(
            (float(row["adjustment"] or 0.0) for row in counts), default=0.0
        ),
    )


# The cardinality adjustment is what the log odds of a pair without competing pairs
# exceed its match weight by; nearer to 0 and 1 the odds lose digits.
_BY_PATTERN = """
    select pattern, count(*) as pairs, sum(match_probability) as matches,
           sum(case when decision = 'accepted' then 0e0 else match_probability end)
               as missed,
           max(case when method = 'probabilistic'
                       and match_probability between 0.001 and 0.999
                   then ln(match_probability / (1 - match_probability)) / ln(2e0)
                       - match_weight end) as adjustment
    from {links}
    where pattern is not null
    group by pattern
    order by pattern
    """


def links_by_pass(engine: Engine, links: Table) -> dict[str, int]:
    """Accepted links by the pass, or the rule ("rule 1"), that made them."""
    pass_counts = engine.sql(
        "select \"pass\", count(*) as links from {links} where decision = 'accepted' "
        'group by "pass"',
        links=links,
    )
    return {str(row["pass"]): int(row["links"]) for row in rows(engine, pass_counts)}


def _known(
    engine: Engine, model: Model, sides: tuple[Table, Table]
) -> dict[str, float]:
    """The first column of each comparison to the share of pairs in which both sides
    have a value of it.
    """
    names = list(
        dict.fromkeys(comparison.columns[0] for comparison in model.comparisons)
    )
    shares = ", ".join(
        f"avg(case when {quote(n)} is null then 0e0 else 1e0 end) as {quote(n)}"
        for n in names
    )
    known = [
        one(engine, engine.sql(f"select {shares} from {{t}}", t=table))
        for table in sides
    ]
    return {
        name: float(known[0][name] or 0) * float(known[1][name] or 0) for name in names
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 5)


MOST_TRUE_PAIRS = 200_000
"""True pairs that are checked against the rules; of more a sample. A share of 98 % is
then known to 0.06 points (95 %).
"""


def sample_of_pairs(engine: Engine, true_pairs: Table) -> Table:
    """left_id, right_id of a systematic sample of left units."""
    step = max(1, -(-engine.count(true_pairs) // MOST_TRUE_PAIRS))
    return engine.sql(
        f"select left_id, right_id from {{t}} where left_id % {step} = 0",
        t=true_pairs,
        store=True,
    )


def true_pairs_reached(
    engine: Engine,
    model: Model,
    sides: tuple[Table, Table],
    links: Table,
    true_pairs: Table,
) -> dict[str, Any]:
    """True pairs that each rule makes, by itself and beyond the rules before it, with
    or without a pass.

    Args:
        sides: unit_id and the rules' columns, of the pairs' units at least.
        links: the step's; `in_all` also counts true pairs that a pass or an override
            has linked.
    """
    linked = engine.sql(
        "select left_id, right_id from {links} where decision = 'accepted' and method "
        "<> 'probabilistic'",
        links=links,
    )
    return asdict(
        count_reached(engine, model.blocking_rules, *sides, true_pairs, linked=linked)
    )
