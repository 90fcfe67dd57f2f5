"""The records of one file that are one person: the step that links the file with
itself, and the clusters of its links.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from linkage.engine import Engine, Table, rows
from linkage.files.train import FileSides
from linkage.match.candidates import score_given
from linkage.match.diagnose import find_reasons
from linkage.match.inputs import SEED, StepInputs
from linkage.match.step import StepResult, link_step
from linkage.match.units import Units
from linkage.model import Model
from linkage.model.compiled import pattern_text
from linkage.pipeline.linked_files import dedupe_step
from linkage.spine.clusters import Clusters, cluster, links_by_clusters

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Deduplicated:
    """The result of a file that was linked with itself.

    Attributes:
        step: the result of the link step.
        links: pairs by unit_id with their decision, which follows the clusters.
        unlinked: step, side, id, reason of records without a duplicate.
        tables: clusters and links by the ids of the file.
        summary: counts; no value.
        model: as it is saved.
    """

    step: StepResult
    links: Table
    unlinked: Table
    tables: dict[str, Table]
    summary: dict[str, Any]
    model: Model


def dedupe_records(
    engine: Engine,
    sides: FileSides,
    model: Model,
    accept_probability: float,
    *,
    seed: int,
    progress: Progress,
) -> Deduplicated:
    """Link a file with itself and gather the records of each person."""
    records, ids = sides.units[0], sides.ids[0]
    inputs = inputs_of_file(
        engine, records, model, accept_probability, seed=seed, progress=progress
    )
    result = link_step(engine, inputs)
    progress("clusters")
    clusters, links = cluster_file(engine, inputs, result)
    unlinked = find_reasons(engine, inputs, links)
    people = engine.sql(_PEOPLE, members=clusters.members, ids=ids)
    by_ids = engine.sql(_LINKS_BY_ID, links=links, ids=ids)
    return Deduplicated(
        step=result,
        links=links,
        unlinked=unlinked,
        tables={"clusters": people, "links": by_ids},
        summary={**result.summary, **_counts(engine, clusters, links, unlinked)},
        model=replace(model, raw={**model.raw, "link_type": "dedupe_only"}),
    )


_LINKS_BY_ID = """
    select l.source_id as left_id, r.source_id as right_id, k.method, k.pass, k.pattern,
           k.match_weight, k.match_probability, k.decision, k.reason
    from {links} as k
    join {ids} as l on l.unit_id = k.left_id
    join {ids} as r on r.unit_id = k.right_id
    """


def inputs_of_file(
    engine: Engine,
    records: Table,
    model: Model,
    threshold: float,
    *,
    seed: int = SEED,
    progress: Progress,
) -> StepInputs:
    """The step that links a file with itself.

    Args:
        records: unit_id and the columns of the model.
        threshold: match probability from which two records are one person.
    """
    members = engine.sql("select unit_id, unit_id as entity_id from {t}", t=records)
    file = Units("file", records, records, members)
    return StepInputs(
        step=dedupe_step(threshold),
        left=file,
        right=file,
        passes=(),
        model=model,
        seed=seed,
        progress=progress,
    )


def cluster_file(
    engine: Engine, inputs: StepInputs, result: StepResult
) -> tuple[Clusters, Table]:
    """The clusters of a file by the accepted pairs of its step, and its links by
    them.
    """
    units, model = inputs.left.units, result.model

    def score(pairs: Table) -> Table:
        scored = score_given(engine, model, units, units, result.frequencies, pairs)
        query = f"""
            select left_id, right_id, {pattern_text(model, "p")} as pattern,
                   match_weight
            from {{pairs}} as p
            """
        return engine.sql(query, pairs=scored)

    accept = result.figures.thresholds.accept
    clusters = cluster(engine, units, result.links, score, accept=accept)
    links = links_by_clusters(
        engine,
        result.links,
        clusters,
        score,
        step=inputs.step.name,
        accept_probability=inputs.step.accept_probability,
    )
    return clusters, links


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

    # Both sides of the step are the file.
    singles = engine.sql("select reason from {t} where side = 'left'", t=unlinked)
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
        "alone": by(singles, "reason"),
        "removed_links": engine.count(clusters.removed_links),
    }
