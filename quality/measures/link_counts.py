"""Counts of a step that need no truth: decisions, passes, blocking rules, match weights, both sides; completeness."""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.config.identifiers import IDENTIFIERS, kept_columns
from linkage.engine import Engine, Table, one, quote, rows
from quality.intervals import f1, wilson
from quality.measures.definitions import Definitions
from quality.measures.estimated_error import MATCH_PROBABILITY

_VERDICTS = """
    count(*) filter (where verdict = 'true') as correct,
    count(*) filter (where verdict = 'false') as wrong
"""


def decisions(engine: Engine, judged: Table) -> list[dict[str, Any]]:
    """decision, pairs: how the compared pairs were decided."""
    query = "select decision, count(*) as pairs from {judged} group by decision order by decision"
    return rows(engine, engine.sql(query, judged=judged))


def passes(engine: Engine, judged: Table, true_pairs: int | None) -> list[dict[str, Any]]:
    """method, pass and what `_judged_links` says: links by what made them, most links first."""
    query = f"""
        select method, coalesce(pass, method) as pass, count(*) as links, {_VERDICTS}, sum({MATCH_PROBABILITY}) as expected
        from {{judged}}
        where decision = 'accepted'
        group by method, coalesce(pass, method)
        order by links desc, method, pass
        """
    return [
        {"method": row["method"], "pass": row["pass"], **_judged_links(row, true_pairs)}
        for row in rows(engine, engine.sql(query, judged=judged))
    ]


def levels(engine: Engine, judged: Table, comparisons: Sequence[str]) -> list[dict[str, Any]]:
    """comparison, level, links: how often the links reach each level of a comparison; -1 is "not known".

    Args:
        comparisons: the model's, in the order of a pattern.
    """
    counted: dict[tuple[str, int], int] = {}
    found = engine.sql(
        """
        select pattern, count(*) as links
        from {judged}
        where decision = 'accepted' and pattern is not null
        group by pattern
        """,
        judged=judged,
    )
    for row in rows(engine, found):
        for comparison, level in zip(comparisons, str(row["pattern"]).split(","), strict=False):
            counted[comparison, int(level)] = counted.get((comparison, int(level)), 0) + int(row["links"])
    return [
        {"comparison": comparison, "level": level, "links": links}
        for (comparison, level), links in sorted(counted.items())
    ]


def _judged_links(row: Mapping[str, Any], true_pairs: int | None) -> dict[str, Any]:
    """links, estimated_false (by their probabilities), correct, false, precision, recall, f1.

    Recall is the share of all true pairs that the links found; over parts of a step it adds up to the step's. Without
    truth (`true_pairs` is None) the last five are None; without probabilities the expected number is.
    """
    correct, wrong = row["correct"], row["wrong"]
    known = true_pairs is not None
    return {
        "links": row["links"],
        "estimated_false": None if row["expected"] is None else row["links"] - row["expected"],
        "correct": correct if known else None,
        "false": wrong if known else None,
        "precision": wilson(correct, correct + wrong) if known else None,
        "recall": wilson(correct, true_pairs) if true_pairs is not None else None,
        "f1": f1(correct, wrong, true_pairs - correct) if true_pairs is not None else None,
    }


def weights(engine: Engine, judged: Table, definitions: Definitions) -> list[dict[str, Any]]:
    """bin, decision, pairs, correct, false: bins one bit wide, named by their lower end. Unscored pairs have none."""
    low, high = definitions.weight_range
    return rows(
        engine,
        engine.sql(
            f"""
            with binned as (
                select cast(floor(least(greatest(match_weight, cast($low as double)), cast($high as double)))
                            as bigint) as bin,
                       decision, verdict
                from {{judged}}
                where match_weight is not null
            )
            select bin, decision, count(*) as pairs, {_VERDICTS}
            from binned
            group by bin, decision
            order by bin, decision
            """,
            params={"low": low, "high": high},
            judged=judged,
        ),
    )


def bands(
    engine: Engine, judged: Table, definitions: Definitions, true_pairs: int | None = None
) -> list[dict[str, Any]]:
    """from, to, pairs, accepted, correct, false, share_true, of_links: pairs of all decisions by band of match weight.

    `share_true` is the share of the judged pairs that truth confirms, None without truth; `of_links` what
    `_judged_links` says of the accepted ones.
    """
    edges = list(definitions.weight_bands)
    band = " + ".join(f"case when match_weight >= cast({edge!r} as double) then 1 else 0 end" for edge in edges)
    found = rows(
        engine,
        engine.sql(
            f"""
            with banded as (
                select {band} as band, decision, verdict, {MATCH_PROBABILITY} as expected
                from {{judged}}
                where match_weight is not null
            )
            select band, count(*) as pairs, count(*) filter (where decision = 'accepted') as accepted, {_VERDICTS},
                   {_OF_LINKS}
            from banded
            group by band
            order by band
            """,
            judged=judged,
        ),
    )
    return [
        {
            "from": edges[row["band"] - 1] if row["band"] > 0 else None,
            "to": edges[row["band"]] if row["band"] < len(edges) else None,
            "pairs": row["pairs"],
            "accepted": row["accepted"],
            "correct": row["correct"],
            "false": row["wrong"],
            "share_true": wilson(row["correct"], row["correct"] + row["wrong"]),
            "of_links": _judged_links(
                {
                    "links": row["accepted"],
                    "correct": row["right_links"],
                    "wrong": row["wrong_links"],
                    "expected": row["expected"],
                },
                true_pairs,
            ),
        }
        for row in found
    ]


