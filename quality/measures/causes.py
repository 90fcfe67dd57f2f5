"""Which kinds of error in the records cost links: the generator's log of what it did, held against true pairs.

A kind costs as many links as its true pairs miss beyond what those miss whose records bear no logged error at all.
Kinds go together (who moves also changes name), so that the numbers do not add up to all that was missed.
"""

from collections.abc import Mapping
from typing import Any

from linkage.engine import Engine, Table, one, rows
from quality.measures.intervals import wilson


def entity_errors(engine: Engine, errors: Table, records: Mapping[str, Table], entities: Table) -> Table:
    """entity_id, field, kind: what was done to some record of each entity.

    Args:
        errors: source, record_key, field, kind (truth/errors of a synthetic population).
        records: by source: source_key, entity_key.
        entities: entity_id, source, entity_key.
    """
    parts = {f"of_{place}": table for place, table in enumerate(records.values())}
    keyed = engine.sql(
        "\nunion all\n".join(
            f"select cast($source_{place} as varchar) as source, source_key, entity_key from {{{name}}}"
            for place, name in enumerate(parts)
        ),
        params={f"source_{place}": source for place, source in enumerate(records)},
        store=False,
        **parts,
    )
    return engine.sql(
        """
        select distinct entities.entity_id, errors.field, errors.kind
        from {errors} as errors
        join {keyed} as keyed on keyed.source = errors.source and keyed.source_key = errors.record_key
        join {entities} as entities on entities.source = keyed.source and entities.entity_key = keyed.entity_key
        """,
        store=True,
        errors=errors,
        keyed=keyed,
        entities=entities,
    )


def causes(engine: Engine, judged: Table, true_pairs: Table, units: Table, errors: Table) -> dict[str, Any]:
    """What the kinds of error cost a step.

    Args:
        judged: links with `verdict`.
        true_pairs: left_id, right_id.
        units: side, unit_id, entity_id.
        errors: as `entity_errors` makes them.

    Returns:
        without_error: pairs, missed, share_missed of the true pairs whose records bear none;
        kinds: field, kind, pairs (true pairs that bear it), missed, missed_alone (those that bear no other kind),
        share_missed, cost (missed beyond the share of those without any), false (false links that bear it), costliest
        first.
    """
    marks = engine.sql(_MARKS, store=True, units=units, errors=errors)
    pairs = engine.sql(_PAIRS, store=True, judged=judged, true_pairs=true_pairs)
    marked = engine.sql(_MARKED, store=True, pairs=pairs, marks=marks)
    clean = one(engine, engine.sql(_WITHOUT, pairs=pairs, marked=marked))
    kinds = rows(engine, engine.sql(_KINDS, marked=marked))
    engine.drop(marks, pairs, marked)
    base = clean["missed"] / clean["pairs"] if clean["pairs"] else 0.0
    found = [
        {
            "field": row["field"],
            "kind": row["kind"],
            "pairs": row["pairs"],
            "missed": row["missed"],
            "missed_alone": row["missed_alone"],
            "share_missed": wilson(row["missed"], row["pairs"]),
            "cost": max(0.0, row["missed"] - base * row["pairs"]),
            "false": row["wrong"],
        }
        for row in kinds
    ]
    return {
        "without_error": {**clean, "share_missed": wilson(clean["missed"], clean["pairs"])},
        "kinds": sorted(found, key=lambda row: (-row["cost"], row["field"], row["kind"])),
    }


_MARKS = """
    select distinct units.side, units.unit_id, errors.field, errors.kind
    from {units} as units
    join {errors} as errors on errors.entity_id = units.entity_id
"""

# True pairs with whether they are linked, and false links.
_PAIRS = """
    select true_pairs.left_id, true_pairs.right_id, true as is_true,
           coalesce(judged.decision = 'accepted', false) as is_linked
    from {true_pairs} as true_pairs
    left join {judged} as judged on judged.left_id = true_pairs.left_id and judged.right_id = true_pairs.right_id
    union all
    select left_id, right_id, false as is_true, true as is_linked
    from {judged}
    where decision = 'accepted' and verdict = 'false'
"""

_MARKED = """
    with borne as (
        select pairs.left_id, pairs.right_id, pairs.is_true, pairs.is_linked, marks.field, marks.kind
        from {pairs} as pairs
        join {marks} as marks on marks.side = 'left' and marks.unit_id = pairs.left_id
        union
        select pairs.left_id, pairs.right_id, pairs.is_true, pairs.is_linked, marks.field, marks.kind
        from {pairs} as pairs
        join {marks} as marks on marks.side = 'right' and marks.unit_id = pairs.right_id
    )
    select *, count(*) over (partition by left_id, right_id) as kinds from borne
"""

_WITHOUT = """
    select count(*) as pairs, count(*) filter (where not is_linked) as missed
    from {pairs} as pairs
    where is_true and not exists (
        select 1 from {marked} as m where m.left_id = pairs.left_id and m.right_id = pairs.right_id
    )
"""

_KINDS = """
    select field, kind,
           count(*) filter (where is_true) as pairs,
           count(*) filter (where is_true and not is_linked) as missed,
           count(*) filter (where is_true and not is_linked and kinds = 1) as missed_alone,
           count(*) filter (where not is_true) as wrong
    from {marked}
    group by field, kind
    order by field, kind
"""
