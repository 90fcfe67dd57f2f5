"""Blocking recall and the false negatives of a step, from its scored pairs.

Matches are missed in three places: no blocking rule makes their pair (blocking recall,
estimated by capture-recapture in linkage.model.blocking), their pair is below the
floor, or it was not accepted (counted by its probability).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from linkage.engine import Engine, Table, one, quote, rows
from linkage.match.units import DERIVED
from linkage.model import Model
from linkage.model.blocking import (
    Pattern,
    count_reached,
    estimated_recall,
    expected_recall,
    rule_pairs,
)
from linkage.model.compiled import levels_of

# of the matches in two bits of weight to those in the two above: nearer 1 the sum below
# the floor diverges
_STEEPEST = 0.9


def below_floor(engine: Engine, links: Table, floor: float) -> float:
    """Matches expected among the candidate pairs below the floor.

    Expected matches fall by a nearly constant ratio from bit to bit of match weight.
    The ratio of the two bits above the floor to the two above these is continued below
    it (a geometric tail).
    """
    sums = one(
        engine,
        engine.sql(
            """
            select coalesce(sum(case when match_weight < $next then match_probability
                else 0e0 end), 0) as nearest,
                   coalesce(sum(case when match_weight >= $next then match_probability
                       else 0e0 end), 0) as above
            from {links}
            where match_weight >= $floor and match_weight < $next + 2
                and method = 'probabilistic'
            """,
            params={"floor": floor, "next": floor + 2},
            links=links,
        ),
    )
    nearest_matches, upper_matches = float(sums["nearest"]), float(sums["above"])
    ratio = (
        min(nearest_matches / upper_matches, _STEEPEST) if upper_matches else _STEEPEST
    )
    return nearest_matches * ratio / (1 - ratio)


def blocking_recall(
    engine: Engine,
    model: Model,
    sides: tuple[Table, Table],
    still_open: tuple[Table, Table],
    *,
    passes: Sequence[Mapping[str, Any]],
    rules: Sequence[Mapping[str, Any]],
    links: Table,
) -> dict[str, Any]:
    """Counts of each pass and of each blocking rule; no values.

    Args:
        sides: all units of the step, left and right.
        still_open: the units on which the rules were run.
        passes: of each pass that was run: pass, pairs, accepted, seconds.
        rules: of each of the model's rules: pairs_kept, seconds.
        links: of the step, with pass and decision.

    Returns:
        passes: as given, with links; rules: as given, with pairs (candidate pairs),
            new_pairs (made by no earlier rule),
        pairs_are ("counted", or "estimated" from a sample), links, estimated_recall and
        estimated_added (None where the model has no parameters for the rule), if errors
        in fields are independent; estimated_recall of all rules, by capture-recapture
        where links are many enough; unreached_spread, the standard deviation of the
        logarithm of the matches that no rule reaches.
    """
    link_counts = links_by_pass(engine, links)
    pair_counts = rule_pairs(engine, model.blocking_rules, *still_open)
    source_fields = {name: field for name, (field, _) in DERIVED.items()}
    expected = expected_recall(
        model, model.blocking_rules, _known(engine, model, sides), source_fields
    )
    matches = _matches_by_pattern(engine, links)
    estimate = estimated_recall(model, model.blocking_rules, matches, source_fields)
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
        "estimated_recall": _rounded(estimate.share if estimate else expected.together),
        "unreached_spread": _rounded(estimate.log_sd) if estimate else 0.0,
    }


def links_by_pass(engine: Engine, links: Table) -> dict[str, int]:
    """Accepted links by the pass, or the rule ("rule 1"), that made them."""
    pass_counts = engine.sql(
        "select \"pass\", count(*) as links from {links} where decision = 'accepted' "
        'group by "pass"',
        links=links,
    )
    return {str(row["pass"]): int(row["links"]) for row in rows(engine, pass_counts)}


def _matches_by_pattern(engine: Engine, links: Table) -> dict[Pattern, float]:
    """Levels of the comparisons to the expected number of matches among the scored
    pairs.
    """
    pattern_matches = engine.sql(
        """
        select pattern, sum(match_probability) as matches from {links} group by pattern
            order by pattern
        """,
        links=links,
    )
    return {
        levels_of(row["pattern"]): float(row["matches"])
        for row in rows(engine, pattern_matches)
    }


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
