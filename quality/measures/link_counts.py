"""Counts of a step that need no truth: decisions, passes, blocking rules, match
weights, both sides; completeness.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.config.identifiers import IDENTIFIERS, kept_columns
from linkage.engine import Engine, Table, one, quote, rows
from quality.intervals import wilson
from quality.measures.accuracy import error_counts
from quality.measures.definitions import Definitions
from quality.measures.estimated_error import MATCH_PROBABILITY

_VERDICTS = """
    count(*) filter (where verdict = 'true') as correct,
    count(*) filter (where verdict = 'false') as wrong
"""


def decisions(engine: Engine, judged: Table) -> list[dict[str, Any]]:
    """decision, pairs: how the compared pairs were decided."""
    query = (
        "select decision, count(*) as pairs from {judged} group by decision order "
        "by decision"
    )
    return rows(engine, engine.sql(query, judged=judged))


def passes(
    engine: Engine, judged: Table, true_pairs: int | None
) -> list[dict[str, Any]]:
    """method, pass and what `_judged_links` says: links by what made them, most links
    first.
    """
    query = f"""
        select method, coalesce(pass, method) as pass, {_OF_LINKS}
        from {{judged}}
        where decision = 'accepted'
        group by method, coalesce(pass, method)
        order by links desc, method, pass
        """
    return [
        {"method": row["method"], "pass": row["pass"], **_judged_links(row, true_pairs)}
        for row in rows(engine, engine.sql(query, judged=judged))
    ]


def levels(
    engine: Engine, judged: Table, comparisons: Sequence[str]
) -> list[dict[str, Any]]:
    """comparison, level, links: how often the links reach each level of a comparison;
    -1 is "not known".

    Args:
        comparisons: the model's, in the order of a pattern.
    """
    query = """
        select pattern, count(*) as links
        from {judged}
        where decision = 'accepted' and pattern is not null
        group by pattern
        """
    counts: dict[tuple[str, int], int] = {}
    for row in rows(engine, engine.sql(query, judged=judged)):
        for comparison, level in zip(
            comparisons, str(row["pattern"]).split(","), strict=False
        ):
            counts[comparison, int(level)] = counts.get(
                (comparison, int(level)), 0
            ) + int(row["links"])
    return [
        {"comparison": name, "level": level, "links": links}
        for (name, level), links in sorted(counts.items())
    ]


def _judged_links(row: Mapping[str, Any], true_pairs: int | None) -> dict[str, Any]:
    """links, estimated_false (by their probabilities), correct, false, precision,
    recall, f1.

    Recall is the share of all true pairs that the links hit; over parts of a step it
    adds up to the step's. Without truth (`true_pairs` is None) the last five are None;
    without probabilities the expected number is.
    """
    keys = ("correct", "false", "precision", "recall", "f1")
    known = (
        error_counts(row["right_links"], row["wrong_links"], true_pairs)
        if true_pairs is not None
        else {}
    )
    return {
        "links": row["links"],
        "estimated_false": None
        if row["expected"] is None
        else row["links"] - row["expected"],
        **{key: known.get(key) for key in keys},
    }


def weights(
    engine: Engine, judged: Table, definitions: Definitions
) -> list[dict[str, Any]]:
    """bin, decision, pairs, correct, false: bins one bit wide, named by their lower
    end. Unscored pairs have none.
    """
    low, high = definitions.weight_range
    query = f"""
        with binned as (
            select cast(floor(least(greatest(match_weight, cast($low as double)),
                cast($high as double))) as bigint) as bin,
                   decision, verdict
            from {{judged}}
            where match_weight is not null
        )
        select bin, decision, count(*) as pairs, {_VERDICTS}
        from binned
        group by bin, decision
        order by bin, decision
        """
    return rows(
        engine, engine.sql(query, params={"low": low, "high": high}, judged=judged)
    )


def bands(
    engine: Engine,
    judged: Table,
    definitions: Definitions,
    true_pairs: int | None = None,
) -> list[dict[str, Any]]:
    """from, to, pairs, accepted, correct, false, share_true, of_links: pairs of all
    decisions by band of match weight.

    `share_true` is the share of the judged pairs that truth confirms, None without
    truth; `of_links` what `_judged_links` says of the accepted ones.
    """
    edges = list(definitions.weight_bands)
    band = " + ".join(
        f"case when match_weight >= cast({edge!r} as double) then 1 else 0 end"
        for edge in edges
    )
    query = f"""
        with banded as (select {band} as band, * from {{judged}}
            where match_weight is not null)
        select band, count(*) as pairs, {_VERDICTS}, {_OF_LINKS}
        from banded
        group by band
        order by band
        """
    return [
        {
            "from": edges[row["band"] - 1] if row["band"] > 0 else None,
            "to": edges[row["band"]] if row["band"] < len(edges) else None,
            "pairs": row["pairs"],
            "accepted": row["links"],
            "correct": row["correct"],
            "false": row["wrong"],
            "share_true": wilson(row["correct"], row["correct"] + row["wrong"]),
            "of_links": _judged_links(row, true_pairs),
        }
        for row in rows(engine, engine.sql(query, judged=judged))
    ]


_OF_LINKS = f"""
    count(*) filter (where decision = 'accepted') as links,
    count(*) filter (where decision = 'accepted' and verdict = 'true') as right_links,
    count(*) filter (where decision = 'accepted' and verdict = 'false') as wrong_links,
    sum(case when decision = 'accepted' then {MATCH_PROBABILITY} end) as expected
