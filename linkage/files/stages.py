"""The stages of a run of files: their records, the link step, and the report."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from linkage.config import Step
from linkage.config.file_run import FileRun, FileStep, file_run_text
from linkage.config.resources import config_file
from linkage.engine import Engine, Table, columns, quote
from linkage.errors import InputError
from linkage.files import truth
from linkage.files.dedupe import dedupe_records
from linkage.files.evaluation import SourceCounts, evaluate_dedupe, evaluate_link
from linkage.files.notes import columns_taken, read_notes
from linkage.files.prepare import (
    KEPT,
    REPEATED,
    Prepared,
    cardinality_of,
    described_files,
    standardise_files,
)
from linkage.files.read_file import damage_reported
from linkage.files.train import FileSides, GivenModel, model_of
from linkage.match.inputs import StepInputs
from linkage.match.partitions import Partitions
from linkage.match.passes import load as load_passes
from linkage.match.step import StepResult, link_step
from linkage.match.units import Units
from linkage.model import Model
from linkage.pipeline.atomic import remove
from linkage.pipeline.folder import EVALUATION
from linkage.pipeline.linked_files import (
    MODEL,
    RUN_FILE,
    SOURCE_KEY,
    records_file,
)
from linkage.pipeline.stage import Counts, Stage, Workspace

_TRUE_PAIRS = "true_pairs"


@dataclass(frozen=True)
class FileJob:
    """What a run of files works on.

    Attributes:
        config: the run's file.
        out: the folder of the run.
        title: of the manifest; report_title: of the report.
        opened: the files as they were opened to infer the run's file; None where the
            run's file is run again.
        model: the file of the step's model, where one is given.
        truth: true pairs or clusters: the path of a file, or a column of the one file.
    """

    config: FileRun
    out: Path
    title: str
    report_title: str
    opened: Prepared | None
    model: Path | None = None
    truth: str | None = None

    @property
    def step(self) -> FileStep:
        """The link step."""
        return self.config.link

    @property
    def sides(self) -> list[str]:
        """left and right, or file."""
        return list(self.config.source)

    @property
    def truth_column(self) -> str:
        """The column of the one file that says who is who; empty for none."""
        is_column = self.config.of_one_file and not Path(self.truth or "").is_file()
        return self.truth or "" if is_column else ""

    @property
    def truth_file(self) -> Path | None:
        """The file of true pairs or clusters."""
        return Path(self.truth) if self.truth and not self.truth_column else None

    @property
    def inputs(self) -> dict[str, Path]:
        """The input files by what fingerprints call them."""
        return {side: Path(one.file) for side, one in self.config.source.items()}


def stages_of_files(job: FileJob) -> list[Stage]:
    """The stages in their order; with links only, no report."""
    stages = [run_file_stage(job), records_stage(job), link_stage(job)]
    return [*stages, report_stage(job)] if job.step.diagnose else stages


def run_file_stage(job: FileJob) -> Stage:
    """The run's file itself, with which `leo run` repeats the run."""

    def work(space: Workspace) -> Counts:
        text = file_run_text(job.config, job.out)
        space.place(RUN_FILE).write_text(text, encoding="utf-8")
        return {}

    return Stage(
        name="run-file",
        work=work,
        makes=(RUN_FILE,),
        settings=job.config.model_dump(mode="json"),
        modules=("linkage.config.file_run",),
    )


def records_stage(job: FileJob) -> Stage:
    """The files to records/<side>.parquet, standardised, and to true_pairs."""
    sources = job.config.model_dump(mode="json")["source"]
    truth_input = {"truth": job.truth_file} if job.truth_file else {}
    return Stage(
        name="records",
        work=functools.partial(_read_records, job),
        makes=(
            *(records_file(side) for side in job.sides),
            *([_TRUE_PAIRS] if job.truth else []),
        ),
        settings={
            "sources": {side: {**one, "file": ""} for side, one in sources.items()},
            "truth_column": job.truth_column,
        },
        files=job.inputs | truth_input,
        modules=("linkage.files", "linkage.records"),
    )


def _read_records(job: FileJob, space: Workspace) -> Counts:
    engine = space.engine
    scratch = space.part / ".scratch"
    scratch.mkdir()
    space.note("standardising")
    with damage_reported(*job.inputs.values()):
        files = job.opened or described_files(
            engine, job.config.source, scratch, truth_column=job.truth_column
        )
        standardise_files(engine, files, scratch, truth_column=job.truth_column)
        if len(job.sides) == 1 and engine.count(files.units[0]) == 1:
            raise InputError(
                f"{files.files[0].name}: holds one record\n  give a file of two or more"
            )
        pairs = _true_pairs(engine, job, files)
        if pairs.table:
            space.write(_TRUE_PAIRS, pairs.table)
        for side, records in zip(job.sides, files.records, strict=True):
            _store(space, records_file(side), records.path)
    remove(scratch)
    sources = [
        SourceCounts.of_file(file, records)
        for file, records in zip(files.files, files.records, strict=True)
    ]
    notes = [*read_notes(files), *pairs.notes]
    for note in notes:
        space.tell(note)
    return {
        "files": {s: asdict(one) for s, one in zip(job.sides, sources, strict=True)},
        "compared": files.kinds,
        "columns": columns_taken(files),
        "notes": notes,
        "inputs": {one.name: one.as_input() for one in sources},
    }


