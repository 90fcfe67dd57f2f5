"""Evaluation of a run in aggregates: link rates, linkage quality, bias. The report is
made from this alone.

Counts are exact, so the result stays in the run's folder; what is released goes through
quality.disclosure.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linkage.catalogue import Catalogue, shipped
from linkage.engine import (
    Engine,
    Table,
    one,
    rows,
    run_concurrently_if_small,
    union_all,
)
from linkage.version import FORMAT
from quality.measures import accuracy, link_counts, link_rates
from quality.measures.bias import bias
from quality.measures.calibration import calibration
from quality.measures.characteristics import entities_described
from quality.measures.definitions import Definitions
from quality.measures.definitions import load as load_definitions
from quality.measures.estimated_error import (
    LINKS_ONLY,
    UNCAPTURED,
    Unseen,
    estimated_error,
    most_matches,
)
from quality.measures.implausible import (
    conflicts,
    implausible_links,
    implausible_people,
)
from quality.measures.implausible import load as implausible_rules
from quality.measures.link_counts import blocked, completeness
from quality.measures.link_draws import vary_over_draws
from quality.measures.parameters import parameters


@dataclass(frozen=True)
class StepTables:
    """Tables of a link step.

    Attributes:
        links: left_id, right_id, method, pass, match_weight, decision, and more
            (docs/reference/tables.md).
        unlinked: side, id, reason.
        units: side, unit_id, entity_id.
        model: the Splink model that scored the step, as parsed JSON.
        true_pairs: left_id, right_id in the step's own ids, where truth comes as pairs
            and not as persons.
        blocking: what the match stage counted of its passes and blocking rules (see
            quality.measures.link_counts).
        reached: given true pairs (left_id, right_id), how many of them the blocking
            rules make.
        joins_second_records: whether the step links two records of one person, beyond
            its cardinality.
        sampled: link draws, where the step has some: draw, left_id, right_id.
        draws: how many of them there are.
        recall_unknown: why recall is not estimated
            (quality.measures.estimated_error.WHY_UNKNOWN).
    """

    name: str
    left: str
    right: str
    links: Table
    unlinked: Table
    units: Table
    cardinality: str = "one-to-one"
    model: Mapping[str, Any] | None = None
    true_pairs: Table | None = None
    blocking: Mapping[str, Any] | None = None
    reached: Callable[[Table], Mapping[str, Any]] | None = None
    joins_second_records: bool = False
    sampled: Table | None = None
    draws: int = 0
    recall_unknown: str | None = None


@dataclass(frozen=True)
class Inputs:
    """The tables of a run. What is None or empty is left out of the result.

    Attributes:
        entities: by source: entity_id, source, entity_key and the lists of identifiers.
        attributes: by <dataset>_<table>: entity_id and variables; those that a
            characteristic names are read.
        spine: person_id, entity_id, source.
        removed_links: step, left_id, right_id and rule of links that the spine removed
            because they broke a rule.
        truth: source, entity_key, person_id.
        errors: source, record_key, field, kind: data errors of synthetic records.
        records: by source: source_key, entity_key; read only where there is a log of
            errors.
        sources: counts of the records stage: source, rows_read, records, quarantined;
            where `entities` is not given also their number and completeness.
        tables: rows of the tables that the run makes for researchers.
    """

    steps: Sequence[StepTables]
    entities: Mapping[str, Table] = field(default_factory=dict)
    attributes: Mapping[str, Table] = field(default_factory=dict)
    spine: Table | None = None
    removed_links: Table | None = None
    truth: Table | None = None
    errors: Table | None = None
    records: Mapping[str, Table] = field(default_factory=dict)
    sources: Sequence[Mapping[str, Any]] = ()
    tables: Mapping[str, int] = field(default_factory=dict)


def evaluate(
    engine: Engine,
    inputs: Inputs,
    definitions: Definitions | None = None,
    catalogue: Catalogue | None = None,
) -> dict[str, Any]:
    """Count and judge a run. The result is JSON: counts, shares with 95 % Wilson
    intervals, model parameters.

    Returns:
        format, has_truth, sources, weight_range (its end bins are open), steps, spine
        or None.
    """
    definitions = definitions or load_definitions()
    catalogue = catalogue or shipped()
    entities = _entities(engine, inputs, definitions, catalogue)
    contradictions: tuple[Table, list[dict[str, Any]]] | None = None
    if inputs.spine and inputs.entities:
        rules = implausible_rules()
        contradictions = conflicts(
            engine, inputs.spine, inputs.entities, inputs.attributes, rules
        )

    def step_evaluation(step: StepTables) -> dict[str, Any]:
        figures = _step(
            engine, step, list(inputs.entities), entities, definitions, catalogue
        )
        opposed_links = (
            implausible_links(engine, step.links, step.units, contradictions[0])
            if contradictions
            else None
        )
        return figures | {"implausible": opposed_links}

    steps = [functools.partial(step_evaluation, step) for step in inputs.steps]
    names = dict.fromkeys(
        [*(str(row["source"]) for row in inputs.sources), *inputs.entities]
    )
    result: dict[str, Any] = {
        "format": FORMAT,
        "has_truth": inputs.truth is not None
        or any(step.true_pairs is not None for step in inputs.steps),
        "sources": [_source(engine, name, inputs) for name in names],
        "tables": dict(inputs.tables),
        "weight_range": list(definitions.weight_range),
        "steps": run_concurrently_if_small(engine, *steps),
        "spine": _spine(engine, inputs.spine, inputs.removed_links, entities.persons)
        if inputs.spine
        else None,
    }
    if inputs.spine and contradictions:
        result["spine"]["implausible"] = implausible_people(
            engine, inputs.spine, *contradictions, entities.persons
        )
    tables = (
        entities.described,
        entities.persons,
        entities.errors,
        *(contradictions or ())[:1],
    )
    engine.drop(*(table for table in tables if table))
    return result


@dataclass(frozen=True)
class _Entities:
    """Entities of all sources: with their characteristics, their true persons, and the
    errors in their records.
    """

    described: Table | None = None
    persons: Table | None = None
    errors: Table | None = None


def _entities(
    engine: Engine, inputs: Inputs, definitions: Definitions, catalogue: Catalogue
) -> _Entities:
    """Entities of all sources, described; with truth also persons and data errors."""
    if not inputs.entities:
        return _Entities()
    descriptions = entities_described(
        engine, inputs.entities, inputs.attributes, definitions, catalogue
    )
    if inputs.truth is None:
        return _Entities(descriptions)
    query = "select entity_id, source, entity_key from {t}"
    entities = union_all(engine, [(query, table) for table in inputs.entities.values()])
    errors = (
        accuracy.entity_errors(engine, inputs.errors, inputs.records, entities)
        if inputs.errors
        else None
    )
    return _Entities(
        descriptions, accuracy.entity_persons(engine, entities, inputs.truth), errors
    )


def _source(engine: Engine, name: str, inputs: Inputs) -> dict[str, Any]:
    counts = next((row for row in inputs.sources if row["source"] == name), {})
    entities = inputs.entities.get(name)
    return {
        "source": name,
        **{key: counts.get(key) for key in ("rows_read", "records", "quarantined")},
        "entities": engine.count(entities) if entities else counts.get("entities"),
        "completeness": completeness(engine, entities)
        if entities
        else counts.get("completeness", []),
    }


def _step(
    engine: Engine,
    step: StepTables,
    sources: Sequence[str],
    entities: _Entities,
    definitions: Definitions,
    catalogue: Catalogue,
) -> dict[str, Any]:
    """Evaluation of a step."""
    known = None
    if step.true_pairs is not None:
        known = accuracy.truth_of_pairs(engine, step.units, step.true_pairs)
    elif entities.persons:
        known = accuracy.truth_of_units(engine, step.units, entities.persons)
    judged_links = accuracy.judge(engine, step.links, known)
    cardinality = "many-to-many" if step.joins_second_records else step.cardinality
    accuracy_figures = (
        accuracy.step_accuracy(engine, judged_links, known, cardinality)
        if known
        else None
    )
    true_pairs = accuracy_figures["true_pairs"] if accuracy_figures else None
    rule = definitions.eligible_for(step.right)
    sides = link_counts.sides(engine, step.units, judged_links, step.unlinked)
    unseen_matches = unseen_of(
        step, most_matches(cardinality, {side["side"]: side["units"] for side in sides})
    )
    units = None
    by_group: dict[str, list[Any]] = {
        key: [] for key in ("totals", "reasons", "rates", "bias")
    }
    if entities.described:
        units = link_rates.units_described(
            engine, step.units, entities.described, sources, judged_links, known, rule
        )
        cube = link_rates.cube(engine, units)
        by_group = {
            "totals": link_rates.totals(engine, cube),
            "reasons": link_rates.reasons(engine, units, step.unlinked),
            "rates": link_rates.rates(engine, cube, sources, definitions, catalogue),
            "bias": bias(engine, cube, definitions, catalogue),
        }
        engine.drop(cube)
        for table in by_group["bias"] if unseen_matches.unknown else ():
            for group in (*table["groups"], *table.get("bands", ())):
                group["estimated_missed"] = None  # not 0 where no pairs were kept
    errors = entities.errors
    result = {
        "step": step.name,
        "left": step.left,
        "right": step.right,
        "cardinality": step.cardinality,
        "eligible": rule.model_dump(mode="json") if rule and units else None,
        "sides": sides,
        "decisions": link_counts.decisions(engine, judged_links),
        "passes": link_counts.passes(engine, judged_links, true_pairs),
        "levels": link_counts.levels(engine, judged_links, _comparisons(step.model)),
        "blocking": blocked(
            step.blocking, step.reached(known.pairs) if known and step.reached else None
        ),
        "weights": link_counts.weights(engine, judged_links, definitions),
        "bands": link_counts.bands(engine, judged_links, definitions, true_pairs),
        "accuracy": accuracy_figures,
        "estimated_error": estimated_error(engine, judged_links, unseen_matches),
        "data_errors": accuracy.missed_by_data_error(
            engine, judged_links, known.pairs, step.units, errors
        )
        if known and errors
        else None,
        "calibration": calibration(engine, judged_links, definitions) if known else [],
        **by_group,
        "link_draws": _link_draws(engine, step, units, by_group, sides),
        "parameters": parameters(dict(step.model)) if step.model else None,
    }
    engine.drop(
        judged_links,
        *((known.pairs, known.known) if known else ()),
        *([units] if units else []),
    )
    return result


def unseen_of(step: StepTables, most: float | None) -> Unseen:
    """Expected matches that the step did not score; `most` is the most matches there
    can be.
    """
    blocking = step.blocking or {}
    return Unseen(
        blocking.get("estimated_recall"),
        dropped=blocking.get("below_floor", 0.0),
        spread=blocking.get("unreached_spread", 0.0),
        most=most,
        unknown=_recall_unknown(step, blocking),
        scored_factor=blocking.get("scored_factor", 1.0),
        scored_spread=blocking.get("scored_spread", 0.0),
    )


def _recall_unknown(step: StepTables, blocking: Mapping[str, Any]) -> str | None:
    """Why recall is not estimated; None where it is."""
    if not blocking.get("diagnosed", True):
        return LINKS_ONLY
    return step.recall_unknown or (
        UNCAPTURED if blocking.get("missed_unknown") else None
    )


def _link_draws(
    engine: Engine,
    step: StepTables,
    units: Table | None,
    by_group: Mapping[str, list[Any]],
    sides: Sequence[Mapping[str, Any]],
) -> dict[str, Any] | None:
    """Variation of figures over the step's link draws; all units are eligible where
    they are not described.
    """
    if not step.sampled:
        return None
    all_sides = [{**side, "eligible": side["units"]} for side in sides]
    empty_side = {"side": "left", "eligible": 0, "linked": 0}
    left = next(
        row
        for row in (*by_group["totals"], *all_sides, empty_side)
        if row["side"] == "left"
    )
    totals = {key: left[key] for key in ("eligible", "linked")}
    return vary_over_draws(
        engine, step.sampled, step.draws, units=units, rates=by_group["rates"], **totals
    )


def _comparisons(model: Mapping[str, Any] | None) -> list[str]:
    return [
        str(comparison.get("output_column_name") or "")
        for comparison in (model or {}).get("comparisons", ())
    ]


def _spine(
    engine: Engine, spine: Table, removed_links: Table | None, persons: Table | None
) -> dict[str, Any]:
    """people, entities, by_source, removed_links by rule, accuracy."""
    counts = "count(distinct person_id) as people, count(*) as entities"
    by_source = (
        f"select source, {counts} from {{spine}} group by source order by source"
    )
    query = (
        "select rule, count(*) as links from {removed_links} group by rule order "
        "by rule"
    )
    return {
        **one(engine, engine.sql(f"select {counts} from {{spine}}", spine=spine)),
        "by_source": rows(engine, engine.sql(by_source, spine=spine)),
        "removed_links": rows(engine, engine.sql(query, removed_links=removed_links))
        if removed_links
        else [],
        "accuracy": accuracy.spine_accuracy(engine, spine, persons)
        if persons
        else None,
    }