"""


def sides(
    engine: Engine, units: Table, judged: Table, unlinked: Table
) -> list[dict[str, Any]]:
    """side, units, linked, unlinked (list of reason, units): what became of either
    side's units.
    """
    both = " union all ".join(map(_side, ("left", "right")))
    query = f"select side, units, linked from ({both}) order by side"
    counts = rows(engine, engine.sql(query, units=units, judged=judged))
    query = """
        select side, reason, count(*) as units
        from {unlinked}
        group by side, reason
        order by side, units desc, reason
        """
    reasons = rows(engine, engine.sql(query, unlinked=unlinked))
    for row in counts:
        of_side = [reason for reason in reasons if reason["side"] == row["side"]]
        row["unlinked"] = [
            {"reason": reason["reason"], "units": reason["units"]} for reason in of_side
        ]
    return counts


def _side(side: str) -> str:
    """SQL of side, units, linked of a side; no row where it has no units."""
    return f"""
        select '{side}' as side, count(*) as units, count(linked.unit_id) as linked
        from (select distinct unit_id from {{units}} where side = '{side}') as present
        left join (select distinct {side}_id as unit_id from {{judged}}
            where decision = 'accepted') as linked
          on linked.unit_id = present.unit_id
        having count(*) > 0
        """


def blocked(
    blocking: Mapping[str, Any] | None, reached: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """A step's passes and rules.

    Args:
        blocking: counts by the match stage: passes (pass, pairs, accepted, links,
            seconds), rules (rule, pairs, new_pairs, pairs_are, pairs_kept, links,
            seconds, estimated_recall, estimated_added), estimated_recall,
            unreached_spread, scored_factor, scored_spread (linkage.match.recall). With
            --links-only there are no rules and no estimate. choice: how the rules were
            chosen (linkage.model.blocking.ChosenRules as a dictionary), None where a
            model states them.
        reached: of true pairs: true_pairs (looked at), alone and added (by rule),
            together, in_all (with passes).

    Returns:
        passes and rules as counted, each rule with recall (of all true pairs, by
        itself) and added_recall (what no rule before it reaches); the estimate as
        counted; true_pairs, recall (of all rules), recall_with_passes. Recalls are None
        without truth, and where it knows no true pair.
    """
    if blocking is None:
        return None
    known = reached if reached and reached["true_pairs"] else {}
    whole = known.get("true_pairs")

    def recall(kind: str, place: int | None = None) -> Any:
        count = (
            known.get(kind, 0) if place is None else known[kind][place] if known else 0
        )
        return wilson(count, whole) if whole else None

    return {
        "passes": list(blocking["passes"]),
        "rules": [
            {
                **rule,
                "recall": recall("alone", place),
                "added_recall": recall("added", place),
            }
            for place, rule in enumerate(blocking["rules"])
        ],
        "estimated_recall": blocking["estimated_recall"],
        "unreached_spread": blocking.get("unreached_spread", 0.0),
        "scored_factor": blocking.get("scored_factor", 1.0),
        "scored_spread": blocking.get("scored_spread", 0.0),
        "true_pairs": whole,
        "recall": recall("together"),
        "recall_with_passes": recall("in_all"),
        "choice": blocking.get("choice"),
    }


def completeness(engine: Engine, entities: Table) -> list[dict[str, Any]]:
    """identifier, entities, present, several: entities with a value, and with more than
    one over time.

    Args:
        entities: one row an entity, a list of distinct values for each identifier.
    """
    names = [
        *(name for name in IDENTIFIERS if name in entities.columns),
        *kept_columns(entities.columns),
    ]
    if not names:
        return []
    measures = ", ".join(
        f"count(*) filter (where array_length({quote(name)}) > {more}) as "
        f"{quote(f'{name}_{measure}')}"
        for name in names
        for measure, more in (("present", 0), ("several", 1))
    )
    query = f"select count(*) as entities, {measures} from {{entities}}"
    counts = one(engine, engine.sql(query, entities=entities))
    keys = ("present", "several")
    return [
        {
            "identifier": name,
            "entities": counts["entities"],
            **{key: counts[f"{name}_{key}"] for key in keys},
        }
        for name in names
    ]
