"""The records of one file that are one person: their pairs, their clusters, and what
becomes of every other record.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from linkage.engine import Engine, Table, rows
from linkage.files.train import FileSides
from linkage.match.candidates import FilePairs, pairs_of_file
from linkage.model import Model
from linkage.pipeline.linked_files import dedupe_thresholds
from linkage.spine.clusters import Clusters, cluster


@dataclass(frozen=True)
class Deduplicated:
    """The result of a file that was linked with itself.

    Attributes:
        links: pairs by unit_id with their decision.
        single: id, reason of records without a duplicate.
        tables: clusters and links by the ids of the file.
        summary: counts; no value.
    """

    links: Table
    single: Table
    tables: dict[str, Table]
    summary: dict[str, Any]
    model: Model


def dedupe_records(
    engine: Engine,
    sides: FileSides,
    model: Model,
    accept_probability: float,
    progress: Callable[[str], None],
) -> Deduplicated:
    """Link a file with itself and gather the records of each person."""
    units, ids = sides.units[0], sides.ids[0]
    limits = dedupe_thresholds(accept_probability)
    pairs = pairs_of_file(engine, model, units, limits.floor(0.0), progress=progress)
    progress("clusters")
    clusters = cluster(engine, units, pairs.scored, pairs.score, accept=limits.accept)
    links = _links_of_file(
        engine, pairs, clusters, accept=limits.accept, review=limits.review
    )
    single = engine.sql(_SINGLE, clusters=clusters.members, links=links, store=True)
    people = engine.sql(_PEOPLE, members=clusters.members, ids=ids)
    by_ids = engine.sql(_LINKS_BY_ID, links=links, ids=ids)
    return Deduplicated(
        links=links,
        single=single,
        tables={"clusters": people, "links": by_ids},
        summary={**_counts(engine, clusters, links, single), "rules": pairs.rules},
        model=replace(model, raw={**model.raw, "link_type": "dedupe_only"}),
    )


_LINKS_BY_ID = """
    select l.source_id as left_id, r.source_id as right_id, k.method, k.pass, k.pattern,
           k.match_weight, k.match_probability, k.decision, k.reason
    from {links} as k
    join {ids} as l on l.unit_id = k.left_id
    join {ids} as r on r.unit_id = k.right_id
    """

# Pairs of one cluster that no rule made, or that scored below the floor.
_UNSCORED = """
    select a.unit_id as left_id, b.unit_id as right_id
    from {members} as a
    join {members} as b on b.cluster_id = a.cluster_id and b.unit_id > a.unit_id
    where not exists (select 1 from {scored} as s where s.left_id = a.unit_id
        and s.right_id = b.unit_id)
    """

_LINKS_OF_FILE = """
    with pairs as (
        select left_id, right_id, rule, match_weight, {pattern} as pattern from {scored}
        union all
        select left_id, right_id, cast(null as integer) as rule, match_weight,
            {pattern} as pattern from {unscored}
    )
    select 'dedupe' as step, p.left_id, p.right_id, 'probabilistic' as method,
           case when p.rule is null then 'by other links'
               else 'rule ' || cast(p.rule + 1 as varchar) end as pass,
           p.pattern, p.match_weight,
           1 / (1 + pow(cast(2 as double), -p.match_weight)) as match_probability,
           cast(null as double) as runner_up_weight,
           case when l.cluster_id = r.cluster_id then 'accepted'
                when p.match_weight >= $review then 'review'
                else 'rejected' end as decision,
           case when l.cluster_id = r.cluster_id
               and p.match_weight < $accept then 'joined by other links'
                when l.cluster_id = r.cluster_id then null
                when c.reason is not null then c.reason
                else 'below threshold' end as reason
    from pairs as p
    join {members} as l on l.unit_id = p.left_id
    join {members} as r on r.unit_id = p.right_id
    left join {removed} as c on c.left_id = p.left_id and c.right_id = p.right_id
    """

# Records without a duplicate, and the best outcome of their pairs.
_SINGLE = """
    with single as (
        select min(unit_id) as unit_id from {clusters} group by cluster_id
            having count(*) = 1
    ),
    blocked as (
        select left_id as unit_id, decision from {links} union all select right_id,
            decision from {links}
    ),
    outcomes as (
        select s.unit_id, max(case b.decision when 'review' then 2
            when 'rejected' then 1 else 0 end) as outcome
        from single as s
        left join blocked as b on b.unit_id = s.unit_id
        group by s.unit_id
    )
    select unit_id as id,
           case outcome when 2 then 'in review' when 1 then 'below threshold'
               else 'no candidate' end as reason
    from outcomes
    """

_PEOPLE = """
    with people as (
        select unit_id, dense_rank() over (order by cluster_id) as person_id,
               count(*) over (partition by cluster_id) as records
        from {members}
    )
    select i.source_id as id, p.person_id, p.records
    from people as p
    join {ids} as i on i.unit_id = p.unit_id
    """


def _links_of_file(
    engine: Engine,
    pairs: FilePairs,
    clusters: Clusters,
    *,
    accept: float,
    review: float,
) -> Table:
    """Every pair of one cluster and every other scored pair, with its decision."""
    gammas = [name for name in pairs.scored.columns if name.startswith("gamma_")]
    pattern = " || ',' || ".join(f'cast("{name}" as varchar)' for name in gammas)
    unscored_pairs = engine.sql(
        _UNSCORED, members=clusters.members, scored=pairs.scored, store=True
    )
    return engine.sql(
        _LINKS_OF_FILE.replace("{pattern}", pattern),
        params={"accept": accept, "review": review},
        scored=pairs.scored,
        unscored=pairs.score(unscored_pairs),
        members=clusters.members,
        removed=clusters.removed_links,
        store=True,
    )


def _counts(
    engine: Engine, clusters: Clusters, links: Table, unlinked: Table
) -> dict[str, Any]:
    def by(table: Table, column: str) -> dict[Any, int]:
        query = (
            f"select {column} as value, count(*) as n from {{t}} group by 1 order by 1"
        )
        return {
            row["value"]: int(row["n"])
            for row in rows(engine, engine.sql(query, t=table))
        }

    records = engine.sql(
        "select count(*) as records from {t} group by cluster_id", t=clusters.members
    )
    sizes = by(records, "records")
    return {
        "records": sum(size * people for size, people in sizes.items()),
        "clusters": sum(sizes.values()),
        "clusters_by_records": sizes,
        "decisions": by(links, "decision"),
        "reasons": by(links, "coalesce(reason, 'none')"),
        "alone": by(unlinked, "reason"),
        "removed_links": engine.count(clusters.removed_links),
    }
