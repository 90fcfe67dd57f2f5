"""What a step did, in counts: decisions, passes, reasons, and how match weights lie. Needs no truth."""

from typing import Any

from linkage.engine import Engine, Table, rows
from quality.definitions import Definitions
from quality.intervals import wilson

_VERDICTS = """
    count(*) filter (where verdict = 'true') as correct,
    count(*) filter (where verdict = 'false') as wrong
"""


def decisions(engine: Engine, judged: Table) -> list[dict[str, Any]]:
    """decision, pairs: how the compared pairs were decided."""
    return rows(
        engine,
        engine.sql(
            "select decision, count(*) as pairs from {judged} group by decision order by decision", judged=judged
        ),
    )


def passes(engine: Engine, judged: Table, true_pairs: int | None) -> list[dict[str, Any]]:
    """method, pass, links, correct, false, precision, recall: accepted links by what made them, most links first.

    Recall is the share of all true pairs that the pass found; over the passes it adds up to the step's. Without truth
    (`true_pairs` is None) the last four are None.
    """
    found = rows(
        engine,
        engine.sql(
            f"""
            select method, coalesce(pass, method) as pass, count(*) as links, {_VERDICTS}
            from {{judged}}
            where decision = 'accepted'
            group by method, coalesce(pass, method)
            order by links desc, method, pass
            """,
            judged=judged,
        ),
    )
    return [
        {
            "method": row["method"],
            "pass": row["pass"],
            "links": row["links"],
            "correct": row["correct"] if true_pairs is not None else None,
            "false": row["wrong"] if true_pairs is not None else None,
            "precision": wilson(row["correct"], row["correct"] + row["wrong"]) if true_pairs is not None else None,
            "recall": wilson(row["correct"], true_pairs) if true_pairs is not None else None,
        }
        for row in found
    ]


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


def bands(engine: Engine, judged: Table, definitions: Definitions) -> list[dict[str, Any]]:
    """from, to, pairs, accepted, correct, false, share_true: pairs of all decisions by band of match weight.

    `share_true` is the share of the judged pairs that truth confirms, None without truth.
    """
    edges = list(definitions.weight_bands)
    band = " + ".join(f"case when match_weight >= cast({edge!r} as double) then 1 else 0 end" for edge in edges)
    found = rows(
        engine,
        engine.sql(
            f"""
            with banded as (
                select {band} as band, decision, verdict from {{judged}} where match_weight is not null
            )
            select band, count(*) as pairs, count(*) filter (where decision = 'accepted') as accepted, {_VERDICTS}
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
        }
        for row in found
    ]


def sides(engine: Engine, units: Table, judged: Table, unlinked: Table) -> list[dict[str, Any]]:
    """side, units, linked, unlinked (list of reason, units): what became of either side's units."""
    counted = rows(
        engine,
        engine.sql(
            """
            with linked as (
                select distinct 'left' as side, left_id as unit_id from {judged} where decision = 'accepted'
                union all
                select distinct 'right' as side, right_id as unit_id from {judged} where decision = 'accepted'
            ),
            present as (select distinct side, unit_id from {units})
            select present.side, count(*) as units, count(linked.unit_id) as linked
            from present
            left join linked on linked.side = present.side and linked.unit_id = present.unit_id
            group by present.side
            order by present.side
            """,
            units=units,
            judged=judged,
        ),
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
