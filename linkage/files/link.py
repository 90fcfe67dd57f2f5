"""Link two person files, or one with itself: infer the run's file, and run it."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from linkage.config import Cardinality, Run
from linkage.config.file_run import (
    FileRun,
    FileSource,
    FileStep,
    load_file_run,
)
from linkage.config.resources import definitions_hash, own_names
from linkage.engine import Engine, connect, scratch_folder
from linkage.errors import ConfigError
from linkage.files.notes import Linked, linked_notes
from linkage.files.prepare import (
    Inferred,
    JobOptions,
    Prepared,
    inferred_files,
)
from linkage.files.read_file import damage_reported
from linkage.files.stages import FileJob, stages_of_files
from linkage.files.train import Progress, refuse_without_model
from linkage.pipeline.atomic import remove
from linkage.pipeline.folder import MANIFEST, RunFolder, read_manifest
from linkage.pipeline.linked_files import (
    facts_of_files,
    is_of_files,
)
from linkage.pipeline.manifest import RunFacts, is_synthetic
from linkage.pipeline.plan import Scope
from linkage.pipeline.progress import RunProgress
from linkage.pipeline.runner import Runner


@dataclass(frozen=True)
class LinkRequest(JobOptions):
    """The options of `leo link`."""

    left: Path
    right: Path
    out: Path
    ids: tuple[str | None, str | None] = (None, None)
    truth: Path | None = None
    encodings: tuple[str | None, str | None] = (None, None)
    # link duplicates within a file too; None: inferred from the records
    second_records: bool | None = None
    # None: one-to-one, unless files hold people several times
    cardinality: Cardinality | None = None
    samples: int = 0  # link draws
    links_only: bool = False  # no reasons, competing pairs or report

    @property
    def paths(self) -> dict[str, Path]:
        """Side to its file."""
        return {"left": self.left, "right": self.right}

    @property
    def step(self) -> FileStep:
        """The link step that the options state."""
        duplicates = {None: "inferred", True: "join", False: "leave"}
        return FileStep(
            name="link",
            left="left",
            right="right",
            cardinality=self.cardinality or "inferred",
            duplicates=duplicates[self.second_records],
            model=_absolute(self.model),
            without=tuple(self.without),
            accept_probability=self.threshold,
            link_draws=self.samples,
            diagnose=not self.links_only,
        )


@dataclass(frozen=True)
class DedupeRequest(JobOptions):
    """The options of `leo dedupe`; `threshold` is the match probability from which two
    records are one person.
    """

    file: Path
    out: Path
    id: str | None = None  # "none" numbers the rows
    # a file of true pairs or of clusters, or a column of the file
    truth: str | None = None
    encoding: str | None = None

    @property
    def paths(self) -> dict[str, Path]:
        """Side to its file."""
        return {"file": self.file}

    @property
    def ids(self) -> tuple[str | None]:
        """The column of ids of the one file."""
        return (self.id,)

    @property
    def encodings(self) -> tuple[str | None]:
        """The encoding of the one file."""
        return (self.encoding,)

    @property
    def step(self) -> FileStep:
        """The link step that the options state."""
        return FileStep(
            name="dedupe",
            left="file",
            right="file",
            cardinality="many-to-many",
            duplicates="leave",
            model=_absolute(self.model),
            without=tuple(self.without),
            accept_probability=self.threshold,
        )


def link_files(
    request: LinkRequest,
    *,
    inferred: Inferred | None = None,
    progress: Progress | None = None,
) -> Linked:
    """Link two files: infer the run's file, write it to request.out and run it.

    The folder then holds run.toml, links, unlinked, records, model, manifest and
    report. The same request goes on with what a killed one has left.

    Raises:
        InputError: a file cannot be read, or its ids are not unique.
        ConfigError: nothing to compare, a statement that fits no column, or an output
            folder in use.
    """
    refuse_without_model(request, "--map left.other=COLUMN")
    needed = {"--link-draws": request.samples, "--duplicates": request.second_records}
    for option, value in needed.items():
        if request.links_only and value:
            raise ConfigError(
                f"--links-only leaves out what {option} needs\n  give one of them"
            )
    return _infer_and_run(request, inferred, progress)


def dedupe_file(
    request: DedupeRequest,
    *,
    inferred: Inferred | None = None,
    progress: Progress | None = None,
) -> Linked:
    """Find the records of a file that are one person; write run.toml, clusters, links,
    records, model, manifest and report.

    Raises:
        InputError, ConfigError: as of `link_files`.
    """
    refuse_without_model(request, "--map other=COLUMN")
    return _infer_and_run(request, inferred, progress)


def _infer_and_run(
    request: LinkRequest | DedupeRequest,
    inferred: Inferred | None,
    progress: Progress | None,
) -> Linked:
    _refuse_foreign(request.out)
    truth = str(request.truth) if request.truth else None
    run = Run(
        name=request.step.name,
        memory_limit=request.memory_limit,
        threads=request.threads,
        seed=request.seed,
        truth=truth,
    )
    with _opened(request.out, run, request.paths, truth) as (engine, scratch):
        options = request.file_options(request.paths, request.ids, request.encodings)
        (progress or _silent)("reading")
        files = inferred_files(
            engine, options, scratch, truth_column=_column(truth, request.paths)
        )
        if inferred:
            inferred(files)
        config = FileRun(run=run, source=_sources(files, request), step=(request.step,))
        job = _job(config, request.out, files)
        runner = _runner(job, lambda _: nullcontext(engine))  # type: ignore[arg-type, return-value]
        runner.progress = Notes(progress)
        _refuse_other_run(request.out, job, request.force)
        runner.run(Scope(rerun=request.force))
    return _linked(request.out, job)


def runner_of_file_run(
    path: Path, out: Path | None = None, *, settings: Sequence[str] = ()
) -> Runner:
    """A runner of the run.toml that an output folder holds, as `leo run` opens it.

    Args:
        out: the folder of the run; by default the one that holds the run's file.
        settings: KEY=VALUE, which replace the file's.

    Raises:
        ConfigError: faults of the file, or a folder that holds something else.
    """
    config = load_file_run(path, settings)
    folder = out or path.parent
    _refuse_foreign(folder)
    paths = [Path(one.file) for one in config.source.values()]
    truth = config.run.truth

    def open_engine(scratch: Path) -> Engine:
        return connect(
            "duckdb",
            memory_limit=config.run.memory_limit,
            threads=config.run.threads,
            scratch=scratch,
            within=[folder, *paths, *([Path(truth)] if truth else [])],
        )

    return _runner(_job(config, folder, None), open_engine)


@contextmanager
def _opened(
    out: Path, run: Run, paths: dict[str, Path], truth: str | None
) -> Iterator[tuple[Engine, Path]]:
    """One engine for the whole run, and a folder for copies of its files."""
    files = [*paths.values(), *([Path(truth)] if truth else [])]
    with scratch_folder() as scratch, damage_reported(*paths.values()):
        places = [out, scratch, *files]
        with connect(
            "duckdb", memory_limit=run.memory_limit, threads=run.threads, within=places
        ) as engine:
            yield engine, scratch


def _column(truth: str | None, paths: dict[str, Path]) -> str:
    """The column of the one file that says who is who, where the truth is no file."""
    is_column = truth and len(paths) == 1 and not Path(truth).is_file()
    return str(truth) if is_column else ""


def _sources(
    files: Prepared, request: LinkRequest | DedupeRequest
) -> dict[str, FileSource]:
    """The inferred schemas as the run's file states them."""
    return {
        file.side: FileSource(
            file=os.path.normpath(file.path.absolute()),
            delimiter=file.format.delimiter
            if file.format and file.format.type == "csv"
            else None,
            encoding=file.encoding,
            id=schema.id or "",
            fields=tuple(schema.fields),
            columns=schema.columns,
            settings=schema.settings,
            evidence=schema.evidence,
        )
        for file, schema in zip(files.files, files.schemas, strict=True)
    }


