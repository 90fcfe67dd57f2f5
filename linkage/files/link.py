"""Link two person files, or one with itself: prepare, train, choose blocking rules,
score, resolve, report.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linkage.config import Cardinality
from linkage.config.resources import config_file
from linkage.engine import Engine, Table, connect, rows
from linkage.errors import ConfigError, InputError
from linkage.files import truth
from linkage.files.output import (
    Linked,
    OutputFolder,
    columns_taken,
    output_folder,
    read_notes,
    recall_notes,
    recall_unknown,
    source_of,
)
from linkage.files.prepare import (
    REPEATED,
    Inferred,
    JobOptions,
    Prepared,
    cardinality_of,
    prepare,
)
from linkage.files.read_file import damage_reported, read_file
from linkage.files.train import Progress, given_notes, model_of, refuse_without_model
from linkage.match.candidates import FilePairs, pairs_of_file
from linkage.match.partitions import Partitions
from linkage.match.passes import load as load_passes
from linkage.match.recall import sample_of_pairs, true_pairs_reached
from linkage.match.step import StepResult, link_step
from linkage.match.units import Units
from linkage.model import Model
from linkage.pipeline.linked_files import STEP_OPTIONS, dedupe_thresholds, link_step_of
from linkage.spine.clusters import Clusters, cluster


@dataclass(frozen=True)
class LinkRequest(JobOptions):
    """The options of `leo link`."""

    left: Path
    right: Path
    out: Path
    ids: tuple[str | None, str | None] = (None, None)
    truth: Path | None = None
    encodings: tuple[str | None, str | None] = (None, None)
    second_records: bool | None = (
        None  # link duplicates within a file too; None: but with links_only
    )
    cardinality: Cardinality | None = (
        None  # None: one-to-one, unless files hold people several times
    )
    samples: int = 0  # link draws
    links_only: bool = False  # no reasons, competing pairs or report


@dataclass(frozen=True)
class DedupeRequest(JobOptions):
    """The options of `leo dedupe`; `threshold` is the match probability from which two
    records are one person.
    """

    file: Path
    out: Path
    id: str | None = None  # "none" numbers the rows
    truth: str | None = (
        None  # a file of true pairs or of clusters, or a column of the file
    )
    encoding: str | None = None


def link_files(
    request: LinkRequest,
    *,
    inferred: Inferred | None = None,
    progress: Progress | None = None,
) -> Linked:
    """Link two files and write links, unlinked, records, schema, model, manifest and
    report to request.out.

    Raises:
        InputError: a file cannot be read, or its ids are not unique.
        ConfigError: nothing to compare, a statement that fits no column, or an output
            folder in use.
    """
    refuse_without_model(request, "--map left.other=COLUMN")
    for option, value in {
        "--link-draws": request.samples,
        "--duplicates": request.second_records,
    }.items():
        if request.links_only and value:
            raise ConfigError(
                f"--links-only leaves out what {option} needs\n  give one of them"
            )
    left, right = request.left.name, request.right.name
    title = f"left {left} to right {right}" if left == right else f"{left} to {right}"
    titles, say = (
        (title, f"Linkage quality report: {title}"),
        progress or (lambda _: None),
    )
    with _in_folder(
        request, (request.left, request.right), titles, say, not request.links_only
    ) as (engine, folder):
        return _link(engine, request, folder, inferred, say)


def dedupe_file(
    request: DedupeRequest,
    *,
    inferred: Inferred | None = None,
    progress: Progress | None = None,
) -> Linked:
    """Find the records of a file that are one person; write clusters, links, records,
    schema, model and report.
    """
    refuse_without_model(request, "--map other=COLUMN")
    titles = (
        f"{request.file.name} with itself",
        f"Deduplication report: {request.file.name}",
    )
    say = progress or (lambda _: None)
    with _in_folder(request, (request.file,), titles, say, True) as (engine, folder):
        return _dedupe(engine, request, folder, inferred, say)


@contextmanager
def _in_folder(
    request: LinkRequest | DedupeRequest,
    paths: Sequence[Path],
    titles: tuple[str, str],
    say: Progress,
    report: bool,
) -> Iterator[tuple[Engine, OutputFolder]]:
    """An engine and an output folder, complete with its report at the end; `titles` are
    those of both.
    """
    limits: dict[str, Any] = {
        "memory_limit": request.memory_limit,
        "threads": request.threads,
    }
    with output_folder(request.out, titles[0], force=request.force) as folder:
        allowed_paths = [
            folder.part,
            *paths,
            *([Path(request.truth)] if request.truth else []),
        ]
        with (
            connect("duckdb", within=allowed_paths, **limits) as engine,
            damage_reported(*paths),
        ):
            yield engine, folder
        say("report")
        folder.finish(titles[1], report=report)


def _link(
    engine: Engine,
    request: LinkRequest,
    folder: OutputFolder,
    listener: Inferred | None,
    say: Progress,
) -> Linked:
    scratch = folder.part / "scratch"
    with folder.clock("read"):
        say("reading")
        paths = {"left": request.left, "right": request.right}
        options = request.file_options(paths, request.ids, request.encodings)
        prepared = prepare(engine, options, scratch, inferred=listener)
        repeats = [records.repeated for records in prepared.records]
        if request.second_records is None:
            request = replace(
                request,
                second_records=not request.links_only or max(repeats) >= REPEATED,
            )
        if request.cardinality is None:
            request = replace(
                request,
                cardinality=cardinality_of(repeats)
                if request.second_records
                else "one-to-one",
            )
        # Before the work, so that a fault in it costs nothing.
        true_pairs = truth.true_pairs(engine, request.truth, *prepared.ids)
    with folder.clock("train"):
        model, training = model_of(engine, request, prepared, say)
    step = {name: getattr(request, name) for name in STEP_OPTIONS}
    sides = prepared.units[0], prepared.units[1]
    members = [
        engine.sql("select unit_id, unit_id as entity_id from {t}", t=units)
        for units in sides
    ]
    with folder.clock("link"):
        result = link_step(
            engine,
            link_step_of(
                step, samples=request.samples, diagnose=not request.links_only
            ),
            *(
                Units(*side)
                for side in zip(("left", "right"), sides, sides, members, strict=True)
            ),
            rules=load_passes(config_file("passes/link.toml")),
            model=model,
            seed=request.seed,
            partitions=Partitions(scratch / "partitions"),
            progress=say,
        )
    with folder.clock("write"):
        say("writing")
        summary = {**result.summary, **training}
        linked = _linked(engine, request, prepared, summary, result.links, true_pairs)
        hashes = folder.write(
            engine,
            _tables(engine, result, *prepared.ids, links_only=request.links_only),
        )
        result.model.save(folder.part / "model.json")
        if not request.links_only:
            evaluation = _evaluated(
                engine,
                prepared,
                name="link",
                links=result.links,
                unlinked=result.unlinked,
                units=result.units,
                joins_second_records=bool(request.second_records),
                cardinality=request.cardinality or "one-to-one",
                model=result.model.raw,
                blocking=result.summary,
                reached=lambda pairs: true_pairs_reached(
                    engine,
                    result.model,
                    sides,
                    result.links,
                    sample_of_pairs(engine, pairs),
                ),
                sampled=result.draws,
                draws=request.samples,
                recall_unknown=recall_unknown(training),
                true_pairs=true_pairs.table,
            )
            folder.write_evaluation(evaluation)
        folder.write_prepared(engine, prepared)
    folder.describe(request, prepared, linked, hashes, step)
    folder.manifest.content["links_only"] = request.links_only
    return linked


def _linked(
    engine: Engine,
    request: JobOptions,
    prepared: Prepared,
    summary: dict[str, Any],
    links: Table,
    pairs: truth.TruePairs,
) -> Linked:
    """Counts and notes of what was linked, and its error where truth was given."""
    notes = [
        *read_notes(prepared),
        *pairs.notes,
        *given_notes(request.model, summary),
        *recall_notes(summary),
    ]
    if isinstance(request, LinkRequest) and request.second_records:
        hint = (
            "without --links-only duplicates are linked too"
            if request.links_only
            else "--no-duplicates links one"
        )
        notes += [
            f"{file.name}: {records.repeated:.0%} of the records seem to be of "
            f"somebody who is there twice; {hint}"
            for file, records in zip(prepared.files, prepared.records, strict=True)
            if records.repeated >= REPEATED
        ]
    error = truth.error(engine, links, pairs.table) if pairs.table else None
    return Linked(columns_taken(prepared), prepared.kinds, summary, error, notes)


_LINKS = """
    select l.source_id as left_id, r.source_id as right_id, COLUMNS
    from {links} as k
    join {left} as l on l.unit_id = k.left_id
    join {right} as r on r.unit_id = k.right_id
    """
_UNLINKED = """
    select u.side, coalesce(cast(l.source_id as varchar), cast(r.source_id as varchar))
        as id, u.reason
    from {unlinked} as u
    left join {left} as l on u.side = 'left' and l.unit_id = u.id
    left join {right} as r on u.side = 'right' and r.unit_id = u.id
    """


def _links(
    engine: Engine, links: Table, left: Table, right: Table, columns: str
) -> Table:
    """Links by the ids of the files: a query that runs as it is written."""
    text = _LINKS.replace("COLUMNS", ", ".join(f"k.{name}" for name in columns.split()))
    return engine.sql(text, links=links, left=left, right=right)


def _tables(
    engine: Engine, result: StepResult, left: Table, right: Table, *, links_only: bool
) -> dict[str, Table]:
    """What is written, by the ids of the files."""
    columns = (
        "method pass pattern match_weight match_probability runner_up_weight "
        "decision reason"
    )
    columns = (
        "method pass match_weight match_probability decision" if links_only else columns
    )
    tables = {"links": _links(engine, result.links, left, right, columns)}
    if links_only:
        return tables
    tables["unlinked"] = engine.sql(
        _UNLINKED, unlinked=result.unlinked, left=left, right=right
    )
    if result.draws:
        draws = _links(engine, result.draws, left, right, "draw")
        tables["link_draws"] = engine.sql(
            "select draw, left_id, right_id from {t}", t=draws
        )
    return tables


def _evaluated(engine: Engine, prepared: Prepared, **step: Any) -> dict[str, Any]:
    """Aggregates for the report."""
    from quality.measures.evaluation import Inputs, StepTables, evaluate

    names = [file.name for file in prepared.files]
    sources = [
        source_of(engine, *arguments)
        for arguments in zip(names, prepared.files, prepared.units, strict=True)
    ]
    return evaluate(
        engine,
        Inputs(
            steps=[StepTables(left=names[0], right=names[-1], **step)], sources=sources
        ),
    )


def _dedupe(
    engine: Engine,
    request: DedupeRequest,
    folder: OutputFolder,
    listener: Inferred | None,
    say: Progress,
) -> Linked:
    with folder.clock("read"):
        say("reading")
        prepared, true_pairs = _read_file(
            engine, request, folder.part / "scratch", listener
        )
    units, ids = prepared.units[0], prepared.ids[0]
    with folder.clock("train"):
        model, training = model_of(engine, request, prepared, say)
    with folder.clock("link"):
        limits = dedupe_thresholds(request.threshold)
        pairs = pairs_of_file(engine, model, units, limits.floor(0.0), progress=say)
        say("clusters")
        clusters = cluster(
            engine, units, pairs.scored, pairs.score, accept=limits.accept
        )
        links = _links_of_file(
            engine, pairs, clusters, accept=limits.accept, review=limits.review
        )
        unlinked = engine.sql(
            _SINGLE, clusters=clusters.members, links=links, store=True
        )
    with folder.clock("write"):
        say("writing")
        summary = {
            **_counts(engine, clusters, links, unlinked),
            "rules": pairs.rules,
            **training,
        }
        linked = _linked(engine, request, prepared, summary, links, true_pairs)
        columns = "method pass pattern match_weight match_probability decision reason"
        people = engine.sql(_PEOPLE, members=clusters.members, ids=ids)
        hashes = folder.write(
            engine,
            {"clusters": people, "links": _links(engine, links, ids, ids, columns)},
        )
        replace(model, raw={**model.raw, "link_type": "dedupe_only"}).save(
            folder.part / "model.json"
        )
        evaluation = _evaluation_of_file(
            engine, prepared, links, unlinked, true_pairs.table, model
        )
        sizes = [
            {"records": size, "people": people}
            for size, people in summary["clusters_by_records"].items()
        ]
        clusters_of = {
            "records": summary["records"],
            "people": summary["clusters"],
            "sizes": sizes,
        }
        folder.write_evaluation(evaluation | {"clusters": clusters_of})
        folder.write_prepared(engine, prepared)
    folder.describe(request, prepared, linked, hashes, {"threshold": request.threshold})
    return linked


def _read_file(
    engine: Engine, request: DedupeRequest, scratch: Path, listener: Inferred | None
) -> tuple[Prepared, truth.TruePairs]:
    persons = None
    if request.truth:
        read = read_file(
            engine,
            request.file,
            scratch,
            "file",
            delimiter=request.delimiter,
            encoding=request.encoding,
        )
        persons = truth.truth_of_file(engine, request.truth, read.columns)
    options = request.file_options(
        {"file": request.file}, (request.id,), (request.encoding,)
    )
    prepared = prepare(
        engine,
        options,
        scratch,
        inferred=listener,
        truth_column=(persons and persons.column) or "",
    )
    if engine.count(prepared.units[0]) == 1:
        raise InputError(
            f"{prepared.files[0].name}: holds one record\n  give a file of two or more"
        )
    return prepared, persons.in_units(
        engine, prepared.ids[0]
    ) if persons else truth.TruePairs()


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


def _evaluation_of_file(
    engine: Engine,
    prepared: Prepared,
    links: Table,
    unlinked: Table,
    true_pairs: Table | None,
    model: Model,
) -> dict[str, Any]:
    """Aggregates for the report. Both sides are the file, and a record counts as linked
    when it has a duplicate.
    """
    sides = (
        "select 'left' as side, {c} from {{t}} union all select 'right' as side, "
        "{c} from {{t}}"
    )
    units = engine.sql(
        sides.format(c="unit_id, unit_id as entity_id"), t=prepared.units[0], store=True
    )
    evaluation = _evaluated(
        engine,
        prepared,
        name="dedupe",
        cardinality="many-to-many",
        links=links,
        unlinked=engine.sql(sides.format(c="id, reason"), t=unlinked, store=True),
        units=units,
        model=model.raw,
        true_pairs=true_pairs,
    )
    for side in evaluation["steps"][0]["sides"]:
        side["linked"] = side["units"] - engine.count(unlinked)
    return evaluation