def _true_pairs(engine: Engine, job: FileJob, files: Prepared) -> truth.TruePairs:
    """True pairs by unit_id. They are read before the work, so that a fault in them
    costs nothing.
    """
    if job.truth is None:
        return truth.TruePairs()
    if len(files.ids) == 2:
        return truth.true_pairs(engine, Path(job.truth), *files.ids)
    persons = truth.truth_of_file(engine, job.truth, files.files[0].columns)
    return persons.in_units(engine, files.ids[0])


def _store(space: Workspace, artefact: str, path: Path) -> None:
    """Store standardised records, without the column that says who is who."""
    records = space.engine.read(path)
    if KEPT not in records.columns:
        space.adopt(artefact, path)
        return
    query = f"select * exclude ({quote(KEPT)}) from {{records}}"
    space.write(artefact, space.engine.sql(query, records=records))


def link_stage(job: FileJob) -> Stage:
    """records/ to links, unlinked records or clusters, the model and its evaluation."""
    step = job.step
    tables = ["links.parquet"]
    if job.config.of_one_file:
        tables += ["clusters.parquet"]
    elif step.diagnose:
        tables += ["unlinked.parquet"]
    if step.link_draws:
        tables += ["link_draws.parquet"]
    return Stage(
        name=f"link-{step.name}",
        work=functools.partial(_link, job),
        reads=(
            *(records_file(side) for side in job.sides),
            *([_TRUE_PAIRS] if job.truth else []),
        ),
        makes=(*tables, MODEL, *([EVALUATION] if step.diagnose else [])),
        settings={
            "step": step.model_dump(mode="json"),
            "seed": job.config.run.seed,
        },
        files={"model": job.model} if job.model else {},
        modules=(
            "linkage.files",
            "linkage.match",
            "linkage.model",
            "linkage.spine",
            "quality.measures",
        ),
    )


@dataclass(frozen=True)
class _Linked:
    """What a link step made: tables by the name of their file, and what was counted."""

    tables: Mapping[str, Table]
    links: Table
    model: Model
    counts: Counts
    evaluation: dict[str, Any] | None


_IDENTITY = {"links": ("left_id", "right_id", "match_probability", "decision")}
"""Columns that tell two sets of links apart; a hash of all takes as long as writing."""


def _link(job: FileJob, space: Workspace) -> Counts:
    engine = space.engine
    counts = space.counts(records_file(job.sides[0]))
    sides = _sides(engine, job, space, counts["compared"])
    sources = [SourceCounts(**counts["files"][side]) for side in job.sides]
    true_pairs = space.table(_TRUE_PAIRS) if job.truth else None
    model, training = model_of(
        engine,
        sides,
        given=GivenModel(job.model, job.step.without) if job.model else None,
        seed=job.config.run.seed,
        progress=space.note,
    )
    link = _link_one_file if job.config.of_one_file else _link_two_files
    linked = link(space, job, sides, sources, model, training, true_pairs)
    space.note("writing")
    for name, table in linked.tables.items():
        space.write(f"{name}.parquet", table, _IDENTITY.get(name))
    linked.model.save(space.place(MODEL))
    if linked.evaluation:
        space.write_document(EVALUATION, linked.evaluation)
    error = truth.error(engine, linked.links, true_pairs) if true_pairs else None
    return {**linked.counts, **training, "truth": error}


def _link_one_file(
    space: Workspace,
    job: FileJob,
    sides: FileSides,
    sources: list[SourceCounts],
    model: Model,
    training: Mapping[str, Any],
    true_pairs: Table | None,
) -> _Linked:
    accept = job.step.accept_probability
    result = dedupe_records(
        space.engine,
        sides,
        model,
        accept,
        seed=job.config.run.seed,
        progress=space.note,
    )
    evaluation = evaluate_dedupe(
        space.engine, sides, sources, result, training, true_pairs
    )
    return _Linked(
        result.tables, result.links, result.model, result.summary, evaluation
    )


