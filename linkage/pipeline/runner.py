"""Runs stages in their order, each whole or not at all, and continues where a run
before it stopped.
"""

import errno
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from linkage.engine import Engine
from linkage.errors import ExitCode, GateError, LeoError
from linkage.pipeline.atomic import remove
from linkage.pipeline.fingerprint import FileDigests, Fingerprints
from linkage.pipeline.folder import RunFolder
from linkage.pipeline.lock import locked
from linkage.pipeline.log import RunLog, place_of, value_free_trace
from linkage.pipeline.manifest import (
    Manifest,
    RunFacts,
    peak_memory,
    rows_made,
    utc_now,
)
from linkage.pipeline.plan import Decision, Plan, Scope
from linkage.pipeline.progress import RunProgress
from linkage.pipeline.stage import Counts, Stage, Workspace, makers

FILE_DIGESTS = ".inputs.json"


class Runner:
    """Stages in a run's folder.

    Args:
        root: the run's folder.
        stages: in an order in which each reads only what those before it make.
        facts: the run's name, a hash of its configuration, and what else the manifest
            records.
        open_engine: a new engine that spills to the folder it is given; one is opened
            for each stage.
        engine: its name; a table made by another engine is made again.
    """

    def __init__(
        self,
        root: Path,
        stages: Sequence[Stage],
        facts: RunFacts,
        open_engine: Callable[[Path], Engine],
        *,
        engine: str = "duckdb",
        progress: RunProgress | None = None,
    ) -> None:
        self.stages = tuple(stages)
        self.made = makers(self.stages)
        self.folder = RunFolder(root)
        self.facts = facts
        self.engine = engine
        self.progress = progress or RunProgress()
        self._open_engine = open_engine

    def plan(self, scope: Scope | None = None) -> list[Decision]:
        """What `run` would do, without doing any of it.

        Raises:
            ConfigError: the folder is of another run or format, or as of `Plan`.
        """
        self.folder.check(self.facts.run)
        plan = Plan(self.stages, self.folder, self._fingerprints_now(), scope)
        return [plan.decide(stage) for stage in self.stages]

    def run(self, scope: Scope | None = None) -> Manifest:
        """Run what is not up to date.

        Args:
            scope: the stages that it is about; where one that is not up to date is left
                out, the run ends as partial.

        Raises:
            ConfigError: the folder is of another run or format, or as of `Plan`.
            LeoError: another run holds the folder, or a stage failed in a way that a
                user can correct.
            GateError: a gate stopped the run; what is partial has been run, and what
                the gate guards withdrawn.
        """
        self.folder.check(self.facts.run)
        fingerprints = self._fingerprints_now()
        plan = Plan(self.stages, self.folder, fingerprints, scope)
        with _explained_disk(self.folder.root):
            self.folder.root.mkdir(parents=True, exist_ok=True)
            with locked(self.folder.root):
                return self._run_locked(plan, fingerprints)

    def _run_locked(self, plan: Plan, fingerprints: Fingerprints) -> Manifest:
        manifest = Manifest(
            self.folder.root, self.facts, [stage.name for stage in self.stages]
        )
        # first of all: without it the folder would not pass for a run's
        manifest.save()
        self.folder.prepare()
        log = RunLog(self.folder.root / "log.jsonl")
        log.event(
            "run started",
            run=self.facts.run,
            config=self.facts.config,
            engine=self.engine,
        )
        try:
            with _explained_disk(self.folder.root):
                self._run_all(manifest, log, plan, fingerprints)
            manifest.end("partial" if manifest.skipped else "done", ExitCode.DONE)
        except BaseException as error:
            _record_end(manifest, log, error)
            raise
        finally:
            self.progress.close()
            with suppress(OSError):
                remove(self.folder.scratch)
        log.event(
            "run done",
            status=manifest.content["status"],
            seconds=manifest.content["seconds"],
        )
        return manifest

    def _fingerprints_now(self) -> Fingerprints:
        return Fingerprints(
            self.stages, FileDigests(self.folder.root / FILE_DIGESTS), self.engine
        )

    def _run_all(
        self, manifest: Manifest, log: RunLog, plan: Plan, fingerprints: Fingerprints
    ) -> None:
        names = {stage.name for stage in self.stages}
        self.folder.forget(names)
        for name in self.folder.others(names):
            self.folder.retire(name)
            log.event(
                "stage removed", stage=name, reason="no longer in the configuration"
            )
        self.progress.start(len(self.stages))
        failure: GateError | None = None
        withheld_stages: set[str] = set()
        for stage in self.stages:
            failed_makers = {
                self.made[artefact].name for artefact in stage.reads
            } & withheld_stages
            if failure and (failed_makers or not stage.partial):
                withheld_stages.add(stage.name)
                self._withhold(stage, manifest, log)
                continue
            decision = plan.decide(stage)
            if decision.action == "skip":
                self.progress.skip(stage.name, decision.reason)
                manifest.stage(stage.name, "not run", decision.reason, None)
                continue
            counts = self._bring_up_to_date(decision, fingerprints, manifest, log)
            try:
                if stage.gate and not failure:
                    stage.gate(counts)
            except GateError as error:
                failure = error
                log.event("gate failed", stage=stage.name, message=str(error))
        if failure:
            raise failure

    def _bring_up_to_date(
        self,
        decision: Decision,
        fingerprints: Fingerprints,
        manifest: Manifest,
        log: RunLog,
    ) -> Counts:
        """Keep a stage or run it; its counts."""
        stage, reason = decision.stage, decision.reason
        summary = self.folder.summary(stage.name)
        if decision.action == "keep" and summary:
            self.progress.skip(stage.name, reason)
            manifest.stage(stage.name, "kept", reason, summary)
            return dict(summary["counts"])
        log.event("stage started", stage=stage.name, reason=reason)
        self.progress.begin(stage.name)
        try:
            summary = self._work(stage, fingerprints, manifest, log)
        except BaseException as error:
            status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            with suppress(OSError):
                manifest.stage(stage.name, status, reason, None)
            raise
        row_count = rows_made(summary)
        self.progress.end(stage.name, summary["seconds"], row_count)
        log.event(
            "stage done", stage=stage.name, seconds=summary["seconds"], rows=row_count
        )
        manifest.stage(stage.name, "done", reason, summary)
        return dict(summary["counts"])

    def _work(
        self, stage: Stage, fingerprints: Fingerprints, manifest: Manifest, log: RunLog
    ) -> dict[str, Any]:
        """Run a stage's function in a folder of its own and put the result in place."""
        fingerprint = fingerprints.of(stage)
        extras = [
            name
            for name in stage.reads_if_there
            if self.folder.find(self.made[name].name)
        ]
        makers_of = {
            artefact: self.made[artefact].name for artefact in (*stage.reads, *extras)
        }
        places = {
            artefact: self.folder.path(artefact, maker)
            for artefact, maker in makers_of.items()
        }
        counts = {
            artefact: (self.folder.summary(maker) or {})["counts"]
            for artefact, maker in makers_of.items()
        }
        part, earlier = (
            self.folder.begin(stage.name),
            self.folder.kept(stage.name, fingerprint.whole),
        )

        def tell(text: str) -> None:
            log.event("message", stage=stage.name, text=text)
            self.progress.tell(text)

        start, cpu = time.perf_counter(), _cpu_seconds()
        try:
            with self._open_engine(self.folder.scratch) as engine:
                space = Workspace(
                    stage=stage.name,
                    makes=stage.makes,
                    engine=engine,
                    part=part,
                    kept=earlier,
                    places=places,
                    counted=counts,
                    manifest=manifest.content,
                    digest=fingerprints.files.one,
                    note=self.progress.note,
                    tell=tell,
                )
                with _stopped_queries():
                    result = stage.work(space)
                fingerprints.files.of(
                    stage.files.values()
                )  # they are still what the fingerprint says
                outputs = space.made()
            summary = {
                "stage": stage.name,
                "finished": utc_now(),
                "fingerprint": {"whole": fingerprint.whole, **asdict(fingerprint)},
                "seconds": round(time.perf_counter() - start, 3),
                "cpu_seconds": round(_cpu_seconds() - cpu, 3),
                "peak_memory_bytes": peak_memory(),
                "counts": result,
                "made": outputs,
            }
            self.folder.finish(part, stage, summary)
            remove(earlier)
        except BaseException:
            with suppress(OSError):
                remove(part)
            raise
        return summary

    def _withhold(self, stage: Stage, manifest: Manifest, log: RunLog) -> None:
        """A gate stands before this stage: what an earlier run made of it must not pass
        for this run's.
        """
        self.folder.retire(stage.name, stage.makes)
        self.progress.skip(stage.name, "withheld: a gate failed")
        log.event("stage withheld", stage=stage.name)
        manifest.stage(stage.name, "withheld", "a gate failed", None)


