"""What holds a person together: their entities, the links between them, the weakest, and what contradicts it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import pyarrow as pa

from linkage.config import OTHER_SIDE, holds_many
from linkage.engine import Engine, Table, quote, rows
from linkage.errors import ConfigError
from linkage.match.passes import no_pairs
from quality.explain.opening import OpenRun
from quality.explain.pair import made_by

# One person has one of each. Of sources whose key is the person's own, two entities are two people or a double entry.
_ONE_OF = (
    *("dob", "sex", "nino", "uln", "upn", "husid"),
    *("x_national_number", "x_social_security_number", "x_health_number"),  # as a run keeps other countries' numbers
)


def explain_person(engine: Engine, run: OpenRun, person: int) -> dict[str, Any]:
    """A person of the spine.

    Returns:
        kind, person_id, entities (entity_id, source, band of the link that brought it in), links (step, ends, weight,
        probability, margin, what made it, splits: the entities that would part without it), weakest (place in links),
        conflicts (what, entities), parted (step, entities, match_weight, rule: links that were not followed, since one
        person would have broken the rule).

    Raises:
        ConfigError: the spine has no such person.
    """
    query = "select entity_id, source, link_band from {spine} where person_id = $person order by entity_id"
    entities = rows(engine, engine.sql(query, params={"person": person}, spine=run.table("spine")))
    if not entities:
        raise ConfigError(
            f"--person {person}: the spine has no person of this number\n  give a person_id of the table spine"
        )
    ids = [int(row["entity_id"]) for row in entities]
    links = [link for step in run.steps for link in _links(engine, run, step, ids)]
    for link in links:
        link["splits"] = without(links, link, ids)
    likely = [link["probability"] for link in links]
    return {
        "kind": "person",
        "person_id": person,
        "entities": [
            {"entity_id": int(row["entity_id"]), "source": row["source"], "band": row["link_band"]} for row in entities
        ],
        "links": links,
        "weakest": likely.index(min(likely)) if links else None,
        "parted": _parted(engine, run, ids),
        "conflicts": [*_of_one_source(run, entities), *contradictions(_held(engine, run, ids))],
    }


def _links(engine: Engine, run: OpenRun, step: str, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Accepted links of a step whose units hold entities of the person."""
    if not run.has(f"links/{step}"):
        return []
    wanted = engine.sql(
        "select u.side, u.unit_id, u.entity_id from {units} as u join {ids} as i using (entity_id)",
        units=run.table(f"units/{step}"),
        ids=_listed(engine, ids),
        store=True,
    )
    removed_links = run.removed_links(step) or no_pairs(engine)
    query = """
        with ends as (
            select side, unit_id, list(entity_id order by entity_id) as entities from {wanted} group by side, unit_id
        )
        select k.*, l.entities as left_entities, r.entities as right_entities
        from {links} as k
        join ends as l on l.side = 'left' and l.unit_id = k.left_id
        join ends as r on r.side = 'right' and r.unit_id = k.right_id
        where k.decision = 'accepted'
          and not exists (select 1 from {removed_links} as c where c.left_id = k.left_id and c.right_id = k.right_id)
        order by k.match_weight desc, k.left_id, k.right_id
        """
    found = rows(
        engine, engine.sql(query, wanted=wanted, links=run.table(f"links/{step}"), removed_links=removed_links)
    )
    return [
        {
            "step": step,
            "left": list(row["left_entities"]),
            "right": list(row["right_entities"]),
            "units": [int(row["left_id"]), int(row["right_id"])],
            "made_by": made_by(row),
            "match_weight": row["match_weight"],
            "probability": row["match_probability"],
            "margin": None if row["runner_up_weight"] is None else row["match_weight"] - row["runner_up_weight"],
            "reason": row["reason"],
        }
        for row in found
    ]


def _parted(engine: Engine, run: OpenRun, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Links of the person's entities to others that the spine did not follow."""
    if not run.has("removed_links"):
        return []
    query = """
        select c.step, c.left_entity, c.right_entity, c.match_weight, c.rule
        from {removed_links} as c
        where exists (select 1 from {ids} as i where i.entity_id in (c.left_entity, c.right_entity))
        order by c.match_weight desc, c.left_entity, c.right_entity
        """
    found = rows(engine, engine.sql(query, removed_links=run.table("removed_links"), ids=_listed(engine, ids)))
    return [
        {
            "step": row["step"],
            "entities": [int(row["left_entity"]), int(row["right_entity"])],
            "match_weight": float(row["match_weight"]),
            "rule": row["rule"],
        }
        for row in found
    ]


def without(links: Sequence[Mapping[str, Any]], left_out: Mapping[str, Any], ids: Iterable[int]) -> list[list[int]]:
    """The groups that the entities fall into without a link; none where they stay together.

    A unit of several entities was made by links of steps before, so that a link joins those of its smallest entities.
    """
    group = {entity: entity for entity in ids}

    def head(entity: int) -> int:
        while group[entity] != entity:
            group[entity] = group[group[entity]]
            entity = group[entity]
        return entity

    for link in links:
        if link is not left_out:
            group[head(link["left"][0])] = head(link["right"][0])
    parts: dict[int, list[int]] = {}
    for entity in group:
        parts.setdefault(head(entity), []).append(entity)
    return sorted(parts.values()) if len(parts) > 1 else []


def _of_one_source(run: OpenRun, entities: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Several entities of one source, where no step lets a person hold several of it."""
    many = {
        getattr(step, side)
        for step in run.steps.values()
        for side, other in OTHER_SIDE.items()
        if holds_many(step.cardinality, other)
    }
    found = []
    for source in dict.fromkeys(row["source"] for row in entities):
        held = [int(row["entity_id"]) for row in entities if row["source"] == source]
        if len(held) > 1 and source not in many:
            found.append({"what": f"several entities of {source}", "entities": held})
    return found


def contradictions(held: Mapping[int, Mapping[str, set[str]]]) -> list[dict[str, Any]]:
    """Two that both know something of which a person has one, and have no value of it in common.

    Args:
        held: entity to field to the values that it ever had.
    """
    return [
        {"what": f"no {field} in common", "entities": [one, other]}
        for field in _ONE_OF
        for one, other in combinations(sorted(held), 2)
        if (a := held[one].get(field)) and (b := held[other].get(field)) and not a & b
    ]


def _held(engine: Engine, run: OpenRun, ids: Sequence[int]) -> dict[int, dict[str, set[str]]]:
    held: dict[int, dict[str, set[str]]] = {}
    for source in run.sources:
        table = run.table(f"identities/{source}")
        for row in rows(engine, _values(engine, table, ids)):
            held[int(row["entity_id"])] = {field: set(map(str, row[field] or ())) for field in row if field in _ONE_OF}
    return held


def _values(engine: Engine, identities: Table, ids: Sequence[int]) -> Table:
    fields = [field for field in _ONE_OF if field in identities.columns]
    listed = ", ".join(quote(field) for field in fields)
    query = f"select t.entity_id, {listed} from {{t}} as t join {{ids}} as i using (entity_id)"
    return engine.sql(query, t=identities, ids=_listed(engine, ids))


def _listed(engine: Engine, ids: Sequence[int]) -> Table:
    return engine.from_arrow(pa.table({"entity_id": pa.array(list(ids), pa.int64())}))
