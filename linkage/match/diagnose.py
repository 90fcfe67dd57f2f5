"""Diagnose: why units are not linked, and how many matches a step has missed, from its
scored pairs and links. Nothing is scored.

A unit without an accepted link has one reason: the best outcome of its pairs. Blocking
recall and the matches below the floor are estimated in linkage.match.recall.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.config import OTHER_SIDE, single_sides
from linkage.config.identifiers import kept_columns
from linkage.engine import (
    Engine,
    Table,
    Value,
    one,
    quote,
    rows,
    run_concurrently_if_small,
)
from linkage.match.candidates import union_all
from linkage.match.inputs import StepInputs
from linkage.match.recall import blocking_recall, links_by_pass, missed_figures
from linkage.match.resolve import BELOW, CAPPED, LOST, UNRESOLVED
from linkage.match.score import Scored
from linkage.model import Model

IN_REVIEW = "in review"
NO_CANDIDATE = "no candidate pair"
FEW_IDENTIFIERS = "insufficient identifiers"
NOT_DIAGNOSED = "no accepted link"

_IDENTIFIERS = ("forename", "surname", "dob", "sex", "postcode", "nino", "uln")
_FEWEST = 3  # known identifiers; fewer do not identify a person


@dataclass(frozen=True)
class Diagnosis:
    """What is known of the missed matches of a step.

    Attributes:
        unlinked: step, side, id, reason of each unit without an accepted link.
        reasons: reason to the number of units.
        figures: counts of passes and rules and the estimated recall, as the summary of
            a step has them (JSON).
    """

    unlinked: Table
    reasons: Mapping[str, int]
    figures: Mapping[str, Any]


def diagnose(
    engine: Engine, inputs: StepInputs, scores: Scored, links: Table
) -> Diagnosis:
    """The reasons of unlinked units, blocking recall and estimated false negatives.

    Args:
        links: every scored pair of the step, with its decision and reason.
    """
    unlinked = find_reasons(engine, inputs, links)
    figures = {
        **_blocking_figures(engine, inputs, scores, links),
        "known": _count_known(engine, scores.model, inputs),
    }
    return Diagnosis(unlinked, count_by(engine, unlinked, "reason"), figures)


def _blocking_figures(
    engine: Engine, inputs: StepInputs, scores: Scored, links: Table
) -> dict[str, Any]:
    """Counts of each pass and rule, and the estimated missed matches."""
    if inputs.is_one_file:
        by_pass = links_by_pass(engine, links)
        return {
            "passes": _with_links(scores.passes, by_pass),
            "rules": [
                {**counts, "links": by_pass.get(f"rule {number}", 0)}
                for number, counts in enumerate(scores.rules, 1)
            ],
            **missed_figures(engine, scores.model, links, scores.floor),
        }
    return blocking_recall(
        engine,
        scores.model,
        (inputs.left.units, inputs.right.units),
        scores.still_open,
        passes=scores.passes,
        rules=scores.rules,
        links=links,
        floor=scores.floor,
    )


def _with_links(
    passes: Sequence[Mapping[str, Any]], by_pass: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Counts of each pass with the number of its accepted links."""
    return [
        {**counts, "links": by_pass.get(str(counts["pass"]), 0)} for counts in passes
    ]


def find_reasons(engine: Engine, inputs: StepInputs, links: Table) -> Table:
    """step, side, id, reason of each unit without an accepted link.

    A record of one file is linked, or has an outcome, by its pairs on either side.
    """
    work = (
        functools.partial(_reasons_on_side, engine, inputs, links, side)
        for side in inputs.units
    )
    units = sum(inputs.sizes(engine).values())
    return union_all(engine, run_concurrently_if_small(engine, *work, rows=units))


def _reasons_on_side(
    engine: Engine, inputs: StepInputs, links: Table, side: str
) -> Table:
    units = inputs.units[side]
    query = _REASONS.format(
        side=side, other=OTHER_SIDE[side], known=_known_identifiers(units)
    )
    params: dict[str, Value] = {
        "step": inputs.step.name,
        "is_one_file": inputs.is_one_file,
        "fewest": _FEWEST,
    }
    return engine.sql(query, params=params, links=links, units=units, store=True)


