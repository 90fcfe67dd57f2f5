"""Why two units were or were not linked, as JSON: no value of a person is in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.config import OTHER_SIDE, Pass, single_sides
from linkage.engine import Engine, Table, rows
from linkage.match.passes import OVERRIDE, pairs_query
from linkage.match.units import Units
from quality.explain.beside import beside
from quality.explain.opening import OpenStep
from quality.explain.outcome import Facts, other_levels, other_settings, outcome, probability
from quality.explain.reach import Condition, by_pass, by_rule, reached_by_pass, reads
from quality.explain.sides import listed_units
from quality.explain.weighing import Weighed, frequencies_of, level_name, weigh


@dataclass(frozen=True)
class PassMet:
    """How a pair stands to a pass."""

    rule: Pass
    conditions: Sequence[Condition]
    holds: bool
    others: int  # pairs of the same units that satisfy it too
    taken: Sequence[str]  # sides whose unit an earlier pass had linked


def explain_pair(engine: Engine, step: OpenStep, left: int, right: int) -> dict[str, Any]:
    """Everything about two units of a step.

    Args:
        left, right: unit ids.

    Returns:
        kind, step, units, outcome, weight, thresholds, runner_up, reach, changes; see `as_dict` of the parts.
    """
    ids = {"left": left, "right": right}
    units = {
        side: step.sides[side].build(listed_units(engine, [unit]), step.model.columns) for side, unit in ids.items()
    }
    pair = weighed(engine, step, units)[0]
    rules = [by_rule(engine, rule, units["left"].units, units["right"].units) for rule in step.model.blocking_rules]
    met = links_of(engine, step, ids)
    link = next((row for row in met if (row["left_id"], row["right_id"]) == (left, right)), None)
    passes = _passes(engine, step, ids, units, link)
    else_decided = beside(engine, step, pair, link, met)
    facts = Facts(
        link=link,
        rivals=rivals(step, met, left, right),
        taken=taken(step, met, left, right),
        rules=[number for number, rule in enumerate(rules, 1) if all(term.holds for term in rule)],
        passes=[about.rule.name for about in passes or () if about.holds],
        beside=else_decided.words,
        parted=else_decided.parted,
    )
    found = outcome(step, pair, facts)
    return {
        "kind": "pair",
        "step": about_step(step),
        "units": {side: about_unit(step, side, unit) for side, unit in ids.items()},
        "outcome": found.as_dict(),
        "made_by": made_by(facts.link),
        "probability": recorded(facts.link),
        "weight": weight_as_dict(step, pair),
        "thresholds": thresholds_as_dict(step),
        "rivals": [_rival(side, row, pair) for side, row in facts.rivals.items()],
        "reach": {
            "passes": None if passes is None else [_pass_as_dict(about, facts) for about in passes],
            "rules": [
                {"rule": n, "conditions": [term.as_dict() for term in terms], "holds": all(t.holds for t in terms)}
                for n, terms in enumerate(rules, 1)
            ],
        },
        "changes": {
            "levels": other_levels(step, pair),
            "settings": other_settings(
                step,
                pair,
                found,
                str(facts.link["method"]) if facts.link else None,
                lead(facts.link, facts.rivals, pair),
                else_decided.settings,
            ),
        },
    }


def weighed(engine: Engine, step: OpenStep, units: Mapping[str, Units]) -> list[Weighed]:
    """Every pair of some units of the left and some of the right, taken apart."""
    left, right = units["left"].units, units["right"].units
    frequencies = frequencies_of(engine, step, left, right)
    ids = [[int(row["unit_id"]) for row in rows(engine, _ids(engine, table))] for table in (left, right)]
    pairs = [(a, b) for a in ids[0] for b in ids[1]]
    return weigh(engine, step.model, left, right, frequencies, pairs)


def _ids(engine: Engine, units: Table) -> Table:
    return engine.sql("select unit_id from {t} order by unit_id", t=units)


def links_of(engine: Engine, step: OpenStep, ids: Mapping[str, int]) -> list[dict[str, Any]]:
    """Links of any decision that one of the units is in, the heaviest first."""
    where = " or ".join(f"{side}_id = ${side}" for side in ids)
    query = f"select * from {{links}} where {where} order by match_weight desc, left_id, right_id"
    return rows(engine, engine.sql(query, params=dict(ids), links=step.links))


def rivals(step: OpenStep, met: Sequence[Mapping[str, Any]], left: int, right: int) -> dict[str, Mapping[str, Any]]:
    """The best other pair of each unit that may hold one link."""
    mine = {"left": left, "right": right}
    found = {}
    for side in single_sides(step.cardinality):
        other = OTHER_SIDE[side]
        others = [row for row in met if row[f"{side}_id"] == mine[side] and row[f"{other}_id"] != mine[other]]
        if others:
            found[side] = others[0]
    return found


def taken(step: OpenStep, met: Sequence[Mapping[str, Any]], left: int, right: int) -> dict[str, str]:
    """Side to the pass that gave its unit another partner, where a unit may hold one."""
    mine = {"left": left, "right": right}
    return {
        side: str(row["pass"])
        for side in single_sides(step.cardinality)
        for row in met
        if row["method"] in ("deterministic", OVERRIDE)
        and row[f"{side}_id"] == mine[side]
        and row[f"{OTHER_SIDE[side]}_id"] != mine[OTHER_SIDE[side]]
    }


def lead(link: Mapping[str, Any] | None, found: Mapping[str, Mapping[str, Any]], pair: Weighed) -> float | None:
    """By how much a pair leads its best rival: the one that the step weighed it against, where the step did."""
    if link is not None and link["decision"] == "accepted":
        return None if link["runner_up_weight"] is None else pair.match_weight - float(link["runner_up_weight"])
    weights = [float(rival["match_weight"]) for rival in found.values()]
    return pair.match_weight - max(weights) if weights else None


def _passes(
    engine: Engine, step: OpenStep, ids: Mapping[str, int], units: Mapping[str, Units], link: Mapping[str, Any] | None
) -> list[PassMet] | None:
    if step.passes is None:
        return None
    found, single = [], single_sides(step.cardinality)
    for number, rule in enumerate(step.passes):
        if not reads(rule, units["left"], units["right"]):
            continue
        identifier_records = {side: unit.identifier_records for side, unit in units.items()}
        terms, holds = by_pass(engine, rule, identifier_records["left"], identifier_records["right"])
        before = _linked_before(engine, step, [earlier.name for earlier in step.passes[:number]])
        busy = [side for side in single if _is_in(engine, before, side, ids[side])] if holds else []
        others = 0
        if holds and not busy and rule.accept == "unique" and made_by(link) != rule.name:
            others = sum(_others(engine, step, rule, side, ids, identifier_records[side], before) for side in single)
        found.append(PassMet(rule, terms, holds, others, busy))
    return found


def _linked_before(engine: Engine, step: OpenStep, names: Sequence[str]) -> Table:
    """left_id, right_id of the pairs that people and some passes had linked."""
    made_by_pass = {f"p{index}": name for index, name in enumerate(names)}
    listed = "".join(f" or (method = 'deterministic' and pass = ${key})" for key in made_by_pass)
    return engine.sql(
        f"select left_id, right_id from {{links}} where method = '{OVERRIDE}'{listed}",
        params=made_by_pass,
        links=step.links,
    )


def _is_in(engine: Engine, linked: Table, side: str, unit: int) -> bool:
    found = engine.sql(f"select 1 as n from {{t}} where {side}_id = $unit limit 1", params={"unit": unit}, t=linked)
    return bool(rows(engine, found))


def _others(
    engine: Engine,
    step: OpenStep,
    rule: Pass,
    side: str,
    ids: Mapping[str, int],
    identifier_records: Table,
    before: Table,
) -> int:
    """How many other units satisfy a pass with the unit of a side: with any, the pass accepted neither."""
    other = OTHER_SIDE[side]
    near = step.sides[other].build(reached_by_pass(engine, rule, identifier_records, step.sides[other]), ("dob",))
    tables = {side: identifier_records, other: near.identifier_records, "linked": before}
    none = engine.sql("select left_id, right_id from {t} where false", t=before)
    made = engine.sql(pairs_query(rule, step.cardinality), params=None, store=False, barred=none, **tables)
    counted = engine.sql(
        f"select count(*) as n from {{made}} where {other}_id <> $unit", params={"unit": ids[other]}, made=made
    )
    return int(rows(engine, counted)[0]["n"])


def _pass_as_dict(about: PassMet, facts: Facts) -> dict[str, Any]:
    link = facts.link
    made_it = link is not None and link["method"] == "deterministic" and link["pass"] == about.rule.name
    if made_it:
        came_to = "linked it"
    elif not about.holds:
        came_to = "does not hold"
    elif about.taken:
        came_to = f"holds, but the {' and the '.join(about.taken)} unit was linked already"
    elif about.others:
        came_to = f"holds, but for {about.others:,} other pair{'s' if about.others > 1 else ''} of its units too"
    else:
        came_to = "holds, but people have decided otherwise"
    equal = len(about.rule.equal)
    return {
        "pass": about.rule.name,
        "why": about.rule.why,
        "equal": [term.as_dict() for term in about.conditions[:equal]],
        "one_of": [term.as_dict() for term in about.conditions[equal:]],
        "holds": about.holds,
        "came_to": came_to,
    }


def _rival(side: str, row: Mapping[str, Any], pair: Weighed) -> dict[str, Any]:
    return {
        "side": side,
        "unit_id": int(row[f"{OTHER_SIDE[side]}_id"]),
        "match_weight": float(row["match_weight"]),
        "lead": pair.match_weight - float(row["match_weight"]),
        "decision": str(row["decision"]),
    }


def about_step(step: OpenStep) -> dict[str, Any]:
    """A step by its name, sides and cardinality."""
    names = {side: step.sides[side].name for side in ("left", "right")}
    return {"name": step.step.name, **names, "cardinality": step.cardinality, "one_file": step.of_one_file}


def about_unit(step: OpenStep, side: str, unit: int) -> dict[str, Any]:
    """A unit by its number and those of its entities; keys are the sources' own and stay out."""
    members = step.sides[side].members([unit]).get(unit, [])
    return {"unit_id": unit, "entities": [{"entity_id": entity, "source": source} for entity, source in members]}