_OF_LINKS = """
    count(*) filter (where decision = 'accepted' and verdict = 'true') as right_links,
    count(*) filter (where decision = 'accepted' and verdict = 'false') as wrong_links,
    sum(case when decision = 'accepted' then expected end) as expected
"""


def sides(engine: Engine, units: Table, judged: Table, unlinked: Table) -> list[dict[str, Any]]:
    """side, units, linked, unlinked (list of reason, units): what became of either side's units."""
    both = "\nunion all\n".join(map(_side, ("left", "right")))
    counted = rows(
        engine,
        engine.sql(f"select side, units, linked from ({both}) order by side", units=units, judged=judged),
    )
    reasons = rows(
        engine,
        engine.sql(
            """
            select side, reason, count(*) as units
            from {unlinked}
            group by side, reason
            order by side, units desc, reason
            """,
            unlinked=unlinked,
        ),
    )
    return [
        {
            **row,
            "unlinked": [
                {"reason": reason["reason"], "units": reason["units"]}
                for reason in reasons
                if reason["side"] == row["side"]
            ],
        }
        for row in counted
    ]


def _side(side: str) -> str:
    """SQL of side, units, linked of a side; no row where it has no units."""
    return f"""
        select '{side}' as side, count(*) as units, count(linked.unit_id) as linked
        from (select distinct unit_id from {{units}} where side = '{side}') as present
        left join (select distinct {side}_id as unit_id from {{judged}} where decision = 'accepted') as linked
          on linked.unit_id = present.unit_id
        having count(*) > 0
        """


def blocked(counted: Mapping[str, Any] | None, reached: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A step's passes and rules.

    Args:
        counted: by the match stage: passes (pass, pairs, accepted, links, seconds), rules (rule, pairs, new_pairs,
            pairs_are, pairs_kept, links, seconds, estimated_recall, estimated_added), estimated_recall,
            unreached_spread (linkage.match.recall). Of a step that was asked for links
            alone the rules are left out, and the estimate is None.
        reached: of true pairs: true_pairs (looked at), alone and added (by rule), together, in_all (with passes).

    Returns:
        passes and rules as counted, each rule with recall (of all true pairs, by itself) and added_recall (what no
        rule before it reaches); the estimate as counted; true_pairs, recall (of all rules), recall_with_passes. Recalls
        are None without truth, and where it knows no true pair.
    """
    if counted is None:
        return None
    reached = reached if reached and reached["true_pairs"] else None
    whole = reached["true_pairs"] if reached else 0
    rules = [
        {
            **rule,
            "recall": wilson(reached["alone"][place], whole) if reached else None,
            "added_recall": wilson(reached["added"][place], whole) if reached else None,
        }
        for place, rule in enumerate(counted["rules"])
    ]
    return {
        "passes": list(counted["passes"]),
        "rules": rules,
        "estimated_recall": counted["estimated_recall"],
        "unreached_spread": counted.get("unreached_spread", 0.0),
        "true_pairs": whole if reached else None,
        "recall": wilson(reached["together"], whole) if reached else None,
        "recall_with_passes": wilson(reached["in_all"], whole) if reached else None,
    }


def completeness(engine: Engine, identities: Table) -> list[dict[str, Any]]:
    """identifier, entities, present, several: entities with a value, and with more than one over time.

    Args:
        identities: one row an entity, a list of distinct values for each identifier.
    """
    present = [*(name for name in IDENTIFIERS if name in identities.columns), *kept_columns(identities.columns)]
    measures = ", ".join(
        f"""count(*) filter (where array_length({quote(name)}) > 0) as {quote(name + "_present")},
            count(*) filter (where array_length({quote(name)}) > 1) as {quote(name + "_several")}"""
        for name in present
    )
    if not present:
        return []
    counts = one(
        engine, engine.sql(f"select count(*) as entities, {measures} from {{identities}}", identities=identities)
    )
    return [
        {
            "identifier": name,
            "entities": counts["entities"],
            "present": counts[f"{name}_present"],
            "several": counts[f"{name}_several"],
        }
        for name in present
    ]
