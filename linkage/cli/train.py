"""`leo train`: a model for two person files, or of a run's labels, to be used by runs that do not train one."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.cli import file_options as shared
from linkage.cli.file_options import of_each, say, say_inferred
from linkage.cli.idle import refuse_idle
from linkage.cli.written import a_file
from linkage.errors import ConfigError

if TYPE_CHECKING:
    from linkage.model.labelled import LabelReport
    from linkage.model.training import TrainingReport


def train(
    left: shared.LabelledFileArgument = None,
    right: Annotated[Path | None, typer.Argument(help="The file to link it to.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(callback=a_file, help="The model file, Splink's JSON; what it was trained on stands next to it."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|RUN",
            help="m from clerical review: a reviewed run's folder, or, of two files, a CSV with left_id, right_id, "
            "answer (match, no match, uncertain) and, where pairs were drawn, weight.",
        ),
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="With a RUN's labels: the step; else the one that was reviewed.")
    ] = None,
    maps: shared.Maps = None,
    compare: shared.Compare = None,
    date_format: shared.DateFormats = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples and of the standard errors.")] = 2026,
    encoding: shared.Encodings = None,
    delimiter: shared.Delimiter = None,
    memory_limit: shared.MemoryLimit = None,
    threads: shared.Threads = None,
    allow_faults: Annotated[
        bool,
        typer.Option(
            "--allow-faults", help="Write the model also where agreement speaks against a match, or m is not known."
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the model that is there, as its next version.")
    ] = False,
) -> None:
    """Train a model on two person files, or on a run's labels, and show what it learnt with the errors of its weights.

    Example: leo train pupils.csv customers.parquet --out models/pupils.json

    Example: leo train --labels runs/demo --step education-cis --out models/cis-reviewed.json
    """
    if out is None:
        raise ConfigError("--out: where is the model to go?\n  for example --out models/pupils.json")
    if labels is not None and labels.is_dir():
        if left is not None:
            raise ConfigError("--labels RUN: a run's labels are of its own records\n  leave the two files out")
        of_files = {
            "--map": maps,
            "--compare": compare,
            "--date-format": date_format,
            "--encoding": encoding,
            "--delimiter": delimiter,
            "--allow-faults": allow_faults,
        }
        refuse_idle(
            {**of_files, "--threads": threads, "--memory-limit": memory_limit}, "is for two files, and no RUN's"
        )
        _train_from_review(labels, step, out, force)
        return
    if left is None or right is None:
        raise ConfigError("which two files?\n  leo train LEFT RIGHT --out MODEL; or --labels RUN --out MODEL")
    refuse_idle({"--step": step}, "is for --labels RUN: two files have no steps")
    from linkage.files.prepare import FileOptions
    from linkage.files.train import TrainRequest, train_files
    from linkage.model.model_files import training_file

    request = TrainRequest(
        FileOptions(
            {"left": left, "right": right},
            tuple(maps or ()),
            tuple(compare or ()),
            tuple(date_format or ()),
            delimiter=delimiter,
            encodings=of_each(encoding, "--encoding"),
        ),
        out=out,
        memory_limit=memory_limit,
        threads=threads,
        seed=seed,
        force=force,
        allow_faults=allow_faults,
        labels=labels,
    )
    _, report, labelled, version = train_files(request, inferred=say_inferred, progress=say)
    typer.echo("\n".join(table(report)))
    typer.echo("\n".join(["", *trained_on(report)]))
    if labelled:
        typer.echo("\n".join(["", *labelled_lines(labelled)]))
    typer.echo(f"model    {out}   version {version}\ntraining {training_file(out)}")


def _train_from_review(run: Path, step: str | None, out: Path, force: bool) -> None:
    from linkage.files.train import check_out
    from linkage.model.model_files import next_version, save_with, training_file
    from quality.review.results import train_from_review
    from quality.review.sample import reviewed_step

    check_out(out, force)
    model, labelled, about = train_from_review(run, reviewed_step(run, step))
    trained = about.pop("trained")
    version = save_with(out, model, next_version(out), trained=trained, labelled={**about, **labelled.as_dict()})
    typer.echo("\n".join(labelled_lines(labelled)))
    typer.echo(f"model    {out}   version {version}\ntraining {training_file(out)}")


def labelled_lines(labelled: "LabelReport") -> list[str]:
    """m before and after labels, with the error that so many matches leave."""
    answers = ", ".join(f"{count:,} {answer}" for answer, count in labelled.answers.items())
    lines = [
        f"labels: {answers}; they stand for {labelled.matches:,.0f} matches; effective number {labelled.effective:,.0f}"
    ]
    width = max(len(level.level) for level in labelled.levels)
    lines.append(f"{'level':<{width}}  {'m before':>9}  {'m':>9}  {'weight':>7}  std. error")
    for level in labelled.levels:
        error = f"{level.error:>10.2f}" if level.error is not None else f"{'not seen':>10}"
        weight = math.log2(level.m / level.u) if level.m and level.u else 0.0
        lines.append(f"{level.level:<{width}}  {level.before:>9.3g}  {level.m:>9.3g}  {weight:>7.2f}  {error}")
    if labelled.unseen:
        lines.append(f"no label shows: {'; '.join(labelled.unseen)}. What so few could not show stays as it was before")
    return lines


def table(report: "TrainingReport") -> list[str]:
    """Comparisons, levels, m, u, weight and its standard error, as a terminal shows them."""
    levels = report.levels
    names = [level.level.removeprefix(f"{level.comparison}: ") for level in levels]
    widths = (max(len(level.comparison) for level in levels), max(map(len, names)))
    lines = [f"{'comparison':<{widths[0]}}  {'level':<{widths[1]}}  {'m':>9}  {'u':>9}  {'weight':>7}  std. error"]
    before = ""
    for level, name in zip(levels, names, strict=True):
        shown = level.comparison if level.comparison != before else ""
        before = level.comparison
        error = f"{level.standard_error:>10.2f}" if level.standard_error is not None else f"{'not seen':>10}"
        figures = f"{level.m:>9.3g}  {level.u:>9.3g}  {level.weight:>7.2f}  {error}"
        lines.append(f"{shown:<{widths[0]}}  {name:<{widths[1]}}  {figures}")
    return lines


def trained_on(report: "TrainingReport") -> list[str]:
    """What the estimates rest on, and what to think of before they are used."""
    lines = [f"u from {report.random_pairs:,} random pairs of {report.units[0]:,} and {report.units[1]:,} records"]
    for rule in report.rules:
        lines.append(
            f"m from {rule['pairs']:,} pairs that agree on {' and '.join(rule['columns'])}: "
            f"about {rule['matches']:,} matches, {rule['iterations']} iterations"
        )
    share = f"{report.prior:.3g} (standard error {report.prior_standard_error:.2g})"
    lines.append(f"share of all pairs that match: {share}")
    lines += [f"fault: {fault}" for fault in report.faults]
    return [*lines, *(f"warning: {warning}" for warning in report.warnings)]
