"""All that a record met in every step: the pairs it might have made, the one it made, or why it has none."""

from collections.abc import Iterable, Mapping
from typing import Any

from linkage.config import OTHER_SIDE
from linkage.engine import Engine, Table, rows
from linkage.match.candidates import Frequencies, score_candidates
from quality.explain.beside import parted_by
from quality.explain.opening import OpenStep
from quality.explain.outcome import Facts, outcome, probability
from quality.explain.pair import about_step, about_unit, explain_pair, links_of, made_by, rivals, taken
from quality.explain.reach import reached_by_rule
from quality.explain.sides import listed_units
from quality.explain.weighing import Weighed, frequencies_of, weigh

_EVERYTHING = -1e9  # no pair weighs less
MOST_SHOWN = 10  # pairs of a step


def explain_record(
    engine: Engine, steps: Iterable[OpenStep], entity: int, *, side: str | None = None
) -> dict[str, Any]:
    """What became of an entity in the steps that it took part in.

    Args:
        side: the only one to look on; both when None.

    Returns:
        kind, entity_id, steps: step, side, unit, unlinked (why it has no link, None where it has one), joined (how many
        it is linked to), met (how many pairs a rule or a pass made), candidates (the heaviest), best (everything about
        the accepted pair, else the heaviest).
    """
    found = []
    for step in steps:
        for looked in (side,) if side else ("left", "right"):
            unit = step.sides[looked].unit_of(entity)
            if unit is not None:
                found.append(_in_step(engine, step, looked, unit))
    return {"kind": "record", "entity_id": entity, "steps": found}


def _in_step(engine: Engine, step: OpenStep, side: str, unit: int) -> dict[str, Any]:
    links = {int(row[f"{OTHER_SIDE[side]}_id"]): row for row in links_of(engine, step, {side: unit})}
    pairs, reached, open_rules = _candidates(engine, step, side, unit, list(links))
    pairs.sort(key=lambda pair: place_of(pair, links.get(_end(pair, OTHER_SIDE[side]))))
    shown = [_shown(engine, step, side, pair, links, reached) for pair in pairs[:MOST_SHOWN]]
    best = pairs[0] if pairs else None
    return {
        "step": about_step(step),
        "side": side,
        "unit": about_unit(step, side, unit),
        "unlinked": _unlinked(engine, step, side, unit),
        "joined": sum(row["decision"] == "accepted" for row in links.values()),
        "met": len(pairs),
        "rules_not_followed": open_rules,
        "candidates": shown,
        "best": explain_pair(engine, step, best.left, best.right) if best else None,
    }


def place_of(pair: Weighed, link: Mapping[str, Any] | None) -> tuple[int, float, int, int]:
    """To sort pairs by: accepted ones first, then those for review, then the rest; the heavier first."""
    rank = {"accepted": 0, "review": 1}.get(str(link["decision"]), 2) if link else 2
    return rank, -pair.match_weight, pair.left, pair.right


def _end(pair: Weighed, side: str) -> int:
    return pair.left if side == "left" else pair.right


def _candidates(
    engine: Engine, step: OpenStep, side: str, unit: int, linked: list[int]
) -> tuple[list[Weighed], dict[int, int], list[int]]:
    """Pairs of a unit that a blocking rule makes or that the step kept; the rule of each; rules not to be followed.

    A rule that asks for no equality would pair the unit with everybody, and is not followed.
    """
    other = step.sides[OTHER_SIDE[side]]
    mine = step.sides[side].latest(listed_units(engine, [unit]), step.model.columns)
    near, not_followed = [listed_units(engine, linked)], []
    for number, rule in enumerate(step.model.blocking_rules, 1):
        found = reached_by_rule(engine, rule, mine, side, other)
        if found is None:
            not_followed.append(number)
        else:
            near.append(found)
    named = {f"of_{index}": table for index, table in enumerate(near)}
    union = "\nunion\n".join(f"select unit_id from {{{name}}}" for name in named)
    theirs = other.latest(engine.sql(union, params=None, store=True, **named), step.model.columns)
    tables: dict[str, Table] = {side: mine, OTHER_SIDE[side]: theirs}
    frequencies = frequencies_of(engine, step, tables["left"], tables["right"])
    reached = everything_reached(engine, step, tables, side, frequencies)
    ends = [(unit, end) if side == "left" else (end, unit) for end in {*reached, *linked}]
    pairs = weigh(engine, step.model, tables["left"], tables["right"], frequencies, ends) if ends else []
    return pairs, reached, not_followed


def everything_reached(
    engine: Engine, step: OpenStep, tables: Mapping[str, Table], side: str, frequencies: Frequencies
) -> dict[int, int]:
    """Units that blocking rules pair with the one of a side, however little they weigh, and the first rule of each."""
    scored = score_candidates(engine, step.model, tables["left"], tables["right"], frequencies, _EVERYTHING)
    query = f"select {OTHER_SIDE[side]}_id as id, rule + 1 as rule from {{s}}"
    found = rows(engine, engine.sql(query, s=scored.pairs))
    return {int(row["id"]): int(row["rule"]) for row in found if row["rule"]}


def _shown(
    engine: Engine,
    step: OpenStep,
    side: str,
    pair: Weighed,
    links: Mapping[int, Mapping[str, Any]],
    reached: Mapping[int, int],
) -> dict[str, Any]:
    end = _end(pair, OTHER_SIDE[side])
    link = links.get(end)
    met = links_of(engine, step, {"left": pair.left, "right": pair.right})
    facts = Facts(
        link=link,
        rivals=rivals(step, met, pair.left, pair.right),
        taken=taken(step, met, pair.left, pair.right),
        rules=[reached[end]] if end in reached else [],
        passes=(),
        parted=parted_by(engine, step, pair.left, pair.right),
    )
    found = outcome(step, pair, facts)
    rule = f"rule {reached[end]}" if end in reached else None
    by_weight = probability(pair.match_weight + step.thresholds.gain)
    return {
        "unit": about_unit(step, OTHER_SIDE[side], end),
        "match_weight": pair.match_weight,
        "probability": float(link["match_probability"]) if link else by_weight,
        "runner_up_weight": link and link["runner_up_weight"],
        "made_by": made_by(link) or rule,
        **found.as_dict(),
    }


def _unlinked(engine: Engine, step: OpenStep, side: str, unit: int) -> str | None:
    if step.unlinked is None:
        return None
    query = "select reason from {unlinked} where side = $side and cast(id as bigint) = $unit"
    found = rows(engine, engine.sql(query, params={"side": side, "unit": unit}, unlinked=step.unlinked))
    return str(found[0]["reason"]) if found else None