def _cpu_seconds() -> float:
    usages = [
        resource.getrusage(process)
        for process in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@contextmanager
def _explained_disk(root: Path) -> Iterator[None]:
    """Turns the system's word for a full or read-only disk into one that says what to
    do.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise LeoError(
                f"the disk is full\n  free space below {root}, then run the same "
                "command again: "
                "the stages that are whole are kept"
            ) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            place = error.filename or root
            raise LeoError(
                f"{place}: this user may not write there\n  give a folder that may be "
                "written to with --out"
            ) from error
        raise


@contextmanager
def _stopped_queries() -> Iterator[None]:
    """A query that a signal ended is a run that was stopped: DuckDB takes Ctrl-C and
    raises an error of its own.
    """
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, RuntimeError) and str(cause) == "Query interrupted":
                raise KeyboardInterrupt from error
            cause = cause.__cause__ or cause.__context__
        raise


def _record_end(manifest: Manifest, log: RunLog, error: BaseException) -> None:
    """Write how the run ended to manifest and log; on a full disk as far as it goes."""
    if isinstance(error, LeoError):
        status = "gate failed" if isinstance(error, GateError) else "failed"
        code, message = int(error.exit_code), str(error)
    elif isinstance(error, KeyboardInterrupt):
        status, code, message = (
            "interrupted",
            int(ExitCode.STOPPED),
            "stopped from outside; the same command continues",
        )
    else:
        status, code, message = (
            "crashed",
            int(ExitCode.FAILED),
            f"{type(error).__name__} at {place_of(error)}",
        )
        log.event("crash", type=type(error).__name__, trace=value_free_trace(error))
    log.event("run ended", status=status, exit=code, message=message)
    with suppress(OSError):
        manifest.end(status, code, message)
