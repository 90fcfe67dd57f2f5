"""A person: their entities, the links that join them, the weakest link, and what
contradicts it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import pyarrow as pa

from linkage.config import OTHER_SIDE, holds_many
from linkage.engine import Engine, Table, quote, rows
from linkage.errors import ConfigError
from linkage.match.passes import no_pairs
from linkage.pipeline.opened import OpenRun, OpenStep
from linkage.pipeline.sides import listed_units
from quality.explain.pair import made_by

# A person has one value of each of these over a lifetime. The last three are of other
# countries (kept columns).
_ONE_VALUE = (
    *("dob", "sex", "nino", "uln", "upn", "husid"),
    *("x_national_number", "x_social_security_number", "x_health_number"),
)


def explain_person(engine: Engine, run: OpenRun, person: int) -> dict[str, Any]:
    """A person of the spine.

    Returns:
        kind, person_id, entities (entity_id, source, band), links (step, left, right,
        units, made_by, match_weight,
        probability, reason, splits: the groups without this link), joining (number of
            links that join entities), weakest
        (place in links), conflicts (what, entities), removed (step, entities,
        match_weight, rule: links that the spine did not follow).

    Raises:
        ConfigError: the spine has no such person.
    """
    query = (
        "select entity_id, source, link_band as band from {spine} where person_id "
        "= $person order by entity_id"
    )
    entities = rows(
        engine, engine.sql(query, params={"person": person}, spine=run.table("spine"))
    )
    if not entities:
        raise ConfigError(
            f"--person {person}: the spine has no person of this number\n  give a "
            "person_id of the table spine"
        )
    ids = engine.from_arrow(
        pa.table(
            {"entity_id": pa.array([row["entity_id"] for row in entities], pa.int64())}
        )
    )
    links = [link for step in run.steps for link in _links(engine, run, step, ids)]
    conflicts = [
        *_several_of_a_source(run, entities),
        *contradictions(_values(engine, run, ids)),
    ]
    return _person(
        person, entities, links, links, conflicts, _removed(engine, run, ids)
    )


def explain_person_of_file(
    engine: Engine, step: OpenStep, person: int
) -> dict[str, Any]:
    """A person of one file, as `explain_person` has it.

    Raises:
        ConfigError: the folder has no such person.
    """
    query = "select unit_id from {clusters} where person_id = $person order by unit_id"
    matching = engine.sql(query, params={"person": person}, clusters=step.clusters)  # type: ignore[arg-type]
    units = [int(row["unit_id"]) for row in rows(engine, matching)]
    if not units:
        raise ConfigError(
            f"--person {person}: clusters.parquet has no person of this number\n  give "
            "a person_id of clusters.parquet"
        )
    query = """
        select k.* from {links} as k
        join {units} as l on l.unit_id = k.left_id
        join {units} as r on r.unit_id = k.right_id
        where k.decision = 'accepted'
        order by k.match_weight desc, k.left_id, k.right_id
        """
    unit_table = listed_units(engine, units)
    pairs = rows(engine, engine.sql(query, links=step.links, units=unit_table))
    links = [
        _link(step.name, row, [int(row["left_id"])], [int(row["right_id"])])
        for row in pairs
    ]
    joining_links = [
        link for link in links if link["match_weight"] >= step.thresholds.accept
    ]  # the others follow
    table = step.sides["left"].columns_of(unit_table, step.model.columns)
    values = {
        int(row["unit_id"]): {
            name: {str(value)} for name, value in row.items() if value is not None
        }
        for row in rows(engine, table)
    }
    entities = [{"entity_id": unit, "source": "record", "band": None} for unit in units]
    return _person(person, entities, links, joining_links, contradictions(values), [])


def _person(
    person: int,
    entities: list[dict[str, Any]],
    links: list[dict[str, Any]],
    joining_links: list[dict[str, Any]],
    conflicts: list[dict[str, Any]],
    removed_links: list[dict[str, Any]],
) -> dict[str, Any]:
    ids = [row["entity_id"] for row in entities]
    for link in links:
        link["splits"] = (
            without(joining_links, link, ids) if link in joining_links else []
        )
    weakest = min(joining_links, key=lambda link: link["probability"], default=None)
    return {
        "kind": "person",
        "person_id": person,
        "entities": entities,
        "links": links,
        "joining": len(joining_links),
        "weakest": links.index(weakest) if weakest else None,
        "conflicts": conflicts,
        "removed": removed_links,
    }


def _link(
    step: str, row: Mapping[str, Any], left: list[int], right: list[int]
) -> dict[str, Any]:
    return {
        "step": step,
        "left": left,
        "right": right,
        "units": [int(row["left_id"]), int(row["right_id"])],
        "made_by": made_by(row),
        "match_weight": row["match_weight"],
        "probability": row["match_probability"],
        "reason": row["reason"],
    }


def _links(engine: Engine, run: OpenRun, step: str, ids: Table) -> list[dict[str, Any]]:
    """Accepted links of a step between entities of the person, which the spine
    followed.
    """
    if not run.has(f"links/{step}"):
        return []
    query = """
        with wanted as (
            select u.side, u.unit_id, list(u.entity_id order by u.entity_id) as entities
            from {units} as u
            join {ids} as i using (entity_id)
            group by u.side, u.unit_id
        )
        select k.*, l.entities as left_entities, r.entities as right_entities
        from {links} as k
        join wanted as l on l.side = 'left' and l.unit_id = k.left_id
        join wanted as r on r.side = 'right' and r.unit_id = k.right_id
        where k.decision = 'accepted'
          and not exists (select 1 from {removed_links} as c where c.left_id = k.left_id
              and c.right_id = k.right_id)
        order by k.match_weight desc, k.left_id, k.right_id
        """
    matching = engine.sql(
        query,
        units=run.table(f"units/{step}"),
        ids=ids,
        links=run.table(f"links/{step}"),
        removed_links=run.removed_links(step) or no_pairs(engine),
    )
    return [
        _link(step, row, list(row["left_entities"]), list(row["right_entities"]))
        for row in rows(engine, matching)
    ]


def _removed(engine: Engine, run: OpenRun, ids: Table) -> list[dict[str, Any]]:
    """Links of the person's entities to others that the spine did not follow."""
    if not run.has("removed_links"):
        return []
    query = """
        select c.step, [c.left_entity, c.right_entity] as entities, c.match_weight,
            c.rule
        from {removed_links} as c
        where exists (select 1 from {ids} as i
            where i.entity_id in (c.left_entity, c.right_entity))
        order by c.match_weight desc, c.left_entity, c.right_entity
        """
    return rows(
        engine, engine.sql(query, removed_links=run.table("removed_links"), ids=ids)
    )