def _link_two_files(
    space: Workspace,
    job: FileJob,
    sides: FileSides,
    sources: list[SourceCounts],
    model: Model,
    training: Mapping[str, Any],
    true_pairs: Table | None,
) -> _Linked:
    engine = space.engine
    step = definite_step(job.step, [source.repeated for source in sources])
    result = _run_step(job, sides, step, model, space)
    evaluation = None
    if step.diagnose:
        evaluation = evaluate_link(
            engine, sides, sources, step, result, training, true_pairs
        )
    counts = {**result.summary, "step": step.model_dump(mode="json")}
    tables = _tables(engine, result, sides, step)
    return _Linked(tables, result.links, result.model, counts, evaluation)


def _sides(
    engine: Engine, job: FileJob, space: Workspace, compared: Mapping[str, str]
) -> FileSides:
    """The stored records as the link step reads them."""
    fields = list(next(iter(job.config.source.values())).fields)
    records = [space.table(records_file(side)) for side in job.sides]
    return FileSides(
        units=[
            engine.sql(f"select unit_id, {columns(fields)} from {{t}}", t=table)
            for table in records
        ],
        ids=[
            engine.sql(f"select unit_id, {SOURCE_KEY} as source_id from {{t}}", t=table)
            for table in records
        ],
        fields=fields,
        kinds=dict(compared),
    )


def definite_step(step: FileStep, repeats: Sequence[float]) -> Step:
    """The step, with what the run's file leaves to the records decided.

    Where both sides may hold several links no duplicate record competes for one.

    Args:
        repeats: of each file, the share of its records of people who have several.
    """
    joins = step.duplicates == "join"
    if step.duplicates == "inferred":
        joins = step.diagnose or max(repeats) >= REPEATED
    cardinality = step.cardinality
    if cardinality == "inferred":
        cardinality = cardinality_of(repeats) if joins else "one-to-one"
    joins = joins and step.diagnose and cardinality != "many-to-many"
    return Step(
        name=step.name,
        left="left",
        right="right",
        train=False,
        accept_probability=step.accept_probability,
        review_probability=min(0.5, step.accept_probability),
        duplicates="join" if joins else "leave",
        cardinality=cardinality,
        link_draws=step.link_draws,
        diagnose=step.diagnose,
    )


def _run_step(
    job: FileJob, sides: FileSides, step: Step, model: Model, space: Workspace
) -> StepResult:
    engine = space.engine
    left, right = (
        Units(
            side,
            table,
            table,
            engine.sql("select unit_id, unit_id as entity_id from {t}", t=table),
        )
        for side, table in zip(job.sides, sides.units, strict=True)
    )
    inputs = StepInputs(
        step=step,
        left=left,
        right=right,
        passes=load_passes(config_file("passes/link.toml")),
        model=model,
        seed=job.config.run.seed,
        partitions=Partitions(space.kept / "partitions"),
        progress=space.note,
    )
    return link_step(engine, inputs)


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
_COLUMNS = (
    *("method", "pass", "pattern", "match_weight", "match_probability"),
    *("runner_up_weight", "decision", "reason"),
)
_COLUMNS_OF_LINKS_ONLY = (
    *("method", "pass", "match_weight", "match_probability", "decision"),
)


def links_by_ids(
    engine: Engine, links: Table, left: Table, right: Table, names: Sequence[str]
) -> Table:
    """Links by the ids of the files: a query that runs as it is written."""
    select_list = ", ".join(f"k.{name}" for name in names)
    text = _LINKS.replace("COLUMNS", select_list)
    return engine.sql(text, links=links, left=left, right=right)


def _tables(
    engine: Engine, result: StepResult, sides: FileSides, step: Step
) -> dict[str, Table]:
    """What is written, by the ids of the files."""
    left, right = sides.ids
    names = _COLUMNS if step.diagnose else _COLUMNS_OF_LINKS_ONLY
    tables = {"links": links_by_ids(engine, result.links, left, right, names)}
    if step.diagnose:
        tables["unlinked"] = engine.sql(
            _UNLINKED, unlinked=result.unlinked, left=left, right=right
        )
    if result.draws:
        draws = links_by_ids(engine, result.draws, left, right, ["draw"])
        tables["link_draws"] = engine.sql(
            "select draw, left_id, right_id from {t}", t=draws
        )
    return tables


def report_stage(job: FileJob) -> Stage:
    """quality/evaluation.json to report/index.html, with exact counts: the folder holds
    the user's own data.
    """

    def work(space: Workspace) -> Counts:
        from quality.report.render import Inputs, render

        inputs = Inputs(
            space.document(EVALUATION), [], space.manifest, job.report_title, ""
        )
        path = render(inputs, space.place("report/") / "index.html")
        return {"bytes": path.stat().st_size}

    return Stage(
        name="report",
        work=work,
        reads=(EVALUATION,),
        makes=("report/",),
        settings={"title": job.report_title},
        modules=("quality", "linkage.files.stages"),
    )
