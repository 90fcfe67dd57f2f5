"""Link one person file with itself: which of its records are one person."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linkage.engine import Engine, Table, connect, rows
from linkage.errors import InputError
from linkage.files import truth
from linkage.files.messages import columns_taken, read_notes
from linkage.files.output import Linked, OutputFolder, output_folder, source_of
from linkage.files.prepare import Inferred, JobOptions, Prepared, prepare
from linkage.files.read_file import damage_reported, read_file
from linkage.files.train_model import given_model, given_notes, refuse_without_model, train_model
from linkage.match.candidates import FilePairs, pairs_of_file
from linkage.model import Model
from linkage.model.sampling import halves
from linkage.pipeline.linked_files import dedupe_thresholds
from linkage.spine.clusters import Clusters, cluster


@dataclass(frozen=True)
class DedupeRequest(JobOptions):
    """The options of `leo dedupe`; `threshold` is the match probability from which two records are one person."""

    file: Path
    out: Path
    id: str | None = None  # "none" numbers the rows
    truth: str | None = None  # a file of true pairs or of clusters, or a column of the file
    encoding: str | None = None


def dedupe_file(
    request: DedupeRequest, *, inferred: Inferred | None = None, progress: Callable[[str], None] | None = None
) -> Linked:
    """Find the records of a file that are one person; write clusters, links, records, schema, model and report.

    Args:
        inferred: is called with what the columns were taken for, before the work begins.
        progress: is called with what is being done.

    Raises:
        InputError: the file cannot be read, its ids are not unique, or there is too little to compare.
        ConfigError: a statement that fits no column, or an output folder in use.
    """
    refuse_without_model(request.without, request.model, "--map other=COLUMN")
    say = progress or (lambda _: None)
    with output_folder(request.out, f"{request.file.name} with itself", force=request.force) as folder:
        with (
            connect("duckdb", memory_limit=request.memory_limit, threads=request.threads) as engine,
            damage_reported(request.file),
        ):
            linked = _dedupe(engine, request, folder, inferred, say)
        say("report")
        folder.finish(f"Deduplication report: {request.file.name}", report=True)
    return linked


def _dedupe(
    engine: Engine, request: DedupeRequest, folder: OutputFolder, inferred: Inferred | None, say: Callable[[str], None]
) -> Linked:
    with folder.clock("read"):
        say("reading")
        prepared, true_pairs = _read(engine, request, folder.part / "scratch", inferred)
    (file,), (table,), (ids,), kinds = prepared.files, prepared.units, prepared.ids, prepared.kinds
    with folder.clock("train"):
        model, training = _model(engine, request, prepared, say)
    with folder.clock("link"):
        limits = dedupe_thresholds(request.threshold)
        pairs = pairs_of_file(engine, model, table, limits.floor(0.0), progress=say)
        say("clusters")
        clusters = cluster(engine, table, pairs.scored, pairs.score, accept=limits.accept)
        links = _links(engine, pairs, clusters, accept=limits.accept, review=limits.review)
        single = engine.sql(_SINGLE, clusters=clusters.members, links=links, store=True)
    with folder.clock("write"):
        say("writing")
        summary = {**_counts(engine, clusters, links, single), "rules": pairs.rules, **training}
        hashes = folder.write(engine, _tables(engine, clusters, links, ids))
        replace(model, raw={**model.raw, "link_type": "dedupe_only"}).save(folder.part / "model.json")
        folder.write_prepared(engine, prepared)
        notes = [*read_notes(prepared), *true_pairs.notes, *given_notes(request.model, training)]
        error = truth.error(engine, links, true_pairs.table) if true_pairs.table else None
        linked = Linked(columns_taken(prepared), kinds, summary, error, notes)
        source = source_of(engine, request.file.name, file, table)
        evaluation = _evaluation(engine, source, links, single, table, true_pairs.table, model)
        sizes = [{"records": size, "people": people} for size, people in summary["clusters_by_records"].items()]
        clusters_of = {"records": summary["records"], "people": summary["clusters"], "sizes": sizes}
        folder.write_evaluation(evaluation | {"clusters": clusters_of})
    folder.describe(engine, request, prepared, linked, hashes, {"threshold": request.threshold})
    return linked


def _read(
    engine: Engine, request: DedupeRequest, scratch: Path, inferred: Inferred | None
) -> tuple[Prepared, truth.TruePairs]:
    options = request.file_options({"file": request.file}, (request.id,), (request.encoding,))
    stated = None
    if request.truth:
        read = read_file(engine, request.file, scratch, "file", delimiter=request.delimiter, encoding=request.encoding)
        stated = truth.truth_of_file(engine, request.truth, read.columns)
    column = stated.column if stated else None
    prepared = prepare(engine, options, scratch, inferred=inferred, truth_column=column)
    if engine.count(prepared.units[0]) == 1:
        raise InputError(f"{prepared.files[0].name}: holds one record\n  give a file of two or more")
    return prepared, stated.in_units(engine, prepared.ids[0]) if stated else truth.TruePairs()


def _model(
    engine: Engine, request: DedupeRequest, prepared: Prepared, say: Callable[[str], None]
) -> tuple[Model, dict[str, Any]]:
    """The model given, or one trained on pairs across two halves of the file, which are random pairs of it."""
    table, kinds, seed = prepared.units[0], prepared.kinds, request.seed
    both = functools.partial(halves, engine, table, seed=seed)
    if request.model:
        fields, without = prepared.schemas[0].fields, request.without
        return given_model(engine, request.model, kinds, [table], both, fields=fields, without=without, seed=seed)
    first, second = both()
    model, reports = train_model(engine, kinds, first, second, seed=seed, one_file=True, progress=say)
    engine.drop(first, second)
    return model, reports


# Pairs of one cluster that no rule made, or that scored below the floor.
_UNSCORED = """
    select a.unit_id as left_id, b.unit_id as right_id
    from {members} as a
    join {members} as b on b.cluster_id = a.cluster_id and b.unit_id > a.unit_id
    where not exists (select 1 from {scored} as s where s.left_id = a.unit_id and s.right_id = b.unit_id)
    """

_LINKS = """
    with pairs as (
        select left_id, right_id, rule, match_weight, {pattern} as pattern from {scored}
        union all
        select left_id, right_id, cast(null as integer) as rule, match_weight, {pattern} as pattern from {unscored}
    )
    select 'dedupe' as step, p.left_id, p.right_id, 'probabilistic' as method,
           case when p.rule is null then 'by other links' else 'rule ' || cast(p.rule + 1 as varchar) end as pass,
           p.pattern, p.match_weight,
           1 / (1 + pow(cast(2 as double), -p.match_weight)) as match_probability,
           cast(null as double) as runner_up_weight,
           case when l.cluster_id = r.cluster_id then 'accepted'
                when p.match_weight >= $review then 'review'
                else 'rejected' end as decision,
           case when l.cluster_id = r.cluster_id and p.match_weight < $accept then 'joined by other links'
                when l.cluster_id = r.cluster_id then null
                when c.reason is not null then c.reason
                else 'below threshold' end as reason
    from pairs as p
    join {members} as l on l.unit_id = p.left_id
    join {members} as r on r.unit_id = p.right_id
    left join {removed} as c on c.left_id = p.left_id and c.right_id = p.right_id
    """


def _links(engine: Engine, pairs: FilePairs, clusters: Clusters, *, accept: float, review: float) -> Table:
    """Every pair of one cluster and every other scored pair, with its decision."""
    gammas = [name for name in pairs.scored.columns if name.startswith("gamma_")]
    pattern = " || ',' || ".join(f'cast("{name}" as varchar)' for name in gammas)
    unscored = engine.sql(_UNSCORED, members=clusters.members, scored=pairs.scored, store=True)
    return engine.sql(
        _LINKS.replace("{pattern}", pattern),
        params={"accept": accept, "review": review},
        scored=pairs.scored,
        unscored=pairs.score(unscored),
        members=clusters.members,
        removed=clusters.removed_links,
        store=True,
    )


# Records without a duplicate, and the best outcome of their pairs.
_SINGLE = """
    with single as (
        select min(unit_id) as unit_id from {clusters} group by cluster_id having count(*) = 1
    ),
    met as (
        select left_id as unit_id, decision from {links} union all select right_id, decision from {links}
    ),
    outcomes as (
        select s.unit_id, max(case m.decision when 'review' then 2 when 'rejected' then 1 else 0 end) as came_to
        from single as s
        left join met as m on m.unit_id = s.unit_id
        group by s.unit_id
    )
    select unit_id as id,
           case came_to when 2 then 'in review' when 1 then 'below threshold' else 'no candidate' end as reason
    from outcomes
    """


def _counts(engine: Engine, clusters: Clusters, links: Table, single: Table) -> dict[str, Any]:
    sized = engine.sql(
        """
        with sizes as (select cluster_id, count(*) as records from {members} group by cluster_id)
        select records, count(*) as clusters from sizes group by records order by records
        """,
        members=clusters.members,
    )
    sizes = {int(row["records"]): int(row["clusters"]) for row in rows(engine, sized)}

    def by(table: Table, column: str) -> dict[str, int]:
        counted = engine.sql(f"select {column} as what, count(*) as n from {{t}} group by {column}", t=table)
        return {str(row["what"]): int(row["n"]) for row in sorted(rows(engine, counted), key=lambda r: str(r["what"]))}

    return {
        "records": sum(records * clusters for records, clusters in sizes.items()),
        "clusters": sum(sizes.values()),
        "clusters_by_records": sizes,
        "decisions": by(links, "decision"),
        "reasons": by(links, "coalesce(reason, 'none')"),
        "alone": by(single, "reason"),
        "removed_links": engine.count(clusters.removed_links),
    }


def _tables(engine: Engine, clusters: Clusters, links: Table, ids: Table) -> dict[str, Table]:
    """What is written, by the ids of the file."""
    return {
        "clusters": engine.sql(
            """
            with people as (
                select unit_id, dense_rank() over (order by cluster_id) as person_id,
                       count(*) over (partition by cluster_id) as records
                from {members}
            )
            select i.source_id as id, p.person_id, p.records
            from people as p
            join {ids} as i on i.unit_id = p.unit_id
            """,
            members=clusters.members,
            ids=ids,
            store=True,
        ),
        "links": engine.sql(
            """
            select l.source_id as left_id, r.source_id as right_id, k.method, k.pass, k.pattern, k.match_weight,
                   k.match_probability, k.decision, k.reason
            from {links} as k
            join {ids} as l on l.unit_id = k.left_id
            join {ids} as r on r.unit_id = k.right_id
            """,
            links=links,
            ids=ids,
            store=True,
        ),
    }


def _evaluation(
    engine: Engine,
    source: dict[str, Any],
    links: Table,
    single: Table,
    units: Table,
    true_pairs: Table | None,
    model: Model,
) -> dict[str, Any]:
    """Aggregates for the report. Both sides are the file, and a record counts as linked when it has a duplicate."""
    from quality.measures.evaluation import Inputs, StepTables, evaluate

    both = "select 'left' as side, {c} from {{t}} union all select 'right' as side, {c} from {{t}}"
    step = StepTables(
        name="dedupe",
        left=source["source"],
        right=source["source"],
        cardinality="many-to-many",
        links=links,
        unlinked=engine.sql(both.format(c="id, reason"), t=single, store=True),
        units=engine.sql(both.format(c="unit_id, unit_id as entity_id"), t=units, store=True),
        model=model.raw,
        true_pairs=true_pairs,
    )
    evaluation = evaluate(engine, Inputs(steps=[step], sources=[source]))
    singles = engine.count(single)
    for side in evaluation["steps"][0]["sides"]:
        side["linked"] = side["units"] - singles
    return evaluation
