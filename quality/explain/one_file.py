"""One file linked with itself: why two of its records are or are not one person, whom a record met, what a person is.

Records are not assigned to each other but joined: a record may be one person with many, and has no rivals. What decides
beside a pair's weight is how the groups fit that it would join.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from linkage.engine import Engine, Table, one, rows
from linkage.errors import ConfigError
from linkage.match.candidates import Frequencies
from linkage.spine.clusters import MISFIT
from quality.explain.opening import OpenStep
from quality.explain.outcome import NOT_COMPARED, NOT_KEPT, Outcome, bits, other_levels, probability
from quality.explain.pair import about_step, about_unit, made_by, thresholds_as_dict, weight_as_dict
from quality.explain.person import contradictions, without
from quality.explain.reach import by_rule, reached_by_rule
from quality.explain.record import MOST_SHOWN, everything_reached, place_of
from quality.explain.sides import listed_units
from quality.explain.weighing import Weighed, frequencies_of, weigh

_MOST_BETWEEN = 20_000  # pairs between two people that are weighed to say how well they fit


def explain_pair_of_file(engine: Engine, step: OpenStep, one_id: int, other_id: int) -> dict[str, Any]:
    """Everything about two records, as `explain_pair` has it.

    Raises:
        ConfigError: they are the same record.
    """
    if one_id == other_id:
        raise ConfigError("--pair: the two are the same record\n  name two, or ask what one met: --record ID")
    left, right = sorted((one_id, other_id))
    pair = _weighed(engine, step, [(left, right)])[0]
    units = {side: step.sides["left"].build(listed_units(engine, [u]), step.model.columns).units for side, u in
             (("left", left), ("right", right))}  # fmt: skip
    rules = [by_rule(engine, rule, units["left"], units["right"]) for rule in step.model.blocking_rules]
    reached = [number for number, rule in enumerate(rules, 1) if all(term.holds for term in rule)]
    link = next((row for row in _links_of(engine, step, left) if row["right_id"] == right), None)
    found = _outcome(engine, step, pair, link, reached)
    return {
        "kind": "pair",
        "step": about_step(step),
        "units": {side: about_unit(step, side, unit) for side, unit in (("left", left), ("right", right))},
        "outcome": found.as_dict(),
        "made_by": made_by(link),
        "probability": None,
        "weight": weight_as_dict(step, pair),
        "thresholds": thresholds_as_dict(step),
        "rivals": [],
        "reach": {
            "passes": [],
            "rules": [
                {"rule": n, "conditions": [term.as_dict() for term in terms], "holds": n in reached}
                for n, terms in enumerate(rules, 1)
            ],
        },
        "changes": {"levels": other_levels(step, pair), "settings": _settings(step, pair, found)},
    }


def explain_record_of_file(engine: Engine, step: OpenStep, unit: int) -> dict[str, Any]:
    """Whom a record met, and who it is one person with, as `explain_record` has it: the file is its only step."""
    links = {_other(row, unit): row for row in _links_of(engine, step, unit)}
    pairs, reached, not_followed = _candidates(engine, step, unit, list(links))
    pairs.sort(key=lambda pair: place_of(pair, links.get(_end(pair, unit))))
    shown = [_shown(engine, step, unit, pair, links, reached) for pair in pairs[:MOST_SHOWN]]
    joined = sum(row["decision"] == "accepted" for row in links.values())
    best = pairs[0] if pairs else None
    return {
        "kind": "record",
        "entity_id": unit,
        "steps": [
            {
                "step": about_step(step),
                "side": "file",
                "unit": about_unit(step, "left", unit),
                "unlinked": None if joined else _alone(links.values()),
                "joined": joined,
                "met": len(pairs),
                "rules_not_followed": not_followed,
                "candidates": shown,
                "best": explain_pair_of_file(engine, step, best.left, best.right) if best else None,
            }
        ],
    }


def explain_person_of_file(engine: Engine, step: OpenStep, person: int) -> dict[str, Any]:
    """A person whom records of the file make up, as `explain_person` has it.

    Raises:
        ConfigError: the folder has no such person.
    """
    units = _records_of(engine, step, person)
    if not units:
        raise ConfigError(
            f"--person {person}: clusters.parquet has no person of this number\n  give a person_id of clusters.parquet"
        )
    query = """
        select k.* from {links} as k
        join {units} as l on l.unit_id = k.left_id
        join {units} as r on r.unit_id = k.right_id
        where k.decision = 'accepted'
        order by k.match_weight desc, k.left_id, k.right_id
        """
    found = rows(engine, engine.sql(query, links=step.links, units=listed_units(engine, units)))
    links = [
        {
            "step": step.step.name,
            "left": [int(row["left_id"])],
            "right": [int(row["right_id"])],
            "units": [int(row["left_id"]), int(row["right_id"])],
            "made_by": made_by(row),
            "match_weight": float(row["match_weight"]),
            "probability": float(row["match_probability"]),
            "margin": None,
            "reason": row["reason"],
        }
        for row in found
    ]
    joining = [link for link in links if link["match_weight"] >= step.thresholds.accept]
    for link in links:
        link["splits"] = without(joining, link, units) if link in joining else []
    # A pair that others join holds nobody together, however little it weighs.
    weakest = min(joining, key=lambda link: link["probability"], default=None)
    return {
        "kind": "person",
        "person_id": person,
        "entities": [{"entity_id": unit, "source": "record", "band": None} for unit in units],
        "links": links,
        "joining": len(joining),
        "weakest": links.index(weakest) if weakest else None,
        "parted": [],
        "conflicts": contradictions(_held(engine, step, units)),
    }


def _weighed(engine: Engine, step: OpenStep, pairs: Sequence[tuple[int, int]]) -> list[Weighed]:
    wanted = listed_units(engine, sorted({unit for pair in pairs for unit in pair}))
    units = step.sides["left"].latest(wanted, step.model.columns)
    return weigh(engine, step.model, units, units, _frequencies(engine, step, units, units), pairs)


def _frequencies(engine: Engine, step: OpenStep, left: Table, right: Table) -> Frequencies:
    return frequencies_of(engine, step, left, right)


def _links_of(engine: Engine, step: OpenStep, unit: int) -> list[dict[str, Any]]:
    """Pairs of a record, of any decision, the heaviest first."""
    query = """
        select * from {links} where left_id = $unit or right_id = $unit order by match_weight desc, left_id, right_id
        """
    return rows(engine, engine.sql(query, params={"unit": unit}, links=step.links))


def _other(row: Mapping[str, Any], unit: int) -> int:
    return int(row["right_id"] if row["left_id"] == unit else row["left_id"])


def _end(pair: Weighed, unit: int) -> int:
    return pair.right if pair.left == unit else pair.left


def _candidates(
    engine: Engine, step: OpenStep, unit: int, linked: list[int]
) -> tuple[list[Weighed], dict[int, int], list[int]]:
    """Pairs of a record that a rule makes or that were kept; the rule of each; rules not to be followed."""
    side = step.sides["left"]
    mine = side.latest(listed_units(engine, [unit]), step.model.columns)
    near, not_followed = [listed_units(engine, linked)], []
    for number, rule in enumerate(step.model.blocking_rules, 1):
        both_ways = [reached_by_rule(engine, rule, mine, of, side) for of in ("left", "right")]
        near += [table for table in both_ways if table is not None]
        if None in both_ways:
            not_followed.append(number)
    named = {f"of_{index}": table for index, table in enumerate(near)}
    union = "\nunion\n".join(f"select unit_id from {{{name}}}" for name in named)
    theirs = side.latest(engine.sql(union, params=None, store=True, **named), step.model.columns)
    reached: dict[int, int] = {}
    for letter, before in (("right", "<"), ("left", ">")):  # the smaller of the two numbers stands on the left
        query = f"select * from {{t}} where unit_id {before} $unit"
        others = engine.sql(query, params={"unit": unit}, t=theirs, store=True)
        ends = {letter: mine, "left" if letter == "right" else "right": others}
        frequencies = _frequencies(engine, step, ends["left"], ends["right"])
        reached |= everything_reached(engine, step, ends, letter, frequencies)
    ends_of = sorted({*reached, *linked} - {unit})
    pairs = [(min(unit, end), max(unit, end)) for end in ends_of]
    return _weighed(engine, step, pairs) if pairs else [], reached, not_followed


def _shown(
    engine: Engine,
    step: OpenStep,
    unit: int,
    pair: Weighed,
    links: Mapping[int, Mapping[str, Any]],
    reached: Mapping[int, int],
) -> dict[str, Any]:
    end = _end(pair, unit)
    link = links.get(end)
    found = _outcome(engine, step, pair, link, [reached[end]] if end in reached else [])
    return {
        "unit": about_unit(step, "left", end),
        "match_weight": pair.match_weight,
        "probability": float(link["match_probability"]) if link else probability(pair.match_weight),
        "runner_up_weight": None,
        "made_by": made_by(link) or (f"rule {reached[end]}" if end in reached else None),
        **found.as_dict(),
    }


def _alone(links: Any) -> str:
    """Why a record is nobody else, as the step counts it."""
    decisions = {str(row["decision"]) for row in links}
    return "in review" if "review" in decisions else "below threshold" if decisions else "no candidate"


def _outcome(
    engine: Engine, step: OpenStep, pair: Weighed, link: Mapping[str, Any] | None, rules: Sequence[int]
) -> Outcome:
    limits, weight = step.thresholds, bits(pair.match_weight)
    if link is None:
        if not rules:
            told = ["No blocking rule brings the two together, so that the model was never asked."]
            return Outcome(NOT_COMPARED, "no blocking rule reaches it", (*told, f"It would weigh {weight}."))
        floor = f"Below {bits(step.floor)} a pair is not kept."
        return Outcome(NOT_KEPT, "too light to matter", (f"It weighs {weight}.", floor))
    decision, reason = str(link["decision"]), link["reason"]
    needs = f"It weighs {weight}; two records are one person from {bits(limits.accept)} on"
    if decision == "accepted":
        (person, records) = _person(engine, step, pair.left)
        of = f"Both are of person {person}, who has {records:,} records."
        if reason is None:
            return Outcome(decision, reason, (f"{needs}.", of))
        by_others = "but other pairs of their person join them, and all pairs between the groups so joined weigh enough"
        return Outcome(decision, reason, (f"{needs},", f"{by_others} on average.", of))
    if reason == MISFIT:
        return Outcome(decision, reason, (f"{needs}, which it does.", *_misfit(engine, step, pair)))
    look = f"From {bits(limits.review)} on a person {'should' if decision == 'review' else 'would'} look."
    return Outcome(decision, reason, (f"{needs}.", look))


def _person(engine: Engine, step: OpenStep, unit: int) -> tuple[int, int]:
    query = "select person_id, records from {clusters} where unit_id = $unit"
    found = one(engine, engine.sql(query, params={"unit": unit}, clusters=_clusters(step)))
    return int(found["person_id"]), int(found["records"])


def _records_of(engine: Engine, step: OpenStep, person: int) -> list[int]:
    query = "select unit_id from {clusters} where person_id = $person order by unit_id"
    found = rows(engine, engine.sql(query, params={"person": person}, clusters=_clusters(step)))
    return [int(row["unit_id"]) for row in found]


def _clusters(step: OpenStep) -> Table:
    if step.clusters is None:
        raise ValueError("two files were linked, not one with itself")
    return step.clusters


def _misfit(engine: Engine, step: OpenStep, pair: Weighed) -> list[str]:
    """How the groups fit that a pair would join, as they are now."""
    people = [_person(engine, step, unit) for unit in (pair.left, pair.right)]
    told = " and ".join(f"person {n} ({records:,} record{'s' if records > 1 else ''})" for n, records in people)
    said = [f"But it would join {told}, and on average the pairs between them do not weigh enough."]
    if people[0][1] * people[1][1] > _MOST_BETWEEN:
        return said
    left, right = (_records_of(engine, step, person) for person, _ in people)
    between = [(min(a, b), max(a, b)) for a in left for b in right]
    mean = sum(found.match_weight for found in _weighed(engine, step, between)) / len(between)
    fits = mean >= step.thresholds.accept  # they have grown since
    return said if fits else [*said, f"Those {len(between):,} pairs weigh {bits(mean)} on average."]


def _settings(step: OpenStep, pair: Weighed, found: Outcome) -> list[dict[str, Any]]:
    """What another threshold would do, where it is the threshold that decides."""
    name = (step.options or {}).get("accept_probability", "accept_probability")
    change = {"setting": name, "now": step.step.accept_probability, "value": probability(pair.match_weight)}
    if found.decision == "accepted" and found.reason is None:
        return [{**change, "needed": "above", "then": "review"}]
    if found.reason in ("below threshold", "too light to matter"):
        return [{**change, "needed": "at most", "then": "accepted"}]
    return []


def _held(engine: Engine, step: OpenStep, units: Sequence[int]) -> dict[int, dict[str, set[str]]]:
    """Record to what it holds of the things of which a person has one."""
    table = step.sides["left"].latest(listed_units(engine, units), step.model.columns)
    return {
        int(row["unit_id"]): {field: {str(value)} for field, value in row.items() if value is not None}
        for row in rows(engine, table)
    }
