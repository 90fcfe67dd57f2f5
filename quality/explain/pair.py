"""Why two records were or were not linked, as JSON without a value of a person.

A unit is what one side of a step compares: a record of a file, or the cluster of
entities that earlier steps joined.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from linkage.config import OTHER_SIDE, single_sides
from linkage.engine import Engine, rows
from linkage.match.pair_weights import PairWeight
from linkage.match.passes import OVERRIDE
from linkage.pipeline.opened import OpenStep
from linkage.pipeline.pair_facts import level_name, threshold_facts, weigh, weight_facts
from linkage.pipeline.sides import listed_units
from linkage.spine.conflicts import shipped as conflicts
from quality.explain.rules import by_pass, by_rule
from quality.report.waterfall import likelihood, signed

Row = Mapping[str, Any]


def explain_pair(
    engine: Engine, step: OpenStep, left: int, right: int
) -> dict[str, Any]:
    """Everything about a pair of a step, also if it was never compared.

    Returns:
        kind, step, units, outcome, made_by, probability (None if the pair was not
        stored), weight, thresholds, competing (the best other pair of each side), reach
        (passes and blocking rules), changes.
    """
    ids = {"left": left, "right": right}
    units = {
        side: step.sides[side].build(listed_units(engine, [unit]), step.model.columns)
        for side, unit in ids.items()
    }
    (pair,) = weigh(engine, step, [(left, right)])
    pairs = pairs_of(engine, step, ids)
    link = _stored(pairs, pair)
    rules = [
        by_rule(engine, rule, units["left"].units, units["right"].units)
        for rule in step.model.blocking_rules
    ]
    rule_numbers = [
        number
        for number, rule in enumerate(rules, 1)
        if all(condition.holds for condition in rule)
    ]
    passes = None if step.passes is None else _passes(engine, step, units, link)
    return {
        "kind": "pair",
        "step": about_step(step),
        "units": {side: about_unit(step, side, unit) for side, unit in ids.items()},
        "outcome": outcome_of(
            engine,
            step,
            pair,
            pairs,
            rule_numbers,
            [p["pass"] for p in passes or () if p["holds"]],
        ),
        "made_by": made_by(link),
        "probability": None if link is None else float(link["match_probability"]),
        "weight": weight_facts(step, pair),
        "thresholds": threshold_facts(step),
        "competing": [
            {
                "side": side,
                "unit_id": int(row[f"{OTHER_SIDE[side]}_id"]),
                "match_weight": float(row["match_weight"]),
                "lead": pair.match_weight - float(row["match_weight"]),
                "decision": str(row["decision"]),
            }
            for side, row in _competing(step, pairs, pair).items()
        ],
        "reach": {
            "passes": passes,
            "rules": [
                {
                    "rule": number,
                    "conditions": list(map(asdict, rule)),
                    "holds": number in rule_numbers,
                }
                for number, rule in enumerate(rules, 1)
            ],
        },
        "changes": other_levels(step, pair),
    }


def pairs_of(
    engine: Engine, step: OpenStep, ids: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Stored pairs of any decision of some units, the heaviest first; of one file a
    unit may be on either side.

    Args:
        ids: side to unit.
    """
    ends = {
        (side, n)
        for n, unit in enumerate(ids)
        for side in (("left", "right") if step.of_one_file else (unit,))
    }
    condition = " or ".join(f"{side}_id = $unit_{n}" for side, n in sorted(ends))
    query = (
        f"select * from {{links}} where {condition} order by match_weight desc, "
        "left_id, right_id"
    )
    params = {f"unit_{n}": unit for n, unit in enumerate(ids.values())}
    return rows(engine, engine.sql(query, params=params, links=step.links))


def _stored(pairs: Sequence[Row], pair: PairWeight) -> Row | None:
    return next(
        (
            row
            for row in pairs
            if (row["left_id"], row["right_id"]) == (pair.left, pair.right)
        ),
        None,
    )


def _others(
    step: OpenStep, pairs: Sequence[Row], pair: PairWeight
) -> list[tuple[str, Row]]:
    """Side and row of the other pairs of each record that may have one link only, the
    heaviest first.
    """
    ids = {"left": pair.left, "right": pair.right}
    return [
        (side, row)
        for side in single_sides(step.cardinality)
        for row in pairs
        if row[f"{side}_id"] == ids[side]
        and row[f"{OTHER_SIDE[side]}_id"] != ids[OTHER_SIDE[side]]
    ]


