"""`leo run`, `leo report`, `leo publish`: the pipeline, its results made again, and its release."""

import functools
import sys
from pathlib import Path
from typing import Annotated

import typer

from linkage.cli.failures import stoppable
from linkage.errors import LeoError
from linkage.pipeline.fingerprint import Decision
from linkage.pipeline.progress import progress_for

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")]


def run(
    config: Annotated[Path, typer.Argument(help="The run's TOML file, for example configs/leo.toml.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the sources, in the stead of \\[run] data.")] = None,
    out: Annotated[Path | None, typer.Option(help="The run's folder; runs/NAME when not given.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Show which stages would run and why; run nothing.")] = False,
    engine: Annotated[str | None, typer.Option(help="duckdb or spark, in the stead of \\[run] engine.")] = None,
    key: Annotated[
        Path | None, typer.Option(help="File of the master key, in the stead of \\[outputs] key_file.")
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(help="The last release's run, whose person ids live on; else \\[run] previous.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Run every stage again, also what is up to date.")] = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="Lines instead of a bar.")] = False,
) -> None:
    """Link the sources that CONFIG names, build the spine and the extracts, and report on them.

    A run that was stopped continues with the same command; what is up to date is kept.

    Example: leo run configs/leo.toml --data data/million --out runs/million --key ~/leo-master.key
    """
    from linkage.pipeline.job import load_job
    from linkage.pipeline.leo import closing_lines, pipeline

    job = load_job(config, data=data, engine=engine, key_file=key, previous=previous)
    root = out or Path("runs") / job.config.run.name
    runner = pipeline(job, root, progress=progress_for(sys.stderr, wanted=not no_progress))
    if plan:
        typer.echo("\n".join(plan_lines(runner.plan(force=force), root)))
        return
    with stoppable(root):
        manifest = runner.run(force=force)
    typer.echo("\n".join(closing_lines(root, manifest.content["seconds"])))


def plan_lines(decisions: list[Decision], root: Path) -> list[str]:
    """A plan as a terminal shows it."""
    to_run = sum(decision.run for decision in decisions)
    width = max((len(decision.stage.name) for decision in decisions), default=0)
    lines = [f"{root}: {to_run} of {len(decisions)} stages would run"]
    for number, decision in enumerate(decisions, 1):
        does = "run " if decision.run else "keep"
        lines.append(f"  {number:>2} {does} {decision.stage.name:<{width}}  {decision.reason}")
    return lines


def report(run: RunArgument) -> None:
    """Write a run's report again from what it counted, with what clerical reviews of its links have found.

    Example: leo report runs/demo
    """
    from linkage.config import Gates
    from linkage.pipeline.gates import failed
    from linkage.pipeline.manifest import manifest_of
    from linkage.pipeline.reviewing import estimates
    from quality.report import render_run

    manifest = manifest_of(run)  # a folder of another format is refused, never misread
    gates = Gates(**manifest.get("configuration", {}).get("gates", {}))
    typer.echo(render_run(run, estimates(run), gates=functools.partial(failed, gates)))


def publish(
    run: RunArgument,
    to: Annotated[
        Path | None, typer.Option(help="The release folder; releases/ next to the run when not given.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The release's name; the run folder's when not given.")] = None,
) -> None:
    """Move a run that passed its gates to the release folder, whole. A run that did not stays, with exit code 3.

    The report is made again first where links were reviewed. The whole folder moves, with what holds identifiers.

    Example: leo publish runs/2026 --to releases
    """
    from linkage.pipeline.publishing import publish as published

    if (run / "review").is_dir():  # answers may have come since the last estimate
        from quality.review.results import refresh_estimates

        refresh_estimates(run)
    typer.echo("\n".join(released_lines(published(run, to or run.resolve().parent / "releases", name))))


_GUARDED = {
    "stages": "names, birth dates and numbers: for those alone who may see identifiers",
    "review": "what people judged; overrides.csv has the sources' keys: for those alone who may see identifiers",
    "quality": "exact counts, before disclosure control",
}
"""What of a run's folder is not made to leave, and why."""


def released_lines(release: Path) -> list[str]:
    """What a release folder holds, and for whom."""
    from linkage.pipeline.reviewing import estimates
    from quality.review.results import steps_without_estimate

    reviewed = ", ".join(str(review_of_step["step"]) for review_of_step in estimates(release))
    lines = [
        f"published  {release}",
        f"report     {release / 'report' / 'index.html'}" + (f"   with the review of {reviewed}" if reviewed else ""),
    ]
    try:
        lines += [
            f"           answers about {step} are not in it: leo review estimate {release} {step}; leo report {release}"
            for step in steps_without_estimate(release)
        ]
    except LeoError as fault:  # it is released all the same, which an error would hide
        lines.append(f"           answers of its review cannot be read: {fault}")
    lines += [f"extract    {folder}" for folder in sorted((release / "extracts").glob("[!.]*"))]
    return lines + [
        f"guard      {release / name}   {what}" for name, what in _GUARDED.items() if (release / name).is_dir()
    ]