def _job(config: FileRun, out: Path, files: Prepared | None) -> FileJob:
    names = [Path(one.file).name for one in config.source.values()]
    if config.of_one_file:
        title = f"{names[0]} with itself"
        report_title = f"Deduplication report: {names[0]}"
    else:
        left, right = names
        is_same = left == right
        title = f"left {left} to right {right}" if is_same else f"{left} to {right}"
        report_title = f"Linkage quality report: {title}"
    return FileJob(
        config=config,
        out=out,
        title=title,
        report_title=report_title,
        opened=files,
        model=Path(config.link.model) if config.link.model else None,
        truth=config.run.truth,
    )


def _runner(job: FileJob, open_engine: Callable[[Path], Engine]) -> Runner:
    config = job.config
    settings = {
        "title": job.report_title,
        "seed": config.run.seed,
        "engine": "duckdb",
        "threads": config.run.threads,
        "memory_limit": config.run.memory_limit,
        "definitions": own_names(),
        "definitions_hash": definitions_hash(),
        "configuration": config.model_dump(mode="json"),
        "synthetic": any(is_synthetic(path.parent) for path in job.inputs.values()),
    }
    return Runner(
        job.out,
        stages_of_files(job),
        RunFacts(job.title, config.fingerprint(), settings),
        open_engine,
    )


class Notes(RunProgress):
    """Hands on what a stage is doing now."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress or _silent

    def begin(self, stage: str) -> None:
        """Name a stage that is a single piece of work."""
        if stage == "report":
            self._progress(stage)

    def note(self, text: str) -> None:
        """Hand on what is being done."""
        self._progress(text)


def _absolute(path: Path | None) -> str | None:
    return os.path.normpath(path.absolute()) if path else None


def _silent(_: str) -> None:
    """Show nothing."""


def _refuse_foreign(out: Path) -> None:
    """Refuse a folder that holds something else, before the files are read."""
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out}: is a file\n  give a new or an empty folder")
    is_ours = (out / MANIFEST).is_file() and is_of_files(read_manifest(out))
    if out.is_dir() and any(out.iterdir()) and not is_ours:
        raise ConfigError(
            f"--out {out}: the folder is not empty\n  it was not written by leo link; "
            "give another folder"
        )


def _refuse_other_run(out: Path, job: FileJob, force: bool) -> None:
    """Refuse a folder that holds another run's result, unless it is to be replaced.

    The same run goes on where a killed one stopped.
    """
    if not (out / MANIFEST).is_file():
        return
    manifest = read_manifest(out)
    if not force and manifest["config_hash"] != job.config.fingerprint():
        raise ConfigError(
            f"--out {out}: the folder is not empty\n  give --force to replace it"
        )
    if force and manifest["run"] != job.title:
        folder = RunFolder(out)
        for name in folder.others(set()):
            folder.retire(name)
        remove(out / MANIFEST)


def _linked(out: Path, job: FileJob) -> Linked:
    """What the run of files has counted."""
    facts = facts_of_files(out, read_manifest(out))
    return Linked(
        columns=facts.columns,
        kinds=facts.compared,
        summary=facts.counts,
        truth=facts.truth,
        notes=linked_notes(facts, job.model),
    )
