"""Reasons of unlinked units: the best outcome of their candidate pairs."""

from linkage.config import Step
from linkage.config.identifiers import kept_columns
from linkage.engine import Engine, Table, quote, run_concurrently_if_small
from linkage.match.candidates import union_all
from linkage.match.resolve import BELOW, CAPPED, LOST, UNRESOLVED
from linkage.match.score import Scored

IN_REVIEW = "in review"
NO_CANDIDATE = "no candidate pair"
FEW_IDENTIFIERS = "insufficient identifiers"
NOT_DIAGNOSED = "no accepted link"

_IDENTIFIERS = ("forename", "surname", "dob", "sex", "postcode", "nino", "uln")
_FEWEST = 3  # known identifiers; fewer do not identify a person

# Outcomes of a pair, the best last: a unit's reason is that of its best pair.
_OUTCOMES = (BELOW, CAPPED, LOST, UNRESOLVED, IN_REVIEW)


def unlinked(engine: Engine, scored: Scored, links: Table) -> Table:
    """step, side, id, reason of each unit without an accepted link.

    Args:
        links: every scored pair of the step, with decision and reason.
    """
    step = scored.step
    work = [
        lambda side=side, units=units: _unlinked_of_side(
            engine, step, side, units, links
        )
        for side, units in scored.units.items()
    ]
    sides = run_concurrently_if_small(engine, *work, rows=sum(scored.sizes.values()))
    return union_all(engine, sides)


def _unlinked_of_side(
    engine: Engine, step: Step, side: str, units: Table, links: Table
) -> Table:
    ranks = "\n".join(
        f"when reason = '{reason}' then {number}"
        for number, reason in enumerate(_OUTCOMES[:-1])
    )
    reasons = "\n".join(
        f"when best = {number} then '{reason}'"
        for number, reason in enumerate(_OUTCOMES)
    )
    return engine.sql(
        f"""
        with best as (
            select {side}_id as unit_id,
                   max(case when decision = 'accepted' then {len(_OUTCOMES)}
                            when decision = 'review' and reason <> '{UNRESOLVED}'
                                then {len(_OUTCOMES) - 1}
                            {ranks}
                            else 0 end) as best
            from {{links}}
            group by {side}_id
        )
        select cast($step as varchar) as step, '{side}' as side, u.unit_id as id,
               case {reasons}
                    when {_identifier_count(units)} < {_FEWEST} then '{FEW_IDENTIFIERS}'
                    else '{NO_CANDIDATE}' end as reason
        from {{units}} as u
        left join best on best.unit_id = u.unit_id
        where best is null or best < {len(_OUTCOMES)}
        """,
        params={"step": step.name},
        links=links,
        units=units,
        store=True,
    )


def _identifier_count(units: Table) -> str:
    """SQL of how many identifiers of a unit are known, with the run's own identifiers
    (x_<name>).
    """
    identifiers = [
        *(c for c in _IDENTIFIERS if c in units.columns),
        *kept_columns(units.columns),
    ]
    return (
        " + ".join(
            f"case when u.{quote(c)} is null then 0 else 1 end" for c in identifiers
        )
        or "0"
    )


def not_diagnosed(engine: Engine, scored: Scored, links: Table) -> Table:
    """The same of a step that is not diagnosed: one reason for all; a view."""
    queries = [
        f"""
        select cast($step as varchar) as step, '{side}' as side, u.unit_id as id,
            '{NOT_DIAGNOSED}' as reason
        from {{{side}}} as u
        where not exists (select 1 from {{links}} as l where l.{side}_id = u.unit_id
            and l.decision = 'accepted')
        """
        for side in scored.units
    ]
    return engine.sql(
        " union all ".join(queries),
        params={"step": scored.step.name},
        store=False,
        links=links,
        **scored.units,
    )