def made_by(link: Mapping[str, Any] | None) -> str | None:
    """What brought a pair into the table of links."""
    if link is None:
        return None
    return "people" if link["method"] == OVERRIDE else str(link["pass"])


def recorded(link: Mapping[str, Any] | None) -> float | None:
    """The probability that the step gave a pair, its rivals counted; None of one that it did not keep."""
    return None if link is None else float(link["match_probability"])


def weight_as_dict(step: OpenStep, pair: Weighed) -> dict[str, Any]:
    """A weight and its parts, which add up to it."""
    total = pair.match_weight + step.thresholds.gain
    return {
        "prior": step.model.prior_weight,
        "comparisons": [
            {
                "comparison": part.comparison.name,
                "level": level_name(part.comparison, part.level),
                "known": part.level.value >= 0,
                "m": part.level.m,
                "u": part.level.u,
                "bits": part.level.weight,
                "adjusted": part.level.adjusted or bool(part.adjustment),  # histories are without a column
                "taken_back": part.level.tf_weight < 0,
                "adjustment": part.adjustment,
            }
            for part in pair.parts
        ],
        "match_weight": pair.match_weight,
        "gain": step.thresholds.gain,
        "total": total,
        "probability": probability(total),
    }


def thresholds_as_dict(step: OpenStep) -> dict[str, Any]:
    """Limits of the step, on the scale of match weights and, with what the cardinality adds, on that of the total."""
    limits = step.thresholds
    return {
        "accept": limits.accept,
        "review": limits.review,
        "floor": step.floor,
        "accept_total": limits.accept + limits.gain,
        "review_total": limits.review + limits.gain,
    }
