"""Precision, recall and F1 against truth: of a step, of the spine, and by type of data
error.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linkage.engine import Engine, Table, literal, one, rows, union_all
from quality.intervals import f1, wilson


@dataclass(frozen=True)
class StepTruth:
    """What is true of one step's units.

    Attributes:
        pairs: left_id, right_id: every pair of units that is one person.
        known: side, unit_id, person: units whose person is known; pairs of others are
            not judged.
        has_persons: False where truth came as pairs, so that `person` is only the unit
            itself.
    """

    pairs: Table
    known: Table
    has_persons: bool


def entity_persons(engine: Engine, entities: Table, truth: Table) -> Table:
    """entity_id, person: the true person behind each entity.

    Args:
        entities: entity_id, source, entity_key.
        truth: source, entity_key, person_id.
    """
    return engine.sql(
        """
        select entities.entity_id, truth.person_id as person
        from {entities} as entities
        join {truth} as truth on truth.source = entities.source
            and truth.entity_key = entities.entity_key
        """,
        store=True,
        entities=entities,
        truth=truth,
    )


def truth_of_units(engine: Engine, units: Table, persons: Table) -> StepTruth:
    """A unit is the person that most of its entities are; of equals the smallest.

    Args:
        units: side, unit_id, entity_id.
        persons: entity_id, person.
    """
    known = engine.sql(
        """
        with votes as (
            select units.side, units.unit_id, persons.person, count(*) as entities
            from {units} as units
            join {persons} as persons on persons.entity_id = units.entity_id
            group by units.side, units.unit_id, persons.person
        )
        select side, unit_id, person
        from votes
        qualify row_number() over (partition by side, unit_id order by entities desc,
            person) = 1
        """,
        store=True,
        units=units,
        persons=persons,
    )
    pairs = engine.sql(
        """
        with left_units as (select unit_id, person from {known} where side = 'left'),
             right_units as (select unit_id, person from {known} where side = 'right')
        select left_units.unit_id as left_id, right_units.unit_id as right_id
        from left_units
        join right_units on right_units.person = left_units.person
        """,
        store=True,
        known=known,
    )
    return StepTruth(pairs, known, has_persons=True)


def truth_of_pairs(engine: Engine, units: Table, true_pairs: Table) -> StepTruth:
    """Truth given as the complete list of true pairs (left_id, right_id): every other
    pair is false.
    """
    pairs = engine.sql(
        "select distinct left_id, right_id from {true_pairs}",
        store=True,
        true_pairs=true_pairs,
    )
    known = engine.sql(
        "select distinct side, unit_id, unit_id as person from {units}",
        store=True,
        units=units,
    )
    return StepTruth(pairs, known, has_persons=False)


def judge(engine: Engine, links: Table, truth: StepTruth | None) -> Table:
    """The links with `verdict`: true, false, or unknown where a side's person is not
    known, or there is no truth.
    """
    names = [
        f"links.{name}"
        for name in (
            "left_id",
            "right_id",
            "method",
            "pass",
            "match_weight",
            "decision",
        )
    ]
    for name, kind in (
        ("pattern", "varchar"),
        ("match_probability", "double"),
    ):  # NULL where links have none
        names.append(
            f"links.{name}"
            if name in links.columns
            else f"cast(null as {kind}) as {name}"
        )
    if truth is None:
        return engine.sql(
            f"select {', '.join(names)}, 'unknown' as verdict from {{links}} as links",
            links=links,
        )
    return engine.sql(
        f"""
        with left_known as (select unit_id from {{known}} where side = 'left'),
             right_known as (select unit_id from {{known}} where side = 'right')
        select {", ".join(names)},
               case when pairs.left_id is not null then 'true'
                    when left_known.unit_id is null
                        or right_known.unit_id is null then 'unknown'
                    else 'false' end as verdict
        from {{links}} as links
        left join {{pairs}} as pairs on pairs.left_id = links.left_id
            and pairs.right_id = links.right_id
        left join left_known on left_known.unit_id = links.left_id
        left join right_known on right_known.unit_id = links.right_id
        """,
        store=True,
        links=links,
        known=truth.known,
        pairs=truth.pairs,
    )


def step_accuracy(
    engine: Engine, judged: Table, truth: StepTruth, cardinality: str
) -> dict[str, Any]:
    """What a step's accepted links got right. Recall is of all true pairs, whether
    blocking reached them or not.

    Args:
        judged: links with `verdict` (see quality.measures.accuracy.judge).
        cardinality: of the step; a one-to-one step cannot accept both pairs of a person
            with two numbers, so `attainable` counts the true pairs that it could have
            accepted.

    Returns:
        Counts true_pairs, attainable (None where truth came as pairs), accepted,
        assessed, correct, false, missed; shares precision, recall, f1;
        true_pairs_by_outcome: where the true pairs ended.
    """
    query = """
        select count(*) as accepted, count(*) filter (where verdict = 'true')
            as correct,
               count(*) filter (where verdict = 'false') as wrong
        from {judged}
        where decision = 'accepted'
        """
    counts = one(engine, engine.sql(query, judged=judged))
    query = """
        with outcomes as (
            select coalesce(judged.decision, 'not compared') as outcome
            from {pairs} as pairs
            left join {judged} as judged on judged.left_id = pairs.left_id
                and judged.right_id = pairs.right_id
        )
        select outcome, count(*) as pairs from outcomes group by outcome
            order by outcome
        """
    outcomes = rows(engine, engine.sql(query, pairs=truth.pairs, judged=judged))
    correct, false = counts["correct"], counts["wrong"]
    return {
        "accepted": counts["accepted"],
        "assessed": correct + false,
        "attainable": _attainable(engine, truth, cardinality),
        "true_pairs_by_outcome": outcomes,
        **error_counts(correct, false, sum(row["pairs"] for row in outcomes)),
    }


def error_counts(correct: int, false: int, true_pairs: int) -> dict[str, Any]:
    """true_pairs, correct, false, missed; shares precision, recall, f1."""
    return {
        "true_pairs": true_pairs,
        "correct": correct,
        "false": false,
        "missed": true_pairs - correct,
        "precision": wilson(correct, correct + false),
        "recall": wilson(correct, true_pairs),
        "f1": f1(correct, false, true_pairs - correct),
    }


def _attainable(engine: Engine, truth: StepTruth, cardinality: str) -> int | None:
    if not truth.has_persons:
        return None
    limits = {
        "one-to-one": "least(left_units, right_units)",
        "one-to-many": "case when left_units > 0 then right_units else 0 end",
        "many-to-one": "case when right_units > 0 then left_units else 0 end",
        "many-to-many": "left_units * right_units",
    }[cardinality]
    query = f"""
        with persons as (
            select person,
                   count(*) filter (where side = 'left') as left_units,
                   count(*) filter (where side = 'right') as right_units
            from {{known}}
            group by person
        )
        select cast(coalesce(sum({limits}), 0) as bigint) as pairs from persons
        """
    return int(one(engine, engine.sql(query, known=truth.known))["pairs"])


def spine_accuracy(engine: Engine, spine: Table, persons: Table) -> dict[str, Any]:
    """How well the spine's people are the true people, pair by pair and person by
    person.

    The true people are those with an entity on the spine; their entities that the spine
    lacks count as missed. A pair is two entities of one person.

    Args:
        spine: person_id, entity_id.
        persons: entity_id, person (the true one).

    Returns:
        pairwise: counts and shares as in `step_accuracy`; people: counts `true` (true
            people), `spine` (spine people
        with a known entity), `exact` (a spine person who holds all entities of one true
        person and no other), `split` (true people on more than one spine person),
        `mixed` (spine people of more than one true person), share_exact.
    """
    cells = engine.sql(
        """
        with people_covered as (
            select distinct persons.person
            from {persons} as persons
            semi join {spine} as spine on spine.entity_id = persons.entity_id
        )
        select persons.person, spine.person_id, count(*) as entities
        from {persons} as persons
        semi join people_covered on people_covered.person = persons.person
        left join {spine} as spine on spine.entity_id = persons.entity_id
        group by persons.person, spine.person_id
        """,
        store=True,
        persons=persons,
        spine=spine,
    )
    pairs = one(engine, engine.sql(_SPINE_PAIRS, cells=cells))
    people = one(engine, engine.sql(_SPINE_PEOPLE, cells=cells))
    engine.drop(cells)
    correct, linked_pairs, true_pairs = (
        int(pairs[key] or 0) for key in ("correct", "made", "true_pairs")
    )
    return {
        "pairwise": {
            "accepted": linked_pairs,
            **error_counts(correct, linked_pairs - correct, true_pairs),
        },
        "people": {**people, "share_exact": wilson(people["exact"], people["true"])},
    }


_SPINE_PAIRS = """
    with true_people as (select sum(entities) as entities from {cells} group by person),
         spine_people as (
             select sum(entities) as entities from {cells} where person_id is not null
                 group by person_id
         )
    select
        (select cast(sum(entities * (entities - 1) / 2) as bigint) from {cells}
            where person_id is not null) as correct,
        (select cast(sum(entities * (entities - 1) / 2) as bigint) from spine_people)
            as made,
        (select cast(sum(entities * (entities - 1) / 2) as bigint) from true_people)
            as true_pairs
