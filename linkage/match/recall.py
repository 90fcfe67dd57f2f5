"""Blocking recall and the false negatives of a step, from the pairs that it has scored.

Matches are missed in three places: no blocking rule makes their pair (blocking recall, estimated by capture-recapture in
linkage.model.blocking), their pair weighs less than the floor, or it was not accepted, which its probability says.
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

_STEEPEST = 0.9  # of the matches in two bits of weight to those in the two above: an estimate nearer 1 has no end


def below_floor(engine: Engine, links: Table, floor: float) -> float:
    """Matches expected among the candidate pairs that weigh less than the floor.

    Expected matches fall by a nearly constant ratio from bit to bit of match weight. The ratio of the two bits above
    the floor to the two above these is continued below it (a geometric tail).
    """
    counted = one(
        engine,
        engine.sql(
            """
            select coalesce(sum(case when match_weight < $next then match_probability else 0e0 end), 0) as nearest,
                   coalesce(sum(case when match_weight >= $next then match_probability else 0e0 end), 0) as above
            from {links}
            where match_weight >= $floor and match_weight < $next + 2 and method = 'probabilistic'
            """,
            params={"floor": floor, "next": floor + 2},
            links=links,
        ),
    )
    nearest, above = float(counted["nearest"]), float(counted["above"])
    ratio = min(nearest / above, _STEEPEST) if above else _STEEPEST
    return nearest * ratio / (1 - ratio)


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
        still_open: those that the rules were run on.
        passes: of each pass that was run: pass, pairs, accepted, seconds.
        rules: of each of the model's rules: pairs_kept, seconds.
        links: of the step, with pass and decision.

    Returns:
        passes: as given, with links; rules: as given, with pairs (candidate pairs), new_pairs (made by no earlier rule),
        pairs_are ("counted", or "estimated" from a sample), links, estimated_recall and estimated_added (None where the
        model says nothing of the rule), if fields err independently; estimated_recall of all rules, by capture-recapture
        where links are many enough; unreached_spread, the standard deviation of the logarithm of the matches that no
        rule reaches.
    """
    accepted = links_by_pass(engine, links)
    made = rule_pairs(engine, model.blocking_rules, *still_open)
    made_of = {name: field for name, (field, _) in DERIVED.items()}
    expected = expected_recall(model, model.blocking_rules, _known(engine, model, sides), made_of)
    matches = _matches_by_pattern(engine, links)
    estimate = estimated_recall(model, model.blocking_rules, matches, made_of)
    counted = []
    for place, (rule, pairs) in enumerate(zip(rules, made, strict=True)):
        # A sample may show fewer than are known to be there.
        new = max(pairs.new, int(rule["pairs_kept"]))
        counted.append(
            {
                **rule,
                "pairs": max(pairs.made, new),
                "new_pairs": new,
                "pairs_are": "counted" if pairs.counted else "estimated",
                "links": accepted.get(f"rule {place + 1}", 0),
                "estimated_recall": _rounded(expected.alone[place]),
                "estimated_added": _rounded(expected.added[place]),
            }
        )
    return {
        "passes": [{**counts, "links": accepted.get(str(counts["pass"]), 0)} for counts in passes],
        "rules": counted,
        "estimated_recall": _rounded(estimate.share if estimate else expected.together),
        "unreached_spread": _rounded(estimate.log_sd) if estimate else 0.0,
    }


def links_by_pass(engine: Engine, links: Table) -> dict[str, int]:
    """Accepted links by the pass, or the rule ("rule 1"), that made them."""
    counted = engine.sql(
        'select "pass", count(*) as links from {links} where decision = \'accepted\' group by "pass"', links=links
    )
    return {str(row["pass"]): int(row["links"]) for row in rows(engine, counted)}


def _matches_by_pattern(engine: Engine, links: Table) -> dict[Pattern, float]:
    """Levels of the comparisons to the expected number of matches among the scored pairs."""
    counted = engine.sql(
        """
        select pattern, sum(match_probability) as matches from {links} group by pattern order by pattern
        """,
        links=links,
    )
    return {levels_of(row["pattern"]): float(row["matches"]) for row in rows(engine, counted)}


def _known(engine: Engine, model: Model, sides: tuple[Table, Table]) -> dict[str, float]:
    """Column to the share of pairs in which both sides know it; the columns whose absence leaves a comparison mute."""
    names = list(dict.fromkeys(comparison.columns[0] for comparison in model.comparisons))
    shares = ", ".join(f"avg(case when {quote(n)} is null then 0e0 else 1e0 end) as {quote(n)}" for n in names)
    known = [one(engine, engine.sql(f"select {shares} from {{t}}", t=table)) for table in sides]
    return {name: float(known[0][name] or 0) * float(known[1][name] or 0) for name in names}


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 5)


MOST_TRUE_PAIRS = 200_000
"""True pairs that are looked up in the rules; of more a sample. A share of 98 % is then known to 0.06 points (95 %)."""


def sample_of_pairs(engine: Engine, true_pairs: Table) -> Table:
    """left_id, right_id of every so many-th left unit."""
    step = max(1, -(-engine.count(true_pairs) // MOST_TRUE_PAIRS))
    return engine.sql(f"select left_id, right_id from {{t}} where left_id % {step} = 0", t=true_pairs, store=True)


def true_pairs_reached(
    engine: Engine, model: Model, sides: tuple[Table, Table], links: Table, true_pairs: Table
) -> dict[str, Any]:
    """How many true pairs each rule makes, by itself and beyond the rules before it; whatever the passes took.

    Args:
        sides: unit_id and the rules' columns, of the pairs' units at least.
        links: the step's; `in_all` also counts true pairs that a pass or an override has linked.
    """
    linked = engine.sql(
        "select left_id, right_id from {links} where decision = 'accepted' and method <> 'probabilistic'", links=links
    )
    return asdict(count_reached(engine, model.blocking_rules, *sides, true_pairs, linked=linked))
