"""Link two person files: infer their schema, train, choose blocking rules, score, resolve, report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from linkage.config import Cardinality
from linkage.config.resources import config_file
from linkage.engine import Engine, Table, connect
from linkage.errors import ConfigError
from linkage.files import truth
from linkage.files.duplicates import REPEATED, cardinality_of, repeated_share
from linkage.files.messages import columns_taken, read_notes, recall_notes, recall_unknown
from linkage.files.output import Linked, OutputFolder, output_folder, source_of
from linkage.files.prepare import Inferred, JobOptions, Prepared, prepare
from linkage.files.read_file import damage_reported
from linkage.files.train_model import given_model, given_notes, refuse_without_model, train_model
from linkage.match.partitions import Partitions
from linkage.match.passes import load as load_passes
from linkage.match.recall import sample_of_pairs, true_pairs_reached
from linkage.match.step import StepResult, link_step
from linkage.match.units import Units
from linkage.model import Model
from linkage.pipeline.linked_files import STEP_OPTIONS, link_step_of


@dataclass(frozen=True)
class LinkRequest(JobOptions):
    """The options of `leo link`."""

    left: Path
    right: Path
    out: Path
    ids: tuple[str | None, str | None] = (None, None)
    truth: Path | None = None
    encodings: tuple[str | None, str | None] = (None, None)
    second_records: bool | None = None  # link duplicates within a file too; None: where it has many
    cardinality: Cardinality | None = None  # None: one-to-one, unless files hold people several times
    samples: int = 0  # link draws
    links_only: bool = False  # no reasons, competing pairs or report


def link_files(
    request: LinkRequest, *, inferred: Inferred | None = None, progress: Callable[[str], None] | None = None
) -> Linked:
    """Link two files and write links, unlinked, records, schema, model, manifest and report to request.out.

    Args:
        inferred: is called with what the columns were taken for, before the work begins.
        progress: is called with what is being done.

    Raises:
        InputError: a file cannot be read, or its ids are not unique.
        ConfigError: nothing to compare, a statement that fits no column, or an output folder in use.
    """
    _refuse_contradictions(request)
    say = progress or (lambda _: None)
    title = " to ".join(_names(request.left, request.right))
    with output_folder(request.out, title, force=request.force) as folder:
        with (
            connect("duckdb", memory_limit=request.memory_limit, threads=request.threads) as engine,
            damage_reported(request.left, request.right),
        ):
            linked = _link(engine, request, folder, inferred, say)
        say("report")
        folder.finish(f"Linkage quality report: {title}", report=not request.links_only)
    return linked


def _names(left: Path, right: Path) -> tuple[str, str]:
    return (f"left {left.name}", f"right {right.name}") if left.name == right.name else (left.name, right.name)


def _refuse_contradictions(request: LinkRequest) -> None:
    refuse_without_model(request.without, request.model, "--map left.other=COLUMN")
    needs = {"--link-draws": request.samples > 0, "--duplicates": request.second_records}
    for option, asked in needs.items():
        if request.links_only and asked:
            raise ConfigError(f"--links-only leaves out what {option} needs\n  give one of them")


@dataclass(frozen=True)
class _Step:
    """Two files that are ready to be linked.

    Attributes:
        request: with the options that were left open decided.
        repeated: share of either file's records that are of somebody who is there twice.
    """

    files: Prepared
    request: LinkRequest
    repeated: Sequence[float]
    truth: truth.TruePairs


def _link(
    engine: Engine, request: LinkRequest, folder: OutputFolder, inferred: Inferred | None, say: Callable[[str], None]
) -> Linked:
    with folder.clock("read"):
        say("reading")
        step = _read(engine, request, folder.part / "scratch", inferred)
    files = step.files
    with folder.clock("train"):
        model, training = _model(engine, step, say)
    with folder.clock("link"):
        result = _result(engine, step, model, Partitions(folder.part / "scratch" / "partitions"), say)
    with folder.clock("write"):
        say("writing")
        linked = _linked(engine, step, result, training)
        hashes = folder.write(engine, _tables(engine, result, *files.ids, links_only=request.links_only))
        result.model.save(folder.part / "model.json")
        folder.write_prepared(engine, files)
        if not request.links_only:
            folder.write_evaluation(_evaluation(engine, step, result, training))
    folder.describe(engine, step.request, files, linked, hashes, _step_options(step.request))
    folder.manifest.content["links_only"] = request.links_only
    return linked


def _read(engine: Engine, request: LinkRequest, scratch: Path, inferred: Inferred | None) -> _Step:
    paths = {"left": request.left, "right": request.right}
    options = request.file_options(paths, request.ids, request.encodings)
    files = prepare(engine, options, scratch, inferred=inferred)
    repeated = [repeated_share(engine, units) for units in files.units]
    if request.second_records is None:
        request = replace(request, second_records=max(repeated) >= REPEATED)
    if request.cardinality is None:
        request = replace(request, cardinality=cardinality_of(repeated) if request.second_records else "one-to-one")
    # Before the work, so that a fault in it costs nothing.
    pairs = truth.true_pairs(engine, request.truth, *files.ids) if request.truth else truth.TruePairs()
    return _Step(files, request, repeated, pairs)


def _model(engine: Engine, step: _Step, say: Callable[[str], None]) -> tuple[Model, dict[str, Any]]:
    """The model given, or one trained here with rules chosen for it."""
    files, request = step.files, step.request
    units, kinds, seed = files.units, files.kinds, request.seed
    if request.model:
        fields, without = files.schemas[0].fields, request.without
        return given_model(
            engine, request.model, kinds, units, lambda: units, fields=fields, without=without, seed=seed
        )
    return train_model(engine, kinds, *units, seed=seed, progress=say)


def _result(
    engine: Engine, step: _Step, model: Model, partitions: Partitions, say: Callable[[str], None]
) -> StepResult:
    left, right = (
        as_units(engine, name, table) for name, table in zip(("left", "right"), step.files.units, strict=True)
    )
    request = step.request
    return link_step(
        engine,
        link_step_of(_step_options(request), samples=request.samples, diagnose=not request.links_only),
        left,
        right,
        rules=load_passes(config_file("passes/link.toml")),
        model=model,
        seed=request.seed,
        partitions=partitions,
        progress=say,
    )


def as_units(engine: Engine, name: str, table: Table) -> Units:
    """Rows of a file, which are units, entities and identifier records at once."""
    members = engine.sql("select unit_id, unit_id as entity_id from {t}", t=table)
    return Units(name, table, table, members)


def _step_options(request: LinkRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in STEP_OPTIONS}


def _linked(engine: Engine, step: _Step, result: StepResult, training: Mapping[str, Any]) -> Linked:
    """Counts and notes of what was linked, and its error where truth was given."""
    files, request = step.files, step.request
    return Linked(
        columns_taken(files),
        files.kinds,
        {**result.summary, **training},
        truth.error(engine, result.links, step.truth.table) if step.truth.table else None,
        [
            *read_notes(files),
            *_notes_of_repeated(step),
            *step.truth.notes,
            *given_notes(request.model, training),
            *recall_notes(training),
        ],
    )


def _notes_of_repeated(step: _Step) -> list[str]:
    """What was made of people who are in a file twice, and how to have it otherwise."""
    request, files = step.request, step.files.files
    if not request.second_records:
        return []
    kept = "duplicates are linked too (--no-duplicates: the better one only)"
    if request.links_only:
        kept = "the better one only is linked (without --links-only: the duplicates too)"
    elif request.cardinality != "one-to-one":
        kept = "all records of a person are linked (--no-duplicates: one only)"
    return [
        f"{file.name}: {share:.0%} of the records seem to be of somebody who is there twice; {kept}"
        for file, share in zip(files, step.repeated, strict=True)
        if share >= REPEATED
    ]


_LINKS = """
    select l.source_id as left_id, r.source_id as right_id, COLUMNS
    from {links} as k
    join {left} as l on l.unit_id = k.left_id
    join {right} as r on r.unit_id = k.right_id
    """
_DRAWS = """
    select s.draw, l.source_id as left_id, r.source_id as right_id
    from {draws} as s
    join {left} as l on l.unit_id = s.left_id
    join {right} as r on r.unit_id = s.right_id
    """
_UNLINKED = """
    select u.side, cast(coalesce(l.source_id, r.source_id) as varchar) as id, u.reason
    from {unlinked} as u
    left join {left} as l on u.side = 'left' and l.unit_id = u.id
    left join {right} as r on u.side = 'right' and r.unit_id = u.id
    """


def _tables(engine: Engine, result: StepResult, left: Table, right: Table, *, links_only: bool) -> dict[str, Table]:
    """What is written, by the ids of the files: queries that run as they are written."""
    ids = {"left": left, "right": right}
    columns = [
        "method",
        "pass",
        "pattern",
        "match_weight",
        "match_probability",
        "runner_up_weight",
        "decision",
        "reason",
    ]
    if links_only:
        columns = ["method", "pass", "match_weight", "match_probability", "decision"]
    links = _LINKS.replace("COLUMNS", ", ".join(f"k.{name}" for name in columns))
    tables = {"links": engine.sql(links, params=None, store=False, links=result.links, **ids)}
    if links_only:
        return tables
    text = "select unit_id, cast(source_id as varchar) as source_id from {t}"
    texts = {side: engine.sql(text, t=table) for side, table in ids.items()}
    tables["unlinked"] = engine.sql(_UNLINKED, params=None, store=False, unlinked=result.unlinked, **texts)
    if result.draws:
        tables["link_draws"] = engine.sql(_DRAWS, params=None, store=False, draws=result.draws, **ids)
    return tables


def _evaluation(engine: Engine, step: _Step, result: StepResult, training: Mapping[str, Any]) -> dict[str, Any]:
    """Aggregates for the report."""
    from quality.measures.evaluation import Inputs, StepTables, evaluate

    files, request = step.files, step.request
    names = _names(request.left, request.right)
    tables = StepTables(
        name="link",
        left=names[0],
        right=names[1],
        links=result.links,
        unlinked=result.unlinked,
        units=result.units,
        joins_second_records=bool(request.second_records),
        cardinality=request.cardinality or "one-to-one",
        model=result.model.raw,
        true_pairs=step.truth.table,
        blocking=result.summary,
        reached=lambda pairs: true_pairs_reached(
            engine, result.model, (files.units[0], files.units[1]), result.links, sample_of_pairs(engine, pairs)
        ),
        sampled=result.draws,
        draws=request.samples,
        recall_unknown=recall_unknown(training),
    )
    sides = zip(names, files.files, files.units, strict=True)
    sources = [source_of(engine, name, file, units) for name, file, units in sides]
    return evaluate(engine, Inputs(steps=[tables], sources=sources))