"""

_SPINE_PEOPLE = """
    with true_people as (
        select person, count(*) as parts, count(person_id) as spine_people from {cells}
            group by person
    ),
    spine_people as (
        select person_id, count(*) as true_people, min(person) as person
        from {cells}
        where person_id is not null
        group by person_id
    ),
    exact as (
        select true_people.person
        from spine_people
        join true_people on true_people.person = spine_people.person
        where spine_people.true_people = 1
            and true_people.parts = 1  -- a part without a person_id is missing
    )
    select (select count(*) from true_people) as "true",
           (select count(*) from spine_people) as spine,
           (select count(*) from exact) as exact,
           (select count(*) from true_people where spine_people > 1) as split,
           (select count(*) from spine_people where true_people > 1) as mixed
"""


def entity_errors(
    engine: Engine, errors: Table, records: Mapping[str, Table], entities: Table
) -> Table:
    """entity_id, field, kind: what was done to some record of each entity.

    Args:
        errors: source, record_key, field, kind (truth/errors of a synthetic
            population).
        records: by source: source_key, entity_key.
        entities: entity_id, source, entity_key.
    """
    query = "select cast({} as varchar) as source, source_key, entity_key from {{t}}"
    keys = union_all(
        engine,
        [(query.format(literal(source)), table) for source, table in records.items()],
    )
    return engine.sql(
        """
        select distinct entities.entity_id, errors.field, errors.kind
        from {errors} as errors
        join {keyed} as keyed on keyed.source = errors.source
            and keyed.source_key = errors.record_key
        join {entities} as entities on entities.source = keyed.source
            and entities.entity_key = keyed.entity_key
        """,
        store=True,
        errors=errors,
        keyed=keys,
        entities=entities,
    )


def missed_by_data_error(
    engine: Engine, judged: Table, true_pairs: Table, units: Table, errors: Table
) -> dict[str, Any]:
    """What the kinds of error cost a step.

    Args:
        judged: links with `verdict`.
        true_pairs: left_id, right_id.
        units: side, unit_id, entity_id.
        errors: as `entity_errors` makes them.

    Returns:
        without_error: pairs, missed, share_missed of the true pairs whose records bear
            none;
        kinds: field, kind, pairs (true pairs that bear it), missed,
        share_missed, cost (missed beyond the share of those without any), false (false
        links that bear it), costliest first.
    """
    pairs = engine.sql(_PAIRS, store=True, judged=judged, true_pairs=true_pairs)
    marks = engine.sql(_MARKED, store=True, pairs=pairs, units=units, errors=errors)
    clean = one(engine, engine.sql(_WITHOUT, pairs=pairs, marked=marks))
    kinds = rows(engine, engine.sql(_KINDS, marked=marks))
    engine.drop(pairs, marks)
    base = clean["missed"] / clean["pairs"] if clean["pairs"] else 0.0
    for row in kinds:
        row["share_missed"] = wilson(row["missed"], row["pairs"])
        row["cost"] = max(0.0, row["missed"] - base * row["pairs"])
    return {
        "without_error": {
            **clean,
            "share_missed": wilson(clean["missed"], clean["pairs"]),
        },
        "kinds": sorted(
            kinds, key=lambda row: (-row["cost"], row["field"], row["kind"])
        ),
    }


# True pairs with whether they are linked, and false links.
_PAIRS = """
    select true_pairs.left_id, true_pairs.right_id, true as is_true,
           coalesce(judged.decision = 'accepted', false) as is_linked
    from {true_pairs} as true_pairs
    left join {judged} as judged on judged.left_id = true_pairs.left_id
        and judged.right_id = true_pairs.right_id
    union all
    select left_id, right_id, false as is_true, true as is_linked
    from {judged}
    where decision = 'accepted' and verdict = 'false'
"""

_MARKED = """
    with marks as (
        select distinct units.side, units.unit_id, errors.field, errors.kind
        from {units} as units
        join {errors} as errors on errors.entity_id = units.entity_id
    )
    select pairs.*, marks.field, marks.kind
    from {pairs} as pairs
    join marks on marks.side = 'left' and marks.unit_id = pairs.left_id
    union
    select pairs.*, marks.field, marks.kind
    from {pairs} as pairs
    join marks on marks.side = 'right' and marks.unit_id = pairs.right_id
"""

_WITHOUT = """
    select count(*) as pairs, count(*) filter (where not is_linked) as missed
    from {pairs} as pairs
    where is_true and not exists (
        select 1 from {marked} as m where m.left_id = pairs.left_id
            and m.right_id = pairs.right_id
    )
"""

_KINDS = """
    select field, kind,
           count(*) filter (where is_true) as pairs,
           count(*) filter (where is_true and not is_linked) as missed,
           count(*) filter (where not is_true) as "false"
    from {marked}
    group by field, kind
"""
