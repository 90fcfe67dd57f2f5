"""Precision, recall and F1 against truth: of a step, of its passes, and of the spine."""

from typing import Any

from linkage.engine import Engine, Table, one, rows
from quality.measures.intervals import f1, wilson
from quality.measures.truth import StepTruth


def step_accuracy(engine: Engine, judged: Table, truth: StepTruth, cardinality: str) -> dict[str, Any]:
    """What a step's accepted links got right. Recall is of all true pairs, whether blocking reached them or not.

    Args:
        judged: links with `verdict` (see quality.measures.truth.judge).
        cardinality: of the step; a one-to-one step cannot accept both pairs of a person with two numbers, so
            `attainable` counts the true pairs that it could have accepted.

    Returns:
        Counts true_pairs, attainable (None where truth came as pairs), accepted, assessed, correct, false, missed;
        shares precision, recall, f1; true_pairs_by_outcome: where the true pairs ended.
    """
    counts = one(
        engine,
        engine.sql(
            """
            select count(*) filter (where decision = 'accepted') as accepted,
                   count(*) filter (where decision = 'accepted' and verdict = 'true') as correct,
                   count(*) filter (where decision = 'accepted' and verdict = 'false') as wrong
            from {judged}
            """,
            judged=judged,
        ),
    )
    outcomes = rows(
        engine,
        engine.sql(
            """
            with outcomes as (
                select coalesce(judged.decision, 'not compared') as outcome
                from {pairs} as pairs
                left join {judged} as judged on judged.left_id = pairs.left_id and judged.right_id = pairs.right_id
            )
            select outcome, count(*) as pairs from outcomes group by outcome order by outcome
            """,
            pairs=truth.pairs,
            judged=judged,
        ),
    )
    true_pairs = sum(row["pairs"] for row in outcomes)
    correct, false = counts["correct"], counts["wrong"]
    return {
        "true_pairs": true_pairs,
        "attainable": _attainable(engine, truth, cardinality),
        "accepted": counts["accepted"],
        "assessed": correct + false,
        "correct": correct,
        "false": false,
        "missed": true_pairs - correct,
        "precision": wilson(correct, correct + false),
        "recall": wilson(correct, true_pairs),
        "f1": f1(correct, false, true_pairs - correct),
        "true_pairs_by_outcome": outcomes,
    }


def _attainable(engine: Engine, truth: StepTruth, cardinality: str) -> int | None:
    if not truth.has_persons:
        return None
    most = {
        "one-to-one": "least(left_units, right_units)",
        "one-to-many": "case when left_units > 0 then right_units else 0 end",
        "many-to-one": "case when right_units > 0 then left_units else 0 end",
        "many-to-many": "left_units * right_units",
    }[cardinality]
    found = one(
        engine,
        engine.sql(
            f"""
            with persons as (
                select person,
                       count(*) filter (where side = 'left') as left_units,
                       count(*) filter (where side = 'right') as right_units
                from {{known}}
                group by person
            )
            select cast(coalesce(sum({most}), 0) as bigint) as pairs from persons
            """,
            known=truth.known,
        ),
    )
    return int(found["pairs"])


def spine_accuracy(engine: Engine, spine: Table, persons: Table) -> dict[str, Any]:
    """How well the spine's people are the true people, pair by pair and person by person.

    The true people are those with an entity on the spine; their entities that the spine lacks count as missed. A pair
    is two entities of one person.

    Args:
        spine: person_id, entity_id.
        persons: entity_id, person (the true one).

    Returns:
        pairwise: counts and shares as in `step_accuracy`; people: counts `true` (true people), `spine` (spine people
        with a known entity), `exact` (a spine person who holds all entities of one true person and no other), `split`
        (true people on more than one spine person), `mixed` (spine people of more than one true person), share_exact.
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
    correct, made, true_pairs = (int(pairs[key] or 0) for key in ("correct", "made", "true_pairs"))
    return {
        "pairwise": {
            "true_pairs": true_pairs,
            "accepted": made,
            "correct": correct,
            "false": made - correct,
            "missed": true_pairs - correct,
            "precision": wilson(correct, made),
            "recall": wilson(correct, true_pairs),
            "f1": f1(correct, made - correct, true_pairs - correct),
        },
        "people": {**people, "share_exact": wilson(people["exact"], people["true"])},
    }


_SPINE_PAIRS = """
    with true_people as (select sum(entities) as entities from {cells} group by person),
         spine_people as (
             select sum(entities) as entities from {cells} where person_id is not null group by person_id
         )
    select
        (select cast(sum(entities * (entities - 1) / 2) as bigint) from {cells} where person_id is not null) as correct,
        (select cast(sum(entities * (entities - 1) / 2) as bigint) from spine_people) as made,
        (select cast(sum(entities * (entities - 1) / 2) as bigint) from true_people) as true_pairs
"""

_SPINE_PEOPLE = """
    with true_people as (
        select person, count(*) as parts, count(person_id) as spine_people from {cells} group by person
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
        where spine_people.true_people = 1 and true_people.parts = 1  -- a part without a person_id is missing
    )
    select (select count(*) from true_people) as "true",
           (select count(*) from spine_people) as spine,
           (select count(*) from exact) as exact,
           (select count(*) from true_people where spine_people > 1) as split,
           (select count(*) from spine_people where true_people > 1) as mixed
"""
