"""`leo init`, `check`, `plan`, `run`, `status` and `publish`: the pipeline from its
configuration to a release; and `leo config`.
"""

import functools
import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from linkage import process
from linkage.cli import options as o
from linkage.cli.failures import stoppable
from linkage.cli.output import (
    checking,
    count_of,
    request_of,
    say,
    say_inferred,
    say_notes,
    show,
    table_lines,
)
from linkage.config.file_run import is_file_run
from linkage.config.resources import SCHEMAS, copy_definitions, definitions, shipped_dir
from linkage.config.toml_file import toml_of
from linkage.errors import ConfigError, LeoError
from linkage.pipeline.folder import MANIFEST, read_manifest
from linkage.pipeline.plan import Decision, Scope
from linkage.pipeline.progress import progress_for

if TYPE_CHECKING:
    from linkage.pipeline.runner import Runner

Config = Annotated[
    Path, Argument(help="The run's TOML file, for example configs/leo.toml.")
]
Data = Annotated[
    Path | None, Option(help="Folder of the sources, instead of \\[run] data.")
]
Out = Annotated[Path | None, Option(help="The run's folder; runs/NAME when not given.")]
EngineName = Annotated[
    str | None, Option("--engine", help="duckdb or spark, instead of \\[run] engine.")
]
Previous = Annotated[
    Path | None, Option(help="The last release's run, whose person ids live on.")
]
Settings = Annotated[
    o.Texts,
    Option("--set", metavar="KEY=VALUE", help="Key of the run's file: run.threads=4."),
]
Select = Annotated[
    o.Texts, Option("--select", metavar="STAGE", help="Only this stage; repeatable.")
]
From = Annotated[
    str | None,
    Option(
        "--from", metavar="STAGE", help="Run again this stage and those that follow."
    ),
]
Until = Annotated[
    str | None, Option("--until", metavar="STAGE", help="Stop after this stage.")
]
Rerun = Annotated[bool, Option("--rerun", help="Run again what is up to date, too.")]
OwnFolder = Annotated[
    Path, Option(help="The folder of your own definitions; made, or added to.")
]


def init(
    files: Annotated[
        list[Path], Argument(help="Two person files or more, CSV or Parquet.")
    ],
    out: OwnFolder,
    config: Annotated[Path, Option(help="The run's TOML file to write.")],
    maps: Annotated[
        o.Texts,
        Option("--map", help="Column of a field of a file: customers.surname=FAMILY."),
    ] = None,
    ids: Annotated[
        o.Texts,
        Option("--id", help="Id column; once, or once for each file; else detected."),
    ] = None,
    encoding: o.Encoding = None,
    delimiter: o.Delimiter = None,
) -> None:
    """Draft a run's file, and the definitions it needs, from person files; read and
    change them before the run.

    Example: leo init pupils.csv customers.csv --out mine --config own.toml
    """
    options = locals()
    from linkage.files.draft import Draft, draft

    paths, notes = draft(
        request_of(Draft, options, run=config, definitions=out),
        inferred=say_inferred,
        progress=say,
    )
    say_notes(notes)
    for path in paths:
        typer.echo(f"wrote   {path}")
    typer.echo(f"next    leo --definitions {out} check {config}")


def check(
    config: Annotated[Path, Argument(help="A run's TOML file.")],
    data: Annotated[
        Path | None, Option(help="Check its input files below this folder, too.")
    ] = None,
    settings: Settings = None,
    as_json: o.Json = False,
) -> None:
    """Check a run's file and all that it names: passes, models, outcomes, projects.
    Nothing is run.

    Exit code 3 where anything is wrong; all faults are named.

    Example: leo check configs/leo.toml
    """
    from linkage.pipeline.job import check_job, load_job, remarks

    with checking(config):
        job = load_job(
            config,
            data=data,
            need_data=data is not None,
            need_key=False,
            settings=settings or (),
        )
        check_job(job, damaged=True)
    parts = [
        len(part)
        for part in (
            job.config.source,
            job.config.attributes,
            job.config.step,
            job.projects,
        )
    ]
    words = (
        ("source",),
        ("table of attributes", "tables of attributes"),
        ("step",),
        ("project",),
    )
    totals = ", ".join(
        count_of(part, *word) for part, word in zip(parts, words, strict=True)
    )
    counts = {word[-1]: part for part, word in zip(parts, words, strict=True)}
    notes = remarks(job)
    report = {
        "run": job.config.run.name,
        "hash": job.config.fingerprint(),
        "counts": counts,
        "notes": notes,
    }
    lines = [
        f"{config}: no fault in run '{report['run']}'",
        f"  {totals}; hash {report['hash']}",
    ]
    show(
        report,
        [*lines, *(textwrap.indent(note, "  ") for note in notes)],
        as_json=as_json,
    )


