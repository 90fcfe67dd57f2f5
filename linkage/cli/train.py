"""`leo train`: a model for two person files, to be used by runs that do not train one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from linkage.adhoc.options import (
    Delimiter,
    Encoding,
    Maps,
    MemoryLimit,
    OtherFileArgument,
    PersonFileArgument,
    Threads,
    say,
    say_recognised,
)

if TYPE_CHECKING:
    from linkage.model.training import TrainingReport


def train(
    left: PersonFileArgument,
    right: OtherFileArgument,
    out: Annotated[Path, typer.Option(help="The model file, Splink's JSON; what it was trained on stands beside it.")],
    maps: Maps = None,
    seed: Annotated[int, typer.Option(help="Seed of the samples and of the standard errors.")] = 2026,
    encoding: Encoding = "utf-8",
    delimiter: Delimiter = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
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
    """Train a model on two person files and show what it learnt, with the standard error of every weight.

    Example: leo train pupils.csv customers.parquet --out models/pupils.json
    """
    from linkage.adhoc.train import TrainRequest, train_files
    from linkage.model.training.files import beside

    request = TrainRequest(
        left=left,
        right=right,
        out=out,
        maps=tuple(maps or ()),
        delimiter=delimiter,
        encoding=encoding,
        memory_limit=memory_limit,
        threads=threads,
        seed=seed,
        force=force,
        allow_faults=allow_faults,
    )
    _, report, version = train_files(request, recognised=say_recognised, progress=say)
    typer.echo("\n".join(table(report)))
    typer.echo("\n".join(["", *trained_on(report)]))
    typer.echo(f"model    {out}   version {version}\ntraining {beside(out)}")


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