def _competing(
    step: OpenStep, pairs: Sequence[Row], pair: PairWeight
) -> dict[str, Row]:
    """Side to the best other pair."""
    best: dict[str, Row] = {}
    for side, row in _others(step, pairs, pair):
        best.setdefault(side, row)
    return best


def outcome_of(
    engine: Engine,
    step: OpenStep,
    pair: PairWeight,
    pairs: Sequence[Row],
    reached: Sequence[int],
    passes: Sequence[str] = (),
) -> dict[str, Any]:
    """What was decided about a pair.

    Args:
        pairs: stored pairs of its records, the heaviest first.
        reached: numbers of the blocking rules that bring it together; passes: names of
            the passes that hold.

    Returns:
        decision (accepted, review, rejected, not stored, not compared or forbidden),
        reason, in_words; removed_by, the rule by which the spine removed the link,
        where it did.
    """
    link, weight = _stored(pairs, pair), f"Match weight {signed(pair.match_weight)}"

    def outcome(decision: str, reason: str | None, *words: str) -> dict[str, Any]:
        return {"decision": decision, "reason": reason, "in_words": list(words)}

    if link is not None:
        result = outcome(
            str(link["decision"]),
            link["reason"],
            *_about_link(engine, step, pair, pairs, link),
        )
        removed_by = _removed_by(engine, step, pair)
        if removed_by:
            cause = next(
                (
                    f": {' '.join(rule.why.split())}"
                    for rule in conflicts()
                    if rule.name == removed_by
                ),
                "",
            )
            result["in_words"].append(
                "The spine removed the link: one person of both would have "
                f"{removed_by}{cause}."
            )
            result["removed_by"] = removed_by
        return result
    links = [
        (side, row)
        for side, row in _others(step, pairs, pair)
        if row["method"] in ("deterministic", OVERRIDE)
    ]
    if links:
        by = (
            (side, "people" if r["method"] == OVERRIDE else f"the pass '{r['pass']}'")
            for side, r in links
        )
        words = [
            f"The {side} record was linked to another by {maker} before the model was "
            "used."
            for side, maker in by
        ]
        return outcome(
            "not compared", "linked to another record by a pass", *words, f"{weight}."
        )
    if not reached:
        words = ["No blocking rule brings the two together, so the model was not used."]
        words += [
            f"The pass '{name}' holds for them, but not for them only."
            for name in passes[:1]
        ]
        return outcome(
            "not compared", "no blocking rule reaches it", *words, f"{weight}."
        )
    if pair.match_weight < step.floor:
        floor = (
            f"Pairs below {signed(step.floor)} can be neither linked nor "
            "reviewed, "
            "and are not stored."
        )
        return outcome("not stored", "below threshold", f"{weight}.", floor)
    cause = "The files may have changed since the run."
    if step.decisions:
        cause = (
            f"The step followed {step.decisions:,} decisions of people; one of "
            "them forbids this link."
        )
    return outcome(
        "forbidden",
        None,
        f"{weight}. A blocking rule reaches the pair, and the step left it out.",
        cause,
    )


def _about_link(
    engine: Engine, step: OpenStep, pair: PairWeight, pairs: Sequence[Row], link: Row
) -> list[str]:
    if link["method"] == OVERRIDE:
        return [
            "People decided that the two are one person, whatever the match weight."
        ]
    weight = signed(pair.match_weight)
    if link["method"] == "deterministic":
        agrees = (
            "agrees"
            if link["decision"] == "accepted"
            else "disagrees, so the pair goes to review"
        )
        return [
            f"The pass '{link['pass']}' holds for this pair and for no other pair of "
            "its records.",
            f"The model {agrees}: match weight {weight}, review threshold "
            f"{signed(step.thresholds.review)}.",
        ]
    accept = step.step.accept_probability
    adjusted = signed(pair.match_weight + step.thresholds.adjustment)
    words = [
        f"Match weight {weight}, {adjusted} with the cardinality adjustment, match "
        f"probability {likelihood(float(link['match_probability']))}; accepted at "
        f"{accept:g} or more, reviewed at "
        f"{min(step.step.review_probability, accept):g} or more."
    ]
    for side, row in _competing(step, pairs, pair).items():
        decision = "" if row["decision"] == "rejected" else f" ({row['decision']})"
        words.append(
            f"The {side} record's best other pair has match weight "
            f"{signed(row['match_weight'])}{decision}."
        )
    if link["reason"] and link["reason"] != "below threshold":
        words.append(f"Reason: {link['reason']}.")
    if step.clusters is not None and link["decision"] == "accepted":
        query = "select person_id, records from {clusters} where unit_id = $unit"
        (person,) = rows(
            engine,
            engine.sql(query, params={"unit": pair.left}, clusters=step.clusters),
        )
        words.append(
            f"Both are person {person['person_id']}, who has {person['records']:,} "
            "records."
        )
    return words