def _runner(
    config: Config,
    data: Data = None,
    out: Out = None,
    engine: EngineName = None,
    key: o.MasterKey = None,
    previous: Previous = None,
    settings: Settings = None,
    select: Select = None,
    again_from: From = None,
    until: Until = None,
    rerun: Rerun = False,
) -> tuple["Runner", Scope]:
    """The runner of a run, and the stages that it is about."""
    from linkage.pipeline.job import load_job
    from linkage.pipeline.leo import pipeline

    scope = Scope(tuple(select or ()), again_from, until, rerun)
    if _names_files(config):
        from linkage.files.link import runner_of_file_run

        given = {"--data": data, "--engine": engine, "--key": key}
        for option, value in {**given, "--previous": previous}.items():
            if value is not None:
                raise ConfigError(
                    f"{option}: has no meaning for {config}, which names its files\n"
                    "  leave it out"
                )
        return runner_of_file_run(config, out, settings=settings or ()), scope
    job = load_job(
        config,
        data=data,
        engine=engine,
        previous=previous,
        key_file=key,
        settings=settings or (),
    )
    return pipeline(job, out or Path("runs") / job.config.run.name), scope


def _names_files(config: Path) -> bool:
    """Whether a run's file is one that leo link or leo dedupe wrote."""
    return config.is_file() and is_file_run(toml_of(config))


