"""`leo review`: a sample for people to look at, what they said, and what follows for all pairs."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Clerical review: draw pairs for people to look at, take in what they said, estimate precision and recall.\n\n"
    "Example: leo review sample runs/demo education-cis",
)

Run = Annotated[Path, typer.Argument(metavar="RUN", help="The run's folder.")]
Step = Annotated[str, typer.Argument(metavar="STEP", help="A link step of the run.")]


@app.command()
def sample(
    run: Run,
    step: Step,
    size: Annotated[int, typer.Option(min=1, help="How many pairs to look at.")] = 400,
    seed: Annotated[int | None, typer.Option(help="Another draw; the run's own seed when not given.")] = None,
) -> None:
    """Draw a stratified sample: passes by bands of match weight, most where the model is least sure.

    Example: leo review sample runs/demo education-cis --size 400
    """
    from linkage.pipeline.reviewing import draw_sample

    drawn = draw_sample(run, step, size, seed=seed)
    typer.echo(f"{drawn.pairs:,} pairs of {drawn.strata} strata\nfill in  {drawn.form}")


@app.command()
def add(
    run: Run,
    step: Step,
    labels: Annotated[Path, typer.Argument(metavar="CSV", help="The sample's CSV with answers and reviewer.")],
) -> None:
    """Take in answers: match, no match or uncertain. Answers are kept; a reviewer's last one holds.

    Example: leo review add runs/demo education-cis runs/demo/review/education-cis/sample.csv
    """
    from linkage.pipeline.reviewing import take_labels

    typer.echo(f"{take_labels(run, step, labels):,} answers taken in")


@app.command()
def estimate(run: Run, step: Step) -> None:
    """Estimate precision and recall with 95 % intervals; leo report then shows them.

    Example: leo review estimate runs/demo education-cis
    """
    from linkage.pipeline.reviewing import estimate_step

    typer.echo("\n".join(_lines(estimate_step(run, step))))


def _lines(said: dict[str, Any]) -> list[str]:
    lines = [f"{said['looked_at']:,} of {said['drawn']:,} pairs looked at, {said['uncertain']:,} uncertain"]
    for measure in ("precision", "recall", "f1"):
        found = said[measure]
        if found["middle"]["value"] is None:
            continue
        shown = "  ".join(
            f"{reading} {100 * found[reading]['value']:.2f}% "
            f"({100 * found[reading]['low']:.2f} to {100 * found[reading]['high']:.2f})"
            for reading in ("low", "middle", "high")
        )
        lines.append(f"{measure:<10} {shown}")
    if said["unseen"]:
        lines.append(f"left out: {len(said['unseen'])} strata of which no pair was looked at")
    return lines