def without(
    links: Sequence[Mapping[str, Any]],
    removed_link: Mapping[str, Any],
    ids: Iterable[int],
) -> list[list[int]]:
    """The groups that the entities split into without a link; none if they stay
    together.

    A unit of several entities was joined by earlier steps, so that a link joins the
    smallest entities of two units.
    """
    groups = {entity: [entity] for entity in ids}
    for link in links:
        one, other = groups[link["left"][0]], groups[link["right"][0]]
        if link is not removed_link and one is not other:
            one += other
            groups |= dict.fromkeys(other, one)
    split = sorted({id(group): sorted(group) for group in groups.values()}.values())
    return split if len(split) > 1 else []


def _several_of_a_source(
    run: OpenRun, entities: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Several entities of one source, where no step lets a person have several
    of it.
    """
    sources = {
        getattr(step, side)
        for step in run.steps.values()
        for side, other in OTHER_SIDE.items()
        if holds_many(step.cardinality, other)
    }
    by_source: dict[str, list[int]] = {}
    for row in entities:
        by_source.setdefault(row["source"], []).append(int(row["entity_id"]))
    return [
        {"what": f"several entities of {source}", "entities": ids}
        for source, ids in by_source.items()
        if len(ids) > 1 and source not in sources
    ]


def contradictions(
    values: Mapping[int, Mapping[str, set[str]]],
) -> list[dict[str, Any]]:
    """Two entities that both have something of which a person has one value, and no
    value in common.

    Args:
        values: entity to field to its values.
    """
    return [
        {"what": f"no {field} in common", "entities": [one, other]}
        for field in _ONE_VALUE
        for one, other in combinations(sorted(values), 2)
        if (a := values[one].get(field))
        and (b := values[other].get(field))
        and not a & b
    ]


def _values(engine: Engine, run: OpenRun, ids: Table) -> dict[int, dict[str, set[str]]]:
    values: dict[int, dict[str, set[str]]] = {}
    for source in run.sources:
        table = run.table(f"entities/{source}")
        fields = [field for field in _ONE_VALUE if field in table.columns]
        select_list = "".join(f", {quote(field)}" for field in fields)
        query = (
            f"select t.entity_id{select_list} from {{t}} as t join {{ids}} as i "
            "using (entity_id)"
        )
        for row in rows(engine, engine.sql(query, t=table, ids=ids)):
            values[int(row["entity_id"])] = {
                field: set(map(str, row[field] or ())) for field in fields
            }
    return values