def _of_a_run(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `_runner` in place of its runner and scope."""
    common, signature = (
        inspect.signature(_runner).parameters,
        inspect.signature(command),
    )

    @functools.wraps(command, assigned=("__name__", "__doc__", "__module__"))
    def with_options(**options: Any) -> None:
        command(*_runner(**{name: options.pop(name) for name in common}), **options)

    parameters = [*common.values(), *[*signature.parameters.values()][2:]]
    with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return with_options


@_of_a_run
def run(runner: "Runner", scope: Scope, no_progress: o.NoProgress = False) -> None:
    """Link the sources that CONFIG names, build the spine and the extracts, and report
    on them.

    A run that was stopped continues with the same command; what is up to date is kept.
    leo plan names the stages and what would run. --key takes precedence over [outputs]
    key_file.

    Example: leo run configs/leo.toml --data data/million --out runs/million --key
    ~/leo-master.key
    """
    runner.progress = progress_for(sys.stderr, show_bar=not no_progress)
    root = runner.folder.root
    if warning := process.readable_by_others(root):
        typer.echo(f"leo: {warning}", err=True)
    process.share(root, runner.facts.settings["configuration"]["run"]["group"])
    with stoppable(root):
        manifest = runner.run(scope)
    typer.echo("\n".join(ended_lines(root, manifest.content)))


@_of_a_run
def plan(runner: "Runner", scope: Scope, as_json: o.Json = False) -> None:
    """Show which stages leo run would run with the same options, and why. Nothing is
    run.

    Example: leo plan configs/leo.toml --data data/million --out runs/million --key
    ~/leo-master.key
    """
    decisions, root = runner.plan(scope), runner.folder.root
    stages = [
        {
            "stage": one.stage.name,
            "run": one.action == "run",
            "action": one.action,
            "reason": one.reason,
        }
        for one in decisions
    ]
    lines = [*plan_lines(decisions, root), *_choice_lines(root)]
    show({"run": root, "stages": stages}, lines, as_json=as_json)


def _choice_lines(root: Path) -> list[str]:
    """The blocking rules that the run's link step chose when it was last run, and those
    that it did not choose.
    """
    from linkage.pipeline.blocking import CHOICE_HEADS, choice_rows

    if not (root / MANIFEST).is_file():
        return []
    stages = read_manifest(root)["stages"]
    choices = [
        stage["counts"]["blocking"]
        for stage in stages
        if "blocking" in stage.get("counts", {})
    ]
    return [
        line
        for choice in choices
        for line in (
            "",
            f"blocking rules of {choice['considered']:,} that were compared:",
            *table_lines(CHOICE_HEADS, choice_rows(choice)),
        )
    ]


def ended_lines(root: Path, manifest: Mapping[str, Any]) -> list[str]:
    """What a run prints at its end: its results, or which stages are still to
    be run.
    """
    from linkage.pipeline.leo import closing_lines
    from linkage.pipeline.linked_files import is_of_files

    if is_of_files(manifest) and manifest["status"] == "done":
        from linkage.files.notes import closing_lines_of_files

        return closing_lines_of_files(root, manifest)
    if manifest["status"] != "partial":
        return closing_lines(root, manifest["seconds"])
    left = [
        stage["name"] for stage in manifest["stages"] if stage["status"] == "not run"
    ]
    return [
        f"{root}: {count_of(len(left), 'stage')} not run: {', '.join(left)}",
        "  leo run without --select and --until runs them",
    ]


def plan_lines(decisions: list[Decision], root: Path) -> list[str]:
    """A plan as a terminal shows it."""
    run_count = sum(decision.action == "run" for decision in decisions)
    width = max((len(decision.stage.name) for decision in decisions), default=0)
    return [f"{root}: {run_count} of {len(decisions)} stages would run"] + [
        f"  {number:>2} {one.action:<4} {one.stage.name:<{width}}  {one.reason}"
        for number, one in enumerate(decisions, 1)
    ]


def status(run: o.Run, as_json: o.Json = False) -> None:
    """Show how far a run has come: each stage with its state, when it was made, seconds
    and rows; and the gates.

    A stage is done, stale (what it was made of has changed, or a table is gone),
    running, failed, withheld by a gate, or not run. The folder is all that is read; leo
    plan compares it with the run's file and its inputs.

    Example: leo status runs/demo
    """
    from linkage.pipeline.status import status_of

    facts = status_of(run)
    seconds_text = "" if facts.seconds is None else f", {facts.seconds:,.1f} s"
    rows = [
        [
            one.stage,
            one.state,
            (one.finished or "-")[:19],
            one.seconds,
            one.rows,
            one.reason or "",
        ]
        for one in facts.stages
    ]
    lines = [f"{run}: {facts.status}, started {facts.started[:19]}{seconds_text}"]
    lines += table_lines(["stage", "state", "made (UTC)", "seconds", "rows", ""], rows)
    lines += [f"gate {name}: {state}" for name, state in facts.gates.items()]
    show(facts, [*lines, *([facts.message] if facts.message else [])], as_json=as_json)


def publish(
    run: o.Run,
    to: Annotated[
        Path | None, Option(help="The release folder; else releases/ next to the run.")
    ] = None,
    name: Annotated[
        str | None, Option(help="The release's name; the run folder's when not given.")
    ] = None,
) -> None:
    """Move a run that passed its gates to the release folder, whole. A run that did not
    stays, with exit code 3.

    The report is written again first where links were reviewed. The whole folder moves,
    with its identifiers.

    Example: leo publish runs/2026 --to releases
    """
    from linkage.pipeline.publishing import publish as published

    if (run / "review").is_dir():  # answers may have come since the last estimate
        from quality.review.results import refresh_estimates

        refresh_estimates(run)
    typer.echo(
        "\n".join(
            released_lines(
                published(run, to or run.resolve().parent / "releases", name)
            )
        )
    )


def released_lines(release: Path) -> list[str]:
    """What a release folder holds, and for whom."""
    from linkage.pipeline.reviewing import estimates
    from quality.review.results import steps_without_estimate

    steps = ", ".join(str(estimate["step"]) for estimate in estimates(release))
    lines = [
        f"published  {release}",
        f"report     {release / 'report' / 'index.html'}"
        + (f"   with the review of {steps}" if steps else ""),
    ]
    try:
        lines += [
            f"           answers about {step} are not in it: leo review estimate "
            f"{release} --step {step}; "
            f"leo report {release}"
            for step in steps_without_estimate(release)
        ]
    except LeoError as fault:  # it is released all the same, which an error would hide
        lines.append(f"           answers of its review cannot be read: {fault}")
    lines += [
        f"extract    {folder}"
        for folder in sorted((release / "extracts").glob("[!.]*"))
    ]
    return [
        *lines,
        "guard      stages/, review/ and quality/ of it: they hold identifiers or "
        "exact counts, and must not leave",
    ]


config = typer.Typer(
    no_args_is_help=True,
    help="Show what may be in a run's file, list and copy definitions.",
)


@config.command()
def schema(
    kind: Annotated[str, Argument(help="Kind of TOML file, or model.")] = "run",
) -> None:
    """Print what may be in a file as JSON Schema: run, passes, model, outcomes,
    request, disclosure, catalogue and others.

    Example: leo config schema passes
    """
    files = {path.stem: path for path in (shipped_dir() / SCHEMAS).glob("*.json")}
    if kind not in files:
        raise ConfigError(
            f"no schema '{kind}'\n  give one of {', '.join(sorted(files))}"
        )
    typer.echo(files[kind].read_text(encoding="utf-8"), nl=False)


@config.command()
def files() -> None:
    """List the definitions that a run reads by itself or may name; your own are marked
    with a star.

    Example: leo --definitions mine config files
    """
    for name, is_own, heading in definitions():
        typer.echo(f"{'*' if is_own else ' '} {name:40s} {heading}".rstrip())


@config.command()
def copy(
    names: Annotated[
        list[str], Argument(help="Definitions as leo config files lists them.")
    ],
    out: OwnFolder,
) -> None:
    """Copy definitions that ship into a folder of your own, to change them there.
    Existing files are not overwritten.

    Example: leo config copy contracts/records.toml --out mine
    """
    copy_definitions(names, out)
    typer.echo(
        f"{out}: {', '.join(names)}\n  give it before the verb: leo --definitions "
        f"{out} run ..."
    )