_REASONS = f"""
    with outcomes as (
        select {{side}}_id as unit_id, decision, reason from {{{{links}}}}
        union all
        select {{other}}_id as unit_id, decision, reason from {{{{links}}}}
        where $is_one_file
    ),
    best as (
        select unit_id,
               max(case when decision = 'accepted' then 5
                        when reason = '{UNRESOLVED}' then 3
                        when decision = 'review' then 4
                        when reason = '{LOST}' then 2
                        when reason = '{CAPPED}' then 1
                        else 0 end) as outcome
        from outcomes
        group by unit_id
    )
    select cast($step as varchar) as step, '{{side}}' as side, u.unit_id as id,
           case best.outcome
               when 0 then '{BELOW}'
               when 1 then '{CAPPED}'
               when 2 then '{LOST}'
               when 3 then '{UNRESOLVED}'
               when 4 then '{IN_REVIEW}'
               else case when {{known}} < $fewest then '{FEW_IDENTIFIERS}'
                         else '{NO_CANDIDATE}' end
           end as reason
    from {{{{units}}}} as u
    left join best on best.unit_id = u.unit_id
    where best.outcome is null or best.outcome < 5
    """


def _known_identifiers(units: Table) -> str:
    """SQL of how many identifiers of a unit are known, with the run's own identifiers
    (x_<name>).
    """
    identifiers = [name for name in _IDENTIFIERS if name in units.columns]
    identifiers += kept_columns(units.columns)
    known = [
        f"case when u.{quote(name)} is null then 0 else 1 end" for name in identifiers
    ]
    return " + ".join(known) or "0"


def leave_undiagnosed(
    engine: Engine, inputs: StepInputs, scores: Scored, links: Table
) -> Diagnosis:
    """Counts of passes and rules, and one reason for all units without an accepted
    link, which are found when they are read.
    """
    by_pass = links_by_pass(engine, links)
    unlinked = engine.sql(
        _NOT_DIAGNOSED,
        params={"step": inputs.step.name, "is_one_file": inputs.is_one_file},
        links=links,
        left=inputs.left.units,
        right=inputs.right.units,
    )
    figures = {
        "passes": _with_links(scores.passes, by_pass),
        "rules": [],
        "blocking": scores.rules,
        "prematched": engine.count(scores.prematched),
        "estimated_recall": None,
        "diagnosed": False,
    }
    count = sum(scores.sizes.values()) - _count_linked(
        engine, inputs, links, sum(by_pass.values())
    )
    return Diagnosis(unlinked, {NOT_DIAGNOSED: count} if count else {}, figures)


_NOT_DIAGNOSED = f"""
    with linked as (
        select 'left' as side, left_id as unit_id from {{links}}
        where decision = 'accepted'
        union all
        select 'right' as side, right_id as unit_id from {{links}}
        where decision = 'accepted'
    ),
    units as (
        select 'left' as side, unit_id from {{left}}
        union all
        select 'right' as side, unit_id from {{right}}
    )
    select cast($step as varchar) as step, u.side, u.unit_id as id,
           '{NOT_DIAGNOSED}' as reason
    from units as u
    where not exists (
        select 1 from linked as l
        where l.unit_id = u.unit_id and (l.side = u.side or $is_one_file)
    )
    """


def _count_linked(
    engine: Engine, inputs: StepInputs, links: Table, accepted: int
) -> int:
    """Units of both sides that have an accepted link."""
    step = inputs.step
    single = single_sides(step.cardinality)
    if len(single) == len(OTHER_SIDE) and step.duplicates == "leave":
        return accepted * len(OTHER_SIDE)
    query = f"""
        with linked as (
            select 'left' as side, left_id as unit_id from {{links}}
            where decision = 'accepted'
            union
            select {"'left'" if inputs.is_one_file else "'right'"} as side,
                   right_id as unit_id
            from {{links}}
            where decision = 'accepted'
        )
        select count(*) as units from linked
        """
    units = int(one(engine, engine.sql(query, links=links))["units"])
    return units * len(OTHER_SIDE) if inputs.is_one_file else units


def _count_known(engine: Engine, model: Model, inputs: StepInputs) -> dict[str, int]:
    """Column of the term frequencies to the units that have a value, of both sides or
    of the one file: the denominator of the frequencies.
    """
    tables = [inputs.left.units, inputs.right.units]
    if inputs.is_one_file:
        tables = tables[:1]
    if not model.tf_columns:
        return {}
    counts = ", ".join(
        f"count({quote(column)}) as {quote(column)}" for column in model.tf_columns
    )
    sides = [
        one(engine, engine.sql(f"select {counts} from {{t}}", t=table))
        for table in tables
    ]
    return {
        column: sum(int(side[column]) for side in sides) for column in model.tf_columns
    }


def count_by(engine: Engine, table: Table, column: str) -> dict[str, int]:
    """Each value of a column to its number of rows."""
    query = f"select {column} as value, count(*) as n from {{t}} group by {column}"
    counts = rows(engine, engine.sql(query, t=table))
    ordered = sorted(counts, key=lambda row: str(row["value"]))
    return {row["value"]: int(row["n"]) for row in ordered}
