"""What a step's passes and blocking rules made of it: pairs, links, seconds, and how many matches the rules reach."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from linkage.engine import Engine, Table, one, quote, rows
from linkage.match.candidates.units import DERIVED
from linkage.model import Model
from linkage.model.blocking import (
    Event,
    Pattern,
    Reach,
    asked_parts,
    expected_recall,
    reached,
    reached_share,
    rule_pairs,
)
from linkage.model.comparisons import OF_WORDS
from linkage.model.compiled import levels_of
from linkage.model.differing import Odds, Together


def passes_and_rules(
    engine: Engine,
    model: Model,
    sides: tuple[Table, Table],
    still_open: tuple[Table, Table],
    *,
    passes: Sequence[Mapping[str, Any]],
    rules: Sequence[Mapping[str, Any]],
    links: Table,
    dropped: Mapping[Pattern, float],
    known: Mapping[Together, Odds] | None = None,
) -> dict[str, Any]:
    """Counts of each pass and of each blocking rule; no values.

    Args:
        sides: all units of the step, left and right.
        still_open: those that the rules were run on.
        passes: what was counted of each pass that was run: pass, pairs, accepted, seconds.
        rules: what was counted of each of the model's rules: pairs_kept, seconds.
        links: the step's, with pass and decision.
        dropped: levels of the comparisons to the matches expected among pairs that rules made and the step let go.
        known: how an earlier step's fields differ together.

    Returns:
        passes: as given, with links; rules: as given, with pairs (before any was scored), new_pairs (made by no rule
        before it), pairs_are ("counted", or "estimated" from a sample), links, estimated_recall and estimated_added
        (None where the model says nothing of the rule), if fields err independently; estimated_recall of all rules
        together, from what the step's links show (linkage.model.blocking.unseen), where they are many enough; with
        unreached_spread, how well the matches that no rule reaches are known (of their logarithm), and differ_together:
        two fields, what they show, and the log odds of both, with their standard deviation; levels_shown: of each field
        the expected matches at each of its levels, among pairs kept and let go.
    """
    accepted = links_by_pass(engine, links)
    made = rule_pairs(engine, model.blocking_rules, *still_open)
    made_of = {name: field for name, (field, _) in DERIVED.items()}
    made_of |= {name: name.removesuffix(OF_WORDS) for name in model.columns if name.endswith(OF_WORDS)}
    expected = expected_recall(model, model.blocking_rules, _known(engine, model, sides), made_of)
    parts = asked_parts(model.blocking_rules)
    matches = _matches_by_pattern(engine, links, sides, parts)
    together = reached_share(model, model.blocking_rules, matches, made_of, dropped, known, parts)
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
        "estimated_recall": _rounded(together.share if together else expected.together),
        "unreached_spread": _rounded(together.spread) if together else 0.0,
        "differ_together": _spelled(together) if together else [],
        "levels_shown": _levels_shown(model, matches, dropped),
    }


def _levels_shown(model: Model, *matches: Mapping[Pattern, float]) -> dict[str, dict[str, float]]:
    """Field to level to matches, of matches by pattern."""
    shown = {comparison.name: dict[str, float]() for comparison in model.fields}
    for pattern, expected in (row for table in matches for row in table.items()):
        for comparison, value in zip(model.comparisons, pattern, strict=False):  # parts of columns stand behind
            if value >= 0 and not comparison.given:
                at = shown[comparison.name]
                at[str(value)] = at.get(str(value), 0.0) + expected
    return {name: {value: round(at[value], 3) for value in sorted(at)} for name, at in shown.items()}


def _spelled(reach: Reach) -> list[dict[str, Any]]:
    return [
        {"fields": [one, other], "show": [what, with_what], "log_odds": round(odds.log, 4), "sd": round(odds.sd, 4)}
        for (one, what, other, with_what), odds in reach.together.items()
    ]


def differing_together(summary: Mapping[str, Any]) -> dict[Together, Odds]:
    """What `passes_and_rules` told of a step's fields, from its summary; nothing where it did not."""
    return {
        (row["fields"][0], row["show"][0], row["fields"][1], row["show"][1]): Odds(row["log_odds"], row["sd"])
        for row in summary.get("differ_together", ())
    }


def links_by_pass(engine: Engine, links: Table) -> dict[str, int]:
    """Accepted links by the pass, or the rule ("rule 1"), that made them."""
    counted = engine.sql(
        'select "pass", count(*) as links from {links} where decision = \'accepted\' group by "pass"', links=links
    )
    return {str(row["pass"]): int(row["links"]) for row in rows(engine, counted)}


def _matches_by_pattern(
    engine: Engine, links: Table, sides: tuple[Table, Table], parts: Sequence[Event]
) -> dict[Pattern, float]:
    """Levels of the comparisons, and whether parts of columns are equal, to the expected number of matches among the
    pairs that were kept."""
    names = [f"part_{n}" for n in range(len(parts))]
    joins, flags, tables = "", "", {"links": links}
    if parts:
        held = ", ".join(f"{part.value} as {name}" for part, name in zip(parts, names, strict=True))
        of_sides = [engine.sql(f"select unit_id, {held} from {{t}}", params=None, store=False, t=t) for t in sides]
        tables |= dict(zip(("left", "right"), of_sides, strict=True))
        joins = "join {left} as l on l.unit_id = k.left_id join {right} as r on r.unit_id = k.right_id"
        flags = "".join(f", case when l.{name} = r.{name} then 1 else 0 end as {name}" for name in names)
    by = ", ".join(["pattern", *names])
    counted = engine.sql(
        f"""
        with shown as (select k.pattern, k.match_probability{flags} from {{links}} as k {joins})
        select {by}, sum(match_probability) as matches from shown group by {by} order by {by}
        """,
        params=None,
        store=False,
        **tables,
    )
    return {
        (*levels_of(row["pattern"]), *(int(row[name]) for name in names)): float(row["matches"])
        for row in rows(engine, counted)
    }


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
    held = engine.sql(
        "select left_id, right_id from {links} where decision = 'accepted' and method <> 'probabilistic'", links=links
    )
    return asdict(reached(engine, model.blocking_rules, *sides, true_pairs, held=held))
