"""One person file linked with itself, with no configuration: which of its records are one person."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linkage.adhoc import repeated, truth
from linkage.adhoc.accepting import ACCEPTED_FROM
from linkage.adhoc.codes import rare_words
from linkage.adhoc.columns.columns_of import columns_of_one
from linkage.adhoc.columns.copies import without_copies
from linkage.adhoc.columns.ids import with_ids
from linkage.adhoc.columns.wide import without_idle
from linkage.adhoc.dates import ages, dated
from linkage.adhoc.fields import persons
from linkage.adhoc.fields.alike import alike, left_out
from linkage.adhoc.fields.kinds import kinds_of
from linkage.adhoc.files import unknown
from linkage.adhoc.files.counted import counted_source
from linkage.adhoc.files.forms import british
from linkage.adhoc.files.person_file import PersonFile, Recognised, damage_told
from linkage.adhoc.given import given, given_notes, refuse_without_model
from linkage.adhoc.headers.recognise import Columns
from linkage.adhoc.linked import Linked, facts, notes_of, write_evaluation
from linkage.adhoc.modelling import trained
from linkage.adhoc.workplace import Workplace, configuration_hash, workplace
from linkage.engine import Engine, Table, connect, rows
from linkage.errors import InputError
from linkage.match.candidates import FilePairs, pairs_of_file
from linkage.model import Model
from linkage.model.sampling import halves
from linkage.pipeline.ended.linked_files import dedupe_thresholds, write_records
from linkage.spine.clusters import Clusters, cluster


@dataclass(frozen=True)
class DedupeRequest:
    """What `leo dedupe` was asked."""

    file: Path
    out: Path
    maps: tuple[str, ...] = ()
    id: str | None = None  # "none" numbers the rows
    threshold: float = ACCEPTED_FROM  # match probability from which two records are one person
    truth: str | None = None  # a file of true pairs or of clusters, or a column of the file
    model: Path | None = None
    without: tuple[str, ...] = ()  # columns of it that are not compared
    delimiter: str | None = None
    encoding: str | None = None  # of CSV files; found in each when None
    memory_limit: str | None = None
    threads: int | None = None
    seed: int = 2026
    force: bool = False


def dedupe_file(
    request: DedupeRequest,
    *,
    recognised: Recognised | None = None,
    progress: Callable[[str], None] | None = None,
) -> Linked:
    """Find the records of a file that are one person; write clusters, links, the model, a manifest and a report.

    Args:
        recognised: told which columns were recognised, before the work begins.
        progress: told what is being done.

    Raises:
        InputError: the file cannot be read, its ids are no key, or there is too little to compare.
        ConfigError: a map that fits no column, or an output folder in use.
    """
    refuse_without_model(request.without, request.model, "--map other=COLUMN")
    say = progress or (lambda _: None)
    with workplace(request.out, f"{request.file.name} with itself", force=request.force) as place:
        memory, threads = request.memory_limit, request.threads
        with connect("duckdb", memory_limit=memory, threads=threads) as engine, damage_told(request.file):
            done = _work(engine, request, place, recognised or (lambda *_: None), say)
        place.manifest.content["title"] = f"Deduplication report: {request.file.name}"
        place.manifest.end("done", 0)
        say("report")
        place.report()
    return done


@dataclass(frozen=True)
class _Read:
    """A file in the form in which its records are compared.

    Attributes:
        shaped: the file with its columns brought into shape.
        table, ids: unit_id with the fields that are compared, and with the ids of the file.
        kinds: field to kind of comparison.
        lost_dates: how many dates are in no form that is known.
        truth: without a table where the request names none.
    """

    file: PersonFile
    columns: Columns
    shaped: PersonFile
    table: Table
    ids: Table
    kinds: dict[str, str]
    left_out: list[str]
    lost_dates: int
    truth: truth.TruePairs

    def notes(self) -> list[str]:
        """What was read otherwise than its owner may think."""
        made = [self.shaped]
        of_values = [*dated.notes(made), *ages.notes(made), *unknown.notes(made)]
        return [*notes_of(self.file, self.lost_dates), *of_values, *self.left_out, *self.truth.notes]


def _read(engine: Engine, request: DedupeRequest, scratch: Path, recognised: Recognised) -> _Read:
    file = persons.read(engine, request.file, scratch, delimiter=request.delimiter, encoding=request.encoding)
    told = truth.of_one_file(engine, request.truth, file.header) if request.truth else None
    header = tuple(name for name in file.header if not (told and name == told.column))
    columns = columns_of_one(engine, replace(file, header=header), request.maps, request.id)
    named = {*(text.partition("=")[2] for text in request.maps), *filter(None, [request.id])}
    columns = with_ids(engine, [file], columns, numbered=[request.id == "none"], told=named)
    columns = without_copies(engine, [file], without_idle(engine, [file], columns))
    recognised(columns, [file])
    (shaped,), at = alike(engine, [file], columns)
    postcodes = "postcode" in at.left and british(engine, shaped, at.left["postcode"])
    kept = told.column if told else None
    table, ids = persons.units(engine, shaped, at.left, at.left_id, postcodes=postcodes, kept=kept)
    kinds = kinds_of(engine, table, table, postcodes=postcodes, one_file=True)
    if engine.count(table) == 1:
        raise InputError(f"{file.called}: holds one record, which can be no other's\n  give a file of two or more")
    if len(kinds) < 2:
        raise InputError(
            "fewer than two of the fields say anything: the others are empty or hold one value\n"
            f"  compared: {', '.join(kinds) or 'none'}; map further columns with --map"
        )
    kinds = rare_words.compared(engine, [table], kinds)
    (table,) = rare_words.beside(engine, [table], rare_words.fields(kinds))
    lost_dates = dated.in_no_form(engine, file, columns.left, columns.left_parts, shaped)
    # Before the work, so that a fault in it costs nothing.
    given = told.in_units(engine, ids) if told else truth.TruePairs()
    return _Read(file, columns, shaped, table, ids, kinds, left_out(columns, at), lost_dates, given)


def _work(
    engine: Engine,
    request: DedupeRequest,
    place: Workplace,
    recognised: Recognised,
    say: Callable[[str], None],
) -> Linked:
    with place.clock("read"):
        say("reading")
        read = _read(engine, request, place.part / "scratch", recognised)
    file, table, kinds = read.file, read.table, read.kinds
    with place.clock("train"):
        model, training = _model(engine, request, read.columns, kinds, table, say)
    with place.clock("link"):
        limits = dedupe_thresholds(request.threshold)
        pairs = pairs_of_file(engine, model, table, limits.floor(0.0), progress=say)
        say("clusters")
        clusters = cluster(engine, table, pairs.scored, pairs.score, accept=limits.accept)
        links = _links(engine, pairs, clusters, accept=limits.accept, review=limits.review)
        alone = engine.sql(_ALONE, clusters=clusters.members, links=links, store=True)
    with place.clock("write"):
        say("writing")
        summary = {**_counts(engine, clusters, links, alone), "rules": pairs.rules, **training}
        write_records(engine, place.part, {"file": (table, read.ids)})
        hashes = place.write(engine, _tables(engine, clusters, links, read.ids))
        replace(model, raw={**model.raw, "link_type": "dedupe_only"}).save(place.part / "model.json")
        notes = [*read.notes(), *given_notes(request.model, training)]
        notes += repeated.notes(engine, file.called, table, clusters.members, kinds)
        error = truth.error(engine, links, read.truth.table) if read.truth.table else None
        done = Linked(read.columns, kinds, summary, error, notes)
        source = counted_source(engine, request.file.name, file, table)
        write_evaluation(place.part, _evaluation(engine, source, links, alone, read, model), kinds)
    place.manifest.content |= {
        "config_hash": configuration_hash(request, kinds),
        "seed": request.seed,
        "engine": engine.name,
        "inputs": {file.path.name: facts(file, read.lost_dates)},
        "recognised": {"file": read.columns.left, "compared": kinds},
        "request": {
            "files": {"file": str(file.path)},
            "sha256": {"file": file.sha256},
            "threshold": request.threshold,
        },
        "counts": summary,
        "tables": hashes,
        "truth": done.truth,
    }
    return done


def _model(
    engine: Engine,
    request: DedupeRequest,
    columns: Columns,
    kinds: dict[str, str],
    table: Table,
    say: Callable[[str], None],
) -> tuple[Model, dict[str, Any]]:
    """The model given, or one trained on pairs across two halves of the file, which are pairs of it at random."""
    parted = functools.partial(halves, engine, table, seed=request.seed)
    if request.model:
        both, without, seed = columns.fields, request.without, request.seed
        return given(engine, request.model, kinds, [table], parted, both=both, without=without, seed=seed)
    first, second = parted()
    model, reports = trained(engine, kinds, first, second, seed=request.seed, progress=say)
    engine.drop(first, second)
    return model, reports


# Pairs of one cluster that no rule made, or that came out too light to keep.
_UNSEEN = """
    select a.unit_id as left_id, b.unit_id as right_id
    from {members} as a
    join {members} as b on b.cluster_id = a.cluster_id and b.unit_id > a.unit_id
    where not exists (select 1 from {scored} as s where s.left_id = a.unit_id and s.right_id = b.unit_id)
    """

_LINKS = """
    with pairs as (
        select left_id, right_id, rule, match_weight, {pattern} as pattern from {scored}
        union all
        select left_id, right_id, cast(null as integer) as rule, match_weight, {pattern} as pattern from {unseen}
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
    """Every pair of one cluster and every other that was kept, with its decision."""
    gammas = [name for name in pairs.scored.columns if name.startswith("gamma_")]
    pattern = " || ',' || ".join(f'cast("{name}" as varchar)' for name in gammas)
    unseen = engine.sql(_UNSEEN, members=clusters.members, scored=pairs.scored, store=True)
    return engine.sql(
        _LINKS.replace("{pattern}", pattern),
        params={"accept": accept, "review": review},
        scored=pairs.scored,
        unseen=pairs.score(unseen),
        members=clusters.members,
        removed=clusters.removed_links,
        store=True,
    )


# Records that are nobody else, and the best thing that happened to them.
_ALONE = """
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


def _counts(engine: Engine, clusters: Clusters, links: Table, alone: Table) -> dict[str, Any]:
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
        "clusters": sum(sizes.values()),  # of persons or of things
        "clusters_by_records": sizes,
        "decisions": by(links, "decision"),
        "reasons": by(links, "coalesce(reason, 'none')"),
        "alone": by(alone, "reason"),
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
    engine: Engine, source: dict[str, Any], links: Table, alone: Table, read: _Read, model: Model
) -> dict[str, Any]:
    """Aggregates for the report. Both sides are the file, and a record counts as linked when it is not alone."""
    from quality.measures.evaluation import Inputs, StepTables, evaluate

    both = "select 'left' as side, {c} from {{t}} union all select 'right' as side, {c} from {{t}}"
    step = StepTables(
        name="dedupe",
        left=source["source"],
        right=source["source"],
        cardinality="many-to-many",
        links=links,
        unlinked=engine.sql(both.format(c="id, reason"), t=alone, store=True),
        units=engine.sql(both.format(c="unit_id, unit_id as entity_id"), t=read.table, store=True),
        model=model.raw,
        true_pairs=read.truth.table,
    )
    evaluation = evaluate(engine, Inputs(steps=[step], sources=[source]))
    singles = engine.count(alone)
    for side in evaluation["steps"][0]["sides"]:
        side["linked"] = side["units"] - singles
    return evaluation