def _removed_by(engine: Engine, step: OpenStep, pair: PairWeight) -> str | None:
    """The conflict rule by which the spine removed a link."""
    if step.removed_links is None:
        return None
    query = "select rule from {removed} where left_id = $left and right_id = $right"
    params = {"left": pair.left, "right": pair.right}
    removed_rows = rows(
        engine, engine.sql(query, params=params, removed=step.removed_links)
    )
    return str(removed_rows[0]["rule"]) if removed_rows else None


def _passes(
    engine: Engine, step: OpenStep, units: Mapping[str, Any], link: Row | None
) -> list[dict[str, Any]]:
    results = []
    for rule in step.passes or ():
        evaluation = by_pass(engine, rule, units["left"], units["right"])
        if evaluation is None:
            continue
        conditions, equal, holds = evaluation
        is_maker = (
            link is not None
            and link["method"] == "deterministic"
            and link["pass"] == rule.name
        )
        result = (
            "linked it"
            if is_maker
            else "holds, but not for this pair only"
            if holds
            else "does not hold"
        )
        results.append(
            {
                "pass": rule.name,
                "why": rule.why,
                "equal": list(map(asdict, conditions[:equal])),
                "one_of": list(map(asdict, conditions[equal:])),
                "holds": holds,
                "result": result,
            }
        )
    return results


def other_levels(step: OpenStep, pair: PairWeight) -> list[dict[str, Any]]:
    """The match weight if one comparison had another level, for levels that the pair
    could have.

    Term-frequency adjustments of the other level are left out. A level that only adds
    to what other comparisons say (a conditional one), and "not known" where both values
    are known, are no possible changes.
    """
    zone, results = _zone(step, pair.match_weight), []
    for part in pair.parts:
        if part.comparison.given or part.level.value < 0:
            continue
        for level in part.comparison.levels:
            if level.value in (part.level.value, -1):
                continue
            weight = pair.match_weight - part.weight + level.weight
            results.append(
                {
                    "comparison": part.comparison.name,
                    "level": level_name(part.comparison, level),
                    "weight": level.weight,
                    "changed_by": level.weight - part.weight,
                    "match_weight": weight,
                    "would_be": _zone(step, weight),
                    "crosses": _zone(step, weight) != zone,
                }
            )
    return results


def _zone(step: OpenStep, match_weight: float) -> str:
    if match_weight >= step.thresholds.accept:
        return "accepted"
    return "review" if match_weight >= step.thresholds.review else "rejected"


def about_step(step: OpenStep) -> dict[str, Any]:
    """A step by its name, sides and cardinality."""
    names = {side: step.sides[side].name for side in ("left", "right")}
    return {
        "name": step.name,
        **names,
        "cardinality": step.cardinality,
        "one_file": step.of_one_file,
    }


def about_unit(step: OpenStep, side: str, unit: int) -> dict[str, Any]:
    """A unit by its number and those of its entities, without the sources' keys."""
    members = step.sides[side].members([unit]).get(unit, [])
    return {
        "unit_id": unit,
        "entities": [
            {"entity_id": entity, "source": source} for entity, source in members
        ],
    }


def made_by(link: Row | None) -> str | None:
    """The pass or blocking rule that made a stored pair."""
    if link is None:
        return None
    return "people" if link["method"] == OVERRIDE else str(link["pass"])
