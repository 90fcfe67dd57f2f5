"""The candidate pairs of a record in each step: the ones it was linked by, or why it
was not linked.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from linkage.config import OTHER_SIDE
from linkage.engine import Engine, Table, rows
from linkage.match.candidates import score_candidates
from linkage.match.pair_weights import PairWeight, frequencies_of
from linkage.match.thresholds import probability_of
from linkage.pipeline.opened import OpenStep
from linkage.pipeline.pair_facts import weigh
from linkage.pipeline.sides import listed_units
from quality.explain.pair import (
    about_step,
    about_unit,
    explain_pair,
    made_by,
    outcome_of,
    pairs_of,
)
from quality.explain.rules import reached_by_rule

_NO_FLOOR = -1e9  # match weight below any pair's
_MOST_SHOWN = 10  # pairs of a step


def explain_record(
    engine: Engine, steps: Iterable[OpenStep], entity: int, *, side: str | None = None
) -> dict[str, Any]:
    """What was decided about an entity in the steps that it took part in.

    Args:
        side: the only side to look on; both when None.

    Returns:
        kind, entity_id, steps: step, side, unit, unlinked (reason; None if linked),
            links (number), candidates_found
        (number), candidates (the best), rules_not_followed (that ask for no equality),
        best (the best pair, explained).
    """
    answers = []
    for step in steps:
        for place in (
            (side,) if side else ("left",) if step.of_one_file else ("left", "right")
        ):
            unit = step.sides[place].unit_of(entity)
            if unit is not None:
                answers.append(_in_step(engine, step, place, unit))
    return {"kind": "record", "entity_id": entity, "steps": answers}


def _in_step(engine: Engine, step: OpenStep, side: str, unit: int) -> dict[str, Any]:
    pair_rows = pairs_of(engine, step, {side: unit})
    links = {
        _other(int(row["left_id"]), int(row["right_id"]), side, unit, step): row
        for row in pair_rows
    }
    pairs, rule_of, not_followed = _candidates(engine, step, side, unit, list(links))

    def rank(pair: PairWeight) -> tuple[int, float]:
        link = links.get(_other(pair.left, pair.right, side, unit, step))
        return {"accepted": 0, "review": 1}.get(
            str(link["decision"]), 2
        ) if link else 2, -pair.match_weight

    pairs.sort(key=rank)
    linked = sum(row["decision"] == "accepted" for row in links.values())
    return {
        "step": about_step(step),
        "side": "file" if step.of_one_file else side,
        "unit": about_unit(step, side, unit),
        "unlinked": _unlinked(engine, step, side, unit, links.values()),
        "links": linked,
        "candidates_found": len(pairs),
        "rules_not_followed": not_followed,
        "candidates": [
            _shown(engine, step, side, unit, pair, links, rule_of)
            for pair in pairs[:_MOST_SHOWN]
        ],
        "best": explain_pair(engine, step, pairs[0].left, pairs[0].right)
        if pairs
        else None,
    }


def _other(left: int, right: int, side: str, unit: int, step: OpenStep) -> int:
    """The other unit of a pair."""
    if step.of_one_file:
        return right if left == unit else left
    return right if side == "left" else left


def _candidates(
    engine: Engine, step: OpenStep, side: str, unit: int, linked: list[int]
) -> tuple[list[PairWeight], dict[int, int], list[int]]:
    """Pairs of a unit that a blocking rule makes or that were stored; the rule of each;
    rules that were not followed.

    A rule that asks for no equality would pair the unit with everybody, and is not
    followed.
    """
    columns, other = step.model.columns, step.sides[OTHER_SIDE[side]]
    unit_table = step.sides[side].columns_of(listed_units(engine, [unit]), columns)
    tables_nearby, not_followed = [listed_units(engine, linked)], []
    ends = (
        ("left", "right") if step.of_one_file else (side,)
    )  # of one file the unit may be on either side of a rule
    for number, rule in enumerate(step.model.blocking_rules, 1):
        reachable = [
            reached_by_rule(engine, rule, unit_table, end, other) for end in ends
        ]
        tables_nearby += [table for table in reachable if table is not None]
        if None in reachable:
            not_followed.append(number)
    near_tables = {f"near_{n}": table for n, table in enumerate(tables_nearby)}
    union = "\nunion\n".join(f"select unit_id from {{{name}}}" for name in near_tables)
    candidate_table = other.columns_of(
        engine.sql(union, params=None, store=True, **near_tables), columns
    )
    sides = [step.sides["left"]] if step.of_one_file else list(step.sides.values())
    frequencies = frequencies_of(
        engine, step.model, sides, [unit_table, candidate_table], step.known
    )
    rule_of: dict[int, int] = {}
    for end in ends:
        tables: dict[str, Table] = {end: unit_table, OTHER_SIDE[end]: candidate_table}
        if step.of_one_file:  # the smaller number is on the left
            query = (
                f"select * from {{t}} where unit_id "
                f"{'>' if end == 'left' else '<'} $unit"
            )
            tables[OTHER_SIDE[end]] = engine.sql(
                query, params={"unit": unit}, t=candidate_table, store=True
            )
        result = score_candidates(
            engine, step.model, tables["left"], tables["right"], frequencies, _NO_FLOOR
        )
        query = f"select {OTHER_SIDE[end]}_id as id, rule + 1 as rule from {{s}}"
        rule_of |= {
            int(row["id"]): int(row["rule"])
            for row in rows(engine, engine.sql(query, s=result.pairs))
            if row["rule"]
        }
    units = {*rule_of, *linked} - ({unit} if step.of_one_file else set())
    if step.of_one_file:
        return (
            weigh(engine, step, [(min(unit, end), max(unit, end)) for end in units]),
            rule_of,
            not_followed,
        )
    return (
        weigh(
            engine,
            step,
            [(unit, end) if side == "left" else (end, unit) for end in units],
        ),
        rule_of,
        not_followed,
    )


def _shown(
    engine: Engine,
    step: OpenStep,
    side: str,
    unit: int,
    pair: PairWeight,
    links: Mapping[int, Mapping[str, Any]],
    rule_of: Mapping[int, int],
) -> dict[str, Any]:
    end = _other(pair.left, pair.right, side, unit, step)
    link, rule = links.get(end), [rule_of[end]] if end in rule_of else []
    pair_rows = pairs_of(engine, step, {"left": pair.left, "right": pair.right})
    by_weight = probability_of(pair.match_weight + step.thresholds.adjustment)
    return {
        "unit": about_unit(step, OTHER_SIDE[side], end),
        "match_weight": pair.match_weight,
        "probability": float(link["match_probability"]) if link else by_weight,
        "made_by": made_by(link) or (f"rule {rule[0]}" if rule else None),
        **outcome_of(engine, step, pair, pair_rows, rule),
    }


def _unlinked(
    engine: Engine,
    step: OpenStep,
    side: str,
    unit: int,
    links: Iterable[Mapping[str, Any]],
) -> str | None:
    """Why a record has no link; None if it has one."""
    if step.unlinked is None:
        decisions = {str(row["decision"]) for row in links}
        if "accepted" in decisions:
            return None
        return (
            "in review"
            if "review" in decisions
            else "below threshold"
            if decisions
            else "no candidate pair"
        )
    query = (
        "select reason from {unlinked} where side = $side and cast(id as bigint) "
        "= "
        "$unit"
    )
    reasons = rows(
        engine,
        engine.sql(query, params={"side": side, "unit": unit}, unlinked=step.unlinked),
    )
    return str(reasons[0]["reason"]) if reasons else None
